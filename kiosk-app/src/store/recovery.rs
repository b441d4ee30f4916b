//! Opening the database, whatever state it is in.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use kiosk_protocol::Epoch;
use rusqlite::Connection;

use super::error::StoreError;
use super::records::int;
use super::side_file::Burnt;
use super::{connection, files, migrations, restore, salvage, side_file, today};

/// How the database was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    /// As the last run left it.
    AsLeft,
    /// There was none; a new one was made.
    New,
    /// A copy took its place.
    FromCopy {
        /// Which: 0 is the day's, 1 the newest whole one.
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

impl Opening {
    /// Whether another file took the place of the one that was there.
    pub(super) fn lost_the_file(&self) -> bool {
        match self {
            Self::AsLeft | Self::New => false,
            Self::FromCopy { .. } | Self::Rebuilt { .. } => true,
        }
    }
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
    for copy in 0..=files::GENERATIONS {
        if from_copy(folder, copy, damaged.as_deref(), fresh)? {
            // It belongs to the life that ended; the next one is made from the database.
            files::discard(&folder.join(files::TODAY))?;
            return Ok((sound(&database)?, Opening::FromCopy { copy, damaged }));
        }
    }
    // A log that outlived its database must not be played into the next one.
    files::discard(&database)?;
    let mut connection = sound(&database)?;
    let known_numbers = take_over(&mut connection, folder, damaged.as_deref())?;
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
fn from_copy(folder: &Path, copy: u8, damaged: Option<&Path>, fresh: Epoch) -> Result<bool, StoreError> {
    let today = copy == 0;
    let source = if today { folder.join(files::TODAY) } else { files::generation(folder, copy) };
    if !source.exists() {
        return Ok(false);
    }
    let (database, beside) = (folder.join(files::DATABASE), folder.join("hall.restoring.db"));
    files::discard(&beside)?;
    let written = if today {
        today::write_out(folder, &beside)
    } else {
        fs::copy(&source, &beside).map(drop).map_err(files::failed("copy", &source))
    };
    match written.and_then(|()| made_ready(&beside, folder, today, damaged, fresh)) {
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

fn made_ready(
    beside: &Path,
    folder: &Path,
    today: bool,
    damaged: Option<&Path>,
    fresh: Epoch,
) -> Result<(), StoreError> {
    let mut connection = sound(beside)?;
    set_clean(&connection, false)?;
    if today {
        today::lay_past_under(&mut connection, folder);
    }
    take_over(&mut connection, folder, damaged)?;
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

/// Brings a copy, or a new database, as near to the one that was lost as can be: what the damaged file still proves, and the
/// numbers that the side file knows to be burnt. Says whether it knew any.
fn take_over(connection: &mut Connection, folder: &Path, damaged: Option<&Path>) -> Result<bool, StoreError> {
    let known = side_file::read(folder);
    let before = match &known {
        Some(known) => burnt(connection, known.day)?,
        None => BTreeMap::new(),
    };
    if let Some(damaged) = damaged {
        salvage::salvage(connection, damaged, known.as_ref());
    }
    if let Some(known) = &known {
        raise_above(connection, known)?;
        note_lost_numbers(connection, known, &before)?;
    }
    if damaged.is_some() || known.is_some() {
        connection
            .execute("UPDATE hall SET restored_day = day", [])
            .map_err(StoreError::sqlite("note the day of the restoring"))?;
    }
    Ok(known.is_some())
}

fn raise_above(connection: &Connection, known: &Burnt) -> Result<(), StoreError> {
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
    Ok(())
}

fn burnt(connection: &Connection, day: i32) -> Result<BTreeMap<String, u32>, StoreError> {
    connection
        .prepare("SELECT series, burnt FROM series WHERE day = ?1")
        .and_then(|mut statement| statement.query_map([day], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
        .map_err(StoreError::sqlite("read the burnt numbers"))
}

/// Notes the numbers that were given out after the copy was made and whose tickets nobody has: staff must ask for them.
fn note_lost_numbers(
    connection: &Connection,
    known: &Burnt,
    before: &BTreeMap<String, u32>,
) -> Result<(), StoreError> {
    let noting = || StoreError::sqlite("note lost numbers");
    for (series, burnt) in &known.burnt {
        let mut from = before.get(series).map_or(1, |copied| copied + 1);
        let there: Vec<u32> = connection
            .prepare("SELECT ordinal FROM ticket WHERE day = ?1 AND series = ?2 AND ordinal >= ?3 ORDER BY ordinal")
            .and_then(|mut statement| {
                statement.query_map(rusqlite::params![known.day, series, from], |row| row.get(0))?.collect()
            })
            .map_err(noting())?;
        for end in there.into_iter().chain([burnt.saturating_add(1)]) {
            if from < end {
                connection
                    .execute(
                        "INSERT OR REPLACE INTO lost_number (day, series, from_ordinal, to_ordinal) VALUES (?1, ?2, ?3, ?4)",
                        rusqlite::params![known.day, series, from, end - 1],
                    )
                    .map_err(noting())?;
            }
            from = end.saturating_add(1);
        }
    }
    Ok(())
}
