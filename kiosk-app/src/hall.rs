//! The hall LAN's service: officer console (`/quay`), hall display (`/bang`) and the state of the machine (`/may`).
//!
//! ```text
//!  officer's page --POST--> routes --Event::OfficerPressed--> loop of the rules
//!        ^                    ^                                     |
//!        |                    +---- Service::answer <---------------+  one answer a press
//!        +--- server-sent fragments <---- Service::publish <--------+  whole board each time
//! ```
//!
//! The service decides nothing: it shows what the rules published and hands presses to them. Pages hold no state
//! that a restart could lose; sessions live in signed cookies. No names of citizens pass through here.

mod answer_words;
mod connections;
mod desk;
mod door;
mod labels;
mod pages;
pub mod pins;
mod press;
mod routes;
mod scene;
mod secret;
pub mod session;
mod streams;
mod throttle;
mod words;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::thread::JoinHandle;

use kiosk_core::effect::{Board, OfficerAnswer};
use kiosk_core::event::Event;
use kiosk_core::id::RequestId;
use thiserror::Error;
use tokio::sync::oneshot;

use crate::clock::Clock;
use desk::Desk;
use door::Door;
use pins::PinBook;
use session::SessionKey;

pub use labels::Labels;

/// What the service is started with.
pub struct Setup {
    /// Where it listens: an address of the hall's LAN.
    pub listen: SocketAddr,
    /// Names of counters, areas and reasons.
    pub labels: Labels,
    /// The counters' PINs.
    pub pins: PinBook,
    /// Signs officers' sessions.
    pub key: SessionKey,
    /// How long the display shows one call before the next, seconds; the same as the announcer's.
    pub call_secs: u32,
    /// The kiosk's clocks.
    pub clock: Clock,
}

/// Why the service did not start. The kiosk goes on issuing numbers without it and tells staff.
#[derive(Debug, Error)]
pub enum ServiceError {
    /// The address may not be listened on.
    #[error("hall service cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// No thread, no event loop or no randomness to be had.
    #[error("hall service cannot start")]
    Start(#[from] io::Error),
}

/// The running service; its thread ends when it is stopped or dropped.
pub struct Service {
    address: SocketAddr,
    desk: Arc<Desk>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Service {
    /// Listens and serves in a thread of its own; an address that is not there yet, as at boot before the LAN is, is
    /// tried again until it is. Presses go into `events` without ever waiting for room.
    pub fn start(setup: Setup, events: SyncSender<Event>) -> Result<Self, ServiceError> {
        let address = setup.listen;
        let listen = |source| ServiceError::Listen { address, source };
        let mut door = Door::new(address);
        let listener = door.open().map_err(listen)?;
        let address = listener.as_ref().map_or(Ok(address), TcpListener::local_addr).map_err(listen)?;

        let mut run = [0; 16];
        getrandom::fill(&mut run).map_err(io::Error::other)?;
        let desk = Arc::new(Desk::new(setup, events, run));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let app = routes::app(Arc::clone(&desk));
        let serve = move || {
            runtime.block_on(async {
                tokio::select! {
                    // Either a stop was asked for or the service was dropped.
                    _ = stopped => {}
                    ended = routes::serve(listener, door, app) => {
                        if let Err(error) = ended {
                            tracing::error!(%error, "hall-service-ended");
                        }
                    }
                }
            });
            runtime.shutdown_background();
        };
        let thread = std::thread::Builder::new().name("hall".into()).spawn(serve)?;
        Ok(Self { address, desk, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens, with the port that port 0 became.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Shows this board on every page: carries out [`kiosk_core::effect::Effect::Publish`].
    pub fn publish(&self, board: Board) {
        self.desk.publish(board);
    }

    /// Answers a press: carries out [`kiosk_core::effect::Effect::AnswerOfficer`].
    pub fn answer(&self, request: RequestId, answer: OfficerAnswer) {
        self.desk.answer(request, answer);
    }

    /// Lets the page on the machine's state follow devices, line and outbox; every event may be given.
    pub fn observe(&self, event: &Event) {
        self.desk.observe(event);
    }

    /// Ends every connection and waits for the thread. Presses in flight are safe to repeat after the next start.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!(thread = "hall", "thread-panicked");
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests;
