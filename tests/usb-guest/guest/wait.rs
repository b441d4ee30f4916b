//! Waiting for what another process, the kernel or a thread does.

use std::time::Duration;

use kiosk_drivers::clock::Clock;

use crate::report::Failure;

const LOOK: Duration = Duration::from_millis(5);

/// Lets time pass. Nothing unparks the caller; waking early does no harm.
pub fn pause(time: Duration) {
    std::thread::park_timeout(time);
}

/// Waits until `look` finds something; says how long that took.
pub fn until_some<T>(
    what: &str,
    limit: Duration,
    mut look: impl FnMut() -> Option<T>,
) -> Result<(T, Duration), Failure> {
    let clock = Clock::start();
    loop {
        if let Some(found) = look() {
            return Ok((found, clock.now()));
        }
        if clock.now() >= limit {
            return Err(Failure::Late { what: what.to_owned(), limit_ms: limit.as_millis() });
        }
        pause(LOOK);
    }
}

/// Waits until `look` says yes; says how long that took.
pub fn until(what: &str, limit: Duration, mut look: impl FnMut() -> bool) -> Result<Duration, Failure> {
    until_some(what, limit, || look().then_some(())).map(|((), took)| took)
}
