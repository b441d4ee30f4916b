//! Message signatures (RFC 9421) in the one shape this protocol uses: label `sig1`, Ed25519, a fixed list of covered
//! components for each kind of request. Pure text; each side signs or verifies the base itself.
//!
//! ```text
//! Signature-Input: sig1=("@method" "@path" "content-digest" ..);created=1795221000;keyid="kiosk-1";alg="ed25519"
//! Signature: sig1=:<base64 of 64 bytes>:
//! ```

use crate::ids::Epoch;
use crate::{
    HEADER_EPOCH, HEADER_FIRST_SEQ, HEADER_LOOKUP_KIND, HEADER_PREV_HASH, HEADER_SECOND_FACTOR, LookupKind,
};

/// The only algorithm.
pub const ALGORITHM: &str = "ed25519";

const LABEL: &str = "sig1=";

/// One covered component: its name and value.
pub type Covered = (&'static str, String);

/// What is signed, by kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureTarget<'a> {
    /// `POST /v1/kiosks/{kiosk}/events`.
    Events {
        /// Path as sent.
        path: &'a str,
        /// Value of the `Content-Digest` header.
        content_digest: &'a str,
        /// Epoch of the batch.
        epoch: Epoch,
        /// Sequence of its first event.
        first_seq: u64,
        /// Chain hash before it, 64 hex digits.
        prev_hash: &'a str,
    },
    /// `POST /v1/enrol`.
    Enrol {
        /// Value of the `Content-Digest` header.
        content_digest: &'a str,
    },
    /// GET of configuration or inbox. Params must carry a nonce.
    Read {
        /// Path as sent.
        path: &'a str,
        /// Query as sent, without `?`; empty for none.
        query: &'a str,
    },
    /// GET of a dossier. Params must carry a nonce.
    Lookup {
        /// Path as sent.
        path: &'a str,
        /// Scanned or typed.
        kind: LookupKind,
        /// Last four digits of the phone, with a typed code.
        second_factor: Option<&'a str>,
    },
}

impl SignatureTarget<'_> {
    /// The covered components in their order.
    #[must_use]
    pub fn covered(&self) -> Vec<Covered> {
        match *self {
            Self::Events { path, content_digest, epoch, first_seq, prev_hash } => vec![
                ("@method", "POST".to_owned()),
                ("@path", path.to_owned()),
                ("content-digest", content_digest.to_owned()),
                (HEADER_EPOCH, epoch.to_string()),
                (HEADER_FIRST_SEQ, first_seq.to_string()),
                (HEADER_PREV_HASH, prev_hash.to_owned()),
            ],
            Self::Enrol { content_digest } => vec![
                ("@method", "POST".to_owned()),
                ("@path", crate::ENROL_PATH.to_owned()),
                ("content-digest", content_digest.to_owned()),
            ],
            Self::Read { path, query } => vec![
                ("@method", "GET".to_owned()),
                ("@path", path.to_owned()),
                ("@query", format!("?{query}")),
            ],
            Self::Lookup { path, kind, second_factor } => {
                let mut covered = vec![
                    ("@method", "GET".to_owned()),
                    ("@path", path.to_owned()),
                    ("@query", "?".to_owned()),
                    (HEADER_LOOKUP_KIND, kind.to_string()),
                ];
                covered.extend(second_factor.map(|digits| (HEADER_SECOND_FACTOR, digits.to_owned())));
                covered
            }
        }
    }
}

/// Parameters of a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureParams {
    /// Seconds since 1970 UTC. A kiosk that doubts its clock uses the server's time of the last answer.
    pub created: i64,
    /// Fresh random text (16 bytes as hex) for every GET; `None` for a POST, which is idempotent by itself.
    pub nonce: Option<String>,
    /// Kiosk's id.
    pub key_id: String,
}

/// A signature header that is not in this protocol's shape.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// `Signature-Input` is not as [`signature_input`] writes it.
    #[error("signature-input header is not in this protocol's form")]
    Input,
    /// `Signature` is not `sig1=:base64:`.
    #[error("signature header is not in this protocol's form")]
    Signature,
    /// `Content-Digest` is not `sha-256=:base64:`.
    #[error("content-digest header is not in this protocol's form")]
    Digest,
}

/// The bytes to sign or verify.
#[must_use]
pub fn signature_base(covered: &[Covered], params: &SignatureParams) -> String {
    let mut base = String::new();
    for (name, value) in covered {
        base.push_str(&format!("\"{name}\": {value}\n"));
    }
    base.push_str(&format!("\"@signature-params\": {}", inner_list(covered, params)));
    base
}

/// Value of the `Signature-Input` header.
#[must_use]
pub fn signature_input(covered: &[Covered], params: &SignatureParams) -> String {
    format!("{LABEL}{}", inner_list(covered, params))
}

/// Value of the `Signature` header from the base64 of the signature's 64 bytes.
#[must_use]
pub fn signature_header(base64: &str) -> String {
    format!("{LABEL}:{base64}:")
}

/// Value of the `Content-Digest` header from the base64 of the SHA-256 of the body **as sent** (gzipped).
#[must_use]
pub fn content_digest(base64: &str) -> String {
    format!("sha-256=:{base64}:")
}

/// The base64 inside a `Content-Digest` header.
pub fn parse_content_digest(header: &str) -> Result<&str, SignatureError> {
    between(header, "sha-256=:", ":").ok_or(SignatureError::Digest)
}

/// The base64 inside a `Signature` header.
pub fn parse_signature(header: &str) -> Result<&str, SignatureError> {
    header.strip_prefix(LABEL).and_then(|rest| between(rest, ":", ":")).ok_or(SignatureError::Signature)
}

/// Parameters of a `Signature-Input` header that covers exactly `covered`; anything else is refused.
pub fn parse_signature_input(header: &str, covered: &[Covered]) -> Result<SignatureParams, SignatureError> {
    let (_, tail) = header.split_once(')').ok_or(SignatureError::Input)?;
    let mut params = SignatureParams { created: 0, nonce: None, key_id: String::new() };
    for part in tail.split(';').skip(1) {
        let (name, value) = part.split_once('=').ok_or(SignatureError::Input)?;
        match name {
            "created" => params.created = value.parse().map_err(|_| SignatureError::Input)?,
            "nonce" => params.nonce = Some(quoted(value)?.to_owned()),
            "keyid" => params.key_id = quoted(value)?.to_owned(),
            "alg" => {}
            _ => return Err(SignatureError::Input),
        }
    }
    // Written again it must be the same text: no other order, algorithm, covered list or spelling gets through.
    if signature_input(covered, &params) == header { Ok(params) } else { Err(SignatureError::Input) }
}

fn inner_list(covered: &[Covered], params: &SignatureParams) -> String {
    let names: Vec<String> = covered.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    let nonce = params.nonce.as_ref().map(|nonce| format!(";nonce=\"{nonce}\"")).unwrap_or_default();
    format!(
        "({});created={}{nonce};keyid=\"{}\";alg=\"{ALGORITHM}\"",
        names.join(" "),
        params.created,
        params.key_id
    )
}

fn quoted(value: &str) -> Result<&str, SignatureError> {
    between(value, "\"", "\"").filter(|inner| crate::is_plain_id(inner)).ok_or(SignatureError::Input)
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    text.strip_prefix(start)?.strip_suffix(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params() -> SignatureParams {
        SignatureParams { created: 1_795_221_000, nonce: None, key_id: "k1".to_owned() }
    }

    #[test]
    fn the_base_of_a_batch_has_these_lines() {
        let target = SignatureTarget::Events {
            path: "/v1/kiosks/k1/events",
            content_digest: "sha-256=:abc=:",
            epoch: Epoch(0xab),
            first_seq: 17,
            prev_hash: crate::GENESIS_HEX,
        };
        let base = signature_base(&target.covered(), &params());
        let expected = concat!(
            "\"@method\": POST\n",
            "\"@path\": /v1/kiosks/k1/events\n",
            "\"content-digest\": sha-256=:abc=:\n",
            "\"kiosk-epoch\": 00000000000000ab\n",
            "\"kiosk-first-seq\": 17\n",
            "\"kiosk-prev-hash\": 0000000000000000000000000000000000000000000000000000000000000000\n",
            "\"@signature-params\": (\"@method\" \"@path\" \"content-digest\" \"kiosk-epoch\" \"kiosk-first-seq\" ",
            "\"kiosk-prev-hash\");created=1795221000;keyid=\"k1\";alg=\"ed25519\"",
        );
        assert_eq!(base, expected);
    }

    #[test]
    fn a_typed_look_up_covers_its_second_factor() {
        let target = SignatureTarget::Lookup {
            path: "/v1/dossiers/A",
            kind: LookupKind::Typed,
            second_factor: Some("1234"),
        };
        let params = SignatureParams { nonce: Some("00ff".to_owned()), ..params() };
        let base = signature_base(&target.covered(), &params);
        assert!(base.contains("\"kiosk-lookup-kind\": typed\n\"kiosk-second-factor\": 1234\n"), "{base}");
        assert!(base.ends_with(";created=1795221000;nonce=\"00ff\";keyid=\"k1\";alg=\"ed25519\""), "{base}");
    }

    #[test]
    fn a_written_input_is_read_back_and_any_other_is_refused() {
        let covered = SignatureTarget::Read { path: "/p", query: "after=1" }.covered();
        let params = SignatureParams { nonce: Some("ab12".to_owned()), ..params() };
        let written = signature_input(&covered, &params);
        assert_eq!(parse_signature_input(&written, &covered), Ok(params));
        for bad in [
            String::new(),
            written.replace("ed25519", "hmac-sha256"),
            written.replace("\"@path\" ", ""),
            written.replace("sig1", "sig2"),
            written.replace("created=", "created= "),
            written.replace(";nonce", ";expires=1;nonce"),
            written.replace("k1", "k\"1"),
        ] {
            assert_eq!(parse_signature_input(&bad, &covered), Err(SignatureError::Input), "{bad}");
        }
    }

    #[test]
    fn digests_and_signatures_are_unwrapped() {
        assert_eq!(parse_content_digest(&content_digest("YQ==")), Ok("YQ=="));
        assert_eq!(parse_content_digest("md5=:YQ==:"), Err(SignatureError::Digest));
        assert_eq!(parse_signature(&signature_header("YQ==")), Ok("YQ=="));
        assert_eq!(parse_signature("sig2=:YQ==:"), Err(SignatureError::Signature));
    }

    #[test]
    fn a_code_with_slashes_stays_one_path_segment() {
        assert_eq!(crate::dossier_path("03706/2026/07906"), "/v1/dossiers/03706%2F2026%2F07906");
    }
}
