//! Who is next: by place in the queue, with priority classes that may overtake a ticket a limited number of times.

use crate::id::CounterId;
use crate::settings::Counter;
use crate::ticket::{Ticket, TicketId, TicketState};

/// The next ticket for a counter, and the normal tickets that it overtakes, each of which has not yet been overtaken
/// `max_overtakings` times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pick {
    /// Who is next.
    pub next: TicketId,
    /// Who is overtaken by that.
    pub overtaken: Vec<TicketId>,
}

/// The order in which tickets wait: a ticket that re-entered stands right behind the one whose place it was given.
pub fn order(ticket: &Ticket) -> (u64, bool, u64) {
    (ticket.place, ticket.place != ticket.issue_order, ticket.issue_order)
}

/// Whether a counter may call this ticket.
pub fn serves(counter: &Counter, ticket: &Ticket) -> bool {
    ticket.state == TicketState::Waiting && may_serve(counter, ticket)
}

/// Whether a ticket's area, or its transfer to one counter, leads to this counter.
pub fn may_serve(counter: &Counter, ticket: &Ticket) -> bool {
    match ticket.only_counter {
        Some(only) => only == counter.id,
        None => counter.areas.contains(&ticket.area),
    }
}

/// Picks from the tickets that wait for one counter (or one area), in any order.
pub fn pick<'a>(waiting: impl Iterator<Item = &'a Ticket>, max_overtakings: u32) -> Option<Pick> {
    let mut waiting: Vec<&Ticket> = waiting.collect();
    waiting.sort_by_key(|ticket| order(ticket));
    let oldest = waiting.first()?;
    let priority_at = waiting.iter().position(|ticket| ticket.priority.is_some()).unwrap_or(0);
    let passed = waiting.get(..priority_at).unwrap_or_default();
    if passed.iter().any(|ticket| ticket.overtaken >= max_overtakings) {
        return Some(Pick { next: oldest.id.clone(), overtaken: Vec::new() });
    }
    let next = waiting.get(priority_at)?.id.clone();
    Some(Pick { next, overtaken: passed.iter().map(|ticket| ticket.id.clone()).collect() })
}

/// How many are called before a ticket if nobody else comes: the queue is played forward until its turn.
pub fn people_ahead<'a>(
    ticket: &Ticket,
    waiting: impl Iterator<Item = &'a Ticket>,
    max_overtakings: u32,
) -> u32 {
    let mut line: Vec<Ticket> = waiting.filter(|other| other.id != ticket.id).cloned().collect();
    line.push(ticket.clone());
    let mut ahead = 0;
    while let Some(Pick { next, overtaken }) = pick(line.iter(), max_overtakings) {
        if next == ticket.id {
            break;
        }
        ahead += 1;
        line.retain(|other| other.id != next);
        for passed in line.iter_mut().filter(|other| overtaken.contains(&other.id)) {
            passed.overtaken += 1;
        }
    }
    ahead
}

/// The counter at which a ticket is called or served now.
pub fn counter_in_hand(ticket: &Ticket) -> Option<CounterId> {
    match ticket.state {
        TicketState::Called(counter) | TicketState::Serving(counter) => Some(counter),
        TicketState::Waiting
        | TicketState::OnHold(_)
        | TicketState::Finished(_)
        | TicketState::NoShow(_)
        | TicketState::Cancelled => None,
    }
}
