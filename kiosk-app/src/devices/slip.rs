//! The slip with the counters' PINs: printed once, as soon as the printer can, and again until it was seen printed.

use kiosk_core::event::PrintOutcome;
use kiosk_drivers::printer::PrinterCommand;
use kiosk_drivers::transport::Mailbox;

use super::paper;

/// The job number of a staff slip; tickets count up from 1 and never reach it.
pub(super) const JOB: u64 = u64::MAX;

/// Lines to print for staff, and what to do once they are on paper.
pub struct StaffSlip {
    heading: &'static str,
    lines: Vec<String>,
    printed: Box<dyn FnMut() + Send>,
    under_way: bool,
}

impl StaffSlip {
    /// A slip; `printed` is called once, when the printer confirmed it.
    pub fn new(heading: &'static str, lines: Vec<String>, printed: impl FnMut() + Send + 'static) -> Self {
        Self { heading, lines, printed: Box::new(printed), under_way: false }
    }

    /// Asks the printer to print it, unless it is at it.
    pub(super) fn print(&mut self, mailbox: &Mailbox<PrinterCommand>) {
        if self.under_way {
            return;
        }
        let ticket = paper::staff_slip(self.heading, &self.lines);
        self.under_way = mailbox.send(PrinterCommand::Print { job: JOB, ticket }).is_ok();
    }

    /// Its print ended. `true`: it is on paper and done with; `false`: the next time the printer works it is tried again.
    pub(super) fn ended(&mut self, outcome: &PrintOutcome) -> bool {
        self.under_way = false;
        let done = *outcome == PrintOutcome::Printed;
        if done {
            (self.printed)();
        }
        done
    }
}
