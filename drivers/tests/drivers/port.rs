//! A USB printer that answers nothing: its port speaks for it, and a soft reset wakes it.

use std::os::fd::BorrowedFd;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kiosk_drivers::fake::{FakeModel, FakePrinter, FakePrinterConfig, Listen, PrinterCore};
use kiosk_drivers::printer::{Outcome, Printer, PrinterCommand, PrinterConfig, PrinterEvent, Profile};
use kiosk_drivers::record::{RecorderOptions, Recording, replay};
use kiosk_drivers::transport::{self, OpenLine, PrinterPort, Transport, TransportError, mailbox};
use kiosk_drivers::usb::PortStatus;
use kiosk_drivers::{Cause, DeviceHealth};

use crate::sample;
use crate::sim::{Sim, small_ticket};

const PATIENCE: Duration = Duration::from_secs(20);

type Port = fn(&PrinterCore) -> PortStatus;

fn sim(model: FakeModel, port: Option<Port>) -> Sim {
    let mut sim = Sim::new(&sample::generic_80(), model);
    sim.port = port;
    sim.wait_ready();
    sim
}

#[test]
fn a_silent_printer_has_its_port_to_say_why_it_cannot_print() {
    type Fault = fn(&mut PrinterCore);
    let faults: [(Fault, Cause); 4] = [
        (|_| {}, Cause::Silent),
        (|fake| fake.set_paper_end(true), Cause::PaperEnd),
        (|fake| fake.set_cover_open(true), Cause::Offline),
        (|fake| fake.set_cutter_error(true), Cause::Offline),
    ];
    for (fault, cause) in faults {
        for (port, cause) in [(Some(PrinterCore::port_status as Port), cause), (None, Cause::Silent)] {
            let mut sim = sim(FakeModel::default(), port);
            sim.fake.set_silent(true);
            fault(&mut sim.fake);
            sim.run_until(Duration::from_secs(4), |_| false);
            assert_eq!(sim.machine.health(), DeviceHealth::Blocked(vec![cause]));
            assert_eq!(sim.machine.refusal(), Some(cause));
            sim.fake.set_silent(false);
            sim.heal();
            sim.wait_ready();
            assert_eq!(sim.health.last(), Some(&DeviceHealth::Ready));
        }
    }
}

#[test]
fn a_printer_that_takes_no_bytes_has_its_port_to_say_why() {
    for (port, cause) in [(Some(PrinterCore::port_status as Port), Cause::PaperEnd), (None, Cause::Silent)] {
        let mut sim = Sim::new(&sample::generic_80(), FakeModel::default());
        sim.port = port;
        // From the start: not even the zeros that go before all are taken.
        sim.fake.set_busy(true);
        sim.fake.set_paper_end(true);
        sim.run_until(Duration::from_millis(1200), |_| false);
        assert_eq!(sim.machine.health(), DeviceHealth::Blocked(vec![cause]));
        sim.run_until(Duration::from_secs(60), |_| false);
        assert_eq!(
            (sim.machine.health(), sim.machine.hangs()),
            (DeviceHealth::Blocked(vec![cause]), port.is_none())
        );
        sim.heal();
        sim.wait_ready();
    }
}

/// When the end of a ticket is known during which the cover of a printer is opened that then falls silent, and as what.
fn opened_in_a_ticket(port: Option<Port>) -> (Outcome, Duration) {
    let model = FakeModel { mute_when_open: true, reports_changes: false, ..FakeModel::default() };
    let mut sim = sim(model, port);
    sim.start_job(1, &small_ticket("A1", &sample::generic_80()));
    assert!(sim.run_until(PATIENCE, |sim| sim.fake.uncut_paper().row_count() > 20));
    sim.fake.set_cover_open(true);
    let opened_at = sim.now;
    assert!(sim.run_until(PATIENCE, |sim| !sim.finished.is_empty()));
    let (_, outcome, known_at) = sim.finished[0];
    (outcome, known_at - opened_at)
}

#[test]
fn a_cover_that_silences_its_printer_in_a_ticket_is_known_by_the_port_and_earlier() {
    let (outcome, with_port) = opened_in_a_ticket(Some(PrinterCore::port_status));
    assert!(matches!(outcome, Outcome::Unknown { cause: Cause::Offline, .. }), "{outcome:?}");
    let (outcome, without) = opened_in_a_ticket(None);
    assert!(matches!(outcome, Outcome::Unknown { cause: Cause::FenceTimedOut, .. }), "{outcome:?}");
    assert!(with_port <= Duration::from_millis(1500) && with_port < without, "{with_port:?}, {without:?}");
}

#[test]
fn a_port_that_always_speaks_of_trouble_stops_no_ticket() {
    let liar: Port = |_| PortStatus { paper_end: true, selected: false, error: true };
    let commands = small_ticket("A1", &sample::generic_80());
    let mut sim = sim(FakeModel { mm_per_sec: 5, ..FakeModel::default() }, Some(liar));
    sim.start_job(1, &commands);
    sim.run_until(Duration::from_millis(100), |_| false);
    // Silent while it prints, which takes it longer than an answer may.
    sim.fake.set_silent(true);
    sim.run_until(Duration::from_secs(2), |_| false);
    assert_eq!(sim.finished, [], "the port was believed");
    sim.fake.set_silent(false);
    sim.run_until(Duration::from_secs(60), |sim| !sim.finished.is_empty());
}

/// The line of a network printer with a USB printer's port beside it.
struct WithPort {
    line: Box<dyn Transport>,
    fake: Arc<FakePrinter>,
    asked: bool,
    /// Whether a reset brings the printer's voice back.
    heals: bool,
}

impl Transport for WithPort {
    fn wait(
        &mut self,
        want_write: bool,
        wake: BorrowedFd<'_>,
        timeout: Duration,
    ) -> Result<(), TransportError> {
        self.line.wait(want_write, wake, timeout)
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, TransportError> {
        self.line.read(buffer)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<usize, TransportError> {
        self.line.write(bytes)
    }

    fn port(&mut self) -> Option<&mut dyn PrinterPort> {
        Some(self)
    }
}

impl PrinterPort for WithPort {
    fn ask_status(&mut self) {
        self.asked = true;
    }

    fn status(&mut self) -> Option<PortStatus> {
        std::mem::take(&mut self.asked).then(|| self.fake.with(|core| core.port_status()))
    }

    fn soft_reset(&mut self) -> bool {
        self.fake.with(|core| {
            core.soft_reset();
            core.set_silent(!self.heals);
        });
        true
    }
}

/// A driver in front of a printer with a port.
struct Rig {
    fake: Arc<FakePrinter>,
    printer: Printer,
}

impl Rig {
    fn new(heals: bool) -> Self {
        let listen = Listen::Tcp("127.0.0.1:0".parse().unwrap());
        let model =
            FakeModel { mm_per_sec: 2000, cut_time: Duration::from_millis(5), ..FakeModel::default() };
        let config = FakePrinterConfig { listen, model, tickets_dir: None };
        let fake = Arc::new(FakePrinter::start(config).unwrap());
        let (address, at_the_line) = (fake.address(), Arc::clone(&fake));
        let open: OpenLine = Arc::new(move || {
            let (line, fake) = (transport::open(&address)?, Arc::clone(&at_the_line));
            Ok(Box::new(WithPort { line, fake, asked: false, heals }) as Box<dyn Transport>)
        });
        let profile = Profile { write_limit: Duration::from_millis(300), ..sample::generic_80() };
        let config =
            PrinterConfig { address: fake.address(), profile, font: sample::font(), in_doubt: false };
        Self { fake, printer: Printer::new(config).unwrap().opened_by(open) }
    }

    /// Runs the driver for as long as `act` takes.
    fn run(self, act: impl FnOnce(&FakePrinter, &dyn Fn(&PrinterEvent), &dyn Fn(PrinterCommand))) {
        let (mailbox, inbox) = mailbox(4).unwrap();
        let (sender, events): (_, Receiver<PrinterEvent>) = channel();
        let thread = std::thread::spawn(move || {
            self.printer.run(&inbox, |event| {
                let _test_has_ended = sender.send(event);
            });
        });
        let wait_for = |wanted: &PrinterEvent| {
            let mut seen = Vec::new();
            while seen.last() != Some(wanted) {
                seen.push(
                    events.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{wanted:?} not in {seen:?}")),
                );
            }
        };
        act(&self.fake, &wait_for, &|command| mailbox.send(command).unwrap());
        drop(mailbox);
        thread.join().unwrap();
    }
}

fn health(health: DeviceHealth) -> PrinterEvent {
    PrinterEvent::Health(health)
}

#[test]
fn a_printer_that_hangs_is_woken_by_one_soft_reset_and_prints_again() {
    let rig = Rig::new(true);
    let tally = rig.printer.tally();
    rig.run(|fake, wait_for, send| {
        wait_for(&health(DeviceHealth::Ready));
        fake.with(|core| core.set_silent(true));
        wait_for(&health(DeviceHealth::Blocked(vec![Cause::Silent])));
        wait_for(&health(DeviceHealth::Ready));
        send(PrinterCommand::Print { job: 1, ticket: sample::ticket("A012", false) });
        wait_for(&PrinterEvent::Finished { job: 1, outcome: Outcome::Printed });
    });
    assert_eq!(tally.counters().resets, 1);
}

#[test]
fn a_printer_that_a_reset_does_not_wake_is_not_reset_for_ever() {
    let rig = Rig::new(false);
    let tally = rig.printer.tally();
    rig.run(|fake, wait_for, _| {
        wait_for(&health(DeviceHealth::Ready));
        fake.with(|core| core.set_silent(true));
        for _ in 0..2 {
            wait_for(&health(DeviceHealth::Blocked(vec![Cause::Silent])));
        }
        fake.with(|core| core.set_paper_end(true));
        wait_for(&health(DeviceHealth::Blocked(vec![Cause::PaperEnd])));
    });
    assert_eq!(tally.counters().resets, 1);
}

#[test]
fn what_a_port_said_is_in_a_recording_and_its_replay() {
    let mut rig = Rig::new(true);
    let file = Arc::new(Mutex::new(tempfile::tempfile().unwrap()));
    let recorder =
        rig.printer.record(file.lock().unwrap().try_clone().unwrap(), RecorderOptions::default()).unwrap();
    rig.run(|fake, wait_for, _| {
        wait_for(&health(DeviceHealth::Ready));
        fake.with(|core| {
            core.set_silent(true);
            core.set_paper_end(true);
        });
        wait_for(&health(DeviceHealth::Blocked(vec![Cause::PaperEnd])));
    });
    assert_eq!(recorder.finish().dropped, 0);
    let mut text = String::new();
    let mut file = file.lock().unwrap();
    std::io::Seek::rewind(&mut *file).unwrap();
    std::io::Read::read_to_string(&mut *file, &mut text).unwrap();
    assert!(text.contains(" port 18\n") && text.contains(" port 28\n"), "{text}");
    let recording: Recording = text.parse().unwrap();
    let replay = replay(&recording, Profile::named).unwrap();
    assert_eq!(replay.difference, None);
}
