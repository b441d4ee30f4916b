//! The checks that every backend of a device line must pass, over USB gadgets: a printer without the kernel's driver and with
//! it, and a CDC serial line.

#[path = "../../../drivers/tests/conformance/status_table.rs"]
mod status_table;
#[path = "../../../drivers/tests/conformance/suite.rs"]
mod suite;

use std::time::Duration;

use kiosk_drivers::Address;
use serde_json::{Map, Value, json};

use self::suite::{Backend, CHECKS, Verdict};
use crate::device_file::DeviceFile;
use crate::gadget::{Gadget, Identity};
use crate::printer_gadget::{self, IDENTITY};
use crate::report::{Failure, Scenario};
use crate::wait;

/// Who the serial line is on the bus.
const SERIAL: Identity = Identity { vendor: 0x1a86, product: 0x55d4, serial: "S1" };

/// How long the kernel may take to know a device that was plugged in.
const ENUMERATION: Duration = Duration::from_secs(5);

/// All of them.
pub const SCENARIOS: &[Scenario] = &[
    Scenario { name: "nusb: conforms to the suite of all backends", run: || conforms("usb:port=1-1") },
    Scenario { name: "usblp: conforms to the suite of all backends", run: || conforms("file:port=1-1") },
    Scenario { name: "cdc: conforms to the suite of all backends", run: || conforms("serial:port=1-1") },
];

/// A device without a mechanism, at the end of a cable.
struct Cable {
    address: Address,
    /// Before the gadget: the kernel takes no serial function apart whose node is open.
    device: DeviceFile,
    gadget: Gadget,
}

impl Cable {
    fn plugged(address: &Address) -> Result<Self, Failure> {
        let (gadget, node) = match address {
            Address::Serial { .. } => (Gadget::create("serial", SERIAL, "acm.a", &[])?, "/dev/ttyGS0"),
            Address::Tcp { .. }
            | Address::File { .. }
            | Address::Usb(_)
            | Address::Evdev { .. }
            | Address::Gpio { .. } => (printer_gadget::gadget("printer", IDENTITY, "a")?, "/dev/g_printer0"),
        };
        let device = DeviceFile::new(node);
        let mut cable = Self { address: address.clone(), device, gadget };
        cable.plug();
        Ok(cable)
    }
}

impl Backend for Cable {
    fn address(&self) -> Address {
        self.address.clone()
    }

    fn device_read(&mut self, buffer: &mut [u8]) -> usize {
        self.device.read(buffer)
    }

    fn device_write(&mut self, bytes: &[u8]) -> usize {
        self.device.write(bytes)
    }

    // A cable that cannot be moved shows in the check.
    fn unplug(&mut self) {
        let _stays_in = self.gadget.unplug();
        self.device.close();
    }

    fn plug(&mut self) {
        let _stays_out = self.gadget.plug(0);
        let _too_late = wait::until("the device's own node", ENUMERATION, || self.device.is_open());
        // A printer's gadget makes room for bytes when it is read for the first time.
        let _nothing = self.device.read(&mut [0; 1]);
    }

    fn counts_exactly(&self) -> bool {
        matches!(self.address, Address::Usb(_))
    }
}

fn conforms(address: &str) -> Result<Value, Failure> {
    let address: Address = address.parse().map_err(|error| Failure::Wrong(format!("{error}")))?;
    let (mut facts, mut faults) = (Map::new(), Vec::new());
    let mut note = |check: &str, verdict: Verdict| match verdict {
        Ok(measured) => {
            facts.extend(measured.into_iter().map(|(name, value)| (name.to_owned(), json!(value))))
        }
        Err(fault) => faults.push(format!("{check}: {fault}")),
    };
    for (check, run) in CHECKS {
        note(check, run(&mut Cable::plugged(&address)?));
    }
    let cable = || Cable::plugged(&address).map(Box::new);
    note("every combination of faults", status_table::every_combination_of_faults_is_told(cable()?));
    note("the cable", status_table::the_driver_outlives_its_cable(cable()?));
    if faults.is_empty() { Ok(Value::Object(facts)) } else { Err(Failure::Wrong(faults.join("; "))) }
}
