//! The files of the data folder.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::error::StoreError;

/// The database.
pub(super) const DATABASE: &str = "hall.db";

/// The day's copy of it.
pub(super) const TODAY: &str = "hall.today.db";

/// How many whole copies of the database are kept.
pub(super) const GENERATIONS: u8 = 2;

/// Whole copy `number` of the database, 1 being the newest.
pub(super) fn generation(folder: &Path, number: u8) -> PathBuf {
    folder.join(format!("hall.copy{number}.db"))
}

/// Says what was tried with which file.
pub(super) fn failed<'a>(doing: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> StoreError + 'a {
    move |source| StoreError::File { doing, path: path.to_owned(), source }
}

/// Takes the folder for this process as long as the file lives.
pub(super) fn lock(folder: &Path) -> Result<File, StoreError> {
    let path = folder.join("hall.lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(failed("open", &path))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(StoreError::InUse { path: folder.to_owned() }),
        Err(error) => Err(failed("lock", &path)(error.into())),
    }
}

/// Puts `from` in the place of `to` so that a power cut leaves one or the other whole.
pub(super) fn replace(from: &Path, to: &Path) -> Result<(), StoreError> {
    File::open(from).and_then(|file| file.sync_all()).map_err(failed("sync", from))?;
    fs::rename(from, to).map_err(failed("rename to", to))?;
    sync_folder(to)
}

fn sync_folder(file: &Path) -> Result<(), StoreError> {
    match file.parent() {
        Some(folder) => File::open(folder).and_then(|file| file.sync_all()).map_err(failed("sync", folder)),
        None => Ok(()),
    }
}

/// Looks at the first bytes of an existing database. Damage here would pass for a setting that did not take, or for a
/// read-only file.
pub(super) fn check_header(database: &Path) -> Result<(), StoreError> {
    let mut header = [0; 20];
    let read = match File::open(database) {
        Ok(mut file) => file.read(&mut header).map_err(failed("read", database))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed("open", database)(error)),
    };
    // Magic, page size 4096 big-endian, and the file format's write and read version: 1 rollback journal, 2 WAL.
    let sound =
        header.starts_with(b"SQLite format 3\0\x10\0") && matches!(header.last_chunk(), Some([1 | 2, 1 | 2]));
    if read == 0 || sound { Ok(()) } else { Err(StoreError::Damaged { found: "file header".to_owned() }) }
}

/// Damaged files that are kept to be looked at. More would fill the disk of a dying card.
const DAMAGED_KEPT: u32 = 2;

/// Moves the damaged database aside, with its log, under a free name or in the place of the last one kept.
pub(super) fn quarantine(folder: &Path) -> Result<PathBuf, StoreError> {
    let named = |n: u32| folder.join(format!("hall.damaged{n}.db"));
    let aside =
        (1..=DAMAGED_KEPT).map(named).find(|path| !path.exists()).unwrap_or_else(|| named(DAMAGED_KEPT));
    let database = folder.join(DATABASE);
    for suffix in ["-wal", "-shm", ""] {
        let (from, to) = (with_suffix(&database, suffix), with_suffix(&aside, suffix));
        if from.exists() {
            fs::rename(&from, &to).map_err(failed("set aside", &from))?;
        }
    }
    sync_folder(&database)?;
    Ok(aside)
}

/// Removes a database that was just made from a bad copy.
pub(super) fn discard(database: &Path) -> Result<(), StoreError> {
    for suffix in ["-wal", "-shm", ""] {
        let path = with_suffix(database, suffix);
        if path.exists() {
            fs::remove_file(&path).map_err(failed("remove", &path))?;
        }
    }
    Ok(())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
