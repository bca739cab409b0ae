//! The wrapped keys of all subjects, in a store of the vault's own.
//!
//! A subject is on the disk before anything is sealed for it: what would be sealed under a key that a power
//! cut takes back could never be opened. One thread writes for all who wait at that moment.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use redb::backends::FileBackend;
use redb::{Database, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition};

use crate::durable;
use crate::seal::{SubjectId, WRAPPED_LEN};

const WRAPPED: TableDefinition<&SubjectId, &[u8]> = TableDefinition::new("wrapped subjects, version 1");
/// Memory for pages of the store.
const CACHE: usize = 32 << 20;
/// So many may wait for the thread that writes.
const WAITING: usize = 1_024;
/// At most so many are written in one go.
const AT_ONCE: usize = 256;

type Wrapped = [u8; WRAPPED_LEN];

/// The store of keys cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the vault's store of keys: {0}; nothing is sealed or opened until it can be used again")]
pub struct StoreError(String);

impl StoreError {
    fn of(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }

    /// It cannot be read at all.
    pub(crate) fn damaged() -> Self {
        Self("it is damaged".to_owned())
    }

    fn gone() -> Self {
        Self("the thread that writes has ended".to_owned())
    }
}

/// A subject that is to be kept.
struct New {
    id: SubjectId,
    wrapped: Wrapped,
    answer: SyncSender<Result<Vec<u8>, StoreError>>,
}

/// An open store.
pub struct Subjects {
    store: std::sync::Arc<Database>,
    new: Option<SyncSender<New>>,
    writer: Option<JoinHandle<()>>,
}

impl Subjects {
    /// Opens the store at `path`, which is made if it is missing: beside first, so that it is there whole or
    /// not at all.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let named = |error: &dyn std::fmt::Display| StoreError(format!("{}: {error}", path.display()));
        if !path.exists() {
            let unfinished = path.with_extension("unfinished");
            durable::remove(&unfinished).map_err(|error| named(&error))?;
            let store = database(&unfinished)?;
            let made = store.begin_write().map_err(StoreError::of)?;
            made.open_table(WRAPPED).map_err(StoreError::of)?;
            made.commit().map_err(StoreError::of)?;
            drop(store);
            durable::put(&unfinished, path).map_err(|error| named(&error))?;
        }
        // An empty file would be taken for a new store.
        if std::fs::metadata(path).map_err(|error| named(&error))?.len() == 0 {
            return Err(named(&"is empty; put it back from your backup of the vault's keys"));
        }
        let store = std::sync::Arc::new(database(path)?);
        let (new, queue) = sync_channel(WAITING);
        let writer = {
            let store = store.clone();
            std::thread::Builder::new().name("subjects".into()).spawn(move || write(&store, &queue))
        };
        Ok(Self { store, new: Some(new), writer: Some(writer.map_err(StoreError::of)?) })
    }

    /// One of the subjects, whichever it is.
    pub fn any(&self) -> Result<Option<(SubjectId, Vec<u8>)>, StoreError> {
        let read = self.store.begin_read().map_err(StoreError::of)?;
        let table = read.open_table(WRAPPED).map_err(StoreError::of)?;
        let first = table.first().map_err(StoreError::of)?;
        Ok(first.map(|(id, wrapped)| (*id.value(), wrapped.value().to_vec())))
    }

    /// What is kept of a subject.
    pub fn get(&self, id: &SubjectId) -> Result<Option<Vec<u8>>, StoreError> {
        let read = self.store.begin_read().map_err(StoreError::of)?;
        let table = read.open_table(WRAPPED).map_err(StoreError::of)?;
        let found = table.get(id).map_err(StoreError::of)?;
        Ok(found.map(|wrapped| wrapped.value().to_vec()))
    }

    /// How many there are.
    pub fn count(&self) -> Result<u64, StoreError> {
        let read = self.store.begin_read().map_err(StoreError::of)?;
        read.open_table(WRAPPED).map_err(StoreError::of)?.len().map_err(StoreError::of)
    }

    /// Keeps a new subject and gives what is kept once it is on the disk: somebody else's, if they were quicker.
    pub fn keep(&self, id: SubjectId, wrapped: Wrapped) -> Result<Vec<u8>, StoreError> {
        let (answer, answered) = sync_channel(1);
        let new = self.new.as_ref().ok_or_else(StoreError::gone)?;
        new.send(New { id, wrapped, answer }).map_err(|_| StoreError::gone())?;
        answered.recv().map_err(|_| StoreError::gone())?
    }

    /// Hands every subject to `each`.
    pub fn each(&self, mut each: impl FnMut(&SubjectId, &[u8])) -> Result<(), StoreError> {
        let read = self.store.begin_read().map_err(StoreError::of)?;
        let table = read.open_table(WRAPPED).map_err(StoreError::of)?;
        for row in table.iter().map_err(StoreError::of)? {
            let (id, wrapped) = row.map_err(StoreError::of)?;
            each(id.value(), wrapped.value());
        }
        Ok(())
    }

    /// Writes all of it as a store of its own to `path`: beside first, and over an earlier one. Others go on reading and
    /// writing; what they write meanwhile is not in it.
    pub fn copy_to(&self, path: &Path) -> Result<(), StoreError> {
        let named = |error: std::io::Error| StoreError(format!("{}: {error}", path.display()));
        let unfinished = path.with_extension("unfinished");
        durable::remove(&unfinished).map_err(named)?;
        let read = self.store.begin_read().map_err(StoreError::of)?;
        let copy = database(&unfinished)?;
        let write = copy.begin_write().map_err(StoreError::of)?;
        {
            let (from, mut to) =
                (read.open_table(WRAPPED).map_err(StoreError::of)?, write.open_table(WRAPPED).map_err(StoreError::of)?);
            for row in from.iter().map_err(StoreError::of)? {
                let (id, wrapped) = row.map_err(StoreError::of)?;
                to.insert(id.value(), wrapped.value()).map_err(StoreError::of)?;
            }
        }
        write.commit().map_err(StoreError::of)?;
        drop(copy);
        durable::put(&unfinished, path).map_err(named)
    }

    /// Destroys what is kept of a subject; `false` if there was nothing.
    pub fn destroy(&self, id: &SubjectId) -> Result<bool, StoreError> {
        let write = self.store.begin_write().map_err(StoreError::of)?;
        let there = write.open_table(WRAPPED).map_err(StoreError::of)?.remove(id).map_err(StoreError::of)?.is_some();
        write.commit().map_err(StoreError::of)?;
        Ok(there)
    }

    /// Puts what `change` makes of each subject in its place, some at a time, so that others are not kept
    /// waiting. Gives how many were changed.
    pub fn rewrap(
        &self,
        mut change: impl FnMut(&SubjectId, &[u8]) -> Result<Option<Wrapped>, StoreError>,
    ) -> Result<u64, StoreError> {
        let (mut from, mut changed): (SubjectId, u64) = ([0; 16], 0);
        loop {
            let write = self.store.begin_write().map_err(StoreError::of)?;
            let mut last = None;
            {
                let mut table = write.open_table(WRAPPED).map_err(StoreError::of)?;
                let mut new = Vec::new();
                for row in table.range::<&SubjectId>(&from..).map_err(StoreError::of)?.take(AT_ONCE) {
                    let (id, wrapped) = row.map_err(StoreError::of)?;
                    last = Some(*id.value());
                    if let Some(wrapped) = change(id.value(), wrapped.value())? {
                        new.push((*id.value(), wrapped));
                    }
                }
                changed += new.len() as u64;
                for (id, wrapped) in new {
                    table.insert(&id, wrapped.as_slice()).map_err(StoreError::of)?;
                }
            }
            write.commit().map_err(StoreError::of)?;
            // The next one after the last one; there is none after the highest number of all.
            match last.and_then(|last| u128::from_be_bytes(last).checked_add(1)) {
                Some(next) => from = next.to_be_bytes(),
                None => return Ok(changed),
            }
        }
    }
}

fn database(path: &Path) -> Result<Database, StoreError> {
    let named = |error: &dyn std::fmt::Display| StoreError(format!("{}: {error}", path.display()));
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(|error| named(&error))?;
    let file = FileBackend::new(file).map_err(|error| named(&error))?;
    Database::builder().set_cache_size(CACHE).create_with_backend(file).map_err(|error| named(&error))
}

impl Drop for Subjects {
    fn drop(&mut self) {
        drop(self.new.take());
        if let Some(writer) = self.writer.take() {
            // Whatever it fell over has been said already.
            let _ = writer.join();
        }
    }
}

fn write(store: &Database, queue: &Receiver<New>) {
    while let Ok(first) = queue.recv() {
        let all: Vec<New> = std::iter::once(first).chain(queue.try_iter().take(AT_ONCE - 1)).collect();
        match write_all(store, &all) {
            Ok(kept) => all.iter().zip(kept).for_each(|(new, kept)| drop(new.answer.send(Ok(kept)))),
            Err(error) => all.iter().for_each(|new| drop(new.answer.send(Err(error.clone())))),
        }
    }
}

fn write_all(store: &Database, all: &[New]) -> Result<Vec<Vec<u8>>, StoreError> {
    let write = store.begin_write().map_err(StoreError::of)?;
    let mut kept = Vec::with_capacity(all.len());
    {
        let mut table = write.open_table(WRAPPED).map_err(StoreError::of)?;
        for New { id, wrapped, .. } in all {
            let there = table.get(id).map_err(StoreError::of)?.map(|there| there.value().to_vec());
            if there.is_none() {
                table.insert(id, wrapped.as_slice()).map_err(StoreError::of)?;
            }
            kept.push(there.unwrap_or_else(|| wrapped.to_vec()));
        }
    }
    write.commit().map_err(StoreError::of)?;
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn id(no: u32) -> SubjectId {
        (u128::from(no) << 96 | 7).to_be_bytes()
    }

    #[test]
    fn whoever_comes_second_gets_what_the_first_one_kept() {
        let dir = tempfile::tempdir().unwrap();
        let store = Subjects::open(&dir.path().join("subjects")).unwrap();
        let kept: HashSet<Vec<u8>> = std::thread::scope(|scope| {
            let all: Vec<_> = (1..=8u8)
                .map(|byte| {
                    let store = &store;
                    scope.spawn(move || store.keep(id(1), [byte; WRAPPED_LEN]).unwrap())
                })
                .collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(kept.len(), 1, "one key for one subject, however many asked at once");
        drop(store);
        let store = Subjects::open(&dir.path().join("subjects")).unwrap();
        assert_eq!(store.get(&id(1)).unwrap(), kept.into_iter().next());
        assert_eq!((store.destroy(&id(1)).unwrap(), store.destroy(&id(1)).unwrap()), (true, false));
        assert_eq!((store.get(&id(1)).unwrap(), store.count().unwrap()), (None, 0));
    }

    #[test]
    fn all_are_changed_when_all_are_rewrapped() {
        let dir = tempfile::tempdir().unwrap();
        let store = Subjects::open(&dir.path().join("subjects")).unwrap();
        std::thread::scope(|scope| {
            for part in 0..8u32 {
                let store = &store;
                scope.spawn(move || {
                    (0..100).for_each(|no| drop(store.keep(id(part * 100 + no), [1; WRAPPED_LEN]).unwrap()));
                });
            }
        });
        store.keep([255; 16], [1; WRAPPED_LEN]).unwrap();
        let half = |id: &SubjectId, _: &[u8]| Ok(id[3].is_multiple_of(2).then_some([2; WRAPPED_LEN]));
        assert_eq!(store.rewrap(half).unwrap(), 400);
        assert_eq!(store.rewrap(|_, old| Ok((old[0] == 1).then_some([3; WRAPPED_LEN]))).unwrap(), 401);
        assert_eq!(store.get(&id(5)).unwrap(), Some(vec![3; WRAPPED_LEN]));
        assert_eq!(store.count().unwrap(), 801);
    }
}
