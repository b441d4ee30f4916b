//! The one place of this crate that asks for the time.
//!
//! Every machine takes the time as an argument: a [`Moment`], the span since an arbitrary origin. A driver thread
//! reads it from a [`Clock`]; a test makes it up.

use std::time::{Duration, Instant};

/// A point in monotonic time, as the span since the origin of the [`Clock`] (or of a test).
pub type Moment = Duration;

/// A monotonic clock that starts at zero.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    origin: Instant,
}

impl Clock {
    /// Starts a clock: `now()` counts from this call.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the clock of this crate: everything else takes a Moment")]
    pub fn start() -> Self {
        Self { origin: Instant::now() }
    }

    /// The time since `start`.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.origin.elapsed()
    }
}
