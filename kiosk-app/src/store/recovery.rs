//! Opening the database, whatever state it is in.

use std::fs;
use std::path::{Path, PathBuf};

use kiosk_protocol::Epoch;
use rusqlite::Connection;

use super::error::StoreError;
use super::records::int;
use super::{connection, files, migrations, restore, side_file};

/// How the database was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    /// As the last run left it.
    AsLeft,
    /// There was none; a new one was made.
    New,
    /// A copy took its place.
    FromCopy {
        /// Which: 1 is the newest.
        copy: u8,
        /// Where the damaged file lies now; `None` when it was gone.
        damaged: Option<PathBuf>,
    },
    /// No copy was good; a new one was made above the numbers of the side file.
    Rebuilt {
        /// Where the damaged file lies now; `None` when it was gone.
        damaged: Option<PathBuf>,
    },
}

/// Opens the database of `folder`. `fresh` becomes the epoch wherever the old one cannot go on.
pub(super) fn open(folder: &Path, fresh: Epoch) -> Result<(Connection, Opening), StoreError> {
    let database = folder.join(files::DATABASE);
    let mut damaged = None;
    if database.exists() {
        match sound(&database).and_then(|connection| Ok((has_epoch(&connection)?, connection))) {
            Ok((true, connection)) => return Ok((connection, Opening::AsLeft)),
            // The power went while it was being made: nothing was ever stored in it.
            Ok((false, connection)) => {
                drop(connection);
                files::discard(&database)?;
            }
            Err(error) if error.is_damage() => damaged = Some(files::quarantine(folder)?),
            Err(error) => return Err(error),
        }
    }
    for copy in 1..=files::GENERATIONS {
        if from_copy(folder, copy, fresh)? {
            return Ok((sound(&database)?, Opening::FromCopy { copy, damaged }));
        }
    }
    // A log that outlived its database must not be played into the next one.
    files::discard(&database)?;
    let connection = sound(&database)?;
    let known_numbers = raise_above_side_file(&connection, folder)?;
    let opening =
        if damaged.is_some() || known_numbers { Opening::Rebuilt { damaged } } else { Opening::New };
    if opening == Opening::New {
        set_clean(&connection, true)?;
    }
    // Last: a database with an epoch is a finished one.
    begin_epoch(&connection, fresh)?;
    Ok((connection, opening))
}

/// Looks at the database as an opening would, beside those who use it.
pub(super) fn check(folder: &Path) -> Result<(), StoreError> {
    let database = folder.join(files::DATABASE);
    files::check_header(&database)?;
    let connection = connection::open(&database, connection::OUTBOX_BUSY_LIMIT)?;
    connection::quick_check(&connection)?;
    restore::restored(&connection).map(drop)
}

/// Opens, checks and migrates; what it returns can be read to the last row.
fn sound(database: &Path) -> Result<Connection, StoreError> {
    files::check_header(database)?;
    let mut connection = connection::open(database, connection::LOOP_BUSY_LIMIT)?;
    connection::quick_check(&connection)?;
    migrations::migrate(&mut connection)?;
    connection
        .execute("INSERT OR IGNORE INTO hall (id, next_job, next_issue_order, clean) VALUES (1, 1, 1, 0)", [])
        .map_err(StoreError::sqlite("make the hall's row"))?;
    restore::restored(&connection)?;
    Ok(connection)
}

/// Puts a copy in the database's place, if it is there and good. It is made ready beside and takes its place in one step, so
/// that a cut in between finds either nothing or a finished one.
fn from_copy(folder: &Path, copy: u8, fresh: Epoch) -> Result<bool, StoreError> {
    let source = files::generation(folder, copy);
    if !source.exists() {
        return Ok(false);
    }
    let (database, beside) = (folder.join(files::DATABASE), folder.join("hall.restoring.db"));
    files::discard(&beside)?;
    fs::copy(&source, &beside).map_err(files::failed("copy", &source))?;
    match made_ready(&beside, folder, fresh) {
        Ok(()) => {
            files::discard(&database)?;
            files::replace(&beside, &database)?;
            Ok(true)
        }
        Err(error) if error.is_damage() => {
            files::discard(&beside)?;
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

fn made_ready(beside: &Path, folder: &Path, fresh: Epoch) -> Result<(), StoreError> {
    let connection = sound(beside)?;
    set_clean(&connection, false)?;
    raise_above_side_file(&connection, folder)?;
    // The rows of the old epoch are sent as they are, for the server knows most of them; what comes now must not take the
    // sequence numbers that were lost with the damaged file.
    begin_epoch(&connection, fresh)?;
    // Closing the last connection moves its log into the file.
    connection.close().map_err(|(_, error)| StoreError::sqlite("close the copy")(error))
}

fn set_clean(connection: &Connection, clean: bool) -> Result<(), StoreError> {
    connection
        .execute("UPDATE hall SET clean = ?1", [clean])
        .map(|_| ())
        .map_err(StoreError::sqlite("mark how the run before ended"))
}

fn has_epoch(connection: &Connection) -> Result<bool, StoreError> {
    connection
        .query_row("SELECT EXISTS (SELECT 1 FROM epoch)", [], |row| row.get(0))
        .map_err(StoreError::sqlite("look for an epoch"))
}

/// Begins an epoch behind the ones there are.
pub(super) fn begin_epoch(connection: &Connection, fresh: Epoch) -> Result<i64, StoreError> {
    connection
        .execute(
            "INSERT INTO epoch (epoch, next_seq, last_hash, acknowledged) VALUES (?1, 1, zeroblob(32), 1)",
            [fresh.0.cast_signed()],
        )
        .map_err(StoreError::sqlite("begin an epoch"))?;
    Ok(connection.last_insert_rowid())
}

/// Takes over what the side file knows to be burnt; says whether it knew anything.
fn raise_above_side_file(connection: &Connection, folder: &Path) -> Result<bool, StoreError> {
    let Some(known) = side_file::read(folder) else {
        return Ok(false);
    };
    connection
        .execute(
            "UPDATE hall SET day = max(coalesce(day, ?1), ?1), next_job = max(next_job, ?2),
                next_issue_order = max(next_issue_order, ?3)",
            rusqlite::params![known.day, int(known.next_job), int(known.next_issue_order)],
        )
        .map_err(StoreError::sqlite("take over the side file"))?;
    for (series, burnt) in &known.burnt {
        super::records::series(connection, series, known.day, *burnt)?;
    }
    Ok(true)
}
