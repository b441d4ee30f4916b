//! Barcode scanners on a serial line (RS232 or USB-CDC), and those that pose as a keyboard ("wedge").
//!
//! A scan is handed on as it was read, an AIM identifier (`]Q3`) included: what a code means is the rules' business.
//! Nothing here keeps or logs what was scanned. A wedge is grabbed, so that what it types reaches no window and no
//! console; it must be set to the US keyboard, and only a serial scanner can carry Vietnamese.

mod framer;
mod keymap;

pub(crate) use framer::{FRAGMENT_LIMIT, IDLE, MAX_SCAN_BYTES};
pub use framer::{Framer, Framing, Reject, ScanCounters, Suffix};
pub use keymap::UsKeyboard;

use std::fmt;
use std::ops::ControlFlow;

use crate::address::Address;
use crate::clock::Moment;
use crate::health::DeviceHealth;
use crate::keys::RecordReader;
use crate::reader::{self, LeftOut, ReadingMachine};
use crate::record::{Entry, Recorder, RecorderOptions, Session, Tape};
use crate::supervise::Tally;
use crate::transport::Inbox;

/// What a scanner tells. Its debug text, which may end in a log, holds only the length of a scan: that may be a citizen card.
#[derive(Clone, PartialEq, Eq)]
pub enum ScannerEvent {
    /// A code was read; no control characters but TAB, at most 2,048 bytes.
    Scan(String),
    /// Something was read that is no usable text; its content is gone.
    Rejected(Reject),
    /// The health changed.
    Health(DeviceHealth),
}

impl fmt::Debug for ScannerEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scan(text) => write!(f, "Scan({} bytes)", text.len()),
            Self::Rejected(reject) => f.debug_tuple("Rejected").field(reject).finish(),
            Self::Health(health) => f.debug_tuple("Health").field(health).finish(),
        }
    }
}

/// What a scanner's thread can be told. Dropping the last mailbox is `Shutdown`, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScannerOrder {
    /// Scans are wanted, as at the start.
    Arm,
    /// Scans are not wanted: they are swallowed and counted.
    Disarm,
    /// End the thread.
    Shutdown,
}

/// What a scanner's thread needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScannerConfig {
    /// Where the scanner is; an `evdev:` address is a wedge.
    pub address: Address,
    /// How it marks the end of a scan. Every line end of a wedge is Enter.
    pub framing: Framing,
}

/// A scanner and its line.
#[derive(Debug)]
pub struct Scanner {
    address: Address,
    tape: Tape,
    machine: ScanMachine,
    tally: Tally,
}

impl Scanner {
    /// A scanner that is not connected yet; `run` does the rest.
    #[must_use]
    pub fn new(config: ScannerConfig) -> Self {
        let machine = match &config.address {
            Address::Evdev { .. } => ScanMachine::wedge(config.framing),
            Address::Tcp { .. }
            | Address::Serial { .. }
            | Address::File { .. }
            | Address::Usb(_)
            | Address::Gpio { .. } => ScanMachine::serial(config.framing),
        };
        let session =
            Session::Scanner { framing: machine.framer.framing(), is_wedge: machine.keyboard.is_some() };
        Self { address: config.address, tape: Tape::of(session), machine, tally: Tally::default() }
    }

    /// Records the session from here on, see [`crate::record`]; call it before `run`.
    ///
    /// # Errors
    /// When there can be no thread for it; later errors end the recording, not the scanner.
    pub fn record(
        &mut self,
        target: impl std::io::Write + Send + 'static,
        options: RecorderOptions,
    ) -> std::io::Result<Recorder> {
        self.tape.record(target, options)
    }

    /// What happens to this scanner is counted there; keep it before `run`.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.tally.clone()
    }

    /// Serves the scanner until told to end. Blocks: call it in a thread of its own. Tells every event in order, from
    /// this thread; the callback must not block.
    pub fn run(mut self, inbox: &Inbox<ScannerOrder>, mut events: impl FnMut(ScannerEvent)) {
        let recorder = self.tape.recorder();
        reader::run(&self.address, &mut self.machine, inbox, &self.tally, recorder, |machine| {
            while let Some(event) = machine.framer.poll_event() {
                if let Some(recorder) = recorder {
                    recorder.told(&event);
                }
                events(event);
            }
        });
    }
}

/// From what the line carries to scans.
#[derive(Debug)]
struct ScanMachine {
    framer: Framer,
    keyboard: Option<(RecordReader, UsKeyboard)>,
}

impl ScanMachine {
    fn serial(framing: Framing) -> Self {
        Self { framer: Framer::new(framing), keyboard: None }
    }

    fn wedge(framing: Framing) -> Self {
        let suffix = match framing.suffix {
            Suffix::Cr | Suffix::Lf | Suffix::CrLf => Suffix::Cr,
            Suffix::Tab => Suffix::Tab,
            Suffix::None => Suffix::None,
        };
        let framer = Framer::new(Framing { suffix, ..framing });
        Self { framer, keyboard: Some((RecordReader::default(), UsKeyboard::default())) }
    }
}

impl ReadingMachine for ScanMachine {
    type Order = ScannerOrder;

    fn order(&mut self, order: ScannerOrder) -> ControlFlow<()> {
        match order {
            ScannerOrder::Arm => self.framer.set_armed(true),
            ScannerOrder::Disarm => self.framer.set_armed(false),
            ScannerOrder::Shutdown => return ControlFlow::Break(()),
        }
        ControlFlow::Continue(())
    }

    fn entry_of(order: &ScannerOrder) -> Option<Entry> {
        match order {
            ScannerOrder::Arm => Some(Entry::Armed(true)),
            ScannerOrder::Disarm => Some(Entry::Armed(false)),
            ScannerOrder::Shutdown => None,
        }
    }

    fn connected(&mut self) {
        self.framer.connected();
    }

    fn disconnected(&mut self, health: DeviceHealth) {
        if let Some((records, keyboard)) = &mut self.keyboard {
            records.reset();
            keyboard.reset();
        }
        self.framer.disconnected(health);
    }

    fn received(&mut self, bytes: &[u8], now: Moment) {
        match &mut self.keyboard {
            None => self.framer.received(bytes, now),
            Some((records, keyboard)) => {
                let typed: Vec<u8> =
                    records.read(bytes).into_iter().filter_map(|record| keyboard.typed(record)).collect();
                self.framer.received(&typed, now);
            }
        }
    }

    fn noise_bytes(&self) -> u64 {
        self.framer.counters().noise_bytes
    }

    fn tick(&mut self, now: Moment) {
        self.framer.tick(now);
    }

    fn next_deadline(&self) -> Option<Moment> {
        self.framer.next_deadline()
    }

    fn left_out(&self) -> LeftOut {
        let counters = self.framer.counters();
        let events = counters.fragments + counters.repeats + counters.disarmed;
        LeftOut { noise: counters.noise_bytes, events }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::keys::{KeyRecord, Movement};

    /// What a wedge sends that types these keys; a negative code lets one go.
    fn keys(codes: &[i32]) -> Vec<u8> {
        let record = |code: &i32| {
            let movement = if *code < 0 { Movement::Up } else { Movement::Down };
            KeyRecord { code: u16::try_from(code.abs()).unwrap(), movement }.to_bytes()
        };
        codes.iter().flat_map(record).collect()
    }

    fn events(machine: &mut ScanMachine, bytes: &[u8], at_millis: u64) -> Vec<ScannerEvent> {
        machine.received(bytes, Duration::from_millis(at_millis));
        std::iter::from_fn(|| machine.framer.poll_event()).collect()
    }

    /// `H4` and Enter, with the Shift key that a scanner presses for the letter.
    const H4: &[i32] = &[42, 35, -35, -42, 5, -5, 28, -28];

    #[test]
    fn a_wedge_types_a_scan_that_ends_with_enter_whatever_its_line_end_is_called() {
        for suffix in [Suffix::Cr, Suffix::Lf, Suffix::CrLf] {
            let mut wedge = ScanMachine::wedge(Framing { suffix, has_stx: false });
            assert_eq!(events(&mut wedge, &keys(H4), 0), [ScannerEvent::Scan("H4".to_owned())], "{suffix:?}");
        }
    }

    #[test]
    fn a_scan_that_lost_a_key_is_never_a_shorter_code() {
        let mut wedge = ScanMachine::wedge(Framing::default());
        let lost = KeyRecord { code: 0, movement: Movement::Lost }.to_bytes();
        let bytes = [&keys(&[42, 35]), lost.as_slice(), &keys(&[5, -5, 28])].concat();
        assert_eq!(events(&mut wedge, &bytes, 0), [ScannerEvent::Rejected(Reject::NotText)]);
        assert_eq!(events(&mut wedge, &keys(H4), 100), [ScannerEvent::Scan("H4".to_owned())]);
    }

    #[test]
    fn a_wedge_pulled_out_with_shift_down_comes_back_with_shift_up() {
        let mut wedge = ScanMachine::wedge(Framing::default());
        events(&mut wedge, &keys(&[42, 35]), 0);
        wedge.disconnected(DeviceHealth::Absent);
        wedge.connected();
        let scans = events(&mut wedge, &keys(&[35, -35, 28]), 50);
        assert_eq!(scans.last(), Some(&ScannerEvent::Scan("h".to_owned())));
        assert_eq!(wedge.framer.counters().fragments, 1);
    }

    #[test]
    fn an_order_arms_disarms_and_ends() {
        let mut scanner = ScanMachine::serial(Framing::default());
        assert!(scanner.order(ScannerOrder::Disarm).is_continue());
        assert_eq!(events(&mut scanner, b"H4\r", 0), []);
        assert!(scanner.order(ScannerOrder::Arm).is_continue());
        assert_eq!(events(&mut scanner, b"H4\r", 10), [ScannerEvent::Scan("H4".to_owned())]);
        assert!(scanner.order(ScannerOrder::Shutdown).is_break());
    }
}
