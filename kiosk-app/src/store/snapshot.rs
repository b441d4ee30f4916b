//! The kiosk's own copy of dossier statuses, for look-ups without the server.

use hmac::{Hmac, KeyInit, Mac};
use rusqlite::{OptionalExtension, params};
use sha2::Sha256;

use super::error::StoreError;
use super::outbox::Outbox;

/// What the copy knows of a dossier. Days are counted since 1970-01-01 at UTC+7.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotRow {
    /// Number of the national list, 1 to 10.
    pub stage: u8,
    /// Procedure code.
    pub procedure_code: Option<String>,
    /// Day received.
    pub received_day: Option<i32>,
    /// Appointed day.
    pub due_day: Option<i32>,
    /// New appointed day.
    pub redue_day: Option<i32>,
    /// The unit that has it.
    pub unit: Option<String>,
    /// When the whole copy was true, Unix milliseconds.
    pub as_of_ms: i64,
}

impl Outbox {
    /// What the copy knows of the dossier with this code; `None` as well when there is no copy.
    pub fn snapshot(&self, code: &str) -> Result<Option<SnapshotRow>, StoreError> {
        let reading = StoreError::sqlite("read the snapshot");
        let state = self
            .connection
            .query_row("SELECT hmac_key, as_of_ms FROM snapshot_state", [], |row| {
                Ok((row.get::<_, [u8; 32]>(0)?, row.get::<_, i64>(1)?))
            })
            .optional();
        let (key, as_of_ms) = match state {
            Ok(Some(state)) => state,
            Ok(None) => return Ok(None),
            Err(error) => return Err(reading(error)),
        };
        self.connection
            .query_row(
                "SELECT stage, procedure_code, received_day, due_day, redue_day, unit FROM snapshot WHERE code_hmac = ?1",
                params![code_hmac(&key, code)],
                |row| {
                    Ok(SnapshotRow {
                        stage: row.get(0)?,
                        procedure_code: row.get(1)?,
                        received_day: row.get(2)?,
                        due_day: row.get(3)?,
                        redue_day: row.get(4)?,
                        unit: row.get(5)?,
                        as_of_ms,
                    })
                },
            )
            .optional()
            .map_err(reading)
    }
}

/// Under what a dossier is filed in the copy.
fn code_hmac(key: &[u8; 32], code: &str) -> Option<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(code.as_bytes());
    Some(mac.finalize().into_bytes().into())
}

#[cfg(test)]
impl Outbox {
    /// Files one dossier in the copy.
    pub(crate) fn put_snapshot(&self, code: &str, row: &SnapshotRow) {
        let key = [5; 32];
        self.connection
            .execute("INSERT OR REPLACE INTO snapshot_state VALUES (1, ?1, ?2)", params![key, row.as_of_ms])
            .unwrap();
        let hmac = code_hmac(&key, code).unwrap();
        let SnapshotRow { stage, procedure_code, received_day, due_day, redue_day, unit, .. } = row;
        self.connection
            .execute(
                "INSERT INTO snapshot VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![hmac, stage, procedure_code, received_day, due_day, redue_day, unit],
            )
            .unwrap();
    }
}
