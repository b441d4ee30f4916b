//! What the citizen sees, as meaning: pages and their data, no sizes, colours or words of the toolkit.
//! Rebuilt whole after each event.

use crate::dossier::DossierStatus;
use crate::effect::ScanRefusal;
use crate::event::PrintTrouble;
use crate::id::{AreaId, CounterId, ErrandId};
use crate::settings::{PriorityClass, Procedure, RatingChoice, RatingReason};
use crate::ticket::TicketNumber;
use crate::time::{BusinessDay, Wall};

/// A whole screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Screen {
    /// The page.
    pub page: Page,
    /// How it is shown.
    pub look: Look,
    /// The clock in the corner, cut to the minute.
    pub at: Wall,
    /// A line for citizens above every page, if something is not as usual.
    pub notice: Option<Notice>,
    /// Seconds until the page goes away by itself, given only when few are left; any touch extends.
    pub leaves_in_secs: Option<u32>,
    /// Whether a scan is of use now; the scanner swallows it otherwise.
    pub takes_scans: bool,
}

/// How pages are shown; back to normal when a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Look {
    /// A+.
    pub large_text: bool,
    /// White on black.
    pub high_contrast: bool,
    /// Controls in the lower half.
    pub low_reach: bool,
    /// English instead of Vietnamese.
    pub english: bool,
}

/// Something that is not as usual, told on every page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The server is out of reach; numbers go on.
    LineDown,
    /// Numbers are shown on the screen only.
    NoPaper(PrintTrouble),
}

/// Why the kiosk serves nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutOfService {
    /// What it has written down cannot be read, or nothing can be written.
    Data,
    /// The configuration makes no hall; its first faults.
    Configuration(String),
}

/// Whether a number can be had, told before it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Availability {
    /// Now.
    Open,
    /// Outside the hours; opens then, if known.
    Closed(Option<OpensAt>),
    /// The session's quota is used up; `morning`: of the morning.
    QuotaReached {
        /// Whether the morning's (else the afternoon's).
        morning: bool,
    },
    /// The series has no number left today.
    Exhausted,
}

/// When it opens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpensAt {
    /// The day.
    pub day: BusinessDay,
    /// Minutes since midnight.
    pub minute: u16,
}

/// A page with all it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Page {
    /// The first page.
    Home {
        /// People waiting in the hall.
        waiting: u32,
        /// Counters open.
        open_counters: u32,
        /// Whether numbers can be had at all now.
        availability: Availability,
    },
    /// Which errand?
    Errands(Vec<ErrandChoice>),
    /// Which service area?
    Areas {
        /// The errand chosen.
        errand: ErrandId,
        /// What can be chosen, at most [`CHOICES_PER_PAGE`].
        choices: Vec<AreaChoice>,
        /// Where in a long list.
        pages: Pages,
    },
    /// Does a priority apply?
    Priorities {
        /// The area chosen.
        area: AreaChoice,
        /// The classes.
        classes: Vec<PriorityClass>,
    },
    /// Paper is on its way.
    Printing {
        /// The number, already burnt.
        number: TicketNumber,
    },
    /// The number is printed.
    Taken(TakenNumber),
    /// The number is the citizen's, without paper.
    NumberOnly {
        /// The number.
        taken: TakenNumber,
        /// Why there is no paper.
        trouble: PrintTrouble,
    },
    /// No number could be made durable, so none was given.
    CannotIssue,
    /// Nothing can be served, so nothing is asked.
    OutOfService(OutOfService),
    /// No number now, and why.
    NotNow(Availability),
    /// Scan your receipt, or type.
    LookUpStart,
    /// The keypad for a code.
    TypeCode {
        /// The unit's fixed beginning.
        prefix: String,
        /// What was typed so far.
        typed: String,
        /// Whether it can be asked for.
        complete: bool,
    },
    /// The keypad for the last four digits of the phone.
    TypePhone {
        /// How many were typed; the digits themselves are not shown.
        typed: u8,
    },
    /// Asking.
    Searching,
    /// The answer.
    Dossier(DossierCard),
    /// A scan or a look-up without an answer, and what to do.
    LookUpFailed(LookUpFailure),
    /// Fields of procedures.
    Fields {
        /// Names, at most [`CHOICES_PER_PAGE`].
        fields: Vec<String>,
        /// Where in a long list.
        pages: Pages,
    },
    /// Procedures of a field.
    Procedures {
        /// The field.
        field: String,
        /// At most [`CHOICES_PER_PAGE`].
        procedures: Vec<Procedure>,
        /// Where in a long list.
        pages: Pages,
    },
    /// One procedure.
    Procedure(Procedure),
    /// Which counter served you? Only those with an open rating window.
    RateCounters(Vec<CounterId>),
    /// How was it?
    RateScale {
        /// The counter.
        counter: CounterId,
        /// The ticket's number.
        number: TicketNumber,
        /// The scale's choices.
        choices: Vec<RatingChoice>,
    },
    /// Why?
    RateReasons(Vec<RatingReason>),
    /// Thanks.
    RateThanks,
}

/// A touch this soon after another page appeared was meant for the page before and does nothing.
pub const SETTLE_MS: u64 = 400;

/// A touch that would issue a number this soon after its page appeared is the second half of a double tap and does
/// nothing; nor is a number just given dismissed within this time.
pub const DOUBLE_TAP_MS: u64 = 800;

/// Most choices on one page.
pub const CHOICES_PER_PAGE: usize = 6;

/// Where in a long list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pages {
    /// From 0.
    pub index: usize,
    /// At least 1.
    pub count: usize,
}

/// An errand on the errand page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrandChoice {
    /// The errand.
    pub id: ErrandId,
    /// Words.
    pub name: String,
    /// Second line.
    pub hint: String,
    /// Icon name.
    pub icon: String,
    /// People waiting in its areas.
    pub waiting: u32,
    /// Whether a number can be had.
    pub availability: Availability,
}

/// A service area on the area page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AreaChoice {
    /// The area.
    pub id: AreaId,
    /// Words.
    pub name: String,
    /// Icon name.
    pub icon: String,
    /// People waiting.
    pub waiting: u32,
    /// Open counters that serve it.
    pub open_counters: u32,
    /// Expected wait in minutes, if enough is known.
    pub wait_minutes: Option<(u32, u32)>,
    /// Whether a number can be had.
    pub availability: Availability,
}

/// A number the citizen holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenNumber {
    /// Identity, for the QR.
    pub ticket: crate::ticket::TicketId,
    /// The number.
    pub number: TicketNumber,
    /// Area name.
    pub area: String,
    /// People ahead.
    pub people_ahead: u32,
    /// Expected wait in minutes, if enough is known.
    pub wait_minutes: Option<(u32, u32)>,
    /// Counters that serve the area, open ones only.
    pub counters: Vec<CounterId>,
}

/// The six groups of stages that a person understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StageGroup {
    /// Registered, waiting to be accepted.
    Waiting,
    /// Being worked on.
    Working,
    /// The citizen must do something.
    NeedsYou,
    /// Ended without a result.
    Ended,
    /// Ready to be fetched.
    Ready,
    /// Handed over.
    HandedOver,
}

/// The look-up card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DossierCard {
    /// The projection.
    pub status: DossierStatus,
    /// Its group.
    pub group: StageGroup,
    /// Days since the day of the result passed, if it did and the result is not there.
    pub late_days: Option<u32>,
    /// Whether it is the kiosk's own copy, which may be out of date.
    pub from_snapshot: bool,
    /// The errand whose number helps now, if any.
    pub next_errand: Option<ErrandId>,
    /// The area of that errand, when there is only one.
    pub next_area: Option<AreaId>,
}

/// Why there is no card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookUpFailure {
    /// The scan was refused.
    Refused(ScanRefusal),
    /// The server does not know it.
    NotFound,
    /// Out of reach.
    Unreachable,
    /// Too many tries; wait so many seconds.
    TooMany {
        /// Seconds.
        retry_after_secs: u32,
    },
    /// Typing is closed for now; scanning works.
    ScanOnly,
}
