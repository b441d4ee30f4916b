//! An officer's press: each acts once, and only on what the officer saw.

use crate::effect::{CounterState, Effect, OfficerAnswer, OfficerRefusal, Record};
use crate::event::{OfficerAction, OfficerPress};
use crate::id::CounterId;
use crate::report::Fact;
use crate::settings::Counter;
use crate::ticket::{Ticket, TicketId, TicketState};

use super::turn::Turn;

/// Why a press did nothing.
pub(super) type Denied = OfficerAnswer;

impl Turn<'_> {
    /// Acts on a press and answers it.
    pub(super) fn officer_pressed(&mut self, press: OfficerPress) {
        let request = press.request;
        let answer = self.answer_press(press);
        self.answer(Effect::AnswerOfficer { request, answer });
    }

    fn answer_press(&mut self, press: OfficerPress) -> OfficerAnswer {
        let id = press.press;
        let counter = self.set.counters.iter().find(|counter| counter.id == press.counter);
        let (Some(counter), Some(desk)) = (counter, self.st.desks.get(&press.counter)) else {
            return OfficerAnswer::Refused(OfficerRefusal::Unknown);
        };
        if let Some(answer) = desk.answer_to(id) {
            return answer;
        }
        if self.st.store_failed {
            return OfficerAnswer::StoreFailed;
        }
        let answer = match self.act_on(counter, press) {
            Ok(()) => OfficerAnswer::Done,
            Err(denied) => denied,
        };
        if let Some(desk) = self.st.desks.get_mut(&counter.id) {
            desk.remember(id, answer.clone());
            if answer == OfficerAnswer::Done {
                desk.last_press = Some(id);
                let state = desk.state.clone();
                self.record(Record::Counter { counter: counter.id, state, last_press: Some(id) });
            }
        }
        answer
    }

    fn act_on(&mut self, counter: &Counter, press: OfficerPress) -> Result<(), Denied> {
        let OfficerPress { seen, action, .. } = press;
        match action {
            OfficerAction::Open => self.open(counter),
            OfficerAction::Pause(reason) => {
                if !self.set.pause_reasons.iter().any(|known| known.id == reason) {
                    return refuse(OfficerRefusal::Unknown);
                }
                self.set_counter(counter.id, CounterState::Paused(reason));
                Ok(())
            }
            OfficerAction::Close => self.close(counter),
            OfficerAction::CallNext => {
                self.none_in_hand(counter.id, seen.as_ref())?;
                self.call_next(counter)
            }
            OfficerAction::Recall => {
                let ticket = self.as_seen(counter.id, seen.as_ref())?;
                self.recall(counter.id, ticket)
            }
            OfficerAction::Serve => {
                let ticket = self.as_seen(counter.id, seen.as_ref())?;
                self.serve(counter.id, ticket)
            }
            OfficerAction::Finish => {
                let ticket = self.as_seen(counter.id, seen.as_ref())?;
                self.finish_ticket(counter.id, ticket)
            }
            OfficerAction::NoShow => {
                let ticket = self.as_seen(counter.id, seen.as_ref())?;
                self.no_show(counter.id, ticket)
            }
            OfficerAction::Hold => {
                let ticket = self.as_seen(counter.id, seen.as_ref())?;
                self.hold(counter.id, ticket)
            }
            OfficerAction::Resume(id) => {
                self.none_in_hand(counter.id, seen.as_ref())?;
                self.resume(counter, &id)
            }
            OfficerAction::Transfer(to) => {
                let ticket = self.as_seen(counter.id, seen.as_ref())?;
                self.transfer(counter.id, ticket, to)
            }
            OfficerAction::Reenter(id) => self.reenter(counter.id, &id),
            OfficerAction::Cancel(id) => self.cancel(counter.id, &id),
            OfficerAction::RevokePriority(id) => self.revoke_priority(counter.id, &id),
            OfficerAction::Reprint(id) => self.reprint(&id),
        }
    }

    /// The ticket in hand, if it is the one that the officer's page showed.
    fn as_seen(&self, counter: CounterId, seen: Option<&TicketId>) -> Result<Ticket, Denied> {
        match (self.st.in_hand(counter), seen) {
            (Some(ticket), Some(seen)) if ticket.id == *seen => Ok(ticket.clone()),
            (None, None) => refuse(OfficerRefusal::NoTicketInHand),
            (Some(_) | None, Some(_)) | (Some(_), None) => Err(OfficerAnswer::Stale),
        }
    }

    fn none_in_hand(&self, counter: CounterId, seen: Option<&TicketId>) -> Result<(), Denied> {
        match (self.st.in_hand(counter), seen) {
            (None, None) => Ok(()),
            (Some(ticket), Some(seen)) if ticket.id == *seen => refuse(OfficerRefusal::TicketInHand),
            (Some(_) | None, Some(_)) | (Some(_), None) => Err(OfficerAnswer::Stale),
        }
    }

    fn open(&mut self, counter: &Counter) -> Result<(), Denied> {
        self.set_counter(counter.id, CounterState::Open);
        Ok(())
    }

    /// Closes a counter that holds nobody. Who waits for it alone may go to any counter of the area again; who is on
    /// hold here may be resumed by any of them.
    fn close(&mut self, counter: &Counter) -> Result<(), Denied> {
        if self.st.in_hand(counter.id).is_some() {
            return refuse(OfficerRefusal::TicketInHand);
        }
        self.set_counter(counter.id, CounterState::Closed);
        let bound: Vec<Ticket> = self
            .st
            .tickets
            .values()
            .filter(|ticket| ticket.only_counter == Some(counter.id) && ticket.state == TicketState::Waiting)
            .cloned()
            .collect();
        for ticket in bound {
            self.release(counter.id, ticket);
        }
        Ok(())
    }

    /// Sets a counter's state, unless it is that already.
    pub(super) fn set_counter(&mut self, counter: CounterId, state: CounterState) {
        let Some(desk) = self.st.desks.get_mut(&counter).filter(|desk| desk.state != state) else { return };
        desk.state = state.clone();
        let last_press = desk.last_press;
        self.record(Record::Counter { counter, state: state.clone(), last_press });
        self.report(Fact::Counter { counter, state });
    }
}

/// Says no.
pub(super) fn refuse<T>(refusal: OfficerRefusal) -> Result<T, Denied> {
    Err(OfficerAnswer::Refused(refusal))
}
