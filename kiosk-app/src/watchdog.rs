//! Tells the service manager that the kiosk works: fed from the screen's thread, and only while the loop of the rules
//! keeps turning, so that a hang of either is noticed.

use std::os::unix::net::UnixDatagram;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::Clock;

/// The loop ticks every second and may wait some seconds for a slow disk; longer than this, and it hangs.
const LOOP_MAY_REST_MS: u64 = 10_000;

/// Shared by the loop, which turns, and the screen, which looks.
#[derive(Clone, Debug)]
pub struct Heartbeat {
    clock: Clock,
    last_turn_ms: Arc<AtomicU64>,
}

impl Heartbeat {
    /// A heartbeat whose first turn is now.
    pub fn new(clock: Clock) -> Self {
        let last_turn_ms = Arc::new(AtomicU64::new(clock.mono_ms()));
        Self { clock, last_turn_ms }
    }

    /// A heartbeat that nobody listens to before its first turn: opening and checking a database has no deadline.
    pub fn not_yet(clock: Clock) -> Self {
        Self { clock, last_turn_ms: Arc::new(AtomicU64::new(u64::MAX)) }
    }

    /// The loop turned.
    pub fn turned(&self) {
        self.last_turn_ms.store(self.clock.mono_ms(), Ordering::Relaxed);
    }

    /// Whether the loop turned lately.
    pub fn is_beating(&self) -> bool {
        beats(self.clock.mono_ms(), self.last_turn_ms.load(Ordering::Relaxed))
    }
}

fn beats(now_ms: u64, last_turn_ms: u64) -> bool {
    now_ms.saturating_sub(last_turn_ms) <= LOOP_MAY_REST_MS
}

/// The service manager's notification socket, if it gave one.
#[derive(Debug, Default)]
pub struct ServiceManager {
    socket: Option<UnixDatagram>,
}

impl ServiceManager {
    /// Connects to the socket that `NOTIFY_SOCKET` names; without one, every call does nothing.
    pub fn from_environment() -> Self {
        Self { socket: std::env::var_os("NOTIFY_SOCKET").and_then(connect) }
    }

    /// Whether one started this program.
    pub fn is_there() -> bool {
        std::env::var_os("NOTIFY_SOCKET").is_some()
    }

    /// The first frame is drawn; a database that cannot be opened is said on it and tried again.
    pub fn ready(&self) {
        self.send("READY=1\n");
    }

    /// The screen's thread did its work; passed on only while the loop's heart beats.
    pub fn kick(&self, heartbeat: &Heartbeat) {
        if heartbeat.is_beating() {
            self.send("WATCHDOG=1\n");
        }
    }

    /// The kiosk ends on purpose.
    pub fn stopping(&self) {
        self.send("STOPPING=1\n");
    }

    fn send(&self, state: &str) {
        if let Some(socket) = &self.socket
            && let Err(error) = socket.send(state.as_bytes())
        {
            tracing::warn!(%error, "service-manager-deaf: its socket took nothing");
        }
    }
}

fn connect(address: std::ffi::OsString) -> Option<UnixDatagram> {
    let socket = UnixDatagram::unbound().ok()?;
    // A leading @ names an abstract socket, which has no path.
    let text = address.to_string_lossy().into_owned();
    let connected = match text.strip_prefix('@') {
        Some(name) => {
            use std::os::linux::net::SocketAddrExt;
            let address = std::os::unix::net::SocketAddr::from_abstract_name(name).ok()?;
            socket.connect_addr(&address)
        }
        None => socket.connect(&text),
    };
    connected.ok().map(|()| socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_heartbeat_beats() {
        assert!(Heartbeat::new(Clock::start()).is_beating());
    }

    #[test]
    fn the_kick_reaches_the_socket_of_the_service_manager() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        let service = ServiceManager { socket: connect(path.into_os_string()) };
        service.kick(&Heartbeat::new(Clock::start()));
        let mut received = [0; 32];
        let length = manager.recv(&mut received).unwrap();
        assert_eq!(&received[..length], b"WATCHDOG=1\n");
    }

    #[test]
    fn a_loop_that_hangs_is_not_vouched_for() {
        for (now_ms, last_turn_ms, expected) in
            [(10_000, 0, true), (10_001, 0, false), (9_000, 8_000, true), (0, 7, true)]
        {
            assert_eq!(beats(now_ms, last_turn_ms), expected, "now {now_ms}, last turn {last_turn_ms}");
        }
    }
}
