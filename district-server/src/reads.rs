//! What a kiosk may read of its own: configuration and inbox. Both are signed documents; both are nearly empty until an
//! officer's page writes them, but a kiosk can rely on their shape.

use crate::app::App;
use crate::problem::Refusal;
use crate::signed::check_get;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kiosk_protocol::{ConfigAnswer, ConfigDocument, InboxAnswer, SignatureTarget, config_path, inbox_path};
use std::time::Duration;

/// Entity tag of the configuration that every kiosk has until one is written for it.
pub const CONFIG_ETAG: &str = "v1";

/// A kiosk's signed configuration.
#[utoipa::path(
    get,
    tag = "kiosk",
    path = "/v1/kiosks/{kiosk}/config",
    params(("kiosk" = String, Path, description = "Kiosk's id")),
    responses(
        (status = 200, body = crate::openapi::ConfigAnswer),
        (status = 304, description = "If-None-Match names the current one"),
        (status = "default", body = crate::openapi::Problem, content_type = "application/problem+json"),
    ),
    security(("kiosk_signature" = []))
)]
pub async fn get_config(
    State(app): State<App>,
    Path(kiosk): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let if_none_match = headers.get(header::IF_NONE_MATCH).cloned();
    if let Err(refusal) = own_read(&app, &kiosk, config_path(&kiosk), query, headers).await {
        return refusal.response(app.clock.now_ms());
    }
    let etag = HeaderValue::from_static("\"v1\"");
    let mut response = if if_none_match.as_ref() == Some(&etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        match serde_json::to_string(&ConfigDocument { kiosk, version: 1, fragment: String::new() }) {
            Ok(document) => {
                axum::Json(ConfigAnswer { signature: app.secret.sign(&document), document }).into_response()
            }
            Err(_) => return Refusal::Busy.response(app.clock.now_ms()),
        }
    };
    response.headers_mut().insert(header::ETAG, etag);
    response
}

/// A kiosk's inbox, as a long poll.
#[utoipa::path(
    get,
    tag = "kiosk",
    path = "/v1/kiosks/{kiosk}/inbox",
    params(
        ("kiosk" = String, Path, description = "Kiosk's id"),
        ("after" = u64, Query, description = "Number of the newest command the kiosk has, 0 for none"),
        ("wait" = u64, Query, description = "Seconds to wait for a command, at most 50"),
    ),
    responses(
        (status = 200, body = crate::openapi::InboxAnswer),
        (status = "default", body = crate::openapi::Problem, content_type = "application/problem+json"),
    ),
    security(("kiosk_signature" = []))
)]
pub async fn get_inbox(
    State(app): State<App>,
    Path(kiosk): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let wait_secs = query.as_deref().and_then(wait_of).unwrap_or(0).min(50);
    if let Err(refusal) = own_read(&app, &kiosk, inbox_path(&kiosk), query, headers).await {
        return refusal.response(app.clock.now_ms());
    }
    tokio::time::sleep(Duration::from_secs(wait_secs)).await;
    axum::Json(InboxAnswer { commands: Vec::new() }).into_response()
}

fn wait_of(query: &str) -> Option<u64> {
    query.split('&').find_map(|pair| pair.strip_prefix("wait="))?.parse().ok()
}

/// Checks that `kiosk` itself asks.
async fn own_read(
    app: &App,
    kiosk: &str,
    path: String,
    query: Option<String>,
    headers: HeaderMap,
) -> Result<(), Refusal> {
    let query = query.unwrap_or_default();
    let asked_by = app
        .blocking(move |app| check_get(app, &headers, &SignatureTarget::Read { path: &path, query: &query }))
        .await??;
    // A kiosk reads its own things only; another's are as if they did not exist.
    if asked_by.id == kiosk { Ok(()) } else { Err(Refusal::NotEnrolled) }
}
