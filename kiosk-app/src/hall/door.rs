//! The address that the hall service listens on, tried until it is there.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener};

/// An address, and what the log was last told of it.
pub(super) struct Door {
    address: SocketAddr,
    refused: Option<ErrorKind>,
}

impl Door {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, refused: None }
    }

    /// A listening socket; `None` when the address is taken or not this machine's, which may change. The log hears of
    /// each change once, however often this is tried.
    pub fn open(&mut self) -> io::Result<Option<TcpListener>> {
        let address = self.address;
        let error = match TcpListener::bind(address) {
            Ok(listener) => {
                listener.set_nonblocking(true)?;
                tracing::info!(address = %listener.local_addr()?, "hall-service: it listens");
                return Ok(Some(listener));
            }
            Err(error) => error,
        };
        let remedy = if error.kind() == ErrorKind::AddrInUse {
            "another program has this port (perhaps a second kiosk): end it, or change [service] listen"
        } else if error.kind() == ErrorKind::AddrNotAvailable {
            "no network card has this address: look at the LAN, or write 0.0.0.0 into [service] listen"
        } else {
            return Err(error);
        };
        if self.refused.replace(error.kind()) != Some(error.kind()) {
            tracing::warn!(%address, remedy, "hall-service-waits: it cannot listen, and tries again until it can");
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_taken_port_is_told_once_and_listening_only_when_it_listens() {
        let log = Log::default();
        let written = log.clone();
        let subscriber =
            tracing_subscriber::fmt().with_writer(move || written.clone()).with_ansi(false).finish();
        let lines = |name: &str| {
            let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
            text.lines().filter(|line| line.contains(name)).count()
        };
        tracing::subscriber::with_default(subscriber, || {
            let other = TcpListener::bind("127.0.0.1:0").unwrap();
            let mut door = Door::new(other.local_addr().unwrap());
            for _ in 0..3 {
                assert!(door.open().unwrap().is_none());
            }
            assert_eq!((lines("hall-service-waits"), lines("hall-service: it listens")), (1, 0));
            drop(other);
            assert!(door.open().unwrap().is_some());
            assert_eq!((lines("hall-service-waits"), lines("hall-service: it listens")), (1, 1));
        });
    }
}
