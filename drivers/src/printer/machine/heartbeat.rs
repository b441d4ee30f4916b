//! Asks the printer for its state once a second, one question at a time, and notices when it falls silent.

use std::time::Duration;

use crate::clock::Moment;

const PERIOD: Duration = Duration::from_secs(1);
const REPLY_LIMIT: Duration = Duration::from_secs(1);
/// `DLE EOT 1` to `DLE EOT 4`: online, cover, errors, paper.
const LAST_REQUEST: u8 = 4;

#[derive(Debug, Default)]
pub(super) struct Heartbeat {
    /// The next request to send.
    next: u8,
    next_at: Moment,
    /// The request sent and not answered, and until when to wait.
    asked: Option<(u8, Moment)>,
    reply_limit: Duration,
    informed: bool,
    silent: bool,
}

impl Heartbeat {
    /// Starts asking; `line_time` is what a full line may add to a reply's way.
    pub(super) fn starting(now: Moment, line_time: Duration) -> Self {
        Self { next: 1, next_at: now, reply_limit: REPLY_LIMIT + line_time, ..Self::default() }
    }

    /// The request to send now, if one is due.
    pub(super) fn due(&mut self, now: Moment) -> Option<u8> {
        if self.asked.is_some() || now < self.next_at {
            return None;
        }
        self.asked = Some((self.next, now + self.reply_limit));
        Some(self.next)
    }

    /// A reply came: to which request, if any waits for one.
    pub(super) fn answered(&mut self, now: Moment) -> Option<u8> {
        let (request, _) = self.asked.take()?;
        self.silent = false;
        self.step(request, now);
        Some(request)
    }

    /// The printer reported its whole state unasked.
    pub(super) fn heard(&mut self) {
        self.informed = true;
        self.silent = false;
    }

    /// Gives up waiting for a reply that does not come. Printers that know only some of the requests are not silent.
    pub(super) fn expire(&mut self, now: Moment, is_busy: bool) {
        let Some((request, until)) = self.asked else { return };
        if now < until {
            return;
        }
        self.asked = None;
        if is_busy {
            self.next_at = now + PERIOD;
        } else if request == 1 {
            self.silent = true;
            self.informed = false;
            self.next_at = now + PERIOD;
        } else {
            self.step(request, now);
        }
    }

    fn step(&mut self, request: u8, now: Moment) {
        if request >= LAST_REQUEST {
            self.informed = true;
            self.next = 1;
            self.next_at = now + PERIOD;
        } else {
            self.next = request + 1;
            self.next_at = now;
        }
    }

    /// What was known is no longer taken for granted; asks again from the start.
    pub(super) fn forget(&mut self, now: Moment) {
        self.informed = false;
        self.next = 1;
        self.next_at = now;
    }

    pub(super) fn is_informed(&self) -> bool {
        self.informed
    }

    pub(super) fn is_silent(&self) -> bool {
        self.silent
    }

    pub(super) fn deadline(&self, line_is_free: bool) -> Option<Moment> {
        match self.asked {
            Some((_, until)) => Some(until),
            None => line_is_free.then_some(self.next_at),
        }
    }
}
