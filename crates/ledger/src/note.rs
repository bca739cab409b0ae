//! Signed notes as in C2SP signed-note: a text, and under it one line for each signature. Two kinds of
//! keys are known: a log's own (Ed25519, type 1) and a witness' (timestamped Ed25519 cosignature of
//! C2SP tlog-cosignature, type 4).

mod notes;

pub use notes::{parse_notes, write_notes};

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _};

use crate::Hash;

/// Longest note that is read, in bytes.
pub const LONGEST: usize = 64 * 1024;

/// What a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// The text of the note: a log.
    Log,
    /// That a checkpoint was seen at a time and grew out of those seen before: a witness.
    Witness,
}

impl KeyKind {
    const fn code(self) -> u8 {
        match self {
            Self::Log => 1,
            Self::Witness => 4,
        }
    }
}

/// A key that signatures are checked with. Written as a vkey: `name+hex+base64`.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    kind: KeyKind,
    key: ed25519_dalek::VerifyingKey,
}

/// Not a key in the form `name+hash+base64`, or not one of a known kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a verifier key in the form name+hash+base64 of C2SP signed-note (Ed25519, a log's or a witness')")]
pub struct NotAKey;

/// Names of keys have no spaces and no plus.
fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
}

impl VerifierKey {
    /// The name under which it signs.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it signs.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The start of the hash of name, kind and key, by which a signature names its key.
    pub fn id(&self) -> u32 {
        let hash = Hash::of(&[self.name.as_bytes(), b"\n", &[self.kind.code()], self.key.as_bytes()]);
        u32::from_be_bytes([hash.0[0], hash.0[1], hash.0[2], hash.0[3]])
    }

    /// The hash of it as it is written: by this the ledger announces it.
    pub fn hash(&self) -> Hash {
        Hash::of(&[self.to_string().as_bytes()])
    }

    /// Checks one signature; gives the time in a witness' one (seconds since 1970).
    fn check(&self, text: &str, signature: &[u8]) -> Result<Option<u64>, NoteError> {
        let (time, signature) = match self.kind {
            KeyKind::Log => (None, signature),
            KeyKind::Witness => {
                let (time, signature) = signature.split_first_chunk::<8>().ok_or(NoteError::Forged)?;
                (Some(u64::from_be_bytes(*time)), signature)
            }
        };
        let message = time.map_or_else(|| text.to_owned(), |time| cosigned(time, text));
        let signature = Signature::from_slice(signature).map_err(|_| NoteError::Forged)?;
        self.key.verify_strict(message.as_bytes(), &signature).map_err(|_| NoteError::Forged)?;
        Ok(time)
    }
}

/// What a witness signs.
fn cosigned(time: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = STANDARD.encode([&[self.kind.code()], self.key.as_bytes().as_slice()].concat());
        write!(f, "{}+{:08x}+{key}", self.name, self.id())
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

impl FromStr for VerifierKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let (name, rest) = text.split_once('+').ok_or(NotAKey)?;
        let (id, key) = rest.split_once('+').ok_or(NotAKey)?;
        let key = STANDARD.decode(key).map_err(|_| NotAKey)?;
        let (kind, key) = key.split_first().ok_or(NotAKey)?;
        let kind = match kind {
            1 => KeyKind::Log,
            4 => KeyKind::Witness,
            _ => return Err(NotAKey),
        };
        let key = key.try_into().ok().and_then(|key| ed25519_dalek::VerifyingKey::from_bytes(key).ok());
        // A signature with a key of small order may fit any text.
        let key = key.filter(|key| !key.is_weak()).ok_or(NotAKey)?;
        let key = Self { name: name.to_owned(), kind, key };
        if is_name(name) && id == format!("{:08x}", key.id()) { Ok(key) } else { Err(NotAKey) }
    }
}

/// A key that signs. It has no `Debug`, so it cannot slip into a log.
pub struct SignerKey {
    verifier: VerifierKey,
    secret: ed25519_dalek::SigningKey,
}

impl SignerKey {
    /// The key made from 32 secret random bytes.
    pub fn new(name: &str, kind: KeyKind, seed: &[u8; 32]) -> Result<Self, NotAKey> {
        if !is_name(name) {
            return Err(NotAKey);
        }
        let secret = ed25519_dalek::SigningKey::from_bytes(seed);
        let verifier = VerifierKey { name: name.to_owned(), kind, key: secret.verifying_key() };
        Ok(Self { verifier, secret })
    }

    /// What its signatures are checked with.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Signs a text; `time` is in seconds since 1970, and a log's signature holds none.
    pub fn sign(&self, text: &str, time: u64) -> NoteSignature {
        let bytes = match self.verifier.kind {
            KeyKind::Log => self.secret.sign(text.as_bytes()).to_bytes().to_vec(),
            KeyKind::Witness => {
                let signature = self.secret.sign(cosigned(time, text).as_bytes());
                [time.to_be_bytes().as_slice(), &signature.to_bytes()].concat()
            }
        };
        NoteSignature { name: self.verifier.name.clone(), key: self.verifier.id(), bytes }
    }
}

/// One signature under a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature {
    /// Name of the key.
    pub name: String,
    /// Start of its hash.
    pub key: u32,
    /// The signature itself.
    pub bytes: Vec<u8>,
}

impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = STANDARD.encode([self.key.to_be_bytes().as_slice(), &self.bytes].concat());
        writeln!(f, "— {} {bytes}", self.name)
    }
}

impl FromStr for NoteSignature {
    type Err = NoteError;

    /// Reads a line without its end.
    fn from_str(line: &str) -> Result<Self, NoteError> {
        let (name, bytes) =
            line.strip_prefix("— ").and_then(|rest| rest.split_once(' ')).ok_or(NoteError::Malformed)?;
        let bytes = STANDARD.decode(bytes).map_err(|_| NoteError::Malformed)?;
        let (key, bytes) = bytes.split_first_chunk::<4>().ok_or(NoteError::Malformed)?;
        if !is_name(name) || bytes.is_empty() {
            return Err(NoteError::Malformed);
        }
        Ok(Self { name: name.to_owned(), key: u32::from_be_bytes(*key), bytes: bytes.to_vec() })
    }
}

/// A text with signatures. Until [`Note::verify`] was asked, nobody knows who wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What is signed, with the line end at its end.
    pub text: String,
    /// By whom.
    pub signatures: Vec<NoteSignature>,
}

/// Why a note says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not in the form of a signed note.
    #[error("not a signed note")]
    Malformed,
    /// A signature of a known key is wrong: somebody changed the text.
    #[error("a signature of a known key does not fit the note")]
    Forged,
    /// No known key has signed it.
    #[error("no known key has signed the note")]
    Unsigned,
}

/// A signature that was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signed<'a> {
    /// The key.
    pub by: &'a VerifierKey,
    /// When a witness saw it, in seconds since 1970.
    pub time: Option<u64>,
}

impl Note {
    /// Checks every signature of a key among `known`; signatures of others are passed over.
    pub fn verify<'a>(&self, known: &'a [VerifierKey]) -> Result<Vec<Signed<'a>>, NoteError> {
        let mut signed: Vec<Signed> = Vec::new();
        for signature in &self.signatures {
            let Some(by) = known.iter().find(|key| key.name == signature.name && key.id() == signature.key) else {
                continue;
            };
            let time = by.check(&self.text, &signature.bytes)?;
            if !signed.iter().any(|other| other.by == by) {
                signed.push(Signed { by, time });
            }
        }
        if signed.is_empty() { Err(NoteError::Unsigned) } else { Ok(signed) }
    }

    /// The first signature that says it is of this key. Whether it is, [`verify`](Self::verify) tells.
    pub fn signature_of(&self, key: &VerifierKey) -> Option<&NoteSignature> {
        self.signatures.iter().find(|signature| signature.name == key.name && signature.key == key.id())
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| write!(f, "{signature}"))
    }
}

impl FromStr for Note {
    type Err = NoteError;

    fn from_str(note: &str) -> Result<Self, NoteError> {
        if note.len() > LONGEST || note.contains(|c: char| c < ' ' && c != '\n') {
            return Err(NoteError::Malformed);
        }
        let end = note.rfind("\n\n").ok_or(NoteError::Malformed)? + 1;
        let (text, lines) = (&note[..end], &note[end + 1..]);
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Malformed)?;
        let signatures = lines.split('\n').map(str::parse).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { text: text.to_owned(), signatures })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EXAMPLE_KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    const EXAMPLE: &str = "This is an example message.\n\n— example.com/foo \
         Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

    #[test]
    fn the_example_of_the_specification_is_read_written_and_verified() {
        let key: VerifierKey = EXAMPLE_KEY.parse().unwrap();
        assert_eq!(key.to_string(), EXAMPLE_KEY);
        let note: Note = EXAMPLE.parse().unwrap();
        assert_eq!(note.to_string(), EXAMPLE);
        assert_eq!(note.verify(std::slice::from_ref(&key)).unwrap(), [Signed { by: &key, time: None }]);
        let forged: Note = EXAMPLE.replace("an example", "no example").parse().unwrap();
        assert_eq!(forged.verify(std::slice::from_ref(&key)), Err(NoteError::Forged));
        let other = SignerKey::new("example.com/foo", KeyKind::Log, &[1; 32]).unwrap();
        assert_eq!(note.verify(std::slice::from_ref(other.verifier())), Err(NoteError::Unsigned));
    }

    #[test]
    fn a_witness_signs_with_the_time_and_its_key_is_not_a_logs_key() {
        let witness = SignerKey::new("witness.example/w1", KeyKind::Witness, &[2; 32]).unwrap();
        let log = SignerKey::new("witness.example/w1", KeyKind::Log, &[2; 32]).unwrap();
        assert_ne!(witness.verifier().id(), log.verifier().id());
        let text = "shop.example/reads\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        let mut note = Note { text: text.to_owned(), signatures: vec![witness.sign(text, 1_795_000_000)] };
        let known = [witness.verifier().clone(), log.verifier().clone()];
        assert_eq!(note.verify(&known).unwrap()[0].time, Some(1_795_000_000));
        note.signatures[0].bytes[7] ^= 1;
        assert_eq!(note.verify(&known), Err(NoteError::Forged), "the time is signed too");
    }

    #[test]
    fn a_note_that_is_none_is_refused() {
        for wrong in [
            "",
            "\n",
            "text\n",
            "text\n\n",
            "text\n\n— a AAAA\n",
            "text\n\n- a AAAAAAAA\n",
            "text\n\n— a+b AAAAAAAA\n",
            "te\txt\n\n— a AAAAAAAA\n",
            "text\n\n— a AAAAAAAA",
        ] {
            assert_eq!(wrong.parse::<Note>(), Err(NoteError::Malformed), "{wrong:?}");
        }
        assert_eq!("a\n\nb\n\n— a AAAAAAAA\n".parse::<Note>().unwrap().text, "a\n\nb\n");
        for wrong in [
            "",
            "a",
            "a+b",
            "a+00000000+AQ==",
            "a b+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
            &EXAMPLE_KEY.replace("530d", "530e"),
            // The identity, whose signatures fit any text.
            "a+cae63997+AQEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert_eq!(wrong.parse::<VerifierKey>(), Err(NotAKey), "{wrong}");
        }
    }

    /// Cloudflare's implementation of the same specification.
    #[test]
    fn another_implementation_takes_our_notes() {
        use signed_note::{StandardVerifier, VerifierList};
        let signer = SignerKey::new("shop.example/reads", KeyKind::Log, &[3; 32]).unwrap();
        let text = "shop.example/reads\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        let note = Note { text: text.to_owned(), signatures: vec![signer.sign(text, 0)] };
        let theirs = signed_note::Note::from_bytes(note.to_string().as_bytes()).unwrap();
        let verifier = StandardVerifier::new(&signer.verifier().to_string()).unwrap();
        let (verified, unverified) = theirs.verify(&VerifierList::new(vec![Box::new(verifier)])).unwrap();
        assert_eq!((verified.len(), unverified.len()), (1, 0));
    }

    proptest! {
        #[test]
        fn what_is_read_as_a_note_is_written_as_it_was(text in "[a-z\n— +=A]{0,60}") {
            if let Ok(note) = text.parse::<Note>() {
                prop_assert_eq!(note.to_string(), text);
            }
        }

        #[test]
        fn a_flipped_bit_is_never_taken(seed in any::<[u8; 32]>(), text in "[a-z]{1,20}\n", at in any::<prop::sample::Index>(), bit in 0u8..8) {
            let signer = SignerKey::new("a", KeyKind::Log, &seed).unwrap();
            let mut note = Note { signatures: vec![signer.sign(&text, 0)], text };
            let at = at.index(64);
            note.signatures[0].bytes[at] ^= 1 << bit;
            prop_assert_eq!(note.verify(std::slice::from_ref(signer.verifier())), Err(NoteError::Forged));
        }
    }
}
