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
mod driver;
mod frame;
mod max7219;
mod picture;
mod ssd1306;

pub use address::{DisplayAddress, DisplayAddressError};
pub use board::{Board, Face};
pub use driver::CounterDisplay;
pub use frame::{FrameTemplate, FrameTemplateError};
pub use max7219::Max7219;
pub use picture::picture;
pub use ssd1306::Ssd1306;

use crate::document::{Bitmap, Font};
use crate::health::DeviceHealth;

/// What a counter display's thread can be told. Dropping the last mailbox is `Shutdown`, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DisplayOrder {
    /// A number is called, for the first time or again: show it and blink.
    Call(Face),
    /// Show this without blinking.
    Show(Face),
    /// Show nothing: the counter is paused or closed.
    Blank,
    /// Leave the panel dark and end the thread.
    Shutdown,
}

/// What a counter display tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DisplayEvent {
    /// The health changed. `Ready`: the line is open; whether anything shines, only a person can see.
    Health(DeviceHealth),
}

/// What a counter display's thread needs to know.
#[derive(Debug, Clone)]
pub struct DisplayConfig {
    /// What it is and where.
    pub address: DisplayAddress,
    /// How a panel on a line is spoken to; panels of dots have no use for it.
    pub frame: FrameTemplate,
    /// The panel's own number, for lines that several panels hear.
    pub panel: u8,
    /// What panels of dots are set in.
    pub font: Font,
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
