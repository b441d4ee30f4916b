//! Barcode scanners on a serial line (RS232 or USB-CDC).
//!
//! A scan is handed on as it was read, an AIM identifier (`]Q3`) included: what a code means is the rules' business.
//! Nothing here keeps or logs what was scanned.

mod framer;

pub use framer::{Framer, Framing, Reject, ScanCounters, Suffix};

use crate::address::Address;
use crate::health::DeviceHealth;
use crate::reader::{self, ReadingMachine};
use crate::transport::Inbox;

pub use crate::reader::Shutdown;

/// What a scanner tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScannerEvent {
    /// A code was read; no control characters but TAB, at most 2,048 bytes.
    Scan(String),
    /// Something was read that is no usable text; its content is gone.
    Rejected(Reject),
    /// The health changed.
    Health(DeviceHealth),
}

/// What a scanner's thread needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScannerConfig {
    /// Where the scanner is.
    pub address: Address,
    /// How it marks the end of a scan.
    pub framing: Framing,
}

/// A scanner and its line.
#[derive(Debug)]
pub struct Scanner {
    address: Address,
    framer: Framer,
}

impl Scanner {
    /// A scanner that is not connected yet; `run` does the rest.
    #[must_use]
    pub fn new(config: ScannerConfig) -> Self {
        Self { address: config.address, framer: Framer::new(config.framing) }
    }

    /// Serves the scanner until told to end. Blocks: call it in a thread of its own. Tells every event in order, from
    /// this thread; the callback must not block.
    pub fn run(mut self, inbox: &Inbox<Shutdown>, mut events: impl FnMut(ScannerEvent)) {
        reader::run(&self.address, &mut self.framer, inbox, |framer| {
            while let Some(event) = framer.poll_event() {
                events(event);
            }
        });
    }
}

impl ReadingMachine for Framer {
    fn connected(&mut self) {
        Self::connected(self);
    }

    fn disconnected(&mut self, health: DeviceHealth) {
        Self::disconnected(self, health);
    }

    fn received(&mut self, bytes: &[u8], now: crate::clock::Moment) {
        Self::received(self, bytes, now);
    }

    fn tick(&mut self, now: crate::clock::Moment) {
        Self::tick(self, now);
    }

    fn next_deadline(&self) -> Option<crate::clock::Moment> {
        Self::next_deadline(self)
    }
}
