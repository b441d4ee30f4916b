use super::*;
use crate::demo::books::{JobRow, Taken};

const DAY: i32 = 20_616;

fn key(ordinal: u32) -> TicketKey {
    TicketKey { day: DAY, series: "ho-tich".to_owned(), ordinal }
}

fn ticket(ordinal: u32) -> TicketRow {
    TicketRow {
        key: key(ordinal),
        number: format!("A{ordinal:03}"),
        priority: None,
        state: "waiting".to_owned(),
        issued_ms: 0,
        called_ms: None,
        served_ms: None,
    }
}

fn job(ordinal: u32, outcome: &str) -> JobRow {
    JobRow { job: i64::from(ordinal), ticket: Some(key(ordinal)), outcome: Some(outcome.to_owned()) }
}

fn event(seq: u64, data: EventData) -> String {
    let event = kiosk_protocol::Event {
        kiosk: "k".to_owned(),
        epoch: kiosk_protocol::Epoch(1),
        sequence: seq,
        unix_ms: 1_781_230_320_000,
        clock_trusted: true,
        boot_id: "b".to_owned(),
        mono_ms: 1,
        data,
    };
    event.to_json().unwrap()
}

fn reference(ordinal: u32) -> kiosk_protocol::TicketRef {
    kiosk_protocol::TicketRef {
        hall: "h".to_owned(),
        series: "ho-tich".to_owned(),
        business_day: "2026-06-12".to_owned(),
        number: format!("A{ordinal:03}"),
    }
}

fn issued(seq: u64, ordinal: u32) -> String {
    let data = kiosk_protocol::TicketIssued {
        ticket: reference(ordinal),
        ordinal,
        area: "ho-tich".to_owned(),
        area_name: "Hộ tịch".to_owned(),
        errand: None,
        priority: None,
        people_ahead: 0,
    };
    event(seq, EventData::TicketIssued(data))
}

fn printed(seq: u64, ordinal: u32) -> String {
    let (ticket, outcome) = (reference(ordinal), PrintOutcome::Printed);
    let data = kiosk_protocol::TicketPrinted { ticket, outcome, cause: None, reprint: false };
    event(seq, EventData::TicketPrinted(data))
}

/// Two tickets, both on paper, everything reported.
fn good() -> (Books, Vec<Paper>) {
    let log = vec![issued(1, 1), printed(2, 1), issued(3, 2), printed(4, 2)];
    let taken = log.iter().zip(1..).map(|(raw, seq)| Taken { epoch: "1".to_owned(), seq, raw: raw.clone() });
    let books = Books {
        tickets: vec![ticket(1), ticket(2)],
        jobs: vec![job(1, "printed"), job(2, "printed")],
        burnt: vec![key(2)],
        taken: taken.collect(),
        log,
        ..Books::default()
    };
    (books, vec![paper(1, 1), paper(2, 2)])
}

fn paper(piece: usize, ordinal: u32) -> Paper {
    Paper { piece, link: Some(String::new()), ticket: Some(key(ordinal)), marked: false }
}

fn faults(change: impl FnOnce(&mut Books, &mut Vec<Paper>)) -> String {
    let (mut books, mut tray) = good();
    change(&mut books, &mut tray);
    add_up(&books, &tray, (4096, 0)).faults.join("; ")
}

#[test]
fn a_sound_morning_has_no_faults() {
    let (books, tray) = good();
    let summary = add_up(&books, &tray, (4096, 0));
    assert_eq!(summary.faults, Vec::<String>::new());
    assert_eq!((summary.issued, summary.printed, summary.reported, summary.printer.tickets), (2, 2, 4, 2));
}

#[test]
fn a_copy_that_is_marked_is_none_too_many() {
    let said = faults(|books, tray| {
        books.jobs.push(JobRow { job: 3, ..job(2, "printed") });
        tray.push(Paper { marked: true, ..paper(3, 2) });
        books.log.push(printed(5, 2));
        books.taken.push(Taken { epoch: "1".to_owned(), seq: 5, raw: printed(5, 2) });
    });
    assert_eq!(said, "");
}

type Change = fn(&mut Books, &mut Vec<Paper>);

#[test]
fn whatever_does_not_add_up_is_said() {
    let table: [(Change, &str); 9] = [
        (|_, tray| tray.push(paper(3, 2)), "number A002 is on 2 papers without IN LẠI"),
        (|_, tray| drop(tray.pop()), "number A002 was confirmed as printed 1 times, but 0 papers are there"),
        (
            |_, tray| tray.push(paper(3, 9)),
            "paper 3 bears number 9 of ho-tich, which the store does not know",
        ),
        (|books, _| drop(books.taken.pop()), "the district lacks 1 events of the kiosk"),
        (|books, _| books.taken.extend(books.taken.last().cloned()), "the district has event"),
        (|books, _| books.burnt = vec![key(3)], "ho-tich 3 is missing and nothing says why"),
        (|books, _| books.unacknowledged = 1, "the kiosk still holds 1 events that nobody took"),
        (|books, _| books.jobs[1] = job(2, "not_printed"), "number A002 is on paper although its job failed"),
        (|books, _| books.tickets[1].number = "A001".to_owned(), "number A001 was given to two people"),
    ];
    for (change, expected) in table {
        let said = faults(change);
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let (books, tray) = good();
    assert_eq!(add_up(&books, &tray, (4097, 1)).faults.len(), 2);
}

#[test]
fn a_gap_that_an_event_explains_is_counted_and_no_fault() {
    let (mut books, tray) = good();
    books.burnt = vec![key(4)];
    let gap = NumberGap {
        hall: "h".to_owned(),
        series: "ho-tich".to_owned(),
        business_day: "2026-06-12".to_owned(),
        from: 3,
        to: 4,
        reason: kiosk_protocol::GapReason::Guard,
    };
    let raw = event(5, EventData::NumberGap(gap));
    books.log.push(raw.clone());
    books.taken.push(Taken { epoch: "1".to_owned(), seq: 5, raw });
    let summary = add_up(&books, &tray, (1, 0));
    assert_eq!((summary.gaps, summary.faults), (2, Vec::new()));
}

#[test]
fn waits_are_those_of_called_tickets() {
    let called = |secs: i64| TicketRow { called_ms: Some(secs * 1000), ..ticket(1) };
    let waits = waits(&[called(10), called(20), called(1200), ticket(4)]);
    assert_eq!((waits.count, waits.mean_s, waits.median_s, waits.p90_s), (3, 410.0, 20.0, 1200.0));
    assert!((waits.within_15_min - 2.0 / 3.0).abs() < 1e-9);
}
