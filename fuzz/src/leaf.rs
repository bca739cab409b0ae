//! Leaves of the read ledger.

use noren_ledger::Hash;
use noren_ledger::leaf::{Act, LEN, Leaf, LeafError, VERSION};
use noren_ledger::tree::leaf_hash;

use crate::world::WORLD;

/// What is read as a leaf is written as it was, so no act has two hashes; and a leaf of a later version is
/// never called a bad one.
pub fn leaf(data: &[u8]) -> bool {
    let read = Leaf::decode(data);
    match data.first() {
        Some(version) if *version > VERSION => assert_eq!(read, Err(LeafError::Version(*version))),
        _ => assert!(!matches!(read, Err(LeafError::Version(_))), "of a later version, and it is not"),
    }
    let Ok(leaf) = read else { return false };
    assert_eq!((leaf.encode().as_slice(), data.len()), (data, LEN), "written in another way");
    assert_eq!(leaf.hash(), leaf_hash(data));
    if let Act::Deed(deed) = leaf.act {
        assert_eq!(deed.judge(), Ok(()));
        let shown = deed.route.name();
        assert!(shown.len() <= 16 && shown.bytes().all(|byte| byte.is_ascii_graphic()), "a route that cannot be shown");
    }
    true
}

/// A leaf of each kind.
pub fn seeds() -> Vec<Vec<u8>> {
    let plain = |act| Leaf { sequence: 0, time: 1, build: 2, act };
    let others = [Act::Key { hash: Hash([5; 32]) }, Act::Continues { size: 3, root: Hash([6; 32]) }].map(plain);
    WORLD.leaves.iter().chain(&others).map(|leaf| leaf.encode().to_vec()).collect()
}
