//! What a printer model can do, as data.

use std::time::Duration;

/// A printer model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Name for configuration files and people.
    pub name: &'static str,
    /// Printable dots a line; a multiple of 8.
    pub width_dots: u16,
    /// Dots an inch, both ways.
    pub dpi: u16,
    /// Paper speed.
    pub mm_per_sec: u16,
    /// Distance from print head to cutter.
    pub head_to_cutter_mm: u16,
    /// Whether there is a cutter.
    pub cutter: bool,
    /// Whether the printer draws QR codes itself (`GS ( k`); otherwise they are sent as raster.
    pub native_qr: bool,
    /// Whether `ESC $` moves the start of a raster band, so that blank dots on its left need not be sent.
    pub absolute_position: bool,
    /// Whether `DLE DC4 8` empties the printer's buffer, so that a broken-off ticket is not printed later.
    pub clears_buffer: bool,
    /// No command is longer than this. A longer one that breaks off makes the printer swallow the next ticket.
    pub max_command_bytes: usize,
    /// How many bands may be under way unconfirmed. Small enough that a printer which runs out of paper holds no whole
    /// ticket; 0 sends everything at once.
    pub unconfirmed_bands: usize,
    /// How long the printer may take to confirm, beside the time of the line and of the paper.
    pub reply_limit: Duration,
    /// How long the printer may refuse to take bytes.
    pub write_limit: Duration,
}

/// Any 80 mm printer of the Epson dialect.
pub const GENERIC_80: Profile = Profile {
    name: "generic-80",
    width_dots: 576,
    dpi: 203,
    mm_per_sec: 150,
    head_to_cutter_mm: 15,
    cutter: true,
    native_qr: true,
    absolute_position: false,
    clears_buffer: false,
    max_command_bytes: 4096,
    unconfirmed_bands: 3,
    reply_limit: Duration::from_secs(3),
    write_limit: Duration::from_secs(3),
};

/// Epson TM-T81 and TM-T82.
pub const TM_T82: Profile =
    Profile { name: "tm-t82", mm_per_sec: 200, absolute_position: true, clears_buffer: true, ..GENERIC_80 };

/// Epson TM-T88.
pub const TM_T88: Profile = Profile {
    name: "tm-t88",
    width_dots: 512,
    dpi: 180,
    mm_per_sec: 250,
    absolute_position: true,
    clears_buffer: true,
    ..GENERIC_80
};

/// Any 58 mm printer of the Epson dialect: no cutter, no QR of its own.
pub const GENERIC_58: Profile = Profile {
    name: "generic-58",
    width_dots: 384,
    mm_per_sec: 80,
    cutter: false,
    native_qr: false,
    ..GENERIC_80
};

impl Profile {
    /// All built-in profiles.
    pub const ALL: [Self; 4] = [GENERIC_80, TM_T82, TM_T88, GENERIC_58];

    /// The built-in profile of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name == name)
    }

    /// Bytes of a full row of dots.
    #[must_use]
    pub fn row_bytes(&self) -> usize {
        usize::from(self.width_dots) / 8
    }

    /// Dots of that many millimetres.
    #[must_use]
    pub fn dots_of_mm(&self, mm: u16) -> u32 {
        u32::from(mm) * u32::from(self.dpi) * 10 / 254
    }

    /// Time that this many dots of paper take.
    #[must_use]
    pub fn feed_time(&self, dots: u32) -> Duration {
        let dots_per_sec = u64::from(self.mm_per_sec.max(1)) * u64::from(self.dpi) * 10 / 254;
        Duration::from_micros(u64::from(dots) * 1_000_000 / dots_per_sec.max(1))
    }
}
