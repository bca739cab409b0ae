//! Proofs as files: that one leaf is in the ledger (C2SP tlog-proof), and all that was ever written
//! about one subject.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::Hash;
use crate::checkpoint::{Checkpoint, CheckpointError, decimal};
use crate::heads::{End, Head, HeadProof, WrongHeadProof};
use crate::leaf::{Act, Deed, LEN, Leaf, LeafError, Tag};
use crate::note::{Note, NoteError, Signed, VerifierKey};
use crate::tree::{ProofError, leaf_hash, verify_inclusion};

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// Proof that a leaf is in the ledger, in the form of C2SP tlog-proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeafProof {
    /// What else a verifier needs; nothing in it is proven by the proof itself.
    pub extra: Vec<u8>,
    /// Place of the leaf.
    pub index: u64,
    /// The hashes beside its way up, lowest first.
    pub hashes: Vec<Hash>,
    /// The checkpoint that the way leads to, as it was signed.
    pub checkpoint: Note,
}

/// Why a proof proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofFault {
    /// Not in the form of C2SP tlog-proof.
    #[error("the file is no proof in the form of C2SP tlog-proof")]
    Malformed,
    /// What is extra in it is from a later version of the shop: it may be right, and this program cannot tell.
    #[error("the proof is written in version {0}, and this program, which knows version 1, is too old for it")]
    Version(u8),
    /// The checkpoint in it.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The leaf is not in the log.
    #[error(transparent)]
    Inclusion(#[from] ProofError),
    /// A leaf in it is none.
    #[error(transparent)]
    Leaf(#[from] LeafError),
    /// It ends in no leaf of heads, or not in the last leaf of the log.
    #[error("the proof does not begin at the last leaf under the checkpoint")]
    NotLast,
    /// The head of the subject.
    #[error(transparent)]
    Head(#[from] WrongHeadProof),
    /// Leaves of the subject are missing, made up or out of order.
    #[error("the leaves about this person are not all of them, or not as they were written")]
    Chain,
}

impl ProofFault {
    /// Whether the proof may be right, and only this program is too old to tell.
    pub fn too_new(&self) -> bool {
        matches!(self, Self::Version(_) | Self::Leaf(LeafError::Version(_)))
    }
}

impl From<NoteError> for ProofFault {
    fn from(fault: NoteError) -> Self {
        Self::Checkpoint(fault.into())
    }
}

impl LeafProof {
    /// Checks that the leaf with these bytes is where the proof says, under a checkpoint that its log has
    /// signed; gives the checkpoint and who signed it.
    pub fn verify<'a>(
        &self,
        leaf: &[u8],
        known: &'a [VerifierKey],
    ) -> Result<(Checkpoint, Vec<Signed<'a>>), ProofFault> {
        let (checkpoint, signed) = Checkpoint::open(&self.checkpoint, known)?;
        verify_inclusion(leaf_hash(leaf), self.index, checkpoint.size, &self.hashes, checkpoint.root)?;
        Ok((checkpoint, signed))
    }
}

impl fmt::Display for LeafProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}")?;
        if !self.extra.is_empty() {
            writeln!(f, "extra {}", STANDARD.encode(&self.extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

impl FromStr for LeafProof {
    type Err = ProofFault;

    fn from_str(text: &str) -> Result<Self, ProofFault> {
        let (head, checkpoint) = text.split_once("\n\n").ok_or(ProofFault::Malformed)?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(FIRST_LINE) {
            return Err(ProofFault::Malformed);
        }
        let extra = match lines.next_if(|line| line.starts_with("extra ")) {
            // Where there is nothing extra there is no such line.
            Some("extra ") => return Err(ProofFault::Malformed),
            Some(line) => STANDARD.decode(&line["extra ".len()..]).map_err(|_| ProofFault::Malformed)?,
            None => Vec::new(),
        };
        let index = lines.next().and_then(|line| decimal(line.strip_prefix("index ")?)).ok_or(ProofFault::Malformed)?;
        let hashes = lines.map(|line| line.parse().map_err(|_| ProofFault::Malformed)).collect::<Result<_, _>>()?;
        Ok(Self { extra, index, hashes, checkpoint: checkpoint.parse()? })
    }
}

/// All that was ever written about one subject, with the proof that it is all. It travels as a
/// [`LeafProof`] of the last leaf under a checkpoint, which holds the root of the tree of heads; the way
/// from there to the subject's head, and its leaves, stand in `extra`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectProof {
    /// The last leaf under the checkpoint.
    pub last: Leaf,
    /// From its root of heads to the subject.
    pub head: HeadProof,
    /// The subject's leaves, oldest first.
    pub leaves: Vec<Leaf>,
}

/// What a [`SubjectProof`] came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven<'a> {
    /// Up to where.
    pub checkpoint: Checkpoint,
    /// Up to when: the time of the last leaf under it, in UTC milliseconds.
    pub as_of: u64,
    /// Who signed that.
    pub signed: Vec<Signed<'a>>,
    /// Every leaf about the subject, oldest first; none: nothing was ever written about it.
    pub leaves: Vec<(Leaf, Deed)>,
}

/// Layout of `extra`.
const EXTRA_VERSION: u8 = 1;

impl SubjectProof {
    /// As the `extra` of a [`LeafProof`]: version; the last leaf; how many hashes, and they; 1 and a head
    /// or 0; how many leaves in four bytes, and they.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![EXTRA_VERSION];
        bytes.extend(self.last.encode());
        bytes.push(u8::try_from(self.head.beside.len()).expect("a way down is at most 128 steps long"));
        self.head.beside.iter().for_each(|hash| bytes.extend(hash.0));
        match &self.head.end {
            End::Nobody => bytes.push(0),
            End::Head(head) => {
                bytes.push(1);
                bytes.extend(head.encode());
            }
        }
        bytes
            .extend(u32::try_from(self.leaves.len()).expect("a subject's leaves are counted in 32 bits").to_be_bytes());
        self.leaves.iter().for_each(|leaf| bytes.extend(leaf.encode()));
        bytes
    }

    /// What [`encode`](Self::encode) wrote.
    pub fn decode(extra: &[u8]) -> Result<Self, ProofFault> {
        let mut rest = extra;
        let [version] = take(&mut rest)?;
        match version {
            EXTRA_VERSION => {}
            0 => return Err(ProofFault::Malformed),
            later => return Err(ProofFault::Version(later)),
        }
        let last = Leaf::decode(&take::<LEN>(&mut rest)?)?;
        let [steps] = take(&mut rest)?;
        let beside = (0..steps).map(|_| take(&mut rest).map(Hash)).collect::<Result<_, _>>()?;
        let end = match take(&mut rest)? {
            [0] => End::Nobody,
            [1] => End::Head(Head::decode(&take(&mut rest)?)),
            _ => return Err(ProofFault::Malformed),
        };
        let count = u32::from_be_bytes(take(&mut rest)?);
        let (leaves, left) = rest.as_chunks::<LEN>();
        if !left.is_empty() || u32::try_from(leaves.len()) != Ok(count) {
            return Err(ProofFault::Malformed);
        }
        let leaves = leaves.iter().map(|leaf| Leaf::decode(leaf)).collect::<Result<_, _>>()?;
        Ok(Self { last, head: HeadProof { beside, end }, leaves })
    }

    /// Checks a file about `tag`: that its checkpoint is signed, that the heads it begins at are the last
    /// leaf under it, and that the leaves are all there are, from the first one on.
    pub fn verify<'a>(proof: &LeafProof, tag: Tag, known: &'a [VerifierKey]) -> Result<Proven<'a>, ProofFault> {
        let subject = Self::decode(&proof.extra)?;
        let (checkpoint, signed) = proof.verify(&subject.last.encode(), known)?;
        let Act::Heads { root, .. } = subject.last.act else { return Err(ProofFault::NotLast) };
        if subject.last.sequence != proof.index || proof.index + 1 != checkpoint.size {
            return Err(ProofFault::NotLast);
        }
        let head = subject.head.verify(tag, root)?;
        let leaves = chain(tag, head, &subject.leaves, proof.index).ok_or(ProofFault::Chain)?;
        Ok(Proven { checkpoint, as_of: subject.last.time, signed, leaves })
    }
}

/// The leaves with their deeds, if they lead from the first one to the head and all stand below `end`.
fn chain(tag: Tag, head: Option<Head>, leaves: &[Leaf], end: u64) -> Option<Vec<(Leaf, Deed)>> {
    let mut previous = Hash::ZERO;
    let mut sequence = None;
    let mut chain = Vec::with_capacity(leaves.len());
    for (count, leaf) in (1u32..).zip(leaves) {
        let Act::Deed(deed) = leaf.act else { return None };
        let follows = deed.subject == tag
            && deed.count == count
            && deed.previous == previous
            && deed.previous_at == sequence.unwrap_or_default();
        if !follows || Some(leaf.sequence) <= sequence || leaf.sequence >= end {
            return None;
        }
        previous = leaf.hash();
        sequence = Some(leaf.sequence);
        chain.push((*leaf, deed));
    }
    let ends = match head {
        None => leaves.is_empty(),
        Some(head) => {
            u32::try_from(leaves.len()) == Ok(head.count) && head.leaf == previous && Some(head.sequence) == sequence
        }
    };
    ends.then_some(chain)
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], ProofFault> {
    let (first, rest) = bytes.split_first_chunk::<N>().ok_or(ProofFault::Malformed)?;
    *bytes = rest;
    Ok(*first)
}
