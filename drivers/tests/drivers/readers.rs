//! The scanner and keypad drivers against their fakes over PTYs, and the words that command them.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use kiosk_drivers::fake::{Commanded, FakeKeypad, FakeScanner, serve_control};
use kiosk_drivers::keypad::{Keypad, KeypadConfig, KeypadEvent, Shutdown};
use kiosk_drivers::scanner::{Framing, Reject, Scanner, ScannerConfig, ScannerEvent, ScannerOrder};
use kiosk_drivers::transport::{self, Inbox, Mailbox, mailbox};
use kiosk_drivers::{Address, DeviceHealth};

const PATIENCE: Duration = Duration::from_secs(15);

/// A driver's thread and what it told.
struct Reading<E, O> {
    events: Receiver<E>,
    mailbox: Option<Mailbox<O>>,
    thread: Option<JoinHandle<()>>,
}

impl<E: std::fmt::Debug + PartialEq + Send + 'static, O: Send + 'static> Reading<E, O> {
    fn start(run: impl FnOnce(Inbox<O>, Box<dyn FnMut(E)>) + Send + 'static) -> Self {
        let (mailbox, inbox) = mailbox(1).unwrap();
        let (sender, events) = channel();
        let thread = std::thread::spawn(move || {
            run(
                inbox,
                Box::new(move |event| {
                    let _test_has_ended = sender.send(event);
                }),
            );
        });
        Self { events, mailbox: Some(mailbox), thread: Some(thread) }
    }

    fn next(&self) -> E {
        self.events.recv_timeout(PATIENCE).unwrap()
    }
}

impl<E, O> Drop for Reading<E, O> {
    fn drop(&mut self) {
        drop(self.mailbox.take());
        self.thread.take().unwrap().join().unwrap();
    }
}

fn read_scanner(address: Address) -> Reading<ScannerEvent, ScannerOrder> {
    let config = ScannerConfig { address, framing: Framing::default() };
    Reading::start(move |inbox, events| Scanner::new(config).run(&inbox, events))
}

#[test]
fn scans_arrive_exact_and_an_unplugged_scanner_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let fake = FakeScanner::start(&dir.path().join("scanner"), b"\r").unwrap();
    let scanner = read_scanner(fake.address());
    assert_eq!(scanner.next(), ScannerEvent::Health(DeviceHealth::Ready));
    fake.scan("H40.16.24-220613-0001").unwrap();
    assert_eq!(scanner.next(), ScannerEvent::Scan("H40.16.24-220613-0001".to_owned()));
    fake.command("hex 48 34 1b 70 0d").unwrap();
    assert_eq!(scanner.next(), ScannerEvent::Rejected(Reject::NotText));
    fake.send(b"broken off in the mid").unwrap();
    fake.unplug();
    assert_eq!(scanner.next(), ScannerEvent::Health(DeviceHealth::Absent));
    assert!(fake.scan("nobody hears").is_err());
    fake.plug().unwrap();
    assert_eq!(scanner.next(), ScannerEvent::Health(DeviceHealth::Ready));
    fake.scan("G09.20-20260609-0092637").unwrap();
    assert_eq!(scanner.next(), ScannerEvent::Scan("G09.20-20260609-0092637".to_owned()));
}

#[test]
fn a_missing_scanner_is_absent_and_a_directory_is_a_failure() {
    let dir = tempfile::tempdir().unwrap();
    let absent = read_scanner(format!("serial:{}/none", dir.path().display()).parse().unwrap());
    assert_eq!(absent.next(), ScannerEvent::Health(DeviceHealth::Absent));
    let wrong = read_scanner(format!("serial:{}", dir.path().display()).parse().unwrap());
    let ScannerEvent::Health(DeviceHealth::Failed(why)) = wrong.next() else { panic!("no failure") };
    assert!(why.contains("cannot open serial:"), "{why}");
}

#[test]
fn a_press_on_the_fake_keypad_is_a_press_of_the_driver() {
    let dir = tempfile::tempdir().unwrap();
    let fake = FakeKeypad::start(&dir.path().join("keypad")).unwrap();
    let config = KeypadConfig::usual(fake.address());
    let keypad: Reading<_, Shutdown> =
        Reading::start(move |inbox, events| Keypad::new(config).run(&inbox, events));
    assert_eq!(keypad.next(), KeypadEvent::Health(DeviceHealth::Ready));
    fake.press(3).unwrap();
    assert_eq!(keypad.next(), KeypadEvent::Pressed(3));
    assert!(fake.press(0).is_err());
    fake.unplug();
    assert_eq!(keypad.next(), KeypadEvent::Health(DeviceHealth::Absent));
}

#[test]
fn a_fake_device_obeys_words_at_its_socket() {
    let dir = tempfile::tempdir().unwrap();
    let fake = Arc::new(FakeScanner::start(&dir.path().join("scanner"), b"\r").unwrap());
    let scanner = read_scanner(fake.address());
    assert_eq!(scanner.next(), ScannerEvent::Health(DeviceHealth::Ready));
    let path = dir.path().join("control");
    let _serving = serve_control(&path, fake).unwrap();
    let mut stream = UnixStream::connect(&path).unwrap();
    let mut answers = BufReader::new(stream.try_clone().unwrap()).lines();
    let mut ask = |line: &str| {
        writeln!(stream, "{line}").unwrap();
        answers.next().unwrap().unwrap()
    };
    assert_eq!(ask("scan TP01-CX-U0QVZU"), "ok");
    assert_eq!(scanner.next(), ScannerEvent::Scan("TP01-CX-U0QVZU".to_owned()));
    for (line, answer) in [
        ("status", "ok cable=in"),
        ("scann X", "error unknown command \"scann X\"; `help` lists them"),
        ("flood many", "error \"many\" is no number that fits here"),
        ("unplug", "ok"),
        ("status", "ok cable=out"),
        ("scan X", "error the cable is unplugged"),
    ] {
        assert_eq!(ask(line), answer, "{line}");
    }
}

#[test]
fn a_line_that_another_device_has_says_so_and_is_read_once_it_is_free() {
    let dir = tempfile::tempdir().unwrap();
    let fake = FakeScanner::start(&dir.path().join("scanner"), b"\r").unwrap();
    let held = transport::open(&fake.address()).unwrap();
    let scanner = read_scanner(fake.address());
    let ScannerEvent::Health(DeviceHealth::Failed(why)) = scanner.next() else { panic!("it was taken") };
    assert!(why.contains("in use, by another device"), "{why}");
    drop(held);
    assert_eq!(scanner.next(), ScannerEvent::Health(DeviceHealth::Ready));
}

#[test]
fn a_scanner_whose_thread_dies_is_read_on_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let fake = FakeScanner::start(&dir.path().join("scanner"), b"\r").unwrap();
    let scanner = Scanner::new(ScannerConfig { address: fake.address(), framing: Framing::default() });
    let tally = scanner.tally();
    let mut has_died = false;
    let reading: Reading<ScannerEvent, ScannerOrder> = Reading::start(move |inbox, mut events| {
        scanner.run(&inbox, |event| {
            let dies = matches!(event, ScannerEvent::Scan(_)) && !std::mem::replace(&mut has_died, true);
            assert!(!dies, "the driver's thread dies here");
            events(event);
        });
    });
    assert_eq!(reading.next(), ScannerEvent::Health(DeviceHealth::Ready));
    fake.scan("H40.16.24-220613-0001").unwrap();
    assert_eq!(reading.next(), ScannerEvent::Health(DeviceHealth::Absent));
    assert_eq!(reading.next(), ScannerEvent::Health(DeviceHealth::Ready));
    fake.send(b"\0\0\0").unwrap();
    fake.scan("G09.20-20260609-0092637").unwrap();
    assert_eq!(reading.next(), ScannerEvent::Scan("G09.20-20260609-0092637".to_owned()));
    let counters = tally.counters();
    assert_eq!((counters.restarts, counters.opens, counters.noise_bytes), (1, 2, 3));
}
