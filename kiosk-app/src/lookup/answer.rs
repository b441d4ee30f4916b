//! What an answer to a look-up means.

use kiosk_core::dossier::{DossierCode, DossierStatus, LookUpAnswer, Stage};
use kiosk_core::time::{BusinessDay, Wall};
use kiosk_protocol::{DossierAnswer, Problem, parse_time};

use crate::report::Reply;
use crate::store::SnapshotRow;

/// How long to wait when the server does not say.
const USUAL_WAIT_SECS: u32 = 30;

/// What the server's answer comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// An answer for the citizen.
    Answer(LookUpAnswer),
    /// The kiosk's clock is wrong: ask again with the server's.
    StaleClock,
    /// None: trouble at the server, or something else in its place.
    NotAnswered,
}

/// Reads an answer. Only the protocol's own bodies count: a portal's page is no "not found".
pub(super) fn meaning(reply: &Reply, code: &DossierCode, now: Wall) -> Meaning {
    if reply.status == 200 {
        return match serde_json::from_str::<DossierAnswer>(&reply.body) {
            Ok(answer) => Meaning::Answer(LookUpAnswer::Found {
                status: status(answer, code, now),
                from_snapshot: false,
            }),
            Err(_) => Meaning::NotAnswered,
        };
    }
    let Some(problem) = reply.problem() else {
        return Meaning::NotAnswered;
    };
    match (reply.status, problem.kind.strip_prefix(Problem::PREFIX)) {
        (404, _) => Meaning::Answer(LookUpAnswer::NotFound),
        (429, _) => {
            let asked = reply.retry_after_secs.and_then(|secs| u32::try_from(secs).ok());
            Meaning::Answer(LookUpAnswer::TooMany { retry_after_secs: asked.unwrap_or(USUAL_WAIT_SECS) })
        }
        (401, Some("stale-signature")) => Meaning::StaleClock,
        (_, _) => Meaning::NotAnswered,
    }
}

fn status(answer: DossierAnswer, code: &DossierCode, now: Wall) -> DossierStatus {
    let stage = answer.status.number.and_then(stage);
    DossierStatus {
        code: code.clone(),
        procedure_code: answer.procedure_code,
        procedure_name: answer.procedure_name,
        stage: stage.unwrap_or(Stage::Processing),
        raw_word: stage.is_none().then_some(answer.status.word),
        received: answer.received.as_deref().and_then(day),
        due: answer.due.as_deref().and_then(day),
        redue: answer.due_again.as_deref().and_then(day),
        unit: answer.unit,
        as_of_unix_ms: parse_time(&answer.as_of).unwrap_or(now.unix_ms),
    }
}

/// A row of the kiosk's own copy as an answer.
pub(super) fn from_snapshot(row: SnapshotRow, code: &DossierCode) -> LookUpAnswer {
    let status = DossierStatus {
        code: code.clone(),
        procedure_code: row.procedure_code,
        procedure_name: None,
        stage: stage(row.stage).unwrap_or(Stage::Processing),
        raw_word: None,
        received: row.received_day.map(BusinessDay),
        due: row.due_day.map(BusinessDay),
        redue: row.redue_day.map(BusinessDay),
        unit: row.unit,
        as_of_unix_ms: row.as_of_ms,
    };
    LookUpAnswer::Found { status, from_snapshot: true }
}

/// The national list of ten.
fn stage(number: u8) -> Option<Stage> {
    Some(match number {
        1 => Stage::Registered,
        2 => Stage::Received,
        3 => Stage::Refused,
        4 => Stage::Processing,
        5 => Stage::PapersWanted,
        6 => Stage::PaymentWanted,
        7 => Stage::Withdrawn,
        8 => Stage::Stopped,
        9 => Stage::Done,
        10 => Stage::HandedOver,
        _ => return None,
    })
}

fn day(text: &str) -> Option<BusinessDay> {
    let mut parts = text.splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    BusinessDay::from_ymd(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}
