//! Byte lines to devices: TCP, serial lines, device files and USB printers behind methods that never block.

mod fd;
mod gpio;
mod input;
mod mailbox;
mod opener;
mod tcp;
mod watch;

use std::io::ErrorKind;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use fd::poll_fds;
#[cfg(feature = "fake")]
pub(crate) use fd::set_raw;
pub(crate) use gpio::Pins;
pub use mailbox::{Inbox, Mailbox, MailboxError, mailbox};
pub(crate) use mailbox::{Received, Waker};
pub(crate) use opener::Opener;

use crate::address::Address;
use crate::identity::{NodeClass, NodeFinder, Place};
use crate::usb::{DeviceId, PortStatus, UsbLine};

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

    /// Ends the writing and says how many of the last bytes that `write` took have certainly not reached the device. Lines
    /// that cannot know (all but USB) say 0. For a line that is given up: nothing can be written afterwards.
    fn withdraw(&mut self) -> usize {
        0
    }

    /// What the device said of itself when it was opened; USB printers do.
    fn device_id(&self) -> Option<&DeviceId> {
        None
    }

    /// The way beside the data; USB printers have one.
    fn port(&mut self) -> Option<&mut dyn PrinterPort> {
        None
    }
}

/// What a USB printer answers beside its data, also when it answers nothing else.
pub trait PrinterPort {
    /// Asks for the state of the port. Does not wait; a question that is under way already stands for this one.
    fn ask_status(&mut self);

    /// The answer, once; the end of `wait` says that it may be there. None where the printer does not know the question.
    fn status(&mut self) -> Option<PortStatus>;

    /// Makes the printer forget what it has not carried out, and end whatever holds it up. For a line that is given up and
    /// withdrawn from; may take half a second. Says whether the printer knows the request.
    fn soft_reset(&mut self) -> bool;
}

/// Opens lines to one device, in place of [`open`].
pub type OpenLine = Arc<dyn Fn() -> Result<Box<dyn Transport>, TransportError> + Send + Sync>;

/// Opens the line to a device.
///
/// # Errors
/// [`TransportError::Absent`] when trying again later may help, [`TransportError::Refused`] when it needs a person.
pub fn open(address: &Address) -> Result<Box<dyn Transport>, TransportError> {
    Ok(match address {
        Address::Tcp { host, port } => Box::new(tcp::open(address, host, *port)?),
        Address::Serial { node, baud, flow } => {
            let path = find(address, node, NodeClass::Serial)?;
            Box::new(fd::open_serial(address, &path, *baud, *flow)?)
        }
        Address::File { node } => {
            Box::new(fd::open_file(address, &find(address, node, NodeClass::Printer)?)?)
        }
        Address::Usb(selector) => Box::new(UsbLine::open(selector)?),
        Address::Evdev { input } => Box::new(input::open(address, input)?),
        Address::Gpio { pins } => Box::new(gpio::open(address, pins)?),
    })
}

/// The node of a device as of now.
fn find(address: &Address, node: &Place, class: NodeClass) -> Result<PathBuf, TransportError> {
    node.resolve(class, &NodeFinder::default()).ok_or_else(|| TransportError::Absent {
        address: address.to_string(),
        source: ErrorKind::NotFound.into(),
    })
}
