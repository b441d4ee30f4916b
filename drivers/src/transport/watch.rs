//! Hears from the kernel (and from udev, once it has set the permissions) that something was plugged in.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::netlink::{KOBJECT_UEVENT, SocketAddrNetlink};
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, socket_with};

/// The kernel's own messages and those of udev.
const GROUPS: u32 = 1 | 2;

/// A socket that gets readable when a device comes or goes.
#[derive(Debug)]
pub(super) struct PlugWatch(OwnedFd);

impl PlugWatch {
    /// None where the system does not tell: then looking from time to time must do.
    pub(super) fn start() -> Option<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket =
            socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, Some(KOBJECT_UEVENT)).ok()?;
        bind(&socket, &SocketAddrNetlink::new(0, GROUPS)).ok()?;
        Some(Self(socket))
    }

    /// Reads all messages; whether one tells of an arrival. A forged one costs an attempt to open, no more.
    pub(super) fn has_seen_arrival(&self) -> bool {
        let (mut buffer, mut seen) = ([0; 8192], false);
        loop {
            match rustix::io::read(&self.0, &mut buffer) {
                Ok(count) if count > 0 => seen |= is_arrival(buffer.get(..count).unwrap_or_default()),
                // More messages than the socket holds: what was lost may have been an arrival.
                Err(rustix::io::Errno::NOBUFS) => seen = true,
                Ok(_) | Err(_) => return seen,
            }
        }
    }
}

impl AsFd for PlugWatch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Whether a message has the property `ACTION=add`; the properties end with a zero each.
fn is_arrival(message: &[u8]) -> bool {
    message.split(|byte| *byte == 0).any(|property| property.ends_with(b"ACTION=add"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_arrival_cuts_the_wait() {
        for (message, wanted) in [
            (&b"add@/devices/usb1/1-1\0ACTION=add\0DEVPATH=/devices/usb1/1-1\0SUBSYSTEM=usb\0"[..], true),
            (b"remove@/devices/usb1/1-1\0ACTION=remove\0SUBSYSTEM=usb\0", false),
            (b"change@/devices/x\0ACTION=change\0NAME=ACTION=adder\0", false),
            (b"libudev\0\xfe\xed\xca\xfe\0\0\0\x28ACTION=add\0DEVPATH=/devices/usb1/1-1\0", true),
            (b"", false),
        ] {
            assert_eq!(is_arrival(message), wanted, "{}", message.escape_ascii());
        }
    }
}
