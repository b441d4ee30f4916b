//! The fake printer without thread and clock.

mod mechanism;
mod switches;

use std::collections::VecDeque;

use self::mechanism::Mechanism;
use super::lexer::{Lexed, Lexer};
use super::model::{FakeFault, FakeModel, FakeTicket, Person};
use super::paper::{Action, Settings};
use super::state::Sensors;
use crate::clock::Moment;
use crate::document::Bitmap;
use crate::printer::Dialect;

/// Kept of the unknown bytes; more of them only count.
const UNKNOWN_KEPT: usize = 256;
/// `DLE DC4 8` with its fixed parameters.
const CLEAR_BUFFER: &[u8] = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08";

/// The fake printer: bytes and time in, bytes and tickets out.
#[derive(Debug, Clone)]
pub struct PrinterCore {
    model: FakeModel,
    settings: Settings,
    lexer: Lexer,
    queue: VecDeque<Vec<u8>>,
    queued_bytes: usize,
    /// Bytes of the command whose work is under way.
    working_bytes: usize,
    mechanism: Mechanism,
    sensors: Sensors,
    /// What `GS a` or `GS E0` last asked to be told; 0 is nothing.
    status_back: u8,
    last_back: Option<Sensors>,
    is_silent: bool,
    is_busy: bool,
    said_xoff: bool,
    /// Strikes when so many bytes have been received.
    fault_at: Option<(u64, FakeFault)>,
    is_cut_off: bool,
    replies: Vec<u8>,
    unknown: Vec<u8>,
    unknown_count: usize,
    longest_command: usize,
    received: u64,
}

impl PrinterCore {
    /// A printer with paper, cover closed, and a person who takes tickets out of the presenter after a second.
    #[must_use]
    pub fn new(model: FakeModel) -> Self {
        Self {
            settings: Settings::new(model.width_dots, model.dpi),
            mechanism: Mechanism::new(&model),
            model,
            lexer: Lexer::default(),
            queue: VecDeque::new(),
            queued_bytes: 0,
            working_bytes: 0,
            sensors: Sensors::default(),
            status_back: 0,
            last_back: None,
            is_silent: false,
            is_busy: false,
            said_xoff: false,
            fault_at: None,
            is_cut_off: false,
            replies: Vec::new(),
            unknown: Vec::new(),
            unknown_count: 0,
            longest_command: 0,
            received: 0,
        }
    }

    /// The printer's bytes to the computer, taken away.
    pub fn take_replies(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.replies)
    }

    /// The next ticket that left the printer, taken away. One that a presenter holds has not left it yet.
    pub fn take_ticket(&mut self) -> Option<FakeTicket> {
        self.mechanism.finished.pop_front()
    }

    /// How many tickets have been cut off since the start.
    #[must_use]
    pub fn ticket_count(&self) -> usize {
        self.mechanism.ticket_count
    }

    /// The ticket that the presenter holds.
    #[must_use]
    pub fn held_ticket(&self) -> Option<&FakeTicket> {
        self.mechanism.held.as_ref()
    }

    /// The printed paper that has not been cut off yet.
    #[must_use]
    pub fn uncut_paper(&self) -> &Bitmap {
        &self.mechanism.paper
    }

    /// How many bytes were no known command, and the first of them. The proof that a driver sends only what printers
    /// understand.
    #[must_use]
    pub fn unknown_bytes(&self) -> (usize, &[u8]) {
        (self.unknown_count, &self.unknown)
    }

    /// Length of the longest command so far.
    #[must_use]
    pub fn longest_command(&self) -> usize {
        self.longest_command
    }

    /// Bytes received since the start.
    #[must_use]
    pub fn received_bytes(&self) -> u64 {
        self.received
    }

    /// How many bytes the printer would take now; none when busy.
    #[must_use]
    pub fn room(&self) -> usize {
        if self.is_busy {
            return 0;
        }
        let used = self.queued_bytes + self.working_bytes;
        // A command longer than the buffer is taken in as its rows are printed; here, whole.
        let room = self.model.buffer_bytes.saturating_sub(used + self.lexer.open_bytes());
        if used == 0 && self.lexer.open_bytes() > 0 { room.max(64) } else { room }
    }

    /// Gives the printer bytes; says how many it took.
    pub fn receive(&mut self, bytes: &[u8], now: Moment) -> usize {
        self.advance(now);
        let mut taken = 0;
        for byte in bytes {
            self.strike_if_due();
            if self.is_cut_off || self.room() == 0 {
                break;
            }
            taken += 1;
            self.received += 1;
            match self.lexer.push(*byte) {
                None => {}
                Some(Lexed::Unknown(bytes)) => self.note_unknown(&bytes),
                Some(Lexed::Command(command)) => {
                    self.take_command(command);
                    self.advance(now);
                }
            }
        }
        self.strike_if_due();
        self.control_flow();
        taken
    }

    fn note_unknown(&mut self, bytes: &[u8]) {
        self.unknown_count += bytes.len();
        let room = UNKNOWN_KEPT.saturating_sub(self.unknown.len());
        self.unknown.extend(bytes.iter().take(room));
    }

    fn take_command(&mut self, command: Vec<u8>) {
        self.longest_command = self.longest_command.max(command.len());
        match command.as_slice() {
            // Real-time commands do not wait in the buffer.
            [0x10, 0x04, 20] if self.model.dialect == Dialect::Custom => {
                self.reply(&self.sensors.full_status());
            }
            [0x10, 0x04, request] => {
                if let Some(reply) = self.sensors.real_time(*request) {
                    self.reply(&[reply]);
                } else {
                    self.note_unknown(&command);
                }
            }
            [0x10, 0x05, 2] => self.clear_buffer(),
            CLEAR_BUFFER if self.model.clears_buffer => self.clear_buffer(),
            [0x10, ..] | [0x00] => {}
            // Custom's own commands.
            [0x1d, b'e' | 0xe0, ..] if self.model.dialect == Dialect::Epson => self.note_unknown(&command),
            _ => {
                self.queued_bytes += command.len();
                self.queue.push_back(command);
            }
        }
    }

    fn clear_buffer(&mut self) {
        self.queue.clear();
        self.queued_bytes = 0;
        self.mechanism.works.clear();
        self.working_bytes = 0;
        self.lexer.reset();
    }

    fn reply(&mut self, bytes: &[u8]) {
        let is_mute = self.is_silent || (self.model.mute_when_open && self.sensors.cover_open);
        if !is_mute {
            self.replies.extend_from_slice(bytes);
        }
    }

    /// Says XOFF when the buffer is nearly full and XON when half of it is free again.
    fn control_flow(&mut self) {
        let free = self.model.buffer_bytes.saturating_sub(self.queued_bytes + self.working_bytes);
        if self.model.xon_xoff && !self.said_xoff && free < self.model.buffer_bytes / 8 {
            self.said_xoff = true;
            self.reply(&[0x13]);
        } else if self.said_xoff && free > self.model.buffer_bytes / 2 {
            self.said_xoff = false;
            self.reply(&[0x11]);
        }
    }

    /// Follows the mechanism up to `now`.
    pub fn advance(&mut self, now: Moment) {
        self.mechanism.follow_person(&mut self.sensors, now);
        while !self.sensors.is_blocked() {
            if self.mechanism.is_idle() {
                self.working_bytes = 0;
                let Some(command) = self.queue.pop_front() else { break };
                self.queued_bytes -= command.len();
                self.working_bytes = command.len();
                self.begin(&command);
            } else if !self.mechanism.step(&mut self.sensors, now) {
                break;
            }
        }
        self.mechanism.rest(self.sensors.is_blocked(), now);
        self.tell_changes();
        self.control_flow();
    }

    fn begin(&mut self, command: &[u8]) {
        self.mechanism.raw.extend_from_slice(command);
        let is_custom = self.model.dialect == Dialect::Custom;
        match self.settings.carry_out(command) {
            Action::None => {}
            Action::Rows(rows) => self.mechanism.print(rows),
            Action::Cut { feed } => self.mechanism.feed_and_cut(feed),
            Action::Present => self.mechanism.present(),
            Action::Eject => self.mechanism.eject(),
            Action::Retract => self.mechanism.retract(),
            Action::TellPaper => self.reply(&[self.sensors.paper() & 0x0f]),
            Action::TellIdentity(66) if !is_custom => self.reply_text(&self.model.maker.clone()),
            Action::TellIdentity(67) if !is_custom => self.reply_text(&self.model.name.clone()),
            Action::TellIdentity(1 | 49) => self.reply(&[self.model.model_id]),
            // An unknown number is not answered.
            Action::TellIdentity(_) => {}
            Action::Tell(reply) => self.reply(&reply),
            Action::StatusBack(dialect, mask) => {
                if dialect == self.model.dialect && self.model.reports_changes {
                    self.status_back = mask;
                    self.last_back = None;
                    self.tell_changes();
                }
            }
            Action::Reset => self.status_back = 0,
        }
    }

    fn reply_text(&mut self, text: &str) {
        self.reply(b"\x5f");
        self.reply(text.as_bytes());
        self.reply(b"\0");
    }

    /// When something will happen without new bytes.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Moment> {
        let work = self.mechanism.next_step().filter(|_| !self.sensors.is_blocked());
        work.into_iter().chain(self.mechanism.taking_at()).min()
    }

    fn tell_changes(&mut self) {
        if self.status_back == 0 || self.last_back == Some(self.sensors) {
            return;
        }
        let told_before = self.last_back.replace(self.sensors);
        match self.model.dialect {
            Dialect::Epson => {
                let state = self.sensors.status_back();
                if told_before.map(Sensors::status_back) != Some(state) {
                    self.reply(&state);
                }
            }
            Dialect::Custom => self.reply(&self.sensors.full_status()),
        }
    }

    /// Who stands in front of the presenter.
    pub fn set_person(&mut self, person: Person) {
        self.mechanism.person = person;
    }

    /// The state in words, one line: `cover=closed paper=ok cutter=ok ... tickets=3 unknown=0 longest=4096`.
    #[must_use]
    pub fn describe(&self) -> String {
        let word = |is_so: bool, yes: &'static str, no: &'static str| if is_so { yes } else { no };
        let paper = match (self.sensors.paper_end, self.sensors.near_end) {
            (true, _) => "end",
            (false, true) => "near_end",
            (false, false) => "ok",
        };
        format!(
            "cover={} paper={paper} cutter={} jam={} silent={} busy={} buffered={} presenter={} tickets={} unknown={} longest={}",
            word(self.sensors.cover_open, "open", "closed"),
            word(self.sensors.cutter_error, "error", "ok"),
            word(self.sensors.paper_jam, "yes", "no"),
            word(self.is_silent, "yes", "no"),
            word(self.is_busy || !self.mechanism.is_idle(), "yes", "no"),
            self.queued_bytes + self.working_bytes,
            word(self.held_ticket().is_some(), "ticket", "empty"),
            self.ticket_count(),
            self.unknown_count,
            self.longest_command,
        )
    }
}
