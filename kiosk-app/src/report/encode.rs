//! Facts of the rules as events of the wire.

use kiosk_core::effect::{CounterState, Fact, Rating, Report, Step};
use kiosk_core::event::Device;
use kiosk_core::id::{AreaId, CounterId};
use kiosk_core::settings::HallSettings;
use kiosk_core::ticket::{Ticket, TicketId, TicketNumber, TicketState};
use kiosk_core::time::Wall;
use kiosk_protocol::{self as wire, EventData, LookupKind, TicketRef};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::server_time::ServerTime;
use super::vitals::Vitals;
use super::wire as words;
use crate::store::{Around, Encode, EncodeError, Place};

/// Version of the application, as reported.
const APP_VERSION: &str = env!("CARGO_PKG_VERSION");

/// Writes the events of one kiosk in one run.
pub struct Encoder {
    kiosk: String,
    boot_id: String,
    hall: HallSettings,
    vitals: Vitals,
    time: ServerTime,
    counted: Counted,
}

/// Tells what happened to a device in this run.
pub type Counted = Box<dyn Fn(Device) -> Option<wire::DeviceCounters> + Send>;

impl Encoder {
    /// An encoder for `kiosk`. `boot_id` names the run that monotonic times belong to; any random text.
    pub fn new(kiosk: &str, boot_id: String, hall: HallSettings, vitals: Vitals, time: ServerTime) -> Self {
        let counted: Counted = Box::new(|_| None);
        Self { kiosk: kiosk.to_owned(), boot_id, hall, vitals, time, counted }
    }

    /// The same encoder, which tells with a device's health what `counted` knows of it.
    pub fn with_counters(self, counted: Counted) -> Self {
        Self { counted, ..self }
    }

    fn data(&self, report: &Report, around: &Around<'_>) -> Option<EventData> {
        Some(match &report.fact {
            Fact::Started { unclean } => EventData::KioskStarted(wire::KioskStarted {
                unclean: *unclean,
                app_version: APP_VERSION.to_owned(),
            }),
            // The day stands in every ticket; the wire has no event of its own for it.
            Fact::DayOpened(_) => return None,
            Fact::Issued { ticket, people_ahead } => self.issued(ticket, *people_ahead),
            Fact::Paper { ticket, number, outcome, reprint } => {
                let (outcome, cause) = words::print(outcome);
                let ticket = self.ticket(ticket, number);
                EventData::TicketPrinted(wire::TicketPrinted { ticket, outcome, cause, reprint: *reprint })
            }
            Fact::PaperLeft { ticket, number, reprint } => EventData::TicketPrinted(wire::TicketPrinted {
                ticket: self.ticket(ticket, number),
                outcome: wire::PrintOutcome::Printed,
                cause: Some("ticket_left".to_owned()),
                reprint: *reprint,
            }),
            Fact::Gap { series, day, from, to, reason } => EventData::NumberGap(wire::NumberGap {
                hall: self.hall.hall.to_string(),
                series: series.to_string(),
                business_day: day.to_string(),
                from: *from,
                to: *to,
                reason: words::gap(*reason),
            }),
            Fact::Moved { ticket, number, counter, step } => {
                return self.moved(self.ticket(ticket, number), ticket, *counter, step, around.before);
            }
            Fact::Counter { counter, state } => self.counter(*counter, state),
            Fact::Rated(rating) => self.rated(rating),
            Fact::RatedBecause { ticket, reason } => EventData::RatingReason(wire::RatingReason {
                counter: counter_of(None, around.before)?,
                ticket: self.ticket_by_id(ticket),
                reason: reason.to_string(),
            }),
            Fact::RatingFlagged { counter, flag, count } => EventData::RatingFlagged(wire::RatingFlagged {
                ticket: None,
                counter: counter.to_string(),
                why: words::flag(*flag),
                presses: *count,
            }),
            Fact::RatingWindowClosed { ticket, counter, rated } => {
                EventData::RatingWindowClosed(wire::RatingWindowClosed {
                    ticket: self.ticket_by_id(ticket),
                    counter: counter.to_string(),
                    answered: *rated,
                })
            }
            Fact::LookedUp { scanned, outcome } => {
                let kind = if *scanned { LookupKind::Scanned } else { LookupKind::Typed };
                let (outcome, days_late) = words::lookup(*outcome);
                EventData::LookupMade(wire::LookupMade { kind, outcome, status: None, days_late })
            }
            Fact::ScanRefused(refusal) => EventData::LookupMade(wire::LookupMade {
                kind: LookupKind::Scanned,
                outcome: words::refusal(*refusal),
                status: None,
                days_late: None,
            }),
            Fact::Device { device, health } => {
                let (state, causes) = words::health(health)?;
                let counters = (self.counted)(*device);
                let device = words::device(*device);
                EventData::DeviceHealth(wire::DeviceHealth { device, state, causes, counters })
            }
            Fact::Database { restored, lost } => EventData::DeviceHealth(words::database(*restored, *lost)),
            Fact::Update(outcome) => EventData::UpdateEnded(words::update(outcome)),
            Fact::Heartbeat { printer, .. } => self.heartbeat(report, words::paper(printer), around),
        })
    }

    fn issued(&self, ticket: &Ticket, people_ahead: u32) -> EventData {
        let area = self.hall.areas.iter().find(|area| area.id == ticket.area);
        EventData::TicketIssued(wire::TicketIssued {
            ticket: self.ticket(&ticket.id, &ticket.number),
            ordinal: ticket.id.ordinal,
            area: ticket.area.to_string(),
            area_name: area.map_or_else(|| ticket.area.to_string(), |area| area.name.clone()),
            errand: Some(ticket.errand.to_string()),
            priority: ticket.priority.as_ref().map(ToString::to_string),
            people_ahead,
        })
    }

    fn moved(
        &self,
        ticket: TicketRef,
        id: &TicketId,
        counter: Option<CounterId>,
        step: &Step,
        before: Option<&Ticket>,
    ) -> Option<EventData> {
        let at = || counter_of(counter, before);
        Some(match step {
            Step::Called { recall, .. } => {
                EventData::TicketCalled(wire::TicketCalled { ticket, counter: at()?, recall: *recall })
            }
            Step::Serving => EventData::TicketServing(wire::TicketServing { ticket, counter: at()? }),
            Step::Finished { served_secs } => EventData::TicketFinished(wire::TicketFinished {
                ticket,
                counter: at()?,
                waited_s: before.and_then(waited_secs),
                served_s: *served_secs,
            }),
            Step::Held => EventData::TicketHeld(wire::TicketHeld { ticket, counter: at()? }),
            Step::Resumed => EventData::TicketResumed(wire::TicketResumed { ticket, counter: at() }),
            Step::Transferred { area, counter: to_counter } => {
                let from: &AreaId = before.map_or(&id.series, |before| &before.area);
                EventData::TicketTransferred(wire::TicketTransferred {
                    ticket,
                    from_area: from.to_string(),
                    from_counter: at(),
                    to_area: area.to_string(),
                    to_counter: to_counter.map(|counter| counter.to_string()),
                })
            }
            Step::NoShow => EventData::TicketNoShow(wire::TicketNoShow { ticket, counter: at()? }),
            Step::Reentered => EventData::TicketReentered(wire::TicketReentered { ticket }),
            Step::Cancelled(reason) => EventData::TicketCancelled(wire::TicketCancelled {
                ticket,
                reason: words::cancel(*reason).to_owned(),
            }),
            // The ticket keeps the class it was issued with on the wire; who lost it is the hall's own matter.
            Step::PriorityRevoked(_) => return None,
        })
    }

    fn counter(&self, counter: CounterId, state: &CounterState) -> EventData {
        let id = counter.to_string();
        match state {
            CounterState::Open => {
                let known = self.hall.counters.iter().find(|known| known.id == counter);
                let areas = known.map(|known| known.areas.iter().map(ToString::to_string).collect());
                EventData::CounterOpened(wire::CounterOpened {
                    counter: id,
                    areas: areas.unwrap_or_default(),
                })
            }
            CounterState::Paused(reason) => {
                EventData::CounterPaused(wire::CounterPaused { counter: id, reason: reason.to_string() })
            }
            CounterState::Closed => EventData::CounterClosed(wire::CounterClosed { counter: id }),
        }
    }

    /// The scale's best choice has the highest value.
    fn rated(&self, rating: &Rating) -> EventData {
        let choices = &self.hall.rating_scale.choices;
        let place = choices.iter().rev().position(|choice| choice.key == rating.key).unwrap_or(0);
        EventData::RatingGiven(wire::RatingGiven {
            ticket: self.ticket_by_id(&rating.ticket),
            counter: rating.counter.to_string(),
            scale: rating.scale.clone(),
            key: rating.key.to_string(),
            value: u8::try_from(place + 1).unwrap_or(u8::MAX),
            steps: u8::try_from(choices.len()).unwrap_or(u8::MAX),
        })
    }

    fn heartbeat(&self, report: &Report, paper: wire::Paper, around: &Around<'_>) -> EventData {
        let oldest_ms = around.outbox.oldest_ms.map_or(0, |oldest| report.at.unix_ms.saturating_sub(oldest));
        EventData::Heartbeat(wire::Heartbeat {
            paper,
            outbox_depth: u32::try_from(around.outbox.unsent).unwrap_or(u32::MAX),
            oldest_unsent_s: u32::try_from(oldest_ms / 1000).unwrap_or(0),
            clock_offset_ms: self.time.kiosk_offset_ms(),
            uptime_s: report.mono_ms / 1000,
            app_version: APP_VERSION.to_owned(),
            image_version: self.vitals.image_version(),
            disk_free_mib: self.vitals.disk_free_mib(),
            memory_mib: self.vitals.memory_mib(),
            temperature_c: self.vitals.temperature_c(),
        })
    }

    fn ticket(&self, id: &TicketId, number: &TicketNumber) -> TicketRef {
        TicketRef {
            hall: self.hall.hall.to_string(),
            series: id.series.to_string(),
            business_day: id.day.to_string(),
            number: number.to_string(),
        }
    }

    /// A ticket whose number the fact does not carry: written as its series writes it.
    fn ticket_by_id(&self, id: &TicketId) -> TicketRef {
        let area = self.hall.areas.iter().find(|area| area.id == id.series);
        let number = area.map_or_else(
            || id.ordinal.to_string(),
            |area| format!("{}{:0width$}", area.prefix, id.ordinal, width = usize::from(area.digits)),
        );
        self.ticket(id, &TicketNumber(number))
    }
}

impl Encode for Encoder {
    fn encode(
        &self,
        report: &Report,
        around: &Around<'_>,
        place: Place,
    ) -> Result<Option<String>, EncodeError> {
        let Some(data) = self.data(report, around) else {
            return Ok(None);
        };
        let event = wire::Event {
            kiosk: self.kiosk.clone(),
            epoch: place.epoch,
            sequence: place.seq,
            unix_ms: report.at.unix_ms,
            clock_trusted: report.at.trusted,
            boot_id: self.boot_id.clone(),
            mono_ms: report.mono_ms,
            data,
        };
        Ok(Some(event.to_json()?))
    }
}

/// The counter that acted, else the one that has the ticket.
fn counter_of(acted: Option<CounterId>, before: Option<&Ticket>) -> Option<String> {
    let has = before.and_then(|ticket| match ticket.state {
        TicketState::Called(at)
        | TicketState::Serving(at)
        | TicketState::OnHold(at)
        | TicketState::Finished(at)
        | TicketState::NoShow(at) => Some(at),
        TicketState::Waiting | TicketState::Cancelled => None,
    });
    acted.or(has).map(|counter| counter.to_string())
}

/// From issue to the first call; `None` when the clock was not to be trusted at either.
fn waited_secs(ticket: &Ticket) -> Option<u32> {
    let trusted = |wall: Wall| wall.trusted.then_some(wall.unix_ms);
    let waited_ms =
        ticket.called_at.and_then(trusted).zip(trusted(ticket.issued_at)).map(|(to, from)| to - from);
    waited_ms.and_then(|ms| u32::try_from(ms / 1000).ok())
}

/// An event as it was written, with the parts that tell its place.
#[derive(Serialize, Deserialize)]
struct Written<'a> {
    specversion: &'a str,
    id: String,
    source: &'a str,
    #[serde(rename = "type")]
    wire_type: &'a str,
    time: &'a str,
    datacontenttype: &'a str,
    kiosk: &'a str,
    epoch: wire::Epoch,
    sequence: String,
    bootid: &'a str,
    monoms: &'a str,
    clocktrusted: bool,
    #[serde(borrow)]
    data: &'a RawValue,
}

/// The same event at another place, for a new epoch: only `id`, `epoch` and `sequence` change.
pub(super) fn rehome(event: &str, place: Place) -> Result<String, EncodeError> {
    let written: Written<'_> = serde_json::from_str(event)?;
    let moved = Written {
        id: format!("{}-{}", place.epoch, place.seq),
        epoch: place.epoch,
        sequence: place.seq.to_string(),
        ..written
    };
    Ok(serde_json::to_string(&moved)?)
}
