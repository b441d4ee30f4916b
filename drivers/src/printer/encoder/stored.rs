//! Lines that are kept in the printer: written once by a technician, printed by their key codes.
//!
//! ```text
//! GS ( L 05 00 30 41 'CLR'                                        forget all           (function 65)
//! GS ( L nL nH 30 43 30 k1 k2 01 xL xH yL yH 31 dots              keep as k1 k2        (function 67)
//! GS ( L 06 00 30 45 k1 k2 01 01                                  print k1 k2          (function 69)
//! GS ( L 04 00 30 40 'KC'      -> 37 72 40 k1 k2 ... 00           which are kept?      (function 64)
//! ```
//! A printer prints nothing for a key code that it does not know, so a ticket would lose a line unseen: the keys are
//! asked for on connecting, and two seals, made from all the dots and written last, prove that these very lines are kept.

use std::collections::BTreeMap;

use super::bands::defuse;
use super::{Command, CommandKind, EncodeError, Piece};
use crate::document::{Bitmap, Block, Font, Segment, Statics, draw};
use crate::printer::profile::Profile;

/// The name of a picture in the printer: two letters.
pub type KeyCode = [u8; 2];

/// Asks which pictures are kept.
pub(crate) const LIST_KEPT: &[u8] = b"\x1d(L\x04\x000@KC";
/// So many key codes, and the two seals, come in one reply.
const MAX_PICTURES: u8 = 36;
/// Of the command that keeps a picture, beside the dots.
const HEADER_BYTES: usize = 16;

/// Lines that are to be kept in a printer, and the way to print them.
#[derive(Debug, Clone)]
pub struct StoredLines {
    pieces: BTreeMap<Block, Vec<Piece>>,
    commands: Vec<Command>,
    seals: [KeyCode; 2],
}

impl StoredLines {
    /// Prepares what stands on every ticket the same. None for a printer whose memory of pictures is not safe.
    ///
    /// # Errors
    /// When a block cannot be drawn.
    pub fn new(statics: &Statics, font: &Font, profile: &Profile) -> Result<Option<Self>, EncodeError> {
        if !profile.nv_graphics {
            return Ok(None);
        }
        let mut commands = vec![memory_command(&[65, b'C', b'L', b'R'])];
        let mut pieces = BTreeMap::new();
        let mut count = 0;
        for block in statics.blocks() {
            // What is more than one picture has figures or a QR code in it, and is no static line.
            let segments = draw(block, font, profile.media())?;
            let [Segment::Raster(bitmap)] = segments.as_slice() else { continue };
            let pictures = pictures(bitmap, profile);
            let room = MAX_PICTURES.saturating_sub(count);
            if pieces.contains_key(block) || pictures.len() > usize::from(room) {
                continue;
            }
            let (mut own, mut blank) = (Vec::new(), leading_blanks(bitmap));
            for picture in pictures {
                let key = [b'a' + count / 32, b'A' + count % 32];
                count += 1;
                own.push(Piece::Blank { dots: std::mem::take(&mut blank) });
                own.push(Piece::Command(print_command(key, picture.rows)));
                commands.push(keep_command(key, &picture));
            }
            let used: u32 = own.iter().map(Piece::dots).sum();
            let rows = u32::try_from(bitmap.row_count()).unwrap_or(u32::MAX);
            own.push(Piece::Blank { dots: rows.saturating_sub(used) });
            pieces.insert(block.clone(), own);
        }
        let seals = seals(&commands);
        let blank = Picture { width_bytes: 1, rows: 1, dots: vec![0] };
        commands.extend(seals.iter().map(|key| keep_command(*key, &blank)));
        Ok(Some(Self { pieces, commands, seals }))
    }

    /// What writes the lines into the printer, forgetting whatever it kept. A printer's memory wears out: for a
    /// technician, never for a running kiosk.
    #[must_use]
    pub fn nv_commands(&self) -> &[Command] {
        &self.commands
    }

    /// Whether a printer that keeps these key codes keeps exactly these lines.
    #[must_use]
    pub fn are_in(&self, kept: &[KeyCode]) -> bool {
        self.seals.iter().all(|seal| kept.contains(seal))
    }

    pub(super) fn pieces(&self, block: &Block) -> Option<&[Piece]> {
        self.pieces.get(block).map(Vec::as_slice)
    }
}

/// A piece of a line, from the left edge of the paper: so its place depends on no setting.
struct Picture {
    width_bytes: usize,
    rows: u32,
    dots: Vec<u8>,
}

fn leading_blanks(bitmap: &Bitmap) -> u32 {
    let is_blank = |row: &&[u8]| row.iter().all(|byte| *byte == 0);
    u32::try_from(bitmap.rows().take_while(is_blank).count()).unwrap_or(u32::MAX)
}

fn pictures(bitmap: &Bitmap, profile: &Profile) -> Vec<Picture> {
    let ink_end = |row: &[u8]| row.iter().rposition(|byte| *byte != 0).map(|last| last + 1);
    let width_bytes = bitmap.rows().filter_map(ink_end).max().unwrap_or(0);
    let mut rows: Vec<&[u8]> = bitmap.rows().skip_while(|row| ink_end(row).is_none()).collect();
    while rows.last().is_some_and(|row| ink_end(row).is_none()) {
        rows.pop();
    }
    let longest = (profile.max_command_bytes.saturating_sub(HEADER_BYTES) / width_bytes.max(1)).max(1);
    rows.chunks(longest)
        .map(|rows| {
            let mut dots: Vec<u8> =
                rows.iter().flat_map(|row| row.iter().take(width_bytes)).copied().collect();
            defuse(&mut dots, width_bytes);
            Picture { width_bytes, rows: u32::try_from(rows.len()).unwrap_or(u32::MAX), dots }
        })
        .collect()
}

/// `GS ( L` of a function and its parameters.
fn memory_command(parameters: &[u8]) -> Command {
    let [low, high] = u16::try_from(parameters.len() + 1).unwrap_or(u16::MAX).to_le_bytes();
    let bytes = [&[0x1d, b'(', b'L', low, high, 48], parameters].concat();
    Command::new(CommandKind::Setup, bytes, 0)
}

fn keep_command(key: KeyCode, picture: &Picture) -> Command {
    let [x_low, x_high] = u16::try_from(picture.width_bytes * 8).unwrap_or(u16::MAX).to_le_bytes();
    let [y_low, y_high] = u16::try_from(picture.rows).unwrap_or(u16::MAX).to_le_bytes();
    let header = [67, 48, key[0], key[1], 1, x_low, x_high, y_low, y_high, 49];
    memory_command(&[&header, picture.dots.as_slice()].concat())
}

fn print_command(key: KeyCode, rows: u32) -> Command {
    let command = memory_command(&[69, key[0], key[1], 1, 1]);
    Command::new(CommandKind::Band, command.bytes, rows)
}

/// Two key codes that change when any dot changes (FNV-1a). Lines begin with a small letter, seals with a capital.
fn seals(commands: &[Command]) -> [KeyCode; 2] {
    let hash = commands
        .iter()
        .flat_map(|command| &command.bytes)
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    let part = |shift: u32, modulus: u64| u8::try_from((hash >> shift) % modulus).unwrap_or(0);
    [[b'A' + part(0, 13), b'!' + part(16, 94)], [b'N' + part(32, 13), b'!' + part(48, 94)]]
}
