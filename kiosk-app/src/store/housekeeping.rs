//! What the uploader's thread does for the store when it has nothing to send: copies and forgetting.

use kiosk_core::time::Wall;

use super::error::StoreError;
use super::files;
use super::outbox::Outbox;

/// Acknowledged events are kept this long, so that a server restored from an old backup is refilled.
const KEEP_EVENTS_MS: i64 = 35 * 86_400_000;

/// Tickets, ratings and print jobs of days before this many are forgotten.
const KEEP_DAYS: i32 = 90;

/// Rows a step: a step is one short transaction, so that a tap never waits long behind it.
const STEP_ROWS: usize = 500;

impl Outbox {
    /// Deletes one step of what is old enough and says whether there may be more. Without a trusted clock it does nothing.
    pub fn sweep(&mut self, now: Wall) -> Result<bool, StoreError> {
        if !now.trusted {
            return Ok(false);
        }
        let events_before = now.unix_ms.saturating_sub(KEEP_EVENTS_MS);
        let days_before = now.day().0.saturating_sub(KEEP_DAYS);
        self.write("forget old rows", |transaction| {
            let limit = i64::try_from(STEP_ROWS).unwrap_or(i64::MAX);
            let events = transaction.execute(
                "DELETE FROM outbox WHERE (position, seq) IN (
                     SELECT position, seq FROM outbox JOIN epoch USING (position)
                     WHERE seq < acknowledged AND acknowledged_ms < ?1 LIMIT ?2)",
                [events_before, limit],
            )?;
            let tickets = transaction.execute(
                "DELETE FROM ticket WHERE (day, series, ordinal) IN (
                     SELECT day, series, ordinal FROM ticket
                     WHERE day < ?1 AND state NOT IN ('waiting', 'called', 'serving', 'on_hold') LIMIT ?2)",
                [i64::from(days_before), limit],
            )?;
            let ratings = transaction.execute(
                "DELETE FROM rating WHERE (day, series, ordinal) IN (
                     SELECT day, series, ordinal FROM rating WHERE day < ?1 LIMIT ?2)",
                [i64::from(days_before), limit],
            )?;
            let jobs = transaction.execute(
                "DELETE FROM print_ledger WHERE job IN (
                     SELECT job FROM print_ledger WHERE outcome IS NOT NULL AND job <
                        (SELECT coalesce(min(job), 0) FROM ticket WHERE day >= ?1) LIMIT ?2)",
                [i64::from(days_before), limit],
            )?;
            transaction.execute("DELETE FROM series WHERE day < ?1", [days_before])?;
            transaction.execute("DELETE FROM lost_number WHERE day < ?1", [days_before])?;
            transaction.execute(
                "DELETE FROM epoch WHERE position < (SELECT max(position) FROM epoch) AND acknowledged = next_seq
                 AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.position = epoch.position)",
                [],
            )?;
            Ok([events, tickets, ratings, jobs].contains(&STEP_ROWS))
        })
    }

    /// Makes a fresh copy of the whole database; the newest before becomes the second.
    pub fn keep_copy(&mut self) -> Result<(), StoreError> {
        let beside = self.folder.join("hall.copying.db");
        files::discard(&beside)?;
        let text = beside.to_string_lossy().into_owned();
        if let Err(error) = self.connection.execute("VACUUM INTO ?1", [text]) {
            // Half a copy on a full disk is room that tickets need.
            files::discard(&beside)?;
            return Err(StoreError::sqlite("copy itself")(error));
        }
        for number in (1..files::GENERATIONS).rev() {
            let newer = files::generation(&self.folder, number);
            if newer.exists() {
                files::replace(&newer, &files::generation(&self.folder, number + 1))?;
            }
        }
        files::replace(&beside, &files::generation(&self.folder, 1))
    }
}
