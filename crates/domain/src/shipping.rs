//! Delivery: methods, fees, dates and time slots.

mod day;

pub use day::Day;

use serde::{Deserialize, Serialize};

use crate::prefecture::Prefecture;
use crate::{Lang, Yen};

/// Goods of this much are delivered free.
pub const FREE_FROM: Yen = Yen(8_000);
/// Orders until this hour (Japan time) leave on the same day.
pub const CUT_OFF_HOUR: i64 = 14;
/// Days from the earliest on that a delivery can be wished for.
pub const DAYS_ON_OFFER: i32 = 14;
/// Heaviest load that goes into a letter box, in grams.
pub const POST_MAX_G: u64 = 1_000;
/// What a letter-box delivery costs, anywhere in Japan.
pub const POST_FEE: Yen = Yen(330);
/// Heaviest single parcel, in grams; more goes in several.
pub const PARCEL_MAX_G: u64 = 20_000;

/// A part of Japan with one parcel fee and one transit time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Region {
    /// 北海道.
    Hokkaido,
    /// 本州.
    Honshu,
    /// 四国.
    Shikoku,
    /// 九州.
    Kyushu,
    /// 沖縄.
    Okinawa,
}

impl Region {
    /// All regions, from the north to the south.
    pub const ALL: [Self; 5] = [Self::Hokkaido, Self::Honshu, Self::Shikoku, Self::Kyushu, Self::Okinawa];

    /// The region of a prefecture.
    pub const fn of(prefecture: Prefecture) -> Self {
        match prefecture.number() {
            1 => Self::Hokkaido,
            2..=35 => Self::Honshu,
            36..=39 => Self::Shikoku,
            40..=46 => Self::Kyushu,
            _ => Self::Okinawa,
        }
    }

    /// Its name.
    pub const fn name(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Hokkaido, Lang::Ja) => "北海道",
            (Self::Hokkaido, Lang::En) => "Hokkaido",
            (Self::Honshu, Lang::Ja) => "本州",
            (Self::Honshu, Lang::En) => "Honshu",
            (Self::Shikoku, Lang::Ja) => "四国",
            (Self::Shikoku, Lang::En) => "Shikoku",
            (Self::Kyushu, Lang::Ja) => "九州",
            (Self::Kyushu, Lang::En) => "Kyushu",
            (Self::Okinawa, Lang::Ja) => "沖縄",
            (Self::Okinawa, Lang::En) => "Okinawa",
        }
    }

    /// What one parcel costs.
    pub const fn parcel_fee(self) -> Yen {
        match self {
            Self::Honshu => Yen(660),
            Self::Shikoku => Yen(770),
            Self::Hokkaido | Self::Kyushu => Yen(880),
            Self::Okinawa => Yen(1_430),
        }
    }

    /// Days a parcel is on its way.
    pub const fn transit_days(self) -> i32 {
        match self {
            Self::Honshu | Self::Shikoku => 1,
            Self::Hokkaido | Self::Kyushu => 2,
            Self::Okinawa => 3,
        }
    }
}

/// A way to deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// 宅配便: handed over, with date and time slot.
    Parcel,
    /// ポスト投函: into the letter box, up to 1 kg, no date, no slot.
    Post,
}

impl Method {
    /// Both methods.
    pub const ALL: [Self; 2] = [Self::Parcel, Self::Post];

    /// The word stored in the database and sent by forms.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Parcel => "parcel",
            Self::Post => "post",
        }
    }

    /// Reads [`Self::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.word() == word)
    }

    /// Its name.
    pub const fn name(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Parcel, Lang::Ja) => "宅配便",
            (Self::Parcel, Lang::En) => "Parcel to the door",
            (Self::Post, Lang::Ja) => "ポスト投函",
            (Self::Post, Lang::En) => "Letter-box delivery",
        }
    }

    /// Whether a load of `weight_g` grams can go this way.
    pub const fn takes(self, weight_g: u64) -> bool {
        match self {
            Self::Parcel => true,
            Self::Post => weight_g <= POST_MAX_G,
        }
    }

    /// What it costs to deliver `goods` weighing `weight_g` grams to `prefecture`.
    pub fn fee(self, prefecture: Prefecture, weight_g: u64, goods: Yen) -> Yen {
        if goods >= FREE_FROM {
            return Yen::ZERO;
        }
        match self {
            Self::Post => POST_FEE,
            Self::Parcel => {
                let parcels = weight_g.div_ceil(PARCEL_MAX_G).max(1);
                Yen(Region::of(prefecture).parcel_fee().0.saturating_mul(i64::try_from(parcels).unwrap_or(i64::MAX)))
            }
        }
    }

    /// The first day it can arrive in `prefecture` when ordered at `now` (UTC milliseconds).
    pub fn earliest(self, now: i64, prefecture: Prefecture) -> Day {
        let on_its_way = Region::of(prefecture).transit_days();
        // Mail takes two days longer than the parcel service.
        leaves(now).plus(on_its_way + if self == Self::Post { 2 } else { 0 })
    }
}

/// The day on which an order of `now` (UTC milliseconds) leaves the shop.
pub fn leaves(now: i64) -> Day {
    let (today, hour) = Day::in_japan(now);
    let mut day = if hour < CUT_OFF_HOUR { today } else { today.plus(1) };
    while is_closed(day) {
        day = day.plus(1);
    }
    day
}

/// The shop is closed on Saturdays, Sundays, and from 29 December to 3 January.
pub fn is_closed(day: Day) -> bool {
    let (_, month, date) = day.ymd();
    day.is_weekend() || matches!((month, date), (12, 29..=31) | (1, 1..=3))
}

/// Part of the day in which a parcel can be handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Slot {
    /// 午前中.
    #[serde(rename = "am")]
    Morning,
    /// 14–16.
    #[serde(rename = "14-16")]
    From14,
    /// 16–18.
    #[serde(rename = "16-18")]
    From16,
    /// 18–20.
    #[serde(rename = "18-20")]
    From18,
    /// 19–21.
    #[serde(rename = "19-21")]
    From19,
}

impl Slot {
    /// All slots, in the order of the day.
    pub const ALL: [Self; 5] = [Self::Morning, Self::From14, Self::From16, Self::From18, Self::From19];

    /// The word stored in the database and sent by forms.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Morning => "am",
            Self::From14 => "14-16",
            Self::From16 => "16-18",
            Self::From18 => "18-20",
            Self::From19 => "19-21",
        }
    }

    /// Reads [`Self::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|slot| slot.word() == word)
    }

    /// 午前中, 14時–16時 · Morning, 14:00–16:00.
    pub const fn name(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Morning, Lang::Ja) => "午前中",
            (Self::Morning, Lang::En) => "Morning (until noon)",
            (Self::From14, Lang::Ja) => "14時–16時",
            (Self::From14, Lang::En) => "14:00–16:00",
            (Self::From16, Lang::Ja) => "16時–18時",
            (Self::From16, Lang::En) => "16:00–18:00",
            (Self::From18, Lang::Ja) => "18時–20時",
            (Self::From18, Lang::En) => "18:00–20:00",
            (Self::From19, Lang::Ja) => "19時–21時",
            (Self::From19, Lang::En) => "19:00–21:00",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn prefecture(number: u8) -> Prefecture {
        Prefecture::try_from(number).unwrap()
    }

    /// UTC milliseconds of an hour in Japan.
    fn japan(iso: &str, hour: i64) -> i64 {
        (i64::from(Day::from_iso(iso).unwrap().number()) * 24 + hour - 9) * 3_600_000
    }

    #[test]
    fn each_region_has_its_fee() {
        let fee = |number| Method::Parcel.fee(prefecture(number), 500, Yen(1_000));
        assert_eq!([fee(13), fee(1), fee(38), fee(40), fee(47)], [Yen(660), Yen(880), Yen(770), Yen(880), Yen(1_430)]);
        assert_eq!(Method::Post.fee(prefecture(47), 500, Yen(1_000)), Yen(330));
    }

    #[test]
    fn delivery_is_free_from_exactly_8000_yen() {
        assert_eq!(Method::Parcel.fee(prefecture(13), 500, Yen(7_999)), Yen(660));
        assert_eq!(Method::Parcel.fee(prefecture(47), 50_000, Yen(8_000)), Yen::ZERO);
    }

    #[test]
    fn more_than_a_kilogram_does_not_fit_the_letter_box_and_more_than_20_need_two_parcels() {
        assert!(Method::Post.takes(1_000) && !Method::Post.takes(1_001));
        assert_eq!(Method::Parcel.fee(prefecture(13), 20_001, Yen(5_000)), Yen(1_320));
    }

    #[test]
    fn an_order_after_the_cut_off_leaves_on_the_next_open_day() {
        assert_eq!(leaves(japan("2026-11-24", 13)).iso(), "2026-11-24");
        assert_eq!(leaves(japan("2026-11-24", 14)).iso(), "2026-11-25");
        assert_eq!(leaves(japan("2026-11-20", 14)).iso(), "2026-11-23", "a Friday afternoon waits for Monday");
        assert_eq!(leaves(japan("2026-12-28", 15)).iso(), "2027-01-04", "the shop rests over the new year");
    }

    #[test]
    fn okinawa_waits_longer_than_tokyo() {
        let now = japan("2026-11-24", 10);
        assert_eq!(Method::Parcel.earliest(now, prefecture(13)).iso(), "2026-11-25");
        assert_eq!(Method::Parcel.earliest(now, prefecture(47)).iso(), "2026-11-27");
        assert_eq!(Method::Post.earliest(now, prefecture(13)).iso(), "2026-11-27");
    }

    proptest! {
        #[test]
        fn nothing_leaves_on_a_closing_day_or_in_the_past(now in 0i64..4_000_000_000_000) {
            let day = leaves(now);
            prop_assert!(!is_closed(day));
            prop_assert!(day >= Day::in_japan(now).0);
        }
    }
}
