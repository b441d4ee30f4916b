//! From a document to printer commands, none longer than the profile allows.
//!
//! Commands are composed by `escpos` into memory; what it lacks goes through its `custom`. Nothing but whitelisted
//! commands can come out: text is raster, and the text of a QR code is filtered.

mod bands;

use std::cell::RefCell;
use std::rc::Rc;

use escpos::driver::Driver;
use escpos::errors::{PrinterError, Result as ComposeResult};
use escpos::printer::Printer as Composer;
use escpos::utils::{JustifyMode, Protocol, QRCodeCorrectionLevel, QRCodeModel, QRCodeOption};

use super::profile::Profile;
use crate::document::{Align, Block, Document, DrawError, Font, Segment, Text, draw};

/// What a command is for, as far as the job machine cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandKind {
    /// Asks or resets; no part of a ticket.
    Status,
    /// Sets the printer up; marks nothing.
    Setup,
    /// Marks paper.
    Band,
    /// Moves paper.
    Feed,
    /// Cuts, or moves the ticket out where there is no cutter.
    Cut,
    /// Asks for a confirmation.
    Fence,
}

/// One command as the printer will see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// What it is for.
    pub kind: CommandKind,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Dots of paper that it moves.
    pub dots: u32,
}

impl Command {
    /// A command that moves `dots` of paper.
    #[must_use]
    pub fn new(kind: CommandKind, bytes: Vec<u8>, dots: u32) -> Self {
        Self { kind, bytes, dots }
    }

    pub(crate) fn status(bytes: Vec<u8>) -> Self {
        Self::new(CommandKind::Status, bytes, 0)
    }
}

/// Why a document cannot be printed.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// It cannot be drawn.
    #[error("the ticket cannot be drawn: {0}")]
    Draw(#[from] DrawError),
    /// The composing library refused.
    #[error("the printer commands cannot be composed: {0}")]
    Compose(String),
    /// A command became longer than the printer takes.
    #[error("a command of {length} bytes is longer than the {limit} that the printer takes")]
    TooLong {
        /// Length of the command.
        length: usize,
        /// The profile's limit.
        limit: usize,
    },
}

/// Cutting also settles the paper; this much time at printing speed stands for it.
const CUT_DOTS: u32 = 200;
/// `ESC J` takes one byte.
const LONGEST_FEED: u32 = 255;

/// Draws a document for a printer and encodes it, from its motion units to the cut.
///
/// # Errors
/// See [`EncodeError`]; a document within the limits of [`crate::document`] always encodes.
pub fn encode_document(
    document: &Document,
    font: &Font,
    profile: &Profile,
) -> Result<Vec<Command>, EncodeError> {
    let segments = draw(document, font, profile.width_dots, profile.dpi, profile.native_qr)?;
    let mut commands = vec![setup(profile)?];
    for segment in &segments {
        match segment {
            Segment::Raster(bitmap) => bands::encode(bitmap, profile, &mut commands)?,
            Segment::Qr { data, module_dots, size_dots } => {
                native_qr(data, *module_dots, *size_dots, &mut commands)?;
            }
        }
    }
    cut(profile, &mut commands)?;
    match commands
        .iter()
        .map(|command| command.bytes.len())
        .find(|length| *length > profile.max_command_bytes)
    {
        Some(length) => Err(EncodeError::TooLong { length, limit: profile.max_command_bytes }),
        None => Ok(commands),
    }
}

/// The slip that follows a broken-off ticket, so that nobody takes it for a good one.
///
/// # Errors
/// As [`encode_document`].
pub fn encode_void_slip(font: &Font, profile: &Profile) -> Result<Vec<Command>, EncodeError> {
    let document = Document {
        blocks: vec![
            Block::Space { mm: 2 },
            Block::Banner { text: "PHIẾU HỎNG".to_owned(), size_pt: 14 },
            Block::Text(Text::new("Phiếu in dở ở trên không có giá trị", 9).align(Align::Center)),
            Block::Space { mm: 2 },
        ],
    };
    encode_document(&document, font, profile)
}

fn setup(profile: &Profile) -> Result<Command, EncodeError> {
    let unit = u8::try_from(profile.dpi).unwrap_or(0);
    let bytes = compose(|printer| {
        // One motion unit is one dot, so that ESC J counts dots. No ESC @ here: it would switch AutomaticStatusBack off
        // for a moment, and a cover opened in that moment would go unseen.
        printer.motion_units(unit, unit)?.custom(b"\x1da\x0e")?;
        Ok(())
    })?;
    Ok(Command::new(CommandKind::Setup, bytes, 0))
}

fn native_qr(
    data: &str,
    module_dots: u8,
    size_dots: u32,
    commands: &mut Vec<Command>,
) -> Result<(), EncodeError> {
    let bytes = compose(|printer| {
        let option = QRCodeOption::new(QRCodeModel::Model2, module_dots, QRCodeCorrectionLevel::M);
        printer.justify(JustifyMode::CENTER)?.qrcode_option(data, option)?.justify(JustifyMode::LEFT)?;
        Ok(())
    })?;
    commands.push(Command::new(CommandKind::Band, bytes, size_dots));
    Ok(())
}

fn cut(profile: &Profile, commands: &mut Vec<Command>) -> Result<(), EncodeError> {
    let to_cutter = profile.dots_of_mm(profile.head_to_cutter_mm);
    if profile.cutter {
        let bytes = compose(|printer| printer.partial_cut().map(|_| ()))?;
        commands.push(Command::new(CommandKind::Cut, bytes, to_cutter + CUT_DOTS));
        return Ok(());
    }
    let mut bytes = Vec::new();
    for step in feed_steps(to_cutter) {
        bytes.extend(feed(step)?);
    }
    commands.push(Command::new(CommandKind::Cut, bytes, to_cutter));
    Ok(())
}

fn feed_steps(dots: u32) -> impl Iterator<Item = u8> {
    let whole = std::iter::repeat_n(u8::MAX, (dots / LONGEST_FEED) as usize);
    whole.chain(u8::try_from(dots % LONGEST_FEED).ok().filter(|rest| *rest > 0))
}

fn feed(dots: u8) -> Result<Vec<u8>, EncodeError> {
    compose(|printer| printer.custom(&[0x1b, b'J', dots]).map(|_| ()))
}

/// An `escpos` driver that keeps what is written.
struct Memory(Rc<RefCell<Vec<u8>>>);

impl Driver for Memory {
    fn name(&self) -> String {
        "memory".to_owned()
    }

    fn write(&self, data: &[u8]) -> ComposeResult<()> {
        self.0.borrow_mut().extend_from_slice(data);
        Ok(())
    }

    fn read(&self, _buffer: &mut [u8]) -> ComposeResult<usize> {
        Ok(0)
    }

    fn flush(&self) -> ComposeResult<()> {
        Ok(())
    }
}

fn compose(build: impl FnOnce(&mut Composer<Memory>) -> ComposeResult<()>) -> Result<Vec<u8>, EncodeError> {
    let bytes = Rc::new(RefCell::new(Vec::new()));
    let mut printer = Composer::new(Memory(Rc::clone(&bytes)), Protocol::default(), None);
    build(&mut printer).map_err(compose_error)?;
    printer.print().map_err(compose_error)?;
    Ok(bytes.take())
}

fn compose_error(error: PrinterError) -> EncodeError {
    EncodeError::Compose(error.to_string())
}
