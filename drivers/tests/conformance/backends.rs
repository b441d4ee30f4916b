//! The backends that need no hardware: memory, PTY as serial line and as device file, TCP.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kiosk_drivers::Address;
use kiosk_drivers::transport::{OpenLine, Transport, TransportError};
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

use crate::suite::Backend;

/// Bytes that a line of memory holds each way.
const MEMORY: usize = 4096;

/// What lies on a line of memory. Plugging in anew makes a new one.
#[derive(Default)]
struct Cable {
    to_device: VecDeque<u8>,
    to_computer: VecDeque<u8>,
    is_out: bool,
}

struct SharedCable {
    cable: Mutex<Cable>,
    /// Readable when something has changed for the computer.
    bell: OwnedFd,
}

impl SharedCable {
    fn lock(&self) -> MutexGuard<'_, Cable> {
        self.cable.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ring(&self) {
        let _ringing = rustix::io::write(&self.bell, &1_u64.to_ne_bytes());
    }
}

/// What is wrong with a line, so that a check has something to find.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// The second byte of a write is lost.
    LosesBytes,
    /// A write claims a byte more than there was room for.
    Claims,
    /// A wait ends at once.
    Spins,
    /// A wait ends a little after its time.
    IsLate,
    /// Nothing is read while a write stands still.
    OneWay,
    /// A pulled cable is not noticed.
    NeverGone,
    /// It opens, but nothing goes over it after the cable's return.
    NeverBack,
}

/// The model of a line: what all others are held to.
struct MemoryLine(Arc<SharedCable>, Option<Flaw>);

impl MemoryLine {
    fn has(&self, flaw: Flaw) -> bool {
        self.1 == Some(flaw)
    }

    fn gone_or(&self, count: usize) -> Result<usize, TransportError> {
        if count == 0 && self.0.lock().is_out && !self.has(Flaw::NeverGone) {
            Err(TransportError::Gone)
        } else {
            Ok(count)
        }
    }
}

impl Transport for MemoryLine {
    fn wait(
        &mut self,
        want_write: bool,
        wake: BorrowedFd<'_>,
        timeout: Duration,
    ) -> Result<(), TransportError> {
        if self.has(Flaw::Spins) {
            return Ok(());
        }
        let timeout = if self.has(Flaw::IsLate) { timeout + Duration::from_millis(80) } else { timeout };
        {
            let cable = self.0.lock();
            if cable.is_out || !cable.to_computer.is_empty() || (want_write && cable.to_device.len() < MEMORY)
            {
                return Ok(());
            }
        }
        let limit = Timespec { tv_sec: timeout.as_secs() as i64, tv_nsec: timeout.subsec_nanos().into() };
        let bell = PollFd::new(&self.0.bell, PollFlags::IN);
        poll(&mut [bell, PollFd::from_borrowed_fd(wake, PollFlags::IN)], Some(&limit))
            .map_err(std::io::Error::from)?;
        let _silent = rustix::io::read(&self.0.bell, &mut [0; 8]);
        Ok(())
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, TransportError> {
        if self.has(Flaw::OneWay) && self.0.lock().to_device.len() == MEMORY {
            return Ok(0);
        }
        let count = take(&mut self.0.lock().to_computer, buffer);
        self.gone_or(count)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<usize, TransportError> {
        self.gone_or(0)?;
        let mut cable = self.0.lock();
        if self.has(Flaw::LosesBytes) && bytes.len() > 1 {
            return Ok(put(&mut cable.to_device, &bytes[..1]) * 2);
        }
        let count = put(&mut cable.to_device, bytes);
        let claims_more = self.has(Flaw::Claims) && count > 0 && count < bytes.len();
        Ok(count + usize::from(claims_more))
    }
}

fn take(queue: &mut VecDeque<u8>, buffer: &mut [u8]) -> usize {
    let count = queue.len().min(buffer.len());
    for (target, byte) in buffer.iter_mut().zip(queue.drain(..count)) {
        *target = byte;
    }
    count
}

fn put(queue: &mut VecDeque<u8>, bytes: &[u8]) -> usize {
    let count = bytes.len().min(MEMORY - queue.len());
    queue.extend(&bytes[..count]);
    count
}

/// A line of memory.
pub struct Memory(Arc<Mutex<Arc<SharedCable>>>, Option<Flaw>);

impl Memory {
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(Self::cable())), None)
    }

    pub fn flawed(flaw: Flaw) -> Self {
        Self(Arc::new(Mutex::new(Self::cable())), Some(flaw))
    }

    fn cable() -> Arc<SharedCable> {
        let bell = eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC).unwrap();
        Arc::new(SharedCable { cable: Mutex::new(Cable::default()), bell })
    }

    fn current(&self) -> Arc<SharedCable> {
        Arc::clone(&self.0.lock().unwrap())
    }
}

impl Backend for Memory {
    fn address(&self) -> Address {
        "file:memory".parse().unwrap()
    }

    fn opening(&self) -> Option<OpenLine> {
        let (cable, flaw) = (Arc::clone(&self.0), self.1);
        Some(Arc::new(move || {
            let cable = Arc::clone(&cable.lock().unwrap());
            if cable.lock().is_out {
                let (address, source) = ("memory".to_owned(), ErrorKind::NotFound.into());
                return Err(TransportError::Absent { address, source });
            }
            Ok(Box::new(MemoryLine(cable, flaw)) as Box<dyn Transport>)
        }))
    }

    fn device_read(&mut self, buffer: &mut [u8]) -> usize {
        let cable = self.current();
        let count = take(&mut cable.lock().to_device, buffer);
        cable.ring();
        count
    }

    fn device_write(&mut self, bytes: &[u8]) -> usize {
        let cable = self.current();
        let count = put(&mut cable.lock().to_computer, bytes);
        cable.ring();
        count
    }

    fn unplug(&mut self) {
        let cable = self.current();
        cable.lock().is_out = true;
        cable.ring();
    }

    fn plug(&mut self) {
        let cable = Self::cable();
        if self.1 == Some(Flaw::NeverBack) {
            cable.lock().to_device.extend([0; MEMORY]);
        }
        *self.0.lock().unwrap() = cable;
    }
}

/// A pseudo-terminal behind a link, reached as a serial line or as a device file.
pub struct Pty {
    kind: &'static str,
    link: PathBuf,
    device: Option<File>,
    _directory: tempfile::TempDir,
}

impl Pty {
    pub fn new(kind: &'static str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let link = directory.path().join("device");
        let mut pty = Self { kind, link, device: None, _directory: directory };
        pty.plug();
        pty
    }
}

impl Backend for Pty {
    fn address(&self) -> Address {
        format!("{}:{}", self.kind, self.link.display()).parse().unwrap()
    }

    fn device_read(&mut self, buffer: &mut [u8]) -> usize {
        self.device.as_mut().map_or(0, |device| device.read(buffer).unwrap_or(0))
    }

    fn device_write(&mut self, bytes: &[u8]) -> usize {
        self.device.as_mut().map_or(0, |device| device.write(bytes).unwrap_or(0))
    }

    fn unplug(&mut self) {
        self.device = None;
        std::fs::remove_file(&self.link).unwrap();
    }

    fn plug(&mut self) {
        let device = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&device).unwrap();
        unlockpt(&device).unwrap();
        let name = ptsname(&device, Vec::new()).unwrap();
        let mut settings = tcgetattr(&device).unwrap();
        settings.make_raw();
        tcsetattr(&device, OptionalActions::Now, &settings).unwrap();
        rustix::io::ioctl_fionbio(&device, true).unwrap();
        self.device = Some(File::from(device));
        std::os::unix::fs::symlink(name.to_str().unwrap(), &self.link).unwrap();
    }
}

/// A network printer on this computer.
pub struct Tcp {
    port: u16,
    listener: Option<TcpListener>,
    peer: Option<TcpStream>,
}

impl Tcp {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self { port: listener.local_addr().unwrap().port(), listener: Some(listener), peer: None }
    }

    /// The newest connection: a printer serves one at a time.
    fn peer(&mut self) -> Option<&mut TcpStream> {
        if let Some((peer, _)) = self.listener.as_ref().and_then(|listener| listener.accept().ok()) {
            peer.set_nonblocking(true).unwrap();
            peer.set_nodelay(true).unwrap();
            self.peer = Some(peer);
        }
        self.peer.as_mut()
    }
}

impl Backend for Tcp {
    fn address(&self) -> Address {
        format!("tcp:127.0.0.1:{}", self.port).parse().unwrap()
    }

    fn device_read(&mut self, buffer: &mut [u8]) -> usize {
        self.peer().map_or(0, |peer| peer.read(buffer).unwrap_or(0))
    }

    fn device_write(&mut self, bytes: &[u8]) -> usize {
        self.peer().map_or(0, |peer| peer.write(bytes).unwrap_or(0))
    }

    fn unplug(&mut self) {
        // A connection that was not accepted yet is reset with the listener.
        self.peer();
        (self.listener, self.peer) = (None, None);
    }

    fn plug(&mut self) {
        let again = std::iter::repeat_with(|| TcpListener::bind(("127.0.0.1", self.port)));
        let listener = again.take(1000).find_map(Result::ok).expect("the port is free again");
        listener.set_nonblocking(true).unwrap();
        self.listener = Some(listener);
    }
}
