//! Refusals: RFC 9457 documents with words a technician can act on.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kiosk_protocol::{CONTENT_TYPE_PROBLEM, Problem, plus7};

/// Why a request was refused. The words of each kind stand in [`Refusal::words`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A header or body is not in the protocol's form.
    Malformed(String),
    /// More than 500 events or 256 KiB.
    TooLarge,
    /// No or a wrong signature.
    BadSignature,
    /// Signed too long ago or in the future.
    StaleSignature,
    /// This very request was here before.
    Replayed,
    /// The kiosk is not known.
    NotEnrolled,
    /// The kiosk's key was withdrawn.
    Revoked,
    /// The token cannot be used.
    TokenRefused,
    /// The protocol version is too old or too new.
    OldProtocol,
    /// No such dossier, or not this citizen's.
    NotFound,
    /// Too many requests; wait so many milliseconds.
    TooMany(i64),
    /// The store cannot take it now.
    Busy,
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BadSignature | Self::StaleSignature | Self::Replayed => StatusCode::UNAUTHORIZED,
            Self::NotEnrolled | Self::Revoked | Self::TokenRefused => StatusCode::FORBIDDEN,
            Self::OldProtocol => StatusCode::UPGRADE_REQUIRED,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Last part of the type, title, remedy.
    fn words(&self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Malformed(_) => (
                "malformed",
                "Request is not in the protocol's form",
                "Update the kiosk's software; the detail says what does not fit.",
            ),
            Self::TooLarge => {
                ("too-large", "Batch has more than 500 events or 256 KiB", "Send half as many events.")
            }
            Self::BadSignature => (
                "bad-signature",
                "Signature does not belong to this kiosk's key and this request",
                "Check that no proxy changes path or body; else enrol the kiosk again with a new token.",
            ),
            Self::StaleSignature => (
                "stale-signature",
                "Signature is more than 300 seconds away from the server's clock",
                "Sign again with server_time; check the kiosk's clock.",
            ),
            Self::Replayed => {
                ("replayed", "This signed request was answered before", "Sign again with a fresh nonce.")
            }
            Self::NotEnrolled => (
                "not-enrolled",
                "Kiosk is not known here",
                "Run `district-server enrol-token` on the server and enter the token at the kiosk.",
            ),
            Self::Revoked => (
                "revoked",
                "This kiosk's key was withdrawn",
                "If that was a mistake, enrol the kiosk again with a new token.",
            ),
            Self::TokenRefused => (
                "token-refused",
                "Token is unknown, used, older than 24 hours or for another kiosk",
                "Run `district-server enrol-token` on the server for a new one.",
            ),
            Self::OldProtocol => (
                "old-protocol",
                "Protocol version is not spoken here",
                "Update the older of kiosk and server; nothing is lost meanwhile.",
            ),
            Self::NotFound => (
                "not-found",
                "No dossier for this code and this second factor",
                "Scan the receipt's code, or ask at the counter.",
            ),
            Self::TooMany(_) => ("too-many", "Too many requests", "Wait as long as Retry-After says."),
            Self::Busy => (
                "busy",
                "Store cannot take it now",
                "Wait as long as Retry-After says; if it lasts, read the server's log.",
            ),
        }
    }

    /// The answer to send.
    #[must_use]
    pub fn response(&self, now_ms: i64) -> Response {
        let status = self.status();
        let (word, title, remedy) = self.words();
        let (detail, retry_after_ms) = match self {
            Self::Malformed(detail) => (detail.as_str(), None),
            Self::TooMany(wait_ms) => (title, Some(*wait_ms)),
            Self::Busy => (title, Some(5_000)),
            Self::TooLarge
            | Self::BadSignature
            | Self::StaleSignature
            | Self::Replayed
            | Self::NotEnrolled
            | Self::Revoked
            | Self::TokenRefused
            | Self::OldProtocol
            | Self::NotFound => (title, None),
        };
        let problem = Problem {
            kind: format!("{}{word}", Problem::PREFIX),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: detail.to_owned(),
            remedy: remedy.to_owned(),
            server_time: plus7(now_ms),
        };
        let mut response = (status, axum::Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE_PROBLEM));
        if let Some(wait_ms) = retry_after_ms {
            headers
                .insert(header::RETRY_AFTER, HeaderValue::from(wait_ms.div_euclid(1_000).saturating_add(1)));
        }
        response
    }
}
