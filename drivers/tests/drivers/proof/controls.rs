//! The positive controls: each carelessness must break the invariant somewhere, or the proof proves nothing.

use super::*;

/// What breaks, over all blows, in strides.
fn broken(bench: &Bench) -> Vec<String> {
    let snapshots = bench.snapshots();
    let mut all = Tally::default();
    for blow in blows() {
        all.merge(bench.try_blow(blow, &snapshots, 13));
    }
    all.broken
}

/// Breaks, and for the reason that is expected.
fn assert_breaks(bench: &Bench, reason: &str) {
    let broken = broken(bench);
    let shown = broken.iter().take(5).collect::<Vec<_>>();
    assert!(
        broken.iter().any(|what| what.contains(reason)),
        "{}: {reason} is not in {shown:#?}",
        bench.title
    );
}

fn careless(carelessness: Carelessness) -> Bench {
    let mut bench = Bench::new("careless", sample::generic_80(), |_| {});
    bench.carelessness = Some(carelessness);
    bench
}

#[test]
fn a_ticket_that_counts_once_it_is_written_is_claimed_and_missing() {
    assert_breaks(&careless(Carelessness::FenceNotAwaited), "claimed, and 0 whole tickets");
}

#[test]
fn a_fence_before_the_cut_claims_what_is_not_cut() {
    assert_breaks(&careless(Carelessness::FenceBeforeCut), "claimed, and 0 whole tickets");
}

#[test]
fn without_zeros_a_torn_band_swallows_what_comes_next() {
    assert!(!broken(&careless(Carelessness::NoZeros)).is_empty());
}

#[test]
fn without_a_void_slip_half_a_ticket_hangs_on_the_next_one() {
    let mut bench = Bench::new("no void slip", sample::generic_80(), |_| {});
    bench.void_slip = Vec::new();
    assert_breaks(&bench, "0 copies");
}

#[test]
fn a_copy_without_its_mark_is_a_number_twice() {
    let mut bench = Bench::new("unmarked copy", sample::generic_80(), |_| {});
    bench.marks_copies = false;
    assert_breaks(&bench, "the first number came out 2 times unmarked");
}

#[test]
fn without_a_ledger_a_new_run_does_not_void_what_the_old_one_left() {
    let mut bench = Bench::new("no ledger", sample::generic_80(), |_| {});
    bench.keeps_ledger = false;
    assert_breaks(&bench, "Kill");
}

#[test]
fn bands_that_wait_for_nobody_come_out_of_a_large_buffer_as_a_ghost() {
    let mut profile = sample::generic_80();
    profile.unconfirmed_bands = 0;
    // A ticket of more bytes is longer in the buffer than on its way.
    profile.doubles_dots = false;
    assert_breaks(&Bench::new("no waiting", profile, |model| model.buffer_bytes = 65_536), "a ghost");
}
