//! Records come back exactly, all or none.

use std::collections::BTreeMap;

use kiosk_core::effect::{CounterState, Rating, Step};
use kiosk_core::event::{PrintOutcome, PrintTrouble};
use kiosk_core::id::{PauseReasonId, PressId, PriorityId};
use proptest::prelude::*;

use super::*;
use crate::store::{StoreError, connection, depth, restore};

/// The plainest store there can be.
fn model(records: &[Record]) -> Restored {
    let mut day = None;
    let (mut tickets, mut burnt) = (BTreeMap::new(), BTreeMap::new());
    let (mut counters, mut ratings, mut jobs) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let (mut next_job, mut next_issue_order, mut update_told) = (1, 1, None);
    for record in records {
        match record {
            Record::Ticket(ticket) => {
                next_issue_order = next_issue_order.max(ticket.issue_order + 1);
                next_job = next_job.max(ticket.job.0 + 1);
                let highest = burnt.entry((ticket.id.day, ticket.id.series.clone())).or_insert(0);
                *highest = ticket.id.ordinal.max(*highest);
                tickets.insert(ticket.issue_order, ticket.clone());
            }
            Record::SeriesAt { series, day, burnt: highest } => {
                let known = burnt.entry((*day, series.clone())).or_insert(0);
                *known = (*known).max(*highest);
            }
            Record::Day(now) => day = Some(*now),
            Record::PrintLedger { job, ticket, outcome } => {
                next_job = next_job.max(job.0 + 1);
                jobs.insert(*job, (ticket.clone(), outcome.clone()));
            }
            Record::Counter { counter, state, last_press } => {
                counters.insert(*counter, (state.clone(), *last_press));
            }
            Record::Rating(rating) => {
                ratings.insert(rating.ticket.clone(), rating.clone());
            }
            Record::UpdateTold(key) => update_told = Some(key.clone()),
            Record::Report(_) => {}
        }
    }
    let is_open = |state| {
        matches!(
            state,
            TicketState::Waiting | TicketState::Called(_) | TicketState::Serving(_) | TicketState::OnHold(_)
        )
    };
    let ratings: BTreeMap<_, _> = ratings
        .into_values()
        .map(|rating| ((rating.ticket.series.clone(), rating.ticket.ordinal, rating.ticket.day), rating))
        .collect();
    Restored {
        day,
        tickets: tickets
            .into_values()
            .filter(|ticket| Some(ticket.id.day) == day || is_open(ticket.state))
            .collect(),
        burnt: burnt
            .into_iter()
            .filter(|((of, _), _)| Some(*of) == day)
            .map(|((_, series), n)| (series, n))
            .collect(),
        counters: counters.into_iter().map(|(counter, (state, press))| (counter, state, press)).collect(),
        ratings: ratings.into_values().filter(|rating| Some(rating.ticket.day) == day).collect(),
        jobs_in_doubt: jobs
            .into_iter()
            .filter_map(|(job, (ticket, outcome))| outcome.is_none().then_some((job, ticket)))
            .collect(),
        next_job,
        next_issue_order,
        unclean: false,
        update_told,
        ..Restored::default()
    }
}

fn any_day() -> impl Strategy<Value = BusinessDay> {
    (0..2).prop_map(|later| BusinessDay(DAY.0 + later))
}

fn any_wall() -> impl Strategy<Value = Wall> {
    (any::<i64>(), any::<bool>()).prop_map(|(unix_ms, trusted)| Wall { unix_ms, trusted })
}

fn any_state() -> impl Strategy<Value = TicketState> {
    (0..7_u8, any::<u8>()).prop_map(|(kind, counter)| {
        let counter = CounterId(counter);
        [
            TicketState::Waiting,
            TicketState::Called(counter),
            TicketState::Serving(counter),
            TicketState::OnHold(counter),
            TicketState::Finished(counter),
            TicketState::NoShow(counter),
            TicketState::Cancelled,
        ][usize::from(kind)]
    })
}

fn any_paper() -> impl Strategy<Value = Paper> {
    prop::sample::select(vec![
        Paper::Allocated,
        Paper::Printing,
        Paper::Printed,
        Paper::Failed,
        Paper::Unknown,
    ])
}

fn any_outcome() -> impl Strategy<Value = Option<PrintOutcome>> {
    prop::sample::select(vec![
        None,
        Some(PrintOutcome::Printed),
        Some(PrintOutcome::NotPrinted(PrintTrouble::PaperEnd)),
        Some(PrintOutcome::Unknown { bytes: 9_000, cause: PrintTrouble::Silent }),
    ])
}

fn any_ticket() -> impl Strategy<Value = Record> {
    // Identity and order of issue belong together, so one number decides both.
    (0..12_u32, any_state(), any_paper(), any_wall(), prop::option::of(any_wall()), any::<bool>()).prop_map(
        |(n, state, paper, issued_at, called_at, flag)| {
            let day = BusinessDay(DAY.0 + (n % 2) as i32);
            Record::Ticket(Ticket {
                id: TicketId { day, ..ticket_id(n) },
                state,
                paper,
                issued_at,
                called_at,
                served_at: called_at.filter(|_| flag),
                priority: flag.then(|| PriorityId::new("nguoi-cao-tuoi")),
                only_counter: flag.then_some(CounterId(2)),
                reentered: flag,
                overtaken: n,
                place: u64::from(n / 2),
                ..ticket(n)
            })
        },
    )
}

fn any_record() -> impl Strategy<Value = Record> {
    let series = prop::sample::select(vec![AreaId::new("ho-tich"), AreaId::new("dat-dai")]);
    prop_oneof![
        4 => any_ticket(),
        1 => (series, any_day(), 0..50_u32).prop_map(|(series, day, burnt)| Record::SeriesAt { series, day, burnt }),
        1 => any_day().prop_map(Record::Day),
        2 => (1..9_u64, any_outcome()).prop_map(|(job, outcome)| Record::PrintLedger {
            job: JobId(job),
            ticket: (job % 3 > 0).then(|| ticket_id(job as u32)),
            outcome,
        }),
        2 => (1..5_u8, 0..3, prop::option::of(any::<u128>())).prop_map(|(counter, state, press)| Record::Counter {
            counter: CounterId(counter),
            state: match state {
                0 => CounterState::Closed,
                1 => CounterState::Open,
                _ => CounterState::Paused(PauseReasonId::new("hop")),
            },
            last_press: press.map(PressId),
        }),
        2 => (1..5_u32, any_day(), any::<u8>(), any_wall()).prop_map(|(n, day, key, at)| Record::Rating(Rating {
            ticket: TicketId { day, ..ticket_id(n) },
            counter: CounterId(1),
            scale: "vn3".to_owned(),
            key,
            at,
        })),
        1 => any::<i64>().prop_map(report),
        1 => any::<u8>().prop_map(|key| Record::UpdateTold(key.to_string())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_restart_gives_back_exactly_what_was_stored(batches in prop::collection::vec(prop::collection::vec(any_record(), 1..8), 1..8)) {
        let folder = tempfile::tempdir().unwrap();
        let (mut store, _) = open(folder.path());
        let mut outbox = store.outbox().unwrap();
        for batch in &batches {
            store.apply(batch).unwrap();
            outbox.keep_today().unwrap();
        }
        let today = rusqlite::Connection::open(folder.path().join("hall.today.db")).unwrap();
        let of_today = Restored { unclean: false, ..restore::restored(&today).unwrap() };
        prop_assert_eq!(&of_today, &model(&batches.concat()), "the day's copy");
        drop((today, outbox));
        store.clean_stop().unwrap();
        let (_store, restored) = open(folder.path());
        prop_assert_eq!(restored, model(&batches.concat()));
    }
}

#[test]
fn a_failure_at_any_step_leaves_all_or_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, _) = open(folder.path());
    store.apply(&issue(1)).unwrap();
    let before = (restore::restored(&store.connection).unwrap(), depth::depth(&store.connection).unwrap());
    let mut failures = 0;
    for stop_at in 1.. {
        interrupt_at(&mut store, stop_at);
        let result = store.apply(&issue(2));
        store.connection.progress_handler(0, None::<fn() -> bool>).unwrap();
        // An interrupted rollback stays open until the next transaction begins.
        drop(connection::begin(&mut store.connection).unwrap());
        let after = (restore::restored(&store.connection).unwrap(), depth::depth(&store.connection).unwrap());
        if after.1.unsent == 2 {
            // All of it. The last step interrupted is the end of the commit itself: stored, although it said no.
            assert_eq!((after.0.tickets.len(), after.0.jobs_in_doubt.len()), (2, 2), "{result:?}");
            break;
        }
        assert_eq!(after, before, "stopped at step {stop_at}");
        failures += 1;
    }
    assert!(failures > 100, "only {failures} places were tried");
}

#[test]
fn without_the_transaction_a_failure_would_leave_half() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, _) = open(folder.path());
    let halves = (1..200).filter(|stop_at| {
        interrupt_at(&mut store, *stop_at);
        let _stopped = crate::store::records::series(&store.connection, "ho-tich", DAY.0, 2)
            .and_then(|()| crate::store::records::ticket(&store.connection, &ticket(2)));
        store.connection.progress_handler(0, None::<fn() -> bool>).unwrap();
        let burnt: i64 = count(&store, "series");
        let tickets: i64 = count(&store, "ticket");
        store.connection.execute_batch("DELETE FROM series; DELETE FROM ticket").unwrap();
        burnt != tickets
    });
    assert!(halves.count() > 0);
}

fn count(store: &Store, table: &str) -> i64 {
    store.connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

fn interrupt_at(store: &mut Store, step: u32) {
    let mut steps = 0;
    let stop = move || {
        steps += 1;
        steps >= step
    };
    store.connection.progress_handler(1, Some(stop)).unwrap();
}

#[test]
fn an_event_that_cannot_be_encoded_takes_the_ticket_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, _) = Store::open(folder.path(), Epoch(7), Box::new(BrokenEncoder)).unwrap();
    assert!(matches!(store.apply(&issue(1)), Err(StoreError::Encode(_))));
    assert_eq!(restore::restored(&store.connection).unwrap().tickets, []);
}

#[test]
fn a_number_is_never_given_to_a_second_ticket() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, _) = open(folder.path());
    store.apply(&issue(1)).unwrap();
    let second = Ticket { issue_order: 2, place: 2, ..ticket(1) };
    let refused = store.apply(&[Record::Ticket(second)]);
    assert!(matches!(refused, Err(StoreError::NumberTaken { ordinal: 1, highest: 1, .. })), "{refused:?}");
    assert_eq!(restore::restored(&store.connection).unwrap().tickets, [ticket(1)]);
}

#[test]
fn a_fact_is_told_against_the_ticket_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, _) = open(folder.path());
    store.apply(&issue(1)).unwrap();
    let step = Step::Transferred { area: AreaId::new("dat-dai"), counter: None };
    let fact = Fact::Moved { ticket: ticket_id(1), number: ticket(1).number, counter: None, step };
    let moved = Ticket { area: AreaId::new("dat-dai"), ..ticket(1) };
    store.apply(&[Record::Ticket(moved), Record::Report(Report { at: at(1), mono_ms: 1, fact })]).unwrap();
    let sent = store.outbox().unwrap().unsent(9, 9_999).unwrap().unwrap();
    assert!(sent.events[1].ends_with("before=Some(\"ho-tich\")"), "{:?}", sent.events);
}

#[test]
fn only_a_stop_on_purpose_counts_as_clean() {
    let folder = tempfile::tempdir().unwrap();
    let (store, first) = open(folder.path());
    assert!(!first.unclean, "a new database has no run before");
    drop(store);
    let (store, after_kill) = open(folder.path());
    assert!(after_kill.unclean);
    store.clean_stop().unwrap();
    let (_store, after_stop) = open(folder.path());
    assert!(!after_stop.unclean);
}

#[test]
fn counters_that_were_set_back_do_not_lead_into_what_tickets_have() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, _) = open(folder.path());
    store.apply(&issue(8)).unwrap();
    let set_back = "UPDATE hall SET next_job = 1, next_issue_order = 1; UPDATE series SET burnt = 2;";
    store.connection.execute_batch(set_back).unwrap();
    drop(store);
    let (_store, restored) = open(folder.path());
    assert_eq!((restored.next_job, restored.next_issue_order), (9, 9));
    assert_eq!(restored.burnt, [(AreaId::new("ho-tich"), 8)]);
}

#[test]
fn a_second_process_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, _) = open(folder.path());
    let second = Store::open(folder.path(), Epoch(8), Box::new(PlainEncoder));
    assert!(matches!(second, Err(StoreError::InUse { .. })), "{second:?}");
}
