//! A line that breaks after some hundred kilobytes, every time, and counts what it carried towards the kiosk.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use kiosk_tests::random::SplitMix64;

/// What a connection carries before it breaks: never more than this, and always enough for a part to come through now and then.
pub const CARRIES_AT_MOST: u64 = 500_000;

/// The line; it relays until the test ends.
pub struct WeakLine {
    near: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    far: SocketAddr,
    weak: AtomicBool,
    carried: AtomicU64,
    cuts: AtomicU64,
    random: Mutex<SplitMix64>,
}

impl WeakLine {
    /// A line to `far`, sound until told otherwise.
    pub fn to(far: SocketAddr, seed: u64) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let near = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            far,
            weak: AtomicBool::new(false),
            carried: AtomicU64::new(0),
            cuts: AtomicU64::new(0),
            random: Mutex::new(SplitMix64::new(seed)),
        });
        let relay = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let relay = Arc::clone(&relay);
                std::thread::spawn(move || relay.serve(&client));
            }
        });
        Self { near, shared }
    }

    /// Where the kiosk is told the server is.
    pub fn near(&self) -> SocketAddr {
        self.near
    }

    /// From now on each connection breaks.
    pub fn weaken(&self) {
        self.shared.weak.store(true, Ordering::SeqCst);
    }

    /// Bytes carried to the kiosk, and how often the line broke.
    pub fn done(&self) -> (u64, u64) {
        (self.shared.carried.load(Ordering::SeqCst), self.shared.cuts.load(Ordering::SeqCst))
    }
}

impl Shared {
    fn serve(&self, client: &TcpStream) {
        let Ok(server) = TcpStream::connect(self.far) else { return };
        let (mut questions, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        std::thread::spawn(move || {
            // A question that broke off is what this line is for.
            std::io::copy(&mut questions, &mut to_server).unwrap_or_default();
            to_server.shutdown(Shutdown::Both).unwrap_or_default();
        });
        let weak = self.weak.load(Ordering::SeqCst);
        let mut left =
            if weak { self.random.lock().unwrap().between(100_000, CARRIES_AT_MOST) } else { u64::MAX };
        let (mut answers, mut to_client, mut buffer) = (&server, client, [0; 8 * 1024]);
        while let Ok(length @ 1..) = answers.read(&mut buffer) {
            let carried = usize::try_from(left.min(length as u64)).unwrap();
            if to_client.write_all(&buffer[..carried]).is_err() {
                break;
            }
            self.carried.fetch_add(carried as u64, Ordering::SeqCst);
            left -= carried as u64;
            if left == 0 {
                self.cuts.fetch_add(1, Ordering::SeqCst);
                break;
            }
        }
        client.shutdown(Shutdown::Both).unwrap_or_default();
        server.shutdown(Shutdown::Both).unwrap_or_default();
    }
}
