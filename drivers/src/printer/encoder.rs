//! From a document to printer commands, none longer than the profile allows.
//!
//! Commands are composed by `escpos` into memory; what it lacks goes through its `custom`. Nothing but whitelisted
//! commands can come out: text is raster or figures, and the text of a QR code is filtered.

mod bands;
mod stored;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::rc::Rc;

use escpos::driver::Driver;
use escpos::errors::{PrinterError, Result as ComposeResult};
use escpos::printer::Printer as Composer;
use escpos::utils::{JustifyMode, Protocol, QRCodeCorrectionLevel, QRCodeModel, QRCodeOption};

pub(crate) use stored::LIST_KEPT;
pub use stored::{KeyCode, StoredLines};

use self::bands::Grain;
use super::profile::{Crop, Dialect, Profile, StatusMeans};
use crate::document::{Align, Block, Document, DrawError, Font, Segment, Statics, Text, check_length, draw};

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
/// Blocks that are remembered as commands: what stands on every ticket, and what came last.
const REMEMBERED: usize = 128;

/// Turns documents into commands for one printer, and remembers the blocks that come again.
#[derive(Debug)]
pub struct Encoder {
    font: Font,
    profile: Profile,
    remembered: BTreeMap<Block, Remembered>,
    documents: u64,
}

#[derive(Debug)]
struct Remembered {
    pieces: Vec<Piece>,
    /// The document that needed it last.
    used: u64,
}

/// A part of a block: blank paper of neighbours runs together.
#[derive(Debug, Clone)]
enum Piece {
    Blank { dots: u32 },
    Command(Command),
}

impl Piece {
    fn dots(&self) -> u32 {
        match self {
            Self::Blank { dots } => *dots,
            Self::Command(command) => command.dots,
        }
    }
}

impl Encoder {
    /// An encoder that remembers nothing yet.
    #[must_use]
    pub fn new(font: Font, profile: Profile) -> Self {
        Self { font, profile, remembered: BTreeMap::new(), documents: 0 }
    }

    /// Draws and remembers what will come again, so that no ticket waits for it.
    ///
    /// # Errors
    /// When a block cannot be drawn.
    pub fn prepare(&mut self, statics: &Statics) -> Result<(), EncodeError> {
        statics.blocks().iter().try_for_each(|block| self.remember(block).map(|_| ()))
    }

    /// Draws and encodes a document, from its motion units to the cut. Commands come in the order of the paper: the
    /// printer can begin with the first while the last are on the line.
    ///
    /// # Errors
    /// See [`EncodeError`]; a document within the limits of [`crate::document`] always encodes.
    pub fn encode(&mut self, document: &Document) -> Result<Vec<Command>, EncodeError> {
        self.encode_with(document, None)
    }

    /// The same for a printer that keeps these lines: they are printed from its memory.
    ///
    /// # Errors
    /// As [`Encoder::encode`].
    pub fn encode_with(
        &mut self,
        document: &Document,
        stored: Option<&StoredLines>,
    ) -> Result<Vec<Command>, EncodeError> {
        self.documents += 1;
        let mut commands = vec![setup(&self.profile)?];
        let mut blank = 0;
        for block in &document.blocks {
            let pieces = match stored.and_then(|stored| stored.pieces(block)) {
                Some(pieces) => pieces,
                None => self.remember(block)?,
            };
            for piece in pieces {
                match piece {
                    Piece::Blank { dots } => blank += dots,
                    Piece::Command(command) => {
                        feed(std::mem::take(&mut blank), &mut commands)?;
                        commands.push(command.clone());
                    }
                }
            }
        }
        feed(blank, &mut commands)?;
        check_length(commands.iter().map(|command| command.dots).sum(), self.profile.dpi)?;
        cut(&self.profile, &mut commands)?;
        let limit = self.profile.max_command_bytes;
        match commands.iter().map(|command| command.bytes.len()).find(|length| *length > limit) {
            Some(length) => Err(EncodeError::TooLong { length, limit }),
            None => Ok(commands),
        }
    }

    /// Makes sure that a block is remembered, forgetting the one that was not needed for the longest time.
    fn remember(&mut self, block: &Block) -> Result<&[Piece], EncodeError> {
        if !self.remembered.contains_key(block) && self.remembered.len() >= REMEMBERED {
            let oldest = self.remembered.iter().min_by_key(|(_, known)| known.used);
            if let Some(oldest) = oldest.map(|(block, _)| block.clone()) {
                self.remembered.remove(&oldest);
            }
        }
        let known = match self.remembered.entry(block.clone()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let pieces = pieces_of(block, &self.font, &self.profile)?;
                place.insert(Remembered { pieces, used: 0 })
            }
        };
        known.used = self.documents;
        Ok(&known.pieces)
    }
}

fn pieces_of(block: &Block, font: &Font, profile: &Profile) -> Result<Vec<Piece>, EncodeError> {
    let mut pieces = Vec::new();
    for segment in draw(block, font, profile.media())? {
        match segment {
            Segment::Raster(bitmap) => bands::encode(&bitmap, Grain::Single, profile, &mut pieces)?,
            Segment::Doubled(bitmap) => bands::encode(&bitmap, Grain::Double, profile, &mut pieces)?,
            Segment::Figures { text, scale, align, height_dots } => {
                pieces.push(Piece::Command(figures(&text, scale, align, height_dots, profile)?));
            }
            Segment::Qr { data, module_dots, size_dots } => {
                pieces.push(Piece::Command(native_qr(&data, module_dots, size_dots, profile)?));
            }
        }
    }
    Ok(pieces)
}

/// Draws a single document for a printer and encodes it; see [`Encoder::encode`].
///
/// # Errors
/// As there.
pub fn encode_document(
    document: &Document,
    font: &Font,
    profile: &Profile,
) -> Result<Vec<Command>, EncodeError> {
    Encoder::new(font.clone(), profile.clone()).encode(document)
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
        printer.motion_units(unit, unit)?;
        if profile.status == StatusMeans::Asb {
            printer.custom(b"\x1da\x0e")?;
        }
        if profile.crop == Crop::Center {
            printer.justify(JustifyMode::CENTER)?;
        }
        Ok(())
    })?;
    Ok(Command::new(CommandKind::Setup, bytes, 0))
}

/// Composes something that stands at the left, in the middle or on the right.
fn aligned(
    align: Align,
    profile: &Profile,
    build: impl FnOnce(&mut Composer<Memory>) -> ComposeResult<()>,
) -> Result<Vec<u8>, EncodeError> {
    let usual = if profile.crop == Crop::Center { Align::Center } else { Align::Left };
    let mode = |align| match align {
        Align::Left => JustifyMode::LEFT,
        Align::Center => JustifyMode::CENTER,
        Align::Right => JustifyMode::RIGHT,
    };
    compose(|printer| {
        if align != usual {
            printer.justify(mode(align))?;
        }
        build(printer)?;
        if align != usual {
            printer.justify(mode(usual))?;
        }
        Ok(())
    })
}

fn native_qr(data: &str, module_dots: u8, size_dots: u32, profile: &Profile) -> Result<Command, EncodeError> {
    let bytes = aligned(Align::Center, profile, |printer| {
        let option = QRCodeOption::new(QRCodeModel::Model2, module_dots, QRCodeCorrectionLevel::M);
        printer.qrcode_option(data, option).map(|_| ())
    })?;
    Ok(Command::new(CommandKind::Band, bytes, size_dots))
}

/// A line in the printer's own font. Its letters are figures and capitals: nothing that a printer obeys.
fn figures(
    text: &str,
    scale: u8,
    align: Align,
    height_dots: u32,
    profile: &Profile,
) -> Result<Command, EncodeError> {
    let smoothing = profile.rom_font.is_some_and(|font| font.smoothing);
    let line_dots = u8::try_from(height_dots).unwrap_or(u8::MAX);
    let times = scale.clamp(1, 8) - 1;
    let bytes = aligned(align, profile, |printer| {
        if smoothing {
            printer.custom(b"\x1db\x01")?;
        }
        // As much paper as the letters are high, whatever the line spacing was.
        printer.custom(&[0x1b, b'3', line_dots, 0x1d, b'!', times << 4 | times])?;
        printer.custom(text.as_bytes())?.custom(&[b'\n', 0x1d, b'!', 0])?;
        Ok(())
    })?;
    Ok(Command::new(CommandKind::Band, bytes, height_dots))
}

fn cut(profile: &Profile, commands: &mut Vec<Command>) -> Result<(), EncodeError> {
    let to_cutter = profile.dots_of_mm(profile.head_to_cutter_mm);
    if profile.cutter && profile.dialect == Dialect::Epson {
        let bytes = compose(|printer| printer.partial_cut().map(|_| ()))?;
        commands.push(Command::new(CommandKind::Cut, bytes, to_cutter + CUT_DOTS));
        return Ok(());
    }
    let mut bytes = feed_bytes(to_cutter)?;
    if profile.cutter {
        // Custom's total cut: a ticket in a presenter hangs on nothing.
        bytes.extend(b"\x1bi");
    }
    if let Some(presenter) = profile.presenter {
        bytes.extend([0x1d, b'e', 3, presenter.present_steps]);
    }
    commands.push(Command::new(CommandKind::Cut, bytes, to_cutter + CUT_DOTS));
    Ok(())
}

/// Adds blank paper.
fn feed(dots: u32, commands: &mut Vec<Command>) -> Result<(), EncodeError> {
    for step in feed_steps(dots) {
        commands.push(Command::new(CommandKind::Feed, feed_bytes(step.into())?, step.into()));
    }
    Ok(())
}

fn feed_bytes(dots: u32) -> Result<Vec<u8>, EncodeError> {
    compose(|printer| {
        for step in feed_steps(dots) {
            printer.custom(&[0x1b, b'J', step])?;
        }
        Ok(())
    })
}

fn feed_steps(dots: u32) -> impl Iterator<Item = u8> {
    let whole = std::iter::repeat_n(u8::MAX, (dots / LONGEST_FEED) as usize);
    whole.chain(u8::try_from(dots % LONGEST_FEED).ok().filter(|rest| *rest > 0))
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
