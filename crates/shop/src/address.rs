//! Addresses as the shop keeps them: which of their fields are sealed, how they come back, and whether the post knows
//! them. Checkout, order and account keep the same fields.

use noren_domain::address::{Address, AddressForm};
use noren_domain::form::{Fault, Faults};

use crate::postal;
use crate::vault::{Field, Opened, Plain};

/// What is sealed of an address. The prefecture is not: fees depend on it.
pub(crate) fn values(address: &Address) -> Vec<(Field, Plain)> {
    let values = [
        (Field::Name, Some(address.name.as_str())),
        (Field::Kana, address.kana.as_deref()),
        (Field::PostalCode, Some(address.postal_code.as_str())),
        (Field::City, Some(address.city.as_str())),
        (Field::Street, Some(address.street.as_str())),
        (Field::Building, address.building.as_deref()),
        (Field::Phone, Some(address.phone.as_str())),
    ];
    values.into_iter().filter_map(|(field, value)| Some((field, Plain::new(value?.to_owned())))).collect()
}

/// The address that was opened, for its owner's eyes; `prefecture` is its number, as it stands in the row.
pub(crate) fn form(opened: &Opened, prefecture: Option<i64>) -> AddressForm {
    let shown = |field| opened.expose(field).to_owned();
    AddressForm {
        name: shown(Field::Name),
        kana: shown(Field::Kana),
        postal_code: shown(Field::PostalCode),
        prefecture: prefecture.map(|number| number.to_string()).unwrap_or_default(),
        city: shown(Field::City),
        street: shown(Field::Street),
        building: shown(Field::Building),
        phone: shown(Field::Phone),
    }
}

/// Refuses a 〒 that is known to lie in other prefectures than the one chosen. A code that the carried table does not
/// know may be newer than the table: the person lives there, and knows better.
pub(crate) fn check(address: &Address) -> Result<(), Faults> {
    let refused = |fault| Err(Faults::field("postal_code", fault));
    let Ok(places) = postal::lookup(&address.postal_code) else { return refused(Fault::PostalCode) };
    let here = |place: &postal::Place| place.prefecture == address.prefecture.number();
    if places.is_empty() || places.iter().any(here) { Ok(()) } else { refused(Fault::PostalCodeUnknown) }
}
