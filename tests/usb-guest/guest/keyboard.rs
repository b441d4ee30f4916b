//! A USB keyboard: what a wedge scanner and a number pad pose as.

use std::path::PathBuf;
use std::time::Duration;

use kiosk_drivers::identity::{NodeClass, NodeFinder, UsbIdentity};

use crate::device_file::DeviceFile;
use crate::gadget::{Gadget, Identity};
use crate::report::Failure;
use crate::wait;

const PATIENCE: Duration = Duration::from_secs(10);

/// The boot keyboard of the HID specification: a byte of modifiers, a reserved one, six keys.
const REPORT_DESCRIPTOR: &[u8] = b"\x05\x01\x09\x06\xa1\x01\x05\x07\x19\xe0\x29\xe7\x15\x00\x25\x01\
    \x75\x01\x95\x08\x81\x02\x95\x01\x75\x08\x81\x03\x95\x05\x75\x01\x05\x08\x19\x01\x29\x05\x91\x02\
    \x95\x01\x75\x03\x91\x03\x95\x06\x75\x08\x15\x00\x25\x65\x05\x07\x19\x00\x29\x65\x81\x00\xc0";
const SHIFT: u8 = 0x02;

/// A key by its HID usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage(pub u8);

impl Usage {
    /// Enter.
    pub const ENTER: Self = Self(0x28);

    /// The key of the number block with this digit, 1 to 9.
    pub fn number_block(digit: u8) -> Self {
        Self(0x58 + digit)
    }
}

/// A keyboard gadget, plugged in. The node is closed before the cable is taken apart.
pub struct Keyboard {
    device: DeviceFile,
    /// The cable.
    pub cable: Gadget,
    port: usize,
}

impl Keyboard {
    /// Makes the keyboard with this number (0, 1, ..., as long as all before exist) and plugs it in.
    pub fn plugged(number: u8, identity: Identity, port: usize) -> Result<Self, Failure> {
        let settings: [(&str, &[u8]); 4] = [
            ("protocol", b"1"),
            ("subclass", b"1"),
            ("report_length", b"8"),
            ("report_desc", REPORT_DESCRIPTOR),
        ];
        let cable =
            Gadget::create(&format!("keyboard{number}"), identity, &format!("hid.{number}"), &settings)?;
        let keyboard = Self { device: DeviceFile::new(&format!("/dev/hidg{number}")), cable, port };
        keyboard.plug()?;
        Ok(keyboard)
    }

    /// Puts the cable in and waits until the computer has a node for it.
    pub fn plug(&self) -> Result<PathBuf, Failure> {
        self.cable.plug(self.port)?;
        self.node()
    }

    /// Pulls the cable.
    pub fn unplug(&mut self) -> Result<(), Failure> {
        self.device.close();
        self.cable.unplug()
    }

    /// The computer's node for it.
    pub fn node(&self) -> Result<PathBuf, Failure> {
        let place = UsbIdentity::Port(format!("{}-1", self.port + 1));
        let found = || NodeFinder::default().nodes(&place, NodeClass::Input).into_iter().next();
        wait::until_some("the keyboard's node", PATIENCE, || found().filter(|node| node.exists()))
            .map(|(node, _)| node)
    }

    fn report(&mut self, modifiers: u8, key: u8) -> Result<(), Failure> {
        let report = [modifiers, 0, key, 0, 0, 0, 0, 0];
        let taken = || self.device.write(&report) == report.len();
        wait::until("a key report to be taken", PATIENCE, taken)?;
        Ok(())
    }

    /// Presses a key and lets it go after a while.
    pub fn press(&mut self, key: Usage, held: Duration) -> Result<(), Failure> {
        self.report(0, key.0)?;
        wait::pause(held);
        self.report(0, 0)
    }

    /// Types a text as a scanner does, without pause. Characters that no code of a hall has are left out.
    pub fn type_text(&mut self, text: &str) -> Result<(), Failure> {
        for (shift, key) in text.chars().filter_map(usage) {
            self.report(shift, key.0)?;
            self.report(0, 0)?;
        }
        Ok(())
    }
}

/// Modifiers and key of a character on the US keyboard.
fn usage(character: char) -> Option<(u8, Usage)> {
    let ascii = u8::try_from(character).ok()?;
    Some(match ascii {
        b'a'..=b'z' => (0, Usage(ascii - b'a' + 0x04)),
        b'A'..=b'Z' => (SHIFT, Usage(ascii - b'A' + 0x04)),
        b'1'..=b'9' => (0, Usage(ascii - b'1' + 0x1e)),
        b'0' => (0, Usage(0x27)),
        b'-' => (0, Usage(0x2d)),
        b'=' => (0, Usage(0x2e)),
        b'&' => (SHIFT, Usage(0x24)),
        b':' => (SHIFT, Usage(0x33)),
        b'.' => (0, Usage(0x37)),
        b'/' => (0, Usage(0x38)),
        b'?' => (SHIFT, Usage(0x38)),
        b'\r' => (0, Usage::ENTER),
        _ => return None,
    })
}
