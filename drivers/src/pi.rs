//! The pins and buses of a Raspberry Pi, through rppal. The only file that names it.
//!
//! This file has been compiled and refused (on computers that are no Pi), and never run on a Pi: all that can be tested
//! without one is behind traits ([`Pins`], embedded-hal's), and so as little as possible is here.

use std::io::{Error, ErrorKind};

use rppal::gpio::{Gpio, InputPin};
use rppal::i2c::I2c;
use rppal::spi::{Bus, Mode, SimpleHalSpiDevice, SlaveSelect, Spi};

use crate::transport::Pins;

/// Inputs with the pull-up resistor on.
pub(crate) struct PiPins(Vec<InputPin>);

impl PiPins {
    /// Takes the pins of these BCM numbers.
    ///
    /// # Errors
    /// When this is no Pi, a pin is taken, or this user may not use them (group `gpio`).
    pub(crate) fn open(pins: &[u8]) -> std::io::Result<Self> {
        let gpio = Gpio::new().map_err(Error::other)?;
        let input = |pin: &u8| gpio.get(*pin).map(rppal::gpio::Pin::into_input_pullup);
        pins.iter().map(input).collect::<Result<_, _>>().map(Self).map_err(Error::other)
    }
}

impl Pins for PiPins {
    fn closed(&mut self) -> std::io::Result<Vec<bool>> {
        Ok(self.0.iter().map(InputPin::is_low).collect())
    }
}

/// Slow enough for two metres of ribbon cable.
const SPI_HERTZ: u32 = 1_000_000;

/// Opens a chip select of an SPI bus for writing, in mode 0.
///
/// # Errors
/// When there is no such bus, it is switched off, or this user may not use it (group `spi`).
pub(crate) fn open_spi(bus: u8, chip_select: u8) -> std::io::Result<SimpleHalSpiDevice> {
    let bus = match bus {
        0 => Bus::Spi0,
        1 => Bus::Spi1,
        2 => Bus::Spi2,
        3 => Bus::Spi3,
        4 => Bus::Spi4,
        5 => Bus::Spi5,
        6 => Bus::Spi6,
        _ => return Err(ErrorKind::NotFound.into()),
    };
    let select = match chip_select {
        0 => SlaveSelect::Ss0,
        1 => SlaveSelect::Ss1,
        2 => SlaveSelect::Ss2,
        _ => return Err(ErrorKind::NotFound.into()),
    };
    match Spi::new(bus, select, SPI_HERTZ, Mode::Mode0) {
        Ok(spi) => Ok(SimpleHalSpiDevice::new(spi)),
        Err(rppal::spi::Error::Io(error)) => Err(error),
        Err(error) => Err(Error::other(error)),
    }
}

/// Opens an I2C bus.
///
/// # Errors
/// When there is no such bus, it is switched off, or this user may not use it (group `i2c`).
pub(crate) fn open_i2c(bus: u8) -> std::io::Result<I2c> {
    match I2c::with_bus(bus) {
        Ok(i2c) => Ok(i2c),
        Err(rppal::i2c::Error::Io(error)) => Err(error),
        Err(error) => Err(Error::other(error)),
    }
}
