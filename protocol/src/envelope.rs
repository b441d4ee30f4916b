//! One event as it travels: a CloudEvents 1.0 object in JSON.
//!
//! ```text
//! {"specversion":"1.0","id":"<epoch>-<sequence>","source":"/kiosks/<kiosk>","type":"vn.onestop.ticket.issued.v1",
//!  "time":"2026-11-21T07:30:00.000+07:00","datacontenttype":"application/json","kiosk":"<kiosk>",
//!  "epoch":"00000000000000ab","sequence":"17","bootid":"<text>","monoms":"123456","clocktrusted":true,"data":{..}}
//! ```
//! `sequence` and `monoms` are decimal text: CloudEvents integers have 32 bits only.

use crate::event::EventData;
use crate::ids::Epoch;
use crate::time::{parse_time, plus7};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// One event, ready to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Kiosk that reports.
    pub kiosk: String,
    /// Epoch of its database.
    pub epoch: Epoch,
    /// Place in the epoch, contiguous from 1.
    pub sequence: u64,
    /// Wall clock, milliseconds since 1970 UTC; may be wrong if not `clock_trusted`.
    pub unix_ms: i64,
    /// Whether the wall clock had been set by a trusted source.
    pub clock_trusted: bool,
    /// Boot the monotonic time belongs to.
    pub boot_id: String,
    /// Milliseconds on the monotonic clock of that boot.
    pub mono_ms: u64,
    /// What happened.
    pub data: EventData,
}

/// What a reader made of the data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A known type, well-formed.
    Known(EventData),
    /// A type of a newer version, or data this version cannot read: to be stored raw, not refused.
    Unknown,
}

/// One event as a server reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadEvent {
    /// Kiosk named in the event.
    pub kiosk: String,
    /// Epoch named in the event.
    pub epoch: Epoch,
    /// Sequence named in the event.
    pub sequence: u64,
    /// Type as sent.
    pub wire_type: String,
    /// Wall clock of the kiosk, milliseconds since 1970 UTC.
    pub unix_ms: i64,
    /// Whether that clock was trusted.
    pub clock_trusted: bool,
    /// Data, as far as this version understands it.
    pub body: Body,
}

/// An event that cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// Not the JSON of an envelope.
    #[error("event is not a CloudEvents object of this protocol")]
    Json(#[from] serde_json::Error),
    /// An attribute has a value it may not have.
    #[error("event attribute {attribute} has an unusable value")]
    Attribute {
        /// Name of the attribute.
        attribute: &'static str,
    },
}

#[derive(Serialize)]
struct Written<'a> {
    specversion: &'a str,
    id: String,
    source: String,
    #[serde(rename = "type")]
    wire_type: &'a str,
    time: String,
    datacontenttype: &'a str,
    kiosk: &'a str,
    epoch: Epoch,
    sequence: String,
    bootid: &'a str,
    monoms: String,
    clocktrusted: bool,
    data: &'a EventData,
}

#[derive(Deserialize)]
struct Read<'a> {
    specversion: String,
    id: String,
    #[serde(rename = "type")]
    wire_type: String,
    time: String,
    kiosk: String,
    epoch: Epoch,
    sequence: String,
    clocktrusted: bool,
    #[serde(borrow)]
    data: &'a RawValue,
}

impl Event {
    /// The event's exact bytes. They are written once, kept in the outbox, hashed and sent unchanged for ever.
    pub fn to_json(&self) -> Result<String, EventError> {
        Ok(serde_json::to_string(&Written {
            specversion: "1.0",
            id: event_id(self.epoch, self.sequence),
            source: format!("/kiosks/{}", self.kiosk),
            wire_type: self.data.wire_type(),
            time: plus7(self.unix_ms),
            datacontenttype: "application/json",
            kiosk: &self.kiosk,
            epoch: self.epoch,
            sequence: self.sequence.to_string(),
            bootid: &self.boot_id,
            monoms: self.mono_ms.to_string(),
            clocktrusted: self.clock_trusted,
            data: &self.data,
        })?)
    }
}

impl ReadEvent {
    /// Reads one element of a batch. Unknown types, unknown members and unreadable data are no error.
    pub fn from_json(json: &str) -> Result<Self, EventError> {
        let read: Read<'_> = serde_json::from_str(json)?;
        let sequence = decimal(&read.sequence).ok_or(EventError::Attribute { attribute: "sequence" })?;
        if read.specversion != "1.0" {
            return Err(EventError::Attribute { attribute: "specversion" });
        }
        if read.id != event_id(read.epoch, sequence) {
            return Err(EventError::Attribute { attribute: "id" });
        }
        let unix_ms = parse_time(&read.time).ok_or(EventError::Attribute { attribute: "time" })?;
        let body = match EventData::read(&read.wire_type, read.data.get()) {
            Some(Ok(data)) => Body::Known(data),
            Some(Err(_)) | None => Body::Unknown,
        };
        Ok(Self {
            kiosk: read.kiosk,
            epoch: read.epoch,
            sequence,
            wire_type: read.wire_type,
            unix_ms,
            clock_trusted: read.clocktrusted,
            body,
        })
    }
}

fn event_id(epoch: Epoch, sequence: u64) -> String {
    format!("{epoch}-{sequence}")
}

/// A decimal without sign or leading zero.
fn decimal(text: &str) -> Option<u64> {
    text.parse().ok().filter(|n: &u64| n.to_string() == text)
}
