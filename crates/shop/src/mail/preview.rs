//! Every mail with made-up content, to be looked at while one works on its words (development only).

use noren_domain::account::CheckPhrase;
use noren_domain::checkout::PaymentMethod;
use noren_domain::order::{OrderAddress, OrderLineView, OrderState, OrderView, PaymentState, ShipmentState};
use noren_domain::prefecture::Prefecture;
use noren_domain::shipping::Method;
use noren_domain::tax::{TaxClass, shares};
use noren_domain::{Lang, Text, Yen};

use super::{Foot, Letter, Part, Phrase, account, newsletter, order};
use crate::Shop;
use crate::vault::Plain;

/// These go to somebody who has not shown that an account is theirs, or who has none.
const WITHOUT_A_PHRASE: [&str; 8] = [
    "registration_code",
    "no_account",
    "no_account_reset",
    "email_change_new_code",
    "email_change_over",
    "email_change_held",
    "erased_order",
    "erased_order_later",
];

/// The check phrase of nobody.
const SAMPLE_PHRASE: CheckPhrase = CheckPhrase::of([0, 1, 2]);

noren_domain::masked!(Preview);

/// A mail as its reader would see it.
#[derive(Clone, PartialEq, Eq)]
pub struct Preview {
    /// Its subject.
    pub subject: String,
    /// Its text version.
    pub text: String,
    /// Its HTML version.
    pub html: String,
}

/// The kinds of mails there are, by the words of the database, each with its subject in `lang`.
pub fn previews(shop: &Shop, lang: Lang) -> Vec<(&'static str, String)> {
    letters(shop, lang).into_iter().map(|(kind, letter)| (kind, letter.subject)).collect()
}

/// The mail of this kind; `None`: there is no such kind.
pub fn preview(shop: &Shop, kind: &str, lang: Lang) -> Option<Preview> {
    let (_, letter) = letters(shop, lang).into_iter().find(|(known, _)| *known == kind)?;
    let leave = (kind == "newsletter").then(|| format!("{}{}", shop.url, lang.path("/newsletter/leave/sample")));
    let check = format!("{}{}", shop.url, lang.path("/mails/check"));
    let foot = Foot { no: Some("M-ABCD-2345".to_owned()), check, leave };
    Some(Preview { text: letter.text(&foot), html: letter.html(&foot), subject: letter.subject })
}

fn letters(shop: &Shop, lang: Lang) -> Vec<(&'static str, Letter)> {
    let with = |method| sample_order(shop, method);
    let cancelled = OrderView { state: OrderState::Cancelled, ..with(PaymentMethod::Card) };
    let ledger = format!("shop.example 42:{}", "A".repeat(43) + "=");
    let orders = [
        ("order_placed", order::placed(shop, &with(PaymentMethod::Card), lang)),
        ("order_placed_transfer", order::placed(shop, &with(PaymentMethod::Transfer), lang)),
        ("order_placed_cash", order::placed(shop, &with(PaymentMethod::Cash), lang)),
        ("order_paid", order::paid(shop, &with(PaymentMethod::Transfer), lang)),
        ("order_refunded", order::refunded(shop, &with(PaymentMethod::Card), lang)),
        ("order_refunded_cancelled", order::refunded(shop, &cancelled, lang)),
        ("order_lapsed", order::lapsed(shop, &with(PaymentMethod::Transfer), lang)),
    ]
    .map(|(kind, letter)| (kind, Letter { ledger: Some(ledger.clone()), ..letter }));
    let forgetting = order::forgetting(shop, &with(PaymentMethod::Card), lang, shop.now());
    let letter = |(kind, (subject, parts)): (&'static str, (String, Vec<Part>))| {
        (
            kind,
            Letter { to: Plain::new("hanako@example.jp".to_owned()), lang, subject, parts, phrase: None, ledger: None },
        )
    };
    let phrase = SAMPLE_PHRASE.words(lang);
    let accounts = account::samples(shop, lang).into_iter().map(letter);
    let accounts = accounts.map(|(kind, letter)| {
        let phrase = Phrase { words: phrase.clone(), shown: kind != "erased" };
        (kind, Letter { phrase: (!WITHOUT_A_PHRASE.contains(&kind)).then_some(phrase), ..letter })
    });
    let newsletters = newsletter::samples(shop, lang).into_iter().map(letter);
    orders.into_iter().chain([("order_forgetting", forgetting)]).chain(accounts).chain(newsletters).collect()
}

fn sample_order(shop: &Shop, method: PaymentMethod) -> OrderView {
    let line = |ja: &str, en: &str, options: Text, price, quantity, tax_class| OrderLineView {
        sku: "SAMPLE".to_owned(),
        slug: "sample".to_owned(),
        name: Text::new(ja, en),
        options,
        picture: None,
        price: Yen(price),
        quantity,
        tax_class,
    };
    let lines = vec![
        line("手ぬぐい 青海波", "Tenugui, waves", Text::new("藍", "Indigo"), 1_320, 2, TaxClass::Standard),
        line("煎茶 100g", "Sencha, 100 g", Text::default(), 1_080, 1, TaxClass::Reduced),
    ];
    let (goods, shipping) = (Yen(3_720), Yen(660));
    let payment_fee = if method == PaymentMethod::Cash { Yen(330) } else { Yen(0) };
    let total = Yen(goods.0 + shipping.0 + payment_fee.0);
    let standard = Yen(total.0 - 1_080);
    let pay_until = (method == PaymentMethod::Transfer).then(|| shop.now() + 7 * 24 * 60 * 60 * 1_000);
    OrderView {
        no: "N-ABCD-2345".to_owned(),
        token: "sample".to_owned(),
        state: OrderState::Placed,
        payment: PaymentState::Unpaid,
        shipment: ShipmentState::Open,
        method,
        placed_at: Some(shop.now()),
        pay_until,
        taxes: shares(&[(TaxClass::Standard, standard), (TaxClass::Reduced, Yen(1_080))], Yen(0)),
        lines,
        goods,
        shipping,
        payment_fee,
        total,
        delivery_method: Method::Parcel,
        delivery_date: None,
        delivery_slot: None,
        gift_wrap: true,
        address: OrderAddress {
            name: "暖簾 花子".to_owned(),
            postal_code: "100-0005".to_owned(),
            prefecture: Prefecture::all().nth(12).expect("there are 47"),
            city: "千代田区丸の内".to_owned(),
            street: "1-1-1".to_owned(),
            building: String::new(),
            phone: "090-1234-5678".to_owned(),
            email: "hanako@example.jp".to_owned(),
            gift_message: "いつもありがとう <3".to_owned(),
        },
        timeline: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    /// Mails that a person asked for by a press and that lead on by a link of their own.
    const WITH_A_LINK: [&str; 3] = ["order_", "newsletter", "email_change"];

    #[tokio::test]
    async fn every_mail_says_the_same_as_text_and_as_html_and_loads_nothing() {
        let shop = testing::sqlite().await;
        for (kind, _) in previews(&shop, Lang::Ja) {
            for lang in [Lang::Ja, Lang::En] {
                let Preview { subject, text, html } = preview(&shop, kind, lang).expect("it is in the list");
                assert!(!subject.trim().is_empty() && !text.trim().is_empty(), "{kind}");
                for loads in ["<img", "<script", "<link", "<style", "<iframe", "src=", "url(", "@import"] {
                    assert!(!html.contains(loads), "{kind} loads something: {loads}");
                }
                for (at, _) in html.match_indices("href=\"") {
                    assert!(html[at + 6..].starts_with(&shop.url), "{kind} leads out of the shop");
                }
                let japanese = text.chars().any(|c| matches!(c, 'ぁ'..='ヿ'));
                // An order keeps the address in the letters it was typed in.
                assert!(japanese == (lang == Lang::Ja) || kind.starts_with("order_"), "{kind} is in its language");
            }
        }
    }

    #[tokio::test]
    async fn a_mail_about_security_has_a_check_phrase_and_no_link_to_press() {
        let shop = testing::sqlite().await;
        let kinds = previews(&shop, Lang::Ja).into_iter().map(|(kind, _)| kind);
        for kind in kinds.filter(|kind| !WITH_A_LINK.iter().any(|start| kind.starts_with(start))) {
            for lang in Lang::ALL {
                let phrase = &SAMPLE_PHRASE.words(lang);
                let Preview { text, html, .. } = preview(&shop, kind, lang).unwrap();
                let carries = !WITHOUT_A_PHRASE.contains(&kind);
                assert!(text.contains(phrase) == carries && html.contains(phrase) == carries, "{kind}");
                assert!(!html.contains("<a href"), "{kind} has a link");
                assert!(!text.contains("/login"), "{kind} leads to the login");
            }
        }
    }
}
