//! The job machine: what a printer is told when, and what became of each ticket. No I/O; time is an argument.

mod greeting;
mod heartbeat;
mod job;
mod mouth;
mod output;
mod port;
mod steps;

use std::collections::VecDeque;
use std::time::Duration;

use self::greeting::Greeting;
use self::heartbeat::Heartbeat;
use self::job::Job;
use self::mouth::Mouth;
use self::output::Output;
use self::port::Port;
use super::encoder::{Command, KeyCode};
use super::profile::{Identity, Profile};
use super::status::{Paper, Reply, Status, StatusParser};
use crate::clock::Moment;
use crate::health::{Cause, DeviceHealth};

/// When everything is written and trouble is reported, the confirmation may still be on its way for this long.
const GRACE: Duration = Duration::from_millis(150);
/// `GS r 1`: its answer says that everything before it has been carried out.
const FENCE: &[u8] = b"\x1dr\x01";

/// What became of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The printer confirmed the cut.
    Printed,
    /// Nothing of the ticket reached the paper.
    NotPrinted(Cause),
    /// Some of the ticket went out and nobody knows what became of it. Never repeat it unmarked.
    Unknown {
        /// Bytes of the ticket that were handed to the line.
        bytes_written: usize,
        /// What happened.
        cause: Cause,
    },
}

/// What the printer driver tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrinterEvent {
    /// The health changed.
    Health(DeviceHealth),
    /// A job has ended; exactly once for each.
    Finished {
        /// The number given with the job.
        job: u64,
        /// What became of it.
        outcome: Outcome,
    },
    /// The printer has said who it is.
    Identified {
        /// What it said.
        identity: Identity,
        /// Name of the profile that holds from now on.
        profile: String,
    },
    /// Whether the printer prints from its memory what stands on every ticket, see [`super::Printer::expect_stored`]. Comes
    /// before the printer is ready.
    KeepsLines(bool),
    /// Somebody took the ticket out of the presenter.
    TicketTaken {
        /// Its job.
        job: u64,
    },
    /// Nobody took the ticket out of the presenter; it is removed as the profile says.
    TicketLeft {
        /// Its job.
        job: u64,
    },
}

/// ```text
/// Closed -> Probing -> Idle <-> Printing
///              |                   | trouble with bytes out
///              +--> Doubt <--------+        Doubt: waits until the printer can print
///                     |  ^
///                     v  | no answer        Resyncing: ESC @, void slip, fence
///                   Resyncing --> Idle
/// ```
/// Losing the line leads from each to `Closed`; a doubt outlives it.
#[derive(Debug, Clone)]
enum State {
    /// No line.
    Closed,
    /// The line is open, the first questions are under way.
    Probing(Greeting),
    /// Waits for a job.
    Idle,
    /// A job is under way.
    Printing(Job),
    /// A ticket broke off; waits until the printer can print, and for that moment if there is one.
    Doubt(Option<Moment>),
    /// Voids what came out of the broken-off ticket and waits for the confirmation.
    Resyncing {
        /// When to give up.
        deadline: Moment,
        /// When the last confirmation came; none before the first.
        last_fence: Option<Moment>,
    },
}

/// What is owed to the paper of a broken-off ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum VoidSlip {
    /// Nothing.
    None,
    /// A slip that voids it.
    Due,
    /// A confirmation of the slip, which has been written whole.
    Sent,
}

/// The machine of one printer.
#[derive(Debug, Clone)]
pub struct Machine {
    profile: Profile,
    /// Commands that void a broken-off ticket on paper.
    void_slip: Vec<Command>,
    /// Speed of a serial line.
    bytes_per_sec: Option<u32>,
    state: State,
    status: Status,
    parser: StatusParser,
    heartbeat: Heartbeat,
    output: Output,
    /// Fences sent and not answered.
    fences_due: usize,
    void: VoidSlip,
    /// A printer with a presenter has carried out what it held of the broken-off ticket.
    settled: bool,
    /// The broken-off ticket may have been cut: then it may lie in a presenter that has not held it out.
    cut_begun: bool,
    /// The printer answers status requests but no fence.
    fenceless: bool,
    paused: bool,
    noise_bytes: u64,
    mouth: Mouth,
    port: Port,
    hangs: bool,
    /// What the printer said of itself, until somebody asks.
    identity: Option<Identity>,
    /// Why the line cannot be opened, when that is not plain absence.
    failure: Option<String>,
    told: DeviceHealth,
    events: VecDeque<PrinterEvent>,
    /// Which pictures the printer keeps; `None` when nobody wants to know.
    kept: Option<Vec<KeyCode>>,
}

impl Machine {
    /// A machine without a line. `void_slip` (see [`super::encode_void_slip`]) is printed behind a broken-off ticket;
    /// `in_doubt` says that an earlier run of the program left one. `bytes_per_sec` is the speed of a serial line.
    #[must_use]
    pub fn new(
        profile: Profile,
        void_slip: Vec<Command>,
        in_doubt: bool,
        bytes_per_sec: Option<u32>,
    ) -> Self {
        Self {
            profile,
            void_slip,
            bytes_per_sec,
            state: State::Closed,
            status: Status::default(),
            parser: StatusParser::new(),
            heartbeat: Heartbeat::default(),
            output: Output::default(),
            fences_due: 0,
            void: if in_doubt { VoidSlip::Due } else { VoidSlip::None },
            settled: false,
            cut_begun: in_doubt,
            fenceless: false,
            paused: false,
            noise_bytes: 0,
            mouth: Mouth::default(),
            port: Port::default(),
            hangs: false,
            identity: None,
            failure: None,
            told: DeviceHealth::Starting,
            events: VecDeque::new(),
            kept: None,
        }
    }

    /// Asks at each connection which pictures the printer keeps, if its profile says that it can keep any; see
    /// [`Machine::kept_pictures`].
    pub fn ask_kept_pictures(&mut self) {
        self.kept = Some(Vec::new());
    }

    pub(crate) fn asks_kept_pictures(&self) -> bool {
        self.kept.is_some()
    }

    /// Key codes of the pictures that the printer says it keeps.
    #[must_use]
    pub fn kept_pictures(&self) -> &[KeyCode] {
        self.kept.as_deref().unwrap_or_default()
    }

    /// The line is open. If nobody said that an earlier one was lost, it is now.
    pub fn connected(&mut self, now: Moment) {
        self.line_lost();
        self.status = Status::default();
        self.parser = StatusParser::new();
        self.paused = false;
        self.fenceless = false;
        self.failure = None;
        self.mouth = Mouth::default();
        self.port = Port::default();
        if self.void == VoidSlip::Sent {
            self.void = VoidSlip::Due;
        }
        // Zeros complete whatever command an earlier connection left open; outside a command they do nothing.
        self.output.queue(Command::status(vec![0; self.profile.max_command_bytes]));
        self.greet(now);
        self.tell_health();
    }

    /// The line is lost, or could not be opened: `failure` says why if waiting does not mend it.
    pub fn disconnected(&mut self, failure: Option<String>) {
        self.line_lost();
        self.failure = failure;
        self.tell_health();
    }

    fn line_lost(&mut self) {
        if let State::Printing(job) = std::mem::replace(&mut self.state, State::Closed) {
            self.finish(&job, Cause::Disconnected);
        }
        self.output.clear();
        self.identity = None;
    }

    /// Whether a ticket broke off whose paper is not voided yet: the next machine must be told so.
    #[must_use]
    pub fn owes_void(&self) -> bool {
        self.void != VoidSlip::None
    }

    /// What the printer has said of itself since the line was opened: once, when it has answered. See
    /// [`Machine::identify`].
    pub fn take_identity(&mut self) -> Option<Identity> {
        self.identity.take()
    }

    /// Tells who the printer is; with a profile that fits it better, and the void slip for that. To be called before the
    /// next job.
    pub fn identify(&mut self, identity: Identity, fitting: Option<(Profile, Vec<Command>)>, now: Moment) {
        if let Some((profile, void_slip)) = fitting {
            let speech = |profile: &Profile| (profile.dialect, profile.status);
            let speaks_otherwise = speech(&profile) != speech(&self.profile)
                || self.kept.is_some() && profile.nv_graphics != self.profile.nv_graphics;
            self.profile = profile;
            self.void_slip = void_slip;
            if speaks_otherwise && matches!(self.state, State::Probing(_) | State::Idle | State::Doubt(_)) {
                self.greet(now);
            }
        }
        if identity != Identity::default() {
            self.events.push_back(PrinterEvent::Identified { identity, profile: self.profile.name.clone() });
        }
    }

    /// Begins a job, or refuses it at once: there is a `Finished` event in either case.
    pub fn start_job(&mut self, job: u64, commands: Vec<Command>, now: Moment) {
        if let Some(cause) = self.refusal() {
            self.refuse(job, cause);
            return;
        }
        let mut job = Job::new(job, commands, self.profile.unconfirmed_bands);
        if let Some((order, event)) = self.mouth.make_way() {
            job.precede(order);
            self.events.extend(event);
        }
        self.state = State::Printing(job);
        self.advance(now);
    }

    /// Ends a job that was never begun.
    pub fn refuse(&mut self, job: u64, cause: Cause) {
        self.events.push_back(PrinterEvent::Finished { job, outcome: Outcome::NotPrinted(cause) });
    }

    /// Why a job would be refused now; `None` when it would be begun. `Busy` passes without a person: another ticket is
    /// being printed, or lies in the presenter and its owner has had no time to take it.
    #[must_use]
    pub fn refusal(&self) -> Option<Cause> {
        match &self.state {
            State::Closed => Some(Cause::Absent),
            State::Printing(_) => Some(Cause::Busy),
            State::Probing(_) | State::Doubt(_) | State::Resyncing { .. } => {
                Some(self.first_cause().unwrap_or(Cause::Starting))
            }
            State::Idle => self.first_cause().or(self.mouth.is_fresh().then_some(Cause::Busy)),
        }
    }

    fn first_cause(&self) -> Option<Cause> {
        let silence = self.heartbeat.is_silent().then_some(Cause::Silent);
        self.port.cause().or(silence).or_else(|| self.status.blocking_causes().first().copied())
    }

    /// The bytes to write now; tell [`Machine::wrote`] how many the line took.
    #[must_use]
    pub fn pending_output(&self) -> &[u8] {
        if self.paused { &[] } else { self.output.pending() }
    }

    /// Bytes that wait to be written or to be understood, and events that wait to be told: what must not grow.
    #[must_use]
    pub fn held(&self) -> usize {
        let job = match &self.state {
            State::Printing(job) => job.queued_bytes(),
            State::Closed | State::Probing(_) | State::Idle | State::Doubt(_) | State::Resyncing { .. } => 0,
        };
        job + self.output.held_bytes() + self.parser.open_bytes() + self.events.len()
    }

    /// The line took `count` bytes of the pending output.
    pub fn wrote(&mut self, count: usize, now: Moment) {
        let written = self.output.wrote(count, now);
        if let State::Printing(job) = &mut self.state {
            job.wrote(&written);
        }
        self.pump(now);
    }

    /// The line is given up, and the last `count` bytes that it took never reached the printer. To be told before
    /// [`Machine::disconnected`].
    pub fn withdrawn(&mut self, count: usize) {
        if let State::Printing(job) = &mut self.state {
            job.withdrawn(count);
        }
    }

    /// The printer sent these bytes.
    pub fn received(&mut self, bytes: &[u8], now: Moment) {
        for byte in bytes {
            match self.parser.push(*byte) {
                Some(Reply::AutomaticStatusBack(asb)) => {
                    self.status.apply_asb(asb);
                    self.heartbeat.heard(false);
                }
                Some(Reply::FullStatus(full)) => self.full_status(full, now),
                Some(Reply::RealTimeStatus(reply)) => {
                    if let Some(request) = self.heartbeat.answered(now) {
                        self.status.apply_real_time(request, reply);
                    }
                }
                Some(Reply::Single(_)) => self.fence_answered(now),
                Some(Reply::Identity(text)) => {
                    if let State::Probing(greeting) = &mut self.state {
                        greeting.text(&text);
                    }
                }
                Some(Reply::Xoff) => self.paused = true,
                Some(Reply::Xon) => {
                    self.paused = false;
                    self.output.touch(now);
                }
                Some(Reply::KeptPictures(keys)) => self.kept = self.kept.is_some().then_some(keys),
                Some(Reply::Noise(_)) => self.noise_bytes += 1,
                None => {}
            }
        }
        self.advance(now);
    }

    fn full_status(&mut self, full: [u8; 4], now: Moment) {
        self.status.apply_full(full);
        let was_asked = self.heartbeat.awaits_full_status();
        if was_asked {
            self.heartbeat.answered(now);
        }
        self.heartbeat.heard(was_asked);
        if self.profile.presenter.is_some() {
            self.events.extend(self.mouth.seen(self.status.ticket_present, now));
        }
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Moment) {
        self.advance(now);
    }

    /// When `tick` must be called next, at the latest.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Moment> {
        let own = match &self.state {
            State::Closed => return None,
            State::Probing(greeting) => greeting.until(),
            State::Idle => self.profile.presenter.and_then(|presenter| self.mouth.deadline(presenter)),
            State::Printing(job) => job.deadline(self.output.stalled_since(), self.profile.write_limit),
            State::Doubt(earliest) => *earliest,
            State::Resyncing { deadline, last_fence } => {
                let quiet = last_fence.filter(|_| self.output.is_empty()).map(|at| at + steps::QUIET);
                Some(quiet.map_or(*deadline, |at| at.min(*deadline)))
            }
        };
        let heartbeat = self.heartbeat.deadline(self.output.is_empty());
        let hanging = self.hangs_since().filter(|_| !self.hangs).map(|at| at + self.profile.write_limit);
        own.into_iter().chain(heartbeat).chain(hanging).chain(self.refuses_at()).min()
    }

    /// Bytes from the printer that were no reply, so far.
    #[must_use]
    pub fn noise_bytes(&self) -> u64 {
        self.noise_bytes
    }

    /// The next thing to tell.
    pub fn poll_event(&mut self) -> Option<PrinterEvent> {
        self.events.pop_front()
    }

    /// What is known of the printer's state.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status
    }

    fn tell_health(&mut self) {
        let health = self.health();
        if health != self.told {
            self.told = health.clone();
            self.events.push_back(PrinterEvent::Health(health));
        }
    }

    /// The health as of now.
    #[must_use]
    pub fn health(&self) -> DeviceHealth {
        if matches!(self.state, State::Closed) {
            return match &self.failure {
                Some(why) => DeviceHealth::Failed(why.clone()),
                None => DeviceHealth::Absent,
            };
        }
        let causes = self.status.blocking_causes();
        if !causes.is_empty() {
            return DeviceHealth::Blocked(causes);
        }
        let silence = self.heartbeat.is_silent().then_some(Cause::Silent);
        let unexplained = silence.or(self.fenceless.then_some(Cause::FenceTimedOut));
        if let Some(cause) = self.port.cause().or(unexplained) {
            return DeviceHealth::Blocked(vec![cause]);
        }
        match &self.state {
            State::Closed | State::Probing(_) | State::Doubt(_) | State::Resyncing { .. } => {
                DeviceHealth::Starting
            }
            State::Idle | State::Printing(_) => {
                let near_end = (self.status.paper == Paper::NearEnd).then_some(Cause::PaperNearEnd);
                let left = self.mouth.is_stuck().then_some(Cause::TicketLeft);
                let causes: Vec<Cause> = near_end.into_iter().chain(left).collect();
                if causes.is_empty() { DeviceHealth::Ready } else { DeviceHealth::Degraded(causes) }
            }
        }
    }
}
