//! The Merkle tree over the leaves, as in RFC 6962, section 2.1: its root, its proofs, and their
//! verification as in RFC 9162, sections 2.1.3 and 2.1.4.
//!
//! A node is named by its level and its place there: node `(l, i)` spans the leaves from `i · 2^l` up
//! to but not including `(i + 1) · 2^l`. Only whole nodes are ever stored; what a tree needs beyond
//! them is computed.

mod range;

use crate::Hash;

/// The hash of a leaf with these bytes.
pub fn leaf_hash(bytes: &[u8]) -> Hash {
    Hash::of(&[&[0], bytes])
}

/// The hash of the node above two others.
pub fn node_hash(left: Hash, right: Hash) -> Hash {
    Hash::of(&[&[1], &left.0, &right.0])
}

/// The root of a tree without leaves.
pub fn empty_root() -> Hash {
    Hash::of(&[])
}

/// A proof does not prove what it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The leaf or the older tree lies outside the tree.
    #[error("the proof is about something outside the tree")]
    Outside,
    /// It has more or fewer hashes than such a proof has.
    #[error("the proof has the wrong number of hashes")]
    Length,
    /// The hashes do not lead to the root.
    #[error("the proof leads to another root")]
    Root,
}

/// The right edge of a growing tree: the roots of the whole subtrees it is made of, largest first.
/// Enough to add leaves and to know the root; 64 hashes at most.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The tree of `size` leaves, its whole nodes read by `node`.
    pub fn read<E>(size: u64, mut node: impl FnMut(u8, u64) -> Result<Hash, E>) -> Result<Self, E> {
        let mut peaks = Vec::new();
        let mut start = 0;
        for level in (0..64u8).rev().filter(|level| size >> level & 1 == 1) {
            peaks.push(node(level, start >> level)?);
            start += 1 << level;
        }
        Ok(Self { size, peaks })
    }

    /// How many leaves there are.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf by its hash. Every node that becomes whole by it is handed to `whole`, from below.
    pub fn push(&mut self, leaf: Hash, mut whole: impl FnMut(u8, u64, Hash)) {
        let (mut level, mut hash) = (0, leaf);
        whole(0, self.size, hash);
        while self.size >> level & 1 == 1 {
            if let Some(left) = self.peaks.pop() {
                hash = node_hash(left, hash);
            }
            level += 1;
            whole(level, self.size >> level, hash);
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The root.
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev().copied();
        let Some(last) = peaks.next() else { return empty_root() };
        peaks.fold(last, |right, left| node_hash(left, right))
    }
}

/// The largest power of two below `n`, which is at least 2.
fn split(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}

/// The hash over the leaves from `start`, `count` of them, as the tree cuts them.
fn range<E>(start: u64, count: u64, node: &mut impl FnMut(u8, u64) -> Result<Hash, E>) -> Result<Hash, E> {
    if count.is_power_of_two() {
        let level = count.trailing_zeros();
        return node(u8::try_from(level).unwrap_or(63), start >> level);
    }
    let left = split(count);
    Ok(node_hash(range(start, left, node)?, range(start + left, count - left, node)?))
}

/// Proves that leaf `index` is in the tree of `size` leaves: the hashes beside its way up, lowest
/// first (RFC 6962, 2.1.1). `None` if it is not in it. Whole nodes are read by `node`.
pub fn prove_inclusion<E>(
    index: u64,
    size: u64,
    mut node: impl FnMut(u8, u64) -> Result<Hash, E>,
) -> Result<Option<Vec<Hash>>, E> {
    if index >= size {
        return Ok(None);
    }
    let (mut start, mut count) = (0, size);
    let mut proof = Vec::new();
    while count > 1 {
        let left = split(count);
        if index - start < left {
            proof.push(range(start + left, count - left, &mut node)?);
            count = left;
        } else {
            proof.push(range(start, left, &mut node)?);
            start += left;
            count -= left;
        }
    }
    proof.reverse();
    Ok(Some(proof))
}

/// Whether `proof` shows that a leaf with hash `leaf` is at `index` in the tree of `size` leaves with
/// this root (RFC 9162, 2.1.3.2).
pub fn verify_inclusion(leaf: Hash, index: u64, size: u64, proof: &[Hash], root: Hash) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Outside);
    }
    let (mut at, mut last, mut hash) = (index, size - 1, leaf);
    for beside in proof {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(*beside, hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(hash, *beside);
        }
        at >>= 1;
        last >>= 1;
    }
    match (last, hash == root) {
        (0, true) => Ok(()),
        (0, false) => Err(ProofError::Root),
        _ => Err(ProofError::Length),
    }
}

/// Proves that the tree of `old` leaves is the beginning of the one of `new` leaves (RFC 6962, 2.1.2).
/// `None` if `old` is zero or more than `new`. Whole nodes are read by `node`.
pub fn prove_consistency<E>(
    old: u64,
    new: u64,
    mut node: impl FnMut(u8, u64) -> Result<Hash, E>,
) -> Result<Option<Vec<Hash>>, E> {
    if old == 0 || old > new {
        return Ok(None);
    }
    let (mut start, mut count, mut inside, mut whole) = (0, new, old, true);
    let mut proof = Vec::new();
    while inside < count {
        let left = split(count);
        if inside <= left {
            proof.push(range(start + left, count - left, &mut node)?);
            count = left;
        } else {
            proof.push(range(start, left, &mut node)?);
            start += left;
            count -= left;
            inside -= left;
            whole = false;
        }
    }
    if !whole {
        proof.push(range(start, count, &mut node)?);
    }
    proof.reverse();
    Ok(Some(proof))
}

/// Whether `proof` shows that the tree of `old` leaves with root `old_root` is the beginning of the one
/// of `new` leaves with root `new_root` (RFC 9162, 2.1.4.2). The empty tree is the beginning of any,
/// without a proof.
pub fn verify_consistency(
    old: u64,
    old_root: Hash,
    new: u64,
    new_root: Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if old > new {
        return Err(ProofError::Outside);
    }
    if old == 0 || old == new {
        let expected = if old == 0 { empty_root() } else { new_root };
        return match (proof.is_empty(), old_root == expected) {
            (true, true) => Ok(()),
            (true, false) => Err(ProofError::Root),
            (false, _) => Err(ProofError::Length),
        };
    }
    let mut hashes = proof.iter().copied();
    // A whole subtree is its own start: the proof leaves it out.
    let first = if old.is_power_of_two() { Some(old_root) } else { hashes.next() };
    let first = first.ok_or(ProofError::Length)?;
    let (mut at, mut last) = (old - 1, new - 1);
    while at & 1 == 1 {
        at >>= 1;
        last >>= 1;
    }
    let (mut of_old, mut of_new) = (first, first);
    for beside in hashes {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if at & 1 == 1 || at == last {
            of_old = node_hash(beside, of_old);
            of_new = node_hash(beside, of_new);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            of_new = node_hash(of_new, beside);
        }
        at >>= 1;
        last >>= 1;
    }
    match (last, of_old == old_root && of_new == new_root) {
        (0, true) => Ok(()),
        (0, false) => Err(ProofError::Root),
        _ => Err(ProofError::Length),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    /// The roots of RFC 6962 as its section 2.1 defines them, in the plainest way.
    fn by_definition(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => empty_root(),
            [one] => *one,
            many => {
                let (left, right) = many.split_at(usize::try_from(split(many.len() as u64)).unwrap());
                node_hash(by_definition(left), by_definition(right))
            }
        }
    }

    fn leaves(count: u64) -> Vec<Hash> {
        (0..count).map(|no| leaf_hash(&no.to_be_bytes())).collect()
    }

    struct Grown {
        frontier: Frontier,
        nodes: HashMap<(u8, u64), Hash>,
        roots: Vec<Hash>,
    }

    fn grown(count: u64) -> Grown {
        let mut frontier = Frontier::default();
        let mut nodes = HashMap::new();
        let mut roots = vec![frontier.root()];
        for leaf in leaves(count) {
            frontier.push(leaf, |level, index, hash| {
                nodes.insert((level, index), hash);
            });
            roots.push(frontier.root());
        }
        Grown { frontier, nodes, roots }
    }

    impl Grown {
        fn node(&self) -> impl FnMut(u8, u64) -> Result<Hash, Infallible> + '_ {
            |level, index| Ok(self.nodes[&(level, index)])
        }
    }

    #[test]
    fn the_root_is_the_one_of_the_rfc_at_every_size() {
        let tree = grown(130);
        for (size, root) in tree.roots.iter().enumerate() {
            assert_eq!(*root, by_definition(&leaves(size as u64)), "{size}");
        }
        assert_eq!(Frontier::read(130, tree.node()).unwrap(), tree.frontier);
    }

    /// The test vectors of certificate-transparency's own tests, which every implementation repeats.
    #[test]
    fn the_known_roots_come_out() {
        let inputs: [&[u8]; 8] = [
            &[],
            &[0],
            &[0x10],
            &[0x20, 0x21],
            &[0x30, 0x31],
            &[0x40, 0x41, 0x42, 0x43],
            &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
            &[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
        ];
        let known = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut tree = Frontier::default();
        for (input, known) in inputs.iter().zip(known) {
            tree.push(leaf_hash(input), |_, _, _| {});
            let hex: String = tree.root().0.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hex, known);
        }
    }

    #[test]
    fn every_leaf_of_every_tree_is_proven_and_no_other_leaf_is() {
        let all = leaves(70);
        let tree = grown(70);
        for size in 1..=70u64 {
            for index in 0..size {
                let proof = prove_inclusion(index, size, tree.node()).unwrap().unwrap();
                let root = tree.roots[usize::try_from(size).unwrap()];
                let leaf = all[usize::try_from(index).unwrap()];
                assert_eq!(verify_inclusion(leaf, index, size, &proof, root), Ok(()));
                let other = all[usize::try_from((index + 1) % 70).unwrap()];
                assert_eq!(verify_inclusion(other, index, size, &proof, root), Err(ProofError::Root));
                assert!(verify_inclusion(leaf, (index + 1) % size, size, &proof, root).is_err() || size == 1);
            }
            assert_eq!(prove_inclusion(size, size, tree.node()).unwrap(), None);
        }
    }

    #[test]
    fn every_tree_is_proven_to_be_the_beginning_of_every_later_one() {
        let tree = grown(70);
        for new in 1..=70u64 {
            for old in 1..=new {
                let proof = prove_consistency(old, new, tree.node()).unwrap().unwrap();
                let (a, b) = (tree.roots[usize::try_from(old).unwrap()], tree.roots[usize::try_from(new).unwrap()]);
                assert_eq!(verify_consistency(old, a, new, b, &proof), Ok(()), "{old} in {new}");
                assert!(verify_consistency(old, b, new, a, &proof).is_err() || old == new, "{old} in {new}");
                assert!(verify_consistency(old, leaf_hash(b"forked"), new, b, &proof).is_err(), "{old} in {new}");
            }
            assert_eq!(verify_consistency(0, empty_root(), new, tree.roots[1], &[]), Ok(()));
            assert_eq!(prove_consistency(0, new, tree.node()).unwrap(), None);
        }
    }

    proptest! {
        #[test]
        fn a_changed_proof_proves_nothing(
            size in 2u64..300, at in any::<prop::sample::Index>(), old in any::<prop::sample::Index>(),
            which in any::<prop::sample::Index>(), bit in 0usize..256, cut in any::<bool>(),
        ) {
            let tree = grown(size);
            let root = tree.frontier.root();
            let index = at.index(usize::try_from(size).unwrap()) as u64;
            let mut proof = prove_inclusion(index, size, tree.node()).unwrap().unwrap();
            let place = which.index(proof.len());
            if cut { proof.remove(place); } else { proof[place].0[bit / 8] ^= 1 << (bit % 8); }
            prop_assert!(verify_inclusion(leaves(size)[usize::try_from(index).unwrap()], index, size, &proof, root).is_err());

            let old = 1 + old.index(usize::try_from(size - 1).unwrap()) as u64;
            let mut proof = prove_consistency(old, size, tree.node()).unwrap().unwrap();
            let place = which.index(proof.len());
            if cut { proof.remove(place); } else { proof[place].0[bit / 8] ^= 1 << (bit % 8); }
            prop_assert!(verify_consistency(old, tree.roots[usize::try_from(old).unwrap()], size, root, &proof).is_err());
        }

        #[test]
        fn no_proof_makes_the_verifier_fall(index in any::<u64>(), size in any::<u64>(), hashes in prop::collection::vec(any::<[u8; 32]>(), 0..70)) {
            let proof: Vec<Hash> = hashes.into_iter().map(Hash).collect();
            let _ = verify_inclusion(Hash::ZERO, index, size, &proof, Hash::ZERO);
            let _ = verify_consistency(index, Hash::ZERO, size, Hash::ZERO, &proof);
        }
    }
}
