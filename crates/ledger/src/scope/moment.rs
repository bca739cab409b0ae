//! Moments as a scope and its question write them.

use std::fmt;

const DAY: u64 = 86_400_000;
const MINUTE: i64 = 60_000;

/// A moment in UTC milliseconds; as text in the one form `2026-11-06T00:00:00.000Z` (RFC 3339).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub u64);

/// What a calendar and a clock show somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// Year, from 1970 on.
    pub year: u16,
    /// Month, from 1.
    pub month: u8,
    /// Day of the month, from 1.
    pub day: u8,
    /// Milliseconds since midnight.
    pub millis: u32,
    /// By how many minutes the clock is ahead of UTC.
    pub ahead: i16,
}

impl Moment {
    /// When it is so; `None` before 1970. Howard Hinnant's `days_from_civil`.
    pub fn of(civil: Civil) -> Option<Self> {
        let (month, day) = (i64::from(civil.month), i64::from(civil.day));
        let year = i64::from(civil.year) - i64::from(month <= 2);
        let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
        let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
        let millis = days * 86_400_000 + i64::from(civil.millis) - i64::from(civil.ahead) * MINUTE;
        u64::try_from(millis).ok().map(Self)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, millis) = (self.0 / DAY, self.0 % DAY);
        // Howard Hinnant's `civil_from_days`; no day is before 1970.
        let shifted = days + 719_468;
        let (era, of_era) = (shifted / 146_097, shifted % 146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * from_march + 2) / 5 + 1;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        let year = year_of_era + era * 400 + u64::from(month <= 2);
        let (seconds, millis) = (millis / 1_000, millis % 1_000);
        let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn civil(year: u16, month: u8, day: u8, millis: u32, ahead: i16) -> Civil {
        Civil { year, month, day, millis, ahead }
    }

    #[test]
    fn a_moment_is_written_in_one_form_wherever_the_clock_was() {
        let nine = 9 * 3_600_000;
        let tokyo = Moment::of(civil(2026, 11, 6, nine, 540)).unwrap();
        assert_eq!(tokyo, Moment::of(civil(2026, 11, 6, 0, 0)).unwrap());
        assert_eq!((tokyo.0, tokyo.to_string()), (1_793_923_200_000, "2026-11-06T00:00:00.000Z".to_owned()));
        assert_eq!(Moment::of(civil(2024, 2, 29, 1, 0)).unwrap().to_string(), "2024-02-29T00:00:00.001Z");
        assert_eq!(Moment::of(civil(1970, 1, 1, 0, 0)), Some(Moment(0)));
        assert_eq!(Moment::of(civil(1970, 1, 1, 0, 1)), None, "not yet 1970 in UTC");
        assert_eq!(Moment(253_402_300_799_999).to_string(), "9999-12-31T23:59:59.999Z");
        assert!(Moment(u64::MAX).to_string().ends_with('Z'), "whatever a leaf says");
    }

    proptest! {
        #[test]
        fn what_is_written_is_the_moment_that_was_meant(millis in 0u64..253_402_300_800_000, ahead in -720i16..=840) {
            let local = i64::try_from(millis).unwrap() + i64::from(ahead) * MINUTE;
            if let Ok(local) = u64::try_from(local) {
                let text = Moment(local).to_string();
                if let Ok(year) = text[..4].parse()
                    && text.len() == 24
                {
                    let read = civil(year, text[5..7].parse().unwrap(), text[8..10].parse().unwrap(), u32::try_from(local % DAY).unwrap(), ahead);
                    prop_assert_eq!(Moment::of(read), Some(Moment(millis)));
                }
            }
        }
    }
}
