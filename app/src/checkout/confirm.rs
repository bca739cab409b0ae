//! The final confirmation: the six items of 特定商取引法 第12条の6, and one button.

use leptos::prelude::*;
use noren_domain::checkout::Step;

use super::{CheckoutSteps, ConfirmData, load_confirm};
use crate::address::AddressLines;
use crate::cart::TotalsView;
use crate::lang::{href, use_lang};
use crate::ui::{FaultSummary, Head, Load};

/// The last step.
#[component]
pub fn ConfirmPage() -> impl IntoView {
    let lang = use_lang();
    view! {
        <Head title=lang.pick("ご注文内容の確認", "Confirm your order") index=false />
        <Load key=String::new load=move |_| load_confirm(lang) view=|data| view! { <Confirm data /> } />
    }
}

#[component]
fn Confirm(data: ConfirmData) -> impl IntoView {
    let lang = use_lang();
    let t = move |ja: &'static str, en: &'static str| lang.pick(ja, en);
    let ConfirmData { confirmation, seen, contact, delivery, changes, faults } = data;
    let faults = Signal::stored(faults);
    let changes = (!changes.is_empty()).then(|| {
        let items = changes
            .into_iter()
            .flat_map(|(name, changes)| {
                changes.into_iter().map(move |change| view! { <li>{format!("{name}: {}", change.words(lang))}</li> })
            })
            .collect_view();
        view! { <ul class="note note--warning">{items}</ul> }
    });
    let lines = confirmation
        .quantity
        .into_iter()
        .map(|line| {
            let mark = line.reduced.then(|| t("※", "*"));
            view! {
                <tr>
                    <th scope="row">
                        {line.name}
                        " "
                        {mark}
                        {(!line.options.is_empty()).then(|| view! { <br /><small>{line.options}</small> })}
                    </th>
                    <td class="number">{line.price.show(lang)}</td>
                    <td class="number">{line.quantity}</td>
                    <td class="number">{line.sum.show(lang)}</td>
                </tr>
            }
        })
        .collect_view();
    let (address, email) = (contact.address(), contact.email);
    let gift = (!delivery.gift_wrap.is_empty()).then(|| view! { <p>{t("ギフト包装あり", "Gift-wrapped")}</p> });
    let message = (!delivery.gift_message.is_empty()).then(|| {
        view! { <p class="confirm__message">{delivery.gift_message}</p> }
    });
    view! {
        <CheckoutSteps now=Step::Confirm />
        <h1>{t("ご注文内容の確認", "Confirm your order")}</h1>
        <p class="lead">
            {t(
                "まだご注文は確定していません。内容をご確認のうえ、ボタンを押してください。",
                "Nothing is ordered yet. Please check everything, then press the button.",
            )}
        </p>
        <FaultSummary faults labels=vec![] />
        {changes}
        <div class="split">
            <div class="stack">
                <section class="panel stack" aria-labelledby="confirm-goods">
                    <h2 id="confirm-goods">{t("商品と数量", "Goods and quantities")}</h2>
                    <div class="table-scroll">
                        <table class="table">
                            <thead>
                                <tr>
                                    <th scope="col">{t("商品", "Item")}</th>
                                    <th scope="col" class="number">{t("単価", "Price")}</th>
                                    <th scope="col" class="number">{t("数量", "Qty")}</th>
                                    <th scope="col" class="number">{t("金額", "Amount")}</th>
                                </tr>
                            </thead>
                            <tbody>{lines}</tbody>
                        </table>
                    </div>
                    <p><a href=href("/cart")>{t("カートを変更する", "Change the cart")}</a></p>
                </section>
                <section class="panel" aria-labelledby="confirm-terms">
                    <h2 id="confirm-terms">{t("お届けとお支払い", "Delivery and payment")}</h2>
                    <dl class="summary-list">
                        <div>
                            <dt>{t("お届け先", "Ship to")}</dt>
                            <dd>
                                <AddressLines address email />
                                <p>
                                    <a href=href(Step::Contact.path())>{t("お届け先を変更する", "Change the address")}</a>
                                </p>
                            </dd>
                        </div>
                        <div>
                            <dt>{t("お届けの時期", "Time of delivery")}</dt>
                            <dd>
                                <p>{confirmation.delivery}</p>
                                {gift}
                                {message}
                                <p>
                                    <a href=href(Step::Delivery.path())>{t("配送を変更する", "Change the delivery")}</a>
                                </p>
                            </dd>
                        </div>
                        <div>
                            <dt>{t("お支払いの時期と方法", "Time and method of payment")}</dt>
                            <dd>
                                <p>{confirmation.payment}</p>
                                <p>
                                    <a href=href(Step::Payment.path())>{t("お支払い方法を変更する", "Change the payment")}</a>
                                </p>
                            </dd>
                        </div>
                        <div>
                            <dt>{t("取り消しと返品", "Cancellation and returns")}</dt>
                            <dd>{confirmation.withdrawal}</dd>
                        </div>
                        <div>
                            <dt>{t("お申し込みの期間", "Ordering period")}</dt>
                            <dd>{confirmation.period}</dd>
                        </div>
                    </dl>
                </section>
            </div>
            <aside class="split__aside panel stack" aria-label=t("お会計", "Totals")>
                <TotalsView totals=confirmation.price />
                // A plain form: the bank's page is no page of ours, so the whole document must go there.
                <form action="/api/checkout/place" method="post">
                    <input type="hidden" name="seen" value=seen />
                    <input type="hidden" name="lang" value=lang.tag() />
                    <button class="button button--primary button--wide button--large" type="submit">
                        {t("注文を確定する", "Place order")}
                    </button>
                </form>
            </aside>
        </div>
    }
}
