//! Whether the evidence that docs/asvs.toml names for each requirement of the ASVS is there.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by failing")]

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

/// How many requirements of levels 1 and 2 each chapter of ASVS 5.0.0 has.
const CHAPTERS: [(&str, usize); 5] = [("V6", 35), ("V7", 18), ("V8", 7), ("V9", 7), ("V14", 9)];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asvs {
    requirement: Vec<Requirement>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Requirement {
    id: String,
    level: u8,
    evidence: Option<Vec<String>>,
    not_applicable: Option<String>,
    open: Option<String>,
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn asvs() -> Asvs {
    toml::from_str(&std::fs::read_to_string(root().join("docs/asvs.toml")).unwrap()).unwrap()
}

/// What is wrong with a piece of evidence, if anything is.
fn wrong(evidence: &str) -> Option<String> {
    // A file alone goes on being there, whatever becomes of what it said.
    let Some((file, what)) = evidence.split_once(": ") else {
        return Some(format!("{evidence} names nothing in that file"));
    };
    let Ok(text) = std::fs::read_to_string(root().join(file)) else { return Some(format!("{file} is not there")) };
    (!is_in(file, &text, what)).then(|| format!("{file} has nothing called {what}"))
}

/// Whether `what` is in the text of `file`: by the name of a test or function that itself, where it may be gone and a
/// comment still speak of it; in the tests with a browser a whole title, without its tags; elsewhere these words.
fn is_in(file: &str, text: &str, what: &str) -> bool {
    let mut code = text.lines().map(str::trim_start).filter(|line| !line.starts_with("//"));
    if file.ends_with(".spec.ts") {
        code.filter_map(|line| line.strip_prefix("test('")?.split('\'').next()?.split(" @").next())
            .any(|title| title == what)
    } else if Path::new(file).extension().is_some_and(|it| it == "rs") && is_name(what) {
        let (function, claim) = (format!("fn {what}("), format!("on_both_databases!({what}("));
        code.any(|line| line.contains(&function) || line.contains(&claim))
    } else {
        text.contains(what)
    }
}

/// Whether it is written as functions are named.
fn is_name(what: &str) -> bool {
    what.contains('_') && what.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

#[test]
fn each_requirement_stands_there_once_with_evidence_a_reason_or_what_is_missing() {
    let mut counted: BTreeMap<String, usize> = BTreeMap::new();
    let mut seen = std::collections::BTreeSet::new();
    for requirement in asvs().requirement {
        let id = &requirement.id;
        assert!(seen.insert(id.clone()), "{id} stands there twice");
        assert!((1..=2).contains(&requirement.level), "{id}");
        let said = [requirement.evidence.is_some(), requirement.not_applicable.is_some(), requirement.open.is_some()];
        assert_eq!(said.into_iter().filter(|said| *said).count(), 1, "{id} says one thing");
        assert!(requirement.evidence.is_none_or(|evidence| !evidence.is_empty()), "{id}: no evidence");
        for words in [requirement.not_applicable, requirement.open].into_iter().flatten() {
            assert!(words.ends_with('.') && words.len() > 20, "{id}: {words}");
        }
        *counted.entry(id.split('.').next().unwrap().to_owned()).or_default() += 1;
    }
    let wanted = CHAPTERS.into_iter().map(|(chapter, count)| (chapter.to_owned(), count)).collect();
    assert_eq!(counted, wanted);
}

#[test]
fn all_evidence_is_there() {
    let named = asvs().requirement.into_iter().flat_map(|requirement| {
        let id = requirement.id;
        requirement.evidence.into_iter().flatten().map(move |evidence| (id.clone(), evidence))
    });
    let wrong: Vec<String> = named.filter_map(|(id, one)| wrong(&one).map(|why| format!("{id}: {why}"))).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn evidence_that_is_gone_is_noticed() {
    assert_eq!(wrong("docs/asvs.toml: not_applicable"), None);
    assert!(wrong("docs/no-such-file.md: a sentence").is_some());
    assert!(wrong("LICENSE-MIT: a_test_that_was_renamed").is_some());
}

#[test]
fn a_document_alone_is_no_evidence() {
    assert!(wrong("docs/SECURITY.md").is_some());
    assert_eq!(wrong("docs/SECURITY.md: # Security"), None);
}

#[test]
fn a_test_that_only_a_comment_speaks_of_is_no_evidence() {
    let rust = "/// Like fn a_claim_that_went( once.\n    async fn a_claim() {\n    on_both_databases!(another_claim(shop) {\n";
    assert!(is_in("tests.rs", rust, "a_claim") && is_in("tests.rs", rust, "another_claim"));
    assert!(!is_in("tests.rs", rust, "a_claim_that_went") && !is_in("tests.rs", rust, "her_claim"));
    let browser = "// test('who stays', …\ntest('who leaves is gone @all', async () => {\n";
    assert!(is_in("a.spec.ts", browser, "who leaves is gone"));
    assert!(!is_in("a.spec.ts", browser, "who stays") && !is_in("a.spec.ts", browser, "who leaves"));
}
