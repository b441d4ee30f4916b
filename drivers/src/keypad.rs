//! Rating keypads: on a serial line (a byte or a frame a press), as USB number pads, and as buttons on pins.
//!
//! What comes out are presses that a person meant ([`Presses`]). What a press is worth is not known here: that a rating may
//! be changed once within three seconds and is locked then is a rule about a citizen's visit, and stands with the ratings.

mod decoder;
mod machine;
mod table;

pub use decoder::KeypadFraming;
pub use machine::{Flag, KeyCounters, Presses};
pub use table::{KeyTable, KeyTableError};

use std::ops::ControlFlow;

use crate::address::Address;
use crate::clock::Moment;
use crate::health::DeviceHealth;
use crate::reader::{self, LeftOut, ReadingMachine};
use crate::record::{Recorder, RecorderOptions, Session, Tape};
use crate::supervise::Tally;
use crate::transport::Inbox;

pub use crate::reader::Shutdown;

/// What a keypad tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeypadEvent {
    /// A person pressed the key of this number, 1 to 9.
    Pressed(u8),
    /// Something happened that is no vote.
    Flagged(Flag),
    /// The health changed.
    Health(DeviceHealth),
}

/// What a keypad's thread needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeypadConfig {
    /// Where the keypad is. Pads are told apart by where they are plugged in: the port is the counter.
    pub address: Address,
    /// How it sends a press; [`KeypadFraming::of`] knows the usual one.
    pub framing: KeypadFraming,
    /// Which key has which number; [`KeyTable::of`] knows the usual ones.
    pub keys: KeyTable,
}

impl KeypadConfig {
    /// The usual keypad at an address.
    #[must_use]
    pub fn usual(address: Address) -> Self {
        Self { framing: KeypadFraming::of(&address), keys: KeyTable::of(&address), address }
    }
}

/// A keypad and its line.
#[derive(Debug)]
pub struct Keypad {
    address: Address,
    tape: Tape,
    presses: Presses,
    tally: Tally,
}

impl Keypad {
    /// A keypad that is not connected yet; `run` does the rest.
    #[must_use]
    pub fn new(config: KeypadConfig) -> Self {
        let session = Session::Keypad { framing: config.framing, keys: config.keys.clone() };
        let presses = Presses::new(config.framing, config.keys);
        Self { address: config.address, tape: Tape::of(session), presses, tally: Tally::default() }
    }

    /// Records the session from here on, see [`crate::record`]; call it before `run`.
    ///
    /// # Errors
    /// When there can be no thread for it; later errors end the recording, not the keypad.
    pub fn record(
        &mut self,
        target: impl std::io::Write + Send + 'static,
        options: RecorderOptions,
    ) -> std::io::Result<Recorder> {
        self.tape.record(target, options)
    }

    /// What happens to this keypad is counted there; keep it before `run`.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.tally.clone()
    }

    /// Serves the keypad until told to end. Blocks: call it in a thread of its own. Tells every event in order, from
    /// this thread; the callback must not block.
    pub fn run(mut self, inbox: &Inbox<Shutdown>, mut events: impl FnMut(KeypadEvent)) {
        let recorder = self.tape.recorder();
        reader::run(&self.address, &mut self.presses, inbox, &self.tally, recorder, |presses| {
            while let Some(event) = presses.poll_event() {
                if let Some(recorder) = recorder {
                    recorder.told(&event);
                }
                events(event);
            }
        });
    }
}

impl ReadingMachine for Presses {
    type Order = Shutdown;

    fn order(&mut self, Shutdown: Shutdown) -> ControlFlow<()> {
        ControlFlow::Break(())
    }

    fn connected(&mut self) {
        Self::connected(self);
    }

    fn disconnected(&mut self, health: DeviceHealth) {
        Self::disconnected(self, health);
    }

    fn received(&mut self, bytes: &[u8], now: Moment) {
        Self::received(self, bytes, now);
    }

    fn noise_bytes(&self) -> u64 {
        self.counters().noise_bytes
    }

    fn tick(&mut self, now: Moment) {
        Self::tick(self, now);
    }

    fn next_deadline(&self) -> Option<Moment> {
        Self::next_deadline(self)
    }

    fn left_out(&self) -> LeftOut {
        let counters = self.counters();
        LeftOut { noise: counters.noise_bytes, events: counters.repeats + counters.second_keys }
    }
}
