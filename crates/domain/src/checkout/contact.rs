//! Who orders and where it goes.

use serde::{Deserialize, Serialize};

use crate::address::{Address, AddressForm};
use crate::email::Email;
use crate::form::Faults;

masked!(ContactForm, Contact);

/// The contact form as typed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContactForm {
    /// E-mail address.
    pub email: String,
    /// Full name.
    pub name: String,
    /// Name in kana; may be empty.
    pub kana: String,
    /// 〒, in any way of writing it.
    pub postal_code: String,
    /// JIS X 0401 number, 1 to 47.
    pub prefecture: String,
    /// City, ward, town.
    pub city: String,
    /// Number in the town (番地).
    pub street: String,
    /// Building and room; may be empty.
    pub building: String,
    /// Phone number, in any way of writing it.
    pub phone: String,
}

/// Who orders and where it goes.
#[derive(Clone, PartialEq, Eq)]
pub struct Contact {
    /// E-mail address.
    pub email: Email,
    /// Where it goes.
    pub address: Address,
}

impl ContactForm {
    /// The form with this in it.
    pub fn of(email: String, address: AddressForm) -> Self {
        let AddressForm { name, kana, postal_code, prefecture, city, street, building, phone } = address;
        Self { email, name, kana, postal_code, prefecture, city, street, building, phone }
    }

    /// Where it goes, as typed.
    pub fn address(&self) -> AddressForm {
        let Self { email: _, name, kana, postal_code, prefecture, city, street, building, phone } = self.clone();
        AddressForm { name, kana, postal_code, prefecture, city, street, building, phone }
    }

    /// Reads it. Whether 〒 and prefecture belong together is for the shop's table to say.
    pub fn parse(&self) -> Result<Contact, Faults> {
        let mut faults = Faults::default();
        let email = faults.check("email", Email::parse(&self.email));
        let address = self.address().parse().map_err(|more| faults.0.extend(more.0)).ok();
        faults.or(|| Some(Contact { email: email?, address: address? }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_missing_field_is_named_at_once() {
        let faults = ContactForm::default().parse().unwrap_err();
        let fields: Vec<&str> = faults.0.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(fields, ["email", "name", "postal_code", "prefecture", "city", "street", "phone"]);
    }

    #[test]
    fn a_form_is_its_email_and_its_address() {
        let texts = ["1", "2", "3", "4", "5", "6", "7", "8"].map(str::to_owned);
        let [name, kana, postal_code, prefecture, city, street, building, phone] = texts;
        let address = AddressForm { name, kana, postal_code, prefecture, city, street, building, phone };
        let form = ContactForm::of("a@example.jp".to_owned(), address.clone());
        assert_eq!((form.email.as_str(), form.address()), ("a@example.jp", address));
    }
}
