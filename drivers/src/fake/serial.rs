//! The fake scanner and the fake keypad: PTYs that say what a test or a person at the dock makes them say.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::pty::Pty;
use crate::address::{Address, FlowControl};

/// How often a held key sends its byte.
const AUTOREPEAT: Duration = Duration::from_millis(100);

/// A serial cable with nothing but a voice at its end.
#[derive(Debug)]
struct Cable {
    link: PathBuf,
    pty: Mutex<Option<Pty>>,
}

impl Cable {
    fn new(link: &Path) -> io::Result<Self> {
        Ok(Self { link: link.to_owned(), pty: Mutex::new(Some(Pty::create(link)?)) })
    }

    fn lock(&self) -> MutexGuard<'_, Option<Pty>> {
        self.pty.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn address(&self) -> Address {
        Address::Serial { node: self.link.clone().into(), baud: 9600, flow: FlowControl::None }
    }

    fn send(&self, bytes: &[u8]) -> io::Result<()> {
        match self.lock().as_mut() {
            Some(pty) => pty.write_all(bytes),
            None => Err(io::Error::new(io::ErrorKind::NotConnected, "the cable is unplugged")),
        }
    }

    fn unplug(&self) {
        *self.lock() = None;
    }

    fn plug(&self) -> io::Result<()> {
        let mut pty = self.lock();
        if pty.is_none() {
            *pty = Some(Pty::create(&self.link)?);
        }
        Ok(())
    }

    fn is_plugged(&self) -> bool {
        self.lock().is_some()
    }
}

/// A scanner on a PTY.
#[derive(Debug)]
pub struct FakeScanner {
    cable: Cable,
    suffix: Vec<u8>,
}

impl FakeScanner {
    /// A scanner that sends `suffix` behind each code, plugged in, with a symbolic link of this name to its PTY.
    ///
    /// # Errors
    /// When the PTY or the link cannot be made.
    pub fn start(link: &Path, suffix: &[u8]) -> io::Result<Self> {
        Ok(Self { cable: Cable::new(link)?, suffix: suffix.to_vec() })
    }

    /// Where a driver finds it.
    #[must_use]
    pub fn address(&self) -> Address {
        self.cable.address()
    }

    /// Scans a code.
    ///
    /// # Errors
    /// When the cable is unplugged, or nobody reads and the line is full.
    pub fn scan(&self, code: &str) -> io::Result<()> {
        self.cable.send(&[code.as_bytes(), &self.suffix].concat())
    }

    /// Sends bytes as they are: half a scan, noise.
    ///
    /// # Errors
    /// As `scan`.
    pub fn send(&self, bytes: &[u8]) -> io::Result<()> {
        self.cable.send(bytes)
    }

    /// Pulls the cable.
    pub fn unplug(&self) {
        self.cable.unplug();
    }

    /// Puts the cable back in.
    ///
    /// # Errors
    /// When the PTY or the link cannot be made.
    pub fn plug(&self) -> io::Result<()> {
        self.cable.plug()
    }

    /// Whether the cable is in.
    #[must_use]
    pub fn is_plugged(&self) -> bool {
        self.cable.is_plugged()
    }
}

/// A rating keypad on a PTY that sends one digit a press. Dropping it ends its thread.
#[derive(Debug)]
pub struct FakeKeypad {
    cable: Arc<Cable>,
    /// The key to hold; none to let go.
    finger: Option<Sender<Option<u8>>>,
    thread: Option<JoinHandle<()>>,
}

impl FakeKeypad {
    /// A keypad, plugged in, with a symbolic link of this name to its PTY.
    ///
    /// # Errors
    /// When the PTY, the link or the thread cannot be made.
    pub fn start(link: &Path) -> io::Result<Self> {
        let cable = Arc::new(Cable::new(link)?);
        let (finger, orders) = channel();
        let held_cable = Arc::clone(&cable);
        let thread = std::thread::Builder::new().name("fake-keypad".to_owned()).spawn(move || {
            let mut held: Option<u8> = None;
            loop {
                let order = match held {
                    Some(_) => orders.recv_timeout(AUTOREPEAT),
                    None => orders.recv().map_err(|_| RecvTimeoutError::Disconnected),
                };
                match order {
                    Ok(key) => held = key,
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return,
                }
                if let Some(key) = held {
                    // A held key on an unplugged pad sends nothing; so does one into a full line.
                    let _unheard = held_cable.send(&[b'0' + key]);
                }
            }
        })?;
        Ok(Self { cable, finger: Some(finger), thread: Some(thread) })
    }

    /// Where a driver finds it.
    #[must_use]
    pub fn address(&self) -> Address {
        self.cable.address()
    }

    /// Presses a key, 1 to 9.
    ///
    /// # Errors
    /// When there is no such key, the cable is unplugged, or nobody reads and the line is full.
    pub fn press(&self, key: u8) -> io::Result<()> {
        self.cable.send(&[b'0' + checked(key)?])
    }

    /// Holds a key down until `release`.
    ///
    /// # Errors
    /// When there is no such key.
    pub fn hold(&self, key: u8) -> io::Result<()> {
        self.order(Some(checked(key)?))
    }

    /// Lets a held key go.
    ///
    /// # Errors
    /// When the thread has ended.
    pub fn release(&self) -> io::Result<()> {
        self.order(None)
    }

    fn order(&self, key: Option<u8>) -> io::Result<()> {
        let sent = self.finger.as_ref().is_some_and(|finger| finger.send(key).is_ok());
        if sent { Ok(()) } else { Err(io::Error::other("the thread of the keypad has ended")) }
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// As `press`.
    pub fn send(&self, bytes: &[u8]) -> io::Result<()> {
        self.cable.send(bytes)
    }

    /// Pulls the cable.
    pub fn unplug(&self) {
        self.cable.unplug();
    }

    /// Puts the cable back in.
    ///
    /// # Errors
    /// When the PTY or the link cannot be made.
    pub fn plug(&self) -> io::Result<()> {
        self.cable.plug()
    }

    /// Whether the cable is in.
    #[must_use]
    pub fn is_plugged(&self) -> bool {
        self.cable.is_plugged()
    }
}

impl Drop for FakeKeypad {
    fn drop(&mut self) {
        drop(self.finger.take());
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

fn checked(key: u8) -> io::Result<u8> {
    if (1..=9).contains(&key) {
        Ok(key)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, format!("key {key} is none of 1 to 9")))
    }
}
