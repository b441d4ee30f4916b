//! A damaged file never stops the hall and never gives a number out twice.

use std::fs;

use super::*;
use crate::store::Opening;

/// A hall with ten tickets; the copies were made after three and after six.
fn hall_with_copies(folder: &Path) {
    let (mut store, _) = open(folder);
    let mut outbox = store.outbox().unwrap();
    for ordinal in 1..=10 {
        store.apply(&issue(ordinal)).unwrap();
        if matches!(ordinal, 3 | 6) {
            outbox.keep_copy().unwrap();
        }
    }
}

fn spoil(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    for byte in bytes.iter_mut().skip(20).step_by(7) {
        *byte = !*byte;
    }
    fs::write(path, bytes).unwrap();
}

fn burnt(restored: &Restored) -> Option<u32> {
    restored.burnt.first().map(|(_, burnt)| *burnt)
}

#[test]
fn a_damaged_file_is_set_aside_and_the_newest_copy_takes_its_place() {
    let folder = tempfile::tempdir().unwrap();
    hall_with_copies(folder.path());
    spoil(&folder.path().join("hall.db"));
    let (store, restored) = reopen_as(folder.path(), 8);
    let damaged = folder.path().join("hall.damaged1.db");
    assert!(damaged.exists());
    assert_eq!(store.opening(), &Opening::FromCopy { copy: 1, damaged: Some(damaged) });
    assert_eq!(restored.tickets.len(), 6);
    assert_eq!((burnt(&restored), restored.next_job, restored.next_issue_order), (Some(10), 11, 11));
    assert!(restored.unclean, "so that the guard band is skipped too");
}

#[test]
fn the_uploader_tells_a_damaged_file_from_an_error_that_only_says_so() {
    let folder = tempfile::tempdir().unwrap();
    hall_with_copies(folder.path());
    let (mut store, _) = open(folder.path());
    store.apply(&issue(11)).unwrap();
    let outbox = store.outbox().unwrap();
    assert!(!outbox.is_damaged());
    store.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    spoil(&folder.path().join("hall.db"));
    assert!(outbox.is_damaged());
}

#[test]
fn a_damaged_copy_is_passed_over_for_the_older_one() {
    let folder = tempfile::tempdir().unwrap();
    hall_with_copies(folder.path());
    spoil(&folder.path().join("hall.db"));
    spoil(&folder.path().join("hall.copy1.db"));
    let (store, restored) = reopen_as(folder.path(), 8);
    assert!(matches!(store.opening(), Opening::FromCopy { copy: 2, .. }), "{:?}", store.opening());
    assert_eq!((restored.tickets.len(), burnt(&restored)), (3, Some(10)));
}

#[test]
fn without_a_good_copy_a_new_database_goes_on_above_the_burnt_numbers() {
    for gone in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let (mut store, _) = open(folder.path());
        store.apply(&issue(10)).unwrap();
        drop(store);
        if gone {
            fs::remove_file(folder.path().join("hall.db")).unwrap();
        } else {
            spoil(&folder.path().join("hall.db"));
        }
        let (store, restored) = reopen_as(folder.path(), 8);
        assert!(matches!(store.opening(), Opening::Rebuilt { .. }), "{:?}", store.opening());
        assert_eq!((restored.day, burnt(&restored), restored.next_job), (Some(DAY), Some(10), 11));
        assert!(restored.unclean);
    }
}

#[test]
fn a_restored_copy_sends_its_old_events_as_they_were_and_begins_a_new_epoch() {
    let folder = tempfile::tempdir().unwrap();
    hall_with_copies(folder.path());
    spoil(&folder.path().join("hall.db"));
    let (mut store, _) = reopen_as(folder.path(), 8);
    store.apply(&issue(17)).unwrap();
    let mut outbox = store.outbox().unwrap();
    let old = outbox.unsent(99, 99_999).unwrap().unwrap();
    assert_eq!((old.first, old.events.len()), (Place { epoch: Epoch(7), seq: 1 }, 6));
    // The server has ten of the old epoch: more than the copy knew.
    outbox.acknowledge(Epoch(7), 11, at(1)).unwrap();
    let new = outbox.unsent(99, 99_999).unwrap().unwrap();
    assert_eq!((new.first, new.events.len()), (Place { epoch: Epoch(8), seq: 1 }, 1));
}

#[test]
fn flipped_bits_never_bring_a_burnt_number_back() {
    let made = tempfile::tempdir().unwrap();
    hall_with_copies(made.path());
    let (store, _) = open(made.path());
    store.clean_stop().unwrap();
    let sound = fs::read(made.path().join("hall.db")).unwrap();
    let mut random = 1_u64;
    let mut recovered = 0;
    for _ in 0..60 {
        let folder = tempfile::tempdir().unwrap();
        for name in ["hall.copy1.db", "hall.copy2.db", "burnt.txt"] {
            fs::copy(made.path().join(name), folder.path().join(name)).unwrap();
        }
        let mut bytes = sound.clone();
        for _ in 0..40 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let place = (random >> 20) as usize % bytes.len();
            bytes[place] ^= 1 << (random >> 17 & 7);
        }
        fs::write(folder.path().join("hall.db"), bytes).unwrap();
        let (store, restored) = reopen_as(folder.path(), 8);
        recovered += u32::from(store.opening() != &Opening::AsLeft);
        // A flip inside a number can survive every check of structure; the rules then go on from the higher one.
        assert!(burnt(&restored) >= Some(10) || store.opening() == &Opening::AsLeft);
    }
    assert!(recovered > 20, "only {recovered} of 60 were noticed");
}

#[test]
fn a_database_whose_making_was_cut_off_is_made_again() {
    let cut_offs: [&dyn Fn(&Path); 2] = [&|database| fs::write(database, "").unwrap(), &|database| {
        let connection = rusqlite::Connection::open(database).unwrap();
        connection.execute_batch(include_str!("../migrations/0001_hall.sql")).unwrap();
        connection.pragma_update(None, "user_version", 1).unwrap();
    }];
    for cut_off in cut_offs {
        let folder = tempfile::tempdir().unwrap();
        cut_off(&folder.path().join("hall.db"));
        let (mut store, restored) = open(folder.path());
        assert_eq!((store.opening(), restored.unclean), (&Opening::New, false));
        store.apply(&issue(1)).unwrap();
    }
}

#[test]
fn reading_the_kept_events_makes_no_database() {
    let folder = tempfile::tempdir().unwrap();
    assert!(crate::store::kept_events(folder.path()).is_err());
    assert!(!folder.path().join("hall.db").exists());
    let (mut store, _) = open(folder.path());
    store.apply(&issue(1)).unwrap();
    assert_eq!(crate::store::kept_events(folder.path()).unwrap(), ["0000000000000007-1 before=None"]);
}
