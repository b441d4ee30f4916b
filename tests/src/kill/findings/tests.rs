//! Each broken promise, planted and found.

use kiosk_protocol::{Epoch, Event, GapReason, NumberGap, TicketIssued, TicketRef};

use super::*;
use crate::demo::books::{JobRow, Taken, TicketRow};

const DAY: i32 = 20_616;

fn key(ordinal: u32) -> TicketKey {
    TicketKey { day: DAY, series: "ho-tich".to_owned(), ordinal }
}

fn event(sequence: u64, data: EventData) -> String {
    let boot_id = "boot".to_owned();
    let (kiosk, epoch) = ("kiosk-1".to_owned(), Epoch(1));
    let event = Event { kiosk, epoch, sequence, unix_ms: 0, clock_trusted: true, boot_id, mono_ms: 0, data };
    event.to_json().unwrap()
}

fn issued(sequence: u64, ordinal: u32) -> String {
    let ticket = TicketRef {
        hall: "don-duong".to_owned(),
        series: "ho-tich".to_owned(),
        business_day: BusinessDay(DAY).to_string(),
        number: format!("A{ordinal:03}"),
    };
    let (area, area_name) = ("ho-tich".to_owned(), "Hộ tịch".to_owned());
    let (errand, priority, people_ahead) = (None, None, 0);
    event(
        sequence,
        EventData::TicketIssued(TicketIssued {
            ticket,
            ordinal,
            area,
            area_name,
            errand,
            priority,
            people_ahead,
        }),
    )
}

fn skipped(sequence: u64, from: u32, to: u32) -> String {
    event(
        sequence,
        EventData::NumberGap(NumberGap {
            hall: "don-duong".to_owned(),
            series: "ho-tich".to_owned(),
            business_day: BusinessDay(DAY).to_string(),
            from,
            to,
            reason: GapReason::Guard,
        }),
    )
}

fn paper(piece: usize, ordinal: u32) -> Paper {
    Paper { piece, link: None, ticket: Some(key(ordinal)), marked: false }
}

/// Numbers 1, 2 and 8 issued and printed, 3 to 7 skipped after a kill in the print of 2.
fn hall() -> (Books, Vec<Paper>) {
    let ticket = |ordinal| TicketRow {
        key: key(ordinal),
        number: format!("A{ordinal:03}"),
        priority: None,
        state: "waiting".to_owned(),
        issued_ms: 0,
        called_ms: None,
        served_ms: None,
    };
    let job = |job, ordinal, outcome: &str| JobRow {
        job,
        ticket: Some(key(ordinal)),
        outcome: Some(outcome.to_owned()),
    };
    let log = vec![issued(1, 1), issued(2, 2), skipped(3, 3, 7), issued(4, 8)];
    let taken = log.iter().zip(1..);
    let taken = taken.map(|(raw, seq)| Taken { epoch: "1".to_owned(), seq, raw: raw.clone() }).collect();
    let books = Books {
        tickets: vec![ticket(1), ticket(2), ticket(8)],
        jobs: vec![job(1, 1, "printed"), job(2, 2, "unknown"), job(3, 8, "printed")],
        burnt: vec![key(8)],
        log,
        taken,
        ..Books::default()
    };
    (books, vec![paper(1, 1), paper(2, 2), paper(3, 8)])
}

#[test]
fn a_hall_that_kept_its_promises_gives_no_finding() {
    let (books, tray) = hall();
    assert_eq!(all(&books, &tray, 1, false), []);
    assert_eq!(all(&books, &tray, 1, true), []);
}

#[test]
fn every_broken_promise_is_found() {
    let found = |breaking: &dyn Fn(&mut Books, &mut Vec<Paper>), card_lies: bool| {
        let (mut books, mut tray) = hall();
        breaking(&mut books, &mut tray);
        all(&books, &tray, 1, card_lies).iter().map(Finding::to_string).collect::<Vec<_>>().join("; ")
    };
    let said = |breaking: &dyn Fn(&mut Books, &mut Vec<Paper>)| found(breaking, false);
    assert_eq!(said(&|_, tray| tray.push(paper(4, 8))), "number 2026-06-12/ho-tich/8 is on pieces [3, 4]");
    let unknown = "piece 4 carries number 2026-06-12/ho-tich/5, which the kiosk does not know";
    assert_eq!(said(&|_, tray| tray.push(paper(4, 5))), unknown);
    assert_eq!(found(&|_, tray| tray.push(paper(4, 5)), true), "", "the guard band covers it");
    assert!(found(&|_, tray| tray.push(paper(4, 9)), true).contains("which the kiosk does not know"));
    let no_paper = "number 2026-06-12/ho-tich/1 is said to be printed, but is not";
    assert_eq!(said(&|_, tray| drop(tray.remove(0))), no_paper);
    let in_doubt =
        |books: &mut Books, _: &mut Vec<Paper>| books.jobs.push(JobRow { job: 4, ..books.jobs[1].clone() });
    assert_eq!(said(&in_doubt), "2 prints in doubt after 1 kills");
    let unexplained = said(&|books, _| {
        books.log.remove(2);
        books.taken.remove(2);
    });
    assert!(
        unexplained.starts_with("number 2026-06-12/ho-tich/3 is missing without a word"),
        "{unexplained}"
    );
    let unreported = said(&|books, _| {
        books.log.remove(3);
        books.taken.remove(3);
    });
    assert!(unreported.contains("number 2026-06-12/ho-tich/8 was reported 0 times"), "{unreported}");
    assert!(said(&|books, _| drop(books.taken.pop())).contains("lacks 1 events"));
    assert!(found(&|books, _| drop(books.taken.pop()), true).contains("lacks 1 events"));
}
