//! The outbox's inner end: a report becomes the next event of the newest epoch.

use kiosk_core::effect::{Fact, Report};
use kiosk_core::ticket::{Ticket, TicketId};
use kiosk_protocol::{Epoch, chain_input};
use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};

use super::depth::{Depth, depth};
use super::error::{EncodeError, StoreError};
use super::records::int;
use super::restore::{self, unsigned};

/// Where an event stands in the kiosk's reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The epoch of the database.
    pub epoch: Epoch,
    /// The sequence within it, from 1 without a gap.
    pub seq: u64,
}

/// What an encoder may know beside the report itself.
#[derive(Debug)]
pub struct Around<'a> {
    /// The ticket that the fact is about, as it was stored before this transaction.
    pub before: Option<&'a Ticket>,
    /// How full the outbox is.
    pub outbox: Depth,
}

/// Turns the rules' facts into the wire's events. The store keeps the bytes and knows nothing of their form.
pub trait Encode: Send {
    /// The event's exact bytes; `None` for a fact that the wire has no event for.
    fn encode(
        &self,
        report: &Report,
        around: &Around<'_>,
        place: Place,
    ) -> Result<Option<String>, EncodeError>;
}

/// Health reports are not added any more above this filling.
const HEALTH_UP_TO_PERCENT: u8 = 95;

/// Adds the report as the next event; says whether there was one to add.
pub(super) fn append(
    connection: &Connection,
    encode: &dyn Encode,
    report: &Report,
    before: Option<&Ticket>,
) -> Result<bool, StoreError> {
    let outbox = depth(connection)?;
    if outbox.percent > HEALTH_UP_TO_PERCENT && is_health(&report.fact) {
        return Ok(false);
    }
    let (position, place, last_hash) = end(connection)?;
    let Some(event) = encode.encode(report, &Around { before, outbox }, place).map_err(StoreError::Encode)?
    else {
        return Ok(false);
    };
    insert(connection, position, place.seq, &last_hash, report.at.unix_ms, &event)?;
    Ok(true)
}

/// Writes an event's row and moves the end of its epoch.
pub(super) fn insert(
    connection: &Connection,
    position: i64,
    seq: u64,
    previous: &[u8; 32],
    at_ms: i64,
    event: &str,
) -> Result<[u8; 32], StoreError> {
    let hash: [u8; 32] = Sha256::digest(chain_input(previous, event)).into();
    connection
        .prepare("INSERT INTO outbox (position, seq, previous, at_ms, event) VALUES (?1, ?2, ?3, ?4, ?5)")
        .and_then(|mut statement| statement.execute(params![position, int(seq), previous, at_ms, event]))
        .map_err(StoreError::sqlite("write an event"))?;
    connection
        .prepare("UPDATE epoch SET next_seq = ?2, last_hash = ?3 WHERE position = ?1")
        .and_then(|mut statement| statement.execute(params![position, int(seq + 1), hash]))
        .map_err(StoreError::sqlite("move the outbox's end"))?;
    Ok(hash)
}

/// Position of the newest epoch that takes events, the place of its next event, and the hash before that.
fn end(connection: &Connection) -> Result<(i64, Place, [u8; 32]), StoreError> {
    connection
        .prepare(
            "SELECT position, epoch, next_seq, last_hash FROM epoch
             WHERE position NOT IN (SELECT moving_to FROM epoch WHERE moving_to IS NOT NULL)
             ORDER BY position DESC LIMIT 1",
        )
        .and_then(|mut statement| {
            statement.query_row([], |row| {
                let epoch = Epoch(row.get::<_, i64>(1)?.cast_unsigned());
                Ok((row.get(0)?, Place { epoch, seq: unsigned(row, 2)? }, row.get(3)?))
            })
        })
        .map_err(StoreError::sqlite("read the outbox's end"))
}

/// The stored ticket that a fact is about, if the encoder may need it.
pub(super) fn ticket_before(connection: &Connection, fact: &Fact) -> Result<Option<Ticket>, StoreError> {
    match about(fact) {
        Some(id) => restore::ticket(connection, id),
        None => Ok(None),
    }
}

fn about(fact: &Fact) -> Option<&TicketId> {
    match fact {
        Fact::Moved { ticket, .. } | Fact::RatedBecause { ticket, .. } => Some(ticket),
        Fact::Started { .. }
        | Fact::DayOpened(_)
        | Fact::Issued { .. }
        | Fact::Paper { .. }
        | Fact::PaperLeft { .. }
        | Fact::Gap { .. }
        | Fact::Counter { .. }
        | Fact::Rated(_)
        | Fact::RatingFlagged { .. }
        | Fact::RatingWindowClosed { .. }
        | Fact::LookedUp { .. }
        | Fact::ScanRefused(_)
        | Fact::Device { .. }
        | Fact::Database { .. }
        | Fact::Update(_)
        | Fact::Heartbeat { .. } => None,
    }
}

fn is_health(fact: &Fact) -> bool {
    match fact {
        Fact::Device { .. } | Fact::Heartbeat { .. } => true,
        Fact::Started { .. }
        | Fact::DayOpened(_)
        | Fact::Issued { .. }
        | Fact::Paper { .. }
        | Fact::PaperLeft { .. }
        | Fact::Gap { .. }
        | Fact::Moved { .. }
        | Fact::Counter { .. }
        | Fact::Rated(_)
        | Fact::RatedBecause { .. }
        | Fact::RatingFlagged { .. }
        | Fact::RatingWindowClosed { .. }
        | Fact::LookedUp { .. }
        | Fact::Database { .. }
        | Fact::Update(_)
        | Fact::ScanRefused(_) => false,
    }
}
