//! Dossiers from files: CSV or JSON dropped into a folder, read by a field map that is data.
//!
//! ```text
//! drop/epar.csv -> read table -> map fields -> normalise, hash -> store      drop/done/epar.csv
//!                                  |  a broken row                            drop/rejects/epar.csv.txt
//! ```
//! Only mapped fields are looked at. Names and addresses are never mapped, so they are dropped while parsing; a phone
//! number leaves this module as a keyed hash only. Rejects name line and field, never a value.

mod map;
mod rows;
mod table;
mod watch;

pub use map::{ImportMap, MapError};
pub use rows::{Reject, read_rows};
pub use table::{Table, TableError, TableRow, read_table};
pub use watch::{ImportError, Outcome, Watcher, import_file};
