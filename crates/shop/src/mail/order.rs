//! Mails about orders.

use noren_domain::checkout::PaymentMethod;
use noren_domain::order::{OrderState, OrderView, transfer_account, transfer_sender};
use noren_domain::tax::TaxClass;
use noren_domain::{Id, Lang, moment};
use uuid::Uuid;

use super::letter::time;
use super::{Letter, MailError, Part};
use crate::order::{self, ViewError};
use crate::vault::Plain;
use crate::{Shop, fetch_optional};

impl From<ViewError> for MailError {
    fn from(error: ViewError) -> Self {
        match error {
            ViewError::Database(error) => Self::Database(error),
            ViewError::Vault(error) => Self::Vault(error),
            ViewError::Word { .. } => Self::Gone,
        }
    }
}

/// The order that a mail is about, and its shopper's language.
pub(super) async fn read(shop: &Shop, order: Uuid) -> Result<(OrderView, Lang), MailError> {
    order::by_id(shop, Id::new(order)).await?.ok_or(MailError::Gone)
}

/// Whether the order is somebody's with an account (by now): the person goes out of it with that, and not as a guest.
pub(super) async fn is_of_an_account(shop: &Shop, order: Uuid) -> Result<bool, sqlx::Error> {
    let sql = "SELECT 1 FROM orders WHERE id = $1 AND customer_id IS NOT NULL";
    Ok(fetch_optional!(shop.db.read().await?, (i32,), sql, order).await?.is_some())
}

fn to(view: &OrderView) -> Plain {
    Plain::new(view.address.email.clone())
}

/// Thanks for an order.
pub(super) fn placed(shop: &Shop, view: &OrderView, lang: Lang) -> Letter {
    let address = &view.address;
    let at = |millis: i64| time(millis, lang);
    let mut parts = vec![
        Part::Text(lang.pick(
            format!("{} 様\n\nこのたびはご注文いただき、ありがとうございます。\n次の内容で承りました。", address.name),
            format!("Dear {},\n\nThank you for your order. This is what we received.", address.name),
        )),
        Part::Facts(vec![
            (lang.pick("ご注文番号", "Order number").to_owned(), view.no.clone()),
            (lang.pick("ご注文日時", "Placed").to_owned(), view.placed_at.map(at).unwrap_or_default()),
            (lang.pick("お支払い方法", "Payment").to_owned(), view.method.name(lang).to_owned()),
        ]),
        Part::Heading(lang.pick("ご注文の商品", "Your goods").to_owned()),
        Part::Facts(view.lines.iter().map(|line| line_facts(line, lang)).collect()),
        Part::Facts(amounts(view, lang)),
    ];
    match view.method {
        PaymentMethod::Transfer => {
            let until = view.pay_until.map(at).unwrap_or_default();
            let sender = transfer_sender(&view.no, lang);
            parts.push(Part::Heading(lang.pick("お振込先", "Where to pay").to_owned()));
            parts.push(Part::Text(lang.pick(
                format!("{}\n{sender}。\n{until} までにお振り込みください。ご入金を確認してから発送します。振込手数料はお客様のご負担となります。", transfer_account(lang)),
                format!("{}\n{sender}.\nPlease pay by {until}. We ship once the money is here; the transfer fee is yours.", transfer_account(lang)),
            )));
        }
        PaymentMethod::Cash => parts.push(Part::Text(
            lang.pick(
                "代金は、商品と引き換えに配達員へお支払いください。",
                "Please pay the carrier when the parcel is handed over.",
            )
            .to_owned(),
        )),
        PaymentMethod::Card => {}
    }
    parts.push(Part::Heading(lang.pick("お届け先", "Delivery to").to_owned()));
    let building = if address.building.is_empty() { String::new() } else { format!("{} ", address.building) };
    parts.push(Part::Text(match lang {
        Lang::Ja => format!(
            "〒{}\n{}{}{} {}\n{} 様",
            address.postal_code,
            address.prefecture.name(lang),
            address.city,
            address.street,
            address.building,
            address.name
        ),
        Lang::En => format!(
            "{}\n{building}{}\n{}, {} {}, Japan",
            address.name,
            address.street,
            address.city,
            address.prefecture.name(lang),
            address.postal_code
        ),
    }));
    parts.push(delivery(view, lang));
    parts.push(page_link(shop, view, lang));
    let subject = lang.pick(format!("ご注文ありがとうございます（{}）", view.no), format!("Your order {}", view.no));
    Letter { to: to(view), lang, subject, parts, phrase: None, ledger: None }
}

/// The transfer is there.
pub(super) fn paid(shop: &Shop, view: &OrderView, lang: Lang) -> Letter {
    let (amount, name) = (view.total.show(lang), &view.address.name);
    let mut parts = vec![Part::Text(lang.pick(
        format!("{name} 様\n\nご注文 {} のお振り込み {amount} を確認いたしました。ありがとうございます。\n商品をお送りする準備をいたします。", view.no),
        format!("Dear {name},\n\nYour transfer of {amount} for order {} is here. Thank you.\nWe are getting your goods ready.", view.no),
    ))];
    parts.push(delivery(view, lang));
    parts.push(page_link(shop, view, lang));
    let subject =
        lang.pick(format!("お振り込みを確認しました（{}）", view.no), format!("Your transfer is here ({})", view.no));
    Letter { to: to(view), lang, subject, parts, phrase: None, ledger: None }
}

/// The money went back.
pub(super) fn refunded(shop: &Shop, view: &OrderView, lang: Lang) -> Letter {
    let amount = view.total.show(lang);
    let (name, no) = (&view.address.name, &view.no);
    let said = match view.state {
        OrderState::Placed | OrderState::Completed => lang.pick(
            format!("{name} 様\n\nご注文 {no} はすでに承っておりましたが、重ねてお支払い {amount} を受け取りましたので、このお支払いの全額を返金いたしました。\nご注文はそのまま有効です。お支払いの状況は、下のページでご確認いただけます。"),
            format!("Dear {name},\n\nOrder {no} stood already when we received another payment of {amount} for it, so we have returned all of that payment.\nYour order stands as before. The page below shows how its payment stands."),
        ),
        OrderState::Draft | OrderState::Cancelled => lang.pick(
            format!("{name} 様\n\nご注文 {no} のお支払い {amount} を受け取りましたが、お支払い期限が過ぎて商品が売り切れていたか、ご注文がすでにキャンセルされていたため、このお支払いの全額を返金いたしました。\nご注文は成立していません。ご迷惑をおかけし、申し訳ございません。"),
            format!("Dear {name},\n\nWe received a payment of {amount} for order {no}, but either the time to pay had ended and the goods were sold meanwhile, or the order had been cancelled already. So we have returned all of that payment.\nThe order does not stand. We are sorry for the trouble."),
        ),
    };
    let parts = vec![Part::Text(said), page_link(shop, view, lang)];
    let subject =
        lang.pick(format!("ご返金のお知らせ（{}）", view.no), format!("Your payment was returned ({})", view.no));
    Letter { to: to(view), lang, subject, parts, phrase: None, ledger: None }
}

/// The money did not come in time.
pub(super) fn lapsed(shop: &Shop, view: &OrderView, lang: Lang) -> Letter {
    let (amount, name) = (view.total.show(lang), &view.address.name);
    let mut parts = vec![Part::Text(lang.pick(
        format!(
            "{name} 様\n\nご注文 {} につきまして、お支払い期限までにお振り込みの確認ができませんでしたので、ご注文をキャンセルし、商品のお取り置きを終了いたしました。\n\
             キャンセル料はかかりません。お振り込みがまだでしたら、このままお手続きは不要です。",
            view.no
        ),
        format!(
            "Dear {name},\n\nYour transfer for order {} did not reach us within the time to pay, so we cancelled the order and put the goods back on the shelf.\n\
             There is no charge. If you have not transferred the money, there is nothing you need to do.",
            view.no
        ),
    ))];
    parts.push(Part::Heading(lang.pick("キャンセルしたご注文", "The cancelled order").to_owned()));
    parts.push(Part::Facts(view.lines.iter().map(|line| line_facts(line, lang)).collect()));
    parts.push(Part::Facts(amounts(view, lang)));
    parts.push(Part::Text(lang.pick(
        format!("行き違いで {amount} をお振り込みいただいていた場合は、このメールにご返信ください。全額をご返金いたします。\nまだご入り用でしたら、お手数ですが、あらためてご注文ください。"),
        format!("If you have already sent the {amount}, please reply to this mail and we will return all of it.\nIf you would still like the goods, you are welcome to order again."),
    )));
    parts.push(page_link(shop, view, lang));
    let subject = lang.pick(
        format!("お支払い期限が過ぎたため、ご注文をキャンセルしました（{}）", view.no),
        format!("Your order was cancelled: the time to pay is over ({})", view.no),
    );
    Letter { to: to(view), lang, subject, parts, phrase: None, ledger: None }
}

/// The order is long over, and who placed it is to be forgotten on `day` (UTC ms).
pub(super) fn forgetting(shop: &Shop, view: &OrderView, lang: Lang, day: i64) -> Letter {
    let (day, no) = (moment::date(day, lang), &view.no);
    let parts = vec![
        Part::Text(lang.pick(
            format!("ご注文 {no} から2年近くがたちました。お預かりする情報を少なくするため、{day}以降に、このご注文のお名前、ご住所、電話番号、メールアドレス、メッセージを消去します。お手続きは不要です。"),
            format!("Almost two years have passed since your order {no}. So that we hold no more than is needed, we erase name, address, phone, e-mail and message from it on {day} or soon after. There is nothing you need to do."),
        )),
        Part::Text(lang.pick(
            "ご注文の番号、日付、商品、金額などの帳簿は、法令により、お客様のお名前などを除いた形で保存します。ご注文のページは、消去のあとは開けなくなります。控えが必要な場合は、それまでにページを印刷するか、アカウントをお持ちの方は、ご注文をアカウントに加えてください。".to_owned(),
            "The books (number, date, goods, sums) stay without you, as the law asks. The order's page opens no more after that: if you need it, print it before, or, if you have an account, bring the order into it.".to_owned(),
        )),
        page_link(shop, view, lang),
    ];
    let subject = lang.pick(
        format!("ご注文のお名前とご住所を消去する予定です（{no}）"),
        format!("We are about to erase your name and address from order {no}"),
    );
    Letter { to: to(view), lang, subject, parts, phrase: None, ledger: None }
}

fn line_facts(line: &noren_domain::order::OrderLineView, lang: Lang) -> (String, String) {
    let mark = if line.tax_class == TaxClass::Reduced { lang.pick(" ※", " *") } else { "" };
    let options = line.options.get(lang);
    let options = if options.is_empty() { String::new() } else { format!("\n{options}") };
    (
        format!("{}{mark}{options}", line.name.get(lang)),
        format!("{} × {} = {}", line.price.show(lang), line.quantity, line.amount().show(lang)),
    )
}

fn amounts(view: &OrderView, lang: Lang) -> Vec<(String, String)> {
    let mut facts = vec![
        (lang.pick("商品合計", "Goods").to_owned(), view.goods.show(lang)),
        (lang.pick("送料", "Delivery").to_owned(), view.shipping.show(lang)),
    ];
    if view.payment_fee.0 > 0 {
        facts.push((lang.pick("代引手数料", "Cash on delivery fee").to_owned(), view.payment_fee.show(lang)));
    }
    facts.push((lang.pick("お支払い合計（税込）", "Total (tax incl.)").to_owned(), view.total.show(lang)));
    for share in &view.taxes {
        let mark = if share.class == TaxClass::Reduced { lang.pick("※", "* ") } else { "" };
        let percent = share.class.percent();
        facts.push((
            lang.pick(format!("{mark}{percent}%対象"), format!("{mark}At {percent}%")),
            lang.pick(
                format!("{}（内消費税 {}）", share.gross.show(lang), share.tax.show(lang)),
                format!("{} (tax {})", share.gross.show(lang), share.tax.show(lang)),
            ),
        ));
    }
    facts
}

fn delivery(view: &OrderView, lang: Lang) -> Part {
    Part::Facts(view.delivery(lang).into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn page_link(shop: &Shop, view: &OrderView, lang: Lang) -> Part {
    Part::Link {
        label: lang.pick("ご注文の内容を見る", "See your order").to_owned(),
        url: format!("{}{}", shop.url, lang.path(&format!("/orders/{}", view.token))),
    }
}
