//! The words of a look-up's answer.

use kiosk_core::dossier::Stage;
use kiosk_core::effect::ScanRefusal;
use kiosk_core::event::Touch;
use kiosk_core::screen::{DossierCard, LookUpFailure, StageGroup};

use super::super::dates;
use super::super::words::Language;
use super::DossierModel;
use super::pages::Telling;

/// The card of a dossier that was found.
pub(super) fn dossier(card: &DossierCard, telling: &Telling) -> DossierModel {
    let language = telling.language;
    let status = &card.status;
    let late = card.late_days.filter(|days| *days > 0);
    DossierModel {
        group: language.group(card.group),
        stage: status.raw_word.clone().unwrap_or_else(|| language.stage(status.stage).into()),
        icon: if late.is_some() { "warning" } else { icon(card.group) },
        urgent: late.is_some() || matches!(card.group, StageGroup::NeedsYou | StageGroup::Ended),
        good: matches!(card.group, StageGroup::Ready | StageGroup::HandedOver),
        late: late.map(|days| language.late(days)).unwrap_or_default(),
        procedure: status.procedure_name.clone().or(status.procedure_code.clone()).unwrap_or_default(),
        facts: facts(card, telling),
        advice: advice(status.stage, late.is_some(), card, telling),
        as_of: if card.from_snapshot {
            language.as_of(&dates::moment(status.as_of_unix_ms, telling.now, language))
        } else {
            String::new()
        },
        take_number: card.next_errand.clone().map(Touch::Errand),
    }
}

/// What to do next; a new appointed day replaces the question when it will be.
fn advice(stage: Stage, late: bool, card: &DossierCard, telling: &Telling) -> String {
    let new_day = card.status.redue.filter(|_| late);
    match (stage, new_day) {
        (Stage::Received | Stage::Processing, Some(day)) => {
            let today = telling.now.trusted.then(|| telling.now.day());
            telling.language.come_on(&dates::day(day, today, telling.language))
        }
        (_, _) => telling.language.advice(stage, late).into(),
    }
}

fn facts(card: &DossierCard, telling: &Telling) -> Vec<(String, String)> {
    let language = telling.language;
    let today = telling.now.trusted.then(|| telling.now.day());
    let say = |day| dates::day(day, today, language);
    let status = &card.status;
    let labels = language.dossier_labels();
    [
        (labels.code, Some(status.code.0.clone())),
        (labels.received, status.received.map(say)),
        (labels.due, status.due.map(say)),
        (labels.redue, status.redue.map(say)),
        (labels.unit, status.unit.clone()),
    ]
    .into_iter()
    .filter_map(|(label, value)| value.map(|value| (label.to_owned(), value)))
    .collect()
}

fn icon(group: StageGroup) -> &'static str {
    match group {
        StageGroup::Waiting => "waiting",
        StageGroup::Working => "working",
        StageGroup::NeedsYou => "needs-you",
        StageGroup::Ended => "ended",
        StageGroup::Ready => "ready",
        StageGroup::HandedOver => "handed-over",
    }
}

/// What went wrong, what to do, and an icon.
pub(super) fn look_up_failed(failure: LookUpFailure, language: Language) -> (String, String, &'static str) {
    let (sentence, detail) = language.look_up_failed(failure);
    let icon = match failure {
        LookUpFailure::Refused(ScanRefusal::CitizenCard) => "card-refused",
        LookUpFailure::Refused(
            ScanRefusal::ForeignAddress | ScanRefusal::TooLong | ScanRefusal::Unreadable,
        ) => "scan",
        LookUpFailure::NotFound => "search",
        LookUpFailure::Unreachable => "line-down",
        LookUpFailure::TooMany { .. } => "waiting",
        LookUpFailure::ScanOnly => "scan",
    };
    (sentence, detail, icon)
}
