//! What a counter display is and where: the text of a configuration file, parsed.

use std::fmt;
use std::str::FromStr;

use crate::address::{Address, AddressError};

/// The address of a counter display.
///
/// | text | meaning |
/// |---|---|
/// | `max7219:0.1?modules=4` | a chain of 8x8 modules at SPI bus 0, chip select 1; 4 modules unless said |
/// | `ssd1306:1@0x3c?rows=64` | an OLED of 128 x 64 (or 32) dots at address 0x3c of I2C bus 1; 0x3c and 64 unless said |
/// | `serial:...`, `tcp:...`, `file:...` | a panel that takes frames, mostly LED digits on RS485 |
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DisplayAddress {
    /// A MAX7219 chain.
    Max7219 {
        /// SPI bus, 0 to 6.
        bus: u8,
        /// Chip select, 0 to 2.
        chip_select: u8,
        /// Modules in the chain, 1 to 16.
        modules: u8,
    },
    /// An SSD1306 controller.
    Ssd1306 {
        /// I2C bus.
        bus: u8,
        /// Its address there, 7 bits.
        address: u8,
        /// Rows of the glass: 32 or 64.
        rows: u16,
    },
    /// A panel on a line.
    Line(Address),
}

/// Why a text is no address of a counter display.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DisplayAddressError {
    /// A chain that is no chain.
    #[error("{0:?} must be max7219:BUS.SELECT?modules=N, bus 0 to 6, select 0 to 2, 1 to 16 modules")]
    Max7219(String),
    /// A controller that is none.
    #[error("{0:?} must be ssd1306:BUS@ADDRESS?rows=32|64, the address such as 0x3c")]
    Ssd1306(String),
    /// No line, or one that takes no frames.
    #[error("{0:?} must be max7219:, ssd1306:, or the serial:, tcp: or file: line of a panel")]
    Line(String),
    /// A line with a mistake in it.
    #[error(transparent)]
    Address(#[from] AddressError),
}

impl FromStr for DisplayAddress {
    type Err = DisplayAddressError;

    fn from_str(text: &str) -> Result<Self, DisplayAddressError> {
        let text = text.trim();
        if let Some(rest) = text.strip_prefix("max7219:") {
            return parse_max7219(rest).ok_or_else(|| DisplayAddressError::Max7219(text.to_owned()));
        }
        if let Some(rest) = text.strip_prefix("ssd1306:") {
            return parse_ssd1306(rest).ok_or_else(|| DisplayAddressError::Ssd1306(text.to_owned()));
        }
        match text.parse()? {
            address @ (Address::Serial { .. } | Address::Tcp { .. } | Address::File { .. }) => {
                Ok(Self::Line(address))
            }
            Address::Usb(_) | Address::Evdev { .. } | Address::Gpio { .. } => {
                Err(DisplayAddressError::Line(text.to_owned()))
            }
        }
    }
}

fn parse_max7219(rest: &str) -> Option<DisplayAddress> {
    let (place, modules) = match rest.split_once('?') {
        Some((place, setting)) => (place, setting.strip_prefix("modules=")?.parse().ok()?),
        None => (rest, 4),
    };
    let (bus, chip_select) = place.split_once('.')?;
    let (bus, chip_select): (u8, u8) = (bus.parse().ok()?, chip_select.parse().ok()?);
    let exists = bus <= 6 && chip_select <= 2 && (1..=16).contains(&modules);
    exists.then_some(DisplayAddress::Max7219 { bus, chip_select, modules })
}

fn parse_ssd1306(rest: &str) -> Option<DisplayAddress> {
    let (place, rows) = match rest.split_once('?') {
        Some((place, setting)) => (place, setting.strip_prefix("rows=")?.parse().ok()?),
        None => (rest, 64),
    };
    let (bus, address) = match place.split_once('@') {
        Some((bus, address)) => (bus, u8::from_str_radix(address.strip_prefix("0x")?, 16).ok()?),
        None => (place, 0x3c),
    };
    let exists = (0x08..0x78).contains(&address) && matches!(rows, 32 | 64);
    exists.then_some(DisplayAddress::Ssd1306 { bus: bus.parse().ok()?, address, rows })
}

impl fmt::Display for DisplayAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Max7219 { bus, chip_select, modules } => {
                write!(f, "max7219:{bus}.{chip_select}?modules={modules}")
            }
            Self::Ssd1306 { bus, address, rows } => write!(f, "ssd1306:{bus}@{address:#04x}?rows={rows}"),
            Self::Line(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_as_it_is_written() {
        for (text, whole) in [
            ("max7219:0.1", "max7219:0.1?modules=4"),
            ("max7219:0.0?modules=8", "max7219:0.0?modules=8"),
            ("ssd1306:1", "ssd1306:1@0x3c?rows=64"),
            ("ssd1306:1@0x3d?rows=32", "ssd1306:1@0x3d?rows=32"),
            ("serial:/dev/ttyUSB0", "serial:/dev/ttyUSB0?baud=9600"),
        ] {
            assert_eq!(text.parse::<DisplayAddress>().unwrap().to_string(), whole);
            assert_eq!(whole.parse::<DisplayAddress>().unwrap().to_string(), whole);
        }
    }

    #[test]
    fn a_wrong_address_says_what_is_wrong() {
        for (text, words) in [
            ("max7219:0", "must be max7219:BUS.SELECT"),
            ("max7219:0.3", "select 0 to 2"),
            ("max7219:0.0?modules=0", "1 to 16 modules"),
            ("ssd1306:1@3c", "must be ssd1306:BUS@ADDRESS"),
            ("ssd1306:1@0x3c?rows=48", "rows=32|64"),
            ("gpio:1", "line of a panel"),
            ("lpt:1", "must start with"),
        ] {
            let error = text.parse::<DisplayAddress>().unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
