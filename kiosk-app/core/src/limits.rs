//! How often dossiers may be asked for at one kiosk.

use std::collections::VecDeque;

/// Between two look-ups.
const BETWEEN_MS: u64 = 2_000;
/// Misses in a row after which nobody may ask for a while.
const MISSES: u32 = 5;
/// That while.
const PAUSE_MS: u64 = 60_000;
/// Look-ups in an hour.
const AN_HOUR: usize = 60;
const HOUR_MS: u64 = 3_600_000;
/// Typed tries in [`TYPED_MS`]; then only scans.
const TYPED: usize = 6;
const TYPED_MS: u64 = 300_000;
/// Refusals are reported at most this often, so that a playing child fills no outbox.
const REFUSALS_MS: u64 = 10_000;

/// The look-ups of the last hour, as far as limits need them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LookUpLimits {
    asked_ms: VecDeque<u64>,
    typed_ms: VecDeque<u64>,
    misses: u32,
    paused_until_ms: u64,
    refusal_reported_ms: Option<u64>,
}

impl LookUpLimits {
    /// Asks to ask. `Err`: not now, but after so many seconds.
    pub fn ask(&mut self, mono_ms: u64, typed: bool) -> Result<(), u32> {
        forget(&mut self.asked_ms, mono_ms, HOUR_MS);
        let after_last = self.asked_ms.back().map_or(0, |last_ms| last_ms + BETWEEN_MS);
        let after_hour = match self.asked_ms.front() {
            Some(first_ms) if self.asked_ms.len() >= AN_HOUR => first_ms + HOUR_MS,
            Some(_) | None => 0,
        };
        let from_ms = after_last.max(after_hour).max(self.paused_until_ms);
        if mono_ms < from_ms {
            return Err(u32::try_from((from_ms - mono_ms).div_ceil(1000)).unwrap_or(u32::MAX));
        }
        self.asked_ms.push_back(mono_ms);
        if typed {
            self.typed_ms.push_back(mono_ms);
        }
        Ok(())
    }

    /// Whether the latest look-up is so fresh that a second can only be a repeat.
    pub fn asked_just_now(&self, mono_ms: u64) -> bool {
        self.asked_ms.back().is_some_and(|last_ms| mono_ms.saturating_sub(*last_ms) < BETWEEN_MS)
    }

    /// Whether codes may be typed, or only scanned for now.
    pub fn may_type(&mut self, mono_ms: u64) -> bool {
        forget(&mut self.typed_ms, mono_ms, TYPED_MS);
        self.typed_ms.len() < TYPED
    }

    /// A look-up found something.
    pub fn found(&mut self) {
        self.misses = 0;
    }

    /// A look-up found nothing.
    pub fn missed(&mut self, mono_ms: u64) {
        self.misses += 1;
        if self.misses >= MISSES {
            self.misses = 0;
            self.paused_until_ms = mono_ms + PAUSE_MS;
        }
    }

    /// Whether a refusal is to be reported, or was not long ago.
    pub fn may_report_refusal(&mut self, mono_ms: u64) -> bool {
        let may =
            self.refusal_reported_ms.is_none_or(|last_ms| mono_ms.saturating_sub(last_ms) >= REFUSALS_MS);
        if may {
            self.refusal_reported_ms = Some(mono_ms);
        }
        may
    }
}

fn forget(times_ms: &mut VecDeque<u64>, mono_ms: u64, after_ms: u64) {
    while times_ms.front().is_some_and(|at_ms| mono_ms.saturating_sub(*at_ms) >= after_ms) {
        times_ms.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_look_up_in_two_seconds() {
        let mut limits = LookUpLimits::default();
        assert_eq!(limits.ask(10_000, false), Ok(()));
        assert_eq!(limits.ask(10_500, false), Err(2));
        assert_eq!(limits.ask(12_000, false), Ok(()));
    }

    #[test]
    fn five_misses_in_a_row_pause_for_a_minute() {
        let mut limits = LookUpLimits::default();
        for miss in 0..4 {
            limits.missed(miss);
        }
        limits.found();
        for miss in 0..5 {
            limits.missed(miss);
        }
        assert_eq!(limits.ask(4, false), Err(60));
        assert_eq!(limits.ask(60_004, false), Ok(()));
    }

    #[test]
    fn sixty_in_an_hour() {
        let mut limits = LookUpLimits::default();
        for n in 0..60 {
            assert_eq!(limits.ask(n * 2_000, false), Ok(()));
        }
        assert_eq!(limits.ask(120_000, false), Err(3480));
        assert_eq!(limits.ask(3_600_000, false), Ok(()));
    }

    #[test]
    fn six_typed_tries_in_five_minutes_then_scans_only() {
        let mut limits = LookUpLimits::default();
        for n in 0..6 {
            assert!(limits.may_type(n * 3_000));
            assert_eq!(limits.ask(n * 3_000, true), Ok(()));
        }
        assert!(!limits.may_type(20_000));
        assert_eq!(limits.ask(20_000, false), Ok(()));
        assert!(limits.may_type(300_000));
    }
}
