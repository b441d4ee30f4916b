//! Ratings from the counters' keypads and from the screen: one window, one rule for both.

use crate::effect::Record;
use crate::event::KeypadFlag;
use crate::id::{CounterId, RatingReasonId};
use crate::rating::{Presses, Window};
use crate::report::{Fact, Rating, RatingFlag};
use crate::session::Step;
use crate::settings::RatingChoice;
use crate::ticket::{Ticket, TicketId};

use super::turn::Turn;

/// Flagged presses are told to the district in one line for each counter and cause, at this interval.
const FLAGS_MS: u64 = 10_000;

impl Turn<'_> {
    /// Opens the rating window of a counter; the one before it closes.
    pub(super) fn open_rating_window(&mut self, counter: CounterId, ticket: &Ticket) {
        self.close_rating_window(counter);
        self.st.windows.insert(counter, Window::open(ticket.id.clone(), self.now.mono_ms));
    }

    /// Closes a counter's window, rated or not.
    pub(super) fn close_rating_window(&mut self, counter: CounterId) {
        if let Some(window) = self.st.windows.remove(&counter) {
            let rated = window.is_rated();
            self.report(Fact::RatingWindowClosed { ticket: window.ticket, counter, rated });
        }
    }

    /// Closes the windows whose time is over, and tells of flagged presses.
    pub(super) fn check_ratings(&mut self) {
        if self.st.store_failed {
            return;
        }
        let over = |window: &Window| window.is_over(self.now.mono_ms, self.set.rating_window_secs);
        let closing: Vec<CounterId> =
            self.st.windows.iter().filter(|(_, window)| over(window)).map(|(counter, _)| *counter).collect();
        for counter in closing {
            self.close_rating_window(counter);
        }
        let due = self
            .st
            .flags_since_ms
            .is_some_and(|since_ms| self.now.mono_ms.saturating_sub(since_ms) >= FLAGS_MS);
        if due {
            self.st.flags_since_ms = None;
            for ((counter, flag), count) in std::mem::take(&mut self.st.flags) {
                self.report(Fact::RatingFlagged { counter, flag, count });
            }
        }
    }

    fn flag(&mut self, counter: CounterId, flag: RatingFlag) {
        let count = self.st.flags.entry((counter, flag)).or_default();
        *count = count.saturating_add(1);
        self.st.flags_since_ms.get_or_insert(self.now.mono_ms);
    }

    /// A keypad that behaves oddly.
    pub(super) fn keypad_flagged(&mut self, counter: CounterId, flag: KeypadFlag) {
        if self.st.desks.contains_key(&counter) {
            self.flag(counter, RatingFlag::Keypad(flag));
        } else {
            self.ignore("keypad of a counter that the hall does not have");
        }
    }

    /// A press on a counter's keypad.
    pub(super) fn key_pressed(&mut self, counter: CounterId, key: u8) {
        if !self.st.desks.contains_key(&counter) {
            self.ignore("keypad of a counter that the hall does not have");
        } else if self.st.store_failed {
            self.ignore("rating that cannot be stored");
        } else if let Err(flag) = self.rate(counter, key) {
            self.flag(counter, flag);
        }
    }

    fn rate(&mut self, counter: CounterId, key: u8) -> Result<TicketId, RatingFlag> {
        let presses: &mut Presses = self.st.presses.entry(counter).or_default();
        let burst = presses.note(self.now.mono_ms);
        let window = self.st.windows.get_mut(&counter).ok_or(RatingFlag::NoWindow);
        burst?;
        let window = window?;
        if window.is_over(self.now.mono_ms, self.set.rating_window_secs) {
            return Err(RatingFlag::NoWindow);
        }
        if !self.set.rating_scale.choices.iter().any(|choice| choice.key == key) {
            return Err(RatingFlag::UnknownKey);
        }
        window.press(key, self.now.mono_ms)?;
        let ticket = window.ticket.clone();
        let scale = self.set.rating_scale.id.clone();
        let rating = Rating { ticket: ticket.clone(), counter, scale, key, at: self.now.wall };
        self.record(Record::Rating(rating.clone()));
        self.report(Fact::Rated(rating));
        Ok(ticket)
    }

    /// Counters whose citizen has not rated yet.
    pub(super) fn rateable_counters(&self) -> Vec<CounterId> {
        let open = |window: &Window| {
            !window.is_rated() && !window.is_over(self.now.mono_ms, self.set.rating_window_secs)
        };
        self.st.windows.iter().filter(|(_, window)| open(window)).map(|(counter, _)| *counter).collect()
    }

    /// A counter of the rating page.
    pub(super) fn choose_rated_counter(&mut self, counter: CounterId) {
        let ticket = self.st.windows.get(&counter).map(|window| window.ticket.clone());
        match ticket {
            Some(ticket)
                if self.st.session.step == Step::RateCounters
                    && self.rateable_counters().contains(&counter) =>
            {
                self.go(Step::RateScale { counter, ticket });
            }
            Some(_) | None => self.misplaced(),
        }
    }

    /// A choice of the scale on the screen. A low one leads to the reasons; the window having closed or been used at the
    /// keypad in the meantime is no fault of the citizen, who is thanked all the same.
    pub(super) fn rate_on_screen(&mut self, key: u8) {
        let Step::RateScale { counter, ticket } = self.st.session.step.clone() else {
            self.misplaced();
            return;
        };
        if self.st.store_failed || self.st.windows.get(&counter).is_none_or(|window| window.ticket != ticket)
        {
            self.go(Step::RateThanks);
            return;
        }
        match self.rate(counter, key) {
            Ok(ticket) if self.is_low(key) && !self.set.rating_reasons.is_empty() => {
                self.go(Step::RateReasons { ticket });
            }
            Ok(_) => self.go(Step::RateThanks),
            Err(flag) => {
                self.flag(counter, flag);
                if flag != RatingFlag::TooSoon {
                    self.go(Step::RateThanks);
                }
            }
        }
    }

    fn is_low(&self, key: u8) -> bool {
        self.set.rating_scale.choices.iter().any(|RatingChoice { key: known, low, .. }| *known == key && *low)
    }

    /// A reason after a low rating.
    pub(super) fn rate_because(&mut self, reason: RatingReasonId) {
        let known = self.set.rating_reasons.iter().any(|offered| offered.id == reason);
        let ticket = if let Step::RateReasons { ticket } = &self.st.session.step {
            Some(ticket.clone())
        } else {
            None
        };
        match ticket {
            Some(ticket) if known => {
                self.report(Fact::RatedBecause { ticket, reason });
                self.go(Step::RateThanks);
            }
            Some(_) | None => self.misplaced(),
        }
    }

    /// Bỏ qua: no reason is given.
    pub(super) fn skip(&mut self) {
        if let Step::RateReasons { .. } = self.st.session.step {
            self.go(Step::RateThanks);
        } else {
            self.misplaced();
        }
    }
}
