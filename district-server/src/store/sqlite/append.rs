//! Taking a batch: exactly once in effect, whatever is sent twice, too early or forged.

use super::*;
use rusqlite::{OptionalExtension, Transaction, TransactionBehavior, params};

pub(super) fn append(
    connection: &mut Connection,
    batch: &IncomingBatch,
    now_ms: i64,
) -> Result<Appended, StoreError> {
    // IMMEDIATE takes the write lock before the cursor is read: two posts of one batch come one after the other.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let epoch = batch.epoch.to_string();
    let (next_seq, quarantined) = cursor(&transaction, &batch.kiosk, &epoch)?;
    if let Some(seq) = quarantined {
        return Ok(Appended::Fork { seq });
    }
    if batch.first_seq > next_seq {
        return Ok(Appended::Gap { next_seq });
    }
    if let Some(seq) = first_difference(&transaction, batch, &epoch, next_seq)? {
        quarantine(&transaction, batch, &epoch, seq, now_ms)?;
        transaction.commit()?;
        return Ok(Appended::Fork { seq });
    }
    let mut new = 0;
    for (event, seq) in batch.events.iter().zip(batch.first_seq..).filter(|(_, seq)| *seq >= next_seq) {
        insert(&transaction, batch, &epoch, seq, event, now_ms)?;
        new += 1;
    }
    let next_seq = next_seq + new;
    transaction.execute(
        "INSERT INTO cursors (kiosk, epoch, next_seq) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET next_seq = excluded.next_seq",
        params![batch.kiosk, epoch, next_seq],
    )?;
    transaction.execute(
        "UPDATE kiosks SET last_heard_ms = max(last_heard_ms, ?2), events = events + ?3 WHERE id = ?1",
        params![batch.kiosk, now_ms, new],
    )?;
    transaction.commit()?;
    Ok(Appended::Upto { next_seq, new: usize::try_from(new).unwrap_or(usize::MAX) })
}

fn cursor(transaction: &Transaction<'_>, kiosk: &str, epoch: &str) -> Result<(u64, Option<u64>), StoreError> {
    let row = transaction
        .query_row(
            "SELECT next_seq, quarantined FROM cursors WHERE kiosk = ?1 AND epoch = ?2",
            [kiosk, epoch],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    Ok(row.unwrap_or((1, None)))
}

/// First sequence at which the batch and the store disagree: the event before the batch, then every known one in it.
/// A row that retention has removed is not compared.
fn first_difference(
    transaction: &Transaction<'_>,
    batch: &IncomingBatch,
    epoch: &str,
    next_seq: u64,
) -> Result<Option<u64>, StoreError> {
    let mut stored = transaction
        .prepare_cached("SELECT chain FROM events WHERE kiosk = ?1 AND epoch = ?2 AND seq = ?3")?;
    let before = std::iter::once((batch.first_seq - 1, batch.prev_hash)).filter(|(seq, _)| *seq > 0);
    let known = (batch.first_seq..next_seq).zip(batch.events.iter().map(|event| event.chain));
    for (seq, chain) in before.chain(known) {
        let found: Option<[u8; 32]> =
            stored.query_row(params![batch.kiosk, epoch, seq], |row| row.get(0)).optional()?;
        if found.is_some_and(|found| found != chain) {
            return Ok(Some(seq));
        }
    }
    Ok(None)
}

fn quarantine(
    transaction: &Transaction<'_>,
    batch: &IncomingBatch,
    epoch: &str,
    seq: u64,
    now_ms: i64,
) -> Result<(), StoreError> {
    transaction.execute(
        "UPDATE cursors SET quarantined = ?3 WHERE kiosk = ?1 AND epoch = ?2",
        params![batch.kiosk, epoch, seq],
    )?;
    let alarm = Alarm {
        at_ms: now_ms,
        kiosk: batch.kiosk.clone(),
        kind: "fork".to_owned(),
        detail: format!("epoch {epoch} holds another event {seq}: cloned card or restored copy"),
    };
    tables::raise(transaction, &alarm)
}

fn insert(
    transaction: &Transaction<'_>,
    batch: &IncomingBatch,
    epoch: &str,
    seq: u64,
    event: &IncomingEvent,
    now_ms: i64,
) -> Result<(), StoreError> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO events (kiosk, epoch, seq, chain, type, hall, day, kiosk_ms, received_ms, bad, raw)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    let row = statement.insert(params![
        batch.kiosk,
        epoch,
        seq,
        event.chain,
        event.wire_type,
        event.hall,
        event.day,
        event.kiosk_ms,
        now_ms,
        event.bad,
        event.raw
    ])?;
    if let Some(subject) = &event.subject {
        let mut statement = transaction.prepare_cached(
            "INSERT INTO newest (kiosk, subject, row) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET row = excluded.row",
        )?;
        statement.execute(params![batch.kiosk, subject, row])?;
    }
    Ok(())
}
