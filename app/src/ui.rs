//! What pages are built from: frame, fields, messages.

mod field;
mod frame;
mod message;
mod page;

pub use field::{Field, FieldKind, SelectField, SubmitButton};
pub use frame::{Footer, Header};
pub use message::{FaultSummary, Missing, NotFound, Note, NoteKind, WasmBroken};
pub use page::{Head, Load};
