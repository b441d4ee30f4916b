//! A store that fails, a line that is dead, fingers that tremble.

use kiosk_core::Hall;
use kiosk_core::board::StaffNotice;
use kiosk_core::effect::{Effect, OfficerAnswer};
use kiosk_core::event::{
    Adjustment, Device, DeviceCause, Event, Health, Line, LineTrouble, OfficerAction, PrintOutcome, Touch,
};
use kiosk_core::id::{AreaId, CounterId, ErrandId};
use kiosk_core::report::{Fact, GapReason};
use kiosk_core::restored::Restored;
use kiosk_core::screen::{Look, Notice, Page};
use kiosk_core::ticket::{Paper, TicketNumber};

use crate::support::{Rig, kinds, settings};

#[test]
fn a_number_that_cannot_be_stored_is_not_given() {
    let mut rig = Rig::new(settings());
    rig.touch(Touch::TakeNumber);
    rig.pass_ms(1000);
    rig.send_to_broken_store(Event::Touched(Touch::Errand(ErrandId::new("nhan"))));
    assert_eq!(*rig.page(), Page::CannotIssue);
    assert!(!kinds(&rig.effects).contains(&"Print") && !kinds(&rig.effects).contains(&"Store"));
    assert!(rig.board.notices.contains(&StaffNotice::StoreFailed));
    rig.touch(Touch::Home);
    rig.touch(Touch::TakeNumber);
    assert_eq!(*rig.page(), Page::CannotIssue, "told before the question, not after");

    rig.send(Event::StoreRecovered);
    assert!(!rig.board.notices.contains(&StaffNotice::StoreFailed));
    assert_eq!(rig.take("ho-tich").number.0, "A001", "the number was never burnt");
}

#[test]
fn a_number_that_another_ticket_has_is_passed_over_for_this_citizen_and_the_next() {
    let mut rig = Rig::new(settings());
    rig.touch(Touch::TakeNumber);
    rig.touch(Touch::Errand(ErrandId::new("nop")));
    rig.pass_ms(1000);
    let touch = Event::Touched(Touch::Area(AreaId::new("ho-tich")));
    assert!(matches!(rig.hall.handle(touch, rig.now).first(), Some(Effect::Store(_))));
    // The store refuses A001: tickets up to 7 are there.
    rig.send(Event::NumberTaken { series: AreaId::new("ho-tich"), highest: 7 });
    let Page::Printing { number } = rig.page() else { panic!("{:?}", rig.page()) };
    assert_eq!(number.0, "A008");
    assert_eq!(rig.store.tickets().map(|ticket| ticket.id.ordinal).collect::<Vec<_>>(), [8]);
    rig.pass_secs(20);
    assert_eq!(rig.take("ho-tich").number.0, "A009");
}

#[test]
fn a_database_put_back_from_a_copy_is_told_to_staff_and_district_until_the_day_ends() {
    let mut rig = Rig::new(settings());
    let day = rig.take("ho-tich").id.day;
    let lost = vec![(AreaId::new("ho-tich"), 7, 9), (AreaId::new("dat-dai"), 2, 2)];
    let burnt = vec![(AreaId::new("ho-tich"), 9), (AreaId::new("dat-dai"), 2)];
    let restored =
        Restored { from_copy: true, restored_day: Some(day), lost, burnt, ..rig.store.restored(true) };
    rig.hall = Hall::new(settings(), restored);
    rig.send(Event::Started);
    let told: Vec<&Fact> =
        rig.store.facts.iter().filter(|fact| matches!(fact, Fact::Database { .. })).collect();
    assert_eq!(told, [&Fact::Database { restored: true, lost: 4 }]);
    let gap = |fact: &Fact| matches!(fact, Fact::Gap { from: 7, to: 9, reason: GapReason::Restored, .. });
    assert!(rig.store.facts.iter().any(gap));
    let number = |text: &str| TicketNumber(text.to_string());
    let lost = vec![(number("A007"), number("A009")), (number("B002"), number("B002"))];
    assert!(rig.board.notices.contains(&StaffNotice::RestoredFromCopy { lost }), "{:?}", rig.board.notices);
    assert_eq!(rig.take("ho-tich").number.0, "A015", "above what was given and the guard band");

    rig.now.wall.unix_ms += 24 * 3_600_000;
    rig.send(Event::Ticked);
    assert!(!rig.board.notices.iter().any(|notice| matches!(notice, StaffNotice::RestoredFromCopy { .. })));
    assert!(rig.store.facts.contains(&Fact::Database { restored: false, lost: 0 }));
}

#[test]
fn an_officers_press_that_cannot_be_stored_changes_nothing_and_may_be_pressed_again() {
    let mut rig = Rig::new(settings());
    rig.take("ho-tich");
    rig.press(1, OfficerAction::Open);
    let press = rig.officer_press(1, None, OfficerAction::CallNext);
    rig.send_to_broken_store(Event::OfficerPressed(press.clone()));
    assert_eq!(rig.answer(), Some(OfficerAnswer::StoreFailed));
    assert!(!kinds(&rig.effects).contains(&"Announce"));
    assert_eq!(rig.current(1), None);
    rig.send(Event::StoreRecovered);
    rig.send(Event::OfficerPressed(press));
    assert_eq!(rig.answer(), Some(OfficerAnswer::Done));
    assert!(rig.current(1).is_some());
}

#[test]
fn a_print_that_ends_while_the_store_fails_is_shown_and_recorded_afterwards() {
    let mut rig = Rig::new(settings());
    rig.touch(Touch::TakeNumber);
    rig.touch(Touch::Errand(ErrandId::new("nhan")));
    let job = rig.job().unwrap();
    rig.send_to_broken_store(Event::PrintFinished { job, outcome: PrintOutcome::Printed });
    assert!(matches!(rig.page(), Page::Taken(_)));
    assert_eq!(rig.store.tickets().last().unwrap().paper, Paper::Printing);
    rig.send(Event::StoreRecovered);
    assert_eq!(rig.store.tickets().last().unwrap().paper, Paper::Printed);
}

#[test]
fn a_store_that_fails_at_the_start_is_caught_up_with() {
    let mut rig = Rig::new(settings());
    rig.take("ho-tich");
    rig.hall = kiosk_core::Hall::new(settings(), rig.store.restored(true));
    rig.send_to_broken_store(Event::Started);
    rig.pass_secs(5);
    assert!(!kinds(&rig.effects).contains(&"Store"));
    rig.send_to_broken_store(Event::StoreRecovered);
    assert!(rig.board.notices.contains(&StaffNotice::StoreFailed), "it did not recover");
    rig.send(Event::StoreRecovered);
    assert_eq!(rig.take("ho-tich").number.0, "A007", "the guard band was skipped all the same");
}

#[test]
fn a_double_tap_gives_one_ticket() {
    // Milliseconds between two touches at the same place, and after how many the printer answers.
    for between_ms in [0, 80, 300, 420, 799] {
        for printed_after_ms in [0, 200, 600] {
            let mut rig = Rig::new(settings());
            rig.touch(Touch::TakeNumber);
            rig.touch(Touch::Errand(ErrandId::new("nop")));
            rig.touch(Touch::Area(AreaId::new("ho-tich")));
            let job = rig.job().unwrap();
            let mut print_at = Some(printed_after_ms);
            for at_ms in 1..=between_ms {
                rig.pass_ms(1);
                if print_at == Some(at_ms) {
                    rig.send(Event::PrintFinished { job, outcome: PrintOutcome::Printed });
                    print_at = None;
                }
            }
            for touch in [Touch::Area(AreaId::new("ho-tich")), Touch::TakeNumber, Touch::Done] {
                rig.send(Event::Touched(touch));
            }
            assert_eq!(rig.store.tickets().count(), 1, "{between_ms} {printed_after_ms}");
            assert!(matches!(rig.page(), Page::Printing { .. } | Page::Taken(_)), "{:?}", rig.page());
        }
    }
}

#[test]
fn a_double_tap_on_the_first_page_chooses_no_errand() {
    for between_ms in [50, 399, 500, 799] {
        let mut rig = Rig::new(settings());
        rig.touch(Touch::TakeNumber);
        rig.pass_ms(between_ms);
        rig.send(Event::Touched(Touch::Errand(ErrandId::new("nhan"))));
        assert_eq!(rig.store.tickets().count(), 0, "{between_ms}");
        assert!(matches!(rig.page(), Page::Errands(_)), "{between_ms}");
    }
}

#[test]
fn a_touch_of_a_page_that_is_gone_does_nothing() {
    let mut rig = Rig::new(settings());
    let touches = [
        Touch::Area(AreaId::new("ho-tich")),
        Touch::Errand(ErrandId::new("nhan")),
        Touch::Priority(None),
        Touch::Enter,
        Touch::Key('1'),
        Touch::Field(0),
        Touch::Procedure(0),
        Touch::RateChoice(1),
        Touch::RateCounter(CounterId(1)),
        Touch::Skip,
        Touch::NextPage,
    ];
    for touch in touches {
        rig.touch(touch.clone());
        assert!(matches!(rig.page(), Page::Home { .. }), "{touch:?}");
        assert_eq!(kinds(&rig.effects), ["Log"], "{touch:?}");
    }
}

#[test]
fn nobody_is_asked_what_has_one_answer() {
    let mut hall = settings();
    hall.errands.truncate(1);
    let mut rig = Rig::new(hall);
    rig.touch(Touch::TakeNumber);
    assert!(matches!(rig.page(), Page::Areas { .. }), "one errand");

    let mut rig = Rig::new(settings());
    rig.touch(Touch::TakeNumber);
    rig.touch(Touch::DontKnow);
    assert!(matches!(rig.page(), Page::Printing { number } if number.0 == "C001"), "one area, no class");
}

#[test]
fn a_changed_look_is_normal_again_for_the_next_person() {
    let mut rig = Rig::new(settings());
    for adjustment in [Adjustment::TextSize, Adjustment::Contrast, Adjustment::LowReach, Adjustment::Language]
    {
        rig.touch(Touch::Adjust(adjustment));
    }
    let all = Look { large_text: true, high_contrast: true, low_reach: true, english: true };
    assert_eq!(rig.screen.as_ref().unwrap().look, all);
    rig.pass_secs(20);
    assert_eq!(rig.screen.as_ref().unwrap().look, Look::default());
}

#[test]
fn a_dead_line_is_told_and_stops_nothing() {
    let mut rig = Rig::new(settings());
    rig.send(Event::LineChanged(Line::Down(LineTrouble::Dns)));
    assert_eq!(rig.screen.as_ref().unwrap().notice, Some(Notice::LineDown));
    assert!(rig.board.notices.contains(&StaffNotice::Line(Line::Down(LineTrouble::Dns))));
    rig.take("ho-tich");
    rig.send(Event::OutboxFilled { percent: 79 });
    assert!(!rig.board.notices.iter().any(|notice| matches!(notice, StaffNotice::OutboxFilling { .. })));
    rig.send(Event::OutboxFilled { percent: 80 });
    assert!(rig.board.notices.contains(&StaffNotice::OutboxFilling { percent: 80 }));
    rig.send(Event::LineChanged(Line::Up));
    assert_eq!(rig.screen.as_ref().unwrap().notice, None);
}

#[test]
fn a_faulty_configuration_is_told_to_staff_and_stops_nothing() {
    let mut rig = Rig::new(settings());
    rig.send(Event::ConfigurationFaulty { faults: 2 });
    assert!(rig.board.notices.contains(&StaffNotice::ConfigurationFaulty { faults: 2 }));
    rig.take("ho-tich");
}

#[test]
fn a_device_that_changes_is_told_once_and_staff_see_what_to_do() {
    let mut rig = Rig::new(settings());
    let near_end = Health::Degraded(vec![DeviceCause::PaperNearEnd]);
    let changed = Event::DeviceChanged { device: Device::Printer, health: near_end.clone() };
    rig.send(changed.clone());
    assert_eq!(kinds(&rig.effects), ["Store", "Publish"]);
    let notice = StaffNotice::Device { device: Device::Printer, health: near_end };
    assert!(rig.board.notices.contains(&notice));
    assert_eq!(rig.send(changed), []);
    rig.send(Event::DeviceChanged { device: Device::Printer, health: Health::Ready });
    assert!(rig.board.notices.is_empty());
}

#[test]
fn a_device_that_comes_and_goes_fills_no_outbox_and_its_last_state_is_told() {
    let mut rig = Rig::new(settings());
    for n in 0..100 {
        let health = if n % 2 == 0 { Health::Absent } else { Health::Ready };
        rig.send(Event::DeviceChanged { device: Device::Scanner, health });
        rig.pass_secs(1);
    }
    rig.pass_secs(10);
    let told: Vec<&Health> = rig
        .store
        .facts
        .iter()
        .filter_map(|fact| if let Fact::Device { health, .. } = fact { Some(health) } else { None })
        .collect();
    assert!(told.len() <= 12, "{}", told.len());
    assert_eq!(told.last(), Some(&&Health::Ready));
}

#[test]
fn a_heartbeat_comes_every_minute() {
    let mut rig = Rig::new(settings());
    rig.pass_secs(1 + 3 * 60);
    let beats = rig.store.facts.iter().filter(|fact| matches!(fact, Fact::Heartbeat { .. })).count();
    assert_eq!(beats, 4);
}

#[test]
fn an_idle_second_does_nothing() {
    let mut rig = Rig::new(settings());
    rig.pass_secs(1);
    rig.pass_secs(1);
    let silent: Vec<Effect> = Vec::new();
    assert_eq!(rig.effects, silent);
}
