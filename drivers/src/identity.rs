//! What names a device for good.
//!
//! A node such as `/dev/ttyACM1` is a matter of the order of plugging. The port that a cable is in stays, and so do vendor,
//! product and serial number: from them the node is found anew each time a device is opened, through sysfs.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// What names a USB device, or one interface of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum UsbIdentity {
    /// Whatever is plugged in there: bus and ports as sysfs writes them (`1-1.2`), with `:1.0` behind for one interface.
    Port(String),
    /// This device, wherever it is plugged in.
    Id {
        /// Vendor number.
        vendor: u16,
        /// Product number.
        product: u16,
        /// Serial number, where two of a kind must be told apart.
        serial: Option<String>,
    },
}

/// Why a text names no USB device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} must be port=1-1.2 or id=VENDOR:PRODUCT or id=VENDOR:PRODUCT:SERIAL, numbers in four hex digits"
)]
pub struct IdentityError(pub String);

impl FromStr for UsbIdentity {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, IdentityError> {
        let identity = match text.split_once('=') {
            Some(("port", port)) => is_port(port).then(|| Self::Port(port.to_owned())),
            Some(("id", id)) => Self::from_id(id),
            Some(_) | None => None,
        };
        identity.ok_or_else(|| IdentityError(text.to_owned()))
    }
}

impl UsbIdentity {
    /// From `VENDOR:PRODUCT` or `VENDOR:PRODUCT:SERIAL`.
    pub(crate) fn from_id(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ':');
        let (vendor, product) = (hex4(parts.next()?)?, hex4(parts.next()?)?);
        let serial = parts.next().map(str::to_owned);
        if serial.as_deref() == Some("") { None } else { Some(Self::Id { vendor, product, serial }) }
    }

    /// Whether it names the device that was seen.
    #[must_use]
    pub fn is(&self, seen: &UsbSighting) -> bool {
        match self {
            Self::Port(port) => match port.split_once(':') {
                Some(_) => seen.interface.as_deref() == Some(port),
                None => seen.port == *port,
            },
            Self::Id { vendor, product, serial } => {
                seen.vendor == *vendor
                    && seen.product == *product
                    && serial.as_ref().is_none_or(|serial| seen.serial.as_ref() == Some(serial))
            }
        }
    }
}

impl fmt::Display for UsbIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(port) => write!(f, "port={port}"),
            Self::Id { vendor, product, serial: None } => write!(f, "id={vendor:04x}:{product:04x}"),
            Self::Id { vendor, product, serial: Some(serial) } => {
                write!(f, "id={vendor:04x}:{product:04x}:{serial}")
            }
        }
    }
}

/// `1-1.2` or `1-1.2:1.0`.
fn is_port(text: &str) -> bool {
    let numbers = |text: &str, separator: char| {
        text.split(separator).all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let (device, interface) = match text.split_once(':') {
        Some((device, interface)) => (device, Some(interface)),
        None => (text, None),
    };
    let is_interface = interface.is_none_or(|text| text.contains('.') && numbers(text, '.'));
    let is_device =
        device.split_once('-').is_some_and(|(bus, ports)| numbers(bus, '.') && numbers(ports, '.'));
    is_device && is_interface
}

fn hex4(text: &str) -> Option<u16> {
    let is_hex = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u16::from_str_radix(text, 16).ok()).flatten()
}

/// A USB device as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsbSighting {
    /// Where: `1-1.2`.
    pub port: String,
    /// Which interface of it: `1-1.2:1.0`.
    pub interface: Option<String>,
    /// Vendor number.
    pub vendor: u16,
    /// Product number.
    pub product: u16,
    /// Serial number, if it has one.
    pub serial: Option<String>,
}

/// Where a device's node is: at a path (stable links of udev are paths, too), or wherever a USB device has it just now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// At this path.
    Path(PathBuf),
    /// At the node of this USB device.
    Usb(UsbIdentity),
}

impl Place {
    /// From `/dev/...`, `port=...` or `id=...`.
    ///
    /// # Errors
    /// When a text that begins like an identity is none.
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        if text.starts_with("port=") || text.starts_with("id=") {
            return text.parse().map(Self::Usb);
        }
        Ok(Self::Path(PathBuf::from(text)))
    }

    /// The node as of now: the path as it is, or the first node of the USB device; none while it is not plugged in.
    #[must_use]
    pub fn resolve(&self, class: NodeClass, finder: &NodeFinder) -> Option<PathBuf> {
        match self {
            Self::Path(path) => Some(path.clone()),
            Self::Usb(identity) => finder.nodes(identity, class).into_iter().next(),
        }
    }
}

impl From<PathBuf> for Place {
    fn from(path: PathBuf) -> Self {
        Self::Path(path)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => write!(f, "{}", path.display()),
            Self::Usb(identity) => identity.fmt(f),
        }
    }
}

/// What kind of node a device is to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeClass {
    /// `/dev/ttyACM0`, `/dev/ttyUSB0`.
    Serial,
    /// `/dev/input/event0`.
    Input,
    /// `/dev/usb/lp0`.
    Printer,
}

impl NodeClass {
    fn sysfs_dir(self) -> &'static str {
        match self {
            Self::Serial => "class/tty",
            Self::Input => "class/input",
            Self::Printer => "class/usbmisc",
        }
    }

    fn name_prefix(self) -> &'static str {
        match self {
            Self::Serial => "tty",
            Self::Input => "event",
            Self::Printer => "lp",
        }
    }

    fn dev_dir(self) -> &'static str {
        match self {
            Self::Serial => "",
            Self::Input => "input",
            Self::Printer => "usb",
        }
    }
}

/// Finds the nodes of USB devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeFinder {
    sysfs: PathBuf,
    dev: PathBuf,
}

impl Default for NodeFinder {
    fn default() -> Self {
        Self::new("/sys", "/dev")
    }
}

impl NodeFinder {
    /// A finder in another tree than `/sys` and `/dev`.
    #[must_use]
    pub fn new(sysfs: impl Into<PathBuf>, dev: impl Into<PathBuf>) -> Self {
        Self { sysfs: sysfs.into(), dev: dev.into() }
    }

    /// All nodes of a class that the named device has, in the order of their numbers.
    #[must_use]
    pub fn nodes(&self, identity: &UsbIdentity, class: NodeClass) -> Vec<PathBuf> {
        let mut nodes = self.all(class);
        nodes.retain(|(_, seen)| identity.is(seen));
        nodes.into_iter().map(|(node, _)| node).collect()
    }

    /// All nodes of a class that belong to USB devices, with their devices, in the order of their numbers.
    #[must_use]
    pub fn all(&self, class: NodeClass) -> Vec<(PathBuf, UsbSighting)> {
        let Ok(entries) = std::fs::read_dir(self.sysfs.join(class.sysfs_dir())) else { return Vec::new() };
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.starts_with(class.name_prefix()))
            .collect();
        // event10 comes after event2.
        names.sort_by(|left, right| (left.len(), left).cmp(&(right.len(), right)));
        let class_dir = self.sysfs.join(class.sysfs_dir());
        let seen = names.into_iter().filter_map(|name| {
            let device = class_dir.join(&name).join("device");
            // Most of the class have no device: one look tells, the whole path would take ten.
            std::fs::read_link(&device).ok()?;
            let device = device.canonicalize().ok()?;
            Some((self.dev.join(class.dev_dir()).join(name), sighting(&device)?))
        });
        seen.collect()
    }
}

/// The USB device whose part lies in this directory of sysfs.
fn sighting(part: &Path) -> Option<UsbSighting> {
    let mut interface = None;
    for directory in part.ancestors() {
        let name = directory.file_name()?.to_str()?;
        // The nearest one: hubs are further up.
        if directory.join("idVendor").exists() {
            return Some(UsbSighting {
                port: name.to_owned(),
                interface,
                vendor: hex4(&attribute(directory, "idVendor")?)?,
                product: hex4(&attribute(directory, "idProduct")?)?,
                serial: attribute(directory, "serial"),
            });
        }
        interface = is_port(name).then(|| name.to_owned());
    }
    None
}

fn attribute(directory: &Path, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(directory.join(name)).ok()?;
    Some(text.trim_end_matches('\n').to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A tree like `/sys`, as much of it as is read.
    struct Tree(tempfile::TempDir);

    const PAD: [&str; 3] = ["1a86", "7523", ""];
    const SCANNER: [&str; 3] = ["0c2e", "0b61", "S21"];

    impl Tree {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn finder(&self) -> NodeFinder {
            NodeFinder::new(self.0.path(), "/dev")
        }

        fn device(&self, port: &str, [vendor, product, serial]: [&str; 3]) -> PathBuf {
            let mut directory = self.0.path().join("devices/pci0000:00/usb1");
            // `1-1.2` lies in the directory of its hub `1-1`.
            for (at, _) in port.match_indices('.').chain([(port.len(), "")]) {
                directory.push(&port[..at]);
                std::fs::create_dir_all(&directory).unwrap();
                std::fs::write(directory.join("idVendor"), "1d6b\n").unwrap();
                std::fs::write(directory.join("idProduct"), "0002\n").unwrap();
            }
            std::fs::write(directory.join("idVendor"), format!("{vendor}\n")).unwrap();
            std::fs::write(directory.join("idProduct"), format!("{product}\n")).unwrap();
            if !serial.is_empty() {
                std::fs::write(directory.join("serial"), format!("{serial}\n")).unwrap();
            }
            directory
        }

        fn plug(&self, port: &str, id: [&str; 3], interface: &str, class: &str, node: &str) {
            let interface = self.device(port, id).join(format!("{port}:{interface}"));
            let own = interface.join(node);
            std::fs::create_dir_all(&own).unwrap();
            symlink(&interface, own.join("device")).unwrap();
            let class = self.0.path().join("class").join(class);
            std::fs::create_dir_all(&class).unwrap();
            symlink(&own, class.join(node)).unwrap();
        }

        fn unplug(&self, class: &str, node: &str) {
            std::fs::remove_file(self.0.path().join("class").join(class).join(node)).unwrap();
        }
    }

    fn node(tree: &Tree, place: &str, class: NodeClass) -> Option<String> {
        let found = Place::parse(place).unwrap().resolve(class, &tree.finder());
        found.map(|path| path.display().to_string())
    }

    #[test]
    fn a_device_that_comes_back_as_another_node_is_found_again() {
        let tree = Tree::new();
        tree.plug("1-1.3", SCANNER, "1.0", "tty", "ttyACM0");
        for place in ["port=1-1.3", "id=0c2e:0b61", "id=0c2e:0b61:S21"] {
            assert_eq!(node(&tree, place, NodeClass::Serial).as_deref(), Some("/dev/ttyACM0"), "{place}");
        }
        tree.unplug("tty", "ttyACM0");
        assert_eq!(node(&tree, "port=1-1.3", NodeClass::Serial), None);
        tree.plug("1-1.3", SCANNER, "1.0", "tty", "ttyACM1");
        for place in ["port=1-1.3", "id=0c2e:0b61", "id=0c2e:0b61:S21"] {
            assert_eq!(node(&tree, place, NodeClass::Serial).as_deref(), Some("/dev/ttyACM1"), "{place}");
        }
    }

    #[test]
    fn two_of_a_kind_are_told_apart_by_port_and_a_hub_is_not_what_hangs_on_it() {
        let tree = Tree::new();
        tree.plug("1-1.2", PAD, "1.0", "tty", "ttyUSB10");
        tree.plug("1-1.4", PAD, "1.0", "tty", "ttyUSB9");
        for (place, found) in [
            ("port=1-1.2", Some("/dev/ttyUSB10")),
            ("port=1-1.4", Some("/dev/ttyUSB9")),
            ("port=1-1", None),
            ("port=1-1.20", None),
            ("id=1a86:7523", Some("/dev/ttyUSB9")),
            ("id=1a86:7523:X", None),
            ("id=1a86:7524", None),
        ] {
            assert_eq!(node(&tree, place, NodeClass::Serial).as_deref(), found, "{place}");
        }
    }

    #[test]
    fn one_interface_of_a_device_can_be_named_and_each_class_has_its_own_nodes() {
        let tree = Tree::new();
        tree.plug("3-2", SCANNER, "1.0", "input", "event4");
        tree.plug("3-2", SCANNER, "1.1", "input", "event11");
        tree.plug("3-2", SCANNER, "1.2", "usbmisc", "lp0");
        for (place, class, found) in [
            ("port=3-2", NodeClass::Input, Some("/dev/input/event4")),
            ("port=3-2:1.1", NodeClass::Input, Some("/dev/input/event11")),
            ("port=3-2:1.1", NodeClass::Printer, None),
            ("port=3-2", NodeClass::Printer, Some("/dev/usb/lp0")),
            ("port=3-2", NodeClass::Serial, None),
            ("/dev/serial/by-id/usb-X", NodeClass::Serial, Some("/dev/serial/by-id/usb-X")),
        ] {
            assert_eq!(node(&tree, place, class).as_deref(), found, "{place}");
        }
        assert_eq!(tree.finder().nodes(&"port=3-2".parse().unwrap(), NodeClass::Input).len(), 2);
    }

    #[test]
    fn a_node_without_a_usb_device_has_no_identity() {
        let tree = Tree::new();
        let own = tree.0.path().join("devices/platform/serial8250/tty/ttyS0");
        std::fs::create_dir_all(&own).unwrap();
        symlink(own.parent().unwrap(), own.join("device")).unwrap();
        std::fs::create_dir_all(tree.0.path().join("class/tty")).unwrap();
        symlink(&own, tree.0.path().join("class/tty/ttyS0")).unwrap();
        assert_eq!(tree.finder().all(NodeClass::Serial), []);
        assert_eq!(NodeFinder::new("/nowhere", "/dev").all(NodeClass::Input), []);
    }

    #[test]
    fn an_identity_reads_as_it_is_written_and_a_wrong_one_is_refused() {
        for text in ["port=1-1.2", "port=12-4:1.0", "id=04b8:0e15", "id=04b8:0e15:X:5 a"] {
            assert_eq!(text.parse::<UsbIdentity>().unwrap().to_string(), text);
        }
        for text in [
            "port=",
            "port=1",
            "port=../x",
            "port=1-",
            "port=1-1..2",
            "port=1-1:1",
            "id=4b8:0e15",
            "id=04b8",
            "id=04b8:0e15:",
            "id=+4b8:0e15",
            "name=x",
        ] {
            assert!(text.parse::<UsbIdentity>().is_err(), "{text}");
        }
    }
}
