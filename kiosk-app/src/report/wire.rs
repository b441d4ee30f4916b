//! The rules' words in the wire's words.

use kiosk_core::effect::{CancelReason, GapReason, LookUpOutcome, RatingFlag, ScanRefusal};
use kiosk_core::event::{Device, DeviceCause, Health, KeypadFlag, PrintOutcome, PrintTrouble};
use kiosk_core::update::{UpdateOutcome, UpdateState};
use kiosk_protocol as wire;

/// How a print ended, and its cause.
pub(super) fn print(outcome: &PrintOutcome) -> (wire::PrintOutcome, Option<String>) {
    match outcome {
        PrintOutcome::Printed => (wire::PrintOutcome::Printed, None),
        PrintOutcome::NotPrinted(trouble) => (wire::PrintOutcome::PrintFailed, Some(trouble_word(*trouble))),
        PrintOutcome::Unknown { cause, .. } => (wire::PrintOutcome::PrintUnknown, Some(trouble_word(*cause))),
    }
}

fn trouble_word(trouble: PrintTrouble) -> String {
    match trouble {
        PrintTrouble::PaperEnd => "paper_end",
        PrintTrouble::CoverOpen => "cover_open",
        PrintTrouble::CutterError => "cutter_error",
        PrintTrouble::PrinterError => "unrecoverable",
        PrintTrouble::Absent => "unplugged",
        PrintTrouble::Silent => "not_answering",
        PrintTrouble::Interrupted => "interrupted",
    }
    .to_owned()
}

/// Why numbers are missing.
pub(super) fn gap(reason: GapReason) -> wire::GapReason {
    match reason {
        GapReason::Guard => wire::GapReason::Guard,
        GapReason::Restored => wire::GapReason::Restored,
        GapReason::DayCarried => wire::GapReason::DayCarried,
    }
}

/// Why a ticket was withdrawn.
pub(super) fn cancel(reason: CancelReason) -> &'static str {
    match reason {
        CancelReason::Officer => "officer",
        CancelReason::DayEnded => "end_of_day",
    }
}

/// Why a press does not count.
pub(super) fn flag(flag: RatingFlag) -> wire::FlagReason {
    match flag {
        RatingFlag::NoWindow => wire::FlagReason::NoWindow,
        RatingFlag::UnknownKey => wire::FlagReason::UnknownKey,
        RatingFlag::TooSoon => wire::FlagReason::TooSoon,
        RatingFlag::Locked => wire::FlagReason::AlreadyRated,
        RatingFlag::Keypad(KeypadFlag::Stuck) => wire::FlagReason::StuckKey,
        RatingFlag::Keypad(KeypadFlag::Burst) => wire::FlagReason::Burst,
    }
}

/// What a look-up ended with, and the days that the citizen was told it is late.
pub(super) fn lookup(outcome: LookUpOutcome) -> (wire::LookupOutcome, Option<u32>) {
    match outcome {
        LookUpOutcome::Found => (wire::LookupOutcome::Found, None),
        LookUpOutcome::FoundLate { days } => (wire::LookupOutcome::Found, Some(days)),
        LookUpOutcome::NotFound => (wire::LookupOutcome::NotFound, None),
        LookUpOutcome::Unreachable => (wire::LookupOutcome::Unreachable, None),
        LookUpOutcome::Throttled => (wire::LookupOutcome::Throttled, None),
    }
}

/// Why a scan was refused.
pub(super) fn refusal(refusal: ScanRefusal) -> wire::LookupOutcome {
    match refusal {
        ScanRefusal::CitizenCard => wire::LookupOutcome::CitizenCard,
        ScanRefusal::ForeignAddress | ScanRefusal::TooLong | ScanRefusal::Unreadable => {
            wire::LookupOutcome::NotACode
        }
    }
}

/// A device's id.
pub(super) fn device(device: Device) -> String {
    match device {
        Device::Printer => "printer".to_owned(),
        Device::Scanner => "scanner".to_owned(),
        Device::Keypad(counter) => format!("keypad.{counter}"),
        Device::Display(counter) => format!("display.{counter}"),
    }
}

/// A device's state and causes; `None` while it is only being set up.
pub(super) fn health(health: &Health) -> Option<(wire::DeviceState, Vec<String>)> {
    let words = |causes: &[DeviceCause]| causes.iter().map(|cause| cause_word(*cause).to_owned()).collect();
    match health {
        Health::Starting => None,
        Health::Absent => Some((wire::DeviceState::Absent, Vec::new())),
        Health::Ready => Some((wire::DeviceState::Ok, Vec::new())),
        Health::Degraded(causes) => Some((wire::DeviceState::Degraded, words(causes))),
        Health::Blocked(causes) => Some((wire::DeviceState::Failed, words(causes))),
        Health::Failed => Some((wire::DeviceState::Failed, vec!["unrecoverable".to_owned()])),
    }
}

/// The database as a device: where leaders and the IT officer look for trouble.
pub(super) fn database(restored: bool, lost: u32) -> wire::DeviceHealth {
    let state = if restored { wire::DeviceState::Degraded } else { wire::DeviceState::Ok };
    let causes = [("restored_from_copy", restored), ("numbers_lost", lost > 0)];
    let causes = causes.into_iter().filter(|(_, is_so)| *is_so).map(|(word, _)| word.to_owned()).collect();
    wire::DeviceHealth { device: "database".to_owned(), state, causes, counters: None }
}

fn cause_word(cause: DeviceCause) -> &'static str {
    match cause {
        DeviceCause::PaperNearEnd => "paper_near_end",
        DeviceCause::PaperEnd => "paper_end",
        DeviceCause::CoverOpen => "cover_open",
        DeviceCause::CutterError => "cutter_error",
        DeviceCause::TicketLeft => "ticket_left",
        DeviceCause::LinesNotKept => "lines_not_kept",
        DeviceCause::PrinterError => "unrecoverable",
        DeviceCause::Offline => "offline",
        DeviceCause::StuckKey => "stuck_key",
        DeviceCause::Noise => "noise",
    }
}

/// What the printer's health says of its paper.
pub(super) fn paper(printer: &Health) -> wire::Paper {
    match printer {
        Health::Ready => wire::Paper::Ok,
        Health::Degraded(causes) | Health::Blocked(causes) if causes.contains(&DeviceCause::PaperEnd) => {
            wire::Paper::End
        }
        Health::Degraded(causes) if causes.contains(&DeviceCause::PaperNearEnd) => wire::Paper::NearEnd,
        Health::Degraded(_) => wire::Paper::Ok,
        Health::Absent | Health::Starting | Health::Blocked(_) | Health::Failed => wire::Paper::Unknown,
    }
}

/// How an update ended.
pub(super) fn update(outcome: &UpdateOutcome) -> wire::UpdateEnded {
    let state = match outcome.state {
        UpdateState::Installing => wire::UpdateState::Installing,
        UpdateState::Refused => wire::UpdateState::Refused,
        UpdateState::Trial => wire::UpdateState::Trial,
        UpdateState::Committed => wire::UpdateState::Committed,
        UpdateState::FellBack => wire::UpdateState::FellBack,
    };
    let UpdateOutcome { version, slot, reason, .. } = outcome.clone();
    wire::UpdateEnded { state, version, slot, reason }
}
