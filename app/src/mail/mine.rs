//! `/account/mail`: the mails that a person was sent, in which language, and whether they want the newsletter.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_router::hooks::use_query_map;
use noren_domain::form::Faults;
use noren_domain::mail::{MailLine, MailPage};
use noren_domain::newsletter::Standing;
use noren_domain::{Lang, moment};
use serde::{Deserialize, Serialize};

use crate::account::again::PressAgain;
use crate::form::{Refusal, use_faults};
use crate::lang::{href, use_lang};
use crate::ui::{Badge, BadgeKind, FaultSummary, Head, Load, Note, NoteKind, SubmitButton};

/// Carries the language that was chosen to the page that says so, once.
#[cfg(feature = "ssr")]
const CHOSEN: &str = "mail-lang-chosen";

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailData {
    /// One page of the mails.
    page: MailPage,
    /// How the person stands to the newsletter.
    newsletter: Standing,
    /// What was wrong when it was last asked for.
    faults: Faults,
    /// The language of the mails.
    language: LanguageData,
}

/// What the section about the language of the mails shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LanguageData {
    /// In which language they are written.
    now: Lang,
    /// It was chosen a moment ago.
    chosen: Option<Lang>,
    /// What was wrong when it was last chosen.
    faults: Faults,
}

/// Loads one page of the mails.
#[server(endpoint = "mail/mine", input = GetUrl)]
pub async fn load_mails(page: String) -> Result<Option<MailData>, Refusal> {
    let who = crate::account::guard("/account/mail").await?;
    let (shop, lang) = (crate::request::shop(), crate::request::lang());
    let page = page.parse().unwrap_or(1);
    let mails = noren_shop::mail::sent::mine(&shop, who.customer.0, page, lang).await;
    let page = mails.map_err(|e| crate::request::failed(&e))?;
    let newsletter = noren_shop::newsletter::standing(&shop, who.customer).await;
    let newsletter = newsletter.map_err(|e| crate::request::failed(&e))?;
    let faults = crate::form::kept::<()>("newsletter").map(|form| form.faults).unwrap_or_default();
    let now = noren_shop::account::mail_lang::of(&shop, &who).await;
    let Some(now) = now.map_err(|e| crate::request::failed(&e))? else { return Ok(None) };
    let language = LanguageData {
        now,
        chosen: crate::request::take_parcel(CHOSEN).and_then(|bytes| serde_json::from_slice(&bytes).ok()),
        faults: crate::form::kept::<()>("mail-lang").map(|form| form.faults).unwrap_or_default(),
    };
    Ok(Some(MailData { page, newsletter, faults, language }))
}

/// Has the mails about the account written in another language; answers with it.
#[server(endpoint = "account/mail-lang")]
pub async fn choose_mail_lang(mail_lang: String) -> Result<Lang, Refusal> {
    use crate::account::again::again;
    use crate::account::{guard, guard_recent};
    use noren_domain::form::Fault;
    const PAGE: &str = "/account/mail";
    guard(PAGE).await?;
    let Some(chosen) = Lang::ALL.into_iter().find(|lang| lang.tag() == mail_lang) else {
        return Err(crate::form::refuse("mail-lang", &(), Faults::of(Fault::Choice)));
    };
    let who = guard_recent(&again(PAGE, "mail-lang")).await?;
    let (shop, device) = (crate::request::shop(), crate::request::device());
    let is_new = match noren_shop::account::mail_lang::choose(&shop, &who, chosen, &device).await {
        Ok(is_new) => is_new,
        Err(error) => {
            return Err(crate::form::refuse("mail-lang", &(), Faults::of(crate::account::door_fault(&error))));
        }
    };
    if is_new {
        crate::request::put_parcel(CHOSEN, &serde_json::to_vec(&chosen).unwrap_or_default());
    }
    crate::request::go(PAGE);
    Ok(chosen)
}

/// Asks for the newsletter: a mail asks back.
#[server(endpoint = "mail/ask-newsletter")]
pub async fn ask_newsletter() -> Result<(), Refusal> {
    use noren_domain::form::Fault;
    use noren_shop::newsletter::{NewsletterError, ask};
    let who = crate::account::guard("/account/mail").await?;
    match ask(&crate::request::shop(), who.customer, crate::request::lang()).await {
        Ok(()) => {
            crate::request::go("/account/mail");
            Ok(())
        }
        Err(NewsletterError::TooMany { minutes }) => {
            Err(crate::form::refuse("newsletter", &(), Faults::of(Fault::TooMany { minutes })))
        }
        Err(error) => Err(crate::request::failed(&error)),
    }
}

/// Ends the newsletter.
#[server(endpoint = "mail/end-newsletter")]
pub async fn end_newsletter() -> Result<(), Refusal> {
    use noren_shop::newsletter::{Source, withdraw};
    let who = crate::account::guard("/account/mail").await?;
    let ended = withdraw(&crate::request::shop(), who.customer, crate::request::lang(), Source::Account).await;
    ended.map_err(|e| crate::request::failed(&e))?;
    crate::request::go("/account/mail");
    Ok(())
}

/// The mails that a person was sent.
#[component]
pub fn MyMailPage() -> impl IntoView {
    let lang = use_lang();
    let query = use_query_map();
    let ask = ServerAction::<AskNewsletter>::new();
    let end = ServerAction::<EndNewsletter>::new();
    let choose = ServerAction::<ChooseMailLang>::new();
    let key = move || {
        // What the actions change is behind the first word, which alone is asked for.
        let page = query.read().get("page").unwrap_or_default();
        format!("{page} {} {} {}", ask.version().get(), end.version().get(), choose.version().get())
    };
    view! {
        <Head title=lang.pick("当店からお送りしたメール", "Mails we sent you") index=false />
        <Load
            key
            load=|key| load_mails(key.split(' ').next().unwrap_or_default().to_owned())
            view=move |data: MailData| view! { <MyMail data ask end choose /> }
        />
    }
}

#[component]
fn MyMail(
    data: MailData,
    ask: ServerAction<AskNewsletter>,
    end: ServerAction<EndNewsletter>,
    choose: ServerAction<ChooseMailLang>,
) -> impl IntoView {
    let lang = use_lang();
    let MailData { page, newsletter, faults, language } = data;
    let newer = (page.page > 1).then(|| {
        let way = if page.page == 2 { String::new() } else { format!("?page={}", page.page - 1) };
        view! { <a class="button" href=href(&format!("/account/mail{way}#mails"))>{lang.pick("新しいメール", "Newer mails")}</a> }
    });
    let older = page.older.then(|| {
        view! {
            <a class="button" href=href(&format!("/account/mail?page={}#mails", page.page + 1))>
                {lang.pick("古いメール", "Older mails")}
            </a>
        }
    });
    let list = if page.mails.is_empty() {
        view! { <p>{lang.pick("お送りしたメールはありません。", "There are no mails here.")}</p> }.into_any()
    } else {
        let rows = page.mails.into_iter().map(|mail| view! { <MailRow mail told=true /> }).collect_view();
        view! { <ol class="mail-list">{rows}</ol> }.into_any()
    };
    view! {
        <div class="account stack stack--wide">
            <div class="page-head">
                <p class="small"><a href=href("/account")>{lang.pick("アカウント", "Your account")}</a></p>
                <h1>{lang.pick("当店からお送りしたメール", "Mails we sent you")}</h1>
                <PressAgain />
                <p class="muted">
                    {lang.pick(
                        "これまでの2年間に、このアカウントとご注文についてお送りしたメールです。届いたメールの番号がここにあれば、当店が送ったものです。",
                        "What we sent you about this account and its orders in the past two years. A mail whose number stands here comes from us.",
                    )}
                </p>
                <p>
                    <a href=href("/mails/check")>
                        {lang.pick("番号を確かめる・偽のメールの見分け方", "Check a number, and how to spot a fake mail")}
                    </a>
                </p>
            </div>
            // What one decides stands above what one reads: below it there may be many mails.
            <Newsletter standing=newsletter rendered=faults ask end />
            <Language data=language choose />
            <section class="stack" aria-labelledby="mails">
                <h2 id="mails">{lang.pick("お送りしたメールの一覧", "The mails")}</h2>
                {list}
                <p class="cluster">{newer} {older}</p>
            </section>
        </div>
    }
}

/// A mail in a list of those that a person was sent.
#[component]
pub fn MailRow(
    /// The mail.
    mail: MailLine,
    /// Whether it is told what became of it.
    told: bool,
) -> impl IntoView {
    let lang = use_lang();
    let kind = if mail.failed { BadgeKind::Warning } else { BadgeKind::Plain };
    let became = told.then(|| view! { <p><Badge words=mail.state kind /></p> });
    view! {
        <li>
            <p class="mail-list__head">
                <time datetime=moment::machine(mail.at)>{moment::date_time(mail.at, lang)}</time>
                <span class="mail-list__no">{mail.no.as_str().to_owned()}</span>
            </p>
            <p><strong>{mail.subject}</strong></p>
            {became}
        </li>
    }
}

/// Choosing the language of the mails: that of the page on which somebody registered may not be the one they read best.
#[component]
fn Language(data: LanguageData, choose: ServerAction<ChooseMailLang>) -> impl IntoView {
    let lang = use_lang();
    let LanguageData { now, chosen, faults } = data;
    let faults = use_faults(choose, faults);
    // With scripts the answer says it, without them the page does that one is led to.
    let said = move || {
        let chosen = match &*choose.value().read() {
            Some(Ok(chosen)) => Some(*chosen),
            Some(Err(_)) => None,
            None => chosen,
        };
        chosen.map(|chosen| {
            let words = match chosen {
                Lang::Ja => lang.pick(
                    "メールの言語を変更しました。これからのメールは、日本語でお送りします。",
                    "The language of our mails was changed. From now on they come in Japanese.",
                ),
                Lang::En => lang.pick(
                    "メールの言語を変更しました。これからのメールは、英語でお送りします。",
                    "The language of our mails was changed. From now on they come in English.",
                ),
            };
            view! { <Note kind=NoteKind::Done><p>{words}</p></Note> }
        })
    };
    let choices = Lang::ALL
        .into_iter()
        .map(|choice| {
            let checked = choice == now;
            view! {
                <label class="choice">
                    <input type="radio" name="mail_lang" value=choice.tag() checked=checked required />
                    <span class="choice__body">
                        <span lang=choice.tag()>{choice.pick("日本語", "English")}</span>
                    </span>
                </label>
            }
        })
        .collect_view();
    view! {
        <section class="stack" aria-labelledby="mail-lang">
            <h2 id="mail-lang">{lang.pick("メールの言語", "Language of our mails")}</h2>
            {said}
            <FaultSummary faults labels=vec![] />
            <p>
                {lang.pick(
                    "ご登録のアドレスへの確認コード、アカウントの安全についてのお知らせ、お便りを、この言語でお送りします。ご注文についてのメールは、ご注文のときにご覧になっていたページの言語でお送りします。言語を変更されたときは、それまでの言語のメールでもお知らせします。",
                    "Codes to the address of your account, news about its security and the newsletter come in this language. Mails about an order come in the language of the page that it was placed on. When you change it, we also tell you in the language you had until then.",
                )}
            </p>
            <ActionForm action=choose>
                <div class="stack narrow-form">
                    <fieldset>
                        <legend class="visually-hidden">{lang.pick("メールの言語", "Language of our mails")}</legend>
                        {choices}
                    </fieldset>
                    <SubmitButton
                        label=lang.pick("この言語で受け取る", "Send them in this language")
                        pending=choose.pending()
                        class="button"
                    />
                </div>
            </ActionForm>
        </section>
    }
}

/// Asking for the newsletter and ending it. Whoever changes these words changes `WORDS` in
/// `crates/shop/src/newsletter.rs` too: it is what people agree to.
#[component]
fn Newsletter(
    standing: Standing,
    rendered: Faults,
    ask: ServerAction<AskNewsletter>,
    end: ServerAction<EndNewsletter>,
) -> impl IntoView {
    let lang = use_lang();
    let asked = use_faults(ask, rendered);
    let ended = use_faults(end, Faults::default());
    let faults = Signal::derive(move || Faults([asked.get(), ended.get()].into_iter().flat_map(|f| f.0).collect()));
    let stands = match standing {
        Standing::Out => lang.pick("お便りはお送りしていません。", "You do not get the newsletter."),
        Standing::Asked => lang.pick(
            "確認のメールをお送りしました。メールにあるページでボタンを押していただくと、配信を始めます。",
            "We have sent you a mail. Press the button on the page it leads to, and we begin to send it.",
        ),
        Standing::In => lang.pick("お便りをお送りしています。", "You get the newsletter."),
    };
    let ask_form = (standing != Standing::In).then(|| {
        let label = match standing {
            Standing::Asked => lang.pick("確認のメールをもう一度受け取る", "Send me that mail again"),
            _ => lang.pick("お便りを申し込む", "Subscribe"),
        };
        view! { <ActionForm action=ask><SubmitButton label pending=ask.pending() class="button" /></ActionForm> }
    });
    let end_form = (standing != Standing::Out).then(|| {
        let label = match standing {
            Standing::Asked => lang.pick("申し込みを取り消す", "I have changed my mind"),
            _ => lang.pick("お便りを止める", "Stop sending it"),
        };
        view! { <ActionForm action=end><SubmitButton label pending=end.pending() class="button button--quiet" /></ActionForm> }
    });
    view! {
        <section class="stack" aria-labelledby="newsletter">
            <h2 id="newsletter">{lang.pick("お便り（メールマガジン）", "Newsletter")}</h2>
            <FaultSummary faults labels=vec![] />
            <p>
                {lang.pick(
                    "新しい品や季節の催しを、月に1、2通ほどご登録のメールアドレスにお送りします。お申し込みのあと、確認のメールのボタンを押していただいた方にだけお送りし、いつでも止められます。お申し込みと確認、停止の記録は、同意の証しとして保管します。",
                    "New goods and the seasons' events, once or twice a month, to the address of your account. We send it only to those who ask for it and then press the button behind the link in a mail, and you can end it at any time. We keep a record of asking, confirming and ending as proof of consent.",
                )}
            </p>
            <p role="status"><strong>{stands}</strong></p>
            <div class="cluster">{ask_form} {end_form}</div>
        </section>
    }
}
