//! Cuts a scanner's byte stream into scans. Pure: time is an argument, and how the bytes arrive cut up makes no
//! difference as long as they arrive without a pause.

use std::collections::VecDeque;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use super::ScannerEvent;
use crate::clock::Moment;
use crate::health::DeviceHealth;

/// Longer scans are dropped whole.
pub(crate) const MAX_SCAN_BYTES: usize = 2048;
/// A pause this long ends a scan without suffix, and the dropping of one that is too long.
pub(crate) const IDLE: Duration = Duration::from_millis(60);
/// A scan that lacks its suffix for this long is a fragment.
pub(crate) const FRAGMENT_LIMIT: Duration = Duration::from_millis(500);
/// The same code again within this time, counted from its last reading, is the same scan.
const REPEAT_LIMIT: Duration = Duration::from_millis(1500);

const STX: u8 = 0x02;
const ETX: u8 = 0x03;

/// What a scanner is set to send behind a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Suffix {
    /// Carriage return, as scanners come from the factory. A line feed behind it does no harm.
    #[default]
    Cr,
    /// Line feed. A carriage return before it does no harm.
    Lf,
    /// Both, in this order.
    CrLf,
    /// Horizontal tab.
    Tab,
    /// Nothing: a pause of 60 ms ends the scan.
    None,
}

/// How a scanner frames its scans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Framing {
    /// What stands behind a code.
    pub suffix: Suffix,
    /// Whether STX stands before it; what comes outside STX and suffix is noise then.
    pub has_stx: bool,
}

/// Why something that was read is no scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reject {
    /// More than 2,048 bytes.
    TooLong,
    /// Control characters, or no UTF-8.
    NotText,
}

/// What was left out, for health reports; contents are never kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScanCounters {
    /// NUL bytes and bytes outside a frame.
    pub noise_bytes: u64,
    /// Scans that were too long.
    pub too_long: u64,
    /// Scans that were no text.
    pub not_text: u64,
    /// Scans broken off in the middle.
    pub fragments: u64,
    /// The same code again at once.
    pub repeats: u64,
    /// Scans that came while nobody wanted one, usable or not.
    pub disarmed: u64,
}

/// ```text
/// Between --(STX)--> Inside --suffix or idle--> Between
///                      | > 2 KB
///                      v
///                  Dropping --idle--> Between
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Waits for STX.
    Between,
    /// Collects a scan, which may still be empty.
    Inside,
    /// Waits for a pause.
    Dropping,
}

/// The framer of one scanner.
pub struct Framer {
    framing: Framing,
    state: State,
    scan: Vec<u8>,
    last_byte_at: Moment,
    /// Fingerprint and time of the last scan: enough to know it again, not to read it.
    last_scan: Option<(u64, Moment)>,
    is_armed: bool,
    counters: ScanCounters,
    health: DeviceHealth,
    events: VecDeque<ScannerEvent>,
}

impl fmt::Debug for Framer {
    /// Nothing of what is being read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Framer")
            .field("state", &self.state)
            .field("counters", &self.counters)
            .field("health", &self.health)
            .finish_non_exhaustive()
    }
}

impl Framer {
    /// A framer without a line, armed.
    #[must_use]
    pub fn new(framing: Framing) -> Self {
        Self {
            framing,
            state: Self::start(framing),
            scan: Vec::new(),
            last_byte_at: Moment::ZERO,
            last_scan: None,
            is_armed: true,
            counters: ScanCounters::default(),
            health: DeviceHealth::Starting,
            events: VecDeque::new(),
        }
    }

    pub(crate) fn framing(&self) -> Framing {
        self.framing
    }

    fn start(framing: Framing) -> State {
        if framing.has_stx { State::Between } else { State::Inside }
    }

    /// The next thing to tell.
    pub fn poll_event(&mut self) -> Option<ScannerEvent> {
        self.events.pop_front()
    }

    /// What was left out so far.
    #[must_use]
    pub fn counters(&self) -> ScanCounters {
        self.counters
    }

    /// Whether scans are wanted. While they are not, they are read, counted and forgotten: a scanner cannot be told to
    /// wait. What counts is when a scan ends.
    pub fn set_armed(&mut self, is_armed: bool) {
        self.is_armed = is_armed;
    }

    /// The line is open.
    pub fn connected(&mut self) {
        self.set_health(DeviceHealth::Ready);
    }

    /// The line is lost: a scan under way is dropped.
    pub fn disconnected(&mut self, health: DeviceHealth) {
        self.drop_fragment();
        self.set_health(health);
    }

    fn set_health(&mut self, health: DeviceHealth) {
        if self.health != health {
            self.health = health.clone();
            self.events.push_back(ScannerEvent::Health(health));
        }
    }

    fn drop_fragment(&mut self) {
        if !self.scan.is_empty() {
            self.counters.fragments += 1;
        }
        self.begin();
    }

    fn begin(&mut self) {
        self.scan.clear();
        self.state = Self::start(self.framing);
    }

    /// The scanner sent these bytes.
    pub fn received(&mut self, bytes: &[u8], now: Moment) {
        self.tick(now);
        for byte in bytes {
            self.last_byte_at = now;
            self.take(*byte, now);
        }
    }

    fn take(&mut self, byte: u8, now: Moment) {
        match (self.state, byte) {
            (State::Dropping, _) => {}
            (_, 0) => self.counters.noise_bytes += 1,
            (State::Between, STX) => self.state = State::Inside,
            (State::Between, b'\r' | b'\n') => {}
            (State::Between, _) => self.counters.noise_bytes += 1,
            // Between two scans, not in one: the other half of a line end, or the STX of a scanner set to send one.
            (State::Inside, STX | b'\r' | b'\n') if self.scan.is_empty() => {}
            (State::Inside, byte) => {
                self.scan.push(byte);
                if let Some(suffix_bytes) = self.suffix_seen() {
                    self.scan.truncate(self.scan.len() - suffix_bytes);
                    self.end_scan(now);
                } else if self.scan.len() > MAX_SCAN_BYTES {
                    self.reject(Reject::TooLong);
                    self.scan.clear();
                    self.state = State::Dropping;
                }
            }
        }
    }

    /// How many bytes at the end of the scan are its suffix, if it is complete.
    fn suffix_seen(&self) -> Option<usize> {
        match (self.framing.suffix, self.scan.as_slice()) {
            (Suffix::Lf | Suffix::CrLf, [.., b'\r', b'\n']) => Some(2),
            (Suffix::Cr, [.., b'\r']) | (Suffix::Lf, [.., b'\n']) | (Suffix::Tab, [.., b'\t']) => Some(1),
            (Suffix::Cr | Suffix::Lf | Suffix::CrLf | Suffix::Tab | Suffix::None, _) => None,
        }
    }

    fn end_scan(&mut self, now: Moment) {
        let mut scan = std::mem::take(&mut self.scan);
        self.begin();
        if scan.last() == Some(&ETX) {
            scan.pop();
        }
        if scan.is_empty() {
            return;
        }
        let is_text = |text: &String| !text.chars().any(|letter| letter.is_control() && letter != '\t');
        let Some(text) = String::from_utf8(scan).ok().filter(is_text) else {
            return self.reject(Reject::NotText);
        };
        if !self.is_armed {
            self.counters.disarmed += 1;
            return;
        }
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let fingerprint = hasher.finish();
        let is_repeat =
            self.last_scan.is_some_and(|(last, at)| last == fingerprint && now < at + REPEAT_LIMIT);
        self.last_scan = Some((fingerprint, now));
        if is_repeat {
            self.counters.repeats += 1;
        } else {
            self.events.push_back(ScannerEvent::Scan(text));
        }
    }

    fn reject(&mut self, reject: Reject) {
        if !self.is_armed {
            self.counters.disarmed += 1;
            return;
        }
        match reject {
            Reject::TooLong => self.counters.too_long += 1,
            Reject::NotText => self.counters.not_text += 1,
        }
        self.events.push_back(ScannerEvent::Rejected(reject));
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Moment) {
        if self.next_deadline().is_none_or(|at| now < at) {
            return;
        }
        match self.state {
            State::Between => {}
            State::Dropping => self.begin(),
            State::Inside if self.framing.suffix == Suffix::None => self.end_scan(now),
            State::Inside => self.drop_fragment(),
        }
    }

    /// When `tick` must be called next.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Moment> {
        match self.state {
            State::Between => None,
            State::Dropping => Some(self.last_byte_at + IDLE),
            State::Inside if self.scan.is_empty() => None,
            State::Inside if self.framing.suffix == Suffix::None => Some(self.last_byte_at + IDLE),
            State::Inside => Some(self.last_byte_at + FRAGMENT_LIMIT),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn framing(suffix: Suffix, has_stx: bool) -> Framing {
        Framing { suffix, has_stx }
    }

    /// Events of chunks that arrive at given milliseconds, and of a long silence behind them.
    fn events(framing: Framing, chunks: &[(u64, &[u8])]) -> Vec<ScannerEvent> {
        let mut framer = Framer::new(framing);
        for (at, bytes) in chunks {
            framer.received(bytes, Duration::from_millis(*at));
        }
        framer.tick(Duration::from_secs(3600));
        std::iter::from_fn(|| framer.poll_event()).collect()
    }

    fn scan(text: &str) -> ScannerEvent {
        ScannerEvent::Scan(text.to_owned())
    }

    #[test]
    fn a_scan_is_in_no_debug_text_neither_while_it_is_read_nor_when_it_is_told() {
        const CARD: &[u8] = "001099012345|NGUYỄN THỊ CHIM YẾN|01011990".as_bytes();
        let mut framer = Framer::new(Framing::default());
        framer.connected();
        framer.received(CARD, Moment::ZERO);
        let mut shown = vec![format!("{framer:?}")];
        framer.received(b"\r", Moment::ZERO);
        shown.push(format!("{framer:?}"));
        let told: Vec<ScannerEvent> = std::iter::from_fn(|| framer.poll_event()).collect();
        shown.push(format!("{told:#?}"));
        for shown in &shown {
            // As text, and as the numbers of its bytes.
            for part in ["0010", "CHIM", "1990", "67, 72, 73, 77", "67,\n"] {
                assert!(!shown.contains(part), "{part} in {shown}");
            }
        }
        assert!(shown.concat().contains(&format!("Scan({} bytes)", CARD.len())));
    }

    #[test]
    fn every_suffix_frames_exact_scans() {
        let two = || vec![scan("H40-1"), scan("H40-2")];
        let table: &[(Suffix, bool, &[u8], Vec<ScannerEvent>)] = &[
            (Suffix::Cr, false, b"H40-1\rH40-2\r", two()),
            (Suffix::Cr, false, b"H40-1\r\nH40-2\r\n", two()),
            (Suffix::Lf, false, b"H40-1\nH40-2\n", two()),
            (Suffix::Lf, false, b"H40-1\r\nH40-2\r\n", two()),
            (Suffix::CrLf, false, b"H40-1\r\nH40-2\r\n", two()),
            (Suffix::Tab, false, b"H40-1\tH40-2\t", two()),
            (Suffix::Cr, true, b"\x02H40-1\r\x02H40-2\x03\r", two()),
            (Suffix::Cr, true, b"noise\x02H40-1\rmore\x02H40-2\r", two()),
            (Suffix::Cr, false, b"\x02H40-1\r", vec![scan("H40-1")]),
            (Suffix::Cr, false, b"\0\0\0H40-1\r", vec![scan("H40-1")]),
            (Suffix::Cr, false, b"]C1H40-1\r", vec![scan("]C1H40-1")]),
            (Suffix::Cr, false, "Đơn Dương|ạ\r".as_bytes(), vec![scan("Đơn Dương|ạ")]),
            (Suffix::Cr, false, b"\r\r\r", vec![]),
            (Suffix::None, false, b"H40-1", vec![scan("H40-1")]),
            (Suffix::Cr, false, b"H40", vec![]),
            (Suffix::Cr, false, b"H40\x1bp\x00\r", vec![ScannerEvent::Rejected(Reject::NotText)]),
            (Suffix::Cr, false, b"\xff\xfe\r", vec![ScannerEvent::Rejected(Reject::NotText)]),
        ];
        for (suffix, has_stx, bytes, expected) in table {
            assert_eq!(&events(framing(*suffix, *has_stx), &[(0, bytes)]), expected, "{suffix:?} {bytes:?}");
        }
    }

    #[test]
    fn pauses_end_scans_without_suffix_and_drop_fragments_of_others() {
        let none = framing(Suffix::None, false);
        assert_eq!(events(none, &[(0, b"H40"), (50, b"-1"), (200, b"X")]), [scan("H40-1"), scan("X")]);
        let cr = framing(Suffix::Cr, false);
        assert_eq!(events(cr, &[(0, b"H40"), (400, b"-1\r")]), [scan("H40-1")]);
        assert_eq!(events(cr, &[(0, b"lost"), (700, b"H40-2\r")]), [scan("H40-2")]);
    }

    #[test]
    fn the_same_code_within_a_second_and_a_half_is_one_scan() {
        let cr = framing(Suffix::Cr, false);
        let same = b"H40-1\r".as_slice();
        assert_eq!(events(cr, &[(0, same), (1000, same), (2000, same)]), [scan("H40-1")]);
        assert_eq!(events(cr, &[(0, same), (1600, same)]), [scan("H40-1"), scan("H40-1")]);
        assert_eq!(
            events(cr, &[(0, same), (100, b"B\r"), (200, same)]),
            [scan("H40-1"), scan("B"), scan("H40-1")]
        );
    }

    #[test]
    fn a_code_that_is_too_long_is_dropped_until_the_scanner_pauses() {
        let cr = framing(Suffix::Cr, false);
        let long = vec![b'7'; 4096];
        let events = events(cr, &[(0, &long), (10, b"tail\r"), (100, b"H40-1\r")]);
        assert_eq!(events, [ScannerEvent::Rejected(Reject::TooLong), scan("H40-1")]);
    }

    #[test]
    fn a_disarmed_scanner_swallows_and_counts_and_a_code_scanned_in_vain_may_be_scanned_again_at_once() {
        let mut framer = Framer::new(Framing::default());
        framer.set_armed(false);
        framer.received(b"H40-1\rH4\x1b0\r", Duration::ZERO);
        framer.received(&[b'7'; 4096], Duration::from_millis(10));
        framer.received(b"H40-", Duration::from_millis(100));
        framer.set_armed(true);
        framer.received(b"1\r", Duration::from_millis(110));
        let events: Vec<_> = std::iter::from_fn(|| framer.poll_event()).collect();
        assert_eq!(events, [scan("H40-1")]);
        let swallowed = ScanCounters { disarmed: 3, ..ScanCounters::default() };
        assert_eq!(framer.counters(), swallowed);
    }

    #[test]
    fn an_unplugged_scanner_loses_its_fragment_and_tells_its_health() {
        let mut framer = Framer::new(Framing::default());
        framer.connected();
        framer.received(b"H40", Duration::ZERO);
        framer.disconnected(DeviceHealth::Absent);
        framer.connected();
        framer.received(b"-9\r", Duration::from_millis(1));
        let events: Vec<_> = std::iter::from_fn(|| framer.poll_event()).collect();
        let health = ScannerEvent::Health;
        let (ready, absent) = (DeviceHealth::Ready, DeviceHealth::Absent);
        assert_eq!(events, [health(ready.clone()), health(absent), health(ready), scan("-9")]);
        assert_eq!(framer.counters().fragments, 1);
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_scans(
            // Long enough in some cases to overflow.
            filler in prop_oneof![Just(0usize), 2030usize..2060],
            bytes in proptest::collection::vec(prop_oneof![
                Just(b'\r'), Just(b'\n'), Just(b'\t'), Just(STX), Just(0u8), b'A'..=b'C', any::<u8>()
            ], 0..200),
            cuts in proptest::collection::vec(0usize..2300, 0..20),
            suffix in prop_oneof![
                Just(Suffix::Cr), Just(Suffix::Lf), Just(Suffix::CrLf), Just(Suffix::Tab), Just(Suffix::None)
            ],
            has_stx in any::<bool>(),
        ) {
            let framing = framing(suffix, has_stx);
            let bytes = [vec![b'7'; filler], bytes].concat();
            let whole = events(framing, &[(0, &bytes)]);
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let chunks: Vec<(u64, &[u8])> = cuts.windows(2).map(|pair| (0, &bytes[pair[0]..pair[1]])).collect();
            prop_assert_eq!(events(framing, &chunks), whole);
        }
    }
}
