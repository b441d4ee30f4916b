//! What events change. One clone of it, made before each event, is the way back when the store fails.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::announcement::Announcements;
use crate::board::{Board, BoardCall};
use crate::effect::{CounterState, OfficerAnswer};
use crate::event::{Device, Health, Line, PrintOutcome, PrintTrouble};
use crate::id::{AreaId, CounterId, JobId, PressId};
use crate::limits::LookUpLimits;
use crate::pace::Pace;
use crate::queue;
use crate::rating::{Presses, Window};
use crate::report::RatingFlag;
use crate::restored::Restored;
use crate::screen::Screen;
use crate::session::Session;
use crate::settings::HallSettings;
use crate::ticket::{Ticket, TicketId, TicketNumber, TicketState};
use crate::time::{BusinessDay, Now, Wall};
use crate::update::UpdateSource;

/// Presses remembered for each counter.
const PRESSES_REMEMBERED: usize = 8;
/// Tickets without paper that staff are told of.
const WITHOUT_PAPER_SHOWN: usize = 6;
/// A date further ahead than this needs a second witness: a kiosk may have stood in a store room for a year, hardly longer.
const BELIEVED_DAYS: u32 = 370;
/// The server's clock and the kiosk's may differ by so much and still tell the same date.
const AGREEMENT_MS: u64 = 86_400_000;
/// Calls on the board.
const CALLS_SHOWN: usize = 6;

/// Everything that events change. Large parts are shared until they change, so that a clone costs little.
#[derive(Clone)]
pub(super) struct State {
    /// Whether the start was carried out; the first event that finds a working store does it.
    pub started: bool,
    pub store_failed: bool,
    pub unclean: bool,
    pub from_copy: bool,
    pub restored_day: Option<BusinessDay>,
    /// Series, first and last ordinal of numbers of the day whose tickets were lost.
    pub lost: Vec<(AreaId, u32, u32)>,
    pub jobs_in_doubt: Vec<(JobId, Option<TicketId>)>,
    pub day: Option<BusinessDay>,
    pub tickets: Arc<BTreeMap<TicketId, Ticket>>,
    pub burnt: BTreeMap<AreaId, u32>,
    pub desks: BTreeMap<CounterId, Desk>,
    pub paces: BTreeMap<AreaId, Pace>,
    pub next_job: u64,
    pub next_issue_order: u64,
    pub jobs: BTreeMap<JobId, Job>,
    /// The ticket that was printed last: the one that a presenter holds out.
    pub last_printed: Option<(JobId, Job)>,
    /// Outcomes that came while the store failed.
    pub unrecorded: Vec<(JobId, PrintOutcome)>,
    /// Tickets that stayed without paper, latest last.
    pub without_paper: VecDeque<(TicketId, PrintTrouble)>,
    pub session: Session,
    pub limits: LookUpLimits,
    pub next_request: u64,
    pub windows: BTreeMap<CounterId, Window>,
    pub presses: BTreeMap<CounterId, Presses>,
    /// Presses that do not count, since the last report.
    pub flags: BTreeMap<(CounterId, RatingFlag), u32>,
    pub flags_since_ms: Option<u64>,
    pub calls: VecDeque<BoardCall>,
    pub call_serial: u64,
    pub announcements: Announcements,
    pub devices: BTreeMap<Device, Health>,
    /// The health that the district was last told of, and when.
    pub devices_told: BTreeMap<Device, (Health, u64)>,
    pub line: Line,
    pub outbox_percent: u8,
    pub configuration_faults: u32,
    pub heartbeat_ms: Option<u64>,
    /// The update that waits until the hall is at rest.
    pub update_waits: Option<UpdateSource>,
    /// When a person last did anything, monotonic milliseconds.
    pub attended_ms: u64,
    pub update_told: Option<String>,
    pub last_wall: Option<Wall>,
    /// The server's clock when it was last heard, and the monotonic time of that.
    pub server_clock: Option<(i64, u64)>,
    /// Whether the wall clock claims a date that nobody believes.
    pub clock_doubted: bool,
    pub shown: Option<Arc<Screen>>,
    pub published: Option<Arc<Board>>,
}

/// A counter's part of the state.
#[derive(Clone)]
pub(super) struct Desk {
    pub state: CounterState,
    pub last_press: Option<PressId>,
    answers: VecDeque<(PressId, OfficerAnswer)>,
}

/// A print that was asked for and has not answered.
#[derive(Clone)]
pub(super) struct Job {
    pub ticket: TicketId,
    pub number: TicketNumber,
    pub reprint: bool,
}

impl State {
    pub fn new(settings: &HallSettings, restored: Restored) -> Self {
        let mut desks: BTreeMap<CounterId, Desk> = settings
            .counters
            .iter()
            .map(|counter| (counter.id, Desk::new(CounterState::Closed, None)))
            .collect();
        for (counter, state, last_press) in restored.counters {
            // A counter that the configuration no longer has stays out.
            if let Some(desk) = desks.get_mut(&counter) {
                *desk = Desk::new(state, last_press);
            }
        }
        let mut state = Self {
            started: false,
            store_failed: false,
            unclean: restored.unclean,
            from_copy: restored.from_copy,
            restored_day: restored.restored_day,
            lost: restored.lost,
            jobs_in_doubt: restored.jobs_in_doubt,
            day: restored.day,
            tickets: Arc::default(),
            burnt: restored.burnt.into_iter().collect(),
            desks,
            paces: BTreeMap::new(),
            next_job: restored.next_job,
            next_issue_order: restored.next_issue_order,
            jobs: BTreeMap::new(),
            last_printed: None,
            unrecorded: Vec::new(),
            without_paper: VecDeque::new(),
            session: Session::new(),
            limits: LookUpLimits::default(),
            next_request: 1,
            windows: BTreeMap::new(),
            presses: BTreeMap::new(),
            flags: BTreeMap::new(),
            flags_since_ms: None,
            calls: VecDeque::new(),
            call_serial: 0,
            announcements: Announcements::default(),
            devices: BTreeMap::new(),
            devices_told: BTreeMap::new(),
            line: Line::Unknown,
            outbox_percent: 0,
            configuration_faults: 0,
            heartbeat_ms: None,
            update_waits: None,
            attended_ms: 0,
            update_told: restored.update_told,
            last_wall: None,
            server_clock: None,
            clock_doubted: false,
            shown: None,
            published: None,
        };
        state.restore_calls(&restored.tickets);
        state.tickets =
            Arc::new(restored.tickets.into_iter().map(|ticket| (ticket.id.clone(), ticket)).collect());
        state
    }

    /// How many days the wall clock is ahead of the last day known, when that is too far to be believed. The day never goes
    /// back, so a time source that is wrong by years would leave the hall there for good. The server's clock settles it; a
    /// kiosk without a server has nobody else to ask.
    pub fn doubted_days(&self, now: Now) -> Option<u32> {
        let day = self.day.filter(|day| now.wall.trusted && *day != BusinessDay::UNKNOWN)?;
        let ahead = u32::try_from(now.wall.day().0.saturating_sub(day.0)).ok()?;
        let agreed = self.server_clock.is_some_and(|(unix_ms, heard_ms)| {
            let since_ms = i64::try_from(now.mono_ms.saturating_sub(heard_ms)).unwrap_or(i64::MAX);
            unix_ms.saturating_add(since_ms).abs_diff(now.wall.unix_ms) <= AGREEMENT_MS
        });
        (ahead > BELIEVED_DAYS && !agreed && self.line != Line::NotEnrolled).then_some(ahead)
    }

    /// The calls of the day so far, from the tickets: for the pace of the areas and the board's last calls.
    fn restore_calls(&mut self, tickets: &[Ticket]) {
        let mut called: Vec<(Wall, &Ticket)> =
            tickets.iter().filter_map(|ticket| Some((ticket.called_at?, ticket))).collect();
        called.sort_by_key(|(at, ticket)| (at.unix_ms, ticket.issue_order));
        for (at, ticket) in called {
            self.paces.entry(ticket.area.clone()).or_default().called(ticket.issued_at, at);
            let counter = match ticket.state {
                TicketState::Called(counter)
                | TicketState::Serving(counter)
                | TicketState::OnHold(counter)
                | TicketState::Finished(counter)
                | TicketState::NoShow(counter) => counter,
                TicketState::Waiting | TicketState::Cancelled => continue,
            };
            self.show_call(ticket.number.clone(), counter, at);
        }
    }

    /// Puts a call on the board.
    pub fn show_call(&mut self, number: TicketNumber, counter: CounterId, at: Wall) {
        self.call_serial += 1;
        self.calls.push_front(BoardCall { serial: self.call_serial, number, counter, at });
        self.calls.truncate(CALLS_SHOWN);
    }

    /// Notes a ticket that stayed without paper, for the staff.
    pub fn note_without_paper(&mut self, ticket: TicketId, trouble: PrintTrouble) {
        self.without_paper.retain(|(noted, _)| *noted != ticket);
        self.without_paper.push_back((ticket, trouble));
        if self.without_paper.len() > WITHOUT_PAPER_SHOWN {
            self.without_paper.pop_front();
        }
    }

    /// The ticket called or served at a counter.
    pub fn in_hand(&self, counter: CounterId) -> Option<&Ticket> {
        self.tickets.values().find(|ticket| queue::counter_in_hand(ticket) == Some(counter))
    }

    /// Tickets that wait in an area.
    pub fn waiting_in<'a>(&'a self, area: &'a AreaId) -> impl Iterator<Item = &'a Ticket> {
        self.tickets
            .values()
            .filter(move |ticket| ticket.state == TicketState::Waiting && ticket.area == *area)
    }

    /// How many wait in an area.
    pub fn waiting_count(&self, area: &AreaId) -> u32 {
        count(self.waiting_in(area))
    }

    /// Whether a counter takes people.
    pub fn is_open(&self, counter: CounterId) -> bool {
        self.desks.get(&counter).is_some_and(|desk| desk.state == CounterState::Open)
    }
}

impl Desk {
    fn new(state: CounterState, last_press: Option<PressId>) -> Self {
        Self { state, last_press, answers: VecDeque::new() }
    }

    /// The answer that a press got before.
    pub fn answer_to(&self, press: PressId) -> Option<OfficerAnswer> {
        let remembered = self.answers.iter().find(|(known, _)| *known == press);
        remembered
            .map(|(_, answer)| answer.clone())
            .or_else(|| (self.last_press == Some(press)).then_some(OfficerAnswer::Done))
    }

    /// Remembers what a press was answered.
    pub fn remember(&mut self, press: PressId, answer: OfficerAnswer) {
        self.answers.push_back((press, answer));
        if self.answers.len() > PRESSES_REMEMBERED {
            self.answers.pop_front();
        }
    }
}

/// How many there are, as people are counted.
pub(super) fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}
