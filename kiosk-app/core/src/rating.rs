//! Ratings: when a press counts, and why it does not.

use std::collections::VecDeque;

use crate::event::KeypadFlag;
use crate::report::RatingFlag;
use crate::ticket::TicketId;

/// A press this soon after the finish is the officer's.
const TOO_SOON_MS: u64 = 1_000;
/// The time in which a rating may be changed, once.
const CHANGE_MS: u64 = 3_000;
/// More presses than [`BURST_PRESSES`] within this time are no person's.
const BURST_MS: u64 = 10_000;
/// Presses within [`BURST_MS`] that a person may make.
const BURST_PRESSES: usize = 5;

/// The rating window of a counter, opened by a finish.
///
/// ```text
///   Open -- press --> Voted -- another key within 3 s --> Changed
///     |                 |                                    |
///     +---- 60 s or the counter's next finish --------> closed, reported
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// The ticket that was served.
    pub ticket: TicketId,
    opened_ms: u64,
    vote: Vote,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Vote {
    /// No press yet.
    None,
    /// One press counted.
    Voted { key: u8, at_ms: u64 },
    /// Changed once; nothing more counts.
    Changed,
}

impl Window {
    /// A window for a ticket finished now.
    pub fn open(ticket: TicketId, mono_ms: u64) -> Self {
        Self { ticket, opened_ms: mono_ms, vote: Vote::None }
    }

    /// Whether a rating counted.
    pub fn is_rated(&self) -> bool {
        self.vote != Vote::None
    }

    /// Whether its time is over.
    pub fn is_over(&self, mono_ms: u64, window_secs: u32) -> bool {
        mono_ms.saturating_sub(self.opened_ms) >= u64::from(window_secs) * 1000
    }

    /// Takes a press of a key of the scale. `Err`: it does not count, and why.
    pub fn press(&mut self, key: u8, mono_ms: u64) -> Result<(), RatingFlag> {
        if mono_ms.saturating_sub(self.opened_ms) < TOO_SOON_MS {
            return Err(RatingFlag::TooSoon);
        }
        self.vote = match self.vote {
            Vote::None => Vote::Voted { key, at_ms: mono_ms },
            Vote::Voted { key: voted, at_ms }
                if voted != key && mono_ms.saturating_sub(at_ms) < CHANGE_MS =>
            {
                Vote::Changed
            }
            Vote::Voted { .. } | Vote::Changed => return Err(RatingFlag::Locked),
        };
        Ok(())
    }
}

/// The latest presses of one keypad, to tell a person from a stuck key or a game.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presses {
    at_ms: VecDeque<u64>,
}

impl Presses {
    /// Notes a press. `Err`: more came than a person makes.
    pub fn note(&mut self, mono_ms: u64) -> Result<(), RatingFlag> {
        self.at_ms.push_back(mono_ms);
        while self.at_ms.len() > BURST_PRESSES + 1 {
            self.at_ms.pop_front();
        }
        let oldest_ms = self.at_ms.front().copied().unwrap_or(mono_ms);
        let burst = self.at_ms.len() > BURST_PRESSES && mono_ms.saturating_sub(oldest_ms) < BURST_MS;
        if burst { Err(RatingFlag::Keypad(KeypadFlag::Burst)) } else { Ok(()) }
    }
}
