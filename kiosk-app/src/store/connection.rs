//! A connection with the settings that durability rests on, set and read back.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use super::error::StoreError;

/// Versions before this one can corrupt a write-ahead log.
const OLDEST_SQLITE: i32 = 3_051_003;

/// How long the core loop waits for the uploader: a person stands at the screen, who is told after this that it cannot be.
pub(super) const LOOP_BUSY_LIMIT: Duration = Duration::from_secs(1);

/// How long the uploader waits for the core loop.
pub(super) const OUTBOX_BUSY_LIMIT: Duration = Duration::from_secs(5);

/// Set at every opening, then compared with what the database says.
const SETTINGS: [(&str, &str, &str); 7] = [
    ("page_size", "4096", "4096"),
    ("journal_mode", "WAL", "wal"),
    ("synchronous", "FULL", "2"),
    ("trusted_schema", "OFF", "0"),
    ("cell_size_check", "ON", "1"),
    ("mmap_size", "0", "0"),
    ("journal_size_limit", "8388608", "8388608"),
];

/// Opens `path`, makes it if it is not there, and refuses it unless every setting took.
pub(super) fn open(path: &Path, busy_limit: Duration) -> Result<Connection, StoreError> {
    let found = rusqlite::version_number();
    if found < OLDEST_SQLITE {
        return Err(StoreError::OldSqlite { found });
    }
    let connection = Connection::open(path).map_err(StoreError::sqlite("open"))?;
    connection.busy_timeout(busy_limit).map_err(StoreError::sqlite("set the busy limit"))?;
    for (pragma, set, _) in SETTINGS {
        // Some pragmas answer with a row and some with none; both are fine here, what counts is read back below.
        connection
            .pragma_update_and_check(None, pragma, set, |_| Ok(()))
            .optional()
            .map_err(StoreError::sqlite("set a pragma"))?;
    }
    check_settings(&connection)?;
    Ok(connection)
}

/// Begins a write transaction. One that is still open, because rolling it back failed too, is rolled back first.
pub(super) fn begin(connection: &mut Connection) -> Result<Transaction<'_>, StoreError> {
    if !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK").map_err(StoreError::sqlite("roll back"))?;
    }
    connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(StoreError::sqlite("begin a transaction"))
}

/// Compares every setting with what must hold.
pub(super) fn check_settings(connection: &Connection) -> Result<(), StoreError> {
    for (pragma, _, wanted) in SETTINGS {
        let found = read(connection, pragma)?;
        if found != wanted {
            return Err(StoreError::Setting { pragma, wanted, found });
        }
    }
    Ok(())
}

fn read(connection: &Connection, pragma: &str) -> Result<String, StoreError> {
    let value = connection.pragma_query_value(None, pragma, |row| row.get::<_, rusqlite::types::Value>(0));
    use rusqlite::types::Value;
    match value {
        Ok(Value::Integer(number)) => Ok(number.to_string()),
        Ok(Value::Text(text)) => Ok(text),
        Ok(other @ (Value::Null | Value::Real(_) | Value::Blob(_))) => Ok(format!("{other:?}")),
        // SQLite built without memory mapping answers mmap_size with no row, which is as good as 0.
        Err(rusqlite::Error::QueryReturnedNoRows) => Ok("0".to_owned()),
        Err(error) => Err(StoreError::sqlite("read a pragma")(error)),
    }
}

/// Looks for structural damage and broken constraints. Reads the whole file: once at start.
pub(super) fn quick_check(connection: &Connection) -> Result<(), StoreError> {
    let found: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(StoreError::sqlite("check the file"))?;
    if found == "ok" { Ok(()) } else { Err(StoreError::Damaged { found }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_read_back_from_a_new_and_from_an_existing_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hall.db");
        for _ in 0..2 {
            let connection = open(&path, LOOP_BUSY_LIMIT).unwrap();
            connection.execute_batch("CREATE TABLE IF NOT EXISTS t (x INTEGER) STRICT").unwrap();
            check_settings(&connection).unwrap();
        }
    }

    #[test]
    fn a_setting_that_did_not_take_is_refused_by_name() {
        for (pragma, weaker) in [
            ("synchronous", "NORMAL"),
            ("journal_mode", "DELETE"),
            ("trusted_schema", "ON"),
            ("cell_size_check", "OFF"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let connection = open(&folder.path().join("hall.db"), LOOP_BUSY_LIMIT).unwrap();
            let _row = connection.pragma_update_and_check(None, pragma, weaker, |_| Ok(()));
            match check_settings(&connection) {
                Err(StoreError::Setting { pragma: named, .. }) => assert_eq!(named, pragma),
                other => panic!("{pragma}: {other:?}"),
            }
        }
    }
}
