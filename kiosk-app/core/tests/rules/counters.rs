//! Officers at their counters.

use kiosk_core::effect::{CounterState, Effect, OfficerAnswer, OfficerRefusal};
use kiosk_core::event::{Event, OfficerAction, TransferTo};
use kiosk_core::id::{AreaId, CounterId, PauseReasonId, PriorityId};
use kiosk_core::report::{CancelReason, Fact, Step};
use kiosk_core::screen::Page;
use kiosk_core::ticket::{Ticket, TicketState};

use crate::support::{Rig, priority_classes, settings};

const DONE: OfficerAnswer = OfficerAnswer::Done;

fn refused(refusal: OfficerRefusal) -> OfficerAnswer {
    OfficerAnswer::Refused(refusal)
}

/// A hall with two tickets of ho-tich and counters 1 and 2 open.
fn two_waiting() -> (Rig, Ticket, Ticket) {
    let mut rig = Rig::new(settings());
    let first = rig.take("ho-tich");
    let second = rig.take("ho-tich");
    rig.press(1, OfficerAction::Open);
    rig.press(2, OfficerAction::Open);
    (rig, first, second)
}

fn state(rig: &Rig, ticket: &Ticket) -> TicketState {
    rig.store.tickets().find(|known| known.id == ticket.id).unwrap().state
}

fn spoken(rig: &Rig) -> Vec<String> {
    let words =
        |effect: &Effect| if let Effect::Announce(call) = effect { Some(call.words.clone()) } else { None };
    rig.effects.iter().filter_map(words).collect()
}

#[test]
fn a_press_acts_only_on_what_was_seen_and_in_the_right_state() {
    use OfficerAction::{CallNext, Close, Finish, Hold, NoShow, Recall, Serve};
    let table: [(&[OfficerAction], OfficerAction, OfficerAnswer); 14] = [
        (&[], Serve, refused(OfficerRefusal::NoTicketInHand)),
        (&[], Finish, refused(OfficerRefusal::NoTicketInHand)),
        (&[CallNext], CallNext, refused(OfficerRefusal::TicketInHand)),
        (&[CallNext], Close, refused(OfficerRefusal::TicketInHand)),
        (&[CallNext], Finish, refused(OfficerRefusal::WrongState)),
        (&[CallNext], Hold, refused(OfficerRefusal::WrongState)),
        (&[CallNext], Recall, DONE),
        (&[CallNext], NoShow, DONE),
        (&[CallNext, Serve], Serve, refused(OfficerRefusal::WrongState)),
        (&[CallNext, Serve], NoShow, refused(OfficerRefusal::WrongState)),
        (&[CallNext, Serve], Recall, refused(OfficerRefusal::WrongState)),
        (&[CallNext, Serve], Hold, DONE),
        (&[CallNext, Serve], Finish, DONE),
        (&[Close], CallNext, refused(OfficerRefusal::CounterNotOpen)),
    ];
    for (before, action, expected) in table {
        let (mut rig, ..) = two_waiting();
        for press in before {
            assert_eq!(rig.press(1, press.clone()), DONE);
        }
        assert_eq!(rig.press(1, action.clone()), expected, "{before:?} then {action:?}");
    }
}

#[test]
fn a_page_out_of_date_changes_nothing() {
    let (mut rig, first, second) = two_waiting();
    rig.press(1, OfficerAction::CallNext);
    let stale = [
        rig.press_seen(1, None, OfficerAction::CallNext),
        rig.press_seen(1, Some(second.id.clone()), OfficerAction::Serve),
        rig.press_seen(1, None, OfficerAction::NoShow),
        rig.press_seen(2, Some(first.id.clone()), OfficerAction::Finish),
    ];
    assert_eq!(stale, [const { OfficerAnswer::Stale }; 4]);
    assert_eq!(state(&rig, &first), TicketState::Called(CounterId(1)));
    assert_eq!(state(&rig, &second), TicketState::Waiting);
}

#[test]
fn the_same_press_sent_twice_acts_once_also_over_a_restart() {
    let (mut rig, first, second) = two_waiting();
    assert_eq!(rig.press_as(500, 1, None, OfficerAction::CallNext), DONE);
    assert_eq!(rig.press_as(500, 1, None, OfficerAction::CallNext), DONE);
    assert_eq!(rig.current(1), Some(first.id.clone()));
    rig.restart(false);
    assert_eq!(rig.press_as(500, 1, None, OfficerAction::CallNext), DONE);
    assert_eq!(rig.current(1), Some(first.id));
    assert_eq!(state(&rig, &second), TicketState::Waiting);
}

#[test]
fn nobody_is_called_without_a_press_nor_to_a_counter_that_does_not_serve_them() {
    let mut rig = Rig::new(settings());
    rig.take("huong-dan");
    rig.press(3, OfficerAction::Open);
    rig.pass_secs(120);
    assert!(rig.board.counters.iter().all(|counter| counter.current.is_none()));
    assert_eq!(rig.press(3, OfficerAction::CallNext), OfficerAnswer::NobodyWaits);
}

#[test]
fn a_transfer_keeps_its_place_by_time_of_issue() {
    let mut rig = Rig::new(settings());
    let transferred = rig.take("ho-tich");
    let waiting = rig.take("dat-dai");
    rig.press(1, OfficerAction::Open);
    rig.press(3, OfficerAction::Open);
    rig.press(1, OfficerAction::CallNext);
    rig.press(1, OfficerAction::Serve);
    let to = TransferTo::Area(AreaId::new("dat-dai"));
    assert_eq!(rig.press(1, OfficerAction::Transfer(to)), DONE);
    rig.press(3, OfficerAction::CallNext);
    assert_eq!(rig.current(3), Some(transferred.id));
    assert_eq!(state(&rig, &waiting), TicketState::Waiting);
}

#[test]
fn a_transfer_to_one_counter_waits_for_it_alone_until_it_closes() {
    let (mut rig, first, second) = two_waiting();
    rig.press(3, OfficerAction::Open);
    rig.press(1, OfficerAction::CallNext);
    assert_eq!(rig.press(1, OfficerAction::Transfer(TransferTo::Counter(CounterId(3)))), DONE);
    rig.press(2, OfficerAction::CallNext);
    assert_eq!(rig.current(2), Some(second.id), "the first waits for counter 3");
    rig.press(3, OfficerAction::Close);
    assert_eq!(rig.press(1, OfficerAction::CallNext), OfficerAnswer::NobodyWaits);
    rig.press(2, OfficerAction::NoShow);
    rig.press(2, OfficerAction::CallNext);
    assert_eq!(rig.current(2), Some(first.id), "it waits in the area that counter 3 serves");
    let closed = TransferTo::Counter(CounterId(3));
    assert_eq!(rig.press(2, OfficerAction::Transfer(closed)), refused(OfficerRefusal::CounterNotOpen));
    let unknown = TransferTo::Counter(CounterId(9));
    assert_eq!(rig.press(2, OfficerAction::Transfer(unknown)), refused(OfficerRefusal::Unknown));
}

#[test]
fn a_no_show_comes_back_once_and_behind_the_next() {
    let (mut rig, late, next) = two_waiting();
    let after = rig.take("ho-tich");
    rig.press(1, OfficerAction::CallNext);
    rig.press(1, OfficerAction::NoShow);
    assert_eq!(rig.press(1, OfficerAction::Reenter(late.id.clone())), DONE);
    let waiting: Vec<_> = rig.board.waiting.iter().map(|ticket| ticket.id.clone()).collect();
    assert_eq!(waiting, [next.id, late.id.clone(), after.id]);
    rig.press(1, OfficerAction::CallNext);
    rig.press(2, OfficerAction::CallNext);
    assert_eq!(rig.current(2), Some(late.id.clone()));
    rig.press(2, OfficerAction::NoShow);
    let again = rig.press(2, OfficerAction::Reenter(late.id));
    assert_eq!(again, refused(OfficerRefusal::ReentryUsed));
}

#[test]
fn a_ticket_on_hold_is_resumed_where_it_was_set_aside_or_elsewhere_once_that_counter_closed() {
    let (mut rig, first, _) = two_waiting();
    rig.press(1, OfficerAction::CallNext);
    rig.press(1, OfficerAction::Serve);
    rig.press(1, OfficerAction::Hold);
    let resume = || OfficerAction::Resume(first.id.clone());
    assert_eq!(rig.press(2, resume()), refused(OfficerRefusal::WrongState));
    rig.press(1, OfficerAction::Close);
    assert_eq!(rig.press(2, resume()), DONE);
    assert_eq!(state(&rig, &first), TicketState::Serving(CounterId(2)));
}

#[test]
fn a_cancelled_ticket_is_not_called_and_another_counters_is_not_cancelled() {
    let (mut rig, first, second) = two_waiting();
    assert_eq!(rig.press(2, OfficerAction::Cancel(first.id.clone())), DONE);
    rig.press(1, OfficerAction::CallNext);
    assert_eq!(rig.current(1), Some(second.id.clone()));
    assert_eq!(rig.press(2, OfficerAction::Cancel(second.id)), refused(OfficerRefusal::WrongState));
    let told = |fact: &Fact| matches!(fact, Fact::Moved { step: Step::Cancelled(CancelReason::Officer), .. });
    assert!(rig.store.facts.iter().any(told));
}

#[test]
fn a_priority_overtakes_twice_and_no_more_and_can_be_revoked() {
    let mut hall = settings();
    hall.priority_classes = priority_classes();
    let mut rig = Rig::new(hall);
    let normal = rig.take_with("ho-tich", None);
    let priority: Vec<Ticket> = (0..4).map(|_| rig.take_with("ho-tich", Some("cao-tuoi"))).collect();
    rig.press(1, OfficerAction::Open);
    let mut called = Vec::new();
    for _ in 0..4 {
        rig.press(1, OfficerAction::CallNext);
        called.push(rig.current(1).unwrap());
        rig.press(1, OfficerAction::NoShow);
    }
    let expected = [&priority[0], &priority[1], &normal, &priority[2]].map(|ticket| ticket.id.clone());
    assert_eq!(called, expected);

    let last = priority[3].id.clone();
    assert_eq!(rig.press(1, OfficerAction::RevokePriority(last.clone())), DONE);
    let revoked = Step::PriorityRevoked(PriorityId::new("cao-tuoi"));
    assert!(rig.store.facts.iter().any(|fact| matches!(fact, Fact::Moved { step, .. } if *step == revoked)));
    assert_eq!(rig.press(1, OfficerAction::RevokePriority(last)), refused(OfficerRefusal::WrongState));
}

#[test]
fn a_pause_has_a_reason_of_the_hall_and_stops_calls() {
    let (mut rig, ..) = two_waiting();
    let unknown = OfficerAction::Pause(PauseReasonId::new("di-choi"));
    assert_eq!(rig.press(1, unknown), refused(OfficerRefusal::Unknown));
    let meeting = PauseReasonId::new("hop");
    assert_eq!(rig.press(1, OfficerAction::Pause(meeting.clone())), DONE);
    assert_eq!(rig.board.counters[0].state, CounterState::Paused(meeting));
    assert_eq!(rig.press(1, OfficerAction::CallNext), refused(OfficerRefusal::CounterNotOpen));
    assert_eq!(rig.press(1, OfficerAction::Open), DONE);
    assert_eq!(rig.press(1, OfficerAction::CallNext), DONE);
    assert_eq!(rig.press(9, OfficerAction::Open), refused(OfficerRefusal::Unknown));
}

#[test]
fn five_calls_in_one_second_are_all_spoken_in_order_one_at_a_time() {
    let mut hall = settings();
    for (n, counter) in hall.counters.iter_mut().enumerate() {
        counter.areas = vec![AreaId::new(["ho-tich", "ho-tich", "dat-dai"][n])];
    }
    let mut rig = Rig::new(hall);
    for area in ["ho-tich", "ho-tich", "dat-dai"] {
        rig.take(area);
    }
    let mut heard = Vec::new();
    for counter in 1..=3 {
        rig.press(counter, OfficerAction::Open);
        rig.press(counter, OfficerAction::CallNext);
        heard.extend(spoken(&rig));
    }
    for counter in 1..=2 {
        rig.press(counter, OfficerAction::Recall);
        heard.extend(spoken(&rig));
    }
    assert_eq!(heard.len(), 1, "one at a time");
    for _ in 0..4 {
        rig.send(Event::AnnouncementFinished);
        heard.extend(spoken(&rig));
    }
    let expected = [
        "mời công dân số a không không một đến quầy số một",
        "mời công dân số a không không hai đến quầy số hai",
        "mời công dân số b không không một đến quầy số ba",
        "mời công dân số a không không một đến quầy số một",
        "mời công dân số a không không hai đến quầy số hai",
    ];
    assert_eq!(heard, expected);
    let calls: Vec<u64> = rig.board.calls.iter().map(|call| call.serial).collect();
    assert_eq!(calls, [5, 4, 3, 2, 1]);
}

#[test]
fn an_announcement_that_never_ends_does_not_silence_the_hall() {
    let (mut rig, ..) = two_waiting();
    rig.press(1, OfficerAction::CallNext);
    rig.press(2, OfficerAction::CallNext);
    rig.pass_secs(19);
    assert!(spoken(&rig).is_empty());
    rig.pass_secs(1);
    assert_eq!(spoken(&rig).len(), 1);
}

#[test]
fn the_wait_is_told_from_five_intervals_on() {
    let mut rig = Rig::new(settings());
    for _ in 0..7 {
        rig.take("ho-tich");
    }
    rig.press(1, OfficerAction::Open);
    for _ in 0..6 {
        rig.press(1, OfficerAction::CallNext);
        rig.press(1, OfficerAction::NoShow);
        rig.pass_ms(4 * 60_000);
    }
    rig.take("ho-tich");
    let Page::Taken(taken) = rig.page() else { panic!("{:?}", rig.page()) };
    assert_eq!(taken.people_ahead, 1);
    assert_eq!(taken.wait_minutes, Some((0, 10)), "one ahead, 4 minutes each, rounded outwards to 5");
}
