//! How and when an order is delivered.

use serde::{Deserialize, Serialize};

use crate::form::{Fault, Faults};
use crate::prefecture::Prefecture;
use crate::shipping::{DAYS_ON_OFFER, Day, Method, Slot};

masked!(DeliveryChoice, DeliveryForm);

/// Most characters of a gift message.
const MESSAGE_MAX: usize = 200;

/// How and when an order is delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The method.
    pub method: Method,
    /// The day wished for, ISO 8601; `None`: as soon as possible.
    pub date: Option<String>,
    /// The part of the day wished for; `None`: any.
    pub slot: Option<Slot>,
    /// Wrapped as a gift.
    pub gift_wrap: bool,
    /// The first day it can arrive, ISO 8601.
    pub earliest: String,
}

/// What a shopper chose, before the day it leaves is known.
#[derive(Clone, PartialEq, Eq)]
pub struct DeliveryChoice {
    /// The method.
    pub method: Method,
    /// The day wished for.
    pub date: Option<Day>,
    /// The part of the day wished for.
    pub slot: Option<Slot>,
    /// Wrapped as a gift.
    pub gift_wrap: bool,
    /// What the card in a gift says; `None`: no card.
    pub gift_message: Option<String>,
}

/// The delivery form as sent.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeliveryForm {
    /// [`Method::word`].
    pub method: String,
    /// ISO 8601, or empty.
    pub date: String,
    /// [`Slot::word`], or empty.
    pub slot: String,
    /// Not empty: wrapped as a gift.
    pub gift_wrap: String,
    /// May be empty; lines allowed.
    pub gift_message: String,
}

impl DeliveryForm {
    /// Reads it for a load of `weight_g` grams to `prefecture`, ordered at `now` (UTC milliseconds).
    pub fn parse(&self, prefecture: Prefecture, weight_g: u64, now: i64) -> Result<DeliveryChoice, Faults> {
        let mut faults = Faults::default();
        let method = match self.method.as_str() {
            "" => Err(Fault::Required),
            word => Method::from_word(word).filter(|method| method.takes(weight_g)).ok_or(Fault::Choice),
        };
        let method = faults.check("method", method);
        // A letter box has no appointments: date and slot are for parcels only.
        let by_hand = method != Some(Method::Post);
        let date = match self.date.as_str() {
            "" => Some(None),
            iso if by_hand => {
                faults.check("date", wished_day(iso, method.unwrap_or(Method::Parcel), prefecture, now)).map(Some)
            }
            _ => Some(None),
        };
        let slot = match self.slot.as_str() {
            word if by_hand && !word.is_empty() => {
                faults.check("slot", Slot::from_word(word).ok_or(Fault::Choice)).map(Some)
            }
            _ => Some(None),
        };
        let gift_wrap = !self.gift_wrap.is_empty();
        let message = faults.check("gift_message", message(&self.gift_message));
        faults.or(|| {
            Some(DeliveryChoice { method: method?, date: date?, slot: slot?, gift_wrap, gift_message: message? })
        })
    }
}

fn wished_day(iso: &str, method: Method, prefecture: Prefecture, now: i64) -> Result<Day, Fault> {
    let earliest = method.earliest(now, prefecture);
    let latest = earliest.plus(DAYS_ON_OFFER - 1);
    Day::from_iso(iso)
        .filter(|day| (earliest..=latest).contains(day))
        .ok_or_else(|| Fault::Date { earliest: earliest.iso(), latest: latest.iso() })
}

/// Several lines are fine; other control characters and text that changes its direction are not.
fn message(raw: &str) -> Result<Option<String>, Fault> {
    let text = raw.replace("\r\n", "\n");
    let text = text.trim();
    for line in text.split('\n') {
        crate::form::optional_line(line, usize::MAX)?;
    }
    if text.chars().count() > MESSAGE_MAX {
        return Err(Fault::TooLong { max: MESSAGE_MAX });
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Tuesday, 24 November 2026, 10:00 in Japan.
    const NOW: i64 = 1_795_482_000_000;

    fn tokyo() -> Prefecture {
        Prefecture::try_from(13).unwrap()
    }

    fn form(method: &str, date: &str) -> DeliveryForm {
        DeliveryForm { method: method.into(), date: date.into(), slot: "am".into(), ..DeliveryForm::default() }
    }

    #[test]
    fn a_day_on_offer_is_taken_and_any_other_named_with_those_that_are() {
        assert_eq!(form("parcel", "2026-11-25").parse(tokyo(), 500, NOW).unwrap().date.unwrap().iso(), "2026-11-25");
        assert!(form("parcel", "2026-12-08").parse(tokyo(), 500, NOW).is_ok());
        for day in ["2026-11-24", "2026-12-09", "1970-01-01", "tomorrow"] {
            let faults = form("parcel", day).parse(tokyo(), 500, NOW).unwrap_err();
            let offered = Fault::Date { earliest: "2026-11-25".into(), latest: "2026-12-08".into() };
            assert_eq!(faults.get("date"), Some(&offered), "{day}");
        }
    }

    #[test]
    fn a_letter_box_has_neither_date_nor_slot_and_takes_a_kilogram() {
        let choice = form("post", "2026-11-25").parse(tokyo(), 1_000, NOW).unwrap();
        assert_eq!((choice.date, choice.slot), (None, None));
        assert_eq!(form("post", "").parse(tokyo(), 1_001, NOW).unwrap_err().get("method"), Some(&Fault::Choice));
    }

    #[test]
    fn a_gift_message_may_have_lines_but_no_hidden_characters() {
        let with = |text: &str| DeliveryForm { gift_message: text.into(), ..form("parcel", "") }.parse(tokyo(), 1, NOW);
        assert_eq!(with("おめでとう\r\nございます").unwrap().gift_message.as_deref(), Some("おめでとう\nございます"));
        assert_eq!(with("a\u{0}b").unwrap_err().get("gift_message"), Some(&Fault::NotText));
        assert!(with(&"あ".repeat(201)).is_err());
        assert_eq!(with("  ").unwrap().gift_message, None);
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_read_or_refused(
            method in "parcel|post|\\PC{0,8}", date in "\\PC{0,12}", slot in "\\PC{0,6}", message in "(?s).{0,300}",
        ) {
            let form = DeliveryForm { method, date, slot, gift_wrap: "1".into(), gift_message: message };
            if let Ok(choice) = form.parse(tokyo(), 2_000, NOW) {
                prop_assert_eq!(choice.method, Method::Parcel);
                prop_assert!(choice.gift_message.is_none_or(|text| text.chars().count() <= MESSAGE_MAX));
            }
        }
    }
}
