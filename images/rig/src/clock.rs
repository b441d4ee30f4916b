//! The rig's only place that asks for the time or waits.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Something that did not happen in time.
#[derive(Debug, thiserror::Error)]
#[error("waited {} s in vain for {what}", timeout.as_secs())]
pub struct TooLate {
    /// What was waited for.
    pub what: String,
    /// How long.
    pub timeout: Duration,
}

/// A stopwatch, running since it was made.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts at zero.
    #[expect(clippy::disallowed_methods, reason = "the rig's one home of the clocks")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Time since 1970 by the system's clock.
#[expect(clippy::disallowed_methods, reason = "the rig's one home of the clocks")]
pub fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Lets real time pass: between two looks, or up to the random moment of a cut.
#[expect(clippy::disallowed_methods, reason = "the rig's one home of the clocks")]
pub fn pass(time: Duration) {
    std::thread::sleep(time);
}

/// Looks again and again until `look` sees what it waits for, at most `timeout` long.
///
/// # Errors
/// When it is not seen in time; the error says what was waited for.
pub fn until<T>(what: &str, timeout: Duration, mut look: impl FnMut() -> Option<T>) -> Result<T, TooLate> {
    let watch = Stopwatch::start();
    loop {
        if let Some(seen) = look() {
            return Ok(seen);
        }
        if watch.elapsed() >= timeout {
            return Err(TooLate { what: what.to_owned(), timeout });
        }
        pass(Duration::from_millis(50));
    }
}
