//! The store's promises, each against a plain model or with the failure that must show.

mod outbox;
mod records;
mod recovery;
mod restoring;

use std::path::Path;

use kiosk_core::effect::{Fact, Record, Report};
use kiosk_core::id::{AreaId, CounterId, ErrandId, JobId};
use kiosk_core::restored::Restored;
use kiosk_core::ticket::{Paper, Ticket, TicketId, TicketNumber, TicketState};
use kiosk_core::time::{BusinessDay, Wall};
use kiosk_protocol::Epoch;

use super::{Around, Encode, EncodeError, Place, Store};

const DAY: BusinessDay = BusinessDay(20_778);

/// Writes where an event stands and what it was told, and nothing of the wire's form.
struct PlainEncoder;

impl Encode for PlainEncoder {
    fn encode(
        &self,
        report: &Report,
        around: &Around<'_>,
        place: Place,
    ) -> Result<Option<String>, EncodeError> {
        if matches!(report.fact, Fact::DayOpened(_)) {
            return Ok(None);
        }
        let before = around.before.map(|ticket| ticket.area.as_str().to_owned());
        Ok(Some(format!("{}-{} before={before:?}", place.epoch, place.seq)))
    }
}

/// An encoder that cannot.
struct BrokenEncoder;

impl Encode for BrokenEncoder {
    fn encode(&self, _: &Report, _: &Around<'_>, _: Place) -> Result<Option<String>, EncodeError> {
        Err("không ghi được".into())
    }
}

fn open(folder: &Path) -> (Store, Restored) {
    Store::open(folder, Epoch(7), Box::new(PlainEncoder)).unwrap()
}

fn reopen_as(folder: &Path, fresh: u64) -> (Store, Restored) {
    Store::open(folder, Epoch(fresh), Box::new(PlainEncoder)).unwrap()
}

fn at(unix_ms: i64) -> Wall {
    Wall { unix_ms, trusted: true }
}

fn ticket_id(ordinal: u32) -> TicketId {
    TicketId { day: DAY, series: AreaId::new("ho-tich"), ordinal }
}

fn ticket(ordinal: u32) -> Ticket {
    Ticket {
        id: ticket_id(ordinal),
        number: TicketNumber(format!("A{ordinal:03}")),
        errand: ErrandId::new("nop-ho-so"),
        area: AreaId::new("ho-tich"),
        only_counter: None,
        priority: None,
        state: TicketState::Waiting,
        paper: Paper::Allocated,
        job: JobId(u64::from(ordinal)),
        issued_at: at(1_795_221_000_000),
        issue_order: u64::from(ordinal),
        place: u64::from(ordinal),
        overtaken: 0,
        called_at: None,
        served_at: None,
        reentered: false,
    }
}

fn report(unix_ms: i64) -> Record {
    let fact = Fact::RatingWindowClosed { ticket: ticket_id(1), counter: CounterId(3), rated: false };
    Record::Report(Report { at: at(unix_ms), mono_ms: 5, fact })
}

/// What one issue writes.
fn issue(ordinal: u32) -> Vec<Record> {
    vec![
        Record::Day(DAY),
        Record::SeriesAt { series: AreaId::new("ho-tich"), day: DAY, burnt: ordinal },
        Record::Ticket(ticket(ordinal)),
        Record::PrintLedger {
            job: JobId(u64::from(ordinal)),
            ticket: Some(ticket_id(ordinal)),
            outcome: None,
        },
        report(1_795_221_000_000 + i64::from(ordinal)),
    ]
}
