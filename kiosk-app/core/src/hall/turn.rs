//! One event being handled: what it changes, what it records, what it asks for.

use std::sync::Arc;

use crate::effect::{Effect, LogEvent, Record};
use crate::id::{AreaId, ErrandId};
use crate::report::{Fact, Report};
use crate::screen::Screen;
use crate::session::Step;
use crate::settings::{Errand, HallSettings, ServiceArea};
use crate::ticket::{Ticket, TicketId};
use crate::time::Now;

use super::state::State;

/// The working context of one event. Records go into the one `Store` that stands first; what was asked for follows.
pub(super) struct Turn<'a> {
    pub set: &'a HallSettings,
    pub st: &'a mut State,
    pub now: Now,
    records: Vec<Record>,
    acts: Vec<Effect>,
    answers: Vec<Effect>,
    logs: Vec<Effect>,
}

impl<'a> Turn<'a> {
    pub fn new(set: &'a HallSettings, st: &'a mut State, now: Now) -> Self {
        Self { set, st, now, records: Vec::new(), acts: Vec::new(), answers: Vec::new(), logs: Vec::new() }
    }

    /// The effects, in the order in which they are to be carried out.
    pub fn finish(mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        // While the store is known to fail, nothing may hang on it; what must not be lost waits in the state.
        if !self.records.is_empty() && !self.st.store_failed {
            effects.push(Effect::Store(std::mem::take(&mut self.records)));
        }
        effects.append(&mut self.acts);
        if let Some(call) = self.st.announcements.next(self.now.mono_ms) {
            effects.push(Effect::Announce(call));
        }
        let board = self.board();
        if self.st.published.as_deref() != Some(&board) {
            self.st.published = Some(Arc::new(board.clone()));
            effects.push(Effect::Publish(board));
        }
        effects.append(&mut self.answers);
        let screen = self.screen();
        if self.st.shown.as_deref() != Some(&screen) {
            self.st.shown = Some(Arc::new(screen.clone()));
            effects.push(Effect::Show(screen));
        }
        effects.append(&mut self.logs);
        effects
    }

    /// Records a durable change.
    pub fn record(&mut self, record: Record) {
        self.records.push(record);
    }

    /// Records a fact for the district.
    pub fn report(&mut self, fact: Fact) {
        let report = Report { at: self.now.wall, mono_ms: self.now.mono_ms, fact };
        self.record(Record::Report(report));
    }

    /// Asks for something outside, after the store.
    pub fn act(&mut self, effect: Effect) {
        self.acts.push(effect);
    }

    /// Answers an officer, after the board.
    pub fn answer(&mut self, effect: Effect) {
        self.answers.push(effect);
    }

    /// Writes a log line.
    pub fn log(&mut self, event: LogEvent) {
        self.logs.push(Effect::Log(event));
    }

    /// Names an event that the state has no use for.
    pub fn ignore(&mut self, what: &'static str) {
        self.log(LogEvent::Ignored { what });
    }

    /// Takes a new or changed ticket into the hall and the store.
    pub fn put(&mut self, ticket: Ticket) {
        self.record(Record::Ticket(ticket.clone()));
        Arc::make_mut(&mut self.st.tickets).insert(ticket.id.clone(), ticket);
    }

    /// A ticket of the hall.
    pub fn ticket(&self, id: &TicketId) -> Option<Ticket> {
        self.st.tickets.get(id).cloned()
    }

    /// Shows another step to the citizen.
    pub fn go(&mut self, step: Step) {
        self.st.session.go(step, self.now);
    }

    /// An area of the configuration.
    pub fn area(&self, id: &AreaId) -> Option<&'a ServiceArea> {
        self.set.areas.iter().find(|area| area.id == *id)
    }

    /// An errand of the configuration.
    pub fn errand(&self, id: &ErrandId) -> Option<&'a Errand> {
        self.set.errands.iter().find(|errand| errand.id == *id)
    }

    fn screen(&self) -> Screen {
        let session = &self.st.session;
        let leaves_in_secs = session.stay(self.set.idle_timeout_secs).and_then(|stay| {
            let left_ms = stay.until_ms.saturating_sub(self.now.mono_ms);
            (left_ms <= stay.countdown_ms).then(|| u32::try_from(left_ms.div_ceil(1000)).unwrap_or(u32::MAX))
        });

        Screen {
            page: self.page(),
            look: session.look,
            at: self.now.wall.to_the_minute(),
            notice: self.citizen_notice(),
            leaves_in_secs,
            takes_scans: !self.swallows_scans(),
        }
    }
}
