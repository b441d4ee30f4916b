//! Devices of the kernel's input system: wedge scanners, USB number pads, `gpio-keys`.
//!
//! A device is grabbed (`EVIOCGRAB`), so that what it types reaches neither the screen's windows nor a console. The raw
//! side of the evdev crate is used: its other side mends lost key states in silence, and a scan that lost a key must not
//! pass for a shorter code.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs::{DirEntry, OpenOptions};
use std::io::{Error, ErrorKind};
use std::os::fd::BorrowedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use evdev::raw_stream::RawDevice;
use evdev::{EventType, KeyCode, SynchronizationCode};
use rustix::event::{PollFd, PollFlags};
use rustix::fs::OFlags;
use rustix::io::Errno;

use super::fd::{nothing_or_gone, open_error, poll_fds, still_there};
use super::{Transport, TransportError};
use crate::address::{Address, InputName};
use crate::identity::{NodeClass, NodeFinder, Place};
use crate::keys::{KeyRecord, Movement, hand_over};

pub(super) struct InputTransport {
    device: RawDevice,
    /// Movements that the last reader's buffer had no room for.
    pending: VecDeque<KeyRecord>,
    /// The kernel's queue ran over; what comes before its next report is half a truth.
    has_lost: bool,
}

pub(super) fn open(address: &Address, input: &InputName) -> Result<InputTransport, TransportError> {
    let node = find(input).ok_or_else(|| TransportError::Absent {
        address: address.to_string(),
        source: ErrorKind::NotFound.into(),
    })?;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
        .open(node)
        .map_err(|source| open_error(address, source))?;
    let unusable = |source: Error| match Errno::from_io_error(&source) {
        // Pulled out again meanwhile.
        Some(Errno::NODEV) => TransportError::Absent { address: address.to_string(), source },
        Some(_) | None => TransportError::Refused { address: address.to_string(), source },
    };
    let mut device = RawDevice::try_from(file).map_err(unusable)?;
    device.grab().map_err(unusable)?;
    let mut transport = InputTransport { device, pending: VecDeque::new(), has_lost: false };
    transport.note_held_keys()?;
    Ok(transport)
}

/// The node of an input device, if it is there.
pub(super) fn find(input: &InputName) -> Option<PathBuf> {
    find_in(Path::new("/sys"), Path::new("/dev"), input)
}

/// As `find`, in other trees than `/sys` and `/dev`. Of several nodes of one USB device (a scanner that also poses as media
/// keys) it is the one that is most of a keyboard.
fn find_in(sysfs: &Path, dev: &Path, input: &InputName) -> Option<PathBuf> {
    let class = sysfs.join("class/input");
    match input {
        InputName::At(Place::Path(path)) => path.exists().then(|| path.clone()),
        InputName::At(Place::Usb(identity)) => {
            let nodes = NodeFinder::new(sysfs, dev).nodes(identity, NodeClass::Input);
            // Of equals, the first one.
            nodes.into_iter().rev().max_by_key(|node| node.file_name().map(|name| typing(&class.join(name))))
        }
        InputName::Name(wanted) => {
            let has_name = |entry: &DirEntry| {
                std::fs::read_to_string(entry.path().join("device/name"))
                    .is_ok_and(|name| name.trim_end() == wanted)
            };
            let names = std::fs::read_dir(&class).ok()?.flatten().filter(has_name);
            let events = names.map(|entry| entry.file_name()).filter(|name| is_event(name));
            events.min().map(|name| dev.join("input").join(name))
        }
    }
}

fn is_event(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| name.starts_with("event"))
}

/// How much of a keyboard a device is: it has the row of digits and Enter, or a number block (which media keys claim, too),
/// or neither. The kernel writes the set of keys as words of hexadecimal digits, the lowest codes in the last word.
fn typing(event: &Path) -> u8 {
    const WORD_BITS: usize = usize::BITS as usize;
    let keys = std::fs::read_to_string(event.join("device/capabilities/key")).unwrap_or_default();
    let words: Vec<u64> =
        keys.split_whitespace().rev().map(|word| u64::from_str_radix(word, 16).unwrap_or(0)).collect();
    let has = |key: KeyCode| {
        let (word, bit) = (usize::from(key.code()) / WORD_BITS, usize::from(key.code()) % WORD_BITS);
        words.get(word).is_some_and(|word| word >> bit & 1 == 1)
    };
    if has(KeyCode::KEY_1) && has(KeyCode::KEY_ENTER) { 2 } else { has(KeyCode::KEY_KP1).into() }
}

impl InputTransport {
    /// Takes what the kernel has.
    fn fetch(&mut self) -> Result<(), TransportError> {
        let events = match self.device.fetch_events() {
            Ok(events) => events,
            Err(error) => return nothing_or_gone(error).map(drop),
        };
        let mut is_found_again = false;
        for event in events {
            match (event.event_type(), event.code()) {
                (EventType::SYNCHRONIZATION, code) if code == SynchronizationCode::SYN_DROPPED.0 => {
                    self.has_lost = true;
                    self.pending.push_back(KeyRecord { code: 0, movement: Movement::Lost });
                }
                (EventType::SYNCHRONIZATION, code) if code == SynchronizationCode::SYN_REPORT.0 => {
                    is_found_again |= self.has_lost;
                    self.has_lost = false;
                }
                (EventType::KEY, code) if !self.has_lost => {
                    let movement = match event.value() {
                        0 => Movement::Up,
                        2 => Movement::Held,
                        _ => Movement::Down,
                    };
                    self.pending.push_back(KeyRecord { code, movement });
                }
                // Pads have lights and scan codes, too.
                _ => {}
            }
        }
        if is_found_again { self.note_held_keys() } else { Ok(()) }
    }

    /// Tells of the keys that are down now.
    fn note_held_keys(&mut self) -> Result<(), TransportError> {
        match self.device.get_key_state() {
            Ok(keys) => {
                let held = keys.iter().map(|key| KeyRecord { code: key.code(), movement: Movement::Held });
                self.pending.extend(held);
                Ok(())
            }
            Err(error) => nothing_or_gone(error).map(drop),
        }
    }
}

impl Transport for InputTransport {
    fn wait(
        &mut self,
        _want_write: bool,
        wake: BorrowedFd<'_>,
        timeout: Duration,
    ) -> Result<(), TransportError> {
        if !self.pending.is_empty() {
            return Ok(());
        }
        let mut fds =
            [PollFd::new(&self.device, PollFlags::IN), PollFd::from_borrowed_fd(wake, PollFlags::IN)];
        poll_fds(&mut fds, timeout)?;
        still_there(fds[0].revents())
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, TransportError> {
        if self.pending.is_empty() {
            self.fetch()?;
        }
        Ok(hand_over(&mut self.pending, buffer))
    }

    fn write(&mut self, _bytes: &[u8]) -> Result<usize, TransportError> {
        Err(TransportError::Line(Error::new(ErrorKind::Unsupported, "an input device takes no bytes")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tree as the kernel lays it out, with one device: event number, folder of its device, name, keys.
    fn add(root: &Path, number: u32, device: &str, name: &str, keys: &str) {
        let folder = root.join("devices").join(device).join(format!("input/input{number}"));
        std::fs::create_dir_all(folder.join("capabilities")).unwrap();
        std::fs::create_dir_all(root.join(format!("class/input/event{number}"))).unwrap();
        std::fs::write(folder.join("name"), format!("{name}\n")).unwrap();
        std::fs::write(folder.join("capabilities/key"), format!("{keys}\n")).unwrap();
        std::os::unix::fs::symlink(folder, root.join(format!("class/input/event{number}/device"))).unwrap();
    }

    fn add_usb(root: &Path, device: &str) {
        let folder = root.join("devices").join(device);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("idVendor"), "1eab\n").unwrap();
        std::fs::write(folder.join("idProduct"), "0022\n").unwrap();
    }

    #[test]
    fn a_pad_is_found_by_its_port_or_its_name_and_never_by_its_number() {
        const KEYBOARD: &str = "1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe";
        const MEDIA_KEYS: &str = "3f000303ff 0 0 483ffff17aff32d bfd4444600000000";
        let root = tempfile::tempdir().unwrap();
        add_usb(root.path(), "usb1/1-1/1-1.2");
        add_usb(root.path(), "usb1/1-1/1-1.21");
        add(root.path(), 3, "usb1/1-1/1-1.2/1-1.2:1.1/0003", "Newland Consumer Control", MEDIA_KEYS);
        add(root.path(), 4, "usb1/1-1/1-1.2/1-1.2:1.0/0003", "Newland HID KBW", KEYBOARD);
        add(root.path(), 5, "usb1/1-1/1-1.2/1-1.2:1.2/0003", "Newland HID KBW", KEYBOARD);
        add(root.path(), 12, "usb1/1-1/1-1.21/1-1.21:1.0/0003", "SIGMACHIP Keypad", KEYBOARD);
        add(root.path(), 7, "platform/gpio-keys", "gpio-keys", "3c");
        let node = |number: u32| Some(PathBuf::from(format!("/dev/input/event{number}")));
        for (address, found) in [
            ("evdev:port=1-1.2", node(4)),
            ("evdev:port=1-1.2:1.2", node(5)),
            ("evdev:port=1-1.21", node(12)),
            ("evdev:port=1-1.3", None),
            ("evdev:id=1eab:0022", node(4)),
            ("evdev:name=Newland Consumer Control", node(3)),
            ("evdev:name=gpio-keys", node(7)),
            ("evdev:name=Newland", None),
            ("evdev:/dev/null", Some(PathBuf::from("/dev/null"))),
            ("evdev:/dev/input/none", None),
        ] {
            let Ok(Address::Evdev { input }) = address.parse() else { panic!("{address}") };
            assert_eq!(find_in(root.path(), Path::new("/dev"), &input), found, "{address}");
        }
    }

    #[test]
    fn a_node_that_is_no_input_device_is_refused() {
        let address: Address = "evdev:/dev/null".parse().unwrap();
        let Err(error) = crate::transport::open(&address) else { panic!("/dev/null was opened") };
        assert!(matches!(error, TransportError::Refused { .. }), "{error}");
    }
}
