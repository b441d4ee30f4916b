//! `POST /v1/enrol`: a one-time token and a public key make a known kiosk.

use crate::app::App;
use crate::problem::Refusal;
use crate::secret::{SecretError, base64, unbase64};
use crate::signed::{check_digest, check_signature};
use crate::store::{EnrolToken, StoreError};
use axum::body::Bytes;
use axum::extract::{ConnectInfo, FromRequestParts, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use kiosk_protocol::{
    EnrolAnswer, EnrolRequest, PROTOCOL_CURRENT, PROTOCOL_MIN, SignatureTarget, is_plain_id, plus7,
};
use std::convert::Infallible;
use std::net::SocketAddr;

/// A token is good for this long.
const TOKEN_MS: i64 = 24 * 3_600_000;

/// Why no token was made.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// An id with other letters.
    #[error("id {0:?} may only have a-z, 0-9, - and _, at most 40")]
    Id(String),
    /// No randomness.
    #[error("token cannot be drawn")]
    Secret(#[from] SecretError),
    /// No store.
    #[error("token cannot be stored")]
    Store(#[from] StoreError),
}

/// Makes a token for one kiosk of a hall, good once and for 24 hours. Only its hash is stored.
pub fn new_token(app: &App, kiosk: &str, hall: &str) -> Result<String, TokenError> {
    for id in [kiosk, hall] {
        if !is_plain_id(id) {
            return Err(TokenError::Id(id.to_owned()));
        }
    }
    let token = crate::secret::spoken_code()?;
    app.store.add_token(&EnrolToken {
        hash: token_hash(app, &token),
        kiosk: kiosk.to_owned(),
        hall: hall.to_owned(),
        expires_ms: app.clock.now_ms() + TOKEN_MS,
    })?;
    Ok(token)
}

fn token_hash(app: &App, token: &str) -> crate::secret::Keyed {
    let plain: String = token.chars().filter(char::is_ascii_alphanumeric).collect();
    app.secret.keyed("enrol-token", &plain.to_ascii_uppercase())
}

/// The address of who asks, as far as the server sees it; a reverse proxy is one address.
pub struct Peer(pub String);

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self(peer.map(|peer| peer.0.ip().to_string()).unwrap_or_default()))
    }
}

/// Enrols a kiosk.
#[utoipa::path(
    post,
    tag = "kiosk",
    path = "/v1/enrol",
    request_body = crate::openapi::EnrolRequest,
    responses(
        (status = 200, body = crate::openapi::EnrolAnswer),
        (status = "default", body = crate::openapi::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn post_enrol(State(app): State<App>, peer: Peer, headers: HeaderMap, body: Bytes) -> Response {
    let now_ms = app.clock.now_ms();
    if !app.limits().enrolments.is_open(&peer.0, now_ms) {
        return Refusal::TooMany(6_000).response(now_ms);
    }
    let outcome = app.blocking(move |app| enrol(app, &headers, &body)).await.and_then(|answer| answer);
    match outcome {
        Ok(answer) => axum::Json(answer).into_response(),
        Err(refusal) => {
            let _wait = app.limits().enrolments.take(&peer.0, now_ms);
            refusal.response(now_ms)
        }
    }
}

fn enrol(app: &App, headers: &HeaderMap, body: &[u8]) -> Result<Result<EnrolAnswer, Refusal>, StoreError> {
    let (request, key) = match checked(headers, body) {
        Ok(checked) => checked,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let now_ms = app.clock.now_ms();
    let token = token_hash(app, &request.token);
    let Some(kiosk) = app.store.enrol(&token, &request.kiosk, &key, now_ms)? else {
        app.raise("", "token_refused", "someone tried to enrol with a token that does not fit");
        return Ok(Err(Refusal::TokenRefused));
    };
    tracing::info!(kiosk = kiosk.id, hall = kiosk.hall, "kiosk enrolled");
    Ok(Ok(EnrolAnswer {
        kiosk: kiosk.id,
        hall: kiosk.hall,
        server_key: base64(app.secret.signing_key().verifying_key().as_bytes()),
        server_time: plus7(now_ms),
        protocol_min: PROTOCOL_MIN,
        protocol_current: PROTOCOL_CURRENT,
    }))
}

/// The request and its key, once the signature proves that the sender holds it.
fn checked(headers: &HeaderMap, body: &[u8]) -> Result<(EnrolRequest, [u8; 32]), Refusal> {
    let request: EnrolRequest = serde_json::from_slice(body)
        .map_err(|_| Refusal::Malformed("body is no enrolment request".to_owned()))?;
    if !(PROTOCOL_MIN..=PROTOCOL_CURRENT).contains(&request.protocol) {
        return Err(Refusal::OldProtocol);
    }
    if !is_plain_id(&request.kiosk) {
        return Err(Refusal::Malformed("kiosk id may only have a-z, 0-9, - and _".to_owned()));
    }
    let key: [u8; 32] = unbase64(&request.public_key)
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| Refusal::Malformed("public_key is not base64 of 32 bytes".to_owned()))?;
    let digest = check_digest(headers, body)?;
    let target = SignatureTarget::Enrol { content_digest: digest };
    check_signature(headers, &target, &key, &request.kiosk)?;
    Ok((request, key))
}
