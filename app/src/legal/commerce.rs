//! 特定商取引法に基づく表記: what Article 11 of the act asks of a mail-order shop.

use leptos::prelude::*;
use noren_domain::Lang;
use noren_domain::checkout::{CASH_FEE, CASH_LIMIT, TRANSFER_DAYS, withdrawal_words};
use noren_domain::seller::seller;
use noren_domain::shipping::{CUT_OFF_HOUR, FREE_FROM};

use super::help::fees;
use super::{Block, Document, MAIL, Section};
use crate::lang::use_lang;

/// Who sells, at what price and on which terms.
#[component]
pub fn CommercePage() -> impl IntoView {
    let lang = use_lang();
    let sections = match lang {
        Lang::Ja => japanese(),
        Lang::En => english(),
    };
    view! {
        <Document
            title=lang.pick("特定商取引法に基づく表記", "Legal notice")
            description=lang.pick(
                "販売業者、所在地、送料、お支払い、お届け、返品についての表記です。",
                "Who sells here, and on which terms: prices, delivery, payment, returns.",
            )
            lead=lang.pick(
                "このお店は見本です。会社の名称・所在地・電話番号は実在しません。",
                "This is a sample shop. Its company, address and phone number do not exist.",
            )
            path="/legal/commerce"
            sections
        />
    }
}

fn japanese() -> Vec<Section> {
    let lang = Lang::Ja;
    let seller = seller(lang);
    let mail = format!("{MAIL}（平日10時〜17時に確認し、2営業日以内にお返事します）");
    vec![
        Section {
            id: "seller",
            title: "販売業者",
            blocks: vec![Block::facts([
                ("販売業者", seller.name),
                ("運営統括責任者", "見本 太郎"),
                ("所在地", seller.address),
                ("電話番号", "03-0000-0000（見本。平日10時〜17時）"),
                ("メールアドレス", &mail),
                ("適格請求書発行事業者登録番号", seller.number),
            ])],
        },
        Section {
            id: "price",
            title: "代金と送料",
            blocks: vec![
                Block::facts([
                    ("販売価格", "各商品のページに、消費税を含む価格で表示しています。"),
                    (
                        "商品代金以外に必要な料金",
                        &format!(
                            "送料（下の表のとおり。商品合計{}以上で無料）\n代金引換をお選びの場合は手数料{}\n銀行振込をお選びの場合は振込手数料",
                            FREE_FROM.show(lang),
                            CASH_FEE.show(lang)
                        ),
                    ),
                ]),
                Block::Facts(fees(lang)),
            ],
        },
        Section {
            id: "payment",
            title: "お支払い",
            blocks: vec![Block::facts([(
                "支払方法と時期",
                &format!(
                    "クレジットカード：ご注文の確定時\n銀行振込（前払い）：ご注文から{TRANSFER_DAYS}日以内\n代金引換：商品のお届け時（お支払い総額{}まで）",
                    CASH_LIMIT.show(lang)
                ),
            )])],
        },
        Section {
            id: "delivery",
            title: "引渡しの時期",
            blocks: vec![Block::text(format!(
                "{CUT_OFF_HOUR}時までのご注文は当日、それ以降は翌営業日に発送し、発送から1〜5日でお届けします。お届け日の目安または指定日は、ご注文の最終確認画面に表示します。銀行振込の場合は、ご入金の確認後に発送します。"
            ))],
        },
        Section {
            id: "withdrawal",
            title: "返品・キャンセル",
            blocks: vec![
                Block::text(withdrawal_words(lang)),
                Block::text(
                    "返金は、返品の到着を確認してから7日以内に、お支払いの方法に応じて行います。届いた商品が説明と異なるときは、お取り替えまたは返金でお応えします。",
                ),
            ],
        },
        Section {
            id: "conditions",
            title: "申込みの条件",
            blocks: vec![Block::facts([
                ("申込期間", "期間の定めはありません。在庫がなくなり次第、販売を終了します。"),
                ("販売数量", "各商品のページとカートで、一度にご注文いただける数を表示します。"),
                ("継続的な契約", "定期購入など、二回以上の継続を条件とする販売は行っていません。"),
                (
                    "動作環境",
                    "一般的なブラウザーでご利用いただけます。JavaScriptが動かない環境でもご注文いただけます。",
                ),
            ])],
        },
    ]
}

fn english() -> Vec<Section> {
    let lang = Lang::En;
    let seller = seller(lang);
    let mail = format!("{MAIL} (read on weekdays 10:00–17:00, answered within two working days)");
    vec![
        Section {
            id: "seller",
            title: "The seller",
            blocks: vec![Block::facts([
                ("Company", seller.name),
                ("Responsible for the shop", "Taro Mihon"),
                ("Address", seller.address),
                ("Phone", "+81-3-0000-0000 (sample; weekdays 10:00–17:00, Japan time)"),
                ("E-mail", &mail),
                ("Qualified invoice number", seller.number),
            ])],
        },
        Section {
            id: "price",
            title: "Prices and fees",
            blocks: vec![
                Block::facts([
                    ("Prices", "Shown on each product's page, consumption tax included."),
                    (
                        "Other costs",
                        &format!(
                            "Delivery as below; free for goods of {} or more\n{} for cash on delivery\nYour bank's fee for a transfer",
                            FREE_FROM.show(lang),
                            CASH_FEE.show(lang)
                        ),
                    ),
                ]),
                Block::Facts(fees(lang)),
            ],
        },
        Section {
            id: "payment",
            title: "Payment",
            blocks: vec![Block::facts([(
                "Ways and times",
                &format!(
                    "Card: when you place the order\nBank transfer in advance: within {TRANSFER_DAYS} days of ordering\nCash on delivery: when the goods arrive (totals up to {})",
                    CASH_LIMIT.show(lang)
                ),
            )])],
        },
        Section {
            id: "delivery",
            title: "Time of delivery",
            blocks: vec![Block::text(format!(
                "Orders placed before {CUT_OFF_HOUR}:00 (Japan time) leave the same day, later ones on the next working day, and arrive one to five days after dispatch. The expected or chosen day stands on the final confirmation. For bank transfers the goods leave once the money has arrived."
            ))],
        },
        Section {
            id: "withdrawal",
            title: "Returns and cancellation",
            blocks: vec![
                Block::text(withdrawal_words(lang)),
                Block::text(
                    "We refund within seven days after the goods are back, by the way you paid. If what arrived is not what we described, we replace it or refund it.",
                ),
            ],
        },
        Section {
            id: "conditions",
            title: "Conditions of an order",
            blocks: vec![Block::facts([
                ("Deadline", "None; goods are sold while stocks last."),
                ("Quantities", "The product's page and the cart show how many you can order at once."),
                ("Subscriptions", "We sell nothing that binds you to a second purchase."),
                ("What you need", "Any common browser; ordering works without JavaScript too."),
            ])],
        },
    ]
}
