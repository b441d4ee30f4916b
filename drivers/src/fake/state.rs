//! The sensors of the fake printer and the bytes in which it tells them.

/// Everything that can be wrong with the fake printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sensors {
    pub(super) cover_open: bool,
    pub(super) paper_end: bool,
    pub(super) near_end: bool,
    pub(super) cutter_error: bool,
}

impl Sensors {
    pub(super) fn is_blocked(self) -> bool {
        self.cover_open || self.paper_end || self.cutter_error
    }

    fn bit(is_set: bool, bits: u8) -> u8 {
        if is_set { bits } else { 0 }
    }

    pub(super) fn status_back(self) -> [u8; 4] {
        [
            0x10 | Self::bit(self.is_blocked(), 0x08) | Self::bit(self.cover_open, 0x20),
            Self::bit(self.cutter_error, 0x08),
            self.paper(),
            0,
        ]
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
                    | Self::bit(self.cutter_error, 0x40)
            }
            3 => Self::bit(self.cutter_error, 0x08),
            4 => Self::bit(self.near_end || self.paper_end, 0x0c) | Self::bit(self.paper_end, 0x60),
            _ => return None,
        };
        Some(0x12 | bits)
    }
}
