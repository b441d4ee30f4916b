//! A copy in the place of a damaged database: what of the day is there again, what is not, and that no number comes twice.

use std::fs;

use rusqlite::Connection;

use super::*;
use crate::store::{Opening, Rewound};

/// What the rules skip after an unclean start.
const GUARD_BAND: u32 = 5;

/// A hall with twenty tickets, in one file; the whole copy was made after three and the day's copy after twelve.
fn hall_of_twenty(folder: &Path) {
    let (mut store, _) = open(folder);
    let mut outbox = store.outbox().unwrap();
    for ordinal in 1..=20 {
        store.apply(&issue(ordinal)).unwrap();
        match ordinal {
            3 => outbox.keep_copy().unwrap(),
            5 | 12 => outbox.keep_today().unwrap(),
            _ => {}
        }
    }
    drop(outbox);
    store.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
}

/// Fills the page where a table or index begins with noise.
fn spoil_table(folder: &Path, name: &str) {
    let database = folder.join("hall.db");
    let page: u32 = Connection::open(&database)
        .unwrap()
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = ?1", [name], |row| row.get(0))
        .unwrap();
    let mut bytes = fs::read(&database).unwrap();
    let from = (page as usize - 1) * 4096;
    bytes[from..from + 4096].fill(0xa5);
    fs::write(&database, bytes).unwrap();
}

fn ordinals(restored: &Restored) -> Vec<u32> {
    restored.tickets.iter().map(|ticket| ticket.id.ordinal).collect()
}

#[test]
fn a_file_that_cannot_be_read_at_all_costs_the_tickets_of_minutes_and_staff_learn_which() {
    let folder = tempfile::tempdir().unwrap();
    hall_of_twenty(folder.path());
    fs::write(folder.path().join("hall.db"), [0xa5; 40_960]).unwrap();
    let (store, restored) = reopen_as(folder.path(), 8);
    assert!(matches!(store.opening(), Opening::FromCopy { copy: 0, .. }), "{:?}", store.opening());
    assert_eq!(ordinals(&restored), (1..=12).collect::<Vec<_>>());
    assert_eq!(restored.lost, [(AreaId::new("ho-tich"), 13, 20)]);
    assert_eq!((restored.from_copy, restored.restored_day), (true, Some(DAY)));
    assert_eq!(restored.jobs_in_doubt.len(), 12);

    // The next start has nothing to mend, but the numbers are still missing.
    drop(store);
    let (_store, restored) = reopen_as(folder.path(), 9);
    assert_eq!((restored.from_copy, restored.lost.len(), restored.restored_day), (false, 1, Some(DAY)));
}

#[test]
fn after_a_stale_copy_no_number_comes_twice_and_without_the_side_file_one_would() {
    for side_file in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        hall_of_twenty(folder.path());
        fs::write(folder.path().join("hall.db"), [0xa5; 40_960]).unwrap();
        if !side_file {
            fs::remove_file(folder.path().join("burnt.txt")).unwrap();
        }
        let (_store, restored) = reopen_as(folder.path(), 8);
        assert!(restored.unclean, "so that the rules skip the guard band");
        let next = restored.burnt[0].1 + GUARD_BAND + 1;
        assert_eq!(next > 20, side_file, "the next number is {next}");
    }
}

#[test]
fn what_a_damaged_file_still_proves_is_taken_over() {
    for (spoilt, tickets, events) in
        [("counter", 20, 20), ("rating", 20, 20), ("ticket", 12, 20), ("outbox", 20, 12)]
    {
        let folder = tempfile::tempdir().unwrap();
        hall_of_twenty(folder.path());
        spoil_table(folder.path(), spoilt);
        let (store, restored) = reopen_as(folder.path(), 8);
        assert!(
            matches!(store.opening(), Opening::FromCopy { copy: 0, .. }),
            "{spoilt}: {:?}",
            store.opening()
        );
        assert_eq!(restored.tickets.len(), tickets, "{spoilt}");
        assert_eq!(restored.lost.is_empty(), tickets == 20, "{spoilt}: {:?}", restored.lost);
        let sent = store.outbox().unwrap().unsent(500, 100_000).unwrap().unwrap();
        assert_eq!((sent.first.epoch, sent.events.len()), (Epoch(7), events), "{spoilt}");
    }
}

#[test]
fn a_damaged_file_is_not_believed_what_it_cannot_prove() {
    let folder = tempfile::tempdir().unwrap();
    hall_of_twenty(folder.path());
    let lying = Connection::open(folder.path().join("hall.db")).unwrap();
    lying
        .execute_batch(
            "UPDATE outbox SET event = 'another' WHERE seq = 16;
             UPDATE ticket SET number = 'A999' WHERE ordinal = 14;
             UPDATE ticket SET ordinal = 900, number = 'A900' WHERE ordinal = 15;
             UPDATE ticket SET area = 'nowhere' WHERE ordinal = 17;
             PRAGMA wal_checkpoint(TRUNCATE);",
        )
        .unwrap();
    drop(lying);
    spoil_table(folder.path(), "counter");
    let (store, restored) = reopen_as(folder.path(), 8);
    assert_eq!(ordinals(&restored), [(1..=13).collect(), vec![16, 18, 19, 20]].concat());
    let series = || AreaId::new("ho-tich");
    assert_eq!(restored.lost, [(series(), 14, 15), (series(), 17, 17)]);
    assert_eq!(restored.burnt, [(series(), 20)]);
    let sent = store.outbox().unwrap().unsent(500, 100_000).unwrap().unwrap();
    assert_eq!(sent.events.len(), 15, "the chain is followed to where it breaks");
}

#[test]
fn the_days_copy_stands_on_the_whole_one_so_that_a_server_can_still_be_refilled() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, _) = open(folder.path());
    let mut outbox = store.outbox().unwrap();
    for ordinal in 1..=6 {
        store.apply(&issue(ordinal)).unwrap();
        if ordinal == 4 {
            outbox.acknowledge(Epoch(7), 4, at(1)).unwrap();
            outbox.keep_copy().unwrap();
        }
    }
    outbox.acknowledge(Epoch(7), 6, at(1)).unwrap();
    outbox.keep_today().unwrap();
    drop((store, outbox));
    fs::write(folder.path().join("hall.db"), [0xa5; 40_960]).unwrap();
    let (store, restored) = reopen_as(folder.path(), 8);
    assert_eq!(restored.tickets.len(), 6);
    let mut outbox = store.outbox().unwrap();
    assert_eq!(outbox.unsent(9, 9_999).unwrap().unwrap().first.seq, 6);
    assert_eq!(outbox.rewind(Epoch(7), 2).unwrap(), Rewound::Done);
}

#[test]
fn a_copy_of_another_life_of_the_database_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    hall_of_twenty(folder.path());
    let old = fs::read(folder.path().join("hall.today.db")).unwrap();
    for name in ["hall.db", "burnt.txt", "hall.copy1.db", "hall.today.db"] {
        fs::remove_file(folder.path().join(name)).unwrap();
    }
    let (mut store, _) = reopen_as(folder.path(), 8);
    store.apply(&issue(1)).unwrap();
    fs::write(folder.path().join("hall.today.db"), old).unwrap();
    store.outbox().unwrap().keep_today().unwrap();
    drop(store);
    fs::write(folder.path().join("hall.db"), [0xa5; 40_960]).unwrap();
    let (_store, restored) = reopen_as(folder.path(), 9);
    assert_eq!(ordinals(&restored), [1]);
}

#[test]
fn a_copy_in_the_midst_of_a_move_does_not_double_what_was_moved() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, _) = open(folder.path());
    let backlog: Vec<Record> = (0..700).map(report).collect();
    store.apply(&backlog).unwrap();
    let mut outbox = store.outbox().unwrap();
    outbox.keep_today().unwrap();
    let rehome =
        |_: &str, place: Place| -> Result<String, EncodeError> { Ok(format!("{} moved", place.seq)) };
    outbox.begin_move(Epoch(7), 1, Epoch(70)).unwrap();
    assert!(outbox.move_step(&rehome).unwrap());
    outbox.keep_today().unwrap();
    drop((store, outbox));
    fs::write(folder.path().join("hall.db"), [0xa5; 40_960]).unwrap();
    let (store, _) = reopen_as(folder.path(), 8);
    let mut outbox = store.outbox().unwrap();
    while outbox.move_step(&rehome).unwrap() {}
    let sent = outbox.unsent(1_000, 1_000_000).unwrap().unwrap();
    let wanted: Vec<String> = (1..=700).map(|seq| format!("{seq} moved")).collect();
    assert_eq!((sent.first.epoch, sent.events), (Epoch(70), wanted));
    assert_eq!(outbox.depth().unwrap().unsent, 700);
}
