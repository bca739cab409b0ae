//! 利用規約: the terms of use, short.

use leptos::prelude::*;
use noren_domain::Lang;
use noren_domain::checkout::{TRANSFER_DAYS, withdrawal_words};

use super::{Block, Document, Section};
use crate::lang::use_lang;

/// The terms of use.
#[component]
pub fn TermsPage() -> impl IntoView {
    let lang = use_lang();
    let sections = match lang {
        Lang::Ja => japanese(),
        Lang::En => english(),
    };
    view! {
        <Document
            title=lang.pick("利用規約", "Terms")
            description=lang.pick("ご注文と会員登録についての約束ごとです。", "What you and we agree on when you order or open an account.")
            lead=lang.pick("ご注文の前にお読みいただきたい、お店とお客様の約束です。", "What you and the shop agree on, in plain words.")
            path="/legal/terms"
            sections
        />
    }
}

fn japanese() -> Vec<Section> {
    let one = |id, title, text: String| Section { id, title, blocks: vec![Block::Text(text)] };
    vec![
        one("scope", "この規約について", "この規約は、暖簾堂（以下「当店」）でのお買い物と会員登録に適用されます。内容を変えるときは、変える日とともにこのページでお知らせします。変わる前のご注文には、ご注文のときの規約が適用されます。".into()),
        one("contract", "契約の成立", format!("最終確認画面で「注文を確定する」を押していただくと、お申し込みになります。ご注文の確認メールをお送りした時点で売買契約が成立します。銀行振込で{TRANSFER_DAYS}日以内にご入金が確認できないときは、契約は解除されます。")),
        one("price", "価格と在庫", "価格と在庫は、ご注文を確定するときのものが適用されます。カートに入れた後に変わったときは、何がどう変わったかを画面でお知らせし、ご確認をいただくまで注文は確定しません。".into()),
        one("withdrawal", "返品とキャンセル", withdrawal_words(Lang::Ja).into()),
        one("account", "アカウント", "アカウントはご本人だけでご利用ください。パスワードは他人に知られないように管理してください。心当たりのないログインに気づいたときは、「アカウントの安全」の画面でその端末を終了し、当店にお知らせください。".into()),
        one("forbidden", "お断りすること", "転売を目的とした大量のご注文、他人になりすましたご注文、お店の動きを妨げる行為は、お断りします。該当するご注文は、お知らせのうえ取り消すことがあります。".into()),
        one("liability", "責任の範囲", "当店の落ち度によりお客様に損害が生じたときは、法令に従って責任を負います。この規約は、消費者契約法などで認められたお客様の権利を制限するものではありません。".into()),
        one("law", "準拠法と裁判所", "この規約は日本法に従います。争いが生じたときは、お客様の住所地または当店の所在地の裁判所で解決します。".into()),
    ]
}

fn english() -> Vec<Section> {
    let one = |id, title, text: String| Section { id, title, blocks: vec![Block::Text(text)] };
    vec![
        one("scope", "These terms", "They hold for shopping and accounts at Norendo. If we change them, this page says so together with the day. Orders placed before stay under the terms they were placed under. The Japanese text prevails.".into()),
        one("contract", "When the contract is made", format!("You offer to buy by pressing “Place order” on the final confirmation. The contract is made when we send the confirmation mail. If a bank transfer has not arrived within {TRANSFER_DAYS} days, it ends.")),
        one("price", "Prices and stock", "What counts is the price and stock at the moment you place the order. If something changed since you put it into the cart, the page says what, and nothing is ordered until you have agreed.".into()),
        one("withdrawal", "Returns and cancellation", withdrawal_words(Lang::En).into()),
        one("account", "Your account", "An account is for one person. Keep your password to yourself. If you see a sign-in that was not yours, end that device on the page Account security and tell us.".into()),
        one("forbidden", "What we refuse", "Bulk orders for resale, orders in another person's name, and disturbing the shop. We may cancel such orders, and tell you so.".into()),
        one("liability", "Liability", "If you suffer damage through our fault, we are liable as the law says. Nothing here takes away the rights that consumer law gives you.".into()),
        one("law", "Law and courts", "Japanese law applies. Disputes are settled by the courts at your home or at our seat.".into()),
    ]
}
