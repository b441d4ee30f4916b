//! Opening hours: whether a series issues now, and when it does next.

use crate::screen::{Availability, OpensAt};
use crate::settings::{HallSettings, OpeningWindow, ServiceArea};
use crate::time::{BusinessDay, Wall};

/// How many days ahead the next opening is looked for: longer than any holiday.
const DAYS_AHEAD: i32 = 30;

/// Minutes since midnight at which the afternoon begins, for quotas.
const NOON: u16 = 12 * 60;

/// Whether an area is open by its own windows, else the hall's. An untrusted clock cannot judge hours: people who stand
/// in the hall get their number, so the answer is then `Open`.
pub fn availability(settings: &HallSettings, area: &ServiceArea, at: Wall) -> Availability {
    if !at.trusted {
        return Availability::Open;
    }
    let windows = if area.opening.is_empty() { &settings.opening } else { &area.opening };
    let minute = minute_of_day(at);
    let open_now = day_windows(windows, &settings.holidays, at.day())
        .any(|window| (window.from_minute..window.to_minute).contains(&minute));
    if open_now {
        return Availability::Open;
    }
    Availability::Closed(next_opening(windows, &settings.holidays, at.day(), minute))
}

/// Whether a reading falls into the morning, by which quotas are counted.
pub fn is_morning(at: Wall) -> bool {
    minute_of_day(at) < NOON
}

fn minute_of_day(at: Wall) -> u16 {
    let civil = at.civil();
    u16::from(civil.hour) * 60 + u16::from(civil.minute)
}

fn next_opening(
    windows: &[OpeningWindow],
    holidays: &[BusinessDay],
    today: BusinessDay,
    minute: u16,
) -> Option<OpensAt> {
    (0..DAYS_AHEAD).find_map(|ahead| {
        let day = BusinessDay(today.0.saturating_add(ahead));
        day_windows(windows, holidays, day)
            .map(|window| window.from_minute)
            .filter(|from| ahead > 0 || *from > minute)
            .min()
            .map(|minute| OpensAt { day, minute })
    })
}

fn day_windows<'a>(
    windows: &'a [OpeningWindow],
    holidays: &'a [BusinessDay],
    day: BusinessDay,
) -> impl Iterator<Item = &'a OpeningWindow> {
    let weekday = day.weekday();
    let works = !holidays.contains(&day);
    windows.iter().filter(move |window| works && window.weekday == weekday)
}
