//! The one way to people's data. Everything that says who a person is (e-mail, name, kana, address, phone)
//! is sealed and opened by the vault, a process of its own; here is how the shop asks it.
//!
//! Whoever asks says who they are ([`Asker`]) and what for ([`For`]). The vault decides, and writes it down.
//! Ask before a transaction is begun, not within it: a transaction that waits for another process holds up
//! everybody who writes.

mod asker;
mod here;
mod pool;
mod witnesses;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use noren_ledger::leaf::{Outcome, Purpose, Route};
use noren_vault::place::SCHEME;
use noren_vault::wire::{Answer, Request};
use uuid::Uuid;

pub use self::asker::{Asker, For, LookFor};
pub use self::here::{Here, StartError, folder, socket};
pub use self::witnesses::Witnessed;
pub use noren_ledger::leaf::{Field, Tag};
pub use noren_vault::place::{Address, Place};
pub use noren_vault::seal::Plain;
pub use noren_vault::vault::Indexes;
pub use noren_vault::wire::Hello;

use self::pool::Pool;
use crate::clock::Entropy;
use crate::vault_check::Known;

/// An answer that takes longer than this will not come.
const PATIENCE: Duration = Duration::from_secs(10);
/// Wrapping everybody's key anew, or copying them: some ten thousand a second.
const ROTATION: Duration = Duration::from_hours(1);

/// The vault does not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// It cannot be reached.
    #[error("the vault at {at} cannot be reached: {source}; {}", remedy(.at))]
    Down {
        /// Where it should be.
        at: String,
        /// What the system said.
        source: io::Error,
    },
    /// It is there and cannot work.
    #[error("the vault is in trouble: {0}")]
    Trouble(String),
    /// It does not do that as things stand; its words say until when, or what to do first.
    #[error("the vault does not do that now: {0}")]
    NotNow(String),
    /// It may not, and the refusal stands in its ledger.
    #[error("the vault refused: {}", .0.word())]
    Refused(Outcome),
    /// It finds nobody of this database.
    #[error(
        "the vault at {0} finds nobody of this database by their address: its index key was exchanged and the earlier one is \
         gone, and the rows were not given another index; run `noren rotate index`"
    )]
    FindsNobody(String),
    /// It is the vault of another shop.
    #[error(
        "the vault at {0} is not the one that this database's personal data are sealed by; name the right one, or put \
         its folder back from your backup"
    )]
    Other(String),
}

fn remedy(at: &str) -> &'static str {
    if at.starts_with(SCHEME) {
        "is `noren vault` running there, and are the certificates of both sides of one CA, and not expired?"
    } else {
        "is `noren vault` running there?"
    }
}

impl VaultError {
    /// Whether it was asked for too much in too short a time.
    pub const fn is_over_budget(&self) -> bool {
        matches!(self, Self::Refused(Outcome::OverBudget))
    }

    /// Whether the data do not open any more, ever: their key was destroyed, or came after the backup that the vault was
    /// put back from.
    pub const fn is_lost(&self) -> bool {
        matches!(self, Self::Refused(Outcome::NoSubject | Outcome::Damaged))
    }

    /// Whether the same question may be answered later: the vault is away, or asked for too much at once.
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Down { .. } | Self::Trouble(_) | Self::FindsNobody(_) | Self::Refused(Outcome::OverBudget))
    }
}

/// All that one of the vault's ledgers holds about a person: most vaults have one, and one more for each restore.
pub struct Proof {
    /// What the ledger calls the person.
    pub tag: Tag,
    /// The key that it is verified with, as one line of text.
    pub key: String,
    /// A C2SP tlog-proof.
    pub text: String,
}

/// Values of one record, each sealed.
pub struct Sealed(Vec<(Field, Vec<u8>)>);

impl Sealed {
    /// The sealed `field`, if it was given.
    pub fn get(&self, field: Field) -> Option<Vec<u8>> {
        self.0.iter().find(|(has, _)| *has == field).map(|(_, sealed)| sealed.clone())
    }
}

/// Values of one record, opened. They are wiped when it goes.
pub struct Opened(Vec<(Field, Plain)>);

impl Opened {
    /// The value of `field`; empty if there was none. Every call of this is a place where plaintext goes somewhere.
    pub fn expose(&self, field: Field) -> &str {
        self.0.iter().find(|(has, _)| *has == field).map_or("", |(_, plain)| plain.expose())
    }

    /// Takes the first `count` values out: those of one row of several that were opened in one reading.
    pub(crate) fn part(&mut self, count: usize) -> Self {
        Self(self.0.drain(..count.min(self.0.len())).collect())
    }

    /// Takes the value of `field` out; empty if there was none.
    pub fn take(&mut self, field: Field) -> Plain {
        let at = self.0.iter().position(|(has, _)| *has == field);
        at.map_or_else(|| Plain::new(String::new()), |at| self.0.swap_remove(at).1)
    }
}

noren_vault::assert_without!([std::fmt::Debug, std::fmt::Display, serde::Serialize]: Opened, Sealed);
// The vault knows nothing of serde; that nobody teaches it, too, is looked at here.
noren_vault::assert_without!(
    [serde::Serialize]: Plain, Request, Answer, noren_vault::seal::Key, noren_vault::seal::SubjectKey,
    noren_vault::seal::Subject, noren_vault::seal::WrappingKey, noren_vault::seal::IndexKey,
    noren_vault::keys::Keyring, noren_ledger::note::SignerKey, crate::keys::Keys
);
noren_vault::assert_without!([std::fmt::Debug, std::fmt::Display]: crate::keys::Keys);

/// The shop's way to the vault. Cheap to clone. It connects when it is first asked, and again when the vault has
/// been away.
#[derive(Clone)]
pub struct Vault {
    pool: Arc<Pool>,
    entropy: Entropy,
}

impl Vault {
    /// The vault that listens, or will listen, at `place`.
    pub fn at(place: impl Into<Place>, entropy: Entropy) -> Self {
        Self { pool: Arc::new(Pool::new(place.into())), entropy }
    }

    /// Where it listens.
    pub fn place(&self) -> &Place {
        self.pool.place()
    }

    /// From now on no other vault is talked to.
    pub fn trust(&self, known: &Known) {
        self.pool.ours().trust(known);
    }

    /// Which vault it is.
    pub async fn hello(&self) -> Result<Hello, VaultError> {
        match self.ask(&Request::Hello).await? {
            Answer::Hello(hello) => Ok(hello),
            _ => Err(self.strange()),
        }
    }

    /// Seals values of the record `subject`. A new record is one of the same person as `person`: in the
    /// ledger both are the same.
    pub async fn seal(
        &self,
        asker: Asker,
        subject: Uuid,
        person: Option<Uuid>,
        values: Vec<(Field, Plain)>,
    ) -> Result<Sealed, VaultError> {
        let fields: Vec<Field> = values.iter().map(|(field, _)| *field).collect();
        let person = person.map(Uuid::into_bytes);
        let request = Request::Seal { asker: self.signed(asker), subject: subject.into_bytes(), person, values };
        match self.ask(&request).await? {
            Answer::Sealed(sealed) if sealed.len() == fields.len() => {
                Ok(Sealed(fields.into_iter().zip(sealed).collect()))
            }
            _ => Err(self.strange()),
        }
    }

    /// Opens values of the record `subject`. `None` values are none in the answer.
    pub async fn open(
        &self,
        asker: Asker,
        purpose: For,
        subject: Uuid,
        sealed: &[(Field, Option<&Vec<u8>>)],
    ) -> Result<Opened, VaultError> {
        let sealed: Vec<(Field, Vec<u8>)> =
            sealed.iter().filter_map(|(field, sealed)| Some((*field, (*sealed)?.clone()))).collect();
        if sealed.is_empty() {
            return Ok(Opened(Vec::new()));
        }
        let fields: Vec<Field> = sealed.iter().map(|(field, _)| *field).collect();
        let (purpose, reference) = purpose.words();
        let (asker, reference, subject) = (self.signed(asker), reference.into_bytes(), subject.into_bytes());
        match self.ask(&Request::Open { asker, purpose, reference, subject, sealed }).await? {
            Answer::Opened(opened) if opened.len() == fields.len() => {
                Ok(Opened(fields.into_iter().zip(opened).collect()))
            }
            _ => Err(self.strange()),
        }
    }

    /// The blind index of an e-mail address in its canonical form.
    pub async fn index(&self, asker: Asker, why: LookFor, canonical: &str) -> Result<Indexes, VaultError> {
        let purpose = match why {
            LookFor::Login => Purpose::Login,
            LookFor::Checkout => Purpose::Checkout,
        };
        let canonical = Plain::new(canonical.to_owned());
        let request = Request::Index { asker: self.signed(asker), purpose, field: Field::Email, canonical };
        match self.ask(&request).await? {
            Answer::Index(index) => Ok(index),
            _ => Err(self.strange()),
        }
    }

    /// Destroys the key of the record `subject`: what was sealed for it stays closed for ever.
    pub async fn shred(&self, asker: Asker, subject: Uuid) -> Result<bool, VaultError> {
        match self.ask(&Request::Shred { asker: self.signed(asker), subject: subject.into_bytes() }).await? {
            Answer::Shredded(there) => Ok(there),
            _ => Err(self.strange()),
        }
    }

    /// Proof of all that was ever written about the persons whose records these are, at most 255: one for each of
    /// them, and for each ledger that knows them.
    pub async fn prove(&self, asker: Asker, records: &[Uuid]) -> Result<Vec<Proof>, VaultError> {
        let subjects = records.iter().take(255).map(|record| record.into_bytes()).collect();
        match self.ask(&Request::Prove { asker: self.signed(asker), subjects }).await? {
            Answer::Proofs(proofs) => {
                Ok(proofs.into_iter().map(|(tag, key, text)| Proof { tag: Tag(tag), key, text }).collect())
            }
            _ => Err(self.strange()),
        }
    }

    /// The newest signed checkpoint of the ledger.
    pub async fn head(&self) -> Result<String, VaultError> {
        match self.ask(&Request::Head).await? {
            Answer::Head(note) => Ok(note),
            _ => Err(self.strange()),
        }
    }

    /// Wraps everybody's key with a new wrapping key and destroys the old one.
    pub async fn rotate_wrapping_key(&self, asker: Asker) -> Result<u64, VaultError> {
        let request = Request::RotateWrappingKey { asker: self.signed(asker) };
        match self.pool.ask_within(ROTATION, &request).await? {
            Answer::Rotated(count) => Ok(count),
            _ => Err(self.strange()),
        }
    }

    /// Has the ledger's checkpoints signed with a new key; gives the line that they are verified with.
    pub async fn rotate_signing_key(&self, asker: Asker) -> Result<String, VaultError> {
        match self.pool.ask_within(ROTATION, &Request::RotateSigningKey { asker: self.signed(asker) }).await? {
            Answer::Verifier(key) => Ok(key),
            _ => Err(self.strange()),
        }
    }

    /// Begins to give everybody another blind index, or goes on with it.
    pub(crate) async fn rotate_index_key(&self, asker: Asker) -> Result<(), VaultError> {
        self.done(&Request::RotateIndexKey { asker: self.signed(asker) }).await
    }

    /// The blind index of the sealed address of the record `subject`, whose row has the index `present`, under the new key.
    pub(crate) async fn reindex(
        &self,
        asker: Asker,
        subject: Uuid,
        present: [u8; 32],
        email: Vec<u8>,
    ) -> Result<[u8; 32], VaultError> {
        let request = Request::Reindex { asker: self.signed(asker), subject: subject.into_bytes(), present, email };
        match self.ask(&request).await? {
            Answer::Index(index) => Ok(index.newest),
            _ => Err(self.strange()),
        }
    }

    /// Everybody has another blind index: the key of the earlier ones is destroyed.
    pub(crate) async fn forget_earlier_index(&self, asker: Asker, newest: [u8; 32]) -> Result<(), VaultError> {
        self.done(&Request::ForgetEarlierIndex { asker: self.signed(asker), newest }).await
    }

    /// Has the vault write its store of keys whole, for a backup.
    pub async fn snapshot(&self, asker: Asker) -> Result<(), VaultError> {
        self.done(&Request::Snapshot { asker: self.signed(asker) }).await
    }

    /// What an operator asks for may have to wait for what another one did.
    async fn done(&self, request: &Request) -> Result<(), VaultError> {
        match self.pool.ask_within(ROTATION, request).await? {
            Answer::Done => Ok(()),
            _ => Err(self.strange()),
        }
    }

    fn signed(&self, asker: Asker) -> noren_vault::vault::Asker {
        noren_vault::vault::Asker {
            actor: asker.actor,
            id: asker.id.into_bytes(),
            request: self.entropy.bytes(),
            route: Route::new(asker.route),
        }
    }

    fn strange(&self) -> VaultError {
        VaultError::Trouble(format!("{} answered something that was not asked", self.place()))
    }

    async fn ask(&self, request: &Request) -> Result<Answer, VaultError> {
        self.pool.ask_within(PATIENCE, request).await
    }
}

#[cfg(test)]
mod tests;
