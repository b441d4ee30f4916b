//! The fake printer without thread and clock.

use std::collections::VecDeque;
use std::time::Duration;

use super::lexer::{Lexed, Lexer};
use super::paper::{Action, Settings};
use super::state::Sensors;
use crate::clock::Moment;
use crate::document::Bitmap;

/// Kept of the unknown bytes; more of them only count.
const UNKNOWN_KEPT: usize = 256;
/// `DLE DC4 8` with its fixed parameters.
const CLEAR_BUFFER: &[u8] = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08";

/// What kind of printer the fake is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FakeModel {
    /// Dots a row.
    pub width_dots: u16,
    /// Dots an inch.
    pub dpi: u16,
    /// Paper speed.
    pub mm_per_sec: u16,
    /// Size of the receive buffer; when it is full the fake takes nothing more.
    pub buffer_bytes: usize,
    /// Whether it obeys `DLE DC4 8`.
    pub clears_buffer: bool,
    /// Head to cutter.
    pub head_to_cutter_mm: u16,
    /// How long the cutter takes.
    pub cut_time: Duration,
}

impl Default for FakeModel {
    /// An 80 mm printer with a small buffer.
    fn default() -> Self {
        Self {
            width_dots: 576,
            dpi: 203,
            mm_per_sec: 150,
            buffer_bytes: 4096,
            clears_buffer: true,
            head_to_cutter_mm: 15,
            cut_time: Duration::from_millis(300),
        }
    }
}

/// A piece of paper that was cut off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FakeTicket {
    /// Counted from 1.
    pub number: usize,
    /// What is on it.
    pub image: Bitmap,
    /// The commands that made it.
    pub raw: Vec<u8>,
}

/// What the mechanism is doing.
#[derive(Debug, Clone)]
enum Work {
    Rows { rows: Bitmap, done: usize },
    Feed { dots: u32 },
    Cut { left: Duration },
}

/// The fake printer: bytes and time in, bytes and tickets out.
#[derive(Debug, Clone)]
pub struct PrinterCore {
    model: FakeModel,
    settings: Settings,
    lexer: Lexer,
    queue: VecDeque<Vec<u8>>,
    queued_bytes: usize,
    works: VecDeque<Work>,
    /// Bytes of the command whose work is under way.
    working_bytes: usize,
    /// Until when the mechanism has been followed.
    at: Moment,
    sensors: Sensors,
    rows_left: Option<u32>,
    status_back: u8,
    last_back: Option<[u8; 4]>,
    is_silent: bool,
    paper: Bitmap,
    raw: Vec<u8>,
    replies: Vec<u8>,
    finished: VecDeque<FakeTicket>,
    ticket_count: usize,
    unknown: Vec<u8>,
    unknown_count: usize,
    longest_command: usize,
    received: u64,
}

impl PrinterCore {
    /// A printer with paper, cover closed.
    #[must_use]
    pub fn new(model: FakeModel) -> Self {
        Self {
            settings: Settings::new(model.width_dots, model.dpi),
            paper: Bitmap::new(model.width_dots, 0),
            model,
            lexer: Lexer::default(),
            queue: VecDeque::new(),
            queued_bytes: 0,
            works: VecDeque::new(),
            working_bytes: 0,
            at: Moment::ZERO,
            sensors: Sensors::default(),
            rows_left: None,
            status_back: 0,
            last_back: None,
            is_silent: false,
            raw: Vec::new(),
            replies: Vec::new(),
            finished: VecDeque::new(),
            ticket_count: 0,
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

    /// The next ticket that was cut off, taken away.
    pub fn take_ticket(&mut self) -> Option<FakeTicket> {
        self.finished.pop_front()
    }

    /// How many tickets have been cut off since the start.
    #[must_use]
    pub fn ticket_count(&self) -> usize {
        self.ticket_count
    }

    /// The printed paper that has not been cut off yet.
    #[must_use]
    pub fn uncut_paper(&self) -> &Bitmap {
        &self.paper
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
            if self.room() == 0 {
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
            [0x10, 0x04, request] => {
                if let Some(reply) = self.sensors.real_time(*request) {
                    self.reply(&[reply]);
                } else {
                    self.note_unknown(&[*request]);
                }
            }
            [0x10, 0x05, 2] => self.clear_buffer(),
            CLEAR_BUFFER if self.model.clears_buffer => self.clear_buffer(),
            [0x10, ..] | [0x00] => {}
            _ => {
                self.queued_bytes += command.len();
                self.queue.push_back(command);
            }
        }
    }

    fn clear_buffer(&mut self) {
        self.queue.clear();
        self.queued_bytes = 0;
        self.works.clear();
        self.working_bytes = 0;
        self.lexer.reset();
    }

    fn reply(&mut self, bytes: &[u8]) {
        if !self.is_silent {
            self.replies.extend_from_slice(bytes);
        }
    }

    /// Follows the mechanism up to `now`.
    pub fn advance(&mut self, now: Moment) {
        while !self.sensors.is_blocked() {
            let Some(work) = self.works.front_mut() else {
                self.working_bytes = 0;
                let Some(command) = self.queue.pop_front() else { break };
                self.queued_bytes -= command.len();
                self.working_bytes = command.len();
                self.begin(&command);
                continue;
            };
            let row_time = row_time(&self.model);
            let step = match work {
                Work::Rows { .. } | Work::Feed { .. } => row_time,
                Work::Cut { left } => *left,
            };
            if self.at + step > now {
                return;
            }
            self.at += step;
            self.step();
        }
        // Nothing to do, or unable to do it: no time is saved up.
        self.at = self.at.max(now);
    }

    fn begin(&mut self, command: &[u8]) {
        self.raw.extend_from_slice(command);
        match self.settings.carry_out(command) {
            Action::None => {}
            Action::Rows(rows) => self.works.push_back(Work::Rows { rows, done: 0 }),
            Action::Cut { feed } => {
                let to_cutter =
                    u32::from(self.model.head_to_cutter_mm) * u32::from(self.model.dpi) * 10 / 254;
                self.works.push_back(Work::Feed { dots: feed + to_cutter });
                self.works.push_back(Work::Cut { left: self.model.cut_time });
            }
            Action::TellPaper => self.reply(&[self.sensors.paper() & 0x03]),
            Action::TellIdentity(66) => self.reply(b"\x5fKIOSK\0"),
            Action::TellIdentity(67) => self.reply(b"\x5fFAKE-80\0"),
            Action::TellIdentity(_) => self.reply(&[0x20]),
            Action::StatusBack(mask) => {
                self.status_back = mask;
                self.last_back = None;
                self.tell_changes();
            }
        }
    }

    fn step(&mut self) {
        let mut is_done = true;
        match self.works.front_mut() {
            None => return,
            Some(Work::Rows { rows, done }) => {
                if let Some(row) = rows.rows().nth(*done) {
                    self.paper.push_row(row);
                    *done += 1;
                }
                is_done = *done >= rows.row_count();
                self.use_paper();
            }
            Some(Work::Feed { dots }) => {
                *dots = dots.saturating_sub(1);
                is_done = *dots == 0;
                self.use_paper();
            }
            Some(Work::Cut { .. }) => self.cut(),
        }
        if is_done {
            self.works.pop_front();
        }
    }

    fn use_paper(&mut self) {
        if let Some(left) = &mut self.rows_left {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.rows_left = None;
                self.set_paper_end(true);
            }
        }
    }

    fn cut(&mut self) {
        let image = std::mem::replace(&mut self.paper, Bitmap::new(self.model.width_dots, 0));
        let raw = std::mem::take(&mut self.raw);
        if image.row_count() > 0 {
            self.ticket_count += 1;
            self.finished.push_back(FakeTicket { number: self.ticket_count, image, raw });
        }
    }

    /// When something will happen without new bytes.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Moment> {
        if self.sensors.is_blocked() {
            return None;
        }
        match self.works.front()? {
            Work::Rows { .. } | Work::Feed { .. } => Some(self.at + row_time(&self.model)),
            Work::Cut { left } => Some(self.at + *left),
        }
    }

    fn tell_changes(&mut self) {
        let state = self.sensors.status_back();
        if self.status_back != 0 && self.last_back != Some(state) {
            self.last_back = Some(state);
            self.reply(&state);
        }
    }

    /// Takes the paper out or puts a roll in. What is in the buffer prints as soon as there is paper again.
    pub fn set_paper_end(&mut self, is_end: bool) {
        self.sensors.paper_end = is_end;
        if !is_end {
            self.sensors.near_end = false;
            self.rows_left = None;
        }
        self.tell_changes();
    }

    /// Lets the paper end after so many more rows.
    pub fn set_paper_rows_left(&mut self, rows: u32) {
        if rows == 0 {
            self.set_paper_end(true);
        } else {
            self.rows_left = Some(rows);
        }
    }

    /// Reports the roll as nearly used up, or not.
    pub fn set_near_end(&mut self, is_near: bool) {
        self.sensors.near_end = is_near;
        self.tell_changes();
    }

    /// Opens or closes the cover.
    pub fn set_cover_open(&mut self, is_open: bool) {
        self.sensors.cover_open = is_open;
        self.tell_changes();
    }

    /// Jams the cutter or frees it.
    pub fn set_cutter_error(&mut self, is_stuck: bool) {
        self.sensors.cutter_error = is_stuck;
        self.tell_changes();
    }

    /// Stops or resumes all replies; printing goes on.
    pub fn set_silent(&mut self, is_silent: bool) {
        self.is_silent = is_silent;
    }

    /// Switches the power off and on: buffer and settings are lost, printed paper stays.
    pub fn power_cycle(&mut self) {
        self.clear_buffer();
        self.settings = Settings::new(self.model.width_dots, self.model.dpi);
        self.status_back = 0;
        self.last_back = None;
        self.replies.clear();
    }

    /// The state in words, one line: `cover=closed paper=ok cutter=ok silent=no busy=no tickets=3 unknown=0 longest=4096`.
    #[must_use]
    pub fn describe(&self) -> String {
        let word = |is_so: bool, yes: &'static str, no: &'static str| if is_so { yes } else { no };
        let paper = match (self.sensors.paper_end, self.sensors.near_end) {
            (true, _) => "end",
            (false, true) => "near_end",
            (false, false) => "ok",
        };
        format!(
            "cover={} paper={paper} cutter={} silent={} busy={} buffered={} tickets={} unknown={} longest={}",
            word(self.sensors.cover_open, "open", "closed"),
            word(self.sensors.cutter_error, "error", "ok"),
            word(self.is_silent, "yes", "no"),
            word(self.works.is_empty(), "no", "yes"),
            self.queued_bytes + self.working_bytes,
            self.ticket_count,
            self.unknown_count,
            self.longest_command,
        )
    }
}

fn row_time(model: &FakeModel) -> Duration {
    let rows_per_sec = u64::from(model.mm_per_sec.max(1)) * u64::from(model.dpi) * 10 / 254;
    Duration::from_nanos(1_000_000_000 / rows_per_sec.max(1))
}
