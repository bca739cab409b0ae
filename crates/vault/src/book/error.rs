use noren_ledger::audit::AuditFault;

/// The book cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// A file cannot be read or written.
    #[error("the ledger in {path}: {source}; nothing is opened until it can be written again")]
    Io {
        /// The file or folder.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// It was changed by somebody else.
    #[error(
        "the ledger does not hold together: {0}; keep the files as they are, and compare them with a witness' and a backup's"
    )]
    Broken(#[from] AuditFault),
    /// Leaves that a checkpoint signs are gone.
    #[error(
        "the ledger ends at leaf {held}, and its newest checkpoint signs {signed}: leaves were lost or cut off; put all of the vault's folder back from one backup"
    )]
    Short {
        /// How many there are.
        held: u64,
        /// How many there were.
        signed: u64,
    },
    /// What is written to is not in the folder any more.
    #[error(
        "{0} was removed or exchanged while the vault wrote to it; what was written since is lost: find out who did it, and put \
         all of the vault's folder back from one backup"
    )]
    Exchanged(String),
    /// A checkpoint is none of this log.
    #[error("{0} in the ledger is no checkpoint of this log's key")]
    Checkpoint(String),
    /// Another ledger was exported there.
    #[error(
        "{0} holds the export of another ledger, or of another past of this one; name a folder that is not there yet"
    )]
    OtherExport(String),
    /// A ledger that this one continues is not there, or is another.
    #[error("{0}, the ledger of before a restore, is missing or another: put it back from your backup of the vault")]
    NoPast(String),
    /// The key that signs is not there.
    #[error(
        "none of the signing keys is the one that the ledger announces last; put the vault's `keys` and its `ledger` back from \
         one backup"
    )]
    NoSigner,
    /// The clock is behind the ledger.
    #[error(
        "the newest leaf of the ledger is of {ledger} and the clock says {clock} (UTC milliseconds): set the clock right, then start the vault again"
    )]
    Clock {
        /// Time of the newest leaf.
        ledger: u64,
        /// What the clock says.
        clock: u64,
    },
    /// There is nothing to export.
    #[error("the ledger has no checkpoint yet; it has one ten seconds after its first leaf")]
    NoCheckpoint,
    /// Writing failed before; what is on the disk is not known any more.
    #[error("the ledger could not be written ({0}); start the vault again once the cause is mended")]
    Stopped(String),
}
