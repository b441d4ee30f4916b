//! Whether a request comes from the kiosk it names.

use crate::app::App;
use crate::problem::Refusal;
use crate::secret::unbase64;
use crate::store::{Kiosk, StoreError};
use axum::http::HeaderMap;
use ed25519_dalek::{Signature, VerifyingKey};
use kiosk_protocol::{
    HEADER_PROTOCOL, PROTOCOL_CURRENT, PROTOCOL_MIN, SignatureParams, SignatureTarget, content_digest,
    parse_signature, parse_signature_input, signature_base,
};

/// How far a GET's `created` may lie from the server's clock, seconds.
const FRESH_SECS: i64 = 300;

/// A header's text, or a refusal that names it.
pub fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, Refusal> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .ok_or_else(|| Refusal::Malformed(format!("header {name} is missing")))
}

/// Refuses versions this server does not speak.
pub fn check_protocol(headers: &HeaderMap) -> Result<(), Refusal> {
    let version: u32 = header(headers, HEADER_PROTOCOL)?
        .parse()
        .map_err(|_| Refusal::Malformed(format!("header {HEADER_PROTOCOL} is no number")))?;
    if (PROTOCOL_MIN..=PROTOCOL_CURRENT).contains(&version) { Ok(()) } else { Err(Refusal::OldProtocol) }
}

/// Refuses a body that is not the one the `Content-Digest` header was made for; returns the header.
pub fn check_digest<'a>(headers: &'a HeaderMap, body: &[u8]) -> Result<&'a str, Refusal> {
    let named = header(headers, "content-digest")?;
    let found = content_digest(&crate::secret::base64(&crate::secret::sha256(body)));
    if named == found { Ok(named) } else { Err(Refusal::BadSignature) }
}

/// Verifies a signature over `target`; the parameters it was made with.
pub fn check_signature(
    headers: &HeaderMap,
    target: &SignatureTarget<'_>,
    key: &[u8; 32],
    key_id: &str,
) -> Result<SignatureParams, Refusal> {
    let covered = target.covered();
    let input = header(headers, "signature-input").map_err(|_| Refusal::BadSignature)?;
    let params = parse_signature_input(input, &covered).map_err(|_| Refusal::BadSignature)?;
    let signature = header(headers, "signature")
        .ok()
        .and_then(|value| parse_signature(value).ok())
        .and_then(unbase64)
        .and_then(|bytes| Signature::from_slice(&bytes).ok())
        .ok_or(Refusal::BadSignature)?;
    let key = VerifyingKey::from_bytes(key).map_err(|_| Refusal::BadSignature)?;
    let base = signature_base(&covered, &params);
    if params.key_id == key_id && key.verify_strict(base.as_bytes(), &signature).is_ok() {
        Ok(params)
    } else {
        Err(Refusal::BadSignature)
    }
}

/// A GET must be fresh and may be answered once.
pub fn check_fresh(app: &App, params: &SignatureParams) -> Result<(), Refusal> {
    let now_ms = app.clock.now_ms();
    let Some(nonce) = &params.nonce else { return Err(Refusal::BadSignature) };
    let away_secs = now_ms.div_euclid(1_000).saturating_sub(params.created).saturating_abs();
    if away_secs > FRESH_SECS {
        return Err(Refusal::StaleSignature);
    }
    let name = format!("{}/{nonce}", params.key_id);
    let fresh = app.limits().nonces.note(&name, now_ms + 2 * FRESH_SECS * 1_000, now_ms);
    if fresh { Ok(()) } else { Err(Refusal::Replayed) }
}

/// The kiosk of an id, unless unknown or revoked. Runs the store: call it off the network threads.
pub fn known_kiosk(app: &App, id: &str) -> Result<Result<Kiosk, Refusal>, StoreError> {
    Ok(match app.store.kiosk(id)? {
        None => Err(Refusal::NotEnrolled),
        Some(kiosk) if kiosk.revoked => {
            app.raise(id, "revoked_key", "a withdrawn key was used");
            Err(Refusal::Revoked)
        }
        Some(kiosk) => Ok(kiosk),
    })
}

/// Verifies a GET of a kiosk that names itself in `keyid`; the kiosk. Runs the store.
pub fn check_get(
    app: &App,
    headers: &HeaderMap,
    target: &SignatureTarget<'_>,
) -> Result<Result<Kiosk, Refusal>, StoreError> {
    // The key to verify with is the one of the named kiosk: read the name first, trust it after the check.
    let named = header(headers, "signature-input")
        .ok()
        .and_then(|input| parse_signature_input(input, &target.covered()).ok())
        .map(|params| params.key_id);
    let Some(id) = named else { return Ok(Err(Refusal::BadSignature)) };
    let kiosk = match known_kiosk(app, &id)? {
        Ok(kiosk) => kiosk,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let checked = check_protocol(headers)
        .and_then(|()| check_signature(headers, target, &kiosk.public_key, &id))
        .and_then(|params| check_fresh(app, &params));
    if checked == Err(Refusal::BadSignature) {
        app.raise(&id, "bad_signature", "a request was signed by another key or changed on its way");
    }
    Ok(checked.map(|()| kiosk))
}
