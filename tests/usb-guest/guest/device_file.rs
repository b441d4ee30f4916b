//! The device's end of a gadget: a node that comes and goes with the cable.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use rustix::fs::OFlags;
use rustix::termios::{OptionalActions, isatty, tcgetattr, tcsetattr};

/// A node that is opened when it can be, never blocks, and is closed when the cable is out.
#[derive(Debug)]
pub struct DeviceFile {
    path: PathBuf,
    file: Option<File>,
}

impl DeviceFile {
    /// The node of that path, whether it exists now or not.
    pub fn new(path: &str) -> Self {
        Self { path: PathBuf::from(path), file: None }
    }

    /// Opens the node unless it is open; false while that is impossible.
    pub fn is_open(&mut self) -> bool {
        if self.file.is_none() {
            let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
            let mut options = OpenOptions::new();
            options.read(true).write(true).custom_flags(flags.bits().cast_signed());
            self.file = options.open(&self.path).ok();
            if let Some(file) = self.file.as_ref().filter(|file| isatty(file)) {
                make_raw(file);
            }
        }
        self.file.is_some()
    }

    /// Closes the node: the device is switched off, or has lost its cable.
    pub fn close(&mut self) {
        self.file = None;
    }

    /// Reads what the computer has sent; 0 when that is nothing.
    pub fn read(&mut self, buffer: &mut [u8]) -> usize {
        self.exchange(|file| file.read(buffer))
    }

    /// Sends to the computer and says how much went.
    pub fn write(&mut self, bytes: &[u8]) -> usize {
        self.exchange(|file| file.write(bytes))
    }

    fn exchange(&mut self, act: impl FnOnce(&mut File) -> std::io::Result<usize>) -> usize {
        if !self.is_open() {
            return 0;
        }
        let Some(file) = &mut self.file else { return 0 };
        match act(file) {
            Ok(count) => count,
            Err(error) => {
                if !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) {
                    self.close();
                }
                0
            }
        }
    }
}

/// Keeps the terminal layer from echoing or changing bytes. Where that fails, the bytes come out wrong and show it.
fn make_raw(terminal: &File) {
    if let Ok(mut settings) = tcgetattr(terminal) {
        settings.make_raw();
        let _shows = tcsetattr(terminal, OptionalActions::Now, &settings);
    }
}
