//! Every fault at every byte, in virtual time: nothing printed twice, nothing claimed that is not so.

use std::time::Duration;

use kiosk_drivers::document::Bitmap;
use kiosk_drivers::fake::FakeModel;
use kiosk_drivers::printer::{Command, CommandKind, Outcome, Profile, encode_document, encode_void_slip};
use kiosk_drivers::{Cause, DeviceHealth};

use crate::sample;
use crate::sim::{ALL_FAULTS, Fault, Sim, small_ticket};

/// A ticket printed without trouble.
fn reference(profile: &Profile, commands: &[Command]) -> Bitmap {
    let mut sim = Sim::new(profile, FakeModel::default());
    sim.wait_ready();
    sim.start_job(1, commands);
    assert!(sim.run_until(Duration::from_secs(20), |sim| !sim.finished.is_empty()));
    assert_eq!(sim.finished[0].1, Outcome::Printed);
    sim.take_tickets().remove(0).image
}

struct Case {
    profile: Profile,
    model: FakeModel,
    first: Vec<Command>,
    second: Vec<Command>,
    first_image: Bitmap,
    second_image: Bitmap,
    void_slip: Vec<Command>,
}

impl Case {
    fn new(profile: Profile, first: Vec<Command>, second: Vec<Command>) -> Self {
        let model = FakeModel { clears_buffer: profile.clears_buffer, ..FakeModel::default() };
        let first_image = reference(&profile, &first);
        let second_image = reference(&profile, &second);
        let void_slip = encode_void_slip(&sample::font(), &profile).unwrap();
        Self { profile, model, first, second, first_image, second_image, void_slip }
    }

    /// Prints two tickets with a fault in the first; checks what came of it.
    fn check(&self, offset: u64, fault: Fault) -> Outcome {
        let what = format!("{} {fault:?} at byte {offset}", self.profile.name);
        let mut sim = Sim::with_void_slip(&self.profile, self.model.clone(), self.void_slip.clone(), false);
        sim.wait_ready();
        sim.fault_at = Some((sim.fake.received_bytes() + offset, fault));
        sim.start_job(1, &self.first);
        assert!(sim.run_until(Duration::from_secs(30), |sim| !sim.finished.is_empty()), "{what}: no outcome");
        let (job, outcome, known_at) = sim.finished[0];
        assert_eq!(job, 1, "{what}");
        if matches!(fault, Fault::PaperEnd | Fault::CoverOpen | Fault::CutterError)
            && outcome != Outcome::Printed
        {
            let delay = known_at - sim.fault_time.unwrap();
            assert!(delay <= Duration::from_millis(300), "{what}: known after {delay:?}");
        }
        sim.run_until(Duration::from_secs(15), |_| false);
        let before = sim.take_tickets();
        sim.heal();
        sim.wait_ready();
        sim.start_job(2, &self.second);
        assert!(
            sim.run_until(Duration::from_secs(30), |sim| sim.finished.len() == 2),
            "{what}: no second outcome"
        );
        assert_eq!(sim.finished[1].1, Outcome::Printed, "{what}");
        sim.run_until(Duration::from_secs(15), |_| false);
        assert_eq!(sim.finished.len(), 2, "{what}: each job ends once");
        let after = sim.take_tickets();

        let whole = |pieces: &[kiosk_drivers::fake::FakeTicket]| {
            pieces.iter().filter(|piece| piece.image == self.first_image).count()
        };
        match outcome {
            Outcome::Printed => assert_eq!(whole(&before), 1, "{what}: claimed, not printed"),
            Outcome::NotPrinted(_) => {
                assert_eq!(before.len() + after.len(), 1, "{what}: paper of a ticket not printed")
            }
            Outcome::Unknown { .. } => assert!(whole(&before) <= 1, "{what}"),
        }
        // All dots are on paper and only the cut is left: a printer that cannot forget it, or has half of it when the
        // cable is pulled, cuts when it can.
        let keeps_the_cut = !self.profile.clears_buffer || fault == Fault::Cable;
        let only_cut_is_left = keeps_the_cut && offset > bytes_before_cut(&self.first);
        let ghosts = whole(&after);
        assert!(ghosts == 0 || only_cut_is_left, "{what}: a ghost of the first ticket");
        assert!(whole(&before) + ghosts <= 1, "{what}: twice");
        assert_eq!(after.last().unwrap().image, self.second_image, "{what}: the second ticket is not clean");
        let (unknown, bytes) = sim.fake.unknown_bytes();
        // A torn command header can be up to two bytes that no zeros complete.
        let torn = if fault == Fault::Cable { 4 } else { 0 };
        assert!(unknown <= torn, "{what}: {unknown} unknown bytes {bytes:02x?}");
        assert!(sim.fake.longest_command() <= 4096, "{what}");
        outcome
    }
}

fn bytes_before_cut(commands: &[Command]) -> u64 {
    let cut = commands.iter().filter(|command| command.kind == CommandKind::Cut);
    ticket_bytes(commands) - 3 - cut.map(|command| command.bytes.len() as u64).sum::<u64>()
}

fn ticket_bytes(commands: &[Command]) -> u64 {
    let fences = commands.iter().filter(|command| command.kind == CommandKind::Band).count() + 1;
    (commands.iter().map(|command| command.bytes.len()).sum::<usize>() + 3 * fences) as u64
}

#[test]
fn every_fault_anywhere_leaves_no_ghost_and_no_false_claim() {
    for profile in [sample::generic_80(), sample::tm_t82()] {
        let first = small_ticket("A1", &profile);
        let second = small_ticket("B2", &profile);
        let case = Case::new(profile, first, second);
        let bytes = ticket_bytes(&case.first);
        // KIOSK_FAULT_STRIDE=1 tries every byte; in between, a stride that meets every command at changing places.
        let stride = std::env::var("KIOSK_FAULT_STRIDE").map_or(29, |stride| stride.parse().unwrap());
        let mut unknown = 0;
        for fault in ALL_FAULTS {
            for offset in (0..=bytes).step_by(stride) {
                unknown += usize::from(matches!(case.check(offset, fault), Outcome::Unknown { .. }));
            }
        }
        assert!(unknown > 0, "no fault struck");
    }
}

#[test]
fn paper_end_and_open_cover_at_every_band_of_a_real_ticket() {
    let encode =
        |number| encode_document(&sample::ticket(number, false), &sample::font(), &sample::tm_t82()).unwrap();
    let case = Case::new(sample::tm_t82(), encode("A012"), encode("A013"));
    let mut offset = 0;
    for command in &case.first {
        for fault in [Fault::PaperEnd, Fault::CoverOpen] {
            case.check(offset, fault);
        }
        offset += command.bytes.len() as u64 + if command.kind == CommandKind::Band { 3 } else { 0 };
    }
}

#[test]
fn a_printer_that_cannot_print_refuses_at_once() {
    let commands = small_ticket("A1", &sample::generic_80());
    for (fault, cause) in [
        (Fault::PaperEnd, Cause::PaperEnd),
        (Fault::CoverOpen, Cause::CoverOpen),
        (Fault::CutterError, Cause::CutterError),
        (Fault::Silence, Cause::Silent),
        (Fault::Cable, Cause::Absent),
    ] {
        let mut sim = Sim::new(&sample::generic_80(), FakeModel::default());
        sim.wait_ready();
        sim.fault_at = Some((sim.fake.received_bytes(), fault));
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
    sim.fault_at = Some((sim.fake.received_bytes() + 100, Fault::Stall));
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
    sim.fault_at = Some((sim.fake.received_bytes() + 40, Fault::Silence));
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
