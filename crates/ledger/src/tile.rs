//! The tree as files, as in C2SP tlog-tiles: hashes in tiles of 256, leaves in bundles of 256.

use crate::Hash;
use crate::tree::node_hash;

/// Hashes in a whole tile, leaves in a whole bundle.
pub const WIDTH: u64 = 256;

/// A file of the tree. `width` is 256, or less at the right edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tile {
    /// 0 for hashes of leaves; each hash of a higher tile stands for a whole tile below.
    pub level: u8,
    /// Its place in its level.
    pub index: u64,
    /// How many hashes it holds, 1 to 256.
    pub width: u16,
}

/// Bytes that are no tile or bundle of this width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the file is not as long as its name says")]
pub struct WrongTile;

impl Tile {
    /// The tile that holds what node `(level, index)` is made of, in a tree of `size` leaves; `None` if
    /// the tree has no such whole node.
    pub fn holding(level: u8, index: u64, size: u64) -> Option<Self> {
        let last = index.checked_add(1)?.checked_mul(1u64.checked_shl(u32::from(level))?)?;
        if last > size {
            return None;
        }
        let (tile_level, within) = (level / 8, level % 8);
        let (index, whole) = (index >> (8 - within), size >> (8 * u32::from(tile_level)));
        let width = u16::try_from((whole - index * WIDTH).min(WIDTH)).ok()?;
        Some(Self { level: tile_level, index, width })
    }

    /// The tiles of a tree of `new` leaves that one of `old` leaves did not have, level by level.
    pub fn added(old: u64, new: u64) -> impl Iterator<Item = Self> {
        (0..8u8).flat_map(move |level| {
            let (before, after) = (old >> (8 * u32::from(level)), new >> (8 * u32::from(level)));
            let first = if before == after { after.div_ceil(WIDTH) } else { before / WIDTH };
            (first..after.div_ceil(WIDTH)).map(move |index| {
                let width = u16::try_from((after - index * WIDTH).min(WIDTH)).unwrap_or(256);
                Self { level, index, width }
            })
        })
    }

    /// Its path: `tile/0/x001/x234/067.p/12`.
    pub fn path(&self) -> String {
        format!("tile/{}/{}", self.level, place(self.index, self.width))
    }

    /// Its bytes, from the whole nodes of the tree.
    pub fn encode<E>(&self, mut node: impl FnMut(u8, u64) -> Result<Hash, E>) -> Result<Vec<u8>, E> {
        let mut bytes = Vec::with_capacity(32 * usize::from(self.width));
        for at in 0..u64::from(self.width) {
            bytes.extend(node(self.level * 8, self.index * WIDTH + at)?.0);
        }
        Ok(bytes)
    }

    /// Node `(level, index)`, which this tile [holds](Self::holding), from the tile's bytes.
    pub fn node(&self, bytes: &[u8], level: u8, index: u64) -> Result<Hash, WrongTile> {
        let (hashes, rest) = bytes.as_chunks::<32>();
        if !rest.is_empty() || hashes.len() != usize::from(self.width) {
            return Err(WrongTile);
        }
        let within = level.checked_sub(self.level * 8).filter(|within| *within < 8).ok_or(WrongTile)?;
        let first = index.checked_shl(u32::from(within)).ok_or(WrongTile)?.checked_sub(self.index * WIDTH);
        let first = usize::try_from(first.ok_or(WrongTile)?).map_err(|_| WrongTile)?;
        let mut row: Vec<Hash> = hashes
            .get(first..)
            .and_then(|rest| rest.get(..1 << within))
            .ok_or(WrongTile)?
            .iter()
            .map(|hash| Hash(*hash))
            .collect();
        while row.len() > 1 {
            row = row.chunks(2).map(|two| node_hash(two[0], two[1])).collect();
        }
        row.first().copied().ok_or(WrongTile)
    }
}

/// The path of the bundle that holds leaves `index · 256` and on, `width` of them: `tile/entries/067`.
pub fn bundle_path(index: u64, width: u16) -> String {
    format!("tile/entries/{}", place(index, width))
}

/// The bundles of a log of `new` leaves that one of `old` leaves did not have: places and widths.
pub fn bundles_added(old: u64, new: u64) -> impl Iterator<Item = (u64, u16)> {
    Tile::added(old, new).take_while(|tile| tile.level == 0).map(|tile| (tile.index, tile.width))
}

/// Leaves as a bundle: each behind its length in two bytes.
pub fn bundle<'a>(leaves: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for leaf in leaves {
        let len = u16::try_from(leaf.len()).expect("a leaf is 144 bytes long");
        bytes.extend(len.to_be_bytes());
        bytes.extend(leaf);
    }
    bytes
}

/// The leaves of a bundle.
pub fn unbundle(mut bytes: &[u8], width: u16) -> Result<Vec<&[u8]>, WrongTile> {
    let mut leaves = Vec::with_capacity(usize::from(width));
    while let Some((len, rest)) = bytes.split_first_chunk::<2>() {
        let (leaf, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*len))).ok_or(WrongTile)?;
        leaves.push(leaf);
        bytes = rest;
    }
    if bytes.is_empty() && leaves.len() == usize::from(width) { Ok(leaves) } else { Err(WrongTile) }
}

/// A place in three digits per folder, with the width of what is not whole.
fn place(index: u64, width: u16) -> String {
    let mut place = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        place = format!("x{:03}/{place}", rest % 1000);
        rest /= 1000;
    }
    if u64::from(width) < WIDTH { format!("{place}.p/{width}") } else { place }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;
    use crate::tree::{Frontier, leaf_hash, prove_inclusion};

    fn nodes(size: u64) -> (Frontier, HashMap<(u8, u64), Hash>) {
        let (mut frontier, mut nodes) = (Frontier::default(), HashMap::new());
        for no in 0..size {
            frontier.push(leaf_hash(&no.to_be_bytes()), |level, index, hash| {
                nodes.insert((level, index), hash);
            });
        }
        (frontier, nodes)
    }

    /// The tree's files: every tile of a log of `size` leaves.
    fn files(size: u64, nodes: &HashMap<(u8, u64), Hash>) -> HashMap<String, Vec<u8>> {
        let node = |level, index| Ok::<_, Infallible>(nodes[&(level, index)]);
        Tile::added(0, size).map(|tile| (tile.path(), tile.encode(node).unwrap())).collect()
    }

    #[test]
    fn files_are_called_as_in_the_specification() {
        assert_eq!(Tile { level: 2, index: 1_234_067, width: 256 }.path(), "tile/2/x001/x234/067");
        assert_eq!(Tile { level: 0, index: 0, width: 12 }.path(), "tile/0/000.p/12");
        assert_eq!(bundle_path(1_000, 255), "tile/entries/x001/000.p/255");
        // The example of the specification: a tree of 70,000.
        let tiles: Vec<Tile> = Tile::added(0, 70_000).collect();
        let of = |level, width| tiles.iter().filter(|tile| tile.level == level && tile.width == width).count();
        assert_eq!((of(0, 256), of(0, 112), of(1, 256), of(1, 17), of(2, 1)), (273, 1, 1, 1, 1));
        assert_eq!(tiles.len(), 277);
        let tiles: Vec<Tile> = Tile::added(0, 256).collect();
        assert_eq!(tiles, [Tile { level: 0, index: 0, width: 256 }, Tile { level: 1, index: 0, width: 1 }]);
    }

    #[test]
    fn what_was_there_already_is_not_written_again() {
        assert_eq!(Tile::added(300, 300).count(), 0);
        let added: Vec<Tile> = Tile::added(300, 520).collect();
        assert_eq!(
            added,
            [
                Tile { level: 0, index: 1, width: 256 },
                Tile { level: 0, index: 2, width: 8 },
                Tile { level: 1, index: 0, width: 2 },
            ]
        );
        assert_eq!(bundles_added(300, 520).collect::<Vec<_>>(), [(1, 256), (2, 8)]);
    }

    #[test]
    fn every_whole_node_is_found_in_its_tile() {
        let (_, nodes) = nodes(700);
        let files = files(700, &nodes);
        for ((level, index), hash) in &nodes {
            let tile = Tile::holding(*level, *index, 700).unwrap();
            assert_eq!(tile.node(&files[&tile.path()], *level, *index), Ok(*hash), "{level} {index}");
        }
        assert_eq!(Tile::holding(0, 700, 700), None);
        assert_eq!(Tile::holding(9, 1, 700), None);
        assert_eq!(Tile::holding(64, 0, u64::MAX), None);
    }

    /// Cloudflare's implementation of the same specification reads our tiles and proves from them what we prove.
    #[test]
    fn another_implementation_reads_our_tiles_and_proves_the_same() {
        struct Files(HashMap<String, Vec<u8>>);
        impl tlog_tiles::tile::TileReader for Files {
            fn height(&self) -> u8 {
                8
            }
            fn read_tiles(&self, tiles: &[tlog_tiles::tile::Tile]) -> Result<Vec<Vec<u8>>, tlog_tiles::tlog::Error> {
                Ok(tiles.iter().map(|tile| self.0[&tile.path().replace("tile/8/", "tile/")].clone()).collect())
            }
            fn save_tiles(&self, _: &[tlog_tiles::tile::Tile], _: &[Vec<u8>]) {}
        }
        for size in [1u64, 255, 256, 257, 700] {
            let (frontier, nodes) = nodes(size);
            let files = Files(files(size, &nodes));
            let root = tlog_tiles::tlog::Hash(frontier.root().0);
            let reader = tlog_tiles::tile::TileHashReader::new(size, root, &files);
            for index in [0, size / 3, size - 1] {
                let theirs = tlog_tiles::tlog::prove_record(size, index, &reader).unwrap();
                let ours = prove_inclusion(index, size, |level, at| Ok::<_, Infallible>(nodes[&(level, at)]))
                    .unwrap()
                    .unwrap();
                assert_eq!(
                    theirs.iter().map(|hash| hash.0).collect::<Vec<_>>(),
                    ours.iter().map(|hash| hash.0).collect::<Vec<_>>()
                );
            }
        }
    }

    proptest! {
        #[test]
        fn a_bundle_gives_its_leaves_back(leaves in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..20)) {
            let bytes = bundle(leaves.iter().map(Vec::as_slice));
            let width = u16::try_from(leaves.len()).unwrap();
            prop_assert_eq!(unbundle(&bytes, width).unwrap(), leaves.iter().map(Vec::as_slice).collect::<Vec<_>>());
            prop_assert!(unbundle(&bytes, width + 1).is_err());
        }

        #[test]
        fn no_bytes_make_the_readers_fall(bytes in prop::collection::vec(any::<u8>(), 0..600), level in any::<u8>(), index in any::<u64>(), width in 0u16..300) {
            let _ = unbundle(&bytes, width);
            let _ = Tile { level: 0, index: 0, width }.node(&bytes, level, index);
            let _ = Tile::holding(level, index, u64::MAX);
        }
    }
}
