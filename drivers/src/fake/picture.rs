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
    let data: Vec<u8> = heat(bitmap, width, height)
        .into_iter()
        .map(|heat| 255 - u8::try_from(heat * 255 / 16).unwrap_or(255))
        .collect();
    let size = |dots: usize| u32::try_from(dots).unwrap_or(u32::MAX);
    let mut encoder = png::Encoder::new(BufWriter::new(File::create(path)?), size(width), size(height));
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(io::Error::other)?;
    writer.write_image_data(&data).map_err(io::Error::other)?;
    writer.finish().map_err(io::Error::other)
}

/// How hot each point of the picture got, in sixteenths.
fn heat(bitmap: &Bitmap, width: usize, height: usize) -> Vec<u16> {
    let mut heat = vec![0_u16; width * height];
    for (y, row) in bitmap.rows().enumerate() {
        let inked = row.iter().enumerate().filter(|(_, byte)| **byte != 0).map(|(index, _)| index);
        for x in inked.flat_map(|index| index * 8..index * 8 + 8).filter(|x| bitmap.is_black(*x, y)) {
            for (down, shares) in SPREAD.iter().enumerate() {
                let start = (y + MARGIN - 1 + down) * width + x + MARGIN - 1;
                for (point, share) in heat.iter_mut().skip(start).zip(shares) {
                    *point += share;
                }
            }
        }
    }
    heat
}
