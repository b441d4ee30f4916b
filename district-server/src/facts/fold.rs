//! The fold itself: one event after the other, in the order received.

use super::{CounterState, DayFacts, Rating, Stage, TicketFacts};
use crate::store::StoredEvent;
use kiosk_protocol::{Body, Compacted, EventData, LookupMade, ReadEvent, TicketIssued, TicketRef};

/// Facts of a hall's day from its stored events.
#[must_use]
pub fn fold(hall: &str, day: &str, events: &[StoredEvent]) -> DayFacts {
    let mut facts = DayFacts { hall: hall.to_owned(), day: day.to_owned(), ..DayFacts::default() };
    for event in events {
        let Ok(read) = ReadEvent::from_json(&event.raw) else { continue };
        // An untrusted clock may say 1970: then the moment of receipt is the better one.
        let at_ms = if read.clock_trusted { read.unix_ms } else { event.received_ms };
        match read.body {
            Body::Known(EventData::TicketIssued(issued)) => facts.issued(&issued, at_ms, read.unix_ms),
            Body::Known(data) => facts.take(&data),
            Body::Unknown => facts.unknown += 1,
        }
    }
    facts
}

impl DayFacts {
    fn take(&mut self, data: &EventData) {
        match data {
            EventData::TicketPrinted(_)
            | EventData::TicketCalled(_)
            | EventData::TicketServing(_)
            | EventData::TicketFinished(_)
            | EventData::TicketHeld(_)
            | EventData::TicketResumed(_)
            | EventData::TicketTransferred(_)
            | EventData::TicketNoShow(_)
            | EventData::TicketReentered(_)
            | EventData::TicketCancelled(_)
            | EventData::RatingGiven(_)
            | EventData::RatingReason(_)
            | EventData::RatingWindowClosed(_) => {
                if let Some(ticket) =
                    super::ticket_of(data).and_then(|ticket| self.tickets.get_mut(&key(ticket)))
                {
                    ticket.take(data);
                }
            }
            EventData::NumberGap(gap) => self.gaps += (gap.to + 1).saturating_sub(gap.from),
            EventData::RatingFlagged(flagged) => self.flagged += flagged.presses,
            EventData::CounterOpened(data) => self.counter(&data.counter, CounterState::Open),
            EventData::CounterPaused(data) => self.counter(&data.counter, CounterState::Paused),
            EventData::CounterClosed(data) => self.counter(&data.counter, CounterState::Closed),
            EventData::LookupMade(lookup) => self.lookup(lookup),
            EventData::Compacted(compacted) => self.compacted(compacted),
            EventData::TicketIssued(_)
            | EventData::DeviceHealth(_)
            | EventData::Heartbeat(_)
            | EventData::KioskStarted(_)
            | EventData::SecurityNoted(_) => {}
        }
    }

    fn issued(&mut self, issued: &TicketIssued, at_ms: i64, kiosk_ms: i64) {
        self.areas.insert(issued.area.clone(), issued.area_name.clone());
        let key = key(&issued.ticket);
        if let Some(known) = self.tickets.get(&key) {
            // The same event sent again has the same moment; another moment is another citizen.
            self.doubled += u32::from(known.kiosk_ms != kiosk_ms);
            return;
        }
        let ticket = TicketFacts {
            area: issued.area.clone(),
            priority: issued.priority.is_some(),
            issued_ms: at_ms,
            kiosk_ms,
            stage: Stage::Waiting,
            printed: None,
            calls: 0,
            waited_s: None,
            served_s: None,
            counter: None,
            rating: None,
            window: None,
        };
        self.tickets.insert(key, ticket);
    }

    fn counter(&mut self, counter: &str, state: CounterState) {
        self.counters.insert(counter.to_owned(), state);
    }

    fn lookup(&mut self, lookup: &LookupMade) {
        *self.lookups.entry(lookup.outcome).or_default() += 1;
        self.late_told += u32::from(lookup.days_late.is_some_and(|days| days > 0));
    }

    fn compacted(&mut self, compacted: &Compacted) {
        for (value, count) in &compacted.counts {
            let key = (compacted.counter.clone(), compacted.scale.clone(), *value);
            *self.compacted.entry(key).or_default() += count;
        }
    }
}

impl TicketFacts {
    fn take(&mut self, data: &EventData) {
        match data {
            EventData::TicketPrinted(data) if !data.reprint => self.printed = Some(data.outcome),
            EventData::TicketCalled(data) => {
                self.calls += 1;
                self.at_counter(Stage::Called, &data.counter);
            }
            EventData::TicketServing(data) => self.at_counter(Stage::Serving, &data.counter),
            EventData::TicketFinished(data) => {
                self.at_counter(Stage::Finished, &data.counter);
                (self.waited_s, self.served_s) = (Some(data.waited_s), Some(data.served_s));
            }
            EventData::TicketHeld(_) => self.stage = Stage::OnHold,
            EventData::TicketResumed(data) => {
                self.stage = if data.counter.is_some() { Stage::Serving } else { Stage::Waiting };
            }
            EventData::TicketTransferred(data) => {
                self.stage = Stage::Waiting;
                self.area.clone_from(&data.to_area);
            }
            EventData::TicketNoShow(_) => self.stage = Stage::NoShow,
            EventData::TicketReentered(_) => self.stage = Stage::Waiting,
            EventData::TicketCancelled(_) => self.stage = Stage::Cancelled,
            EventData::RatingGiven(data) => {
                let reason = self.rating.take().and_then(|rating| rating.reason);
                let (counter, scale) = (data.counter.clone(), data.scale.clone());
                self.rating = Some(Rating { counter, scale, value: data.value, reason });
            }
            EventData::RatingReason(data) => {
                if let Some(rating) = &mut self.rating {
                    rating.reason = Some(data.reason.clone());
                }
            }
            EventData::RatingWindowClosed(data) => self.window = Some(data.counter.clone()),
            EventData::TicketPrinted(_)
            | EventData::TicketIssued(_)
            | EventData::NumberGap(_)
            | EventData::RatingFlagged(_)
            | EventData::CounterOpened(_)
            | EventData::CounterPaused(_)
            | EventData::CounterClosed(_)
            | EventData::LookupMade(_)
            | EventData::DeviceHealth(_)
            | EventData::Heartbeat(_)
            | EventData::KioskStarted(_)
            | EventData::SecurityNoted(_)
            | EventData::Compacted(_) => {}
        }
    }

    fn at_counter(&mut self, stage: Stage, counter: &str) {
        self.stage = stage;
        self.counter = Some(counter.to_owned());
    }
}

fn key(ticket: &TicketRef) -> (String, String) {
    (ticket.series.clone(), ticket.number.clone())
}
