//! Everything that a hall can ask of its shell. Effects are carried out in the order given; when a store fails,
//! nothing after it is.

use crate::dossier::{DossierCode, Factor};
use crate::event::{Device, KeypadFlag, PrintTrouble};
use crate::event::{Health, Line, PrintOutcome};
use crate::id::{AreaId, CounterId, JobId, PauseReasonId, PressId, PriorityId, RatingReasonId, RequestId};
use crate::screen::Screen;
use crate::ticket::{Ticket, TicketId, TicketNumber};
use crate::time::{BusinessDay, Wall};

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
    /// Something the district is to know; gets the next sequence number of the outbox.
    Report(Report),
}

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

/// Whether a counter takes people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CounterState {
    /// Nobody signed in.
    Closed,
    /// Takes people.
    Open,
    /// Takes nobody for a while.
    Paused(PauseReasonId),
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
}

/// A step of a ticket through the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Called, for the first time or once more.
    Called {
        /// Whether it is a repeat.
        recall: bool,
        /// Seconds from issue to call; `None` when either clock was not trusted.
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
    FoundLate,
    /// Not found.
    NotFound,
    /// The server could not be asked.
    Unreachable,
    /// Refused for asking too often.
    Throttled,
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
    /// No such ticket, counter, area or reason.
    Unknown,
}

/// The hall's state for officer pages and hall display, rebuilt whole.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Board {
    /// The business day, `None` before the first.
    pub day: Option<BusinessDay>,
    /// Every counter in ascending order.
    pub counters: Vec<BoardCounter>,
    /// Every area in the order of the screen.
    pub areas: Vec<BoardArea>,
    /// The last calls, newest first, at most six.
    pub calls: Vec<BoardCall>,
    /// What waits, in the order of issue.
    pub waiting: Vec<BoardTicket>,
    /// On hold or not come, which an officer may take up again.
    pub aside: Vec<BoardTicket>,
    /// Notices for staff.
    pub notices: Vec<StaffNotice>,
}

/// A counter on the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardCounter {
    /// The counter.
    pub counter: CounterId,
    /// What it says beside the number.
    pub name: String,
    /// Its state.
    pub state: CounterState,
    /// The ticket in hand.
    pub current: Option<BoardTicket>,
    /// How many wait for this counter's areas.
    pub waiting: u32,
}

/// An area on the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardArea {
    /// The area.
    pub area: AreaId,
    /// Its name.
    pub name: String,
    /// How many wait.
    pub waiting: u32,
}

/// A ticket on the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardTicket {
    /// Identity.
    pub id: TicketId,
    /// Its number.
    pub number: TicketNumber,
    /// The area it waits in.
    pub area: AreaId,
    /// Its priority class.
    pub priority: Option<PriorityId>,
    /// State.
    pub state: crate::ticket::TicketState,
    /// When it was issued.
    pub issued_at: Wall,
    /// What became of its paper.
    pub paper: crate::ticket::Paper,
}

/// A call on the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardCall {
    /// Counts calls of this run; the display blinks what is new to it.
    pub serial: u64,
    /// The number.
    pub number: TicketNumber,
    /// Where to go.
    pub counter: CounterId,
    /// When.
    pub at: Wall,
}

/// Something staff should act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StaffNotice {
    /// A device needs a look.
    Device {
        /// The device.
        device: Device,
        /// Its health.
        health: Health,
    },
    /// The line is down; numbers go on.
    Line(Line),
    /// The outbox fills up.
    OutboxFilling {
        /// 80 and up.
        percent: u8,
    },
    /// The clock is not synchronised.
    ClockUntrusted,
    /// The store failed; no numbers until it works again.
    StoreFailed,
    /// A number was issued without paper.
    WithoutPaper {
        /// The number.
        number: TicketNumber,
        /// Why.
        trouble: PrintTrouble,
    },
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
