//! ご利用案内: delivery, payment, returns, questions.

use leptos::prelude::*;
use noren_domain::checkout::{CASH_FEE, CASH_LIMIT, TRANSFER_DAYS, withdrawal_words};
use noren_domain::shipping::{
    CUT_OFF_HOUR, DAYS_ON_OFFER, FREE_FROM, PARCEL_MAX_G, POST_FEE, POST_MAX_G, Region, Slot,
};
use noren_domain::{Lang, Yen};

use super::{Block, Document, MAIL, Section};
use crate::lang::use_lang;

/// How to shop here.
#[component]
pub fn HelpPage() -> impl IntoView {
    let lang = use_lang();
    let sections = match lang {
        Lang::Ja => japanese(),
        Lang::En => english(),
    };
    view! {
        <Document
            title=lang.pick("ご利用案内", "Help")
            description=lang.pick(
                "送料、お届けまでの日数、お支払い方法、返品・交換、よくあるご質問をまとめました。",
                "Delivery fees and times, ways to pay, returns, and answers to common questions.",
            )
            lead=lang.pick(
                "送料やお届け日、お支払い、返品のことをまとめました。",
                "Delivery, payment and returns on one page.",
            )
            path="/help"
            sections
        />
    }
}

/// What the law's page and this one both say about fees: one line for each region, and the rule above them.
pub(super) fn fees(lang: Lang) -> Vec<(String, String)> {
    let parcel = Region::ALL.into_iter().map(|region| {
        let days = region.transit_days();
        let value = match lang {
            Lang::Ja => format!("{}（発送から{days}日）", region.parcel_fee().show(lang)),
            Lang::En => format!(
                "{} ({days} {} after dispatch)",
                region.parcel_fee().show(lang),
                if days == 1 { "day" } else { "days" }
            ),
        };
        (lang.pick(format!("宅配便・{}", region.name(lang)), format!("Parcel, {}", region.name(lang))), value)
    });
    let kilograms = POST_MAX_G / 1_000;
    let post = match lang {
        Lang::Ja => (
            "ポスト投函・全国一律".to_owned(),
            format!("{}（合計{kilograms}kgまで。日時の指定と代金引換はご利用いただけません）", POST_FEE.show(lang)),
        ),
        Lang::En => (
            "Letter box, all Japan".to_owned(),
            format!("{} (up to {kilograms} kg; no date, no time slot, no cash on delivery)", POST_FEE.show(lang)),
        ),
    };
    parcel.chain([post]).collect()
}

fn slots(lang: Lang) -> String {
    Slot::ALL.map(|slot| slot.name(lang)).join(lang.pick("、", ", "))
}

fn japanese() -> Vec<Section> {
    let lang = Lang::Ja;
    let yen = |amount: Yen| amount.show(lang);
    vec![
        Section {
            id: "fees",
            title: "送料",
            blocks: vec![
                Block::text(format!("商品の合計が{}以上（税込）のご注文は、全国どこへでも送料無料です。", yen(FREE_FROM))),
                Block::Facts(fees(lang)),
                Block::text(format!(
                    "宅配便は1個口{}kgまでです。それを超えるご注文は複数の個口になり、個口の数だけ送料がかかります。金額はご注文の確定前に必ず画面に表示します。",
                    PARCEL_MAX_G / 1_000
                )),
            ],
        },
        Section {
            id: "delivery",
            title: "お届け",
            blocks: vec![
                Block::text(format!(
                    "{CUT_OFF_HOUR}時までのご注文は当日に、それ以降のご注文は翌営業日に発送します。土曜・日曜と、12月29日から1月3日までは発送をお休みします。"
                )),
                Block::text(format!(
                    "宅配便では、最短のお届け日から{DAYS_ON_OFFER}日のあいだでご希望の日をお選びいただけます。時間帯は{}からお選びください。",
                    slots(lang)
                )),
                Block::text("お届け先は日本国内に限ります。銀行振込の場合は、ご入金を確認してから発送します。"),
                Block::text("贈りものには、包装とメッセージをお付けできます。「配送の選択」の画面でお選びください。"),
            ],
        },
        Section {
            id: "payment",
            title: "お支払い",
            blocks: vec![Block::Facts(vec![
                (
                    "クレジットカード".into(),
                    "ご注文の確定時に、決済会社の画面でお支払いいただきます。カード番号は当店には届きません。手数料はかかりません。".into(),
                ),
                (
                    "銀行振込（前払い）".into(),
                    format!("ご注文から{TRANSFER_DAYS}日以内にお振り込みください。振込手数料はお客様のご負担です。期限を過ぎたご注文は取り消しとなります。"),
                ),
                (
                    "代金引換".into(),
                    format!("お届けのときに配達員に現金でお支払いください。手数料は{}、お支払い総額{}までのご注文でご利用いただけます。", yen(CASH_FEE), yen(CASH_LIMIT)),
                ),
            ])],
        },
        Section {
            id: "returns",
            title: "返品・キャンセル",
            blocks: vec![
                Block::text(withdrawal_words(lang)),
                Block::text(format!("ご注文番号を添えて、{MAIL} までご連絡ください。返品の宛先と返金の方法をお知らせします。")),
            ],
        },
        Section {
            id: "questions",
            title: "よくあるご質問",
            blocks: vec![
                Block::question(
                    "会員登録をしなくても買えますか。",
                    "はい。お名前、お届け先、連絡先だけでご注文いただけます。ご注文の内容は、確認メールに記載のリンクからご覧いただけます。",
                ),
                Block::question(
                    "確認メールが届きません。",
                    format!("迷惑メールのフォルダーをご確認ください。見つからないときは、お手数ですが {MAIL} までお知らせください。ご注文の直後に表示される画面でも内容を確認できます。"),
                ),
                Block::question(
                    "領収書はもらえますか。",
                    "ご注文のページに、税率ごとの合計と消費税額を載せています。ブラウザーの印刷で紙やPDFにしてお使いください。",
                ),
                Block::question(
                    "「※」の付いた商品は何ですか。",
                    "食品など、軽減税率（8%）の対象になる商品です。それ以外は標準税率（10%）です。表示価格はすべて税込です。",
                ),
                Block::question(
                    "画面の色と実物の色は同じですか。",
                    "商品の絵は、実物の色に近づけて描いています。お使いの画面により、また染めや焼きの一点ごとに、少し違って見えることがあります。",
                ),
                Block::question(
                    "お店を名乗る不審なメールが届きました。",
                    "リンクは開かずに、メールの下にある番号をお確かめください。番号のないメールは、当店のものではありません。",
                ),
                Block::text("メールのいちばん下にある番号を次のページに入力すると、当店が送ったものかどうかをお確かめいただけます。"),
                Block::Way("当店のメールかどうかを確かめる".into(), lang.path("/mails/check")),
            ],
        },
        Section {
            id: "contact",
            title: "お問い合わせ",
            blocks: vec![
                Block::text(format!("メール：{MAIL}")),
                Block::text("受付は平日10時から17時まで（土日祝・年末年始を除く）です。2営業日以内にお返事します。"),
                Block::text("運営者の名称や所在地、販売の条件は、次のページにまとめています。"),
                Block::Way("特定商取引法に基づく表記".into(), lang.path("/legal/commerce")),
            ],
        },
    ]
}

fn english() -> Vec<Section> {
    let lang = Lang::En;
    let yen = |amount: Yen| amount.show(lang);
    vec![
        Section {
            id: "fees",
            title: "Delivery fees",
            blocks: vec![
                Block::text(format!(
                    "Orders of {} or more (goods, tax included) are delivered free anywhere in Japan.",
                    yen(FREE_FROM)
                )),
                Block::Facts(fees(lang)),
                Block::text(format!(
                    "One parcel holds up to {} kg. Heavier orders go in several parcels, each with its fee. You always see the amount before you order.",
                    PARCEL_MAX_G / 1_000
                )),
            ],
        },
        Section {
            id: "delivery",
            title: "Delivery",
            blocks: vec![
                Block::text(format!(
                    "Orders placed before {CUT_OFF_HOUR}:00 (Japan time) leave the same day, later ones on the next working day. Nothing leaves on Saturdays, Sundays, or from 29 December to 3 January."
                )),
                Block::text(format!(
                    "For parcels you can wish for a day within {DAYS_ON_OFFER} days from the earliest one, and a time: {}.",
                    slots(lang)
                )),
                Block::text(
                    "We deliver within Japan only. If you pay by bank transfer, the goods leave once your transfer has arrived.",
                ),
                Block::text(
                    "For presents we wrap the goods and add your message; choose so in the delivery step.",
                ),
            ],
        },
        Section {
            id: "payment",
            title: "Payment",
            blocks: vec![Block::Facts(vec![
                (
                    "Credit or debit card".into(),
                    "Paid on the payment provider's page when you place the order. Your card number never reaches us. No fee.".into(),
                ),
                (
                    "Bank transfer in advance".into(),
                    format!("Please transfer within {TRANSFER_DAYS} days of ordering; your bank's fee is yours to bear. After that the order is cancelled."),
                ),
                (
                    "Cash on delivery".into(),
                    format!("Pay the driver in cash. The fee is {}; offered for totals up to {}.", yen(CASH_FEE), yen(CASH_LIMIT)),
                ),
            ])],
        },
        Section {
            id: "returns",
            title: "Returns and cancellation",
            blocks: vec![
                Block::text(withdrawal_words(lang)),
                Block::text(format!(
                    "Write to {MAIL} with your order number. We answer with the return address and how you get your money back."
                )),
            ],
        },
        Section {
            id: "questions",
            title: "Common questions",
            blocks: vec![
                Block::question(
                    "Can I buy without an account?",
                    "Yes. We need only a name, where to deliver, and how to reach you. The confirmation mail leads to your order's own page.",
                ),
                Block::question(
                    "The confirmation mail does not arrive.",
                    format!("Please look in your spam folder first. If it is not there, write to {MAIL}. The page shown right after ordering says the same as the mail."),
                ),
                Block::question(
                    "Can I have a receipt?",
                    "Your order's page shows totals and tax for each rate. Print it, or save it as a PDF from your browser.",
                ),
                Block::question(
                    "What does * beside a product mean?",
                    "It is food at the reduced tax rate of 8%. Everything else is taxed at 10%. All prices shown include tax.",
                ),
                Block::question(
                    "Are the colours on screen the real ones?",
                    "Our pictures are drawn as close to the goods as we can. Screens differ, and so does each dyed or fired piece, a little.",
                ),
                Block::question(
                    "I got a suspicious mail in the shop's name.",
                    "Do not open its links. Every mail of ours has a number at its foot, which you can check. A mail without one is not ours.",
                ),
                Block::text("Type the number at the foot of a mail into the following page, and it tells you whether we sent that mail."),
                Block::Way("Is this mail from us?".into(), lang.path("/mails/check")),
            ],
        },
        Section {
            id: "contact",
            title: "Contact",
            blocks: vec![
                Block::text(format!("E-mail: {MAIL}")),
                Block::text("Weekdays 10:00–17:00 (Japan time), except public holidays. We answer within two working days."),
                Block::text("Who we are, where we are and on what terms we sell stands on the following page."),
                Block::Way("Legal notice".into(), lang.path("/legal/commerce")),
            ],
        },
    ]
}
