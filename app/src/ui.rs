//! What pages are built from: frame, fields, messages.

mod field;
mod frame;
mod get_form;
mod load;
mod main;
mod message;
mod one_button;
mod page;
mod search_box;
mod wayfinding;

pub use field::{Field, FieldKind, SelectField, SubmitButton, fault_words};
pub use frame::{Footer, Header};
pub use get_form::GetForm;
pub use load::{Json, Load, Trouble, renew};
pub use main::Main;
pub use message::{FaultSummary, Missing, NotFound, Note, NoteKind, Offline, WasmBroken, fault_items};
pub use one_button::OneButton;
pub use page::Head;
pub use search_box::SearchBox;
pub use wayfinding::{Badge, BadgeKind, Crumbs, Pager, Price, Steps};
