//! Kiosks, tokens, accounts and sessions.

use super::*;
use rusqlite::{OptionalExtension, Row, TransactionBehavior, params};

const KIOSK: &str = "SELECT id, hall, public_key, revoked, last_heard_ms, events FROM kiosks";

fn read_kiosk(row: &Row<'_>) -> rusqlite::Result<Kiosk> {
    Ok(Kiosk {
        id: row.get(0)?,
        hall: row.get(1)?,
        public_key: row.get(2)?,
        revoked: row.get(3)?,
        last_heard_ms: row.get(4)?,
        events: row.get(5)?,
    })
}

pub(super) fn kiosk(connection: &Connection, id: &str) -> Result<Option<Kiosk>, StoreError> {
    Ok(connection.query_row(&format!("{KIOSK} WHERE id = ?1"), [id], read_kiosk).optional()?)
}

pub(super) fn kiosks(connection: &Connection) -> Result<Vec<Kiosk>, StoreError> {
    let mut statement = connection.prepare_cached(&format!("{KIOSK} ORDER BY hall, id"))?;
    let rows = statement.query_map([], read_kiosk)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn add_token(connection: &Connection, token: &EnrolToken) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO enrol_tokens (hash, kiosk, hall, expires_ms) VALUES (?1, ?2, ?3, ?4)",
        params![token.hash, token.kiosk, token.hall, token.expires_ms],
    )?;
    Ok(())
}

pub(super) fn enrol(
    connection: &mut Connection,
    token: &Keyed,
    id: &str,
    key: &[u8; 32],
    now_ms: i64,
) -> Result<Option<Kiosk>, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: Option<(String, Option<[u8; 32]>)> = transaction
        .query_row(
            "SELECT hall, used_by FROM enrol_tokens WHERE hash = ?1 AND kiosk = ?2 AND expires_ms > ?3",
            params![token, id, now_ms],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    let Some((hall, used_by)) = found else { return Ok(None) };
    match used_by {
        Some(other) if other != *key => return Ok(None),
        // The answer was lost on its way: say it again, but never lift a later revocation.
        Some(_) => {}
        None => {
            transaction
                .execute("UPDATE enrol_tokens SET used_by = ?2 WHERE hash = ?1", params![token, key])?;
            // Another machine under the old name must not carry out what was ordered of the one before.
            transaction.execute(
                "DELETE FROM commands WHERE kiosk = (SELECT id FROM kiosks WHERE id = ?1 AND public_key <> ?2)",
                params![id, key],
            )?;
            transaction.execute(
                "INSERT INTO kiosks (id, hall, public_key) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE
                 SET hall = excluded.hall, public_key = excluded.public_key, revoked = 0",
                params![id, hall, key],
            )?;
        }
    }
    let enrolled = kiosk(&transaction, id)?.filter(|kiosk| kiosk.public_key == *key && !kiosk.revoked);
    transaction.commit()?;
    Ok(enrolled)
}

fn read_account(row: &Row<'_>) -> rusqlite::Result<Account> {
    let role = if row.get::<_, String>(1)? == "leader" { Role::Leader } else { Role::Officer };
    Ok(Account { name: row.get(0)?, role, hall: row.get(2)? })
}

pub(super) fn put_account(
    connection: &Connection,
    account: &Account,
    code: &Keyed,
) -> Result<(), StoreError> {
    let role = match account.role {
        Role::Leader => "leader",
        Role::Officer => "officer",
    };
    connection.execute("DELETE FROM sessions WHERE account = ?1", [&account.name])?;
    connection.execute(
        "INSERT INTO accounts (name, role, hall, code) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (name) DO UPDATE
         SET role = excluded.role, hall = excluded.hall, code = excluded.code",
        params![account.name, role, account.hall, code],
    )?;
    Ok(())
}

pub(super) fn account_by_code(connection: &Connection, code: &Keyed) -> Result<Option<Account>, StoreError> {
    let sql = "SELECT name, role, hall FROM accounts WHERE code = ?1";
    Ok(connection.query_row(sql, [code], read_account).optional()?)
}

pub(super) fn put_session(
    connection: &Connection,
    session: &Keyed,
    account: &str,
    expires_ms: i64,
) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO sessions (hash, account, expires_ms) VALUES (?1, ?2, ?3)",
        params![session, account, expires_ms],
    )?;
    Ok(())
}

pub(super) fn session(
    connection: &Connection,
    session: &Keyed,
    now_ms: i64,
) -> Result<Option<Account>, StoreError> {
    let sql = "SELECT name, role, hall FROM accounts JOIN sessions ON account = name
               WHERE hash = ?1 AND expires_ms > ?2";
    Ok(connection.query_row(sql, params![session, now_ms], read_account).optional()?)
}
