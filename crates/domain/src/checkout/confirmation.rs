//! The final confirmation: the six items that 特定商取引法 第12条の6 asks for, before the press of
//! the button that binds.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use super::{PaymentMethod, Quote, TRANSFER_DAYS};
use crate::cart::Totals;
use crate::shipping::{Day, Method};
use crate::{Lang, Yen};

/// One line as confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmedLine {
    /// SKU.
    pub sku: String,
    /// Name in the page's language.
    pub name: String,
    /// Options in the page's language; empty: none.
    pub options: String,
    /// Price of one unit.
    pub price: Yen,
    /// Units.
    pub quantity: u32,
    /// `price × quantity`.
    pub sum: Yen,
    /// Taxed at the reduced rate: marked ※.
    pub reduced: bool,
}

/// What a shopper agrees to. No field is optional: each item is said, even where it says "none".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// The language it is shown in.
    pub lang: Lang,
    /// 1 分量: what and how many.
    pub quantity: Vec<ConfirmedLine>,
    /// 2 販売価格・対価: the price with delivery, fees and tax.
    pub price: Totals,
    /// 3 支払の時期・方法.
    pub payment: String,
    /// 4 引渡時期.
    pub delivery: String,
    /// 5 申込みの撤回・解除.
    pub withdrawal: String,
    /// 6 申込期間.
    pub period: String,
    /// When the answers were last changed, so that an address changed in another tab is noticed.
    pub revision: i64,
}

impl Confirmation {
    /// Puts a quote into the words of `lang`.
    pub fn of(quote: &Quote, lang: Lang) -> Self {
        let quantity = quote
            .lines
            .iter()
            .map(|line| ConfirmedLine {
                sku: line.sku.clone(),
                name: line.name.get(lang).to_owned(),
                options: line.options.get(lang).to_owned(),
                price: line.price,
                quantity: line.quantity,
                sum: line.sum(),
                reduced: line.tax_class == crate::tax::TaxClass::Reduced,
            })
            .collect();
        Self {
            lang,
            quantity,
            price: quote.totals.clone(),
            payment: payment_words(quote.payment, lang),
            delivery: delivery_words(quote, lang),
            withdrawal: withdrawal_words(lang).to_owned(),
            period: lang
                .pick(
                    "申込期間の定めはありません。ただし、在庫がなくなり次第、販売を終了します。",
                    "There is no deadline for ordering; goods are sold while stocks last.",
                )
                .to_owned(),
            revision: quote.revision,
        }
    }

    /// The same text for the same confirmation and another one for any other: what is hashed and
    /// kept with the order.
    pub fn canonical(&self) -> String {
        let mut text = String::new();
        // Each value carries its length, so that no name can pose as another field.
        let mut put = |key: &str, value: &str| {
            let _ = writeln!(text, "{key} {}:{value}", value.len());
        };
        put("lang", self.lang.tag());
        for line in &self.quantity {
            put("sku", &line.sku);
            put("name", &line.name);
            put("options", &line.options);
            put("price", &line.price.0.to_string());
            put("quantity", &line.quantity.to_string());
            put("sum", &line.sum.0.to_string());
            put("reduced", if line.reduced { "1" } else { "0" });
        }
        put("goods", &self.price.goods.0.to_string());
        put("shipping", &self.price.shipping.0.to_string());
        put("fee", &self.price.payment_fee.0.to_string());
        put("total", &self.price.total.0.to_string());
        for share in &self.price.taxes {
            put(share.class.word(), &format!("{} {}", share.gross.0, share.tax.0));
        }
        put("payment", &self.payment);
        put("delivery", &self.delivery);
        put("withdrawal", &self.withdrawal);
        put("period", &self.period);
        put("revision", &self.revision.to_string());
        text
    }
}

fn payment_words(payment: PaymentMethod, lang: Lang) -> String {
    let name = payment.name(lang);
    match (payment, lang) {
        (PaymentMethod::Card, Lang::Ja) => format!("{name}。ご注文の確定時に決済会社の画面でお支払いいただきます。"),
        (PaymentMethod::Card, Lang::En) => {
            format!("{name}. Paid on the payment provider's page when you place the order.")
        }
        (PaymentMethod::Transfer, Lang::Ja) => {
            format!("{name}。ご注文から{TRANSFER_DAYS}日以内にお振り込みください。振込手数料はお客様のご負担です。")
        }
        (PaymentMethod::Transfer, Lang::En) => {
            format!(
                "{name}. Please transfer within {TRANSFER_DAYS} days of ordering; your bank's fee is yours to bear."
            )
        }
        (PaymentMethod::Cash, Lang::Ja) => {
            format!(
                "{name}。商品のお届け時に、配達員に現金でお支払いください。手数料{}を含みます。",
                payment.fee().show(lang)
            )
        }
        (PaymentMethod::Cash, Lang::En) => {
            format!("{name}. Pay the driver in cash on delivery; the fee of {} is included.", payment.fee().show(lang))
        }
    }
}

fn delivery_words(quote: &Quote, lang: Lang) -> String {
    let delivery = &quote.delivery;
    let day = |iso: &str| Day::from_iso(iso).map_or_else(|| iso.to_owned(), |day| day.show(lang));
    let slot = delivery.slot.map(|slot| slot.name(lang));
    let name = delivery.method.name(lang);
    let mut words = match (&delivery.date, lang) {
        (Some(date), Lang::Ja) => format!("{name}。{}{}にお届けします。", day(date), slot.unwrap_or("")),
        (Some(date), Lang::En) => {
            format!("{name}. Arrives on {}{}.", day(date), slot.map(|slot| format!(", {slot}")).unwrap_or_default())
        }
        (None, Lang::Ja) => {
            let slot = slot.map(|slot| format!("（時間帯：{slot}）")).unwrap_or_default();
            format!("{name}。{}頃にお届けする予定です{slot}。", day(&delivery.earliest))
        }
        (None, Lang::En) => {
            let slot = slot.map(|slot| format!(" ({slot})")).unwrap_or_default();
            format!("{name}. Expected around {}{slot}.", day(&delivery.earliest))
        }
    };
    if quote.payment == PaymentMethod::Transfer {
        words.push_str(lang.pick(
            "ご入金の確認後に発送するため、お振り込みの日によっては遅れることがあります。",
            " It leaves once your transfer has arrived, so a later transfer means a later delivery.",
        ));
    }
    if delivery.method == Method::Post {
        words.push_str(lang.pick("郵便受けに投函します。", " It is put into your letter box."));
    }
    words
}

/// 返品・キャンセルについて: what the confirmation, the help page and the legal notice say alike.
pub const fn withdrawal_words(lang: Lang) -> &'static str {
    match lang {
        Lang::Ja => {
            "ご注文の取り消しは、発送の準備が始まるまで承ります。商品の到着後は8日以内にご連絡いただければ、未使用のものに限り返品をお受けします\
             （返送料はお客様のご負担）。食品など消耗品の返品は、不良や誤配送の場合に限ります。不良や誤配送のときは、送料は当店が負担します。"
        }
        Lang::En => {
            "You can cancel until we start to pack. After delivery, tell us within 8 days and we take unused goods back \
             (return postage is yours to bear). Food and other consumables are taken back only if faulty or sent by \
             mistake; in those cases we pay the postage."
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::Text;
    use crate::checkout::{Delivery, QuoteLine};
    use crate::prefecture::Prefecture;
    use crate::shipping::Slot;
    use crate::tax::TaxClass;

    fn quote() -> Quote {
        let line = QuoteLine {
            variant_id: 1,
            sku: "TEA-1".into(),
            slug: "tea".into(),
            name: Text::new("煎茶", "Sencha"),
            options: Text::default(),
            picture: None,
            price: Yen(1_080),
            quantity: 2,
            tax_class: TaxClass::Reduced,
        };
        let totals = Totals::of(&[(TaxClass::Reduced, line.sum())], Yen(660), Yen::ZERO);
        Quote {
            order_id: Uuid::from_u128(1),
            subject: Uuid::from_u128(2),
            revision: 7,
            lines: vec![line],
            totals,
            delivery: Delivery {
                method: Method::Parcel,
                date: Some("2026-11-25".into()),
                slot: Some(Slot::Morning),
                gift_wrap: false,
                earliest: "2026-11-25".into(),
            },
            payment: PaymentMethod::Card,
            prefecture: Prefecture::try_from(13).unwrap(),
        }
    }

    #[test]
    fn all_six_items_are_said_in_both_languages() {
        for lang in Lang::ALL {
            for payment in PaymentMethod::ALL {
                let confirmation = Confirmation::of(&Quote { payment, ..quote() }, lang);
                assert_eq!(confirmation.quantity[0].quantity, 2);
                assert_eq!(confirmation.price.total, Yen(2_820));
                for item in
                    [&confirmation.payment, &confirmation.delivery, &confirmation.withdrawal, &confirmation.period]
                {
                    assert!(item.chars().count() > 15, "{item}");
                }
            }
        }
        assert_eq!(Confirmation::of(&quote(), Lang::Ja).delivery, "宅配便。11月25日(水)午前中にお届けします。");
    }

    #[test]
    fn another_confirmation_has_another_canonical_text() {
        let shown = Confirmation::of(&quote(), Lang::Ja);
        assert_eq!(shown.canonical(), Confirmation::of(&quote(), Lang::Ja).canonical());
        let mut others = vec![Confirmation::of(&quote(), Lang::En)];
        for change in [
            |q: &mut Quote| q.lines[0].quantity = 3,
            |q: &mut Quote| q.lines[0].name.ja.push('茶'),
            |q: &mut Quote| q.totals.total = Yen(1),
            |q: &mut Quote| q.delivery.slot = None,
            |q: &mut Quote| q.payment = PaymentMethod::Transfer,
            |q: &mut Quote| q.revision = 8,
        ] {
            let mut quote = quote();
            change(&mut quote);
            others.push(Confirmation::of(&quote, Lang::Ja));
        }
        for other in others {
            assert_ne!(shown.canonical(), other.canonical());
        }
    }

    #[test]
    fn a_name_cannot_pose_as_another_field() {
        let mut quote = quote();
        quote.lines[0].name.ja = "煎茶\nprice 1:1".into();
        let text = Confirmation::of(&quote, Lang::Ja).canonical();
        assert!(text.contains("name 16:"), "{text}");
    }
}
