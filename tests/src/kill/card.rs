//! A storage card that lies: it said "flushed", and after the power cut the last commits are gone.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

/// Why the card could not be played.
#[derive(Debug, thiserror::Error)]
pub enum CardError {
    /// The database could not be copied while the kiosk was using it.
    #[error("cannot copy {}", path.display())]
    Copy {
        /// The database.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// A file could not be put back.
    #[error("cannot put back {}", path.display())]
    PutBack {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// The card with the kiosk's database on it.
pub(super) struct Card {
    database: PathBuf,
    copy: PathBuf,
    has_copy: bool,
    guarded: bool,
}

impl Card {
    /// A card for this database; copies lie in `folder`. Not `guarded`, what is put back says that the run ended well.
    pub(super) fn of(database: &Path, folder: &Path, guarded: bool) -> Self {
        Self { database: database.to_owned(), copy: folder.join("flushed.db"), has_copy: false, guarded }
    }

    /// Everything up to here is really on the card.
    pub(super) fn keep_copy(&mut self) -> Result<(), CardError> {
        remove(&self.copy)?;
        let failed = |source| CardError::Copy { path: self.database.clone(), source };
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.database, flags).map_err(failed)?;
        connection.execute("VACUUM INTO ?1", [self.copy.to_string_lossy()]).map_err(failed)?;
        if !self.guarded {
            let copy = Connection::open(&self.copy).map_err(failed)?;
            copy.execute("UPDATE hall SET clean = 1", []).map_err(failed)?;
        }
        self.has_copy = true;
        Ok(())
    }

    /// Loses everything since the copy; without a copy in this life of the kiosk, nothing is lost.
    pub(super) fn put_back(&mut self) -> Result<(), CardError> {
        if !std::mem::take(&mut self.has_copy) {
            return Ok(());
        }
        for suffix in ["-wal", "-shm"] {
            let mut name = self.database.clone().into_os_string();
            name.push(suffix);
            remove(Path::new(&name))?;
        }
        let failed = |source| CardError::PutBack { path: self.database.clone(), source };
        fs::rename(&self.copy, &self.database).map_err(failed)
    }
}

fn remove(path: &Path) -> Result<(), CardError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(CardError::PutBack { path: path.to_owned(), source })
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
