//! From a keypad's bytes to presses that a person meant. Pure: time is an argument.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::KeypadEvent;
use super::decoder::{Decoder, KeypadFraming, Sign, is_lost};
use super::table::KeyTable;
use crate::clock::Moment;
use crate::health::{Cause, DeviceHealth};
use crate::keys::{KeyRecord, Movement};

/// A key that goes down again this soon after it went up has bounced.
const DEBOUNCE: Duration = Duration::from_millis(30);
/// A key that goes down again this soon after it went down has bounced, or was tapped twice in impatience. A pad that does
/// not say when a key is let go has let go of it when its byte has not come for this long.
const REFRACTORY: Duration = Duration::from_millis(200);
/// Another key within this time of a press was hit by the same hand.
const SECOND_KEY: Duration = Duration::from_millis(250);
/// A key held longer than this is stuck.
const STUCK: Duration = Duration::from_secs(8);
/// More presses than this within the time are no vote of one person.
const BURST_PRESSES: usize = 5;
const BURST_TIME: Duration = Duration::from_secs(5);

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
    /// Bytes that mean nothing, and keys without number.
    pub noise_bytes: u64,
    /// Bounces and repeats of a held key.
    pub repeats: u64,
    /// Keys pressed together with another.
    pub second_keys: u64,
}

/// One key.
///
/// ```text
///        down: told as a press, unless it is too soon
///   up ------------------------------------------------> down --8 s--> stuck (told)
///    ^-----up, or no byte for 200 ms--------------------------------------|
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Up { down_at: Moment, up_at: Option<Moment> },
    Down(Down),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Down {
    since: Moment,
    /// When the key counts as released although nobody said so.
    ends: Option<Moment>,
    is_stuck: bool,
}

/// The machine of one keypad.
#[derive(Debug)]
pub struct Presses {
    decoder: Decoder,
    table: KeyTable,
    /// Keys that have been down, by number.
    keys: BTreeMap<u8, Key>,
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
    pub fn new(framing: KeypadFraming, table: KeyTable) -> Self {
        Self {
            decoder: Decoder::new(framing),
            table,
            keys: BTreeMap::new(),
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

    /// The line is lost, and with it what the keys do.
    pub fn disconnected(&mut self, health: DeviceHealth) {
        self.decoder.reset();
        self.keys.clear();
        self.connection = health;
        self.tell_health();
    }

    /// The keypad sent these bytes.
    pub fn received(&mut self, bytes: &[u8], now: Moment) {
        self.tick(now);
        for sign in self.decoder.read(bytes) {
            match sign {
                Sign::Noise(bytes) => self.counters.noise_bytes += bytes,
                Sign::Moved(record) if is_lost(record) => self.keys.clear(),
                Sign::Moved(KeyRecord { code, movement }) => match self.table.key(code) {
                    Some(key) => self.moved(key, movement, now),
                    None => self.counters.noise_bytes += 1,
                },
                Sign::Sent(code) => match self.table.key(code) {
                    Some(key) => self.down(key, Some(now + REFRACTORY), now),
                    None => self.counters.noise_bytes += 1,
                },
            }
        }
        self.tell_health();
    }

    fn moved(&mut self, key: u8, movement: Movement, now: Moment) {
        match movement {
            Movement::Down => self.down(key, None, now),
            // A key that was down before anyone looked is no press, and may be stuck.
            Movement::Held if !self.is_down(key) => {
                self.keys.insert(key, Key::Down(Down { since: now, ends: None, is_stuck: false }));
            }
            Movement::Held => self.counters.repeats += 1,
            Movement::Up => {
                if let Some(Key::Down(down)) = self.keys.get(&key) {
                    self.keys.insert(key, Key::Up { down_at: down.since, up_at: Some(now) });
                }
            }
            Movement::Lost => {}
        }
    }

    fn is_down(&self, key: u8) -> bool {
        matches!(self.keys.get(&key), Some(Key::Down(_)))
    }

    fn down(&mut self, key: u8, ends: Option<Moment>, now: Moment) {
        if let Some(Key::Down(down)) = self.keys.get_mut(&key) {
            down.ends = ends;
            self.counters.repeats += 1;
            return;
        }
        let before = self.keys.insert(key, Key::Down(Down { since: now, ends, is_stuck: false }));
        let is_bounce = match before {
            Some(Key::Up { down_at, up_at }) => {
                now < down_at + REFRACTORY || up_at.is_some_and(|at| now < at + DEBOUNCE)
            }
            Some(Key::Down(_)) | None => false,
        };
        if is_bounce {
            self.counters.repeats += 1;
        } else {
            self.press(key, now);
        }
    }

    fn press(&mut self, key: u8, now: Moment) {
        // A pad whose line broke, or which lost movements, is still the same pad under the same hand.
        if self.recent.back().is_some_and(|(last, at)| *last == key && now < *at + REFRACTORY) {
            self.counters.repeats += 1;
            return;
        }
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
        for (number, key) in &mut self.keys {
            let Key::Down(down) = key else { continue };
            if down.ends.is_some_and(|ends| now >= ends) {
                // Its next byte is a press: the pad was silent for longer than any bounce.
                *key = Key::Up { down_at: down.since, up_at: None };
            } else if !down.is_stuck && now >= down.since + STUCK {
                down.is_stuck = true;
                self.events.push_back(KeypadEvent::Flagged(Flag::Stuck(*number)));
            }
        }
        self.tell_health();
    }

    /// When `tick` must be called next.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Moment> {
        let of_key = |key: &Key| match key {
            Key::Up { .. } => None,
            Key::Down(Down { ends: Some(ends), .. }) => Some(*ends),
            Key::Down(Down { is_stuck: true, .. }) => None,
            Key::Down(Down { since, .. }) => Some(*since + STUCK),
        };
        self.keys.values().filter_map(of_key).min()
    }

    fn tell_health(&mut self) {
        let stuck = |(number, key): (&u8, &Key)| {
            matches!(key, Key::Down(Down { is_stuck: true, .. })).then_some(Cause::StuckKey(*number))
        };
        let stuck: Vec<Cause> = self.keys.iter().filter_map(stuck).collect();
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
mod tests;
