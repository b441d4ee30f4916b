//! A ticket's way through the counters.

use crate::announcement;
use crate::device;
use crate::effect::{Announcement, LogEvent, OfficerAnswer, OfficerRefusal};
use crate::event::{Device, TransferTo};
use crate::id::CounterId;
use crate::queue::{self, Pick};
use crate::report::{CancelReason, Fact, Step};
use crate::settings::Counter;
use crate::ticket::{Paper, Ticket, TicketId, TicketState};

use super::console::{Denied, refuse};
use super::turn::Turn;

impl Turn<'_> {
    /// Reports a ticket's step.
    pub(super) fn moved(&mut self, ticket: &Ticket, counter: Option<CounterId>, step: Step) {
        self.report(Fact::Moved { ticket: ticket.id.clone(), number: ticket.number.clone(), counter, step });
    }

    /// Calls the next ticket for an open counter.
    pub(super) fn call_next(&mut self, counter: &Counter) -> Result<(), Denied> {
        if !self.st.is_open(counter.id) {
            return refuse(OfficerRefusal::CounterNotOpen);
        }
        let waiting = self.st.tickets.values().filter(|ticket| queue::serves(counter, ticket));
        let Some(Pick { next, overtaken }) = queue::pick(waiting, self.set.max_overtakings) else {
            return Err(OfficerAnswer::NobodyWaits);
        };
        for passed in overtaken {
            if let Some(passed) = self.ticket(&passed) {
                self.put(Ticket { overtaken: passed.overtaken + 1, ..passed });
            }
        }
        let Some(ticket) = self.ticket(&next) else { return Err(OfficerAnswer::NobodyWaits) };
        let first_call = ticket.called_at.is_none();
        let waited_secs = if first_call { self.now.wall.secs_since(ticket.issued_at) } else { None };
        self.moved(&ticket, Some(counter.id), Step::Called { recall: false, waited_secs });
        if first_call {
            let pace = self.st.paces.entry(ticket.area.clone()).or_default();
            pace.called(ticket.issued_at, self.now.wall);
        }
        self.announce(&ticket, counter.id, false);
        let called_at = ticket.called_at.or(Some(self.now.wall));
        self.put(Ticket { state: TicketState::Called(counter.id), called_at, ..ticket });
        Ok(())
    }

    fn announce(&mut self, ticket: &Ticket, counter: CounterId, recall: bool) {
        let number = ticket.number.clone();
        let words = announcement::call_words(&number, counter, self.set.speech);
        if !self.st.announcements.push(Announcement { number: number.clone(), counter, recall, words }) {
            self.log(LogEvent::Overdue { what: "announcement queue" });
        }
        self.st.show_call(number, counter, self.now.wall);
    }

    /// Calls the ticket in hand once more.
    pub(super) fn recall(&mut self, counter: CounterId, ticket: Ticket) -> Result<(), Denied> {
        in_state(&ticket, TicketState::Called(counter))?;
        self.moved(&ticket, Some(counter), Step::Called { recall: true, waited_secs: None });
        self.announce(&ticket, counter, true);
        Ok(())
    }

    /// The person is here.
    pub(super) fn serve(&mut self, counter: CounterId, ticket: Ticket) -> Result<(), Denied> {
        in_state(&ticket, TicketState::Called(counter))?;
        self.moved(&ticket, Some(counter), Step::Serving);
        let served_at = Some(self.now.wall);
        self.put(Ticket { state: TicketState::Serving(counter), served_at, ..ticket });
        Ok(())
    }

    /// The matter is done; the counter's rating window opens.
    pub(super) fn finish_ticket(&mut self, counter: CounterId, ticket: Ticket) -> Result<(), Denied> {
        in_state(&ticket, TicketState::Serving(counter))?;
        let served_secs = ticket.served_at.and_then(|served_at| self.now.wall.secs_since(served_at));
        self.moved(&ticket, Some(counter), Step::Finished { served_secs });
        self.open_rating_window(counter, &ticket);
        self.put(Ticket { state: TicketState::Finished(counter), ..ticket });
        Ok(())
    }

    /// Called and did not come.
    pub(super) fn no_show(&mut self, counter: CounterId, ticket: Ticket) -> Result<(), Denied> {
        in_state(&ticket, TicketState::Called(counter))?;
        self.moved(&ticket, Some(counter), Step::NoShow);
        self.put(Ticket { state: TicketState::NoShow(counter), ..ticket });
        Ok(())
    }

    /// Set aside at this counter.
    pub(super) fn hold(&mut self, counter: CounterId, ticket: Ticket) -> Result<(), Denied> {
        in_state(&ticket, TicketState::Serving(counter))?;
        self.moved(&ticket, Some(counter), Step::Held);
        self.put(Ticket { state: TicketState::OnHold(counter), ..ticket });
        Ok(())
    }

    /// Taken up again, at the counter that set it aside or, when that one has closed, at any that serves its area.
    pub(super) fn resume(&mut self, counter: &Counter, id: &TicketId) -> Result<(), Denied> {
        if !self.st.is_open(counter.id) {
            return refuse(OfficerRefusal::CounterNotOpen);
        }
        let ticket = self.known(id)?;
        let TicketState::OnHold(holder) = ticket.state else {
            return refuse(OfficerRefusal::WrongState);
        };
        let abandoned = self.is_closed(holder) && counter.areas.contains(&ticket.area);
        if holder != counter.id && !abandoned {
            return refuse(OfficerRefusal::WrongState);
        }
        self.moved(&ticket, Some(counter.id), Step::Resumed);
        self.put(Ticket { state: TicketState::Serving(counter.id), ..ticket });
        Ok(())
    }

    /// To another area's queue, or to one counter; in either it stands where its time of issue puts it.
    pub(super) fn transfer(
        &mut self,
        counter: CounterId,
        ticket: Ticket,
        to: TransferTo,
    ) -> Result<(), Denied> {
        let (area, only_counter) = match to {
            TransferTo::Area(area) => {
                if self.area(&area).is_none() {
                    return refuse(OfficerRefusal::Unknown);
                }
                (area, None)
            }
            TransferTo::Counter(other) => {
                let Some(target) = self.set.counters.iter().find(|known| known.id == other) else {
                    return refuse(OfficerRefusal::Unknown);
                };
                if self.is_closed(other) {
                    return refuse(OfficerRefusal::CounterNotOpen);
                }
                let serves_it = target.areas.contains(&ticket.area);
                let area = if serves_it { None } else { target.areas.first().cloned() };
                (area.unwrap_or_else(|| ticket.area.clone()), Some(other))
            }
        };
        self.moved(&ticket, Some(counter), Step::Transferred { area: area.clone(), counter: only_counter });
        self.put(Ticket { state: TicketState::Waiting, area, only_counter, ..ticket });
        Ok(())
    }

    /// Frees a ticket from waiting for one counter only.
    pub(super) fn release(&mut self, counter: CounterId, ticket: Ticket) {
        self.moved(&ticket, Some(counter), Step::Transferred { area: ticket.area.clone(), counter: None });
        self.put(Ticket { only_counter: None, ..ticket });
    }

    /// A no-show came after all, once: back into the queue, right behind the one who would be next, so that nobody who
    /// waited is overtaken by more than a moment and the call is not lost.
    pub(super) fn reenter(&mut self, counter: CounterId, id: &TicketId) -> Result<(), Denied> {
        let ticket = self.known(id)?;
        let TicketState::NoShow(_) = ticket.state else { return refuse(OfficerRefusal::WrongState) };
        if ticket.reentered {
            return refuse(OfficerRefusal::ReentryUsed);
        }
        let next = queue::pick(self.st.waiting_in(&ticket.area), self.set.max_overtakings);
        let place = next.and_then(|pick| self.ticket(&pick.next)).map_or(ticket.place, |next| next.place);
        self.moved(&ticket, Some(counter), Step::Reentered);
        let place = place.max(ticket.place);
        self.put(Ticket { state: TicketState::Waiting, place, reentered: true, ..ticket });
        Ok(())
    }

    /// Withdraws a ticket that is not in another counter's hands.
    pub(super) fn cancel(&mut self, counter: CounterId, id: &TicketId) -> Result<(), Denied> {
        let ticket = self.known(id)?;
        let allowed = match ticket.state {
            TicketState::Waiting | TicketState::NoShow(_) | TicketState::OnHold(_) => true,
            TicketState::Called(holder) | TicketState::Serving(holder) => holder == counter,
            TicketState::Finished(_) | TicketState::Cancelled => false,
        };
        if !allowed {
            return refuse(OfficerRefusal::WrongState);
        }
        self.moved(&ticket, Some(counter), Step::Cancelled(CancelReason::Officer));
        self.put(Ticket { state: TicketState::Cancelled, ..ticket });
        Ok(())
    }

    /// Takes a self-declared priority away from a ticket that still waits.
    pub(super) fn revoke_priority(&mut self, counter: CounterId, id: &TicketId) -> Result<(), Denied> {
        let ticket = self.known(id)?;
        let (TicketState::Waiting | TicketState::Called(_), Some(class)) = (ticket.state, &ticket.priority)
        else {
            return refuse(OfficerRefusal::WrongState);
        };
        self.moved(&ticket, Some(counter), Step::PriorityRevoked(class.clone()));
        self.put(Ticket { priority: None, ..ticket });
        Ok(())
    }

    /// Prints a ticket once more, marked IN LẠI.
    pub(super) fn reprint(&mut self, id: &TicketId) -> Result<(), Denied> {
        let ticket = self.known(id)?;
        let over = matches!(ticket.state, TicketState::Finished(_) | TicketState::Cancelled);
        if over || ticket.paper == Paper::Printing {
            return refuse(OfficerRefusal::WrongState);
        }
        if !device::prints(self.st.devices.get(&Device::Printer)) {
            return refuse(OfficerRefusal::PrinterNotReady);
        }
        let job = self.print(&ticket, true);
        self.put(Ticket { job, ..ticket });
        Ok(())
    }

    fn known(&self, id: &TicketId) -> Result<Ticket, Denied> {
        self.ticket(id).ok_or(OfficerAnswer::Refused(OfficerRefusal::Unknown))
    }

    fn is_closed(&self, counter: CounterId) -> bool {
        let state = self.st.desks.get(&counter).map(|desk| &desk.state);
        state.is_none_or(|state| *state == crate::effect::CounterState::Closed)
    }
}

fn in_state(ticket: &Ticket, wanted: TicketState) -> Result<(), Denied> {
    if ticket.state == wanted { Ok(()) } else { refuse(OfficerRefusal::WrongState) }
}
