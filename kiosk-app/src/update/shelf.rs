//! The folder in which an update is put together, one method a step that a power cut may come before or after.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// The longest small file that is read.
const MOST_SMALL_BYTES: u64 = 64 * 1024;

/// Where bundles from a stick are laid down by a unit of root.
const STICK: &str = "usb";

/// A place for a few named files.
pub(super) trait Shelf {
    /// A small file; `None` when it is not there.
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>>;
    /// A file's length; `None` when it is not there.
    fn len(&self, name: &str) -> io::Result<Option<u64>>;
    /// The SHA-256 of a whole file, lower-case hex.
    fn digest(&self, name: &str) -> io::Result<String>;
    /// Free bytes.
    fn free(&self) -> io::Result<u64>;
    /// Names and lengths of the bundles that came from a stick, in their order.
    fn stick_bundles(&self) -> io::Result<Vec<(String, u64)>>;
    /// Writes a small file whole or not at all, durably.
    fn put(&mut self, name: &str, bytes: &[u8]) -> io::Result<()>;
    /// Cuts a file to `at` bytes and adds these, durably.
    fn add(&mut self, name: &str, at: u64, bytes: &[u8]) -> io::Result<()>;
    /// Gives a file another name, durably; what had that name is gone.
    fn rename(&mut self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file; one that is not there is no error.
    fn remove(&mut self, name: &str) -> io::Result<()>;
}

/// A real folder.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Makes the folder if need be.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path.join(STICK))?;
        Ok(Self(path.to_owned()))
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.0)?.sync_all()
    }
}

/// A small file anywhere; `None` when it is not there. Longer ones are cut, which no reader of JSON takes for whole.
pub(super) fn read_small(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(MOST_SMALL_BYTES).read_to_end(&mut bytes).map(|_| Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

impl Shelf for Folder {
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        read_small(&self.0.join(name))
    }

    fn len(&self, name: &str) -> io::Result<Option<u64>> {
        match fs::metadata(self.0.join(name)) {
            Ok(metadata) => Ok(Some(metadata.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn digest(&self, name: &str) -> io::Result<String> {
        let mut file = File::open(self.0.join(name))?;
        let (mut sum, mut buffer) = (Sha256::new(), vec![0; 128 * 1024]);
        loop {
            let read = file.read(&mut buffer)?;
            match buffer.get(..read) {
                None | Some([]) => break,
                Some(bytes) => sum.update(bytes),
            }
        }
        Ok(sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    fn free(&self) -> io::Result<u64> {
        let disk = rustix::fs::statvfs(&self.0)?;
        Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    fn stick_bundles(&self) -> io::Result<Vec<(String, u64)>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(self.0.join(STICK))? {
            let entry = entry?;
            // Not followed: what a stick brings must lie here itself.
            let metadata = entry.metadata()?;
            if let Ok(name) = entry.file_name().into_string()
                && metadata.is_file()
                && name.ends_with(".raucb")
            {
                found.push((format!("{STICK}/{name}"), metadata.len()));
            }
        }
        found.sort();
        Ok(found)
    }

    fn put(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let beside = self.0.join(format!("{name}.new"));
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, self.0.join(name))?;
        self.sync()
    }

    fn add(&mut self, name: &str, at: u64, bytes: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(self.0.join(name))?;
        file.set_len(at)?;
        file.seek(SeekFrom::Start(at))?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        let (from, to) = (self.0.join(from), self.0.join(to));
        // What came from a stick may be in memory only.
        File::open(&from)?.sync_all()?;
        fs::rename(&from, &to)?;
        self.sync()
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.0.join(name)) {
            Ok(()) => self.sync(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }
}
