//! Pages of the order feature.

mod body;

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use noren_domain::order::{OrderState, OrderView, PaymentState};

pub use body::OrderBody;

use crate::form::Refusal;
use crate::lang::use_lang;
use crate::ui::{Head, Load};

/// The order whose page `token` opens. Wrong, unknown and malformed tokens are all "not found".
/// Asked for by POST: the token opens the order, and addresses end up in the logs of proxies.
#[server(endpoint = "order/view")]
pub async fn load_order(
    /// The token of the page's address.
    token: String,
) -> Result<Option<OrderView>, Refusal> {
    use crate::request::{failed, shop};
    let Some(token) = noren_shop::token::Token::parse(&token) else { return Ok(None) };
    noren_shop::order::view(&shop(), &token).await.map_err(|error| failed(&error))
}

/// The page of one order, for whoever holds its link.
#[component]
pub fn OrderPage() -> impl IntoView {
    let params = use_params_map();
    let key = move || params.read().get("token").unwrap_or_default();
    view! { <Load key load=load_order view=|order: OrderView| view! { <Shown order /> } /> }
}

#[component]
fn Shown(order: OrderView) -> impl IntoView {
    let lang = use_lang();
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
    view! {
        <Head title=title index=false />
        <div class="order">
            <h1>{title}</h1>
            <OrderBody order />
        </div>
    }
}
