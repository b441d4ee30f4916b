//! What can be done at the dock, as text: `scan CODE`, `key 1 3`, `cover open`, `line cut`...

use std::str::FromStr;

use crate::rig::{Hall, RigError};

/// The longest text that a scanner at the dock sends: more than any barcode holds.
const LONGEST_SCAN: usize = 8 * 1024;

/// Something done to the hall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Hold a code before the scanner.
    Scan(String),
    /// Press a key of a counter's keypad.
    Key(u8, u8),
    /// Open or close the printer's cover.
    Cover(bool),
    /// Take the paper out, or put a new roll in.
    PaperEnd(bool),
    /// Let the paper end in the middle of the next ticket.
    PaperShort,
    /// Let the near-end sensor see the core.
    NearEnd,
    /// Jam the cutter, or free it.
    Cutter(bool),
    /// Pull the printer's cable, or put it back.
    PrinterCable(bool),
    /// Cut the line to the district server, or mend it.
    LineCut(bool),
    /// Stop the district server, or start it.
    Server(bool),
    /// kill -9 of the kiosk, then a new start.
    KillKiosk,
    /// Touch the screen at a place, in pixels.
    Touch(u32, u32),
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum ActionError {
    /// Not an action.
    #[error("{0:?} is nothing that can be done at the dock")]
    Unknown(String),
    /// The hall.
    #[error(transparent)]
    Rig(#[from] RigError),
}

impl FromStr for Action {
    type Err = ActionError;

    fn from_str(text: &str) -> Result<Self, ActionError> {
        let unknown = || ActionError::Unknown(text.chars().take(80).collect());
        let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
        let pair = || rest.split_once(' ').ok_or_else(unknown);
        let number = |text: &str| text.parse::<u32>().map_err(|_| unknown());
        let small = |text: &str| text.parse::<u8>().map_err(|_| unknown());
        match (verb, rest) {
            ("scan", code) if (1..=LONGEST_SCAN).contains(&code.len()) => Ok(Self::Scan(code.to_owned())),
            ("key", _) => Ok(Self::Key(small(pair()?.0)?, small(pair()?.1)?)),
            ("touch", _) => Ok(Self::Touch(number(pair()?.0)?, number(pair()?.1)?)),
            ("cover", "open") => Ok(Self::Cover(true)),
            ("cover", "close") => Ok(Self::Cover(false)),
            ("paper", "end") => Ok(Self::PaperEnd(true)),
            ("paper", "new") => Ok(Self::PaperEnd(false)),
            ("paper", "short") => Ok(Self::PaperShort),
            ("paper", "near-end") => Ok(Self::NearEnd),
            ("cutter", "jam") => Ok(Self::Cutter(true)),
            ("cutter", "free") => Ok(Self::Cutter(false)),
            ("printer", "unplug") => Ok(Self::PrinterCable(false)),
            ("printer", "plug") => Ok(Self::PrinterCable(true)),
            ("line", "cut") => Ok(Self::LineCut(true)),
            ("line", "mend") => Ok(Self::LineCut(false)),
            ("server", "stop") => Ok(Self::Server(false)),
            ("server", "start") => Ok(Self::Server(true)),
            ("kiosk", "kill") => Ok(Self::KillKiosk),
            (_, _) => Err(unknown()),
        }
    }
}

impl Action {
    /// Does it.
    ///
    /// # Errors
    /// When the hall does not go along: a cable is out, a program does not come up.
    pub fn carry_out(&self, hall: &mut Hall) -> Result<(), ActionError> {
        match self {
            Self::Scan(code) => hall.scan(code)?,
            Self::Key(counter, key) => hall.press_key(*counter, *key)?,
            Self::Cover(open) => hall.printer.with(|printer| printer.set_cover_open(*open)),
            Self::PaperEnd(end) => hall.printer.with(|printer| printer.set_paper_end(*end)),
            Self::PaperShort => hall.printer.with(|printer| printer.set_paper_rows_left(200)),
            Self::NearEnd => hall.printer.with(|printer| printer.set_near_end(true)),
            Self::Cutter(stuck) => hall.printer.with(|printer| printer.set_cutter_error(*stuck)),
            Self::PrinterCable(true) => hall.printer.plug(),
            Self::PrinterCable(false) => hall.printer.unplug(),
            Self::LineCut(true) => hall.line.cut(),
            Self::LineCut(false) => hall.line.mend(),
            Self::Server(true) if !hall.server.runs() => hall.server.start()?,
            Self::Server(true) => {}
            Self::Server(false) => hall.server.stop()?,
            Self::KillKiosk => {
                hall.kill_kiosk();
                hall.start_kiosk()?;
            }
            Self::Touch(x, y) => hall.screen().touch(*x, *y).map_err(RigError::from)?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_read_or_refused() {
        for (text, expected) in [
            ("scan H40.16.24-261105-0001", Some(Action::Scan("H40.16.24-261105-0001".to_owned()))),
            ("scan a b", Some(Action::Scan("a b".to_owned()))),
            ("key 2 3", Some(Action::Key(2, 3))),
            ("touch 540 960", Some(Action::Touch(540, 960))),
            ("cover open", Some(Action::Cover(true))),
            ("scan ", None),
            ("key 2", None),
            ("key 300 1", None),
            ("cover ajar", None),
            ("", None),
        ] {
            assert_eq!(text.parse::<Action>().ok(), expected, "{text}");
        }
    }
}
