//! One ticket on its way through the printer.

use std::collections::VecDeque;
use std::time::Duration;

use super::super::encoder::{Command, CommandKind};
use super::super::profile::Profile;
use super::output::Written;
use super::{FENCE, GRACE, Outcome};
use crate::clock::Moment;
use crate::health::Cause;

/// How far the bands may run ahead of their confirmations.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lead {
    /// So many bands at most; 0 for any number.
    pub(super) bands: usize,
    /// So many bytes at most, unless nothing is under way.
    pub(super) bytes: usize,
}

#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) id: u64,
    commands: VecDeque<Command>,
    bytes_written: usize,
    /// Whether a byte of a command that moves paper has been written.
    marked: bool,
    /// Whether a byte of the cut has been written.
    cut_begun: bool,
    /// The last write, and whether the ticket was marked before it.
    last_write: (Written, bool),
    /// The last fence has been written whole.
    all_written: bool,
    /// When the printer must have confirmed something.
    reply_at: Option<Moment>,
    /// Dots and line time of what waits for confirmation.
    unconfirmed: Duration,
    /// Bytes before each fence that waits for confirmation, and those behind the last one.
    in_flight: VecDeque<usize>,
    /// Trouble came after everything had been written: until when the confirmation may still come.
    grace: Option<(Moment, Cause)>,
}

impl Job {
    pub(super) fn new(id: u64, commands: Vec<Command>, unconfirmed_bands: usize) -> Self {
        let fence = || Command::new(CommandKind::Fence, FENCE.to_vec(), 0);
        let mut queue = VecDeque::new();
        for command in commands {
            let wants_fence = command.kind == CommandKind::Band && unconfirmed_bands > 0;
            queue.push_back(command);
            if wants_fence {
                queue.push_back(fence());
            }
        }
        queue.push_back(fence());
        Self {
            id,
            commands: queue,
            bytes_written: 0,
            marked: false,
            cut_begun: false,
            last_write: (Written::default(), false),
            all_written: false,
            reply_at: None,
            unconfirmed: Duration::ZERO,
            in_flight: VecDeque::from([0]),
            grace: None,
        }
    }

    /// The next command to write; none while too many bands wait for confirmation. The cut waits for all of them: a
    /// printer that runs out of paper then holds no ticket that would come out whole later.
    pub(super) fn next_command(&mut self, fences_due: usize, lead: Lead) -> Option<Command> {
        let next = self.commands.front()?;
        let may_go = match next.kind {
            CommandKind::Status | CommandKind::Setup | CommandKind::Fence | CommandKind::Feed => true,
            CommandKind::Band => {
                let under_way: usize = self.in_flight.iter().sum();
                let has_room = fences_due == 0 || under_way + next.bytes.len() <= lead.bytes;
                lead.bands == 0 || (fences_due < lead.bands && has_room)
            }
            CommandKind::Cut => fences_due == 0,
        };
        if may_go { self.commands.pop_front() } else { None }
    }

    /// Puts something before the ticket that is no part of it.
    pub(super) fn precede(&mut self, command: Command) {
        self.commands.push_front(command);
    }

    pub(super) fn wrote(&mut self, written: &Written) {
        let Some(kind) = written.kind else { return };
        if written.bytes > 0 {
            self.last_write = (*written, self.marked);
        }
        match kind {
            CommandKind::Status => return,
            CommandKind::Setup => {}
            CommandKind::Band | CommandKind::Feed | CommandKind::Cut | CommandKind::Fence => {
                self.marked |= written.bytes > 0;
                self.cut_begun |= kind == CommandKind::Cut && written.bytes > 0;
            }
        }
        self.bytes_written += written.bytes;
    }

    /// Of the last write `count` bytes never left.
    pub(super) fn withdrawn(&mut self, count: usize) {
        let (written, was_marked) = self.last_write;
        if matches!(written.kind, None | Some(CommandKind::Status)) {
            return;
        }
        let count = count.min(written.bytes);
        self.bytes_written = self.bytes_written.saturating_sub(count);
        if count == written.bytes {
            self.marked = was_marked;
        }
    }

    /// A command has been written whole.
    pub(super) fn command_written(
        &mut self,
        command: Option<Command>,
        line_time: Duration,
        profile: &Profile,
        now: Moment,
    ) {
        let Some(command) = command else { return };
        self.unconfirmed += line_time + profile.feed_time(command.dots);
        if let Some(bytes) = self.in_flight.back_mut() {
            *bytes += command.bytes.len();
        }
        if command.kind == CommandKind::Fence {
            self.in_flight.push_back(0);
            self.all_written = self.commands.is_empty();
            self.reply_at = Some(now + profile.reply_limit + self.unconfirmed);
        }
    }

    /// The printer confirmed a fence.
    pub(super) fn confirmed(&mut self, fences_due: usize, profile: &Profile, now: Moment) {
        if self.in_flight.len() > 1 {
            self.in_flight.pop_front();
        }
        if fences_due == 0 {
            self.unconfirmed = Duration::ZERO;
            self.reply_at = None;
        } else {
            self.reply_at = Some(now + profile.reply_limit + self.unconfirmed);
        }
    }

    pub(super) fn cut_begun(&self) -> bool {
        self.cut_begun
    }

    pub(super) fn queued_bytes(&self) -> usize {
        self.commands.iter().map(|command| command.bytes.len()).sum()
    }

    pub(super) fn all_written(&self) -> bool {
        self.all_written
    }

    /// When to look for trouble next.
    pub(super) fn deadline(&self, stalled_since: Option<Moment>, write_limit: Duration) -> Option<Moment> {
        if let Some((until, _)) = self.grace {
            return Some(until);
        }
        let stalled = stalled_since.map(|since| since + write_limit);
        self.reply_at.into_iter().chain(stalled).min()
    }

    /// Why the job must be broken off now, if it must.
    pub(super) fn trouble(
        &mut self,
        reported: Option<Cause>,
        stalled_since: Option<Moment>,
        profile: &Profile,
        now: Moment,
    ) -> Option<Cause> {
        if let Some((until, cause)) = self.grace {
            return (now >= until).then_some(cause);
        }
        if let Some(cause) = reported {
            if !self.all_written {
                return Some(cause);
            }
            self.grace = Some((now + GRACE, cause));
            return None;
        }
        if stalled_since.is_some_and(|since| now >= since + profile.write_limit) {
            return Some(Cause::WriteStalled);
        }
        if self.reply_at.is_some_and(|at| now >= at) {
            return Some(Cause::FenceTimedOut);
        }
        None
    }

    /// The outcome of breaking off now.
    pub(super) fn broken_off(&self, cause: Cause) -> Outcome {
        if self.marked {
            Outcome::Unknown { bytes_written: self.bytes_written, cause }
        } else {
            Outcome::NotPrinted(cause)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_never_left_do_not_count_and_leave_no_mark() {
        let band = |bytes| Written { kind: Some(CommandKind::Band), bytes };
        let status = Written { kind: Some(CommandKind::Status), bytes: 3 };
        let cause = Cause::Disconnected;
        let unknown = |bytes_written| Outcome::Unknown { bytes_written, cause };
        let refused = Outcome::NotPrinted(cause);
        for (writes, withdrawn, outcome) in [
            (&[band(60)][..], 60, refused),
            (&[band(60)], 59, unknown(1)),
            (&[band(60), band(40)], 40, unknown(60)),
            (&[band(60), band(40)], 0, unknown(100)),
            (&[band(60), status], 3, unknown(60)),
            (&[], 5, refused),
        ] {
            let mut job = Job::new(1, Vec::new(), 0);
            for written in writes {
                job.wrote(written);
            }
            job.withdrawn(withdrawn);
            assert_eq!(job.broken_off(cause), outcome, "{writes:?} less {withdrawn}");
        }
    }
}
