//! Recordings of device sessions, and their replay.
//!
//! A recording holds what crossed the line to a device and what the driver was asked and told, as text, one thing a
//! line. Fed to the machine of today it gives the same events, or shows where they differ: a fault seen in a hall becomes
//! a regression test.
//!
//! ```text
//! kiosk-recording 1 printer profile=tm-t82 doubt=no rate=- void=setup:5:0,band:212:30,cut:4:319
//! 0 open
//! 41 out 4101 7c5a..      bytes that the line took: length and hash, never the ticket itself unless asked for
//! 1210 in 12              bytes that the device sent, in hexadecimal
//! 1212 told Health(Ready) what the driver told
//! ```
//! The number in front is microseconds since the start. A scanner's bytes are personal (codes of dossiers, citizen
//! cards): only how many there were and which control characters stood between them is kept, see [`Piece`].

mod mask;
mod recorder;
mod replay;
mod tape;
mod text;

pub use mask::{Mask, Piece};
pub use recorder::{Recorder, RecorderCounts, RecorderOptions};
pub use replay::{Difference, Replay, ReplayError, replay};
pub(crate) use tape::Tape;
pub use text::RecordingError;

use crate::clock::Moment;
use crate::health::Cause;
use crate::keypad::{KeyTable, KeypadFraming};
use crate::printer::{Command, CommandKind};
use crate::scanner::Framing;
use crate::usb::PortStatus;

/// A session with one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// Whose.
    pub session: Session,
    /// What happened when, in order.
    pub entries: Vec<(Moment, Entry)>,
}

/// What a machine must be made with to live through the session again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Session {
    /// A ticket printer.
    Printer {
        /// Name of its profile.
        profile: String,
        /// Whether an earlier run left a ticket in doubt.
        in_doubt: bool,
        /// Speed of a serial line.
        bytes_per_sec: Option<u32>,
        /// The slip behind a broken-off ticket.
        void_slip: Vec<Shape>,
    },
    /// A barcode scanner.
    Scanner {
        /// How it marks the end of a scan.
        framing: Framing,
        /// It types; what is recorded is the form of what it typed.
        is_wedge: bool,
    },
    /// A rating keypad.
    Keypad {
        /// How it sends a press.
        framing: KeypadFraming,
        /// Which key has which number.
        keys: KeyTable,
    },
}

/// A printer command without its bytes: all that the job machine looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// What it is for.
    pub kind: CommandKind,
    /// How many bytes it has.
    pub length: usize,
    /// Dots of paper that it moves.
    pub dots: u32,
}

impl From<&Command> for Shape {
    fn from(command: &Command) -> Self {
        Self { kind: command.kind, length: command.bytes.len(), dots: command.dots }
    }
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// The line was opened.
    Opened,
    /// The line was lost or could not be opened; with the reason if waiting does not mend it.
    Closed(Option<String>),
    /// The device sent these bytes.
    Received(Vec<u8>),
    /// A scanner sent something of this form.
    Scanned(Vec<Piece>),
    /// The line took bytes.
    Wrote {
        /// How many.
        length: usize,
        /// Their FNV-1a hash, to know the same bytes again.
        hash: u64,
        /// The bytes, if the recording was asked to keep them.
        whole: Option<Vec<u8>>,
    },
    /// The printer's port answered.
    Port(PortStatus),
    /// Scans were wanted from here on, or not.
    Armed(bool),
    /// Of the last bytes that the line took, so many had not reached the device when it was given up.
    Withdrawn(usize),
    /// From here on the printer is asked at each connection which pictures it keeps.
    AsksKept,
    /// Time has passed, or the device had nothing to say.
    Tick,
    /// A ticket was to be printed.
    Job {
        /// The caller's number.
        job: u64,
        /// Its commands; none when it was refused at once.
        commands: Vec<Shape>,
    },
    /// A ticket was refused without asking the machine.
    Refused {
        /// The caller's number.
        job: u64,
        /// Why.
        cause: Cause,
    },
    /// The driver told this: the debug text of its event, in which a scan is only a length.
    Told(String),
}

/// FNV-1a, 64 bits: short, and the same on every machine.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
