//! Updates: an outcome is reported once, and an installation begins only in an empty hall.

use crate::effect::{Effect, Record};
use crate::report::Fact;
use crate::session::Step;
use crate::ticket::TicketState;
use crate::update::{UNTOUCHED_MS, UpdateOutcome, UpdateWait};

use super::turn::Turn;

impl Turn<'_> {
    /// Told again and again by whoever reads it; the district hears of each once.
    pub(super) fn update_told(&mut self, outcome: UpdateOutcome) {
        let key = outcome.key();
        if self.st.store_failed || self.st.update_told.as_ref() == Some(&key) {
            return;
        }
        self.st.update_told = Some(key.clone());
        self.record(Record::UpdateTold(key));
        self.report(Fact::Update(outcome));
    }

    /// Lets an update that waits begin, once, when it disturbs nobody.
    pub(super) fn install_when_at_rest(&mut self) {
        let unattended_ms = self.now.mono_ms.saturating_sub(self.st.attended_ms);
        let over = |wait: UpdateWait| wait.is_over(self.set, self.now.wall, unattended_ms);
        if self.update_wait().is_some_and(over) && self.is_at_rest() {
            self.st.update_waits = None;
            self.act(Effect::InstallUpdate);
        }
    }

    /// What the update waits for, if there is one.
    pub(super) fn update_wait(&self) -> Option<UpdateWait> {
        self.st.update_waits.map(|source| UpdateWait::of(source, self.now.wall))
    }

    fn is_at_rest(&self) -> bool {
        let under_way = |state: TicketState| match state {
            TicketState::Waiting
            | TicketState::Called(_)
            | TicketState::Serving(_)
            | TicketState::OnHold(_) => true,
            TicketState::Finished(_) | TicketState::NoShow(_) | TicketState::Cancelled => false,
        };
        let untouched_ms = self.now.mono_ms.saturating_sub(self.st.session.touched_ms);
        self.st.started
            && !self.st.store_failed
            && self.st.jobs.is_empty()
            && self.st.windows.is_empty()
            && self.st.session.step == Step::Home
            && untouched_ms >= UNTOUCHED_MS
            && !self.st.tickets.values().any(|ticket| under_way(ticket.state))
    }
}
