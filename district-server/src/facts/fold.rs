//! The fold itself: one event after the other, in the order received.

use super::{CounterState, DayFacts, Rating, Stage, TicketFacts};
use crate::store::StoredEvent;
use kiosk_protocol::{Body, Compacted, EventData, LookupMade, ReadEvent, TicketIssued, TicketRef};
use std::collections::BTreeMap;

/// Facts of a hall's day from its stored events.
#[must_use]
pub fn fold(hall: &str, day: &str, events: &[StoredEvent]) -> DayFacts {
    let mut facts = DayFacts { hall: hall.to_owned(), day: day.to_owned(), ..DayFacts::default() };
    let mut first_epochs = BTreeMap::new();
    for event in events {
        let Ok(read) = ReadEvent::from_json(&event.raw) else { continue };
        // A restored kiosk sends again under a new epoch what the server may have from the old one.
        let moment = (read.kiosk, read.unix_ms, read.wire_type);
        if *first_epochs.entry(moment).or_insert(read.epoch) != read.epoch {
            continue;
        }
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
        // The line as it is before this event.
        if let EventData::TicketCalled(called) = data {
            self.overtake(&key(&called.ticket));
        } else if let EventData::TicketReentered(reentered) = data {
            self.reenter(&key(&reentered.ticket));
        }
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
            | EventData::UpdateEnded(_)
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
            ordinal: issued.ordinal,
            area: issued.area.clone(),
            priority: issued.priority.is_some(),
            issued_ms: at_ms,
            kiosk_ms,
            place_ms: at_ms,
            overtaken: 0,
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
                (self.waited_s, self.served_s) = (data.waited_s, data.served_s);
            }
            EventData::TicketHeld(_) => self.stage = Stage::OnHold,
            EventData::TicketResumed(data) => match &data.counter {
                Some(counter) => self.at_counter(Stage::Serving, counter),
                None => self.stage = Stage::Waiting,
            },
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
            | EventData::UpdateEnded(_)
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

#[cfg(test)]
mod tests {
    use super::*;
    use kiosk_protocol::*;

    fn ticket() -> TicketRef {
        let text = str::to_owned;
        TicketRef {
            hall: text("h1"),
            series: text("A"),
            business_day: text("2026-11-23"),
            number: text("A001"),
        }
    }

    fn issued(area: &str) -> EventData {
        EventData::TicketIssued(TicketIssued {
            ticket: ticket(),
            ordinal: 1,
            area: area.to_owned(),
            area_name: area.to_uppercase(),
            errand: None,
            priority: None,
            people_ahead: 0,
        })
    }

    fn stored(sequence: u64, data: EventData, unix_ms: i64, clock_trusted: bool) -> StoredEvent {
        let event = Event {
            kiosk: "k1".to_owned(),
            epoch: Epoch(1),
            sequence,
            unix_ms,
            clock_trusted,
            boot_id: String::new(),
            mono_ms: 0,
            data,
        };
        let (kiosk, hall) = ("k1".to_owned(), "h1".to_owned());
        StoredEvent { row: 1, kiosk, hall, raw: event.to_json().unwrap(), received_ms: 900_000 }
    }

    fn folded(data: Vec<EventData>) -> DayFacts {
        let events: Vec<_> =
            data.into_iter().zip(1_u64..).map(|(data, seq)| stored(seq, data, 5, true)).collect();
        fold("h1", "2026-11-23", &events)
    }

    #[test]
    fn a_ticket_stands_where_its_last_event_left_it() {
        let counter = || "3".to_owned();
        let called =
            || EventData::TicketCalled(TicketCalled { ticket: ticket(), counter: counter(), recall: false });
        let resumed = |counter| EventData::TicketResumed(TicketResumed { ticket: ticket(), counter });
        let table = [
            (called(), Stage::Called),
            (EventData::TicketNoShow(TicketNoShow { ticket: ticket(), counter: counter() }), Stage::NoShow),
            (EventData::TicketReentered(TicketReentered { ticket: ticket() }), Stage::Waiting),
            (called(), Stage::Called),
            (
                EventData::TicketServing(TicketServing { ticket: ticket(), counter: counter() }),
                Stage::Serving,
            ),
            (EventData::TicketHeld(TicketHeld { ticket: ticket(), counter: counter() }), Stage::OnHold),
            (resumed(None), Stage::Waiting),
            (resumed(Some(counter())), Stage::Serving),
            (
                EventData::TicketCancelled(TicketCancelled { ticket: ticket(), reason: counter() }),
                Stage::Cancelled,
            ),
        ];
        let mut events = vec![issued("ho-tich")];
        for (event, stage) in table {
            events.push(event);
            let facts = folded(events.clone());
            let found = facts.tickets.values().next().unwrap();
            assert_eq!(found.stage, stage, "after {:?}", events.last());
        }
    }

    #[test]
    fn a_transfer_waits_in_the_other_area() {
        let transferred = EventData::TicketTransferred(TicketTransferred {
            ticket: ticket(),
            from_area: "ho-tich".to_owned(),
            from_counter: None,
            to_area: "dat-dai".to_owned(),
            to_counter: None,
        });
        let facts = folded(vec![issued("ho-tich"), transferred]);
        let waiting: Vec<(String, usize)> =
            facts.waiting_by_area().into_iter().map(|(id, _, n)| (id, n)).collect();
        assert_eq!(waiting, [("dat-dai".to_owned(), 1), ("ho-tich".to_owned(), 0)]);
    }

    #[test]
    fn the_last_rating_of_a_ticket_counts_and_keeps_its_reason() {
        let given = |value| {
            let (counter, scale, key) = ("3".to_owned(), "vn3".to_owned(), "k".to_owned());
            EventData::RatingGiven(RatingGiven { ticket: ticket(), counter, scale, key, value, steps: 3 })
        };
        let (counter, reason) = ("3".to_owned(), "cho-lau".to_owned());
        let why = EventData::RatingReason(RatingReason { ticket: ticket(), counter, reason });
        let facts = folded(vec![issued("a"), given(3), given(1), why, given(2)]);
        let rating = facts.tickets.values().next().unwrap().rating.clone().unwrap();
        assert_eq!((rating.value, rating.reason.as_deref()), (2, Some("cho-lau")));
    }

    #[test]
    fn the_same_issue_twice_is_one_ticket_and_another_moment_is_a_doubled_number() {
        let at = |unix_ms| stored(1, issued("a"), unix_ms, true);
        for (events, doubled) in [(vec![at(5), at(5)], 0), (vec![at(5), at(6)], 1)] {
            let facts = fold("h1", "2026-11-23", &events);
            assert_eq!((facts.tickets.len(), facts.doubled), (1, doubled));
        }
    }

    #[test]
    fn what_is_sent_again_under_a_new_epoch_counts_once() {
        let lookup = |unix_ms| {
            let (kind, outcome) = (LookupKind::Scanned, LookupOutcome::Found);
            let data = LookupMade { kind, outcome, status: None, days_late: Some(1) };
            stored(1, EventData::LookupMade(data), unix_ms, true)
        };
        let again = |mut event: StoredEvent| {
            event.raw = event.raw.replace(&Epoch(1).to_string(), &Epoch(2).to_string());
            event
        };
        for (events, counted) in [
            (vec![lookup(5), lookup(5)], 2),
            (vec![lookup(5), lookup(6), again(lookup(5)), again(lookup(6))], 2),
            (vec![lookup(5), again(lookup(5)), again(lookup(7))], 2),
        ] {
            assert_eq!(fold("h1", "2026-11-23", &events).late_told, counted);
        }
    }

    #[test]
    fn an_untrusted_clock_counts_from_the_moment_of_receipt() {
        let facts = fold("h1", "2026-11-23", &[stored(1, issued("a"), 5, false)]);
        assert_eq!(facts.longest_wait_s(960_000), Some(60));
    }

    #[test]
    fn counters_gaps_flags_lookups_and_unknown_types_are_counted() {
        let counter = || "3".to_owned();
        let gap = NumberGap {
            hall: "h1".to_owned(),
            series: "A".to_owned(),
            business_day: "2026-11-23".to_owned(),
            from: 13,
            to: 17,
            reason: GapReason::Guard,
        };
        let flagged = RatingFlagged { ticket: None, counter: counter(), why: FlagReason::Burst, presses: 49 };
        let (kind, outcome) = (LookupKind::Scanned, LookupOutcome::Found);
        let lookup = LookupMade { kind, outcome, status: Some(4), days_late: Some(2) };
        let mut facts = folded(vec![
            EventData::CounterOpened(CounterOpened { counter: counter(), areas: vec![] }),
            EventData::CounterOpened(CounterOpened { counter: "4".to_owned(), areas: vec![] }),
            EventData::CounterPaused(CounterPaused { counter: counter(), reason: "break".to_owned() }),
            EventData::NumberGap(gap),
            EventData::RatingFlagged(flagged),
            EventData::LookupMade(lookup),
        ]);
        assert_eq!((facts.open_counters(), facts.counters.len()), (1, 2));
        assert_eq!((facts.gaps, facts.flagged, facts.late_told), (5, 49, 1));
        let mut odd = stored(1, issued("a"), 5, true);
        odd.raw = odd.raw.replace("ticket.issued.v1", "ticket.folded.v9");
        facts = fold("h1", "2026-11-23", &[odd]);
        assert_eq!((facts.unknown, facts.tickets.len()), (1, 0));
    }
}
