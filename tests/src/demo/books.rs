//! What kiosk and district server wrote down, read from their databases after the fact and changed in nothing.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, Row};

/// A database that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("database {} cannot be read", path.display())]
pub struct BooksError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    #[source]
    pub source: rusqlite::Error,
}

/// A ticket's identity: business day counted since 1970, series, ordinal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TicketKey {
    /// Days since 1970-01-01 at UTC+7.
    pub day: i32,
    /// Series.
    pub series: String,
    /// The number within the series.
    pub ordinal: u32,
}

/// A ticket as the kiosk has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketRow {
    /// Identity.
    pub key: TicketKey,
    /// The number as people read it.
    pub number: String,
    /// Priority class.
    pub priority: Option<String>,
    /// `waiting`, `called`, `serving`, `on_hold`, `finished`, `no_show`, `cancelled`.
    pub state: String,
    /// When it was issued, Unix milliseconds.
    pub issued_ms: i64,
    /// When it was first called.
    pub called_ms: Option<i64>,
    /// When serving began.
    pub served_ms: Option<i64>,
}

/// A print job as the kiosk's ledger has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRow {
    /// Its number.
    pub job: i64,
    /// The ticket; none for a staff slip.
    pub ticket: Option<TicketKey>,
    /// `printed`, `not_printed`, `unknown`; none while in doubt.
    pub outcome: Option<String>,
}

/// An event that the district server took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Epoch of the kiosk's database.
    pub epoch: String,
    /// Place in the epoch.
    pub seq: i64,
    /// Its bytes.
    pub raw: String,
}

/// Both sides.
#[derive(Clone, Debug, Default)]
pub struct Books {
    /// Tickets in the order of issue.
    pub tickets: Vec<TicketRow>,
    /// Print jobs in order.
    pub jobs: Vec<JobRow>,
    /// The highest number burnt of each series and day.
    pub burnt: Vec<TicketKey>,
    /// Tickets with a counted rating.
    pub ratings: Vec<TicketKey>,
    /// The kiosk's log: every event's bytes, in order.
    pub log: Vec<String>,
    /// How many of them the kiosk was never told to be safe at the server.
    pub unacknowledged: usize,
    /// What the district server took, in the order in which it did.
    pub taken: Vec<Taken>,
}

impl Books {
    /// Reads both databases.
    ///
    /// # Errors
    /// When one is missing or is not what it should be.
    pub fn read(kiosk: &Path, server: &Path) -> Result<Self, BooksError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| BooksError { path, source }
        };
        let mut books = Self::default();
        books.read_kiosk(&open(kiosk).map_err(failed(kiosk))?).map_err(failed(kiosk))?;
        let district = open(server).map_err(failed(server))?;
        let events = "SELECT epoch, seq, raw FROM events ORDER BY row";
        let taken = |row: &Row<'_>| Ok(Taken { epoch: row.get(0)?, seq: row.get(1)?, raw: row.get(2)? });
        books.taken = rows(&district, events, taken).map_err(failed(server))?;
        Ok(books)
    }

    fn read_kiosk(&mut self, kiosk: &Connection) -> rusqlite::Result<()> {
        let tickets = "SELECT day, series, ordinal, number, priority, state, issued_ms, called_ms, served_ms
                       FROM ticket ORDER BY issue_order";
        self.tickets = rows(kiosk, tickets, |row| {
            Ok(TicketRow {
                key: key(row)?,
                number: row.get(3)?,
                priority: row.get(4)?,
                state: row.get(5)?,
                issued_ms: row.get(6)?,
                called_ms: row.get(7)?,
                served_ms: row.get(8)?,
            })
        })?;
        let jobs = "SELECT day, series, ordinal, job, outcome FROM print_ledger ORDER BY job";
        self.jobs = rows(kiosk, jobs, |row| {
            let day: Option<i32> = row.get(0)?;
            let ticket = day.map(|_| key(row)).transpose()?;
            Ok(JobRow { job: row.get(3)?, ticket, outcome: row.get(4)? })
        })?;
        self.burnt = rows(kiosk, "SELECT day, series, burnt FROM series ORDER BY day, series", key)?;
        self.ratings = rows(kiosk, "SELECT day, series, ordinal FROM rating ORDER BY at_ms", key)?;
        let log = "SELECT event FROM outbox ORDER BY position, seq";
        self.log = rows(kiosk, log, |row| row.get(0))?;
        self.unacknowledged = unacknowledged_in(kiosk)?;
        Ok(())
    }
}

/// How many events the kiosk still has to send.
///
/// # Errors
/// When the database cannot be read.
pub fn unacknowledged(kiosk: &Path) -> Result<usize, BooksError> {
    let count = open(kiosk).and_then(|connection| unacknowledged_in(&connection));
    count.map_err(|source| BooksError { path: kiosk.to_owned(), source })
}

fn unacknowledged_in(kiosk: &Connection) -> rusqlite::Result<usize> {
    let count = "SELECT count(*) FROM outbox WHERE acknowledged_ms IS NULL AND parked = 0";
    let count: i64 = kiosk.query_row(count, [], |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}

fn rows<T>(
    connection: &Connection,
    query: &str,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    connection.prepare(query)?.query_map([], read)?.collect()
}

/// The first three columns.
fn key(row: &Row<'_>) -> rusqlite::Result<TicketKey> {
    Ok(TicketKey { day: row.get(0)?, series: row.get(1)?, ordinal: row.get(2)? })
}
