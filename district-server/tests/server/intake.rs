//! `POST events`: gap, fork, duplicates, forgeries, bombs.

use super::rig::{Kiosk, MORNING_MS, Rig, gzip};
use axum::http::StatusCode;
use district_server::secret::sha256;
use district_server::store::StoredEvent;
use kiosk_protocol::*;
use tower::ServiceExt;

fn stored(rig: &Rig) -> Vec<StoredEvent> {
    rig.app.store.export(0, 100_000).unwrap()
}

fn stored_raw(rig: &Rig) -> Vec<String> {
    stored(rig).into_iter().map(|event| event.raw).collect()
}

#[tokio::test]
async fn a_batch_is_stored_byte_for_byte_and_acknowledged() {
    let rig = Rig::new();
    let mut kiosk = rig.kiosk("k1", "h1").await;
    kiosk.add_starts(3);
    let answer = rig.send(kiosk.batch(1, 3)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let accepted: Accepted = answer.json();
    assert_eq!((accepted.epoch, accepted.next_seq), (kiosk.epoch, 4));
    assert_eq!(accepted.server_time, "2026-11-23T08:00:00.000+07:00");
    assert_eq!(stored_raw(&rig), kiosk.events);
}

#[tokio::test]
async fn duplicates_and_overlaps_are_stored_once() {
    let mut rig = Rig::new();
    let mut kiosk = rig.kiosk("k1", "h1").await;
    kiosk.add_starts(9);
    for (first, last, next_seq) in [(1, 3, 4), (1, 3, 4), (2, 5, 6), (3, 3, 6), (1, 9, 10), (1, 9, 10)] {
        let accepted: Accepted = rig.send(kiosk.batch(first, last)).await.json();
        assert_eq!(accepted.next_seq, next_seq, "{first}..={last}");
        rig.restart();
    }
    assert_eq!(stored_raw(&rig), kiosk.events);
}

#[tokio::test]
async fn a_batch_that_starts_too_late_is_a_gap_and_stores_nothing() {
    let rig = Rig::new();
    let mut kiosk = rig.kiosk("k1", "h1").await;
    kiosk.add_starts(5);
    rig.send(kiosk.batch(1, 2)).await;
    let answer = rig.send(kiosk.batch(4, 5)).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert_eq!(answer.json::<Conflict>(), Conflict::Gap { epoch: kiosk.epoch, next_seq: 3 });
    assert_eq!(stored(&rig).len(), 2);
}

#[tokio::test]
async fn a_cloned_card_is_a_fork_which_quarantines_the_epoch_until_a_new_one() {
    let rig = Rig::new();
    let mut kiosk = rig.kiosk("k1", "h1").await;
    kiosk.add_starts(3);
    rig.send(kiosk.batch(1, 3)).await;
    let mut clone = Kiosk::new("k1");
    clone.key = kiosk.key.clone();
    clone.add_starts(2);
    let data = KioskStarted { unclean: true, app_version: "1".to_owned() };
    clone.add(EventData::KioskStarted(data), MORNING_MS);
    clone.add_starts(1);
    let fork = Conflict::Fork { epoch: kiosk.epoch, seq: 3 };
    assert_eq!(rig.send(clone.batch(1, 3)).await.json::<Conflict>(), fork);
    assert_eq!(rig.send(kiosk.batch(1, 3)).await.json::<Conflict>(), fork, "quarantined for both");
    assert_eq!(rig.app.store.alarms(9).unwrap()[0].kind, "fork");
    assert_eq!(stored_raw(&rig), kiosk.events, "what was known stays as it was");

    let mut fresh = Kiosk::new("k1");
    (fresh.key, fresh.epoch) = (kiosk.key.clone(), Epoch(0xcd));
    fresh.add_starts(1);
    assert_eq!(rig.send(fresh.batch(1, 1)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_clone_that_only_appends_is_a_fork_by_its_previous_hash() {
    let rig = Rig::new();
    let mut kiosk = rig.kiosk("k1", "h1").await;
    kiosk.add_starts(3);
    rig.send(kiosk.batch(1, 2)).await;
    let mut post = kiosk.post(3, 3);
    post.prev_hash = sha256(b"another history");
    let answer = rig.send(kiosk.sign(post)).await;
    assert_eq!(answer.json::<Conflict>(), Conflict::Fork { epoch: kiosk.epoch, seq: 2 });
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_posts_of_one_batch_store_it_once() {
    let rig = Rig::new();
    let mut kiosk = rig.kiosk("k1", "h1").await;
    kiosk.add_starts(50);
    let posts: Vec<_> =
        (0..8).map(|_| tokio::spawn(rig.router.clone().oneshot(kiosk.batch(1, 50)))).collect();
    for post in posts {
        assert_eq!(post.await.unwrap().unwrap().status(), StatusCode::OK);
    }
    assert_eq!(stored_raw(&rig), kiosk.events);
}

#[tokio::test]
async fn forged_or_changed_requests_are_refused_and_store_nothing() {
    let rig = Rig::new();
    let mut kiosk = rig.kiosk("k1", "h1").await;
    kiosk.add_starts(2);
    let stranger = Kiosk::new("k1");
    let wrong_key = stranger.sign(kiosk.post(1, 2));
    let mut changed_body = kiosk.batch(1, 2);
    *changed_body.body_mut() = gzip(b"[{}]").into();
    let mut other_first = kiosk.batch(1, 2);
    other_first.headers_mut().insert(HEADER_FIRST_SEQ, "2".parse().unwrap());
    let mut other_epoch = kiosk.batch(1, 2);
    other_epoch.headers_mut().insert(HEADER_EPOCH, "00000000000000ff".parse().unwrap());
    let mut unsigned = kiosk.batch(1, 2);
    unsigned.headers_mut().remove("signature");
    let other = rig.kiosk("k2", "h1").await;
    let other_kiosk = other.sign(kiosk.post(1, 2));
    for (name, request) in [
        ("wrong key", wrong_key),
        ("changed body", changed_body),
        ("other first seq", other_first),
        ("other epoch", other_epoch),
        ("unsigned", unsigned),
        ("another kiosk's key", other_kiosk),
    ] {
        assert_eq!(rig.send(request).await.problem(), (401, "bad-signature".to_owned()), "{name}");
    }
    assert!(stored(&rig).is_empty());
    assert_eq!(rig.app.store.alarms(99).unwrap().len(), 3, "alarms are raised, but not without end");
    assert_eq!(rig.send(kiosk.batch(1, 2)).await.status, StatusCode::OK, "control: untouched, it is taken");
}

#[tokio::test]
async fn unknown_and_revoked_kiosks_are_refused() {
    let rig = Rig::new();
    let mut kiosk = rig.kiosk("k1", "h1").await;
    kiosk.add_starts(1);
    let mut unknown = Kiosk::new("k9");
    unknown.add_starts(1);
    assert_eq!(rig.send(unknown.batch(1, 1)).await.problem(), (403, "not-enrolled".to_owned()));
    assert!(rig.app.store.revoke("k1").unwrap());
    assert_eq!(rig.send(kiosk.batch(1, 1)).await.problem(), (403, "revoked".to_owned()));
    assert!(stored(&rig).is_empty());
}

#[tokio::test]
async fn an_old_key_is_refused_after_a_new_enrolment() {
    let rig = Rig::new();
    let mut old = rig.kiosk("k1", "h1").await;
    old.add_starts(1);
    let _new = rig.kiosk("k1", "h1").await;
    assert_eq!(rig.send(old.batch(1, 1)).await.problem(), (401, "bad-signature".to_owned()));
}

#[tokio::test]
async fn sizes_have_limits_also_for_a_zip_bomb() {
    let rig = Rig::new();
    let mut kiosk = rig.kiosk("k1", "h1").await;
    kiosk.add_starts(501);
    assert_eq!(rig.send(kiosk.batch(1, 501)).await.problem(), (413, "too-large".to_owned()));
    let mut bomb = kiosk.post(1, 1);
    bomb.body = gzip(&vec![b' '; 200 << 20]);
    assert!(bomb.body.len() < MAX_BATCH_BYTES, "the bomb itself is small");
    assert_eq!(rig.send(kiosk.sign(bomb)).await.problem(), (413, "too-large".to_owned()));
    let mut large = kiosk.post(1, 1);
    large.body = vec![b' '; MAX_BATCH_BYTES + 1];
    assert_eq!(rig.send(kiosk.sign(large)).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(
        rig.send(kiosk.batch(1, 500)).await.json::<Accepted>().next_seq,
        501,
        "control: 500 are taken"
    );
}

#[tokio::test]
async fn bodies_that_are_no_batch_are_malformed() {
    let rig = Rig::new();
    let mut kiosk = rig.kiosk("k1", "h1").await;
    kiosk.add_starts(1);
    for body in
        [gzip(b""), gzip(b"{}"), gzip(b"[]"), gzip(b"[1"), gzip(&[b'[', 0xff, b']']), b"no gzip".to_vec()]
    {
        let mut post = kiosk.post(1, 1);
        post.body = body;
        assert_eq!(rig.send(kiosk.sign(post)).await.problem(), (400, "malformed".to_owned()));
    }
    let mut from_nowhere = kiosk.post(1, 1);
    from_nowhere.prev_hash = [1; 32];
    assert_eq!(rig.send(kiosk.sign(from_nowhere)).await.problem().0, 400);
    let mut newer = kiosk.batch(1, 1);
    newer.headers_mut().insert(HEADER_PROTOCOL, "99".parse().unwrap());
    assert_eq!(rig.send(newer).await.problem(), (426, "old-protocol".to_owned()));
    let mut plain = kiosk.post(1, 1);
    plain.body = format!("[{}]", kiosk.events[0]).into_bytes();
    plain.headers.clear();
    assert_eq!(rig.send(kiosk.sign(plain)).await.status, StatusCode::OK, "control: without gzip");
}

#[tokio::test]
async fn unreadable_events_are_set_aside_and_the_rest_goes_on() {
    let rig = Rig::new();
    let mut kiosk = rig.kiosk("k1", "h1").await;
    kiosk.add_starts(1);
    kiosk.add_raw(r#"{"specversion":"1.0"}"#.to_owned());
    let as_first = kiosk.events[0].clone();
    kiosk.add_raw(as_first);
    kiosk.add_starts(1);
    let unknown = kiosk.events[3].replace("kiosk.started.v1", "kiosk.danced.v1").replace("-4\"", "-5\"");
    kiosk.add_raw(unknown.replace("\"sequence\":\"4\"", "\"sequence\":\"5\""));
    for _ in 0..2 {
        let answer = rig.send(kiosk.batch(1, 5)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
        let bad: Bad = answer.json();
        assert_eq!((bad.next_seq, bad.bad), (6, vec![2, 3]));
    }
    assert_eq!(stored_raw(&rig), kiosk.events, "set aside, not lost; a newer type is no fault");
    kiosk.add_starts(1);
    assert_eq!(rig.send(kiosk.batch(6, 6)).await.json::<Accepted>().next_seq, 7);
}

#[tokio::test]
async fn a_restored_server_is_refilled_by_the_kiosk() {
    let rig = Rig::new();
    let mut kiosk = rig.kiosk("k1", "h1").await;
    kiosk.add_starts(2);
    rig.send(kiosk.batch(1, 2)).await;
    let backup = tempfile::tempdir().unwrap();
    let copy = backup.path().join("district.db");
    let source = rusqlite::Connection::open(rig.app.settings.database()).unwrap();
    source.execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
    kiosk.add_starts(3);
    rig.send(kiosk.batch(3, 5)).await;

    let restored = Rig::on(backup);
    kiosk.add_starts(1);
    let gap: Conflict = restored.send(kiosk.batch(6, 6)).await.json();
    assert_eq!(gap, Conflict::Gap { epoch: kiosk.epoch, next_seq: 3 });
    assert_eq!(restored.send(kiosk.batch(3, 6)).await.json::<Accepted>().next_seq, 7);
    assert_eq!(stored_raw(&restored), kiosk.events);
}

#[tokio::test]
async fn a_flood_of_batches_is_slowed_down() {
    let rig = Rig::new();
    let mut kiosk = rig.kiosk("k1", "h1").await;
    kiosk.add_starts(1);
    let mut slowed = None;
    for _ in 0..250 {
        let answer = rig.send(kiosk.batch(1, 1)).await;
        if answer.status != StatusCode::OK {
            slowed = Some(answer);
            break;
        }
    }
    let slowed = slowed.expect("250 batches in one moment");
    assert_eq!(slowed.problem(), (429, "too-many".to_owned()));
    assert!(slowed.headers.contains_key("retry-after"));
    rig.advance_secs(10);
    assert_eq!(rig.send(kiosk.batch(1, 1)).await.status, StatusCode::OK);
}
