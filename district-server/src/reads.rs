//! What a kiosk may read of its own: configuration, inbox, and the bundles that orders in its inbox name. Configuration and
//! commands are signed documents; the configuration is nearly empty until an officer's page writes it, but a kiosk can rely
//! on its shape.

use crate::app::App;
use crate::orders;
use crate::problem::Refusal;
use crate::secret::{base64, sha256};
use crate::signed::check_get;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kiosk_protocol::{
    ConfigAnswer, ConfigDocument, InboxAnswer, SignatureTarget, bundle_path, config_path, content_digest,
    inbox_path, is_hex_digest, parse_part_query,
};
use std::time::Duration;

/// Entity tag of the configuration that every kiosk has until one is written for it.
pub const CONFIG_ETAG: &str = "v1";

/// Commands in one answer of the inbox.
const COMMANDS_AT_ONCE: u32 = 20;

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
    let of = |name: &str| query.as_deref().and_then(|query| number_of(query, name)).unwrap_or(0);
    let (after, mut wait_secs) = (of("after="), of("wait=").min(50));
    if let Err(refusal) = own_read(&app, &kiosk, inbox_path(&kiosk), query, headers).await {
        return refusal.response(app.clock.now_ms());
    }
    loop {
        let asked = kiosk.clone();
        let found = app.blocking(move |app| app.store.commands(&asked, after, COMMANDS_AT_ONCE)).await;
        let commands = match found {
            Ok(commands) => commands,
            Err(refusal) => return refusal.response(app.clock.now_ms()),
        };
        if wait_secs == 0 || !commands.is_empty() {
            let commands = commands.into_iter().map(|stored| stored.command).collect();
            return axum::Json(InboxAnswer { commands }).into_response();
        }
        // Orders come from another process, which has only the database to tell by.
        tokio::time::sleep(Duration::from_secs(1)).await;
        wait_secs -= 1;
    }
}

/// A part of a bundle that was ordered for this kiosk.
#[utoipa::path(
    get,
    tag = "kiosk",
    path = "/v1/kiosks/{kiosk}/bundles/{sha256}",
    params(
        ("kiosk" = String, Path, description = "Kiosk's id"),
        ("sha256" = String, Path, description = "The bundle's SHA-256, as the order names it"),
        ("from" = u64, Query, description = "First byte"),
        ("len" = u64, Query, description = "How many bytes, at most 262144; fewer come at the end"),
    ),
    responses(
        (status = 200, description = "The bytes, with Content-Digest", content_type = "application/octet-stream"),
        (status = "default", body = crate::openapi::Problem, content_type = "application/problem+json"),
    ),
    security(("kiosk_signature" = []))
)]
pub async fn get_bundle(
    State(app): State<App>,
    Path((kiosk, digest)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    match bundle_part(&app, kiosk, digest, query, headers).await {
        Ok(bytes) => {
            let digest = content_digest(&base64(&sha256(&bytes)));
            let kind = "application/octet-stream".to_owned();
            ([("content-digest", digest), ("content-type", kind)], bytes).into_response()
        }
        Err(refusal) => refusal.response(app.clock.now_ms()),
    }
}

async fn bundle_part(
    app: &App,
    kiosk: String,
    digest: String,
    query: Option<String>,
    headers: HeaderMap,
) -> Result<Vec<u8>, Refusal> {
    let part = query.as_deref().and_then(parse_part_query);
    own_read(app, &kiosk, bundle_path(&kiosk, &digest), query, headers).await?;
    let (from, len) = part.ok_or_else(|| Refusal::Malformed("the query is not from=N&len=M".to_owned()))?;
    if !is_hex_digest(&digest) {
        return Err(Refusal::NotFound);
    }
    app.blocking(move |app| orders::part(app, &kiosk, &digest, from, len)).await?.ok_or(Refusal::NotFound)
}

fn number_of(query: &str, name: &str) -> Option<u64> {
    query.split('&').find_map(|pair| pair.strip_prefix(name))?.parse().ok()
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
