//! Paper as PNG files.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

use crate::document::Bitmap;

/// White paper beside the printable dots and above and below them.
const MARGIN: usize = 32;
/// How far the heat of a dot spreads, in sixteenths: paper shows no sharp squares, and readers of letters stumble over
/// them.
const SPREAD: [[u16; 3]; 3] = [[1, 2, 1], [2, 4, 2], [1, 2, 1]];

/// Writes a bitmap as a grey PNG as a camera would see the paper: with its white margin, and with soft edges.
///
/// # Errors
/// When the file cannot be written.
pub fn write_png(bitmap: &Bitmap, path: &Path) -> io::Result<()> {
    let width = usize::from(bitmap.width_dots()) + 2 * MARGIN;
    let height = bitmap.row_count() + 2 * MARGIN;
    let data: Vec<u8> =
        (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| grey(bitmap, x, y)).collect();
    let size = |dots: usize| u32::try_from(dots).unwrap_or(u32::MAX);
    let mut encoder = png::Encoder::new(BufWriter::new(File::create(path)?), size(width), size(height));
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(io::Error::other)?;
    writer.write_image_data(&data).map_err(io::Error::other)?;
    writer.finish().map_err(io::Error::other)
}

/// The brightness of a point of the picture.
fn grey(bitmap: &Bitmap, x: usize, y: usize) -> u8 {
    let mut heat = 0;
    for (down, row) in SPREAD.iter().enumerate() {
        for (right, share) in row.iter().enumerate() {
            let dot = (x + right).checked_sub(MARGIN + 1).zip((y + down).checked_sub(MARGIN + 1));
            if dot.is_some_and(|(x, y)| bitmap.is_black(x, y)) {
                heat += share;
            }
        }
    }
    u8::try_from(255 - heat * 255 / 16).unwrap_or(0)
}
