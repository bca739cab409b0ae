//! The address book of an account.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::address::AddressForm;

masked!(SavedAddress);

/// So many addresses a customer may keep.
pub const MAX_ADDRESSES: u32 = 20;

/// One of a customer's addresses.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedAddress {
    /// Its number.
    pub id: Uuid,
    /// What it says, as it can be typed.
    pub address: AddressForm,
    /// Whether it is the one that is offered first.
    pub default: bool,
}
