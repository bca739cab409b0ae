//! What waits for the person on their account's security page.

use serde::{Deserialize, Serialize};

use crate::notice::NoticeNo;
use crate::{Lang, Text, moment};

/// One thing that waits for the person. The security page names each of them, the account's first page says how many
/// there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Attention {
    /// The address changes then, UTC ms, unless it is stopped.
    EmailChange(i64),
    /// The last mail to the account's address came back.
    Undelivered,
    /// Of a sign-in it was said that it was somebody else's, and the password is still the one of then.
    Reported,
    /// A notice about them, which they have not said yet to have read.
    Notice {
        /// Its number.
        no: NoticeNo,
        /// Its title.
        title: Text,
    },
    /// All second factors go, because their owner is said to have lost them.
    FactorsGo,
    /// There is an app and no recovery code that stands in for it.
    NoCodes,
    /// So many tries to sign in by somebody who had the password, or a code from the mailbox, and not the code that was
    /// asked for next, as far as they are counted ([`Self::COUNTED`]). However many they are, they are looked at in one place.
    SignIns(u32),
}

impl Attention {
    /// So many tries are counted: whoever has the password can make any number of them.
    pub const COUNTED: u32 = 100;

    /// What it is, in a line.
    pub fn words(&self, lang: Lang) -> String {
        let said = |ja: &str, en: &str| lang.pick(ja, en).to_owned();
        match self {
            Self::EmailChange(at) => {
                let when = moment::date_time(*at, lang);
                lang.pick(
                    format!("メールアドレスの変更（{when}以降）"),
                    format!("The change of your e-mail address, on {when} or shortly after"),
                )
            }
            Self::Undelivered => said("届かなかったメール", "A mail that did not reach you"),
            Self::Reported => said(
                "心当たりのないログインのご報告のあと、していただきたいこと",
                "What is left to do after the sign-in that was not yours",
            ),
            Self::Notice { title, .. } => {
                let title = title.get(lang);
                lang.pick(format!("お知らせ「{title}」"), format!("The notice “{title}”"))
            }
            Self::FactorsGo => said(
                "認証アプリ・復旧コード・パスキーの解除の予定",
                "The removal of your app, recovery codes and passkeys",
            ),
            Self::NoCodes => said("復旧コードが残っていません", "No recovery codes are left"),
            Self::SignIns(1) => {
                said("確認コードが入力されなかったログイン", "A sign-in for which the code was not given")
            }
            Self::SignIns(n) if *n >= Self::COUNTED => lang.pick(
                format!("確認コードが入力されなかったログイン（{}件以上）", Self::COUNTED),
                format!("{} or more sign-ins for which the code was not given", Self::COUNTED),
            ),
            Self::SignIns(n) => lang.pick(
                format!("確認コードが入力されなかったログイン（{n}件）"),
                format!("{n} sign-ins for which the code was not given"),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_sign_ins_without_their_code_are_one_thing_that_says_how_many_they_are() {
        let said = |n| Lang::ALL.map(|lang| Attention::SignIns(n).words(lang));
        let one = ["確認コードが入力されなかったログイン", "A sign-in for which the code was not given"];
        assert_eq!(said(1), one);
        let three = ["確認コードが入力されなかったログイン（3件）", "3 sign-ins for which the code was not given"];
        assert_eq!(said(3), three);
        let many = [
            "確認コードが入力されなかったログイン（100件以上）",
            "100 or more sign-ins for which the code was not given",
        ];
        assert_eq!((said(100), said(u32::MAX)), (many.map(str::to_owned), many.map(str::to_owned)));
    }

    #[test]
    fn a_notice_is_named_by_its_title_in_the_language_of_the_page() {
        let no = NoticeNo::parse("N-2026-0001").unwrap();
        let notice = Attention::Notice { no, title: Text::new("配信記録の流出", "A leaked log") };
        assert_eq!(notice.words(Lang::Ja), "お知らせ「配信記録の流出」");
        assert_eq!(notice.words(Lang::En), "The notice “A leaked log”");
    }
}
