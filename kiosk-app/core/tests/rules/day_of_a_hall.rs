//! A citizen's way: number, call, service.

use kiosk_core::effect::OfficerAnswer;
use kiosk_core::event::{Event, OfficerAction, PrintOutcome, PrintTrouble, Touch};
use kiosk_core::id::{AreaId, ErrandId};
use kiosk_core::screen::Page;

use crate::support::{Rig, kinds, settings};

#[test]
fn a_number_is_stored_before_it_is_printed_and_shown() {
    let mut rig = Rig::new(settings());
    assert!(matches!(rig.page(), Page::Home { .. }));
    rig.touch(Touch::TakeNumber);
    assert!(matches!(rig.page(), Page::Errands(_)));
    rig.touch(Touch::Errand(ErrandId::new("nop")));
    assert!(matches!(rig.page(), Page::Areas { .. }));
    rig.touch(Touch::Area(AreaId::new("ho-tich")));
    assert_eq!(kinds(&rig.effects), ["Store", "Print", "Publish", "Show"]);
    let Page::Printing { number } = rig.page() else { panic!("{:?}", rig.page()) };
    assert_eq!(number.0, "A001");

    let job = rig.job().unwrap();
    rig.pass_ms(1500);
    rig.send(Event::PrintFinished { job, outcome: PrintOutcome::Printed });
    assert_eq!(kinds(&rig.effects), ["Store", "Publish", "Show", "Log"]);
    assert!(matches!(rig.page(), Page::Taken(_)));
    rig.pass_secs(8);
    assert!(matches!(rig.page(), Page::Home { waiting: 1, .. }));
}

#[test]
fn a_failed_print_shows_the_number_and_its_cause() {
    let mut rig = Rig::new(settings());
    rig.touch(Touch::TakeNumber);
    rig.touch(Touch::Errand(ErrandId::new("nhan")));
    let job = rig.job().unwrap();
    rig.send(Event::PrintFinished { job, outcome: PrintOutcome::NotPrinted(PrintTrouble::PaperEnd) });
    assert!(matches!(rig.page(), Page::NumberOnly { trouble: PrintTrouble::PaperEnd, .. }));
}

#[test]
fn a_ticket_is_called_served_and_finished() {
    let mut rig = Rig::new(settings());
    let first = rig.take("ho-tich");
    let second = rig.take("ho-tich");
    assert_eq!(rig.press(1, OfficerAction::Open), OfficerAnswer::Done);
    assert_eq!(rig.press(1, OfficerAction::CallNext), OfficerAnswer::Done);
    assert_eq!(kinds(&rig.effects), ["Store", "Announce", "Publish", "AnswerOfficer"]);
    assert_eq!(rig.current(1), Some(first.id));
    assert_eq!(rig.press(1, OfficerAction::Serve), OfficerAnswer::Done);
    assert_eq!(rig.press(1, OfficerAction::Finish), OfficerAnswer::Done);
    assert_eq!(rig.press(1, OfficerAction::CallNext), OfficerAnswer::Done);
    assert_eq!(rig.current(1), Some(second.id));
}
