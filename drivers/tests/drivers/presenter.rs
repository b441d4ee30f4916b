//! A printer that holds tickets out, and people who take them or leave them.

use std::time::Duration;

use kiosk_drivers::fake::{FakeModel, Fate, Person};
use kiosk_drivers::printer::{Outcome, Presenter, PrinterEvent, Profile, Unclaimed};
use kiosk_drivers::{Cause, DeviceHealth};

use crate::sample;
use crate::sim::{Sim, small_ticket};

fn profile(unclaimed: Unclaimed) -> Profile {
    let mut profile = sample::profile("vkp80");
    let limit = Duration::from_secs(10);
    profile.presenter = Some(Presenter { present_steps: 8, unclaimed_limit: limit, unclaimed });
    profile
}

/// A printer that is ready, with that person before it.
fn sim(unclaimed: Unclaimed, person: Person) -> (Sim, Vec<kiosk_drivers::printer::Command>) {
    let profile = profile(unclaimed);
    let mut sim = Sim::new(&profile, FakeModel::like(&profile));
    sim.fake.set_person(person);
    sim.wait_ready();
    (sim, small_ticket("A1", &profile))
}

fn fates(sim: &mut Sim) -> Vec<Fate> {
    sim.take_tickets().into_iter().map(|ticket| ticket.fate).collect()
}

#[test]
fn a_ticket_that_is_taken_is_told_and_the_next_one_waits_for_that() {
    let (mut sim, ticket) = sim(Unclaimed::Eject, Person::TakesAfter(Duration::from_secs(3)));
    assert_eq!(sim.print(1, &ticket), Some(Outcome::Printed));
    assert_eq!(sim.machine.refusal(), Some(Cause::Busy), "a hand is on its way");
    assert_eq!(sim.print(2, &ticket), Some(Outcome::Printed));
    sim.run_until(Duration::from_secs(5), |_| false);
    let told: Vec<_> = sim.mouth.iter().map(|(event, _)| event.clone()).collect();
    assert_eq!(told, [PrinterEvent::TicketTaken { job: 1 }, PrinterEvent::TicketTaken { job: 2 }]);
    assert_eq!(fates(&mut sim), [Fate::Taken, Fate::Taken]);
    assert_eq!(sim.health, [DeviceHealth::Ready]);
}

#[test]
fn a_ticket_that_nobody_takes_goes_where_the_profile_says() {
    for (unclaimed, fate) in [(Unclaimed::Eject, Fate::Ejected), (Unclaimed::Retract, Fate::Retracted)] {
        let (mut sim, ticket) = sim(unclaimed, Person::Leaves);
        assert_eq!(sim.print(1, &ticket), Some(Outcome::Printed));
        let printed_at = sim.now;
        sim.run_until(Duration::from_secs(20), |_| false);
        let [(PrinterEvent::TicketLeft { job: 1 }, told_at)] = sim.mouth[..] else {
            panic!("{:?}", sim.mouth)
        };
        assert_eq!(told_at - printed_at, Duration::from_secs(10), "{unclaimed:?}");
        assert_eq!(fates(&mut sim), [fate]);
        assert_eq!(sim.health, [DeviceHealth::Ready], "{unclaimed:?}");
    }
}

#[test]
fn a_ticket_that_stays_in_the_mouth_calls_for_staff_and_makes_way_for_the_next_one() {
    let (mut sim, ticket) = sim(Unclaimed::Keep, Person::Leaves);
    assert_eq!(sim.print(1, &ticket), Some(Outcome::Printed));
    sim.run_until(Duration::from_secs(20), |_| false);
    assert_eq!(sim.health.last(), Some(&DeviceHealth::Degraded(vec![Cause::TicketLeft])));
    assert_eq!(sim.print(2, &ticket), Some(Outcome::Printed));
    assert_eq!(fates(&mut sim), [Fate::Ejected], "dropped at the front, not crushed");
    assert!(sim.fake.held_ticket().is_some());
}

#[test]
fn a_ticket_left_by_an_earlier_run_is_removed_in_time() {
    let (mut sim, ticket) = sim(Unclaimed::Retract, Person::Leaves);
    assert_eq!(sim.print(1, &ticket), Some(Outcome::Printed));
    sim.kill_program(false);
    sim.wait_ready();
    sim.run_until(Duration::from_secs(20), |_| false);
    assert_eq!(fates(&mut sim), [Fate::Retracted]);
    assert_eq!(sim.print(2, &ticket), Some(Outcome::Printed));
}
