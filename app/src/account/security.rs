//! The account security page: what needs attention, notices about me, devices, sign-ins.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use noren_domain::account::{DeviceView, EmailStep, EmailView, SecurityView};
use noren_domain::form::Faults;
use noren_domain::notice::NoticeView;
use noren_domain::{Lang, moment};
use serde::{Deserialize, Serialize};

use super::again::PressAgain;
use super::data::DataSection;
use super::email_change::{EmailBanner, EmailSection, StopEmail};
use super::factors::{Factors, KeepFactors};
use super::happened::Happened;
use super::leave::LeaveForgotten;
use super::passkeys::{PasskeyActs, Passkeys, PasskeysData};
use super::password::{PasswordChanged, PasswordSection};
use super::phrase::{AnotherPhrase, PhraseSection};
use super::reads::WhoRead;
use super::sign_ins::{AnswerSignIn, SignIns};
use crate::form::{Refusal, use_faults};
use crate::lang::{href, use_lang};
use crate::notice::{NoticeBody, VerdictList};
use crate::ui::{Badge, BadgeKind, FaultSummary, Head, Load, Note, NoteKind, SubmitButton};

/// What the security page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityData {
    security: SecurityView,
    passkeys: PasskeysData,
    email: EmailView,
    /// The password was changed a moment ago.
    password_changed: bool,
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
    let passkeys = super::passkeys::load(&who).await?;
    let faults = crate::form::kept::<()>("phrase").map(|form| form.faults).unwrap_or_default();
    let password_changed = super::password::just_changed();
    Ok(Some(SecurityData { security, passkeys, email, password_changed, faults }))
}

/// Ends one of the person's own sessions.
#[server(endpoint = "account/end-session")]
pub async fn end_session(session: String) -> Result<(), Refusal> {
    use noren_domain::Id;
    use noren_domain::form::Fault;
    let who = super::inside::guard("/account/security").await?;
    let Ok(session) = session.parse::<uuid::Uuid>() else { return Err(Fault::NotFound.into()) };
    let (shop, device) = (crate::request::shop(), crate::request::device());
    let ended = noren_shop::account::end_one(&shop, &who, Id::new(session), &device).await;
    ended.map_err(|e| crate::request::failed(&e))?;
    crate::request::go("/account/security");
    Ok(())
}

/// Ends every session of the person but this one.
#[server(endpoint = "account/end-others")]
pub async fn end_others() -> Result<(), Refusal> {
    let who = super::inside::guard("/account/security").await?;
    let ended = noren_shop::account::end_others(&crate::request::shop(), &who, &crate::request::device()).await;
    ended.map_err(|e| crate::request::failed(&e))?;
    crate::request::go("/account/security");
    Ok(())
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
    let end_one = ServerAction::<EndSession>::new();
    let end_all = ServerAction::<EndOthers>::new();
    let read = ServerAction::<Acknowledge>::new();
    let phrase = ServerAction::<AnotherPhrase>::new();
    let answer = ServerAction::<AnswerSignIn>::new();
    let keep = ServerAction::<KeepFactors>::new();
    let stop = ServerAction::<StopEmail>::new();
    let passkey_acts = PasskeyActs::new();
    let none = Faults::default;
    let answers = [
        use_faults(end_one, none()),
        use_faults(end_all, none()),
        use_faults(read, none()),
        use_faults(phrase, none()),
        use_faults(answer, none()),
        use_faults(keep, none()),
        use_faults(stop, none()),
    ];
    let faults = Signal::derive(move || Faults(answers.iter().flat_map(|answer| answer.get().0).collect()));
    let said = move || {
        let done = matches!(&*end_one.value().read(), Some(Ok(()))) || matches!(&*end_all.value().read(), Some(Ok(())));
        done.then(|| lang.pick("端末をログアウトしました。", "The device was signed out."))
    };
    let key = move || {
        let others = [
            end_one.version(),
            end_all.version(),
            read.version(),
            phrase.version(),
            answer.version(),
            keep.version(),
            stop.version(),
        ];
        format!("{} {}", others.map(|v| v.get().to_string()).join(" "), passkey_acts.version())
    };
    view! {
        <Head title=lang.pick("アカウントの安全", "Account security") index=false />
        <p class="visually-hidden" role="status">{said}</p>
        <Load
            key
            load=|_| load_security()
            view=move |data: SecurityData| {
                view! { <Security data end_one end_all read phrase answer keep stop passkey_acts faults /> }
            }
        />
    }
}

#[component]
fn Security(
    data: SecurityData,
    end_one: ServerAction<EndSession>,
    end_all: ServerAction<EndOthers>,
    read: ServerAction<Acknowledge>,
    phrase: ServerAction<AnotherPhrase>,
    answer: ServerAction<AnswerSignIn>,
    keep: ServerAction<KeepFactors>,
    stop: ServerAction<StopEmail>,
    passkey_acts: PasskeyActs,
    faults: Signal<Faults>,
) -> impl IntoView {
    let lang = use_lang();
    let SecurityData { security, passkeys, email, password_changed, faults: rendered } = data;
    let faults = Signal::derive(move || {
        let answered = faults.get();
        if answered.0.is_empty() { rendered.clone() } else { answered }
    });
    let waits =
        email.pending.as_ref().filter(|pending| pending.step == EmailStep::Waiting).map(|pending| pending.due_at);
    let attention = security.attention() + usize::from(waits.is_some());
    let (top, class) = match (attention, lang) {
        (0, Lang::Ja) => ("いま確認が必要なことはありません。".to_owned(), "security-top"),
        (0, Lang::En) => ("Nothing needs your attention right now.".to_owned(), "security-top"),
        (n, Lang::Ja) => (format!("ご確認いただきたいことが{n}件あります。"), "security-top security-top--attention"),
        (1, Lang::En) => ("One thing needs your attention.".to_owned(), "security-top security-top--attention"),
        (n, Lang::En) => (format!("{n} things need your attention."), "security-top security-top--attention"),
    };
    let things = things(&security, waits, lang);
    let none = security.notices.is_empty().then(|| {
        view! { <p class="security-none">{lang.pick("今のところ、お知らせはありません。", "There are no notices about you at present.")}</p> }
    });
    let notices = security.notices.into_iter().map(|notice| view! { <MyNotice notice read /> }).collect_view();
    let others = security.devices.iter().filter(|device| !device.current).count();
    let devices =
        security.devices.into_iter().map(|device| view! { <DeviceRow device action=end_one /> }).collect_view();
    view! {
        <div class="security stack stack--wide">
            <div class="page-head">
                <p class="small"><a href=href("/account")>{lang.pick("アカウント", "Your account")}</a></p>
                <h1>{lang.pick("アカウントの安全", "Account security")}</h1>
                <p class=class role="status">{top}</p>
                <WaysToThem things />
                {password_changed.then(|| view! { <PasswordChanged /> })}
                {waits.map(|until| view! { <EmailBanner until /> })}
                <PressAgain />
                {security.reported_at.map(|at| view! { <StillToDo at /> })}
                {security.undelivered.map(|at| view! { <MailComesBack at /> })}
            </div>
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
            <PhraseSection phrases=security.phrases action=phrase />
            <p>
                <a href=href("/security")>{lang.pick("当店の安全への取り組み", "How this shop keeps your data safe")}</a>
            </p>
        </div>
    }
}

/// All that is counted as needing attention, in words, each with the id of its place on the page. `waits`: when the
/// address changes, UTC ms.
fn things(security: &SecurityView, waits: Option<i64>, lang: Lang) -> Vec<(String, String)> {
    let mut things = Vec::new();
    let mut add = |place: &str, ja: String, en: String| things.push((place.to_owned(), lang.pick(ja, en)));
    if let Some(until) = waits {
        let when = moment::date_time(until, lang);
        add(
            "email",
            format!("メールアドレスの変更（{when}以降）"),
            format!("The change of your e-mail address, on {when} or shortly after"),
        );
    }
    if security.undelivered.is_some() {
        add("undelivered", "届かなかったメール".to_owned(), "A mail that did not reach you".to_owned());
    }
    if security.reported_at.is_some() {
        add(
            "reported",
            "心当たりのないログインのご報告のあと、していただきたいこと".to_owned(),
            "What is left to do after the sign-in that was not yours".to_owned(),
        );
    }
    for notice in security.notices.iter().filter(|notice| notice.acknowledged_at.is_none()) {
        let title = notice.public.content.title.get(lang);
        let place = format!("notice-{}", notice.public.no.as_str());
        add(&place, format!("お知らせ「{title}」"), format!("The notice “{title}”"));
    }
    if security.factors.removal.is_some() {
        let (ja, en) =
            ("認証アプリ・復旧コード・パスキーの解除の予定", "The removal of your app, recovery codes and passkeys");
        add("factors", ja.to_owned(), en.to_owned());
    }
    if security.factors.lacks_codes() {
        add("factors", "復旧コードが残っていません".to_owned(), "No recovery codes are left".to_owned());
    }
    match security.sign_ins.iter().filter(|tried| tried.needs_answer()).count() {
        0 => {}
        1 => add(
            "sign-ins",
            "確認コードが入力されなかったログイン".to_owned(),
            "A sign-in for which the code was not given".to_owned(),
        ),
        n => add(
            "sign-ins",
            format!("確認コードが入力されなかったログイン（{n}件）"),
            format!("{n} sign-ins for which the code was not given"),
        ),
    }
    things
}

/// The ways to what needs attention, further down on this page.
#[component]
fn WaysToThem(
    /// The id of each thing's place, and its words.
    things: Vec<(String, String)>,
) -> impl IntoView {
    (!things.is_empty()).then(|| {
        let ways = things
            .into_iter()
            .map(|(place, words)| view! { <li><a href=format!("#{place}") rel="external">{words}</a></li> })
            .collect_view();
        view! { <ul class="erase-list">{ways}</ul> }
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
fn MyNotice(notice: NoticeView, read: ServerAction<Acknowledge>) -> impl IntoView {
    let lang = use_lang();
    let NoticeView { public, verdicts, acknowledged_at } = notice;
    let no = public.no.as_str().to_owned();
    let title = public.content.title.get(lang).to_owned();
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
            <NoticeBody content=public.content level=4 />
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
                    {lang.pick("・接続元: ", " · Network: ")} {network}
                </p>
            </div>
            {end}
        </li>
    }
}
