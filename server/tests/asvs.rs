//! Whether the evidence that docs/asvs.toml names for each requirement of the ASVS is there.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by failing")]

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

/// The requirements of levels 1 and 2 in the chapters V6, V7, V8, V9 and V14 of ASVS 5.0.0, each with its level.
const REQUIREMENTS: [(&str, u8); 76] = [
    ("V6.1.1", 1),
    ("V6.1.2", 2),
    ("V6.1.3", 2),
    ("V6.2.1", 1),
    ("V6.2.2", 1),
    ("V6.2.3", 1),
    ("V6.2.4", 1),
    ("V6.2.5", 1),
    ("V6.2.6", 1),
    ("V6.2.7", 1),
    ("V6.2.8", 1),
    ("V6.2.9", 2),
    ("V6.2.10", 2),
    ("V6.2.11", 2),
    ("V6.2.12", 2),
    ("V6.3.1", 1),
    ("V6.3.2", 1),
    ("V6.3.3", 2),
    ("V6.3.4", 2),
    ("V6.4.1", 1),
    ("V6.4.2", 1),
    ("V6.4.3", 2),
    ("V6.4.4", 2),
    ("V6.5.1", 2),
    ("V6.5.2", 2),
    ("V6.5.3", 2),
    ("V6.5.4", 2),
    ("V6.5.5", 2),
    ("V6.6.1", 2),
    ("V6.6.2", 2),
    ("V6.6.3", 2),
    ("V6.8.1", 2),
    ("V6.8.2", 2),
    ("V6.8.3", 2),
    ("V6.8.4", 2),
    ("V7.1.1", 2),
    ("V7.1.2", 2),
    ("V7.1.3", 2),
    ("V7.2.1", 1),
    ("V7.2.2", 1),
    ("V7.2.3", 1),
    ("V7.2.4", 1),
    ("V7.3.1", 2),
    ("V7.3.2", 2),
    ("V7.4.1", 1),
    ("V7.4.2", 1),
    ("V7.4.3", 2),
    ("V7.4.4", 2),
    ("V7.4.5", 2),
    ("V7.5.1", 2),
    ("V7.5.2", 2),
    ("V7.6.1", 2),
    ("V7.6.2", 2),
    ("V8.1.1", 1),
    ("V8.1.2", 2),
    ("V8.2.1", 1),
    ("V8.2.2", 1),
    ("V8.2.3", 2),
    ("V8.3.1", 1),
    ("V8.4.1", 2),
    ("V9.1.1", 1),
    ("V9.1.2", 1),
    ("V9.1.3", 1),
    ("V9.2.1", 1),
    ("V9.2.2", 2),
    ("V9.2.3", 2),
    ("V9.2.4", 2),
    ("V14.1.1", 2),
    ("V14.1.2", 2),
    ("V14.2.1", 1),
    ("V14.2.2", 2),
    ("V14.2.3", 2),
    ("V14.2.4", 2),
    ("V14.3.1", 1),
    ("V14.3.2", 2),
    ("V14.3.3", 2),
];

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

/// Whether `what` is in the text of `file`: a name alone is that of a test, which must be there itself, where it may be
/// gone and a comment still speak of it; in the tests with a browser it is a whole title, without its tags; elsewhere
/// these words.
fn is_in(file: &str, text: &str, what: &str) -> bool {
    let code = text.lines().map(str::trim_start).filter(|line| !line.starts_with("//"));
    if file.ends_with(".spec.ts") {
        code.filter_map(|line| line.strip_prefix("test('")?.split('\'').next()?.split(" @").next())
            .any(|title| title == what)
    } else if Path::new(file).extension().is_some_and(|it| it == "rs") && is_name(what) {
        has_test(code, what)
    } else {
        text.contains(what)
    }
}

/// Whether there is a test called `name` that runs: a function with the attribute, or a claim on both databases.
fn has_test<'a>(code: impl Iterator<Item = &'a str>, name: &str) -> bool {
    let (function, claim) = (format!("fn {name}("), format!("on_both_databases!({name}("));
    let (mut is_test, mut is_ignored) = (false, false);
    for line in code {
        if line.starts_with(&claim) || (is_test && !is_ignored && line.contains(&function)) {
            return true;
        }
        is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        is_ignored |= line.starts_with("#[ignore");
        if !line.starts_with("#[") {
            (is_test, is_ignored) = (false, false);
        }
    }
    false
}

/// Whether it is written as functions are named.
fn is_name(what: &str) -> bool {
    what.contains('_') && what.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

#[test]
fn each_requirement_stands_there_once_with_evidence_a_reason_or_what_is_missing() {
    let mut levels = BTreeMap::new();
    for requirement in asvs().requirement {
        let id = &requirement.id;
        assert!(levels.insert(id.clone(), requirement.level).is_none(), "{id} stands there twice");
        let said = [requirement.evidence.is_some(), requirement.not_applicable.is_some(), requirement.open.is_some()];
        assert_eq!(said.into_iter().filter(|said| *said).count(), 1, "{id} says one thing");
        assert!(requirement.evidence.is_none_or(|evidence| !evidence.is_empty()), "{id}: no evidence");
        for words in [requirement.not_applicable, requirement.open].into_iter().flatten() {
            assert!(words.ends_with('.') && words.len() > 20, "{id}: {words}");
        }
    }
    for (id, level) in REQUIREMENTS {
        assert_eq!(levels.remove(id), Some(level), "{id} at its level");
    }
    assert!(levels.is_empty(), "the standard has none of these: {levels:?}");
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
    let rust = "/// Like fn a_claim_that_went( once.\n    #[tokio::test]\n    #[should_panic]\n    async fn a_claim() {\n    \
                on_both_databases!(another_claim(shop) {\n";
    assert!(is_in("tests.rs", rust, "a_claim") && is_in("tests.rs", rust, "another_claim"));
    assert!(!is_in("tests.rs", rust, "a_claim_that_went") && !is_in("tests.rs", rust, "her_claim"));
    let browser = "// test('who stays', …\ntest('who leaves is gone @all', async () => {\n";
    assert!(is_in("a.spec.ts", browser, "who leaves is gone"));
    assert!(!is_in("a.spec.ts", browser, "who stays") && !is_in("a.spec.ts", browser, "who leaves"));
}

#[test]
fn a_function_that_does_not_run_as_a_test_is_no_evidence_by_its_name() {
    let rust = "#[test]\nfn a_claim() {}\nfn a_helper() {}\n#[test]\n#[ignore = \"slow\"]\nfn a_claim_that_waits() {}\n\
                #[ignore = \"slow\"]\n#[test]\nfn one_that_waits_too() {}\n";
    assert!(is_in("tests.rs", rust, "a_claim"));
    assert!(!is_in("tests.rs", rust, "a_helper") && !is_in("tests.rs", rust, "a_claim_that_waits"));
    assert!(!is_in("tests.rs", rust, "one_that_waits_too"));
    assert!(is_in("tests.rs", rust, "fn a_helper()"), "as words it is");
}
