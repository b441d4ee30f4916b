//! Opening hours and holidays.

use kiosk_core::settings::OpeningWindow;
use kiosk_core::time::{BusinessDay, Weekday};

use super::fault::{Consequence, FaultKind};
use super::fields::Fields;

const DAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

const WANTED_WINDOW: &str = "giờ mở và giờ đóng như \"07:30-11:30\", không chồng lên nhau";

/// Windows by weekday (`monday = ["07:30-11:30", "13:30-17:00"]`), in the order of the week. One that cannot be read or
/// overlaps another is left out.
pub(super) fn windows(fields: &mut Fields<'_>) -> Vec<OpeningWindow> {
    let mut windows: Vec<OpeningWindow> = Vec::new();
    for (key, weekday) in DAYS {
        for (text, place) in fields.texts(key) {
            let window = window(&text, weekday).filter(|new| {
                windows.iter().all(|old| {
                    old.weekday != weekday
                        || new.to_minute <= old.from_minute
                        || old.to_minute <= new.from_minute
                })
            });
            match window {
                Some(window) => windows.push(window),
                None => {
                    let kind = FaultKind::BadValue {
                        item: fields.item(),
                        key: key.to_owned(),
                        wanted: WANTED_WINDOW,
                    };
                    fields.put(place, kind, Consequence::ValueIgnored);
                }
            }
        }
    }
    windows.sort();
    windows
}

/// Weekdays from 07:30 to 11:30 and from 13:30 to 17:00.
pub(super) fn usual() -> Vec<OpeningWindow> {
    let weekdays = DAYS.iter().take(5);
    weekdays
        .flat_map(|(_, weekday)| {
            [(450, 690), (810, 1020)].map(|(from_minute, to_minute)| OpeningWindow {
                weekday: *weekday,
                from_minute,
                to_minute,
            })
        })
        .collect()
}

/// Days written `2026-09-02`.
pub(super) fn holidays(fields: &mut Fields<'_>, key: &'static str) -> Vec<BusinessDay> {
    let mut days = Vec::new();
    for (text, place) in fields.texts(key) {
        match day(&text) {
            Some(day) => days.push(day),
            None => {
                let wanted = "một ngày có thật như \"2026-09-02\"";
                let kind = FaultKind::BadValue { item: fields.item(), key: key.to_owned(), wanted };
                fields.put(place, kind, Consequence::ValueIgnored);
            }
        }
    }
    days.sort_unstable();
    days.dedup();
    days
}

fn window(text: &str, weekday: Weekday) -> Option<OpeningWindow> {
    let (from, to) = text.split_once('-')?;
    let (from_minute, to_minute) = (minute(from.trim())?, minute(to.trim())?);
    (from_minute < to_minute).then_some(OpeningWindow { weekday, from_minute, to_minute })
}

/// `07:30` as minutes since midnight; `24:00` is the end of the day.
fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    if !two_digits(hour) || !two_digits(minute) {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    let total = hour * 60 + minute;
    (minute < 60 && total <= 24 * 60).then_some(total)
}

fn day(text: &str) -> Option<BusinessDay> {
    let mut parts = text.splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let found = BusinessDay::from_ymd(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?;
    (found.to_string() == text).then_some(found)
}
