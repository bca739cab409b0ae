//! The steps of a notice on the security page, where whom it is about ticks them off.

use leptos::prelude::*;
use noren_domain::notice::NoticeNo;
use noren_domain::{Text, moment};

use crate::form::Refusal;
use crate::lang::use_lang;

/// Ticks a step of a notice off (`done` is `true`), or takes that back (`false`).
#[server(endpoint = "account/tick-step")]
pub async fn tick_step(no: String, step: String, done: String) -> Result<(), Refusal> {
    use noren_domain::form::Fault;
    use noren_shop::notice;
    let who = super::inside::guard("/account/security").await?;
    let (Some(no), Ok(number), Ok(done)) = (NoticeNo::parse(&no), step.parse::<u32>(), done.parse::<bool>()) else {
        return Err(Fault::NotFound.into());
    };
    let shop = crate::request::shop();
    let noted = if done {
        notice::tick(&shop, who.customer, &no, number).await
    } else {
        notice::untick(&shop, who.customer, &no, number).await
    };
    if !noted.map_err(|e| crate::request::failed(&e))? {
        return Err(Fault::NotFound.into());
    }
    // The wasm is on its page already: sent there again, it would scroll and add a step to the history with every press.
    if crate::request::wants_html() {
        crate::request::go(&format!("/account/security#{}", place(&no, number)));
    }
    Ok(())
}

/// The id of a step on the page.
fn place(no: &NoticeNo, number: u32) -> String {
    format!("step-{}-{number}", no.as_str())
}

/// What the person can do, step by step, each with a button that ticks it off.
#[component]
pub fn NoticeSteps(
    /// The notice's number.
    no: NoticeNo,
    /// What to do.
    steps: Vec<Text>,
    /// When each was ticked off, UTC ms.
    done: Vec<Option<i64>>,
    /// Ticks one off, or takes that back.
    tick: ServerAction<TickStep>,
) -> impl IntoView {
    let rows = (0_u32..)
        .zip(steps.into_iter().zip(done))
        .map(|(number, (text, done))| view! { <Step no=no.clone() number text done tick /> })
        .collect_view();
    view! { <ol class="notice-steps">{rows}</ol> }
}

/// One step. Done or not, it is the same elements with other words, so that who has pressed the button still stands on
/// it, and hears what has become of it.
#[component]
fn Step(no: NoticeNo, number: u32, text: Text, done: Option<i64>, tick: ServerAction<TickStep>) -> impl IntoView {
    let lang = use_lang();
    let id = place(&no, number);
    let (class, state, words, look) = if let Some(at) = done {
        let date = moment::date(at, lang);
        let state = lang.pick(format!("済み {date}"), format!("Done on {date}"));
        ("notice-step notice-step--done", state, lang.pick("取り消す", "Undo"), "button button--quiet")
    } else {
        let state = lang.pick("まだ済んでいません", "Not done yet").to_owned();
        ("notice-step", state, lang.pick("済みにする", "Mark as done"), "button")
    };
    let which = u64::from(number) + 1;
    let which = lang.pick(format!("{which}番目"), format!("step {which}"));
    let (no, step) = (no.as_str().to_owned(), number.to_string());
    let pending = Signal::derive({
        let (no, step) = (no.clone(), step.clone());
        move || tick.input().read().as_ref().is_some_and(|sent| sent.no == no && sent.step == step)
    });
    // The button is never disabled, or it would lose the focus; pressed twice, it does no more than once.
    view! {
        <li id=id class=class>
            <p>{text.into(lang)}</p>
            <div class="notice-step__mark">
                <p class="notice-step__state" role="status">{state}</p>
                <ActionForm action=tick>
                    <input type="hidden" name="no" value=no />
                    <input type="hidden" name="step" value=step />
                    <input type="hidden" name="done" value=done.is_none().to_string() />
                    <button
                        type="submit"
                        class=look
                        aria-label=format!("{words} ({which})")
                        aria-busy=move || pending.get().then_some("true")
                    >
                        {words}
                    </button>
                </ActionForm>
            </div>
        </li>
    }
}
