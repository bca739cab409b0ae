//! That something was done as asked: said once, on the page that one is led to.

use leptos::prelude::*;
use noren_domain::Lang;
#[cfg(feature = "ssr")]
use noren_domain::{Id, account::Customer};
use serde::{Deserialize, Serialize};

use crate::lang::use_lang;
use crate::ui::{Note, NoteKind};

/// Carries it to that page.
#[cfg(feature = "ssr")]
const PARCEL: &str = "done";

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Done {
    /// A new password was set with a code by mail.
    PasswordSet,
    /// A passkey was added.
    PasskeyAdded,
    /// A passkey got another name.
    PasskeyRenamed,
    /// A passkey was removed.
    PasskeyRemoved,
    /// The change of the e-mail address that was under way was stopped.
    EmailStopped,
    /// An address was kept in the book.
    AddressSaved,
}

impl Done {
    fn words(self, lang: Lang) -> &'static str {
        match self {
            Self::PasswordSet => lang.pick(
                "新しいパスワードを設定しました。ほかの端末はログアウトしました。",
                "Your new password is set. All other devices were signed out.",
            ),
            Self::PasskeyAdded => lang.pick(
                "パスキーを追加しました。ほかの端末はログアウトしました。",
                "Your passkey was added. All other devices were signed out.",
            ),
            Self::PasskeyRenamed => lang.pick("パスキーの名前を変更しました。", "Your passkey was renamed."),
            Self::PasskeyRemoved => lang.pick(
                "パスキーを削除しました。ほかの端末はログアウトしました。",
                "Your passkey was removed. All other devices were signed out.",
            ),
            Self::EmailStopped => lang.pick(
                "メールアドレスの変更を止めました。アドレスは元のままです。",
                "The change of your e-mail address was stopped. The address stays as it was.",
            ),
            Self::AddressSaved => lang.pick("お届け先を保存しました。", "The address was saved."),
        }
    }
}

/// Has the next page say it to this customer, and to nobody who signs in here after them.
#[cfg(feature = "ssr")]
pub(super) fn say(customer: Id<Customer>, done: Done) {
    crate::request::put_parcel(PARCEL, &serde_json::to_vec(&(customer.0, done)).unwrap_or_default());
}

/// What is to be said to this customer, once.
#[cfg(feature = "ssr")]
pub(super) fn said(customer: Id<Customer>) -> Option<Done> {
    let parcel = crate::request::take_parcel(PARCEL)?;
    let (owner, done): (uuid::Uuid, Done) = serde_json::from_slice(&parcel).ok()?;
    (owner == customer.0).then_some(done)
}

/// Says what was done; nothing, if nothing was.
#[component]
pub fn JustDone(
    /// What was done.
    done: Option<Done>,
) -> impl IntoView {
    let lang = use_lang();
    done.map(|done| view! { <Note kind=NoteKind::Done><p>{done.words(lang)}</p></Note> })
}
