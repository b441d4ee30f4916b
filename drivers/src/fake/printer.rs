//! The fake printer in a thread, reachable over TCP or a PTY.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd};

use super::core::PrinterCore;
use super::model::{FakeModel, FakeTicket};
use super::picture::write_png;
use super::pty::Pty;
use crate::address::{Address, FlowControl};
use crate::clock::Clock;
use crate::transport::poll_fds;

/// How finely the mechanism is followed while it works.
const TICK: Duration = Duration::from_millis(5);
const IDLE: Duration = Duration::from_secs(1);

/// Where a fake printer can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// A TCP port; 0 picks a free one.
    Tcp(SocketAddr),
    /// A PTY, with a symbolic link of this name to it.
    Pty(PathBuf),
}

/// What a fake printer is and where.
#[derive(Debug, Clone)]
pub struct FakePrinterConfig {
    /// Where it can be reached.
    pub listen: Listen,
    /// What it is.
    pub model: FakeModel,
    /// Where tickets go as `0001.png` and `0001.bin`; nowhere when absent.
    pub tickets_dir: Option<PathBuf>,
}

struct State {
    core: PrinterCore,
    plugged: bool,
    stopping: bool,
    tickets: Vec<FakeTicket>,
    /// Tickets that could not be written to disk, with the reason.
    write_errors: Vec<String>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    bell: OwnedFd,
    clock: Clock,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ring(&self) {
        let _ringing_already = rustix::io::write(&self.bell, &1_u64.to_ne_bytes());
    }
}

/// A fake printer in a thread of its own. Dropping it ends the thread.
pub struct FakePrinter {
    shared: Arc<Shared>,
    address: Address,
    thread: Option<JoinHandle<()>>,
}

impl FakePrinter {
    /// Starts a fake printer, plugged in.
    ///
    /// # Errors
    /// When the port is taken, or the PTY or the directory for tickets cannot be made.
    pub fn start(config: FakePrinterConfig) -> io::Result<Self> {
        if let Some(dir) = &config.tickets_dir {
            std::fs::create_dir_all(dir)?;
        }
        let (line, address) = Line::open(&config.listen)?;
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                core: PrinterCore::new(config.model),
                plugged: true,
                stopping: false,
                tickets: Vec::new(),
                write_errors: Vec::new(),
            }),
            changed: Condvar::new(),
            bell: eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?,
            clock: Clock::start(),
        });
        // A port that was picked stays the same after the cable was out.
        let listen = match (&config.listen, &address) {
            (Listen::Tcp(asked), Address::Tcp { port, .. }) => {
                Listen::Tcp(SocketAddr::new(asked.ip(), *port))
            }
            (other, _) => other.clone(),
        };
        let mut server = Server {
            shared: Arc::clone(&shared),
            listen,
            tickets_dir: config.tickets_dir,
            line,
            backlog: Vec::new(),
        };
        let thread =
            std::thread::Builder::new().name("fake-printer".to_owned()).spawn(move || server.run())?;
        Ok(Self { shared, address, thread: Some(thread) })
    }

    /// Where a driver finds it.
    #[must_use]
    pub fn address(&self) -> Address {
        self.address.clone()
    }

    /// Looks at the printer or does something to it: open the cover, end the paper.
    pub fn with<R>(&self, act: impl FnOnce(&mut PrinterCore) -> R) -> R {
        let now = self.shared.clock.now();
        let mut state = self.shared.lock();
        state.core.advance(now);
        let result = act(&mut state.core);
        drop(state);
        self.shared.ring();
        result
    }

    /// Pulls the cable: the connection drops and nobody answers any more.
    pub fn unplug(&self) {
        self.shared.lock().plugged = false;
        self.shared.ring();
    }

    /// Puts the cable back in.
    pub fn plug(&self) {
        let mut state = self.shared.lock();
        state.core.reconnect();
        state.plugged = true;
        drop(state);
        self.shared.ring();
    }

    /// Whether the cable is in.
    #[must_use]
    pub fn is_plugged(&self) -> bool {
        self.shared.lock().plugged
    }

    /// All tickets cut off so far.
    #[must_use]
    pub fn tickets(&self) -> Vec<FakeTicket> {
        self.shared.lock().tickets.clone()
    }

    /// Waits until that many tickets have been cut off; false when the time is over first.
    #[must_use]
    pub fn wait_for_tickets(&self, count: usize, timeout: Duration) -> bool {
        let state = self.shared.lock();
        let waited =
            self.shared.changed.wait_timeout_while(state, timeout, |state| state.tickets.len() < count);
        let (_state, result) = waited.unwrap_or_else(PoisonError::into_inner);
        !result.timed_out()
    }

    /// Waits until the printer is in a wanted state; false when the time is over first.
    #[must_use]
    pub fn wait_until(&self, timeout: Duration, mut wanted: impl FnMut(&PrinterCore) -> bool) -> bool {
        let state = self.shared.lock();
        let waited = self.shared.changed.wait_timeout_while(state, timeout, |state| !wanted(&state.core));
        let (_state, result) = waited.unwrap_or_else(PoisonError::into_inner);
        !result.timed_out()
    }

    /// Why tickets are missing from the directory, if some are.
    #[must_use]
    pub fn write_errors(&self) -> Vec<String> {
        self.shared.lock().write_errors.clone()
    }
}

impl Drop for FakePrinter {
    fn drop(&mut self) {
        self.shared.lock().stopping = true;
        self.shared.ring();
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

/// The printer's end of the cable.
enum Line {
    Unplugged,
    Tcp { listener: TcpListener, peer: Option<TcpStream> },
    Pty(Pty),
}

impl Line {
    fn open(listen: &Listen) -> io::Result<(Self, Address)> {
        match listen {
            Listen::Tcp(at) => {
                let listener = TcpListener::bind(at)?;
                listener.set_nonblocking(true)?;
                let at = listener.local_addr()?;
                let address = Address::Tcp { host: at.ip().to_string(), port: at.port() };
                Ok((Self::Tcp { listener, peer: None }, address))
            }
            Listen::Pty(link) => {
                let node = link.clone().into();
                let address = Address::Serial { node, baud: 115_200, flow: FlowControl::None };
                Ok((Self::Pty(Pty::create(link)?), address))
            }
        }
    }

    fn pollable(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Unplugged => None,
            Self::Tcp { listener, peer: None } => Some(listener.as_fd()),
            Self::Tcp { peer: Some(peer), .. } => Some(peer.as_fd()),
            Self::Pty(pty) => Some(pty.as_fd()),
        }
    }

    fn accept(&mut self) {
        if let Self::Tcp { listener, peer: peer @ None } = self
            && let Ok((stream, _)) = listener.accept()
            && stream.set_nonblocking(true).is_ok()
        {
            // Replies are single bytes; held back they would come late. Without it they come all the same.
            let _late = stream.set_nodelay(true);
            *peer = Some(stream);
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> usize {
        let result = match self {
            Self::Unplugged | Self::Tcp { peer: None, .. } => return 0,
            Self::Tcp { peer: Some(peer), .. } => peer.read(buffer),
            Self::Pty(pty) => return pty.read(buffer).unwrap_or(0),
        };
        match result {
            Ok(count) if count > 0 => count,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => 0,
            Ok(_) | Err(_) => {
                self.hang_up();
                0
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> usize {
        match self {
            Self::Unplugged => bytes.len(),
            // Nobody listens: the bytes are lost, as on a cable.
            Self::Tcp { peer: None, .. } => bytes.len(),
            Self::Tcp { peer: Some(peer), .. } => peer.write(bytes).unwrap_or(0),
            Self::Pty(pty) => pty.write(bytes).unwrap_or(0),
        }
    }

    fn hang_up(&mut self) {
        if let Self::Tcp { peer, .. } = self {
            *peer = None;
        }
    }
}

struct Server {
    shared: Arc<Shared>,
    listen: Listen,
    tickets_dir: Option<PathBuf>,
    line: Line,
    /// Replies that the line has not taken yet.
    backlog: Vec<u8>,
}

impl Server {
    fn run(&mut self) {
        loop {
            let (room, timeout) = {
                let shared = Arc::clone(&self.shared);
                let mut state = shared.lock();
                if state.stopping {
                    return;
                }
                state.plugged &= !state.core.is_cut_off();
                self.follow_cable(state.plugged);
                self.serve(&mut state);
                let timeout = if state.core.next_deadline().is_some() { TICK } else { IDLE };
                (state.core.room(), timeout)
            };
            self.wait(room, timeout);
        }
    }

    fn follow_cable(&mut self, plugged: bool) {
        match (&self.line, plugged) {
            (Line::Unplugged, true) => {
                // A port that is still closing is tried again at the next round.
                if let Ok((line, _)) = Line::open(&self.listen) {
                    self.line = line;
                }
            }
            (Line::Tcp { .. } | Line::Pty(_), false) => {
                self.line = Line::Unplugged;
                self.backlog.clear();
            }
            (Line::Unplugged, false) | (Line::Tcp { .. } | Line::Pty(_), true) => {}
        }
    }

    fn serve(&mut self, state: &mut State) {
        let now = self.shared.clock.now();
        state.core.advance(now);
        self.line.accept();
        let mut buffer = [0; 1024];
        loop {
            let room = state.core.room().min(buffer.len());
            let Some(target) = buffer.get_mut(..room).filter(|target| !target.is_empty()) else { break };
            let count = self.line.read(target);
            if count == 0 {
                break;
            }
            let received = target.get(..count).unwrap_or_default();
            state.core.receive(received, now);
        }
        self.backlog.extend(state.core.take_replies());
        let written = self.line.write(&self.backlog).min(self.backlog.len());
        self.backlog.drain(..written);
        while let Some(ticket) = state.core.take_ticket() {
            if let Err(error) = self.save(&ticket) {
                state.write_errors.push(format!("ticket {}: {error}", ticket.number));
            }
            state.tickets.push(ticket);
        }
        self.shared.changed.notify_all();
    }

    fn save(&self, ticket: &FakeTicket) -> io::Result<()> {
        let Some(dir) = &self.tickets_dir else { return Ok(()) };
        write_png(&ticket.image, &dir.join(format!("{:04}.png", ticket.number)))?;
        std::fs::write(dir.join(format!("{:04}.bin", ticket.number)), &ticket.raw)
    }

    fn wait(&mut self, room: usize, timeout: Duration) {
        let mut flags = PollFlags::empty();
        // A busy printer stops reading.
        flags.set(PollFlags::IN, room > 0);
        flags.set(PollFlags::OUT, !self.backlog.is_empty());
        let mut fds = vec![PollFd::new(&self.shared.bell, PollFlags::IN)];
        let mut timeout = timeout;
        match self.line.pollable() {
            Some(fd) => fds.push(PollFd::from_borrowed_fd(fd, flags)),
            None => timeout = timeout.min(Duration::from_millis(50)),
        }
        // A failing poll returns at once; the next round serves whatever there is.
        let _early = poll_fds(&mut fds, timeout);
        let mut count = [0; 8];
        let _silent = rustix::io::read(&self.shared.bell, &mut count);
    }
}
