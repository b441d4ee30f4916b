//! Drivers of a kiosk's ticket printer, barcode scanner, rating keypads and counter displays, and their fakes.
//!
//! Every driver is a pure machine (bytes and time in, bytes and events out) and a thin thread around it that owns the
//! line to the device. [`printer`], [`scanner`], [`keypad`] and [`display`] each have both; [`document`] draws what a printer
//! prints; `fake` (feature `fake`) has devices that keep time and fail on demand.
//!
//! Lines are [`transport`]s (`tests/conformance` says what each must keep), found by [`identity`] and not by node; a thread
//! that panics is begun again alone, and what happens to a device stands in its [`Counters`].

pub mod address;
pub mod clock;
pub mod display;
pub mod document;
#[cfg(feature = "fake")]
pub mod fake;
pub mod health;
pub mod identity;
pub mod keypad;
pub mod keys;
mod pi;
pub mod printer;
mod reader;
pub mod record;
pub mod scanner;
mod supervise;
pub mod transport;
pub mod usb;

pub use address::{Address, AddressError, InputName, UsbSelector};
pub use health::{Cause, DeviceHealth};
pub use supervise::{Counters, Tally};
