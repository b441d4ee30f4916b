//! What every implementation of `Store` must do. A second store (PostgreSQL) adds one line to `stores`.

use district_server::store::sqlite::SqliteStore;
use district_server::store::*;
use kiosk_protocol::{Epoch, InboxCommand};

#[cfg(test)]
mod given {
    use super::*;

    /// Every implementation, each empty.
    pub fn stores() -> Vec<(&'static str, Box<dyn Store>, tempfile::TempDir)> {
        let dir = tempfile::tempdir().unwrap();
        let sqlite = SqliteStore::open(&dir.path().join("district.db")).unwrap();
        vec![("sqlite", Box::new(sqlite), dir)]
    }

    /// Enrols `k1` in hall `h1`.
    pub fn enrolled(store: &dyn Store) {
        let token =
            EnrolToken { hash: [1; 32], kiosk: "k1".to_owned(), hall: "h1".to_owned(), expires_ms: 100 };
        store.add_token(&token).unwrap();
        store.enrol(&[1; 32], "k1", &[9; 32], 1).unwrap().unwrap();
    }

    /// Chain hash after event `seq` of a history.
    pub fn chain(history: u8, seq: u64) -> [u8; 32] {
        let mut chain = [history; 32];
        chain[..8].copy_from_slice(&seq.to_be_bytes());
        if seq == 0 { [0; 32] } else { chain }
    }

    /// Events `first..first+count` of a history; every event of day `d<seq>`.
    pub fn batch(history: u8, first_seq: u64, count: u64) -> IncomingBatch {
        let event = |seq: u64| IncomingEvent {
            raw: format!("{{\"history\":{history},\"seq\":{seq}}}"),
            chain: chain(history, seq),
            wire_type: "t".to_owned(),
            hall: "h1".to_owned(),
            day: format!("2026-11-{seq:02}"),
            kiosk_ms: 5,
            subject: seq.is_multiple_of(2).then(|| "even".to_owned()),
            bad: (seq == 7).then(|| "seven".to_owned()),
        };
        IncomingBatch {
            kiosk: "k1".to_owned(),
            epoch: Epoch(1),
            first_seq,
            prev_hash: chain(history, first_seq - 1),
            events: (first_seq..first_seq + count).map(event).collect(),
        }
    }

    pub fn dossier(code: u8, as_of_ms: i64, status_word: &str) -> Dossier {
        Dossier {
            code: [code; 32],
            phone: None,
            procedure_code: None,
            procedure_name: None,
            status_number: Some(4),
            status_word: status_word.to_owned(),
            channel: Some(1),
            received: None,
            due: Some("2026-11-20".to_owned()),
            due_again: None,
            unit: Some("UBND".to_owned()),
            as_of_ms,
        }
    }

    pub fn seqs(store: &dyn Store) -> Vec<String> {
        store.export(0, 1_000).unwrap().into_iter().map(|event| event.raw).collect()
    }
}

#[cfg(test)]
mod conformance {
    use super::given::*;
    use super::*;

    #[test]
    fn batches_are_taken_once_and_in_order() {
        for (name, store, _dir) in stores() {
            enrolled(store.as_ref());
            for (first, count, appended) in [
                (2, 1, Appended::Gap { next_seq: 1 }),
                (1, 3, Appended::Upto { next_seq: 4, new: 3 }),
                (1, 3, Appended::Upto { next_seq: 4, new: 0 }),
                (3, 3, Appended::Upto { next_seq: 6, new: 2 }),
                (7, 1, Appended::Gap { next_seq: 6 }),
                (6, 2, Appended::Upto { next_seq: 8, new: 2 }),
            ] {
                assert_eq!(
                    store.append(&batch(1, first, count), 50).unwrap(),
                    appended,
                    "{name} {first}+{count}"
                );
            }
            let expected: Vec<String> =
                (1..=7).map(|seq| format!("{{\"history\":1,\"seq\":{seq}}}")).collect();
            assert_eq!(seqs(store.as_ref()), expected, "{name}");
            let kiosk = store.kiosk("k1").unwrap().unwrap();
            assert_eq!((kiosk.events, kiosk.last_heard_ms), (7, 50), "{name}");
        }
    }

    #[test]
    fn another_history_is_a_fork_and_changes_nothing_stored() {
        for (name, store, _dir) in stores() {
            enrolled(store.as_ref());
            store.append(&batch(1, 1, 3), 50).unwrap();
            let before = seqs(store.as_ref());
            assert_eq!(store.append(&batch(2, 2, 5), 60).unwrap(), Appended::Fork { seq: 1 }, "{name}");
            assert_eq!(
                store.append(&batch(1, 1, 4), 60).unwrap(),
                Appended::Fork { seq: 1 },
                "{name}: quarantined"
            );
            assert_eq!(seqs(store.as_ref()), before, "{name}");
            assert_eq!(store.alarms(5).unwrap().len(), 1, "{name}");
            let other_epoch = IncomingBatch { epoch: Epoch(2), ..batch(2, 1, 1) };
            assert_eq!(
                store.append(&other_epoch, 60).unwrap(),
                Appended::Upto { next_seq: 2, new: 1 },
                "{name}"
            );
        }
    }

    #[test]
    fn days_newest_and_export_show_what_was_appended() {
        for (name, store, _dir) in stores() {
            enrolled(store.as_ref());
            store.append(&batch(1, 1, 8), 50).unwrap();
            let marks = store.day_marks("2026-11-02", "2026-11-03").unwrap();
            let days: Vec<&str> = marks.iter().map(|mark| mark.day.as_str()).collect();
            assert_eq!(days, ["2026-11-02", "2026-11-03"], "{name}");
            assert_eq!(store.events_of_day("h1", "2026-11-02").unwrap().len(), 1, "{name}");
            assert!(store.events_of_day("h2", "2026-11-02").unwrap().is_empty(), "{name}");
            assert!(
                store.events_of_day("h1", "2026-11-07").unwrap().is_empty(),
                "{name}: unreadable ones do not count"
            );
            let newest = store.newest("k1").unwrap();
            assert_eq!((newest.len(), newest[0].raw.contains("\"seq\":8")), (1, true), "{name}");
            let page = store.export(0, 3).unwrap();
            assert_eq!(store.export(page[2].row, 100).unwrap().len(), 5, "{name}");
        }
    }

    #[test]
    fn a_token_is_used_by_one_key_in_time() {
        for (name, store, _dir) in stores() {
            enrolled(store.as_ref());
            let again =
                |key: [u8; 32]| store.enrol(&[1; 32], "k1", &key, 99).unwrap().map(|kiosk| kiosk.hall);
            assert_eq!(again([9; 32]).as_deref(), Some("h1"), "{name}");
            assert_eq!(again([8; 32]), None, "{name}");
            assert_eq!(store.enrol(&[1; 32], "k1", &[9; 32], 100).unwrap(), None, "{name}: too late");
            assert_eq!(store.enrol(&[2; 32], "k1", &[9; 32], 1).unwrap(), None, "{name}: unknown");
            assert!(store.revoke("k1").unwrap() && !store.revoke("k2").unwrap(), "{name}");
            assert!(store.kiosk("k1").unwrap().unwrap().revoked, "{name}");
            assert_eq!(again([9; 32]), None, "{name}: revoked");
        }
    }

    #[test]
    fn commands_are_numbered_without_a_gap_for_each_kiosk() {
        for (name, store, _dir) in stores() {
            enrolled(store.as_ref());
            let command = |number: u64| InboxCommand {
                number,
                command: format!("{{\"number\":{number}}}"),
                signature: "s".to_owned(),
            };
            assert_eq!(store.newest_command("k1").unwrap(), 0, "{name}");
            for (number, added) in [(2, false), (1, true), (1, false), (2, true), (4, false), (3, true)] {
                assert_eq!(store.add_command("k1", &command(number), 7).unwrap(), added, "{name} {number}");
            }
            assert_eq!(store.newest_command("k1").unwrap(), 3, "{name}");
            assert_eq!(store.newest_command("k2").unwrap(), 0, "{name}: another's");
            let numbers = |after, limit| -> Vec<u64> {
                let found = store.commands("k1", after, limit).unwrap();
                found.iter().map(|stored| stored.command.number).collect()
            };
            assert_eq!(numbers(0, 9), [1, 2, 3], "{name}");
            assert_eq!((numbers(1, 1), numbers(3, 9)), (vec![2], vec![]), "{name}");
            assert_eq!(store.commands("k1", 2, 1).unwrap()[0].command, command(3), "{name}");
            let token =
                |n: u8| EnrolToken { hash: [n; 32], kiosk: "k1".into(), hall: "h1".into(), expires_ms: 9 };
            let key = store.kiosk("k1").unwrap().unwrap().public_key;
            for (n, key, newest) in [(200, key, 3), (201, [99; 32], 0)] {
                store.add_token(&token(n)).unwrap();
                store.enrol(&[n; 32], "k1", &key, 8).unwrap().unwrap();
                assert_eq!(store.newest_command("k1").unwrap(), newest, "{name}: a new machine begins anew");
            }
        }
    }

    #[test]
    fn the_newer_word_on_a_dossier_stays() {
        for (name, store, _dir) in stores() {
            let mut newer = dossier(1, 20, "newer");
            newer.phone = Some([5; 32]);
            store.put_dossiers(&[dossier(1, 10, "first"), dossier(2, 10, "other")]).unwrap();
            store.put_dossiers(&[newer]).unwrap();
            store.put_dossiers(&[dossier(1, 15, "older")]).unwrap();
            store.put_dossiers(&[dossier(1, 20, "same time")]).unwrap();
            let found = store.dossier(&[1; 32]).unwrap().unwrap();
            assert_eq!((found.status_word.as_str(), found.phone), ("same time", Some([5; 32])), "{name}");
            assert_eq!(store.dossier(&[3; 32]).unwrap(), None, "{name}");
            let counts = |today: &str| store.dossier_counts(today).unwrap().remove(0);
            assert_eq!((counts("2026-11-20").open, counts("2026-11-20").late), (2, 0), "{name}");
            assert_eq!(counts("2026-11-21").late, 2, "{name}");
        }
    }

    #[test]
    fn sessions_end_and_a_new_code_replaces_the_old() {
        for (name, store, _dir) in stores() {
            let account = Account { name: "a".to_owned(), role: Role::Officer, hall: Some("h1".to_owned()) };
            assert_eq!(store.account_count().unwrap(), 0, "{name}");
            store.put_account(&account, &[1; 32]).unwrap();
            store.put_session(&[7; 32], "a", 100).unwrap();
            assert_eq!(store.session(&[7; 32], 99).unwrap().as_ref(), Some(&account), "{name}");
            assert_eq!(store.session(&[7; 32], 100).unwrap(), None, "{name}");
            store.put_account(&account, &[2; 32]).unwrap();
            assert_eq!(store.account_by_code(&[1; 32]).unwrap(), None, "{name}");
            assert_eq!(store.account_by_code(&[2; 32]).unwrap().as_ref(), Some(&account), "{name}");
            assert_eq!(store.session(&[7; 32], 99).unwrap(), None, "{name}: a new code ends sessions");
            store.put_session(&[8; 32], "a", 100).unwrap();
            store.end_session(&[8; 32]).unwrap();
            assert_eq!(store.session(&[8; 32], 99).unwrap(), None, "{name}");
        }
    }
}
