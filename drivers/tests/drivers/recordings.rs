//! Recordings of sessions with the fakes, replayed: those of today, and those kept in `tests/recordings/`.
//!
//! `KIOSK_RECORD=1 cargo test -p kiosk-drivers recordings` writes the kept ones anew, after a change of the machines
//! that is meant to change what they tell.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use kiosk_drivers::fake::{
    Commanded, FakeKeypad, FakeModel, FakePrinter, FakePrinterConfig, FakeScanner, Listen,
};
use kiosk_drivers::keypad::{Keypad, KeypadConfig};
use kiosk_drivers::printer::{Printer, PrinterCommand, PrinterConfig, Profile, StoredLines};
use kiosk_drivers::record::{Entry, Recorder, RecorderOptions, Recording, replay};
use kiosk_drivers::scanner::{Framing, Scanner, ScannerConfig};
use kiosk_drivers::transport::{Inbox, Mailbox, mailbox};

use crate::sample;

const PATIENCE: Duration = Duration::from_secs(15);

/// A file in memory.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A driver's thread under recording. Its events arrive as their debug text.
struct Session<C> {
    told: Receiver<String>,
    mailbox: Option<Mailbox<C>>,
    thread: JoinHandle<()>,
    recorder: Recorder,
    memory: Memory,
}

impl<C: Send + 'static> Session<C> {
    fn start(
        memory: Memory,
        recorder: Recorder,
        run: impl FnOnce(Inbox<C>, Box<dyn FnMut(String)>) + Send + 'static,
    ) -> Self {
        let (mailbox, inbox) = mailbox(8).unwrap();
        let (sender, told) = channel();
        let thread = std::thread::spawn(move || {
            run(
                inbox,
                Box::new(move |event| {
                    let _test_has_ended = sender.send(event);
                }),
            );
        });
        Self { told, mailbox: Some(mailbox), thread, recorder, memory }
    }

    /// Waits for an event that begins with these words.
    fn wait_for(&self, words: &str) {
        let mut seen = Vec::new();
        loop {
            match self.told.recv_timeout(PATIENCE) {
                Ok(event) if event.starts_with(words) => return,
                Ok(event) => seen.push(event),
                Err(_) => panic!("waited for {words:?} in vain, saw {seen:?}"),
            }
        }
    }

    fn finish(mut self) -> String {
        drop(self.mailbox.take());
        self.thread.join().unwrap();
        let counts = self.recorder.finish();
        assert_eq!((counts.dropped, counts.has_failed), (0, false));
        String::from_utf8(self.memory.0.lock().unwrap().clone()).unwrap()
    }
}

impl Session<PrinterCommand> {
    fn printer(fake: &FakePrinter) -> Self {
        Self::prepared(fake, |printer, memory| {
            printer.record(memory.clone(), RecorderOptions::default()).unwrap()
        })
    }

    /// `record` begins the recording, before or after whatever else it does with the printer.
    fn prepared(fake: &FakePrinter, record: impl FnOnce(&mut Printer, &Memory) -> Recorder) -> Self {
        let config = PrinterConfig {
            address: fake.address(),
            profile: Profile::named("tm-t82").unwrap(),
            font: sample::font(),
            in_doubt: false,
        };
        let mut printer = Printer::new(config).unwrap();
        let memory = Memory::default();
        let recorder = record(&mut printer, &memory);
        let session = Self::start(memory, recorder, |inbox, mut told| {
            printer.run(&inbox, |event| told(format!("{event:?}")))
        });
        session.wait_for("Health(Ready)");
        session
    }

    fn print(&self, job: u64) {
        let ticket = sample::ticket("A012", false);
        self.mailbox.as_ref().unwrap().send(PrinterCommand::Print { job, ticket }).unwrap();
    }
}

/// `speed` in millimetres a second.
fn fake_printer(speed: u16) -> FakePrinter {
    let model = FakeModel { mm_per_sec: speed, cut_time: Duration::from_millis(5), ..FakeModel::default() };
    let listen = Listen::Tcp("127.0.0.1:0".parse().unwrap());
    FakePrinter::start(FakePrinterConfig { listen, model, tickets_dir: None }).unwrap()
}

fn normal_day(_dir: &Path) -> String {
    let fake = fake_printer(2000);
    let session = Session::printer(&fake);
    for job in 1..=3 {
        session.print(job);
        session.wait_for(&format!("Finished {{ job: {job}, outcome: Printed"));
    }
    fake.command("paper near-end").unwrap();
    session.wait_for("Health(Degraded([PaperNearEnd]");
    session.print(4);
    session.wait_for("Finished { job: 4, outcome: Printed");
    session.finish()
}

fn paper_out_mid_ticket(_dir: &Path) -> String {
    let fake = fake_printer(600);
    let session = Session::printer(&fake);
    fake.with(|core| core.set_paper_rows_left(230));
    session.print(1);
    session.wait_for("Finished { job: 1, outcome: Unknown");
    session.print(2);
    session.wait_for("Finished { job: 2, outcome: NotPrinted(PaperEnd)");
    fake.command("paper ok").unwrap();
    session.wait_for("Health(Ready)");
    session.print(3);
    session.wait_for("Finished { job: 3, outcome: Printed");
    session.finish()
}

/// A printer that keeps the ticket's lines, with a driver that expects them.
fn lines_from_the_printers_memory(_dir: &Path) -> String {
    let profile = Profile::named("tm-t82").unwrap();
    let lines = StoredLines::new(&sample::statics(), &sample::font(), &profile).unwrap().unwrap();
    let model = FakeModel { mm_per_sec: 2000, buffer_bytes: 1 << 20, ..FakeModel::default() };
    let listen = Listen::Tcp("127.0.0.1:0".parse().unwrap());
    let fake = FakePrinter::start(FakePrinterConfig { listen, model, tickets_dir: None }).unwrap();
    for command in lines.nv_commands() {
        fake.with(|core| core.receive(&command.bytes, Duration::ZERO));
    }
    let mut texts = [true, false].map(|expects_first| {
        let session = Session::prepared(&fake, |printer, memory| {
            if expects_first {
                printer.expect_stored(sample::statics()).unwrap();
            }
            let recorder = printer.record(memory.clone(), RecorderOptions::default()).unwrap();
            if !expects_first {
                printer.expect_stored(sample::statics()).unwrap();
            }
            recorder
        });
        let before = fake.with(|core| core.received_bytes());
        session.print(1);
        session.wait_for("Finished { job: 1, outcome: Printed");
        let bytes = fake.with(|core| core.received_bytes()) - before;
        assert!(bytes < 4500, "the lines were sent as dots: {bytes} bytes");
        session.finish()
    });
    assert_replays("expected before it was recorded", &texts[0]);
    std::mem::take(&mut texts[1])
}

fn cover_opened_between_tickets(_dir: &Path) -> String {
    let fake = fake_printer(2000);
    let session = Session::printer(&fake);
    fake.command("cover open").unwrap();
    session.wait_for("Health(Blocked([CoverOpen]");
    session.print(1);
    session.wait_for("Finished { job: 1, outcome: NotPrinted(CoverOpen)");
    fake.command("cover close").unwrap();
    session.wait_for("Health(Ready)");
    session.print(2);
    session.wait_for("Finished { job: 2, outcome: Printed");
    session.finish()
}

fn cable_pulled_mid_ticket(_dir: &Path) -> String {
    let fake = fake_printer(300);
    let session = Session::printer(&fake);
    session.print(1);
    assert!(fake.wait_until(PATIENCE, |core| core.uncut_paper().row_count() > 10));
    fake.unplug();
    session.wait_for("Finished { job: 1, outcome: Unknown");
    fake.plug();
    session.wait_for("Health(Ready)");
    session.print(2);
    session.wait_for("Finished { job: 2, outcome: Printed");
    session.finish()
}

fn scanner_noise(dir: &Path) -> String {
    let fake = FakeScanner::start(&dir.join("noisy-scanner"), b"\r").unwrap();
    let config = ScannerConfig { address: fake.address(), framing: Framing::default() };
    let mut scanner = Scanner::new(config);
    let memory = Memory::default();
    let recorder = scanner.record(memory.clone(), RecorderOptions::default()).unwrap();
    let session = Session::start(memory, recorder, |inbox, mut told| {
        scanner.run(&inbox, |event| told(format!("{event:?}")))
    });
    session.wait_for("Health(Ready)");
    fake.command("hex 00 00 48 34 30 2d 31 0d").unwrap();
    session.wait_for("Scan(5 bytes)");
    // The same again is the same scan; two glued together are two.
    fake.send("H40-1\rĐơn Dương\rH40-2\r".as_bytes()).unwrap();
    session.wait_for("Scan(13 bytes)");
    session.wait_for("Scan(5 bytes)");
    fake.command("hex 48 34 30 fe ff 0d").unwrap();
    session.wait_for("Rejected(NotText)");
    fake.command("flood 3000").unwrap();
    session.wait_for("Rejected(TooLong)");
    fake.unplug();
    session.wait_for("Health(Absent)");
    fake.plug().unwrap();
    session.wait_for("Health(Ready)");
    fake.scan("H40-3").unwrap();
    session.wait_for("Scan(5 bytes)");
    session.finish()
}

fn bouncing_pad(dir: &Path) -> String {
    let fake = FakeKeypad::start(&dir.join("bouncing-pad")).unwrap();
    let config = KeypadConfig::usual(fake.address());
    let mut keypad = Keypad::new(config);
    let memory = Memory::default();
    let recorder = keypad.record(memory.clone(), RecorderOptions::default()).unwrap();
    let session = Session::start(memory, recorder, |inbox, mut told| {
        keypad.run(&inbox, |event| told(format!("{event:?}")))
    });
    session.wait_for("Health(Ready)");
    // A bounce, a byte that is no key, and another key under the same hand.
    fake.command("hex 33 33 33 ff 34").unwrap();
    session.wait_for("Pressed(3)");
    fake.unplug();
    session.wait_for("Health(Absent)");
    fake.plug().unwrap();
    session.wait_for("Health(Ready)");
    session.finish()
}

/// Makes one session with a fake, in a folder for its node.
type Scenario = fn(&Path) -> String;

const SCENARIOS: [(&str, Scenario); 7] = [
    ("normal-day", normal_day),
    ("paper-out-mid-ticket", paper_out_mid_ticket),
    ("cover-opened-between-tickets", cover_opened_between_tickets),
    ("lines-from-the-printers-memory", lines_from_the_printers_memory),
    ("cable-pulled-mid-ticket", cable_pulled_mid_ticket),
    ("scanner-noise", scanner_noise),
    ("bouncing-pad", bouncing_pad),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings")
}

fn assert_replays(name: &str, text: &str) {
    let recording: Recording = text.parse().unwrap_or_else(|error| panic!("{name}: {error}"));
    let told = recording.entries.iter().filter(|(_, entry)| matches!(entry, Entry::Told(_))).count();
    assert!(told > 2, "{name}: {told} events");
    let replay = replay(&recording, Profile::named).unwrap();
    let remedy = "if that is meant, record anew: see tests/drivers/recordings.rs";
    assert_eq!(replay.difference.map(|difference| difference.to_string()), None, "{name}: {remedy}");
    assert_eq!(replay.told.len(), told);
}

#[test]
fn a_session_recorded_now_gives_the_same_events_when_replayed() {
    let dir = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for (name, scenario) in SCENARIOS {
            let dir = dir.path();
            scope.spawn(move || {
                let text = scenario(dir);
                if std::env::var_os("KIOSK_RECORD").is_some() {
                    std::fs::write(folder().join(format!("{name}.txt")), &text).unwrap();
                }
                assert_replays(name, &text);
            });
        }
    });
}

#[test]
fn kept_recordings_give_the_same_events_when_replayed() {
    let mut names = BTreeSet::new();
    for file in std::fs::read_dir(folder()).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert_replays(&name, &std::fs::read_to_string(&path).unwrap());
        names.insert(name);
    }
    for (name, _) in SCENARIOS {
        assert!(names.contains(name), "{name} is not kept");
    }
}

#[test]
fn a_recording_holds_nothing_of_what_was_scanned() {
    let dir = tempfile::tempdir().unwrap();
    let text = scanner_noise(dir.path());
    for secret in ["H40", "483430", "Dương", "77777"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    // The same search finds what a scanner's line would hold without its mask.
    assert!("0 in 4834302d310d".contains("483430"));
}
