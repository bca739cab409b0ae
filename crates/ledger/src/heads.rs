//! The tree of heads: for every subject its last leaf and how many it has.
//!
//! The Merkle tree proves that a leaf is in the ledger. It cannot prove that there is no other one about
//! you. This tree can: its root stands in the last leaf under every checkpoint, and a subject has one
//! place in it. Either its head is there, from which all its leaves follow backwards, or the place is
//! empty and nothing about the subject was ever written.
//!
//! It is a binary tree over the bits of the [`Tag`], most significant first. A subtree without subjects
//! is [`Hash::ZERO`], one with a single subject is the hash of its head, any other is the hash of its two
//! halves. So the root follows from the set of heads alone, in whatever order they came.

use std::collections::HashMap;

use crate::Hash;
use crate::leaf::Tag;

/// The last leaf of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The subject.
    pub tag: Tag,
    /// How many leaves it has.
    pub count: u32,
    /// Where its last leaf is.
    pub sequence: u64,
    /// Hash of its last leaf.
    pub leaf: Hash,
}

impl Head {
    /// Bytes of a head: tag, count, sequence, hash.
    pub const LEN: usize = 60;

    /// Its bytes, numbers big-endian.
    pub fn encode(&self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[..16].copy_from_slice(&self.tag.0);
        bytes[16..20].copy_from_slice(&self.count.to_be_bytes());
        bytes[20..28].copy_from_slice(&self.sequence.to_be_bytes());
        bytes[28..].copy_from_slice(&self.leaf.0);
        bytes
    }

    /// The head that these bytes are.
    pub fn decode(bytes: &[u8; Self::LEN]) -> Self {
        let mut head = Self { tag: Tag::NOBODY, count: 0, sequence: 0, leaf: Hash::ZERO };
        head.tag.0.copy_from_slice(&bytes[..16]);
        head.count = u32::from_be_bytes([bytes[16], bytes[17], bytes[18], bytes[19]]);
        head.sequence = bytes[20..28].iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        head.leaf.0.copy_from_slice(&bytes[28..]);
        head
    }

    /// Its hash in the tree of heads. Never that of a leaf or a node of the Merkle tree, which begin
    /// with 0 and 1.
    pub fn hash(&self) -> Hash {
        Hash::of(&[&[2], &self.encode()])
    }
}

fn inner_hash(left: Hash, right: Hash) -> Hash {
    Hash::of(&[&[3], &left.0, &right.0])
}

/// Bits of a tag, and so the most steps down from the root.
const BITS: usize = 128;

fn bit(tag: Tag, at: usize) -> bool {
    tag.0[at / 8] >> (7 - at % 8) & 1 == 1
}

/// How many bits two tags begin with alike.
fn alike(a: Tag, b: Tag) -> usize {
    (u128::from_be_bytes(a.0) ^ u128::from_be_bytes(b.0)).leading_zeros() as usize
}

/// What a proof about a subject ends in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Nobody is here.
    Nobody,
    /// The head of the subject; or that of another one, which stands alone where the subject would be.
    Head(Head),
}

/// Proof of what the tree holds about one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadProof {
    /// The hashes beside the way from the root down.
    pub beside: Vec<Hash>,
    /// What is at its end.
    pub end: End,
}

impl HeadProof {
    /// What the tree with this root holds about `tag`: its head, or `None` for "nothing was ever
    /// written". `Err` if the proof does not belong to this root or subject.
    pub fn verify(&self, tag: Tag, root: Hash) -> Result<Option<Head>, WrongHeadProof> {
        let depth = self.beside.len();
        let (mut hash, found) = match &self.end {
            _ if depth > BITS => return Err(WrongHeadProof),
            End::Nobody => (Hash::ZERO, None),
            End::Head(head) if head.tag == tag => (head.hash(), Some(*head)),
            // Somebody else's head proves that ours is missing only on our own way.
            End::Head(head) if alike(head.tag, tag) >= depth => (head.hash(), None),
            End::Head(_) => return Err(WrongHeadProof),
        };
        for (at, beside) in self.beside.iter().enumerate().rev() {
            hash = if bit(tag, at) { inner_hash(*beside, hash) } else { inner_hash(hash, *beside) };
        }
        if hash == root { Ok(found) } else { Err(WrongHeadProof) }
    }
}

/// The proof does not belong to this root or this subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the proof of the subject's head does not lead to the root in the ledger")]
pub struct WrongHeadProof;

/// Number of a node; [`NONE`] where nobody is.
type Id = u32;
const NONE: Id = Id::MAX;

enum Node {
    Head(Head),
    /// Its hash is `None` while something below it has changed since it was computed.
    Inner {
        left: Id,
        right: Id,
        hash: Option<Hash>,
    },
}

/// The tree itself, as the vault and an auditor keep it.
#[derive(Default)]
pub struct Heads {
    nodes: Vec<Node>,
    root: Option<Id>,
    places: HashMap<Tag, Id>,
}

impl Heads {
    /// How many subjects there are.
    pub fn subjects(&self) -> u64 {
        self.places.len() as u64
    }

    /// The head of a subject.
    pub fn get(&self, tag: Tag) -> Option<&Head> {
        match self.nodes.get(*self.places.get(&tag)? as usize)? {
            Node::Head(head) => Some(head),
            Node::Inner { .. } => None,
        }
    }

    /// All heads, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Head> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Head(head) => Some(head),
            Node::Inner { .. } => None,
        })
    }

    /// Puts a head in the place of the subject's earlier one.
    pub fn set(&mut self, head: Head) {
        let Some(root) = self.root else {
            self.root = Some(self.add(head));
            return;
        };
        let (mut at, mut depth, mut above) = (root, 0, None);
        loop {
            match &mut self.nodes[at as usize] {
                Node::Head(old) if old.tag == head.tag => {
                    *old = head;
                    return;
                }
                Node::Head(old) => {
                    let old = old.tag;
                    self.part(at, old, head, depth, above);
                    return;
                }
                Node::Inner { left, right, hash } => {
                    *hash = None;
                    let right_of = bit(head.tag, depth);
                    let next = if right_of { *right } else { *left };
                    if next == NONE {
                        let new = self.add(head);
                        self.link(at, right_of, new);
                        return;
                    }
                    above = Some((at, right_of));
                    at = next;
                    depth += 1;
                }
            }
        }
    }

    /// Puts nodes between a head that stands alone and what is above it, down to where it and the new one part.
    fn part(&mut self, old_at: Id, old: Tag, head: Head, depth: usize, above: Option<(Id, bool)>) {
        let fork = alike(old, head.tag);
        let new = self.add(head);
        let (left, right) = if bit(head.tag, fork) { (old_at, new) } else { (new, old_at) };
        let mut top = self.push(Node::Inner { left, right, hash: None });
        for at in (depth..fork).rev() {
            let (left, right) = if bit(head.tag, at) { (NONE, top) } else { (top, NONE) };
            top = self.push(Node::Inner { left, right, hash: None });
        }
        match above {
            Some((parent, right_of)) => self.link(parent, right_of, top),
            None => self.root = Some(top),
        }
    }

    fn add(&mut self, head: Head) -> Id {
        let id = self.push(Node::Head(head));
        self.places.insert(head.tag, id);
        id
    }

    fn push(&mut self, node: Node) -> Id {
        let id = Id::try_from(self.nodes.len()).expect("a ledger has fewer than two thousand million subjects");
        self.nodes.push(node);
        id
    }

    fn link(&mut self, parent: Id, right_of: bool, child: Id) {
        if let Node::Inner { left, right, .. } = &mut self.nodes[parent as usize] {
            *(if right_of { right } else { left }) = child;
        }
    }

    /// The root. Costs as much as has changed since it was last asked for.
    pub fn root(&mut self) -> Hash {
        self.root.map_or(Hash::ZERO, |root| self.hash(root))
    }

    fn hash(&mut self, at: Id) -> Hash {
        if at == NONE {
            return Hash::ZERO;
        }
        let (left, right) = match &self.nodes[at as usize] {
            Node::Head(head) => return head.hash(),
            Node::Inner { hash: Some(hash), .. } => return *hash,
            Node::Inner { left, right, .. } => (*left, *right),
        };
        let computed = inner_hash(self.hash(left), self.hash(right));
        if let Node::Inner { hash, .. } = &mut self.nodes[at as usize] {
            *hash = Some(computed);
        }
        computed
    }

    /// Proves what is held about `tag`.
    pub fn prove(&mut self, tag: Tag) -> HeadProof {
        let mut proof = HeadProof { beside: Vec::new(), end: End::Nobody };
        let mut at = self.root.unwrap_or(NONE);
        while at != NONE {
            match &self.nodes[at as usize] {
                Node::Head(head) => {
                    proof.end = End::Head(*head);
                    break;
                }
                Node::Inner { left, right, .. } => {
                    let (next, beside) = if bit(tag, proof.beside.len()) { (*right, *left) } else { (*left, *right) };
                    let beside = self.hash(beside);
                    proof.beside.push(beside);
                    at = next;
                }
            }
        }
        proof
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn head(tag: u128, count: u32) -> Head {
        Head { tag: Tag(tag.to_be_bytes()), count, sequence: u64::from(count) * 7, leaf: Hash([3; 32]) }
    }

    /// The root as the rules at the top say it, in the plainest way.
    fn by_definition(heads: &[Head], depth: usize) -> Hash {
        match heads {
            [] => Hash::ZERO,
            [one] => one.hash(),
            many => {
                let (right, left): (Vec<Head>, Vec<Head>) = many.iter().copied().partition(|head| bit(head.tag, depth));
                inner_hash(by_definition(&left, depth + 1), by_definition(&right, depth + 1))
            }
        }
    }

    #[test]
    fn tags_that_part_only_at_their_last_bit_stand_side_by_side() {
        let mut heads = Heads::default();
        for tag in [0u128, 1, u128::MAX, u128::MAX - 1, 1 << 127] {
            heads.set(head(tag, 1));
        }
        let root = heads.root();
        for tag in [0u128, 1, u128::MAX] {
            let proof = heads.prove(Tag(tag.to_be_bytes()));
            assert_eq!(proof.verify(Tag(tag.to_be_bytes()), root), Ok(Some(head(tag, 1))));
        }
        assert_eq!(heads.prove(Tag([0; 16])).beside.len(), BITS);
        assert_eq!(heads.prove(Tag(2u128.to_be_bytes())).verify(Tag(2u128.to_be_bytes()), root), Ok(None));
    }

    #[test]
    fn bytes_of_a_head_are_read_as_they_were_written() {
        let head = head(0x0102_0304, 9);
        assert_eq!(Head::decode(&head.encode()), head);
    }

    proptest! {
        #[test]
        fn the_root_follows_from_the_heads_alone_and_every_subject_is_proven(
            // Few bits, so that many begin alike.
            tags in prop::collection::vec(0u128..40, 0..40), shift in 0u32..120, others in prop::collection::vec(0u128..40, 5), turn in any::<prop::sample::Index>(),
        ) {
            let mut heads = Heads::default();
            let mut last: HashMap<u128, Head> = HashMap::new();
            for (count, tag) in (1..).zip(&tags) {
                let head = head(tag << shift, count);
                heads.set(head);
                last.insert(tag << shift, head);
                if count % 3 == 0 { heads.root(); }
            }
            let mut all: Vec<Head> = last.values().copied().collect();
            let root = heads.root();
            prop_assert_eq!(root, by_definition(&all, 0));
            prop_assert_eq!(heads.subjects(), all.len() as u64);
            if !all.is_empty() { let turn = turn.index(all.len()); all.rotate_left(turn); }
            let mut again = Heads::default();
            for head in &all { again.set(*head); }
            prop_assert_eq!(again.root(), root, "in whatever order they came");
            for tag in tags.iter().chain(&others).map(|tag| tag << shift) {
                let tag = Tag(tag.to_be_bytes());
                let proof = heads.prove(tag);
                prop_assert_eq!(proof.verify(tag, root), Ok(last.get(&u128::from_be_bytes(tag.0)).copied()));
            }
        }

        #[test]
        fn no_changed_proof_hides_or_makes_up_a_head(
            tags in prop::collection::btree_set(any::<u128>(), 2..30), of in any::<prop::sample::Index>(),
            at in any::<prop::sample::Index>(), bit in 0usize..256, how in 0..5,
        ) {
            let mut heads = Heads::default();
            for tag in &tags { heads.set(head(*tag, 1)); }
            let root = heads.root();
            let tags: Vec<u128> = tags.into_iter().collect();
            let tag = Tag(tags[of.index(tags.len())].to_be_bytes());
            let mut proof = heads.prove(tag);
            let place = at.index(proof.beside.len());
            match how {
                0 => proof.beside[place].0[bit / 8] ^= 1 << (bit % 8),
                1 => drop(proof.beside.remove(place)),
                2 => proof.end = End::Nobody,
                3 => proof.end = End::Head(Head { count: 0, ..*heads.get(tag).unwrap() }),
                _ => proof.end = End::Head(head(tags[(of.index(tags.len()) + 1) % tags.len()], 1)),
            }
            prop_assert_eq!(proof.verify(tag, root), Err(WrongHeadProof));
        }
    }
}
