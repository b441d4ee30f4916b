//! The thread of a device that only talks: opens its line, feeds its machine, opens it again.

use std::time::Duration;

use rustix::event::{PollFd, PollFlags};

use crate::address::Address;
use crate::clock::{Clock, Moment};
use crate::health::{BackOff, DeviceHealth};
use crate::transport::{Inbox, Received, Transport, TransportError, open, poll_fds};

/// Longest sleep when nothing is due: a bound for mistakes, not a rhythm.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// What a thread that only reads can be told. Dropping the last mailbox says the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shutdown;

/// A machine that turns a device's bytes into events.
pub(crate) trait ReadingMachine {
    /// The line is open.
    fn connected(&mut self);
    /// The line is lost or could not be opened.
    fn disconnected(&mut self, health: DeviceHealth);
    /// The device sent these bytes.
    fn received(&mut self, bytes: &[u8], now: Moment);
    /// Time has passed.
    fn tick(&mut self, now: Moment);
    /// When `tick` must be called next.
    fn next_deadline(&self) -> Option<Moment>;
}

/// Serves a device until it is told to end. `deliver` hands over the machine's events after each round.
pub(crate) fn run<M: ReadingMachine>(
    address: &Address,
    machine: &mut M,
    inbox: &Inbox<Shutdown>,
    mut deliver: impl FnMut(&mut M),
) {
    let clock = Clock::start();
    let mut back_off = BackOff::new();
    let mut line: Option<Box<dyn Transport>> = None;
    let mut next_attempt = Moment::ZERO;
    loop {
        match inbox.take() {
            Received::Message(Shutdown) | Received::Closed => return,
            Received::Nothing => {}
        }
        let result = serve(address, &mut line, next_attempt, machine, &clock);
        let now = clock.now();
        match result {
            Ok(true) => back_off.opened(now),
            Ok(false) => {}
            Err(error) => {
                line = None;
                next_attempt = now + back_off.lost(now);
                machine.disconnected(health_of(&error));
            }
        }
        machine.tick(now);
        deliver(machine);
        let due = if line.is_some() { machine.next_deadline() } else { Some(next_attempt) };
        let timeout = due.map_or(LONGEST_WAIT, |at| at.saturating_sub(now)).min(LONGEST_WAIT);
        let waited = match &mut line {
            Some(line) => line.wait(false, inbox.bell(), timeout),
            None => poll_fds(&mut [PollFd::from_borrowed_fd(inbox.bell(), PollFlags::IN)], timeout),
        };
        if let Err(error) = waited {
            let now = clock.now();
            line = None;
            next_attempt = now + back_off.lost(now);
            machine.disconnected(health_of(&error));
            deliver(machine);
        }
    }
}

/// Opens the line if it is time (and says so), and reads what is there.
fn serve<M: ReadingMachine>(
    address: &Address,
    line: &mut Option<Box<dyn Transport>>,
    next_attempt: Moment,
    machine: &mut M,
    clock: &Clock,
) -> Result<bool, TransportError> {
    let mut has_opened = false;
    if line.is_none() && clock.now() >= next_attempt {
        *line = Some(open(address)?);
        machine.connected();
        has_opened = true;
    }
    let Some(line) = line else { return Ok(false) };
    let mut buffer = [0; 512];
    loop {
        let count = line.read(&mut buffer)?;
        if count == 0 {
            return Ok(has_opened);
        }
        machine.received(buffer.get(..count).unwrap_or_default(), clock.now());
    }
}

fn health_of(error: &TransportError) -> DeviceHealth {
    match error {
        TransportError::Refused { .. } => DeviceHealth::Failed(error.to_string()),
        TransportError::Absent { .. } | TransportError::Gone | TransportError::Line(_) => {
            DeviceHealth::Absent
        }
    }
}
