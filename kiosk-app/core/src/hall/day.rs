//! The start of a run and the turn of the business day.

use std::sync::Arc;

use crate::effect::{CounterState, LogEvent, Record};
use crate::event::{PrintOutcome, PrintTrouble};
use crate::id::AreaId;
use crate::queue;
use crate::report::{CancelReason, Fact, GapReason, Step};
use crate::ticket::{Paper, Ticket, TicketState};
use crate::time::BusinessDay;

use super::turn::Turn;

impl Turn<'_> {
    /// What every event begins with: the start, once; and the day, which goes forward on trusted time alone.
    ///
    /// A hall that never learnt the date works under [`BusinessDay::UNKNOWN`], so that numbers flow within seconds of a
    /// start with the clock at 1970; the first trusted reading opens the true day.
    pub(super) fn begin(&mut self) {
        self.watch_clock();
        if self.st.store_failed {
            return;
        }
        if !self.st.started {
            self.start();
            return;
        }
        self.turn_day();
    }

    fn start(&mut self) {
        self.st.started = true;
        self.report(Fact::Started { unclean: self.st.unclean });
        self.tell_restored();
        let day_before = self.st.day;
        self.turn_day();
        if self.st.unclean {
            // Lost jobs and places in the queue are not given again either.
            self.st.next_job += u64::from(self.set.guard_band);
            self.st.next_issue_order += u64::from(self.set.guard_band);
            if self.st.day == day_before || !self.st.burnt.is_empty() {
                self.skip_guard_band();
            }
        }
        self.end_leftovers();
        self.settle_jobs_in_doubt();
        self.release_from_missing_counters();
    }

    /// An unclean start may have lost the last commits of a card that lies about its flush: numbers that somebody holds.
    /// Every series of the day in force steps over them, also one without a ticket, whose first may be the lost one.
    fn skip_guard_band(&mut self) {
        let Some(day) = self.st.day else { return };
        for area in &self.set.areas {
            let burnt = self.st.burnt.get(&area.id).copied().unwrap_or(0).max(area.first.saturating_sub(1));
            let to = burnt.saturating_add(self.set.guard_band).min(area.last);
            if to > burnt {
                self.burn(area.id.clone(), day, to);
                let from = burnt + 1;
                self.report(Fact::Gap { series: area.id.clone(), day, from, to, reason: GapReason::Guard });
            }
        }
    }

    /// Tells the district that a copy took the database's place, and which numbers will be missed.
    fn tell_restored(&mut self) {
        if !std::mem::take(&mut self.st.from_copy) {
            return;
        }
        let Some(day) = self.st.day else { return };
        for (series, from, to) in self.st.lost.clone() {
            self.report(Fact::Gap { series, day, from, to, reason: GapReason::Restored });
        }
        let lost = self.st.lost.iter().map(|(_, from, to)| to.saturating_sub(*from) + 1).sum();
        self.report(Fact::Database { restored: true, lost });
    }

    fn settle_jobs_in_doubt(&mut self) {
        let outcome = PrintOutcome::Unknown { bytes: 0, cause: PrintTrouble::Interrupted };
        for (job, ticket) in std::mem::take(&mut self.st.jobs_in_doubt) {
            self.record(Record::PrintLedger { job, ticket: ticket.clone(), outcome: Some(outcome.clone()) });
            let Some(ticket) = ticket.and_then(|id| self.ticket(&id)) else { continue };
            // A reprint leaves the first paper's fate as it was.
            let reprint = ticket.paper != Paper::Printing;
            self.report(Fact::Paper {
                ticket: ticket.id.clone(),
                number: ticket.number.clone(),
                outcome: outcome.clone(),
                reprint,
            });
            if !reprint {
                self.st.note_without_paper(ticket.id.clone(), PrintTrouble::Interrupted);
                self.put(Ticket { paper: Paper::Unknown, ..ticket });
            }
        }
    }

    /// A database that came back from an older copy brings tickets of a day that nobody closed; their people are gone.
    fn end_leftovers(&mut self) {
        let Some(day) = self.st.day else { return };
        let is_left =
            |ticket: &Ticket| ticket.id.day < day && !is_carried(ticket) && ticket.issued_at.trusted;
        for ticket in Arc::clone(&self.st.tickets).values().filter(|ticket| is_left(ticket)) {
            self.end_ticket(ticket);
        }
        if self.st.tickets.values().any(is_left) {
            Arc::make_mut(&mut self.st.tickets).retain(|_, ticket| !is_left(ticket));
        }
    }

    /// A ticket in the hands of a counter that the configuration no longer has waits again.
    fn release_from_missing_counters(&mut self) {
        for ticket in Arc::clone(&self.st.tickets).values() {
            let held = match ticket.state {
                TicketState::Called(counter)
                | TicketState::Serving(counter)
                | TicketState::OnHold(counter) => Some(counter),
                TicketState::Waiting
                | TicketState::Finished(_)
                | TicketState::NoShow(_)
                | TicketState::Cancelled => None,
            };
            let known = |counter| self.st.desks.contains_key(&counter);
            let state = match held {
                Some(counter) if !known(counter) => TicketState::Waiting,
                Some(_) | None => ticket.state,
            };
            let only_counter = ticket.only_counter.filter(|counter| known(*counter));
            if state != ticket.state || only_counter != ticket.only_counter {
                self.put(Ticket { state, only_counter, ..ticket.clone() });
            }
        }
    }

    fn turn_day(&mut self) {
        let trusted = self.now.wall.trusted.then(|| self.now.wall.day());
        match (self.st.day, trusted) {
            (None, None) => self.open_day(BusinessDay::UNKNOWN),
            (None, Some(today)) => self.open_day(today),
            (Some(day), Some(today)) if today > day => {
                self.close_day();
                self.open_day(today);
            }
            (Some(_), Some(_) | None) => {}
        }
    }

    fn open_day(&mut self, day: BusinessDay) {
        self.st.day = Some(day);
        self.record(Record::Day(day));
        self.report(Fact::DayOpened(day));
        self.log(LogEvent::DayOpened(day));
        self.carry_numbers(day);
    }

    /// Numbers that people hold from before the clock was right are not given to anybody else today.
    fn carry_numbers(&mut self, day: BusinessDay) {
        let mut highest = self.st.burnt.clone();
        for ticket in self.st.tickets.values() {
            let ordinal: &mut u32 = highest.entry(ticket.id.series.clone()).or_default();
            *ordinal = ticket.id.ordinal.max(*ordinal);
        }
        for (series, to) in highest {
            let from = self.set.areas.iter().find(|area| area.id == series).map_or(1, |area| area.first);
            self.burn(series.clone(), day, to);
            self.report(Fact::Gap { series, day, from, to, reason: GapReason::DayCarried });
        }
    }

    /// Ends the day: who still waits is cancelled, who is being served is finished, counters close. Whoever came while
    /// the clock was not trusted is still here, whatever the date turns out to be, and keeps number and place; the
    /// counters that are serving stay open then too.
    fn close_day(&mut self) {
        let carried: Vec<_> = self.st.tickets.values().filter(|ticket| is_carried(ticket)).cloned().collect();
        for ticket in Arc::clone(&self.st.tickets).values().filter(|ticket| !is_carried(ticket)) {
            self.end_ticket(ticket);
        }
        if carried.is_empty() {
            let counters: Vec<_> = self.st.desks.keys().copied().collect();
            for counter in counters {
                self.set_counter(counter, CounterState::Closed);
            }
            self.st.calls.clear();
        }
        let windows: Vec<_> = self.st.windows.keys().copied().collect();
        for counter in windows {
            self.close_rating_window(counter);
        }
        self.st.paces.clear();
        self.st.lost.clear();
        if self.st.restored_day.is_some() && self.st.restored_day == self.st.day {
            self.report(Fact::Database { restored: false, lost: 0 });
        }
        // Numbers given while the clock was blind may be in the hands of people who are still here, whatever became of
        // their tickets, and those of a guard band as well.
        let blind = |series: &AreaId| {
            self.st.tickets.values().any(|ticket| !ticket.issued_at.trusted && ticket.id.series == *series)
        };
        let burnt = self.st.burnt.iter().filter(|(series, _)| blind(series));
        self.st.burnt = burnt.map(|(series, to)| (series.clone(), *to)).collect();
        self.st.without_paper.retain(|(id, _)| carried.iter().any(|ticket| ticket.id == *id));
        self.st.tickets = Arc::new(carried.into_iter().map(|ticket| (ticket.id.clone(), ticket)).collect());
    }

    fn end_ticket(&mut self, ticket: &Ticket) {
        let (state, step) = match ticket.state {
            TicketState::Waiting | TicketState::Called(_) | TicketState::OnHold(_) => {
                (TicketState::Cancelled, Step::Cancelled(CancelReason::DayEnded))
            }
            TicketState::Serving(counter) => {
                (TicketState::Finished(counter), Step::Finished { served_secs: None })
            }
            TicketState::Finished(_) | TicketState::NoShow(_) | TicketState::Cancelled => return,
        };
        let counter = queue::counter_in_hand(ticket);
        self.moved(ticket, counter, step);
        self.put(Ticket { state, ..ticket.clone() });
    }

    fn watch_clock(&mut self) {
        let wall = self.now.wall;
        if let Some(last) = self.st.last_wall.replace(wall)
            && last.trusted
            && wall.unix_ms < last.unix_ms
        {
            let secs = last.unix_ms.abs_diff(wall.unix_ms) / 1000;
            if secs > 0 {
                self.log(LogEvent::ClockWentBack { secs });
            }
        }
    }
}

/// Whether a ticket outlives the turn of the day: issued under an untrusted clock and not done with.
fn is_carried(ticket: &Ticket) -> bool {
    let active = match ticket.state {
        TicketState::Waiting | TicketState::Called(_) | TicketState::Serving(_) | TicketState::OnHold(_) => {
            true
        }
        TicketState::Finished(_) | TicketState::NoShow(_) | TicketState::Cancelled => false,
    };
    active && !ticket.issued_at.trusted
}
