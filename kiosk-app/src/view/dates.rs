//! Days and times as people say them: `Thứ Năm 12/6`, `07:30`, `hôm nay`.

use kiosk_core::screen::OpensAt;
use kiosk_core::time::{BusinessDay, Wall, Weekday};

use super::words::Language::{self, English, Vietnamese};

/// `08:05`; empty while nobody vouches for the clock, since a wrong time is worse than none.
pub fn clock(at: Wall) -> String {
    if !at.trusted {
        return String::new();
    }
    let civil = at.civil();
    format!("{:02}:{:02}", civil.hour, civil.minute)
}

/// `Thứ Năm 12/6`; empty like [`clock`].
pub fn date(at: Wall, language: Language) -> String {
    if at.trusted { day(at.day(), Some(at.day()), language) } else { String::new() }
}

/// `Thứ Năm 12/6`, with the year when it is not the year of `today`.
pub fn day(day: BusinessDay, today: Option<BusinessDay>, language: Language) -> String {
    let (year, month, date) = day.ymd();
    let name = weekday(day.weekday(), language);
    match today {
        Some(today) if today.ymd().0 == year => format!("{name} {date}/{month}"),
        Some(_) | None => format!("{name} {date}/{month}/{year}"),
    }
}

/// `Mở cửa lúc 13:30 hôm nay.`
pub fn opening(at: OpensAt, now: Wall, language: Language) -> String {
    let today = now.trusted.then(|| now.day());
    let when = match today.map(|today| at.day.0 - today.0) {
        Some(0) => match language {
            Vietnamese => "hôm nay".into(),
            English => "today".into(),
        },
        Some(1) => match language {
            Vietnamese => format!("ngày mai, {}", day(at.day, today, language)),
            English => format!("tomorrow, {}", day(at.day, today, language)),
        },
        Some(_) | None => day(at.day, today, language),
    };
    language.opens(&format!("{:02}:{:02}", at.minute / 60, at.minute % 60), &when)
}

/// `08:05 Thứ Năm 12/6`, for the age of data.
pub fn moment(unix_ms: i64, now: Wall, language: Language) -> String {
    let then = Wall { unix_ms, trusted: true };
    let today = now.trusted.then(|| now.day());
    format!("{} {}", clock(then), day(then.day(), today, language))
}

fn weekday(weekday: Weekday, language: Language) -> &'static str {
    match (language, weekday) {
        (Vietnamese, Weekday::Monday) => "Thứ Hai",
        (Vietnamese, Weekday::Tuesday) => "Thứ Ba",
        (Vietnamese, Weekday::Wednesday) => "Thứ Tư",
        (Vietnamese, Weekday::Thursday) => "Thứ Năm",
        (Vietnamese, Weekday::Friday) => "Thứ Sáu",
        (Vietnamese, Weekday::Saturday) => "Thứ Bảy",
        (Vietnamese, Weekday::Sunday) => "Chủ Nhật",
        (English, Weekday::Monday) => "Monday",
        (English, Weekday::Tuesday) => "Tuesday",
        (English, Weekday::Wednesday) => "Wednesday",
        (English, Weekday::Thursday) => "Thursday",
        (English, Weekday::Friday) => "Friday",
        (English, Weekday::Saturday) => "Saturday",
        (English, Weekday::Sunday) => "Sunday",
    }
}
