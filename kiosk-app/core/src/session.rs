//! Where the citizen at the screen stands.

use crate::event::PrintTrouble;
use crate::id::{AreaId, CounterId, ErrandId, JobId, RequestId};
use crate::screen::{Availability, DOUBLE_TAP_MS, DossierCard, Look, LookUpFailure, SETTLE_MS, TakenNumber};
use crate::settings::Procedure;
use crate::ticket::TicketId;
use crate::time::Now;

/// A step of the session: which page, and what is known so far. What the page shows beside it (who waits, what is open)
/// is looked up when it is drawn.
///
/// ```text
///            +-> Errands -> Areas -> Priorities -> Printing -> Taken -----------+
///            |      |         |          |            +-----> NumberOnly ------+|
///            |      +---------+----------+-> NotNow, CannotIssue               ||
///   Home ----+-> LookUpStart -> TypeCode -> TypePhone -> Searching             ||
///    ^       |        ^ a scan, from any page --------------^  |               ||
///    |       |        +-- LookUpFailed <-----------------------+-> Dossier     ||
///    |       +-> Fields -> Procedures -> Procedure                 |           ||
///    |       +-> RateCounters -> RateScale -> RateReasons -> RateThanks        ||
///    +------------------- 20 s without a touch, Xong, home --------------------++
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nobody is here, or somebody is about to begin.
    Home,
    /// Choosing an errand.
    Errands,
    /// Choosing an area of the errand.
    Areas { errand: ErrandId, index: usize },
    /// Choosing a priority class, or none.
    Priorities { errand: ErrandId, area: AreaId },
    /// The number is burnt, the printer works.
    Printing { job: JobId, taken: TakenNumber, since_ms: u64 },
    /// The paper is out; while a presenter holds it out, it is not in the citizen's hand.
    Taken { job: JobId, taken: TakenNumber, is_held_out: bool },
    /// The screen stands in for the paper.
    NumberOnly { taken: TakenNumber, trouble: PrintTrouble },
    /// The store failed.
    CannotIssue,
    /// Closed, quota reached or range used up.
    NotNow(Availability),
    /// Waiting for a scan.
    LookUpStart,
    /// Typing a code.
    TypeCode { typed: String },
    /// Typing the last four digits of the phone.
    TypePhone { typed_code: String, digits: String },
    /// Asked; one answer comes, or the deadline.
    Searching { request: RequestId, scanned: bool, since_ms: u64 },
    /// The answer.
    Dossier(DossierCard),
    /// No answer, and why.
    LookUpFailed(LookUpFailure),
    /// Choosing a field of procedures.
    Fields { index: usize },
    /// Choosing a procedure of a field.
    Procedures { field: String, index: usize },
    /// Reading one procedure.
    Procedure(Procedure),
    /// Choosing the counter that served.
    RateCounters,
    /// Choosing from the scale.
    RateScale { counter: CounterId, ticket: TicketId },
    /// Saying why.
    RateReasons { ticket: TicketId },
    /// Thanked.
    RateThanks,
}

/// The session at the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    pub step: Step,
    pub look: Look,
    /// When the page appeared; `None` for the first of a run, which no other was before.
    pub entered_ms: Option<u64>,
    /// The latest sign of a person.
    pub touched_ms: u64,
}

/// How long a page may stay, and how long before its end the countdown shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stay {
    pub until_ms: u64,
    pub countdown_ms: u64,
}

impl Session {
    pub fn new() -> Self {
        Self { step: Step::Home, look: Look::default(), entered_ms: None, touched_ms: 0 }
    }

    /// Goes to a step; a page of another kind has to settle before it takes touches.
    pub fn go(&mut self, step: Step, now: Now) {
        if std::mem::discriminant(&self.step) != std::mem::discriminant(&step) {
            self.entered_ms = Some(now.mono_ms);
        }
        self.step = step;
        self.touched_ms = now.mono_ms;
    }

    /// Ends the session: blank home, normal look.
    pub fn end(&mut self, now: Now) {
        self.go(Step::Home, now);
        self.look = Look::default();
    }

    /// Whether a touch now still belongs to the page before.
    pub fn unsettled(&self, now: Now) -> bool {
        // The number is not to vanish under the second half of a double tap.
        let holds_number = matches!(self.step, Step::Taken { .. } | Step::NumberOnly { .. });
        let settle_ms = if holds_number { DOUBLE_TAP_MS } else { SETTLE_MS };
        self.shown_for_less_than(settle_ms, now)
    }

    /// Whether a touch that issues a number comes too soon to be meant.
    pub fn double_tap(&self, now: Now) -> bool {
        self.shown_for_less_than(DOUBLE_TAP_MS, now)
    }

    fn shown_for_less_than(&self, ms: u64, now: Now) -> bool {
        self.entered_ms.is_some_and(|entered_ms| now.mono_ms.saturating_sub(entered_ms) < ms)
    }

    /// When the page goes away by itself; `None` for those that end otherwise.
    pub fn stay(&self, idle_timeout_secs: u32) -> Option<Stay> {
        const COUNTDOWN_MS: u64 = 8_000;
        const TAKEN_MS: u64 = 8_000;
        const TAKEN_COUNTDOWN_MS: u64 = 5_000;
        // The printer says sooner that nobody took it.
        const HELD_OUT_MS: u64 = 60_000;
        const NUMBER_ONLY_MS: u64 = 60_000;
        const THANKS_MS: u64 = 5_000;
        let idle_ms = u64::from(idle_timeout_secs) * 1000;
        let entered_ms = self.entered_ms.unwrap_or(0);
        let (from_ms, stay_ms, countdown_ms) = match self.step {
            Step::Home if self.look == Look::default() => return None,
            Step::Printing { .. } | Step::Searching { .. } => return None,
            Step::Taken { is_held_out: true, .. } => (entered_ms, HELD_OUT_MS, TAKEN_COUNTDOWN_MS),
            Step::Taken { is_held_out: false, .. } => (entered_ms, TAKEN_MS, TAKEN_COUNTDOWN_MS),
            Step::NumberOnly { .. } => (self.touched_ms, NUMBER_ONLY_MS.max(idle_ms), COUNTDOWN_MS),
            Step::RateThanks => (entered_ms, THANKS_MS, 0),
            Step::Home => (self.touched_ms, idle_ms, 0),
            Step::Errands
            | Step::Areas { .. }
            | Step::Priorities { .. }
            | Step::CannotIssue
            | Step::NotNow(_)
            | Step::LookUpStart
            | Step::TypeCode { .. }
            | Step::TypePhone { .. }
            | Step::Dossier(_)
            | Step::LookUpFailed(_)
            | Step::Fields { .. }
            | Step::Procedures { .. }
            | Step::Procedure(_)
            | Step::RateCounters
            | Step::RateScale { .. }
            | Step::RateReasons { .. } => (self.touched_ms, idle_ms, COUNTDOWN_MS),
        };
        Some(Stay { until_ms: from_ms + stay_ms, countdown_ms })
    }
}
