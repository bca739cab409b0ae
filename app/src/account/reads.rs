//! Who read my data: the ledger's leaves in words, and the proof that these are all, checked in the page.

mod words;

use std::collections::HashMap;

use leptos::LazyViewError;
use leptos::prelude::*;
use noren_domain::account::{ReadProof, Reads, ReadsView};
use noren_domain::moment;
use noren_ledger::leaf::{Actor, Deed, Fields, Kind, Leaf, Outcome, Purpose, Tag};
use noren_ledger::note::VerifierKey;
use noren_ledger::proof::{LeafProof, ProofFault, SubjectProof};

use super::home::Lost;
use crate::lang::use_lang;
use crate::ui::{Badge, BadgeKind};

/// So many lines are shown; the rest stands in the download.
const SHOWN: usize = 30;

/// What was done to a person's data in the same way on the same day.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    /// The last time, UTC ms.
    at: i64,
    times: u32,
    kind: Kind,
    actor: Actor,
    purpose: Option<Purpose>,
    outcome: Outcome,
    fields: Fields,
}

/// The leaves of all proofs as lines, the newest first. Nothing is verified by this.
fn lines(proofs: &[ReadProof]) -> Result<Vec<Line>, ProofFault> {
    let mut leaves: Vec<(i64, Deed)> = Vec::new();
    for proof in proofs {
        let proof: LeafProof = proof.proof.parse()?;
        for leaf in SubjectProof::decode(&proof.extra)?.leaves {
            leaves.extend(deed(&leaf));
        }
    }
    leaves.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let mut lines: Vec<Line> = Vec::new();
    let mut places = HashMap::new();
    for (at, deed) in leaves {
        let Deed { kind, actor, purpose, outcome, fields, .. } = deed;
        let place = places.entry((moment::day(at), kind, actor, purpose, outcome, fields)).or_insert(lines.len());
        match lines.get_mut(*place) {
            Some(line) => line.times += 1,
            None => lines.push(Line { at, times: 1, kind, actor, purpose, outcome, fields }),
        }
    }
    Ok(lines)
}

fn deed(leaf: &Leaf) -> Option<(i64, Deed)> {
    let noren_ledger::leaf::Act::Deed(deed) = leaf.act else { return None };
    Some((i64::try_from(leaf.time).ok()?, deed))
}

/// What the check of all proofs came to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Checked {
    /// How many leaves the ledger had.
    size: u64,
    /// Up to when, UTC ms.
    as_of: i64,
    /// How many of them were about this person.
    leaves: usize,
    /// How many more stand in ledgers of before a restore.
    earlier: usize,
}

/// What does not hold. Which rule was broken the command says of the downloaded proof: with the words of all faults the
/// compiler makes a table of its own, and the tool that parts the wasm leaves all texts in the first file.
const PROOF: &str = "proof";

/// Checks every proof against its key; the check says the least that all of the ledger of now hold for.
fn check(reads: &ReadsView) -> Result<Checked, String> {
    let mut all = Checked { size: u64::MAX, as_of: i64::MAX, leaves: 0, earlier: 0 };
    for proof in &reads.proofs {
        let now = proof.key == reads.key;
        let known: [VerifierKey; 1] = [proof.key.parse().map_err(|_| "key".to_owned())?];
        let tag: Tag = proof.tag.parse().map_err(|_| "tag".to_owned())?;
        let proof: LeafProof = proof.proof.parse().map_err(|_: ProofFault| PROOF.to_owned())?;
        let proven = SubjectProof::verify(&proof, tag, &known).map_err(|_| PROOF.to_owned())?;
        // A ledger of before a restore ended then.
        if now {
            all.leaves += proven.leaves.len();
            all.size = all.size.min(proven.checkpoint.size);
            all.as_of = all.as_of.min(i64::try_from(proven.as_of).unwrap_or_default());
        } else {
            all.earlier += proven.leaves.len();
        }
    }
    if all.size == u64::MAX { Err("no proof".to_owned()) } else { Ok(all) }
}

/// [`check`] as a part of the wasm of its own (docs/adr/0013): hashes and signatures are nothing that a shopper
/// has a use for.
#[cfg_attr(feature = "split", lazy(fallible))]
async fn check_apart(reads: ReadsView) -> Result<Result<Checked, String>, LazyViewError> {
    Ok(check(&reads))
}

/// The section of the account security page.
#[component]
pub fn WhoRead(
    /// What the vault's ledger holds.
    reads: Reads,
) -> impl IntoView {
    let lang = use_lang();
    let body = match reads {
        Reads::Shown(reads) => match lines(&reads.proofs) {
            Ok(lines) => view! { <AllReads reads lines /> }.into_any(),
            Err(_) => view! { <p class="reads__verdict reads__verdict--bad">{words::unreadable(lang)}</p> }.into_any(),
        },
        Reads::Away => view! { <p>{words::away(lang)}</p> }.into_any(),
        Reads::Lost => view! { <Lost /> }.into_any(),
    };
    view! {
        <section class="stack" aria-labelledby="reads">
            <h2 id="reads">{lang.pick("お客様の情報を読んだ人", "Who read my data")}</h2>
            <p class="muted">{words::about(lang)}</p>
            {body}
        </section>
    }
}

#[component]
fn AllReads(reads: ReadsView, lines: Vec<Line>) -> impl IntoView {
    let lang = use_lang();
    let people = |line: &&Line| {
        line.kind == Kind::Open
            && line.outcome == Outcome::Granted
            && matches!(line.actor, Actor::Staff | Actor::Operator)
    };
    let by_people: u32 = lines.iter().filter(people).map(|line| line.times).sum();
    let more = lines.len().saturating_sub(SHOWN);
    let rows = lines.into_iter().take(SHOWN).map(|line| view! { <ReadRow line /> }).collect_view();
    let restored =
        restored(&reads).map(|until| view! { <p class="note note--warning">{words::restored(lang, until)}</p> });
    let downloads = reads
        .proofs
        .iter()
        .map(|proof| {
            let href = format!("data:text/plain;charset=utf-8,{}", percent(&proof.proof));
            let file = file_name(proof, &reads.key);
            let download = words::download(lang, proof.key == reads.key);
            let command = format!("noren ledger proof {file} --tag {} --key '{}'", proof.tag, proof.key);
            view! {
                <p>
                    <a class="button button--quiet" href=href download=file>
                        {download}
                    </a>
                </p>
                <pre class="reads__command"><code>{command}</code></pre>
            }
        })
        .collect_view();
    view! {
        {restored}
        <p class="reads__people">{words::by_people(lang, by_people)}</p>
        <Verdict reads=reads.clone() />
        <ul class="read-list">{rows}</ul>
        {(more > 0).then(|| view! { <p class="muted">{words::more(lang, more)}</p> })}
        <details class="reads__proof">
            <summary>{lang.pick("自分で確かめる", "Check it yourself")}</summary>
            <div class="stack">
                <p>{words::yourself(lang)}</p>
                {downloads}
            </div>
        </details>
    }
}

/// Up to when the last ledger of before a restore goes, UTC ms, if there was one. Nothing is verified by this.
fn restored(reads: &ReadsView) -> Option<i64> {
    let earlier = reads.proofs.iter().filter(|proof| proof.key != reads.key);
    let until = earlier.filter_map(|proof| {
        let proof: LeafProof = proof.proof.parse().ok()?;
        i64::try_from(SubjectProof::decode(&proof.extra).ok()?.last.time).ok()
    });
    until.max()
}

/// What a download is called: a person has one for each ledger.
fn file_name(proof: &ReadProof, now: &str) -> String {
    let tag = proof.tag.get(..8).unwrap_or(&proof.tag);
    // One of a ledger of before is told apart by the hash of its key.
    match proof.key.split('+').nth(1).filter(|_| proof.key != now) {
        Some(earlier) => format!("noren-{tag}-{earlier}.tlog-proof"),
        None => format!("noren-{tag}.tlog-proof"),
    }
}

/// Text as it may stand in a `data:` address.
pub(super) fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/=".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// What this browser makes of the proofs. The server's page says that nothing was checked yet: that it could
/// check them itself would prove nothing to anybody.
#[component]
fn Verdict(reads: ReadsView) -> impl IntoView {
    let lang = use_lang();
    let checked = RwSignal::new(None);
    Effect::new(move || {
        let reads = reads.clone();
        leptos::task::spawn_local(async move {
            // If that part does not come, nothing was checked, and so it says.
            if let Ok(found) = check_apart(reads).await {
                checked.try_set(Some(found));
            }
        });
    });
    let words = move || match &*checked.read() {
        None => words::unchecked(lang).to_owned(),
        Some(Ok(checked)) => words::checked(lang, checked.size, checked.leaves, checked.as_of, checked.earlier),
        Some(Err(fault)) => words::wrong(lang, fault),
    };
    let class = move || match &*checked.read() {
        None => "reads__verdict",
        Some(Ok(_)) => "reads__verdict reads__verdict--good",
        Some(Err(_)) => "reads__verdict reads__verdict--bad",
    };
    view! {
        <p class=class role="status">
            {words}
        </p>
    }
}

#[component]
fn ReadRow(line: Line) -> impl IntoView {
    let lang = use_lang();
    let refused = line.outcome != Outcome::Granted;
    let fields = words::fields(lang, line.fields);
    let times = (line.times > 1).then(|| view! { <span class="muted small">{words::times(lang, line.times)}</span> });
    view! {
        <li class="read">
            <p class="read__what">
                <span>{words::deed(lang, line.kind, line.purpose)}</span>
                {refused
                    .then(|| {
                        view! { <Badge words=words::refused(lang, line.outcome) kind=BadgeKind::Warning /> }
                    })}
                {times}
            </p>
            <p class="muted small">
                <time datetime=moment::machine(line.at)>{moment::date_time(line.at, lang)}</time>
                {lang.pick("・", " · ")} {words::actor(lang, line.actor, line.kind)}
                {(!fields.is_empty()).then(|| format!("{}{fields}", lang.pick("・", " · ")))}
            </p>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;
    /// Thursday, 26 November 2026, noon in Tokyo.
    const NOON: i64 = 1_795_662_000_000;

    fn proof(leaves: &[Leaf]) -> ReadProof {
        use noren_ledger::Hash;
        use noren_ledger::heads::{End, HeadProof};
        use noren_ledger::leaf::Act;
        use noren_ledger::note::Note;
        let last = Leaf { sequence: 9, time: 0, build: 0, act: Act::Heads { root: Hash::ZERO, subjects: 0 } };
        let head = HeadProof { beside: Vec::new(), end: End::Nobody };
        let extra = SubjectProof { last, head, leaves: leaves.to_vec() }.encode();
        let checkpoint: Note =
            "log\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— log AAAAAAAA\n".parse().unwrap();
        let proof = LeafProof { extra, index: 9, hashes: Vec::new(), checkpoint };
        ReadProof { tag: Tag([1; 16]).to_string(), key: "k".to_owned(), proof: proof.to_string() }
    }

    fn leaf(count: u32, at: i64, actor: Actor, purpose: Purpose) -> Leaf {
        use noren_ledger::Hash;
        use noren_ledger::leaf::{Act, Field, Route};
        let deed = Deed {
            kind: Kind::Open,
            purpose: Some(purpose),
            outcome: Outcome::Granted,
            detail: None,
            fields: Fields::of(&[Field::Name]),
            actor,
            subject: Tag([1; 16]),
            count,
            previous: if count == 1 { Hash::ZERO } else { Hash([1; 32]) },
            previous_at: 0,
            reference: [0; 16],
            actor_id: [0; 16],
            request: [0; 8],
            route: Route::new("test"),
        };
        Leaf { sequence: u64::from(count), time: u64::try_from(at).unwrap(), build: 0, act: Act::Deed(deed) }
    }

    #[test]
    fn what_happened_alike_on_one_day_is_one_line_and_the_newest_day_comes_first() {
        let leaves = [
            leaf(1, NOON - 24 * HOUR, Actor::Customer, Purpose::SelfView),
            leaf(2, NOON, Actor::Customer, Purpose::SelfView),
            leaf(3, NOON + HOUR, Actor::Staff, Purpose::Support),
            leaf(4, NOON + 2 * HOUR, Actor::Customer, Purpose::SelfView),
        ];
        let told: Vec<_> =
            lines(&[proof(&leaves)]).unwrap().iter().map(|line| (line.at - NOON, line.actor, line.times)).collect();
        assert_eq!(told, [(2 * HOUR, Actor::Customer, 2), (HOUR, Actor::Staff, 1), (-24 * HOUR, Actor::Customer, 1)]);
    }

    #[test]
    fn that_the_ledger_was_restored_is_said_and_up_to_when_the_earlier_one_goes() {
        let now = ReadProof { key: "now".to_owned(), ..proof(&[leaf(1, NOON, Actor::Customer, Purpose::SelfView)]) };
        let one = ReadsView { key: "now".to_owned(), proofs: vec![now.clone()] };
        assert_eq!(restored(&one), None);
        let both = ReadsView { proofs: vec![proof(&[]), now.clone()], ..one };
        assert_eq!(restored(&both), Some(0), "the time of the last leaf under its checkpoint");
        assert_ne!(file_name(&both.proofs[0], "now"), "", "and each proof has a name of its own");
        assert!(words::restored(noren_domain::Lang::En, NOON).contains("not known"));
    }

    #[test]
    fn what_is_no_proof_is_neither_shown_nor_checked() {
        let nonsense = ReadProof { tag: String::new(), key: "k".to_owned(), proof: "nonsense".to_owned() };
        assert!(lines(std::slice::from_ref(&nonsense)).is_err());
        let reads = ReadsView { key: "k".to_owned(), proofs: vec![nonsense] };
        assert!(check(&reads).is_err());
        assert!(check(&ReadsView { proofs: Vec::new(), ..reads }).is_err(), "nothing proves nothing");
    }

    #[test]
    fn a_download_is_the_proof_to_the_letter() {
        assert_eq!(percent("a+b/c=\n— é"), "a%2Bb/c=%0A%E2%80%94%20%C3%A9");
    }
}
