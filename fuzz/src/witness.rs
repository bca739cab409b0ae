//! What a log asks of a witness, and what the witness keeps of it.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::LazyLock;

use noren_ledger::note::{KeyKind, SignerKey};
use noren_ledger::tree::{Frontier, prove_consistency};
use noren_ledger::witness::{AddCheckpoint, Memory, Witness};

use crate::world::{WITNESSED, WORLD};

/// The witness of the world's ledger.
struct Watching {
    witness: Witness,
    /// What the ledger asks of it: for the first checkpoint, for the second, and for that once more.
    requests: [AddCheckpoint; 3],
    /// What it remembers before any of them, after the first and after the second.
    memories: [Memory; 3],
}

static WATCHING: LazyLock<Watching> = LazyLock::new(|| {
    let world = &*WORLD;
    let signer = SignerKey::new("witness.example/w1", KeyKind::Witness, &[5; 32]).expect("a name of a key");
    let witness = Witness::new(signer, vec![world.known[0].clone()]).expect("keys of the right kinds");
    let (mut tree, mut nodes) = (Frontier::default(), HashMap::new());
    for leaf in &world.leaves {
        tree.push(leaf.hash(), |level, index, hash| {
            nodes.insert((level, index), hash);
        });
    }
    let [first, second] = [0, 1].map(|no: usize| world.checkpoints[no].size);
    let requests = [(0, first, 0), (first, second, 2), (second, second, 2)].map(|(old, new, note)| {
        let proof = prove_consistency(old, new, |level, at| Ok::<_, Infallible>(nodes[&(level, at)]));
        let Ok(proof) = proof;
        AddCheckpoint { old, proof: proof.unwrap_or_default(), note: world.notes[note].clone() }
    });
    let mut memories = [const { None }; 3];
    let mut memory = Memory::default();
    for (kept, request) in memories.iter_mut().zip(&requests) {
        *kept = Some(memory.clone());
        let checked = witness.check(request.clone()).expect("an honest log has signed");
        memory.keep(witness.consider(&memory, &checked, WITNESSED).expect("an honest log is cosigned"));
    }
    Watching { witness, requests, memories: memories.map(Option::unwrap_or_default) }
});

/// What is read as a request is written as it was; whatever it is, a witness cosigns nothing but what the ledger has
/// signed, and never goes back. And no bytes make it remember what it has not cosigned.
pub fn witness(data: &[u8]) -> bool {
    let (world, Watching { witness, memories, .. }) = (&*WORLD, &*WATCHING);
    let Ok(text) = std::str::from_utf8(data) else { return false };
    let request = text.parse::<AddCheckpoint>();
    if let Ok(request) = &request {
        assert_eq!(request.to_string(), text, "a request, written in another way");
        for memory in memories {
            let Ok(checked) = witness.check(request.clone()) else { continue };
            let Ok(seen) = witness.consider(memory, &checked, WITNESSED) else { continue };
            assert!(world.checkpoints.contains(&seen.checkpoint), "the log never signed {:?}", seen.checkpoint);
            let before = memory.get(&seen.checkpoint.origin).map_or(0, |before| before.checkpoint.size);
            assert!(before <= seen.checkpoint.size, "it has gone back");
            assert_eq!(request.old, before, "it was asked from elsewhere");
        }
    }
    let memory = Memory::read(text, witness);
    if let Ok(memory) = &memory {
        assert_eq!(Memory::read(&memory.to_string(), witness).as_ref(), Ok(memory));
        for seen in memory.seen() {
            assert!(world.checkpoints.contains(&seen.checkpoint), "it has never cosigned {:?}", seen.checkpoint);
            assert_eq!(seen.time, WITNESSED, "cosigned at another time");
        }
    }
    request.is_ok() || memory.is_ok()
}

/// All requests of an honest log, and all that is remembered of them.
pub fn seeds() -> Vec<Vec<u8>> {
    let Watching { requests, memories, .. } = &*WATCHING;
    let requests = requests.iter().map(ToString::to_string);
    requests.chain(memories.iter().map(ToString::to_string)).map(String::into_bytes).collect()
}
