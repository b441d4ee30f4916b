//! The outbox's outer end: what the uploader reads and marks.

use std::path::{Path, PathBuf};

use kiosk_core::time::Wall;
use kiosk_protocol::Epoch;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::append::Place;
use super::depth::{Depth, depth};
use super::error::StoreError;
use super::records::int;
use super::restore::unsigned;
use super::{connection, files, recovery};

/// The uploader's connection to the outbox. Events stay where they are until they are 35 days old and acknowledged.
pub struct Outbox {
    pub(super) connection: Connection,
    pub(super) folder: PathBuf,
}

/// The next events to send, contiguous, all of one epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Where the first of them stands.
    pub first: Place,
    /// The chain hash before the first.
    pub previous: [u8; 32],
    /// The events' exact bytes, at least one.
    pub events: Vec<String>,
}

/// What came of a rewind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rewound {
    /// Sending goes on there.
    Done,
    /// That event is no longer kept: a new epoch is needed.
    NotKept,
    /// Refused: it lies ahead of what is acknowledged, so events in between would never be sent.
    Ahead,
}

/// Every event that `folder`'s database keeps, acknowledged or not, in the order of epochs and sequences. The kiosk may be
/// running meanwhile.
pub fn kept_events(folder: &Path) -> Result<Vec<String>, StoreError> {
    // Opening would make an empty database.
    let database = folder.join(files::DATABASE);
    std::fs::metadata(&database).map_err(files::failed("find", &database))?;
    let outbox = Outbox::open(folder)?;
    let mut statement = outbox
        .connection
        .prepare("SELECT event FROM outbox ORDER BY position, seq")
        .map_err(StoreError::sqlite("prepare the export"))?;
    let events = statement.query_map([], |row| row.get(0)).and_then(Iterator::collect);
    events.map_err(StoreError::sqlite("read the events"))
}

impl Outbox {
    pub(super) fn open(folder: &Path) -> Result<Self, StoreError> {
        let connection = connection::open(&folder.join(files::DATABASE), connection::OUTBOX_BUSY_LIMIT)?;
        Ok(Self { connection, folder: folder.to_owned() })
    }

    /// The next events to send, at most `max_events` with together at most `max_bytes`, but always at least one if there is
    /// any. Earlier epochs come first.
    pub fn unsent(&self, max_events: usize, max_bytes: usize) -> Result<Option<Pending>, StoreError> {
        let reading = StoreError::sqlite("read the outbox");
        self.read_unsent(max_events, max_bytes).map_err(reading)
    }

    fn read_unsent(&self, max_events: usize, max_bytes: usize) -> rusqlite::Result<Option<Pending>> {
        let head = self
            .connection
            .prepare(
                "SELECT position, epoch, acknowledged FROM epoch WHERE acknowledged < next_seq ORDER BY position LIMIT 1",
            )?
            .query_row([], |row| {
                let epoch = Epoch(row.get::<_, i64>(1)?.cast_unsigned());
                Ok((row.get::<_, i64>(0)?, Place { epoch, seq: unsigned(row, 2)? }))
            })
            .optional()?;
        let Some((position, first)) = head else {
            return Ok(None);
        };
        let mut statement = self.connection.prepare(
            "SELECT previous, event FROM outbox WHERE position = ?1 AND seq >= ?2 ORDER BY seq LIMIT ?3",
        )?;
        let limit = i64::try_from(max_events).unwrap_or(i64::MAX);
        let mut rows = statement.query(params![position, int(first.seq), limit])?;
        let mut pending: Option<Pending> = None;
        let mut bytes = 0;
        while let Some(row) = rows.next()? {
            let event: String = row.get(1)?;
            bytes += event.len() + 1;
            match &mut pending {
                None => pending = Some(Pending { first, previous: row.get(0)?, events: vec![event] }),
                Some(_) if bytes > max_bytes => break,
                Some(pending) => pending.events.push(event),
            }
        }
        Ok(pending)
    }

    /// Marks everything below `below` as durable at the server.
    pub fn acknowledge(&mut self, epoch: Epoch, below: u64, at: Wall) -> Result<(), StoreError> {
        self.write("mark events as acknowledged", |transaction| {
            transaction.execute(
                "UPDATE outbox SET acknowledged_ms = ?3 WHERE position = (SELECT position FROM epoch WHERE epoch = ?1)
                 AND seq >= (SELECT acknowledged FROM epoch WHERE epoch = ?1) AND seq < ?2",
                params![epoch.0.cast_signed(), int(below), at.unix_ms],
            )?;
            transaction.execute(
                "UPDATE epoch SET acknowledged = max(acknowledged, min(?2, next_seq)) WHERE epoch = ?1",
                params![epoch.0.cast_signed(), int(below)],
            )?;
            Ok(())
        })
    }

    /// Marks events that the server could not read. It has them raw; they are not sent into a later epoch.
    pub fn park(&mut self, epoch: Epoch, seqs: &[u64]) -> Result<(), StoreError> {
        self.write("park events", |transaction| {
            for seq in seqs {
                transaction.execute(
                    "UPDATE outbox SET parked = 1
                     WHERE position = (SELECT position FROM epoch WHERE epoch = ?1) AND seq = ?2",
                    params![epoch.0.cast_signed(), int(*seq)],
                )?;
            }
            Ok(())
        })
    }

    /// Goes back to `to`, because the server has nothing from there on.
    pub fn rewind(&mut self, epoch: Epoch, to: u64) -> Result<Rewound, StoreError> {
        self.write("rewind", |transaction| {
            let place = params![epoch.0.cast_signed(), int(to)];
            let found: Option<(bool, bool)> = transaction
                .query_row(
                    "SELECT ?2 > acknowledged, EXISTS
                         (SELECT 1 FROM outbox WHERE outbox.position = epoch.position AND seq = ?2)
                     FROM epoch WHERE epoch = ?1",
                    place,
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
                .optional()?;
            match found {
                Some((true, _)) => Ok(Rewound::Ahead),
                Some((false, true)) => {
                    transaction.execute("UPDATE epoch SET acknowledged = ?2 WHERE epoch = ?1", place)?;
                    Ok(Rewound::Done)
                }
                Some((false, false)) | None => Ok(Rewound::NotKept),
            }
        })
    }

    /// Whether the file itself is damaged, as the next start would find: for an error that says so, before a run is ended.
    pub fn is_damaged(&self) -> bool {
        recovery::check(&self.folder).is_err_and(|error| error.is_damage())
    }

    /// How much waits.
    pub fn depth(&self) -> Result<Depth, StoreError> {
        depth(&self.connection)
    }

    pub(super) fn write<T>(
        &mut self,
        doing: &'static str,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let transaction = connection::begin(&mut self.connection)?;
        change(&transaction)
            .and_then(|value| transaction.commit().map(|()| value))
            .map_err(StoreError::sqlite(doing))
    }
}

impl std::fmt::Debug for Outbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbox").field("folder", &self.folder).finish_non_exhaustive()
    }
}
