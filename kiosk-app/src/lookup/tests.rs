//! One answer for each question, whoever answers, and no trace of the code.

use std::io::Write;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kiosk_core::dossier::Stage;
use kiosk_core::time::{BusinessDay, Wall};
use kiosk_protocol::{DossierAnswer, DossierStatus, Epoch, SignatureParams};

use super::*;
use crate::report::mini_server::{Request, Response, check_signature, json, problem, serve};
use crate::report::{DeviceKey, Limits, ServerTime};
use crate::store::{Around, Encode, EncodeError, Place, SnapshotRow, Store};

/// A code that stands for every code: it must be found nowhere afterwards.
const CANARY: &str = "H40.16.24-220613-7777";
const CANARY_DIGITS: &str = "9876";

struct NoEvents;

impl Encode for NoEvents {
    fn encode(
        &self,
        _: &kiosk_core::effect::Report,
        _: &Around<'_>,
        _: Place,
    ) -> Result<Option<String>, EncodeError> {
        Ok(None)
    }
}

fn found() -> DossierAnswer {
    DossierAnswer {
        code: CANARY.to_owned(),
        procedure_code: Some("1.001193".to_owned()),
        procedure_name: Some("Đăng ký khai sinh".to_owned()),
        status: DossierStatus { number: Some(9), word: "Đã xử lý xong".to_owned() },
        channel: Some(1),
        received: Some("2026-11-02".to_owned()),
        due: Some("2026-11-20".to_owned()),
        due_again: None,
        unit: Some("UBND xã Đơn Dương".to_owned()),
        as_of: "2026-11-21T07:30:00.000+07:00".to_owned(),
    }
}

fn start(folder: &Path, server: Option<&str>) -> (Lookup, Receiver<Event>, Store) {
    let (store, _) = Store::open(folder, Epoch(7), Box::new(NoEvents)).unwrap();
    let key = DeviceKey::load_or_make(folder, [3; 32]).unwrap();
    let limits = Limits { connect: Duration::from_millis(400), total: Duration::from_millis(400) };
    let client = server.map(|server| Client::new(server, "donduong-1", key, limits, ServerTime::default()));
    let (events, answers) = sync_channel(8);
    let setup = Setup { client, snapshot: store.outbox().unwrap(), clock: Clock::start(), events };
    (Lookup::start(setup).unwrap(), answers, store)
}

fn ask(server: Option<&str>, factor: Factor) -> LookUpAnswer {
    let folder = tempfile::tempdir().unwrap();
    let (lookup, answers, _store) = start(folder.path(), server);
    lookup.ask(RequestId(5), DossierCode(CANARY.to_owned()), factor);
    let event = answers.recv_timeout(Duration::from_secs(20)).unwrap();
    let Event::LookUpAnswered { request: RequestId(5), answer } = event else { panic!("{event:?}") };
    assert!(lookup.stop());
    assert!(answers.try_recv().is_err(), "exactly one answer");
    answer
}

fn checked(request: &Request, factor: Option<&str>, kind: LookupKind) -> SignatureParams {
    let target = SignatureTarget::Lookup { path: &request.path, kind, second_factor: factor };
    let folder = tempfile::tempdir().unwrap();
    let key = DeviceKey::load_or_make(folder.path(), [3; 32]).unwrap().public_base64();
    check_signature(request, &target.covered(), &key)
}

#[test]
fn a_question_is_signed_and_its_answer_carries_the_projection() {
    for (factor, digits, kind) in [
        (Factor::Paper, None, LookupKind::Scanned),
        (Factor::Secret("bí mật".to_owned()), None, LookupKind::Scanned),
        (Factor::PhoneDigits(CANARY_DIGITS.to_owned()), Some(CANARY_DIGITS), LookupKind::Typed),
    ] {
        let (seen, requests) = channel();
        let server = serve(move |request| {
            seen.send(request).unwrap();
            json(200, &found())
        });
        let answer = ask(Some(&server), factor);
        let request = requests.recv().unwrap();
        assert_eq!(request.path, dossier_path(CANARY));
        assert_eq!(checked(&request, digits, kind).nonce.map(|nonce| nonce.len()), Some(32));
        let LookUpAnswer::Found { status, from_snapshot: false } = answer else { panic!("{answer:?}") };
        assert_eq!((status.stage, status.raw_word), (Stage::Done, None));
        assert_eq!(status.due, BusinessDay::from_ymd(2026, 11, 20));
        assert_eq!(status.as_of_unix_ms, 1_795_221_000_000);
    }
}

#[test]
fn every_answer_of_the_server_has_one_meaning() {
    let code = DossierCode(CANARY.to_owned());
    let now = Wall { unix_ms: 1, trusted: true };
    let unmapped = DossierAnswer {
        status: DossierStatus { number: None, word: "Đang trình ký".to_owned() },
        ..found()
    };
    let whole = |response: Response| match response {
        Response::Whole(status, header, body) => {
            let retry_after_secs = header.strip_prefix("retry-after: ").map(|secs| secs.parse().unwrap());
            Reply { status, retry_after_secs, body }
        }
        Response::HalfThenSilence | Response::Noise => unreachable!(),
    };
    let html = |status| Response::Whole(status, String::new(), "<html>404</html>".to_owned());
    let too_many = |retry_after_secs| Meaning::Answer(LookUpAnswer::TooMany { retry_after_secs });
    for (response, expected) in [
        (problem(404, "not-found", ""), Meaning::Answer(LookUpAnswer::NotFound)),
        (problem(429, "too-many", "retry-after: 60"), too_many(60)),
        (problem(429, "too-many", ""), too_many(30)),
        (problem(401, "stale-signature", ""), Meaning::StaleClock),
        (problem(401, "bad-signature", ""), Meaning::NotAnswered),
        (problem(503, "busy", ""), Meaning::NotAnswered),
        (html(404), Meaning::NotAnswered),
        (html(200), Meaning::NotAnswered),
        (html(500), Meaning::NotAnswered),
    ] {
        assert_eq!(answer::meaning(&whole(response.clone()), &code, now), expected, "{response:?}");
    }
    let said = answer::meaning(&whole(json(200, &unmapped)), &code, now);
    let Meaning::Answer(LookUpAnswer::Found { status, .. }) = said else { panic!("{said:?}") };
    assert_eq!((status.stage, status.raw_word.as_deref()), (Stage::Processing, Some("Đang trình ký")));
}

#[test]
fn a_wrong_clock_is_put_right_by_the_servers_own_answer() {
    let (seen, requests) = channel();
    let mut first = true;
    let server = serve(move |request| {
        seen.send(request).unwrap();
        if std::mem::take(&mut first) { problem(401, "stale-signature", "") } else { json(200, &found()) }
    });
    assert!(matches!(ask(Some(&server), Factor::Paper), LookUpAnswer::Found { .. }));
    let created: Vec<i64> =
        requests.try_iter().map(|request| checked(&request, None, LookupKind::Scanned).created).collect();
    let server_secs = 1_795_221_000;
    assert!((server_secs..server_secs + 60).contains(&created[1]), "{created:?}");
}

#[test]
fn no_server_silence_and_portals_all_end_in_one_unreachable() {
    let portal = serve(|_| Response::Whole(200, String::new(), "<html>".to_owned()));
    let silent = serve(|_| Response::HalfThenSilence);
    let stale = serve(|_| problem(401, "stale-signature", ""));
    for server in [None, Some("http://127.0.0.1:9"), Some(&portal), Some(&silent), Some(&stale)] {
        assert_eq!(ask(server, Factor::Paper), LookUpAnswer::Unreachable, "{server:?}");
    }
}

#[test]
fn without_a_server_the_kiosks_own_copy_answers_for_a_paper_but_not_for_a_typed_code() {
    let folder = tempfile::tempdir().unwrap();
    let (lookup, answers, store) = start(folder.path(), Some("http://127.0.0.1:9"));
    let row = SnapshotRow {
        stage: 4,
        procedure_code: Some("1.001193".to_owned()),
        received_day: Some(20_759),
        due_day: Some(20_777),
        redue_day: None,
        unit: None,
        as_of_ms: 1_795_221_000_000,
    };
    store.outbox().unwrap().put_snapshot(CANARY, &row);
    let asked = |code: &str, factor| {
        lookup.ask(RequestId(1), DossierCode(code.to_owned()), factor);
        answers.recv_timeout(Duration::from_secs(20)).unwrap()
    };
    let known = asked(CANARY, Factor::Paper);
    let Event::LookUpAnswered { answer: LookUpAnswer::Found { status, from_snapshot: true }, .. } = known
    else {
        panic!("{known:?}")
    };
    assert_eq!((status.stage, status.due), (Stage::Processing, BusinessDay::from_ymd(2026, 11, 20)));
    assert_eq!(status.as_of_unix_ms, row.as_of_ms);
    let unreachable = Event::LookUpAnswered { request: RequestId(1), answer: LookUpAnswer::Unreachable };
    assert_eq!(asked("H40.16.24-220613-0001", Factor::Paper), unreachable);
    assert_eq!(asked(CANARY, Factor::PhoneDigits(CANARY_DIGITS.to_owned())), unreachable);
}

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn no_trace_of_a_code_stays_in_files_or_log() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = Store::open(folder.path(), Epoch(7), Box::new(NoEvents)).unwrap();
    let refusing = serve(|_| problem(503, "busy", ""));
    let echoing = serve(|request| Response::Whole(500, String::new(), request.path));
    let servers = [refusing, echoing, "http://127.0.0.1:9".to_owned()];
    let ask_all = || {
        for server in &servers {
            let key = DeviceKey::load_or_make(folder.path(), [3; 32]).unwrap();
            let client = Client::new(server, "donduong-1", key, Limits::LOOK_UPS, ServerTime::default());
            let (events, _answers) = sync_channel(1);
            let setup = Setup {
                client: Some(client),
                snapshot: store.outbox().unwrap(),
                clock: Clock::start(),
                events,
            };
            for factor in [Factor::Paper, Factor::PhoneDigits(CANARY_DIGITS.to_owned())] {
                let code = DossierCode(CANARY.to_owned());
                let question = Question { request: RequestId(1), code, factor };
                tracing::debug!(?question, "as a careless developer would log it");
                assert_eq!(setup.answer(question), LookUpAnswer::Unreachable);
            }
        }
    };
    // The log of the whole process: one of a thread alone misses lines that another test's thread meets first.
    let written = Written::default();
    let writer = written.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).expect("no other test listens to the whole process");
    ask_all();
    let mut places = vec![("log".to_owned(), written.0.lock().unwrap().clone())];
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        places.push((path.display().to_string(), std::fs::read(&path).unwrap()));
    }
    let log = String::from_utf8(places[0].1.clone()).unwrap();
    assert!(log.contains("lookup-refused") && log.contains("lookup-unreachable"), "the log was on: {log}");
    assert!(places.len() > 2);
    for (place, bytes) in places {
        for canary in [CANARY, CANARY_DIGITS] {
            let held = bytes.windows(canary.len()).any(|window| window == canary.as_bytes());
            assert!(!held, "{canary} in {place}");
        }
    }
}
