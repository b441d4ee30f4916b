//! A hundred thousand jobs in virtual time, with faults sprinkled over them: nothing grows.

use std::time::Duration;

use kiosk_drivers::document::{Block, Document};
use kiosk_drivers::fake::{FakeFault, FakeModel};
use kiosk_drivers::printer::{Outcome, encode_document};

use crate::sample;
use crate::sim::Sim;

const JOBS: u64 = 100_000;
/// A fault on average once in so many jobs.
const FAULT_EVERY: u64 = 50;

/// Numbers that look random and are the same each time (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

#[test]
fn a_hundred_thousand_jobs_leave_nothing_behind() {
    let profile = sample::tm_t82();
    let document = Document { blocks: vec![Block::Rule, Block::Space { mm: 1 }, Block::Rule] };
    let ticket = encode_document(&document, &sample::font(), &profile).unwrap();
    let mut sim = Sim::new(&profile, FakeModel { mm_per_sec: 2000, ..FakeModel::like(&profile) });
    let mut chance = Chance(0x2026_1122);
    let (mut printed, mut outcomes, mut most_held) = (0_u64, 0_u64, 0);
    sim.wait_ready();
    let at_rest = sim.machine.held();
    for job in 1..=JOBS {
        if chance.below(FAULT_EVERY) == 0 {
            let fault = FakeFault::ALL[chance.below(FakeFault::ALL.len() as u64) as usize];
            sim.fake.strike_after(chance.below(300), fault);
        }
        sim.start_job(job, &ticket);
        sim.run_until(Duration::from_secs(30), |sim| !sim.finished.is_empty());
        let told = std::mem::take(&mut sim.finished);
        assert!(matches!(told[..], [(of, _, _)] if of == job), "{told:?}");
        outcomes += 1;
        printed += u64::from(told[0].1 == Outcome::Printed);
        most_held = most_held.max(sim.machine.held());
        if sim.machine.refusal().is_some() {
            sim.heal();
            sim.wait_ready();
        }
        sim.take_tickets();
        sim.health.clear();
    }
    sim.heal();
    sim.wait_ready();
    assert_eq!(outcomes, JOBS);
    assert!(printed > JOBS * 95 / 100 && printed < JOBS, "{printed} printed");
    assert_eq!(sim.machine.held(), at_rest, "what is held at rest has grown");
    assert!(most_held < 16_384, "{most_held} bytes held once");
}
