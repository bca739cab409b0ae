//! What can be asked of the vault. Each opening goes the same way: judge, budget, write down, decrypt,
//! answer. A crash in between can count a read that nobody got, never leave one out.

mod error;
mod rotate;
mod witnesses;

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use noren_ledger::leaf::{Act, Actor, Deed, Detail, Field, Fields, Kind, Leaf, Outcome, Purpose, Route, Tag};
use noren_ledger::note::{Note, VerifierKey};
use noren_ledger::proof::LeafProof;

pub use self::error::VaultError;
use self::rotate::Reindexing;
use crate::book::{self, ANCHOR, Book, BookError, Cosignatures, Now, Past, Written};
use crate::keys::{Keyring, words};
use crate::lock::lock;
use crate::policy::{Ask, Budgets, CHECKOUT_AGE, Limits, OverBudget, judge, judge_index, judge_prove, judge_shred};
use crate::seal::{Key, NONCE_LEN, Plain, Subject, SubjectId, SubjectKey};
use crate::subjects::{StoreError, Subjects};
use crate::{Random, durable};

/// Who asks, and from where. The shop says so; nothing here makes it true, so budgets hold for all
/// together as well.
#[derive(Clone, Copy, Debug)]
pub struct Asker {
    /// What kind of actor.
    pub actor: Actor,
    /// Which one: number of a customer, a cart, an order; zero where there is only one.
    pub id: [u8; 16],
    /// Random: leaves of one call share it.
    pub request: [u8; 8],
    /// The place in the shop.
    pub route: Route,
}

/// What a vault is opened with.
pub struct Setup<'a> {
    /// Its folder: keys, store of keys, ledger.
    pub folder: &'a Path,
    /// Name of the ledger at the first start, such as `shop.example/reads`.
    pub origin: &'a str,
    /// How much may be opened.
    pub limits: Limits,
    /// Keys of the witnesses whose cosignatures are kept.
    pub witnesses: &'a [VerifierKey],
    /// First four bytes of the commit it was built from.
    pub build: u32,
    /// What the clock says, in UTC milliseconds.
    pub now: Arc<dyn Fn() -> u64 + Send + Sync>,
    /// Where random bytes come from.
    pub random: Random,
    /// How an e-mail address is written to be found again; `None` if it is none.
    pub canonical: fn(&str) -> Option<String>,
}

/// All that one ledger holds about a person.
pub struct Proven {
    /// What the ledger calls the person.
    pub tag: Tag,
    /// What it is verified with.
    pub key: VerifierKey,
    /// The proof.
    pub proof: LeafProof,
}

/// The blind index of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Indexes {
    /// Under the key in use: what is kept.
    pub newest: [u8; 32],
    /// While one key takes the other's place, under the earlier one: what may still be found.
    pub earlier: Option<[u8; 32]>,
}

impl Indexes {
    /// Under which of the two whoever is looked for may stand: twice the same when there is one.
    pub fn both(&self) -> [[u8; 32]; 2] {
        [self.newest, self.earlier.unwrap_or(self.newest)]
    }
}

/// An open vault. Closing it leaves a checkpoint over all that it did.
pub struct Vault {
    keys: RwLock<Keyring>,
    subjects: Subjects,
    book: Book,
    /// What witnesses have cosigned of it.
    cosignatures: Mutex<Cosignatures>,
    /// What was written before each restore, the oldest first.
    past: Vec<Past>,
    folder: PathBuf,
    budgets: Mutex<Budgets>,
    now: Arc<dyn Fn() -> u64 + Send + Sync>,
    random: Random,
    /// Held by the one rotation that goes on.
    rotating: Mutex<()>,
    /// If everybody's index is computed anew.
    reindexing: Mutex<Option<Reindexing>>,
    /// How long the earlier index key stays at least, in milliseconds.
    grace: u64,
    canonical: fn(&str) -> Option<String>,
    /// Why the store of keys cannot be used any more.
    broken: Mutex<Option<StoreError>>,
    /// Held for as long as the vault is open, and let go last.
    _lock: fs::File,
}

impl Vault {
    /// Opens the vault in a folder; at the first start the folder and all in it are made.
    pub fn open(setup: Setup) -> Result<Self, VaultError> {
        let Setup { folder, origin, limits, witnesses, build, now, random, canonical } = setup;
        let (store, ledger) = (folder.join("subjects.redb"), folder.join("ledger"));
        // Keys and store are made where nothing was ever sealed or written, and nowhere else.
        let first = !store.exists() && !ledger.exists();
        let first = first && !folder.join("keys").join(ANCHOR).exists() && !book::past(folder, 1).exists();
        if !first && !store.exists() {
            return Err(VaultError::NoStore(store));
        }
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|source| VaultError::Folder { path: folder.to_owned(), source })?;
        let lock = lock(&folder.join("lock"))
            .map_err(|source| VaultError::Folder { path: folder.to_owned(), source })?
            .ok_or_else(|| VaultError::Taken(folder.to_owned()))?;
        let mut keys = Keyring::open(&folder.join("keys"), origin, first, &random)?;
        let mut budgets = Budgets::new(limits);
        let clock: Now = {
            let now = now.clone();
            Box::new(move || now())
        };
        let anchor = folder.join("keys").join(ANCHOR);
        // The store first: a first start that ends between the two begins again as if nothing had been.
        let subjects = Subjects::open(&store)?;
        // Keys and store of two vaults are told now, and not by the first customer.
        if let Some((id, wrapped)) = subjects.any()? {
            unwrap(&keys, &id, &wrapped)?;
        }
        let past = Past::all(folder, |leaf| budgets.replay(leaf))?;
        let continues = past.last().map(Past::end);
        let mut begins = None;
        let each = |leaf: &Leaf| {
            begins.get_or_insert(leaf.act);
            budgets.replay(leaf);
        };
        let book = Book::open(&ledger, &anchor, keys.log()?, build, clock, continues, each)?;
        // What it says that it continues is what is there.
        let said = match begins {
            Some(Act::Continues { size, root }) => Some((size, root)),
            Some(_) => None,
            None => continues,
        };
        if said != continues {
            let missing = book::past(folder, past.len().max(1));
            return Err(BookError::NoPast(missing.display().to_string()).into());
        }
        // With what is no longer needed the keys of people lie about who were erased since.
        crate::backup::forget_snapshot(folder)
            .map_err(|source| VaultError::Folder { path: folder.to_owned(), source })?;
        keys.settle_signing(&book.verifier())?;
        let cosignatures = Cosignatures::open(&ledger, &book.verifiers(), witnesses)?;
        durable::sync(folder).map_err(|source| VaultError::Folder { path: folder.to_owned(), source })?;
        let vault = Self {
            keys: RwLock::new(keys),
            subjects,
            book,
            past,
            folder: folder.to_owned(),
            cosignatures: Mutex::new(cosignatures),
            budgets: Mutex::new(budgets),
            now,
            random,
            rotating: Mutex::new(()),
            reindexing: Mutex::new(None),
            grace: u64::try_from(limits.grace.as_millis()).unwrap_or(u64::MAX),
            canonical,
            broken: Mutex::new(None),
            _lock: lock,
        };
        vault.book.append(own(Kind::Start, None))?;
        if vault.book.cut() {
            vault.book.append(own(Kind::Alarm, Some(Detail::TailCut)))?;
            vault.book.told_of_cut()?;
        }
        vault.book.watch_clock()?;
        // Signed before anything is opened: whoever cuts the file back to the stop before, takes what is signed.
        vault.book.checkpoint()?;
        Ok(vault)
    }

    /// Tells this vault from any other.
    pub fn identity(&self) -> [u8; 32] {
        self.keys().identity()
    }

    /// Tells this vault and the keys by which it finds people from any other: the key in use first.
    pub fn fingerprints(&self) -> Vec<[u8; 32]> {
        self.keys().fingerprints()
    }

    /// What its clock says, in UTC milliseconds.
    pub fn now(&self) -> u64 {
        (self.now)()
    }

    /// The ledger.
    pub fn book(&self) -> &Book {
        &self.book
    }

    pub(crate) fn store(&self) -> &Subjects {
        &self.subjects
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// How many subjects have a key.
    pub fn subjects(&self) -> Result<u64, StoreError> {
        self.subjects.count()
    }

    fn keys(&self) -> std::sync::RwLockReadGuard<'_, Keyring> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn drawn<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.random)(&mut bytes);
        bytes
    }

    /// What the store answered. After a failure it answers nothing more until it is opened anew.
    fn stored<T>(&self, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &answer {
            self.broken.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| error.clone());
        }
        answer
    }

    /// Why the vault can work no more until it is opened anew, if so.
    pub fn stopped(&self) -> Option<String> {
        let broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        broken.as_ref().map(ToString::to_string).or_else(|| self.book.stopped())
    }

    fn subject(&self, id: &SubjectId) -> Result<Option<Subject>, VaultError> {
        let keys = self.keys();
        let Some(wrapped) = self.stored(self.subjects.get(id))? else { return Ok(None) };
        unwrap(&keys, id, &wrapped).map(Some)
    }

    /// The subject with this number, which gets a key if it has none. Of the same person as `person`: it has
    /// the same tag.
    fn subject_or_new(&self, id: &SubjectId, person: Option<&SubjectId>) -> Result<Subject, VaultError> {
        if let Some(subject) = self.subject(id)? {
            return Ok(subject);
        }
        let known = match person {
            Some(person) => self.subject(person)?.map(|subject| subject.tag),
            None => None,
        };
        let key = SubjectKey::new(Key::filled(|bytes| (self.random)(bytes)));
        let subject = Subject { key, tag: known.unwrap_or_else(|| Tag(self.drawn())), since: (self.now)() };
        // Held until it is kept: a rotation in between would forget the key that it is wrapped with.
        let keys = self.keys();
        let kept = self.stored(self.subjects.keep(*id, keys.wrapping().wrap(id, &subject)))?;
        unwrap(&keys, id, &kept)
    }

    /// Seals values of a subject, which gets a key of its own if it has none; of the same person as `person`.
    pub fn seal(
        &self,
        asker: &Asker,
        id: &SubjectId,
        person: Option<&SubjectId>,
        values: &[(Field, Plain)],
    ) -> Result<Vec<Vec<u8>>, VaultError> {
        let fields = Fields::of(&values.iter().map(|(field, _)| *field).collect::<Vec<_>>());
        let deed = self.deed(asker, Kind::Seal, None, fields);
        // A field twice would be a leaf for one of them.
        let twice = (1..values.len()).any(|at| values[..at].iter().any(|(field, _)| *field == values[at].0));
        if fields == Fields::NONE || twice {
            return Err(self.refuse(deed, Outcome::FieldRefused));
        }
        let subject = self.subject_or_new(id, person)?;
        self.book.append(Deed { subject: subject.tag, ..deed })?;
        let seal = |(field, value): &(Field, Plain)| subject.key.seal(id, *field, self.drawn::<NONCE_LEN>(), value);
        Ok(values.iter().map(seal).collect())
    }

    /// Opens sealed values of one subject: all of them or none.
    pub fn open_fields(
        &self,
        asker: &Asker,
        purpose: Purpose,
        reference: [u8; 16],
        id: &SubjectId,
        sealed: &[(Field, Vec<u8>)],
    ) -> Result<Vec<Plain>, VaultError> {
        let fields = Fields::of(&sealed.iter().map(|(field, _)| *field).collect::<Vec<_>>());
        let deed = self.deed(asker, Kind::Open, Some(purpose), fields);
        let Some(subject) = self.subject(id)? else { return Err(self.refuse(deed, Outcome::NoSubject)) };
        let deed = Deed { subject: subject.tag, reference: subject.key.reference(&reference), ..deed };
        let aged = purpose == Purpose::Checkout && (self.now)().saturating_sub(subject.since) > CHECKOUT_AGE;
        // A customer's own record has the customer's number; nobody looks at another's as at their own.
        let another = purpose == Purpose::SelfView && asker.id != *id;
        let judged = judge(purpose, fields, reference, asker.actor).and(match (aged, another) {
            (true, _) => Err(Outcome::ReferenceRefused),
            (_, true) => Err(Outcome::ActorRefused),
            _ => Ok(()),
        });
        if let Err(outcome) = judged {
            return Err(self.refuse(deed, outcome));
        }
        self.take(&deed)?;
        let written = self.book.append(deed)?;
        let open = |(field, sealed): &(Field, Vec<u8>)| subject.key.open(id, *field, sealed, &written);
        match sealed.iter().map(open).collect::<Result<Vec<_>, _>>() {
            Ok(opened) => Ok(opened),
            // Nothing left the vault, but the leaf says so; this one says what became of it.
            Err(_) => Err(self.refuse(deed, Outcome::Damaged)),
        }
    }

    /// The blind index of a canonical value.
    pub fn index(
        &self,
        asker: &Asker,
        purpose: Purpose,
        field: Field,
        canonical: &Plain,
    ) -> Result<Indexes, VaultError> {
        let deed = self.deed(asker, Kind::Index, Some(purpose), Fields::of(&[field]));
        if let Err(outcome) = judge_index(purpose, field, asker.actor) {
            return Err(self.refuse(deed, outcome));
        }
        self.take(&deed)?;
        self.book.append(deed)?;
        Ok(self.indexes(field, canonical))
    }

    fn indexes(&self, field: Field, canonical: &Plain) -> Indexes {
        let keys = self.keys();
        let earlier = keys.earlier_index().map(|key| key.index(field, canonical));
        Indexes { newest: keys.index().index(field, canonical), earlier }
    }

    /// Destroys the key of a subject: what was sealed for it stays closed for ever. `false` if there was none.
    pub fn shred(&self, asker: &Asker, id: &SubjectId) -> Result<bool, VaultError> {
        let deed = self.deed(asker, Kind::Shred, None, Fields::NONE);
        let Some(subject) = self.subject(id)? else { return Ok(false) };
        let deed = Deed { subject: subject.tag, ..deed };
        if let Err(outcome) = judge_shred(asker.actor) {
            return Err(self.refuse(deed, outcome));
        }
        self.take(&deed)?;
        self.book.append(deed)?;
        Ok(self.stored(self.subjects.destroy(id))?)
    }

    /// Proof of all that was ever written about the persons whose records these are: one for each tag among them, and one
    /// more for each ledger of before a restore that knows it. Records without a key have none.
    pub fn prove(&self, asker: &Asker, records: &[SubjectId]) -> Result<Vec<Proven>, VaultError> {
        let deed = self.deed(asker, Kind::Prove, None, Fields::NONE);
        if let Err(outcome) = judge_prove(asker.actor) {
            return Err(self.refuse(deed, outcome));
        }
        let mut tags = Vec::new();
        for record in records {
            if let Some(subject) = self.subject(record)?
                && !tags.contains(&subject.tag)
            {
                tags.push(subject.tag);
            }
        }
        if tags.is_empty() {
            return Err(self.refuse(deed, Outcome::NoSubject));
        }
        self.take(&Deed { subject: tags[0], ..deed })?;
        // All are written down before any is proven: the proof of each holds that it was asked for.
        for tag in &tags {
            self.book.append(Deed { subject: *tag, ..deed })?;
        }
        let mut proofs = Vec::new();
        for tag in tags {
            for past in &self.past {
                let proof = past.prove(tag)?;
                proofs.extend(proof.map(|proof| Proven { tag, key: past.verifier().clone(), proof }));
            }
            proofs.push(Proven { tag, key: self.book.verifier(), proof: self.book.prove(tag)? });
        }
        Ok(proofs)
    }

    /// The newest checkpoint: at most ten seconds old, and with the next leaf there is another.
    pub fn head(&self) -> Result<Note, VaultError> {
        Ok(self.book.newest()?.1)
    }

    /// Writes down that a process which is none of ours was at the door.
    pub fn stranger(&self) -> Result<Written, VaultError> {
        Ok(self.book.append(own(Kind::Alarm, Some(Detail::Stranger)))?)
    }

    /// Writes down that the vault is stopped in good order.
    pub fn stop(&self) -> Result<(), VaultError> {
        self.book.append(own(Kind::Stop, None))?;
        self.book.checkpoint()?;
        Ok(())
    }

    /// Takes what is asked out of the budgets. What does not fit is refused, and written down at most once a
    /// second for each actor: asking again and again must not fill the ledger.
    fn take(&self, deed: &Deed) -> Result<(), VaultError> {
        let Deed { kind, purpose, actor, actor_id, subject, .. } = *deed;
        let ask = Ask { kind, purpose, actor, actor_id, subject, time: (self.now)() };
        let taken = self.budgets.lock().unwrap_or_else(PoisonError::into_inner).take(ask);
        match taken {
            Ok(()) => Ok(()),
            Err(OverBudget { told: false }) => Err(self.refuse(*deed, Outcome::OverBudget)),
            Err(OverBudget { told: true }) => Err(VaultError::Refused(Outcome::OverBudget)),
        }
    }

    pub(crate) fn deed(&self, asker: &Asker, kind: Kind, purpose: Option<Purpose>, fields: Fields) -> Deed {
        let actor_id = self.keys().actor(asker.actor, &asker.id);
        Deed { purpose, fields, actor_id, request: asker.request, ..Deed::of(kind, asker.actor, asker.route) }
    }

    /// Writes a refusal down. When that fails, this is the greater trouble.
    pub(crate) fn refuse(&self, deed: Deed, outcome: Outcome) -> VaultError {
        match self.book.append(Deed { outcome, ..deed }) {
            Ok(_) => VaultError::Refused(outcome),
            Err(error) => error.into(),
        }
    }
}

pub(crate) fn unwrap(keys: &Keyring, id: &SubjectId, wrapped: &[u8]) -> Result<Subject, VaultError> {
    let key = keys.wrapping_of(wrapped);
    key.and_then(|key| key.unwrap(id, wrapped)).ok_or_else(|| VaultError::Unwrap(words(id)))
}

/// Something that the vault does by itself.
fn own(kind: Kind, detail: Option<Detail>) -> Deed {
    Deed { detail, ..Deed::of(kind, Actor::Vault, Route::new("vault")) }
}

#[cfg(test)]
pub(crate) mod tests;
