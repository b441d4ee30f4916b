//! An update from the order to the page that shows what became of it.

use super::pages::{cookie, leader};
use super::rig::{Kiosk, MORNING_MS, Rig};
use axum::http::StatusCode;
use district_server::orders::order_update;
use district_server::secret::{base64, hex, sha256, unbase64};
use ed25519_dalek::Signature;
use kiosk_protocol::*;
use std::path::PathBuf;

/// A file that has a bundle's shape; nobody signed it.
fn bundle(rig: &Rig, version: &str) -> (PathBuf, Vec<u8>) {
    let manifest = format!("[update]\ncompatible=kiosk-onestop-test\nversion={version}\n");
    let length = (manifest.len() as u64).to_be_bytes();
    let bytes = [b"hsqs", "x".repeat(1_000).as_bytes(), manifest.as_bytes(), &length].concat();
    let path = rig.dir.path().join("b.raucb");
    std::fs::write(&path, &bytes).unwrap();
    (path, bytes)
}

async fn inbox(rig: &Rig, kiosk: &Kiosk, after: u64) -> Vec<InboxCommand> {
    let query = format!("after={after}&wait=0");
    let answer: InboxAnswer = rig.send(kiosk.read(&inbox_path(&kiosk.id), &query, MORNING_MS)).await.json();
    answer.commands
}

#[tokio::test]
async fn an_order_is_announced_signed_and_numbered_and_its_bundle_comes_in_parts() {
    let rig = Rig::new();
    let (mut kiosk, other) = (rig.kiosk("k1", "h1").await, rig.kiosk("k2", "h1").await);
    let (path, bytes) = bundle(&rig, "0.2.0");
    assert!(inbox(&rig, &kiosk, 0).await.is_empty());
    let first = order_update(&rig.app, "k1", &path).unwrap();
    assert_eq!((first.number, first.order.sha256.clone()), (1, hex(&sha256(&bytes))));
    assert_eq!(order_update(&rig.app, "k1", &path).unwrap().number, 2);

    kiosk.add_starts(1);
    let accepted: Accepted = rig.send(kiosk.batch(1, 1)).await.json();
    assert_eq!(accepted.inbox, 2, "the answer to a report announces the newest");
    let commands = inbox(&rig, &kiosk, 0).await;
    assert_eq!(commands.iter().map(|command| command.number).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(inbox(&rig, &kiosk, 1).await, commands[1..]);
    let signature = Signature::from_slice(&unbase64(&commands[1].signature).unwrap()).unwrap();
    let key = rig.app.secret.signing_key().verifying_key();
    key.verify_strict(commands[1].command.as_bytes(), &signature).unwrap();
    let command: Command = serde_json::from_str(&commands[1].command).unwrap();
    assert_eq!((command.kiosk.as_str(), command.number), ("k1", 2));
    assert_eq!(command.order, Order::Update(first.order.clone()));

    let path = bundle_path("k1", &first.order.sha256);
    let mut fetched = Vec::new();
    while fetched.len() < bytes.len() {
        let query = part_query(fetched.len() as u64, 400);
        let answer = rig.send(kiosk.read(&path, &query, MORNING_MS)).await;
        let part = answer.text.as_bytes();
        assert_eq!(answer.headers["content-digest"], content_digest(&base64(&sha256(part))));
        fetched.extend_from_slice(part);
    }
    assert_eq!(fetched, bytes);
    let beyond = part_query(bytes.len() as u64, 400);
    let nowhere = bundle_path("k1", &"0".repeat(64));
    let (others, outside) = (bundle_path("k2", &first.order.sha256), bundle_path("k1", "..%2Fdistrict.db"));
    let part = part_query(0, 400);
    for (asker, path, query, status) in [
        (&kiosk, &path, beyond.as_str(), 404),
        (&kiosk, &path, "from=0&len=262145", 400),
        (&kiosk, &path, "", 400),
        (&kiosk, &nowhere, &part, 404),
        (&other, &path, &part, 403),
        (&other, &others, &part, 404),
        (&kiosk, &outside, &part, 401),
    ] {
        let answer = rig.send(asker.read(path, query, MORNING_MS)).await;
        assert_eq!(answer.status.as_u16(), status, "{} {path} {query}", asker.id);
    }
}

#[tokio::test]
async fn the_page_of_devices_shows_what_was_ordered_and_what_became_of_it() {
    let rig = Rig::new();
    let mut kiosk = rig.kiosk("k1", "h1").await;
    let cookie = cookie(&rig, &leader()).await;
    let before = rig.get("/devices", &cookie).await.text;
    assert!(!before.contains("cập nhật"), "{before}");
    order_update(&rig.app, "k1", &bundle(&rig, "0.2.0").0).unwrap();
    for (at, state, words) in [
        (1, UpdateState::Committed, "0.2.0: đã cập nhật xong"),
        (2, UpdateState::FellBack, "0.2.0: không chạy được, máy đã quay về bản cũ"),
    ] {
        let ended = UpdateEnded {
            state,
            version: "0.2.0".to_owned(),
            slot: "B".to_owned(),
            reason: "no <b>frame</b>".to_owned(),
        };
        kiosk.add(EventData::UpdateEnded(ended), MORNING_MS);
        assert_eq!(rig.send(kiosk.batch(at, at)).await.status, StatusCode::OK);
        let page = rig.get("/devices", &cookie).await.text;
        assert!(page.contains("Bản cập nhật đã đặt") && page.contains(words), "{page}");
        assert!(page.contains("no &lt;b&gt;frame"), "a reason is text: {page}");
    }
}
