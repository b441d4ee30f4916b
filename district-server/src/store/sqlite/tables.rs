//! Events, alarms and dossiers: plain reads and writes.

use super::*;
use rusqlite::{OptionalExtension, Row, params};

fn read_event(row: &Row<'_>) -> rusqlite::Result<StoredEvent> {
    Ok(StoredEvent {
        row: row.get(0)?,
        kiosk: row.get(1)?,
        hall: row.get(2)?,
        raw: row.get(3)?,
        received_ms: row.get(4)?,
    })
}

pub(super) fn events_of_day(
    connection: &Connection,
    hall: &str,
    day: &str,
) -> Result<Vec<StoredEvent>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT row, kiosk, hall, raw, received_ms FROM events
         WHERE day = ?1 AND hall = ?2 AND bad IS NULL ORDER BY row",
    )?;
    let rows = statement.query_map([day, hall], read_event)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn day_marks(connection: &Connection, from: &str, to: &str) -> Result<Vec<DayMark>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT hall, day, max(row) FROM events WHERE day BETWEEN ?1 AND ?2 GROUP BY day, hall ORDER BY hall, day",
    )?;
    let rows = statement.query_map([from, to], |row| {
        Ok(DayMark { hall: row.get(0)?, day: row.get(1)?, last_row: row.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn newest(connection: &Connection, kiosk: &str) -> Result<Vec<StoredEvent>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT events.row, events.kiosk, hall, raw, received_ms FROM newest JOIN events USING (row)
         WHERE newest.kiosk = ?1 ORDER BY subject",
    )?;
    let rows = statement.query_map([kiosk], read_event)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn export(
    connection: &Connection,
    after: i64,
    limit: u32,
) -> Result<Vec<StoredEvent>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT row, kiosk, hall, raw, received_ms FROM events WHERE row > ?1 ORDER BY row LIMIT ?2",
    )?;
    let rows = statement.query_map(params![after, limit], read_event)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn raise(connection: &Connection, alarm: &Alarm) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO alarms (at_ms, kiosk, kind, detail) VALUES (?1, ?2, ?3, ?4)",
        params![alarm.at_ms, alarm.kiosk, alarm.kind, alarm.detail],
    )?;
    Ok(())
}

pub(super) fn alarms(connection: &Connection, limit: u32) -> Result<Vec<Alarm>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT at_ms, kiosk, kind, detail FROM alarms ORDER BY id DESC LIMIT ?1")?;
    let rows = statement.query_map([limit], |row| {
        Ok(Alarm { at_ms: row.get(0)?, kiosk: row.get(1)?, kind: row.get(2)?, detail: row.get(3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn put_dossiers(connection: &mut Connection, dossiers: &[Dossier]) -> Result<(), StoreError> {
    let transaction = connection.transaction()?;
    {
        let mut statement = transaction.prepare_cached(
            "INSERT INTO dossiers (code, phone, procedure_code, procedure_name, status_number, status_word, channel,
                                   received, due, due_again, unit, as_of_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
             ON CONFLICT (code) DO UPDATE SET
                 phone = coalesce(excluded.phone, phone), procedure_code = excluded.procedure_code,
                 procedure_name = excluded.procedure_name, status_number = excluded.status_number,
                 status_word = excluded.status_word, channel = excluded.channel, received = excluded.received,
                 due = excluded.due, due_again = excluded.due_again, unit = excluded.unit,
                 as_of_ms = excluded.as_of_ms
             WHERE excluded.as_of_ms >= as_of_ms",
        )?;
        for dossier in dossiers {
            statement.execute(params![
                dossier.code,
                dossier.phone,
                dossier.procedure_code,
                dossier.procedure_name,
                dossier.status_number,
                dossier.status_word,
                dossier.channel,
                dossier.received,
                dossier.due,
                dossier.due_again,
                dossier.unit,
                dossier.as_of_ms
            ])?;
        }
    }
    transaction.commit()?;
    Ok(())
}

pub(super) fn dossier(connection: &Connection, code: &Keyed) -> Result<Option<Dossier>, StoreError> {
    let sql = "SELECT code, phone, procedure_code, procedure_name, status_number, status_word, channel, received, due,
                      due_again, unit, as_of_ms FROM dossiers WHERE code = ?1";
    let read = |row: &Row<'_>| {
        Ok(Dossier {
            code: row.get(0)?,
            phone: row.get(1)?,
            procedure_code: row.get(2)?,
            procedure_name: row.get(3)?,
            status_number: row.get(4)?,
            status_word: row.get(5)?,
            channel: row.get(6)?,
            received: row.get(7)?,
            due: row.get(8)?,
            due_again: row.get(9)?,
            unit: row.get(10)?,
            as_of_ms: row.get(11)?,
        })
    };
    Ok(connection.query_row(sql, [code], read).optional()?)
}

pub(super) fn dossier_counts(connection: &Connection, today: &str) -> Result<Vec<DossierCount>, StoreError> {
    // Open is everything but ended without result (3, 7, 8), ready (9) and handed over (10).
    let mut statement = connection.prepare_cached(
        "SELECT coalesce(unit, ''), count(*), sum(coalesce(due_again, due, '9999') < ?1) FROM dossiers
         WHERE coalesce(status_number, 4) NOT IN (3, 7, 8, 9, 10) GROUP BY 1 ORDER BY 1",
    )?;
    let rows = statement.query_map([today], |row| {
        Ok(DossierCount { unit: row.get(0)?, open: row.get(1)?, late: row.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
