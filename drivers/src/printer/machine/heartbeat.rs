//! Asks the printer for its state again and again, one question at a time, and notices when it falls silent.

use std::time::Duration;

use super::super::profile::Dialect;
use crate::clock::Moment;

/// How often a printer is asked that has nothing to do, or that reports changes unasked.
const PERIOD: Duration = Duration::from_secs(1);
/// How often a printer at work is asked that reports nothing unasked.
const BRISK: Duration = Duration::from_millis(250);
pub(super) const REPLY_LIMIT: Duration = Duration::from_secs(1);
/// `DLE EOT 1` to `DLE EOT 4`: online, cover, errors, paper.
const EPSON: &[u8] = &[1, 2, 3, 4];
/// `DLE EOT 20`: everything at once.
const CUSTOM: &[u8] = &[20];

#[derive(Debug, Clone, Default)]
pub(super) struct Heartbeat {
    /// What to ask, in this order.
    plan: &'static [u8],
    /// The next request to send, as its place in the plan.
    next: usize,
    next_at: Moment,
    /// The request sent and not answered, and until when to wait.
    asked: Option<(u8, Moment)>,
    reply_limit: Duration,
    period: Duration,
    informed: bool,
    /// Since when nothing is answered; not counted while a job is under way.
    silent_since: Option<Moment>,
    /// The last request that was given up has not been followed by any word.
    unanswered: bool,
    /// The printer has reported its state unasked.
    reports: bool,
}

impl Heartbeat {
    /// Starts asking; `line_time` is what a full line may add to a reply's way.
    pub(super) fn starting(dialect: Dialect, now: Moment, line_time: Duration) -> Self {
        let plan = match dialect {
            Dialect::Epson => EPSON,
            Dialect::Custom => CUSTOM,
        };
        let reply_limit = REPLY_LIMIT + line_time;
        Self { plan, next_at: now, reply_limit, period: PERIOD, ..Self::default() }
    }

    /// Asks more often while there is something to watch, unless the printer speaks unasked.
    pub(super) fn set_watchful(&mut self, is_watchful: bool, now: Moment) {
        self.period = if is_watchful && !self.reports { BRISK } else { PERIOD };
        self.next_at = self.next_at.min(now + self.period);
    }

    /// The request to send now, if one is due.
    pub(super) fn due(&mut self, now: Moment) -> Option<u8> {
        if self.asked.is_some() || now < self.next_at {
            return None;
        }
        let request = *self.plan.get(self.next)?;
        self.asked = Some((request, now + self.reply_limit));
        Some(request)
    }

    /// A reply came: to which request, if any waits for one.
    pub(super) fn answered(&mut self, now: Moment) -> Option<u8> {
        let (request, _) = self.asked.take()?;
        (self.silent_since, self.unanswered) = (None, false);
        // An answer to what was asked before `forget` ends no step of the new round.
        if self.plan.get(self.next) == Some(&request) {
            self.step(now);
        }
        Some(request)
    }

    /// The printer told its whole state; unasked if no request waits for it.
    pub(super) fn heard(&mut self, was_asked: bool) {
        self.informed = true;
        (self.silent_since, self.unanswered) = (None, false);
        self.reports |= !was_asked;
    }

    /// Whether the request that waits is the one for Custom's full status.
    pub(super) fn awaits_full_status(&self) -> bool {
        self.asked.is_some() && self.plan == CUSTOM
    }

    /// Gives up waiting for a reply that does not come, and says whether somebody else should be asked. Printers that know
    /// only some of the requests are not silent.
    pub(super) fn expire(&mut self, now: Moment, is_busy: bool) -> bool {
        let Some((request, _)) = self.asked.take_if(|(_, until)| now >= *until) else { return false };
        if !is_busy && self.plan.first() != Some(&request) {
            self.step(now);
            return false;
        }
        self.unanswered = true;
        self.next_at = now + self.period;
        if !is_busy {
            self.silent_since.get_or_insert(now);
            self.informed = false;
        }
        true
    }

    /// The line takes no question: that is as good as no answer. Says whether that is new.
    pub(super) fn cannot_ask(&mut self, now: Moment) -> bool {
        let is_new = self.silent_since.is_none();
        self.silent_since.get_or_insert(now);
        (self.asked, self.unanswered, self.informed) = (None, true, false);
        is_new
    }

    fn step(&mut self, now: Moment) {
        self.next += 1;
        self.next_at = now;
        if self.next >= self.plan.len() {
            self.informed = true;
            self.next = 0;
            self.next_at = now + self.period;
        }
    }

    /// What was known is no longer taken for granted; asks again from the start.
    pub(super) fn forget(&mut self, now: Moment) {
        self.informed = false;
        self.next = 0;
        self.next_at = now;
    }

    pub(super) fn is_informed(&self) -> bool {
        self.informed
    }

    pub(super) fn silent_since(&self) -> Option<Moment> {
        self.silent_since
    }

    pub(super) fn is_silent(&self) -> bool {
        self.silent_since.is_some()
    }

    pub(super) fn is_unanswered(&self) -> bool {
        self.unanswered
    }

    /// Whether changes are reported unasked.
    pub(super) fn reports(&self) -> bool {
        self.reports
    }

    pub(super) fn deadline(&self, line_is_free: bool) -> Option<Moment> {
        match self.asked {
            Some((_, until)) => Some(until),
            None => line_is_free.then_some(self.next_at),
        }
    }
}
