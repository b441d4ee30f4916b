//! Looks at paper: which numbers are on it, and which of them are marked as void or as a copy.

use std::time::Duration;

use kiosk_drivers::DeviceHealth;
use kiosk_drivers::document::Bitmap;
use kiosk_drivers::fake::{FakeFault, FakeModel, FakeTicket, PrinterCore};
use kiosk_drivers::printer::{Command, Outcome, Profile, StatusMeans};

use super::{Bench, Blow, When};
use crate::sim::Sim;

/// What came of a case.
pub enum Verdict {
    /// Everything that is promised.
    Holds { outcome: Outcome, delay: Duration },
    /// Something is wrong: what.
    Broken(String),
}

impl Verdict {
    pub fn broken(what: String, blow: Blow, when: When) -> Self {
        Self::Broken(format!("{blow:?} {when:?}: {what}"))
    }
}

/// All that happened in a case.
pub struct Scene<'a> {
    pub blow: Blow,
    pub when: When,
    /// What was told of the first ticket, and how long after the blow.
    pub outcome: Outcome,
    pub delay: Duration,
    /// Paper that came out before somebody mended the printer, and after it.
    pub before: Vec<FakeTicket>,
    pub after: Vec<FakeTicket>,
    /// Outcomes of the copy, if one was printed, and of the second ticket.
    pub printed: Vec<Option<Outcome>>,
    /// How many outcomes were told.
    pub finished: usize,
    /// Health as told until then.
    pub health: Vec<DeviceHealth>,
    pub fake: &'a PrinterCore,
    pub only_cut_was_left: bool,
}

/// How tickets and marks look on paper.
pub struct Marks {
    first: Bitmap,
    second: Bitmap,
    copy: Bitmap,
    /// Rows of the numbers, of the banner of a copy and of the void slip.
    first_number: Bitmap,
    second_number: Bitmap,
    copy_banner: Bitmap,
    void_banner: Bitmap,
}

impl Marks {
    /// Prints everything once without trouble.
    pub fn learn(profile: &Profile, void_slip: &[Command], tickets: [&Vec<Command>; 3]) -> Self {
        let sim = |in_doubt| {
            let model = FakeModel::like(profile);
            let mut sim = Sim::with_void_slip(profile, model, void_slip.to_vec(), in_doubt);
            sim.wait_ready();
            sim
        };
        let [first, second, copy] = tickets.map(|commands| {
            let mut sim = sim(false);
            assert_eq!(sim.print(1, commands), Some(Outcome::Printed));
            paper_of(&mut sim)
        });
        let void = paper_of(&mut sim(true));
        Self {
            first_number: first_ink(&first),
            second_number: first_ink(&second),
            copy_banner: first_ink(&copy),
            void_banner: first_ink(&void),
            first,
            second,
            copy,
        }
    }

    /// Whether a number stands on the paper and nothing takes its worth away.
    fn is_unmarked(&self, paper: &Bitmap, number: &Bitmap) -> bool {
        contains(paper, number) && !contains(paper, &self.copy_banner) && !contains(paper, &self.void_banner)
    }

    /// Holds the paper against what was told.
    pub fn judge(&self, bench: &Bench, scene: &Scene<'_>) -> Verdict {
        let faults =
            [self.paper_fault(scene), outcome_fault(scene), time_fault(bench, scene), byte_fault(scene)];
        match faults.into_iter().flatten().next() {
            None => Verdict::Holds { outcome: scene.outcome, delay: scene.delay },
            Some(what) => {
                let what = format!("{}: {what}, told {:?}", bench.title, scene.outcome);
                Verdict::broken(what, scene.blow, scene.when)
            }
        }
    }

    fn paper_fault(&self, scene: &Scene<'_>) -> Option<String> {
        let pieces = || scene.before.iter().chain(&scene.after).map(|ticket| &ticket.image);
        let inside = || {
            let held = scene.fake.held_ticket().map(|ticket| &ticket.image);
            held.into_iter().chain([scene.fake.uncut_paper()])
        };
        let all = || pieces().chain(inside());
        let unmarked = |number| all().filter(|paper| self.is_unmarked(paper, number)).count();
        let (first, second) = (unmarked(&self.first_number), unmarked(&self.second_number));
        if first > 1 {
            return Some(format!("the first number came out {first} times unmarked"));
        }
        if second != 1 {
            return Some(format!("the second number came out {second} times"));
        }
        if !all().any(|paper| *paper == self.second) {
            return Some("the second ticket is not clean".to_owned());
        }
        let whole = scene.before.iter().filter(|ticket| ticket.image == self.first).count();
        match scene.outcome {
            Outcome::Printed if whole != 1 => {
                return Some(format!("claimed, and {whole} whole tickets came out"));
            }
            Outcome::NotPrinted(_)
                if all().any(|paper| contains(paper, &self.first_number) && *paper != self.copy) =>
            {
                return Some("denied, and its number came out".to_owned());
            }
            Outcome::Printed | Outcome::NotPrinted(_) | Outcome::Unknown { .. } => {}
        }
        let copies = all().filter(|paper| **paper == self.copy).count();
        if copies != usize::from(scene.outcome != Outcome::Printed) {
            return Some(format!("{copies} copies"));
        }
        let is_ghost = |ticket: &FakeTicket| self.is_unmarked(&ticket.image, &self.first_number);
        if scene.after.iter().any(is_ghost) && !scene.only_cut_was_left && scene.outcome != Outcome::Printed {
            return Some("a ghost of the first ticket".to_owned());
        }
        None
    }
}

fn outcome_fault(scene: &Scene<'_>) -> Option<String> {
    let jobs = scene.printed.len() + 1;
    if scene.finished != jobs || scene.printed.iter().any(|outcome| *outcome != Some(Outcome::Printed)) {
        return Some(format!("{} outcomes of {jobs} jobs, then {:?}", scene.finished, scene.printed));
    }
    if scene.blow == Blow::Fault(FakeFault::NearEnd) && scene.outcome != Outcome::Printed {
        return Some("a roll near its end stopped a ticket".to_owned());
    }
    let degraded = scene.health.iter().filter(|health| matches!(health, DeviceHealth::Degraded(_))).count();
    let expected = usize::from(scene.blow == Blow::Fault(FakeFault::NearEnd));
    (degraded != expected).then(|| format!("{degraded} warnings in {:?}", scene.health))
}

/// Known in time: 200 ms for a printer that reports, 1 s for one that is asked, 3 s and the paper's own time for silence.
fn time_fault(bench: &Bench, scene: &Scene<'_>) -> Option<String> {
    let asked = bench.profile.status == StatusMeans::Poll;
    let told = Duration::from_millis(if asked { 1000 } else { 200 });
    let silence = Duration::from_millis(4500);
    let limit = match scene.blow {
        Blow::Kill | Blow::Fault(FakeFault::NearEnd) => return None,
        Blow::Fault(FakeFault::Unplugged | FakeFault::PowerLoss) => Duration::ZERO,
        Blow::Fault(FakeFault::Silence | FakeFault::Busy) => silence,
        Blow::Fault(FakeFault::CoverOpen) if bench.model.mute_when_open => silence,
        Blow::Fault(
            FakeFault::PaperEnd
            | FakeFault::CoverOpen
            | FakeFault::CutterError
            | FakeFault::PaperJam
            | FakeFault::HeadHot
            | FakeFault::Unrecoverable,
        ) => told,
    };
    let is_late = scene.outcome != Outcome::Printed && scene.delay > limit;
    is_late.then(|| format!("known after {:?}", scene.delay))
}

/// The printer was sent nothing that it does not know.
fn byte_fault(scene: &Scene<'_>) -> Option<String> {
    let (unknown, bytes) = scene.fake.unknown_bytes();
    // A torn command header can be up to two bytes that no zeros complete.
    let torn = match scene.blow {
        Blow::Kill | Blow::Fault(FakeFault::Unplugged) => 4,
        Blow::Fault(_) => 0,
    };
    if unknown > torn {
        return Some(format!("{unknown} unknown bytes {bytes:02x?}"));
    }
    let longest = scene.fake.longest_command();
    (longest > 4096).then(|| format!("a command of {longest} bytes"))
}

fn paper_of(sim: &mut Sim) -> Bitmap {
    sim.run_until(Duration::from_secs(4), |_| false);
    sim.take_tickets().remove(0).image
}

/// The first rows that are not blank, up to the next blank one.
fn first_ink(paper: &Bitmap) -> Bitmap {
    let is_blank = |row: &&[u8]| row.iter().all(|byte| *byte == 0);
    let mut ink = Bitmap::new(paper.width_dots(), 0);
    for row in paper.rows().skip_while(is_blank).take_while(|row| !is_blank(row)) {
        ink.push_row(row);
    }
    assert!(ink.row_count() > 5, "nothing to know the paper by");
    ink
}

/// Whether these rows stand somewhere on the paper.
fn contains(paper: &Bitmap, rows: &Bitmap) -> bool {
    let (paper, row_bytes, rows) = (paper.data(), paper.row_bytes(), rows.data());
    paper.chunks_exact(row_bytes).enumerate().any(|(at, row)| {
        rows.starts_with(row) && paper.get(at * row_bytes..).is_some_and(|rest| rest.starts_with(rows))
    })
}
