//! RFC 3339 at the fixed offset +07:00, without a time zone database.

const OFFSET_MS: i64 = 7 * 3_600_000;
const DAY_MS: i64 = 86_400_000;

/// `unix_ms` (milliseconds since 1970 UTC) as events carry it: `2026-11-21T07:30:00.125+07:00`.
#[must_use]
pub fn plus7(unix_ms: i64) -> String {
    let local = unix_ms.saturating_add(OFFSET_MS);
    let (year, month, day) = civil_from_days(local.div_euclid(DAY_MS));
    let ms = local.rem_euclid(DAY_MS);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}+07:00",
        ms / 3_600_000,
        ms / 60_000 % 60,
        ms / 1_000 % 60,
        ms % 1_000
    )
}

/// Milliseconds since 1970 UTC of an event's `time`; `None` unless it is written exactly as [`plus7`] writes it.
#[must_use]
pub fn parse_time(text: &str) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        let digits = text.get(range)?;
        digits.bytes().all(|b| b.is_ascii_digit()).then_some(digits)?.parse().ok()
    };
    let days = days_from_civil(number(0..4)?, number(5..7)?, number(8..10)?);
    let ms =
        number(11..13)? * 3_600_000 + number(14..16)? * 60_000 + number(17..19)? * 1_000 + number(20..23)?;
    let unix_ms = days * DAY_MS + ms - OFFSET_MS;
    (plus7(unix_ms) == text).then_some(unix_ms)
}

/// Howard Hinnant's `civil_from_days`: days since 1970-01-01 to (year, month, day).
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// Howard Hinnant's `days_from_civil`, the inverse.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_moments_read_as_vietnamese_clocks_show_them() {
        for (unix_ms, text) in [
            (0, "1970-01-01T07:00:00.000+07:00"),
            (1_795_221_000_125, "2026-11-21T07:30:00.125+07:00"),
            (951_782_400_000, "2000-02-29T07:00:00.000+07:00"),
            (-1, "1970-01-01T06:59:59.999+07:00"),
        ] {
            assert_eq!(plus7(unix_ms), text);
            assert_eq!(parse_time(text), Some(unix_ms));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for bad in [
            "",
            "2026-11-21T07:30:00Z",
            "2026-11-21T07:30:00.000Z",
            "2026-02-30T07:30:00.000+07:00",
            "2026-11-21T24:30:00.000+07:00",
            "2026-11-21 07:30:00.000+07:00",
            "2026-11-21T07:30:00.000+07:00x",
            "ngày hai mươi mốt tháng mười một",
        ] {
            assert_eq!(parse_time(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn every_moment_of_four_digit_years_comes_back(unix_ms in -62_135_596_800_000_i64..253_402_214_400_000) {
            prop_assert_eq!(parse_time(&plus7(unix_ms)), Some(unix_ms));
        }
    }
}
