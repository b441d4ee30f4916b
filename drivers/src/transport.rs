//! Byte lines to devices: TCP, serial lines and device files behind three methods that never block.

mod fd;
mod mailbox;
mod opener;
mod tcp;

use std::os::fd::BorrowedFd;
use std::time::Duration;

pub(crate) use fd::poll_fds;
#[cfg(feature = "fake")]
pub(crate) use fd::set_raw;
pub use mailbox::{Inbox, Mailbox, MailboxError, mailbox};
pub(crate) use mailbox::{Received, Waker};
pub(crate) use opener::Opener;

use crate::address::Address;

/// Why a device could not be opened, or why its line ended.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The device is not there: no such node, or nobody answers at the address.
    #[error("no device at {address}")]
    Absent {
        /// The address as configured.
        address: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The device is there and may not be used.
    #[error("cannot open {address}: {source}")]
    Refused {
        /// The address as configured.
        address: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The line ended: unplugged, switched off, closed by the other side.
    #[error("the line ended")]
    Gone,
    /// The line failed.
    #[error("the line failed: {0}")]
    Line(#[from] std::io::Error),
}

/// A line to a device. Nothing here blocks but `wait`, and that has a time limit.
pub trait Transport: Send {
    /// Waits until the device has bytes for us, or (if `want_write`) takes bytes, or `wake` is readable, or `timeout`
    /// is over. May return early.
    ///
    /// # Errors
    /// [`TransportError::Gone`] once the other side has gone.
    fn wait(
        &mut self,
        want_write: bool,
        wake: BorrowedFd<'_>,
        timeout: Duration,
    ) -> Result<(), TransportError>;

    /// Reads what is there; 0 when there is nothing.
    ///
    /// # Errors
    /// [`TransportError::Gone`] once the other side has gone.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, TransportError>;

    /// Writes what the line takes now and says how much that was; 0 when it takes nothing. Being taken is no proof of
    /// having reached the device.
    ///
    /// # Errors
    /// [`TransportError::Gone`] once the other side has gone.
    fn write(&mut self, bytes: &[u8]) -> Result<usize, TransportError>;
}

/// Opens the line to a device.
///
/// # Errors
/// [`TransportError::Absent`] when trying again later may help, [`TransportError::Refused`] when it needs a person.
pub fn open(address: &Address) -> Result<Box<dyn Transport>, TransportError> {
    Ok(match address {
        Address::Tcp { host, port } => Box::new(tcp::open(address, host, *port)?),
        Address::Serial { path, baud, flow } => Box::new(fd::open_serial(address, path, *baud, *flow)?),
        Address::File { path } => Box::new(fd::open_file(address, path)?),
    })
}
