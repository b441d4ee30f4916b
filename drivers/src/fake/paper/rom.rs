//! The fake printer's own font.

use embedded_graphics::Drawable;
use embedded_graphics::geometry::Point;
use embedded_graphics::mono_font::MonoTextStyle;
use embedded_graphics::mono_font::ascii::FONT_9X18_BOLD;
use embedded_graphics::pixelcolor::BinaryColor;
use embedded_graphics::text::{Baseline, Text};

use crate::document::Bitmap;

/// The cell of a character at its plain size, and that of the letters that are stretched to it.
const CELL: (usize, usize) = (12, 24);
const LETTER: (u16, usize) = (9, 18);

/// The line of text that is being gathered, and how it will look.
#[derive(Debug, Clone, Default)]
pub(super) struct RomLine {
    text: String,
    /// `GS !`: how many times as large, less one, across and down.
    pub(super) times: (u8, u8),
    pub(super) smooth: bool,
    /// `ESC 3`: none for the default.
    pub(super) spacing: Option<u32>,
}

impl RomLine {
    pub(super) fn push(&mut self, letter: u8) {
        self.text.push(char::from(letter));
    }

    /// The dots of the line, taken away; `None` when it is empty.
    pub(super) fn take(&mut self) -> Option<Bitmap> {
        let text = std::mem::take(&mut self.text);
        let letters = u16::try_from(text.len()).unwrap_or(u16::MAX);
        if letters == 0 {
            return None;
        }
        let mut plain = Bitmap::new(LETTER.0.saturating_mul(letters), LETTER.1);
        for (index, letter) in (0_i32..).zip(text.chars()) {
            let style = MonoTextStyle::new(&FONT_9X18_BOLD, BinaryColor::On);
            let corner = Point::new(index * i32::from(LETTER.0), 0);
            let letter = letter.to_string();
            let Ok(_) = Text::with_baseline(&letter, corner, style, Baseline::Top).draw(&mut plain);
        }
        Some(self.enlarge(&plain))
    }

    fn enlarge(&self, plain: &Bitmap) -> Bitmap {
        let (across, down) = (usize::from(self.times.0) + 1, usize::from(self.times.1) + 1);
        let letters = usize::from(plain.width_dots() / LETTER.0);
        let (width, height) = (letters * CELL.0 * across, CELL.1 * down);
        // A smooth edge cuts the corners of the stairs: a dot is as dark as most of those around it.
        let reach = if self.smooth { across.min(down) / 2 } else { 0 };
        let is_black = |x: usize, y: usize| {
            let count = (0..=2 * reach)
                .flat_map(|dy| (0..=2 * reach).map(move |dx| (x + dx, y + dy)))
                .filter(|(x, y)| *x >= reach && *y >= reach)
                .map(|(x, y)| ((x - reach) * usize::from(LETTER.0), (y - reach) * LETTER.1))
                .filter(|(x, y)| plain.is_black(x / (CELL.0 * across), y / (CELL.1 * down)))
                .count();
            2 * count > (2 * reach + 1) * (2 * reach + 1)
        };
        let mut large = Bitmap::new(u16::try_from(width).unwrap_or(u16::MAX), 0);
        for y in 0..height {
            let mut row = vec![0; width.div_ceil(8)];
            for x in (0..width).filter(|x| is_black(*x, y)) {
                if let Some(byte) = row.get_mut(x / 8) {
                    *byte |= 0x80 >> (x % 8);
                }
            }
            large.push_row(&row);
        }
        large
    }
}
