//! What a fake printer is, what can be done to it, and what comes out of it.

use std::time::Duration;

use crate::document::Bitmap;
use crate::printer::{Dialect, Profile, StatusMeans};

/// What kind of printer the fake is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FakeModel {
    /// Whose commands it obeys.
    pub dialect: Dialect,
    /// Its answer to `GS I 66`; an Epson only.
    pub maker: String,
    /// Its answer to `GS I 67`; an Epson only.
    pub name: String,
    /// Its answer to `GS I 1`.
    pub model_id: u8,
    /// Dots a row.
    pub width_dots: u16,
    /// Dots an inch.
    pub dpi: u16,
    /// Paper speed.
    pub mm_per_sec: u16,
    /// Size of the receive buffer; when it is full the fake takes nothing more.
    pub buffer_bytes: usize,
    /// Whether it says XOFF before its buffer is full, and XON when there is room again.
    pub xon_xoff: bool,
    /// Whether it reports changes of state unasked (`GS a`, Custom's `GS E0`).
    pub reports_changes: bool,
    /// Whether it answers nothing while its cover is open.
    pub mute_when_open: bool,
    /// Whether it obeys `DLE DC4 8`.
    pub clears_buffer: bool,
    /// Head to cutter.
    pub head_to_cutter_mm: u16,
    /// How long the cutter takes.
    pub cut_time: Duration,
    /// Whether a presenter holds cut tickets; a Custom only.
    pub presenter: bool,
}

impl Default for FakeModel {
    /// An 80 mm printer with a small buffer.
    fn default() -> Self {
        Self {
            dialect: Dialect::Epson,
            maker: "KIOSK".to_owned(),
            name: "FAKE-80".to_owned(),
            model_id: 0x20,
            width_dots: 576,
            dpi: 203,
            mm_per_sec: 150,
            buffer_bytes: 4096,
            xon_xoff: false,
            reports_changes: true,
            mute_when_open: false,
            clears_buffer: true,
            head_to_cutter_mm: 15,
            cut_time: Duration::from_millis(300),
            presenter: false,
        }
    }
}

impl FakeModel {
    /// A printer that is what the profile says.
    #[must_use]
    pub fn like(profile: &Profile) -> Self {
        let first =
            |names: &[String], otherwise: &str| names.first().map_or(otherwise, String::as_str).to_owned();
        Self {
            dialect: profile.dialect,
            maker: first(&profile.detect.makers, "KIOSK"),
            name: first(&profile.detect.models, "FAKE-80"),
            width_dots: profile.width_dots,
            dpi: profile.dpi,
            mm_per_sec: profile.mm_per_sec,
            buffer_bytes: profile.receive_buffer_bytes,
            reports_changes: profile.status == StatusMeans::Asb,
            clears_buffer: profile.clears_buffer,
            head_to_cutter_mm: profile.head_to_cutter_mm,
            presenter: profile.presenter.is_some(),
            ..Self::default()
        }
    }

    pub(super) fn row_time(&self) -> Duration {
        let rows_per_sec = u64::from(self.mm_per_sec.max(1)) * u64::from(self.dpi) * 10 / 254;
        Duration::from_nanos(1_000_000_000 / rows_per_sec.max(1))
    }
}

/// What becomes of a ticket that has been cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It lies where everybody can take it: there is no presenter.
    CutOff,
    /// A person took it out of the presenter.
    Taken,
    /// The presenter dropped it at the front.
    Ejected,
    /// The presenter drew it back into the kiosk.
    Retracted,
}

/// A piece of paper that was cut off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FakeTicket {
    /// Counted from 1.
    pub number: usize,
    /// What is on it.
    pub image: Bitmap,
    /// The commands that made it.
    pub raw: Vec<u8>,
    /// Where it went.
    pub fate: Fate,
}

/// The person in front of a presenter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person {
    /// Takes each ticket after so long.
    TakesAfter(Duration),
    /// Leaves each ticket where it is.
    Leaves,
}

/// What can go wrong with a fake printer, at once or at any byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FakeFault {
    /// The roll is used up.
    PaperEnd,
    /// The roll is nearly used up.
    NearEnd,
    /// The cover is opened.
    CoverOpen,
    /// The cutter is stuck.
    CutterError,
    /// The paper is jammed.
    PaperJam,
    /// The head is too hot.
    HeadHot,
    /// Something that nobody mends by hand.
    Unrecoverable,
    /// Nothing is answered any more; printing goes on.
    Silence,
    /// Nothing is taken any more, as by a printer that holds CTS for ever.
    Busy,
    /// The cable is pulled; the printer keeps its power and its buffer.
    Unplugged,
    /// The printer loses its power, and with it the line and the buffer.
    PowerLoss,
}

impl FakeFault {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::PaperEnd,
        Self::NearEnd,
        Self::CoverOpen,
        Self::CutterError,
        Self::PaperJam,
        Self::HeadHot,
        Self::Unrecoverable,
        Self::Silence,
        Self::Busy,
        Self::Unplugged,
        Self::PowerLoss,
    ];

    /// The word for it on the control line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::PaperEnd => "paper-end",
            Self::NearEnd => "near-end",
            Self::CoverOpen => "cover-open",
            Self::CutterError => "cutter-error",
            Self::PaperJam => "paper-jam",
            Self::HeadHot => "head-hot",
            Self::Unrecoverable => "unrecoverable",
            Self::Silence => "silence",
            Self::Busy => "busy",
            Self::Unplugged => "unplug",
            Self::PowerLoss => "power-loss",
        }
    }

    /// The fault of that word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| fault.word() == word)
    }
}
