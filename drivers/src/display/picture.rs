//! A face as dots.

use embedded_graphics::Drawable;
use embedded_graphics::geometry::Point;
use embedded_graphics::mono_font::ascii::{FONT_4X6, FONT_5X8};
use embedded_graphics::mono_font::{MonoFont, MonoTextStyle};
use embedded_graphics::pixelcolor::BinaryColor;
use embedded_graphics::text::{Baseline, Text};

use super::Face;
use crate::document::{Bitmap, Font};

/// Panels with fewer rows hold one line of a pixel font, and no marks above letters.
const ROWS_FOR_OUTLINES: u16 = 16;

/// Draws a face for a panel of this size. Low panels show the number alone, in the larger of two pixel fonts that holds it
/// (or its end, where neither does); high ones the number as large as it fits and the counter below.
#[must_use]
pub fn picture(face: &Face, width: u16, rows: u16, font: &Font) -> Bitmap {
    let mut bitmap = Bitmap::new(width, rows.into());
    let Face::Number { number, counter } = face else { return bitmap };
    if rows < ROWS_FOR_OUTLINES {
        pixel_line(&mut bitmap, number, width, rows);
        return bitmap;
    }
    let number_rows = rows * 2 / 3;
    outline_line(&mut bitmap, number, 0, number_rows - 1, font);
    outline_line(&mut bitmap, counter, number_rows, rows - number_rows, font);
    bitmap
}

fn pixel_line(bitmap: &mut Bitmap, text: &str, width: u16, rows: u16) {
    let letters = text.chars().count();
    let room = |font: &MonoFont<'_>| usize::from(width) / font.character_size.width as usize;
    let font = if letters <= room(&FONT_5X8) { FONT_5X8 } else { FONT_4X6 };
    let text: String = text.chars().skip(letters.saturating_sub(room(&font))).collect();
    let shown = letters.min(room(&font)) as u32;
    let free = u32::from(width).saturating_sub(shown * font.character_size.width);
    let above = u32::from(rows).saturating_sub(font.character_size.height);
    let place = Point::new(free.div_euclid(2) as i32, above.div_euclid(2) as i32);
    let style = MonoTextStyle::new(&font, BinaryColor::On);
    let Ok(_end) = Text::with_baseline(&text, place, style, Baseline::Top).draw(bitmap);
}

/// Draws a bold line in the middle of a stripe, as large as it fits there.
fn outline_line(bitmap: &mut Bitmap, text: &str, top: u16, rows: u16, font: &Font) {
    let width = f32::from(bitmap.width_dots());
    let mut size = f32::from(rows) * 1.4;
    let shaped_width = font.shape(text, true, size).width;
    if shaped_width > width {
        size *= width / shaped_width;
    }
    let mut ink = font.rasterise(&font.shape(text, true, size), true, size);
    if ink.height > rows.into() {
        size *= f32::from(rows) / ink.height as f32;
        ink = font.rasterise(&font.shape(text, true, size), true, size);
    }
    let ink_width = ink.rows().flatten().max().map_or(0, |column| column + 1);
    let left = (i32::from(bitmap.width_dots()) - ink_width) / 2;
    let above = (i32::from(rows) - ink.height as i32) / 2;
    let corner = Point::new(left.max(0), i32::from(top) + above.max(0));
    ink.paint(bitmap, corner, BinaryColor::On);
}
