//! What the port of a USB printer says of paper and errors while the printer itself answers nothing.

use super::heartbeat::REPLY_LIMIT;
use super::{Machine, State};
use crate::clock::Moment;
use crate::health::Cause;
use crate::usb::PortStatus;

/// Some printers' ports answer always the same. So a port is tried out while the printer says that all is well: one that
/// speaks of trouble then is not believed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Port {
    /// It is to be asked.
    question: bool,
    is_tried_out: bool,
    lies: bool,
    /// Its last answer since the printer fell silent.
    said: Option<PortStatus>,
}

impl Port {
    pub(super) fn ask(&mut self) {
        self.question = true;
    }

    /// The printer has said that all is well.
    pub(super) fn try_out(&mut self) {
        self.question |= !self.is_tried_out;
    }

    pub(super) fn take_question(&mut self) -> bool {
        std::mem::take(&mut self.question)
    }

    /// It has answered; `is_well` says what the printer itself says.
    pub(super) fn said(&mut self, status: PortStatus, is_well: bool) {
        if !is_well {
            self.said = Some(status);
        } else if !self.is_tried_out {
            self.is_tried_out = true;
            self.lies = cause_of(status).is_some();
        }
    }

    /// The printer speaks for itself again.
    pub(super) fn forget(&mut self) {
        self.said = None;
    }

    /// Why the printer cannot print.
    pub(super) fn cause(&self) -> Option<Cause> {
        self.said.filter(|_| !self.lies).and_then(cause_of)
    }
}

fn cause_of(status: PortStatus) -> Option<Cause> {
    if status.paper_end {
        Some(Cause::PaperEnd)
    } else {
        // One wire for every error: open cover, stuck cutter, hot head.
        (status.error || !status.selected).then_some(Cause::Offline)
    }
}

impl Machine {
    /// Whether the printer's port should be asked (see [`crate::transport::PrinterPort`]), where it has one: once.
    pub fn take_port_question(&mut self) -> bool {
        self.port.take_question()
    }

    /// The printer's port has answered.
    pub fn port_said(&mut self, status: PortStatus, now: Moment) {
        let is_well = !self.heartbeat.is_unanswered()
            && self.heartbeat.is_informed()
            && self.status.blocking_causes().is_empty();
        self.port.said(status, is_well);
        self.advance(now);
    }

    /// Whether the printer has taken or answered nothing for too long, and nobody knows why: a reset may wake it.
    #[must_use]
    pub fn hangs(&self) -> bool {
        self.hangs || self.fenceless
    }

    /// When a line that takes no question counts as silent. At work a printer may keep its line waiting.
    pub(super) fn refuses_at(&self) -> Option<Moment> {
        let may_wait = matches!(self.state, State::Closed | State::Printing(_) | State::Resyncing { .. });
        let is_known = self.paused || self.heartbeat.is_silent();
        self.output.stalled_since().filter(|_| !may_wait && !is_known).map(|since| since + REPLY_LIMIT)
    }

    /// Since when the printer takes or answers nothing, if nobody knows why. A ticket has its own deadlines.
    pub(super) fn hangs_since(&self) -> Option<Moment> {
        let is_explained =
            self.paused || self.port.cause().is_some() || !self.status.blocking_causes().is_empty();
        if is_explained || matches!(self.state, State::Closed | State::Printing(_)) {
            return None;
        }
        self.output.stalled_since().into_iter().chain(self.heartbeat.silent_since()).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_believed_unless_it_spoke_of_trouble_when_all_was_well() {
        let (well, no_paper, error) =
            (PortStatus::parse(0x18), PortStatus::parse(0x38), PortStatus::parse(0x10));
        for (tried, later, cause) in [
            (Some(well), well, None),
            (Some(well), no_paper, Some(Cause::PaperEnd)),
            (Some(well), error, Some(Cause::Offline)),
            (Some(well), PortStatus::parse(0), Some(Cause::Offline)),
            (Some(error), error, None),
            (Some(error), no_paper, None),
            // Silent from the start: nothing speaks against it.
            (None, no_paper, Some(Cause::PaperEnd)),
        ] {
            let mut port = Port::default();
            if let Some(tried) = tried {
                port.try_out();
                assert!(port.take_question() && !port.take_question());
                port.said(tried, true);
            }
            port.said(later, false);
            assert_eq!(port.cause(), cause, "{tried:?}, then {later:?}");
            port.forget();
            assert_eq!(port.cause(), None);
        }
    }
}
