//! Who read the person's data, as the ledger has it: the entries in words, and the proofs that they are all.

use noren_ledger::leaf::{Act, Deed};
use noren_ledger::proof::{LeafProof, ProofFault, SubjectProof};
use serde::Serialize;

use super::ExportError;
use crate::Shop;
use crate::account::view;
use crate::notice::NoticeError;
use crate::session::SignedIn;

noren_domain::masked!(Read, Proven);

/// One entry.
#[derive(Serialize)]
pub(super) struct Read {
    pub at: u64,
    pub act: &'static str,
    pub purpose: Option<&'static str>,
    pub actor: &'static str,
    pub fields: Vec<&'static str>,
    pub outcome: &'static str,
}

/// All that one ledger holds under one name of the person.
#[derive(Serialize)]
pub(super) struct Proven {
    pub tag: String,
    pub key: String,
    /// A C2SP tlog-proof, as `noren ledger proof` takes it.
    pub proof: String,
}

/// The entries, the oldest first, and their proofs; `None`: the key is lost by which the ledger knows the person.
pub(super) async fn all(shop: &Shop, who: &SignedIn) -> Result<Option<(Vec<Read>, Vec<Proven>)>, ExportError> {
    let reads = match view::reads(shop, who, "account/export").await {
        Err(NoticeError::Vault(error)) if error.is_lost() => return Ok(None),
        reads => reads?,
    };
    let (mut entries, mut proofs) = (Vec::new(), Vec::new());
    for proof in reads.proofs {
        // One that cannot be read here stands in the copy all the same.
        match leaves(&proof.proof) {
            Ok(some) => entries.extend(some),
            Err(error) => tracing::error!(%error, "a proof of the ledger cannot be read"),
        }
        proofs.push(Proven { tag: proof.tag, key: proof.key, proof: proof.proof });
    }
    entries.sort_by_key(|entry: &Read| entry.at);
    Ok(Some((entries, proofs)))
}

fn leaves(proof: &str) -> Result<Vec<Read>, ProofFault> {
    let proof: LeafProof = proof.parse()?;
    let leaves = SubjectProof::decode(&proof.extra)?.leaves;
    let read = |leaf: noren_ledger::leaf::Leaf| {
        let Act::Deed(Deed { kind, purpose, actor, fields, outcome, .. }) = leaf.act else { return None };
        Some(Read {
            at: leaf.time,
            act: kind.word(),
            purpose: purpose.map(noren_ledger::leaf::Purpose::word),
            actor: actor.word(),
            fields: fields.iter().map(noren_ledger::leaf::Field::word).collect(),
            outcome: outcome.word(),
        })
    };
    Ok(leaves.into_iter().filter_map(read).collect())
}
