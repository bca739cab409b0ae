//! Moments as the shop's customers read them: in Japan time (UTC+9, no summer time since 1951).

use crate::Lang;

const DAY_MS: i64 = 86_400_000;
const JAPAN_MS: i64 = 9 * 3_600_000;

/// Year, month, day and day of the week (0 = Sunday) in Japan at `millis` (UTC ms).
/// The arithmetic is Howard Hinnant's `civil_from_days`.
fn civil(millis: i64) -> (i64, i64, i64, usize) {
    let days = (millis + JAPAN_MS).div_euclid(DAY_MS);
    let weekday = usize::try_from((days + 4).rem_euclid(7)).unwrap_or_default();
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day, weekday)
}

/// `2026年11月22日(日)` · `Sun, 22 Nov 2026`.
pub fn date(millis: i64, lang: Lang) -> String {
    const JA: [&str; 7] = ["日", "月", "火", "水", "木", "金", "土"];
    const EN: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (year, month, day, weekday) = civil(millis);
    match lang {
        Lang::Ja => format!("{year}年{month}月{day}日({})", JA[weekday]),
        Lang::En => {
            let month = usize::try_from(month - 1).ok().and_then(|m| MONTHS.get(m)).copied().unwrap_or_default();
            format!("{}, {day} {month} {year}", EN[weekday])
        }
    }
}

/// The date with hour and minute: `2026年11月22日(日) 10:00` · `Sun, 22 Nov 2026, 10:00`.
pub fn date_time(millis: i64, lang: Lang) -> String {
    let minutes = (millis + JAPAN_MS).rem_euclid(DAY_MS) / 60_000;
    let (hour, minute) = (minutes / 60, minutes % 60);
    let date = date(millis, lang);
    lang.pick(format!("{date} {hour}:{minute:02}"), format!("{date}, {hour}:{minute:02}"))
}

/// The day in Japan, counted from 1970: two times of the same day have the same number.
pub fn day(millis: i64) -> i64 {
    (millis + JAPAN_MS).div_euclid(DAY_MS)
}

/// When that [`day`] begins in Japan, UTC ms.
pub const fn start_of_day(day: i64) -> i64 {
    day * DAY_MS - JAPAN_MS
}

/// For `<time datetime>`: `2026-11-22T10:00+09:00`.
pub fn machine(millis: i64) -> String {
    let (year, month, day, _) = civil(millis);
    let minutes = (millis + JAPAN_MS).rem_euclid(DAY_MS) / 60_000;
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}+09:00", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_in_japan() {
        let ten = 1_795_309_200_000;
        assert_eq!(date_time(ten, Lang::Ja), "2026年11月22日(日) 10:00");
        assert_eq!(date_time(ten, Lang::En), "Sun, 22 Nov 2026, 10:00");
        assert_eq!(machine(ten), "2026-11-22T10:00+09:00");
        assert_eq!(date(1_795_309_200_000 + 14 * 3_600_000, Lang::Ja), "2026年11月23日(月)");
        assert_eq!(date(1_709_132_400_000 + DAY_MS, Lang::En), "Fri, 1 Mar 2024");
        assert_eq!(date(1_709_132_400_000, Lang::En), "Thu, 29 Feb 2024");
        assert_eq!(machine(0), "1970-01-01T09:00+09:00");
    }
}
