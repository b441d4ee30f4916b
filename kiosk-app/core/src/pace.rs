//! How fast an area's queue moves, and the wait that this lets people expect.

use std::collections::VecDeque;

use crate::time::Wall;

/// Calls remembered.
const REMEMBERED: usize = 20;
/// With fewer intervals nothing is said.
const FEWEST: usize = 5;
/// A longer interval was a break, not a service.
const LONGEST_MS: i64 = 60 * 60 * 1000;
/// A wait is told in steps of so many minutes.
const STEP_MINUTES: u32 = 5;

/// The intervals between an area's latest calls, as far as people waited in between: an interval in which the queue
/// stood empty says nothing about how fast it moves. Wall times, so that a restart rebuilds it from the tickets;
/// readings of an untrusted clock do not count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    intervals_ms: VecDeque<i64>,
    last_call: Option<Wall>,
}

impl Pace {
    /// A ticket issued at `issued` was called at `called`.
    pub fn called(&mut self, issued: Wall, called: Wall) {
        if !called.trusted {
            self.last_call = None;
            return;
        }
        if let Some(last) = self.last_call {
            let interval = called.unix_ms.saturating_sub(last.unix_ms);
            if issued.unix_ms <= last.unix_ms && (0..=LONGEST_MS).contains(&interval) {
                self.intervals_ms.push_back(interval);
                if self.intervals_ms.len() > REMEMBERED {
                    self.intervals_ms.pop_front();
                }
            }
        }
        self.last_call = Some(called);
    }

    /// The expected wait in minutes with so many people ahead, as a range rounded outwards to 5; `None` under five
    /// samples.
    pub fn wait_minutes(&self, people_ahead: u32) -> Option<(u32, u32)> {
        let count = self.intervals_ms.len();
        if count < FEWEST {
            return None;
        }
        let mean_ms = self.intervals_ms.iter().sum::<i64>() as u64 / count as u64;
        let step_ms = u64::from(STEP_MINUTES) * 60_000;
        let steps_down = mean_ms * u64::from(people_ahead) / step_ms;
        let steps_up = (mean_ms * (u64::from(people_ahead) + 1)).div_ceil(step_ms).max(steps_down + 1);
        Some((to_minutes(steps_down), to_minutes(steps_up)))
    }
}

fn to_minutes(steps: u64) -> u32 {
    u32::try_from(steps).unwrap_or(u32::MAX).saturating_mul(STEP_MINUTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Wall {
        Wall { unix_ms: minute * 60_000, trusted: true }
    }

    /// Calls at these minutes of people who all came at minute 0.
    fn pace(calls: &[i64]) -> Pace {
        let mut pace = Pace::default();
        for minute in calls {
            pace.called(at(0), at(*minute));
        }
        pace
    }

    #[test]
    fn a_wait_is_a_range_rounded_to_five_minutes_and_hidden_under_five_samples() {
        let table = [
            (vec![0, 4, 8, 12, 16], 3, None),
            (vec![0, 4, 8, 12, 16, 20], 0, Some((0, 5))),
            (vec![0, 4, 8, 12, 16, 20], 3, Some((10, 20))),
            (vec![0, 4, 8, 12, 16, 20], 10, Some((40, 45))),
            (vec![0, 5, 10, 15, 20, 25], 1, Some((5, 10))),
            (vec![0, 4, 8, 12, 16, 90, 94], 3, Some((10, 20))),
        ];
        for (calls, ahead, expected) in table {
            assert_eq!(pace(&calls).wait_minutes(ahead), expected, "{calls:?}, {ahead} ahead");
        }
    }

    #[test]
    fn an_empty_queue_or_a_clock_that_nobody_vouches_for_is_no_sample() {
        let mut pace = pace(&[0, 4, 8, 12, 16]);
        pace.called(at(30), at(31));
        assert_eq!(pace.wait_minutes(1), None, "the queue was empty from 16 to 30");
        pace.called(at(0), Wall { unix_ms: 0, trusted: false });
        pace.called(at(0), at(35));
        assert_eq!(pace.wait_minutes(1), None);
        pace.called(at(0), at(39));
        assert_eq!(pace.wait_minutes(1), Some((0, 10)));
    }
}
