//! The database's and the ledger's words as people read them. All that there are have theirs; one that has none all the
//! same is logged, and stands as it is.
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
    ("act", "index", "メールアドレスによる照合", "looked for by e-mail address"),
    ("act", "seal", "暗号化して保存", "sealed and saved"),
    ("act", "shred", "鍵を破棄して消去", "erased: the key was destroyed"),
    ("act", "prove", "この記録の表示", "these entries were asked for"),
    ("act", "export", "鍵の控えの作成", "copy of the keys made"),
    ("act", "rotate", "鍵の交換", "key exchanged"),
    ("act", "alarm", "異常の記録", "alarm"),
    ("act", "start", "金庫の起動", "vault started"),
    ("act", "stop", "金庫の停止", "vault stopped"),
    ("act", "config", "金庫の設定の変更", "settings of the vault changed"),
    ("purpose", "mail", "メールの送信", "to send a mail"),
    ("purpose", "ship", "商品の発送", "to send a parcel"),
    ("purpose", "order-view", "ご注文内容の表示", "to show an order"),
    ("purpose", "support", "お問い合わせへの対応", "to answer a question"),
    ("purpose", "self-view", "アカウントの表示", "to show the account"),
    ("purpose", "login", "ログイン", "to sign in"),
    ("purpose", "export", "控えの書き出し", "for a copy of the data"),
    ("purpose", "notice", "漏えいなどのお知らせ", "to notify of an incident"),
    ("purpose", "canary-check", "漏えいの監視", "to watch for leaks"),
    ("purpose", "checkout", "ご注文手続き", "at the checkout"),
    ("actor", "vault", "金庫", "the vault"),
    ("actor", "shop", "当店のシステム", "the shop's own jobs"),
    ("actor", "guest", "ログインしていない方", "somebody not signed in"),
    ("actor", "customer", "お客様のアカウント（ログイン中）", "your account, signed in"),
    ("actor", "staff", "当店の従業員", "a member of our staff"),
    ("actor", "operator", "当店の従業員（サーバー管理者）", "a member of our staff (server administrator)"),
    ("actor", "stranger", "当店のものではないプログラム", "a program that is none of ours"),
    ("outcome", "granted", "実行", "done"),
    ("outcome", "field-refused", "拒否（目的に合わない項目）", "refused: not these fields for this purpose"),
    ("outcome", "reference-refused", "拒否（番号がないか、合わない）", "refused: no number for it, or a wrong one"),
    ("outcome", "too-many-subjects", "拒否（一度に人数が多すぎる）", "refused: too many people at once"),
    ("outcome", "over-budget", "拒否（上限超過）", "refused: too many"),
    ("outcome", "no-subject", "拒否（鍵が見つからない）", "refused: there is no such key"),
    ("outcome", "damaged", "開けませんでした", "did not open"),
    ("outcome", "caller-refused", "拒否（当店のものではないプログラム）", "refused: a program that is none of ours"),
    ("outcome", "actor-refused", "拒否（権限がない）", "refused: not allowed to whoever asked"),
    ("outcome", "vault-fault", "拒否（金庫の障害）", "refused: the vault itself could not"),
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
    if let Some(words) = known(of, word, lang) {
        return words;
    }
    // Said as it is, for a copy leaves nothing out; and said to us, for nobody else can mend it.
    tracing::error!(of, word, "a word in the copy of somebody's data has none for people");
    word
}

fn known(of: &str, word: &str, lang: Lang) -> Option<&'static str> {
    let known = WORDS.iter().find(|(what, known, ..)| *what == of && *known == word);
    known.map(|(_, _, ja, en)| lang.pick(*ja, *en))
}

#[cfg(test)]
mod tests {
    use noren_domain::account::{SignInAnswer, SignInOutcome, SignInWay};
    use noren_ledger::leaf::{Actor, Field, Kind, Outcome, Purpose};

    use super::*;

    /// All that can stand in a copy, and what it is of.
    fn all() -> Vec<(&'static str, Vec<&'static str>)> {
        let outcomes = [
            SignInOutcome::Ok,
            SignInOutcome::Asked,
            SignInOutcome::WrongPassword,
            SignInOutcome::WrongCode,
            SignInOutcome::Blocked,
        ];
        vec![
            ("act", Kind::ALL.iter().map(|kind| kind.word()).collect()),
            ("purpose", Purpose::ALL.iter().map(|purpose| purpose.word()).collect()),
            ("actor", Actor::ALL.iter().map(|actor| actor.word()).collect()),
            ("outcome", Outcome::ALL.iter().map(|outcome| outcome.word()).collect()),
            ("field", Field::ALL.iter().map(|field| field.word()).collect()),
            ("sign_in", outcomes.iter().map(|outcome| outcome.word()).collect()),
            ("way", SignInWay::ALL.iter().map(|way| way.word()).collect()),
            ("answer", vec![SignInAnswer::Me.word(), SignInAnswer::NotMe.word()]),
            // As the tables allow them (migration 23).
            ("consent", vec!["asked", "asked_anew", "confirmed", "withdrawn"]),
            ("source", vec!["account", "mail", "one_click", "address_change"]),
        ]
    }

    #[test]
    fn every_word_that_can_stand_in_a_copy_has_one_for_people_in_both_languages() {
        for (what, words) in all() {
            for word in words {
                let [ja, en] = Lang::ALL.map(|lang| known(what, word, lang));
                assert!(ja.is_some_and(|ja| !ja.is_ascii()), "{what} {word}: {ja:?}");
                assert!(en.is_some_and(|en| en.is_ascii() && !en.contains('_')), "{what} {word}: {en:?}");
            }
        }
    }

    #[test]
    fn no_word_stands_there_twice_or_for_nothing() {
        assert_eq!(WORDS.len(), all().iter().map(|(_, words)| words.len()).sum::<usize>());
    }

    #[test]
    fn a_refusal_says_so_and_no_two_of_them_say_the_same() {
        for lang in Lang::ALL {
            let refused = Outcome::ALL.iter().filter(|outcome| **outcome != Outcome::Granted);
            let said: std::collections::BTreeSet<&str> = refused.map(|why| of("outcome", why.word(), lang)).collect();
            assert_eq!(said.len(), Outcome::ALL.len() - 1, "{said:?}");
            assert!(!said.contains(of("outcome", Outcome::Granted.word(), lang)));
        }
    }

    #[test]
    fn a_word_of_a_later_version_stands_in_the_copy_as_it_is() {
        assert_eq!(Lang::ALL.map(|lang| of("outcome", "not-yet", lang)), ["not-yet"; 2]);
    }
}
