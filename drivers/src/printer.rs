//! Ticket printers that speak ESC/POS.
//!
//! ```text
//! Document --draw--> Bitmap --encode--> commands <= 4 KB --Machine--> bytes --Transport--> printer
//!                                                   ^                                        |
//!                                                   +---------- StatusParser <--- replies ---+
//! ```
//! A ticket counts as [`Outcome::Printed`] only when the printer has answered the status request behind its cut.

mod driver;
mod encoder;
mod machine;
mod profile;
mod status;

pub use driver::{Printer, PrinterCommand, PrinterConfig};
pub use encoder::{
    Command, CommandKind, EncodeError, Encoder, KeyCode, StoredLines, encode_document, encode_void_slip,
};
pub use machine::{Machine, Outcome, PrinterEvent};
pub use profile::{
    BuiltIn, Crop, Detect, Dialect, Identity, Presenter, Profile, ProfileError, RomFont, SerialDefaults,
    StatusMeans, Unclaimed,
};
pub use status::{Paper, Reply, Status, StatusParser};
