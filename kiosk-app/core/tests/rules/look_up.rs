//! From a scan to the card of a dossier, and to a procedure.

use kiosk_core::dossier::{DossierCode, DossierStatus, Factor, LookUpAnswer, Stage};
use kiosk_core::effect::{Effect, ScanRefusal};
use kiosk_core::event::{Event, Touch};
use kiosk_core::id::{AreaId, ErrandId, RequestId};
use kiosk_core::report::{Fact, LookUpOutcome};
use kiosk_core::screen::{LookUpFailure, Page, StageGroup};
use kiosk_core::time::BusinessDay;

use crate::support::{Rig, day, kinds, settings};

const RECEIPT: &str = "H40.16.24-260601-0001";

fn status(stage: Stage, due: Option<BusinessDay>, redue: Option<BusinessDay>) -> DossierStatus {
    DossierStatus {
        code: DossierCode(RECEIPT.to_string()),
        procedure_code: Some("1.001193".to_string()),
        procedure_name: None,
        stage,
        raw_word: None,
        received: None,
        due,
        redue,
        unit: None,
        as_of_unix_ms: 0,
    }
}

/// The look-up that the latest event asked for.
fn asked(rig: &Rig) -> Option<(RequestId, String, Factor)> {
    rig.effects.iter().find_map(|effect| {
        if let Effect::LookUp { request, code, factor } = effect {
            Some((*request, code.0.clone(), factor.clone()))
        } else {
            None
        }
    })
}

fn scan(rig: &mut Rig, text: &str) -> Option<RequestId> {
    rig.pass_ms(2_000);
    rig.send(Event::Scanned(text.into()));
    asked(rig).map(|(request, ..)| request)
}

fn answer(rig: &mut Rig, request: RequestId, answer: LookUpAnswer) {
    rig.pass_ms(300);
    rig.send(Event::LookUpAnswered { request, answer });
}

fn outcomes(rig: &Rig) -> Vec<LookUpOutcome> {
    let outcome = |fact: &Fact| if let Fact::LookedUp { outcome, .. } = fact { Some(*outcome) } else { None };
    rig.store.facts.iter().filter_map(outcome).collect()
}

#[test]
fn a_card_says_group_lateness_and_the_next_step() {
    let due = Some(day(2026, 6, 8));
    let future = Some(day(2026, 6, 30));
    let result = Some((ErrandId::new("nhan"), Some(AreaId::new("ho-tich"))));
    let supplement = Some((ErrandId::new("nop"), None));
    let table = [
        (status(Stage::Registered, None, None), StageGroup::Waiting, None, None),
        (status(Stage::Received, future, None), StageGroup::Working, None, None),
        (status(Stage::Processing, due, None), StageGroup::Working, Some(3), None),
        (status(Stage::Processing, Some(day(2026, 6, 11)), None), StageGroup::Working, None, None),
        (status(Stage::Processing, due, future), StageGroup::Working, Some(3), None),
        (status(Stage::Processing, None, due), StageGroup::Working, Some(3), None),
        (status(Stage::PapersWanted, due, None), StageGroup::NeedsYou, Some(3), supplement.clone()),
        (status(Stage::PaymentWanted, None, None), StageGroup::NeedsYou, None, supplement),
        (status(Stage::Refused, due, None), StageGroup::Ended, None, None),
        (status(Stage::Withdrawn, due, None), StageGroup::Ended, None, None),
        (status(Stage::Stopped, due, None), StageGroup::Ended, None, None),
        (status(Stage::Done, due, None), StageGroup::Ready, None, result),
        (status(Stage::HandedOver, due, None), StageGroup::HandedOver, None, None),
    ];
    for (found, group, late_days, next) in table {
        let mut rig = Rig::new(settings());
        let request = scan(&mut rig, RECEIPT).unwrap();
        assert_eq!(*rig.page(), Page::Searching);
        answer(&mut rig, request, LookUpAnswer::Found { status: found.clone(), from_snapshot: false });
        let Page::Dossier(card) = rig.page() else { panic!("{:?}", rig.page()) };
        assert_eq!((card.group, card.late_days), (group, late_days), "{found:?}");
        let shown_next = card.next_errand.clone().map(|errand| (errand, card.next_area.clone()));
        assert_eq!(shown_next, next, "{found:?}");
        assert_eq!(card.status.procedure_name.as_deref(), Some("Đăng ký khai sinh"));
        let told = late_days.map_or(LookUpOutcome::Found, |days| LookUpOutcome::FoundLate { days });
        assert_eq!(outcomes(&rig), [told]);
    }
}

#[test]
fn the_cards_button_takes_the_number_for_the_right_counter() {
    let mut rig = Rig::new(settings());
    let request = scan(&mut rig, RECEIPT).unwrap();
    let status = status(Stage::Done, None, None);
    answer(&mut rig, request, LookUpAnswer::Found { status, from_snapshot: false });
    rig.touch(Touch::Errand(ErrandId::new("nop")));
    assert!(matches!(rig.page(), Page::Dossier(_)), "only the errand it offers");
    rig.touch(Touch::Errand(ErrandId::new("nhan")));
    assert!(rig.job().is_some());
}

#[test]
fn the_last_citizens_card_is_gone_after_twenty_seconds_or_at_the_next_scan() {
    let mut rig = Rig::new(settings());
    let request = scan(&mut rig, RECEIPT).unwrap();
    let found = LookUpAnswer::Found { status: status(Stage::Received, None, None), from_snapshot: true };
    answer(&mut rig, request, found.clone());
    rig.pass_secs(11);
    assert_eq!(rig.screen.as_ref().unwrap().leaves_in_secs, None);
    rig.pass_secs(1);
    assert_eq!(rig.screen.as_ref().unwrap().leaves_in_secs, Some(8));
    rig.send(Event::Touched(Touch::StillHere));
    assert_eq!(rig.screen.as_ref().unwrap().leaves_in_secs, None, "a touch extends");
    rig.pass_secs(20);
    assert!(matches!(rig.page(), Page::Home { .. }));

    let request = scan(&mut rig, RECEIPT).unwrap();
    answer(&mut rig, request, found);
    scan(&mut rig, "TP01-CX-U0QVZU").unwrap();
    assert_eq!(*rig.page(), Page::Searching);
}

#[test]
fn an_answer_that_nobody_waits_for_is_not_shown() {
    let mut rig = Rig::new(settings());
    let request = scan(&mut rig, RECEIPT).unwrap();
    rig.touch(Touch::Home);
    let found = LookUpAnswer::Found { status: status(Stage::Received, None, None), from_snapshot: false };
    answer(&mut rig, request, found);
    assert!(matches!(rig.page(), Page::Home { .. }));
    assert!(outcomes(&rig).is_empty());
}

#[test]
fn every_answer_and_the_deadline_say_what_to_do() {
    let table = [
        (LookUpAnswer::NotFound, LookUpFailure::NotFound, LookUpOutcome::NotFound),
        (LookUpAnswer::Unreachable, LookUpFailure::Unreachable, LookUpOutcome::Unreachable),
        (
            LookUpAnswer::TooMany { retry_after_secs: 9 },
            LookUpFailure::TooMany { retry_after_secs: 9 },
            LookUpOutcome::Throttled,
        ),
    ];
    for (given, failure, outcome) in table {
        let mut rig = Rig::new(settings());
        let request = scan(&mut rig, RECEIPT).unwrap();
        answer(&mut rig, request, given);
        assert_eq!(*rig.page(), Page::LookUpFailed(failure));
        assert_eq!(outcomes(&rig), [outcome]);
    }
    let mut rig = Rig::new(settings());
    scan(&mut rig, RECEIPT).unwrap();
    rig.pass_secs(7);
    assert_eq!(*rig.page(), Page::Searching);
    rig.pass_secs(1);
    assert_eq!(*rig.page(), Page::LookUpFailed(LookUpFailure::Unreachable));
}

#[test]
fn a_citizen_card_is_refused_and_no_effect_holds_a_byte_of_it() {
    let mut rig = Rig::new(settings());
    let card = "068099001234|250123456|Trần Thị Bưởi|01021999|Nữ|Thôn 2, Đơn Dương|05052021";
    assert_eq!(scan(&mut rig, card), None);
    assert_eq!(*rig.page(), Page::LookUpFailed(LookUpFailure::Refused(ScanRefusal::CitizenCard)));
    assert_eq!(kinds(&rig.effects), ["Store", "Show"]);
    let mut said = format!("{:?}", rig.effects);
    rig.send_to_broken_store(Event::Scanned(card.into()));
    said += &format!("{:?}", rig.effects);
    for canary in ["068099001234", "250123456", "Bưởi", "01021999", "Thôn", "05052021"] {
        assert!(!said.contains(canary), "{canary}");
    }
}

#[test]
fn a_code_in_an_effect_says_only_its_length_when_written_out() {
    let mut rig = Rig::new(settings());
    scan(&mut rig, RECEIPT).unwrap();
    let said = format!("{:?}", rig.effects);
    assert!(said.contains("DossierCode(21 characters)") && !said.contains(RECEIPT), "{said}");
}

#[test]
fn scans_are_swallowed_while_a_number_is_printed() {
    let mut rig = Rig::new(settings());
    rig.touch(Touch::TakeNumber);
    rig.touch(Touch::Errand(ErrandId::new("nhan")));
    assert_eq!(scan(&mut rig, RECEIPT), None);
    assert!(matches!(rig.page(), Page::Printing { .. }));
}

#[test]
fn a_paper_read_twice_is_asked_for_once() {
    let mut rig = Rig::new(settings());
    assert!(scan(&mut rig, RECEIPT).is_some());
    rig.pass_ms(300);
    rig.send(Event::Scanned(RECEIPT.into()));
    assert_eq!(asked(&rig), None);
    assert_eq!(*rig.page(), Page::Searching);
}

#[test]
fn a_typed_code_needs_four_digits_and_after_six_tries_only_scans_are_left() {
    let mut rig = Rig::new(settings());
    let type_all = |rig: &mut Rig, text: &str| {
        for key in text.chars() {
            rig.touch(Touch::Key(key));
        }
    };
    for _ in 0..6 {
        rig.touch(Touch::Home);
        rig.touch(Touch::LookUp);
        rig.touch(Touch::TypeCode);
        type_all(&mut rig, "260601-000x");
        rig.touch(Touch::Erase);
        rig.touch(Touch::Key('1'));
        assert!(matches!(rig.page(), Page::TypeCode { typed, complete: true, .. } if typed == "260601-0001"));
        rig.touch(Touch::Enter);
        type_all(&mut rig, "12a34");
        assert_eq!(*rig.page(), Page::TypePhone { typed: 4 });
        rig.touch(Touch::Enter);
        let (request, code, factor) = asked(&rig).unwrap();
        assert_eq!((code.as_str(), factor), (RECEIPT, Factor::PhoneDigits("1234".to_string())));
        let found = LookUpAnswer::Found { status: status(Stage::Received, None, None), from_snapshot: false };
        answer(&mut rig, request, found);
    }
    rig.touch(Touch::Home);
    rig.touch(Touch::LookUp);
    rig.touch(Touch::TypeCode);
    assert_eq!(*rig.page(), Page::LookUpFailed(LookUpFailure::ScanOnly));
    assert!(scan(&mut rig, RECEIPT).is_some());
}

#[test]
fn five_misses_pause_the_look_up_for_everybody() {
    let mut rig = Rig::new(settings());
    for _ in 0..5 {
        let request = scan(&mut rig, RECEIPT).unwrap();
        answer(&mut rig, request, LookUpAnswer::NotFound);
    }
    assert_eq!(scan(&mut rig, RECEIPT), None);
    assert!(matches!(rig.page(), Page::LookUpFailed(LookUpFailure::TooMany { retry_after_secs: 58 })));
}

#[test]
fn a_hundred_scans_a_second_ask_and_report_next_to_nothing() {
    let mut rig = Rig::new(settings());
    let mut lookups = 0;
    for n in 0..1000 {
        rig.pass_ms(10);
        rig.send(Event::Scanned(if n % 2 == 0 { RECEIPT } else { "???" }.into()));
        lookups += u32::from(asked(&rig).is_some());
    }
    assert!(lookups <= 6, "{lookups}");
    let refusals = rig.store.facts.iter().filter(|fact| matches!(fact, Fact::ScanRefused(_))).count();
    assert!(refusals <= 2, "{refusals}");
}

#[test]
fn procedures_are_found_by_field_and_by_the_barcode_of_their_code() {
    let mut rig = Rig::new(settings());
    rig.touch(Touch::Procedures);
    assert!(matches!(rig.page(), Page::Fields { fields, .. } if *fields == ["Hộ tịch", "Cư trú"]));
    rig.touch(Touch::Field(0));
    assert!(matches!(rig.page(), Page::Procedures { procedures, .. } if procedures.len() == 2));
    rig.touch(Touch::Procedure(1));
    assert!(matches!(rig.page(), Page::Procedure(procedure) if procedure.code == "1.000656"));
    rig.touch(Touch::Back);
    assert!(matches!(rig.page(), Page::Procedures { field, .. } if field == "Hộ tịch"));
    rig.touch(Touch::Procedure(7));
    assert!(matches!(rig.page(), Page::Procedures { .. }), "no such entry");
    scan(&mut rig, "1.003197.000.00.00.H13");
    assert!(matches!(rig.page(), Page::Procedure(procedure) if procedure.code == "1.003197"));
}

#[test]
fn a_long_list_has_pages() {
    let mut hall = settings();
    let sample = hall.catalogue[0].clone();
    hall.catalogue = (0..14)
        .map(|n| kiosk_core::settings::Procedure { code: format!("1.{n:06}"), ..sample.clone() })
        .collect();
    let mut rig = Rig::new(hall);
    rig.touch(Touch::Procedures);
    rig.touch(Touch::Field(0));
    for (touch, index, entries) in [
        (Touch::NextPage, 1, 6),
        (Touch::NextPage, 2, 2),
        (Touch::NextPage, 2, 2),
        (Touch::PreviousPage, 1, 6),
    ] {
        rig.touch(touch);
        let Page::Procedures { procedures, pages, .. } = rig.page() else { panic!("{:?}", rig.page()) };
        assert_eq!((pages.index, pages.count, procedures.len()), (index, 3, entries));
    }
    rig.touch(Touch::Procedure(0));
    assert!(matches!(rig.page(), Page::Procedure(procedure) if procedure.code == "1.000006"));
}
