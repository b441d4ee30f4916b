//! What can go wrong with the store.

use std::path::PathBuf;

/// Why the store could not do what was asked. Nothing of a failed call is in the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The SQLite library is one that can corrupt a write-ahead log.
    #[error("sqlite {found} is older than 3.51.3, which can corrupt a write-ahead log")]
    OldSqlite {
        /// Its version number, e.g. 3051003.
        found: i32,
    },
    /// A setting did not take: the file system or the build cannot give what durability needs.
    #[error("database setting {pragma} is {found}, not {wanted}")]
    Setting {
        /// The pragma.
        pragma: &'static str,
        /// What it must be.
        wanted: &'static str,
        /// What it is.
        found: String,
    },
    /// Another process has the data folder.
    #[error("data folder {path} is in use by another process")]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// The database was written by a later version of this software.
    #[error("database schema {found} is newer than the newest known, {known}")]
    Newer {
        /// What the file says.
        found: u32,
        /// What this version knows.
        known: u32,
    },
    /// A file could not be used.
    #[error("cannot {doing} {path}")]
    File {
        /// What was tried.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The database refused.
    #[error("database failed to {doing}")]
    Sqlite {
        /// What was tried.
        doing: &'static str,
        /// Why.
        source: rusqlite::Error,
    },
    /// The file's structure is damaged.
    #[error("database is damaged: {found}")]
    Damaged {
        /// What the check said first.
        found: String,
    },
    /// A value that no version of this software writes.
    #[error("database column {column} holds {value:?}, which no version writes")]
    Unreadable {
        /// Table and column.
        column: &'static str,
        /// The value.
        value: String,
    },
    /// A number was about to be given to a second ticket.
    #[error("number {ordinal} of series {series} belongs to another ticket; the highest taken is {highest}")]
    NumberTaken {
        /// The series.
        series: String,
        /// The ordinal.
        ordinal: u32,
        /// The highest ordinal that a ticket of the series has on that day.
        highest: u32,
    },
    /// A report could not be turned into an event.
    #[error("report cannot be encoded")]
    Encode(#[source] EncodeError),
}

/// Why an encoder failed; the store only passes it on.
pub type EncodeError = Box<dyn std::error::Error + Send + Sync>;

impl StoreError {
    /// Names what was tried when SQLite refused.
    pub(super) fn sqlite(doing: &'static str) -> impl FnOnce(rusqlite::Error) -> Self {
        move |source| Self::Sqlite { doing, source }
    }

    /// Whether the file itself is at fault, so that a copy must take its place, which [`super::Store::open`] sees to at the
    /// next start: everything that the surroundings (disk, rights, memory, another writer) do not explain. A damaged
    /// schema shows as an SQL error.
    pub fn is_damage(&self) -> bool {
        use rusqlite::ErrorCode as Code;
        match self {
            Self::Damaged { .. } | Self::Unreadable { .. } => true,
            Self::Sqlite { source, .. } => !matches!(
                source.sqlite_error_code(),
                Some(
                    Code::SystemIoFailure
                        | Code::DiskFull
                        | Code::DatabaseBusy
                        | Code::DatabaseLocked
                        | Code::ReadOnly
                        | Code::CannotOpen
                        | Code::OutOfMemory
                        | Code::PermissionDenied
                        | Code::OperationInterrupted
                        | Code::ConstraintViolation
                        | Code::FileLockingProtocolFailed
                        | Code::TooBig
                        | Code::SchemaChanged
                )
            ),
            Self::OldSqlite { .. }
            | Self::Setting { .. }
            | Self::InUse { .. }
            | Self::Newer { .. }
            | Self::File { .. }
            | Self::NumberTaken { .. }
            | Self::Encode(_) => false,
        }
    }
}
