//! A ticket, *phiếu số*, and its life.

use std::fmt;

use crate::id::{AreaId, CounterId, ErrandId, JobId, PriorityId};
use crate::time::{BusinessDay, Wall};

/// What makes a ticket unique in a hall for ever: series, day and ordinal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TicketId {
    /// The day it was issued.
    pub day: BusinessDay,
    /// The area whose series it was drawn from; stays the same through transfers.
    pub series: AreaId,
    /// Its number within series and day, the series' `first` or above; never reused.
    pub ordinal: u32,
}

/// A ticket as the hall knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Identity.
    pub id: TicketId,
    /// What is printed and called: `A012` or `1001`.
    pub number: TicketNumber,
    /// What the citizen came for.
    pub errand: ErrandId,
    /// The area it waits in now; differs from `id.series` after a transfer.
    pub area: AreaId,
    /// The counter it was transferred to, when to one counter only.
    pub only_counter: Option<CounterId>,
    /// Self-declared priority, revocable by an officer.
    pub priority: Option<PriorityId>,
    /// Where it stands.
    pub state: TicketState,
    /// What became of the paper.
    pub paper: Paper,
    /// The job of the latest print.
    pub job: JobId,
    /// Wall clock at issue.
    pub issued_at: Wall,
    /// Order of issue in the hall over all series, for ever.
    pub issue_order: u64,
    /// Its place in the queue: its `issue_order`, until it re-enters after a no-show; then that of the ticket it
    /// re-enters behind.
    pub place: u64,
    /// How many later tickets were called before it.
    pub overtaken: u32,
    /// Wall clock of the first call.
    pub called_at: Option<Wall>,
    /// Wall clock when serving began.
    pub served_at: Option<Wall>,
    /// Whether its one re-entry after a no-show is used up.
    pub reentered: bool,
}

/// The text people see and hear: prefix and padded ordinal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TicketNumber(pub String);

impl fmt::Display for TicketNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a ticket stands.
///
/// ```text
///             call          serve          finish
///  Waiting ---------> Called -------> Serving -------> Finished
///    ^ ^ |              | |            |  |  ^
///    | | | cancel       | | no-show    |  |  | resume
///    | | +-> Cancelled  | v            |  v  |
///    | |                | NoShow       | OnHold
///    | +--- re-enter ---|--+           |
///    |    (once)        |              |
///    +---- transfer ----+--------------+   (keeps its place by issue order)
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TicketState {
    /// In the queue.
    Waiting,
    /// Called to a counter, not yet there.
    Called(CounterId),
    /// At the counter.
    Serving(CounterId),
    /// Set aside by the counter, to be resumed there.
    OnHold(CounterId),
    /// Done.
    Finished(CounterId),
    /// Called and did not come; may re-enter once.
    NoShow(CounterId),
    /// Withdrawn.
    Cancelled,
}

/// What became of a ticket's paper. A reprint changes it only for the better.
///
/// ```text
///   Allocated --> Printing --> Printed
///       |             +------> Failed, Unknown -- reprint --> Printed
///       +-- a printer known not to print --> Failed
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Paper {
    /// The number is burnt; no job was begun. Never stored by the rules: a number and its job are one transaction.
    Allocated,
    /// Bytes may be on their way.
    Printing,
    /// The printer confirmed it after the cut.
    Printed,
    /// Nothing readable came out; the number was shown on screen.
    Failed,
    /// The kiosk or the printer died in mid-job.
    Unknown,
}
