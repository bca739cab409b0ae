//! Which second factors went with a new password or with a change that was taken back: said once, on the page that follows.

use leptos::prelude::*;
use noren_domain::Lang;
use noren_domain::account::RemovedFactors;

use crate::lang::{href, use_lang};
use crate::ui::{Note, NoteKind};

/// Carries it to that page.
#[cfg(feature = "ssr")]
const PARCEL: &str = "removed";

/// Has the next page say it, if there was anything.
#[cfg(feature = "ssr")]
pub(super) fn keep(removed: RemovedFactors) {
    if removed.any() {
        crate::request::put_parcel(PARCEL, &serde_json::to_vec(&removed).unwrap_or_default());
    }
}

/// What is to be said, once.
#[cfg(feature = "ssr")]
pub(super) fn kept() -> RemovedFactors {
    let parcel = crate::request::take_parcel(PARCEL);
    parcel.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

/// What was removed, and where it can be set up again; nothing, if nothing was.
#[component]
pub fn Removed(
    /// What went.
    removed: RemovedFactors,
    /// Whether the person is signed in, and can go there at once.
    signed_in: bool,
) -> impl IntoView {
    let lang = use_lang();
    removed.any().then(|| {
        let names = names(removed, lang);
        let said = lang.pick(
            format!("安全のため、最近設定された{names}を取り除きました。"),
            format!("To be safe, we have removed what had been set up lately: {names}."),
        );
        let again = if signed_in {
            let security = lang.pick("「アカウントの安全」のページ", "the page “Account security”");
            view! {
                {lang.pick("", "You can set that up again on ")} <a href=href("/account/security")>{security}</a>
                {lang.pick("で、もう一度設定できます。", ".")}
            }
            .into_any()
        } else {
            let words = lang.pick(
                "ログインしたあと、「アカウントの安全」のページで、もう一度設定できます。",
                "Once you are signed in, you can set that up again on the page “Account security”.",
            );
            words.into_any()
        };
        view! {
            <Note kind=NoteKind::Info>
                <p>{said} " " {again}</p>
            </Note>
        }
    })
}

fn names(removed: RemovedFactors, lang: Lang) -> String {
    let all = [
        (removed.app, lang.pick("認証アプリ", "the authenticator app")),
        (removed.passkeys, lang.pick("パスキー", "passkeys")),
        (removed.recovery, lang.pick("復旧コード", "recovery codes")),
    ];
    let names: Vec<&str> = all.into_iter().filter(|(gone, _)| *gone).map(|(_, name)| name).collect();
    names.join(lang.pick("、", ", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_is_named_and_nothing_else_is() {
        let all = RemovedFactors { app: true, passkeys: true, recovery: true };
        assert_eq!(names(all, Lang::Ja), "認証アプリ、パスキー、復旧コード");
        assert_eq!(names(RemovedFactors { passkeys: false, ..all }, Lang::En), "the authenticator app, recovery codes");
        assert_eq!(names(RemovedFactors { app: true, ..RemovedFactors::default() }, Lang::Ja), "認証アプリ");
    }
}
