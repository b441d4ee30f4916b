//! Figures from facts: pure functions over [`DayFacts`].

use crate::clock::hour_of;
use crate::facts::{DayFacts, Stage, TicketFacts};
use crate::settings::Scale;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The national target: mean wait of at most 15 minutes (Decision 468/QĐ-TTg).
pub const TARGET_S: u32 = 15 * 60;

/// A counter's own rating figures are shown from this many ratings on.
pub const MIN_RATINGS: usize = 10;

/// Waiting times of some served tickets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waits {
    /// How many.
    pub n: usize,
    /// Mean, seconds, rounded.
    pub mean_s: u32,
    /// Median, seconds (nearest rank).
    pub median_s: u32,
    /// 90th percentile, seconds (nearest rank).
    pub p90_s: u32,
    /// How many waited at most 15 minutes.
    pub within_target: usize,
}

/// Waiting times; `None` if nobody was served.
#[must_use]
pub fn waits(waited_s: impl IntoIterator<Item = u32>) -> Option<Waits> {
    let mut sorted: Vec<u32> = waited_s.into_iter().collect();
    sorted.sort_unstable();
    let n = sorted.len();
    let rank = |percent: usize| sorted.get((n * percent).div_ceil(100).max(1) - 1).copied();
    let sum: u64 = sorted.iter().map(|s| u64::from(*s)).sum();
    let count = u64::try_from(n).ok().filter(|count| *count > 0)?;
    Some(Waits {
        n,
        mean_s: u32::try_from((sum + count / 2) / count).unwrap_or(u32::MAX),
        median_s: rank(50)?,
        p90_s: rank(90)?,
        within_target: sorted.partition_point(|s| *s <= TARGET_S),
    })
}

/// Waiting times of all served tickets of some days.
#[must_use]
pub fn waits_of_all(days: &[Arc<DayFacts>]) -> Option<Waits> {
    waits(served(days).map(|(_, _, waited_s)| waited_s))
}

/// Waiting times by service area: name and figures.
#[must_use]
pub fn waits_by_area(days: &[Arc<DayFacts>]) -> Vec<(String, Waits)> {
    // By id first: ids have no Đ, which a plain sort would put behind Z.
    let mut groups: BTreeMap<(&str, &str), Vec<u32>> = BTreeMap::new();
    for (day, ticket, waited_s) in served(days) {
        groups.entry((&ticket.area, day.area_name(&ticket.area))).or_default().push(waited_s);
    }
    groups.into_iter().filter_map(|((_, name), group)| Some((name.to_owned(), waits(group)?))).collect()
}

/// Waiting times by the hour of the day at which the number was taken.
#[must_use]
pub fn waits_by_hour(days: &[Arc<DayFacts>]) -> Vec<(u8, Waits)> {
    let mut groups: BTreeMap<u8, Vec<u32>> = BTreeMap::new();
    for (_, ticket, waited_s) in served(days) {
        groups.entry(hour_of(ticket.issued_ms)).or_default().push(waited_s);
    }
    groups.into_iter().filter_map(|(hour, group)| Some((hour, waits(group)?))).collect()
}

fn served(days: &[Arc<DayFacts>]) -> impl Iterator<Item = (&DayFacts, &TicketFacts, u32)> {
    let tickets = days.iter().flat_map(|day| day.tickets.values().map(move |ticket| (day.as_ref(), ticket)));
    tickets.filter_map(|(day, ticket)| Some((day, ticket, ticket.waited_s?)))
}

/// Totals of some days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Numbers taken.
    pub issued: usize,
    /// Of these with a priority class.
    pub priority: usize,
    /// Served to the end.
    pub finished: usize,
    /// Did not come.
    pub no_show: usize,
    /// Withdrawn.
    pub cancelled: usize,
    /// Numbers never issued, each with a reason given.
    pub gaps: u32,
    /// Look-ups.
    pub lookups: u32,
    /// Look-ups that told of a late dossier.
    pub late_told: u32,
}

/// Totals of some days.
#[must_use]
pub fn totals(days: &[Arc<DayFacts>]) -> Totals {
    let mut totals = Totals::default();
    for day in days {
        totals.issued += day.tickets.len();
        totals.priority += day.tickets.values().filter(|ticket| ticket.priority).count();
        totals.finished += day.count(Stage::Finished);
        totals.no_show += day.count(Stage::NoShow);
        totals.cancelled += day.count(Stage::Cancelled);
        totals.gaps += day.gaps;
        totals.lookups += day.lookups.values().sum::<u32>();
        totals.late_told += day.late_told;
    }
    totals
}

/// Ratings of some tickets on one scale.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ratings {
    /// How often each value was given; compacted ratings included.
    pub by_value: BTreeMap<u8, usize>,
    /// Rating windows that ended, answered or not; a rating without one counts as one.
    pub asked: usize,
}

impl Ratings {
    /// How many ratings.
    #[must_use]
    pub fn n(&self) -> usize {
        self.by_value.values().sum()
    }

    /// How many count as satisfied on `scale`.
    #[must_use]
    pub fn satisfied(&self, scale: &Scale) -> usize {
        self.by_value.range(scale.satisfied_from..).map(|(_, n)| n).sum()
    }
}

/// Ratings by scale and counter; the counter is `None` for all together.
#[must_use]
pub fn ratings(days: &[Arc<DayFacts>]) -> BTreeMap<(String, Option<String>), Ratings> {
    let scale = common_scale(days);
    let mut groups: BTreeMap<(String, Option<String>), Ratings> = BTreeMap::new();
    let mut add = |scale: &str, counter: &str, value: Option<(u8, usize)>, asked: usize| {
        for counter in [None, Some(counter.to_owned())] {
            let group = groups.entry((scale.to_owned(), counter)).or_default();
            group.asked += asked;
            if let Some((value, n)) = value {
                *group.by_value.entry(value).or_default() += n;
            }
        }
    };
    for day in days {
        for ticket in day.tickets.values() {
            match (&ticket.rating, &ticket.window) {
                (Some(rating), _) => add(&rating.scale, &rating.counter, Some((rating.value, 1)), 1),
                (None, Some(counter)) => add(&scale, counter, None, 1),
                (None, None) => {}
            }
        }
        for ((counter, scale, value), n) in &day.compacted {
            let n = usize::try_from(*n).unwrap_or(usize::MAX);
            add(scale, counter, Some((*value, n)), n);
        }
    }
    groups
}

/// The scale that unanswered windows count for: a window's end does not name one, and a hall has one at a time.
fn common_scale(days: &[Arc<DayFacts>]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for rating in days.iter().flat_map(|day| day.tickets.values()).filter_map(|ticket| ticket.rating.as_ref())
    {
        *counts.entry(&rating.scale).or_default() += 1;
    }
    let most = counts.into_iter().max_by_key(|(_, n)| *n);
    most.map_or("vn3", |(scale, _)| scale).to_owned()
}

/// Reasons given after low ratings, most frequent first.
#[must_use]
pub fn reasons(days: &[Arc<DayFacts>]) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let ratings =
        days.iter().flat_map(|day| day.tickets.values()).filter_map(|ticket| ticket.rating.as_ref());
    for reason in ratings.filter_map(|rating| rating.reason.as_deref()) {
        *counts.entry(reason).or_default() += 1;
    }
    let mut sorted: Vec<(String, usize)> =
        counts.into_iter().map(|(reason, n)| (reason.to_owned(), n)).collect();
    sorted.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_times_of_a_table() {
        let expected = |n, mean_s, median_s, p90_s, within_target| {
            Some(Waits { n, mean_s, median_s, p90_s, within_target })
        };
        for (waited, figures) in [
            (vec![], None),
            (vec![60], expected(1, 60, 60, 60, 1)),
            (vec![900, 901], expected(2, 901, 900, 901, 1)),
            (vec![100, 200, 300, 400, 500, 600, 700, 800, 900, 1_000], expected(10, 550, 500, 900, 9)),
            (vec![3_600, 0, 1_800], expected(3, 1_800, 1_800, 3_600, 1)),
        ] {
            assert_eq!(waits(waited.clone()), figures, "{waited:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn percentiles_are_values_that_occurred_in_order(waited in proptest::collection::vec(0_u32..20_000, 1..300)) {
            let figures = waits(waited.clone()).unwrap();
            assert!(waited.contains(&figures.median_s) && waited.contains(&figures.p90_s));
            assert!(figures.median_s <= figures.p90_s);
            assert_eq!(figures.within_target, waited.iter().filter(|s| **s <= TARGET_S).count());
        }
    }
}
