//! A PTY with a stable name.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{OFlags, fcntl_setfl};
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, ptsname, unlockpt};

use crate::transport::set_raw;

/// The device's end of a PTY; `link` names the computer's end for as long as this lives.
#[derive(Debug)]
pub(super) struct Pty {
    device: File,
    /// Held, so that what is sent while nobody listens is not lost and hang-ups come from us alone.
    _computer: OwnedFd,
    link: PathBuf,
}

impl Pty {
    pub(super) fn create(link: &Path) -> io::Result<Self> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let device = openpt(flags)?;
        grantpt(&device)?;
        unlockpt(&device)?;
        let computer = ioctl_tiocgptpeer(&device, flags)?;
        set_raw(&computer, 115_200)?;
        fcntl_setfl(&device, OFlags::RDWR | OFlags::NONBLOCK)?;
        let name = ptsname(&device, Vec::new())?;
        let name = name.to_str().map_err(io::Error::other)?;
        match std::fs::remove_file(link) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        std::os::unix::fs::symlink(name, link)?;
        Ok(Self { device: File::from(device), _computer: computer, link: link.to_owned() })
    }
}

impl Pty {
    /// Another handle to the device's end, to wait on.
    pub(super) fn try_clone(&self) -> io::Result<OwnedFd> {
        self.device.as_fd().try_clone_to_owned()
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        // Gone already is as good.
        let _gone = std::fs::remove_file(&self.link);
    }
}

impl AsFd for Pty {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.device.as_fd()
    }
}

impl io::Read for Pty {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.device.read(buffer)
    }
}

impl io::Write for Pty {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.device.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
