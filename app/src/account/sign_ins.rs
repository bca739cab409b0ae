//! The history of sign-ins: the newest on the security page, all on pages of their own; "it was me / it was not me".

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_router::hooks::use_query_map;
use noren_domain::account::{SignInAnswer, SignInOutcome, SignInPage, SignInView, SignInWay};
use noren_domain::form::Faults;
use noren_domain::{Lang, moment};

use super::again::PressAgain;
use crate::form::{Refusal, use_faults};
use crate::lang::{href, use_lang};
use crate::ui::{Badge, BadgeKind, FaultSummary, Head, Load};

/// The newest ones stand here.
const SECURITY: &str = "/account/security";
/// All of them stand here.
const ALL: &str = "/account/security/sign-ins";

/// Loads one page of all sign-ins: those after `after`, as the page before it says it.
#[server(endpoint = "account/sign-ins", input = GetUrl)]
pub async fn load_sign_ins(after: String) -> Result<Option<SignInPage>, Refusal> {
    let who = super::inside::guard(ALL).await?;
    let page = noren_shop::account::history::page(&crate::request::shop(), &who, &after).await;
    page.map(Some).map_err(|e| crate::request::failed(&e))
}

/// The page that a sign-in was answered on, and where on it: one of those that show all, or the security page.
#[cfg(feature = "ssr")]
fn answered_on(page: &str) -> (String, &'static str) {
    let of_all = |page: &str| page.split('?').next() == Some(ALL);
    match noren_domain::account::LocalPath::parse(page) {
        Some(page) if of_all(page.as_str()) => (page.as_str().to_owned(), "all-sign-ins"),
        _ => (SECURITY.to_owned(), "sign-ins"),
    }
}

/// Notes what the person says of a sign-in, on `page`.
#[server(endpoint = "account/answer-sign-in")]
pub async fn answer_sign_in(sign_in: String, answer: String, #[server(default)] page: String) -> Result<(), Refusal> {
    use super::again::again;
    use super::inside::{guard, guard_recent};
    use noren_domain::form::Fault;
    use noren_shop::account::history;
    let (page, section) = answered_on(&page);
    let who = guard(&page).await?;
    let (Ok(sign_in), Some(answer)) = (sign_in.parse::<uuid::Uuid>(), SignInAnswer::from_word(&answer)) else {
        return Err(Fault::NotFound.into());
    };
    let (shop, device) = (crate::request::shop(), crate::request::device());
    let noted = match answer {
        SignInAnswer::Me => {
            let warns = history::lacked_code(&shop, &who, sign_in).await;
            if warns.map_err(|e| crate::request::failed(&e))? {
                guard_recent(&again(&page, section)).await?;
            }
            history::was_me(&shop, &who, sign_in).await
        }
        SignInAnswer::NotMe => {
            history::was_not_me(&shop, &guard_recent(&again(&page, section)).await?, sign_in, &device).await
        }
    };
    if !noted.map_err(|e| crate::request::failed(&e))? {
        return Err(Fault::NotFound.into());
    }
    crate::request::go(match answer {
        SignInAnswer::Me => page.as_str(),
        SignInAnswer::NotMe => "/account/security/not-me",
    });
    Ok(())
}

/// The newest ones, on the security page.
#[component]
pub fn SignIns(
    /// The newest first.
    sign_ins: Vec<SignInView>,
    /// Notes what the person says of one.
    action: ServerAction<AnswerSignIn>,
) -> impl IntoView {
    let lang = use_lang();
    let rows = sign_ins.into_iter().map(|sign_in| view! { <SignInRow sign_in page=SECURITY.to_owned() action /> });
    let rows = rows.collect_view();
    view! {
        <section class="stack" aria-labelledby="sign-ins">
            <h2 id="sign-ins">{lang.pick("最近のログイン", "Recent sign-ins")}</h2>
            <p class="muted">
                {lang.pick(
                    "過去90日間の、成功したログイン、確認コードのなかったもの、回数超過のため拒否したもの、そのほかの失敗を、それぞれ新しいものから20件まで表示しています。心当たりのないログインがあれば、お知らせください。ほかの端末をすぐにログアウトし、次にしていただくことをご案内します。",
                    "Sign-ins of the past 90 days, those that lacked the code, those that were blocked, and others that failed: the latest 20 of each. If you do not recognise one, tell us: we sign all other devices out at once and show you what to do next.",
                )}
            </p>
            <ul class="sign-in-list">{rows}</ul>
            <p class="small">
                <a href=href(ALL)>
                    {lang.pick("過去90日間のログインの記録をすべて見る（失敗したものを含む）", "See all sign-ins of the past 90 days, failed ones as well")}
                </a>
            </p>
        </section>
    }
}

/// All sign-ins and tries, a page at a time.
#[component]
pub fn SignInsPage() -> impl IntoView {
    let lang = use_lang();
    let query = use_query_map();
    let answer = ServerAction::<AnswerSignIn>::new();
    let faults = use_faults(answer, Faults::default());
    let key = move || {
        // What the answers change is behind the first word, which alone is asked for.
        format!("{} {}", query.read().get("after").unwrap_or_default(), answer.version().get())
    };
    view! {
        <Head title=lang.pick("ログインの記録", "Your sign-ins") index=false />
        <Load
            key
            load=|key| load_sign_ins(key.split(' ').next().unwrap_or_default().to_owned())
            view=move |page: SignInPage| view! { <AllSignIns page action=answer faults /> }
        />
    }
}

#[component]
fn AllSignIns(page: SignInPage, action: ServerAction<AnswerSignIn>, faults: Signal<Faults>) -> impl IntoView {
    let lang = use_lang();
    let SignInPage { sign_ins, after, older } = page;
    let page_after = |mark: &str| format!("{ALL}?after={mark}");
    let here = after.as_deref().map_or_else(|| ALL.to_owned(), page_after);
    let newest = after.is_some().then(|| {
        view! { <a class="button" href=href(ALL)>{lang.pick("いちばん新しい記録へ", "Back to the newest")}</a> }
    });
    let older = older.map(|mark| {
        view! {
            <a class="button" href=href(&page_after(&mark))>{lang.pick("古い記録", "Older ones")}</a>
        }
    });
    let list = if sign_ins.is_empty() {
        view! { <p>{lang.pick("ここに記録はありません。", "There are none here.")}</p> }.into_any()
    } else {
        let rows = sign_ins.into_iter().map(|sign_in| view! { <SignInRow sign_in page=here.clone() action /> });
        let rows = rows.collect_view();
        view! { <ul class="sign-in-list">{rows}</ul> }.into_any()
    };
    view! {
        <div class="account stack stack--wide">
            <div class="page-head">
                <p class="small"><a href=href(SECURITY)>{lang.pick("アカウントの安全", "Account security")}</a></p>
                <h1>{lang.pick("ログインの記録", "Your sign-ins")}</h1>
                <PressAgain />
                <p class="muted">
                    {lang.pick(
                        "過去90日間の、成功したログインと、失敗したもの、拒否したもののすべてです。心当たりのないログインがあれば、お知らせください。ほかの端末をすぐにログアウトし、次にしていただくことをご案内します。",
                        "All sign-ins of the past 90 days, with all that failed or were blocked. If you do not recognise a sign-in, tell us: we sign all other devices out at once and show you what to do next.",
                    )}
                </p>
            </div>
            <FaultSummary faults labels=vec![] />
            {list}
            <p class="cluster">{newest} {older}</p>
        </div>
    }
}

#[component]
fn SignInRow(sign_in: SignInView, page: String, action: ServerAction<AnswerSignIn>) -> impl IntoView {
    let lang = use_lang();
    let (words, kind) = match sign_in.outcome {
        SignInOutcome::Ok => (lang.pick("成功", "Signed in"), BadgeKind::Ok),
        SignInOutcome::Asked => (lang.pick("確認コードなし", "Code not given"), BadgeKind::Warning),
        SignInOutcome::WrongCode => (lang.pick("コード違い", "Wrong code"), BadgeKind::Warning),
        SignInOutcome::WrongPassword => (lang.pick("パスワード違い", "Wrong password"), BadgeKind::Warning),
        SignInOutcome::Blocked => (lang.pick("回数超過のため拒否", "Blocked: too many tries"), BadgeKind::Danger),
    };
    let answered = sign_in.answer.map(|answer| match answer {
        SignInAnswer::Me => lang.pick("ご本人と確認済み", "You said: it was me"),
        SignInAnswer::NotMe => lang.pick("心当たりなしと報告済み", "You said: it was not me"),
    });
    let explained = sign_in.needs_answer().then(|| begun(sign_in.way, lang));
    let way = sign_in.way.filter(|_| sign_in.outcome == SignInOutcome::Ok).map(|way| by(way, lang));
    let (asks, reports) = (sign_in.can_be_answered(), sign_in.can_be_reported());
    let id = sign_in.id.to_string();
    let network = if sign_in.network.is_empty() { lang.pick("不明", "unknown").to_owned() } else { sign_in.network };
    let browser = sign_in.browser.words(lang);
    let when = moment::date_time(sign_in.at, lang);
    let about = format!("{when} {browser}");
    view! {
        <li class="sign-in">
            <time datetime=moment::machine(sign_in.at)>{when}</time>
            <Badge words kind />
            {way.map(|words| view! { <span class="small">{words}</span> })}
            <span class="muted small">{browser} {lang.pick("・", " · ")} {network}</span>
            {explained.map(|words| view! { <p class="small">{words}</p> })}
            {answered.map(|words| view! { <p class="muted small">{words}</p> })}
            {reports
                .then(|| {
                    let me = asks.then(|| {
                        let (id, about, page) = (id.clone(), about.clone(), page.clone());
                        view! { <Answer id answer=SignInAnswer::Me about page action /> }
                    });
                    view! {
                        <div class="sign-in__answers">
                            {me} <Answer id=id.clone() answer=SignInAnswer::NotMe about page action />
                        </div>
                    }
                })}
        </li>
    }
}

/// By what somebody came in. The copy of one's data says the same (`crates/shop/src/account/export/words.rs`, which says
/// why it does so once more).
fn by(way: SignInWay, lang: Lang) -> &'static str {
    match way {
        SignInWay::Password => lang.pick("パスワードのみ（確認済みの端末）", "Password alone, on a recognised device"),
        SignInWay::PasswordMail => lang.pick("パスワードとメールの確認コード", "Password and a code by mail"),
        SignInWay::PasswordApp => lang.pick("パスワードと認証アプリ", "Password and the code of your app"),
        SignInWay::PasswordRecovery => lang.pick("パスワードと復旧コード", "Password and a recovery code"),
        SignInWay::Mail => lang.pick("メールの確認コード", "A code by mail"),
        SignInWay::MailApp => lang.pick("メールの確認コードと認証アプリ", "A code by mail and the code of your app"),
        SignInWay::MailRecovery => lang.pick("メールの確認コードと復旧コード", "A code by mail and a recovery code"),
        SignInWay::Passkey => lang.pick("パスキー", "Passkey"),
        SignInWay::Registration => lang.pick("ご登録のときの確認コード", "The code of your registration"),
    }
}

/// What was right of a try that ended before the next code was given; of one that does not say what it had begun by,
/// either may have been.
fn begun(way: Option<SignInWay>, lang: Lang) -> &'static str {
    match way {
        Some(SignInWay::Password) => lang.pick(
            "パスワードは合っていましたが、次にお尋ねしたコードが入力されませんでした。",
            "The password was right, but the code that was asked for next was not given.",
        ),
        Some(SignInWay::Mail) => lang.pick(
            "メールの確認コードは合っていましたが、次にお尋ねした認証アプリのコードが入力されませんでした。",
            "A code from your mailbox was right, but the code of your app that was asked for next was not given.",
        ),
        _ => lang.pick(
            "パスワード、またはメールの確認コードは合っていましたが、次にお尋ねしたコードが入力されませんでした。",
            "The password, or a code from your mailbox, was right, but the code that was asked for next was not given.",
        ),
    }
}

/// One of the two buttons.
#[component]
fn Answer(
    id: String,
    answer: SignInAnswer,
    about: String,
    page: String,
    action: ServerAction<AnswerSignIn>,
) -> impl IntoView {
    let lang = use_lang();
    let words = match answer {
        SignInAnswer::Me => lang.pick("わたしです", "It was me"),
        SignInAnswer::NotMe => lang.pick("心当たりがありません", "It was not me"),
    };
    let pending = Signal::derive({
        let id = id.clone();
        move || action.input().read().as_ref().is_some_and(|sent| sent.sign_in == id && sent.answer == answer.word())
    });
    view! {
        <ActionForm action=action>
            <input type="hidden" name="sign_in" value=id />
            <input type="hidden" name="answer" value=answer.word() />
            <input type="hidden" name="page" value=page />
            <button
                type="submit"
                class="button button--quiet"
                aria-label=format!("{words} ({about})")
                aria-busy=move || pending.get().then_some("true")
                disabled=move || pending.get()
            >
                {words}
            </button>
        </ActionForm>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_try_that_lacked_a_code_says_what_was_right_and_no_more_than_that_is_known() {
        for (way, password, mailbox) in
            [(Some(SignInWay::Password), true, false), (Some(SignInWay::Mail), false, true), (None, true, true)]
        {
            let (ja, en) = (begun(way, Lang::Ja), begun(way, Lang::En).to_lowercase());
            assert_eq!((ja.contains("パスワード"), ja.contains("メールの確認コード")), (password, mailbox), "{ja}");
            assert_eq!((en.contains("password"), en.contains("mailbox")), (password, mailbox), "{en}");
        }
    }
}
