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
    let line: Vec<Place> = waiting.iter().map(|ticket| Place::of(ticket)).collect();
    let next = turn_of(&line, max_overtakings)?;
    Some(Pick {
        next: waiting.get(next)?.id.clone(),
        overtaken: waiting.iter().take(next).map(|ticket| ticket.id.clone()).collect(),
    })
}

/// How many are called before a ticket if nobody else comes: the queue is played forward until its turn.
pub fn people_ahead<'a>(
    ticket: &Ticket,
    waiting: impl Iterator<Item = &'a Ticket>,
    max_overtakings: u32,
) -> u32 {
    let mut waiting: Vec<&Ticket> = waiting.filter(|other| other.id != ticket.id).collect();
    waiting.push(ticket);
    waiting.sort_by_key(|ticket| order(ticket));
    let mut own = waiting.iter().position(|other| other.id == ticket.id).unwrap_or(0);
    let mut line: Vec<Place> = waiting.into_iter().map(Place::of).collect();
    let mut ahead = 0;
    while let Some(next) = turn_of(&line, max_overtakings)
        && next != own
    {
        line.iter_mut().take(next).for_each(|passed| passed.overtaken += 1);
        line.remove(next);
        own -= usize::from(next < own);
        ahead += 1;
    }
    ahead
}

/// What the order of calls hangs on.
#[derive(Clone, Copy)]
struct Place {
    has_priority: bool,
    overtaken: u32,
}

impl Place {
    fn of(ticket: &Ticket) -> Self {
        Self { has_priority: ticket.priority.is_some(), overtaken: ticket.overtaken }
    }
}

/// Whose turn it is in a line: the first with priority, unless one that stands before it was overtaken often enough.
/// All before it are overtaken then.
fn turn_of(line: &[Place], max_overtakings: u32) -> Option<usize> {
    let first_priority = line.iter().position(|place| place.has_priority).unwrap_or(0);
    let passed = line.get(..first_priority)?;
    let patient = passed.iter().all(|place| place.overtaken < max_overtakings);
    (!line.is_empty()).then_some(if patient { first_priority } else { 0 })
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
