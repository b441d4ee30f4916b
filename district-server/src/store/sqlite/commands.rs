//! What was ordered of kiosks.

use super::*;
use rusqlite::params;

pub(super) fn newest(connection: &Connection, kiosk: &str) -> Result<u64, StoreError> {
    Ok(connection.query_row(
        "SELECT coalesce(max(number), 0) FROM commands WHERE kiosk = ?1",
        [kiosk],
        |row| row.get(0),
    )?)
}

pub(super) fn add(
    connection: &Connection,
    kiosk: &str,
    command: &InboxCommand,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let added = connection.execute(
        "INSERT INTO commands (kiosk, number, command, signature, at_ms)
         SELECT ?1, ?2, ?3, ?4, ?5
         WHERE ?2 = 1 + (SELECT coalesce(max(number), 0) FROM commands WHERE kiosk = ?1)",
        params![kiosk, command.number, command.command, command.signature, now_ms],
    )?;
    Ok(added == 1)
}

pub(super) fn after(
    connection: &Connection,
    kiosk: &str,
    after: u64,
    limit: u32,
) -> Result<Vec<StoredCommand>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT number, command, signature, at_ms FROM commands WHERE kiosk = ?1 AND number > ?2
         ORDER BY number LIMIT ?3",
    )?;
    let rows = statement.query_map(params![kiosk, after, limit], |row| {
        let command = InboxCommand { number: row.get(0)?, command: row.get(1)?, signature: row.get(2)? };
        Ok(StoredCommand { command, at_ms: row.get(3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
