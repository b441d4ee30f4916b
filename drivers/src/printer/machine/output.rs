//! The command that is being written, and those waiting behind it.

use std::collections::VecDeque;

use super::super::encoder::{Command, CommandKind};
use crate::clock::Moment;

/// How much of which kind of command has just been written.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Written {
    pub(super) kind: Option<CommandKind>,
    pub(super) bytes: usize,
}

/// At most one command is on the line; status requests go between commands, never into one.
#[derive(Debug, Clone, Default)]
pub(super) struct Output {
    current: Option<Command>,
    sent: usize,
    /// When the line last took a byte (or got something to take).
    moved_at: Option<Moment>,
    queue: VecDeque<Command>,
}

impl Output {
    pub(super) fn pending(&self) -> &[u8] {
        self.current.as_ref().map_or(&[], |command| command.bytes.get(self.sent..).unwrap_or_default())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pending().is_empty() && self.queue.is_empty()
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn queue(&mut self, command: Command) {
        self.queue.push_back(command);
    }

    pub(super) fn queued_bytes(&self) -> usize {
        self.queue.iter().map(|command| command.bytes.len()).sum()
    }

    /// Bytes that wait, those of the command on the line included.
    pub(super) fn held_bytes(&self) -> usize {
        self.pending().len() + self.queued_bytes()
    }

    pub(super) fn next_queued(&mut self) -> Option<Command> {
        self.queue.pop_front()
    }

    pub(super) fn start(&mut self, command: Command, now: Moment) {
        self.current = Some(command);
        self.sent = 0;
        self.moved_at = Some(now);
    }

    pub(super) fn command_bytes(&self) -> usize {
        self.current.as_ref().map_or(0, |command| command.bytes.len())
    }

    /// The command that has been written whole, once.
    pub(super) fn take_done(&mut self) -> Option<Command> {
        if self.pending().is_empty() { self.current.take() } else { None }
    }

    pub(super) fn wrote(&mut self, count: usize, now: Moment) -> Written {
        let count = count.min(self.pending().len());
        self.sent += count;
        if count > 0 {
            self.moved_at = Some(now);
        }
        Written { kind: self.current.as_ref().map(|command| command.kind), bytes: count }
    }

    /// Since when the line refuses what is pending.
    pub(super) fn stalled_since(&self) -> Option<Moment> {
        if self.pending().is_empty() { None } else { self.moved_at }
    }

    pub(super) fn touch(&mut self, now: Moment) {
        self.moved_at = Some(now);
    }

    /// Forgets what waits. A command that has been begun is written to its end, so that the printer reads what comes
    /// next as a command and not as dots.
    pub(super) fn drop_waiting(&mut self) {
        self.queue.clear();
        if self.sent == 0 {
            self.current = None;
        }
    }
}
