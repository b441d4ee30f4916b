//! From a scan or typed digits to the card of a dossier.

use crate::dossier::{self, DossierCode, DossierStatus, Factor, LookUpAnswer, Scan, Stage};
use crate::effect::{Effect, LogEvent, ScanRefusal};
use crate::id::RequestId;
use crate::report::{Fact, LookUpOutcome};
use crate::screen::{DossierCard, LookUpFailure, StageGroup};
use crate::session::Step;

use super::turn::Turn;

/// A look-up that has not answered after this time is told as out of reach.
const DEADLINE_MS: u64 = 8_000;
/// A number on the screen alone is not taken away by a scan before it could be noted.
const NUMBER_ONLY_KEEPS_MS: u64 = 8_000;
/// Characters of a typed code after the unit's beginning.
const TYPED_AT_MOST: usize = 40;
/// Digits of the phone.
const PHONE_DIGITS: usize = 4;

impl Turn<'_> {
    /// Takes a scan, from any page but those that hold a fresh number: what was on screen is gone at once.
    pub(super) fn scanned(&mut self, scan: Scan) {
        if self.swallows_scans() {
            self.ignore("scan while a number is being given");
            return;
        }
        match scan {
            // A scanner that reads the same paper twice, or a pile of papers: the first is being answered.
            Scan::Code(..) if self.st.limits.asked_just_now(self.now.mono_ms) => {
                self.ignore("scan right after another");
            }
            Scan::Code(code, factor) => self.ask(code, factor),
            Scan::Procedure(code) => self.show_procedure(&code),
            Scan::Refused(refusal) => {
                if self.st.limits.may_report_refusal(self.now.mono_ms) {
                    self.report(Fact::ScanRefused(refusal));
                }
                self.go(Step::LookUpFailed(LookUpFailure::Refused(refusal)));
            }
        }
    }

    /// Whether a scan would come between a person and the number that is being given.
    pub(super) fn swallows_scans(&self) -> bool {
        let session = &self.st.session;
        let shown_ms = self.now.mono_ms.saturating_sub(session.entered_ms.unwrap_or(0));
        matches!(session.step, Step::Printing { .. })
            || matches!(session.step, Step::NumberOnly { .. } if shown_ms < NUMBER_ONLY_KEEPS_MS)
    }

    fn show_procedure(&mut self, code: &str) {
        let known = self.set.catalogue.iter().find(|procedure| procedure.code == code);
        self.go(match known {
            Some(procedure) => Step::Procedure(procedure.clone()),
            None => Step::LookUpFailed(LookUpFailure::NotFound),
        });
    }

    fn ask(&mut self, code: DossierCode, factor: Factor) {
        let typed = matches!(factor, Factor::PhoneDigits(_));
        if let Err(retry_after_secs) = self.st.limits.ask(self.now.mono_ms, typed) {
            if self.st.limits.may_report_refusal(self.now.mono_ms) {
                self.report(Fact::LookedUp { scanned: !typed, outcome: LookUpOutcome::Throttled });
            }
            self.go(Step::LookUpFailed(LookUpFailure::TooMany { retry_after_secs }));
            return;
        }
        let request = RequestId(self.st.next_request);
        self.st.next_request += 1;
        self.act(Effect::LookUp { request, code, factor });
        self.go(Step::Searching { request, scanned: !typed, since_ms: self.now.mono_ms });
    }

    /// The one answer of a look-up. Nobody may be waiting for it any more: then it is dropped unseen.
    pub(super) fn look_up_answered(&mut self, request: RequestId, answer: LookUpAnswer) {
        match &answer {
            LookUpAnswer::Found { .. } => self.st.limits.found(),
            LookUpAnswer::NotFound => self.st.limits.missed(self.now.mono_ms),
            LookUpAnswer::TooMany { .. } | LookUpAnswer::Unreachable => {}
        }
        let scanned = if let Step::Searching { request: asked, scanned, .. } = &self.st.session.step
            && *asked == request
        {
            *scanned
        } else {
            self.ignore("answer of a look-up that nobody waits for");
            return;
        };
        let (outcome, step) = match answer {
            LookUpAnswer::Found { status, from_snapshot } => {
                let card = self.card(status, from_snapshot);
                let outcome = match card.late_days {
                    Some(days) => LookUpOutcome::FoundLate { days },
                    None => LookUpOutcome::Found,
                };
                (outcome, Step::Dossier(card))
            }
            LookUpAnswer::NotFound => (LookUpOutcome::NotFound, Step::LookUpFailed(LookUpFailure::NotFound)),
            LookUpAnswer::TooMany { retry_after_secs } => {
                (LookUpOutcome::Throttled, Step::LookUpFailed(LookUpFailure::TooMany { retry_after_secs }))
            }
            LookUpAnswer::Unreachable => {
                (LookUpOutcome::Unreachable, Step::LookUpFailed(LookUpFailure::Unreachable))
            }
        };
        self.report(Fact::LookedUp { scanned, outcome });
        self.go(step);
    }

    /// Tells a look-up as out of reach when its deadline has passed.
    pub(super) fn check_look_up_deadline(&mut self) {
        if let Step::Searching { scanned, since_ms, .. } = self.st.session.step
            && self.now.mono_ms.saturating_sub(since_ms) >= DEADLINE_MS
        {
            self.log(LogEvent::Overdue { what: "look-up" });
            self.report(Fact::LookedUp { scanned, outcome: LookUpOutcome::Unreachable });
            self.go(Step::LookUpFailed(LookUpFailure::Unreachable));
        }
    }

    fn card(&self, mut status: DossierStatus, from_snapshot: bool) -> DossierCard {
        if status.procedure_name.is_none() {
            let known =
                self.set.catalogue.iter().find(|known| Some(&known.code) == status.procedure_code.as_ref());
            status.procedure_name = known.map(|procedure| procedure.name.clone());
        }
        let group = group_of(status.stage);
        let next_errand = match group {
            StageGroup::Ready => self.set.dossiers.result_errand.clone(),
            StageGroup::NeedsYou => self.set.dossiers.supplement_errand.clone(),
            StageGroup::Waiting | StageGroup::Working | StageGroup::Ended | StageGroup::HandedOver => None,
        };
        let areas = next_errand.as_ref().and_then(|id| self.errand(id)).map(|errand| errand.areas.as_slice());
        let next_area = match areas {
            Some([only]) => Some(only.clone()),
            Some(_) | None => None,
        };
        let late_days = self.late_days(&status, group);
        DossierCard { status, group, late_days, from_snapshot, next_errand, next_area }
    }

    /// Counted from the first appointed day, even when a new one was given: the promise was that one. Not said of what
    /// is ready, handed over or ended, nor with a clock that nobody vouches for.
    fn late_days(&self, status: &DossierStatus, group: StageGroup) -> Option<u32> {
        match group {
            StageGroup::Waiting | StageGroup::Working | StageGroup::NeedsYou => {}
            StageGroup::Ended | StageGroup::Ready | StageGroup::HandedOver => return None,
        }
        let due = status.due.or(status.redue)?;
        let today = self.now.wall.trusted.then(|| self.now.wall.day())?;
        u32::try_from(i64::from(today.0) - i64::from(due.0)).ok().filter(|days| *days > 0)
    }

    /// To the keypad, while typing is allowed.
    pub(super) fn type_code(&mut self) {
        let from_here = matches!(self.st.session.step, Step::LookUpStart | Step::LookUpFailed(_));
        if !from_here {
            self.misplaced();
        } else if self.st.limits.may_type(self.now.mono_ms) {
            self.go(Step::TypeCode { typed: String::new() });
        } else {
            self.go(Step::LookUpFailed(LookUpFailure::ScanOnly));
        }
    }

    /// A key of the keypad page.
    pub(super) fn typed(&mut self, key: char) {
        let key = key.to_ascii_uppercase();
        let step = &mut self.st.session.step;
        if let Step::TypeCode { typed } = step
            && typed.len() < TYPED_AT_MOST
            && is_code_key(key)
        {
            typed.push(key);
        } else if let Step::TypePhone { digits, .. } = step
            && digits.len() < PHONE_DIGITS
            && key.is_ascii_digit()
        {
            digits.push(key);
        } else {
            self.misplaced();
        }
    }

    /// Takes the last character back.
    pub(super) fn erase(&mut self) {
        if let Step::TypeCode { typed: text } | Step::TypePhone { digits: text, .. } =
            &mut self.st.session.step
        {
            text.pop();
        } else {
            self.misplaced();
        }
    }

    /// What was typed is complete: a code leads to the phone digits, these to the look-up.
    pub(super) fn enter(&mut self) {
        let step = self.st.session.step.clone();
        if let Step::TypeCode { typed } = step {
            match self.read_typed(&typed) {
                Scan::Code(..) => {
                    self.go(Step::TypePhone { typed_code: typed, digits: String::new() });
                }
                Scan::Procedure(code) => self.show_procedure(&code),
                Scan::Refused(_) => self.ignore("a typed code that is not complete"),
            }
        } else if let Step::TypePhone { typed_code, digits } = step {
            match self.read_typed(&typed_code) {
                Scan::Code(code, _) if digits.len() == PHONE_DIGITS => {
                    self.ask_typed(code, digits);
                }
                Scan::Code(..) | Scan::Procedure(_) | Scan::Refused(_) => {
                    self.ignore("phone digits that are not complete");
                }
            }
        } else {
            self.misplaced();
        }
    }

    fn ask_typed(&mut self, code: DossierCode, digits: String) {
        if self.st.limits.may_type(self.now.mono_ms) {
            self.ask(code, Factor::PhoneDigits(digits));
        } else {
            self.go(Step::LookUpFailed(LookUpFailure::ScanOnly));
        }
    }

    /// What was typed so far, read as a scan of the same code would be.
    pub(super) fn read_typed(&self, typed: &str) -> Scan {
        if typed.is_empty() {
            return Scan::Refused(ScanRefusal::Unreadable);
        }
        let code = format!("{}{typed}", self.set.dossiers.typed_prefix);
        dossier::read(&code, &self.set.dossiers)
    }
}

fn is_code_key(key: char) -> bool {
    key.is_ascii_alphanumeric() || matches!(key, '-' | '.' | '/')
}

/// The six groups that people understand.
fn group_of(stage: Stage) -> StageGroup {
    match stage {
        Stage::Registered => StageGroup::Waiting,
        Stage::Received | Stage::Processing => StageGroup::Working,
        Stage::PapersWanted | Stage::PaymentWanted => StageGroup::NeedsYou,
        Stage::Refused | Stage::Withdrawn | Stage::Stopped => StageGroup::Ended,
        Stage::Done => StageGroup::Ready,
        Stage::HandedOver => StageGroup::HandedOver,
    }
}
