//! A one-bit picture of any height.

use std::convert::Infallible;

use embedded_graphics::Pixel;
use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::{OriginDimensions, Size};
use embedded_graphics::pixelcolor::BinaryColor;

/// Dots, laid out as embedded-graphics' `Framebuffer<BinaryColor, RawU1, BigEndian, ..>` and as `GS v 0` wants them: a
/// row is whole bytes, the first dot is the highest bit, 1 is black. Unlike a `Framebuffer` its size is known at run time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bitmap {
    width_dots: u16,
    data: Vec<u8>,
}

impl Bitmap {
    /// White paper.
    #[must_use]
    pub fn new(width_dots: u16, rows: usize) -> Self {
        Self { width_dots, data: vec![0; usize::from(width_dots).div_ceil(8) * rows] }
    }

    /// Dots a row.
    #[must_use]
    pub fn width_dots(&self) -> u16 {
        self.width_dots
    }

    /// Bytes a row.
    #[must_use]
    pub fn row_bytes(&self) -> usize {
        usize::from(self.width_dots).div_ceil(8).max(1)
    }

    /// How many rows there are.
    #[must_use]
    pub fn row_count(&self) -> usize {
        self.data.len() / self.row_bytes()
    }

    /// The rows from the top.
    pub fn rows(&self) -> impl Iterator<Item = &[u8]> {
        self.data.chunks_exact(self.row_bytes())
    }

    /// The bytes of all rows.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Whether a dot is black; everything outside is white.
    #[must_use]
    pub fn is_black(&self, x: usize, y: usize) -> bool {
        x < usize::from(self.width_dots)
            && self.data.get(y * self.row_bytes() + x / 8).is_some_and(|byte| byte & (0x80 >> (x % 8)) != 0)
    }

    /// Adds white rows at the bottom.
    pub fn extend_rows(&mut self, rows: usize) {
        self.data.resize(self.data.len() + rows * self.row_bytes(), 0);
    }

    /// Adds one row at the bottom; what is missing is white, what is too long is cut off.
    pub fn push_row(&mut self, row: &[u8]) {
        let start = self.data.len();
        self.extend_rows(1);
        for (target, source) in self.data.iter_mut().skip(start).zip(row) {
            *target = *source;
        }
    }

    /// Makes a dot black or white; nothing outside.
    pub(super) fn set(&mut self, x: i32, y: i32, color: BinaryColor) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return };
        if x >= usize::from(self.width_dots) {
            return;
        }
        let index = y * self.row_bytes() + x / 8;
        if let Some(byte) = self.data.get_mut(index) {
            match color {
                BinaryColor::On => *byte |= 0x80 >> (x % 8),
                BinaryColor::Off => *byte &= !(0x80 >> (x % 8)),
            }
        }
    }
}

impl OriginDimensions for Bitmap {
    fn size(&self) -> Size {
        Size::new(self.width_dots.into(), u32::try_from(self.row_count()).unwrap_or(u32::MAX))
    }
}

impl DrawTarget for Bitmap {
    type Color = BinaryColor;
    type Error = Infallible;

    fn draw_iter<I>(&mut self, pixels: I) -> Result<(), Infallible>
    where
        I: IntoIterator<Item = Pixel<BinaryColor>>,
    {
        for Pixel(point, color) in pixels {
            self.set(point.x, point.y, color);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use embedded_graphics::framebuffer::{Framebuffer, buffer_size};
    use embedded_graphics::pixelcolor::raw::{BigEndian, RawU1};
    use embedded_graphics::prelude::*;
    use embedded_graphics::primitives::{Circle, PrimitiveStyle};

    use super::*;

    #[test]
    fn a_bitmap_is_laid_out_as_a_framebuffer() {
        let mut ours = Bitmap::new(48, 40);
        let mut theirs = Framebuffer::<
            BinaryColor,
            RawU1,
            BigEndian,
            48,
            40,
            { buffer_size::<BinaryColor>(48, 40) },
        >::new();
        let circle =
            Circle::new(Point::new(-3, 5), 38).into_styled(PrimitiveStyle::with_stroke(BinaryColor::On, 3));
        circle.draw(&mut ours).unwrap();
        circle.draw(&mut theirs).unwrap();
        assert_eq!(ours.data(), theirs.data());
    }
}
