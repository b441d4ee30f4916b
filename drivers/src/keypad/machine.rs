//! From a keypad's bytes to presses that a person meant. Pure: time is an argument.
//!
//! Such a pad sends a byte a press, repeats it while the key is held, and says nothing on release. So a key counts as
//! held while its byte keeps coming, and as released after 200 ms without it.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::KeypadEvent;
use crate::clock::Moment;
use crate::health::{Cause, DeviceHealth};

/// The same byte within this time of the last one is a bounce (up to 30 ms) or an autorepeat, not a press.
const REFRACTORY: Duration = Duration::from_millis(200);
/// Another key within this time of a press was hit by the same hand.
const SECOND_KEY: Duration = Duration::from_millis(250);
/// A key held longer than this is stuck.
const STUCK: Duration = Duration::from_secs(8);
/// More presses than this within the time are no vote of one person.
const BURST_PRESSES: usize = 5;
const BURST_TIME: Duration = Duration::from_secs(5);

const STX: u8 = 0x02;
const ETX: u8 = 0x03;

/// How a keypad sends a press.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeypadFraming {
    /// The ASCII digit of the key.
    #[default]
    Byte,
    /// STX, the digit, ETX.
    StxEtx,
}

/// What is flagged and never counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flag {
    /// The key of this number is held for more than 8 s; it is ignored until it is released.
    Stuck(u8),
    /// The key of this number was pressed once more after five presses in five seconds.
    Burst(u8),
}

/// What was left out, for health reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeyCounters {
    /// Bytes that mean nothing.
    pub noise_bytes: u64,
    /// Bounces and repeats of a held key.
    pub repeats: u64,
    /// Keys pressed together with another.
    pub second_keys: u64,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    since: Moment,
    last: Moment,
    is_stuck: bool,
}

/// The machine of one keypad.
#[derive(Debug)]
pub struct Presses {
    framing: KeypadFraming,
    /// Bytes of the frame under way.
    frame: Vec<u8>,
    held: BTreeMap<u8, Held>,
    /// Key and time of the last presses, newest last.
    recent: VecDeque<(u8, Moment)>,
    counters: KeyCounters,
    connection: DeviceHealth,
    told: DeviceHealth,
    events: VecDeque<KeypadEvent>,
}

impl Presses {
    /// A machine without a line.
    #[must_use]
    pub fn new(framing: KeypadFraming) -> Self {
        Self {
            framing,
            frame: Vec::new(),
            held: BTreeMap::new(),
            recent: VecDeque::new(),
            counters: KeyCounters::default(),
            connection: DeviceHealth::Starting,
            told: DeviceHealth::Starting,
            events: VecDeque::new(),
        }
    }

    /// The next thing to tell.
    pub fn poll_event(&mut self) -> Option<KeypadEvent> {
        self.events.pop_front()
    }

    /// What was left out so far.
    #[must_use]
    pub fn counters(&self) -> KeyCounters {
        self.counters
    }

    /// The line is open.
    pub fn connected(&mut self) {
        self.connection = DeviceHealth::Ready;
        self.tell_health();
    }

    /// The line is lost.
    pub fn disconnected(&mut self, health: DeviceHealth) {
        self.frame.clear();
        self.held.clear();
        self.connection = health;
        self.tell_health();
    }

    /// The keypad sent these bytes.
    pub fn received(&mut self, bytes: &[u8], now: Moment) {
        self.tick(now);
        for byte in bytes {
            match self.key_of(*byte) {
                Some(key) => self.key(key, now),
                None => continue,
            }
        }
        self.tell_health();
    }

    /// The key that this byte completes.
    fn key_of(&mut self, byte: u8) -> Option<u8> {
        let digit = |byte: u8| (b'1'..=b'9').contains(&byte).then(|| byte - b'0');
        if self.framing == KeypadFraming::Byte {
            let key = digit(byte);
            self.counters.noise_bytes += u64::from(key.is_none());
            return key;
        }
        match (self.frame.as_slice(), byte) {
            ([], STX) => self.frame.push(byte),
            ([STX], byte) if digit(byte).is_some() => self.frame.push(byte),
            ([STX, key], ETX) => {
                let key = digit(*key);
                self.frame.clear();
                return key;
            }
            (_, byte) => {
                self.counters.noise_bytes += 1 + self.frame.len() as u64;
                self.frame.clear();
                if byte == STX {
                    self.counters.noise_bytes -= 1;
                    self.frame.push(byte);
                }
            }
        }
        None
    }

    fn key(&mut self, key: u8, now: Moment) {
        if let Some(held) = self.held.get_mut(&key) {
            held.last = now;
            self.counters.repeats += 1;
            if !held.is_stuck && now >= held.since + STUCK {
                held.is_stuck = true;
                self.events.push_back(KeypadEvent::Flagged(Flag::Stuck(key)));
            }
            return;
        }
        self.held.insert(key, Held { since: now, last: now, is_stuck: false });
        if self.recent.back().is_some_and(|(last, at)| *last != key && now < *at + SECOND_KEY) {
            self.counters.second_keys += 1;
            return;
        }
        while self.recent.front().is_some_and(|(_, at)| now >= *at + BURST_TIME) {
            self.recent.pop_front();
        }
        if self.recent.len() >= BURST_PRESSES {
            self.events.push_back(KeypadEvent::Flagged(Flag::Burst(key)));
            return;
        }
        self.recent.push_back((key, now));
        self.events.push_back(KeypadEvent::Pressed(key));
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Moment) {
        self.held.retain(|_, held| now < held.last + REFRACTORY);
        self.tell_health();
    }

    /// When `tick` must be called next.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Moment> {
        self.held.values().filter(|held| held.is_stuck).map(|held| held.last + REFRACTORY).min()
    }

    fn tell_health(&mut self) {
        let stuck: Vec<Cause> = self
            .held
            .iter()
            .filter(|(_, held)| held.is_stuck)
            .map(|(key, _)| Cause::StuckKey(*key))
            .collect();
        let health = if self.connection == DeviceHealth::Ready && !stuck.is_empty() {
            DeviceHealth::Degraded(stuck)
        } else {
            self.connection.clone()
        };
        if health != self.told {
            self.told = health.clone();
            self.events.push_back(KeypadEvent::Health(health));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(framing: KeypadFraming, chunks: &[(u64, &[u8])]) -> Vec<KeypadEvent> {
        let mut presses = Presses::new(framing);
        for (at, bytes) in chunks {
            presses.received(bytes, Duration::from_millis(*at));
        }
        std::iter::from_fn(|| presses.poll_event()).collect()
    }

    /// What it is about, bytes at milliseconds, keys that count as pressed.
    type Row = (&'static str, &'static [(u64, &'static [u8])], &'static [u8]);

    fn pressed(keys: &[u8]) -> Vec<KeypadEvent> {
        keys.iter().map(|key| KeypadEvent::Pressed(*key)).collect()
    }

    #[test]
    fn only_what_a_person_meant_is_a_press() {
        let table: &[Row] = &[
            ("one press", &[(0, b"1")], &[1]),
            ("a bounce", &[(0, b"1"), (12, b"1"), (29, b"1")], &[1]),
            ("within the refractory time", &[(0, b"1"), (199, b"1")], &[1]),
            ("again after it", &[(0, b"1"), (200, b"1")], &[1, 1]),
            ("autorepeat", &[(0, b"2"), (150, b"2"), (300, b"2"), (450, b"2"), (600, b"2")], &[2]),
            ("two keys with one hand", &[(0, b"1"), (249, b"3")], &[1]),
            ("two keys in one read", &[(0, b"13")], &[1]),
            ("a change of mind", &[(0, b"1"), (250, b"3")], &[1, 3]),
            ("noise", &[(0, b"\0\xffx0"), (10, b"4")], &[4]),
        ];
        for (name, chunks, keys) in table {
            assert_eq!(events(KeypadFraming::Byte, chunks), pressed(keys), "{name}");
        }
    }

    #[test]
    fn frames_count_only_whole() {
        let table: &[Row] = &[
            ("one frame", &[(0, b"\x021\x03")], &[1]),
            ("split anywhere", &[(0, b"\x02"), (5, b"1"), (9, b"\x03")], &[1]),
            ("a bare digit", &[(0, b"1\x03")], &[]),
            ("a broken frame before a whole one", &[(0, b"\x02\x022\x03")], &[2]),
            ("a digit too many", &[(0, b"\x0212\x03")], &[]),
            ("noise between", &[(0, b"ab\x025\x03cd")], &[5]),
        ];
        for (name, chunks, keys) in table {
            assert_eq!(events(KeypadFraming::StxEtx, chunks), pressed(keys), "{name}");
        }
    }

    #[test]
    fn a_key_held_for_more_than_eight_seconds_is_stuck_until_released() {
        let mut presses = Presses::new(KeypadFraming::Byte);
        presses.connected();
        for at in (0..10_000).step_by(100) {
            presses.received(b"2", Duration::from_millis(at));
        }
        presses.received(b"3", Duration::from_millis(9950));
        presses.tick(Duration::from_millis(10_200));
        presses.received(b"2", Duration::from_millis(10_300));
        let events: Vec<_> = std::iter::from_fn(|| presses.poll_event()).collect();
        assert_eq!(
            events,
            [
                KeypadEvent::Health(DeviceHealth::Ready),
                KeypadEvent::Pressed(2),
                KeypadEvent::Flagged(Flag::Stuck(2)),
                KeypadEvent::Health(DeviceHealth::Degraded(vec![Cause::StuckKey(2)])),
                KeypadEvent::Pressed(3),
                KeypadEvent::Health(DeviceHealth::Ready),
                KeypadEvent::Pressed(2),
            ]
        );
    }

    #[test]
    fn fifty_presses_in_ten_seconds_are_a_burst() {
        let chunks: Vec<(u64, &[u8])> = (0..50).map(|press| (press * 201, b"1".as_slice())).collect();
        let events = events(KeypadFraming::Byte, &chunks);
        let burst = events.iter().filter(|event| **event == KeypadEvent::Flagged(Flag::Burst(1))).count();
        assert_eq!(events.len(), 50);
        assert!(burst >= 35, "{burst} of 50 flagged");
    }
}
