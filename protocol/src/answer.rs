//! What a server answers.

use crate::ids::Epoch;
use serde::{Deserialize, Serialize};

/// 200 to a batch: everything below `next_seq` is durable at the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// Epoch of the batch.
    pub epoch: Epoch,
    /// First sequence the server does not have.
    pub next_seq: u64,
    /// Server's clock, `yyyy-mm-ddThh:mm:ss.mmm+07:00`.
    pub server_time: String,
    /// Entity tag of the kiosk's configuration; fetch it when it differs from yours.
    pub config_etag: String,
    /// Number of the newest command in the kiosk's inbox, 0 if there never was one.
    pub inbox: u64,
    /// Wait at least this long before the next batch, milliseconds.
    pub pace_ms: u64,
}

/// 409 to a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Conflict {
    /// The batch starts too late: rewind to `next_seq`.
    Gap {
        /// Epoch of the batch.
        epoch: Epoch,
        /// First sequence the server does not have.
        next_seq: u64,
    },
    /// The server holds another event under the same epoch and sequence. The epoch is quarantined: open a new one.
    Fork {
        /// Epoch of the batch.
        epoch: Epoch,
        /// First sequence that differs.
        seq: u64,
    },
}

/// 422 to a batch: the events in `bad` were unreadable and are set aside raw at the server; **everything below
/// `next_seq` is durable**, the bad ones too. Park those locally and go on at `next_seq`; nothing is sent again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bad {
    /// Epoch of the batch.
    pub epoch: Epoch,
    /// First sequence the server does not have.
    pub next_seq: u64,
    /// Sequences that were unreadable.
    pub bad: Vec<u64>,
    /// The first one's fault, for a technician.
    pub why: String,
}

/// Every other refusal (RFC 9457), with words a technician can act on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Kind: `urn:onestop:problem:<word>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in a few words.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// What happened this time.
    pub detail: String,
    /// What to do about it.
    pub remedy: String,
    /// Server's clock, so that a kiosk whose clock is wrong can sign again with the right time.
    pub server_time: String,
}

impl Problem {
    /// Prefix of every `type`.
    pub const PREFIX: &'static str = "urn:onestop:problem:";
}

/// 200 to a configuration request. Verify `signature` over the bytes of `document`, then parse it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigAnswer {
    /// JSON of a [`ConfigDocument`], as text: these bytes are signed.
    pub document: String,
    /// Ed25519 signature of the server's key, base64.
    pub signature: String,
}

/// A kiosk's configuration as the server signs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigDocument {
    /// Kiosk it is for.
    pub kiosk: String,
    /// Monotone version: an older one than the kiosk has is refused by the kiosk.
    pub version: u64,
    /// TOML fragment to merge over the kiosk's own; empty for none.
    pub fragment: String,
}

/// 200 to an inbox request; empty after the wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxAnswer {
    /// Commands after `after`, oldest first.
    pub commands: Vec<InboxCommand>,
}

/// One signed command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxCommand {
    /// Number, contiguous from 1 for each kiosk.
    pub number: u64,
    /// JSON of the command, as text: these bytes are signed.
    pub command: String,
    /// Ed25519 signature of the server's key, base64.
    pub signature: String,
}
