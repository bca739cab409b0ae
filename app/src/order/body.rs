//! Everything an order page shows below its heading.

use leptos::prelude::*;
use noren_domain::address::AddressForm;
use noren_domain::checkout::{PaymentMethod, withdrawal_words};
use noren_domain::order::{
    EventKind, OrderAddress, OrderLineView, OrderState, OrderView, PaymentState, transfer_account, transfer_sender,
};
use noren_domain::seller::seller;
use noren_domain::tax::TaxClass;
use noren_domain::{Lang, Yen, moment};

use crate::address::AddressLines;
use crate::lang::{href, use_lang};
use crate::ui::{Note, NoteKind};

/// An order: where it stands and what to do next, goods, sums, delivery, what happened so far.
#[component]
pub fn OrderBody(
    /// The order.
    order: OrderView,
) -> impl IntoView {
    let lang = use_lang();
    let facts = facts(&order, lang);
    let delivery = delivery(&order, lang);
    let sums = view! { <Sums order=order.clone() /> };
    let next = view! { <NextStep order=order.clone() /> };
    let ways_out = matches!(order.state, OrderState::Placed | OrderState::Completed);
    let reduced = order.lines.iter().any(|line| line.tax_class == TaxClass::Reduced);
    let lines = order.lines.into_iter().map(|line| view! { <Line line /> }).collect_view();
    let timeline = order
        .timeline
        .into_iter()
        .map(|event| {
            view! {
                <li>
                    <p>{event.kind.name(lang)}</p>
                    <p class="order__when">{moment::date_time(event.at, lang)}</p>
                </li>
            }
        })
        .collect_view();
    view! {
        {next}
        <dl class="summary-list">{facts}</dl>
        <div class="order__columns">
            <section class="order__goods" aria-labelledby="order-goods">
                <h2 id="order-goods">{lang.pick("ご注文の商品", "Your goods")}</h2>
                <ul class="order__lines">{lines}</ul>
                {reduced
                    .then(|| {
                        view! {
                            <p class="order__mark">
                                {lang.pick("※は軽減税率（8%）の対象です。", "* Reduced tax rate (8%).")}
                            </p>
                        }
                    })}
                {sums}
            </section>
            <div class="order__side">
                <section class="panel" aria-labelledby="order-delivery">
                    <h2 id="order-delivery">{lang.pick("お届け", "Delivery")}</h2>
                    {delivery}
                    <Address address=order.address />
                </section>
                <section class="panel" aria-labelledby="order-timeline">
                    <h2 id="order-timeline">{lang.pick("これまでの経過", "What happened so far")}</h2>
                    <ol class="timeline">{timeline}</ol>
                </section>
                {ways_out.then(|| view! { <WaysOut /> })}
            </div>
        </div>
        <Issuer />
    }
}

/// How an order is cancelled or goods are sent back.
#[component]
fn WaysOut() -> impl IntoView {
    let lang = use_lang();
    let mail = seller(lang).mail;
    view! {
        <section class="panel" aria-labelledby="order-ways-out">
            <h2 id="order-ways-out">{lang.pick("取り消しと返品", "Cancellation and returns")}</h2>
            <p>{withdrawal_words(lang)}</p>
            <p>
                {lang.pick("ご注文番号を添えて、", "Please write to ")}
                <a href=format!("mailto:{mail}") rel="external">{mail}</a>
                {lang.pick("までご連絡ください。", " with your order number.")}
            </p>
        </section>
    }
}

/// On paper only, where the page's frame is left out: who sells.
#[component]
fn Issuer() -> impl IntoView {
    let lang = use_lang();
    let seller = seller(lang);
    view! {
        <p class="print-only order__issuer">
            {seller.name} <br /> {seller.address} <br />
            {lang.pick("登録番号：", "Qualified invoice number: ")} {seller.number}
        </p>
    }
}

/// What the shopper can or must do now.
#[component]
fn NextStep(order: OrderView) -> impl IntoView {
    let lang = use_lang();
    let done = |words: &'static str| view! { <Note kind=NoteKind::Done>{words}</Note> }.into_any();
    match (order.state, order.payment) {
        (OrderState::Placed, PaymentState::Unpaid) if order.method == PaymentMethod::Transfer => {
            view! { <HowToTransfer order /> }.into_any()
        }
        (state, PaymentState::Refunded) => {
            let paid = order.timeline.iter().any(|event| event.kind == EventKind::Paid);
            let words = match (state, paid) {
                (OrderState::Placed | OrderState::Completed, _) => {
                    lang.pick("お支払い金額の全額を返金しました。", "We have returned your whole payment.")
                }
                (_, true) => lang.pick(
                    "ご注文をキャンセルし、お支払い金額の全額を返金しました。",
                    "This order was cancelled, and we have returned your whole payment.",
                ),
                (_, false) => lang.pick(
                    "お支払いを受け取った時点でご注文をお受けできなかったため、全額を返金しました。ご迷惑をおかけし、申し訳ございません。",
                    "When your payment arrived, this order could no longer be filled, so we returned all of it. We are sorry for the trouble.",
                ),
            };
            view! { <Note kind=NoteKind::Warning>{words}</Note> }.into_any()
        }
        (OrderState::Placed, PaymentState::Unpaid) => done(lang.pick(
            "確認メールをお送りしました。代金は、商品のお届け時に配達員へお支払いください。",
            "We have sent you a confirmation. Please pay the carrier when the parcel arrives.",
        )),
        (OrderState::Placed, _) => done(lang.pick(
            "お支払いを確認し、確認メールをお送りしました。",
            "Your payment is here, and a confirmation is on its way to you.",
        )),
        (OrderState::Cancelled, PaymentState::Expired) => view! {
            <Note kind=NoteKind::Warning>
                {lang
                    .pick(
                        "お支払い期限までにお振り込みの確認ができなかったため、ご注文をキャンセルしました。キャンセル料はかかりません。行き違いでお振り込みいただいていた場合は、お知らせのメールにご返信ください。全額をご返金します。",
                        "Your transfer did not reach us in time, so this order was cancelled. There is no charge. If you have already sent the money, please reply to our mail and we will return all of it.",
                    )}
            </Note>
        }
        .into_any(),
        (OrderState::Draft, payment) => view! { <PayAgain payment /> }.into_any(),
        _ => ().into_any(),
    }
}

/// Account, amount and time for a bank transfer.
#[component]
fn HowToTransfer(order: OrderView) -> impl IntoView {
    let lang = use_lang();
    let until = order.pay_until.map(|until| moment::date_time(until, lang)).unwrap_or_default();
    view! {
        <Note kind=NoteKind::Info>
            <p>
                <strong>{lang.pick("お振込みをお願いします", "Please transfer the amount")}</strong>
            </p>
            <p>{lang.pick("同じ内容の確認メールもお送りしました。", "We have sent you a mail with the same details.")}</p>
            <dl class="summary-list">
                {pair(lang.pick("お振込先", "Account"), transfer_account(lang).to_owned())}
                {pair(lang.pick("金額", "Amount"), order.total.show(lang))}
                {pair(lang.pick("期限", "Pay by"), lang.pick(until.clone(), format!("{until} (Japan time)")))}
                {pair(lang.pick("お振込人名", "Sender"), transfer_sender(&order.no, lang))}
            </dl>
        </Note>
    }
}

/// The order is not placed: says why, and leads back to the payment.
#[component]
fn PayAgain(payment: PaymentState) -> impl IntoView {
    let lang = use_lang();
    let words = match payment {
        PaymentState::Failed => lang.pick(
            "お支払いができなかったため、ご注文はまだ確定していません。代金は引き落とされていません。カートの中身はそのまま残っています。",
            "The payment did not go through, so nothing has been ordered or charged. Your cart is as you left it.",
        ),
        PaymentState::Expired => lang.pick(
            "お支払いの期限が過ぎたため、商品のお取り置きを終了しました。カートの中身はそのまま残っています。",
            "The time to pay is over and the goods are back on the shelf. Your cart is as you left it.",
        ),
        _ => lang.pick(
            "お支払いの確認を待っています。ご注文はまだ確定していません。",
            "We are waiting to hear from the bank. The order is not placed yet.",
        ),
    };
    view! {
        <Note kind=NoteKind::Warning>{words}</Note>
        <p class="button-row">
            <a class="button button--primary" href=href("/checkout/payment")>
                {lang.pick("お支払い方法を選び直す", "Choose how to pay")}
            </a>
            <a class="button button--quiet" href=href("/cart")>
                {lang.pick("カートを見る", "See the cart")}
            </a>
        </p>
    }
}

fn pair(name: &'static str, value: String) -> impl IntoView {
    view! {
        <div>
            <dt>{name}</dt>
            <dd>{value}</dd>
        </div>
    }
}

fn facts(order: &OrderView, lang: Lang) -> impl IntoView + use<> {
    let at = |at: i64| {
        let words = moment::date_time(at, lang);
        lang.pick(words.clone(), format!("{words} (Japan time)"))
    };
    let placed = order.placed_at.map(|placed| pair(lang.pick("ご注文日時", "Placed"), at(placed)));
    let shipment = (order.state == OrderState::Placed).then(|| {
        pair(lang.pick("発送", "Shipment"), order.shipment.words(order.method, order.payment, lang).to_owned())
    });
    view! {
        {pair(lang.pick("ご注文番号", "Order number"), order.no.clone())}
        {placed}
        {pair(lang.pick("ご注文の状態", "Order"), order.state.name(lang).to_owned())}
        {pair(
            lang.pick("お支払い", "Payment"),
            format!("{} · {}", order.method.name(lang), order.payment.name(lang)),
        )}
        {shipment}
    }
}

fn delivery(order: &OrderView, lang: Lang) -> impl IntoView + use<> {
    let facts = order.delivery(lang).into_iter().map(|(name, value)| pair(name, value)).collect_view();
    view! { <dl class="summary-list order__facts">{facts}</dl> }
}

#[component]
fn Line(line: OrderLineView) -> impl IntoView {
    let lang = use_lang();
    let amount = line.amount().show(lang);
    let mark = if line.tax_class == TaxClass::Reduced { lang.pick(" ※", " *") } else { "" };
    let options = line.options.into(lang);
    let options = (!options.is_empty()).then(|| view! { <p class="order__options">{options}</p> });
    let picture = line.picture.map(|hash| {
        let source = format!("/media/{hash}-400.webp");
        view! { <img class="order__picture" src=source alt="" width="80" height="80" loading="lazy" /> }
    });
    view! {
        <li class="order__line">
            {picture}
            <div class="order__name">
                <a href=href(&format!("/p/{}", line.slug))>{line.name.into(lang)}</a>
                {mark}
                {options}
                <p class="order__options">{format!("{} × {}", line.price.show(lang), line.quantity)}</p>
            </div>
            <p class="order__amount">{amount}</p>
        </li>
    }
}

#[component]
fn Sums(order: OrderView) -> impl IntoView {
    let lang = use_lang();
    let row = |class: &'static str, name: String, value: String| {
        view! {
            <div class=class>
                <dt>{name}</dt>
                <dd>{value}</dd>
            </div>
        }
    };
    let shipping =
        if order.shipping == Yen::ZERO { lang.pick("無料", "Free").to_owned() } else { order.shipping.show(lang) };
    let fee = (order.payment_fee != Yen::ZERO)
        .then(|| row("", lang.pick("代引手数料", "Cash on delivery fee").to_owned(), order.payment_fee.show(lang)));
    let taxes = order
        .taxes
        .into_iter()
        .map(|share| {
            let mark = if share.class == TaxClass::Reduced { lang.pick("※ ", "* ") } else { "" };
            let (percent, gross, tax) = (share.class.percent(), share.gross.show(lang), share.tax.show(lang));
            row(
                "totals__part",
                lang.pick(format!("{mark}{percent}%対象 {gross}"), format!("{mark}{gross} at {percent}%")),
                lang.pick(format!("内消費税 {tax}"), format!("tax {tax}")),
            )
        })
        .collect_view();
    view! {
        <dl class="totals">
            {row("", lang.pick("商品合計", "Goods").to_owned(), order.goods.show(lang))}
            {row("", lang.pick("送料", "Delivery").to_owned(), shipping)} {fee}
            {row("totals__sum", lang.pick("合計（税込）", "Total (tax incl.)").to_owned(), order.total.show(lang))}
            {taxes}
        </dl>
    }
}

#[component]
fn Address(address: OrderAddress) -> impl IntoView {
    let OrderAddress { name, postal_code, prefecture, city, street, building, phone, email, gift_message: _ } = address;
    let prefecture = prefecture.number().to_string();
    let address = AddressForm { name, kana: String::new(), postal_code, prefecture, city, street, building, phone };
    view! { <AddressLines address email /> }
}
