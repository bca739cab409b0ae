//! The database's and the ledger's words as people read them; a word that is not known stands as it is.
//!
//! Some stand on pages as well (`app/src/account/sign_ins.rs`, `app/src/account/reads/words.rs`). They are here once more
//! because `app` is above the shop, and because in `noren_domain`, below both, they would be in the first file of every
//! page's wasm: the tool that parts it leaves tables of texts there.

use noren_domain::Lang;

/// What it is of, the word, in Japanese, in English.
const WORDS: &[(&str, &str, &str, &str)] = &[
    ("sign_in", "ok", "成功", "signed in"),
    ("sign_in", "asked", "確認コードなし", "code not given"),
    ("sign_in", "wrong_password", "パスワード違い", "wrong password"),
    ("sign_in", "wrong_code", "コード違い", "wrong code"),
    ("sign_in", "blocked", "回数超過のため拒否", "blocked: too many tries"),
    ("way", "password", "パスワードのみ（確認済みの端末）", "password alone, on a recognised device"),
    ("way", "password_mail", "パスワードとメールの確認コード", "password and a code by mail"),
    ("way", "password_app", "パスワードと認証アプリ", "password and the code of your app"),
    ("way", "password_recovery", "パスワードと復旧コード", "password and a recovery code"),
    ("way", "mail", "メールの確認コード", "a code by mail"),
    ("way", "mail_app", "メールの確認コードと認証アプリ", "a code by mail and the code of your app"),
    ("way", "mail_recovery", "メールの確認コードと復旧コード", "a code by mail and a recovery code"),
    ("way", "passkey", "パスキー", "passkey"),
    ("way", "registration", "ご登録のときの確認コード", "the code of your registration"),
    ("answer", "me", "心当たりがある", "it was me"),
    ("answer", "not_me", "心当たりがない", "it was not me"),
    ("consent", "asked", "お申し込み", "asked for"),
    ("consent", "asked_anew", "当店からのあらためてのお伺い", "we asked once more"),
    ("consent", "confirmed", "同意の確認", "confirmed"),
    ("consent", "withdrawn", "停止", "ended"),
    ("source", "account", "アカウントの画面", "on the account's page"),
    ("source", "mail", "メールのリンク", "by the link in a mail"),
    ("source", "one_click", "メールソフトのボタン", "by the mail program's button"),
    ("source", "address_change", "メールアドレスの変更", "as the e-mail address had changed"),
    ("act", "open", "読み出し", "opened"),
    ("act", "seal", "暗号化して保存", "sealed and saved"),
    ("act", "shred", "鍵の破棄", "key destroyed"),
    ("act", "prove", "この記録の表示", "these entries were asked for"),
    ("act", "alarm", "異常の記録", "alarm"),
    ("purpose", "mail", "メールの送信", "to send a mail"),
    ("purpose", "ship", "商品の発送", "to send a parcel"),
    ("purpose", "order-view", "ご注文内容の表示", "to show an order"),
    ("purpose", "support", "お問い合わせへの対応", "to answer a question"),
    ("purpose", "self-view", "アカウントの表示", "to show the account"),
    ("purpose", "export", "控えの書き出し", "for a copy of the data"),
    ("purpose", "notice", "漏えいなどのお知らせ", "to notify of an incident"),
    ("purpose", "checkout", "ご注文手続き", "at the checkout"),
    ("actor", "vault", "金庫", "the vault"),
    ("actor", "shop", "当店のシステム", "the shop's own jobs"),
    ("actor", "guest", "ログインしていない方", "somebody not signed in"),
    ("actor", "customer", "お客様", "you"),
    ("actor", "staff", "当店の従業員", "a member of our staff"),
    ("actor", "operator", "当店の従業員（サーバー管理者）", "a member of our staff (server administrator)"),
    ("outcome", "over-budget", "拒否（上限超過）", "refused: too many"),
    ("field", "email", "メールアドレス", "e-mail address"),
    ("field", "name", "お名前", "name"),
    ("field", "kana", "フリガナ", "kana"),
    ("field", "postal-code", "郵便番号", "postal code"),
    ("field", "city", "市区町村", "city"),
    ("field", "street", "番地", "street"),
    ("field", "building", "建物", "building"),
    ("field", "phone", "電話番号", "phone"),
    ("field", "gift-message", "メッセージ", "message"),
];

/// The word `word` of `of`, in `lang`.
pub(super) fn of<'w>(of: &str, word: &'w str, lang: Lang) -> &'w str {
    let known = WORDS.iter().find(|(what, known, ..)| *what == of && *known == word);
    known.map_or(word, |(_, _, ja, en)| lang.pick(ja, en))
}

#[cfg(test)]
mod tests {
    use noren_domain::account::SignInWay;

    use super::*;

    #[test]
    fn what_the_shop_itself_has_asked_about_the_newsletter_has_words_in_both_languages() {
        for (what, word) in [("consent", "asked_anew"), ("source", "address_change")] {
            let [ja, en] = Lang::ALL.map(|lang| of(what, word, lang));
            assert!(ja != word && ja != en && !en.contains('_'), "{ja}, {en}");
        }
    }

    #[test]
    fn every_way_in_has_words_in_both_languages() {
        for way in SignInWay::ALL {
            let [ja, en] = Lang::ALL.map(|lang| of("way", way.word(), lang));
            assert!(ja != way.word() && ja != en && !en.contains('_'), "{ja}, {en}");
        }
    }
}
