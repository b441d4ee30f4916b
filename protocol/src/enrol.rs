//! How a new device becomes a known kiosk.

use serde::{Deserialize, Serialize};

/// Body of `POST /v1/enrol`. The request is signed by the new key ([`crate::SignatureTarget::Enrol`]), which proves that the
/// device holds it. Sending the same token with the same key again gives the same answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolRequest {
    /// Kiosk's id, as the token was issued for.
    pub kiosk: String,
    /// Single-use token.
    pub token: String,
    /// Ed25519 public key, base64 of 32 bytes.
    pub public_key: String,
    /// Protocol version the device writes.
    pub protocol: u32,
}

/// 200 to an enrolment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolAnswer {
    /// Kiosk's id.
    pub kiosk: String,
    /// Hall it stands in.
    pub hall: String,
    /// Server's Ed25519 public key, base64: verifies configuration and commands.
    pub server_key: String,
    /// Server's clock, `yyyy-mm-ddThh:mm:ss.mmm+07:00`.
    pub server_time: String,
    /// Oldest protocol version the server takes.
    pub protocol_min: u32,
    /// Newest protocol version the server knows.
    pub protocol_current: u32,
}
