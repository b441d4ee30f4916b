//! The OpenAPI 3.1 document of the kiosk-facing interface, kept as `openapi.json` beside this crate.
//!
//! kiosk-protocol knows serde only, so its wire types are described here once more; a test reads each of the protocol's
//! answers with the description of it and refuses a member that differs.

use serde::Deserialize;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::{Modify, OpenApi, ToSchema};

/// One event (CloudEvents 1.0).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloudEvent {
    /// `1.0`.
    pub specversion: String,
    /// `<epoch>-<sequence>`.
    pub id: String,
    /// `/kiosks/<kiosk>`.
    pub source: String,
    /// `vn.onestop.<what>.v1`.
    pub r#type: String,
    /// RFC 3339 at +07:00 with milliseconds.
    pub time: String,
    /// `application/json`.
    pub datacontenttype: String,
    /// Kiosk's id.
    pub kiosk: String,
    /// 16 hex digits.
    pub epoch: String,
    /// Decimal, contiguous from 1.
    pub sequence: String,
    /// Boot the monotonic time belongs to.
    pub bootid: String,
    /// Milliseconds on the monotonic clock, decimal.
    pub monoms: String,
    /// Whether the wall clock was trusted.
    pub clocktrusted: bool,
    /// Data of the type; see kiosk-protocol.
    #[schema(value_type = Object)]
    pub data: serde_json::Value,
}

/// 200 to a batch: everything below `next_seq` is durable.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Accepted {
    /// 16 hex digits.
    pub epoch: String,
    /// First sequence the server does not have.
    pub next_seq: u64,
    /// Server's clock.
    pub server_time: String,
    /// Entity tag of the configuration.
    pub config_etag: String,
    /// Newest command's number.
    pub inbox: u64,
    /// Milliseconds to wait before the next batch.
    pub pace_ms: u64,
}

/// 409 to a batch: `kind` is `gap` with `next_seq`, or `fork` with `seq`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Conflict {
    /// `gap` or `fork`.
    pub kind: String,
    /// 16 hex digits.
    pub epoch: String,
    /// With `gap`: rewind to it.
    pub next_seq: Option<u64>,
    /// With `fork`: first sequence that differs.
    pub seq: Option<u64>,
}

/// 422 to a batch: `bad` were unreadable and are set aside; everything below `next_seq` is durable.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Bad {
    /// 16 hex digits.
    pub epoch: String,
    /// First sequence the server does not have.
    pub next_seq: u64,
    /// Unreadable sequences.
    pub bad: Vec<u64>,
    /// First one's fault.
    pub why: String,
}

/// A refusal (RFC 9457).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// `urn:onestop:problem:<word>`.
    pub r#type: String,
    /// The kind in a few words.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// What happened this time.
    pub detail: String,
    /// What to do about it.
    pub remedy: String,
    /// Server's clock.
    pub server_time: String,
}

/// Body of an enrolment.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrolRequest {
    /// Kiosk's id.
    pub kiosk: String,
    /// One-time token.
    pub token: String,
    /// Base64 of 32 bytes.
    pub public_key: String,
    /// Protocol version.
    pub protocol: u32,
}

/// 200 to an enrolment.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrolAnswer {
    /// Kiosk's id.
    pub kiosk: String,
    /// Its hall.
    pub hall: String,
    /// Server's public key, base64.
    pub server_key: String,
    /// Server's clock.
    pub server_time: String,
    /// Oldest protocol version taken.
    pub protocol_min: u32,
    /// Newest protocol version known.
    pub protocol_current: u32,
}

/// A signed configuration.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfigAnswer {
    /// JSON `{kiosk, version, fragment}` as text; these bytes are signed.
    pub document: String,
    /// Ed25519 signature of the server's key, base64.
    pub signature: String,
}

/// Commands, oldest first.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InboxAnswer {
    /// Empty after the wait.
    pub commands: Vec<InboxCommand>,
}

/// One signed command.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InboxCommand {
    /// Contiguous from 1.
    pub number: u64,
    /// JSON as text; these bytes are signed.
    pub command: String,
    /// Ed25519 signature of the server's key, base64.
    pub signature: String,
}

/// Where a dossier stands; no applicant, no officer, no address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DossierAnswer {
    /// The code asked for.
    pub code: String,
    /// Procedure's code.
    pub procedure_code: Option<String>,
    /// Procedure's name.
    pub procedure_name: Option<String>,
    /// Status.
    pub status: DossierStatus,
    /// 1 at the counter, 2 online, 3 by post.
    pub channel: Option<u8>,
    /// `yyyy-mm-dd`.
    pub received: Option<String>,
    /// `yyyy-mm-dd`.
    pub due: Option<String>,
    /// New due date.
    pub due_again: Option<String>,
    /// Unit.
    pub unit: Option<String>,
    /// When the source said so.
    pub as_of: String,
}

/// Status of a dossier.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DossierStatus {
    /// National list, 1 to 10.
    pub number: Option<u8>,
    /// Source's word.
    pub word: String,
}

/// The wait board of a hall: no numbers, no people.
#[derive(Deserialize, serde::Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// Hall's name.
    pub hall: String,
    /// Server's clock.
    pub as_of: String,
    /// When the hall last reported; null for never.
    pub last_heard: Option<String>,
    /// Open counters.
    pub open_counters: usize,
    /// Waiting, by area.
    pub areas: Vec<BoardArea>,
}

/// One area of the board.
#[derive(Deserialize, serde::Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BoardArea {
    /// Area's name.
    pub area: String,
    /// People waiting.
    pub waiting: usize,
}

struct Signature;

impl Modify for Signature {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let words = "Message signature (RFC 9421, Ed25519) of the kiosk's key; covered components in protocol/README.md";
        let scheme =
            SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description("Signature", words)));
        if let Some(components) = &mut openapi.components {
            components.add_security_scheme("kiosk_signature", scheme);
        }
    }
}

#[derive(OpenApi)]
#[openapi(
    info(title = "district-server", description = "Reports, look-ups and enrolment of kiosks.", license(name = "GPL-3.0-only")),
    paths(
        crate::intake::post_events,
        crate::enrol::post_enrol,
        crate::reads::get_config,
        crate::reads::get_inbox,
        crate::reads::get_bundle,
        crate::lookup::get_dossier,
        crate::pages::board::get_board,
    ),
    modifiers(&Signature)
)]
struct Document;

/// The document as pretty JSON.
pub fn document() -> Result<String, serde_json::Error> {
    Ok(Document::openapi().to_pretty_json()? + "\n")
}
