//! What a kiosk and its district server must agree on: wire types, versions, frozen bytes.
//!
//! Pure: no clock, no network, no cryptography. Hashing and signing are done by each side (sha2, ed25519-dalek);
//! this crate says over *which bytes*. The exact HTTP shapes are written down in this crate's `README.md`.
//!
//! ```text
//! kiosk                                              district server
//!   Event::to_json -> bytes_n, kept in the outbox
//!   h_n = SHA-256(h_{n-1} || bytes_n)   (chain_input)
//!   batch_body([bytes..]) -> gzip -> Content-Digest
//!   signature base (signature.rs) -> Ed25519   ----->  same base -> verify -> gunzip -> split_batch
//!                                              <-----  Accepted | Conflict | Bad | Problem (answer.rs)
//! ```

mod answer;
mod batch;
mod command;
mod dossier;
mod enrol;
mod envelope;
mod event;
mod ids;
mod signature;
mod time;

pub use answer::{Accepted, Bad, ConfigAnswer, ConfigDocument, Conflict, InboxAnswer, InboxCommand, Problem};
pub use batch::{BatchError, batch_body, chain_input, split_batch};
pub use command::{
    Command, MAX_BUNDLE_BYTES, MAX_PART_BYTES, Order, UpdateOrder, bundle_path, is_hex_digest,
    is_plain_version, parse_part_query, part_query,
};
pub use dossier::{DossierAnswer, DossierStatus, LookupKind};
pub use enrol::{EnrolAnswer, EnrolRequest};
pub use envelope::{Body, Event, EventError, ReadEvent};
pub use event::{
    Compacted, CounterClosed, CounterOpened, CounterPaused, DeviceCounters, DeviceHealth, DeviceState,
    EventData, FlagReason, GapReason, Heartbeat, KioskStarted, LookupMade, LookupOutcome, NumberGap, Paper,
    PrintOutcome, RatingFlagged, RatingGiven, RatingReason, RatingWindowClosed, SecurityNoted, TicketCalled,
    TicketCancelled, TicketFinished, TicketHeld, TicketIssued, TicketNoShow, TicketPrinted, TicketReentered,
    TicketResumed, TicketServing, TicketTransferred, UpdateEnded, UpdateState,
};
pub use ids::{Epoch, EpochError, TicketRef};
pub use signature::{
    ALGORITHM, Covered, SignatureError, SignatureParams, SignatureTarget, content_digest,
    parse_content_digest, parse_signature, parse_signature_input, signature_base, signature_header,
    signature_input,
};
pub use time::{parse_time, plus7};

/// The oldest protocol version a server still takes.
pub const PROTOCOL_MIN: u32 = 1;

/// The version this crate writes; sent as the header [`HEADER_PROTOCOL`].
pub const PROTOCOL_CURRENT: u32 = 1;

/// At most this many events in one batch.
pub const MAX_BATCH_EVENTS: usize = 500;

/// At most this many bytes in one batch, before gzip.
pub const MAX_BATCH_BYTES: usize = 256 * 1024;

/// Content type of a batch of events (CloudEvents 1.0, batched content mode).
pub const CONTENT_TYPE_BATCH: &str = "application/cloudevents-batch+json";

/// Content type of every refusal ([`Problem`], RFC 9457).
pub const CONTENT_TYPE_PROBLEM: &str = "application/problem+json";

/// Protocol version of the sender, decimal.
pub const HEADER_PROTOCOL: &str = "kiosk-protocol";

/// Epoch of the batch, 16 hex digits.
pub const HEADER_EPOCH: &str = "kiosk-epoch";

/// Sequence of the batch's first event, decimal.
pub const HEADER_FIRST_SEQ: &str = "kiosk-first-seq";

/// Chain hash before the batch's first event (`h_{first-1}`), 64 lower-case hex digits; zeros before event 1.
pub const HEADER_PREV_HASH: &str = "kiosk-prev-hash";

/// How the citizen gave the dossier code: `scanned` or `typed` ([`LookupKind`]).
pub const HEADER_LOOKUP_KIND: &str = "kiosk-lookup-kind";

/// Last four digits of the declared phone; only with a typed code.
pub const HEADER_SECOND_FACTOR: &str = "kiosk-second-factor";

/// The chain's start: `h_0`, as [`HEADER_PREV_HASH`] carries it.
pub const GENESIS_HEX: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Path that takes a kiosk's batches.
#[must_use]
pub fn events_path(kiosk: &str) -> String {
    format!("/v1/kiosks/{kiosk}/events")
}

/// Path of a kiosk's signed configuration.
#[must_use]
pub fn config_path(kiosk: &str) -> String {
    format!("/v1/kiosks/{kiosk}/config")
}

/// Path of a kiosk's inbox; the query is `after=K&wait=S`.
#[must_use]
pub fn inbox_path(kiosk: &str) -> String {
    format!("/v1/kiosks/{kiosk}/inbox")
}

/// Path of a look-up; everything but unreserved characters (RFC 3986) is percent-encoded, `/` too.
#[must_use]
pub fn dossier_path(code: &str) -> String {
    let mut path = String::from("/v1/dossiers/");
    for byte in code.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("%{byte:02X}"));
        }
    }
    path
}

/// Path that takes a one-time token and a public key.
pub const ENROL_PATH: &str = "/v1/enrol";

/// Whether `id` may name a kiosk or a hall: 1 to 40 of `a-z 0-9 - _`, so it needs no escaping in paths or headers.
#[must_use]
pub fn is_plain_id(id: &str) -> bool {
    (1..=40).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
}
