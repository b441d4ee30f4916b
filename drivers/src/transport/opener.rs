//! Opening a line without waiting for it, again and again until it works.

use std::os::fd::BorrowedFd;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};

use super::watch::PlugWatch;
use super::{OpenLine, Transport, TransportError, Waker, open, poll_fds};
use crate::address::Address;
use crate::clock::Moment;
use crate::health::BackOff;
use crate::identity::{NodeClass, NodeFinder};

/// Nothing tells when a network device comes back, so it is tried more often than one whose node appears.
const LONGEST_TCP_WAIT: Duration = Duration::from_secs(2);
const LONGEST_NODE_WAIT: Duration = Duration::from_secs(10);
/// How often to look whether the node of a device has appeared.
const LOOK: Duration = Duration::from_millis(500);
/// How long an arrival is left alone: its node is made and its permissions are set meanwhile.
const SETTLE: Duration = Duration::from_millis(100);

type Opening = Receiver<Result<Box<dyn Transport>, TransportError>>;

/// Opens the line to one device. A connection attempt or a name look-up may take a second; it takes it in a thread.
pub(crate) struct Opener {
    address: Address,
    /// How lines are opened where that is not by the address.
    opened_by: Option<OpenLine>,
    back_off: BackOff,
    next_attempt: Moment,
    was_missing: bool,
    opening: Option<Opening>,
    /// Hears of arrivals, as long as the line is not open.
    watch: Option<PlugWatch>,
}

impl Opener {
    pub(crate) fn new(address: Address) -> Self {
        let longest = match &address {
            Address::Tcp { .. } => LONGEST_TCP_WAIT,
            Address::Serial { .. }
            | Address::File { .. }
            | Address::Usb(_)
            | Address::Evdev { .. }
            | Address::Gpio { .. } => LONGEST_NODE_WAIT,
        };
        Self {
            back_off: BackOff::new(longest, &address.to_string()),
            address,
            opened_by: None,
            next_attempt: Moment::ZERO,
            was_missing: false,
            opening: None,
            watch: None,
        }
    }

    /// Opens lines in this way instead; the address is a name only.
    pub(crate) fn open_by(&mut self, open: OpenLine) {
        self.opened_by = Some(open);
    }

    /// The line was lost.
    pub(crate) fn lost(&mut self, now: Moment) {
        self.next_attempt = now + self.back_off.lost(now);
        if self.watch.is_none() && !matches!(self.address, Address::Tcp { .. }) {
            self.watch = PlugWatch::start();
        }
    }

    /// Begins an attempt when one is due and gives the result of the last one, once. `waker` is called when it is there.
    pub(crate) fn poll(
        &mut self,
        now: Moment,
        waker: &Waker,
    ) -> Option<Result<Box<dyn Transport>, TransportError>> {
        if self.watch.as_ref().is_some_and(PlugWatch::has_seen_arrival) {
            self.next_attempt = self.next_attempt.min(now + SETTLE);
        }
        let is_missing = self.opened_by.is_none() && is_missing(&self.address);
        let has_appeared = self.was_missing && !is_missing;
        self.was_missing = is_missing;
        if self.opening.is_none() && (now >= self.next_attempt || has_appeared) {
            self.opening = Some(self.begin(waker));
        }
        let result = match self.opening.as_ref()?.try_recv() {
            Ok(result) => result,
            Err(TryRecvError::Empty) => return None,
            Err(TryRecvError::Disconnected) => Err(TransportError::Gone),
        };
        self.opening = None;
        match &result {
            Ok(_) => {
                self.back_off.opened(now);
                self.watch = None;
            }
            Err(_) => self.lost(now),
        }
        Some(result)
    }

    fn begin(&self, waker: &Waker) -> Opening {
        let (sender, receiver) = channel();
        let (address, opened_by, waker) = (self.address.clone(), self.opened_by.clone(), waker.clone());
        let attempt = std::thread::Builder::new().name("device-open".to_owned()).spawn(move || {
            // Whoever asked may have ended meanwhile; then the line closes again.
            let opened = opened_by.map_or_else(|| open(&address), |open| open());
            let _asker_has_ended = sender.send(opened);
            waker.wake();
        });
        // Without a thread the channel is closed, which counts as an attempt that failed.
        drop(attempt);
        receiver
    }

    /// Sleeps until it is worth to poll again, or `wake` is readable, or `timeout` is over.
    pub(crate) fn wait(&self, wake: BorrowedFd<'_>, timeout: Duration) -> Result<(), TransportError> {
        let wake = PollFd::from_borrowed_fd(wake, PollFlags::IN);
        match &self.watch {
            Some(watch) => poll_fds(&mut [wake, PollFd::new(watch, PollFlags::IN)], timeout),
            None => poll_fds(&mut [wake], timeout),
        }
    }

    /// When to poll next, at the latest.
    pub(crate) fn next_deadline(&self, now: Moment) -> Moment {
        if self.opening.is_some() {
            // The waker says when.
            return now + LONGEST_NODE_WAIT;
        }
        if self.was_missing { self.next_attempt.min(now + LOOK) } else { self.next_attempt }
    }
}

/// Whether it is plain to see that the device is not there.
fn is_missing(address: &Address) -> bool {
    let (node, class) = match address {
        Address::Tcp { .. } | Address::Gpio { .. } => return false,
        Address::Evdev { input } => return super::input::find(input).is_none(),
        Address::Usb(selector) => return !crate::usb::is_there(selector),
        Address::Serial { node, .. } => (node, NodeClass::Serial),
        Address::File { node } => (node, NodeClass::Printer),
    };
    !node.resolve(class, &NodeFinder::default()).is_some_and(|path| path.exists())
}
