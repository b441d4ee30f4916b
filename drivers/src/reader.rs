//! The thread of a device that only talks: opens its line, feeds its machine, opens it again.

use std::ops::ControlFlow;
use std::time::Duration;

use crate::address::Address;
use crate::clock::{Clock, Moment};
use crate::health::DeviceHealth;
use crate::record::{Entry, Recorder};
use crate::supervise::{Duty, Tally, supervise};
use crate::transport::{Inbox, Opener, Received, Transport, TransportError};

/// Longest sleep when nothing is due: a bound for mistakes, not a rhythm.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// What a thread that only reads can be told. Dropping the last mailbox says the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shutdown;

/// A machine that turns a device's bytes into events.
pub(crate) trait ReadingMachine {
    /// What the thread can be told.
    type Order;
    /// Takes an order; `Break` ends the thread.
    fn order(&mut self, order: Self::Order) -> ControlFlow<()>;
    /// The order as a recording keeps it, if it does.
    fn entry_of(_order: &Self::Order) -> Option<Entry> {
        None
    }
    /// The line is open.
    fn connected(&mut self);
    /// The line is lost or could not be opened.
    fn disconnected(&mut self, health: DeviceHealth);
    /// The device sent these bytes.
    fn received(&mut self, bytes: &[u8], now: Moment);
    /// Bytes that meant nothing, so far.
    fn noise_bytes(&self) -> u64;
    /// Time has passed.
    fn tick(&mut self, now: Moment);
    /// When `tick` must be called next.
    fn next_deadline(&self) -> Option<Moment>;
    /// What was read so far and not told.
    fn left_out(&self) -> LeftOut;
}

/// What a machine read and did not tell, since it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LeftOut {
    /// Bytes or keys that mean nothing.
    pub(crate) noise: u64,
    /// Scans or presses that were repeats, fragments, or not wanted.
    pub(crate) events: u64,
}

/// Serves a device until it is told to end, and again after a panic. `deliver` hands over the machine's events after each
/// round.
pub(crate) fn run<M: ReadingMachine>(
    address: &Address,
    machine: &mut M,
    inbox: &Inbox<M::Order>,
    tally: &Tally,
    recorder: Option<&Recorder>,
    mut deliver: impl FnMut(&mut M),
) {
    supervise(&address.to_string(), tally, |duty| match duty {
        Duty::Serve => serve(address, machine, inbox, tally, recorder, &mut deliver),
        Duty::Recover => {
            disconnected(machine, &TransportError::Gone, recorder);
            deliver(machine);
        }
    });
}

fn serve<M: ReadingMachine>(
    address: &Address,
    machine: &mut M,
    inbox: &Inbox<M::Order>,
    tally: &Tally,
    recorder: Option<&Recorder>,
    deliver: &mut impl FnMut(&mut M),
) {
    let (clock, waker) = (Clock::start(), inbox.waker());
    let mut opener = Opener::new(address.clone());
    let mut line: Option<Box<dyn Transport>> = None;
    loop {
        match inbox.take() {
            Received::Message(order) => {
                if let (Some(recorder), Some(entry)) = (recorder, M::entry_of(&order)) {
                    recorder.entry(&entry);
                }
                if machine.order(order).is_break() {
                    return;
                }
            }
            Received::Closed => return,
            Received::Nothing => {}
        }
        if line.is_none() {
            match opener.poll(clock.now(), &waker) {
                Some(Ok(opened)) => {
                    tally.count(|counters| counters.opens += 1);
                    machine.connected();
                    line = Some(match recorder {
                        Some(recorder) => recorder.wrap(opened),
                        None => opened,
                    });
                }
                Some(Err(error)) => {
                    tally.count(|counters| counters.failed_opens += 1);
                    disconnected(machine, &error, recorder);
                }
                None => {}
            }
        }
        let result = match &mut line {
            Some(line) => read(line.as_mut(), machine, &clock, tally),
            None => Ok(()),
        };
        machine.tick(clock.now());
        deliver(machine);
        let left_out = machine.left_out();
        tally.count(|counters| {
            counters.beats += 1;
            (counters.noise, counters.left_out) = (left_out.noise, left_out.events);
        });
        let now = clock.now();
        let due = if line.is_some() { machine.next_deadline() } else { Some(opener.next_deadline(now)) };
        let timeout = due.map_or(LONGEST_WAIT, |at| at.saturating_sub(now)).min(LONGEST_WAIT);
        let waited = result.and_then(|()| match &mut line {
            Some(line) => line.wait(false, inbox.bell(), timeout),
            None => opener.wait(inbox.bell(), timeout),
        });
        if let Err(error) = waited {
            tally.count(|counters| counters.losses += 1);
            line = None;
            opener.lost(clock.now());
            disconnected(machine, &error, recorder);
            deliver(machine);
        }
    }
}

/// Reads what is there.
fn read<M: ReadingMachine>(
    line: &mut dyn Transport,
    machine: &mut M,
    clock: &Clock,
    tally: &Tally,
) -> Result<(), TransportError> {
    let mut buffer = [0; 512];
    loop {
        let count = line.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        let noise = machine.noise_bytes();
        machine.received(buffer.get(..count).unwrap_or_default(), clock.now());
        tally.count(|counters| {
            counters.bytes_received += count as u64;
            counters.noise_bytes += machine.noise_bytes() - noise;
        });
    }
}

fn disconnected(machine: &mut impl ReadingMachine, error: &TransportError, recorder: Option<&Recorder>) {
    let failure = match error {
        TransportError::Refused { .. } => Some(error.to_string()),
        TransportError::Absent { .. } | TransportError::Gone | TransportError::Line(_) => None,
    };
    if let Some(recorder) = recorder {
        recorder.closed(failure.as_deref());
    }
    machine.disconnected(failure.map_or(DeviceHealth::Absent, DeviceHealth::Failed));
}
