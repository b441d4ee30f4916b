//! The kiosk itself as a [`Machine`].

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::iter::repeat;
use std::os::unix::fs::{FileExt, FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::OFlags;
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use crate::autoboot;
use crate::config::{Config, Driver};
use crate::fat::{self, Found, SECTOR};
use crate::machine::{Firmware, Machine, MachineError, Place};
use crate::slot::Slot;

// No file here is longer; a longer one is somebody's attempt to fill the memory of a root process.
const LONGEST: u64 = 64 * 1024;
// Present where the kernel has the Pi's mailbox, and with it the restart with "tryboot".
const MAILBOX: &str = "/dev/vcio";
const FLAG: &str = "tryboot";
const WENT_BACK: &str = "wentback";

/// This machine, for as long as nobody else changes anything: it holds the lock.
#[derive(Debug)]
pub struct Real {
    config: Config,
    driver: Driver,
    _lock: File,
}

// bootsel, mounted; gone when dropped, so a cut seldom meets a mounted FAT.
struct Bootsel<'a> {
    folder: &'a Path,
    mounted: bool,
}

impl Drop for Bootsel<'_> {
    fn drop(&mut self) {
        if self.mounted {
            // What was written is synced already; a mount that stays is found busy and harmless by the next command.
            let _ = unmount(self.folder, UnmountFlags::empty());
        }
    }
}

impl Real {
    /// Takes the lock, waiting for whoever has it.
    ///
    /// # Errors
    /// The lock file cannot be made: no root, or no /run.
    pub fn locked(config: &Config, driver: Driver) -> Result<Self, MachineError> {
        let failed =
            |source| MachineError::Other { step: format!("cannot lock {}", config.lock.display()), source };
        let lock =
            OpenOptions::new().create(true).truncate(false).write(true).open(&config.lock).map_err(failed)?;
        lock.lock().map_err(failed)?;
        Ok(Self { config: config.clone(), driver, _lock: lock })
    }

    /// Why this machine could not try a new slot, where it could not.
    pub fn cannot_try(&self) -> Option<String> {
        (self.driver == Driver::RpiTryboot && !Path::new(MAILBOX).exists()).then(|| {
            format!(
                "this kernel cannot ask the Pi's firmware for a trial ({MAILBOX} is missing); remedy: an image with the Raspberry Pi kernel"
            )
        })
    }

    fn path(&self, place: Place) -> PathBuf {
        match place {
            Place::Record | Place::Outcome => self.config.data.join(place.to_string()),
            Place::Copy => self.config.data.join("autoboot.txt"),
            Place::Autoboot => self.bootsel_folder().join("autoboot.txt"),
            Place::Request => self.config.request.clone(),
        }
    }

    fn bootsel_folder(&self) -> &Path {
        self.config.bootsel.as_deref().unwrap_or(&self.config.mount_point)
    }

    fn bootsel(&self, flags: MountFlags) -> Result<Bootsel<'_>, MachineError> {
        let folder = self.bootsel_folder();
        if self.config.bootsel.is_some() {
            return Ok(Bootsel { folder, mounted: false });
        }
        let device = &self.config.bootsel_device;
        let failed = |source| MachineError::Other {
            step: format!(
                "cannot mount {} (needs the kernel's vfat, nls_cp437 and nls_ascii)",
                device.display()
            ),
            source,
        };
        fs::create_dir_all(folder).map_err(failed)?;
        let safe = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC | MountFlags::NOATIME;
        mount(device, folder, "vfat", safe | flags, None).map_err(|error| failed(error.into()))?;
        Ok(Bootsel { folder, mounted: true })
    }

    // Makes a file of bootsel, or removes it.
    fn change_bootsel(&self, name: &str, text: Option<&[u8]>) -> Result<(), MachineError> {
        let _mounted = self.bootsel(MountFlags::empty())?;
        let path = self.bootsel_folder().join(name);
        let change = || {
            if let Some(text) = text {
                let mut file = File::create(&path)?;
                file.write_all(text)?;
                file.sync_all()?;
            } else {
                fs::remove_file(&path)?;
            }
            File::open(self.bootsel_folder())?.sync_all()
        };
        change()
            .map_err(|source| MachineError::Other { step: format!("cannot set {name} on bootsel"), source })
    }

    fn file(step: &'static str, place: Place) -> impl Fn(io::Error) -> MachineError {
        move |source| MachineError::File { step, place, source }
    }
}

fn beside(path: &Path) -> PathBuf {
    path.with_added_extension("new")
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("/"))
}

/// A short file, which may lie in a folder of another user: neither is a link followed, nor a pipe waited for, nor more read
/// than fits any file of ours. `None` where there is none.
///
/// # Errors
/// It is something else than a file, or cannot be read.
pub fn read_short(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let flags = i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits()).map_err(io::Error::other)?;
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut bytes = Vec::new();
    file.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

// The card's own sector, past all caches where it is a device: `sector` is read, changed by `change`, and written if that says so.
struct Card {
    device: File,
}

impl Card {
    fn open(device: &Path, write: bool) -> io::Result<Self> {
        let is_device = fs::metadata(device)?.file_type().is_block_device();
        let flags = if is_device { OFlags::DIRECT | OFlags::SYNC } else { OFlags::SYNC };
        let flags = i32::try_from(flags.bits()).map_err(io::Error::other)?;
        Ok(Self { device: OpenOptions::new().read(true).write(write).custom_flags(flags).open(device)? })
    }

    fn read(&self, sector: u64) -> io::Result<[u8; SECTOR]> {
        let (mut memory, at) = aligned();
        let place = memory.get_mut(at..at + SECTOR).ok_or(io::ErrorKind::OutOfMemory)?;
        self.device.read_exact_at(place, sector * SECTOR as u64)?;
        (&*place).try_into().map_err(io::Error::other)
    }

    fn write(&self, sector: u64, bytes: &[u8; SECTOR]) -> io::Result<()> {
        let (mut memory, at) = aligned();
        let place = memory.get_mut(at..at + SECTOR).ok_or(io::ErrorKind::OutOfMemory)?;
        place.copy_from_slice(bytes);
        self.device.write_all_at(place, sector * SECTOR as u64)?;
        self.device.sync_all()
    }

    fn autoboot(&self) -> io::Result<Option<Found>> {
        fat::find(|sector| self.read(sector), b"AUTOBOOTTXT")
    }
}

// Memory that holds a sector at a multiple of its size, as direct access wants it.
fn aligned() -> (Vec<u8>, usize) {
    let memory = vec![0; 2 * SECTOR];
    let at = memory.as_ptr().align_offset(SECTOR).min(SECTOR);
    (memory, at)
}

fn is_on(device: &Path, name: &[u8; 11]) -> io::Result<bool> {
    let card = Card::open(device, false)?;
    Ok(fat::find(|sector| card.read(sector), name)?.is_some())
}

fn read_on(device: &Path) -> io::Result<Option<Vec<u8>>> {
    let card = Card::open(device, false)?;
    let Some(found) = card.autoboot()? else { return Ok(None) };
    // A file over one sector is none of ours: its first sector is enough to see that.
    let length = usize::try_from(found.length).unwrap_or(SECTOR).min(SECTOR);
    Ok(Some(card.read(found.sector)?[..length].to_vec()))
}

// Whether the file could be written over itself.
fn write_on(device: &Path, bytes: &[u8]) -> io::Result<bool> {
    let card = Card::open(device, true)?;
    let Some(found) = card.autoboot()? else { return Ok(false) };
    let length = usize::try_from(found.length).unwrap_or(usize::MAX);
    if !(bytes.len()..=SECTOR).contains(&length) {
        return Ok(false);
    }
    let mut sector = [0; SECTOR];
    for (place, byte) in sector.iter_mut().zip(bytes.iter().chain(repeat(&b'\n')).take(length)) {
        *place = *byte;
    }
    card.write(found.sector, &sector).map(|()| true)
}

// Through the file system: over the old bytes, at the old length where there are any.
fn overwrite(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    let mut padded = bytes.to_vec();
    if length <= autoboot::LIMIT {
        padded.resize(length.max(bytes.len()), b'\n');
    }
    file.write_all_at(&padded, 0)?;
    if length > autoboot::LIMIT {
        file.set_len(bytes.len() as u64)?;
    }
    file.sync_all()?;
    if length == 0 {
        File::open(folder_of(path))?.sync_all()?;
    }
    Ok(())
}

fn run(command: &[String], more: &[&str]) -> Result<(), MachineError> {
    let failed = |source| MachineError::Other { step: format!("cannot run {}", command.join(" ")), source };
    let (program, arguments) =
        command.split_first().ok_or_else(|| failed(io::Error::from(io::ErrorKind::InvalidInput)))?;
    let status = Command::new(program).args(arguments).args(more).status().map_err(failed)?;
    if status.success() { Ok(()) } else { Err(failed(io::Error::other(status.to_string()))) }
}

impl Machine for Real {
    fn read(&mut self, place: Place) -> Result<Option<Vec<u8>>, MachineError> {
        let bytes = match place {
            Place::Autoboot if self.config.bootsel.is_none() => read_on(&self.config.bootsel_device),
            // The kiosk's own folder: what lies there and is no request must not keep a trial from being judged.
            Place::Request => read_short(&self.path(place)).or(Ok(Some(Vec::new()))),
            Place::Autoboot | Place::Record | Place::Outcome | Place::Copy => read_short(&self.path(place)),
        };
        bytes.map_err(Self::file("cannot read", place))
    }

    fn write_beside(&mut self, place: Place, bytes: &[u8]) -> Result<(), MachineError> {
        let path = self.path(place);
        let write = || {
            fs::create_dir_all(folder_of(&path))?;
            File::create(beside(&path))?.write_all(bytes)
        };
        write().map_err(Self::file("cannot write", place))
    }

    fn sync_beside(&mut self, place: Place) -> Result<(), MachineError> {
        let sync = || File::open(beside(&self.path(place)))?.sync_all();
        sync().map_err(Self::file("cannot sync", place))
    }

    fn rename(&mut self, place: Place) -> Result<(), MachineError> {
        let path = self.path(place);
        fs::rename(beside(&path), &path).map_err(Self::file("cannot rename", place))
    }

    fn sync_folder(&mut self, place: Place) -> Result<(), MachineError> {
        let sync = || File::open(folder_of(&self.path(place)))?.sync_all();
        sync().map_err(Self::file("cannot sync the folder of", place))
    }

    fn remove(&mut self, place: Place) -> Result<(), MachineError> {
        match fs::remove_file(self.path(place)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Self::file("cannot remove", place)(error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn write_autoboot(&mut self, bytes: &[u8]) -> Result<(), MachineError> {
        let failed = Self::file("cannot write", Place::Autoboot);
        let device = &self.config.bootsel_device;
        let in_place = self.config.bootsel.is_none() && write_on(device, bytes).map_err(&failed)?;
        if !in_place {
            let _mounted = self.bootsel(MountFlags::empty())?;
            overwrite(&self.path(Place::Autoboot), bytes).map_err(&failed)?;
        }
        // Past the caches, so that the card answers.
        let stored = self.read(Place::Autoboot)?.unwrap_or_default();
        if autoboot::parse(&stored) == autoboot::parse(bytes) {
            Ok(())
        } else {
            let differs = io::Error::other("it reads back as something else: the card is worn out");
            Err(failed(differs))
        }
    }

    fn set_tryboot(&mut self, on: bool) -> Result<(), MachineError> {
        match self.driver {
            // The flag is part of the restart itself.
            Driver::RpiTryboot => match self.cannot_try() {
                Some(reason) if on => {
                    Err(MachineError::Other { step: reason, source: io::ErrorKind::Unsupported.into() })
                }
                Some(_) | None => Ok(()),
            },
            Driver::Sim => {
                let flag = self.bootsel_folder().join(FLAG);
                let mounted = self.bootsel(MountFlags::RDONLY)?;
                let there = flag.exists();
                drop(mounted);
                if there == on {
                    return Ok(());
                }
                self.change_bootsel(FLAG, on.then_some(b""))
            }
        }
    }

    fn went_back(&mut self) -> Result<bool, MachineError> {
        if self.config.bootsel.is_some() {
            return Ok(self.bootsel_folder().join(WENT_BACK).exists());
        }
        // Asked at every boot, so nothing is mounted for it.
        is_on(&self.config.bootsel_device, b"WENTBACK   ").map_err(|source| MachineError::Other {
            step: "cannot look for wentback on bootsel".to_owned(),
            source,
        })
    }

    fn set_went_back(&mut self, on: bool) -> Result<(), MachineError> {
        // Not empty: a file without a first sector is not found on the card itself.
        let text = b"A boot by tryboot found no data partition and went back. The next one that finds it removes this file.\n";
        self.change_bootsel(WENT_BACK, on.then_some(text))
    }

    fn restart(&mut self, tryboot: bool) -> Result<(), MachineError> {
        let argument =
            (tryboot && self.driver == Driver::RpiTryboot).then_some("--reboot-argument=0 tryboot");
        run(&self.config.restart, argument.as_slice())
    }

    fn firmware(&mut self) -> Result<Firmware, MachineError> {
        let folder = self.config.device_tree.join("chosen/bootloader");
        let number = |name: &str| {
            let path = folder.join(name);
            let failed = |source| MachineError::Firmware { path: path.display().to_string(), source };
            let bytes = fs::read(&path).map_err(failed)?;
            let bytes: [u8; 4] = bytes.try_into().map_err(|_| failed(io::ErrorKind::InvalidData.into()))?;
            Ok(u32::from_be_bytes(bytes))
        };
        let partition = number("partition")?;
        let slot = Slot::of_partition(partition).ok_or(MachineError::Partition(partition))?;
        Ok(Firmware { slot, tryboot: number("tryboot")? != 0 })
    }

    fn boot_id(&mut self) -> Result<String, MachineError> {
        let path = &self.config.boot_id;
        let text = fs::read_to_string(path).map_err(|source| MachineError::Other {
            step: format!("cannot read {}", path.display()),
            source,
        })?;
        Ok(text.trim().to_owned())
    }
}

#[cfg(test)]
mod tests;
