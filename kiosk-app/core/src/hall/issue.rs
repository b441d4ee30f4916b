//! Issuing a number, and what becomes of its paper.

use crate::device;
use crate::effect::{Effect, LogEvent, PrintJob, Record, TicketPaper};
use crate::event::{Device, Presented, PrintOutcome, PrintTrouble};
use crate::hours;
use crate::id::{AreaId, CounterId, ErrandId, JobId, PriorityId};
use crate::queue;
use crate::report::Fact;
use crate::screen::{Availability, TakenNumber};
use crate::session::Step;
use crate::settings::ServiceArea;
use crate::ticket::{Paper, Ticket, TicketId, TicketNumber, TicketState};
use crate::time::BusinessDay;

use super::state::{Job, count};
use super::turn::Turn;

/// A printer that has not answered after this time leaves the number to the screen.
const PRINT_DEADLINE_MS: u64 = 15_000;
/// Jobs waited for at most; older ones of a printer that never answers are given up.
const JOBS_AT_MOST: usize = 64;

impl Turn<'_> {
    /// Whether an area gives numbers now.
    pub(super) fn availability(&self, area: &ServiceArea) -> Availability {
        if self.next_ordinal(area).is_none() {
            return Availability::Exhausted;
        }
        let by_hours = hours::availability(self.set, area, self.now.wall);
        if by_hours != Availability::Open {
            return by_hours;
        }
        match area.session_quota {
            Some(quota) if self.now.wall.trusted && self.issued_this_session(area) >= quota => {
                Availability::QuotaReached { morning: hours::is_morning(self.now.wall) }
            }
            Some(_) | None => Availability::Open,
        }
    }

    fn issued_this_session(&self, area: &ServiceArea) -> u32 {
        let morning = hours::is_morning(self.now.wall);
        count(self.st.tickets.values().filter(|ticket| {
            ticket.id.series == area.id
                && Some(ticket.id.day) == self.st.day
                && ticket.issued_at.trusted
                && hours::is_morning(ticket.issued_at) == morning
        }))
    }

    fn next_ordinal(&self, area: &ServiceArea) -> Option<u32> {
        let burnt = self.st.burnt.get(&area.id).copied().unwrap_or(0);
        let next = burnt.checked_add(1)?.max(area.first);
        (next <= area.last).then_some(next)
    }

    /// Burns all numbers of a series up to this one.
    pub(super) fn burn(&mut self, series: AreaId, day: BusinessDay, burnt: u32) {
        self.st.burnt.insert(series.clone(), burnt);
        self.record(Record::SeriesAt { series, day, burnt });
    }

    /// Issues a number, or says why not. Everything durable stands before the print and the page.
    pub(super) fn issue(&mut self, errand: ErrandId, area: &ServiceArea, priority: Option<PriorityId>) {
        let availability = self.availability(area);
        if availability != Availability::Open {
            if availability == Availability::Exhausted {
                self.log(LogEvent::SeriesExhausted(area.id.clone()));
            }
            self.go(Step::NotNow(availability));
            return;
        }
        let (Some(ordinal), Some(day), false) = (self.next_ordinal(area), self.st.day, self.st.store_failed)
        else {
            self.go(Step::CannotIssue);
            return;
        };
        let trouble = device::print_trouble(self.st.devices.get(&Device::Printer));
        let ticket = Ticket {
            id: TicketId { day, series: area.id.clone(), ordinal },
            number: number_text(area, ordinal),
            errand,
            area: area.id.clone(),
            only_counter: None,
            priority,
            state: TicketState::Waiting,
            paper: if trouble.is_some() { Paper::Failed } else { Paper::Printing },
            job: JobId(self.st.next_job),
            issued_at: self.now.wall,
            issue_order: self.st.next_issue_order,
            place: self.st.next_issue_order,
            overtaken: 0,
            called_at: None,
            served_at: None,
            reentered: false,
        };
        self.st.next_issue_order += 1;
        self.burn(area.id.clone(), day, ordinal);
        self.put(ticket.clone());
        let taken = self.taken_number(&ticket, area);
        self.report(Fact::Issued { ticket: ticket.clone(), people_ahead: taken.people_ahead });
        match trouble {
            None => {
                let job = self.print(&ticket, false);
                self.go(Step::Printing { job, taken, since_ms: self.now.mono_ms });
            }
            Some(trouble) => {
                self.burn_unprinted_job(&ticket, trouble);
                self.go(Step::NumberOnly { taken, trouble });
            }
        }
    }

    fn taken_number(&self, ticket: &Ticket, area: &ServiceArea) -> TakenNumber {
        let people_ahead =
            queue::people_ahead(ticket, self.st.waiting_in(&area.id), self.set.max_overtakings);
        TakenNumber {
            ticket: ticket.id.clone(),
            number: ticket.number.clone(),
            area: area.name.clone(),
            people_ahead,
            wait_minutes: self.wait_minutes(&area.id, people_ahead),
            counters: self.open_counters(&area.id).collect(),
        }
    }

    /// Open counters that serve an area.
    pub(super) fn open_counters(&self, area: &AreaId) -> impl Iterator<Item = CounterId> {
        self.set
            .counters
            .iter()
            .filter(|counter| counter.areas.contains(area) && self.st.is_open(counter.id))
            .map(|counter| counter.id)
    }

    /// The wait that an area's pace lets expect.
    pub(super) fn wait_minutes(&self, area: &AreaId, people_ahead: u32) -> Option<(u32, u32)> {
        self.st.paces.get(area)?.wait_minutes(people_ahead)
    }

    /// Begins a print job: ledger first, then the job.
    pub(super) fn print(&mut self, ticket: &Ticket, reprint: bool) -> JobId {
        let job = self.next_job();
        self.record(Record::PrintLedger { job, ticket: Some(ticket.id.clone()), outcome: None });
        if self.st.jobs.len() >= JOBS_AT_MOST {
            self.st.jobs.pop_first();
        }
        self.st.jobs.insert(job, Job { ticket: ticket.id.clone(), number: ticket.number.clone(), reprint });
        let paper = self.ticket_paper(ticket, reprint);
        self.act(Effect::Print(PrintJob { job, paper }));
        job
    }

    fn burn_unprinted_job(&mut self, ticket: &Ticket, trouble: PrintTrouble) {
        let job = self.next_job();
        let outcome = PrintOutcome::NotPrinted(trouble);
        let (id, number) = (ticket.id.clone(), ticket.number.clone());
        self.record(Record::PrintLedger { job, ticket: Some(id.clone()), outcome: Some(outcome.clone()) });
        self.report(Fact::Paper { ticket: id.clone(), number, outcome, reprint: false });
        self.st.note_without_paper(id, trouble);
    }

    fn next_job(&mut self) -> JobId {
        let job = JobId(self.st.next_job);
        self.st.next_job += 1;
        job
    }

    fn ticket_paper(&self, ticket: &Ticket, reprint: bool) -> TicketPaper {
        let people_ahead =
            queue::people_ahead(ticket, self.st.waiting_in(&ticket.area), self.set.max_overtakings);
        let class = |id: &PriorityId| {
            self.set.priority_classes.iter().find(|class| class.id == *id).map(|c| c.name.clone())
        };
        TicketPaper {
            ticket: ticket.id.clone(),
            unit_lines: self.set.unit_lines.clone(),
            number: ticket.number.clone(),
            area: self.area(&ticket.area).map_or_else(String::new, |area| area.name.clone()),
            priority: ticket.priority.as_ref().and_then(class),
            people_ahead,
            wait_minutes: self.wait_minutes(&ticket.area, people_ahead),
            issued_at: ticket.issued_at,
            reprint,
        }
    }

    /// The printer's one answer for a job. While the store fails it waits in the state; the page does not.
    pub(super) fn print_finished(&mut self, job: JobId, outcome: PrintOutcome) {
        self.log(LogEvent::Print { job, outcome: outcome.clone() });
        self.show_printed(job, &outcome);
        if let (PrintOutcome::Printed, Some(printed)) = (&outcome, self.st.jobs.get(&job)) {
            self.st.last_printed = Some((job, printed.clone()));
        }
        if !self.st.store_failed {
            self.record_print(job, outcome);
        } else if self.st.jobs.contains_key(&job) {
            self.st.unrecorded.push((job, outcome));
        } else {
            self.ignore("answer for a job that nobody waits for");
        }
    }

    /// Records a print's outcome; a reprint changes the paper's fate only for the better.
    pub(super) fn record_print(&mut self, job: JobId, outcome: PrintOutcome) {
        let Some(Job { ticket: id, number, reprint }) = self.st.jobs.remove(&job) else {
            self.ignore("answer for a job that nobody waits for");
            return;
        };
        let (paper, trouble) = match &outcome {
            PrintOutcome::Printed => (Paper::Printed, None),
            PrintOutcome::NotPrinted(trouble) => (Paper::Failed, Some(*trouble)),
            PrintOutcome::Unknown { cause, .. } => (Paper::Unknown, Some(*cause)),
        };
        self.record(Record::PrintLedger { job, ticket: Some(id.clone()), outcome: Some(outcome.clone()) });
        self.report(Fact::Paper { ticket: id.clone(), number, outcome, reprint });
        let Some(ticket) = self.ticket(&id) else { return };
        match trouble {
            None => self.st.without_paper.retain(|(noted, _)| *noted != id),
            Some(trouble) if !reprint => self.st.note_without_paper(id, trouble),
            Some(_) => return,
        }
        self.put(Ticket { paper, ..ticket });
    }

    fn show_printed(&mut self, finished: JobId, outcome: &PrintOutcome) {
        let taken = if let Step::Printing { job, taken, .. } = &self.st.session.step
            && *job == finished
        {
            taken.clone()
        } else {
            return;
        };
        self.go(match outcome {
            PrintOutcome::Printed => Step::Taken { job: finished, taken, is_held_out: false },
            PrintOutcome::NotPrinted(trouble) | PrintOutcome::Unknown { cause: trouble, .. } => {
                Step::NumberOnly { taken, trouble: *trouble }
            }
        });
    }

    /// The page asks to take the ticket until it is taken. One that nobody took keeps its number; the district counts it.
    pub(super) fn ticket_presented(&mut self, presented: JobId, at: Presented) {
        let printed = self.st.last_printed.take_if(|(job, _)| *job == presented && at != Presented::HeldOut);
        if let (Presented::Left, Some((_, Job { ticket, number, reprint }))) = (at, printed) {
            self.report(Fact::PaperLeft { ticket, number, reprint });
        }
        let Step::Taken { job, is_held_out, .. } = &mut self.st.session.step else { return };
        if *job != presented {
            return;
        }
        match at {
            Presented::HeldOut => *is_held_out = true,
            Presented::Taken => *is_held_out = false,
            Presented::Left => self.st.session.end(self.now),
        }
    }

    /// Leaves the number to the screen when the printer keeps silent; its late answer is still recorded.
    pub(super) fn check_print_deadline(&mut self) {
        if let Step::Printing { taken, since_ms, .. } = &self.st.session.step
            && self.now.mono_ms.saturating_sub(*since_ms) >= PRINT_DEADLINE_MS
        {
            let taken = taken.clone();
            self.log(LogEvent::Overdue { what: "print" });
            self.go(Step::NumberOnly { taken, trouble: PrintTrouble::Silent });
        }
    }
}

/// An ordinal as its series writes it.
pub(super) fn number_text(area: &ServiceArea, ordinal: u32) -> TicketNumber {
    TicketNumber(format!("{}{ordinal:0width$}", area.prefix, width = usize::from(area.digits)))
}
