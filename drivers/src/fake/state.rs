//! The sensors of the fake printer and the bytes in which it tells them.

use crate::usb::PortStatus;

/// Everything that can be wrong with the fake printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sensors {
    pub(super) cover_open: bool,
    pub(super) paper_end: bool,
    pub(super) near_end: bool,
    pub(super) cutter_error: bool,
    pub(super) paper_jam: bool,
    pub(super) head_hot: bool,
    pub(super) unrecoverable: bool,
    pub(super) ticket_present: bool,
}

impl Sensors {
    pub(super) fn is_blocked(self) -> bool {
        self.cover_open || self.paper_end || self.has_error()
    }

    fn has_error(self) -> bool {
        self.cutter_error || self.paper_jam || self.head_hot || self.unrecoverable
    }

    fn bit(is_set: bool, bits: u8) -> u8 {
        if is_set { bits } else { 0 }
    }

    /// The three wires of a USB printer's port.
    pub(super) fn port(self) -> PortStatus {
        let error = self.cover_open || self.has_error();
        PortStatus { paper_end: self.paper_end, selected: !self.is_blocked(), error }
    }

    /// The four bytes of an AutomaticStatusBack.
    pub(super) fn status_back(self) -> [u8; 4] {
        [
            0x10 | Self::bit(self.is_blocked(), 0x08) | Self::bit(self.cover_open, 0x20),
            self.errors(),
            self.paper(),
            0,
        ]
    }

    /// The six bytes of Custom's full status.
    pub(super) fn full_status(self) -> [u8; 6] {
        [
            0x10,
            0x0f,
            Self::bit(self.paper_end, 0x01)
                | Self::bit(self.near_end || self.paper_end, 0x04)
                | Self::bit(self.ticket_present, 0x20),
            Self::bit(self.cover_open, 0x02),
            Self::bit(self.head_hot, 0x01) | Self::bit(self.paper_jam, 0x40),
            Self::bit(self.cutter_error, 0x01) | Self::bit(self.unrecoverable, 0x04),
        ]
    }

    fn errors(self) -> u8 {
        Self::bit(self.paper_jam, 0x04)
            | Self::bit(self.cutter_error, 0x08)
            | Self::bit(self.unrecoverable, 0x20)
            | Self::bit(self.head_hot, 0x40)
    }

    pub(super) fn paper(self) -> u8 {
        Self::bit(self.near_end || self.paper_end, 0x03) | Self::bit(self.paper_end, 0x0c)
    }

    /// The reply to `DLE EOT request`.
    pub(super) fn real_time(self, request: u8) -> Option<u8> {
        let bits = match request {
            1 => Self::bit(self.is_blocked(), 0x08),
            2 => {
                Self::bit(self.cover_open, 0x04)
                    | Self::bit(self.paper_end, 0x20)
                    | Self::bit(self.has_error(), 0x40)
            }
            3 => self.errors(),
            4 => Self::bit(self.near_end || self.paper_end, 0x0c) | Self::bit(self.paper_end, 0x60),
            _ => return None,
        };
        Some(0x12 | bits)
    }
}
