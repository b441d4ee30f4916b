//! The job machine and the fake printer on a line without delay, in virtual time.

use std::time::Duration;

use kiosk_drivers::DeviceHealth;
use kiosk_drivers::document::{Block, Document};
use kiosk_drivers::fake::{FakeFault, FakeModel, FakeTicket, PrinterCore};
use kiosk_drivers::printer::{
    Command, Machine, Outcome, PrinterEvent, Profile, encode_document, encode_void_slip,
};

use kiosk_drivers::usb::PortStatus;

use crate::sample;

/// What a careless driver would do, done to the line: the positive controls of the proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carelessness {
    /// The zeros that complete a torn command are not sent.
    NoZeros,
    /// A ticket counts as printed once it has been written.
    FenceNotAwaited,
    /// The cut goes behind the fence.
    FenceBeforeCut,
}

/// `GS r 1`.
const FENCE: &[u8] = b"\x1dr\x01";

#[derive(Debug, Clone)]
pub struct Sim {
    pub now: Duration,
    pub machine: Machine,
    pub fake: PrinterCore,
    pub is_connected: bool,
    profile: Profile,
    void_slip: Vec<Command>,
    carelessness: Option<Carelessness>,
    /// A cut that goes behind its fence.
    late_cut: Vec<u8>,
    /// When the planned fault struck.
    pub fault_time: Option<Duration>,
    pub finished: Vec<(u64, Outcome, Duration)>,
    pub health: Vec<DeviceHealth>,
    /// Events of the presenter.
    pub mouth: Vec<(PrinterEvent, Duration)>,
    /// What the printer's port says, where it has one.
    pub port: Option<fn(&PrinterCore) -> PortStatus>,
}

impl Sim {
    pub fn new(profile: &Profile, model: FakeModel) -> Self {
        let void_slip = encode_void_slip(&sample::font(), profile).unwrap();
        Self::with_void_slip(profile, model, void_slip, false)
    }

    pub fn with_void_slip(
        profile: &Profile,
        model: FakeModel,
        void_slip: Vec<Command>,
        in_doubt: bool,
    ) -> Self {
        let mut sim = Self {
            now: Duration::ZERO,
            machine: Machine::new(profile.clone(), void_slip.clone(), in_doubt, None),
            fake: PrinterCore::new(model),
            is_connected: true,
            profile: profile.clone(),
            void_slip,
            carelessness: None,
            late_cut: Vec::new(),
            fault_time: None,
            finished: Vec::new(),
            health: Vec::new(),
            mouth: Vec::new(),
            port: None,
        };
        sim.machine.connected(sim.now);
        sim
    }

    pub fn careless(mut self, carelessness: Option<Carelessness>) -> Self {
        self.carelessness = carelessness;
        self
    }

    pub fn start_job(&mut self, job: u64, commands: &[Command]) {
        self.machine.start_job(job, commands.to_vec(), self.now);
        self.settle();
    }

    /// Runs until `done` or for `limit`; says whether it was done.
    pub fn run_until(&mut self, limit: Duration, done: impl Fn(&Self) -> bool) -> bool {
        let end = self.now + limit;
        loop {
            self.settle();
            if done(self) {
                return true;
            }
            if self.now >= end {
                return false;
            }
            self.step(end);
        }
    }

    /// Goes to the next moment at which something happens.
    pub fn step(&mut self, end: Duration) {
        // A few rows at a time: nothing here depends on single ones.
        let rows = self.fake.next_deadline().map(|at| at.max(self.now + Duration::from_millis(5)));
        let wake = [self.machine.next_deadline(), rows];
        let next = wake.into_iter().flatten().min().unwrap_or(end);
        assert!(next > self.now, "the machine wants to be called at once, for ever: {:?}", self.machine);
        self.now = next.min(end);
    }

    /// Moves bytes until neither side has more to say at this moment.
    pub fn settle(&mut self) {
        self.fake.advance(self.now);
        self.machine.tick(self.now);
        loop {
            let was_pending = self.machine.pending_output().len();
            let was_planned = self.fake.is_fault_planned();
            let written = if self.is_connected { self.carry() } else { 0 };
            if was_planned && !self.fake.is_fault_planned() {
                self.fault_time = Some(self.now);
            }
            let replies = self.fake.take_replies();
            if self.is_connected {
                self.machine.received(&replies, self.now);
                if self.fake.is_cut_off() {
                    self.is_connected = false;
                    self.machine.disconnected(None);
                }
            }
            let is_pending = self.machine.pending_output().len();
            if written == 0 && replies.is_empty() && is_pending == was_pending {
                break;
            }
        }
        if self.machine.take_port_question()
            && let Some(port) = self.port.filter(|_| self.is_connected)
        {
            self.machine.port_said(port(&self.fake), self.now);
        }
        while let Some(event) = self.machine.poll_event() {
            match event {
                PrinterEvent::Health(health) => self.health.push(health),
                PrinterEvent::Finished { job, outcome } => self.finished.push((job, outcome, self.now)),
                PrinterEvent::TicketTaken { .. } | PrinterEvent::TicketLeft { .. } => {
                    self.mouth.push((event, self.now));
                }
                PrinterEvent::Identified { .. } | PrinterEvent::KeepsLines(_) => {}
            }
        }
    }

    /// Carries what is pending over the line; says how many bytes went.
    fn carry(&mut self) -> usize {
        let pending = self.machine.pending_output();
        let count = match self.carelessness {
            Some(Carelessness::NoZeros) if pending.iter().all(|byte| *byte == 0) => pending.len(),
            Some(Carelessness::FenceNotAwaited) if pending == FENCE => {
                self.machine.wrote(FENCE.len(), self.now);
                self.machine.received(&[0], self.now);
                return FENCE.len();
            }
            Some(Carelessness::FenceBeforeCut) if pending.starts_with(b"\x1dV") => {
                self.late_cut = pending.to_vec();
                pending.len()
            }
            Some(Carelessness::FenceBeforeCut) if pending == FENCE && !self.late_cut.is_empty() => {
                let cut = std::mem::take(&mut self.late_cut);
                self.fake.receive(&[FENCE, &cut].concat(), self.now);
                FENCE.len()
            }
            Some(Carelessness::NoZeros | Carelessness::FenceNotAwaited | Carelessness::FenceBeforeCut)
            | None => self.fake.receive(pending, self.now),
        };
        self.machine.wrote(count, self.now);
        count
    }

    /// Somebody comes and mends everything.
    pub fn heal(&mut self) {
        self.fake.mend();
        if !self.is_connected {
            self.reconnect();
        }
    }

    /// The line is opened anew.
    fn reconnect(&mut self) {
        self.fake.reconnect();
        self.is_connected = true;
        self.machine.connected(self.now);
    }

    /// The program ends at this moment and starts again; its ledger says whether a job has no outcome.
    pub fn kill_program(&mut self, in_doubt: bool) {
        self.machine = Machine::new(self.profile.clone(), self.void_slip.clone(), in_doubt, None);
        self.reconnect();
    }

    fn is_ready_in_time(&mut self) -> bool {
        self.run_until(Duration::from_secs(60), |sim| sim.machine.refusal().is_none())
    }

    pub fn wait_ready(&mut self) {
        let is_ready = self.is_ready_in_time();
        assert!(is_ready, "not ready: {:?} after {:?}", self.machine.health(), self.health);
    }

    /// All paper that has come out since the last time. Where there is no cutter, somebody tears it off.
    pub fn take_tickets(&mut self) -> Vec<FakeTicket> {
        if !self.profile.cutter {
            self.fake.tear_off();
        }
        std::iter::from_fn(|| self.fake.take_ticket()).collect()
    }

    /// Something goes wrong with the printer, now.
    pub fn strike(&mut self, fault: FakeFault) {
        self.fake.strike(fault);
        self.fault_time = Some(self.now);
    }

    /// Prints a ticket and gives its outcome, if the printer is ready within a minute.
    pub fn print(&mut self, job: u64, commands: &[Command]) -> Option<Outcome> {
        if !self.is_ready_in_time() {
            return None;
        }
        if !self.profile.cutter {
            self.fake.tear_off();
        }
        self.start_job(job, commands);
        self.run_until(Duration::from_secs(30), |sim| sim.finished.last().is_some_and(|last| last.0 == job));
        self.finished.iter().find(|(finished, _, _)| *finished == job).map(|(_, outcome, _)| *outcome)
    }
}

/// A small ticket: few enough bytes that a fault can be tried at each of them.
pub fn small_ticket(number: &str, profile: &Profile) -> Vec<Command> {
    encode_document(&Document { blocks: small_blocks(number) }, &sample::font(), profile).unwrap()
}

/// The same ticket, marked as a copy.
pub fn small_copy(number: &str, profile: &Profile) -> Vec<Command> {
    let mut blocks = vec![Block::Banner { text: "IN LẠI".to_owned(), size_pt: 8 }, Block::Space { mm: 1 }];
    blocks.extend(small_blocks(number));
    encode_document(&Document { blocks }, &sample::font(), profile).unwrap()
}

fn small_blocks(number: &str) -> Vec<Block> {
    vec![
        Block::BigText { text: number.to_owned(), max_size_pt: 16 },
        Block::Space { mm: 2 },
        Block::Qr { data: number.to_owned(), module_dots: 2 },
        Block::Rule,
    ]
}
