//! Network printers.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::fd::BorrowedFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};
use rustix::net::sockopt::set_tcp_user_timeout;

use super::fd::{nothing_or_gone, poll_fds};
use super::{Transport, TransportError};
use crate::address::Address;

const CONNECT_LIMIT: Duration = Duration::from_secs(1);

/// Bytes that the other side has not taken for this long mean that the cable is out. Not shorter: a printer that is busy
/// closes its window for seconds. That it does not answer is known sooner, from the heartbeat.
const UNACKNOWLEDGED_LIMIT_MILLIS: u32 = 5000;

pub(super) struct TcpTransport {
    stream: TcpStream,
    /// The other side has closed; what is written still would be taken, and thrown away.
    is_closed: bool,
}

pub(super) fn open(address: &Address, host: &str, port: u16) -> Result<TcpTransport, TransportError> {
    let absent = |source| TransportError::Absent { address: address.to_string(), source };
    let mut last = std::io::Error::from(std::io::ErrorKind::NotFound);
    for candidate in (host, port).to_socket_addrs().map_err(absent)? {
        match TcpStream::connect_timeout(&candidate, CONNECT_LIMIT) {
            Ok(stream) => {
                stream.set_nonblocking(true)?;
                stream.set_nodelay(true)?;
                set_tcp_user_timeout(&stream, UNACKNOWLEDGED_LIMIT_MILLIS).map_err(std::io::Error::from)?;
                return Ok(TcpTransport { stream, is_closed: false });
            }
            Err(error) => last = error,
        }
    }
    Err(absent(last))
}

impl Transport for TcpTransport {
    fn wait(
        &mut self,
        want_write: bool,
        wake: BorrowedFd<'_>,
        timeout: Duration,
    ) -> Result<(), TransportError> {
        let flags = if want_write { PollFlags::IN | PollFlags::OUT } else { PollFlags::IN };
        let mut fds = [PollFd::new(&self.stream, flags), PollFd::from_borrowed_fd(wake, PollFlags::IN)];
        poll_fds(&mut fds, timeout)
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, TransportError> {
        match self.stream.read(buffer) {
            Ok(0) => {
                self.is_closed = true;
                Err(TransportError::Gone)
            }
            Ok(count) => Ok(count),
            Err(error) => nothing_or_gone(error),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<usize, TransportError> {
        if self.is_closed {
            return Err(TransportError::Gone);
        }
        match self.stream.write(bytes) {
            Ok(count) => Ok(count),
            Err(error) => nothing_or_gone(error),
        }
    }
}
