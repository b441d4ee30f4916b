//! What commands do to paper: the settings they change and the rows they print.

mod rom;
mod stored;

use qrcode::{Color, EcLevel, QrCode};

use self::rom::RomLine;
use self::stored::{Asked, Stored};
use crate::document::Bitmap;
use crate::printer::Dialect;

/// Rows that a line feed moves.
const LINE_ROWS: u32 = 30;

/// What a command asks of the mechanism.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    /// Nothing that takes time.
    None,
    /// Print these rows.
    Rows(Bitmap),
    /// Move paper, then cut if there is a cutter.
    Cut {
        /// Extra dots before the cut.
        feed: u32,
    },
    /// Tell the state of the paper.
    TellPaper,
    /// Tell who the printer is.
    TellIdentity(u8),
    /// Tell changes of state, or not: in the dialect of the command.
    StatusBack(Dialect, u8),
    /// Tell this.
    Tell(Vec<u8>),
    /// Forget what was to be told of changes.
    Reset,
    /// Hold the cut ticket out.
    Present,
    /// Drop it at the front.
    Eject,
    /// Draw it back.
    Retract,
}

/// The settings that commands change.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    width_dots: u16,
    dpi: u32,
    unit_x: u32,
    unit_y: u32,
    justify: u8,
    position: u32,
    qr_module: u8,
    qr_level: u8,
    qr_data: Vec<u8>,
    rom: RomLine,
    stored: Stored,
}

impl Settings {
    pub(super) fn new(width_dots: u16, dpi: u16) -> Self {
        let dpi = u32::from(dpi);
        // Epson's vertical unit is half a dot unless GS P says otherwise.
        Self {
            width_dots,
            dpi,
            unit_x: dpi,
            unit_y: dpi * 2,
            justify: 0,
            position: 0,
            qr_module: 3,
            qr_level: b'0',
            qr_data: Vec::new(),
            rom: RomLine::default(),
            stored: Stored::default(),
        }
    }

    /// Back to what holds when the power comes on.
    pub(super) fn reset(&mut self) {
        let stored = std::mem::take(&mut self.stored);
        let dpi = u16::try_from(self.dpi).unwrap_or(u16::MAX);
        *self = Self { stored, ..Self::new(self.width_dots, dpi) };
    }

    pub(super) fn carry_out(&mut self, command: &[u8]) -> Action {
        match command {
            [0x1b, b'@'] => {
                self.reset();
                Action::Reset
            }
            [0x1b, b'J', n] => self.blank(u32::from(*n) * self.dpi / self.unit_y.max(1)),
            [0x1b, b'd', n] => self.blank(u32::from(*n) * LINE_ROWS),
            [0x0a] => self.line_feed(),
            [letter @ 0x20..=0x7e] => {
                self.rom.push(*letter);
                Action::None
            }
            [0x1d, b'!', times] => {
                self.rom.times = ((times >> 4) & 7, times & 7);
                Action::None
            }
            [0x1d, b'b', smooth] => {
                self.rom.smooth = smooth & 1 != 0;
                Action::None
            }
            [0x1b, b'3', n] => {
                self.rom.spacing = Some(u32::from(*n) * self.dpi / self.unit_y.max(1));
                Action::None
            }
            [0x1b, b'2'] => {
                self.rom.spacing = None;
                Action::None
            }
            [0x1b, b'$', low, high] => {
                let units = u32::from(u16::from_le_bytes([*low, *high]));
                self.position = units * self.dpi / self.unit_x.max(1);
                Action::None
            }
            [0x1b, b'a', n] => {
                self.justify = n & 3;
                Action::None
            }
            [0x1d, b'P', x, y] => {
                self.unit_x = if *x == 0 { self.dpi } else { u32::from(*x) };
                self.unit_y = if *y == 0 { self.dpi * 2 } else { u32::from(*y) };
                Action::None
            }
            [0x1d, b'a', n] => Action::StatusBack(Dialect::Epson, *n),
            [0x1d, 0xe0, n] => Action::StatusBack(Dialect::Custom, *n),
            [0x1d, b'e', 3, _steps] => Action::Present,
            [0x1d, b'e', 5] => Action::Eject,
            [0x1d, b'e', 2] => Action::Retract,
            [0x1d, b'r', 1 | b'1'] => Action::TellPaper,
            [0x1d, b'I', n] => Action::TellIdentity(*n),
            [0x1d, b'V', b'A' | b'B', n] => {
                Action::Cut { feed: u32::from(*n) * self.dpi / self.unit_y.max(1) }
            }
            [0x1d, b'V', _] | [0x1b, b'i' | b'm'] => Action::Cut { feed: 0 },
            [0x1d, b'v', b'0', mode, x_low, x_high, _, _, dots @ ..] => {
                self.raster(*mode, usize::from(u16::from_le_bytes([*x_low, *x_high])), dots)
            }
            [0x1d, b'(', b'L', _, _, 48, function, rest @ ..] => {
                match self.stored.carry_out(*function, rest) {
                    Asked::Nothing => Action::None,
                    Asked::Print(picture) => self.place(&picture),
                    Asked::Tell(reply) => Action::Tell(reply),
                }
            }
            [0x1d, b'(', b'k', _, _, 49, function, rest @ ..] => self.qr(*function, rest),
            _ => Action::None,
        }
    }

    fn blank(&self, rows: u32) -> Action {
        Action::Rows(Bitmap::new(self.width_dots, rows as usize))
    }

    /// Prints what was gathered as a line of text, and moves as much paper as the line is high.
    fn line_feed(&mut self) -> Action {
        let spacing = self.rom.spacing.unwrap_or(LINE_ROWS);
        let Some(mut line) = self.rom.take() else { return self.blank(spacing) };
        line.extend_rows((spacing as usize).saturating_sub(line.row_count()));
        self.place(&line)
    }

    /// Prints a picture where the next one is to stand.
    fn place(&mut self, picture: &Bitmap) -> Action {
        let width = usize::from(picture.width_dots());
        let start = self.start_of(width);
        let mut rows = Bitmap::new(self.width_dots, 0);
        for y in 0..picture.row_count() {
            rows.push_row(&self.row_of((0..width).filter(|x| picture.is_black(*x, y)).map(|x| x + start)));
        }
        self.position = 0;
        Action::Rows(rows)
    }

    /// Prints rows of dots: mode 1 twice as wide, 2 twice as high, 3 both.
    fn raster(&mut self, mode: u8, row_bytes: usize, dots: &[u8]) -> Action {
        let (across, down) = (1 + usize::from(mode & 1), 1 + usize::from(mode >> 1 & 1));
        let start = self.start_of(row_bytes * 8 * across);
        let mut rows = Bitmap::new(self.width_dots, 0);
        for row in dots.chunks_exact(row_bytes.max(1)) {
            let mut line = Bitmap::new(8 * u16::try_from(row_bytes).unwrap_or(0), 0);
            line.push_row(row);
            let black = (0..row_bytes * 8 * across).filter(|x| line.is_black(x / across, 0));
            let row = self.row_of(black.map(|x| x + start));
            (0..down).for_each(|_| rows.push_row(&row));
        }
        self.position = 0;
        Action::Rows(rows)
    }

    /// Where something `dots` wide begins.
    fn start_of(&self, dots: usize) -> usize {
        let free = usize::from(self.width_dots).saturating_sub(dots);
        match self.justify {
            1 => free / 2,
            2 => free,
            _ => self.position as usize,
        }
    }

    fn row_of(&self, black: impl Iterator<Item = usize>) -> Vec<u8> {
        let mut row = vec![0; usize::from(self.width_dots).div_ceil(8)];
        for x in black.filter(|x| *x < usize::from(self.width_dots)) {
            if let Some(byte) = row.get_mut(x / 8) {
                *byte |= 0x80 >> (x % 8);
            }
        }
        row
    }

    fn qr(&mut self, function: u8, rest: &[u8]) -> Action {
        match (function, rest) {
            (67, [module]) => self.qr_module = (*module).clamp(1, 16),
            (69, [level]) => self.qr_level = *level,
            (80, [48, data @ ..]) => self.qr_data = data.to_vec(),
            (81, [48]) => return self.print_qr(),
            _ => {}
        }
        Action::None
    }

    fn print_qr(&mut self) -> Action {
        let level = match self.qr_level {
            b'1' => EcLevel::M,
            b'2' => EcLevel::Q,
            b'3' => EcLevel::H,
            _ => EcLevel::L,
        };
        let Ok(code) = QrCode::with_error_correction_level(&self.qr_data, level) else { return Action::None };
        let module = usize::from(self.qr_module);
        let start = self.start_of(code.width() * module);
        let colors = code.to_colors();
        let mut rows = Bitmap::new(self.width_dots, 0);
        for modules in colors.chunks_exact(code.width()) {
            let dark = modules.iter().enumerate().filter(|(_, color)| **color == Color::Dark);
            let row =
                self.row_of(dark.flat_map(|(x, _)| (0..module).map(move |dot| start + x * module + dot)));
            for _ in 0..module {
                rows.push_row(&row);
            }
        }
        Action::Rows(rows)
    }
}
