//! The board that officer pages and the hall display are given.

use crate::board::{Board, BoardArea, BoardCounter, BoardTicket, StaffNotice};
use crate::device;
use crate::effect::CounterState;
use crate::event::Line;
use crate::id::AreaId;
use crate::queue;
use crate::settings::Counter;
use crate::ticket::{Ticket, TicketNumber, TicketState};

use super::issue::number_text;
use super::state::count;
use super::turn::Turn;

/// From this percentage on, staff are told that the outbox fills up.
const OUTBOX_NOTICE_PERCENT: u8 = 80;

impl Turn<'_> {
    /// The board, rebuilt whole.
    pub(super) fn board(&self) -> Board {
        let tickets = |state: fn(TicketState) -> bool| {
            let mut found: Vec<&Ticket> =
                self.st.tickets.values().filter(|ticket| state(ticket.state)).collect();
            found.sort_by_key(|ticket| queue::order(ticket));
            found.into_iter().map(board_ticket).collect()
        };
        Board {
            day: self.st.day,
            counters: self.set.counters.iter().map(|counter| self.board_counter(counter)).collect(),
            areas: self
                .set
                .areas
                .iter()
                .map(|area| BoardArea {
                    area: area.id.clone(),
                    name: area.name.clone(),
                    waiting: self.st.waiting_count(&area.id),
                })
                .collect(),
            calls: self.st.calls.iter().cloned().collect(),
            waiting: tickets(|state| state == TicketState::Waiting),
            aside: tickets(|state| matches!(state, TicketState::OnHold(_) | TicketState::NoShow(_))),
            notices: self.staff_notices(),
        }
    }

    fn board_counter(&self, counter: &Counter) -> BoardCounter {
        let desk = self.st.desks.get(&counter.id);
        BoardCounter {
            counter: counter.id,
            name: counter.name.clone(),
            state: desk.map_or(CounterState::Closed, |desk| desk.state.clone()),
            current: self.st.in_hand(counter.id).map(board_ticket),
            waiting: count(self.st.tickets.values().filter(|ticket| queue::serves(counter, ticket))),
        }
    }

    fn staff_notices(&self) -> Vec<StaffNotice> {
        let mut notices = Vec::new();
        if self.st.store_failed {
            notices.push(StaffNotice::StoreFailed);
        }
        if self.st.restored_day.is_some() && self.st.restored_day == self.st.day {
            notices.push(StaffNotice::RestoredFromCopy { lost: self.lost_numbers() });
        }
        notices.extend(
            self.st
                .devices
                .iter()
                .filter(|(_, health)| device::needs_a_look(health))
                .map(|(device, health)| StaffNotice::Device { device: *device, health: health.clone() }),
        );
        if let Line::Down(_) | Line::NotEnrolled = self.st.line {
            notices.push(StaffNotice::Line(self.st.line));
        }
        if self.st.outbox_percent >= OUTBOX_NOTICE_PERCENT {
            notices.push(StaffNotice::OutboxFilling { percent: self.st.outbox_percent });
        }
        if !self.now.wall.trusted {
            notices.push(StaffNotice::ClockUntrusted);
        }
        notices.extend(self.update_wait().map(StaffNotice::UpdateWaits));
        if self.st.configuration_faults > 0 {
            notices.push(StaffNotice::ConfigurationFaulty { faults: self.st.configuration_faults });
        }
        notices.extend(self.st.without_paper.iter().filter_map(|(id, trouble)| {
            let ticket = self.st.tickets.get(id).filter(|ticket| ticket.state == TicketState::Waiting)?;
            Some(StaffNotice::WithoutPaper { number: ticket.number.clone(), trouble: *trouble })
        }));
        notices
    }
}

impl Turn<'_> {
    fn lost_numbers(&self) -> Vec<(TicketNumber, TicketNumber)> {
        let in_words = |(series, from, to): &(AreaId, u32, u32)| {
            let area = self.area(series)?;
            let from = area.first.max(*from);
            (from <= *to).then(|| (number_text(area, from), number_text(area, *to)))
        };
        self.st.lost.iter().filter_map(in_words).collect()
    }
}

fn board_ticket(ticket: &Ticket) -> BoardTicket {
    BoardTicket {
        id: ticket.id.clone(),
        number: ticket.number.clone(),
        area: ticket.area.clone(),
        only_counter: ticket.only_counter,
        priority: ticket.priority.clone(),
        state: ticket.state,
        issued_at: ticket.issued_at,
        paper: ticket.paper,
    }
}
