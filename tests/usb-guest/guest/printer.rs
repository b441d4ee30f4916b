//! The printer driver against a printer gadget.

use std::os::fd::AsFd;
use std::path::Path;
use std::time::Duration;

use kiosk_drivers::clock::Clock;
use kiosk_drivers::fake::FakeModel;
use kiosk_drivers::printer::{Outcome, PrinterEvent};
use kiosk_drivers::transport;
use kiosk_drivers::{Address, Cause, DeviceHealth};
use serde_json::{Value, json};

use crate::device_file::DeviceFile;
use crate::driver;
use crate::printer_gadget::{self, DEVICE_ID, IDENTITY, PrinterGadget};
use crate::report::{Failure, Scenario, must};
use crate::wait;

/// The printer through the kernel's driver.
const LP: &str = "file:/dev/usb/lp0";
/// The same printer without the kernel's driver.
const USB: &str = "usb:port=1-1";

/// The driver asks for the status from time to time: such a request may be on the cable when it is pulled.
const STATUS_REQUEST: u64 = 3;

const ENUMERATION: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(20);
/// What devices.md demands after a cable was pulled, and after it was put back.
const ABSENT_LIMIT: Duration = Duration::from_secs(2);
const READY_LIMIT: Duration = Duration::from_secs(3);
const ABSENCE: Duration = Duration::from_secs(2);

/// All of them.
pub const SCENARIOS: &[Scenario] = &[
    Scenario { name: "the kernel reads the printer's device id", run: device_id_by_the_kernel },
    Scenario { name: "usblp: tickets come out", run: || tickets(LP) },
    Scenario { name: "usblp: every byte arrives, both ways", run: || bytes(LP) },
    Scenario { name: "usblp: cable pulled while idle", run: || pulled_idle(LP) },
    Scenario { name: "usblp: cable pulled in a ticket", run: || pulled_in_a_ticket(LP) },
    Scenario { name: "usblp: paper ends in a ticket", run: || paper_ends(LP) },
    Scenario { name: "nusb: tickets come out", run: || tickets(USB) },
    Scenario { name: "nusb: every byte arrives, both ways", run: || bytes(USB) },
    Scenario { name: "nusb: cable pulled while idle", run: || pulled_idle(USB) },
    Scenario { name: "nusb: cable pulled in a ticket", run: || pulled_in_a_ticket(USB) },
    Scenario { name: "nusb: paper ends in a ticket", run: || paper_ends(USB) },
    Scenario {
        name: "nusb: the port speaks for a silent printer",
        run: || port_of_a_silent_printer(USB, true),
    },
    Scenario {
        name: "usblp: the control, to which nothing speaks",
        run: || port_of_a_silent_printer(LP, false),
    },
    Scenario { name: "nusb: a printer that hangs in a ticket is reset", run: hangs_in_a_ticket },
];

fn lp0_appears() -> Result<Duration, Failure> {
    wait::until("/dev/usb/lp0", ENUMERATION, || Path::new("/dev/usb/lp0").exists())
}

fn device_id_by_the_kernel() -> Result<Value, Failure> {
    let gadget = printer_gadget::gadget("printer", IDENTITY, "a")?;
    gadget.plug(0)?;
    let took = lp0_appears()?;
    let attribute = "/sys/class/usbmisc/lp0/device/ieee1284_id";
    let (told, _) = wait::until_some(attribute, ENUMERATION, || std::fs::read_to_string(attribute).ok())?;
    must(told.trim() == DEVICE_ID, || format!("the kernel read {told:?}"))?;
    Ok(json!({ "enumerated_ms": took.as_millis(), "device_id": told.trim() }))
}

/// A printer that does not make scenarios wait for paper.
fn fast() -> FakeModel {
    FakeModel { mm_per_sec: 1000, cut_time: Duration::from_millis(20), ..FakeModel::default() }
}

fn must_be_clean(printer: &PrinterGadget) -> Result<(), Failure> {
    let (unknown, longest) = printer.with(|core| (core.unknown_bytes().0, core.longest_command()));
    must(unknown == 0, || format!("{unknown} bytes were no command"))?;
    must(longest <= 4096, || format!("a command of {longest} bytes"))
}

fn must_be_printed(outcome: Outcome) -> Result<(), Failure> {
    must(outcome == Outcome::Printed, || format!("the ticket ended as {outcome:?}"))
}

/// Every byte that the driver says went out has arrived, but for `in_doubt` at most; says how many each counts.
fn must_have_arrived(
    printer: &PrinterGadget,
    driver: &driver::PrinterDriver,
    in_doubt: u64,
) -> Result<(u64, u64), Failure> {
    let counts = || (driver.tally.counters().bytes_sent, printer.with(|core| core.received_bytes()));
    let is_so = |(sent, arrived): &(u64, u64)| (*arrived..=*arrived + in_doubt).contains(sent);
    wait::until_some("equal counts", ENUMERATION, || Some(counts()).filter(is_so))
        .map(|(counts, _)| counts)
        .map_err(|_| {
            let (sent, arrived) = counts();
            Failure::Wrong(format!("the driver says {sent} bytes went out, the printer got {arrived}"))
        })
}

fn tickets(address: &str) -> Result<Value, Failure> {
    let printer = PrinterGadget::create(fast())?;
    let driver = driver::printer(address)?;
    let plugged = driver.now();
    printer.cable.plug(0)?;
    let ready = driver.ready(PATIENCE)?.saturating_sub(plugged);
    let clock = Clock::start();
    for job in 1..=3 {
        driver.print(job, "A012")?;
        must_be_printed(driver.outcome(job, PATIENCE)?)?;
    }
    let each = clock.now() / 3;
    must_be_clean(&printer)?;
    let count = printer.with(|core| core.ticket_count());
    must(count == 3, || format!("{count} tickets came out of 3"))?;
    let (sent, arrived) = must_have_arrived(&printer, &driver, 0)?;
    Ok(json!({ "ready_ms": ready.as_millis(), "ticket_ms": each.as_millis(), "tickets": count,
        "sent_bytes": sent, "arrived_bytes": arrived }))
}

/// Bytes that repeat at no power of two, so that a lost or doubled packet shows.
fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|index| u8::try_from(index % 251).unwrap_or_default()).collect()
}

/// Sends `length` bytes each way in odd pieces over the bare line.
fn bytes(address: &str) -> Result<Value, Failure> {
    const TO_PRINTER: usize = 100_003;
    const FROM_PRINTER: usize = 5_003;
    let address: Address = address.parse().map_err(|error| Failure::Wrong(format!("{error}")))?;
    let gadget = printer_gadget::gadget("printer", IDENTITY, "a")?;
    gadget.plug(0)?;
    lp0_appears()?;
    let mut device = DeviceFile::new("/dev/g_printer0");
    wait::until("the printer's own node", ENUMERATION, || device.is_open())?;
    let wrong = |error| Failure::Wrong(format!("the line failed: {error}"));
    let mut line = transport::open(&address).map_err(wrong)?;
    let (never, _bell) = std::io::pipe().map_err(Failure::rig("making a pipe"))?;

    let (sent, mut written, mut arrived) = (pattern(TO_PRINTER), 0, Vec::new());
    let (replies, mut replied, mut heard) = (pattern(FROM_PRINTER), 0, Vec::new());
    let (clock, mut buffer, mut piece) = (Clock::start(), vec![0; 4096], 1);
    while arrived.len() < sent.len() || heard.len() < replies.len() {
        must(clock.now() < PATIENCE, || {
            format!(
                "{written} bytes written, {} arrived; {replied} replied, {} heard",
                arrived.len(),
                heard.len()
            )
        })?;
        piece = piece * 7 % 4093 + 1;
        let chunk = sent.get(written..sent.len().min(written + piece)).unwrap_or_default();
        if !chunk.is_empty() {
            written += line.write(chunk).map_err(wrong)?;
        }
        let count = device.read(&mut buffer);
        arrived.extend_from_slice(buffer.get(..count).unwrap_or_default());
        let chunk = replies.get(replied..replies.len().min(replied + piece)).unwrap_or_default();
        if !chunk.is_empty() {
            replied += device.write(chunk);
        }
        let count = line.read(&mut buffer).map_err(wrong)?;
        heard.extend_from_slice(buffer.get(..count).unwrap_or_default());
        line.wait(written < sent.len(), never.as_fd(), Duration::from_millis(1)).map_err(wrong)?;
    }
    must(arrived == sent, || "the printer got other bytes than were sent".to_owned())?;
    must(heard == replies, || "other bytes were read than the printer sent".to_owned())?;
    Ok(json!({ "written": written, "arrived": arrived.len(), "replied": replied, "heard": heard.len(),
        "ms": clock.now().as_millis() }))
}

fn pulled_idle(address: &str) -> Result<Value, Failure> {
    let printer = PrinterGadget::create(fast())?;
    let driver = driver::printer(address)?;
    printer.cable.plug(0)?;
    driver.ready(PATIENCE)?;
    let mut rounds = Vec::new();
    for job in 1..=3 {
        rounds.push(pull_and_plug(&printer, &driver)?);
        driver.print(job, "A013")?;
        must_be_printed(driver.outcome(job, PATIENCE)?)?;
    }
    must_be_clean(&printer)?;
    Ok(json!({ "rounds": rounds }))
}

/// How long it takes to notice a pulled cable, and the cable's return, and how busy the driver is between them.
fn pull_and_plug(printer: &PrinterGadget, driver: &driver::PrinterDriver) -> Result<Value, Failure> {
    let pulled = driver.now();
    printer.cable.unplug()?;
    let absent = driver.absent(ABSENT_LIMIT)?.saturating_sub(pulled);
    let (used, beats) = (driver::cpu_time(), driver.tally.counters().beats);
    // Long enough for the driver to have tried again in vain.
    wait::pause(ABSENCE);
    let used = driver::cpu_time().saturating_sub(used);
    let beats = driver.tally.counters().beats - beats;
    must(used < ABSENCE / 10, || {
        format!("an absent printer keeps its driver busy for {used:?} of {ABSENCE:?}")
    })?;
    let plugged = driver.now();
    printer.cable.plug(0)?;
    let ready = driver.ready(READY_LIMIT)?.saturating_sub(plugged);
    Ok(
        json!({ "absent_ms": absent.as_millis(), "absent_cpu_ms": used.as_millis(), "absent_rounds": beats, "ready_ms": ready.as_millis() }),
    )
}

/// Waits until nothing has arrived for a moment: the driver waits for the paper.
fn at_rest(printer: &PrinterGadget) -> Result<(), Failure> {
    let mut last = 0;
    let is_still = || {
        wait::pause(Duration::from_millis(200));
        let arrived = printer.with(|core| core.received_bytes());
        std::mem::replace(&mut last, arrived) == arrived
    };
    wait::until("a pause in the ticket", PATIENCE, is_still).map(|_| ())
}

/// The printer takes all bytes at once and prints slowly: what it has got when the cable is pulled is what went out.
fn pulled_in_a_ticket(address: &str) -> Result<Value, Failure> {
    let printer = PrinterGadget::create(FakeModel { mm_per_sec: 20, buffer_bytes: 65536, ..fast() })?;
    let driver = driver::printer(address)?;
    printer.cable.plug(0)?;
    driver.ready(PATIENCE)?;
    driver.print(1, "A014")?;
    must_be_printed(driver.outcome(1, PATIENCE)?)?;

    driver.print(2, "A015")?;
    let under_way = || printer.with(|core| core.uncut_paper().row_count() > 40);
    wait::until("the first rows of the ticket", PATIENCE, under_way)?;
    at_rest(&printer)?;
    let pulled = driver.now();
    printer.cable.unplug()?;
    let outcome = driver.outcome(2, ABSENT_LIMIT)?;
    let absent = driver.absent(ABSENT_LIMIT)?.saturating_sub(pulled);
    let Outcome::Unknown { bytes_written: claimed, cause: Cause::Disconnected } = outcome else {
        return Err(Failure::Wrong(format!("the pulled ticket ended as {outcome:?}")));
    };
    must(claimed > 0, || "nothing of the pulled ticket is said to have gone out".to_owned())?;
    let (sent, arrived) = must_have_arrived(&printer, &driver, STATUS_REQUEST)?;

    wait::pause(Duration::from_secs(1));
    let plugged = driver.now();
    printer.cable.plug(0)?;
    // The void slip is printed slowly before the printer is ready again.
    let ready = driver.ready(PATIENCE)?.saturating_sub(plugged);
    driver.print(3, "A014")?;
    must_be_printed(driver.outcome(3, PATIENCE)?)?;
    must_be_ticket_void_ticket(&printer)?;
    Ok(
        json!({ "claimed_bytes": claimed, "sent_bytes": sent, "arrived_bytes": arrived, "absent_ms": absent.as_millis(),
        "ready_with_void_slip_ms": ready.as_millis(), "slips": 3 }),
    )
}

fn paper_ends(address: &str) -> Result<Value, Failure> {
    let printer = PrinterGadget::create(FakeModel { mm_per_sec: 100, buffer_bytes: 1024, ..fast() })?;
    let driver = driver::printer(address)?;
    printer.cable.plug(0)?;
    driver.ready(PATIENCE)?;
    driver.print(1, "A017")?;
    must_be_printed(driver.outcome(1, PATIENCE)?)?;

    printer.with(|core| core.set_paper_rows_left(120));
    driver.print(2, "A018")?;
    wait::until("the end of the paper", PATIENCE, || {
        printer.with(|core| core.describe().contains("paper=end"))
    })?;
    let ended = driver.now();
    let outcome = driver.outcome(2, Duration::from_secs(1))?;
    let known = driver.now().saturating_sub(ended);
    let Outcome::Unknown { bytes_written: claimed, cause: Cause::PaperEnd } = outcome else {
        return Err(Failure::Wrong(format!("the ticket without paper ended as {outcome:?}")));
    };
    printer.with(|core| core.set_paper_end(false));
    let ready = driver.ready(PATIENCE)?.saturating_sub(ended);
    driver.print(3, "A017")?;
    must_be_printed(driver.outcome(3, PATIENCE)?)?;
    must_be_ticket_void_ticket(&printer)?;
    Ok(
        json!({ "known_ms": known.as_millis(), "claimed_bytes": claimed, "ready_with_void_slip_ms": ready.as_millis(),
        "slips": 3 }),
    )
}

/// A printer that answers nothing and is off line (which the gadget says while nobody has its node open).
fn port_of_a_silent_printer(address: &str, has_port: bool) -> Result<Value, Failure> {
    let printer = PrinterGadget::create(fast())?;
    let driver = driver::printer(address)?;
    printer.cable.plug(0)?;
    driver.ready(PATIENCE)?;
    printer.switch_off(true);
    let off = driver.now();
    let cause = if has_port { Cause::Offline } else { Cause::Silent };
    let blocked = PrinterEvent::Health(DeviceHealth::Blocked(vec![cause]));
    let (at, _) = driver.wait_for(&format!("{blocked:?}"), PATIENCE, |event| *event == blocked)?;
    printer.switch_off(false);
    driver.ready(PATIENCE)?;
    driver.print(1, "A019")?;
    must_be_printed(driver.outcome(1, PATIENCE)?)?;
    Ok(json!({ "cause": cause.code(), "known_ms": at.saturating_sub(off).as_millis() }))
}

/// The printer takes no more bytes and says nothing, in the middle of a ticket.
fn hangs_in_a_ticket() -> Result<Value, Failure> {
    let printer = PrinterGadget::create(FakeModel { mm_per_sec: 100, ..fast() })?;
    let driver = driver::printer(USB)?;
    printer.cable.plug(0)?;
    driver.ready(PATIENCE)?;
    driver.print(1, "A017")?;
    must_be_printed(driver.outcome(1, PATIENCE)?)?;

    driver.print(2, "A018")?;
    wait::until("the first rows of the ticket", PATIENCE, || {
        printer.with(|core| core.uncut_paper().row_count() > 40)
    })?;
    printer.with(|core| {
        core.set_busy(true);
        core.set_silent(true);
    });
    let hung = driver.now();
    let outcome = driver.outcome(2, PATIENCE)?;
    let known = driver.now().saturating_sub(hung);
    must(matches!(outcome, Outcome::Unknown { .. }), || format!("the ticket ended as {outcome:?}"))?;
    let resets = || driver.tally.counters().resets;
    wait::until("a reset", PATIENCE, || resets() == 1)?;
    let reset = driver.now().saturating_sub(hung);
    printer.with(|core| {
        core.soft_reset();
        core.set_silent(false);
    });
    driver.ready(PATIENCE)?;
    driver.print(3, "A017")?;
    must_be_printed(driver.outcome(3, PATIENCE)?)?;
    must_be_ticket_void_ticket(&printer)?;
    must(resets() == 1, || format!("{} resets", resets()))?;
    Ok(
        json!({ "outcome": format!("{outcome:?}"), "known_ms": known.as_millis(), "reset_ms": reset.as_millis() }),
    )
}

/// A good ticket, what came out of the broken-off one, and the same good ticket again: no ghost between them.
fn must_be_ticket_void_ticket(printer: &PrinterGadget) -> Result<(), Failure> {
    let slips = printer.with(|core| std::iter::from_fn(|| core.take_ticket()).collect::<Vec<_>>());
    must(slips.len() == 3, || format!("{} slips came out: a ticket, the void one, a ticket", slips.len()))?;
    let same = slips.first().map(|slip| &slip.image) == slips.last().map(|slip| &slip.image);
    must(same, || "the ticket after the trouble differs from the one before".to_owned())?;
    must_be_clean(printer)
}
