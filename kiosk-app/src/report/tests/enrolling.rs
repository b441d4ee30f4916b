//! A kiosk becomes known once, over a safe line, to a server that says so itself.

use std::sync::mpsc::channel;

use kiosk_protocol::{ENROL_PATH, EnrolAnswer, EnrolRequest, SignatureTarget};

use super::super::mini_server::{Response, check_signature, json, problem, serve};
use super::super::{CallError, Client, EnrolError, Enrolment, Limits, enrol};
use super::*;

type Expected = fn(&EnrolError) -> bool;

fn answer() -> EnrolAnswer {
    EnrolAnswer {
        kiosk: "donduong-1".to_owned(),
        hall: "ddg-donduong".to_owned(),
        server_key: "a2V5".to_owned(),
        server_time: "2026-11-21T07:30:00.000+07:00".to_owned(),
        protocol_min: 1,
        protocol_current: 1,
    }
}

#[test]
fn an_enrolment_is_signed_by_the_new_key_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (seen, requests) = channel();
    let server = serve(move |request| {
        seen.send(request).unwrap();
        json(200, &answer())
    });
    assert_eq!(Enrolment::load(folder.path()).unwrap(), None);
    let enrolment = enrol(folder.path(), &server, "token", "donduong-1", [9; 32], at(5_000)).unwrap();
    assert_eq!(Enrolment::load(folder.path()).unwrap(), Some(enrolment.clone()));
    let client =
        enrolment.client(folder.path(), None, Limits::REPORTS, ServerTime::default()).unwrap().unwrap();
    let request = requests.recv().unwrap();
    let sent: EnrolRequest = serde_json::from_slice(&request.body).unwrap();
    assert_eq!((sent.token.as_str(), &sent.public_key), ("token", &client.public_key()));
    let digest = Client::digest(&request.body);
    let covered = SignatureTarget::Enrol { content_digest: &digest }.covered();
    let params = check_signature(&request, &covered, &sent.public_key);
    assert_eq!((request.path.as_str(), params.created, params.nonce), (ENROL_PATH, 5, None));
}

#[test]
fn a_refusal_a_portal_and_silence_leave_the_kiosk_as_it_was() {
    let table: [(Response, Expected); 4] = [
        (problem(403, "token-refused", ""), |error| matches!(error, EnrolError::Refused { .. })),
        (Response::Whole(200, String::new(), "<html>đăng nhập</html>".to_owned()), |error| {
            matches!(error, EnrolError::NotTheServer { status: 200, .. })
        }),
        (json(200, &EnrolAnswer { kiosk: "other".to_owned(), ..answer() }), |error| {
            matches!(error, EnrolError::NotTheServer { .. })
        }),
        (Response::Noise, |error| matches!(error, EnrolError::Call { source: CallError::NotTheServer, .. })),
    ];
    for (response, expected) in table {
        let folder = tempfile::tempdir().unwrap();
        let said = format!("{response:?}");
        let server = serve(move |_| response.clone());
        let error = enrol(folder.path(), &server, "token", "donduong-1", [9; 32], at(1)).unwrap_err();
        assert!(expected(&error), "{said}: {error:?}");
        assert_eq!(Enrolment::load(folder.path()).unwrap(), None);
    }
    let folder = tempfile::tempdir().unwrap();
    let error = enrol(folder.path(), "http://motcua.example.vn", "token", "k", [9; 32], at(1)).unwrap_err();
    assert!(matches!(error, EnrolError::Address { .. }));
}
