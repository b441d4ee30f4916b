//! Enrolment, configuration, inbox, OpenAPI.

use super::rig::{Kiosk, MORNING_MS, Rig};
use axum::http::{Method, StatusCode};
use district_server::{enrol, openapi};
use ed25519_dalek::{Signature, VerifyingKey};
use kiosk_protocol::*;

fn refused() -> (u16, String) {
    (403, "token-refused".to_owned())
}

#[tokio::test]
async fn a_token_enrols_one_key_once_within_a_day() {
    let rig = Rig::new();
    let kiosk = Kiosk::new("k1");
    let token = enrol::new_token(&rig.app, "k1", "h1").unwrap();
    assert_eq!(rig.send(Kiosk::new("k2").enrolment(&token)).await.problem(), refused(), "another kiosk");
    let answer: EnrolAnswer = rig.send(kiosk.enrolment(&token.to_lowercase().replace('-', " "))).await.json();
    assert_eq!((answer.kiosk.as_str(), answer.hall.as_str()), ("k1", "h1"));
    let again: EnrolAnswer = rig.send(kiosk.enrolment(&token)).await.json();
    assert_eq!(again.server_key, answer.server_key, "a lost answer is said again");
    assert_eq!(rig.send(Kiosk::new("k1").enrolment(&token)).await.problem(), refused(), "another key");
    rig.app.store.revoke("k1").unwrap();
    assert_eq!(
        rig.send(kiosk.enrolment(&token)).await.problem(),
        refused(),
        "a used token lifts no revocation"
    );

    let token = enrol::new_token(&rig.app, "k3", "h1").unwrap();
    rig.advance_secs(24 * 3_600);
    assert_eq!(rig.send(Kiosk::new("k3").enrolment(&token)).await.problem(), refused(), "a day later");
}

#[tokio::test]
async fn an_enrolment_must_be_signed_by_its_own_key() {
    let rig = Rig::new();
    let token = enrol::new_token(&rig.app, "k1", "h1").unwrap();
    let (kiosk, other) = (Kiosk::new("k1"), Kiosk::new("k1"));
    let mut request = kiosk.enrolment(&token);
    let foreign = other.enrolment(&token).headers()["signature"].clone();
    request.headers_mut().insert("signature", foreign);
    assert_eq!(rig.send(request).await.problem(), (401, "bad-signature".to_owned()));
    assert_eq!(rig.send(kiosk.enrolment(&token)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn guessing_tokens_is_slowed_down() {
    let rig = Rig::new();
    for _ in 0..10 {
        assert_eq!(rig.send(Kiosk::new("k1").enrolment("AAAA-AAAA-AAAA-AAAA")).await.problem(), refused());
    }
    let slowed = rig.send(Kiosk::new("k1").enrolment("AAAA-AAAA-AAAA-AAAA")).await;
    assert_eq!(slowed.problem(), (429, "too-many".to_owned()));
}

#[tokio::test]
async fn a_kiosk_reads_its_own_signed_configuration_and_no_other() {
    let rig = Rig::new();
    let (kiosk, other) = (rig.kiosk("k1", "h1").await, rig.kiosk("k2", "h1").await);
    let path = config_path("k1");
    let answer = rig.send(kiosk.read(&path, "", MORNING_MS)).await;
    assert_eq!(answer.headers["etag"], "\"v1\"");
    let config: ConfigAnswer = answer.json();
    let key = rig.app.secret.signing_key().verifying_key();
    let signature =
        Signature::from_slice(&district_server::secret::unbase64(&config.signature).unwrap()).unwrap();
    VerifyingKey::verify_strict(&key, config.document.as_bytes(), &signature).unwrap();
    let document: ConfigDocument = serde_json::from_str(&config.document).unwrap();
    assert_eq!((document.kiosk.as_str(), document.version), ("k1", 1));
    assert_eq!(rig.send(other.read(&path, "", MORNING_MS)).await.problem().0, 403);

    let mut known = kiosk.read(&path, "", MORNING_MS);
    known.headers_mut().insert("if-none-match", "\"v1\"".parse().unwrap());
    assert_eq!(rig.send(known).await.status, StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn a_signed_get_counts_once_and_only_for_five_minutes() {
    let rig = Rig::new();
    let kiosk = rig.kiosk("k1", "h1").await;
    let path = inbox_path("k1");
    let query = "after=0&wait=0";
    let params = kiosk.fresh(MORNING_MS);
    let target = SignatureTarget::Read { path: &path, query };
    let request = || {
        let uri = format!("{path}?{query}");
        kiosk.signed(Method::GET, &uri, &target, &params).body(axum::body::Body::empty()).unwrap()
    };
    let first: InboxAnswer = rig.send(request()).await.json();
    assert!(first.commands.is_empty());
    assert_eq!(rig.send(request()).await.problem(), (401, "replayed".to_owned()));
    for (created_ms, outcome) in [
        (MORNING_MS - 299_000, StatusCode::OK),
        (MORNING_MS - 301_000, StatusCode::UNAUTHORIZED),
        (MORNING_MS + 301_000, StatusCode::UNAUTHORIZED),
        (0, StatusCode::UNAUTHORIZED),
    ] {
        assert_eq!(rig.send(kiosk.read(&path, query, created_ms)).await.status, outcome, "{created_ms}");
    }
    let stale = rig.send(kiosk.read(&path, query, 0)).await;
    assert_eq!(stale.problem(), (401, "stale-signature".to_owned()));
    assert_eq!(
        stale.json::<Problem>().server_time,
        "2026-11-23T08:00:00.000+07:00",
        "so the kiosk can mend it"
    );
    let mut other_query = kiosk.read(&path, query, MORNING_MS);
    *other_query.uri_mut() = format!("{path}?after=9&wait=0").parse().unwrap();
    assert_eq!(rig.send(other_query).await.problem(), (401, "bad-signature".to_owned()));
}

#[test]
fn the_openapi_document_in_the_repository_is_up_to_date() {
    let kept = std::fs::read_to_string("openapi.json").unwrap_or_default();
    assert!(
        kept == openapi::document().unwrap(),
        "run: district-server openapi > district-server/openapi.json"
    );
}

#[test]
fn the_openapi_types_are_those_of_the_protocol() {
    fn same<T: serde::de::DeserializeOwned>(wire: &impl serde::Serialize) {
        serde_json::from_value::<T>(serde_json::to_value(wire).unwrap()).unwrap();
    }
    let (epoch, text) = (Epoch(1), || "x".to_owned());
    let (server_time, config_etag) = (text(), text());
    same::<openapi::Accepted>(&Accepted {
        epoch,
        next_seq: 2,
        server_time,
        config_etag,
        inbox: 0,
        pace_ms: 1,
    });
    same::<openapi::Conflict>(&Conflict::Gap { epoch, next_seq: 2 });
    same::<openapi::Conflict>(&Conflict::Fork { epoch, seq: 2 });
    same::<openapi::Bad>(&Bad { epoch, next_seq: 2, bad: vec![1], why: text() });
    same::<openapi::ConfigAnswer>(&ConfigAnswer { document: text(), signature: text() });
    let command = InboxCommand { number: 1, command: text(), signature: text() };
    same::<openapi::InboxAnswer>(&InboxAnswer { commands: vec![command] });
    let mut kiosk = Kiosk::new("k1");
    kiosk.add_starts(1);
    serde_json::from_str::<openapi::CloudEvent>(&kiosk.events[0]).unwrap();
}
