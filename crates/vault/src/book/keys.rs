use noren_ledger::audit::Auditor;
use noren_ledger::note::{SignerKey, VerifierKey};

/// The keys of a log, each in the order in which they were announced.
pub struct LogKeys {
    /// What checkpoints are verified with that earlier keys have signed.
    pub retired: Vec<VerifierKey>,
    /// What can still be signed with: the key in use, and around the announcement of another that one as well.
    pub signers: Vec<SignerKey>,
}

impl From<SignerKey> for LogKeys {
    /// A log that has announced no other.
    fn from(signer: SignerKey) -> Self {
        Self { retired: Vec::new(), signers: vec![signer] }
    }
}

impl LogKeys {
    pub(super) fn known(&self) -> Vec<VerifierKey> {
        self.retired.iter().chain(self.signers.iter().map(SignerKey::verifier)).cloned().collect()
    }

    /// The key that signs what comes next.
    pub(super) fn signs(&self, auditor: &Auditor) -> Option<VerifierKey> {
        self.place(auditor, u64::MAX).map(|at| self.signers[at].verifier().clone())
    }

    /// Takes out the key that signs the checkpoint at `size`.
    pub(super) fn take(&mut self, auditor: &Auditor, size: u64) -> Option<SignerKey> {
        self.place(auditor, size).map(|at| self.signers.remove(at))
    }

    fn place(&self, auditor: &Auditor, size: u64) -> Option<usize> {
        let at = match auditor.signer(size) {
            // The key that the log began with was never announced.
            None => 0,
            Some(announced) => self.signers.iter().position(|signer| signer.verifier().hash() == announced)?,
        };
        (at < self.signers.len()).then_some(at)
    }
}
