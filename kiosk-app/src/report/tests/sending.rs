//! Batches on the wire: what each answer does to the outbox, and that an outage loses and doubles nothing.

use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kiosk_core::effect::Record;
use kiosk_core::event::{Event, Line, LineTrouble};
use kiosk_protocol::{Bad, Epoch};

use super::super::mini_server::{District, Response, accepted, json, problem, serve};
use super::super::upload::{Signs, Worker};
use super::super::{Client, DeviceKey, Limits, Upload, Uploader};
use super::*;
use crate::clock::Clock;
use crate::store::Store;

struct Rig {
    folder: tempfile::TempDir,
    store: Store,
    district: Arc<Mutex<District>>,
    server: String,
}

const SHORT: Limits = Limits { connect: Duration::from_millis(400), total: Duration::from_millis(400) };

fn line(events: usize) -> Rig {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, _) = Store::open(folder.path(), Epoch(7), Box::new(encoder())).unwrap();
    for _ in 0..events {
        store.apply(&[Record::Report(window_closed())]).unwrap();
    }
    let key = DeviceKey::load_or_make(folder.path(), [3; 32]).unwrap();
    let district = District { public_key: key.public_base64(), ..District::default() };
    let district = Arc::new(Mutex::new(district));
    let shared = Arc::clone(&district);
    let server = serve(move |request| shared.lock().unwrap().take(&request));
    Rig { folder, store, district, server }
}

fn client(folder: &Path, server: &str) -> Client {
    let key = DeviceKey::load(folder).unwrap().unwrap();
    Client::new(server, "donduong-1", key, SHORT, ServerTime::default())
}

impl Rig {
    fn upload(&self, server: &str) -> (Upload, Receiver<Event>) {
        let (events, told) = sync_channel(64);
        let upload = Upload {
            news: crate::report::InboxNews::default(),
            outbox: self.store.outbox().unwrap(),
            client: Some(client(self.folder.path(), server)),
            clock: Clock::start(),
            events,
        };
        (upload, told)
    }

    fn worker(&self, server: &str) -> (Worker, Receiver<Event>) {
        let (upload, told) = self.upload(server);
        (Worker::new(upload, Signs::default()), told)
    }

    fn unsent(&self) -> u64 {
        self.store.outbox().unwrap().depth().unwrap().unsent
    }

    fn held(&self, epoch: u64) -> u64 {
        self.district.lock().unwrap().held(epoch)
    }
}

#[test]
fn a_batch_arrives_signed_zipped_and_chained() {
    let line = line(3);
    let (mut worker, told) = line.worker(&line.server);
    worker.step().unwrap();
    assert_eq!((line.unsent(), line.held(7)), (0, 3));
    assert_eq!(told.try_recv(), Ok(Event::LineChanged(Line::Up)));
    // The batch after it continues the chain, which the district checks.
    let mut line = line;
    line.store.apply(&[Record::Report(window_closed())]).unwrap();
    worker.step().unwrap();
    assert_eq!((line.unsent(), line.held(7)), (0, 4));
}

#[test]
fn whatever_else_answers_keeps_every_event_and_names_the_cause() {
    let html = Response::Whole(200, String::new(), "<html>Đăng nhập Wi-Fi</html>".to_owned());
    let other = json(200, &accepted(Epoch(8), 4));
    let backwards = json(200, &accepted(Epoch(7), 1));
    let table = [
        (html, LineTrouble::Intercepted),
        (other, LineTrouble::Intercepted),
        (backwards, LineTrouble::Intercepted),
        (Response::Whole(302, "location: http://portal".to_owned(), String::new()), LineTrouble::Intercepted),
        (Response::Whole(407, String::new(), "proxy".to_owned()), LineTrouble::Intercepted),
        (Response::Whole(500, String::new(), "lỗi".to_owned()), LineTrouble::ServerError),
        (problem(503, "busy", "retry-after: 1"), LineTrouble::ServerError),
        (problem(403, "revoked", ""), LineTrouble::Revoked),
        (Response::HalfThenSilence, LineTrouble::TimedOut),
        (Response::Noise, LineTrouble::Intercepted),
    ];
    for (response, trouble) in table {
        let line = line(3);
        let said = format!("{response:?}");
        let server = serve(move |_| response.clone());
        let (mut worker, told) = line.worker(&server);
        worker.step().unwrap();
        assert_eq!((line.unsent(), line.held(7)), (3, 0), "{said}");
        assert_eq!(told.try_recv(), Ok(Event::LineChanged(Line::Down(trouble))), "{said}");
        assert!(worker.step().unwrap() > 0, "it waits before the next try: {said}");
    }
    let line = line(1);
    for (server, trouble) in
        [("http://127.0.0.1:9", LineTrouble::Refused), ("https://ten-nay-khong-co.invalid", LineTrouble::Dns)]
    {
        let (mut worker, told) = line.worker(server);
        worker.step().unwrap();
        assert_eq!(told.try_recv(), Ok(Event::LineChanged(Line::Down(trouble))), "{server}");
    }
}

#[test]
fn a_server_restored_from_a_backup_is_refilled() {
    let line = line(5);
    let (mut worker, _told) = line.worker(&line.server);
    worker.step().unwrap();
    line.district.lock().unwrap().events.get_mut(&7).unwrap().truncate(2);
    let mut line = line;
    line.store.apply(&[Record::Report(window_closed())]).unwrap();
    worker.step().unwrap();
    worker.step().unwrap();
    assert_eq!((line.unsent(), line.held(7)), (0, 6));
}

#[test]
fn a_server_that_lost_more_than_is_kept_gets_the_rest_in_a_new_epoch() {
    let line = line(3);
    line.district
        .lock()
        .unwrap()
        .lies
        .push(json(409, &kiosk_protocol::Conflict::Gap { epoch: Epoch(7), next_seq: 40 }));
    let (mut worker, _told) = line.worker(&line.server);
    worker.step().unwrap();
    let mut line = line;
    line.store.apply(&[Record::Report(window_closed())]).unwrap();
    worker.step().unwrap();
    worker.step().unwrap();
    let held: u64 = line.district.lock().unwrap().events.values().map(|events| events.len() as u64).sum();
    assert_eq!((line.unsent(), held), (0, 4));
}

#[test]
fn a_fork_goes_on_in_a_new_epoch_from_where_they_part() {
    let line = line(4);
    {
        // A cloned card reported as this kiosk before: the second event differs.
        let mut district = line.district.lock().unwrap();
        let first = line.store.outbox().unwrap().unsent(1, 9_999).unwrap().unwrap().events;
        district.events.insert(7, vec![first[0].clone(), first[0].replace("-1\"", "-2\"")]);
    }
    let (mut worker, _told) = line.worker(&line.server);
    for _ in 0..3 {
        worker.step().unwrap();
    }
    assert_eq!((line.unsent(), line.held(7)), (0, 2));
    let district = line.district.lock().unwrap();
    let fresh = district.events.iter().find(|(epoch, _)| **epoch != 7).map(|(_, events)| events.len());
    assert_eq!(fresh, Some(3));
}

#[test]
fn unreadable_events_are_parked_and_the_rest_goes_on() {
    let line = line(4);
    let bad = Bad { epoch: Epoch(7), next_seq: 4, bad: vec![2], why: "không đọc được".to_owned() };
    let answer = json(422, &bad);
    let server = serve(move |_| answer.clone());
    let (mut worker, _told) = line.worker(&server);
    worker.step().unwrap();
    assert_eq!(line.unsent(), 1);
}

#[test]
fn too_much_at_once_is_halved_until_it_passes() {
    let line = line(4);
    let halve = || problem(413, "too-large", "");
    line.district.lock().unwrap().lies.extend([halve(), halve()]);
    let (mut worker, _told) = line.worker(&line.server);
    for _ in 0..3 {
        worker.step().unwrap();
    }
    assert_eq!((line.unsent(), line.held(7)), (0, 4));
}

#[test]
fn only_what_was_sent_counts_as_arrived_whatever_the_server_remembers() {
    let line = line(300);
    let mut answers = vec![json(200, &accepted(Epoch(7), 400)), problem(413, "too-large", "")];
    let server = serve(move |_| answers.pop().unwrap());
    let (mut worker, _told) = line.worker(&server);
    worker.step().unwrap();
    worker.step().unwrap();
    assert_eq!(line.unsent(), 50, "250 were sent after the batch was halved");
}

#[test]
fn the_thread_sends_when_woken_and_ends_when_told() {
    let mut line = line(0);
    let (upload, told) = line.upload(&line.server);
    let uploader = Uploader::start(upload).unwrap();
    line.store.apply(&[Record::Report(window_closed())]).unwrap();
    uploader.wake();
    assert_eq!(told.recv_timeout(Duration::from_secs(20)), Ok(Event::LineChanged(Line::Up)));
    assert!(uploader.stop());
    assert_eq!((line.unsent(), line.held(7)), (0, 1));
}

#[test]
fn a_kiosk_that_is_not_enrolled_keeps_its_reports_and_says_so() {
    let line = line(2);
    let (upload, told) = line.upload(&line.server);
    let uploader = Uploader::start(Upload { client: None, ..upload }).unwrap();
    assert_eq!(told.recv_timeout(Duration::from_secs(20)), Ok(Event::LineChanged(Line::NotEnrolled)));
    assert!(uploader.stop());
    assert_eq!(line.unsent(), 2);
}
