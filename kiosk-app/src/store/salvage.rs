//! What a damaged database still tells, taken over into the copy that takes its place.
//!
//! Nothing of it is believed on its word. An event counts when the hash chain that the copy ends with leads to it; a ticket,
//! when its row is whole and its number is one that the side file knows to be given. All else is left behind.

use std::collections::BTreeMap;
use std::path::Path;

use kiosk_core::ticket::{Paper, Ticket};
use kiosk_protocol::chain_input;
use rusqlite::{Connection, OpenFlags, Transaction, params};
use sha2::{Digest, Sha256};

use super::append::insert;
use super::error::StoreError;
use super::records::{self, int};
use super::restore::{self, unsigned};
use super::side_file::Burnt;

/// Takes over what can be trusted; a failure leaves the copy as it was.
pub(super) fn salvage(copy: &mut Connection, damaged: &Path, known: Option<&Burnt>) {
    match try_salvage(copy, damaged, known) {
        Ok((tickets, events)) => tracing::warn!(tickets, events, "database-salvaged"),
        Err(error) => tracing::warn!(%error, "database-unsalvageable"),
    }
}

fn try_salvage(
    copy: &mut Connection,
    damaged: &Path,
    known: Option<&Burnt>,
) -> Result<(usize, usize), StoreError> {
    let damaged = Connection::open_with_flags(damaged, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .map_err(StoreError::sqlite("open the damaged database"))?;
    let transaction = copy.transaction().map_err(StoreError::sqlite("begin to salvage"))?;
    let events = events(&transaction, &damaged)?;
    let tickets = match known {
        Some(known) => tickets(&transaction, &damaged, known)?,
        None => 0,
    };
    transaction.commit().map_err(StoreError::sqlite("commit what was salvaged"))?;
    Ok((tickets, events))
}

/// Goes on with each epoch of the copy as far as the chain holds. The last event is confirmed by its epoch's last hash.
fn events(copy: &Transaction<'_>, damaged: &Connection) -> Result<usize, StoreError> {
    let ends: Vec<(i64, i64, u64, [u8; 32])> = copy
        .prepare("SELECT position, epoch, next_seq, last_hash FROM epoch WHERE moving_to IS NULL")
        .and_then(|mut statement| {
            let read =
                |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, unsigned(row, 2)?, row.get(3)?));
            statement.query_map([], read)?.collect()
        })
        .map_err(StoreError::sqlite("read the epochs"))?;
    let mut salvaged = 0;
    for (position, epoch, next_seq, last_hash) in ends {
        for (seq, at_ms, event) in chained(damaged, position, epoch, next_seq, last_hash) {
            let previous = copy
                .query_row("SELECT last_hash FROM epoch WHERE position = ?1", [position], |row| row.get(0))
                .map_err(StoreError::sqlite("read a chain's end"))?;
            insert(copy, position, seq, &previous, at_ms, &event)?;
            salvaged += 1;
        }
    }
    Ok(salvaged)
}

type Event = (u64, i64, String);

/// The events of an epoch from `seq` on that are proven by what follows them.
fn chained(
    damaged: &Connection,
    position: i64,
    epoch: i64,
    mut seq: u64,
    mut previous: [u8; 32],
) -> Vec<Event> {
    let end: Option<[u8; 32]> = damaged
        .query_row(
            "SELECT last_hash FROM epoch WHERE position = ?1 AND epoch = ?2",
            [position, epoch],
            |row| row.get(0),
        )
        .ok();
    let (mut proven, mut doubtful): (Vec<Event>, Vec<Event>) = (Vec::new(), Vec::new());
    // Rows up to the first that cannot be read.
    let Ok(mut statement) = damaged.prepare(
        "SELECT seq, at_ms, event, previous FROM outbox WHERE position = ?1 AND seq >= ?2 ORDER BY seq",
    ) else {
        return proven;
    };
    let read = |row: &rusqlite::Row<'_>| {
        Ok(((unsigned(row, 0)?, row.get(1)?, row.get::<_, String>(2)?), row.get::<_, [u8; 32]>(3)?))
    };
    let Ok(rows) = statement.query_map(params![position, int(seq)], read) else {
        return proven;
    };
    for (event, stands_on) in rows.map_while(Result::ok) {
        if event.0 != seq || stands_on != previous {
            return proven;
        }
        proven.append(&mut doubtful);
        previous = Sha256::digest(chain_input(&previous, &event.2)).into();
        seq += 1;
        doubtful.push(event);
    }
    if end == Some(previous) {
        proven.append(&mut doubtful);
    }
    proven
}

/// The day's tickets, from both ends of the table, for a bad page in the middle hides only what lies on it.
fn tickets(copy: &Transaction<'_>, damaged: &Connection, known: &Burnt) -> Result<usize, StoreError> {
    let burnt: BTreeMap<&str, u32> =
        known.burnt.iter().map(|(series, burnt)| (series.as_str(), *burnt)).collect();
    let mut found = BTreeMap::new();
    for order in ["ASC", "DESC"] {
        for ticket in restore::readable_tickets(damaged, known.day, order) {
            if is_plausible(&ticket, known, &burnt) {
                found.entry(ticket.id.clone()).or_insert(ticket);
            }
        }
    }
    let mut salvaged = 0;
    for ticket in found.into_values() {
        // Whether its paper came out is known only where the ledger is.
        let paper = match ticket.paper {
            Paper::Allocated | Paper::Printing => Paper::Unknown,
            Paper::Printed | Paper::Failed | Paper::Unknown => ticket.paper,
        };
        let ticket = Ticket { paper, ..ticket };
        if Some(&ticket) == restore::ticket(copy, &ticket.id)?.as_ref() {
            continue;
        }
        match records::ticket(copy, &ticket) {
            Ok(()) => salvaged += 1,
            Err(error) => tracing::debug!(%error, "a ticket was left behind"),
        }
    }
    Ok(salvaged)
}

fn is_plausible(ticket: &Ticket, known: &Burnt, burnt: &BTreeMap<&str, u32>) -> bool {
    let highest = burnt.get(ticket.id.series.as_str()).copied().unwrap_or(0);
    let written = ticket.id.ordinal.to_string();
    ticket.id.day.0 == known.day
        && (1..=highest).contains(&ticket.id.ordinal)
        && ticket.number.0.ends_with(&written)
        && ticket.number.0.chars().all(char::is_alphanumeric)
        && burnt.contains_key(ticket.area.as_str())
        && ticket.issue_order < known.next_issue_order
        && ticket.job.0 < known.next_job
}
