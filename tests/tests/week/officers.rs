//! Officers at their counters.

use kiosk_core::effect::{CounterState, OfficerAnswer};
use kiosk_core::event::{Event, OfficerAction, OfficerPress, TransferTo};
use kiosk_core::id::{CounterId, PressId, RequestId};
use kiosk_core::ticket::{TicketId, TicketState};

use crate::town::Town;

/// One officer, busy until a moment.
pub struct Officer {
    counter: CounterId,
    free_ms: u64,
}

impl Officer {
    /// An officer who has just come.
    pub fn new(counter: CounterId) -> Self {
        Self { counter, free_ms: 0 }
    }

    /// Does the next thing, if it is time for it.
    pub fn act(&mut self, town: &mut Town) {
        if town.now.mono_ms < self.free_ms {
            return;
        }
        let desk = town.board.counters.iter().find(|desk| desk.counter == self.counter);
        let desk = desk.expect("every counter is on the board").clone();
        let current = desk.current.as_ref().map(|ticket| (ticket.id.clone(), ticket.state));
        let secs = match (desk.state, current) {
            (CounterState::Closed, None) if town.is_working_time() => {
                self.press(town, None, OfficerAction::Open, 5)
            }
            (CounterState::Closed, _) => 60,
            (CounterState::Paused(_), _) => self.press(town, None, OfficerAction::Open, 5),
            (CounterState::Open, None) if !town.is_working_time() => {
                self.press(town, None, OfficerAction::Close, 60)
            }
            (CounterState::Open, None) => self.call(town),
            (CounterState::Open, Some((ticket, TicketState::Called(_)))) => self.called(town, ticket),
            (CounterState::Open, Some((ticket, _))) => self.served(town, ticket),
        };
        self.free_ms = town.now.mono_ms + secs * 1000;
    }

    fn call(&self, town: &mut Town) -> u64 {
        let mine = |ticket: &&kiosk_core::effect::BoardTicket| match ticket.state {
            TicketState::OnHold(counter) | TicketState::NoShow(counter) => counter == self.counter,
            TicketState::Waiting
            | TicketState::Called(_)
            | TicketState::Serving(_)
            | TicketState::Finished(_)
            | TicketState::Cancelled => false,
        };
        let aside = town.board.aside.iter().find(mine).map(|ticket| (ticket.id.clone(), ticket.state));
        match aside {
            Some((ticket, TicketState::OnHold(_))) if town.random.chance(30) => {
                self.press(town, None, OfficerAction::Resume(ticket), 10)
            }
            Some((ticket, TicketState::NoShow(_))) if town.random.chance(10) => {
                self.press(town, None, OfficerAction::Reenter(ticket), 5)
            }
            Some(_) | None => self.press(town, None, OfficerAction::CallNext, 15),
        }
    }

    fn called(&self, town: &mut Town, ticket: TicketId) -> u64 {
        let (action, secs) = match town.random.below(100) {
            0..=9 => (OfficerAction::NoShow, 5),
            10..=24 => (OfficerAction::Recall, 15),
            _ => (OfficerAction::Serve, town.random.between(60, 240)),
        };
        self.press(town, Some(ticket), action, secs)
    }

    fn served(&self, town: &mut Town, ticket: TicketId) -> u64 {
        match town.random.below(100) {
            0..=6 => {
                let areas: Vec<_> = town.settings().areas.iter().map(|area| area.id.clone()).collect();
                let area = town.random.pick(&areas).expect("areas").clone();
                self.press(town, Some(ticket), OfficerAction::Transfer(TransferTo::Area(area)), 5)
            }
            7..=10 => self.press(town, Some(ticket), OfficerAction::Hold, 5),
            _ => {
                let secs = self.press(town, Some(ticket), OfficerAction::Finish, 10);
                if town.random.chance(70) {
                    let (after, key) = (town.random.between(2, 9), town.random.between(1, 3) as u8);
                    town.send_in(after, Event::KeyPressed { counter: self.counter, key });
                }
                secs
            }
        }
    }

    /// Presses, and is busy for so many seconds afterwards.
    fn press(&self, town: &mut Town, seen: Option<TicketId>, action: OfficerAction, secs: u64) -> u64 {
        let press = OfficerPress {
            request: RequestId(town.random.next_u64()),
            press: PressId(u128::from(town.random.next_u64())),
            counter: self.counter,
            seen,
            action,
        };
        match town.press(self.counter, press.clone()) {
            OfficerAnswer::Done => secs,
            OfficerAnswer::NobodyWaits => 20,
            // A counter that the area was just closed for, or a ticket that cannot go there: the officer thinks again.
            OfficerAnswer::Refused(_) => 10,
            answer @ (OfficerAnswer::Stale | OfficerAnswer::StoreFailed) => {
                panic!("{press:?} was answered with {answer:?}")
            }
        }
    }
}
