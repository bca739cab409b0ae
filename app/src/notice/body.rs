//! The text of a notice, and the verdicts on one person.

use leptos::prelude::*;
use noren_domain::notice::{MeasureState, NoticeContent, PersonVerdicts};
use noren_domain::{Text, moment};

use crate::lang::use_lang;

/// What happened to each kind of data: the verdict first, then how it is known.
#[component]
pub fn VerdictList(
    /// The verdicts on this person.
    verdicts: PersonVerdicts,
) -> impl IntoView {
    let lang = use_lang();
    let rows = verdicts
        .fields()
        .iter()
        .map(|field| {
            let class = format!("verdict verdict--{}", field.verdict.tone());
            view! {
                <div class=class>
                    <dt>{field.field.words(lang)}</dt>
                    <dd>
                        <strong class="verdict__words">{field.verdict.words(lang)}</strong>
                        <span class="verdict__how">{field.how.get(lang).to_owned()}</span>
                    </dd>
                </div>
            }
        })
        .collect_view();
    view! {
        <dl class="verdicts">{rows}</dl>
        <p class="notice__grade">{verdicts.grade().words(lang)}</p>
    }
}

/// Everything a notice says to everybody, from what happened to how to tell that it is genuine.
#[component]
pub fn NoticeBody(
    /// The text.
    content: NoticeContent,
    /// Level of its headings, 2 to 4.
    level: u8,
    /// What the person can do, where it is not only to be read.
    #[prop(optional)]
    steps: Option<AnyView>,
) -> impl IntoView {
    let lang = use_lang();
    let when = |from: i64, to: i64| {
        let (from, to) = (moment::date_time(from, lang), moment::date_time(to, lang));
        lang.pick(format!("{from} から {to} まで"), format!("{from} to {to}"))
    };
    let part = |title: (&'static str, &'static str), text: &Text| {
        view! {
            {heading(level, lang.pick(title.0, title.1))}
            <p>{text.get(lang).to_owned()}</p>
        }
    };
    let steps = steps.unwrap_or_else(|| {
        let steps = content.steps.iter().map(|step| view! { <li>{step.get(lang).to_owned()}</li> }).collect_view();
        view! { <ol class="notice-steps">{steps}</ol> }.into_any()
    });
    let measures = content
        .measures
        .iter()
        .map(|measure| {
            let class = match measure.state {
                MeasureState::Done(_) => "measure measure--done",
                MeasureState::Due(_) => "measure measure--due",
            };
            view! {
                <li class=class>
                    <p>{measure.what.get(lang).to_owned()}</p>
                    <p class="measure__state">{measure.state.words(lang)}</p>
                    <p class="measure__evidence">
                        <span>{lang.pick("確かめ方: ", "Evidence: ")}</span>
                        {measure.evidence.get(lang).to_owned()}
                    </p>
                </li>
            }
        })
        .collect_view();
    let people = lang.pick(format!("{}名", content.people), format!("People affected: {}", content.people));
    view! {
        <div class="notice-body">
            {heading(level, lang.pick("お客様にしていただきたいこと", "What you can do"))}
            {steps}
            {part(("何が起きたか", "What happened"), &content.what)}
            <p class="muted">{when(content.happened_from, content.happened_to)}</p>
            {part(("どのように分かったか", "How it was found"), &content.found)}
            <p class="muted">{moment::date_time(content.found_at, lang)}</p>
            {part(("対象となった情報", "Which data"), &content.data)}
            <p class="muted">{lang.pick("対象の方: ", "")} {people}</p>
            {part(("原因", "Cause"), &content.cause)}
            {part(("どのように調べたか", "How it was investigated"), &content.investigation)}
            {heading(level, lang.pick("再発防止策", "What was strengthened"))}
            <ul class="measures">{measures}</ul>
            {part(("起こりうること", "What may follow"), &content.consequences)}
            {part(("補償", "Compensation"), &content.compensation)}
            {part(("お問い合わせ", "Contact"), &content.contact)}
            {part(("このお知らせが本物であることの確かめ方", "How to tell that this notice is genuine"), &content.genuine)}
        </div>
    }
}

fn heading(level: u8, words: &'static str) -> AnyView {
    match level {
        2 => view! { <h2>{words}</h2> }.into_any(),
        3 => view! { <h3>{words}</h3> }.into_any(),
        _ => view! { <h4>{words}</h4> }.into_any(),
    }
}
