//! What the district learns: facts, each stored in the transaction of the change it tells of.

use crate::effect::{CounterState, ScanRefusal};
use crate::event::{Device, Health, KeypadFlag, PrintOutcome};
use crate::id::{AreaId, CounterId, PriorityId, RatingReasonId};
use crate::ticket::{Ticket, TicketId, TicketNumber};
use crate::time::{BusinessDay, Wall};
use crate::update::UpdateOutcome;

/// A satisfaction rating of a served ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rating {
    /// The ticket; at most one rating each.
    pub ticket: TicketId,
    /// The counter that served it.
    pub counter: CounterId,
    /// Scale in force (`vn3`).
    pub scale: String,
    /// The raw key.
    pub key: u8,
    /// When.
    pub at: Wall,
}

/// A fact for the district server. The shell stamps it with epoch, sequence, boot id and monotonic time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// When it happened.
    pub at: Wall,
    /// Monotonic milliseconds of the run.
    pub mono_ms: u64,
    /// What happened.
    pub fact: Fact,
}

/// What the district learns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The kiosk started.
    Started {
        /// Whether the run before ended without a clean stop.
        unclean: bool,
    },
    /// A new business day began.
    DayOpened(BusinessDay),
    /// A ticket was issued.
    Issued {
        /// The ticket as issued.
        ticket: Ticket,
        /// People waiting before it for the same area.
        people_ahead: u32,
    },
    /// What became of a ticket's paper.
    Paper {
        /// The ticket.
        ticket: TicketId,
        /// Its number.
        number: TicketNumber,
        /// The outcome.
        outcome: PrintOutcome,
        /// Whether it was a reprint.
        reprint: bool,
    },
    /// Nobody took a printed ticket out of the printer's mouth.
    PaperLeft {
        /// The ticket.
        ticket: TicketId,
        /// Its number.
        number: TicketNumber,
        /// Whether it was a reprint.
        reprint: bool,
    },
    /// Numbers that will never be issued.
    Gap {
        /// The series.
        series: AreaId,
        /// The day.
        day: BusinessDay,
        /// First number skipped.
        from: u32,
        /// Last number skipped.
        to: u32,
        /// Why.
        reason: GapReason,
    },
    /// A ticket's step through the queue.
    Moved {
        /// The ticket.
        ticket: TicketId,
        /// Its number.
        number: TicketNumber,
        /// The counter that acted, `None` for the kiosk itself.
        counter: Option<CounterId>,
        /// The step.
        step: Step,
    },
    /// A counter opened, paused or closed.
    Counter {
        /// The counter.
        counter: CounterId,
        /// Its state.
        state: CounterState,
    },
    /// A rating counted; a later one for the same ticket replaces it.
    Rated(Rating),
    /// The reason given after a low rating.
    RatedBecause {
        /// The ticket.
        ticket: TicketId,
        /// The reason.
        reason: RatingReasonId,
    },
    /// A press that does not count.
    RatingFlagged {
        /// The counter.
        counter: CounterId,
        /// Why not.
        flag: RatingFlag,
        /// How many since the last report of this flag.
        count: u32,
    },
    /// A rating window closed; rated or not, the base of the response rate.
    RatingWindowClosed {
        /// The ticket.
        ticket: TicketId,
        /// The counter.
        counter: CounterId,
        /// Whether it was rated.
        rated: bool,
    },
    /// A dossier was asked for; nothing of its code is said.
    LookedUp {
        /// Whether the paper was scanned (else typed).
        scanned: bool,
        /// What came of it.
        outcome: LookUpOutcome,
    },
    /// Something was scanned that the kiosk refuses; nothing of its content is said.
    ScanRefused(ScanRefusal),
    /// A device's health changed.
    Device {
        /// The device.
        device: Device,
        /// Its health now.
        health: Health,
    },
    /// A copy took the place of a damaged database, or the day on which that happened ended.
    Database {
        /// Whether it was restored.
        restored: bool,
        /// How many numbers have lost their tickets.
        lost: u32,
    },
    /// How an update of the image ended, or how far it is.
    Update(UpdateOutcome),
    /// A look at the kiosk as a whole, made at intervals.
    Heartbeat {
        /// Printer health now.
        printer: Health,
        /// People waiting.
        waiting: u32,
        /// Counters open.
        open_counters: u32,
        /// Whether the clock is trusted.
        clock_trusted: bool,
        /// How full the outbox is.
        outbox_percent: u8,
    },
}

/// Why numbers were skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GapReason {
    /// The guard band after an unclean start.
    Guard,
    /// Their tickets were lost with a damaged database.
    Restored,
    /// Numbers that people still hold from before the clock was right: they keep them, and the true day of
    /// business goes on above them.
    DayCarried,
}

/// A step of a ticket through the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Called, for the first time or once more.
    Called {
        /// Whether it is a repeat.
        recall: bool,
        /// Seconds from issue to call; `None` when either clock was not trusted, and on every call but the first.
        waited_secs: Option<u32>,
    },
    /// At the counter.
    Serving,
    /// Done.
    Finished {
        /// Seconds from serving to finish; `None` when the clock was not trusted.
        served_secs: Option<u32>,
    },
    /// Set aside.
    Held,
    /// Taken up again.
    Resumed,
    /// To another area or counter.
    Transferred {
        /// The area it waits in now.
        area: AreaId,
        /// The one counter it waits for, if any.
        counter: Option<CounterId>,
    },
    /// Did not come.
    NoShow,
    /// Came after all.
    Reentered,
    /// Withdrawn.
    Cancelled(CancelReason),
    /// Priority taken away.
    PriorityRevoked(PriorityId),
}

/// Why a ticket was withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CancelReason {
    /// By an officer.
    Officer,
    /// It was still waiting when its day ended.
    DayEnded,
}

/// Why a press does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RatingFlag {
    /// No rating window is open.
    NoWindow,
    /// Within a second of the finish: staff, not the citizen.
    TooSoon,
    /// After the one change that is allowed.
    Locked,
    /// Not a key of the scale.
    UnknownKey,
    /// The keypad itself behaved oddly.
    Keypad(KeypadFlag),
}

/// What came of a look-up, without its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LookUpOutcome {
    /// Found, and shown as on time or not yet due.
    Found,
    /// Found, and the citizen was told it is late.
    FoundLate {
        /// Days since the appointed day.
        days: u32,
    },
    /// Not found.
    NotFound,
    /// The server could not be asked.
    Unreachable,
    /// Refused for asking too often.
    Throttled,
}
