//! The words that stand in the database for the rules' enums.

use kiosk_core::effect::CounterState;
use kiosk_core::event::{PrintOutcome, PrintTrouble};
use kiosk_core::id::{CounterId, PauseReasonId};
use kiosk_core::ticket::{Paper, TicketState};

use super::error::StoreError;

fn unreadable(column: &'static str, value: &str) -> StoreError {
    StoreError::Unreadable { column, value: value.to_owned() }
}

/// Word and counter of a ticket's state.
pub(super) fn of_state(state: TicketState) -> (&'static str, Option<u8>) {
    match state {
        TicketState::Waiting => ("waiting", None),
        TicketState::Called(at) => ("called", Some(at.0)),
        TicketState::Serving(at) => ("serving", Some(at.0)),
        TicketState::OnHold(at) => ("on_hold", Some(at.0)),
        TicketState::Finished(at) => ("finished", Some(at.0)),
        TicketState::NoShow(at) => ("no_show", Some(at.0)),
        TicketState::Cancelled => ("cancelled", None),
    }
}

/// The ticket's state that word and counter stand for.
pub(super) fn to_state(word: &str, counter: Option<u8>) -> Result<TicketState, StoreError> {
    match (word, counter.map(CounterId)) {
        ("waiting", None) => Ok(TicketState::Waiting),
        ("called", Some(at)) => Ok(TicketState::Called(at)),
        ("serving", Some(at)) => Ok(TicketState::Serving(at)),
        ("on_hold", Some(at)) => Ok(TicketState::OnHold(at)),
        ("finished", Some(at)) => Ok(TicketState::Finished(at)),
        ("no_show", Some(at)) => Ok(TicketState::NoShow(at)),
        ("cancelled", None) => Ok(TicketState::Cancelled),
        (other, _) => Err(unreadable("ticket.state", other)),
    }
}

/// The word of a ticket's paper.
pub(super) fn of_paper(paper: Paper) -> &'static str {
    match paper {
        Paper::Allocated => "allocated",
        Paper::Printing => "printing",
        Paper::Printed => "printed",
        Paper::Failed => "failed",
        Paper::Unknown => "unknown",
    }
}

/// The paper that a word stands for.
pub(super) fn to_paper(word: &str) -> Result<Paper, StoreError> {
    match word {
        "allocated" => Ok(Paper::Allocated),
        "printing" => Ok(Paper::Printing),
        "printed" => Ok(Paper::Printed),
        "failed" => Ok(Paper::Failed),
        "unknown" => Ok(Paper::Unknown),
        other => Err(unreadable("ticket.paper", other)),
    }
}

/// Word, bytes sent and trouble of a print's outcome.
pub(super) fn of_outcome(outcome: &PrintOutcome) -> (&'static str, Option<u64>, Option<&'static str>) {
    match outcome {
        PrintOutcome::Printed => ("printed", None, None),
        PrintOutcome::NotPrinted(trouble) => ("not_printed", None, Some(of_trouble(*trouble))),
        PrintOutcome::Unknown { bytes, cause } => ("unknown", Some(*bytes), Some(of_trouble(*cause))),
    }
}

/// The word of a print's trouble.
fn of_trouble(trouble: PrintTrouble) -> &'static str {
    match trouble {
        PrintTrouble::PaperEnd => "paper_end",
        PrintTrouble::CoverOpen => "cover_open",
        PrintTrouble::CutterError => "cutter_error",
        PrintTrouble::PrinterError => "printer_error",
        PrintTrouble::Absent => "absent",
        PrintTrouble::Silent => "silent",
        PrintTrouble::Interrupted => "interrupted",
    }
}

/// Word and pause reason of a counter's state.
pub(super) fn of_counter(state: &CounterState) -> (&'static str, Option<&str>) {
    match state {
        CounterState::Closed => ("closed", None),
        CounterState::Open => ("open", None),
        CounterState::Paused(reason) => ("paused", Some(reason.as_str())),
    }
}

/// The counter's state that word and pause reason stand for.
pub(super) fn to_counter(word: &str, reason: Option<String>) -> Result<CounterState, StoreError> {
    match (word, reason) {
        ("closed", None) => Ok(CounterState::Closed),
        ("open", None) => Ok(CounterState::Open),
        ("paused", Some(reason)) => Ok(CounterState::Paused(PauseReasonId::new(reason))),
        (other, _) => Err(unreadable("counter.state", other)),
    }
}
