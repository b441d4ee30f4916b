//! The only place that asks for the time and waits.

use std::time::{Duration, Instant};

/// Monotonic time since it was made.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Instant,
}

impl Clock {
    /// Starts at zero.
    #[expect(clippy::disallowed_methods, reason = "the one home of the clock")]
    pub fn start() -> Self {
        Self { started: Instant::now() }
    }

    /// The time since the start.
    #[expect(clippy::disallowed_methods, reason = "the one home of the clock")]
    pub fn now(&self) -> Duration {
        Instant::now().saturating_duration_since(self.started)
    }

    /// Lets `time` pass. The caller polls with a deadline.
    #[expect(
        clippy::disallowed_methods,
        reason = "a file in another program's folder is polled: no event ends the wait"
    )]
    pub fn pause(time: Duration) {
        std::thread::sleep(time);
    }
}
