//! How much waits to be sent.

use rusqlite::{Connection, OptionalExtension};

use super::error::StoreError;

/// Unacknowledged events that the outbox is meant to hold: 40 days of a busy hall, about 150 MB.
pub const OUTBOX_CAP: u64 = 200_000;

/// How much waits to be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// Unacknowledged events.
    pub unsent: u64,
    /// Of the [`OUTBOX_CAP`], 0 to 100.
    pub percent: u8,
    /// Wall clock of the oldest of them, Unix milliseconds.
    pub oldest_ms: Option<i64>,
}

/// Counts by subtraction, so that it costs the same however much waits. What a move has brought into its new epoch is still
/// counted in the old one.
pub(super) fn depth(connection: &Connection) -> Result<Depth, StoreError> {
    let unsent: u64 = connection
        .prepare(
            "SELECT coalesce(sum(next_seq - acknowledged), 0) FROM epoch
             WHERE position NOT IN (SELECT moving_to FROM epoch WHERE moving_to IS NOT NULL)",
        )
        .and_then(|mut statement| statement.query_row([], |row| super::restore::unsigned(row, 0)))
        .map_err(StoreError::sqlite("count the outbox"))?;
    let oldest_ms = connection
        .prepare(
            "SELECT at_ms FROM outbox JOIN epoch USING (position)
             WHERE seq = acknowledged AND acknowledged < next_seq ORDER BY position LIMIT 1",
        )
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)).optional())
        .map_err(StoreError::sqlite("read the oldest event"))?;
    let percent = (unsent.saturating_mul(100) / OUTBOX_CAP).min(100) as u8;
    Ok(Depth { unsent, percent, oldest_ms })
}
