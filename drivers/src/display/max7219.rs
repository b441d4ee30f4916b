//! MAX7219: a chain of 8x8 LED modules on SPI (datasheet 19-4452).
//!
//! The modules are wired as on the common FC-16 boards: the last one of the chain is the leftmost, a digit register is a
//! row, its highest bit the leftmost dot. So a row of a [`Bitmap`] is, byte for byte, what the chain takes.

use embedded_hal::spi::SpiDevice;

use super::{Panel, PanelError};
use crate::document::Bitmap;

const ROWS: u16 = 8;
const DECODE_MODE: u8 = 0x09;
const INTENSITY: u8 = 0x0a;
const SCAN_LIMIT: u8 = 0x0b;
const SHUTDOWN: u8 = 0x0c;
const DISPLAY_TEST: u8 = 0x0f;

/// Dots instead of digits, half brightness, all rows, no test pattern, awake. Sent with each picture: long leads and weak
/// supplies reset these chips, or leave them in test mode with every LED on.
const SETTINGS: [(u8, u8); 5] =
    [(DISPLAY_TEST, 0), (DECODE_MODE, 0), (SCAN_LIMIT, 7), (INTENSITY, 7), (SHUTDOWN, 1)];

/// A chain of modules.
#[derive(Debug)]
pub struct Max7219<SPI> {
    spi: SPI,
    modules: u8,
}

impl<SPI: SpiDevice> Max7219<SPI> {
    /// A chain of so many modules. Nothing is sent yet.
    pub fn new(spi: SPI, modules: u8) -> Self {
        Self { spi, modules }
    }

    /// Sends the chips' settings and the picture's first eight rows; dots beyond the chain are left out.
    ///
    /// # Errors
    /// When the bus fails. That no chip hears is no error: they do not answer.
    pub fn show(&mut self, picture: &Bitmap) -> Result<(), PanelError> {
        for (register, value) in SETTINGS {
            self.write(register, &vec![value; self.modules.into()])?;
        }
        for (register, row) in (1..=8).zip(picture.rows()) {
            self.write(register, row)?;
        }
        Ok(())
    }

    /// Writes one register of each module, the leftmost first: it is at the far end.
    fn write(&mut self, register: u8, values: &[u8]) -> Result<(), PanelError> {
        let values = values.iter().copied().chain(std::iter::repeat(0)).take(self.modules.into());
        let words: Vec<u8> = values.flat_map(|value| [register, value]).collect();
        self.spi.write(&words).map_err(|error| PanelError::Register { register, cause: format!("{error:?}") })
    }
}

impl<SPI: SpiDevice> Panel for Max7219<SPI> {
    fn size(&self) -> (u16, u16) {
        (u16::from(self.modules) * 8, ROWS)
    }

    fn show(&mut self, picture: &Bitmap) -> Result<(), PanelError> {
        Self::show(self, picture)
    }
}
