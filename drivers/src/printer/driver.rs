//! The thread of a printer: owns the line, feeds the machine, tells what happens.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::time::Duration;

use super::encoder::{Command, EncodeError, Encoder, StoredLines, encode_void_slip};
use super::machine::{Machine, Outcome, PrinterEvent};
use super::profile::{Identity, Profile};
use crate::address::Address;
use crate::clock::{Clock, Moment};
use crate::document::{Document, Font, Statics};
use crate::health::Cause;
use crate::record::{Entry, Recorder, RecorderOptions, Session, Shape, Tape};
use crate::supervise::{Duty, Tally, supervise};
use crate::transport::{Inbox, OpenLine, Opener, PrinterPort, Received, Transport, TransportError, Waker};

/// Longest sleep when nothing is due: a bound for mistakes, not a rhythm.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// How long a job that was accepted before a shutdown may take to end.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(5);

/// Tickets that may wait behind the one under way; more are refused as `Busy`.
const WAITING_LIMIT: usize = 4;

/// What a printer is told.
#[derive(Debug, Clone)]
pub enum PrinterCommand {
    /// Print a ticket. There will be one `Finished` event for `job`.
    Print {
        /// The caller's number for the job.
        job: u64,
        /// The ticket.
        ticket: Document,
    },
    /// End the thread, after the job under way. So does dropping the last mailbox.
    Shutdown,
}

/// What a printer's thread needs to know.
#[derive(Debug, Clone)]
pub struct PrinterConfig {
    /// Where the printer is.
    pub address: Address,
    /// What it is.
    pub profile: Profile,
    /// What tickets are set in.
    pub font: Font,
    /// An earlier run of the program left a ticket of which nobody knows whether it came out: void it on paper first.
    pub in_doubt: bool,
}

/// A printer and its line.
pub struct Printer {
    config: PrinterConfig,
    encoder: Encoder,
    /// What stands on every ticket the same.
    statics: Statics,
    /// The same as lines that a technician may have written into the printer.
    stored: Option<StoredLines>,
    /// Whether it keeps them, as it was told last.
    told_lines: Option<bool>,
    machine: Machine,
    clock: Clock,
    line: Option<Box<dyn Transport>>,
    opener: Opener,
    waiting: VecDeque<(u64, Document)>,
    tape: Tape,
    /// Begun, and its end not told yet.
    under_way: Option<u64>,
    ending_at: Option<Moment>,
    /// A printer that hangs has been reset and has not been ready since.
    was_reset: bool,
    tally: Tally,
    detects_profile: bool,
}

impl Printer {
    /// A printer that is not connected yet; `run` does the rest.
    ///
    /// # Errors
    /// When the profile cannot print at all.
    pub fn new(config: PrinterConfig) -> Result<Self, EncodeError> {
        let (machine, session) = machine(&config, config.in_doubt)?;
        Ok(Self {
            machine,
            opener: Opener::new(config.address.clone()),
            encoder: Encoder::new(config.font.clone(), config.profile.clone()),
            statics: Statics::default(),
            stored: None,
            told_lines: None,
            config,
            clock: Clock::start(),
            line: None,
            waiting: VecDeque::new(),
            tape: Tape::of(session),
            under_way: None,
            ending_at: None,
            was_reset: false,
            tally: Tally::default(),
            detects_profile: false,
        })
    }

    /// Says what stands on every ticket the same; call it before `run`. It is drawn now, so that the first ticket is as
    /// quick as the last. A printer that keeps exactly these lines (a technician gave the text form of the same `statics`
    /// to `drv nv-write`) prints them from its memory, also one that is detected later; any other gets them as dots.
    ///
    /// # Errors
    /// When a line cannot be drawn.
    pub fn expect_stored(&mut self, statics: Statics) -> Result<(), EncodeError> {
        self.statics = statics;
        self.machine.ask_kept_pictures();
        if let Some(recorder) = self.tape.recorder() {
            recorder.entry(&Entry::AsksKept);
        }
        (self.encoder, self.stored) = drawn(&self.config, &self.statics)?;
        Ok(())
    }

    /// Records the session from here on, see [`crate::record`]; call it before `run`.
    ///
    /// # Errors
    /// When there can be no thread for it; later errors end the recording, not the printer.
    pub fn record(
        &mut self,
        target: impl std::io::Write + Send + 'static,
        options: RecorderOptions,
    ) -> std::io::Result<Recorder> {
        let recorder = self.tape.record(target, options)?;
        if self.machine.asks_kept_pictures() {
            recorder.entry(&Entry::AsksKept);
        }
        Ok(recorder)
    }

    /// Opens lines in this way instead of by the address, which is a name only then. For lines that are no device of this
    /// computer.
    #[must_use]
    pub fn opened_by(mut self, open: OpenLine) -> Self {
        self.opener.open_by(open);
        self
    }

    /// What happens to this printer is counted there; keep it before `run`.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.tally.clone()
    }

    /// Lets what the printer says of itself choose the profile (`GS I`, USB device id); the configured one holds where no
    /// built-in one fits.
    #[must_use]
    pub fn detecting_profile(mut self) -> Self {
        self.detects_profile = true;
        self
    }

    /// Serves the printer until a [`PrinterCommand::Shutdown`] or until the last mailbox is dropped. Blocks: call it in
    /// a thread of its own. Tells every event in order, from this thread; the callback must not block. After a panic it
    /// serves again; a job that was under way ends as [`Outcome::Unknown`] unless nothing of it went out.
    pub fn run(mut self, inbox: &Inbox<PrinterCommand>, mut events: impl FnMut(PrinterEvent)) {
        let name = self.config.address.to_string();
        supervise(&name, &self.tally(), |duty| match duty {
            Duty::Serve => self.serve(inbox, &mut events),
            Duty::Recover => self.recover(&mut events),
        });
    }

    fn serve(&mut self, inbox: &Inbox<PrinterCommand>, events: &mut impl FnMut(PrinterEvent)) {
        let waker = inbox.waker();
        loop {
            self.read_commands(inbox);
            self.begin_waiting();
            self.exchange(&waker);
            self.begin_waiting();
            self.tell(events);
            self.tally.count(|counters| counters.beats += 1);
            if self.has_ended() {
                break;
            }
            self.wait(inbox);
        }
        self.give_up_line(false);
        self.disconnected(None);
        for (job, _) in std::mem::take(&mut self.waiting) {
            self.refuse(job, Cause::ShuttingDown);
        }
        self.tell(events);
        // What came after the end is refused, so that each job has its event.
        while let Received::Message(PrinterCommand::Print { job, .. }) = inbox.take() {
            let outcome = Outcome::NotPrinted(Cause::ShuttingDown);
            events(PrinterEvent::Finished { job, outcome });
        }
    }

    /// Says whether the lines that are the same on every ticket come from the printer's memory; it has been asked by the time
    /// that it works.
    fn tell_lines(&mut self, events: &mut impl FnMut(PrinterEvent)) {
        if self.statics.blocks().is_empty() || !self.machine.health().is_working() {
            return;
        }
        let kept = self.machine.kept_pictures();
        let keeps_lines = self.stored.as_ref().is_some_and(|stored| stored.are_in(kept));
        if self.told_lines != Some(keeps_lines) {
            self.told_lines = Some(keeps_lines);
            events(PrinterEvent::KeepsLines(keeps_lines));
        }
    }

    fn tell(&mut self, events: &mut impl FnMut(PrinterEvent)) {
        self.tell_lines(events);
        while let Some(event) = self.machine.poll_event() {
            if let PrinterEvent::Finished { job, .. } = &event {
                self.under_way.take_if(|under_way| under_way == job);
            }
            if let PrinterEvent::Health(health) = &event {
                self.was_reset &= !health.is_working();
            }
            self.tally.printer_told(&event);
            // Who the printer is was said by this thread, not by the machine that a replay runs.
            let is_replayed = !matches!(event, PrinterEvent::Identified { .. });
            if let Some(recorder) = self.tape.recorder().filter(|_| is_replayed) {
                recorder.told(&event);
            }
            events(event);
        }
    }

    fn refuse(&mut self, job: u64, cause: Cause) {
        if let Some(recorder) = self.tape.recorder() {
            recorder.refused(job, cause);
        }
        self.machine.refuse(job, cause);
    }

    fn disconnected(&mut self, failure: Option<String>) {
        if let Some(recorder) = self.tape.recorder() {
            recorder.closed(failure.as_deref());
        }
        self.machine.disconnected(failure);
    }

    /// After a panic: lets go of the line, ends the job under way, begins with a new machine.
    fn recover(&mut self, events: &mut impl FnMut(PrinterEvent)) {
        self.opener.lost(self.clock.now());
        self.tally.count(|counters| counters.losses += u64::from(self.line.is_some()));
        self.give_up_line(false);
        self.disconnected(None);
        self.tell(events);
        let lost = self.under_way.take();
        self.tape.stop();
        if let Ok((machine, _)) = machine(&self.config, self.machine.owes_void() || lost.is_some()) {
            self.machine = machine;
            if !self.statics.blocks().is_empty() {
                self.machine.ask_kept_pictures();
            }
        }
        if let Some(job) = lost {
            let outcome = Outcome::Unknown { bytes_written: 0, cause: Cause::Disconnected };
            let event = PrinterEvent::Finished { job, outcome };
            self.tally.printer_told(&event);
            events(event);
        }
    }

    fn has_ended(&self) -> bool {
        let idle = self.machine.refusal() != Some(Cause::Busy) && self.waiting.is_empty();
        self.ending_at.is_some_and(|at| idle || self.clock.now() >= at)
    }

    fn read_commands(&mut self, inbox: &Inbox<PrinterCommand>) {
        while self.ending_at.is_none() {
            match inbox.take() {
                Received::Message(PrinterCommand::Print { job, ticket }) => {
                    if self.waiting.len() < WAITING_LIMIT {
                        self.waiting.push_back((job, ticket));
                    } else {
                        self.refuse(job, Cause::Busy);
                    }
                }
                Received::Message(PrinterCommand::Shutdown) | Received::Closed => {
                    self.ending_at = Some(self.clock.now() + SHUTDOWN_LIMIT);
                }
                Received::Nothing => return,
            }
        }
    }

    /// Begins (or refuses) what waits, as long as no ticket is under way.
    fn begin_waiting(&mut self) {
        while self.machine.refusal() != Some(Cause::Busy) {
            let Some((job, ticket)) = self.waiting.pop_front() else { return };
            self.under_way = Some(job);
            self.print(job, &ticket);
        }
    }

    fn print(&mut self, job: u64, ticket: &Document) {
        // Refused before it is drawn: nobody waits for a drawing that cannot be printed.
        let kept = self.machine.kept_pictures();
        let stored = self.stored.as_ref().filter(|stored| stored.are_in(kept));
        let commands: Vec<Command> = match self.machine.refusal() {
            Some(_) => Vec::new(),
            None => match self.encoder.encode_with(ticket, stored) {
                Ok(commands) => commands,
                Err(_) => {
                    self.refuse(job, Cause::Unprintable);
                    return;
                }
            },
        };
        if let Some(recorder) = self.tape.recorder() {
            recorder.job(job, &commands);
        }
        self.machine.start_job(job, commands, self.clock.now());
    }

    /// Opens the line if it is time, and moves bytes both ways until neither side has more.
    fn exchange(&mut self, waker: &Waker) {
        if self.line.is_none() {
            match self.opener.poll(self.clock.now(), waker) {
                Some(Ok(line)) => {
                    self.tally.count(|counters| counters.opens += 1);
                    self.line = Some(match self.tape.recorder() {
                        Some(recorder) => recorder.wrap(line),
                        None => line,
                    });
                    self.machine.connected(self.clock.now());
                }
                Some(Err(error)) => {
                    self.tally.count(|counters| counters.failed_opens += 1);
                    self.not_connected(&error);
                }
                None => {}
            }
        }
        if let Err(error) = self.move_bytes() {
            self.lost(&error);
        }
        if let (None, Some(recorder)) = (&self.line, self.tape.recorder()) {
            recorder.tick();
        }
        self.machine.tick(self.clock.now());
        self.mind_port();
    }

    /// A USB printer's port tells of paper and errors while the printer answers nothing; one that hangs is woken by it.
    fn mind_port(&mut self) {
        let is_asked = self.machine.take_port_question();
        let Some(port) = self.line.as_mut().and_then(|line| line.port()) else { return };
        if is_asked {
            port.ask_status();
        }
        if let Some(status) = port.status() {
            self.machine.port_said(status, self.clock.now());
        }
        if self.machine.hangs() && !self.was_reset {
            self.lost(&TransportError::Line(ErrorKind::TimedOut.into()));
        }
    }

    fn move_bytes(&mut self) -> Result<(), TransportError> {
        let Some(line) = &mut self.line else { return Ok(()) };
        let mut buffer = [0; 512];
        loop {
            let received = line.read(&mut buffer)?;
            let now = self.clock.now();
            let noise = self.machine.noise_bytes();
            self.machine.received(buffer.get(..received).unwrap_or_default(), now);
            let noise = self.machine.noise_bytes() - noise;
            if let Some(mut identity) = self.machine.take_identity() {
                identity.device_id =
                    line.device_id().map(|id| format!("MFG:{};MDL:{};", id.manufacturer, id.model));
                let is_wanted = self.detects_profile;
                let fitting =
                    fitting(&identity, &self.config.profile, &self.config.font).filter(|_| is_wanted);
                if let Some((profile, _)) = &fitting {
                    self.config.profile = profile.clone();
                    (self.encoder, self.stored) = drawn(&self.config, &self.statics).unwrap_or_else(|_| {
                        // What cannot be drawn ahead is drawn, or refused, with its ticket.
                        (Encoder::new(self.config.font.clone(), profile.clone()), None)
                    });
                    // A recording begins with one profile and is replayed with it.
                    self.tape.stop();
                }
                self.machine.identify(identity, fitting, now);
            }
            let pending = self.machine.pending_output();
            let written = if pending.is_empty() { 0 } else { line.write(pending)? };
            self.machine.wrote(written, self.clock.now());
            self.tally.count(|counters| {
                counters.bytes_received += received as u64;
                counters.noise_bytes += noise;
                counters.bytes_sent += written as u64;
            });
            if received == 0 && written == 0 {
                return Ok(());
            }
        }
    }

    fn lost(&mut self, error: &TransportError) {
        self.tally.count(|counters| counters.losses += 1);
        // The printer is there and yet takes nothing, or refuses what it gets.
        let hangs = matches!(error, TransportError::Line(_));
        self.give_up_line(hangs);
        self.opener.lost(self.clock.now());
        self.not_connected(error);
    }

    /// Closes the line, if it is open; what certainly did not go out does not count as written. A printer that hangs is
    /// reset where there is a way: once, until it is ready again.
    fn give_up_line(&mut self, hangs: bool) {
        if let Some(mut line) = self.line.take() {
            let unsent = line.withdraw();
            let wakes = hangs && !self.was_reset;
            if line.port().filter(|_| wakes).is_some_and(PrinterPort::soft_reset) {
                self.was_reset = true;
                self.tally.count(|counters| counters.resets += 1);
            }
            self.machine.withdrawn(unsent);
            self.tally.count(|counters| {
                counters.bytes_sent = counters.bytes_sent.saturating_sub(unsent as u64);
            });
        }
    }

    fn not_connected(&mut self, error: &TransportError) {
        let failure = match error {
            TransportError::Refused { .. } => Some(error.to_string()),
            TransportError::Absent { .. } | TransportError::Gone | TransportError::Line(_) => None,
        };
        self.disconnected(failure);
    }

    /// Sleeps until the printer, the mailbox or a deadline wants something.
    fn wait(&mut self, inbox: &Inbox<PrinterCommand>) {
        let now = self.clock.now();
        let due = match &self.line {
            Some(_) => self.machine.next_deadline(),
            None => Some(self.opener.next_deadline(now)),
        };
        let due = due.into_iter().chain(self.ending_at).min();
        let timeout = due.map_or(LONGEST_WAIT, |at| at.saturating_sub(now)).min(LONGEST_WAIT);
        let result = match &mut self.line {
            Some(line) => line.wait(!self.machine.pending_output().is_empty(), inbox.bell(), timeout),
            None => self.opener.wait(inbox.bell(), timeout),
        };
        if let Err(error) = result {
            self.lost(&error);
        }
    }
}

/// A machine, and what a recording of it begins with.
fn machine(config: &PrinterConfig, in_doubt: bool) -> Result<(Machine, Session), EncodeError> {
    let void_slip = encode_void_slip(&config.font, &config.profile)?;
    let bytes_per_sec = match &config.address {
        Address::Serial { baud, .. } => Some(baud / 10),
        Address::Tcp { .. }
        | Address::File { .. }
        | Address::Usb(_)
        | Address::Evdev { .. }
        | Address::Gpio { .. } => None,
    };
    let session = Session::Printer {
        profile: config.profile.name.to_owned(),
        in_doubt,
        bytes_per_sec,
        void_slip: void_slip.iter().map(Shape::from).collect(),
    };
    Ok((Machine::new(config.profile.clone(), void_slip, in_doubt, bytes_per_sec), session))
}

/// An encoder that has drawn what stands on every ticket, and the same as lines for the printer's memory.
fn drawn(config: &PrinterConfig, statics: &Statics) -> Result<(Encoder, Option<StoredLines>), EncodeError> {
    let mut encoder = Encoder::new(config.font.clone(), config.profile.clone());
    encoder.prepare(statics)?;
    Ok((encoder, StoredLines::new(statics, &config.font, &config.profile)?))
}

/// A profile that fits the printer better than the one at hand, and the void slip for it.
fn fitting(identity: &Identity, profile: &Profile, font: &Font) -> Option<(Profile, Vec<Command>)> {
    let found = Profile::detect(identity).filter(|found| found.name != profile.name)?;
    let void_slip = encode_void_slip(font, &found).ok()?;
    Some((found, void_slip))
}
