//! What a device's health means for the rules.

use crate::event::{DeviceCause, Health, PrintTrouble};

/// Why nothing can be printed now, if that is known. A printer that nobody heard of yet, or that is still starting, is
/// tried: its own answer decides.
pub fn print_trouble(health: Option<&Health>) -> Option<PrintTrouble> {
    match health {
        None | Some(Health::Starting | Health::Ready | Health::Degraded(_)) => None,
        Some(Health::Absent) => Some(PrintTrouble::Absent),
        Some(Health::Failed) => Some(PrintTrouble::PrinterError),
        Some(Health::Blocked(causes)) => {
            Some(causes.first().map_or(PrintTrouble::PrinterError, |cause| trouble_of(*cause)))
        }
    }
}

/// Whether the printer is known to print; an officer who asks for a copy can wait until it is.
pub fn prints(health: Option<&Health>) -> bool {
    matches!(health, Some(Health::Ready | Health::Degraded(_)))
}

/// Whether staff should look at a device.
pub fn needs_a_look(health: &Health) -> bool {
    match health {
        Health::Ready | Health::Starting => false,
        Health::Absent | Health::Degraded(_) | Health::Blocked(_) | Health::Failed => true,
    }
}

fn trouble_of(cause: DeviceCause) -> PrintTrouble {
    match cause {
        DeviceCause::PaperEnd => PrintTrouble::PaperEnd,
        DeviceCause::CoverOpen => PrintTrouble::CoverOpen,
        DeviceCause::CutterError => PrintTrouble::CutterError,
        DeviceCause::Offline => PrintTrouble::Absent,
        DeviceCause::PaperNearEnd
        | DeviceCause::TicketLeft
        | DeviceCause::LinesNotKept
        | DeviceCause::PrinterError
        | DeviceCause::StuckKey
        | DeviceCause::Noise => PrintTrouble::PrinterError,
    }
}
