//! My orders.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_router::hooks::use_params_map;
use noren_domain::moment;
use noren_domain::order::{OrderSummary, OrderView};

use crate::cart::LinePicture;
use crate::form::Refusal;
use crate::lang::{href, use_lang};
use crate::order::OrderBody;
use crate::ui::{Badge, Crumbs, Head, Load};

/// Loads the person's orders, the newest first.
#[server(endpoint = "account/orders", input = GetUrl)]
pub async fn load_orders() -> Result<Option<Vec<OrderSummary>>, Refusal> {
    let who = super::inside::guard("/account/orders").await?;
    let orders = noren_shop::order::mine(&crate::request::shop(), who.customer).await;
    orders.map(Some).map_err(|e| crate::request::failed(&e))
}

/// One of the person's own orders. Another person's number is as unknown as one that does not exist.
#[server(endpoint = "account/order", input = GetUrl)]
pub async fn find_order(no: String) -> Result<Option<OrderView>, Refusal> {
    let who = super::inside::guard(&format!("/account/orders/{no}")).await?;
    let order = noren_shop::order::mine_one(&crate::request::shop(), who.customer, &no).await;
    order.map_err(|e| crate::request::failed(&e))
}

/// The orders of the person who is signed in.
#[component]
pub fn MyOrdersPage() -> impl IntoView {
    let lang = use_lang();
    view! {
        <Head title=lang.pick("ご注文の履歴", "Your orders") index=false />
        <Load
            key=String::new
            load=|_| load_orders()
            view={move |orders: Vec<OrderSummary>| view! { <Orders orders /> }}
        />
    }
}

#[component]
fn Orders(orders: Vec<OrderSummary>) -> impl IntoView {
    let lang = use_lang();
    let list = if orders.is_empty() {
        view! {
            <div class="empty">
                <p>{lang.pick("ご注文はまだありません。", "You have not ordered anything yet.")}</p>
                <p><a class="button button--primary" href=href("/")>{lang.pick("商品を見る", "Look around the shop")}</a></p>
            </div>
        }
        .into_any()
    } else {
        let rows = orders.into_iter().map(|order| view! { <OrderRow order /> }).collect_view();
        view! { <ul class="account-cards account-cards--one">{rows}</ul> }.into_any()
    };
    view! {
        <div class="account stack stack--wide">
            <div class="page-head">
                <p class="small"><a href=href("/account")>{lang.pick("アカウント", "Your account")}</a></p>
                <h1>{lang.pick("ご注文の履歴", "Your orders")}</h1>
            </div>
            {list}
            <super::claim::ClaimHint />
        </div>
    }
}

/// An order in a list, with the way to its page.
#[component]
pub fn OrderRow(
    /// The order.
    order: OrderSummary,
) -> impl IntoView {
    let lang = use_lang();
    let goods = match order.pieces {
        0 | 1 => order.first.get(lang).to_owned(),
        n => lang.pick(format!("{} ほか 計{n}点", order.first.ja), format!("{} and more, {n} items", order.first.en)),
    };
    let page = href(&format!("/account/orders/{}", order.no));
    view! {
        <li>
            <a class="account-card account-card--order" href=page>
                <LinePicture hash=order.picture />
                <strong>{goods}</strong>
                <span>
                    {moment::date_time(order.placed_at, lang)} {lang.pick("・", " · ")} <span class="nowrap">{order.no}</span>
                </span>
                <span>
                    {lang.pick("合計 ", "Total ")} {order.total.show(lang)} {lang.pick("（税込）", " (tax incl.)")}
                </span>
                <span class="cluster">
                    <Badge words=order.state.name(lang) />
                    <Badge words=order.payment.name(lang) />
                    <Badge words=order.shipment.words(order.method, order.payment, lang) />
                </span>
            </a>
        </li>
    }
}

/// One of my orders.
#[component]
pub fn MyOrderPage() -> impl IntoView {
    let params = use_params_map();
    view! {
        <Load
            key=move || params.read().get("no").unwrap_or_default()
            load=find_order
            view=move |order: OrderView| view! { <MyOrder order /> }
        />
    }
}

#[component]
fn MyOrder(order: OrderView) -> impl IntoView {
    let lang = use_lang();
    let title = lang.pick(format!("ご注文 {}", order.no), format!("Order {}", order.no));
    let crumbs = vec![
        (lang.pick("アカウント", "Your account").to_owned(), href("/account")),
        (lang.pick("ご注文の履歴", "Your orders").to_owned(), href("/account/orders")),
        (order.no.clone(), String::new()),
    ];
    view! {
        <Head title=title.clone() index=false />
        <Crumbs items=crumbs />
        <div class="order">
            <h1>{title}</h1>
            <OrderBody order />
        </div>
    }
}
