//! Where a parcel goes: an address in Japan, typed in Japanese or in Latin letters. The checkout asks for one, and an
//! account keeps some.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::form::{Fault, Faults, line, optional_line};
use crate::prefecture::Prefecture;

masked!(AddressForm, Address);

/// An address as typed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AddressForm {
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

/// Who receives a parcel, and where.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// Full name.
    pub name: String,
    /// Name in katakana.
    pub kana: Option<String>,
    /// Seven digits.
    pub postal_code: String,
    /// The prefecture.
    pub prefecture: Prefecture,
    /// City, ward, town.
    pub city: String,
    /// Number in the town.
    pub street: String,
    /// Building and room.
    pub building: Option<String>,
    /// Ten or eleven digits.
    pub phone: String,
}

impl AddressForm {
    /// Reads it. Whether 〒 and prefecture belong together is for the shop's table to say.
    pub fn parse(&self) -> Result<Address, Faults> {
        let mut faults = Faults::default();
        let name = faults.check("name", line(&self.name, 60));
        let kana = faults.check("kana", kana(&self.kana));
        let postal_code = faults.check("postal_code", postal_code(&self.postal_code));
        let prefecture = faults.check("prefecture", prefecture(&self.prefecture));
        let city = faults.check("city", line(&self.city, 100));
        let street = faults.check("street", line(&self.street, 100));
        let building = faults.check("building", optional_line(&self.building, 100));
        let phone = faults.check("phone", phone(&self.phone));
        faults.or(|| {
            Some(Address {
                name: name?,
                kana: kana?,
                postal_code: postal_code?,
                prefecture: prefecture?,
                city: city?,
                street: street?,
                building: building.filter(|building| !building.is_empty()),
                phone: phone?,
            })
        })
    }
}

/// Half-width and hiragana become katakana, as carriers print it.
fn kana(raw: &str) -> Result<Option<String>, Fault> {
    let text: String = optional_line(raw, 60)?
        .nfkc()
        .map(|c| match c {
            'ぁ'..='ゖ' => char::from_u32(u32::from(c) + 0x60).unwrap_or(c),
            _ => c,
        })
        .collect();
    if text.chars().any(|c| !matches!(c, 'ァ'..='ヺ' | 'ー' | '・' | ' ')) {
        return Err(Fault::Kana);
    }
    Ok((!text.is_empty()).then_some(text))
}

fn is_dash(c: char) -> bool {
    "-‐‑‒–—―−－ーｰ".contains(c)
}

fn postal_code(raw: &str) -> Result<String, Fault> {
    let text = line(raw, 20)?;
    let digits: String = text.nfkc().filter(|c| !c.is_whitespace() && !is_dash(*c) && *c != '〒').collect();
    if digits.len() == 7 && digits.bytes().all(|b| b.is_ascii_digit()) { Ok(digits) } else { Err(Fault::PostalCode) }
}

fn prefecture(raw: &str) -> Result<Prefecture, Fault> {
    raw.trim().parse::<u8>().ok().and_then(|number| Prefecture::try_from(number).ok()).ok_or(Fault::Choice)
}

fn phone(raw: &str) -> Result<String, Fault> {
    let text = line(raw, 30)?;
    let plain: String = text.nfkc().filter(|c| !c.is_whitespace() && !is_dash(*c) && !"().".contains(*c)).collect();
    let digits = match plain.strip_prefix("+81") {
        Some(rest) => format!("0{}", rest.trim_start_matches('0')),
        None => plain,
    };
    let known =
        (10..=11).contains(&digits.len()) && digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
    if known { Ok(digits) } else { Err(Fault::Phone) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hanako() -> AddressForm {
        AddressForm {
            name: "暖簾 花子".into(),
            kana: "のれん ﾊﾅｺ".into(),
            postal_code: "〒１００－０００５".into(),
            prefecture: "13".into(),
            city: "千代田区丸の内".into(),
            street: "1-1-1".into(),
            building: String::new(),
            phone: "+81 90-1234-5678".into(),
        }
    }

    #[test]
    fn what_input_methods_make_of_digits_and_kana_is_understood() {
        let address = hanako().parse().unwrap();
        assert_eq!(address.postal_code, "1000005");
        assert_eq!(address.kana.as_deref(), Some("ノレン ハナコ"));
        assert_eq!(address.phone, "09012345678");
        assert_eq!(address.building, None);
    }

    #[test]
    fn every_missing_field_is_named_at_once() {
        let faults = AddressForm::default().parse().unwrap_err();
        let fields: Vec<&str> = faults.0.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(fields, ["name", "postal_code", "prefecture", "city", "street", "phone"]);
    }

    #[test]
    fn numbers_that_name_nothing_are_refused() {
        for raw in ["0", "48", "-1", "1e1", "東京都", "999999999999"] {
            assert_eq!(prefecture(raw), Err(Fault::Choice), "{raw}");
        }
        for raw in ["110", "12345", "123456789012", "abc", "+1 202 555 0100"] {
            assert_eq!(phone(raw), Err(Fault::Phone), "{raw}");
        }
        for raw in ["123456", "12345678", "100-000a"] {
            assert_eq!(postal_code(raw), Err(Fault::PostalCode), "{raw}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_read_or_refused(texts in prop::collection::vec("(?s).{0,40}", 8)) {
            let [name, kana, postal_code, prefecture, city, street, building, phone] =
                <[String; 8]>::try_from(texts).unwrap();
            let form = AddressForm { name, kana, postal_code, prefecture, city, street, building, phone };
            if let Ok(address) = form.parse() {
                prop_assert_eq!(address.postal_code.len(), 7);
            }
        }

        #[test]
        fn a_good_form_stays_good_when_only_spaces_are_added(before in " {0,3}", after in "[ 　]{0,3}") {
            let mut form = hanako();
            form.name = format!("{before}{}{after}", form.name);
            form.phone = format!("{before}{}{after}", form.phone);
            prop_assert_eq!(form.parse().unwrap().name, "暖簾 花子");
        }
    }
}
