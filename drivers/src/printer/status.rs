//! What is known of a printer's state, and how each kind of report changes it.

mod parser;
#[cfg(test)]
mod tests;

use crate::health::Cause;
pub use parser::{Reply, StatusParser};

/// What the paper sensors say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Paper {
    /// Not asked yet.
    #[default]
    Unknown,
    /// Enough.
    Ok,
    /// The roll is nearly used up.
    NearEnd,
    /// None left.
    End,
}

/// What is known of a printer's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Status {
    /// The paper. Near its end once, a roll counts as such until the cover is opened: the sensor of a turning roll wavers,
    /// and staff are to be told once.
    pub paper: Paper,
    /// The cover is open.
    pub cover_open: bool,
    /// The cutter is stuck.
    pub cutter_error: bool,
    /// A fault that a person can clear.
    pub paper_jam: bool,
    /// The head is too hot.
    pub head_hot: bool,
    /// A fault that nobody can clear by hand.
    pub unrecoverable: bool,
    /// The printer says that it is offline.
    pub offline: bool,
    /// A ticket lies in the mouth of the presenter.
    pub ticket_present: bool,
}

impl Status {
    /// Why the printer cannot print; empty when it can. `Offline` only when there is no better word.
    #[must_use]
    pub fn blocking_causes(&self) -> Vec<Cause> {
        let mut causes: Vec<Cause> = [
            (self.paper == Paper::End, Cause::PaperEnd),
            (self.cover_open, Cause::CoverOpen),
            (self.cutter_error, Cause::CutterError),
            (self.paper_jam, Cause::PaperJam),
            (self.head_hot, Cause::HeadHot),
            (self.unrecoverable, Cause::Unrecoverable),
        ]
        .into_iter()
        .filter_map(|(is_so, cause)| is_so.then_some(cause))
        .collect();
        if causes.is_empty() && self.offline {
            causes.push(Cause::Offline);
        }
        causes
    }

    /// Takes in the four bytes of an AutomaticStatusBack.
    pub(crate) fn apply_asb(&mut self, bytes: [u8; 4]) {
        let [info, error, paper, _reserved] = bytes;
        self.offline = info & 0x08 != 0;
        self.cover_open = info & 0x20 != 0;
        self.paper_jam = error & 0x04 != 0;
        self.cutter_error = error & 0x08 != 0;
        self.unrecoverable = error & 0x20 != 0;
        self.head_hot = error & 0x40 != 0;
        self.see_paper(paper & 0x03 != 0, paper & 0x0c != 0);
    }

    /// Takes in the reply to `DLE EOT request`.
    pub(crate) fn apply_real_time(&mut self, request: u8, reply: u8) {
        match request {
            1 => self.offline = reply & 0x08 != 0,
            2 => self.cover_open = reply & 0x04 != 0,
            3 => {
                self.paper_jam = reply & 0x04 != 0;
                self.cutter_error = reply & 0x08 != 0;
                self.unrecoverable = reply & 0x20 != 0;
                self.head_hot = reply & 0x40 != 0;
            }
            4 => self.see_paper(reply & 0x0c != 0, reply & 0x60 != 0),
            _ => {}
        }
    }

    /// Takes in the four bytes behind `10 0f` of Custom's full status: paper, user, recoverable, unrecoverable.
    /// Source: the command references of Custom's VKP80 and KPM series.
    pub(crate) fn apply_full(&mut self, bytes: [u8; 4]) {
        let [paper, user, recoverable, unrecoverable] = bytes;
        // Head up, cover open, or the cutter's own cover open: somebody has to close something.
        self.cover_open = user & 0x03 != 0 || unrecoverable & 0x02 != 0;
        self.paper_jam = recoverable & 0x40 != 0;
        self.head_hot = recoverable & 0x01 != 0;
        // A supply voltage out of range stops the printer and has no word of its own.
        self.offline = recoverable & 0x08 != 0;
        self.cutter_error = unrecoverable & 0x01 != 0;
        // RAM or EEPROM.
        self.unrecoverable = unrecoverable & 0x0c != 0;
        self.ticket_present = paper & 0x20 != 0;
        self.see_paper(paper & 0x04 != 0, paper & 0x01 != 0);
    }

    fn see_paper(&mut self, near_end: bool, end: bool) {
        self.paper = match (end, near_end) {
            (true, _) => Paper::End,
            (false, true) => Paper::NearEnd,
            (false, false) if self.paper == Paper::NearEnd && !self.cover_open => Paper::NearEnd,
            (false, false) => Paper::Ok,
        };
    }
}
