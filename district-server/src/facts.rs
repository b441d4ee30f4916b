//! What happened in a hall on a day: a pure fold over the raw events, so that every figure can be computed again.
//!
//! A ticket is named hall + series + day + number, and the fold is keyed by it; an event that a restored kiosk sends again
//! under a new epoch is known by its kiosk, moment and type, and changes nothing.

mod fold;
mod line;

pub use fold::fold;

use crate::clock::day_of;
use crate::store::{DayMark, Store, StoreError};
use kiosk_protocol::{EventData, LookupOutcome, PrintOutcome, TicketRef};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Where a ticket stands.
///
/// ```text
/// Waiting -> Called -> Serving -> Finished
///    ^         |  \-> NoShow -> (re-entered) Waiting
///    |         v
///    +------ OnHold            any but Finished -> Cancelled
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// In the queue.
    Waiting,
    /// Called to a counter.
    Called,
    /// At a counter.
    Serving,
    /// Set aside.
    OnHold,
    /// Done.
    Finished,
    /// Did not come.
    NoShow,
    /// Withdrawn.
    Cancelled,
}

/// One counted rating.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rating {
    /// Counter that served.
    pub counter: String,
    /// Scale's id.
    pub scale: String,
    /// 1 is the least satisfied.
    pub value: u8,
    /// Reason after a low rating.
    pub reason: Option<String>,
}

/// One ticket's day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketFacts {
    /// Number within its series and day, as in the ticket's link.
    pub ordinal: u32,
    /// Area it is in now.
    pub area: String,
    /// Whether it has a priority class.
    pub priority: bool,
    /// When it was issued, milliseconds since 1970 UTC; when that was received if the kiosk's clock was not trusted.
    pub issued_ms: i64,
    /// When it was issued by the kiosk's clock, right or wrong.
    pub kiosk_ms: i64,
    /// Its place in the queue: `issued_ms`, until it re-enters after a no-show.
    pub place_ms: i64,
    /// How many later tickets were called before it.
    pub overtaken: u32,
    /// Where it stands.
    pub stage: Stage,
    /// How its paper came out.
    pub printed: Option<PrintOutcome>,
    /// Calls, recalls included.
    pub calls: u32,
    /// Seconds from issue to call, once finished.
    pub waited_s: Option<u32>,
    /// Seconds at the counter, once finished.
    pub served_s: Option<u32>,
    /// Counter that served it last.
    pub counter: Option<String>,
    /// Its rating.
    pub rating: Option<Rating>,
    /// Counter whose rating window ended.
    pub window: Option<String>,
}

/// What a counter does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CounterState {
    /// Receives people.
    Open,
    /// Pauses.
    Paused,
    /// Closed.
    Closed,
}

/// A hall's day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DayFacts {
    /// Hall.
    pub hall: String,
    /// Day, `yyyy-mm-dd`.
    pub day: String,
    /// Tickets by series and number.
    pub tickets: BTreeMap<(String, String), TicketFacts>,
    /// Area names by id.
    pub areas: BTreeMap<String, String>,
    /// Counters by id.
    pub counters: BTreeMap<String, CounterState>,
    /// Ratings of compacted hours: counter, scale, value -> how many.
    pub compacted: BTreeMap<(String, String, u8), u32>,
    /// Presses that were flagged.
    pub flagged: u32,
    /// Look-ups by outcome.
    pub lookups: BTreeMap<LookupOutcome, u32>,
    /// Look-ups that told a citizen that the dossier is late.
    pub late_told: u32,
    /// Numbers that were never issued, with a reason given.
    pub gaps: u32,
    /// Tickets that two different events issued: must stay 0.
    pub doubled: u32,
    /// Events of types this server does not know.
    pub unknown: u32,
}

/// The ticket an event is about.
#[must_use]
pub fn ticket_of(data: &EventData) -> Option<&TicketRef> {
    match data {
        EventData::TicketIssued(data) => Some(&data.ticket),
        EventData::TicketPrinted(data) => Some(&data.ticket),
        EventData::TicketCalled(data) => Some(&data.ticket),
        EventData::TicketServing(data) => Some(&data.ticket),
        EventData::TicketFinished(data) => Some(&data.ticket),
        EventData::TicketHeld(data) => Some(&data.ticket),
        EventData::TicketResumed(data) => Some(&data.ticket),
        EventData::TicketTransferred(data) => Some(&data.ticket),
        EventData::TicketNoShow(data) => Some(&data.ticket),
        EventData::TicketReentered(data) => Some(&data.ticket),
        EventData::TicketCancelled(data) => Some(&data.ticket),
        EventData::RatingGiven(data) => Some(&data.ticket),
        EventData::RatingReason(data) => Some(&data.ticket),
        EventData::RatingWindowClosed(data) => Some(&data.ticket),
        EventData::RatingFlagged(data) => data.ticket.as_ref(),
        EventData::NumberGap(_)
        | EventData::CounterOpened(_)
        | EventData::CounterPaused(_)
        | EventData::CounterClosed(_)
        | EventData::LookupMade(_)
        | EventData::DeviceHealth(_)
        | EventData::Heartbeat(_)
        | EventData::KioskStarted(_)
        | EventData::SecurityNoted(_)
        | EventData::UpdateEnded(_)
        | EventData::Compacted(_) => None,
    }
}

impl DayFacts {
    /// How many tickets stand at `stage`.
    #[must_use]
    pub fn count(&self, stage: Stage) -> usize {
        self.tickets.values().filter(|ticket| ticket.stage == stage).count()
    }

    /// How many counters receive people.
    #[must_use]
    pub fn open_counters(&self) -> usize {
        self.counters.values().filter(|state| **state == CounterState::Open).count()
    }

    /// Seconds that the longest waiting citizen has waited.
    #[must_use]
    pub fn longest_wait_s(&self, now_ms: i64) -> Option<i64> {
        let waiting = self.tickets.values().filter(|ticket| ticket.stage == Stage::Waiting);
        waiting.map(|ticket| (now_ms - ticket.issued_ms).max(0) / 1_000).max()
    }

    /// The ticket of a link: its number and what is known of it.
    #[must_use]
    pub fn ticket(&self, series: &str, ordinal: u32) -> Option<(&str, &TicketFacts)> {
        let mut all = self.tickets.iter();
        let found = all.find(|((own, _), ticket)| own == series && ticket.ordinal == ordinal);
        found.map(|((_, number), ticket)| (number.as_str(), ticket))
    }

    /// Waiting tickets by area: id, name, how many.
    #[must_use]
    pub fn waiting_by_area(&self) -> Vec<(String, String, usize)> {
        let mut counts: BTreeMap<&str, usize> = self.areas.keys().map(|area| (area.as_str(), 0)).collect();
        for ticket in self.tickets.values().filter(|ticket| ticket.stage == Stage::Waiting) {
            *counts.entry(&ticket.area).or_default() += 1;
        }
        counts.into_iter().map(|(area, n)| (area.to_owned(), self.area_name(area).to_owned(), n)).collect()
    }

    /// Name of an area for people.
    #[must_use]
    pub fn area_name<'a>(&'a self, area: &'a str) -> &'a str {
        self.areas.get(area).map_or(area, String::as_str)
    }
}

/// Hall and day.
type HallDay = (String, String);

/// Facts of days, kept until an event of that day comes in.
#[derive(Default)]
pub struct FactsCache {
    days: Mutex<BTreeMap<HallDay, (i64, Arc<DayFacts>)>>,
}

impl FactsCache {
    /// Days kept; a year of a district's halls. Above it the cache starts anew.
    const LIMIT: usize = 4_000;

    /// Facts of all days from `from` to `to` that have events, of one hall or of all, by hall and day.
    pub fn days(
        &self,
        store: &dyn Store,
        hall: Option<&str>,
        from: &str,
        to: &str,
    ) -> Result<Vec<Arc<DayFacts>>, StoreError> {
        let marks = store.day_marks(from, to)?;
        let wanted = marks.into_iter().filter(|mark| hall.is_none_or(|hall| mark.hall == hall));
        wanted.map(|mark| self.day(store, mark)).collect()
    }

    /// Facts of a hall's today; empty before its first event.
    pub fn today(&self, store: &dyn Store, hall: &str, now_ms: i64) -> Result<Arc<DayFacts>, StoreError> {
        let day = day_of(now_ms);
        let found = self.days(store, Some(hall), &day, &day)?.pop();
        Ok(found.unwrap_or_else(|| Arc::new(DayFacts { hall: hall.to_owned(), day, ..DayFacts::default() })))
    }

    fn day(&self, store: &dyn Store, mark: DayMark) -> Result<Arc<DayFacts>, StoreError> {
        let key = (mark.hall, mark.day);
        {
            let days = self.days.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((last_row, facts)) = days.get(&key)
                && *last_row == mark.last_row
            {
                return Ok(Arc::clone(facts));
            }
        }
        let facts = Arc::new(fold(&key.0, &key.1, &store.events_of_day(&key.0, &key.1)?));
        let mut days = self.days.lock().unwrap_or_else(PoisonError::into_inner);
        if days.len() >= Self::LIMIT {
            days.clear();
        }
        days.insert(key, (mark.last_row, Arc::clone(&facts)));
        Ok(facts)
    }
}
