//! Orders: placing them, settling their money, showing them.

mod view;

pub(crate) use view::by_id;
pub use view::{ViewError, mine, mine_one, token_of, view};
