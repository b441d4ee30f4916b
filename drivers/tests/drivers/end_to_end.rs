//! The real printer driver against the fake printer, over TCP and a PTY.

use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use kiosk_drivers::fake::{FakeModel, FakePrinter, FakePrinterConfig, Listen};
use kiosk_drivers::printer::{
    Outcome, Printer, PrinterCommand, PrinterConfig, PrinterEvent, Profile, StoredLines,
};
use kiosk_drivers::transport::{Mailbox, mailbox};
use kiosk_drivers::{Address, Cause, DeviceHealth, Tally};

use crate::sample;

const PATIENCE: Duration = Duration::from_secs(15);

struct Rig {
    printer: Option<JoinHandle<()>>,
    mailbox: Option<Mailbox<PrinterCommand>>,
    events: Receiver<PrinterEvent>,
}

impl Rig {
    fn start(address: Address, profile: Profile) -> Self {
        Self::start_with(address, profile, |_| ()).0
    }

    /// `hook` sees each event before the test does.
    fn start_with(
        address: Address,
        profile: Profile,
        mut hook: impl FnMut(&PrinterEvent) + Send + 'static,
    ) -> (Self, Tally) {
        let (mailbox, inbox) = mailbox(4).unwrap();
        let (sender, events) = channel();
        let config = PrinterConfig { address, profile, font: sample::font(), in_doubt: false };
        let printer = Printer::new(config).unwrap();
        let tally = printer.tally();
        let thread = std::thread::spawn(move || {
            printer.run(&inbox, |event| {
                hook(&event);
                let _test_has_ended = sender.send(event);
            });
        });
        (Self { printer: Some(thread), mailbox: Some(mailbox), events }, tally)
    }

    fn wait_for(&self, wanted: impl Fn(&PrinterEvent) -> bool) -> PrinterEvent {
        let mut seen = Vec::new();
        loop {
            match self.events.recv_timeout(PATIENCE) {
                Ok(event) if wanted(&event) => return event,
                Ok(event) => seen.push(event),
                Err(_) => panic!("waited in vain, saw {seen:?}"),
            }
        }
    }

    fn wait_ready(&self) {
        self.wait_for(|event| matches!(event, PrinterEvent::Health(DeviceHealth::Ready)));
    }

    fn print(&self, job: u64) {
        let ticket = sample::ticket("A012", false);
        self.mailbox.as_ref().unwrap().send(PrinterCommand::Print { job, ticket }).unwrap();
    }

    fn outcome(&self, job: u64) -> Outcome {
        let event = self.wait_for(|event| matches!(event, PrinterEvent::Finished { .. }));
        let PrinterEvent::Finished { job: finished, outcome } = event else { panic!("{event:?}") };
        assert_eq!(finished, job);
        outcome
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        drop(self.mailbox.take());
        self.printer.take().unwrap().join().unwrap();
    }
}

/// A printer fast enough that tests do not wait for paper.
fn fast_fake(listen: Listen) -> FakePrinter {
    let model = FakeModel { mm_per_sec: 2000, cut_time: Duration::from_millis(5), ..FakeModel::default() };
    FakePrinter::start(FakePrinterConfig { listen, model, tickets_dir: None }).unwrap()
}

fn tcp() -> Listen {
    Listen::Tcp("127.0.0.1:0".parse().unwrap())
}

fn assert_clean(fake: &FakePrinter) {
    fake.with(|core| {
        assert_eq!(core.unknown_bytes(), (0, &[][..]));
        assert!(core.longest_command() <= 4096, "{}", core.longest_command());
    });
}

#[test]
fn a_ticket_comes_out_over_tcp_and_over_a_pty() {
    let dir = tempfile::tempdir().unwrap();
    for listen in [tcp(), Listen::Pty(dir.path().join("printer"))] {
        let fake = fast_fake(listen);
        let rig = Rig::start(fake.address(), sample::tm_t82());
        rig.wait_ready();
        for job in 1..=3 {
            rig.print(job);
            assert_eq!(rig.outcome(job), Outcome::Printed);
        }
        assert!(fake.wait_for_tickets(3, PATIENCE));
        let tickets = fake.tickets();
        assert_eq!(tickets.len(), 3);
        assert_eq!(tickets[0].image, tickets[2].image);
        assert_clean(&fake);
    }
}

#[test]
fn a_fault_while_idle_is_told_and_refuses_the_next_ticket() {
    let fake = fast_fake(tcp());
    let rig = Rig::start(fake.address(), sample::generic_80());
    rig.wait_ready();
    fake.with(|core| core.set_cover_open(true));
    rig.wait_for(|event| *event == PrinterEvent::Health(DeviceHealth::Blocked(vec![Cause::CoverOpen])));
    rig.print(1);
    assert_eq!(rig.outcome(1), Outcome::NotPrinted(Cause::CoverOpen));
    fake.with(|core| core.set_cover_open(false));
    rig.wait_ready();
    fake.with(|core| core.set_near_end(true));
    rig.wait_for(|event| *event == PrinterEvent::Health(DeviceHealth::Degraded(vec![Cause::PaperNearEnd])));
    rig.print(2);
    assert_eq!(rig.outcome(2), Outcome::Printed);
    assert_eq!(fake.tickets().len(), 1);
}

#[test]
fn a_pulled_cable_is_noticed_and_the_next_ticket_after_it_is_clean() {
    let dir = tempfile::tempdir().unwrap();
    for listen in [tcp(), Listen::Pty(dir.path().join("printer"))] {
        let fake = fast_fake(listen);
        let rig = Rig::start(fake.address(), sample::tm_t82());
        rig.wait_ready();
        fake.unplug();
        rig.wait_for(|event| *event == PrinterEvent::Health(DeviceHealth::Absent));
        rig.print(1);
        assert_eq!(rig.outcome(1), Outcome::NotPrinted(Cause::Absent));
        fake.plug();
        rig.wait_ready();
        rig.print(2);
        assert_eq!(rig.outcome(2), Outcome::Printed);
        assert_clean(&fake);
    }
}

#[test]
fn paper_that_ends_in_a_ticket_leaves_it_unknown_and_voided() {
    let fake = fast_fake(tcp());
    let rig = Rig::start(fake.address(), sample::tm_t82());
    rig.wait_ready();
    fake.with(|core| core.set_paper_rows_left(120));
    rig.print(1);
    let outcome = rig.outcome(1);
    assert!(matches!(outcome, Outcome::Unknown { cause: Cause::PaperEnd, .. }), "{outcome:?}");
    fake.with(|core| core.set_paper_end(false));
    rig.wait_ready();
    rig.print(2);
    assert_eq!(rig.outcome(2), Outcome::Printed);
    assert!(fake.wait_for_tickets(2, PATIENCE));
    let tickets = fake.tickets();
    assert_eq!(tickets.len(), 2, "the voided piece and the good ticket");
    assert_clean(&fake);
}

#[test]
fn a_cable_pulled_in_a_ticket_leaves_it_unknown() {
    let listen = tcp();
    let model = FakeModel { mm_per_sec: 50, buffer_bytes: 512, ..FakeModel::default() };
    let fake = FakePrinter::start(FakePrinterConfig { listen, model, tickets_dir: None }).unwrap();
    let rig = Rig::start(fake.address(), sample::generic_80());
    rig.wait_ready();
    rig.print(1);
    // The first dots are on paper: the ticket is under way.
    assert!(fake.wait_until(PATIENCE, |core| core.uncut_paper().row_count() > 10));
    fake.unplug();
    let outcome = rig.outcome(1);
    assert!(
        matches!(outcome, Outcome::Unknown { bytes_written: 1.., cause: Cause::Disconnected }),
        "{outcome:?}"
    );
}

#[test]
fn a_job_given_at_shutdown_still_has_its_outcome() {
    let fake = fast_fake(tcp());
    let rig = Rig::start(fake.address(), sample::tm_t82());
    rig.wait_ready();
    let mailbox = rig.mailbox.as_ref().unwrap();
    rig.print(1);
    mailbox.send(PrinterCommand::Shutdown).unwrap();
    assert_eq!(rig.outcome(1), Outcome::Printed);
}

#[test]
fn two_drivers_on_one_device_file_do_not_steal_from_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let fake = fast_fake(Listen::Pty(dir.path().join("printer")));
    let rig = Rig::start(fake.address(), sample::tm_t82());
    rig.wait_ready();
    let second = Rig::start(fake.address(), sample::tm_t82());
    second.wait_for(|event| matches!(event, PrinterEvent::Health(DeviceHealth::Failed(_))));
    rig.print(1);
    assert_eq!(rig.outcome(1), Outcome::Printed);
}

#[test]
fn tickets_given_at_once_come_out_one_after_the_other() {
    let fake = fast_fake(tcp());
    let rig = Rig::start(fake.address(), sample::tm_t82());
    rig.wait_ready();
    for job in 1..=4 {
        rig.print(job);
    }
    for job in 1..=4 {
        assert_eq!(rig.outcome(job), Outcome::Printed);
    }
    assert!(fake.wait_for_tickets(4, PATIENCE));
}

#[test]
fn a_driver_that_dies_in_a_ticket_says_so_serves_again_and_voids_the_ticket() {
    let model = FakeModel { mm_per_sec: 100, ..FakeModel::default() };
    let fake = FakePrinter::start(FakePrinterConfig { listen: tcp(), model, tickets_dir: None }).unwrap();
    let mut has_died = false;
    let (rig, tally) = Rig::start_with(fake.address(), sample::profile("generic-80"), move |event| {
        let is_near_end = *event == PrinterEvent::Health(DeviceHealth::Degraded(vec![Cause::PaperNearEnd]));
        assert!(!is_near_end || std::mem::replace(&mut has_died, true), "the driver's thread dies here");
    });
    rig.wait_ready();
    rig.print(1);
    assert!(fake.wait_until(PATIENCE, |core| core.uncut_paper().row_count() > 10));
    fake.with(|core| core.set_near_end(true));
    let outcome = rig.outcome(1);
    assert!(matches!(outcome, Outcome::Unknown { bytes_written: 1.., .. }), "{outcome:?}");
    fake.with(|core| core.set_near_end(false));
    rig.wait_ready();
    rig.print(2);
    assert_eq!(rig.outcome(2), Outcome::Printed);
    assert!(fake.wait_for_tickets(2, PATIENCE), "the voided piece and the good ticket");
    let counters = tally.counters();
    assert_eq!((counters.restarts, counters.opens, counters.losses), (1, 2, 1));
    assert_eq!((counters.jobs_unknown, counters.jobs_printed), (1, 1));
}

#[test]
fn a_printer_that_says_who_it_is_gets_the_profile_that_fits() {
    let profile = sample::profile("tm-t88");
    let model = FakeModel { mm_per_sec: 2000, ..FakeModel::like(&profile) };
    let fake = FakePrinter::start(FakePrinterConfig { listen: tcp(), model, tickets_dir: None }).unwrap();
    let (mailbox, inbox) = mailbox(4).unwrap();
    let (sender, events) = channel();
    let (address, font) = (fake.address(), sample::font());
    let config = PrinterConfig { address, profile: sample::generic_80(), font, in_doubt: false };
    let printer = Printer::new(config).unwrap().detecting_profile();
    let thread = std::thread::spawn(move || {
        printer.run(&inbox, |event| {
            let _test_has_ended = sender.send(event);
        });
    });
    let rig = Rig { printer: Some(thread), mailbox: Some(mailbox), events };
    let event = rig.wait_for(|event| matches!(event, PrinterEvent::Identified { .. }));
    let PrinterEvent::Identified { identity, profile } = event else { panic!("{event:?}") };
    assert_eq!((identity.maker.as_deref(), profile.as_str()), (Some("EPSON"), "tm-t88"));
    rig.print(1);
    assert_eq!(rig.outcome(1), Outcome::Printed);
    assert!(fake.wait_for_tickets(1, PATIENCE));
    assert_eq!(fake.tickets()[0].image.width_dots(), 512);
    assert_clean(&fake);
}

#[test]
fn a_printer_says_before_it_is_ready_whether_it_keeps_the_lines_of_every_ticket() {
    let profile = sample::profile("tm-t88");
    for keeps_lines in [false, true] {
        let model = FakeModel { mm_per_sec: 2000, buffer_bytes: usize::MAX, ..FakeModel::like(&profile) };
        let fake = FakePrinter::start(FakePrinterConfig { listen: tcp(), model, tickets_dir: None }).unwrap();
        if keeps_lines {
            let lines = StoredLines::new(&sample::statics(), &sample::font(), &profile).unwrap().unwrap();
            let bytes: Vec<u8> =
                lines.nv_commands().iter().flat_map(|command| command.bytes.clone()).collect();
            fake.with(|core| core.receive(&bytes, Duration::ZERO));
        }
        let (mailbox, inbox) = mailbox(4).unwrap();
        let (sender, events) = channel();
        let (address, font) = (fake.address(), sample::font());
        let config = PrinterConfig { address, profile: sample::generic_80(), font, in_doubt: false };
        let mut printer = Printer::new(config).unwrap().detecting_profile();
        printer.expect_stored(sample::statics()).unwrap();
        let tally = printer.tally();
        let thread = std::thread::spawn(move || {
            printer.run(&inbox, |event| {
                let _test_has_ended = sender.send(event);
            });
        });
        let rig = Rig { printer: Some(thread), mailbox: Some(mailbox), events };
        let told = rig.wait_for(|event| matches!(event, PrinterEvent::KeepsLines(_)));
        assert_eq!(told, PrinterEvent::KeepsLines(keeps_lines));
        rig.wait_ready();
        let before = tally.counters().bytes_sent;
        rig.print(1);
        assert_eq!(rig.outcome(1), Outcome::Printed);
        assert_eq!(tally.counters().bytes_sent - before < 4500, keeps_lines);
        assert_clean(&fake);
    }
}
