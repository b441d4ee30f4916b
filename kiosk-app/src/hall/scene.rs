//! What pages show: the board as published, since when each counter has its ticket, and the machine's devices.

use std::collections::BTreeMap;

use kiosk_core::effect::{Board, BoardCounter};
use kiosk_core::event::{Device, Event, Health, Line, Presented, PrinterKind};
use kiosk_core::id::CounterId;
use kiosk_core::ticket::{TicketId, TicketState};
use kiosk_core::time::Wall;
use kiosk_core::update::UpdateOutcome;

/// One consistent picture, replaced whole.
#[derive(Clone, Debug, Default)]
pub(super) struct Scene {
    pub board: Board,
    pub machine: Machine,
    /// Whether a board was published in this run yet.
    pub live: bool,
    /// Counts changes of this run; the id of server-sent events.
    pub version: u64,
    hands: BTreeMap<CounterId, Hand>,
}

/// The state of the machine, for the page of the IT officer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Machine {
    pub devices: BTreeMap<Device, Health>,
    pub line: Line,
    pub outbox_percent: u8,
    /// Printed tickets that nobody took out of the printer's mouth, in this run.
    pub tickets_left: u32,
    pub printer: Option<PrinterKind>,
    /// How the last update of the image ended.
    pub update: Option<UpdateOutcome>,
}

/// The ticket that a counter has in hand.
#[derive(Clone, Debug)]
struct Hand {
    ticket: TicketId,
    state: TicketState,
    /// Since when it is in this state; unknown when it already was at the start of this run.
    since: Option<Wall>,
}

impl Default for Machine {
    fn default() -> Self {
        Self {
            devices: BTreeMap::new(),
            line: Line::Unknown,
            outbox_percent: 0,
            tickets_left: 0,
            printer: None,
            update: None,
        }
    }
}

impl Scene {
    /// Takes the next board.
    pub fn publish(&mut self, board: Board, now: Wall) {
        let mut hands = BTreeMap::new();
        for counter in &board.counters {
            if let Some(hand) = self.hand(counter, &board, now) {
                hands.insert(counter.counter, hand);
            }
        }
        self.hands = hands;
        self.board = board;
        self.live = true;
        self.version += 1;
    }

    /// Follows devices, line and outbox; says whether anything changed.
    pub fn observe(&mut self, event: &Event) -> bool {
        let before = self.machine.clone();
        // Everything else is the rules' business and comes back as a board.
        if let Event::DeviceChanged { device, health } = event {
            self.machine.devices.insert(*device, health.clone());
        } else if let Event::LineChanged(line) = event {
            self.machine.line = *line;
        } else if let Event::OutboxFilled { percent } = event {
            self.machine.outbox_percent = *percent;
        } else if let Event::UpdateEnded(outcome) = event {
            self.machine.update = Some(outcome.clone());
        } else if let Event::TicketPresented { at: Presented::Left, .. } = event {
            self.machine.tickets_left += 1;
        } else if let Event::PrinterIdentified(kind) = event {
            self.machine.printer = Some(kind.clone());
        }
        let changed = self.machine != before;
        self.version += u64::from(changed);
        changed
    }

    /// The counter as the board has it.
    pub fn counter(&self, id: CounterId) -> Option<&BoardCounter> {
        self.board.counters.iter().find(|counter| counter.counter == id)
    }

    /// Since when the counter's ticket is called or served, if this run knows.
    pub fn in_hand_since(&self, id: CounterId) -> Option<Wall> {
        self.hands.get(&id)?.since
    }

    fn hand(&self, counter: &BoardCounter, board: &Board, now: Wall) -> Option<Hand> {
        let ticket = counter.current.as_ref()?;
        if let Some(hand) = self.hands.get(&counter.counter)
            && hand.ticket == ticket.id
            && hand.state == ticket.state
        {
            return Some(hand.clone());
        }
        let called = matches!(ticket.state, TicketState::Called(_));
        let call = board.calls.iter().find(|call| called && call.number == ticket.number);
        let since = call.map(|call| call.at).or(self.live.then_some(now));
        Some(Hand { ticket: ticket.id.clone(), state: ticket.state, since })
    }
}
