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
        match sound(&database) {
            Ok(connection) => return Ok((connection, Opening::AsLeft)),
            Err(error) if error.is_damage() => damaged = Some(files::quarantine(folder)?),
            Err(error) => return Err(error),
        }
    }
    for copy in 1..=files::GENERATIONS {
        if let Some(connection) = from_copy(folder, copy)? {
            raise_above_side_file(&connection, folder)?;
            // The rows of the old epoch are sent as they are, for the server knows most of them; what comes now must
            // not take the sequence numbers that were lost with the damaged file.
            begin_epoch(&connection, fresh)?;
            return Ok((connection, Opening::FromCopy { copy, damaged }));
        }
    }
    let connection = sound(&database)?;
    begin_epoch(&connection, fresh)?;
    let known_numbers = raise_above_side_file(&connection, folder)?;
    let opening =
        if damaged.is_some() || known_numbers { Opening::Rebuilt { damaged } } else { Opening::New };
    if opening == Opening::New {
        set_clean(&connection, true)?;
    }
    Ok((connection, opening))
}

/// Opens, checks and migrates; what it returns can be read to the last row.
fn sound(database: &Path) -> Result<Connection, StoreError> {
    files::check_header(database)?;
    let mut connection = connection::open(database)?;
    connection::quick_check(&connection)?;
    migrations::migrate(&mut connection)?;
    connection
        .execute("INSERT OR IGNORE INTO hall (id, next_job, next_issue_order, clean) VALUES (1, 1, 1, 0)", [])
        .map_err(StoreError::sqlite("make the hall's row"))?;
    restore::restored(&connection)?;
    Ok(connection)
}

/// The database made from a copy, if that copy is there and good.
fn from_copy(folder: &Path, copy: u8) -> Result<Option<Connection>, StoreError> {
    let source = files::generation(folder, copy);
    if !source.exists() {
        return Ok(None);
    }
    let database = folder.join(files::DATABASE);
    let beside = folder.join("hall.restoring.db");
    fs::copy(&source, &beside).map_err(files::failed("copy", &source))?;
    files::replace(&beside, &database)?;
    match sound(&database) {
        Ok(connection) => {
            set_clean(&connection, false)?;
            Ok(Some(connection))
        }
        Err(error) if error.is_damage() => {
            files::discard(&database)?;
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn set_clean(connection: &Connection, clean: bool) -> Result<(), StoreError> {
    connection
        .execute("UPDATE hall SET clean = ?1", [clean])
        .map(|_| ())
        .map_err(StoreError::sqlite("mark how the run before ended"))
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
