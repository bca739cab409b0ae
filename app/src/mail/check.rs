//! `/mails/check`: whether a mail or a notice comes from this shop, for whoever doubts it.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_router::hooks::use_query_map;
use noren_domain::mail::{Checked, OtherNumber};
use noren_domain::moment;
use serde::{Deserialize, Serialize};

use crate::form::Refusal;
use crate::lang::{href, use_lang};
use crate::ui::{Head, Load, Note, NoteKind};

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckData {
    /// The number as it was typed.
    typed: String,
    /// What is said about it.
    answer: Answer,
    /// The mailbox for reports about safety.
    contact: String,
}

/// What is said about a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// None was typed.
    NotAsked,
    /// It was looked up.
    Looked(Checked),
    /// It does not look like the number of a mail or a notice: nothing to be alarmed at.
    Other(OtherNumber),
    /// Too many were, from this network.
    TooMany(u32),
}

/// Looks a number up, if there is one.
#[server(endpoint = "mail/check", input = GetUrl)]
pub async fn check_mail(no: String) -> Result<Option<CheckData>, Refusal> {
    use noren_shop::mail::{CheckError, check};
    let shop = crate::request::shop();
    let typed: String = no.chars().take(40).collect();
    let answer = if typed.trim().is_empty() {
        Answer::NotAsked
    } else {
        match check(&shop, &crate::request::device(), &typed, crate::request::lang()).await {
            // Only its form decides: nobody learns here whether there is such an order.
            Ok(Checked::NotOurs) => OtherNumber::of(&typed).map_or(Answer::Looked(Checked::NotOurs), Answer::Other),
            Ok(checked) => Answer::Looked(checked),
            Err(CheckError::TooMany { minutes }) => Answer::TooMany(minutes),
            Err(error) => return Err(crate::request::failed(&error)),
        }
    };
    Ok(Some(CheckData { typed, answer, contact: shop.security_contact() }))
}

/// Whether a mail comes from this shop.
#[component]
pub fn CheckMailPage() -> impl IntoView {
    let lang = use_lang();
    let query = use_query_map();
    view! {
        <Head
            title=lang.pick("当店のメールかどうかを確かめる", "Is this mail from us?")
            description=lang.pick(
                "メールやお知らせの番号から、暖簾堂が送ったものかどうかを確かめられます。偽のメールの見分け方もご覧ください。",
                "Tells from the number of a mail or notice whether Norendo sent it, and how to tell fake mails.",
            )
            canonical="/mails/check"
        />
        <Load
            key=move || query.read().get("no").unwrap_or_default()
            load=check_mail
            view=move |data: CheckData| view! { <Check data /> }
        />
    }
}

#[component]
fn Check(data: CheckData) -> impl IntoView {
    let lang = use_lang();
    let CheckData { typed, answer, contact } = data;
    let tips = [
        (
            "当店のメールには、必ず番号（M-で始まるもの）があります。番号がないメールや、この2年のものなのにここで見つからないメールは、当店のものではありません。",
            "Every mail of ours has a number that begins with M-. One without a number is not ours, nor is one of the last two years whose number is not found here.",
        ),
        (
            "番号が見つかっても、写し取られた番号かもしれません。日付と種類が、お手元のメールと合っているかをお確かめください。ログインすると、ご自分に届いたメールの一覧もご覧いただけます。",
            "A number that is found may have been copied from another mail: look whether day and kind fit yours. Signed in, you also see the list of all mails we sent you.",
        ),
        (
            "アカウントの安全に関わる当店のメールには、お客様の合言葉が入っています。合言葉は、ログインして「アカウントの安全」のページで確かめられます。",
            "Our mails about the security of your account carry your check phrase. Signed in, you find it on the page “Account security”.",
        ),
        (
            "当店がメールでパスワード、カード番号、確認コードをお尋ねすることはありません。",
            "We never ask for passwords, card numbers or codes by mail.",
        ),
        (
            "安全についてのメールに、ログインのためのリンクはありません。いつものように、ブックマークなどから当店を開いてください。",
            "Our mails about security hold no link to sign in. Open the shop as you always do, such as from a bookmark.",
        ),
        (
            "お急ぎください、と不安をあおるメールほど、いったん手を止めてお確かめください。",
            "The more a mail hurries or frightens you, the more it is worth stopping and checking.",
        ),
    ];
    let tips = tips.into_iter().map(|(ja, en)| view! { <li>{lang.pick(ja, en)}</li> }).collect_view();
    view! {
        <div class="trust prose">
            <h1>{lang.pick("当店のメールかどうかを確かめる", "Is this mail from us?")}</h1>
            <p class="lead">
                {lang.pick(
                    "メールの下にある番号、またはお知らせの番号を入力してください。どなた宛てのものかは表示しません。",
                    "Type in the number at the foot of the mail, or that of a notice. We do not say to whom it was sent.",
                )}
            </p>
            <form class="notice-check" method="get" action=href("/mails/check")>
                <label for="f-no">{lang.pick("番号（例: M-ABCD-2345）", "Number, such as M-ABCD-2345")}</label>
                <div class="notice-check__row">
                    <input id="f-no" name="no" value=typed.clone() maxlength="40" autocomplete="off" spellcheck="false" required />
                    <button class="button">{lang.pick("確かめる", "Check")}</button>
                </div>
            </form>
            <Said typed answer />
            <h2>{lang.pick("偽のメールの見分け方", "How to spot a fake mail")}</h2>
            <ul>{tips}</ul>
            <p>
                {lang.pick("当店をよそおったメールは、", "Please forward mails that pretend to come from us to ")}
                <a href=format!("mailto:{contact}") rel="external">{contact.clone()}</a>
                {lang.pick("までお知らせください。", ".")}
            </p>
            <p>
                <a href=href("/security")>{lang.pick("安全への取り組み", "How this shop keeps your data safe")}</a>
            </p>
        </div>
    }
}

#[component]
fn Said(typed: String, answer: Answer) -> impl IntoView {
    let lang = use_lang();
    match answer {
        Answer::NotAsked => ().into_any(),
        Answer::TooMany(minutes) => {
            let words = lang.pick(
                format!("この接続元からの確認が多すぎます。{minutes}分後にもう一度お試しください。"),
                format!("Too many numbers were checked from your network. Please try again in {minutes} minutes."),
            );
            view! { <Note kind=NoteKind::Warning><p>{words}</p></Note> }.into_any()
        }
        Answer::Looked(Checked::Mail { at, kind }) => {
            let day = moment::date(at, lang);
            let words = lang.pick(
                format!("{typed} は、当店が{day}に送ったメールの番号です。種類: {kind}"),
                format!("{typed} is the number of a mail that we sent on {day}. Kind: {kind}"),
            );
            view! { <Note kind=NoteKind::Done><p>{words}</p></Note> }.into_any()
        }
        Answer::Looked(Checked::Notice { no, at }) => {
            let day = moment::date(at, lang);
            let no = no.as_str().to_owned();
            let words = lang.pick(
                format!("{no} は、当店が{day}に公表したお知らせの番号です。"),
                format!("{no} is the number of a notice that we published on {day}."),
            );
            let page = href(&format!("/security/notices/{no}"));
            view! {
                <Note kind=NoteKind::Done>
                    <p>{words} " " <a href=page>{lang.pick("お知らせを読む", "Read the notice")}</a></p>
                </Note>
            }
            .into_any()
        }
        Answer::Looked(Checked::NotOurs) => {
            let words = lang.pick(
                format!("{typed} という番号のメールもお知らせも、この2年のあいだに当店からは送っていません。リンクや添付ファイルは開かないでください。"),
                format!("We have sent no mail and no notice with the number {typed} in the last two years. Please do not open its links or attachments."),
            );
            view! { <Note kind=NoteKind::Warning><p>{words}</p></Note> }.into_any()
        }
        Answer::Other(number) => view! { <Other typed number /> }.into_any(),
    }
}

/// What was typed is no number that can be looked up here: what it is, and where the right one stands.
#[component]
fn Other(typed: String, number: OtherNumber) -> impl IntoView {
    let lang = use_lang();
    let what = match number {
        OtherNumber::Order => lang.pick(
            format!("{typed} は、ご注文番号の形をしています。"),
            format!("{typed} has the form of an order number."),
        ),
        OtherNumber::Erasure => lang.pick(
            format!("{typed} は、アカウントなどを消去したときの受付番号の形をしています。"),
            format!(
                "{typed} has the form of the number that we give when an account or the details of an order are erased."
            ),
        ),
        OtherNumber::Nothing => lang.pick(
            format!("{typed} は、メールやお知らせの番号ではないようです。"),
            format!("{typed} is no number of a mail or a notice."),
        ),
    };
    let orders = (number == OtherNumber::Order).then(|| {
        view! {
            <p>
                {lang.pick("ご注文の内容は、いつものように当店にログインして、", "To see your orders, sign in to our shop as you always do and open ")}
                <a href=href("/account/orders")>{lang.pick("ご注文の履歴", "your orders")}</a>
                {lang.pick(
                    "でご覧いただけます。ログインせずにご注文になった方は、確認メールの番号をここで確かめてから、そのメールにある専用ページをご覧ください。",
                    ". If you ordered without signing in, check the number of the confirmation mail here first, and then follow the link in that mail.",
                )}
            </p>
        }
    });
    view! {
        <Note kind=NoteKind::Info>
            <p>
                {what}
                " "
                {lang.pick(
                    "ここで確かめられるのは、メールの番号（例: M-ABCD-2345）とお知らせの番号（例: N-2026-0001）です。メールの番号は、メールのいちばん下にあります。",
                    "Here you can check the number of a mail, such as M-ABCD-2345, or of a notice, such as N-2026-0001. That of a mail stands at its foot.",
                )}
            </p>
            {orders}
        </Note>
    }
}
