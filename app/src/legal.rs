//! The pages that say how the shop works and what the law asks: help, legal notice, privacy, terms.
//! Fees, limits and days come from `noren-domain`, so that these pages say what the checkout does.

mod commerce;
mod help;
mod privacy;
mod terms;

pub use commerce::CommercePage;
pub use help::HelpPage;
pub use privacy::PrivacyPage;
pub use terms::TermsPage;

use leptos::prelude::*;

use crate::lang::use_lang;
use crate::ui::{Crumbs, Head};

pub(crate) use noren_domain::seller::MAIL;

/// A piece of a text.
enum Block {
    /// A paragraph.
    Text(String),
    /// Points without order.
    Points(Vec<String>),
    /// Name and value.
    Facts(Vec<(String, String)>),
    /// A question with its answer, folded.
    Question(String, String),
    /// A way on: words and path (in the page's language).
    Way(String, String),
}

impl Block {
    fn text(words: impl Into<String>) -> Self {
        Self::Text(words.into())
    }

    fn points<const N: usize>(points: [&str; N]) -> Self {
        Self::Points(points.into_iter().map(str::to_owned).collect())
    }

    fn facts<const N: usize>(facts: [(&str, &str); N]) -> Self {
        Self::Facts(facts.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    fn question(question: &str, answer: impl Into<String>) -> Self {
        Self::Question(question.to_owned(), answer.into())
    }

    fn show(self) -> AnyView {
        match self {
            Self::Text(words) => view! { <p>{words}</p> }.into_any(),
            Self::Points(points) => {
                let points = points.into_iter().map(|point| view! { <li>{point}</li> }).collect_view();
                view! { <ul>{points}</ul> }.into_any()
            }
            Self::Facts(facts) => {
                let facts = facts
                    .into_iter()
                    .map(|(name, value)| {
                        let lines = value.split('\n').map(|line| view! { <p>{line.to_owned()}</p> }).collect_view();
                        view! { <div><dt>{name}</dt><dd>{lines}</dd></div> }
                    })
                    .collect_view();
                view! { <dl class="summary-list">{facts}</dl> }.into_any()
            }
            Self::Question(question, answer) => view! {
                <details class="disclosure">
                    <summary>{question}</summary>
                    <p>{answer}</p>
                </details>
            }
            .into_any(),
            Self::Way(words, path) => view! { <p><a href=path>{words}</a></p> }.into_any(),
        }
    }
}

/// A part of a text, with an address of its own.
struct Section {
    id: &'static str,
    title: &'static str,
    blocks: Vec<Block>,
}

/// A text of several sections with a table of contents.
#[component]
fn Document(
    title: &'static str,
    description: &'static str,
    lead: &'static str,
    path: &'static str,
    sections: Vec<Section>,
) -> impl IntoView {
    let lang = use_lang();
    let crumbs = vec![(lang.pick("ホーム", "Home").to_owned(), lang.path("/")), (title.to_owned(), String::new())];
    let contents = (sections.len() > 2).then(|| {
        let ways = sections
            .iter()
            .map(|section| view! { <li><a href=format!("#{}", section.id) rel="external">{section.title}</a></li> })
            .collect_view();
        view! {
            <nav class="contents" aria-label=lang.pick("目次", "Contents")>
                <ol>{ways}</ol>
            </nav>
        }
    });
    let sections = sections
        .into_iter()
        .map(|section| {
            let blocks = section.blocks.into_iter().map(Block::show).collect_view();
            view! {
                <section class="document__section" id=section.id>
                    <h2>{section.title}</h2>
                    {blocks}
                </section>
            }
        })
        .collect_view();
    view! {
        <Head title description canonical=path />
        <Crumbs items=crumbs />
        <article class="document">
            <header class="page-head">
                <h1>{title}</h1>
                <p class="lead">{lead}</p>
            </header>
            {contents}
            {sections}
        </article>
    }
}
