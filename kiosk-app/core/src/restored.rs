//! What the store hands back at start, from which the hall is rebuilt exactly.

use crate::effect::{CounterState, Rating};
use crate::id::{AreaId, CounterId, JobId, PressId};
use crate::ticket::{Ticket, TicketId};
use crate::time::BusinessDay;

/// The durable state of a hall.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// The business day in force, `None` for a new database.
    pub day: Option<BusinessDay>,
    /// The tickets of that day, and those of earlier days that still wait, are called, served or on hold (people who
    /// came before the clock was right keep their numbers), in the order of issue.
    pub tickets: Vec<Ticket>,
    /// The highest ordinal burnt of each series on that day.
    pub burnt: Vec<(AreaId, u32)>,
    /// Counters as they were, with the last press each acted on.
    pub counters: Vec<(CounterId, CounterState, Option<PressId>)>,
    /// The ratings of that day.
    pub ratings: Vec<Rating>,
    /// Jobs that began and have no outcome, with their tickets.
    pub jobs_in_doubt: Vec<(JobId, Option<TicketId>)>,
    /// The next job's number; above every job ever begun.
    pub next_job: u64,
    /// The next ticket's place in the order of issue; above every one ever given.
    pub next_issue_order: u64,
    /// Whether the run before ended without a clean stop, so that its last commits may be lost: the guard band is skipped
    /// then. A process that died while the machine ran on has lost nothing; saying `true` for it only costs numbers.
    pub unclean: bool,
    /// Whether at this start a copy took the place of a damaged database.
    pub from_copy: bool,
    /// The day on which that last happened.
    pub restored_day: Option<BusinessDay>,
    /// Numbers of the day in force that were given out and whose tickets were lost with a damaged database: series, first
    /// and last ordinal.
    pub lost: Vec<(AreaId, u32, u32)>,
    /// Key of the outcome of an update that the district was last told of.
    pub update_told: Option<String>,
}
