//! Raw events as JSON lines, for an operations centre or a check of the totals: paged by row, so nothing comes twice.

use crate::app::App;
use crate::auth::SignedIn;
use crate::store::{Role, Store, StoreError, StoredEvent};
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use kiosk_protocol::plus7;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Rows of one page of the export.
pub const PAGE_ROWS: u32 = 5_000;

/// Where to go on.
#[derive(Deserialize)]
pub struct ExportQuery {
    after: Option<i64>,
}

#[derive(Serialize)]
struct Line<'a> {
    row: i64,
    hall: &'a str,
    received: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a RawValue>,
}

/// For leaders: up to 5,000 events after row `after`; ask again with the last line's `row` until nothing comes.
pub async fn get_events(State(app): State<App>, who: SignedIn, Query(query): Query<ExportQuery>) -> Response {
    let now_ms = app.clock.now_ms();
    if who.0.role != Role::Leader {
        return StatusCode::FORBIDDEN.into_response();
    }
    let read = app
        .blocking(move |app| {
            let events = app.store.export(query.after.unwrap_or(0), PAGE_ROWS)?;
            Ok(events.iter().map(line).collect::<String>())
        })
        .await;
    match read {
        Err(refusal) => refusal.response(now_ms),
        Ok(text) => ([(header::CONTENT_TYPE, "application/x-ndjson")], text).into_response(),
    }
}

/// One line of the export: row, hall, moment of receipt and the event as it was sent.
fn line(event: &StoredEvent) -> String {
    let raw: Result<&RawValue, _> = serde_json::from_str(&event.raw);
    let line =
        Line { row: event.row, hall: &event.hall, received: plus7(event.received_ms), event: raw.ok() };
    serde_json::to_string(&line).map(|line| line + "\n").unwrap_or_default()
}

/// Writes every event of a store as JSON lines; how many.
pub fn export_all(store: &dyn Store, out: &mut dyn std::io::Write) -> Result<u64, ExportError> {
    let (mut after, mut count) = (0, 0);
    loop {
        let page = store.export(after, PAGE_ROWS)?;
        let Some(last) = page.last() else { return Ok(count) };
        after = last.row;
        for event in &page {
            out.write_all(line(event).as_bytes())?;
            count += 1;
        }
    }
}

/// Why an export broke off.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The store refused.
    #[error("events cannot be read")]
    Store(#[from] StoreError),
    /// The output refused.
    #[error("events cannot be written")]
    Output(#[from] std::io::Error),
}
