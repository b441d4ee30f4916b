//! Counter displays: the number that a counter calls, above the counter.
//!
//! None of them answers. A panel shows what it was last sent, or nothing at all, and nobody here can know; so what it is
//! to show is sent again every five seconds, and [`DeviceHealth::Ready`] means "the line is open", never more. (A chip on
//! I2C acknowledges its bytes: that one is at least there.)
//!
//! [`Board`] decides what stands on a panel at which time, [`picture`] draws it for panels of dots, each chip has a file of
//! its own, and [`FrameTemplate`] makes frames for panels that draw for themselves.

mod address;
mod board;
mod config;
mod driver;
mod frame;
mod max7219;
mod picture;
mod ssd1306;

pub use address::{DisplayAddress, DisplayAddressError};
pub use board::{Board, Face};
pub use config::{DisplayConfig, DisplayConfigError, PanelConfig};
pub use driver::CounterDisplay;
pub use frame::{FrameTemplate, FrameTemplateError};
pub use max7219::Max7219;
pub use picture::picture;
pub use ssd1306::Ssd1306;

use crate::document::Bitmap;
use crate::health::DeviceHealth;

/// What the thread of an address can be told; an order to a panel that is not there does nothing. Dropping the last mailbox
/// is `Shutdown`, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DisplayOrder {
    /// A number is called, for the first time or again: show it and blink.
    Call {
        /// The panel's number.
        panel: u8,
        /// What it is to show.
        face: Face,
    },
    /// Show this without blinking.
    Show {
        /// The panel's number.
        panel: u8,
        /// What it is to show.
        face: Face,
    },
    /// Show nothing: the counter is paused or closed.
    Blank {
        /// The panel's number.
        panel: u8,
    },
    /// Leave all panels dark and end the thread.
    Shutdown,
}

/// What a counter display tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DisplayEvent {
    /// The health of the line changed, for all of its panels. `Ready`: it is open; whether anything shines, only a person
    /// can see.
    Health(DeviceHealth),
}

/// A panel of dots behind a chip.
pub(crate) trait Panel {
    /// Dots a row, and rows.
    fn size(&self) -> (u16, u16);
    /// Sets the chip up and shows a picture of this size, in one go: a chip that lost its settings in a brown-out finds
    /// them again with the next picture.
    fn show(&mut self, picture: &Bitmap) -> Result<(), PanelError>;
}

/// Why a panel of dots took no picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PanelError {
    /// A register of the chain could not be written.
    #[error("max7219: register {register:#04x} was not written: {cause}")]
    Register {
        /// Its number.
        register: u8,
        /// What the bus said.
        cause: String,
    },
    /// The controller did not take its bytes.
    #[error("ssd1306 at {address:#04x} took no bytes: {cause}")]
    Controller {
        /// Its address on the bus.
        address: u8,
        /// What the bus said.
        cause: String,
    },
}
