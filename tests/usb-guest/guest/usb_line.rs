//! The line to a USB printer that goes without the kernel's driver.

use std::os::fd::AsFd;
use std::time::Duration;

use kiosk_drivers::Address;
use kiosk_drivers::clock::Clock;
use kiosk_drivers::transport::{self, PrinterPort, Transport, TransportError};
use kiosk_drivers::usb::{PortStatus, UsbLine};
use serde_json::{Value, json};

use crate::device_file::DeviceFile;
use crate::gadget::Gadget;
use crate::printer_gadget::{self, DEVICE_ID, FIFO_BYTES, IDENTITY};
use crate::report::{Failure, Scenario, must};
use crate::wait;

const PATIENCE: Duration = Duration::from_secs(10);
/// A line that has taken nothing for this long takes nothing more.
const STANDSTILL: Duration = Duration::from_millis(300);

/// All of them.
pub const SCENARIOS: &[Scenario] = &[
    Scenario { name: "nusb: device id and port status", run: questions },
    Scenario { name: "nusb: a transfer that is called off is counted exactly", run: called_off },
    Scenario { name: "usblp: the control, which counts what never arrived", run: called_off_by_the_kernel },
    Scenario { name: "nusb: soft reset empties the printer", run: soft_reset },
];

/// A printer without a mechanism, and an open line to it.
struct Bare<L> {
    line: L,
    device: DeviceFile,
    cable: Gadget,
}

fn wrong(error: TransportError) -> Failure {
    Failure::Wrong(format!("the line failed: {error}"))
}

impl<L> Bare<L> {
    fn plugged(open: impl Fn() -> Option<L>) -> Result<Self, Failure> {
        let cable = printer_gadget::gadget("printer", IDENTITY, "a")?;
        cable.plug(0)?;
        let mut device = DeviceFile::new("/dev/g_printer0");
        wait::until("the printer's own node", PATIENCE, || device.is_open())?;
        // The gadget makes room for bytes when it is read for the first time.
        let _nothing = device.read(&mut [0; 1]);
        let (line, _) = wait::until_some("the printer's interface", PATIENCE, open)?;
        Ok(Self { line, device, cable })
    }

    /// Reads as the printer until nothing has come for a while.
    fn arrived(&mut self) -> Vec<u8> {
        let (clock, mut moved_at) = (Clock::start(), Duration::ZERO);
        let (mut arrived, mut buffer) = (Vec::new(), vec![0; FIFO_BYTES]);
        while clock.now() < moved_at + STANDSTILL {
            let count = self.device.read(&mut buffer);
            arrived.extend_from_slice(buffer.get(..count).unwrap_or_default());
            if count > 0 {
                moved_at = clock.now();
            } else {
                wait::pause(Duration::from_millis(5));
            }
        }
        arrived
    }
}

/// Writes until the line has taken everything or nothing more for a while; says how many bytes it took.
fn write(line: &mut dyn Transport, bytes: &[u8]) -> Result<usize, Failure> {
    let (clock, mut taken, mut moved_at) = (Clock::start(), 0, Duration::ZERO);
    let (never, _bell) = std::io::pipe().map_err(Failure::rig("making a pipe"))?;
    while clock.now() < moved_at + STANDSTILL {
        let count = line.write(bytes.get(taken..).unwrap_or_default()).map_err(wrong)?;
        taken += count;
        if count > 0 {
            moved_at = clock.now();
        }
        line.wait(true, never.as_fd(), Duration::from_millis(10)).map_err(wrong)?;
    }
    Ok(taken)
}

/// The line without the kernel's driver.
fn usb() -> Option<UsbLine> {
    match "usb:port=1-1".parse() {
        Ok(Address::Usb(selector)) => UsbLine::open(&selector).ok(),
        Ok(_) | Err(_) => None,
    }
}

/// The line through the kernel's driver.
fn usblp() -> Option<Box<dyn Transport>> {
    transport::open(&"file:/dev/usb/lp0".parse().ok()?).ok()
}

/// What the port says of itself.
fn port_status(line: &mut UsbLine) -> Result<PortStatus, Failure> {
    line.ask_status();
    wait::until_some("the port's answer", PATIENCE, || line.status()).map(|(status, _)| status)
}

fn questions() -> Result<Value, Failure> {
    let mut bare = Bare::plugged(usb)?;
    let id = bare.line.device_id().cloned();
    let told = id.as_ref().map(|id| (id.manufacturer.as_str(), id.model.as_str(), id.serial.as_deref()));
    must(told == Some(("KIOSK", "FAKE-80", Some("K80-1"))), || format!("{DEVICE_ID} was read as {id:?}"))?;
    let on_line = port_status(&mut bare.line)?;
    must(on_line.selected && !on_line.error && !on_line.paper_end, || {
        format!("a printer on line says {on_line:?}")
    })?;
    // The gadget reports itself off line while nobody has its device file open.
    bare.device.close();
    let off_line = port_status(&mut bare.line)?;
    must(!off_line.selected, || format!("a printer off line says {off_line:?}"))?;
    Ok(json!({ "device_id": DEVICE_ID, "on_line_selected": true, "off_line_selected": false }))
}

fn called_off() -> Result<Value, Failure> {
    let mut bare = Bare::plugged(usb)?;
    // More than the gadget takes while its printer reads nothing, in a length that fills no packet.
    let sent = vec![b'x'; FIFO_BYTES + 5_001];
    let taken = write(&mut bare.line, &sent)?;
    let withdrawn = bare.line.withdraw();
    let arrived = bare.arrived().len();
    must(withdrawn > 0 && withdrawn < taken, || format!("{withdrawn} of {taken} bytes were called off"))?;
    must(taken - withdrawn == arrived, || {
        format!("the line says {taken} - {withdrawn} bytes went out, {arrived} arrived")
    })?;
    Ok(json!({ "taken": taken, "withdrawn": withdrawn, "arrived": arrived }))
}

fn called_off_by_the_kernel() -> Result<Value, Failure> {
    let mut bare = Bare::plugged(usblp)?;
    let taken = write(bare.line.as_mut(), &[b'x'; FIFO_BYTES + 20_000])?;
    bare.cable.unplug()?;
    let withdrawn = bare.line.withdraw();
    // The gadget has room for so many bytes and not one more: the others cannot have arrived.
    must(withdrawn == 0 && taken > FIFO_BYTES, || {
        format!("usblp took {taken} bytes and gave {withdrawn} back")
    })?;
    Ok(json!({ "taken": taken, "withdrawn": withdrawn, "arrived_at_most": FIFO_BYTES }))
}

fn soft_reset() -> Result<Value, Failure> {
    let mut bare = Bare::plugged(usb)?;
    write(&mut bare.line, b"what the printer keeps")?;
    let kept = bare.arrived().len();
    must(kept == 22, || format!("without a reset {kept} bytes of 22 arrived"))?;
    write(&mut bare.line, b"what a reset throws away")?;
    must(bare.line.soft_reset(), || "the printer knows no soft reset".to_owned())?;
    write(&mut bare.line, b"after")?;
    let arrived = bare.arrived();
    must(arrived == b"after", || format!("after a reset {:?} arrived", arrived.escape_ascii().to_string()))?;
    Ok(json!({ "thrown_away": 24, "arrived_after": arrived.len() }))
}
