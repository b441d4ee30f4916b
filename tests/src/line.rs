//! The line between a kiosk and its district server: a TCP relay on loopback that can be cut and mended while both run.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A relay that runs until the process ends.
#[derive(Clone, Debug)]
pub struct Line {
    near: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    far: SocketAddr,
    cut: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
}

impl Line {
    /// Relays a loopback port of its own choice to `far`.
    ///
    /// # Errors
    /// When no port can be bound.
    pub fn to(far: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let near = listener.local_addr()?;
        let shared = Arc::new(Shared { far, cut: AtomicBool::new(false), open: Mutex::new(Vec::new()) });
        let relay = Arc::clone(&shared);
        std::thread::spawn(move || relay.accept(&listener));
        Ok(Self { near, shared })
    }

    /// The address that the kiosk is given.
    pub fn near(&self) -> SocketAddr {
        self.near
    }

    /// Cuts the line: what flows stops in mid-byte, new connections end at once.
    pub fn cut(&self) {
        self.shared.cut.store(true, Ordering::SeqCst);
        for stream in self.shared.open.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            stream.shutdown(Shutdown::Both).unwrap_or_default();
        }
    }

    /// Mends it.
    pub fn mend(&self) {
        self.shared.cut.store(false, Ordering::SeqCst);
    }

    /// Whether it is cut.
    pub fn is_cut(&self) -> bool {
        self.shared.cut.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        for near in listener.incoming().flatten() {
            if self.cut.load(Ordering::SeqCst) {
                continue;
            }
            // A server that is down looks to the kiosk like a line that ends at once.
            if let Ok(far) = TcpStream::connect_timeout(&self.far, Duration::from_secs(2)) {
                self.relay(&near, &far);
                self.relay(&far, &near);
            }
        }
    }

    fn relay(&self, from: &TcpStream, to: &TcpStream) {
        let (Ok(mut from), Ok(mut to), Ok(kept)) = (from.try_clone(), to.try_clone(), from.try_clone())
        else {
            return;
        };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|stream| stream.peer_addr().is_ok());
        open.push(kept);
        drop(open);
        std::thread::spawn(move || {
            let mut buffer = [0; 16 * 1024];
            while let Ok(length @ 1..) = from.read(&mut buffer) {
                if buffer.get(..length).is_none_or(|bytes| to.write_all(bytes).is_err()) {
                    break;
                }
            }
            to.shutdown(Shutdown::Both).unwrap_or_default();
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn echo() -> SocketAddr {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                std::thread::spawn(move || {
                    let mut buffer = [0; 64];
                    while let Ok(length @ 1..) = stream.read(&mut buffer) {
                        stream.write_all(&buffer[..length]).unwrap();
                    }
                });
            }
        });
        address
    }

    fn asks(line: &Line) -> Option<[u8; 5]> {
        let mut stream = TcpStream::connect(line.near()).unwrap();
        stream.write_all(b"hello").ok()?;
        let mut answer = [0; 5];
        stream.read_exact(&mut answer).ok()?;
        Some(answer)
    }

    #[test]
    fn a_line_carries_until_it_is_cut_and_again_when_mended() {
        let line = Line::to(echo()).unwrap();
        assert_eq!(asks(&line), Some(*b"hello"));
        line.cut();
        assert_eq!(asks(&line), None);
        line.mend();
        assert_eq!(asks(&line), Some(*b"hello"));
    }
}
