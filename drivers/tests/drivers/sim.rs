//! The job machine and the fake printer on a line without delay, in virtual time.

use std::time::Duration;

use kiosk_drivers::DeviceHealth;
use kiosk_drivers::document::{Block, Document};
use kiosk_drivers::fake::{FakeModel, FakeTicket, PrinterCore};
use kiosk_drivers::printer::{
    Command, Machine, Outcome, PrinterEvent, Profile, encode_document, encode_void_slip,
};

use crate::sample;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    PaperEnd,
    CoverOpen,
    CutterError,
    Silence,
    /// The cable is pulled; the printer keeps its power and its buffer.
    Cable,
    /// The printer loses its power, and with it the line.
    Power,
    /// The printer takes no more bytes, as one that holds CTS for ever.
    Stall,
}

pub const ALL_FAULTS: [Fault; 7] = [
    Fault::PaperEnd,
    Fault::CoverOpen,
    Fault::CutterError,
    Fault::Silence,
    Fault::Cable,
    Fault::Power,
    Fault::Stall,
];

pub struct Sim {
    pub now: Duration,
    pub machine: Machine,
    pub fake: PrinterCore,
    pub is_connected: bool,
    is_stalled: bool,
    /// Fires once the printer has received so many bytes.
    pub fault_at: Option<(u64, Fault)>,
    pub fault_time: Option<Duration>,
    pub finished: Vec<(u64, Outcome, Duration)>,
    pub health: Vec<DeviceHealth>,
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
            machine: Machine::new(profile.clone(), void_slip, in_doubt, None),
            fake: PrinterCore::new(model),
            is_connected: true,
            is_stalled: false,
            fault_at: None,
            fault_time: None,
            finished: Vec::new(),
            health: Vec::new(),
        };
        sim.machine.connected(sim.now);
        sim
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
            // A few rows at a time: nothing here depends on single ones.
            let rows = self.fake.next_deadline().map(|at| at.max(self.now + Duration::from_millis(5)));
            let wake = [self.machine.next_deadline(), rows];
            let next = wake.into_iter().flatten().min().unwrap_or(end);
            assert!(
                next > self.now || self.fault_at.is_some(),
                "the machine wants to be called at once, for ever"
            );
            self.now = next.clamp(self.now, end);
        }
    }

    /// Moves bytes until neither side has more to say at this moment.
    fn settle(&mut self) {
        self.fake.advance(self.now);
        self.machine.tick(self.now);
        loop {
            let mut written = 0;
            if self.is_connected && !self.is_stalled {
                let pending = self.machine.pending_output();
                let until_fault = self.fault_at.map_or(usize::MAX, |(at, _)| {
                    usize::try_from(at.saturating_sub(self.fake.received_bytes())).unwrap()
                });
                let offered = pending.len().min(until_fault);
                written = self.fake.receive(&pending[..offered], self.now);
                self.machine.wrote(written, self.now);
            }
            let replies = self.fake.take_replies();
            if self.is_connected {
                self.machine.received(&replies, self.now);
            }
            let is_due = self.fault_at.filter(|(at, _)| self.fake.received_bytes() >= *at);
            if let Some((_, fault)) = is_due {
                self.fault_at = None;
                self.fault_time = Some(self.now);
                self.strike(fault);
                continue;
            }
            if written == 0 && replies.is_empty() {
                break;
            }
        }
        while let Some(event) = self.machine.poll_event() {
            match event {
                PrinterEvent::Health(health) => self.health.push(health),
                PrinterEvent::Finished { job, outcome } => self.finished.push((job, outcome, self.now)),
            }
        }
    }

    fn strike(&mut self, fault: Fault) {
        match fault {
            Fault::PaperEnd => self.fake.set_paper_end(true),
            Fault::CoverOpen => self.fake.set_cover_open(true),
            Fault::CutterError => self.fake.set_cutter_error(true),
            Fault::Silence => self.fake.set_silent(true),
            Fault::Stall => self.is_stalled = true,
            Fault::Cable => self.disconnect(),
            Fault::Power => {
                self.fake.power_cycle();
                self.disconnect();
            }
        }
    }

    fn disconnect(&mut self) {
        self.is_connected = false;
        self.machine.disconnected(None);
    }

    /// Somebody comes and mends everything.
    pub fn heal(&mut self) {
        self.fault_at = None;
        self.is_stalled = false;
        self.fake.set_paper_end(false);
        self.fake.set_cover_open(false);
        self.fake.set_cutter_error(false);
        self.fake.set_silent(false);
        if !self.is_connected {
            self.fake.take_replies();
            self.is_connected = true;
            self.machine.connected(self.now);
        }
    }

    pub fn wait_ready(&mut self) {
        let is_ready = self.run_until(Duration::from_secs(60), |sim| sim.machine.refusal().is_none());
        assert!(is_ready, "not ready: {:?} after {:?}", self.machine.health(), self.health);
    }

    pub fn take_tickets(&mut self) -> Vec<FakeTicket> {
        std::iter::from_fn(|| self.fake.take_ticket()).collect()
    }
}

/// A small ticket: few enough bytes that a fault can be tried at each of them.
pub fn small_ticket(number: &str, profile: &Profile) -> Vec<Command> {
    let document = Document {
        blocks: vec![
            Block::BigText { text: number.to_owned(), max_size_pt: 16 },
            Block::Space { mm: 2 },
            Block::Qr { data: number.to_owned(), module_dots: 2 },
            Block::Rule,
        ],
    };
    encode_document(&document, &sample::font(), profile).unwrap()
}
