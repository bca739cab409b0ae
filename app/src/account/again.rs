//! A press on a page of the account that turned out to need a proof first: after the proof the page says that it is to be
//! pressed once more, and where. It is not done by itself: the proof may have been given by a link that somebody sent.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::lang::{href, use_lang};
use crate::ui::{Note, NoteKind};

const ASKED: &str = "again";

/// The page `page`, on which the section `section` waits for one more press.
#[cfg(feature = "ssr")]
pub(crate) fn again(page: &str, section: &str) -> String {
    let joint = if page.contains('?') { '&' } else { '?' };
    format!("{page}{joint}{ASKED}={section}")
}

/// Says so, if this is that page.
#[component]
pub fn PressAgain() -> impl IntoView {
    let lang = use_lang();
    let query = use_query_map();
    move || {
        let asked = query.read().get(ASKED)?;
        let sign_ins = lang.pick(
            "ご本人であることを確かめました。まだ何も行っていません。お答えになるログインの「わたしです」または「心当たりがありません」を、もう一度押してください。",
            "We know now that it is you. Nothing has been done yet: please press “It was me” or “It was not me” once more, at the sign-in that you mean.",
        );
        let (place, words) = match asked.as_str() {
            "sign-ins" => ("/account/security#sign-ins", sign_ins),
            // It is on this page of the list, wherever that begins.
            "all-sign-ins" => ("", sign_ins),
            "factors" => (
                "/account/security#factors",
                lang.pick(
                    "ご本人であることを確かめました。まだ何も行っていません。解除を取りやめるボタンを、もう一度押してください。",
                    "We know now that it is you. Nothing has been done yet: please press the button that keeps your second factors once more.",
                ),
            ),
            "devices" => (
                "/account/security#devices",
                lang.pick(
                    "ご本人であることを確かめました。端末は、まだログアウトしていません。端末の「ログアウト」を、もう一度押してください。",
                    "We know now that it is you. No device has been signed out yet: please press the sign-out button of the device once more.",
                ),
            ),
            "mail-lang" => (
                "/account/mail#mail-lang",
                lang.pick(
                    "ご本人であることを確かめました。メールの言語は、まだ変わっていません。言語を選んで、ボタンをもう一度押してください。",
                    "We know now that it is you. The language of our mails has not changed yet: please choose it and press the button once more.",
                ),
            ),
            _ => return None,
        };
        let way = (!place.is_empty()).then(|| {
            let to = href(place);
            view! { " " <a href=to>{lang.pick("その場所へ", "Go there")}</a> }
        });
        Some(view! { <Note kind=NoteKind::Warning><p>{words} {way}</p></Note> })
    }
}
