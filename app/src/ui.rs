//! What pages are built from: frame, fields, messages.

mod field;
mod frame;
mod message;
mod page;
mod wayfinding;

pub use field::{Field, FieldKind, SelectField, SubmitButton, fault_words};
pub use frame::{Footer, Header};
pub use message::{FaultSummary, Missing, NotFound, Note, NoteKind, Offline, WasmBroken};
pub use page::{Head, Load};
pub use wayfinding::{Badge, BadgeKind, Crumbs, Pager, Price, Steps};
