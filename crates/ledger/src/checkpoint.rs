//! A checkpoint as in C2SP tlog-checkpoint: how long a log is and what its root is, signed.

use std::fmt;
use std::str::FromStr;

use crate::Hash;
use crate::note::{KeyKind, Note, NoteError, Signed, SignerKey, VerifierKey};

/// Size and root of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name, such as `shop.example/reads`; the name of the key that signs it too.
    pub origin: String,
    /// How many leaves.
    pub size: u64,
    /// Root of the Merkle tree over them.
    pub root: Hash,
}

/// Why a checkpoint says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The note itself.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Its text is not three lines with origin, size and root.
    #[error("not a checkpoint: three lines with origin, size and root hash are expected")]
    Malformed,
    /// Of another log.
    #[error("the checkpoint is of another log")]
    Origin,
}

impl Checkpoint {
    /// The note in which `signer` signs it.
    pub fn sign(&self, signer: &SignerKey) -> Note {
        let text = self.to_string();
        Note { signatures: vec![signer.sign(&text, 0)], text }
    }

    /// The checkpoint of a note which the log of one of the keys has signed, and every signature of a
    /// known key with it. At least one of the log's own is needed: witnesses alone make no checkpoint.
    pub fn open<'a>(note: &Note, known: &'a [VerifierKey]) -> Result<(Self, Vec<Signed<'a>>), CheckpointError> {
        let checkpoint: Self = note.text.parse()?;
        let signed = note.verify(known)?;
        let own = |signed: &Signed| signed.by.kind() == KeyKind::Log && signed.by.name() == checkpoint.origin;
        if !signed.iter().any(own) {
            return Err(CheckpointError::Origin);
        }
        Ok((checkpoint, signed))
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}\n", self.origin, self.size, self.root)
    }
}

/// A number as these formats write it: digits, no zero in front.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    /// Reads the text of the note. Lines after the third one are refused: no monitor could check them.
    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let lines: Vec<&str> = text.strip_suffix('\n').ok_or(CheckpointError::Malformed)?.split('\n').collect();
        let [origin, size, root] = lines[..] else { return Err(CheckpointError::Malformed) };
        let size = decimal(size).filter(|_| !origin.is_empty()).ok_or(CheckpointError::Malformed)?;
        let root = root.parse().map_err(|_| CheckpointError::Malformed)?;
        Ok(Self { origin: origin.to_owned(), size, root })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint() -> Checkpoint {
        Checkpoint { origin: "shop.example/reads".into(), size: 42, root: Hash([7; 32]) }
    }

    #[test]
    fn a_checkpoint_is_opened_by_the_key_of_its_log_and_by_no_other() {
        let log = SignerKey::new("shop.example/reads", KeyKind::Log, &[1; 32]).unwrap();
        let other = SignerKey::new("other.example/reads", KeyKind::Log, &[1; 32]).unwrap();
        let witness = SignerKey::new("shop.example/reads", KeyKind::Witness, &[2; 32]).unwrap();
        let known = [log.verifier().clone(), other.verifier().clone(), witness.verifier().clone()];
        let mut note = checkpoint().sign(&log);
        note.signatures.push(witness.sign(&note.text, 5));
        let (opened, signed) = Checkpoint::open(&note, &known).unwrap();
        assert_eq!((opened, signed.len()), (checkpoint(), 2));
        assert_eq!(Checkpoint::open(&checkpoint().sign(&other), &known), Err(CheckpointError::Origin));
        assert_eq!(Checkpoint::open(&checkpoint().sign(&witness), &known), Err(CheckpointError::Origin));
        assert_eq!(Checkpoint::open(&note, &known[1..2]), Err(CheckpointError::Note(NoteError::Unsigned)));
    }

    #[test]
    fn a_text_that_is_no_checkpoint_is_refused() {
        let good = checkpoint().to_string();
        assert_eq!(good.parse::<Checkpoint>(), Ok(checkpoint()));
        for wrong in [
            good.replace("42", "042"),
            good.replace("42", "+42"),
            good.replace("42", "-1"),
            good.replace("42", "99999999999999999999"),
            good.replace("shop.example/reads", ""),
            good.replace('=', ""),
            good.trim_end().to_owned(),
            good.clone() + "extension\n",
            good.replace('\n', "\r\n"),
            String::new(),
        ] {
            assert_eq!(wrong.parse::<Checkpoint>(), Err(CheckpointError::Malformed), "{wrong:?}");
        }
    }

    /// Cloudflare's implementation of the same specification.
    #[test]
    fn another_implementation_reads_our_checkpoints() {
        let theirs = tlog_tiles::checkpoint::Checkpoint::from_bytes(checkpoint().to_string().as_bytes()).unwrap();
        assert_eq!((theirs.origin(), theirs.size(), theirs.hash().0), ("shop.example/reads", 42, [7; 32]));
    }
}
