//! The pins of a Raspberry Pi, through rppal. The only file that names it.
//!
//! This file has been compiled and refused (on computers that are no Pi), and never run on a Pi: all that can be tested
//! without one is behind its traits, and so as little as possible is here.

use std::io::Error;

use rppal::gpio::{Gpio, InputPin};

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
