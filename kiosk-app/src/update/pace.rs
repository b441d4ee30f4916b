//! How much of a bundle is asked for at once, and how long to rest: a line of 64 kbit/s is shared with reports and look-ups.

use kiosk_protocol::MAX_PART_BYTES;

const FIRST_PART: u64 = 64 * 1024;
const SMALLEST_PART: u64 = 8 * 1024;
/// A part should take about so long: a look-up that comes meanwhile waits no longer behind it.
const AIM_MS: u64 = 2_000;
/// As long as a part took, the line is left to others; but not longer than this.
const LONGEST_REST_MS: u64 = 5_000;
const FIRST_BACK_OFF_MS: u64 = 1_000;
const LONGEST_BACK_OFF_MS: u64 = 15 * 60_000;

/// What the last parts have taught.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pace {
    part: u64,
    failures: u32,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { part: FIRST_PART, failures: 0 }
    }

    /// How many bytes to ask for.
    pub(super) fn part(self) -> u64 {
        self.part
    }

    /// A part came in `took_ms`; how long to leave the line alone, milliseconds.
    pub(super) fn came(&mut self, took_ms: u64) -> u64 {
        self.failures = 0;
        if took_ms > 2 * AIM_MS {
            self.part = (self.part / 2).max(SMALLEST_PART);
        } else if took_ms < AIM_MS / 2 {
            self.part = (self.part * 2).min(MAX_PART_BYTES);
        }
        took_ms.min(LONGEST_REST_MS)
    }

    /// No part came; how long to wait, milliseconds. `random` spreads kiosks that lost the same line.
    pub(super) fn failed(&mut self, random: u64) -> u64 {
        self.part = (self.part / 2).max(SMALLEST_PART);
        let longest = (FIRST_BACK_OFF_MS << self.failures.min(16)).min(LONGEST_BACK_OFF_MS);
        self.failures = self.failures.saturating_add(1);
        longest / 2 + random % (longest / 2)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_good_line_gets_large_parts_and_a_bad_one_small() {
        let mut pace = Pace::new();
        for (took_ms, rest_ms, part) in [
            (100, 100, 128 * 1024),
            (100, 100, 256 * 1024),
            (100, 100, 256 * 1024),
            (1_500, 1_500, 256 * 1024),
            (30_000, 5_000, 128 * 1024),
        ] {
            assert_eq!((pace.came(took_ms), pace.part()), (rest_ms, part), "{took_ms} ms");
        }
    }

    #[test]
    fn a_line_of_64_kbit_settles_at_parts_of_a_few_seconds() {
        let mut pace = Pace::new();
        for _ in 0..10 {
            pace.came(pace.part() / 8);
        }
        let took_ms = pace.part() / 8;
        assert!((AIM_MS / 2..=2 * AIM_MS).contains(&took_ms), "{took_ms} ms");
    }

    proptest! {
        #[test]
        fn whatever_happens_parts_and_waits_stay_in_their_bounds(
            what in prop::collection::vec((any::<bool>(), any::<u64>()), 0..60)
        ) {
            let mut pace = Pace::new();
            for (came, number) in what {
                let wait_ms = if came { pace.came(number) } else { pace.failed(number) };
                prop_assert!(wait_ms <= LONGEST_BACK_OFF_MS);
                prop_assert!((SMALLEST_PART..=MAX_PART_BYTES).contains(&pace.part()));
            }
        }
    }
}
