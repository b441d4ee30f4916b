//! Simulators of display chips: buses that understand what they are sent, and what would shine.

use std::convert::Infallible;

use embedded_graphics::Pixel;
use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::Point;
use embedded_graphics::pixelcolor::BinaryColor;
use embedded_hal::i2c::{self, I2c, NoAcknowledgeSource, SevenBitAddress};
use embedded_hal::spi::{self, SpiDevice};

use crate::document::Bitmap;

/// A chain of MAX7219 modules on SPI. Switched on, it sleeps, as the chips do.
#[derive(Debug)]
pub struct FakeMax7219 {
    /// The registers of each module, the leftmost first.
    modules: Vec<[u8; 16]>,
}

impl FakeMax7219 {
    /// A chain of so many modules.
    #[must_use]
    pub fn new(modules: usize) -> Self {
        Self { modules: vec![[0; 16]; modules] }
    }

    /// What a fault of the supply does: one module finds itself in its test mode, settings forgotten.
    pub fn brown_out(&mut self, module: usize) {
        if let Some(registers) = self.modules.get_mut(module) {
            *registers = [0; 16];
            registers[0x0f] = 1;
        }
    }

    /// What shines.
    #[must_use]
    pub fn picture(&self) -> Bitmap {
        let mut picture = Bitmap::new(u16::try_from(self.modules.len() * 8).unwrap_or(u16::MAX), 0);
        for row in 0..8 {
            let lit = |registers: &[u8; 16]| {
                let [is_awake, is_in_test] = [registers[0x0c] & 1 == 1, registers[0x0f] & 1 == 1];
                let is_scanned = row <= usize::from(registers[0x0b]);
                let is_matrix = registers[0x09] == 0;
                match (is_in_test, is_awake && is_scanned && is_matrix) {
                    (true, _) => 0xff,
                    (false, true) => registers[row + 1],
                    (false, false) => 0,
                }
            };
            picture.push_row(&self.modules.iter().map(lit).collect::<Vec<u8>>());
        }
        picture
    }

    /// One chip select: what is shifted in first ends in the module that is farthest away, the leftmost.
    fn shift(&mut self, bytes: &[u8]) {
        for (registers, word) in self.modules.iter_mut().rev().zip(bytes.rchunks_exact(2)) {
            registers[usize::from(word[0] & 0x0f)] = word[1];
        }
    }
}

impl spi::ErrorType for FakeMax7219 {
    type Error = Infallible;
}

impl SpiDevice for FakeMax7219 {
    fn transaction(&mut self, operations: &mut [spi::Operation<'_, u8>]) -> Result<(), Infallible> {
        let mut shifted = Vec::new();
        for operation in operations {
            match operation {
                spi::Operation::Write(bytes) | spi::Operation::Transfer(_, bytes) => {
                    shifted.extend_from_slice(bytes);
                }
                spi::Operation::TransferInPlace(bytes) => shifted.extend_from_slice(bytes),
                // Nothing comes back from the chain.
                spi::Operation::Read(bytes) => bytes.fill(0),
                spi::Operation::DelayNs(_) => {}
            }
        }
        self.shift(&shifted);
        Ok(())
    }
}

/// An SSD1306 glass on I2C.
#[derive(Debug)]
pub struct FakeSsd1306 {
    address: u8,
    rows: u16,
    memory: [[u8; 128]; 8],
    is_on: bool,
    is_pumped: bool,
    /// First and last column and page of the window, and the place in it.
    columns: (u8, u8),
    pages: (u8, u8),
    cursor: (u8, u8),
    /// Commands that it does not know, in the order in which they came.
    unknown: Vec<u8>,
}

impl FakeSsd1306 {
    /// A glass of 128 x `rows` dots at this address.
    #[must_use]
    pub fn new(address: u8, rows: u16) -> Self {
        Self {
            address,
            rows,
            memory: [[0; 128]; 8],
            is_on: false,
            is_pumped: false,
            columns: (0, 127),
            pages: (0, 7),
            cursor: (0, 0),
            unknown: Vec::new(),
        }
    }

    /// The commands that it does not know; a driver that is right sends none.
    #[must_use]
    pub fn unknown_commands(&self) -> &[u8] {
        &self.unknown
    }

    /// What shines.
    #[must_use]
    pub fn picture(&self) -> Bitmap {
        let mut picture = Bitmap::new(128, self.rows.into());
        if !self.is_on || !self.is_pumped {
            return picture;
        }
        let lit = (0..self.rows).flat_map(|y| (0..128_u16).map(move |x| (x, y))).filter(|(x, y)| {
            let page = self.memory.get(usize::from(y / 8));
            page.is_some_and(|page| page[usize::from(*x)] >> (y % 8) & 1 == 1)
        });
        let dots = lit.map(|(x, y)| Pixel(Point::new(x.into(), y.into()), BinaryColor::On));
        let Ok(()) = picture.draw_iter(dots);
        picture
    }

    fn commands(&mut self, mut bytes: &[u8]) {
        while let [command, rest @ ..] = bytes {
            // Settings of the glass that change nothing of what shines are taken with their values.
            let values = match (command, rest) {
                (0xae, _) => {
                    self.is_on = false;
                    0
                }
                (0xaf, _) => {
                    self.is_on = true;
                    0
                }
                (0x8d, [value, ..]) => {
                    self.is_pumped = *value == 0x14;
                    1
                }
                (0x21, [first, last, ..]) => {
                    self.columns = (*first, (*last).min(127));
                    self.cursor.0 = *first;
                    2
                }
                (0x22, [first, last, ..]) => {
                    self.pages = (*first, (*last).min(7));
                    self.cursor.1 = *first;
                    2
                }
                (0x40..=0x7f | 0xa1 | 0xc8 | 0xa4 | 0xa6 | 0x2e, _) => 0,
                (0x20 | 0x81 | 0xa8 | 0xd3 | 0xd5 | 0xd9 | 0xda | 0xdb, [_, ..]) => 1,
                (unknown, _) => {
                    self.unknown.push(*unknown);
                    0
                }
            };
            bytes = rest.get(values..).unwrap_or_default();
        }
    }

    fn dots(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let (column, page) = self.cursor;
            if let Some(place) =
                self.memory.get_mut(usize::from(page)).and_then(|row| row.get_mut(usize::from(column)))
            {
                *place = *byte;
            }
            self.cursor = match (column >= self.columns.1, page >= self.pages.1) {
                (false, _) => (column + 1, page),
                (true, false) => (self.columns.0, page + 1),
                (true, true) => (self.columns.0, self.pages.0),
            };
        }
    }
}

impl i2c::ErrorType for FakeSsd1306 {
    type Error = i2c::ErrorKind;
}

impl I2c<SevenBitAddress> for FakeSsd1306 {
    fn transaction(
        &mut self,
        address: u8,
        operations: &mut [i2c::Operation<'_>],
    ) -> Result<(), i2c::ErrorKind> {
        if address != self.address {
            return Err(i2c::ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address));
        }
        for operation in operations {
            match operation {
                i2c::Operation::Write([0x00, commands @ ..]) => self.commands(commands),
                i2c::Operation::Write([0x40, dots @ ..]) => self.dots(dots),
                i2c::Operation::Write(bytes) => self.unknown.extend_from_slice(bytes),
                i2c::Operation::Read(bytes) => bytes.fill(0),
            }
        }
        Ok(())
    }
}
