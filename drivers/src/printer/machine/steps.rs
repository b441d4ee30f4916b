//! What the passing of time and new knowledge demand of the machine.

use std::time::Duration;

use super::greeting::Greeting;
use super::heartbeat::Heartbeat;
use super::job::{Job, Lead};
use super::mouth::Mouth;
use super::{FENCE, Machine, Outcome, PrinterEvent, State, VoidSlip};
use crate::clock::Moment;
use crate::health::Cause;
use crate::printer::encoder::{Command, CommandKind, LIST_KEPT};
use crate::printer::profile::{Dialect, StatusMeans};

/// Confirmations of a broken-off ticket that still arrive do so without a longer pause than this.
pub(super) const QUIET: Duration = Duration::from_millis(1500);
/// How often a printer that confirms nothing is asked again.
const RESYNC_RETRY: Duration = Duration::from_secs(10);

/// `ESC @`.
const INITIALISE: &[u8] = b"\x1b@";
/// `GS a 14`: report changes of online state, errors and paper unasked.
const REPORT_EPSON: &[u8] = b"\x1da\x0e";
/// Custom's `GS E0 15`: report changes of all four bytes of the full status unasked.
const REPORT_CUSTOM: &[u8] = b"\x1d\xe0\x0f";
/// `DLE DC4 8`: empty receive and print buffer, at once.
const CLEAR_BUFFER: &[u8] = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08";

impl Machine {
    /// Begins to ask who the printer is and how it does.
    pub(super) fn greet(&mut self, now: Moment) {
        let line_time = self.line_time(self.profile.max_command_bytes);
        self.heartbeat = Heartbeat::starting(self.profile.dialect, now, line_time);
        self.fences_due = 0;
        self.settled = false;
        let (greeting, questions) = Greeting::new(self.profile.dialect);
        self.output.queue(self.initialisation());
        if let Some(kept) = &mut self.kept {
            kept.clear();
            // A printer without such a memory might print the question.
            if self.profile.nv_graphics {
                self.output.queue(Command::status(LIST_KEPT.to_vec()));
            }
        }
        self.output.queue(Command::status(questions));
        self.state = State::Probing(greeting);
        self.pump(now);
    }

    fn initialisation(&self) -> Command {
        let reports = match (self.profile.status, self.profile.dialect) {
            (StatusMeans::Poll, Dialect::Epson | Dialect::Custom) => &[],
            (StatusMeans::Asb, Dialect::Epson) => REPORT_EPSON,
            (StatusMeans::Asb, Dialect::Custom) => REPORT_CUSTOM,
        };
        Command::status([INITIALISE, reports].concat())
    }

    pub(super) fn fence_answered(&mut self, now: Moment) {
        if let State::Probing(greeting) = &mut self.state {
            greeting.fence_answered();
            return;
        }
        self.fences_due = self.fences_due.saturating_sub(1);
        self.fenceless = false;
        match &mut self.state {
            State::Printing(job) => {
                job.confirmed(self.fences_due, &self.profile, now);
                if job.all_written() && self.fences_due == 0 {
                    let id = job.id;
                    self.events.push_back(PrinterEvent::Finished { job: id, outcome: Outcome::Printed });
                    self.state = State::Idle;
                    if self.profile.presenter.is_some() {
                        self.mouth.presented(id, now);
                    }
                }
            }
            State::Resyncing { last_fence, .. } => *last_fence = Some(now),
            State::Closed | State::Probing(_) | State::Idle | State::Doubt(_) => {}
        }
    }

    /// Carries out what the passing of time or new knowledge demands.
    pub(super) fn advance(&mut self, now: Moment) {
        // A printer at work may answer late: then the confirmations count, not the heartbeat.
        let cannot_ask = self.refuses_at().is_some_and(|at| now >= at) && self.heartbeat.cannot_ask(now);
        if self.heartbeat.expire(now, matches!(self.state, State::Printing(_))) || cannot_ask {
            self.port.ask();
        }
        if !self.heartbeat.is_unanswered() {
            self.port.forget();
        }
        match &self.state {
            State::Closed => {}
            State::Probing(_) => self.probe(now),
            State::Idle => self.watch_mouth(now),
            State::Printing(_) => self.watch_job(now),
            State::Doubt(_) => self.leave_doubt(now),
            State::Resyncing { .. } => self.end_resync(now),
        }
        let at_work = matches!(self.state, State::Printing(_) | State::Resyncing { .. });
        self.heartbeat.set_watchful(at_work || !self.mouth.is_empty(), now);
        self.pump(now);
        self.hangs = self.hangs_since().is_some_and(|since| now >= since + self.profile.write_limit);
        self.tell_health();
    }

    fn probe(&mut self, now: Moment) {
        let is_blocked = self.heartbeat.is_silent() || !self.status.blocking_causes().is_empty();
        let is_asked = self.heartbeat.is_informed() && self.output.is_empty();
        let limit = now + self.profile.reply_limit + self.line_time(self.profile.max_command_bytes);
        let State::Probing(greeting) = &mut self.state else { return };
        greeting.wait(is_asked && !is_blocked, limit);
        if is_asked && greeting.is_answered() {
            self.identity = Some(std::mem::take(greeting).into_identity());
            self.state = if self.void == VoidSlip::None { State::Idle } else { State::Doubt(None) };
            self.port.try_out();
        } else if greeting.is_over(now) {
            self.fenceless = true;
            self.state = State::Doubt(Some(now + RESYNC_RETRY));
        }
    }

    fn watch_mouth(&mut self, now: Moment) {
        let Some(presenter) = self.profile.presenter else { return };
        let (order, event) = self.mouth.advance(presenter, now);
        if let Some(order) = order {
            self.output.queue(order);
        }
        self.events.extend(event);
    }

    fn watch_job(&mut self, now: Moment) {
        let State::Printing(job) = &mut self.state else { return };
        let reported = self.status.blocking_causes().first().copied().or_else(|| self.port.cause());
        if let Some(cause) = job.trouble(reported, self.output.stalled_since(), &self.profile, now) {
            self.break_off(cause, now);
        }
    }

    fn leave_doubt(&mut self, now: Moment) {
        let State::Doubt(earliest) = &mut self.state else { return };
        *earliest = earliest.filter(|at| now < *at);
        let may_try = earliest.is_none() && self.output.is_empty() && self.heartbeat.is_informed();
        if may_try && self.status.blocking_causes().is_empty() {
            self.resync(now);
        }
    }

    fn end_resync(&mut self, now: Moment) {
        let State::Resyncing { deadline, last_fence } = self.state else { return };
        let all_quiet = self.fences_due == 0 || last_fence.is_some_and(|at| now >= at + QUIET);
        if last_fence.is_some() && self.output.is_empty() && all_quiet {
            self.fences_due = 0;
            if self.void == VoidSlip::Sent {
                self.void = VoidSlip::None;
            }
            if self.void == VoidSlip::None {
                self.cut_begun = false;
                self.state = State::Idle;
            } else {
                // Whether a ticket lies in the presenter is to be asked anew.
                self.settled = true;
                self.heartbeat.forget(now);
                self.state = State::Doubt(None);
            }
        } else if now >= deadline {
            self.settled = false;
            self.fenceless = self.status.blocking_causes().is_empty();
            // A printer that only keeps silent has the slip; it is not given one every ten seconds.
            if self.void == VoidSlip::Sent && !(self.fenceless && self.output.is_empty()) {
                self.void = VoidSlip::Due;
            }
            self.output.drop_waiting();
            self.state = State::Doubt(self.fenceless.then_some(now + RESYNC_RETRY));
        }
    }

    /// Ends the job under way after trouble.
    fn break_off(&mut self, cause: Cause, now: Moment) {
        let State::Printing(job) = std::mem::replace(&mut self.state, State::Doubt(None)) else { return };
        self.finish(&job, cause);
        self.settled = false;
        self.output.drop_waiting();
        if self.profile.clears_buffer {
            self.output.queue(Command::status(CLEAR_BUFFER.to_vec()));
        }
        // What the printer said before the trouble is no proof that it can print again.
        self.heartbeat.forget(now);
        self.pump(now);
    }

    pub(super) fn finish(&mut self, job: &Job, cause: Cause) {
        let outcome = job.broken_off(cause);
        if matches!(outcome, Outcome::Unknown { .. }) {
            self.void = VoidSlip::Due;
            self.cut_begun |= job.cut_begun();
        }
        self.events.push_back(PrinterEvent::Finished { job: job.id, outcome });
    }

    /// Brings the printer to a known state, voiding what came out of the broken-off ticket (once). A printer with a presenter
    /// is let finish first: the cut that it may have held puts a ticket into the mouth, and the slip would crush it.
    fn resync(&mut self, now: Moment) {
        self.output.queue(self.initialisation());
        let mut dots = 0;
        let may_void = self.settled || self.profile.presenter.is_none();
        if self.void == VoidSlip::Due && !self.fenceless && may_void {
            // Not without need: some presenters cut what hangs in the head before they remove it.
            let is_held = self.status.ticket_present || self.cut_begun;
            if let Some(presenter) = self.profile.presenter.filter(|_| is_held) {
                self.mouth = Mouth::default();
                self.output.queue(Mouth::removal(presenter));
            }
            for command in &self.void_slip {
                dots += command.dots;
                self.output.queue(command.clone());
            }
            if let Some(presenter) = self.profile.presenter {
                self.output.queue(Mouth::removal(presenter));
            }
            self.void = VoidSlip::Sent;
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

    /// How far a job may run ahead. A printer that must be asked for its state keeps room in its buffer for the question.
    fn lead(&self) -> Lead {
        let bytes = if self.heartbeat.reports() { usize::MAX } else { self.profile.receive_buffer_bytes };
        Lead { bands: self.profile.unconfirmed_bands, bytes }
    }

    /// Gives the line its next command once the last one is written.
    pub(super) fn pump(&mut self, now: Moment) {
        while self.output.pending().is_empty() {
            let line_time = self.line_time(self.output.command_bytes());
            let lead = self.lead();
            if let State::Printing(job) = &mut self.state {
                job.command_written(self.output.take_done(), line_time, &self.profile, now);
            }
            let mut ask =
                || self.heartbeat.due(now).map(|request| Command::status(vec![0x10, 0x04, request]));
            let next = match &mut self.state {
                State::Closed => return,
                State::Printing(job) => ask().or_else(|| job.next_command(self.fences_due, lead)),
                State::Probing(_) | State::Idle | State::Doubt(_) | State::Resyncing { .. } => {
                    self.output.next_queued().or_else(ask)
                }
            };
            let Some(command) = next else { return };
            if command.kind == CommandKind::Fence {
                self.fences_due += 1;
            }
            self.output.start(command, now);
        }
    }
}
