//! Everything that a hall can ask of its shell. Effects are carried out in the order given; when a store fails,
//! nothing after it is.

use crate::dossier::{DossierCode, Factor};
use crate::event::PrintOutcome;
use crate::id::{AreaId, CounterId, JobId, PauseReasonId, PressId, RequestId};
use crate::screen::Screen;
use crate::ticket::{Ticket, TicketId, TicketNumber};
use crate::time::{BusinessDay, Wall};

pub use crate::board::{Board, BoardArea, BoardCall, BoardCounter, BoardTicket, StaffNotice};
pub use crate::report::{CancelReason, Fact, GapReason, LookUpOutcome, Rating, RatingFlag, Report, Step};

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Make these records durable, all or none, before anything after.
    Store(Vec<Record>),
    /// Print; answered by one [`crate::event::Event::PrintFinished`].
    Print(PrintJob),
    /// Ask for a dossier; answered by one [`crate::event::Event::LookUpAnswered`].
    LookUp {
        /// Comes back with the answer.
        request: RequestId,
        /// The code.
        code: DossierCode,
        /// What vouches for the asker.
        factor: Factor,
    },
    /// Speak and show a call; answered by one [`crate::event::Event::AnnouncementFinished`].
    Announce(Announcement),
    /// Show this screen.
    Show(Screen),
    /// Tell an officer's page what came of a press.
    AnswerOfficer {
        /// The press.
        request: RequestId,
        /// What came of it.
        answer: OfficerAnswer,
    },
    /// Let the staged update be installed: the hall is closed and nobody is in it.
    InstallUpdate,
    /// Publish the hall's state to the officer pages and the hall display.
    Publish(Board),
    /// Write a line into the log of closed events.
    Log(LogEvent),
}

/// A durable change. One `Store` is one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// A new or changed ticket, whole; the store keeps one row for each identity.
    Ticket(Ticket),
    /// The highest ordinal burnt in a series on a day: the next number is above it.
    SeriesAt {
        /// The series.
        series: AreaId,
        /// The day.
        day: BusinessDay,
        /// The highest ordinal burnt so far.
        burnt: u32,
    },
    /// The business day in force.
    Day(BusinessDay),
    /// A line of the print ledger: a job begins or ends.
    PrintLedger {
        /// The job.
        job: JobId,
        /// The ticket printed, `None` for a staff slip.
        ticket: Option<TicketId>,
        /// `None` when the job begins.
        outcome: Option<PrintOutcome>,
    },
    /// A counter's state.
    Counter {
        /// The counter.
        counter: CounterId,
        /// Its state.
        state: CounterState,
        /// The last press it acted on, so that a repeated one is known after a restart.
        last_press: Option<PressId>,
    },
    /// A rating that counts or was changed within its grace time.
    Rating(Rating),
    /// The district was told of this outcome of an update, by its key.
    UpdateTold(String),
    /// Something the district is to know; gets the next sequence number of the outbox.
    Report(Report),
}

/// Whether a counter takes people.
///
/// ```text
///   Closed -- open --> Open <-- open, pause --> Paused
///     ^                  |                        |
///     +---- close, with nobody in hand, or the day's end
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CounterState {
    /// Nobody signed in.
    Closed,
    /// Takes people.
    Open,
    /// Takes nobody for a while.
    Paused(PauseReasonId),
}

/// Why a scan was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScanRefusal {
    /// A citizen card: dropped at once.
    CitizenCard,
    /// An address whose host is not on the list.
    ForeignAddress,
    /// Longer than any code.
    TooLong,
    /// Nothing that could be a code.
    Unreadable,
}

/// A print job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrintJob {
    /// Comes back with the outcome.
    pub job: JobId,
    /// What to print.
    pub paper: TicketPaper,
}

/// What stands on a ticket, in words; how it looks is the driver's business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketPaper {
    /// Identity, for the QR and its check digits.
    pub ticket: TicketId,
    /// Unit lines, top first.
    pub unit_lines: Vec<String>,
    /// The number.
    pub number: TicketNumber,
    /// Name of the service area.
    pub area: String,
    /// Name of the priority class, if declared.
    pub priority: Option<String>,
    /// People ahead.
    pub people_ahead: u32,
    /// Expected wait in minutes, a range rounded to 5; hidden under 5 samples.
    pub wait_minutes: Option<(u32, u32)>,
    /// When it was issued; an untrusted clock is said on the paper.
    pub issued_at: Wall,
    /// Whether the paper says IN LẠI.
    pub reprint: bool,
}

/// A call to be spoken and shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// The ticket's number.
    pub number: TicketNumber,
    /// Where to go.
    pub counter: CounterId,
    /// Whether it is a repeat.
    pub recall: bool,
    /// The call in Vietnamese, one clip a word, in the hall's way of reading numbers.
    pub words: String,
}

/// What came of an officer's press.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OfficerAnswer {
    /// Done; the board that is published shows it.
    Done,
    /// The page was out of date: what it showed is not so any more. Nothing changed.
    Stale,
    /// Nobody waits for this counter.
    NobodyWaits,
    /// Not possible now.
    Refused(OfficerRefusal),
    /// The store failed; nothing changed.
    StoreFailed,
}

/// Why a press is not possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OfficerRefusal {
    /// The counter is not open.
    CounterNotOpen,
    /// There is a current ticket to finish, hold or transfer first.
    TicketInHand,
    /// There is no current ticket.
    NoTicketInHand,
    /// That ticket is not in a state for it.
    WrongState,
    /// It re-entered once already.
    ReentryUsed,
    /// The printer is known not to print.
    PrinterNotReady,
    /// No such ticket, counter, area or reason.
    Unknown,
}

/// A line of the log. Closed and documented; carries no personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogEvent {
    /// An event that the state had no use for; named so that nothing vanishes silently.
    Ignored {
        /// What came, in one word.
        what: &'static str,
    },
    /// The business day moved.
    DayOpened(BusinessDay),
    /// The wall clock went back by so many seconds; the day stays.
    ClockWentBack {
        /// Seconds.
        secs: u64,
    },
    /// A time source vouches for a date so far ahead of the last day known that nobody believes it without the server.
    ClockNotBelieved {
        /// Days ahead.
        days: u32,
    },
    /// A series is used up for the day.
    SeriesExhausted(AreaId),
    /// A print ended.
    Print {
        /// The job.
        job: JobId,
        /// Its outcome.
        outcome: PrintOutcome,
    },
    /// A deadline of the rules passed without an answer.
    Overdue {
        /// What was waited for.
        what: &'static str,
    },
}
