//! Which panels hear an address, and how each is spoken to.

use super::{DisplayAddress, Face, FrameTemplate};
use crate::document::Font;

/// What the thread of an address needs to know.
#[derive(Debug, Clone)]
pub struct DisplayConfig {
    /// What is there and where.
    pub address: DisplayAddress,
    /// The panels there. On a line (RS485) several may listen, each to its own frames; a chip is one.
    pub panels: Vec<PanelConfig>,
    /// What panels of dots are set in.
    pub font: Font,
}

/// One panel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PanelConfig {
    /// Its own number, by which orders and frames name it.
    pub number: u8,
    /// How it is spoken to; a panel of dots has no use for it.
    pub frame: FrameTemplate,
}

/// Why panels cannot be served at one address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DisplayConfigError {
    /// Several panels where there is one chip, or none at all.
    #[error("{address} is one panel, not {count}")]
    NotOne {
        /// Where.
        address: DisplayAddress,
        /// How many there should be.
        count: usize,
    },
    /// Two panels would take each other's numbers.
    #[error(
        "panels {first} and {second} at {address} would show the same: each needs its own number in its frame"
    )]
    SameFrame {
        /// Where.
        address: DisplayAddress,
        /// One of them.
        first: u8,
        /// The other.
        second: u8,
    },
}

impl DisplayConfig {
    /// Whether each panel can be told apart from the others.
    pub(super) fn check(&self) -> Result<(), DisplayConfigError> {
        let address = || self.address.clone();
        let is_line = matches!(self.address, DisplayAddress::Line(_));
        if self.panels.is_empty() || (!is_line && self.panels.len() > 1) {
            return Err(DisplayConfigError::NotOne { address: address(), count: self.panels.len() });
        }
        let dark: Vec<(u8, Vec<u8>)> = self
            .panels
            .iter()
            .map(|panel| (panel.number, panel.frame.encode(panel.number, &Face::Dark)))
            .collect();
        for (index, (first, frame)) in dark.iter().enumerate() {
            let others = dark.iter().skip(index + 1);
            if let Some((second, _)) =
                others.into_iter().find(|(number, other)| number == first || other == frame)
            {
                let (first, second) = (*first, *second);
                return Err(DisplayConfigError::SameFrame { address: address(), first, second });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(address: &str, panels: &[(u8, &str)]) -> Result<(), String> {
        let font = Font::new(
            include_bytes!("../../../kiosk-app/ui/fonts/NotoSans-Regular.ttf"),
            include_bytes!("../../../kiosk-app/ui/fonts/NotoSans-Bold.ttf"),
        );
        let panels = panels
            .iter()
            .map(|(number, frame)| PanelConfig { number: *number, frame: frame.parse().unwrap() });
        let config = DisplayConfig {
            address: address.parse().unwrap(),
            panels: panels.collect(),
            font: font.unwrap(),
        };
        config.check().map_err(|error| error.to_string())
    }

    #[test]
    fn panels_share_an_address_only_if_their_frames_tell_them_apart() {
        const OURS: &str = r"\x02{panel:2}{number:6}\x03{xor}";
        for (address, panels, fault) in [
            ("serial:/dev/ttyUSB6", &[(1, OURS), (2, OURS), (12, OURS)][..], None),
            ("serial:/dev/ttyUSB6", &[(1, OURS), (1, "@{panel:1}{number:6}")], Some("panels 1 and 1")),
            (
                "serial:/dev/ttyUSB6",
                &[(2, "@{panel:1}{number:6}"), (12, "@{panel:1}{number:6}")],
                Some("panels 2 and 12"),
            ),
            ("tcp:panels:4001", &[(1, "{number:4}\\r"), (2, "{number:4}\\r")], Some("would show the same")),
            ("tcp:panels:4001", &[(1, "A{number:4}\\r"), (2, "B{number:4}\\r")], None),
            ("serial:/dev/ttyUSB6", &[], Some("is one panel, not 0")),
            ("max7219:0.0", &[(3, OURS)], None),
            ("max7219:0.0", &[(3, OURS), (4, OURS)], Some("is one panel, not 2")),
        ] {
            match (checked(address, panels), fault) {
                (Ok(()), None) => {}
                (Err(error), Some(words)) => assert!(error.contains(words), "{address} {panels:?}: {error}"),
                (result, _) => panic!("{address} {panels:?}: {result:?}"),
            }
        }
    }
}
