//! Keeps a device's thread going: a driver that panics is begun again, alone, and counted. The other devices don't notice.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::{Clock, Moment};
use crate::health::{BackOff, Cause, DeviceHealth};
use crate::printer::{Outcome, PrinterEvent};

const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What has happened to a device since its driver was made; restarts of its thread included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Rounds of the device's thread. It makes one at least every five seconds: a number that stands still is a thread
    /// that hangs.
    pub beats: u64,
    /// Times that the line was opened.
    pub opens: u64,
    /// Attempts to open it that failed.
    pub failed_opens: u64,
    /// Times that an open line was lost.
    pub losses: u64,
    /// Times that the thread died and was begun again.
    pub restarts: u64,
    /// Times that a USB printer that hung was told to forget everything.
    pub resets: u64,
    /// Changes of health that were told.
    pub health_changes: u64,
    /// Times that the device did not answer, or did not take bytes, in time.
    pub timeouts: u64,
    /// Bytes that came from the device.
    pub bytes_received: u64,
    /// Those of them that meant nothing.
    pub noise_bytes: u64,
    /// Bytes that the line took; for USB less what never left.
    pub bytes_sent: u64,
    /// Bytes and keys from a scanner or keypad that mean nothing: noise.
    pub noise: u64,
    /// Scans and presses that were read and not told: repeats, bounces, second keys, fragments, scans of a disarmed scanner.
    pub left_out: u64,
    /// Tickets printed.
    pub jobs_printed: u64,
    /// Tickets of which nothing reached the paper.
    pub jobs_not_printed: u64,
    /// Tickets of which nobody knows.
    pub jobs_unknown: u64,
    /// Tickets that nobody took out of the presenter.
    pub tickets_left: u64,
}

/// The counters of one device, to be read from any thread.
#[derive(Debug, Clone, Default)]
pub struct Tally(Arc<Mutex<Counters>>);

impl Tally {
    /// The counters as of now.
    #[must_use]
    pub fn counters(&self) -> Counters {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, Counters> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn count(&self, what: impl FnOnce(&mut Counters)) {
        what(&mut self.lock());
    }

    /// Counts what a change of health or the end of a job says.
    pub(crate) fn printer_told(&self, event: &PrinterEvent) {
        let mut counters = self.lock();
        match event {
            PrinterEvent::Health(health) => {
                counters.health_changes += 1;
                if let DeviceHealth::Blocked(causes) = health {
                    counters.timeouts += u64::from(causes.iter().copied().any(is_timeout));
                }
            }
            PrinterEvent::Finished { outcome, .. } => match outcome {
                Outcome::Printed => counters.jobs_printed += 1,
                Outcome::NotPrinted(_) => counters.jobs_not_printed += 1,
                Outcome::Unknown { cause, .. } => {
                    counters.jobs_unknown += 1;
                    counters.timeouts += u64::from(is_timeout(*cause));
                }
            },
            PrinterEvent::TicketLeft { .. } => counters.tickets_left += 1,
            PrinterEvent::Identified { .. }
            | PrinterEvent::KeepsLines(_)
            | PrinterEvent::TicketTaken { .. } => {}
        }
    }
}

fn is_timeout(cause: Cause) -> bool {
    matches!(cause, Cause::Silent | Cause::WriteStalled | Cause::FenceTimedOut)
}

/// What a supervised driver is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Duty {
    /// Serve the device until told to end.
    Serve,
    /// After a panic: let go of the line, tell what was lost.
    Recover,
}

/// Has a driver serve until it returns; after a panic it recovers, and after a pause it serves again. `name` is the
/// device's.
pub(crate) fn supervise(name: &str, tally: &Tally, mut driver: impl FnMut(Duty)) {
    let clock = Clock::start();
    let mut pauses = BackOff::new(LONGEST_PAUSE, name);
    loop {
        pauses.opened(clock.now());
        if catch_unwind(AssertUnwindSafe(|| driver(Duty::Serve))).is_ok() {
            return;
        }
        tally.count(|counters| counters.restarts += 1);
        // A driver that cannot even recover serves again from where it is.
        let _recovered = catch_unwind(AssertUnwindSafe(|| driver(Duty::Recover)));
        pause(pauses.lost(clock.now()));
    }
}

fn pause(time: Moment) {
    // Nobody unparks this thread; if somebody does, the driver begins again a little earlier.
    std::thread::park_timeout(time);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_driver_that_panics_recovers_serves_again_and_is_counted() {
        let tally = Tally::default();
        let mut duties = Vec::new();
        supervise("printer", &tally, |duty| {
            duties.push(duty);
            assert!(duties.len() > 2, "the first service and the recovery both fail");
        });
        assert_eq!(duties, [Duty::Serve, Duty::Recover, Duty::Serve]);
        assert_eq!(tally.counters().restarts, 1);
    }

    #[test]
    fn outcomes_and_silences_are_counted() {
        let tally = Tally::default();
        let finished = |outcome| PrinterEvent::Finished { job: 1, outcome };
        for event in [
            PrinterEvent::Health(DeviceHealth::Ready),
            finished(Outcome::Printed),
            finished(Outcome::Unknown { bytes_written: 7, cause: Cause::FenceTimedOut }),
            PrinterEvent::Health(DeviceHealth::Blocked(vec![Cause::Silent])),
            finished(Outcome::NotPrinted(Cause::Silent)),
            PrinterEvent::Health(DeviceHealth::Blocked(vec![Cause::CoverOpen])),
        ] {
            tally.printer_told(&event);
        }
        let expected = Counters {
            health_changes: 3,
            jobs_printed: 1,
            jobs_not_printed: 1,
            jobs_unknown: 1,
            timeouts: 2,
            ..Counters::default()
        };
        assert_eq!(tally.counters(), expected);
    }
}
