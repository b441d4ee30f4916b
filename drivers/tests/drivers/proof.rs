//! The proof: every fault at every byte and at every moment of a ticket, for every kind of printer, in virtual time. The
//! paper of the fake is the judge: printed numbers = issued, each at most once unmarked.

mod controls;
mod judge;

use std::fmt;
use std::time::{Duration, Instant};

use kiosk_drivers::DeviceHealth;
use kiosk_drivers::fake::{FakeFault, FakeModel};
use kiosk_drivers::printer::{Command, CommandKind, Outcome, Profile, encode_void_slip};

use self::judge::{Marks, Verdict};
use crate::sample;
use crate::sim::{Carelessness, Sim, small_copy, small_ticket};

/// What happens to a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blow {
    /// Something goes wrong with the printer.
    Fault(FakeFault),
    /// The program is killed and starts again.
    Kill,
}

fn blows() -> impl Iterator<Item = Blow> {
    FakeFault::ALL.into_iter().map(Blow::Fault).chain([Blow::Kill])
}

/// When it happens.
#[derive(Debug, Clone, Copy)]
enum When {
    /// When the printer has received so many bytes of the ticket.
    Byte(u64),
    /// At that moment: the one of a snapshot.
    Moment,
}

/// A kind of printer with its tickets, and how they look on paper.
struct Bench {
    title: &'static str,
    profile: Profile,
    model: FakeModel,
    void_slip: Vec<Command>,
    first: Vec<Command>,
    copy: Vec<Command>,
    second: Vec<Command>,
    marks: Marks,
    carelessness: Option<Carelessness>,
    /// Whether a doubtful ticket is reprinted with its mark.
    marks_copies: bool,
    /// Whether the ledger tells a new run of a job without an outcome.
    keeps_ledger: bool,
}

impl Bench {
    fn new(title: &'static str, profile: Profile, change: impl FnOnce(&mut FakeModel)) -> Self {
        let mut model = FakeModel::like(&profile);
        change(&mut model);
        let first = small_ticket("A1", &profile);
        let copy = small_copy("A1", &profile);
        let second = small_ticket("B2", &profile);
        let void_slip = encode_void_slip(&sample::font(), &profile).unwrap();
        let marks = Marks::learn(&profile, &void_slip, [&first, &second, &copy]);
        Self {
            title,
            profile,
            model,
            void_slip,
            first,
            copy,
            second,
            marks,
            carelessness: None,
            marks_copies: true,
            keeps_ledger: true,
        }
    }

    fn sim(&self) -> Sim {
        Sim::with_void_slip(&self.profile, self.model.clone(), self.void_slip.clone(), false)
            .careless(self.carelessness)
    }

    /// Prints the first ticket without trouble; keeps what there was each time when bytes or milliseconds had passed, until
    /// the paper has been out for a while.
    fn snapshots(&self) -> Vec<Sim> {
        let mut sim = self.sim();
        sim.wait_ready();
        let mut snapshots = vec![sim.clone()];
        sim.start_job(1, &self.first);
        let end = sim.now + Duration::from_millis(1500);
        while sim.now < end {
            snapshots.push(sim.clone());
            sim.step(end);
            sim.settle();
        }
        assert_eq!(sim.finished[0].1, Outcome::Printed, "{}", self.title);
        snapshots
    }

    /// All cases of a blow: at every byte (in strides) and at every moment.
    fn try_blow(&self, blow: Blow, snapshots: &[Sim], stride: usize) -> Tally {
        let mut tally = Tally::default();
        let [ready, later @ ..] = snapshots else { return tally };
        let start = ready.fake.received_bytes();
        for offset in (0..=ticket_bytes(&self.first)).step_by(stride) {
            let mut sim = ready.clone();
            match blow {
                Blow::Fault(fault) => {
                    sim.fake.strike_after(offset, fault);
                    sim.start_job(1, &self.first);
                    // What the second bytes of a doubly torn line would be is not asked.
                    sim.run_until(Duration::from_secs(30), |sim| !sim.finished.is_empty());
                }
                Blow::Kill => {
                    sim.fake.strike_after(offset, FakeFault::Unplugged);
                    sim.start_job(1, &self.first);
                    sim.run_until(Duration::from_secs(30), |sim| !sim.is_connected);
                    self.kill(&mut sim);
                }
            }
            tally.add(self.judge(sim, blow, When::Byte(offset)));
        }
        for snapshot in later.iter().step_by(stride.div_ceil(4)) {
            let mut sim = snapshot.clone();
            match blow {
                Blow::Fault(fault) => {
                    sim.strike(fault);
                    sim.run_until(Duration::from_secs(30), |sim| !sim.finished.is_empty());
                }
                Blow::Kill => self.kill(&mut sim),
            }
            assert!(sim.fake.received_bytes() >= start);
            tally.add(self.judge(sim, blow, When::Moment));
        }
        tally
    }

    /// Kills the program; the new run reads in the ledger that the first job has no outcome.
    fn kill(&self, sim: &mut Sim) {
        let outcome = Outcome::Unknown { bytes_written: 0, cause: kiosk_drivers::Cause::ShuttingDown };
        sim.finished = vec![(1, outcome, sim.now)];
        sim.kill_program(self.keeps_ledger);
    }

    /// Lets somebody come after a while and mend everything; prints a copy of the first ticket if nobody knows what
    /// became of it, and the second ticket; then looks at all paper.
    fn judge(&self, mut sim: Sim, blow: Blow, when: When) -> Verdict {
        let [(1, outcome, known_at)] = sim.finished[..] else {
            return Verdict::broken(format!("outcomes {:?}", sim.finished), blow, when);
        };
        let delay = sim.fault_time.map_or(Duration::ZERO, |at| known_at.saturating_sub(at));
        sim.run_until(Duration::from_secs(4), |_| false);
        let health = sim.health.clone();
        let before = sim.take_tickets();
        sim.heal();
        let mut jobs = vec![(2, &self.second)];
        if outcome != Outcome::Printed {
            jobs.insert(0, (3, if self.marks_copies { &self.copy } else { &self.first }));
        }
        let mut printed = Vec::new();
        for (job, commands) in jobs {
            printed.push(sim.print(job, commands));
        }
        sim.run_until(Duration::from_secs(4), |_| false);
        let after = sim.take_tickets();
        let scene = judge::Scene {
            blow,
            when,
            outcome,
            delay,
            before,
            after,
            printed,
            finished: sim.finished.len(),
            health,
            fake: &sim.fake,
            only_cut_was_left: only_cut_was_left(&self.first, when),
        };
        self.marks.judge(self, &scene)
    }
}

/// Whether all dots had been sent, so that a printer with power may only have had to cut.
fn only_cut_was_left(first: &[Command], when: When) -> bool {
    let cut: u64 =
        first.iter().filter(|one| one.kind == CommandKind::Cut).map(|one| one.bytes.len() as u64).sum();
    match when {
        When::Byte(offset) => offset + cut + 3 > ticket_bytes(first),
        When::Moment => true,
    }
}

fn ticket_bytes(commands: &[Command]) -> u64 {
    let fences = commands.iter().filter(|command| command.kind == CommandKind::Band).count() + 1;
    (commands.iter().map(|command| command.bytes.len()).sum::<usize>() + 3 * fences) as u64
}

/// What came of many cases.
#[derive(Default)]
struct Tally {
    cases: usize,
    printed: usize,
    unknown: usize,
    slowest: Duration,
    broken: Vec<String>,
}

impl Tally {
    fn add(&mut self, verdict: Verdict) {
        self.cases += 1;
        match verdict {
            Verdict::Holds { outcome, delay } => {
                self.printed += usize::from(outcome == Outcome::Printed);
                self.unknown += usize::from(matches!(outcome, Outcome::Unknown { .. }));
                self.slowest = self.slowest.max(delay);
            }
            Verdict::Broken(what) => self.broken.push(what),
        }
    }

    fn merge(&mut self, other: Self) {
        self.cases += other.cases;
        self.printed += other.printed;
        self.unknown += other.unknown;
        self.slowest = self.slowest.max(other.slowest);
        self.broken.extend(other.broken);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let refused = self.cases - self.printed - self.unknown - self.broken.len();
        write!(
            f,
            "{} cases: {} printed, {} unknown, {refused} not printed, {} broken; known after {:?} at most",
            self.cases,
            self.printed,
            self.unknown,
            self.broken.len(),
            self.slowest
        )
    }
}

/// The kinds of printers: both dialects, with and without reports, buffer clearing, cutter and presenter.
fn benches() -> Vec<Bench> {
    let named = sample::profile;
    let mut presenter = named("vkp80");
    presenter.status = kiosk_drivers::printer::StatusMeans::Asb;
    presenter.presenter.as_mut().unwrap().unclaimed = kiosk_drivers::printer::Unclaimed::Retract;
    vec![
        Bench::new("tm-t82", named("tm-t82"), |_| {}),
        Bench::new("generic-80", named("generic-80"), |_| {}),
        Bench::new("generic-80, buffer of 256 B", named("generic-80"), |model| model.buffer_bytes = 256),
        Bench::new("generic-80, mute when open", named("generic-80"), |model| model.mute_when_open = true),
        Bench::new("masung-80, only asked, XON/XOFF", named("masung-80"), |model| model.xon_xoff = true),
        Bench::new("generic-58, no cutter", named("generic-58"), |_| {}),
        Bench::new("vkp80, only asked", named("vkp80"), |_| {}),
        Bench::new("vkp80, reports, retracts", presenter, |_| {}),
    ]
}

/// Every byte, unless `KIOSK_FAULT_STRIDE` says that every so many are enough.
fn stride() -> usize {
    std::env::var("KIOSK_FAULT_STRIDE").map_or(1, |stride| stride.parse().unwrap())
}

impl Bench {
    /// All blows, at every byte and moment.
    fn try_all(&self, stride: usize) -> Tally {
        let snapshots = self.snapshots();
        let mut tally = Tally::default();
        for blow in blows() {
            tally.merge(self.try_blow(blow, &snapshots, stride));
        }
        assert!(tally.unknown > 0, "{}: no blow struck", self.title);
        tally
    }
}

/// `KIOSK_FAULT_REPORT=FILE` keeps the number of cases and the time.
#[test]
#[expect(clippy::disallowed_methods, reason = "how long the proof takes is a part of its report")]
fn every_fault_at_every_byte_and_moment_leaves_each_number_once() {
    let (began, stride) = (Instant::now(), stride());
    let benches = benches();
    let tallies: Vec<Tally> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            benches.iter().map(|bench| scope.spawn(move || bench.try_all(stride))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let (mut report, mut all) = (String::new(), Tally::default());
    for (bench, tally) in benches.iter().zip(tallies) {
        report += &format!("{:32} {tally}\n", bench.title);
        all.merge(tally);
    }
    report += &format!("{:32} {all}, every {stride} bytes, in {:?}\n", "together", began.elapsed());
    if let Some(path) = std::env::var_os("KIOSK_FAULT_REPORT") {
        std::fs::write(path, &report).unwrap();
    }
    let some = all.broken.iter().take(12).cloned().collect::<Vec<_>>().join("\n");
    assert!(all.broken.is_empty(), "{report}{some}");
}

#[test]
fn a_roll_near_its_end_is_told_once_and_stops_no_ticket() {
    for bench in benches() {
        let mut sim = bench.sim();
        sim.wait_ready();
        for job in 1..20 {
            // The sensor of a turning roll wavers.
            sim.fake.set_near_end(job % 3 != 0);
            assert_eq!(sim.print(job, &bench.first), Some(Outcome::Printed), "{}", bench.title);
        }
        let told = sim.health.iter().filter(|health| matches!(health, DeviceHealth::Degraded(_))).count();
        assert_eq!(told, 1, "{}: {:?}", bench.title, sim.health);
    }
}
