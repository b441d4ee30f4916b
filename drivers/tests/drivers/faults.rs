//! Single faults in virtual time: what is told, when, and what comes out afterwards.

use std::time::Duration;

use kiosk_drivers::document::Bitmap;
use kiosk_drivers::fake::{FakeFault, FakeModel};
use kiosk_drivers::printer::{Command, Outcome, Profile, encode_document, encode_void_slip};
use kiosk_drivers::{Cause, DeviceHealth};

use crate::sample;
use crate::sim::{Sim, small_ticket};

/// A ticket printed without trouble.
fn reference(profile: &Profile, commands: &[Command]) -> Bitmap {
    let mut sim = Sim::new(profile, FakeModel::default());
    sim.wait_ready();
    sim.start_job(1, commands);
    assert!(sim.run_until(Duration::from_secs(20), |sim| !sim.finished.is_empty()));
    assert_eq!(sim.finished[0].1, Outcome::Printed);
    sim.take_tickets().remove(0).image
}

#[test]
fn a_printer_that_cannot_print_refuses_at_once() {
    let commands = small_ticket("A1", &sample::generic_80());
    for (fault, cause) in [
        (FakeFault::PaperEnd, Cause::PaperEnd),
        (FakeFault::CoverOpen, Cause::CoverOpen),
        (FakeFault::CutterError, Cause::CutterError),
        (FakeFault::PaperJam, Cause::PaperJam),
        (FakeFault::HeadHot, Cause::HeadHot),
        (FakeFault::Unrecoverable, Cause::Unrecoverable),
        (FakeFault::Silence, Cause::Silent),
        (FakeFault::Unplugged, Cause::Absent),
    ] {
        let mut sim = Sim::new(&sample::generic_80(), FakeModel::default());
        sim.wait_ready();
        sim.strike(fault);
        sim.run_until(Duration::from_secs(4), |_| false);
        let asked_at = sim.now;
        sim.start_job(1, &commands);
        assert_eq!(sim.finished, [(1, Outcome::NotPrinted(cause), asked_at)], "{fault:?}");
    }
}

#[test]
fn a_ticket_left_by_an_earlier_run_is_voided_before_the_first_one() {
    let void_slip = encode_void_slip(&sample::font(), &sample::generic_80()).unwrap();
    let mut sim = Sim::with_void_slip(&sample::generic_80(), FakeModel::default(), void_slip, true);
    sim.wait_ready();
    assert_eq!(sim.take_tickets().len(), 1);
    assert_eq!(sim.health, [DeviceHealth::Ready]);
}

#[test]
fn a_line_that_is_opened_anew_without_having_been_lost_drops_no_job() {
    let commands = small_ticket("A1", &sample::generic_80());
    let mut sim = Sim::new(&sample::generic_80(), FakeModel::default());
    sim.wait_ready();
    sim.fake.strike_after(100, FakeFault::Busy);
    sim.start_job(1, &commands);
    sim.machine.connected(sim.now);
    sim.fake.mend();
    sim.wait_ready();
    let unknown = Outcome::Unknown { bytes_written: 100, cause: Cause::Disconnected };
    assert_eq!(
        sim.finished.iter().map(|(job, outcome, _)| (*job, *outcome)).collect::<Vec<_>>(),
        [(1, unknown)]
    );
    assert_eq!(sim.take_tickets().len(), 1, "the slip that voids it");
    assert_eq!(sim.print(2, &commands), Some(Outcome::Printed));
}

#[test]
fn a_busy_printer_is_waited_for_and_a_stalled_one_is_not() {
    let commands =
        encode_document(&sample::ticket("A012", true), &sample::font(), &sample::generic_80()).unwrap();
    let slow = FakeModel { mm_per_sec: 30, buffer_bytes: 1024, ..FakeModel::default() };
    let mut sim = Sim::new(&sample::generic_80(), slow);
    sim.wait_ready();
    sim.start_job(1, &commands);
    assert!(sim.run_until(Duration::from_secs(60), |sim| !sim.finished.is_empty()));
    assert_eq!(sim.finished[0].1, Outcome::Printed);
    let mut sim = Sim::new(&sample::generic_80(), FakeModel::default());
    sim.wait_ready();
    sim.fake.strike_after(100, FakeFault::Busy);
    let started_at = sim.now;
    sim.start_job(1, &commands);
    assert!(sim.run_until(Duration::from_secs(10), |sim| !sim.finished.is_empty()));
    let (_, outcome, known_at) = sim.finished[0];
    assert_eq!(outcome, Outcome::Unknown { bytes_written: 100, cause: Cause::WriteStalled });
    assert_eq!(known_at - started_at, sample::generic_80().write_limit);
}

#[test]
fn a_printer_that_says_xoff_gets_no_byte_until_xon() {
    let commands = small_ticket("A1", &sample::generic_80());
    let mut sim = Sim::new(&sample::generic_80(), FakeModel::default());
    sim.wait_ready();
    sim.machine.received(&[0x13], sim.now);
    sim.start_job(1, &commands);
    assert_eq!(sim.machine.pending_output(), b"");
    sim.run_until(Duration::from_secs(1), |_| false);
    assert_eq!(sim.machine.pending_output(), b"");
    sim.machine.received(&[0x11], sim.now);
    assert!(sim.run_until(Duration::from_secs(20), |sim| !sim.finished.is_empty()));
    assert_eq!(sim.finished[0].1, Outcome::Printed);
}

#[test]
fn a_printer_that_never_confirms_is_blocked_and_wastes_no_paper() {
    let commands = small_ticket("A1", &sample::generic_80());
    let mut sim = Sim::new(&sample::generic_80(), FakeModel::default());
    sim.wait_ready();
    sim.fake.strike_after(40, FakeFault::Silence);
    sim.start_job(1, &commands);
    assert!(sim.run_until(Duration::from_secs(20), |sim| !sim.finished.is_empty()));
    assert!(matches!(sim.finished[0].1, Outcome::Unknown { cause: Cause::FenceTimedOut, .. }));
    sim.run_until(Duration::from_secs(600), |_| false);
    assert!(
        sim.fake.ticket_count() <= 2,
        "{} pieces of paper in ten silent minutes",
        sim.fake.ticket_count()
    );
    assert_eq!(sim.machine.health(), DeviceHealth::Blocked(vec![Cause::Silent]));
}

#[test]
fn many_jobs_in_virtual_time_all_come_out() {
    let commands = small_ticket("A1", &sample::tm_t82());
    let mut sim = Sim::new(&sample::tm_t82(), FakeModel::default());
    sim.wait_ready();
    for job in 1..=300 {
        sim.start_job(job, &commands);
        assert!(sim.run_until(Duration::from_secs(20), |sim| sim.finished.len() as u64 == job));
        sim.take_tickets();
    }
    assert!(sim.finished.iter().all(|(_, outcome, _)| *outcome == Outcome::Printed));
    assert_eq!(sim.fake.ticket_count(), 300);
}

/// Lets the paper end in the middle of a ticket and puts a roll in: how many whole tickets come out afterwards.
fn ghosts_after_paper_end(profile: &Profile, clears_buffer: bool) -> usize {
    let commands = small_ticket("A1", profile);
    let image = reference(profile, &commands);
    let model = FakeModel { buffer_bytes: 65_536, clears_buffer, ..FakeModel::default() };
    let mut sim = Sim::new(profile, model);
    sim.wait_ready();
    sim.fake.set_paper_rows_left(20);
    sim.start_job(1, &commands);
    assert!(sim.run_until(Duration::from_secs(20), |sim| !sim.finished.is_empty()));
    assert!(matches!(sim.finished[0].1, Outcome::Unknown { cause: Cause::PaperEnd, .. }));
    sim.heal();
    sim.wait_ready();
    sim.run_until(Duration::from_secs(10), |_| false);
    sim.take_tickets().iter().filter(|ticket| ticket.image == image).count()
}

#[test]
fn a_printer_with_a_large_buffer_holds_no_ghost_once_bands_wait_or_the_buffer_is_cleared() {
    assert_eq!(ghosts_after_paper_end(&sample::generic_80(), false), 0);
    let clearing = Profile { unconfirmed_bands: 0, clears_buffer: true, ..sample::generic_80() };
    assert_eq!(ghosts_after_paper_end(&clearing, true), 0);
}

/// The positive control: the rig sees a ghost where one must come.
#[test]
fn without_waiting_and_without_clearing_the_ghost_comes() {
    let careless = Profile { unconfirmed_bands: 0, ..sample::generic_80() };
    assert_eq!(ghosts_after_paper_end(&careless, false), 1);
}
