//! The drivers' words for health, causes and outcomes, in the words of the rules.

use kiosk_core::event::{DeviceCause, Health, PrintOutcome, PrintTrouble};
use kiosk_drivers::printer::{Identity, Outcome};
use kiosk_drivers::{Cause, DeviceHealth};

/// A device's health.
pub fn health(health: &DeviceHealth) -> Health {
    match health {
        DeviceHealth::Absent => Health::Absent,
        DeviceHealth::Starting => Health::Starting,
        DeviceHealth::Ready => Health::Ready,
        DeviceHealth::Degraded(list) => Health::Degraded(causes(list)),
        DeviceHealth::Blocked(list) => Health::Blocked(causes(list)),
        DeviceHealth::Failed(_) => Health::Failed,
    }
}

/// The health of a printer that does not keep the lines it should keep.
pub fn without_lines(health: Health) -> Health {
    match health {
        Health::Ready => Health::Degraded(vec![DeviceCause::LinesNotKept]),
        Health::Degraded(mut causes) => {
            causes.push(DeviceCause::LinesNotKept);
            causes.sort_unstable();
            Health::Degraded(causes)
        }
        Health::Absent | Health::Starting | Health::Blocked(_) | Health::Failed => health,
    }
}

fn causes(list: &[Cause]) -> Vec<DeviceCause> {
    let mut causes: Vec<_> = list.iter().map(|cause| device_cause(*cause)).collect();
    causes.sort_unstable();
    causes.dedup();
    causes
}

fn device_cause(cause: Cause) -> DeviceCause {
    match cause {
        Cause::PaperNearEnd => DeviceCause::PaperNearEnd,
        Cause::PaperEnd => DeviceCause::PaperEnd,
        Cause::CoverOpen => DeviceCause::CoverOpen,
        Cause::CutterError => DeviceCause::CutterError,
        Cause::TicketLeft => DeviceCause::TicketLeft,
        Cause::PaperJam | Cause::HeadHot | Cause::Unrecoverable | Cause::Unprintable => {
            DeviceCause::PrinterError
        }
        Cause::Offline
        | Cause::Silent
        | Cause::Disconnected
        | Cause::WriteStalled
        | Cause::FenceTimedOut
        | Cause::Starting
        | Cause::Absent
        | Cause::Busy
        | Cause::ShuttingDown => DeviceCause::Offline,
        Cause::StuckKey(_) => DeviceCause::StuckKey,
    }
}

/// Maker and model, as the printer says them: over its line, else in its USB device id.
pub fn printer_name(identity: &Identity) -> Option<String> {
    let said: Vec<&str> =
        [&identity.maker, &identity.model].into_iter().flatten().map(String::as_str).collect();
    let name = if said.is_empty() { identity.device_id.clone()? } else { said.join(" ") };
    Some(name.chars().filter(|letter| !letter.is_control()).take(60).collect())
}

/// A print job's outcome.
pub fn outcome(outcome: &Outcome) -> PrintOutcome {
    match outcome {
        Outcome::Printed => PrintOutcome::Printed,
        Outcome::NotPrinted(cause) => PrintOutcome::NotPrinted(trouble(*cause)),
        Outcome::Unknown { bytes_written, cause } => {
            PrintOutcome::Unknown { bytes: *bytes_written as u64, cause: trouble(*cause) }
        }
    }
}

fn trouble(cause: Cause) -> PrintTrouble {
    match cause {
        Cause::PaperEnd => PrintTrouble::PaperEnd,
        Cause::CoverOpen => PrintTrouble::CoverOpen,
        Cause::CutterError => PrintTrouble::CutterError,
        Cause::Absent | Cause::Disconnected => PrintTrouble::Absent,
        Cause::Silent | Cause::WriteStalled | Cause::FenceTimedOut | Cause::Starting | Cause::Busy => {
            PrintTrouble::Silent
        }
        Cause::ShuttingDown => PrintTrouble::Interrupted,
        Cause::PaperNearEnd
        | Cause::TicketLeft
        | Cause::PaperJam
        | Cause::HeadHot
        | Cause::Unrecoverable
        | Cause::Unprintable
        | Cause::Offline
        | Cause::StuckKey(_) => PrintTrouble::PrinterError,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_that_mean_the_same_to_people_are_told_once() {
        let blocked = DeviceHealth::Blocked(vec![Cause::PaperEnd, Cause::PaperJam, Cause::HeadHot]);
        assert_eq!(health(&blocked), Health::Blocked(vec![DeviceCause::PaperEnd, DeviceCause::PrinterError]));
    }

    #[test]
    fn missing_lines_are_told_of_a_printer_that_works() {
        let lines = DeviceCause::LinesNotKept;
        for (health, told) in [
            (Health::Ready, Health::Degraded(vec![lines])),
            (
                Health::Degraded(vec![DeviceCause::PaperNearEnd]),
                Health::Degraded(vec![DeviceCause::PaperNearEnd, lines]),
            ),
            (Health::Blocked(vec![DeviceCause::PaperEnd]), Health::Blocked(vec![DeviceCause::PaperEnd])),
            (Health::Absent, Health::Absent),
        ] {
            assert_eq!(without_lines(health), told);
        }
    }

    #[test]
    fn a_printer_is_called_as_it_calls_itself() {
        let text = |text: &str| Some(text.to_owned());
        for (maker, model, device_id, name) in [
            (text("EPSON"), text("TM-T82III"), text("MFG:EPSON;"), text("EPSON TM-T82III")),
            (None, text("TM\u{1b}-T88"), None, text("TM-T88")),
            (None, None, text("MFG:MASUNG;MDL:MS-D347;"), text("MFG:MASUNG;MDL:MS-D347;")),
            (text(&"x".repeat(99)), None, None, text(&"x".repeat(60))),
            (None, None, None, None),
        ] {
            assert_eq!(printer_name(&Identity { maker, model, device_id }), name);
        }
    }

    #[test]
    fn an_unknown_outcome_keeps_its_bytes() {
        let unknown = Outcome::Unknown { bytes_written: 8_192, cause: Cause::Disconnected };
        assert_eq!(outcome(&unknown), PrintOutcome::Unknown { bytes: 8_192, cause: PrintTrouble::Absent });
    }
}
