//! What a hall must not forget: one SQLite file, written before anything is printed, shown or sent.
//!
//! ```text
//! core loop   Store::apply(records) -- one transaction --> tickets, series, ledger, counters, ratings, outbox row
//! uploader    Outbox (its own connection) ---------------> reads what is unsent, marks what the server acknowledged
//! ```
//! Two connections, one writer at a time: every write transaction begins `IMMEDIATE` and waits for the other one at most
//! 1 s (the loop) or 5 s (the uploader), and no end of the outbox is kept in memory, so neither side can act on an old one.
//! Reading never waits (WAL).
//! Only this module names rusqlite.

mod append;
mod connection;
mod depth;
mod error;
mod files;
mod housekeeping;
mod migrations;
mod moving;
mod outbox;
mod records;
mod recovery;
mod restore;
mod salvage;
mod side_file;
mod snapshot;
mod today;
mod words;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::path::{Path, PathBuf};

use kiosk_core::effect::Record;
use kiosk_core::restored::Restored;
use kiosk_protocol::Epoch;
use rusqlite::Connection;

pub use append::{Around, Encode, Place};
pub use depth::{Depth, OUTBOX_CAP};
pub use error::{EncodeError, StoreError};
pub use outbox::{Outbox, Pending, Rewound, kept_events};
pub use recovery::Opening;
pub use snapshot::SnapshotRow;

/// The hall's database, held by the core loop alone. One process a data folder: a second one is refused.
pub struct Store {
    connection: Connection,
    folder: PathBuf,
    encode: Box<dyn Encode>,
    opening: Opening,
    _lock: File,
}

/// What a successful [`Store::apply`] did beside storing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Events added to the outbox; the uploader is to be woken if there are any.
    pub reported: usize,
    /// The outbox afterwards, if events were added.
    pub outbox: Option<Depth>,
}

impl Store {
    /// Opens the database of `folder`, or makes it. A damaged file is set aside and the newest good copy takes its place;
    /// [`Store::opening`] says so. `fresh` is a random epoch for the case that a new one begins.
    ///
    /// The second value is the hall as it was left. From here on the run counts as unclean until [`Store::clean_stop`].
    pub fn open(
        folder: &Path,
        fresh: Epoch,
        encode: Box<dyn Encode>,
    ) -> Result<(Self, Restored), StoreError> {
        std::fs::create_dir_all(folder).map_err(files::failed("make folder", folder))?;
        let lock = files::lock(folder)?;
        let (connection, opening) = recovery::open(folder, fresh)?;
        let restored = Restored { from_copy: opening.lost_the_file(), ..restore::restored(&connection)? };
        connection
            .execute("UPDATE hall SET clean = 0", [])
            .map_err(StoreError::sqlite("mark the run as begun"))?;
        Ok((Self { connection, folder: folder.to_owned(), encode, opening, _lock: lock }, restored))
    }

    /// How the database was found.
    pub fn opening(&self) -> &Opening {
        &self.opening
    }

    /// Makes the records durable, all or none, with one event in the outbox for each report.
    pub fn apply(&mut self, records: &[Record]) -> Result<Applied, StoreError> {
        let transaction = connection::begin(&mut self.connection)?;
        // Facts are told against the tickets as they were, so these are read before the first record is written.
        let mut before = Vec::new();
        for record in records {
            if let Record::Report(report) = record {
                before.push(append::ticket_before(&transaction, &report.fact)?);
            }
        }
        let mut before = before.iter();
        let mut reported = 0;
        for record in records {
            match record {
                Record::Ticket(ticket) => records::ticket(&transaction, ticket)?,
                Record::SeriesAt { series, day, burnt } => {
                    records::series(&transaction, series.as_str(), day.0, *burnt)?;
                }
                Record::Day(day) => records::day(&transaction, day.0)?,
                Record::PrintLedger { job, ticket, outcome } => {
                    records::ledger(&transaction, *job, ticket.as_ref(), outcome.as_ref())?;
                }
                Record::Counter { counter, state, last_press } => {
                    records::counter(&transaction, *counter, state, *last_press)?;
                }
                Record::Rating(rating) => records::rating(&transaction, rating)?,
                Record::UpdateTold(key) => records::update_told(&transaction, key)?,
                Record::Report(report) => {
                    let ticket = before.next().and_then(Option::as_ref);
                    reported += usize::from(append::append(&transaction, &*self.encode, report, ticket)?);
                }
            }
        }
        let outbox = if reported > 0 { Some(depth::depth(&transaction)?) } else { None };
        transaction.commit().map_err(StoreError::sqlite("commit"))?;
        if records.iter().any(burns_a_number) {
            side_file::write(&self.connection, &self.folder);
        }
        Ok(Applied { reported, outbox })
    }

    /// Tries a durable write that changes nothing: whether a store that failed works again.
    ///
    /// # Errors
    /// When it does not.
    pub fn works(&mut self) -> Result<(), StoreError> {
        let transaction = connection::begin(&mut self.connection)?;
        transaction.execute("UPDATE hall SET clean = 0", []).map_err(StoreError::sqlite("try a write"))?;
        transaction.commit().map_err(StoreError::sqlite("try a commit"))
    }

    /// A second connection for the uploader's thread; see the module's head for how the two share.
    pub fn outbox(&self) -> Result<Outbox, StoreError> {
        Outbox::open(&self.folder)
    }

    /// Marks the run as ended on purpose, so that the next start skips no numbers. Last call of a run.
    pub fn clean_stop(self) -> Result<(), StoreError> {
        self.connection
            .execute("UPDATE hall SET clean = 1", [])
            .map(|_| ())
            .map_err(StoreError::sqlite("mark the run as ended"))
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("folder", &self.folder)
            .field("opening", &self.opening)
            .finish_non_exhaustive()
    }
}

/// Whether a lost database would give the number out again, were it not for the side file.
fn burns_a_number(record: &Record) -> bool {
    match record {
        Record::Ticket(_)
        | Record::Counter { .. }
        | Record::Rating(_)
        | Record::UpdateTold(_)
        | Record::Report(_) => false,
        Record::SeriesAt { .. } | Record::Day(_) | Record::PrintLedger { .. } => true,
    }
}
