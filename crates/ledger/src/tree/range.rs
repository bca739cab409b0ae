//! Trees of which only some leaves are at hand: that these stand in a tree is proven by them and by the whole
//! nodes on both sides, without reading any other leaf.
//!
//! [`Frontier::read`] takes up what is before the leaves, [`Frontier::push`] takes the leaves themselves,
//! [`Frontier::fill`] what is behind them. Nodes that are not those of the tree, and leaves that are others or
//! stand elsewhere, lead to another root; so whoever knows the root has to trust nobody for the nodes.

use super::{Frontier, node_hash};
use crate::Hash;

impl Frontier {
    /// Goes on to the tree of `size` leaves without their leaves: by the largest whole nodes that follow, read by
    /// `node`. At most two for each level.
    pub fn fill<E>(&mut self, size: u64, mut node: impl FnMut(u8, u64) -> Result<Hash, E>) -> Result<(), E> {
        while self.size < size {
            let level = self.size.trailing_zeros().min((size - self.size).ilog2());
            let level = u8::try_from(level).unwrap_or(63);
            self.join(level, node(level, self.size >> level)?);
        }
        Ok(())
    }

    /// Adds a whole node, which begins where the tree ends.
    fn join(&mut self, level: u8, node: Hash) {
        let (mut above, mut hash) = (level, node);
        while self.size >> above & 1 == 1 {
            if let Some(left) = self.peaks.pop() {
                hash = node_hash(left, hash);
            }
            above += 1;
        }
        self.peaks.push(hash);
        self.size += 1 << level;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::super::leaf_hash;
    use super::*;

    /// The tree of `size` leaves, grown leaf by leaf, with all its whole nodes.
    fn grown(size: u64) -> (Frontier, HashMap<(u8, u64), Hash>) {
        let (mut tree, mut nodes) = (Frontier::default(), HashMap::new());
        for no in 0..size {
            tree.push(leaf_hash(&no.to_be_bytes()), |level, index, hash| {
                nodes.insert((level, index), hash);
            });
        }
        (tree, nodes)
    }

    /// The root from the leaves between `first` and `end` and the nodes on both sides; and which were read.
    fn root(
        nodes: &HashMap<(u8, u64), Hash>,
        (first, end, size): (u64, u64, u64),
        leaf: impl Fn(u64) -> Hash,
    ) -> (Frontier, Vec<(u8, u64)>) {
        let mut read = Vec::new();
        let mut node = |level, index| {
            read.push((level, index));
            Ok::<_, Infallible>(nodes[&(level, index)])
        };
        let mut tree = Frontier::read(first, &mut node).unwrap();
        (first..end).for_each(|no| tree.push(leaf(no), |_, _, _| {}));
        tree.fill(size, node).unwrap();
        (tree, read)
    }

    fn leaf(no: u64) -> Hash {
        leaf_hash(&no.to_be_bytes())
    }

    #[test]
    fn every_range_of_every_tree_leads_to_its_root() {
        for size in 0..=40 {
            let (tree, nodes) = grown(size);
            for first in 0..=size {
                for end in first..=size {
                    assert_eq!(root(&nodes, (first, end, size), leaf).0, tree, "{first} to {end} of {size}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn a_range_is_proven_by_it_alone_and_by_few_nodes(size in 1u64..3_000, a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>()) {
            let (tree, nodes) = grown(size);
            let places = usize::try_from(size).unwrap() + 1;
            let (a, b) = (a.index(places) as u64, b.index(places) as u64);
            let (first, end) = (a.min(b), a.max(b));
            let (ranged, read) = root(&nodes, (first, end, size), leaf);
            prop_assert_eq!(&ranged, &tree);
            prop_assert!(read.len() <= 36, "three thousand leaves have twelve levels");
            let within = |(level, index): &(u8, u64)| index << level < end && (index + 1) << level > first;
            prop_assert!(!read.iter().any(within), "what is in the range is computed, not read");
        }

        #[test]
        fn another_leaf_another_place_and_another_node_lead_to_another_root(
            size in 2u64..600, a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>(),
            which in any::<prop::sample::Index>(), bit in 0usize..256,
        ) {
            let (tree, nodes) = grown(size);
            let places = usize::try_from(size).unwrap();
            let (a, b) = (a.index(places) as u64, b.index(places) as u64);
            let (first, end) = (a.min(b), a.max(b) + 1);
            let changed = first + which.index(usize::try_from(end - first).unwrap()) as u64;
            let other = |no| if no == changed { leaf(no + size) } else { leaf(no) };
            prop_assert_ne!(root(&nodes, (first, end, size), other).0.root(), tree.root());
            let swapped = |no| if no == changed { leaf((no + 1) % size) } else if no == (changed + 1) % size { leaf(changed) } else { leaf(no) };
            prop_assert_ne!(root(&nodes, (first, end, size), swapped).0.root(), tree.root());
            let read = root(&nodes, (first, end, size), leaf).1;
            if !read.is_empty() {
                let mut nodes = nodes.clone();
                let at = read[which.index(read.len())];
                nodes.get_mut(&at).unwrap().0[bit / 8] ^= 1 << (bit % 8);
                prop_assert_ne!(root(&nodes, (first, end, size), leaf).0.root(), tree.root());
            }
        }
    }
}
