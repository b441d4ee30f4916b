//! `GET /v1/dossiers/{code}`: where a dossier stands, without whose it is.

use crate::app::App;
use crate::problem::Refusal;
use crate::secret::{Keyed, same};
use crate::signed::{check_get, header};
use crate::store::{Dossier, StoreError};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use kiosk_protocol::{
    DossierAnswer, DossierStatus, HEADER_LOOKUP_KIND, HEADER_SECOND_FACTOR, LookupKind, SignatureTarget,
    plus7,
};
use unicode_normalization::UnicodeNormalization;

/// Looks a dossier up.
#[utoipa::path(
    get,
    tag = "kiosk",
    path = "/v1/dossiers/{code}",
    params(
        ("code" = String, Path, description = "Dossier code, `/` as %2F"),
        ("Kiosk-Lookup-Kind" = String, Header, description = "scanned or typed"),
        ("Kiosk-Second-Factor" = Option<String>, Header, description = "With typed: last four digits of the declared phone"),
    ),
    responses(
        (status = 200, body = crate::openapi::DossierAnswer),
        (status = 404, body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "default", body = crate::openapi::Problem, content_type = "application/problem+json"),
    ),
    security(("kiosk_signature" = []))
)]
pub async fn get_dossier(
    State(app): State<App>,
    Path(code): Path<String>,
    RawQuery(query): RawQuery,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let path = uri.path().to_owned();
    let outcome = match query {
        Some(_) => Err(Refusal::Malformed("a look-up has no query".to_owned())),
        None => app.blocking(move |app| answer(app, &code, &path, &headers)).await.and_then(|answer| answer),
    };
    match outcome {
        Ok(answer) => axum::Json(answer).into_response(),
        Err(refusal) => refusal.response(app.clock.now_ms()),
    }
}

fn answer(
    app: &App,
    code: &str,
    path: &str,
    headers: &HeaderMap,
) -> Result<Result<DossierAnswer, Refusal>, StoreError> {
    let (kind, second_factor) = match asked(headers) {
        Ok(asked) => asked,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let kiosk = match check_get(app, headers, &SignatureTarget::Lookup { path, kind, second_factor })? {
        Ok(kiosk) => kiosk,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let now_ms = app.clock.now_ms();
    if let Err(wait_ms) = app.limits().lookups.take(&kiosk.id, now_ms) {
        return Ok(Err(Refusal::TooMany(wait_ms)));
    }
    let normal = normal_code(code);
    let found = app.store.dossier(&code_hash(app, &normal))?;
    // The same work is done whether or not there is a dossier, so that the time says nothing.
    let given = phone_hash(app, &normal, second_factor.unwrap_or_default());
    let stored = found.as_ref().and_then(|dossier| dossier.phone);
    let phone_fits = same(&given, &stored.unwrap_or([0; 32])) && stored.is_some();
    match found.filter(|_| kind == LookupKind::Scanned || phone_fits) {
        Some(dossier) => Ok(Ok(projection(code, dossier))),
        None => {
            if app.limits().misses.take(&kiosk.id, now_ms).is_err() {
                app.raise(&kiosk.id, "lookup_misses", "more than 20 look-ups an hour without an answer");
            }
            Ok(Err(Refusal::NotFound))
        }
    }
}

fn asked(headers: &HeaderMap) -> Result<(LookupKind, Option<&str>), Refusal> {
    let kind = header(headers, HEADER_LOOKUP_KIND)?.parse().map_err(|()| {
        Refusal::Malformed(format!("header {HEADER_LOOKUP_KIND} is neither scanned nor typed"))
    })?;
    match kind {
        LookupKind::Scanned => Ok((kind, None)),
        LookupKind::Typed => {
            let digits = header(headers, HEADER_SECOND_FACTOR)?;
            if digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit()) {
                Ok((kind, Some(digits)))
            } else {
                Err(Refusal::Malformed(format!("header {HEADER_SECOND_FACTOR} is not four digits")))
            }
        }
    }
}

fn projection(code: &str, dossier: Dossier) -> DossierAnswer {
    DossierAnswer {
        code: code.to_owned(),
        procedure_code: dossier.procedure_code,
        procedure_name: dossier.procedure_name,
        status: DossierStatus { number: dossier.status_number, word: dossier.status_word },
        channel: dossier.channel,
        received: dossier.received,
        due: dossier.due,
        due_again: dossier.due_again,
        unit: dossier.unit,
        as_of: plus7(dossier.as_of_ms),
    }
}

/// A code as both sides of a comparison write it: NFKC, upper case, one kind of dash, no blanks.
#[must_use]
pub fn normal_code(code: &str) -> String {
    let mut normal = String::new();
    for letter in code.nfkc().flat_map(char::to_uppercase) {
        match letter {
            '\u{2010}'..='\u{2015}' | '\u{2212}' => normal.push('-'),
            '\u{feff}' => {}
            blank if blank.is_whitespace() || blank.is_control() => {}
            other => normal.push(other),
        }
    }
    normal
}

/// The name a dossier is stored under.
#[must_use]
pub fn code_hash(app: &App, normal: &str) -> Keyed {
    app.secret.keyed("dossier-code", normal)
}

/// What is kept of a phone number: a hash of code and last four digits.
#[must_use]
pub fn phone_hash(app: &App, normal: &str, last_four: &str) -> Keyed {
    app.secret.keyed("dossier-phone", &format!("{normal}\n{last_four}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_code_has_one_form() {
        for given in [
            "h40.16.24–220613-0001",
            " H40.16.24-220613-0001\r\n",
            "\u{feff}Ｈ40.16.24 - 220613 \u{2212} 0001",
        ] {
            assert_eq!(normal_code(given), "H40.16.24-220613-0001", "{given:?}");
        }
    }
}
