//! The store on SQLite: one file, write-ahead log, every commit synced.

mod append;
mod commands;
mod people;
mod tables;

use super::*;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Frozen schema steps; `user_version` counts the applied ones.
const SCHEMA: &[&str] = &[include_str!("sqlite/schema_001.sql"), include_str!("sqlite/schema_002.sql")];

/// A larger file is not checked at every start: the server must be back within seconds. `district-server check` does it.
const CHECK_AT_START_BYTES: u64 = 256 * 1024 * 1024;

/// Pragmas of every connection with the value that must be read back (reliability.md).
const PRAGMAS: &[(&str, &str, &str)] = &[
    ("journal_mode", "WAL", "wal"),
    ("synchronous", "FULL", "2"),
    ("foreign_keys", "ON", "1"),
    ("trusted_schema", "OFF", "0"),
    ("cell_size_check", "ON", "1"),
    ("mmap_size", "0", "0"),
];

/// A store in one SQLite file: one writing connection, one reading one, so that a page never waits for a batch.
pub struct SqliteStore {
    writer: Mutex<Connection>,
    reader: Mutex<Connection>,
}

impl SqliteStore {
    /// Opens `path`, makes or migrates it, and refuses to run on settings or files that cannot be trusted.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        if rusqlite::version_number() < 3_051_003 {
            return Err(StoreError::OldSqlite { found: rusqlite::version() });
        }
        let writer = connect(path)?;
        if std::fs::metadata(path).is_ok_and(|meta| meta.len() <= CHECK_AT_START_BYTES) {
            quick_check(&writer, path)?;
        }
        migrate(&writer, path)?;
        Ok(Self { writer: Mutex::new(writer), reader: Mutex::new(connect(path)?) })
    }

    /// Looks through the whole file for damage, however large it is.
    pub fn check(path: &Path) -> Result<(), StoreError> {
        quick_check(&connect(path)?, path)
    }

    // A panic inside a transaction rolls it back while unwinding, so a poisoned connection is a sound one.
    fn writer(&self) -> MutexGuard<'_, Connection> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reader(&self) -> MutexGuard<'_, Connection> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let open = |source| StoreError::Open { path: path.to_owned(), source };
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(open)?;
    connection.busy_timeout(Duration::from_secs(5)).map_err(open)?;
    for (name, value, wanted) in PRAGMAS {
        connection.pragma_update(None, name, value).map_err(open)?;
        // mmap_size answers no row at all where memory mapping is compiled out, which is what is wanted.
        let found =
            connection.pragma_query_value(None, name, pragma_text).unwrap_or_else(|_| (*wanted).to_owned());
        if found != *wanted {
            return Err(StoreError::Pragma { name, found, wanted });
        }
    }
    Ok(connection)
}

/// A pragma's value as text, whether SQLite answers a number or a word.
fn pragma_text(row: &rusqlite::Row<'_>) -> rusqlite::Result<String> {
    row.get::<_, i64>(0).map(|number| number.to_string()).or_else(|_| row.get(0))
}

fn quick_check(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let fault: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if fault == "ok" { Ok(()) } else { Err(StoreError::Damaged { path: path.to_owned(), fault }) }
}

fn migrate(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = i64::try_from(SCHEMA.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(StoreError::NewerSchema { path: path.to_owned(), found, known });
    }
    for (step, version) in SCHEMA.iter().zip(1_i64..).filter(|(_, version)| *version > found) {
        connection
            .execute_batch(&format!("BEGIN IMMEDIATE;\n{step}\nPRAGMA user_version = {version};\nCOMMIT;"))?;
    }
    Ok(())
}

impl Store for SqliteStore {
    fn append(&self, batch: &IncomingBatch, now_ms: i64) -> Result<Appended, StoreError> {
        append::append(&mut self.writer(), batch, now_ms)
    }

    fn events_of_day(&self, hall: &str, day: &str) -> Result<Vec<StoredEvent>, StoreError> {
        tables::events_of_day(&self.reader(), hall, day)
    }

    fn day_marks(&self, from: &str, to: &str) -> Result<Vec<DayMark>, StoreError> {
        tables::day_marks(&self.reader(), from, to)
    }

    fn newest(&self, kiosk: &str) -> Result<Vec<StoredEvent>, StoreError> {
        tables::newest(&self.reader(), kiosk)
    }

    fn export(&self, after: i64, limit: u32) -> Result<Vec<StoredEvent>, StoreError> {
        tables::export(&self.reader(), after, limit)
    }

    fn add_token(&self, token: &EnrolToken) -> Result<(), StoreError> {
        people::add_token(&self.writer(), token)
    }

    fn enrol(
        &self,
        token: &Keyed,
        kiosk: &str,
        key: &[u8; 32],
        now_ms: i64,
    ) -> Result<Option<Kiosk>, StoreError> {
        people::enrol(&mut self.writer(), token, kiosk, key, now_ms)
    }

    fn kiosk(&self, id: &str) -> Result<Option<Kiosk>, StoreError> {
        people::kiosk(&self.reader(), id)
    }

    fn kiosks(&self) -> Result<Vec<Kiosk>, StoreError> {
        people::kiosks(&self.reader())
    }

    fn revoke(&self, kiosk: &str) -> Result<bool, StoreError> {
        Ok(self.writer().execute("UPDATE kiosks SET revoked = 1 WHERE id = ?1", [kiosk])? == 1)
    }

    fn newest_command(&self, kiosk: &str) -> Result<u64, StoreError> {
        commands::newest(&self.reader(), kiosk)
    }

    fn add_command(&self, kiosk: &str, command: &InboxCommand, now_ms: i64) -> Result<bool, StoreError> {
        commands::add(&self.writer(), kiosk, command, now_ms)
    }

    fn commands(&self, kiosk: &str, after: u64, limit: u32) -> Result<Vec<StoredCommand>, StoreError> {
        commands::after(&self.reader(), kiosk, after, limit)
    }

    fn raise(&self, alarm: &Alarm) -> Result<(), StoreError> {
        tables::raise(&self.writer(), alarm)
    }

    fn alarms(&self, limit: u32) -> Result<Vec<Alarm>, StoreError> {
        tables::alarms(&self.reader(), limit)
    }

    fn put_dossiers(&self, dossiers: &[Dossier]) -> Result<(), StoreError> {
        tables::put_dossiers(&mut self.writer(), dossiers)
    }

    fn dossier(&self, code: &Keyed) -> Result<Option<Dossier>, StoreError> {
        tables::dossier(&self.reader(), code)
    }

    fn dossier_counts(&self, today: &str) -> Result<Vec<DossierCount>, StoreError> {
        tables::dossier_counts(&self.reader(), today)
    }

    fn put_account(&self, account: &Account, code: &Keyed) -> Result<(), StoreError> {
        people::put_account(&self.writer(), account, code)
    }

    fn account_count(&self) -> Result<u64, StoreError> {
        Ok(self.reader().query_row("SELECT count(*) FROM accounts", [], |row| row.get(0))?)
    }

    fn account_by_code(&self, code: &Keyed) -> Result<Option<Account>, StoreError> {
        people::account_by_code(&self.reader(), code)
    }

    fn put_session(&self, session: &Keyed, account: &str, expires_ms: i64) -> Result<(), StoreError> {
        people::put_session(&self.writer(), session, account, expires_ms)
    }

    fn session(&self, session: &Keyed, now_ms: i64) -> Result<Option<Account>, StoreError> {
        people::session(&self.reader(), session, now_ms)
    }

    fn end_session(&self, session: &Keyed) -> Result<(), StoreError> {
        self.writer().execute("DELETE FROM sessions WHERE hash = ?1", [session])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_schema_is_refused_with_a_remedy() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("district.db");
        drop(SqliteStore::open(&path).unwrap());
        Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
        assert!(matches!(SqliteStore::open(&path), Err(StoreError::NewerSchema { found: 99, .. })));
    }

    #[test]
    fn a_damaged_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("district.db");
        drop(SqliteStore::open(&path).unwrap());
        let mut bytes = std::fs::read(&path).unwrap();
        for byte in bytes.iter_mut().skip(4096).take(2000) {
            *byte = 0x5a;
        }
        assert!(SqliteStore::check(&path).is_ok());
        std::fs::write(&path, bytes).unwrap();
        assert!(SqliteStore::open(&path).is_err());
        assert!(SqliteStore::check(&path).is_err());
    }

    #[test]
    fn a_missing_folder_is_named() {
        let error = SqliteStore::open(Path::new("/nowhere/district.db")).err().unwrap();
        assert!(error.to_string().contains("/nowhere/district.db"), "{error}");
    }
}
