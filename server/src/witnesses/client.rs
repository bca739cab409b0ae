//! How the shop speaks to a witness over HTTP: C2SP tlog-witness, from the log's side.

use std::time::Duration;

use noren_ledger::note::LONGEST;
use noren_ledger::witness::{ADD_CHECKPOINT, AddCheckpoint, newest_size};
use noren_shop::https;

use super::{WitnessAt, Witnesses};

/// A witness that takes longer is asked again later.
const PATIENCE: Duration = Duration::from_secs(10);
/// So much of what a witness says besides comes into the log, in characters.
const WORDS: usize = 200;

/// What a witness answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Lines of signatures.
    Cosigned(String),
    /// It has seen this size.
    Elsewhere(u64),
    /// It does not cosign.
    Refused {
        /// The HTTP status.
        status: u16,
        /// In its words.
        words: String,
    },
}

/// Asks witnesses. Cheap to clone.
#[derive(Clone)]
pub struct Client(ureq::Agent);

impl Client {
    /// One for these witnesses: with the system's certificates, if one of them is reached by https.
    pub fn new(witnesses: &Witnesses) -> Self {
        let mut config = ureq::Agent::config_builder()
            // An answer counts by its signature, and by nothing else that it says or where it sends us.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            // Only what the shop's own settings say decides where it calls.
            .proxy(None)
            .timeout_global(Some(PATIENCE))
            .max_response_header_size(16 * 1_024);
        if witnesses.0.iter().any(|witness| witness.url.starts_with("https://")) {
            config = config.tls_config(https::tls());
        }
        Self(config.build().into())
    }

    /// Asks `witness` to cosign; waits, so from a thread that may.
    pub fn ask(&self, witness: &WitnessAt, request: &AddCheckpoint) -> Result<Answer, ureq::Error> {
        let url = format!("{}{ADD_CHECKPOINT}", witness.url);
        let mut answer = self.0.post(url).content_type("text/plain; charset=utf-8").send(request.to_string())?;
        let status = answer.status().as_u16();
        let text = answer.body_mut().with_config().limit(LONGEST as u64).read_to_string()?;
        Ok(match (status, newest_size(&text)) {
            (200, _) => Answer::Cosigned(text),
            (409, Some(size)) => Answer::Elsewhere(size),
            _ => Answer::Refused { status, words: text.trim_end().chars().take(WORDS).collect() },
        })
    }
}
