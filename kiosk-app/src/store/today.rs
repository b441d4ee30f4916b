//! The day's copy: what the hall needs to go on today, brought up to date every few minutes.
//!
//! A whole copy writes the whole file, so there is one a day. This one is a database of its own beside it and holds the day's
//! tickets and what is not sent; bringing it up to date writes only what changed since, and a power cut in between leaves it
//! as it was.

use std::path::Path;

use rusqlite::Connection;

use super::error::StoreError;
use super::outbox::Outbox;
use super::{connection, files, migrations};

impl Outbox {
    /// Brings the day's copy up to date; makes it when there is none.
    pub fn keep_today(&mut self) -> Result<(), StoreError> {
        let path = self.folder.join(files::TODAY);
        let mut copy = match sound(&path) {
            // Only the copy itself was looked at so far, so it is the copy that is damaged.
            Err(error) if error.is_damage() => {
                files::discard(&path)?;
                sound(&path)?
            }
            other => other?,
        };
        attach(&copy, &self.folder.join(files::DATABASE), "src")?;
        if is_of_another_life(&copy).map_err(StoreError::sqlite("compare the day's copy"))? {
            drop(copy);
            files::discard(&path)?;
            copy = sound(&path)?;
            attach(&copy, &self.folder.join(files::DATABASE), "src")?;
        }
        let bringing = StoreError::sqlite("bring the day's copy up to date");
        let transaction = copy.transaction().map_err(StoreError::sqlite("begin the day's copy"))?;
        transaction
            .execute_batch(include_str!("today.sql"))
            .and_then(|()| transaction.commit())
            .map_err(bringing)?;
        // Closing the last connection moves its log into the file.
        copy.close().map_err(|(_, error)| StoreError::sqlite("close the day's copy")(error))
    }
}

/// Writes the day's copy of `folder` as one file to `beside`.
pub(super) fn write_out(folder: &Path, beside: &Path) -> Result<(), StoreError> {
    let copy = sound(&folder.join(files::TODAY))?;
    copy.execute("VACUUM INTO ?1", [beside.to_string_lossy()])
        .map(drop)
        .map_err(StoreError::sqlite("write the day's copy out"))
}

/// Lays under the day's copy, opened as `connection`, what a whole copy of `folder` has of the past. Without one the past is
/// missed; the day is not.
pub(super) fn lay_past_under(connection: &mut Connection, folder: &Path) {
    for number in 1..=files::GENERATIONS {
        let whole = files::generation(folder, number);
        if !whole.exists() {
            continue;
        }
        let laid = lay_under(connection, &whole);
        if let Err(error) = connection.execute("DETACH past", []) {
            tracing::debug!(%error, "no past to detach");
        }
        match laid {
            Ok(()) => return,
            Err(error) => tracing::warn!(%error, copy = number, "past-unreadable"),
        }
    }
}

fn lay_under(connection: &mut Connection, whole: &Path) -> Result<(), StoreError> {
    attach(connection, whole, "past")?;
    let laying = StoreError::sqlite("lay the past under the day's copy");
    let transaction = connection.transaction().map_err(StoreError::sqlite("begin with the past"))?;
    transaction.execute_batch(include_str!("past.sql")).and_then(|()| transaction.commit()).map_err(laying)
}

fn sound(path: &Path) -> Result<Connection, StoreError> {
    files::check_header(path)?;
    let mut connection = connection::open(path, connection::OUTBOX_BUSY_LIMIT)?;
    connection::quick_check(&connection)?;
    migrations::migrate(&mut connection)?;
    Ok(connection)
}

fn attach(connection: &Connection, file: &Path, name: &'static str) -> Result<(), StoreError> {
    connection
        .execute(&format!("ATTACH ?1 AS {name}"), [file.to_string_lossy()])
        .map(drop)
        .map_err(StoreError::sqlite("attach a database"))
}

/// A database that was restored or made anew gives its positions to other epochs.
fn is_of_another_life(copy: &Connection) -> rusqlite::Result<bool> {
    copy.query_row(
        "SELECT EXISTS (SELECT 1 FROM main.epoch was JOIN src.epoch now USING (position) WHERE was.epoch <> now.epoch)
             OR coalesce((SELECT max(position) FROM main.epoch), 0) > (SELECT max(position) FROM src.epoch)",
        [],
        |row| row.get(0),
    )
}
