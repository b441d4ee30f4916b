//! Devices that come back under another node or at another port.

use std::path::Path;
use std::time::Duration;

use kiosk_drivers::fake::FakeModel;
use kiosk_drivers::printer::Outcome;
use serde_json::{Value, json};

use crate::driver;
use crate::gadget::Identity;
use crate::printer_gadget::{self, PrinterGadget};
use crate::report::{Failure, Scenario, must};
use crate::wait;

const STRANGER: Identity = Identity { vendor: 0x0fe6, product: 0x811e, serial: "S1" };
const PATIENCE: Duration = Duration::from_secs(10);
const ABSENT_LIMIT: Duration = Duration::from_secs(2);
const READY_LIMIT: Duration = Duration::from_secs(3);

/// All of them.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "usblp: found again by its id, on another node",
        run: || other_node("file:id=0519:0003"),
    },
    Scenario { name: "usblp: found again at its port, on another node", run: || other_node("file:port=1-1") },
    Scenario {
        name: "nusb: found again by its id, with a stranger about",
        run: || other_node("usb:0519:0003"),
    },
    Scenario { name: "nusb: found again by its id at another port", run: other_port },
];

fn exists(node: &'static str) -> Result<Duration, Failure> {
    wait::until(node, PATIENCE, || Path::new(node).exists())
}

fn prints(driver: &driver::PrinterDriver, job: u64) -> Result<(), Failure> {
    driver.print(job, "A016")?;
    let outcome = driver.outcome(job, PATIENCE)?;
    must(outcome == Outcome::Printed, || format!("the ticket ended as {outcome:?}"))
}

/// The printer has the first node; then a stranger takes that, and the printer comes back on the second.
fn other_node(address: &str) -> Result<Value, Failure> {
    let printer = PrinterGadget::create(FakeModel { mm_per_sec: 1000, ..FakeModel::default() })?;
    let stranger = printer_gadget::gadget("stranger", STRANGER, "b")?;
    let driver = driver::printer(address)?;
    printer.cable.plug(0)?;
    driver.ready(PATIENCE)?;
    prints(&driver, 1)?;
    printer.cable.unplug()?;
    driver.absent(ABSENT_LIMIT)?;
    stranger.plug(1)?;
    exists("/dev/usb/lp0")?;
    let plugged = driver.now();
    printer.cable.plug(0)?;
    let ready = driver.ready(READY_LIMIT)?.saturating_sub(plugged);
    prints(&driver, 2)?;
    let count = printer.with(|core| core.ticket_count());
    must(count == 2, || format!("{count} tickets came out of 2"))?;
    Ok(json!({ "ready_ms": ready.as_millis(), "tickets": count }))
}

fn other_port() -> Result<Value, Failure> {
    let printer = PrinterGadget::create(FakeModel { mm_per_sec: 1000, ..FakeModel::default() })?;
    let by_id = driver::printer("usb:0519:0003?serial=K80-1")?;
    printer.cable.plug(0)?;
    by_id.ready(PATIENCE)?;
    prints(&by_id, 1)?;
    printer.cable.unplug()?;
    by_id.absent(ABSENT_LIMIT)?;
    let plugged = by_id.now();
    printer.cable.plug(2)?;
    let ready = by_id.ready(READY_LIMIT)?.saturating_sub(plugged);
    prints(&by_id, 2)?;
    drop(by_id);
    // The control: whoever is bound to the old port does not follow.
    let by_port = driver::printer("usb:port=1-1")?;
    by_port.absent(PATIENCE)?;
    let followed = by_port.ready(READY_LIMIT).is_ok();
    must(!followed, || "a driver bound to port 1-1 took the printer at another port".to_owned())?;
    Ok(json!({ "ready_ms": ready.as_millis(), "bound_to_the_old_port": "absent" }))
}
