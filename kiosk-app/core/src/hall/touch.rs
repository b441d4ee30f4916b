//! What a citizen's touch does.

use crate::event::{Adjustment, Touch};
use crate::id::{AreaId, ErrandId, PriorityId};
use crate::screen::{Availability, CHOICES_PER_PAGE};
use crate::session::Step;
use crate::settings::Errand;

use super::turn::Turn;

impl Turn<'_> {
    /// Takes a touch. One that came before the page had settled belongs to the page before and does nothing.
    pub(super) fn touched(&mut self, touch: Touch) {
        if self.st.session.unsettled(self.now) && touch != Touch::StillHere {
            self.ignore("touch before the page settled");
            return;
        }
        if let Step::Printing { .. } = self.st.session.step {
            self.ignore("touch while printing");
            return;
        }
        self.st.session.touched_ms = self.now.mono_ms;
        match touch {
            Touch::TakeNumber => self.take_number(),
            Touch::Errand(errand) => self.choose_errand(&errand),
            Touch::DontKnow => self.choose_guidance(),
            Touch::Area(area) => self.choose_area(&area),
            Touch::Priority(priority) => self.choose_priority(priority),
            Touch::LookUp => self.leave_home_for(Step::LookUpStart),
            Touch::TypeCode => self.type_code(),
            Touch::Key(key) => self.typed(key),
            Touch::Erase => self.erase(),
            Touch::Enter => self.enter(),
            Touch::Procedures => self.leave_home_for(Step::Fields { index: 0 }),
            Touch::Field(index) => self.choose_field(index),
            Touch::Procedure(index) => self.choose_procedure(index),
            Touch::Rate => self.leave_home_for(Step::RateCounters),
            Touch::RateCounter(counter) => self.choose_rated_counter(counter),
            Touch::RateChoice(key) => self.rate_on_screen(key),
            Touch::RateReason(reason) => self.rate_because(reason),
            Touch::Skip => self.skip(),
            Touch::NextPage => self.turn_page(1),
            Touch::PreviousPage => self.turn_page(-1),
            Touch::Back => self.back(),
            Touch::Home | Touch::Done => self.st.session.end(self.now),
            Touch::StillHere => self.still_here(),
            Touch::Adjust(adjustment) => self.adjust(adjustment),
        }
    }

    fn leave_home_for(&mut self, step: Step) {
        if self.st.session.step == Step::Home {
            self.go(step);
        } else {
            self.misplaced();
        }
    }

    /// A touch that the page shown has no use for.
    pub(super) fn misplaced(&mut self) {
        self.ignore("touch of another page");
    }

    fn take_number(&mut self) {
        if self.st.session.step != Step::Home {
            self.misplaced();
            return;
        }
        if self.st.store_failed {
            self.go(Step::CannotIssue);
            return;
        }
        match (self.hall_availability(), self.set.errands.as_slice()) {
            (Availability::Open, [only]) => self.enter_errand(only),
            (Availability::Open, _) => self.go(Step::Errands),
            (
                closed @ (Availability::Closed(_)
                | Availability::QuotaReached { .. }
                | Availability::Exhausted),
                _,
            ) => {
                self.go(Step::NotNow(closed));
            }
        }
    }

    fn choose_errand(&mut self, id: &ErrandId) {
        let step = &self.st.session.step;
        let offered = *step == Step::Errands
            || matches!(step, Step::Dossier(card) if card.next_errand.as_ref() == Some(id));
        match self.errand(id) {
            Some(errand) if offered => self.enter_errand(errand),
            Some(_) | None => self.misplaced(),
        }
    }

    fn choose_guidance(&mut self) {
        let errand = self.set.guidance_errand.as_ref().and_then(|id| self.errand(id));
        match errand {
            Some(errand) if matches!(self.st.session.step, Step::Errands | Step::Areas { .. }) => {
                self.enter_errand(errand);
            }
            Some(_) | None => self.misplaced(),
        }
    }

    /// With one area nobody is asked for it.
    fn enter_errand(&mut self, errand: &Errand) {
        match errand.areas.as_slice() {
            [] => self.misplaced(),
            [only] => self.enter_area(errand.id.clone(), only),
            _several => self.go(Step::Areas { errand: errand.id.clone(), index: 0 }),
        }
    }

    fn choose_area(&mut self, id: &AreaId) {
        let Step::Areas { errand, .. } = &self.st.session.step else {
            self.misplaced();
            return;
        };
        let errand = errand.clone();
        if self.errand(&errand).is_some_and(|errand| errand.areas.contains(id)) {
            self.enter_area(errand, id);
        } else {
            self.misplaced();
        }
    }

    /// With no priority class nobody is asked for one, and this touch issues the number.
    fn enter_area(&mut self, errand: ErrandId, id: &AreaId) {
        let Some(area) = self.area(id) else {
            self.misplaced();
            return;
        };
        let availability = self.availability(area);
        if availability != Availability::Open {
            self.go(Step::NotNow(availability));
        } else if self.set.priority_classes.is_empty() {
            self.issue_unless_double_tap(errand, id, None);
        } else {
            self.go(Step::Priorities { errand, area: id.clone() });
        }
    }

    fn choose_priority(&mut self, priority: Option<PriorityId>) {
        let known =
            priority.as_ref().is_none_or(|id| self.set.priority_classes.iter().any(|class| class.id == *id));
        let Step::Priorities { errand, area } = &self.st.session.step else {
            self.misplaced();
            return;
        };
        if known {
            let (errand, area) = (errand.clone(), area.clone());
            self.issue_unless_double_tap(errand, &area, priority);
        } else {
            self.misplaced();
        }
    }

    fn issue_unless_double_tap(&mut self, errand: ErrandId, area: &AreaId, priority: Option<PriorityId>) {
        if self.st.session.double_tap(self.now) {
            self.ignore("second half of a double tap");
        } else if let Some(area) = self.area(area) {
            self.issue(errand, area, priority);
        }
    }

    fn turn_page(&mut self, by: isize) {
        let entries = if let Step::Areas { errand, .. } = &self.st.session.step {
            self.errand(errand).map_or(0, |errand| errand.areas.len())
        } else if let Step::Procedures { field, .. } = &self.st.session.step {
            self.procedures_of(field).len()
        } else {
            self.fields().len()
        };
        let last = entries.div_ceil(CHOICES_PER_PAGE).saturating_sub(1);
        if let Step::Areas { index, .. } | Step::Fields { index } | Step::Procedures { index, .. } =
            &mut self.st.session.step
        {
            *index = index.saturating_add_signed(by).min(last);
        } else {
            self.misplaced();
        }
    }

    fn back(&mut self) {
        let step = match &self.st.session.step {
            Step::Areas { .. } => Step::Errands,
            Step::Priorities { errand, .. } => match self.errand(errand) {
                Some(errand) if errand.areas.len() > 1 => Step::Areas { errand: errand.id.clone(), index: 0 },
                Some(_) | None => Step::Errands,
            },
            Step::TypeCode { .. } | Step::LookUpFailed(_) => Step::LookUpStart,
            Step::TypePhone { typed_code, .. } => Step::TypeCode { typed: typed_code.clone() },
            Step::Procedures { .. } => Step::Fields { index: 0 },
            Step::Procedure(procedure) => Step::Procedures { field: procedure.field.clone(), index: 0 },
            Step::RateScale { .. } => Step::RateCounters,
            Step::Home
            | Step::Errands
            | Step::Printing { .. }
            | Step::Taken { .. }
            | Step::NumberOnly { .. }
            | Step::CannotIssue
            | Step::NotNow(_)
            | Step::LookUpStart
            | Step::Searching { .. }
            | Step::Dossier(_)
            | Step::Fields { .. }
            | Step::RateCounters
            | Step::RateReasons { .. }
            | Step::RateThanks => Step::Home,
        };
        self.go(step);
    }

    /// A touch beside every button: on the page of a number in the hand it means "seen".
    fn still_here(&mut self) {
        if let Step::Taken { .. } | Step::RateThanks = self.st.session.step
            && !self.st.session.unsettled(self.now)
        {
            self.st.session.end(self.now);
        }
    }

    fn adjust(&mut self, adjustment: Adjustment) {
        let look = &mut self.st.session.look;
        match adjustment {
            Adjustment::TextSize => look.large_text = !look.large_text,
            Adjustment::Contrast => look.high_contrast = !look.high_contrast,
            Adjustment::LowReach => look.low_reach = !look.low_reach,
            Adjustment::Language => look.english = !look.english,
        }
    }

    /// Ends a session that nobody touched for long enough.
    pub(super) fn check_idle(&mut self) {
        let stay = self.st.session.stay(self.set.idle_timeout_secs);
        if stay.is_some_and(|stay| self.now.mono_ms >= stay.until_ms) {
            self.st.session.end(self.now);
        }
    }
}
