//! Moving events into a new epoch, a step at a time, so that a tap never waits behind a backlog of weeks.
//!
//! ```text
//! old epoch   1 .. cut-1 | cut .. end     the core loop goes on adding at the end, until the last step
//!                            | a step: 500 rows, read and written anew before the write lock is taken
//!                            v
//! new epoch                1 .. n         takes the core loop's events after the last step
//! ```
//! What is under way stands in the old epoch's row, so a move that was cut off goes on at the next start.

use kiosk_protocol::Epoch;
use rusqlite::{Connection, OptionalExtension, params};

use super::append::{Place, insert};
use super::connection;
use super::error::{EncodeError, StoreError};
use super::outbox::Outbox;
use super::records::int;
use super::recovery::begin_epoch;
use super::restore::unsigned;

/// Rows a step.
const STEP_ROWS: usize = 500;

/// Writes an event again for another place.
pub type Rehome<'a> = &'a dyn Fn(&str, Place) -> Result<String, EncodeError>;

/// A move under way.
struct Move {
    old: i64,
    new: i64,
    cut: u64,
    /// The place of the next event in the new epoch, and the hash before it.
    next: Place,
    previous: [u8; 32],
}

/// A row of the old epoch.
struct Moved {
    seq: u64,
    at_ms: i64,
    /// `None` for an event that the server could not read: it has it raw.
    event: Option<String>,
}

impl Outbox {
    /// Begins epoch `fresh`, into which [`Outbox::move_step`] brings what `old` has from `from` on; what lies before is at the
    /// server, which has seen the two histories agree up to there, and takes nothing more of `old`. For a fork, and for a
    /// server that lost more than is kept here.
    pub fn begin_move(&mut self, old: Epoch, from: u64, fresh: Epoch) -> Result<(), StoreError> {
        let transaction = connection::begin(&mut self.connection)?;
        let position = begin_epoch(&transaction, fresh)?;
        transaction
            .execute(
                "UPDATE epoch SET moving_to = ?2, cut = ?3 WHERE epoch = ?1",
                params![old.0.cast_signed(), position, int(from)],
            )
            .map_err(StoreError::sqlite("begin a move"))?;
        transaction.commit().map_err(StoreError::sqlite("commit the beginning of a move"))
    }

    /// Moves the next step, each event written again by `rehome`, and says whether there is more to move. Nothing may be sent
    /// while there is.
    pub fn move_step(&mut self, rehome: Rehome<'_>) -> Result<bool, StoreError> {
        let reading = StoreError::sqlite("read a move");
        // Only this connection takes rows away, so what is read here is still so under the lock.
        let Some((mut under_way, rows)) = read(&self.connection).map_err(reading)? else {
            return Ok(false);
        };
        let last = rows.last().map_or(0, |row| row.seq);
        let mut events = Vec::with_capacity(rows.len());
        for row in rows {
            if let Some(event) = row.event {
                let place = under_way.next;
                events.push((row.at_ms, place.seq, rehome(&event, place).map_err(StoreError::Encode)?));
                under_way.next.seq += 1;
            }
        }
        let transaction = connection::begin(&mut self.connection)?;
        let mut previous = under_way.previous;
        for (at_ms, seq, event) in events {
            previous = insert(&transaction, under_way.new, seq, &previous, at_ms, &event)?;
        }
        let more = end_of_step(&transaction, &under_way, last).map_err(StoreError::sqlite("end a step"))?;
        transaction.commit().map_err(StoreError::sqlite("commit a step"))?;
        Ok(more)
    }
}

fn read(connection: &Connection) -> rusqlite::Result<Option<(Move, Vec<Moved>)>> {
    let under_way = connection
        .query_row(
            "SELECT old.position, old.moving_to, old.cut, new.epoch, new.next_seq, new.last_hash
             FROM epoch old JOIN epoch new ON new.position = old.moving_to LIMIT 1",
            [],
            |row| {
                let epoch = Epoch(row.get::<_, i64>(3)?.cast_unsigned());
                Ok(Move {
                    old: row.get(0)?,
                    new: row.get(1)?,
                    cut: unsigned(row, 2)?,
                    next: Place { epoch, seq: unsigned(row, 4)? },
                    previous: row.get(5)?,
                })
            },
        )
        .optional()?;
    let Some(under_way) = under_way else {
        return Ok(None);
    };
    let rows = connection
        .prepare(
            "SELECT seq, at_ms, iif(parked, NULL, event) FROM outbox
             WHERE position = ?1 AND seq >= ?2 ORDER BY seq LIMIT ?3",
        )?
        .query_map(params![under_way.old, int(under_way.cut), STEP_ROWS as i64], |row| {
            Ok(Moved { seq: unsigned(row, 0)?, at_ms: row.get(1)?, event: row.get(2)? })
        })?
        .collect::<Result<_, _>>()?;
    Ok(Some((under_way, rows)))
}

/// Takes the moved rows away, and closes the old epoch at the cut, all acknowledged, when none is left; says whether some are.
fn end_of_step(connection: &Connection, under_way: &Move, last: u64) -> rusqlite::Result<bool> {
    let Move { old, cut, .. } = under_way;
    connection.execute(
        "DELETE FROM outbox WHERE position = ?1 AND seq BETWEEN ?2 AND ?3",
        params![old, int(*cut), int(last)],
    )?;
    let more: bool = connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM outbox WHERE position = ?1 AND seq >= ?2)",
        params![old, int(*cut)],
        |row| row.get(0),
    )?;
    if !more {
        connection.execute(
            "UPDATE epoch SET next_seq = max(1, min(next_seq, cut)), acknowledged = max(1, min(next_seq, cut)),
                moving_to = NULL, cut = NULL
             WHERE position = ?1",
            [old],
        )?;
    }
    Ok(more)
}
