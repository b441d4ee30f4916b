//! Time as an argument: a monotonic reading for waits, a wall reading for dates.

use std::fmt;

/// Vietnam's offset from UTC, fixed: no daylight saving.
pub const UTC_OFFSET_SECS: i64 = 7 * 3600;

const DAY_SECS: i64 = 86_400;
/// 0001-01-01 in days since 1970-01-01.
const FIRST_DAY: i64 = -719_162;
/// 9999-12-31.
const LAST_DAY: i64 = 2_932_896;

/// The two clocks at the moment of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds since the process started; never goes back.
    pub mono_ms: u64,
    /// What the wall clock says.
    pub wall: Wall,
}

/// A reading of the wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wall {
    /// Milliseconds since 1970-01-01T00:00:00Z; may be wrong by decades.
    pub unix_ms: i64,
    /// Whether a time source vouched for it since boot. Untrusted time never moves the business day.
    pub trusted: bool,
}

/// A day of business at UTC+7, counted in days since 1970-01-01; monotone in a hall's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BusinessDay(pub i32);

/// A calendar date and time of day at UTC+7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Civil {
    /// Year, e.g. 2026.
    pub year: i32,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month, 1 to 31.
    pub day: u8,
    /// Hour, 0 to 23.
    pub hour: u8,
    /// Minute, 0 to 59.
    pub minute: u8,
    /// Second, 0 to 59.
    pub second: u8,
    /// Day of the week.
    pub weekday: Weekday,
}

/// A day of the week, Monday first as Vietnamese calendars have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weekday {
    /// Thứ Hai.
    Monday,
    /// Thứ Ba.
    Tuesday,
    /// Thứ Tư.
    Wednesday,
    /// Thứ Năm.
    Thursday,
    /// Thứ Sáu.
    Friday,
    /// Thứ Bảy.
    Saturday,
    /// Chủ Nhật.
    Sunday,
}

impl Weekday {
    const ALL: [Self; 7] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Sunday,
    ];
}

impl Wall {
    /// The calendar reading at UTC+7; of the first or last second of years 1 to 9999 for a clock beyond them.
    pub fn civil(self) -> Civil {
        let local_secs = self.local_secs();
        let day = self.day();
        let secs = local_secs.rem_euclid(DAY_SECS);
        let (year, month, day_of_month) = day.ymd();
        Civil {
            year,
            month,
            day: day_of_month,
            hour: (secs / 3600) as u8,
            minute: (secs / 60 % 60) as u8,
            second: (secs % 60) as u8,
            weekday: day.weekday(),
        }
    }

    fn local_secs(self) -> i64 {
        let local_secs = self.unix_ms.div_euclid(1000) + UTC_OFFSET_SECS;
        local_secs.clamp(FIRST_DAY * DAY_SECS, LAST_DAY * DAY_SECS + DAY_SECS - 1)
    }

    /// The same reading, cut to the minute.
    pub fn to_the_minute(self) -> Self {
        Self { unix_ms: self.unix_ms.saturating_sub(self.unix_ms.rem_euclid(60_000)), ..self }
    }

    /// Whole seconds from an earlier reading to this one; `None` unless both are trusted and in order.
    pub fn secs_since(self, earlier: Self) -> Option<u32> {
        let ms = self.unix_ms.checked_sub(earlier.unix_ms)?;
        (self.trusted && earlier.trusted).then_some(())?;
        u32::try_from(ms.div_euclid(1000)).ok()
    }

    /// The day at UTC+7 that this reading falls in.
    pub fn day(self) -> BusinessDay {
        BusinessDay(self.local_secs().div_euclid(DAY_SECS) as i32)
    }
}

impl BusinessDay {
    /// The day of a hall that never learnt the date: `0001-01-01`, before every real day and like none of them.
    /// Numbers are issued under it until a time source vouches for the clock.
    pub const UNKNOWN: Self = Self(FIRST_DAY as i32);

    /// The day of a calendar date, `None` for a date that does not exist.
    pub fn from_ymd(year: i32, month: u8, day: u8) -> Option<Self> {
        let shifted_year = i64::from(year) - i64::from(month <= 2);
        let era = shifted_year.div_euclid(400);
        let year_of_era = shifted_year.rem_euclid(400);
        let month_from_march = (i64::from(month) + 9) % 12;
        let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let candidate = Self((era * 146_097 + day_of_era - 719_468) as i32);
        (candidate.ymd() == (year, month, day)).then_some(candidate)
    }

    /// Year, month (1-12), day (1-31). After Howard Hinnant's "civil_from_days".
    pub fn ymd(self) -> (i32, u8, u8) {
        let shifted = i64::from(self.0) + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = (day_of_year - (153 * month_from_march + 2) / 5 + 1) as u8;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 } as u8;
        let year = (year_of_era + era * 400) as i32 + i32::from(month <= 2);
        (year, month, day)
    }

    /// The day of the week.
    pub fn weekday(self) -> Weekday {
        // 1970-01-01 was a Thursday.
        Weekday::ALL[(self.0 + 3).rem_euclid(7) as usize]
    }
}

impl fmt::Display for BusinessDay {
    /// `2026-06-12`, as on the wire and in the store.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.ymd();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        let table = [
            ((1970, 1, 1), Some((0, Weekday::Thursday))),
            ((2026, 6, 12), Some((20_616, Weekday::Friday))),
            ((2024, 2, 29), Some((19_782, Weekday::Thursday))),
            ((1, 1, 1), Some((BusinessDay::UNKNOWN.0, Weekday::Monday))),
            ((2026, 2, 29), None),
            ((2026, 13, 1), None),
            ((2026, 0, 1), None),
            ((2026, 6, 31), None),
        ];
        for ((year, month, day), expected) in table {
            let found = BusinessDay::from_ymd(year, month, day).map(|day| (day.0, day.weekday()));
            assert_eq!(found, expected, "{year}-{month}-{day}");
        }
        assert_eq!(BusinessDay(20_616).to_string(), "2026-06-12");
    }

    #[test]
    fn seconds_between_two_readings_need_both_to_be_trusted() {
        let wall = |unix_ms, trusted| Wall { unix_ms, trusted };
        assert_eq!(wall(2_500, true).secs_since(wall(0, true)), Some(2));
        assert_eq!(wall(2_500, true).secs_since(wall(0, false)), None);
        assert_eq!(wall(2_500, false).secs_since(wall(0, true)), None);
        assert_eq!(wall(0, true).secs_since(wall(2_500, true)), None);
    }

    proptest! {
        #[test]
        fn any_clock_has_a_date(unix_ms in any::<i64>(), trusted in any::<bool>()) {
            let wall = Wall { unix_ms, trusted };
            let civil = wall.civil();
            prop_assert!(civil.hour < 24 && (1..=12).contains(&civil.month) && (1..=31).contains(&civil.day));
            prop_assert_eq!((civil.year, civil.month, civil.day), wall.day().ymd());
            prop_assert!(wall.to_the_minute().unix_ms <= unix_ms);
        }
    }
}
