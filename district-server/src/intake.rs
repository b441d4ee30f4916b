//! `POST /v1/kiosks/{kiosk}/events`: from bytes to a batch in the store.
//!
//! ```text
//! headers -> known kiosk -> digest -> signature -> rate -> gunzip (bounded) -> split -> chain -> append
//!            403            401       401          429     413, 400            400      -        200 409 422 503
//! ```
//! Nothing is unzipped or parsed before the signature holds.

use crate::app::App;
use crate::clock::day_of;
use crate::problem::Refusal;
use crate::signed::{check_digest, check_protocol, check_signature, header, known_kiosk};
use crate::store::{Appended, IncomingBatch, IncomingEvent, Kiosk, StoreError};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use kiosk_protocol::{
    Accepted, Bad, Body, CONTENT_TYPE_BATCH, Conflict, Epoch, EventData, GENESIS_HEX, HEADER_EPOCH,
    HEADER_FIRST_SEQ, HEADER_PREV_HASH, MAX_BATCH_BYTES, MAX_BATCH_EVENTS, ReadEvent, SignatureTarget,
    chain_input, events_path, plus7, split_batch,
};
use std::io::Read;

/// Takes a batch of events.
#[utoipa::path(
    post,
    tag = "kiosk",
    path = "/v1/kiosks/{kiosk}/events",
    params(("kiosk" = String, Path, description = "Kiosk's id")),
    request_body(content = Vec<crate::openapi::CloudEvent>, content_type = "application/cloudevents-batch+json"),
    responses(
        (status = 200, body = crate::openapi::Accepted),
        (status = 409, body = crate::openapi::Conflict),
        (status = 422, body = crate::openapi::Bad),
        (status = "default", body = crate::openapi::Problem, content_type = "application/problem+json"),
    ),
    security(("kiosk_signature" = []))
)]
pub async fn post_events(
    State(app): State<App>,
    Path(kiosk): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let outcome = app.blocking(move |app| take(app, &kiosk, &headers, &body)).await;
    match outcome.and_then(|taken| taken) {
        Ok(answer) => {
            app.tell_change();
            answer
        }
        Err(refusal) => refusal.response(app.clock.now_ms()),
    }
}

/// What the headers of a batch say.
struct Head {
    epoch: Epoch,
    first_seq: u64,
    prev_hash: [u8; 32],
}

fn take(
    app: &App,
    id: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Result<Response, Refusal>, StoreError> {
    let kiosk = match known_kiosk(app, id)? {
        Ok(kiosk) => kiosk,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let now_ms = app.clock.now_ms();
    let batch = match verified(app, &kiosk, headers, body, now_ms) {
        Ok(batch) => batch,
        Err(refusal) => {
            if refusal == Refusal::BadSignature {
                app.raise(id, "bad_signature", "a batch was signed by another key or changed on its way");
            }
            return Ok(Err(refusal));
        }
    };
    let appended = app.store.append(&batch, now_ms)?;
    let inbox = app.store.newest_command(id)?;
    Ok(Ok(answer(app, &batch, appended, inbox, now_ms)))
}

fn verified(
    app: &App,
    kiosk: &Kiosk,
    headers: &HeaderMap,
    body: &[u8],
    now_ms: i64,
) -> Result<IncomingBatch, Refusal> {
    check_protocol(headers)?;
    let head = head(headers)?;
    let digest = check_digest(headers, body)?;
    let path = events_path(&kiosk.id);
    let prev_hash = header(headers, HEADER_PREV_HASH)?;
    let target = SignatureTarget::Events {
        path: &path,
        content_digest: digest,
        epoch: head.epoch,
        first_seq: head.first_seq,
        prev_hash,
    };
    check_signature(headers, &target, &kiosk.public_key, &kiosk.id)?;
    // Only now: a stranger's flood must not use up the kiosk's share.
    app.limits().batches.take(&kiosk.id, now_ms).map_err(Refusal::TooMany)?;
    let text = unzipped(headers, body)?;
    let raw = split_batch(&text).map_err(|_| Refusal::Malformed("body is not a JSON array".to_owned()))?;
    if raw.is_empty() {
        return Err(Refusal::Malformed("batch is empty".to_owned()));
    }
    if raw.len() > MAX_BATCH_EVENTS {
        return Err(Refusal::TooLarge);
    }
    Ok(chained(kiosk, &head, &raw, now_ms))
}

fn head(headers: &HeaderMap) -> Result<Head, Refusal> {
    let unusable = |name: &str| Refusal::Malformed(format!("header {name} has an unusable value"));
    let epoch = header(headers, HEADER_EPOCH)?.parse().map_err(|_| unusable(HEADER_EPOCH))?;
    let text = header(headers, HEADER_FIRST_SEQ)?;
    // Up to 2^62, so that no sum with a batch's length leaves what the database can count.
    let first_seq = text
        .parse()
        .ok()
        .filter(|seq: &u64| (1..1 << 62).contains(seq) && seq.to_string() == text)
        .ok_or_else(|| unusable(HEADER_FIRST_SEQ))?;
    let text = header(headers, HEADER_PREV_HASH)?;
    let prev_hash = crate::secret::unhex(text)
        .filter(|_| first_seq > 1 || text == GENESIS_HEX)
        .ok_or_else(|| unusable(HEADER_PREV_HASH))?;
    let content_type = header(headers, "content-type")?;
    if content_type.split(';').next().map(str::trim) != Some(CONTENT_TYPE_BATCH) {
        return Err(unusable("content-type"));
    }
    Ok(Head { epoch, first_seq, prev_hash })
}

/// The body's text; stops one byte past the limit, however much a zip bomb would unfold to.
fn unzipped(headers: &HeaderMap, body: &[u8]) -> Result<String, Refusal> {
    let limit = MAX_BATCH_BYTES as u64;
    let mut bytes = Vec::new();
    let read = match headers.get("content-encoding").map(|value| value.as_bytes()) {
        None | Some(b"identity") => body.take(limit + 1).read_to_end(&mut bytes),
        Some(b"gzip") => flate2::read::GzDecoder::new(body).take(limit + 1).read_to_end(&mut bytes),
        Some(_) => {
            return Err(Refusal::Malformed("content-encoding is neither gzip nor identity".to_owned()));
        }
    };
    read.map_err(|_| Refusal::Malformed("body is no gzip".to_owned()))?;
    if bytes.len() > MAX_BATCH_BYTES {
        return Err(Refusal::TooLarge);
    }
    String::from_utf8(bytes).map_err(|_| Refusal::Malformed("body is not UTF-8".to_owned()))
}

fn chained(kiosk: &Kiosk, head: &Head, raw: &[&str], now_ms: i64) -> IncomingBatch {
    let mut chain = head.prev_hash;
    let mut events = Vec::with_capacity(raw.len());
    for (raw, seq) in raw.iter().zip(head.first_seq..) {
        chain = crate::secret::sha256(&chain_input(&chain, raw));
        events.push(read_event(kiosk, head.epoch, seq, raw, chain, now_ms));
    }
    IncomingBatch {
        kiosk: kiosk.id.clone(),
        epoch: head.epoch,
        first_seq: head.first_seq,
        prev_hash: head.prev_hash,
        events,
    }
}

fn read_event(
    kiosk: &Kiosk,
    epoch: Epoch,
    seq: u64,
    raw: &str,
    chain: [u8; 32],
    now_ms: i64,
) -> IncomingEvent {
    let mut event = IncomingEvent {
        raw: raw.to_owned(),
        chain,
        wire_type: String::new(),
        hall: kiosk.hall.clone(),
        day: day_of(now_ms),
        kiosk_ms: now_ms,
        subject: None,
        bad: None,
    };
    match ReadEvent::from_json(raw) {
        Err(error) => event.bad = Some(error.to_string()),
        Ok(read) if (read.kiosk.as_str(), read.epoch, read.sequence) != (kiosk.id.as_str(), epoch, seq) => {
            event.bad = Some("kiosk, epoch or sequence differ from the batch's".to_owned());
        }
        Ok(read) => {
            event.kiosk_ms = read.unix_ms;
            if read.clock_trusted {
                event.day = day_of(read.unix_ms);
            }
            if let Body::Known(data) = &read.body {
                if let Some(day) = business_day(data) {
                    event.day = day.to_owned();
                }
                event.subject = subject(data);
            }
            event.wire_type = read.wire_type;
        }
    }
    event
}

/// The business day an event names; others count for the day of their clock.
fn business_day(data: &EventData) -> Option<&str> {
    if let EventData::NumberGap(gap) = data {
        return Some(&gap.business_day);
    }
    crate::facts::ticket_of(data).map(|ticket| ticket.business_day.as_str())
}

/// What an event is the newest word on, if pages ask for that.
fn subject(data: &EventData) -> Option<String> {
    if let EventData::DeviceHealth(health) = data {
        return Some(format!("device.health/{}", health.device));
    }
    let kept =
        matches!(data, EventData::Heartbeat(_) | EventData::KioskStarted(_) | EventData::UpdateEnded(_));
    kept.then(|| data.wire_type().to_owned())
}

fn answer(app: &App, batch: &IncomingBatch, appended: Appended, inbox: u64, now_ms: i64) -> Response {
    let epoch = batch.epoch;
    match appended {
        Appended::Gap { next_seq } => conflict(&Conflict::Gap { epoch, next_seq }),
        Appended::Fork { seq } => conflict(&Conflict::Fork { epoch, seq }),
        Appended::Upto { next_seq, .. } => {
            let numbered = batch.events.iter().zip(batch.first_seq..);
            let bad: Vec<(u64, &str)> =
                numbered.filter_map(|(event, seq)| Some((seq, event.bad.as_deref()?))).collect();
            match bad.first() {
                None => axum::Json(Accepted {
                    epoch,
                    next_seq,
                    server_time: plus7(now_ms),
                    config_etag: crate::reads::CONFIG_ETAG.to_owned(),
                    inbox,
                    pace_ms: app.settings.pace_ms,
                })
                .into_response(),
                Some((seq, why)) => {
                    app.raise(&batch.kiosk, "bad_events", &format!("event {seq} of epoch {epoch}: {why}"));
                    let why = (*why).to_owned();
                    let bad = bad.iter().map(|(seq, _)| *seq).collect();
                    (StatusCode::UNPROCESSABLE_ENTITY, axum::Json(Bad { epoch, next_seq, bad, why }))
                        .into_response()
                }
            }
        }
    }
}

fn conflict(conflict: &Conflict) -> Response {
    (StatusCode::CONFLICT, axum::Json(conflict)).into_response()
}
