//! A calendar day, counted without a clock or a time-zone library, so that the wasm stays small.

use crate::Lang;

/// A day of the Gregorian calendar: days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

const MILLIS_PER_HOUR: i64 = 3_600_000;
/// Japan has had no summer time since 1951.
const JAPAN_HOURS: i64 = 9;

impl Day {
    /// Day and hour in Japan at `now` (UTC milliseconds).
    pub fn in_japan(now: i64) -> (Self, i64) {
        let hours = now.div_euclid(MILLIS_PER_HOUR) + JAPAN_HOURS;
        (Self(i32::try_from(hours.div_euclid(24)).unwrap_or(i32::MAX)), hours.rem_euclid(24))
    }

    /// Days since 1970-01-01.
    pub const fn number(self) -> i32 {
        self.0
    }

    /// `days` later.
    #[must_use]
    pub const fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// Year, month (1–12) and day (1–31): Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    pub const fn ymd(self) -> (i64, i64, i64) {
        let z = self.0 as i64 + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let month = if mp < 10 { mp + 3 } else { mp - 9 };
        let year = yoe + era * 400 + if month <= 2 { 1 } else { 0 };
        (year, month, doy - (153 * mp + 2) / 5 + 1)
    }

    fn from_ymd(year: i64, month: i64, date: i64) -> Option<Self> {
        let y = if month <= 2 { year - 1 } else { year };
        let era = y.div_euclid(400);
        let yoe = y.rem_euclid(400);
        let doy = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + date - 1;
        let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
        let day = Self(i32::try_from(era * 146_097 + doe - 719_468).ok()?);
        (day.ymd() == (year, month, date)).then_some(day)
    }

    /// `2026-11-24`.
    pub fn iso(self) -> String {
        let (year, month, date) = self.ymd();
        format!("{year:04}-{month:02}-{date:02}")
    }

    /// Reads [`Self::iso`]; `None` for anything else, 30 February included.
    pub fn from_iso(text: &str) -> Option<Self> {
        let well_formed = text.len() == 10
            && text
                .bytes()
                .enumerate()
                .all(|(i, byte)| if i == 4 || i == 7 { byte == b'-' } else { byte.is_ascii_digit() });
        if !well_formed {
            return None;
        }
        Self::from_ymd(text[..4].parse().ok()?, text[5..7].parse().ok()?, text[8..].parse().ok()?)
    }

    /// 0 (Sunday) to 6 (Saturday).
    pub const fn weekday(self) -> i32 {
        (self.0 + 4).rem_euclid(7)
    }

    /// Saturday or Sunday.
    pub const fn is_weekend(self) -> bool {
        matches!(self.weekday(), 0 | 6)
    }

    /// 11月24日(火) · Tue 24 Nov.
    pub fn show(self, lang: Lang) -> String {
        const JA: [&str; 7] = ["日", "月", "火", "水", "木", "金", "土"];
        const EN: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
        const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let (_, month, date) = self.ymd();
        let weekday = usize::try_from(self.weekday()).unwrap_or(0);
        match lang {
            Lang::Ja => format!("{month}月{date}日({})", JA[weekday]),
            Lang::En => {
                let month = usize::try_from(month - 1).ok().and_then(|i| MONTHS.get(i)).unwrap_or(&"");
                format!("{} {date} {month}", EN[weekday])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn days_are_shown_as_each_language_writes_them() {
        let day = Day::from_iso("2026-11-24").unwrap();
        assert_eq!(day.show(Lang::Ja), "11月24日(火)");
        assert_eq!(day.show(Lang::En), "Tue 24 Nov");
    }

    #[test]
    fn midnight_in_japan_is_three_in_the_afternoon_in_utc() {
        // 2026-11-23T15:00:00Z
        let (day, hour) = Day::in_japan(1_795_446_000_000);
        assert_eq!((day.iso().as_str(), hour), ("2026-11-24", 0));
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in [
            "",
            "2026-02-30",
            "2026-13-01",
            "2026-1-1",
            "20261124",
            "2026/11/24",
            "２０２６-11-24",
            "+026-11-24",
            "2026-00-10",
        ] {
            assert_eq!(Day::from_iso(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn iso_survives_its_way_there_and_back(number in 0i32..100_000) {
            prop_assert_eq!(Day::from_iso(&Day(number).iso()), Some(Day(number)));
        }

        #[test]
        fn no_text_breaks_the_reader(text in "\\PC{0,12}") {
            let _ = Day::from_iso(&text);
        }
    }
}
