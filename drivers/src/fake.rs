//! Fake devices: they keep time, fail on demand, and tell the truth about what they were sent.
//!
//! [`FakePrinter`], [`FakeScanner`], [`FakeKeypad`] and [`FakeLedPanels`] run in a thread of this process or behind the `fake-device`
//! program; the drivers reach them over TCP or a PTY as they would reach the real thing. [`PrinterCore`] is the printer
//! without thread and clock, for tests in virtual time.

mod control;
mod core;
mod led;
mod lexer;
mod model;
mod panels;
mod paper;
mod picture;
mod printer;
mod pty;
mod serial;
mod state;
mod words;

pub use self::core::PrinterCore;
pub use control::{answer, serve_control};
pub use led::{FakeLedPanels, LedState};
pub use lexer::{Lexed, Lexer};
pub use model::{FakeFault, FakeModel, FakeTicket, Fate, Person};
pub use panels::{FakeMax7219, FakeSsd1306};
pub use picture::write_png;
pub use printer::{FakePrinter, FakePrinterConfig, Listen};
pub use serial::{FakeKeypad, FakeScanner};
pub use words::{CommandError, Commanded};
