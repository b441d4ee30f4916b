//! The page that stands for the session's step, with what the hall knows now.

use crate::device;
use crate::dossier::Scan;
use crate::event::{Device, Line};
use crate::id::CounterId;
use crate::screen::{AreaChoice, Availability, CHOICES_PER_PAGE, ErrandChoice, Notice, Page, Pages};
use crate::session::Step;
use crate::settings::{Errand, ServiceArea};

use super::state::count;
use super::turn::Turn;

impl Turn<'_> {
    /// The page of the step.
    pub(super) fn page(&self) -> Page {
        match &self.st.session.step {
            Step::Home => self.home_page(),
            Step::Errands => {
                Page::Errands(self.set.errands.iter().map(|errand| self.errand_choice(errand)).collect())
            }
            Step::Areas { errand, index } => match self.errand(errand) {
                Some(errand) => self.areas_page(errand, *index),
                None => self.home_page(),
            },
            Step::Priorities { area, .. } => match self.area(area) {
                Some(area) => Page::Priorities {
                    area: self.area_choice(area),
                    classes: self.set.priority_classes.clone(),
                },
                None => self.home_page(),
            },
            Step::Printing { taken, .. } => Page::Printing { number: taken.number.clone() },
            Step::Taken { taken, .. } => Page::Taken(taken.clone()),
            Step::NumberOnly { taken, trouble } => {
                Page::NumberOnly { taken: taken.clone(), trouble: *trouble }
            }
            Step::CannotIssue => Page::CannotIssue,
            Step::NotNow(availability) => Page::NotNow(*availability),
            Step::LookUpStart => Page::LookUpStart,
            Step::TypeCode { typed } => {
                let prefix = self.set.dossiers.typed_prefix.clone();
                let complete = matches!(self.read_typed(typed), Scan::Code(..) | Scan::Procedure(_));
                Page::TypeCode { prefix, typed: typed.clone(), complete }
            }
            Step::TypePhone { digits, .. } => {
                Page::TypePhone { typed: u8::try_from(digits.len()).unwrap_or(u8::MAX) }
            }
            Step::Searching { .. } => Page::Searching,
            Step::Dossier(card) => Page::Dossier(card.clone()),
            Step::LookUpFailed(failure) => Page::LookUpFailed(*failure),
            Step::Fields { index } => {
                let (fields, pages) = slice_of(&self.fields(), *index);
                Page::Fields { fields: fields.into_iter().map(String::from).collect(), pages }
            }
            Step::Procedures { field, index } => {
                let (procedures, pages) = slice_of(&self.procedures_of(field), *index);
                let procedures = procedures.into_iter().cloned().collect();
                Page::Procedures { field: field.clone(), procedures, pages }
            }
            Step::Procedure(procedure) => Page::Procedure(procedure.clone()),
            Step::RateCounters => Page::RateCounters(self.rateable_counters()),
            Step::RateScale { counter, ticket } => self.rate_scale_page(*counter, ticket),
            Step::RateReasons { .. } => Page::RateReasons(self.set.rating_reasons.clone()),
            Step::RateThanks => Page::RateThanks,
        }
    }

    fn home_page(&self) -> Page {
        Page::Home {
            waiting: self.set.areas.iter().map(|area| self.st.waiting_count(&area.id)).sum(),
            open_counters: self.open_counter_count(),
            availability: self.hall_availability(),
        }
    }

    /// How many counters take people.
    pub(super) fn open_counter_count(&self) -> u32 {
        count(self.set.counters.iter().filter(|counter| self.st.is_open(counter.id)))
    }

    /// Whether any area gives numbers; if none does, what is most worth knowing.
    pub(super) fn hall_availability(&self) -> Availability {
        self.best_availability(self.set.areas.iter())
    }

    fn best_availability<'b>(&self, areas: impl Iterator<Item = &'b ServiceArea>) -> Availability {
        areas.map(|area| self.availability(area)).min_by_key(rank).unwrap_or(Availability::Closed(None))
    }

    fn errand_choice(&self, errand: &Errand) -> ErrandChoice {
        let areas = || errand.areas.iter().filter_map(|id| self.area(id));
        ErrandChoice {
            id: errand.id.clone(),
            name: errand.name.clone(),
            hint: errand.hint.clone(),
            icon: errand.icon.clone(),
            waiting: areas().map(|area| self.st.waiting_count(&area.id)).sum(),
            availability: self.best_availability(areas()),
        }
    }

    fn areas_page(&self, errand: &Errand, index: usize) -> Page {
        let areas: Vec<&ServiceArea> = errand.areas.iter().filter_map(|id| self.area(id)).collect();
        let (shown, pages) = slice_of(&areas, index);
        let choices = shown.into_iter().map(|area| self.area_choice(area)).collect();
        Page::Areas { errand: errand.id.clone(), choices, pages }
    }

    fn area_choice(&self, area: &ServiceArea) -> AreaChoice {
        let waiting = self.st.waiting_count(&area.id);
        AreaChoice {
            id: area.id.clone(),
            name: area.name.clone(),
            icon: area.icon.clone(),
            waiting,
            open_counters: count(self.open_counters(&area.id)),
            wait_minutes: self.wait_minutes(&area.id, waiting),
            availability: self.availability(area),
        }
    }

    fn rate_scale_page(&self, counter: CounterId, ticket: &crate::ticket::TicketId) -> Page {
        match self.ticket(ticket) {
            Some(ticket) => Page::RateScale {
                counter,
                number: ticket.number,
                choices: self.set.rating_scale.choices.clone(),
            },
            None => Page::RateCounters(self.rateable_counters()),
        }
    }

    /// What citizens are told above every page. Missing paper matters more to them than a missing line.
    pub(super) fn citizen_notice(&self) -> Option<Notice> {
        if let Some(trouble) = device::print_trouble(self.st.devices.get(&Device::Printer)) {
            return Some(Notice::NoPaper(trouble));
        }
        match self.st.line {
            Line::Down(_) => Some(Notice::LineDown),
            Line::Unknown | Line::Up | Line::NotEnrolled => None,
        }
    }
}

/// Open first; then what a person can wait for soonest.
fn rank(availability: &Availability) -> (u8, Option<(crate::time::BusinessDay, u16)>) {
    match availability {
        Availability::Open => (0, None),
        Availability::QuotaReached { .. } => (1, None),
        Availability::Closed(Some(opens)) => (2, Some((opens.day, opens.minute))),
        Availability::Closed(None) => (3, None),
        Availability::Exhausted => (4, None),
    }
}

fn slice_of<T: Clone>(all: &[T], index: usize) -> (Vec<T>, Pages) {
    let count = all.len().div_ceil(CHOICES_PER_PAGE).max(1);
    let index = index.min(count - 1);
    let shown = all.iter().skip(index * CHOICES_PER_PAGE).take(CHOICES_PER_PAGE).cloned().collect();
    (shown, Pages { index, count })
}
