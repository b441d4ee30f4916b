//! Serial lines and device files: anything that opens by path.
//!
//! The serialport crate sets a serial line up: raw 8N1, any speed, flow control. The bytes do not go through it: it writes
//! with one blocking call after a poll, which can hang for ever on a held CTS, and its flush is `tcdrain`, which has no
//! time limit. They go through a second descriptor of the same line, which is non-blocking and stays so.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;
use rustix::termios::{
    ControlModes, InputModes, OptionalActions, QueueSelector, isatty, tcflush, tcgetattr, tcsetattr,
};

use super::{Transport, TransportError};
use crate::address::{Address, FlowControl};

/// How long a device file that answered "end of file" is left alone before it is read again.
const END_OF_FILE_PAUSE: Duration = Duration::from_millis(100);

pub(super) struct FdTransport {
    file: File,
    /// A terminal at end of file has lost its other side; a device file may simply have nothing to say.
    is_terminal: bool,
    at_end_of_file: bool,
}

pub(super) fn open_serial(
    address: &Address,
    path: &Path,
    baud: u32,
    flow: FlowControl,
) -> Result<FdTransport, TransportError> {
    let file = open_unlocked(address, path)?;
    // The serialport crate wants a lock of its own for a moment. Ours before it tells who is in the way.
    lock(address, &file)?;
    flock(&file, FlockOperation::Unlock).map_err(|errno| refused(address, errno.into()))?;
    let flow = match flow {
        FlowControl::None => serialport::FlowControl::None,
        FlowControl::RtsCts => serialport::FlowControl::Hardware,
    };
    // Settings belong to the line, not to the descriptor that made them: they stay for as long as ours is open.
    serialport::new(path.to_string_lossy(), baud)
        .flow_control(flow)
        .exclusive(false)
        .open_native()
        .map(drop)
        .map_err(|error| refused(address, error.into()))?;
    lock(address, &file)?;
    // What lay in the line before we came belongs to nobody.
    tcflush(&file, QueueSelector::IFlush).map_err(|errno| refused(address, errno.into()))?;
    Ok(FdTransport { file, is_terminal: true, at_end_of_file: false })
}

pub(super) fn open_file(address: &Address, path: &Path) -> Result<FdTransport, TransportError> {
    let file = open_node(address, path)?;
    let is_terminal = isatty(&file);
    if is_terminal {
        set_raw(&file, 115_200).map_err(|errno| refused(address, errno.into()))?;
    }
    Ok(FdTransport { file, is_terminal, at_end_of_file: false })
}

fn open_node(address: &Address, path: &Path) -> Result<File, TransportError> {
    let file = open_unlocked(address, path)?;
    lock(address, &file)?;
    Ok(file)
}

fn open_unlocked(address: &Address, path: &Path) -> Result<File, TransportError> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
        .map_err(|source| open_error(address, source))
}

/// Two programs on one printer would steal each other's answers.
fn lock(address: &Address, file: &File) -> Result<(), TransportError> {
    flock(file, FlockOperation::NonBlockingLockExclusive).map_err(|errno| {
        let source = match errno {
            Errno::WOULDBLOCK => std::io::Error::new(
                ErrorKind::ResourceBusy,
                "it is in use, by another device of the configuration or another program",
            ),
            errno => errno.into(),
        };
        refused(address, source)
    })
}

fn refused(address: &Address, source: std::io::Error) -> TransportError {
    TransportError::Refused { address: address.to_string(), source }
}

pub(super) fn open_error(address: &Address, source: std::io::Error) -> TransportError {
    let address = address.to_string();
    if matches!(
        source.kind(),
        ErrorKind::PermissionDenied | ErrorKind::IsADirectory | ErrorKind::InvalidInput
    ) {
        TransportError::Refused { address, source }
    } else {
        TransportError::Absent { address, source }
    }
}

/// Sets a terminal to raw 8N1 at `baud`, without flow control.
pub(crate) fn set_raw(terminal: impl AsFd, baud: u32) -> rustix::io::Result<()> {
    let mut settings = tcgetattr(&terminal)?;
    settings.make_raw();
    settings.control_modes |= ControlModes::CREAD | ControlModes::CLOCAL;
    settings.control_modes -= ControlModes::CSTOPB | ControlModes::PARENB | ControlModes::CRTSCTS;
    // XON and XOFF are read by the status parser, not swallowed by the kernel.
    settings.input_modes -= InputModes::IXON | InputModes::IXOFF;
    settings.set_speed(baud)?;
    tcsetattr(&terminal, OptionalActions::Now, &settings)
}

/// Polls up to a time limit; an interrupting signal counts as an early return.
pub(crate) fn poll_fds(fds: &mut [PollFd<'_>], timeout: Duration) -> Result<(), TransportError> {
    let limit = Timespec {
        tv_sec: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: timeout.subsec_nanos().into(),
    };
    match poll(fds, Some(&limit)) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(errno) => Err(TransportError::Line(errno.into())),
    }
}

/// Whether the line goes on. Bytes that came before a hang-up are read first; the read then says that the line is gone.
pub(super) fn still_there(seen: PollFlags) -> Result<(), TransportError> {
    let has_ended = seen.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL);
    if has_ended && !seen.contains(PollFlags::IN) { Err(TransportError::Gone) } else { Ok(()) }
}

impl Transport for FdTransport {
    fn wait(
        &mut self,
        want_write: bool,
        wake: BorrowedFd<'_>,
        timeout: Duration,
    ) -> Result<(), TransportError> {
        let mut flags = PollFlags::empty();
        let mut timeout = timeout;
        if self.at_end_of_file {
            self.at_end_of_file = false;
            timeout = timeout.min(END_OF_FILE_PAUSE);
        } else {
            flags |= PollFlags::IN;
        }
        if want_write {
            flags |= PollFlags::OUT;
        }
        let mut fds = [PollFd::new(&self.file, flags), PollFd::from_borrowed_fd(wake, PollFlags::IN)];
        poll_fds(&mut fds, timeout)?;
        still_there(fds[0].revents())
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, TransportError> {
        match self.file.read(buffer) {
            Ok(0) if self.is_terminal => Err(TransportError::Gone),
            Ok(count) => {
                self.at_end_of_file = count == 0;
                Ok(count)
            }
            Err(error) => nothing_or_gone(error),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<usize, TransportError> {
        match self.file.write(bytes) {
            Ok(count) => Ok(count),
            Err(error) => nothing_or_gone(error),
        }
    }
}

/// Sorts an error of a non-blocking call: nothing now, or gone for good.
pub(super) fn nothing_or_gone(error: std::io::Error) -> Result<usize, TransportError> {
    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) {
        return Ok(0);
    }
    let ended = matches!(
        error.kind(),
        ErrorKind::BrokenPipe
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::NotConnected
            | ErrorKind::TimedOut
    );
    let unplugged = matches!(Errno::from_io_error(&error), Some(Errno::IO | Errno::NODEV | Errno::NXIO));
    Err(if ended || unplugged { TransportError::Gone } else { TransportError::Line(error) })
}
