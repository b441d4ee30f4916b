//! SSD1306: the controller of small OLED glasses, 128 x 64 or 128 x 32 dots, on I2C (datasheet rev 1.1).
//!
//! Written here, and not the ssd1306 crate, which brings an unmaintained crate of macros along: it is the table of bytes
//! below and a turn of eight rows into one byte.

use embedded_hal::i2c::I2c;

use super::{Panel, PanelError};
use crate::document::Bitmap;

const WIDTH: u16 = 128;
/// The byte before commands, and the byte before dots.
const COMMANDS: u8 = 0x00;
const DOTS: u8 = 0x40;

/// A glass.
#[derive(Debug)]
pub struct Ssd1306<I2C> {
    i2c: I2C,
    address: u8,
    rows: u16,
}

impl<I2C: I2c> Ssd1306<I2C> {
    /// A glass of 128 x `rows` dots (32 or 64) at this address. Nothing is sent yet.
    pub fn new(i2c: I2C, address: u8, rows: u16) -> Self {
        Self { i2c, address, rows }
    }

    fn commands(&self) -> [u8; 30] {
        // Rows, and how the glass is wired to them.
        let (multiplex, wiring, contrast) = if self.rows == 32 { (31, 0x02, 0x8f) } else { (63, 0x12, 0xcf) };
        [
            COMMANDS, 0xae, // off
            0xd5, 0x80, // clock as after reset
            0xa8, multiplex, // rows
            0xd3, 0x00, // no vertical shift
            0x40, // first row on top
            0x8d, 0x14, // charge pump on
            0x20, 0x00, // dots go from left to right, then to the next page
            0xa1, 0xc8, // connector above the picture
            0xda, wiring, // pins of the rows
            0x81, contrast, // brightness
            0xd9, 0xf1, // pre-charge for the charge pump
            0xdb, 0x40, // voltage of unlit rows
            0xa4, 0xa6, // shows its memory, not inverted
            0x2e, // no scrolling
            0x21, 0x00, 0x7f, // columns 0 to 127, and back to the first one
            0xaf, // on
        ]
    }

    fn pages(&self) -> u8 {
        u8::try_from(self.rows / 8).unwrap_or(8)
    }

    /// Sends the controller's settings and the picture; dots beyond the glass are left out.
    ///
    /// # Errors
    /// When nothing at this address takes the bytes.
    pub fn show(&mut self, picture: &Bitmap) -> Result<(), PanelError> {
        self.write(&self.commands())?;
        let pages = self.pages();
        self.write(&[COMMANDS, 0x22, 0, pages - 1])?;
        for page in 0..usize::from(pages) {
            let column = |x: usize| {
                (0..8).filter(|bit| picture.is_black(x, page * 8 + bit)).fold(0, |byte, bit| byte | 1 << bit)
            };
            let bytes: Vec<u8> = std::iter::once(DOTS).chain((0..usize::from(WIDTH)).map(column)).collect();
            self.write(&bytes)?;
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), PanelError> {
        self.i2c
            .write(self.address, bytes)
            .map_err(|error| PanelError::Controller { address: self.address, cause: format!("{error:?}") })
    }
}

impl<I2C: I2c> Panel for Ssd1306<I2C> {
    fn size(&self) -> (u16, u16) {
        (WIDTH, self.rows)
    }

    fn show(&mut self, picture: &Bitmap) -> Result<(), PanelError> {
        Self::show(self, picture)
    }
}
