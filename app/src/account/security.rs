//! The account security page: what needs attention, notices about me, devices, sign-ins.

mod acts;

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use noren_domain::account::{Attention, DeviceView, EmailStep, EmailView, SecurityView};
use noren_domain::form::Faults;
use noren_domain::mail::MailLine;
use noren_domain::notice::NoticeView;
use noren_domain::{Lang, moment};
use serde::{Deserialize, Serialize};

use self::acts::Acts;
use super::again::PressAgain;
use super::data::DataSection;
use super::done::{Done, JustDone};
use super::email_change::{EmailBanner, EmailSection};
use super::factors::Factors;
use super::happened::Happened;
use super::leave::LeaveForgotten;
use super::notice_steps::{NoticeSteps, TickStep};
use super::passkeys::{PasskeyActs, Passkeys, PasskeysData};
use super::password::{PasswordChanged, PasswordSection};
use super::phrase::PhraseSection;
use super::reads::WhoRead;
use super::sign_ins::SignIns;
use crate::form::Refusal;
use crate::lang::{href, use_lang};
use crate::notice::{NoticeBody, VerdictList};
use crate::ui::{Badge, BadgeKind, FaultSummary, Head, Load, Note, NoteKind, SubmitButton};

/// What the security page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityData {
    security: SecurityView,
    passkeys: PasskeysData,
    email: EmailView,
    /// The last mails that have left for the person.
    mails: Vec<MailLine>,
    /// The password was changed a moment ago.
    password_changed: bool,
    /// What else was done a moment ago.
    done: Option<Done>,
    /// Why there is no other check phrase, where that was just asked for.
    faults: Faults,
}

/// Loads the security page.
#[server(endpoint = "account/security", input = GetUrl)]
pub async fn load_security() -> Result<Option<SecurityData>, Refusal> {
    let who = super::inside::guard("/account/security").await?;
    let view = noren_shop::account::security(&crate::request::shop(), &who, crate::request::lang()).await;
    let Some(security) = view.map_err(|e| crate::request::failed(&e))? else { return Ok(None) };
    let email = noren_shop::account::email_change::view(&crate::request::shop(), &who).await;
    let Some(email) = email.map_err(|e| crate::request::failed(&e))? else { return Ok(None) };
    let (shop, lang) = (crate::request::shop(), crate::request::lang());
    let mails = noren_shop::mail::sent::latest(&shop, who.customer.0, super::phrase::MAILS, lang).await;
    let mails = mails.map_err(|e| crate::request::failed(&e))?;
    let passkeys = super::passkeys::load(&who).await?;
    let kept = ["phrase", "factors"].into_iter().filter_map(crate::form::kept::<()>);
    let faults = Faults(kept.flat_map(|form| form.faults.0).collect());
    let (password_changed, done) = (super::password::just_changed(), super::done::said(who.customer));
    Ok(Some(SecurityData { security, passkeys, email, mails, password_changed, done, faults }))
}

/// Ends one of the person's own sessions; `false`: it is none of theirs, or has ended already. It takes a fresh proof (ASVS
/// 7.5.2).
#[server(endpoint = "account/end-session")]
pub async fn end_session(session: String) -> Result<bool, Refusal> {
    use noren_domain::Id;
    use noren_domain::form::Fault;
    let who = super::inside::guard_recent(&super::again::again("/account/security", "devices")).await?;
    let Ok(session) = session.parse::<uuid::Uuid>() else { return Err(Fault::NotFound.into()) };
    let (shop, device) = (crate::request::shop(), crate::request::device());
    let ended = noren_shop::account::end_one(&shop, &who, Id::new(session), &device).await;
    let ended = ended.map_err(|e| crate::request::failed(&e))?;
    crate::request::go("/account/security");
    Ok(ended)
}

/// Ends every session of the person but this one; `false`: there was no other. It takes a fresh proof, as [`end_session`]
/// does.
#[server(endpoint = "account/end-others")]
pub async fn end_others() -> Result<bool, Refusal> {
    let who = super::inside::guard_recent(&super::again::again("/account/security", "devices")).await?;
    let ended = noren_shop::account::end_others(&crate::request::shop(), &who, &crate::request::device()).await;
    let ended = ended.map_err(|e| crate::request::failed(&e))?;
    crate::request::go("/account/security");
    Ok(ended > 0)
}

/// Notes that the person has read a notice about them.
#[server(endpoint = "account/acknowledge")]
pub async fn acknowledge(no: String) -> Result<(), Refusal> {
    use noren_domain::form::Fault;
    use noren_domain::notice::NoticeNo;
    let who = super::inside::guard("/account/security").await?;
    let Some(no) = NoticeNo::parse(&no) else { return Err(Fault::NotFound.into()) };
    let noted = noren_shop::notice::acknowledge(&crate::request::shop(), who.customer, &no).await;
    if !noted.map_err(|e| crate::request::failed(&e))? {
        return Err(Fault::NotFound.into());
    }
    crate::request::go("/account/security");
    Ok(())
}

/// The account security page.
#[component]
pub fn SecurityPage() -> impl IntoView {
    let lang = use_lang();
    let (acts, passkey_acts) = (Acts::new(), PasskeyActs::new());
    let faults = acts.faults();
    let said = move || acts.signed_out().then(|| lang.pick("端末をログアウトしました。", "The device was signed out."));
    view! {
        <Head title=lang.pick("アカウントの安全", "Account security") index=false />
        <p class="visually-hidden" role="status">{said}</p>
        <Load
            key=move || format!("{} {}", acts.version(), passkey_acts.version())
            load=|_| load_security()
            view=move |data: SecurityData| view! { <Security data acts passkey_acts faults /> }
        />
    }
}

#[component]
fn Security(data: SecurityData, acts: Acts, passkey_acts: PasskeyActs, faults: Signal<Faults>) -> impl IntoView {
    let lang = use_lang();
    let SecurityData { security, passkeys, email, mails, password_changed, done, faults: rendered } = data;
    let faults = Signal::derive(move || {
        let answered = faults.get();
        if answered.0.is_empty() { rendered.clone() } else { answered }
    });
    let waits =
        email.pending.as_ref().filter(|pending| pending.step == EmailStep::Waiting).map(|pending| pending.due_at);
    let (top, class) = match (security.attention.len(), lang) {
        (0, Lang::Ja) => ("いま確認が必要なことはありません。".to_owned(), "security-top"),
        (0, Lang::En) => ("Nothing needs your attention right now.".to_owned(), "security-top"),
        (n, Lang::Ja) => (format!("ご確認いただきたいことが{n}件あります。"), "security-top security-top--attention"),
        (1, Lang::En) => ("One thing needs your attention.".to_owned(), "security-top security-top--attention"),
        (n, Lang::En) => (format!("{n} things need your attention."), "security-top security-top--attention"),
    };
    let none = security.notices.is_empty().then(|| {
        view! { <p class="security-none">{lang.pick("今のところ、お知らせはありません。", "There are no notices about you at present.")}</p> }
    });
    let Acts { end_one, end_all, read, tick, phrase, answer, keep, stop } = acts;
    let notices = security.notices.into_iter().map(|notice| view! { <MyNotice notice read tick /> }).collect_view();
    let others = security.devices.iter().filter(|device| !device.current).count();
    let devices =
        security.devices.into_iter().map(|device| view! { <DeviceRow device action=end_one /> }).collect_view();
    view! {
        <div class="security stack stack--wide">
            <div class="page-head">
                <p class="small"><a href=href("/account")>{lang.pick("アカウント", "Your account")}</a></p>
                <h1>{lang.pick("アカウントの安全", "Account security")}</h1>
                <p class=class role="status">{top}</p>
                <WaysToThem things=security.attention />
                {password_changed.then(|| view! { <PasswordChanged /> })}
                <JustDone done />
                {waits.map(|until| view! { <EmailBanner until /> })}
                <PressAgain />
                {security.reported_at.map(|at| view! { <StillToDo at /> })}
                {security.undelivered.map(|at| view! { <MailComesBack at /> })}
            </div>
            <OnThisPage />
            <FaultSummary faults labels=vec![] />
            <section class="stack" aria-labelledby="notices">
                <h2 id="notices">{lang.pick("お客様に関わるお知らせ", "Notices about you")}</h2>
                {none}
                {notices}
            </section>
            <Passkeys data=passkeys acts=passkey_acts />
            <PasswordSection changed_at=security.password_changed_at />
            <Factors factors=security.factors keep />
            <EmailSection email stop />
            <section class="stack" aria-labelledby="devices">
                <h2 id="devices">{lang.pick("ログイン中の端末", "Devices signed in")}</h2>
                <ul class="device-list">{devices}</ul>
                <LeaveForgotten />
                {(others > 0)
                    .then(|| {
                        view! {
                            <ActionForm action=end_all>
                                <SubmitButton
                                    label=lang.pick("この端末以外をすべてログアウト", "Sign out all other devices")
                                    pending=end_all.pending()
                                    class="button button--quiet"
                                />
                            </ActionForm>
                        }
                    })}
            </section>
            <WhoRead reads=security.reads />
            <SignIns sign_ins=security.sign_ins action=answer />
            <Happened happened=security.happened />
            <DataSection />
            <PhraseSection phrases=security.phrases mails action=phrase />
            <p>
                <a href=href("/security")>{lang.pick("当店の安全への取り組み", "How this shop keeps your data safe")}</a>
            </p>
        </div>
    }
}

/// The ways to the parts of this page, which is long.
#[component]
fn OnThisPage() -> impl IntoView {
    let lang = use_lang();
    let ways = [
        ("notices", "お知らせ", "Notices"),
        ("passkeys", "パスキー", "Passkeys"),
        ("password", "パスワード", "Password"),
        ("factors", "二段階認証", "Two-step sign-in"),
        ("email", "メールアドレス", "E-mail address"),
        ("devices", "端末", "Devices"),
        ("reads", "情報を読んだ人", "Who read my data"),
        ("sign-ins", "ログイン", "Sign-ins"),
        ("happened", "できごと", "What happened"),
        ("data", "お預かりしている情報", "The data we hold"),
        ("phrase", "合言葉", "Check phrase"),
    ];
    let ways = ways
        .into_iter()
        .map(|(id, ja, en)| view! { <li><a href=format!("#{id}") rel="external">{lang.pick(ja, en)}</a></li> })
        .collect_view();
    view! {
        <nav class="on-this-page" aria-label=lang.pick("このページの内容", "On this page")>
            <ul class="on-this-page__ways">{ways}</ul>
        </nav>
    }
}

/// The id of the place on this page where something is told that waits for the person.
fn place(thing: &Attention) -> String {
    match thing {
        Attention::EmailChange(_) => "email".to_owned(),
        Attention::Undelivered => "undelivered".to_owned(),
        Attention::Reported => "reported".to_owned(),
        Attention::Notice { no, .. } => format!("notice-{}", no.as_str()),
        Attention::FactorsGo | Attention::NoCodes => "factors".to_owned(),
        Attention::SignIns(_) => "sign-ins".to_owned(),
    }
}

/// The ways to what needs attention, further down on this page.
#[component]
fn WaysToThem(things: Vec<Attention>) -> impl IntoView {
    let lang = use_lang();
    (!things.is_empty()).then(|| {
        let ways = things
            .into_iter()
            .map(|thing| (place(&thing), thing.words(lang)))
            .map(|(place, words)| view! { <li><a href=format!("#{place}") rel="external">{words}</a></li> })
            .collect_view();
        view! { <ul class="bullets">{ways}</ul> }
    })
}

/// A sign-in was somebody else's, who may have the password that still opens the account.
#[component]
fn StillToDo(
    /// When its owner said so, UTC ms.
    at: i64,
) -> impl IntoView {
    let lang = use_lang();
    let when = moment::date_time(at, lang);
    view! {
        <Note kind=NoteKind::Warning>
            <p id="reported">
                {lang.pick(
                    format!("{when}に、心当たりのないログインをお知らせいただきましたが、パスワードはそのときのままです。ほかの人に知られているおそれがありますので、変更してください。"),
                    format!("On {when} you told us of a sign-in that was not yours, and your password is still the one of then. Somebody else may know it: please change it."),
                )}
                " " <a href=href("/account/security/not-me")>{lang.pick("していただきたいことを見る", "See what to do")}</a>
            </p>
        </Note>
    }
}

/// Mails to the account's address come back: codes and notices would not arrive.
#[component]
fn MailComesBack(
    /// When the last one came back, UTC ms.
    at: i64,
) -> impl IntoView {
    let lang = use_lang();
    let when = moment::date_time(at, lang);
    view! {
        <Note kind=NoteKind::Warning>
            <p id="undelivered">
                {lang.pick(
                    format!("{when}に、お送りしたメールがお客様のアドレスから戻ってきました。確認コードや大切なお知らせが届かないおそれがあります。受信できるかお確かめのうえ、お使いでないアドレスでしたら変更してください。次のメールが届けば、この表示は消えます。"),
                    format!("On {when} a mail to your address came back to us, so codes and notices may not reach you. Please check that the mailbox takes mail, and change the address if you no longer use it. This message goes once the next mail arrives."),
                )}
                " " <a href=href("/account/mail")>{lang.pick("お送りしたメールを見る", "See the mails we sent")}</a>
                " " <a href=href("/account/security/email")>{lang.pick("アドレスを変更する", "Change the address")}</a>
            </p>
        </Note>
    }
}

/// One notice: what happened to my data first, then everything else, then the acknowledgement.
#[component]
fn MyNotice(notice: NoticeView, read: ServerAction<Acknowledge>, tick: ServerAction<TickStep>) -> impl IntoView {
    let lang = use_lang();
    let NoticeView { public, verdicts, acknowledged_at, steps_done } = notice;
    let no = public.no.as_str().to_owned();
    let title = public.content.title.get(lang).to_owned();
    let steps = public.content.steps.clone();
    let steps = view! { <NoticeSteps no=public.no.clone() steps done=steps_done tick /> }.into_any();
    let id = format!("notice-{no}");
    let (labelled, sent_no) = (id.clone(), no.clone());
    let public_page = href(&format!("/security/notices/{no}"));
    let foot = match acknowledged_at {
        Some(at) => {
            let when = moment::date_time(at, lang);
            let words = lang.pick(
                format!("{when}に「確認しました」と記録しました。"),
                format!("You confirmed on {when} that you have read this."),
            );
            view! { <p class="notice__done">{words}</p> }.into_any()
        }
        None => view! {
            <ActionForm action=read>
                <input type="hidden" name="no" value=sent_no />
                <SubmitButton label=lang.pick("確認しました", "I have read this") pending=read.pending() />
            </ActionForm>
        }
        .into_any(),
    };
    view! {
        <article class="notice" aria-labelledby=labelled>
            <p class="notice__head">
                <Badge words=public.version.words(lang) kind=BadgeKind::Warning />
                <a class="notice__no" href=public_page>{no}</a>
                <time datetime=moment::machine(public.published_at)>{moment::date(public.published_at, lang)}</time>
            </p>
            <h3 id=id>{title}</h3>
            <VerdictList verdicts />
            <NoticeBody content=public.content level=4 steps />
            {foot}
        </article>
    }
}

#[component]
fn DeviceRow(device: DeviceView, action: ServerAction<EndSession>) -> impl IntoView {
    let lang = use_lang();
    let browser = device.browser.words(lang);
    let network = if device.network.is_empty() { lang.pick("不明", "unknown").to_owned() } else { device.network };
    let end = if device.current {
        view! { <Badge words=lang.pick("この端末", "This device") kind=BadgeKind::Ok /> }.into_any()
    } else {
        let label = lang.pick(format!("{browser}をログアウト"), format!("Sign out {browser}"));
        let id = device.id.to_string();
        let pending = Signal::derive({
            let id = id.clone();
            move || action.input().read().as_ref().is_some_and(|sent| sent.session == id)
        });
        view! {
            <ActionForm action=action>
                <input type="hidden" name="session" value=id />
                <SubmitButton label=label pending class="button button--quiet" />
            </ActionForm>
        }
        .into_any()
    };
    view! {
        <li class="device">
            <div>
                <p class="device__name">{browser.clone()}</p>
                <p class="muted small">
                    {lang.pick("最終利用: ", "Last used: ")}
                    <time datetime=moment::machine(device.seen)>{moment::date_time(device.seen, lang)}</time>
                </p>
                <p class="muted small">
                    {lang.pick("ログイン: ", "Signed in: ")}
                    <time datetime=moment::machine(device.since)>{moment::date_time(device.since, lang)}</time>
                    {lang.pick("・", " · ")}
                    <span class="nowrap">{lang.pick("接続元: ", "Network: ")} {network}</span>
                </p>
            </div>
            {end}
        </li>
    }
}
