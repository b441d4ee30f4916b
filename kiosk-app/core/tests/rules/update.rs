//! An update's outcome is told once; an installation begins in a closed and empty hall only.

use kiosk_core::board::StaffNotice;
use kiosk_core::effect::{Effect, ScanRefusal};
use kiosk_core::event::{Event, OfficerAction, PrintOutcome, Touch};
use kiosk_core::id::{CounterId, ErrandId};
use kiosk_core::report::Fact;
use kiosk_core::time::{Now, Wall};
use kiosk_core::update::{UpdateOutcome, UpdateSource, UpdateState, UpdateWait, closed_for_long};

use crate::support::{MORNING_MS, Rig, always_open, settings};

const HOUR_MS: i64 = 3_600_000;

fn wall(hours_after_8: i64, minutes: i64) -> Wall {
    Wall { unix_ms: MORNING_MS + hours_after_8 * HOUR_MS + minutes * 60_000, trusted: true }
}

fn installs(rig: &mut Rig) -> bool {
    rig.pass_ms(1_000);
    rig.send(Event::Ticked).contains(&Effect::InstallUpdate)
}

/// A hall whose evening has come; the update was staged.
fn evening() -> Rig {
    let mut rig = Rig::at(settings(), Now { mono_ms: 1_000, wall: wall(12, 0) });
    rig.send(Event::UpdateStaged(UpdateSource::Server));
    rig.pass_ms(600_000);
    rig
}

#[test]
fn hours_that_are_long_enough_closed_by_a_table() {
    // Thursday 11 June; the 12th is a holiday, so the hall opens again on Monday at 7.
    for (hours_after_8, minutes, closed) in [
        (0, 0, false),
        (3, 29, false),
        // The break at noon ends at 13:00.
        (3, 30, true),
        (4, 0, true),
        (4, 1, false),
        (9, 0, true),
        (13, 0, true),
        (24, 0, true),
        (4 * 24 - 2, 0, true),
        (4 * 24 - 2, 1, false),
        (4 * 24 - 1, 0, false),
    ] {
        let at = wall(hours_after_8, minutes);
        assert_eq!(closed_for_long(&settings(), at), closed, "{hours_after_8} h {minutes} min after 8");
        assert!(!closed_for_long(&settings(), Wall { trusted: false, ..at }), "an untrusted clock waits");
    }
    let mut open = settings();
    open.opening = always_open();
    assert!(!closed_for_long(&open, wall(13, 0)));
}

#[test]
fn an_empty_hall_after_hours_installs_once() {
    let mut rig = evening();
    assert!(installs(&mut rig));
    assert!(!installs(&mut rig), "once is enough");
    rig.send(Event::UpdateStaged(UpdateSource::Server));
    assert!(installs(&mut rig), "asked again, it is let again");
}

#[test]
fn nothing_installs_that_was_not_staged_or_was_withdrawn() {
    let mut rig = Rig::at(settings(), Now { mono_ms: 1_000, wall: wall(12, 0) });
    rig.pass_ms(600_000);
    assert!(!installs(&mut rig));
    rig.send(Event::UpdateStaged(UpdateSource::Server));
    rig.send(Event::UpdateWithdrawn);
    assert!(!installs(&mut rig));
}

#[test]
fn a_person_at_the_screen_puts_it_off() {
    let mut rig = evening();
    rig.touch(Touch::LookUp);
    assert!(!installs(&mut rig));
    rig.pass_secs(60);
    assert!(!installs(&mut rig), "home again, but only just");
    rig.pass_ms(300_000);
    assert!(installs(&mut rig));
}

#[test]
fn an_untrusted_clock_puts_it_off() {
    let mut rig = evening();
    rig.now.wall.trusted = false;
    assert!(!installs(&mut rig));
    rig.now.wall.trusted = true;
    assert!(installs(&mut rig));
}

#[test]
fn what_an_update_waits_for_by_a_table() {
    use UpdateSource::{Server, Stick};
    use UpdateWait::{Clock, Closing, Quiet};
    let unattended_ms = 7_200_000;
    for (source, trusted, hours_after_8, waits_for, soon, later) in [
        (Server, true, 0, Closing, false, false),
        (Server, true, 9, Closing, true, true),
        (Server, false, 9, Clock, false, false),
        (Stick, true, 0, Closing, false, false),
        (Stick, true, 9, Closing, true, true),
        (Stick, false, 0, Quiet, false, true),
        (Stick, false, 9, Quiet, false, true),
    ] {
        let at = Wall { trusted, ..wall(hours_after_8, 0) };
        let wait = UpdateWait::of(source, at);
        assert_eq!(wait, waits_for, "{source:?} at {at:?}");
        let over = [unattended_ms - 1, unattended_ms].map(|ms| wait.is_over(&settings(), at, ms));
        assert_eq!(over, [soon, later], "{source:?} at {at:?}");
    }
}

/// A hall in whose morning a stick brought an update, and whose clock nobody vouches for.
fn without_a_clock() -> Rig {
    let wall = Wall { unix_ms: 20_000, trusted: false };
    let mut rig = Rig::at(settings(), Now { mono_ms: 1_000, wall });
    rig.send(Event::UpdateStaged(UpdateSource::Stick));
    rig
}

#[test]
fn without_a_clock_a_sticks_update_takes_two_hours_without_anybody() {
    let two_hours_ms = 7_200_000;
    let somebody: [fn(&mut Rig); 4] = [
        |rig| {
            rig.touch(Touch::LookUp);
        },
        |rig| {
            rig.send(Event::Scanned("x".into()));
        },
        |rig| {
            rig.send(Event::KeyPressed { counter: CounterId(1), key: 1 });
        },
        |rig| {
            rig.press(1, OfficerAction::Open);
        },
    ];
    for (number, does_something) in somebody.into_iter().enumerate() {
        let mut rig = without_a_clock();
        rig.pass_ms(two_hours_ms - 10_000);
        does_something(&mut rig);
        // Home again.
        rig.pass_secs(120);
        rig.pass_ms(two_hours_ms / 2);
        assert!(!installs(&mut rig), "somebody {number}");
        // Noise is nobody.
        rig.send(Event::ScanRejected(ScanRefusal::TooLong));
        rig.pass_secs(120);
        rig.pass_ms(two_hours_ms / 2);
        assert!(installs(&mut rig), "somebody {number}, two hours ago");
        assert!(!installs(&mut rig), "once is enough");
    }
    let mut rig = without_a_clock();
    rig.send(Event::UpdateStaged(UpdateSource::Server));
    rig.pass_ms(10 * two_hours_ms);
    assert!(!installs(&mut rig), "the control: a server's order waits for the clock");
}

#[test]
fn without_a_clock_a_number_that_waits_puts_a_sticks_update_off() {
    let mut rig = without_a_clock();
    let ticket = rig.take("ho-tich");
    rig.pass_ms(24 * 3_600_000);
    rig.send(Event::Ticked);
    assert!(!installs(&mut rig), "somebody waits");
    rig.press(1, OfficerAction::Cancel(ticket.id));
    assert!(!installs(&mut rig), "an officer is there");
    rig.pass_ms(7_200_000);
    assert!(installs(&mut rig));
}

#[test]
fn staff_read_what_an_update_waits_for() {
    let mut rig = without_a_clock();
    let told = |rig: &Rig, wait| rig.board.notices.contains(&StaffNotice::UpdateWaits(wait));
    assert!(told(&rig, UpdateWait::Quiet));
    rig.now.wall = wall(0, 0);
    rig.send(Event::Ticked);
    assert!(told(&rig, UpdateWait::Closing) && !told(&rig, UpdateWait::Quiet));
    rig.send(Event::UpdateWithdrawn);
    assert!(!told(&rig, UpdateWait::Closing));
    let mut rig = evening();
    assert!(told(&rig, UpdateWait::Closing));
    assert!(installs(&mut rig));
    assert!(!told(&rig, UpdateWait::Closing), "the boot control's word follows");
}

#[test]
fn a_store_that_fails_puts_it_off() {
    let mut rig = evening();
    rig.send_to_broken_store(Event::UpdateEnded(outcome(UpdateState::Refused, "b1")));
    assert!(!installs(&mut rig));
    rig.send(Event::StoreRecovered);
    assert!(installs(&mut rig));
}

#[test]
fn a_ticket_under_way_puts_it_off_until_it_is_done() {
    let mut rig = Rig::new(settings());
    rig.touch(Touch::TakeNumber);
    rig.touch(Touch::Errand(ErrandId::new("nhan")));
    let job = rig
        .effects
        .iter()
        .find_map(|effect| if let Effect::Print(print) = effect { Some(print.job) } else { None });
    let Some(job) = job else { panic!("no ticket was printed: {:?}", rig.effects) };
    rig.send(Event::PrintFinished { job, outcome: PrintOutcome::Printed });
    rig.press(1, OfficerAction::Open);
    rig.send(Event::UpdateStaged(UpdateSource::Server));
    // Thursday 20:00.
    rig.pass_ms(12 * 3_600_000);
    rig.send(Event::Ticked);
    rig.pass_ms(300_000);
    assert!(!installs(&mut rig), "somebody waits");
    rig.press(1, OfficerAction::CallNext);
    assert!(!installs(&mut rig), "somebody is called");
    rig.press(1, OfficerAction::Serve);
    assert!(!installs(&mut rig), "somebody is served");
    rig.press(1, OfficerAction::Finish);
    assert!(!installs(&mut rig), "the rating is awaited");
    assert!((0..61).any(|_| installs(&mut rig)), "a minute later it is over");
}

fn outcome(state: UpdateState, at_boot: &str) -> UpdateOutcome {
    UpdateOutcome {
        state,
        version: "0.2.0".to_owned(),
        slot: "B".to_owned(),
        reason: String::new(),
        at_boot: at_boot.to_owned(),
    }
}

#[test]
fn each_outcome_is_reported_once_also_across_restarts() {
    let mut rig = Rig::new(settings());
    let told = |rig: &Rig| rig.store.facts.iter().filter(|fact| matches!(fact, Fact::Update(_))).count();
    for (state, at_boot, expected) in [
        (UpdateState::Trial, "b1", 1),
        (UpdateState::Trial, "b1", 1),
        (UpdateState::FellBack, "b1", 2),
        (UpdateState::FellBack, "b1", 2),
        (UpdateState::FellBack, "b2", 3),
    ] {
        rig.send(Event::UpdateEnded(outcome(state, at_boot)));
        assert_eq!(told(&rig), expected, "{state:?} of {at_boot}");
        rig.restart(false);
        rig.send(Event::UpdateEnded(outcome(state, at_boot)));
        assert_eq!(told(&rig), expected, "{state:?} of {at_boot} after a restart");
    }
    rig.send_to_broken_store(Event::UpdateEnded(outcome(UpdateState::Committed, "b3")));
    assert_eq!(told(&rig), 3);
    rig.send(Event::StoreRecovered);
    rig.send(Event::UpdateEnded(outcome(UpdateState::Committed, "b3")));
    assert_eq!(told(&rig), 4, "what could not be stored is told later");
}
