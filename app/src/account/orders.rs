//! My orders.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_router::hooks::use_params_map;
use noren_domain::order::OrderSummary;

use crate::form::Refusal;
use crate::lang::{href, use_lang};
use crate::ui::{Badge, Head, Load};

/// Loads the person's orders, the newest first.
#[server(endpoint = "account/orders", input = GetUrl)]
pub async fn load_orders() -> Result<Option<Vec<OrderSummary>>, Refusal> {
    let who = super::inside::guard("/account/orders").await?;
    let orders = noren_shop::order::mine(&crate::request::shop(), who.customer).await;
    orders.map(Some).map_err(|e| crate::request::failed(&e))
}

/// Finds one of the person's own orders and sends the browser to its page, whose address nobody
/// can guess. Another person's number is as unknown as one that does not exist.
#[server(endpoint = "account/order", input = GetUrl)]
pub async fn find_order(no: String) -> Result<Option<String>, Refusal> {
    let who = super::inside::guard(&format!("/account/orders/{no}")).await?;
    let order = noren_shop::order::mine_one(&crate::request::shop(), who.customer, &no).await;
    let page = order.map_err(|e| crate::request::failed(&e))?.map(|order| format!("/orders/{}", order.token));
    if let Some(page) = &page {
        crate::request::go(page);
    }
    Ok(page)
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
        view! { <ul class="account-cards">{rows}</ul> }.into_any()
    };
    view! {
        <div class="account stack stack--wide">
            <div class="page-head">
                <p class="small"><a href=href("/account")>{lang.pick("アカウント", "Your account")}</a></p>
                <h1>{lang.pick("ご注文の履歴", "Your orders")}</h1>
            </div>
            {list}
        </div>
    }
}

#[component]
fn OrderRow(order: OrderSummary) -> impl IntoView {
    let lang = use_lang();
    let goods = match order.pieces {
        0 | 1 => order.first.get(lang).to_owned(),
        n => lang.pick(format!("{} ほか 計{n}点", order.first.ja), format!("{} and more, {n} items", order.first.en)),
    };
    let page = href(&format!("/account/orders/{}", order.no));
    view! {
        <li>
            <a class="account-card" href=page>
                <strong>{goods}</strong>
                <span>
                    {order.placed_at} {lang.pick("・", " · ")} <span class="nowrap">{order.no}</span>
                </span>
                <span>
                    {lang.pick("合計 ", "Total ")} {order.total.show(lang)} {lang.pick("(税込)", " (tax incl.)")}
                </span>
                <span class="cluster">
                    <Badge words=order.state.name(lang) />
                    <Badge words=order.payment.name(lang) />
                    <Badge words=order.shipment.name(lang) />
                </span>
            </a>
        </li>
    }
}

/// One of my orders: the way to the order's own page.
#[component]
pub fn MyOrderPage() -> impl IntoView {
    let lang = use_lang();
    let params = use_params_map();
    view! {
        <Head title=lang.pick("ご注文", "Your order") index=false />
        <Load
            key=move || params.read().get("no").unwrap_or_default()
            load=find_order
            view=move |page: String| {
                view! {
                    <div class="empty">
                        <h1>{lang.pick("ご注文", "Your order")}</h1>
                        <p><a class="button" href=href(&page)>{lang.pick("ご注文の内容を見る", "See your order")}</a></p>
                    </div>
                }
            }
        />
    }
}
