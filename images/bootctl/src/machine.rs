//! What the boot control touches outside itself, one step a call: the model cuts the power between any two of them.

use std::fmt;
use std::io;

use crate::slot::Slot;

/// A file of the boot control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The record, on /data.
    Record,
    /// The outcome, on /data.
    Outcome,
    /// The copy of autoboot.txt, on /data.
    Copy,
    /// autoboot.txt itself, on the bootsel partition.
    Autoboot,
    /// The request to install, on /data, written by the app.
    Request,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Record => "state.json",
            Self::Outcome => "outcome.json",
            Self::Copy => "the copy of autoboot.txt",
            Self::Autoboot => "autoboot.txt",
            Self::Request => "install.json",
        })
    }
}

/// What the firmware left in the device tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Firmware {
    /// The slot of the boot partition that was taken.
    pub slot: Slot,
    /// Whether the tryboot flag was set.
    pub tryboot: bool,
}

/// A step that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// A file's own fault.
    #[error("{step} {place}")]
    File {
        /// What was to be done, as "cannot write".
        step: &'static str,
        /// To which file.
        place: Place,
        /// What the system said.
        source: io::Error,
    },
    /// The firmware's words are missing.
    #[error("cannot read {path}, where the firmware says what it booted")]
    Firmware {
        /// The file of the device tree.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// The firmware's words make no sense.
    #[error(
        "the firmware says it booted partition {0}, and no slot boots from there; remedy: update the board's bootloader (EEPROM)"
    )]
    Partition(u32),
    /// Somebody else's program, or the kernel, did not do it.
    #[error("{step}")]
    Other {
        /// What was to be done, as "cannot mount ...".
        step: String,
        /// What the system said.
        source: io::Error,
    },
}

/// The machine as the boot control sees it. Nothing is durable before its `sync_*`.
pub trait Machine {
    /// The whole file; `None` where there is none.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    fn read(&mut self, place: Place) -> Result<Option<Vec<u8>>, MachineError>;

    /// Writes a new file beside the one in `place`.
    ///
    /// # Errors
    /// It cannot be written.
    fn write_beside(&mut self, place: Place, bytes: &[u8]) -> Result<(), MachineError>;

    /// Makes that new file durable.
    ///
    /// # Errors
    /// The disk says no.
    fn sync_beside(&mut self, place: Place) -> Result<(), MachineError>;

    /// Puts the new file in the place of the old one.
    ///
    /// # Errors
    /// The disk says no.
    fn rename(&mut self, place: Place) -> Result<(), MachineError>;

    /// Makes names durable: a rename or a removal.
    ///
    /// # Errors
    /// The disk says no.
    fn sync_folder(&mut self, place: Place) -> Result<(), MachineError>;

    /// Removes the file, if it is there.
    ///
    /// # Errors
    /// The disk says no.
    fn remove(&mut self, place: Place) -> Result<(), MachineError>;

    /// Writes autoboot.txt over itself, in its one sector, durable when it returns.
    ///
    /// # Errors
    /// The disk says no, or reads back something else.
    fn write_autoboot(&mut self, bytes: &[u8]) -> Result<(), MachineError>;

    /// Makes the next boot a trial (`true`) or an ordinary one, where that is not part of the restart itself.
    ///
    /// # Errors
    /// The disk says no.
    fn set_tryboot(&mut self, on: bool) -> Result<(), MachineError>;

    /// Whether the mark of a boot that went back without a memory is there. It lies on bootsel, as /data may be gone.
    ///
    /// # Errors
    /// The disk says no.
    fn went_back(&mut self) -> Result<bool, MachineError>;

    /// Leaves that mark (`true`) or removes it, durable when it returns.
    ///
    /// # Errors
    /// The disk says no.
    fn set_went_back(&mut self, on: bool) -> Result<(), MachineError>;

    /// Restarts; returns while the restart is under way.
    ///
    /// # Errors
    /// Nobody takes the order.
    fn restart(&mut self, tryboot: bool) -> Result<(), MachineError>;

    /// What the firmware says of this boot.
    ///
    /// # Errors
    /// It says nothing, or nothing that makes sense.
    fn firmware(&mut self) -> Result<Firmware, MachineError>;

    /// The kernel's id of this boot.
    ///
    /// # Errors
    /// It cannot be read.
    fn boot_id(&mut self) -> Result<String, MachineError>;
}
