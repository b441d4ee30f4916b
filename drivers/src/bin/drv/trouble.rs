//! What can go wrong, and what to do about it.

use std::fmt;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kiosk_drivers::identity::{NodeClass, NodeFinder};
use kiosk_drivers::transport::{self, Transport, TransportError};
use kiosk_drivers::{Address, Cause, InputName};

/// Why the tool ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The command is wrong.
    Usage(String),
    /// A device does not do its work; with what to do.
    Device { what: String, remedy: String },
    /// Standard output is closed.
    Unheard,
}

impl Trouble {
    pub(crate) fn device(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Device { what: what.into(), remedy: remedy.into() }
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::from(2),
            Self::Device { .. } => ExitCode::from(1),
            Self::Unheard => ExitCode::SUCCESS,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(what) => write!(f, "{what}\n  try: drv --help"),
            Self::Device { what, remedy } => write!(f, "{what}\n  what to do: {remedy}"),
            Self::Unheard => f.write_str("nobody reads the output"),
        }
    }
}

/// Opens a device, or says what to do.
pub(crate) fn open(address: &Address) -> Result<Box<dyn Transport>, Trouble> {
    transport::open(address).map_err(|error| diagnose(address, &error))
}

fn diagnose(address: &Address, error: &TransportError) -> Trouble {
    let node = node(address);
    let (what, kind) = match error {
        TransportError::Absent { source, .. } => (format!("nothing at {address}: {source}"), source.kind()),
        TransportError::Refused { source, .. } => (format!("cannot open {address}: {source}"), source.kind()),
        TransportError::Gone => (format!("{address} is gone"), ErrorKind::NotConnected),
        TransportError::Line(source) => (format!("{address} failed: {source}"), source.kind()),
    };
    let remedy = match (kind, &node) {
        (ErrorKind::PermissionDenied, Some(node)) => permission(node),
        (ErrorKind::PermissionDenied, None) => {
            "run drv as root (sudo drv ...), or give this user a udev rule for the device".to_owned()
        }
        (ErrorKind::ResourceBusy, node) => busy(node.as_deref()),
        (ErrorKind::IsADirectory, _) => "this is a folder; name the device's node in it".to_owned(),
        _ => absent(address, kind),
    };
    Trouble::Device { what, remedy }
}

/// The node of a device, as far as it has one.
fn node(address: &Address) -> Option<PathBuf> {
    let finder = NodeFinder::default();
    match address {
        Address::Serial { node, .. } => node.resolve(NodeClass::Serial, &finder),
        Address::File { node } => node.resolve(NodeClass::Printer, &finder),
        Address::Evdev { input: InputName::At(place) } => place.resolve(NodeClass::Input, &finder),
        Address::Evdev { input: InputName::Name(_) }
        | Address::Tcp { .. }
        | Address::Usb(_)
        | Address::Gpio { .. } => None,
    }
}

fn permission(node: &Path) -> String {
    let group = std::fs::metadata(node).ok().and_then(|meta| group_name(meta.gid()));
    let node = node.display();
    match group {
        Some(group) if group != "root" => format!(
            "{node} belongs to group {group}: sudo usermod -aG {group} $USER, then log in again; or run drv as root"
        ),
        Some(_) | None => format!("{node} is open to root only: run drv as root (sudo drv ...)"),
    }
}

fn group_name(gid: u32) -> Option<String> {
    let groups = std::fs::read_to_string("/etc/group").ok()?;
    groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(gid)).then(|| name.to_owned())
    })
}

fn busy(node: Option<&Path>) -> String {
    let holders = node.map(holders).unwrap_or_default();
    let stop = "only one program can have the device; if it is the kiosk: sudo systemctl stop kiosk-app, and start it afterwards";
    if holders.is_empty() {
        return format!("another program has it (run drv as root to see which); {stop}");
    }
    format!("held by {}: {stop}", holders.join(", "))
}

/// Programs that have a node open, as far as this user may see.
fn holders(node: &Path) -> Vec<String> {
    let Ok(node) = node.canonicalize() else { return Vec::new() };
    let Ok(processes) = std::fs::read_dir("/proc") else { return Vec::new() };
    let own = std::process::id().to_string();
    let mut found: Vec<String> = processes
        .flatten()
        .filter(|process| process.file_name().to_string_lossy() != own)
        .filter(|process| {
            let files = std::fs::read_dir(process.path().join("fd")).into_iter().flatten().flatten();
            files.into_iter().any(|file| std::fs::read_link(file.path()).is_ok_and(|target| target == node))
        })
        .map(|process| {
            let name = std::fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            format!("{} (process {})", name.trim(), process.file_name().to_string_lossy())
        })
        .collect();
    found.sort();
    found
}

fn absent(address: &Address, kind: ErrorKind) -> String {
    let listed = "drv list shows what is attached";
    match (address, kind) {
        (Address::Tcp { port, .. }, ErrorKind::ConnectionRefused) => format!(
            "the host answers but port {port} does not: switch the printer on, check that it is the printer's address and \
             that no other computer is connected to it"
        ),
        (
            Address::Tcp { host, .. },
            ErrorKind::TimedOut | ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable,
        ) => format!(
            "check network cable, switch and power, and that {host} is the address on the page that the printer prints when \
             switched on with FEED held down"
        ),
        (Address::Tcp { host, .. }, _) => {
            format!("is {host} spelled right? use the printer's number instead of a name")
        }
        (Address::Usb(_), _) => {
            format!("check that the printer is switched on and its USB cable is in at both ends; {listed}")
        }
        (Address::Serial { .. } | Address::File { .. }, _) => {
            format!("check power and cable; after a change of port the node has another name; {listed}")
        }
        (Address::Evdev { .. }, _) => {
            format!("check the cable; a scanner must be set to keyboard mode (HID); {listed}")
        }
        (Address::Gpio { .. }, _) => {
            "pins work on a Raspberry Pi only; run drv as root or in group gpio".to_owned()
        }
    }
}

/// What to do about a cause, in a sentence.
pub(crate) fn remedy(cause: Cause) -> &'static str {
    match cause {
        Cause::PaperNearEnd => "have a new roll at hand; printing goes on",
        Cause::TicketLeft => "take the ticket out of the presenter; if it is stuck, open the cover",
        Cause::PaperEnd => "put in a roll: printed side to the head, close the cover until it clicks",
        Cause::CoverOpen => "close the cover until it clicks",
        Cause::CutterError => "switch off, open the cover, remove the paper at the cutter, switch on",
        Cause::PaperJam => "open the cover, remove the jammed paper, close the cover",
        Cause::HeadHot => "wait some minutes: the head cools down by itself",
        Cause::Unrecoverable => {
            "switch the printer off and on; if it comes back, the printer must be repaired"
        }
        Cause::Offline => "press FEED or ONLINE; look at the printer's lamps and at its manual",
        Cause::Silent => "wrong baud rate or wrong device? else switch the printer off and on",
        Cause::Disconnected | Cause::Absent => "check power and cable",
        Cause::WriteStalled => {
            "the printer takes no bytes: check flow control of a serial line, else switch it off and on"
        }
        Cause::FenceTimedOut => {
            "it answers but confirms nothing: another profile may fit better (drv detect)"
        }
        Cause::Starting => "wait a moment",
        Cause::Busy => "wait until the ticket is out",
        Cause::Unprintable => "the page does not fit this profile: tell whoever wrote the profile",
        Cause::ShuttingDown => "start drv again",
        Cause::StuckKey(_) => "free the key; if it stays down, the pad is broken",
    }
}

#[cfg(test)]
mod tests {
    use std::io::Error;

    use super::*;

    #[test]
    fn every_failure_to_open_says_what_to_do() {
        let table: &[(&str, ErrorKind, &str)] = &[
            ("tcp:10.0.0.9", ErrorKind::ConnectionRefused, "port 9100 does not"),
            ("tcp:10.0.0.9", ErrorKind::TimedOut, "check network cable"),
            ("tcp:printr", ErrorKind::Other, "spelled right"),
            ("usb:class=printer", ErrorKind::NotFound, "switched on"),
            ("usb:class=printer", ErrorKind::PermissionDenied, "run drv as root"),
            ("serial:/dev/none", ErrorKind::NotFound, "drv list"),
            ("file:/dev/none", ErrorKind::ResourceBusy, "only one program"),
            ("file:/etc", ErrorKind::IsADirectory, "this is a folder"),
            ("evdev:name=none", ErrorKind::NotFound, "keyboard mode"),
            ("gpio:17", ErrorKind::NotFound, "Raspberry Pi"),
        ];
        for (address, kind, says) in table {
            let error =
                TransportError::Refused { address: (*address).to_owned(), source: Error::from(*kind) };
            let text = diagnose(&address.parse().unwrap(), &error).to_string();
            assert!(text.contains(says), "{address} {kind}: {text}");
        }
    }

    #[test]
    fn a_device_that_is_held_names_the_program() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("node");
        std::fs::write(&path, "").unwrap();
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .stdin(std::fs::File::open(&path).unwrap())
            .spawn()
            .unwrap();
        let text = busy(Some(&path));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(text.contains(&format!("sleep (process {})", child.id())), "{text}");
    }
}
