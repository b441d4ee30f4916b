//! The job machine: what a printer is told when, and what became of each ticket. No I/O; time is an argument.

mod heartbeat;
mod job;
mod output;

use std::collections::VecDeque;
use std::time::Duration;

use self::heartbeat::Heartbeat;
use self::job::Job;
use self::output::Output;
use super::encoder::{Command, CommandKind, KeyCode, LIST_KEPT};
use super::profile::Profile;
use super::status::{Paper, Reply, Status, StatusParser};
use crate::clock::Moment;
use crate::health::{Cause, DeviceHealth};

/// When everything is written and trouble is reported, the confirmation may still be on its way for this long.
const GRACE: Duration = Duration::from_millis(300);
/// Confirmations of a broken-off ticket that still arrive do so without a longer pause than this.
const QUIET: Duration = Duration::from_millis(1500);
/// How often a printer that confirms nothing is asked again.
const RESYNC_RETRY: Duration = Duration::from_secs(10);

/// `ESC @`; `GS a 14`: report changes of online state, errors and paper unasked.
const INITIALISE: &[u8] = b"\x1b@\x1da\x0e";
/// `GS r 1`: its answer says that everything before it has been carried out.
pub(super) const FENCE: &[u8] = b"\x1dr\x01";
/// `DLE DC4 8`: empty receive and print buffer, at once.
const CLEAR_BUFFER: &[u8] = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08";

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
#[derive(Debug)]
enum State {
    /// No line.
    Closed,
    /// The line is open, nothing is known yet.
    Probing,
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

/// The machine of one printer.
#[derive(Debug)]
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
    /// A ticket broke off and its paper is not voided yet.
    void_due: bool,
    /// The printer answers status requests but no fence.
    fenceless: bool,
    paused: bool,
    noise_bytes: u64,
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
            void_due: in_doubt,
            fenceless: false,
            paused: false,
            noise_bytes: 0,
            failure: None,
            told: DeviceHealth::Starting,
            events: VecDeque::new(),
            kept: None,
        }
    }

    /// Asks at each connection which pictures the printer keeps, see [`Machine::kept_pictures`].
    pub fn ask_kept_pictures(&mut self) {
        self.kept = Some(Vec::new());
    }

    /// Key codes of the pictures that the printer says it keeps.
    #[must_use]
    pub fn kept_pictures(&self) -> &[KeyCode] {
        self.kept.as_deref().unwrap_or_default()
    }

    /// The line is open.
    pub fn connected(&mut self, now: Moment) {
        self.status = Status::default();
        self.parser = StatusParser::new();
        self.heartbeat = Heartbeat::starting(now, self.line_time(self.profile.max_command_bytes));
        self.fences_due = 0;
        self.paused = false;
        self.fenceless = false;
        self.failure = None;
        self.output.clear();
        // Zeros complete whatever command an earlier connection left open; outside a command they do nothing.
        let mut greeting = vec![0; self.profile.max_command_bytes];
        greeting.extend_from_slice(INITIALISE);
        if let Some(kept) = &mut self.kept {
            kept.clear();
            greeting.extend_from_slice(LIST_KEPT);
        }
        self.output.queue(Command::status(greeting));
        self.state = State::Probing;
        self.pump(now);
        self.tell_health();
    }

    /// The line is lost, or could not be opened: `failure` says why if waiting does not mend it.
    pub fn disconnected(&mut self, failure: Option<String>) {
        let state = std::mem::replace(&mut self.state, State::Closed);
        if let State::Printing(job) = state {
            self.finish(&job, Cause::Disconnected);
        }
        self.output.clear();
        self.failure = failure;
        self.tell_health();
    }

    /// Whether a ticket broke off whose paper is not voided yet: the next machine must be told so.
    #[must_use]
    pub fn owes_void(&self) -> bool {
        self.void_due
    }

    /// Begins a job, or refuses it at once: there is a `Finished` event in either case.
    pub fn start_job(&mut self, job: u64, commands: Vec<Command>, now: Moment) {
        if let Some(cause) = self.refusal() {
            self.refuse(job, cause);
            return;
        }
        self.state = State::Printing(Job::new(job, commands, self.profile.unconfirmed_bands));
        self.pump(now);
    }

    /// Ends a job that was never begun.
    pub fn refuse(&mut self, job: u64, cause: Cause) {
        self.events.push_back(PrinterEvent::Finished { job, outcome: Outcome::NotPrinted(cause) });
    }

    /// Why a job would be refused now; `None` when it would be begun.
    #[must_use]
    pub fn refusal(&self) -> Option<Cause> {
        match &self.state {
            State::Closed => Some(Cause::Absent),
            State::Printing(_) => Some(Cause::Busy),
            State::Probing | State::Doubt(_) | State::Resyncing { .. } => {
                Some(self.first_cause().unwrap_or(Cause::Starting))
            }
            State::Idle => self.first_cause(),
        }
    }

    fn first_cause(&self) -> Option<Cause> {
        if self.heartbeat.is_silent() {
            return Some(Cause::Silent);
        }
        self.status.blocking_causes().first().copied()
    }

    /// The bytes to write now; tell [`Machine::wrote`] how many the line took.
    #[must_use]
    pub fn pending_output(&self) -> &[u8] {
        if self.paused { &[] } else { self.output.pending() }
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
                    self.heartbeat.heard();
                }
                Some(Reply::FullStatus(full)) => {
                    self.status.apply_full(full);
                    self.heartbeat.heard();
                }
                Some(Reply::RealTimeStatus(reply)) => {
                    if let Some(request) = self.heartbeat.answered(now) {
                        self.status.apply_real_time(request, reply);
                    }
                }
                Some(Reply::Single(_)) => self.fence_answered(now),
                Some(Reply::Xoff) => self.paused = true,
                Some(Reply::Xon) => {
                    self.paused = false;
                    self.output.touch(now);
                }
                Some(Reply::KeptPictures(keys)) => self.kept = self.kept.is_some().then_some(keys),
                Some(Reply::Noise(_)) => self.noise_bytes += 1,
                Some(Reply::Identity(_)) | None => {}
            }
        }
        self.advance(now);
    }

    fn fence_answered(&mut self, now: Moment) {
        self.fences_due = self.fences_due.saturating_sub(1);
        self.fenceless = false;
        match &mut self.state {
            State::Printing(job) => {
                job.confirmed(self.fences_due, &self.profile, now);
                if job.all_written() && self.fences_due == 0 {
                    let event = PrinterEvent::Finished { job: job.id, outcome: Outcome::Printed };
                    self.events.push_back(event);
                    self.state = State::Idle;
                }
            }
            State::Resyncing { last_fence, .. } => *last_fence = Some(now),
            State::Closed | State::Probing | State::Idle | State::Doubt(_) => {}
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
            State::Probing | State::Idle => None,
            State::Printing(job) => job.deadline(self.output.stalled_since(), self.profile.write_limit),
            State::Doubt(earliest) => *earliest,
            State::Resyncing { deadline, last_fence } => {
                let quiet = last_fence.filter(|_| self.output.is_empty()).map(|at| at + QUIET);
                Some(quiet.map_or(*deadline, |at| at.min(*deadline)))
            }
        };
        let heartbeat = self.heartbeat.deadline(self.output.is_empty());
        own.into_iter().chain(heartbeat).min()
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

    /// Carries out what the passing of time or new knowledge demands.
    fn advance(&mut self, now: Moment) {
        // A printer at work may answer late: then the confirmations count, not the heartbeat.
        self.heartbeat.expire(now, matches!(self.state, State::Printing(_)));
        let causes = self.status.blocking_causes();
        match &mut self.state {
            State::Closed | State::Idle => {}
            State::Probing => {
                if self.heartbeat.is_informed() && self.output.is_empty() {
                    self.state = if self.void_due { State::Doubt(None) } else { State::Idle };
                }
            }
            State::Printing(job) => {
                let stalled = self.output.stalled_since();
                if let Some(cause) = job.trouble(causes.first().copied(), stalled, &self.profile, now) {
                    self.break_off(cause, now);
                }
            }
            State::Doubt(earliest) => {
                *earliest = earliest.filter(|at| now < *at);
                let may_try = earliest.is_none() && self.output.is_empty();
                if may_try && causes.is_empty() && self.heartbeat.is_informed() {
                    self.resync(now);
                }
            }
            State::Resyncing { deadline, last_fence } => {
                let all_quiet = self.fences_due == 0 || last_fence.is_some_and(|at| now >= at + QUIET);
                if last_fence.is_some() && self.output.is_empty() && all_quiet {
                    self.fences_due = 0;
                    self.void_due = false;
                    self.state = State::Idle;
                } else if now >= *deadline {
                    self.fenceless = causes.is_empty();
                    self.output.drop_waiting();
                    self.state = State::Doubt(self.fenceless.then_some(now + RESYNC_RETRY));
                }
            }
        }
        self.pump(now);
        self.tell_health();
    }

    /// Ends the job under way after trouble.
    fn break_off(&mut self, cause: Cause, now: Moment) {
        let State::Printing(job) = std::mem::replace(&mut self.state, State::Doubt(None)) else { return };
        self.finish(&job, cause);
        self.output.drop_waiting();
        if self.profile.clears_buffer {
            self.output.queue(Command::status(CLEAR_BUFFER.to_vec()));
        }
        // What the printer said before the trouble is no proof that it can print again.
        self.heartbeat.forget(now);
        self.pump(now);
    }

    fn finish(&mut self, job: &Job, cause: Cause) {
        let outcome = job.broken_off(cause);
        if matches!(outcome, Outcome::Unknown { .. }) {
            self.void_due = true;
        }
        self.events.push_back(PrinterEvent::Finished { job: job.id, outcome });
    }

    /// Brings the printer to a known state, voiding what came out of the broken-off ticket (once).
    fn resync(&mut self, now: Moment) {
        self.output.queue(Command::status(INITIALISE.to_vec()));
        let mut dots = 0;
        if self.void_due && !self.fenceless {
            for command in &self.void_slip {
                dots += command.dots;
                self.output.queue(command.clone());
            }
        }
        self.output.queue(Command::new(CommandKind::Fence, FENCE.to_vec(), 0));
        let line_time = self.line_time(self.output.queued_bytes());
        let deadline = now + self.profile.reply_limit + self.profile.feed_time(dots) + line_time + QUIET;
        self.state = State::Resyncing { deadline, last_fence: None };
    }

    fn line_time(&self, bytes: usize) -> Duration {
        let Some(rate) = self.bytes_per_sec else { return Duration::ZERO };
        Duration::from_millis((bytes as u64) * 1000 / u64::from(rate.max(1)))
    }

    /// Gives the line its next command once the last one is written.
    fn pump(&mut self, now: Moment) {
        while self.output.pending().is_empty() {
            let line_time = self.line_time(self.output.command_bytes());
            if let State::Printing(job) = &mut self.state {
                job.command_written(self.output.take_done(), line_time, &self.profile, now);
            }
            let next = match &mut self.state {
                State::Printing(job) => job.next_command(self.fences_due, self.profile.unconfirmed_bands),
                State::Closed => return,
                State::Probing | State::Idle | State::Doubt(_) | State::Resyncing { .. } => {
                    self.output.next_queued()
                }
            };
            let ask = || self.heartbeat.due(now).map(|request| Command::status(vec![0x10, 0x04, request]));
            let Some(command) = next.or_else(ask) else { return };
            if command.kind == CommandKind::Fence {
                self.fences_due += 1;
            }
            self.output.start(command, now);
        }
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
        if self.heartbeat.is_silent() {
            return DeviceHealth::Blocked(vec![Cause::Silent]);
        }
        if self.fenceless {
            return DeviceHealth::Blocked(vec![Cause::FenceTimedOut]);
        }
        match &self.state {
            State::Closed | State::Probing | State::Doubt(_) | State::Resyncing { .. } => {
                DeviceHealth::Starting
            }
            State::Idle | State::Printing(_) => match self.status.paper {
                Paper::NearEnd => DeviceHealth::Degraded(vec![Cause::PaperNearEnd]),
                Paper::Unknown | Paper::Ok | Paper::End => DeviceHealth::Ready,
            },
        }
    }
}
