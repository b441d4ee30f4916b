//! The only place that asks for the time.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use kiosk_core::time::{Now, Wall};

/// The kiosk's clocks: monotonic since it was made, wall as the system has it.
#[derive(Clone, Debug)]
pub struct Clock {
    started: Instant,
}

impl Clock {
    /// Starts the monotonic clock at zero.
    #[expect(clippy::disallowed_methods, reason = "the one home of the clocks")]
    pub fn start() -> Self {
        Self { started: Instant::now() }
    }

    /// Both clocks now. Trust in the wall clock is the kernel's: it says whether a time source disciplines it.
    #[expect(clippy::disallowed_methods, reason = "the one home of the clocks")]
    pub fn now(&self) -> Now {
        let unix_ms = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
        };
        Now { mono_ms: self.mono_ms(), wall: Wall { unix_ms, trusted: wall_clock_is_plausible(unix_ms) } }
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
