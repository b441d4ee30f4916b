//! A kiosk becomes known once, over a safe line, to a server that says so itself.

use std::sync::mpsc::channel;

use kiosk_protocol::{ENROL_PATH, EnrolAnswer, EnrolRequest, SignatureTarget};

use super::super::mini_server::{Response, check_signature, json, problem, serve};
use super::super::{CallError, Client, EnrolError, EnrolPlace, Enrolment, Limits, enrol};
use super::*;

type Expected = fn(&EnrolError) -> bool;

const HERE: EnrolPlace<'static> = EnrolPlace { kiosk: "donduong-1", hall: "ddg-donduong" };

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
    let enrolment = enrol(folder.path(), &server, "token", HERE, [9; 32], at(5_000)).unwrap();
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
        let error = enrol(folder.path(), &server, "token", HERE, [9; 32], at(1)).unwrap_err();
        assert!(expected(&error), "{said}: {error:?}");
        assert_eq!(Enrolment::load(folder.path()).unwrap(), None);
    }
    let folder = tempfile::tempdir().unwrap();
    let silent = enrol(folder.path(), "http://127.0.0.1:1", "token", HERE, [9; 32], at(1)).unwrap_err();
    assert!(silent.to_string().ends_with("this machine reaches http://127.0.0.1:1/healthz"), "{silent}");
    let error = enrol(folder.path(), "http://motcua.example.vn", "token", HERE, [9; 32], at(1)).unwrap_err();
    assert!(matches!(error, EnrolError::Address { .. }));
}

#[test]
fn a_token_of_another_hall_is_refused_until_the_configuration_names_that_hall() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(|_| json(200, &EnrolAnswer { hall: "ddg-lacduong".to_owned(), ..answer() }));
    let error = enrol(folder.path(), &server, "token", HERE, [9; 32], at(1)).unwrap_err();
    assert!(matches!(error, EnrolError::OtherHall { .. }), "{error:?}");
    assert!(
        error
            .to_string()
            .contains("for hall ddg-lacduong, the configuration says [hall] id = \"ddg-donduong\""),
        "{error}"
    );
    assert_eq!(Enrolment::load(folder.path()).unwrap(), None);
    let there = EnrolPlace { hall: "ddg-lacduong", ..HERE };
    assert_eq!(enrol(folder.path(), &server, "token", there, [9; 32], at(1)).unwrap().hall, "ddg-lacduong");
}
