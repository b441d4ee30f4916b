//! What a printer model can do, as data: the TOML files of `profiles/`, and those that a hall adds.

mod built_in;
mod check;
mod detect;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Deserializer};

pub use built_in::BuiltIn;
pub use detect::Identity;

use crate::address::FlowControl;
use crate::document::Media;

/// A printer model. The keys of its file are the names of these fields; times end in their unit there
/// (`reply_limit_ms`). `profiles/generic-80.toml` explains each.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Name for configuration files.
    pub name: String,
    /// Name for people.
    pub title: String,
    /// Whose commands it speaks beyond the common ones.
    pub dialect: Dialect,
    /// Printable dots a line; a multiple of 8.
    pub width_dots: u16,
    /// Dots an inch, both ways.
    pub dpi: u16,
    /// Paper speed.
    pub mm_per_sec: u16,
    /// Distance from print head to cutter, or to the tear-off edge.
    pub head_to_cutter_mm: u16,
    /// Whether there is a cutter.
    pub cutter: bool,
    /// The presenter that holds out a cut ticket, if there is one.
    pub presenter: Option<Presenter>,
    /// Which white dots of a raster band need not be sent.
    pub crop: Crop,
    /// Whether the printer draws QR codes itself (`GS ( k`); otherwise they are sent as raster.
    pub native_qr: bool,
    /// Whether the printer doubles dots both ways (`GS v 0`, mode 3): number and QR code then take a quarter of the bytes.
    #[serde(default)]
    pub doubles_dots: bool,
    /// The printer's own font, where its figures are good enough for a ticket's number and time.
    pub rom_font: Option<RomFont>,
    /// Whether pictures may be kept in the printer (`GS ( L`), written once by a technician.
    pub nv_graphics: bool,
    /// How the printer tells its state.
    pub status: StatusMeans,
    /// Whether `DLE DC4 8` empties the printer's buffer, so that a broken-off ticket is not printed later.
    pub clears_buffer: bool,
    /// Size of the receive buffer.
    pub receive_buffer_bytes: usize,
    /// No command is longer than this. A longer one that breaks off makes the printer swallow the next ticket.
    pub max_command_bytes: usize,
    /// How many bands may be under way unconfirmed. Small enough that a printer which runs out of paper holds no whole
    /// ticket; 0 sends everything at once.
    pub unconfirmed_bands: usize,
    /// How long the printer may take to confirm, beside the time of the line and of the paper.
    #[serde(rename = "reply_limit_ms", deserialize_with = "millis")]
    pub reply_limit: Duration,
    /// How long the printer may refuse to take bytes.
    #[serde(rename = "write_limit_ms", deserialize_with = "millis")]
    pub write_limit: Duration,
    /// How it is set when it comes out of its box, for a serial line.
    pub serial: SerialDefaults,
    /// How it names itself.
    #[serde(default)]
    pub detect: Detect,
}

/// Whose commands a printer speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// Epson's, and of those that follow Epson.
    Epson,
    /// Custom's: cut by `ESC i`, presenter by `GS e`, full status by `DLE EOT 20`.
    Custom,
}

/// How a printer tells its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StatusMeans {
    /// AutomaticStatusBack (`GS a`) unasked, and answers to `DLE EOT`.
    Asb,
    /// Only answers to `DLE EOT`.
    Poll,
}

/// Which white dots of a raster band need not be sent. What is wrong here moves lines to the left and loses nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Crop {
    /// Those on both sides: `ESC $` moves the start of a band.
    Position,
    /// As many on each side, as `ESC a 1` puts a band into the middle.
    Center,
    /// Those on the right.
    Right,
}

/// A printer's own font of figures and Latin letters (font A).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RomFont {
    /// Width of a character.
    pub width_dots: u16,
    /// Height of a character.
    pub height_dots: u16,
    /// Whether `GS b` smooths enlarged characters.
    pub smoothing: bool,
}

/// A presenter: holds a cut ticket out until somebody takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Presenter {
    /// How far a ticket is held out, in steps of `GS e 3`.
    pub present_steps: u8,
    /// How long a ticket may stay there.
    #[serde(rename = "unclaimed_limit_secs", deserialize_with = "seconds")]
    pub unclaimed_limit: Duration,
    /// What becomes of it then.
    pub unclaimed: Unclaimed,
}

/// What becomes of a ticket that nobody takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unclaimed {
    /// It stays.
    Keep,
    /// It is dropped out at the front (`GS e 5`).
    Eject,
    /// It is drawn back into the kiosk (`GS e 2`).
    Retract,
}

/// A serial line as the printer's maker sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SerialDefaults {
    /// Bits per second.
    pub baud: u32,
    /// How the printer says "wait".
    #[serde(deserialize_with = "flow")]
    pub flow: FlowControl,
}

/// Texts by which a printer is known; large and small letters are the same.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detect {
    /// Parts of its maker's name, in the answer to `GS I 66` or as `MFG` of its device id. Empty: any.
    #[serde(default)]
    pub makers: Vec<String>,
    /// Parts of its model's name, in the answer to `GS I 67` or as `MDL` of its device id. Empty: any of the makers.
    #[serde(default)]
    pub models: Vec<String>,
}

/// Why a profile cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// There is none of that name.
    #[error("no printer profile {name:?}; there are {}, or give the path of a .toml file", .known.join(", "))]
    Unknown {
        /// What was asked for.
        name: String,
        /// The built-in ones.
        known: Vec<&'static str>,
    },
    /// The file cannot be read.
    #[error("cannot read the printer profile {}", .path.display())]
    Unreadable {
        /// Its path.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The text is no profile: a field is missing, unknown or of the wrong type.
    #[error("printer profile {origin}: {reason}")]
    Syntax {
        /// Name or path of the profile.
        origin: String,
        /// Line, column and field.
        reason: Box<toml::de::Error>,
    },
    /// A field holds what no printer has.
    #[error("printer profile {origin}: {field} = {value}: {remedy}")]
    Field {
        /// Name or path of the profile.
        origin: String,
        /// The field.
        field: &'static str,
        /// What it holds.
        value: String,
        /// What it should hold.
        remedy: &'static str,
    },
}

impl Profile {
    /// The names of the built-in profiles.
    pub const ALL: [BuiltIn; 8] = built_in::ALL;

    /// The built-in profile of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let built_in = Self::ALL.into_iter().find(|built_in| built_in.name == name)?;
        Self::from_toml(built_in.text, name).ok()
    }

    /// All built-in profiles.
    #[must_use]
    pub fn all() -> Vec<Self> {
        Self::ALL.iter().filter_map(|built_in| Self::named(built_in.name)).collect()
    }

    /// The profile that a configuration names: a built-in one, or the path of a `.toml` file.
    ///
    /// # Errors
    /// When there is none, or the file holds no usable profile.
    pub fn find(name_or_path: &str) -> Result<Self, ProfileError> {
        match Self::named(name_or_path) {
            Some(profile) => Ok(profile),
            None if name_or_path.ends_with(".toml") => Self::load(Path::new(name_or_path)),
            None => {
                let known = Self::ALL.iter().map(|built_in| built_in.name).collect();
                Err(ProfileError::Unknown { name: name_or_path.to_owned(), known })
            }
        }
    }

    /// Reads a profile from a file.
    ///
    /// # Errors
    /// When the file cannot be read or holds no usable profile.
    pub fn load(path: &Path) -> Result<Self, ProfileError> {
        let unreadable = |source| ProfileError::Unreadable { path: path.to_owned(), source };
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        Self::from_toml(&text, &path.display().to_string())
    }

    /// Reads a profile from its text; `origin` is its name or path, for errors.
    ///
    /// # Errors
    /// When the text is no usable profile.
    pub fn from_toml(text: &str, origin: &str) -> Result<Self, ProfileError> {
        let syntax = |reason| ProfileError::Syntax { origin: origin.to_owned(), reason: Box::new(reason) };
        let profile: Self = toml::from_str(text).map_err(syntax)?;
        check::check(&profile, origin)?;
        Ok(profile)
    }

    /// What tickets for this printer are drawn on.
    #[must_use]
    pub fn media(&self) -> Media {
        Media {
            width_dots: self.width_dots,
            dpi: self.dpi,
            native_qr: self.native_qr,
            doubles_dots: self.doubles_dots,
            rom_cell: self.rom_font.map(|font| (font.width_dots, font.height_dots)),
        }
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

fn millis<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u32::deserialize(deserializer).map(|count| Duration::from_millis(count.into()))
}

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u32::deserialize(deserializer).map(|count| Duration::from_secs(count.into()))
}

fn flow<'de, D: Deserializer<'de>>(deserializer: D) -> Result<FlowControl, D::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Flow {
        None,
        RtsCts,
    }
    Flow::deserialize(deserializer).map(|flow| match flow {
        Flow::None => FlowControl::None,
        Flow::RtsCts => FlowControl::RtsCts,
    })
}
