//! The outbox: an unbroken chain that forgets nothing unacknowledged.

use kiosk_core::event::{Device, Health};
use kiosk_protocol::chain_input;
use sha2::{Digest, Sha256};

use super::*;
use crate::store::{Outbox, Rewound, restore};

fn hall(events: u32) -> (tempfile::TempDir, Store, Outbox) {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, _) = open(folder.path());
    for n in 0..events {
        assert_eq!(store.apply(&[report(i64::from(n))]).unwrap().reported, 1);
    }
    let outbox = store.outbox().unwrap();
    (folder, store, outbox)
}

fn range(outbox: &Outbox) -> Option<(u64, u64, usize)> {
    let pending = outbox.unsent(500, 1_000_000).unwrap()?;
    Some((pending.first.epoch.0, pending.first.seq, pending.events.len()))
}

fn rehome(_: &str, place: Place) -> Result<String, EncodeError> {
    Ok(format!("{}-{} moved", place.epoch, place.seq))
}

#[test]
fn batches_are_contiguous_chained_and_within_their_limits() {
    let (_folder, _store, mut outbox) = hall(10);
    let one = outbox.unsent(1, 1).unwrap().unwrap();
    assert_eq!((one.first.seq, one.previous), (1, [0; 32]));
    assert_eq!(one.events, ["0000000000000007-1 before=None"], "one goes however large it is");
    assert_eq!(outbox.unsent(500, 70).unwrap().unwrap().events.len(), 2, "the byte limit holds");
    let hash: [u8; 32] = Sha256::digest(chain_input(&[0; 32], &one.events[0])).into();
    outbox.acknowledge(Epoch(7), 2, at(1)).unwrap();
    let rest = outbox.unsent(4, 1_000_000).unwrap().unwrap();
    assert_eq!((rest.first.seq, rest.previous, rest.events.len()), (2, hash, 4));
}

#[test]
fn an_acknowledgement_never_goes_back_and_never_beyond_the_end() {
    let (_folder, mut store, mut outbox) = hall(5);
    for (below, next) in [(3, Some((7, 3, 3))), (2, Some((7, 3, 3))), (99, None)] {
        outbox.acknowledge(Epoch(7), below, at(1)).unwrap();
        assert_eq!(range(&outbox), next, "below {below}");
    }
    store.apply(&[report(9)]).unwrap();
    assert_eq!(range(&outbox), Some((7, 6, 1)));
}

#[test]
fn a_rewind_sends_again_what_is_kept_and_says_when_it_is_not() {
    let (_folder, _store, mut outbox) = hall(5);
    outbox.acknowledge(Epoch(7), 6, at(1)).unwrap();
    assert_eq!(outbox.rewind(Epoch(7), 2).unwrap(), Rewound::Done);
    assert_eq!(range(&outbox), Some((7, 2, 4)));
    for (to, rewound) in [(3, Rewound::Ahead), (40, Rewound::Ahead), (0, Rewound::NotKept)] {
        assert_eq!(outbox.rewind(Epoch(7), to).unwrap(), rewound, "to {to}");
        assert_eq!(range(&outbox), Some((7, 2, 4)), "nothing is passed over");
    }
    assert_eq!(outbox.rewind(Epoch(9), 1).unwrap(), Rewound::NotKept);
}

#[test]
fn a_fork_moves_what_the_server_lacks_into_a_new_epoch_without_the_parked() {
    let (_folder, mut store, mut outbox) = hall(5);
    outbox.acknowledge(Epoch(7), 3, at(1)).unwrap();
    outbox.park(Epoch(7), &[4]).unwrap();
    outbox.begin_move(Epoch(7), 3, Epoch(8)).unwrap();
    assert!(!outbox.move_step(&rehome).unwrap(), "one step is enough");
    store.apply(&[report(9)]).unwrap();
    let moved = outbox.unsent(500, 1_000_000).unwrap().unwrap();
    assert_eq!(moved.first, Place { epoch: Epoch(8), seq: 1 });
    assert_eq!(
        moved.events,
        ["0000000000000008-1 moved", "0000000000000008-2 moved", "0000000000000008-3 before=None"]
    );
    assert_eq!(outbox.depth().unwrap().unsent, 3);
    outbox.acknowledge(Epoch(8), 4, at(1)).unwrap();
    assert_eq!(range(&outbox), None);
}

#[test]
fn a_long_move_goes_in_steps_between_which_the_hall_goes_on_and_a_restart_continues_it() {
    let (folder, mut store, mut outbox) = hall(0);
    let backlog: Vec<Record> = (0..1_200).map(report).collect();
    store.apply(&backlog).unwrap();
    outbox.begin_move(Epoch(7), 3, Epoch(8)).unwrap();
    assert!(outbox.move_step(&rehome).unwrap());
    store.apply(&[report(1_200)]).unwrap();
    assert_eq!(outbox.depth().unwrap().unsent, 1_201, "nothing is counted twice");
    drop((store, outbox));

    let (mut store, _) = open(folder.path());
    let mut outbox = store.outbox().unwrap();
    while outbox.move_step(&rehome).unwrap() {}
    store.apply(&[report(1_201)]).unwrap();
    assert_eq!(outbox.depth().unwrap().unsent, 1_200, "what lies before the cut is at the server");
    let mut sent = Vec::new();
    let mut previous = [0; 32];
    while let Some(pending) = outbox.unsent(500, 1_000_000).unwrap() {
        assert_eq!((pending.first.epoch, pending.previous), (Epoch(8), previous));
        for event in &pending.events {
            previous = Sha256::digest(chain_input(&previous, event)).into();
        }
        let below = pending.first.seq + pending.events.len() as u64;
        sent.extend(pending.events);
        outbox.acknowledge(Epoch(8), below, at(1)).unwrap();
    }
    let moved = (1..=1_199).map(|seq| format!("0000000000000008-{seq} moved"));
    let wanted: Vec<String> = moved.chain(["0000000000000008-1200 before=None".to_owned()]).collect();
    assert_eq!(sent, wanted);
}

#[test]
fn what_was_never_acknowledged_is_never_forgotten() {
    const DAY_MS: i64 = 86_400_000;
    let (_folder, _store, mut outbox) = hall(5);
    outbox.acknowledge(Epoch(7), 4, at(100 * DAY_MS)).unwrap();
    let kept = |outbox: &Outbox| outbox.rewind_probe();
    for (now, left) in [
        (at(134 * DAY_MS), 5),
        (Wall { unix_ms: 200 * DAY_MS, trusted: false }, 5),
        (at(136 * DAY_MS), 2),
        (at(9_999 * DAY_MS), 2),
    ] {
        while outbox.sweep(now).unwrap() {}
        assert_eq!(kept(&outbox), left, "{now:?}");
    }
    assert_eq!(range(&outbox), Some((7, 4, 2)));
}

impl Outbox {
    fn rewind_probe(&self) -> i64 {
        self.connection.query_row("SELECT count(*) FROM outbox", [], |row| row.get(0)).unwrap()
    }
}

#[test]
fn old_days_are_forgotten_but_open_tickets_and_numbers_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, _) = open(folder.path());
    for ordinal in 1..=3 {
        store.apply(&issue(ordinal)).unwrap();
    }
    let done = Ticket { state: TicketState::Finished(CounterId(1)), ..ticket(1) };
    store.apply(&[Record::Ticket(done)]).unwrap();
    let mut outbox = store.outbox().unwrap();
    while outbox.sweep(at((i64::from(DAY.0) + 200) * 86_400_000)).unwrap() {}
    drop(store);
    let (_store, restored) = open(folder.path());
    let left: Vec<u32> = restored.tickets.iter().map(|ticket| ticket.id.ordinal).collect();
    assert_eq!((left, restored.next_job, restored.next_issue_order), (vec![2, 3], 4, 4));
}

#[test]
fn a_nearly_full_outbox_takes_tickets_but_no_health() {
    let (_folder, mut store, outbox) = hall(1);
    let full = crate::store::OUTBOX_CAP as i64 * 97 / 100;
    store.connection.execute("UPDATE epoch SET next_seq = ?1", [full]).unwrap();
    let health = Fact::Device { device: Device::Printer, health: Health::Ready };
    let health = Record::Report(Report { at: at(1), mono_ms: 1, fact: health });
    assert_eq!(store.apply(&[health]).unwrap().reported, 0);
    let applied = store.apply(&[report(1)]).unwrap();
    assert_eq!((applied.reported, applied.outbox.map(|depth| depth.percent)), (1, Some(97)));
    assert_eq!(outbox.depth().unwrap().percent, 97);
}

#[test]
fn a_full_outbox_says_so_and_goes_on_taking_what_happens() {
    let (_folder, mut store, outbox) = hall(1);
    let beyond = crate::store::OUTBOX_CAP as i64 * 12 / 10;
    store.connection.execute("UPDATE epoch SET next_seq = ?1", [beyond]).unwrap();
    let applied = store.apply(&issue(1)).unwrap();
    assert_eq!((applied.reported, applied.outbox.map(|depth| depth.percent)), (1, Some(100)));
    assert_eq!(outbox.depth().unwrap().unsent, beyond as u64, "one more, and the first is number one");
}

#[test]
fn a_full_disk_refuses_a_ticket_whole_and_takes_it_once_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, _) = open(folder.path());
    store.apply(&issue(1)).unwrap();
    let pages: i64 = store.connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    let limit = |store: &Store, pages: i64| {
        store.connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).unwrap();
    };
    limit(&store, pages);
    let refused = (2..200).find_map(|ordinal| Some((ordinal, store.apply(&issue(ordinal)).err()?)));
    let (ordinal, error) = refused.expect("the pages are used up");
    assert!(!error.is_damage(), "{error:?}");
    assert_eq!(restore::restored(&store.connection).unwrap().tickets.len(), ordinal as usize - 1);
    limit(&store, 1_000_000);
    store.apply(&issue(ordinal)).unwrap();
}

#[test]
fn a_fact_without_a_wire_form_takes_no_sequence_number() {
    let (_folder, mut store, outbox) = hall(1);
    let day = Record::Report(Report { at: at(1), mono_ms: 1, fact: Fact::DayOpened(DAY) });
    assert_eq!(store.apply(&[day, report(2)]).unwrap().reported, 1);
    assert_eq!(range(&outbox), Some((7, 1, 2)));
}

#[test]
fn issuing_and_sending_at_once_loses_and_doubles_nothing() {
    let (_folder, mut store, mut outbox) = hall(0);
    let issuing = std::thread::spawn(move || {
        for ordinal in 1..=100 {
            store.apply(&issue(ordinal)).unwrap();
        }
        store
    });
    let mut sent = Vec::new();
    while sent.len() < 100 {
        if let Some(pending) = outbox.unsent(7, 1_000_000).unwrap() {
            let below = pending.first.seq + pending.events.len() as u64;
            sent.extend(pending.events);
            outbox.acknowledge(Epoch(7), below, at(1)).unwrap();
        }
    }
    let store = issuing.join().unwrap();
    let wanted: Vec<String> = (1..=100).map(|seq| format!("0000000000000007-{seq} before=None")).collect();
    assert_eq!(sent, wanted);
    assert_eq!(crate::store::depth::depth(&store.connection).unwrap().unsent, 0);
}
