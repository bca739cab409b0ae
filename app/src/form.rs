//! Forms that work before, without and after wasm.
//!
//! A server function takes what was typed as it is and answers with typed faults. With wasm they
//! arrive as the action's error and the inputs keep what they hold. Without, the answer is a
//! redirect back to the page, and a sealed cookie of five minutes carries values and faults over,
//! so nothing a person typed is lost and nothing of it stands in a URL.

use http::StatusCode;
use leptos::prelude::*;
use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use noren_domain::form::{Fault, Faults};
use serde::{Deserialize, Serialize};

/// Why a server function did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// What the person can mend.
    Faults(Faults),
    /// The server failed; nothing was changed.
    Failed,
    /// No answer came back, or none that can be read: it may have been done or not.
    NoAnswer,
}

impl Refusal {
    /// The faults to show.
    pub fn faults(&self) -> Faults {
        match self {
            Self::Faults(faults) => faults.clone(),
            Self::Failed => Faults::of(Fault::Internal),
            Self::NoAnswer => Faults::of(Fault::NoAnswer),
        }
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Faults(Faults::of(fault))
    }
}

impl From<Faults> for Refusal {
    fn from(faults: Faults) -> Self {
        Self::Faults(faults)
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for Refusal {}

impl FromServerFnError for Refusal {
    type Encoder = JsonEncoding;

    fn status_code(&self) -> StatusCode {
        match self {
            Self::Faults(faults) if faults.get("") == Some(&Fault::VaultUnavailable) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Faults(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Failed | Self::NoAnswer => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => Self::Faults(Faults::of(Fault::Unreadable)),
            // On the server: what the browser sent. In the browser: an answer that is not ours, such as
            // the page of a proxy whose shop is down.
            ServerFnErrorErr::Deserialization(_) if cfg!(feature = "ssr") => {
                Self::Faults(Faults::of(Fault::Unreadable))
            }
            _ => Self::NoAnswer,
        }
    }
}

/// A form as a page shows it: what stands in the inputs, and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form<T> {
    /// What stands in the inputs.
    pub values: T,
    /// What was wrong when it was last sent.
    pub faults: Faults,
}

impl<T> Form<T> {
    /// A form not sent yet.
    pub fn fresh(values: T) -> Self {
        Self { values, faults: Faults::default() }
    }
}

/// The faults to show beside a form: those of its last answer, or those it was rendered with.
pub fn use_faults<S>(action: ServerAction<S>, rendered: Faults) -> Signal<Faults>
where
    S: leptos::server_fn::ServerFn<Error = Refusal> + Clone + Send + Sync + 'static,
    S::Output: Send + Sync + 'static,
{
    Signal::derive(move || match &*action.value().read() {
        Some(Err(refusal)) => refusal.faults(),
        Some(Ok(_)) => Faults::default(),
        None => rendered.clone(),
    })
}

/// The faults of two forms of one page, of which one is sent at a time.
pub fn either_faults(one: Signal<Faults>, other: Signal<Faults>) -> Signal<Faults> {
    Signal::derive(move || Faults(one.get().0.into_iter().chain(other.get().0).collect()))
}

#[cfg(feature = "ssr")]
mod parcel {
    use serde::Serialize;
    use serde::de::DeserializeOwned;

    use super::{Faults, Form, Refusal};
    use crate::request;

    /// Browsers keep cookies of up to 4,096 bytes, base64 and name included.
    const MAX_BYTES: usize = 2_900;

    /// Refuses a form: remembers `values` and `faults` for the page that shows it again, and goes
    /// back there when the browser runs no scripts. Never hand in a password.
    pub fn refuse<T: Serialize>(form: &str, values: &T, faults: Faults) -> Refusal {
        if request::wants_html() {
            request::put_parcel(form, &parcel(values, &faults));
            request::back();
        }
        Refusal::Faults(faults)
    }

    /// Remembers `values` and `faults` for the page that shows `form` next, with scripts or without.
    /// Never hand in a password.
    pub fn keep<T: Serialize>(form: &str, values: &T, faults: &Faults) {
        request::put_parcel(form, &parcel(values, faults));
    }

    /// Values and faults as they go into the cookie. What is too long for it is cut, the longest
    /// values first, so that everything else a person typed is still there.
    fn parcel<T: Serialize>(values: &T, faults: &Faults) -> Vec<u8> {
        let mut values = serde_json::to_value(values).unwrap_or_default();
        for most in [usize::MAX, 400, 200, 100, 50] {
            for text in values.as_object_mut().into_iter().flat_map(|fields| fields.values_mut()) {
                if let serde_json::Value::String(text) = text
                    && text.chars().count() > most
                {
                    *text = text.chars().take(most).collect();
                }
            }
            let bytes = serde_json::to_vec(&(Some(&values), faults)).unwrap_or_default();
            if bytes.len() <= MAX_BYTES {
                return bytes;
            }
        }
        serde_json::to_vec(&(None::<()>, faults)).unwrap_or_default()
    }

    /// What [`refuse`] remembered for `form`, once.
    pub fn kept<T: DeserializeOwned + Default>(form: &str) -> Option<Form<T>> {
        let bytes = request::take_parcel(form)?;
        let (values, faults): (Option<T>, Faults) = serde_json::from_slice(&bytes).ok()?;
        Some(Form { values: values.unwrap_or_default(), faults })
    }
}

#[cfg(feature = "ssr")]
pub use parcel::{keep, kept, refuse};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_answer_does_not_claim_that_nothing_was_changed() {
        let lost = Refusal::from_server_fn_error(ServerFnErrorErr::Request("connection reset".to_owned()));
        assert_eq!(lost.faults(), Faults::of(Fault::NoAnswer));
    }
}
