//! Pages of the order feature.

mod body;

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use noren_domain::order::{OrderState, OrderView, PaymentState};
use serde::{Deserialize, Serialize};

pub use body::OrderBody;

use crate::form::Refusal;
use crate::lang::{href, use_lang};
use crate::ui::{Head, Load};

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderData {
    /// The order.
    order: OrderView,
    /// Whoever looks at it is signed in as its customer.
    own: bool,
    /// It is in nobody's account: a guest's.
    guest: bool,
    /// Whoever looks at it is signed in.
    inside: bool,
}

/// The order whose page `token` opens. Wrong, unknown and malformed tokens are all "not found".
/// Asked for by POST: the token opens the order, and addresses end up in the logs of proxies.
#[server(endpoint = "order/view")]
pub async fn load_order(
    /// The token of the page's address.
    token: String,
) -> Result<Option<OrderData>, Refusal> {
    use crate::request::{failed, shop, signed_in};
    let Some(token) = noren_shop::token::Token::parse(&token) else { return Ok(None) };
    let customer = signed_in().await?.map(|who| who.customer);
    let seen = noren_shop::order::view(&shop(), &token, customer).await.map_err(|error| failed(&error))?;
    let inside = customer.is_some();
    Ok(seen.map(|seen| OrderData { order: seen.order, own: seen.own, guest: seen.guest, inside }))
}

/// The page of one order, for whoever holds its link.
#[component]
pub fn OrderPage() -> impl IntoView {
    let params = use_params_map();
    let key = move || params.read().get("token").unwrap_or_default();
    view! { <Load key load=load_order view=|data: OrderData| view! { <Shown data /> } /> }
}

#[component]
fn Shown(data: OrderData) -> impl IntoView {
    let lang = use_lang();
    let OrderData { order, own, guest, inside } = data;
    let title = match (order.state, order.payment) {
        (_, PaymentState::Refunded) => lang.pick("ご返金いたしました", "Your payment was returned"),
        (OrderState::Draft, PaymentState::Failed) => {
            lang.pick("お支払いが完了していません", "Your payment did not go through")
        }
        (OrderState::Draft, PaymentState::Expired) => lang.pick("お支払い期限が過ぎました", "The time to pay is over"),
        (OrderState::Draft, _) => lang.pick("お支払いをお待ちしています", "Waiting for your payment"),
        (OrderState::Placed, _) => lang.pick("ご注文ありがとうございます", "Thank you for your order"),
        (OrderState::Cancelled, _) => lang.pick("キャンセルされたご注文", "Cancelled order"),
        (OrderState::Completed, _) => lang.pick("ご注文の内容", "Your order"),
    };
    // One that is not placed has ways of its own: back to the payment.
    let mailed = order.placed_at.is_some();
    let ways_on = (order.state != OrderState::Draft).then(|| {
        view! { <WaysOn own mailed>{guest.then(|| view! { <IntoAccount inside /> })}</WaysOn> }
    });
    view! {
        <Head title=title index=false />
        <div class="order">
            <h1>{title}</h1>
            <OrderBody order />
            {ways_on}
        </div>
    }
}

/// Where to go from here. Whoever did not sign in has no list of orders: they are told how this page is found again.
#[component]
fn WaysOn(
    /// Whoever looks at the order is signed in as its customer.
    own: bool,
    /// There is a confirmation, which leads back here.
    mailed: bool,
    /// What is said of a guest's order.
    children: Children,
) -> impl IntoView {
    let lang = use_lang();
    let orders = own.then(|| {
        view! {
            <a class="button button--quiet" href=href("/account/orders")>
                {lang.pick("ご注文の履歴を見る", "See your orders")}
            </a>
        }
    });
    let again = (mailed && !own).then(|| {
        view! {
            <p>
                {lang.pick(
                    "ご注文の内容は、確認メールに記載のリンクからご覧いただけます。",
                    "To see your order again, follow the link in the confirmation mail.",
                )}
            </p>
        }
    });
    view! {
        <div class="order__on">
            {again}
            {children()}
            <p class="button-row">
                <a class="button" href=href("/")>{lang.pick("お買い物を続ける", "Continue shopping")}</a>
                {orders}
            </p>
        </div>
    }
}

/// That a guest's order can be put into an account. Whose account it fits is not said: the proof of the mailbox decides.
#[component]
fn IntoAccount(
    /// Whoever looks at the order is signed in.
    inside: bool,
) -> impl IntoView {
    let lang = use_lang();
    let words = if inside {
        lang.pick(
            "ゲストとしてのご注文です。アカウントと同じメールアドレスでのご注文でしたら、ご注文の履歴に加えられます。",
            "This order was made as a guest. If it was made with the e-mail address of your account, you can add it to your history. ",
        )
    } else {
        lang.pick(
            "ゲストとしてのご注文です。ご注文と同じメールアドレスのアカウントにログインなさると、ご注文の履歴に加えられます。",
            "This order was made as a guest. An account with the same e-mail address can take it into its history.",
        )
    };
    let way = inside.then(|| {
        view! {
            <a href=href("/account/guest-orders")>
                {lang.pick("ゲストのご注文を加える", "Add orders made as a guest")}
            </a>
        }
    });
    view! { <p>{words} {way}</p> }
}
