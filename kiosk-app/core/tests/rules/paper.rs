//! What becomes of a number's paper.

use kiosk_core::board::StaffNotice;
use kiosk_core::effect::{Effect, OfficerAnswer, OfficerRefusal};
use kiosk_core::event::{
    Device, DeviceCause, Event, Health, OfficerAction, Presented, PrintOutcome, PrintTrouble, Touch,
};
use kiosk_core::id::{ErrandId, JobId};
use kiosk_core::report::Fact;
use kiosk_core::screen::{Notice, Page};
use kiosk_core::ticket::Paper;

use crate::support::{Rig, kinds, settings};

fn begin(rig: &mut Rig) -> Option<JobId> {
    rig.touch(Touch::Home);
    rig.touch(Touch::TakeNumber);
    rig.touch(Touch::Errand(ErrandId::new("nhan")));
    rig.job()
}

fn paper(rig: &Rig) -> Paper {
    rig.store.tickets().last().unwrap().paper
}

#[test]
fn a_printer_known_not_to_print_is_not_asked_and_the_number_is_on_screen_at_once() {
    let table = [
        (Health::Absent, PrintTrouble::Absent),
        (Health::Failed, PrintTrouble::PrinterError),
        (Health::Blocked(vec![DeviceCause::PaperEnd]), PrintTrouble::PaperEnd),
        (Health::Blocked(vec![DeviceCause::CoverOpen, DeviceCause::PaperEnd]), PrintTrouble::CoverOpen),
        (Health::Blocked(Vec::new()), PrintTrouble::PrinterError),
    ];
    for (health, trouble) in table {
        let mut rig = Rig::new(settings());
        rig.send(Event::DeviceChanged { device: Device::Printer, health: health.clone() });
        assert_eq!(rig.screen.as_ref().unwrap().notice, Some(Notice::NoPaper(trouble)), "{health:?}");
        assert_eq!(begin(&mut rig), None, "{health:?}");
        assert_eq!(kinds(&rig.effects), ["Store", "Publish", "Show"]);
        assert!(matches!(rig.page(), Page::NumberOnly { trouble: shown, .. } if *shown == trouble));
        assert_eq!(paper(&rig), Paper::Failed);
        assert!(rig.store.restored(false).jobs_in_doubt.is_empty());
        let told = rig.board.notices.iter().any(|notice| matches!(notice, StaffNotice::WithoutPaper { .. }));
        assert!(told, "{health:?}");
    }
}

#[test]
fn a_printer_that_may_print_is_tried() {
    for health in [Health::Starting, Health::Ready, Health::Degraded(vec![DeviceCause::PaperNearEnd])] {
        let mut rig = Rig::new(settings());
        rig.send(Event::DeviceChanged { device: Device::Printer, health });
        assert!(begin(&mut rig).is_some());
    }
}

#[test]
fn every_outcome_ends_with_paper_or_with_the_number_on_screen() {
    let unknown = PrintOutcome::Unknown { bytes: 9, cause: PrintTrouble::Silent };
    let table = [
        (PrintOutcome::Printed, Paper::Printed, None),
        (PrintOutcome::NotPrinted(PrintTrouble::CutterError), Paper::Failed, Some(PrintTrouble::CutterError)),
        (unknown, Paper::Unknown, Some(PrintTrouble::Silent)),
    ];
    for (outcome, expected, shown) in table {
        let mut rig = Rig::new(settings());
        let job = begin(&mut rig).unwrap();
        rig.send(Event::PrintFinished { job, outcome: outcome.clone() });
        match (rig.page(), shown) {
            (Page::Taken(_), None) => {}
            (Page::NumberOnly { trouble, .. }, Some(expected)) => assert_eq!(*trouble, expected),
            (page, _) => panic!("{outcome:?}: {page:?}"),
        }
        assert_eq!(paper(&rig), expected);
        assert!(rig.store.restored(false).jobs_in_doubt.is_empty());
        rig.send(Event::PrintFinished { job, outcome });
        assert_eq!(kinds(&rig.effects), ["Log", "Log"], "a second answer does nothing");
    }
}

#[test]
fn a_silent_printer_leaves_the_number_to_the_screen_and_its_late_answer_is_recorded_only() {
    let mut rig = Rig::new(settings());
    let job = begin(&mut rig).unwrap();
    rig.pass_secs(14);
    assert!(matches!(rig.page(), Page::Printing { .. }));
    rig.pass_secs(1);
    assert!(matches!(rig.page(), Page::NumberOnly { trouble: PrintTrouble::Silent, .. }));
    rig.send(Event::PrintFinished { job, outcome: PrintOutcome::Printed });
    assert!(matches!(rig.page(), Page::NumberOnly { .. }));
    assert_eq!(paper(&rig), Paper::Printed);
}

#[test]
fn a_number_without_paper_stays_a_minute_or_until_it_is_dismissed() {
    let mut rig = Rig::new(settings());
    rig.send(Event::DeviceChanged { device: Device::Printer, health: Health::Absent });
    begin(&mut rig);
    rig.pass_secs(59);
    assert!(matches!(rig.page(), Page::NumberOnly { .. }));
    rig.touch(Touch::Done);
    assert!(matches!(rig.page(), Page::Home { .. }));
}

#[test]
fn a_job_interrupted_by_a_restart_is_in_doubt_told_and_printed_again_on_request() {
    let mut rig = Rig::new(settings());
    begin(&mut rig);
    rig.restart(false);
    assert_eq!(paper(&rig), Paper::Unknown);
    let interrupted = PrintOutcome::Unknown { bytes: 0, cause: PrintTrouble::Interrupted };
    let told =
        |fact: &Fact| matches!(fact, Fact::Paper { outcome, reprint: false, .. } if *outcome == interrupted);
    assert!(rig.store.facts.iter().any(told));
    let id = rig.board.waiting[0].id.clone();

    let refused = OfficerAnswer::Refused(OfficerRefusal::PrinterNotReady);
    assert_eq!(
        rig.press(1, OfficerAction::Reprint(id.clone())),
        refused,
        "nobody has heard of the printer yet"
    );
    rig.send(Event::DeviceChanged { device: Device::Printer, health: Health::Ready });
    assert_eq!(rig.press(1, OfficerAction::Reprint(id.clone())), OfficerAnswer::Done);
    let again =
        |effect: &Effect| matches!(effect, Effect::Print(job) if job.paper.reprint && job.paper.ticket == id);
    assert!(rig.effects.iter().any(again));
    let job = rig.job().unwrap();
    rig.send(Event::PrintFinished { job, outcome: PrintOutcome::Printed });
    assert_eq!(paper(&rig), Paper::Printed);
    assert_eq!(rig.store.tickets().count(), 1);
}

#[test]
fn a_failed_reprint_takes_nothing_away_from_the_first_paper() {
    let mut rig = Rig::new(settings());
    rig.send(Event::DeviceChanged { device: Device::Printer, health: Health::Ready });
    let ticket = rig.take("ho-tich");
    rig.press(1, OfficerAction::Reprint(ticket.id.clone()));
    let job = rig.job().unwrap();
    rig.send(Event::PrintFinished { job, outcome: PrintOutcome::NotPrinted(PrintTrouble::PaperEnd) });
    assert_eq!(paper(&rig), Paper::Printed);
    rig.press(1, OfficerAction::Reprint(ticket.id.clone()));
    rig.restart(true);
    assert_eq!(paper(&rig), Paper::Printed, "a reprint in doubt neither");
    rig.send(Event::DeviceChanged { device: Device::Printer, health: Health::Absent });
    let refused = OfficerAnswer::Refused(OfficerRefusal::PrinterNotReady);
    assert_eq!(rig.press(1, OfficerAction::Reprint(ticket.id)), refused);
}

#[test]
fn the_page_asks_to_take_the_ticket_until_it_is_taken_or_nobody_came() {
    let (held_out, taken, left) = (Presented::HeldOut, Presented::Taken, Presented::Left);
    // What the presenter says after so many seconds, and for how long the page stays in all.
    let table: &[(&[(u64, Presented)], u64)] = &[
        (&[], 8),
        (&[(0, held_out)], 60),
        (&[(0, held_out), (3, taken)], 8),
        (&[(0, held_out), (20, taken)], 21),
        (&[(0, held_out), (20, left)], 20),
        (&[(1, taken)], 8),
    ];
    for (said, stays_secs) in table {
        let mut rig = Rig::new(settings());
        let job = begin(&mut rig).unwrap();
        rig.send(Event::PrintFinished { job, outcome: PrintOutcome::Printed });
        let mut secs = 0;
        while matches!(rig.page(), Page::Taken(_)) && secs < 100 {
            for (_, at) in said.iter().filter(|(after_secs, _)| *after_secs == secs) {
                rig.send(Event::TicketPresented { job, at: *at });
                let other = JobId(job.0 + 1);
                rig.send(Event::TicketPresented { job: other, at: Presented::Left });
            }
            if matches!(rig.page(), Page::Taken(_)) {
                rig.pass_secs(1);
                secs += 1;
            }
        }
        assert_eq!(secs, *stays_secs, "{said:?}");
        let told = rig.store.facts.iter().filter(|fact| matches!(fact, Fact::PaperLeft { .. })).count();
        assert_eq!(told, usize::from(said.iter().any(|(_, at)| *at == left)), "{said:?}");
        assert_eq!(paper(&rig), Paper::Printed);
    }
}

#[test]
fn whoever_comes_next_need_not_wait_for_a_ticket_that_somebody_else_left() {
    let mut rig = Rig::new(settings());
    let job = begin(&mut rig).unwrap();
    rig.send(Event::PrintFinished { job, outcome: PrintOutcome::Printed });
    rig.send(Event::TicketPresented { job, at: Presented::HeldOut });
    rig.touch(Touch::StillHere);
    assert!(matches!(rig.page(), Page::Home { .. }));
    let next = begin(&mut rig).unwrap();
    rig.send(Event::TicketPresented { job, at: Presented::Left });
    assert!(matches!(rig.page(), Page::Printing { .. }), "{:?}", rig.page());
    rig.send(Event::PrintFinished { job: next, outcome: PrintOutcome::Printed });
    assert!(matches!(rig.page(), Page::Taken(_)));
    assert_eq!(rig.store.facts.iter().filter(|fact| matches!(fact, Fact::PaperLeft { .. })).count(), 1);
}

#[test]
fn the_scanner_listens_but_while_a_number_is_being_given() {
    let mut rig = Rig::new(settings());
    let listens = |rig: &Rig| rig.screen.as_ref().unwrap().takes_scans;
    assert!(listens(&rig));
    let job = begin(&mut rig).unwrap();
    assert!(!listens(&rig), "while printing");
    rig.send(Event::PrintFinished { job, outcome: PrintOutcome::NotPrinted(PrintTrouble::PaperEnd) });
    assert!(!listens(&rig), "while the number is new on the screen");
    rig.pass_secs(9);
    assert!(matches!(rig.page(), Page::NumberOnly { .. }));
    assert!(listens(&rig));
    let job = begin(&mut rig).unwrap();
    rig.send(Event::PrintFinished { job, outcome: PrintOutcome::Printed });
    assert!(listens(&rig), "a ticket in the hand needs no guard");
}
