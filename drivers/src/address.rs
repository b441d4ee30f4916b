//! Where a device is: the text of a configuration file, parsed.

use std::fmt;
use std::str::FromStr;

use crate::identity::{IdentityError, Place, UsbIdentity};

/// Default port of a network printer.
const RAW_PRINT_PORT: u16 = 9100;

/// The address of a device.
///
/// | text | meaning |
/// |---|---|
/// | `tcp:10.0.0.20:9100` | a network printer; the port may be left out |
/// | `usb:port=1-1.2`, `usb:04b8:0e15`, `usb:04b8:0e15?serial=X` | the USB printer at a port, or of an id, without a node |
/// | `usb:class=printer` | the first USB printer there is |
/// | `serial:/dev/ttyUSB0?baud=115200&flow=rtscts` | a serial line, 8N1; baud 9600 and no flow control unless said |
/// | `serial:port=1-1.3?baud=9600`, `serial:id=1a86:7523` | the serial line of a USB device, whatever its node |
/// | `file:/dev/usb/lp0`, `file:port=1-1.2` | any other character device or file; the `usblp` node of a USB device |
/// | `evdev:port=1-1.2`, `evdev:id=0c2e:0b61` | what the kernel reads as a keyboard: a wedge scanner, a number pad |
/// | `evdev:name=gpio-keys`, `evdev:/dev/input/by-path/X` | the same by the name that the kernel gives it, or by its node |
/// | `gpio:17,27,22` | buttons between these pins of a Raspberry Pi (BCM numbers) and ground |
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A network printer.
    Tcp {
        /// Name or number of the host.
        host: String,
        /// TCP port, mostly 9100.
        port: u16,
    },
    /// A serial line (RS232, USB-CDC, PTY).
    Serial {
        /// Where its node is.
        node: Place,
        /// Bits per second.
        baud: u32,
        /// How the device says "wait".
        flow: FlowControl,
    },
    /// A device node or file that is written and read as it is.
    File {
        /// Where the node is.
        node: Place,
    },
    /// A USB printer that the driver talks to without a driver of the kernel.
    Usb(UsbSelector),
    /// A device of the kernel's input system, grabbed for us alone.
    Evdev {
        /// How it is found.
        input: InputName,
    },
    /// Buttons on pins of this computer, pulled up, pressed to ground.
    Gpio {
        /// BCM numbers, 0 to 27, one to nine of them, none twice; the first is key 1.
        pins: Vec<u8>,
    },
}

/// How a device of the input system is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputName {
    /// By its place.
    At(Place),
    /// By its name, whole, for what is not on USB.
    Name(String),
}

/// Which USB printer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UsbSelector {
    /// This one.
    Device(UsbIdentity),
    /// The first one, in the order of buses and ports.
    FirstPrinter,
}

/// Flow control of a serial line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlowControl {
    /// None: the device answers for itself (or sends XOFF, which the printer driver obeys).
    None,
    /// Hardware lines RTS and CTS.
    RtsCts,
}

/// Why a text is no address.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum AddressError {
    /// The part before the colon is not one of the kinds.
    #[error("address {0:?} must start with tcp:, usb:, serial:, file:, evdev: or gpio:")]
    Kind(String),
    /// Nothing after the kind.
    #[error("address {0:?} names no host or path")]
    Empty(String),
    /// The port is no number from 1 to 65535.
    #[error("port {port:?} in address {address:?} must be a number from 1 to 65535")]
    Port {
        /// The whole address.
        address: String,
        /// What stands for the port.
        port: String,
    },
    /// A setting behind the question mark that a serial line does not have.
    #[error("setting {setting:?} in address {address:?} must be baud=NUMBER or flow=none|rtscts")]
    Setting {
        /// The whole address.
        address: String,
        /// The setting.
        setting: String,
    },
    /// What stands for a USB device is no identity.
    #[error("address {address:?}: {source}")]
    Identity {
        /// The whole address.
        address: String,
        /// What is wrong with the identity.
        source: IdentityError,
    },
    /// What stands behind `evdev:` is no device of the input system.
    #[error(
        "{0:?} must be evdev:port=1-1.2, evdev:id=VENDOR:PRODUCT, evdev:name=NAME or evdev:/dev/input/NODE"
    )]
    Input(String),
    /// What stands behind `gpio:` is no list of pins.
    #[error("pins {0:?} must be one to nine different numbers from 0 to 27, such as gpio:17,27,22")]
    Pins(String),
}

impl Address {
    /// Whether both lead to one device, which only one driver can have: the same node, host or USB device, or a pin of both.
    /// What differs behind it (speed, flow control) makes no other device of it.
    pub fn is_device_of(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Serial { node, .. } | Self::File { node },
                Self::Serial { node: others, .. } | Self::File { node: others },
            ) => node == others,
            (Self::Gpio { pins }, Self::Gpio { pins: others }) => pins.iter().any(|pin| others.contains(pin)),
            (one, another) => one == another,
        }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let Some((kind, rest)) = text.trim().split_once(':') else {
            return Err(AddressError::Kind(text.to_owned()));
        };
        let parse = match kind {
            "tcp" => parse_tcp,
            "usb" => parse_usb,
            "serial" => parse_serial,
            "file" => |text: &str, rest: &str| Ok(Self::File { node: parse_place(text, rest)? }),
            "evdev" => parse_evdev,
            "gpio" => parse_gpio,
            _ => return Err(AddressError::Kind(text.to_owned())),
        };
        if rest.is_empty() {
            return Err(AddressError::Empty(text.to_owned()));
        }
        parse(text, rest)
    }
}

fn parse_place(text: &str, rest: &str) -> Result<Place, AddressError> {
    Place::parse(rest).map_err(|source| AddressError::Identity { address: text.to_owned(), source })
}

fn parse_usb(text: &str, rest: &str) -> Result<Address, AddressError> {
    if rest == "class=printer" {
        return Ok(Address::Usb(UsbSelector::FirstPrinter));
    }
    let identity = if rest.starts_with("port=") {
        rest.parse()
    } else {
        let id = match rest.split_once("?serial=") {
            Some((id, serial)) => format!("{id}:{serial}"),
            None => rest.to_owned(),
        };
        UsbIdentity::from_id(&id).ok_or_else(|| IdentityError(rest.to_owned()))
    };
    match identity {
        Ok(identity) => Ok(Address::Usb(UsbSelector::Device(identity))),
        Err(source) => Err(AddressError::Identity { address: text.to_owned(), source }),
    }
}

fn parse_tcp(text: &str, rest: &str) -> Result<Address, AddressError> {
    let bracketed = rest.strip_prefix('[').and_then(|inner| inner.split_once(']'));
    let (host, port) = match bracketed {
        Some((host, tail)) => (host, tail.strip_prefix(':')),
        None => match rest.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (rest, None),
        },
    };
    if host.is_empty() {
        return Err(AddressError::Empty(text.to_owned()));
    }
    let port = match port {
        None => RAW_PRINT_PORT,
        Some(digits) => match digits.parse::<u16>() {
            Ok(port) if port > 0 => port,
            Ok(_) | Err(_) => {
                return Err(AddressError::Port { address: text.to_owned(), port: digits.to_owned() });
            }
        },
    };
    Ok(Address::Tcp { host: host.to_owned(), port })
}

fn parse_serial(text: &str, rest: &str) -> Result<Address, AddressError> {
    let (node, settings) = rest.split_once('?').unwrap_or((rest, ""));
    if node.is_empty() {
        return Err(AddressError::Empty(text.to_owned()));
    }
    let (mut baud, mut flow) = (9600, FlowControl::None);
    for setting in settings.split('&').filter(|setting| !setting.is_empty()) {
        let bad = || AddressError::Setting { address: text.to_owned(), setting: setting.to_owned() };
        match setting.split_once('=') {
            Some(("baud", digits)) => {
                baud = digits.parse().ok().filter(|baud| (50..=4_000_000).contains(baud)).ok_or_else(bad)?;
            }
            Some(("flow", "none")) => flow = FlowControl::None,
            Some(("flow", "rtscts")) => flow = FlowControl::RtsCts,
            Some(_) | None => return Err(bad()),
        }
    }
    Ok(Address::Serial { node: parse_place(text, node)?, baud, flow })
}

fn parse_evdev(text: &str, rest: &str) -> Result<Address, AddressError> {
    let input = match rest.strip_prefix("name=") {
        Some(name) => InputName::Name(name.to_owned()),
        None => InputName::At(parse_place(text, rest)?),
    };
    let is_complete = match &input {
        InputName::Name(name) => !name.is_empty(),
        InputName::At(Place::Path(path)) => path.is_absolute(),
        InputName::At(Place::Usb(_)) => true,
    };
    if is_complete { Ok(Address::Evdev { input }) } else { Err(AddressError::Input(text.to_owned())) }
}

fn parse_gpio(text: &str, rest: &str) -> Result<Address, AddressError> {
    let bad = || AddressError::Pins(text.to_owned());
    let mut pins = Vec::new();
    for digits in rest.split(',') {
        let pin: u8 = digits.trim().parse().ok().filter(|pin| *pin <= 27).ok_or_else(bad)?;
        if pins.contains(&pin) || pins.len() == 9 {
            return Err(bad());
        }
        pins.push(pin);
    }
    Ok(Address::Gpio { pins })
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "tcp:[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "tcp:{host}:{port}"),
            Self::Serial { node, baud, flow } => {
                write!(f, "serial:{node}?baud={baud}")?;
                match flow {
                    FlowControl::None => Ok(()),
                    FlowControl::RtsCts => f.write_str("&flow=rtscts"),
                }
            }
            Self::File { node } => write!(f, "file:{node}"),
            Self::Usb(selector) => write!(f, "usb:{selector}"),
            Self::Evdev { input: InputName::At(place) } => write!(f, "evdev:{place}"),
            Self::Evdev { input: InputName::Name(name) } => write!(f, "evdev:name={name}"),
            Self::Gpio { pins } => {
                let pins: Vec<String> = pins.iter().map(u8::to_string).collect();
                write!(f, "gpio:{}", pins.join(","))
            }
        }
    }
}

impl fmt::Display for UsbSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(identity @ UsbIdentity::Port(_)) => identity.fmt(f),
            Self::Device(UsbIdentity::Id { vendor, product, serial }) => {
                write!(f, "{vendor:04x}:{product:04x}")?;
                serial.as_ref().map_or(Ok(()), |serial| write!(f, "?serial={serial}"))
            }
            Self::FirstPrinter => f.write_str("class=printer"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_as_it_is_written() {
        for text in [
            "tcp:10.0.0.20:9100",
            "tcp:[fe80::1]:9101",
            "serial:/dev/ttyUSB0?baud=115200",
            "serial:/dev/ttyACM0?baud=9600&flow=rtscts",
            "serial:port=1-1.3?baud=9600",
            "serial:id=0c2e:0b61:S21?baud=115200",
            "usb:04b8:0e15",
            "usb:04b8:0e15?serial=A:1",
            "usb:port=1-1.2",
            "usb:class=printer",
            "file:/dev/usb/lp0",
            "file:port=1-1.2",
            "evdev:port=1-1.2",
            "evdev:id=0c2e:0b61",
            "evdev:name=Newland HID = KBW",
            "evdev:/dev/input/by-path/platform-x=1-event-kbd",
            "gpio:17,27,22",
        ] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
        assert_eq!("tcp:printer.local".parse::<Address>().unwrap().to_string(), "tcp:printer.local:9100");
        assert_eq!(
            "serial:/dev/ttyS0".parse::<Address>().unwrap().to_string(),
            "serial:/dev/ttyS0?baud=9600"
        );
    }

    #[test]
    fn one_device_is_known_by_its_node_its_host_or_its_pins() {
        for (one, another, same) in [
            ("serial:/dev/ttyUSB0?baud=9600", "serial:/dev/ttyUSB0?baud=19200", true),
            ("serial:/dev/ttyUSB0", "file:/dev/ttyUSB0", true),
            ("serial:port=1-1.2", "serial:port=1-1.3", false),
            ("serial:id=1a86:7523", "serial:id=1a86:7523?baud=115200", true),
            ("evdev:port=1-1.2", "evdev:port=1-1.2", true),
            ("evdev:port=1-1.2", "serial:port=1-1.2", false),
            ("gpio:17,27", "gpio:22,17", true),
            ("gpio:17", "gpio:27", false),
            ("tcp:10.0.0.20", "tcp:10.0.0.20:9100", true),
            ("tcp:10.0.0.20", "tcp:10.0.0.21", false),
        ] {
            let read = |text: &str| text.parse::<Address>().unwrap();
            assert_eq!(read(one).is_device_of(&read(another)), same, "{one} and {another}");
            assert_eq!(read(another).is_device_of(&read(one)), same, "{another} and {one}");
        }
    }

    #[test]
    fn a_wrong_address_says_what_is_wrong() {
        for (text, words) in [
            ("/dev/usb/lp0", "must start with tcp:, usb:, serial:, file:, evdev: or gpio:"),
            ("lpt:1", "must start with tcp:, usb:, serial:, file:, evdev: or gpio:"),
            ("usb:04b8", "must be port=1-1.2 or id="),
            ("usb:class=scanner", "must be port=1-1.2 or id="),
            ("usb:", "names no host or path"),
            ("serial:port=1?baud=9600", "must be port=1-1.2 or id="),
            ("tcp:", "names no host or path"),
            ("tcp::9100", "names no host or path"),
            ("tcp:host:0", "must be a number from 1 to 65535"),
            ("tcp:host:x", "must be a number from 1 to 65535"),
            ("serial:?baud=9600", "names no host or path"),
            ("serial:/dev/ttyS0?baud=fast", "must be baud=NUMBER"),
            ("serial:/dev/ttyS0?parity=odd", "must be baud=NUMBER"),
            ("evdev:event3", "must be evdev:port=1-1.2"),
            ("evdev:name=", "must be evdev:port=1-1.2"),
            ("evdev:port=1.2", "must be port=1-1.2"),
            ("gpio:17,28", "numbers from 0 to 27"),
            ("gpio:17,17", "different numbers"),
            ("gpio:1,2,3,4,5,6,7,8,9,10", "one to nine"),
        ] {
            let error = text.parse::<Address>().unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
