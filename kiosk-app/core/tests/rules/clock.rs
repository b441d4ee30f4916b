//! The business day, opening hours, quotas, and a clock that lies.

use kiosk_core::board::StaffNotice;
use kiosk_core::effect::{CounterState, Effect, LogEvent};
use kiosk_core::event::{Event, Line, OfficerAction, Touch};
use kiosk_core::id::{AreaId, ErrandId};
use kiosk_core::report::{CancelReason, Fact, GapReason, Step};
use kiosk_core::screen::{Availability, OpensAt, Page};
use kiosk_core::ticket::TicketState;
use kiosk_core::time::{BusinessDay, Now, Wall};

use crate::support::{MORNING_MS, Rig, day, settings};

const HOUR_MS: i64 = 3_600_000;

fn at_1970() -> Now {
    Now { mono_ms: 1000, wall: Wall { unix_ms: 20_000, trusted: false } }
}

#[test]
fn a_new_hall_with_its_clock_at_1970_gives_numbers_under_no_real_day() {
    let mut rig = Rig::at(settings(), at_1970());
    let ticket = rig.take("ho-tich");
    assert_eq!(ticket.id.day, BusinessDay::UNKNOWN);
    assert_eq!(ticket.id.day.to_string(), "0001-01-01");
    assert_eq!(ticket.number.0, "A001");
    assert!(!ticket.issued_at.trusted);
}

#[test]
fn with_its_clock_at_1970_a_known_hall_goes_on_under_the_stored_day() {
    let mut rig = Rig::new(settings());
    rig.take("ho-tich");
    rig.now = at_1970();
    rig.restart(false);
    let ticket = rig.take("ho-tich");
    assert_eq!(ticket.id.day, day(2026, 6, 11));
    assert_eq!(ticket.number.0, "A002");
}

#[test]
fn people_who_came_before_the_clock_was_right_keep_number_and_place() {
    let mut rig = Rig::at(settings(), at_1970());
    let early = rig.take("ho-tich");
    rig.now.wall = Wall { unix_ms: MORNING_MS, trusted: true };
    rig.send(Event::Ticked);
    assert_eq!(rig.board.day, Some(day(2026, 6, 11)));
    let later = rig.take("ho-tich");
    assert_eq!(later.number.0, "A002", "no second A001 in the hall");
    let explained = rig
        .store
        .facts
        .iter()
        .any(|fact| matches!(fact, Fact::Gap { from: 1, to: 1, reason: GapReason::DayCarried, .. }));
    assert!(explained);
    rig.restart(false);
    rig.press(1, OfficerAction::Open);
    rig.press(1, OfficerAction::CallNext);
    assert_eq!(rig.current(1), Some(early.id));
}

#[test]
fn a_number_given_before_the_clock_was_right_is_not_given_again_even_when_its_ticket_is_done() {
    let mut rig = Rig::at(settings(), at_1970());
    rig.press(1, OfficerAction::Open);
    rig.take("ho-tich");
    rig.press(1, OfficerAction::CallNext);
    rig.press(1, OfficerAction::Serve);
    rig.press(1, OfficerAction::Finish);
    rig.now.wall = Wall { unix_ms: MORNING_MS, trusted: true };
    rig.send(Event::Ticked);
    assert_eq!(rig.take("ho-tich").number.0, "A002", "A001 may still be in somebody's hand");
}

#[test]
fn a_new_day_cancels_who_waits_closes_counters_and_starts_at_one() {
    let mut rig = Rig::new(settings());
    let waiting = rig.take("ho-tich");
    rig.press(1, OfficerAction::Open);
    rig.pass_ms(24 * HOUR_MS as u64);
    rig.now.wall.unix_ms += 3 * 24 * HOUR_MS;
    rig.send(Event::Ticked);
    assert_eq!(rig.board.day, Some(day(2026, 6, 15)));
    assert!(rig.board.waiting.is_empty());
    assert!(rig.board.counters.iter().all(|counter| counter.state == CounterState::Closed));
    let state = rig.store.tickets().find(|ticket| ticket.id == waiting.id).unwrap().state;
    assert_eq!(state, TicketState::Cancelled);
    let told = rig
        .store
        .facts
        .iter()
        .any(|fact| matches!(fact, Fact::Moved { step: Step::Cancelled(CancelReason::DayEnded), .. }));
    assert!(told);
    assert_eq!(rig.take("ho-tich").number.0, "A001");
}

#[test]
fn the_day_starts_at_midnight_of_vietnam_not_of_utc() {
    let table = [(-1, 0), (0, 0), (15 * HOUR_MS + 59 * 60_000, 0), (16 * HOUR_MS, 1)];
    for (ms_after_eight, days) in table {
        let mut rig = Rig::new(settings());
        rig.now.wall.unix_ms = MORNING_MS + ms_after_eight;
        rig.send(Event::Ticked);
        assert_eq!(rig.board.day, Some(BusinessDay(day(2026, 6, 11).0 + days)), "{ms_after_eight}");
    }
}

#[test]
fn the_day_never_goes_back_nor_forward_on_a_guess() {
    let mut rig = Rig::new(settings());
    let today = Some(day(2026, 6, 11));
    for (days, trusted) in [(-5, true), (-5, false), (400, false), (0, true)] {
        rig.now.wall = Wall { unix_ms: MORNING_MS + days * 24 * HOUR_MS, trusted };
        rig.send(Event::Ticked);
        assert_eq!(rig.board.day, today, "{days} {trusted}");
    }
}

#[test]
fn a_date_years_ahead_needs_the_servers_word() {
    let ten_years_on = MORNING_MS + 3653 * 24 * HOUR_MS;
    let server = |unix_ms| Some(Event::ServerClock { unix_ms });
    let table = [
        ("nobody confirms it", None, false),
        ("the server says it is still 2026", server(MORNING_MS), false),
        ("the server says it is 2036 too", server(ten_years_on + HOUR_MS), true),
        ("there is no server to ask", Some(Event::LineChanged(Line::NotEnrolled)), true),
    ];
    for (name, witness, believed) in table {
        let mut rig = Rig::new(settings());
        rig.take("ho-tich");
        if let Some(witness) = witness {
            rig.send(witness);
        }
        rig.now.wall.unix_ms = ten_years_on;
        rig.send(Event::Ticked);
        assert_eq!(rig.board.day != Some(day(2026, 6, 11)), believed, "{name}");
        assert_eq!(rig.board.notices.contains(&StaffNotice::ClockUntrusted), !believed, "{name}");
        let said = |effect: &Effect| matches!(effect, Effect::Log(LogEvent::ClockNotBelieved { days: 3653 }));
        assert_eq!(rig.effects.iter().any(said), !believed, "{name}");
        rig.send(Event::Ticked);
        assert!(!rig.effects.iter().any(said), "{name}: said once");
        if !believed {
            // Put right, the clock is trusted at once and the day was never left.
            rig.now.wall.unix_ms = MORNING_MS + HOUR_MS;
            assert_eq!(rig.take("ho-tich").number.0, "A002", "{name}");
            assert!(!rig.board.notices.contains(&StaffNotice::ClockUntrusted), "{name}");
        }
    }
}

#[test]
fn what_the_server_said_before_the_clock_jumped_does_not_confirm_the_jump() {
    let mut rig = Rig::new(settings());
    rig.send(Event::ServerClock { unix_ms: MORNING_MS });
    rig.pass_ms(1_000);
    rig.now.wall.unix_ms += 400 * 24 * HOUR_MS;
    rig.send(Event::Ticked);
    assert_eq!(rig.board.day, Some(day(2026, 6, 11)));
}

#[test]
fn a_year_in_a_store_room_is_believed() {
    let mut rig = Rig::new(settings());
    rig.now.wall.unix_ms += 366 * 24 * HOUR_MS;
    rig.restart(false);
    assert_eq!(rig.board.day, Some(day(2027, 6, 12)));
}

#[test]
fn outside_the_hours_the_next_opening_is_told() {
    let opens = |day, minute| Availability::Closed(Some(OpensAt { day, minute }));
    let table = [
        ("before opening", -2 * HOUR_MS, opens(day(2026, 6, 11), 7 * 60)),
        ("open", 0, Availability::Open),
        ("noon", 4 * HOUR_MS, opens(day(2026, 6, 11), 13 * 60)),
        ("half past eleven to the minute", 3 * HOUR_MS + 30 * 60_000, opens(day(2026, 6, 11), 13 * 60)),
        ("evening, then a holiday and a weekend", 10 * HOUR_MS, opens(day(2026, 6, 15), 7 * 60)),
        ("holiday", 25 * HOUR_MS, opens(day(2026, 6, 15), 7 * 60)),
    ];
    for (name, after_eight_ms, expected) in table {
        let mut rig = Rig::new(settings());
        rig.now.wall.unix_ms = MORNING_MS + after_eight_ms;
        rig.send(Event::Ticked);
        let Page::Home { availability, .. } = rig.page() else { panic!("{name}") };
        assert_eq!(*availability, expected, "{name}");
        rig.touch(Touch::TakeNumber);
        match expected {
            Availability::Open => assert!(matches!(rig.page(), Page::Errands(_)), "{name}"),
            Availability::Closed(_) | Availability::QuotaReached { .. } | Availability::Exhausted => {
                assert_eq!(*rig.page(), Page::NotNow(expected), "{name}");
            }
        }
    }
}

#[test]
fn a_quota_counts_for_half_a_day_and_a_range_ends() {
    let mut hall = settings();
    hall.areas[0].session_quota = Some(2);
    hall.areas[1].last = 1;
    let mut rig = Rig::new(hall);
    rig.take("ho-tich");
    rig.take("ho-tich");
    rig.take("dat-dai");
    let choose = |rig: &mut Rig, area: &str| {
        rig.touch(Touch::Home);
        rig.touch(Touch::TakeNumber);
        rig.touch(Touch::Errand(ErrandId::new("nop")));
        rig.touch(Touch::Area(AreaId::new(area)));
    };
    choose(&mut rig, "ho-tich");
    assert_eq!(*rig.page(), Page::NotNow(Availability::QuotaReached { morning: true }));
    choose(&mut rig, "dat-dai");
    assert_eq!(*rig.page(), Page::NotNow(Availability::Exhausted));
    rig.now.wall.unix_ms = MORNING_MS + 6 * HOUR_MS;
    assert_eq!(rig.take("ho-tich").number.0, "A003");
}

#[test]
fn an_unclean_start_skips_the_guard_band_and_explains_it() {
    let mut rig = Rig::new(settings());
    rig.take("ho-tich");
    rig.restart(true);
    let gaps: Vec<(String, u32, u32)> = rig
        .store
        .facts
        .iter()
        .filter_map(|fact| {
            if let Fact::Gap { series, from, to, reason: GapReason::Guard, .. } = fact {
                Some((series.to_string(), *from, *to))
            } else {
                None
            }
        })
        .collect();
    let expected = [("ho-tich", 2, 6), ("dat-dai", 1, 5), ("huong-dan", 1, 5)];
    assert_eq!(gaps, expected.map(|(series, from, to)| (series.to_string(), from, to)));
    assert_eq!(rig.take("ho-tich").number.0, "A007");
}

#[test]
fn an_unclean_evening_costs_the_next_morning_no_number() {
    let mut rig = Rig::new(settings());
    rig.take("ho-tich");
    rig.now.wall.unix_ms += 4 * 24 * HOUR_MS;
    rig.restart(true);
    assert_eq!(rig.take("ho-tich").number.0, "A001");
}
