//! The only place that asks for the time.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use kiosk_core::time::{Now, Wall};

/// Files that a time service leaves once it has set the clock: systemd-timesyncd's own, and one for any other service
/// (chrony: `ExecStartPost=` of a unit behind `chronyc waitsync`).
const WITNESSES: [&str; 2] = ["/run/systemd/timesync/synchronized", "/run/kiosk/clock-synchronized"];

/// The kiosk's clocks: monotonic since it was made, wall as the system has it.
#[derive(Clone, Debug)]
pub struct Clock {
    started: Instant,
    /// Whether somebody vouches for the wall clock; never taken back within a run.
    vouched: Arc<AtomicBool>,
}

impl Clock {
    /// Starts the monotonic clock at zero and takes the wall clock's word, as on a machine with a battery-backed clock.
    pub fn start() -> Self {
        Self::with(true)
    }

    /// Starts the monotonic clock at zero; the wall clock is trusted once a time service has set it. A board without a
    /// battery comes up with the time of its last stop, which looks right and is not.
    pub fn start_unvouched() -> Self {
        Self::with(false)
    }

    #[expect(clippy::disallowed_methods, reason = "the one home of the clocks")]
    fn with(vouched: bool) -> Self {
        Self { started: Instant::now(), vouched: Arc::new(AtomicBool::new(vouched)) }
    }

    /// Both clocks now.
    #[expect(clippy::disallowed_methods, reason = "the one home of the clocks")]
    pub fn now(&self) -> Now {
        let unix_ms = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
        };
        Now {
            mono_ms: self.mono_ms(),
            wall: Wall { unix_ms, trusted: wall_clock_is_plausible(unix_ms) && self.is_vouched() },
        }
    }

    fn is_vouched(&self) -> bool {
        if !self.vouched.load(Ordering::Relaxed)
            && WITNESSES.iter().any(|witness| Path::new(witness).exists())
        {
            self.vouched.store(true, Ordering::Relaxed);
        }
        self.vouched.load(Ordering::Relaxed)
    }

    /// Monotonic milliseconds since the start.
    pub fn mono_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// A clock before this software was written cannot be right.
fn wall_clock_is_plausible(unix_ms: i64) -> bool {
    const SOFTWARE_WRITTEN_UNIX_MS: i64 = 1_790_000_000_000;
    unix_ms >= SOFTWARE_WRITTEN_UNIX_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_cannot_be_right_is_not_trusted() {
        assert!(!wall_clock_is_plausible(0));
        assert!(wall_clock_is_plausible(1_800_000_000_000));
    }

    #[test]
    fn a_clock_is_trusted_when_its_word_is_taken_or_a_time_service_has_set_it() {
        assert!(Clock::start().is_vouched());
        let witnessed = WITNESSES.iter().any(|witness| Path::new(witness).exists());
        assert_eq!(Clock::start_unvouched().is_vouched(), witnessed);
    }
}
