//! Ratings: what counts, what is flagged, what is reported.

use kiosk_core::event::{Event, KeypadFlag, OfficerAction, Touch};
use kiosk_core::id::{CounterId, RatingReasonId};
use kiosk_core::report::{Fact, RatingFlag};
use kiosk_core::screen::Page;
use kiosk_core::ticket::Ticket;

use crate::support::{Rig, settings};

/// A hall in which counter 1 has just finished a ticket.
fn finished() -> (Rig, Ticket) {
    let mut rig = Rig::new(settings());
    let ticket = rig.take("ho-tich");
    for action in [OfficerAction::Open, OfficerAction::CallNext, OfficerAction::Serve, OfficerAction::Finish]
    {
        rig.press(1, action);
    }
    rig.touch(Touch::Home);
    (rig, ticket)
}

fn key(rig: &mut Rig, after_ms: u64, key: u8) {
    rig.pass_ms(after_ms);
    rig.send(Event::KeyPressed { counter: CounterId(1), key });
}

/// Keys that counted, in order; the latest for a ticket stands.
fn counted(rig: &Rig) -> Vec<u8> {
    let rated = |fact: &Fact| if let Fact::Rated(rating) = fact { Some(rating.key) } else { None };
    rig.store.facts.iter().filter_map(rated).collect()
}

fn flags(rig: &mut Rig) -> Vec<(RatingFlag, u32)> {
    rig.pass_secs(11);
    let flagged = |fact: &Fact| {
        if let Fact::RatingFlagged { flag, count, .. } = fact { Some((*flag, *count)) } else { None }
    };
    rig.store.facts.iter().filter_map(flagged).collect()
}

#[test]
fn a_press_counts_once_for_the_served_ticket_and_may_be_changed_within_three_seconds() {
    let locked = || vec![(RatingFlag::Locked, 1)];
    // Each press: milliseconds after the one before, key.
    let table = [
        ("one press", vec![(500, 2)], vec![2], vec![]),
        ("changed", vec![(500, 1), (2900, 3)], vec![1, 3], vec![]),
        ("changed too late", vec![(500, 1), (3000, 3)], vec![1], locked()),
        ("changed twice", vec![(500, 1), (500, 3), (500, 2)], vec![1, 3], locked()),
        ("same key again", vec![(500, 1), (500, 1)], vec![1], locked()),
        ("no such key", vec![(500, 9)], vec![], vec![(RatingFlag::UnknownKey, 1)]),
        ("too late", vec![(60_000, 1)], vec![], vec![(RatingFlag::NoWindow, 1)]),
    ];
    for (name, presses, rated, flagged) in table {
        let (mut rig, ticket) = finished();
        for (after_ms, pressed) in presses {
            key(&mut rig, after_ms, pressed);
        }
        assert_eq!(counted(&rig), rated, "{name}");
        assert_eq!(flags(&mut rig), flagged, "{name}");
        let stored = rig.store.restored(false).ratings;
        assert_eq!(stored.first().map(|rating| rating.key), rated.last().copied(), "{name}");
        assert!(stored.iter().all(|rating| rating.ticket == ticket.id && rating.scale == "vn3"));
    }
}

#[test]
fn a_press_within_a_second_of_the_finish_is_the_officers() {
    let mut rig = Rig::new(settings());
    rig.take("ho-tich");
    for action in [OfficerAction::Open, OfficerAction::CallNext, OfficerAction::Serve, OfficerAction::Finish]
    {
        rig.press(1, action);
    }
    key(&mut rig, 999, 1);
    assert!(counted(&rig).is_empty());
    key(&mut rig, 1, 2);
    assert_eq!(counted(&rig), [2]);
    assert_eq!(flags(&mut rig), [(RatingFlag::TooSoon, 1)]);
}

#[test]
fn fifty_presses_in_ten_seconds_are_one_rating_and_forty_nine_flags() {
    let (mut rig, _) = finished();
    for _ in 0..50 {
        key(&mut rig, 200, 1);
    }
    assert_eq!(counted(&rig), [1]);
    let flagged = flags(&mut rig);
    assert_eq!(flagged.iter().map(|(_, count)| count).sum::<u32>(), 49);
    assert!(flagged.contains(&(RatingFlag::Keypad(KeypadFlag::Burst), 45)), "{flagged:?}");
}

#[test]
fn a_burst_that_began_before_the_finish_does_not_rate() {
    let mut rig = Rig::new(settings());
    rig.take("ho-tich");
    for action in [OfficerAction::Open, OfficerAction::CallNext, OfficerAction::Serve] {
        rig.press(1, action);
    }
    for _ in 0..10 {
        key(&mut rig, 200, 1);
    }
    rig.press(1, OfficerAction::Finish);
    for _ in 0..10 {
        key(&mut rig, 200, 1);
    }
    assert!(counted(&rig).is_empty());
}

#[test]
fn a_window_closes_with_or_without_a_rating_and_says_which() {
    let closed = |rig: &Rig| {
        let closed =
            |fact: &Fact| if let Fact::RatingWindowClosed { rated, .. } = fact { Some(*rated) } else { None };
        rig.store.facts.iter().filter_map(closed).collect::<Vec<_>>()
    };
    let (mut rig, _) = finished();
    rig.pass_secs(58);
    assert_eq!(closed(&rig), []);
    rig.pass_secs(1);
    assert_eq!(closed(&rig), [false]);

    let (mut rig, _) = finished();
    key(&mut rig, 500, 3);
    rig.take("ho-tich");
    for action in [OfficerAction::CallNext, OfficerAction::Serve, OfficerAction::Finish] {
        rig.press(1, action);
    }
    assert_eq!(closed(&rig), [true], "the next finish closes it");
}

#[test]
fn the_screen_rates_into_the_same_window_and_asks_why_after_a_low_one() {
    let (mut rig, ticket) = finished();
    rig.touch(Touch::Rate);
    assert_eq!(*rig.page(), Page::RateCounters(vec![CounterId(1)]));
    rig.touch(Touch::RateCounter(CounterId(1)));
    assert!(matches!(rig.page(), Page::RateScale { number, .. } if *number == ticket.number));
    rig.touch(Touch::RateChoice(3));
    assert!(matches!(rig.page(), Page::RateReasons(reasons) if reasons.len() == 1));
    rig.touch(Touch::RateReason(RatingReasonId::new("cho-lau")));
    assert_eq!(*rig.page(), Page::RateThanks);
    assert!(rig.store.facts.iter().any(|fact| matches!(fact, Fact::RatedBecause { .. })));
    assert_eq!(counted(&rig), [3]);
    key(&mut rig, 5000, 1);
    assert_eq!(counted(&rig), [3], "the keypad finds the window used");
    rig.touch(Touch::Home);
    rig.touch(Touch::Rate);
    assert_eq!(*rig.page(), Page::RateCounters(Vec::new()));
}

#[test]
fn a_high_rating_asks_nothing_and_a_reason_may_be_skipped() {
    for (choice, skipped) in [(1, false), (3, true)] {
        let (mut rig, _) = finished();
        rig.touch(Touch::Rate);
        rig.touch(Touch::RateCounter(CounterId(1)));
        rig.touch(Touch::RateChoice(choice));
        if skipped {
            rig.touch(Touch::Skip);
        }
        assert_eq!(*rig.page(), Page::RateThanks);
        rig.pass_secs(5);
        assert!(matches!(rig.page(), Page::Home { .. }));
    }
}

#[test]
fn an_odd_keypad_is_flagged_and_never_counted() {
    let (mut rig, _) = finished();
    for _ in 0..3 {
        rig.send(Event::KeypadFlagged { counter: CounterId(1), flag: KeypadFlag::Stuck });
    }
    rig.send(Event::KeypadFlagged { counter: CounterId(77), flag: KeypadFlag::Stuck });
    assert_eq!(flags(&mut rig), [(RatingFlag::Keypad(KeypadFlag::Stuck), 3)]);
    assert!(counted(&rig).is_empty());
}
