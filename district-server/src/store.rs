//! What the server must keep, as a trait: SQLite for a district, PostgreSQL for a province. Every implementation passes
//! the same conformance tests (`tests/store_conformance.rs`).

pub mod sqlite;

use crate::secret::Keyed;
use kiosk_protocol::{Epoch, InboxCommand};
use std::path::PathBuf;

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused.
    #[error("database refused")]
    Database(#[from] rusqlite::Error),
    /// The database file cannot be opened.
    #[error(
        "database {path} cannot be opened; check that its folder exists and belongs to the server's user"
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// A setting that durability rests on did not take.
    #[error("database setting {name} is {found}, not {wanted}; the file system may not support it")]
    Pragma {
        /// The pragma.
        name: &'static str,
        /// Its value.
        found: String,
        /// The value it must have.
        wanted: &'static str,
    },
    /// This SQLite can corrupt a write-ahead log.
    #[error(
        "SQLite {found} is older than 3.51.3 and can corrupt a write-ahead log; build with the bundled one"
    )]
    OldSqlite {
        /// Its version.
        found: &'static str,
    },
    /// The check at start found damage.
    #[error("database {path} is damaged ({fault}); restore a backup: the kiosks send again what is missing")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// First fault.
        fault: String,
    },
    /// Written by a newer server.
    #[error("database {path} has schema {found}, this server knows {known}; install the newer server again")]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest this server knows.
        known: i64,
    },
}

/// One event on its way into the store.
#[derive(Clone, Debug)]
pub struct IncomingEvent {
    /// Exact bytes as sent.
    pub raw: String,
    /// Chain hash after this event.
    pub chain: [u8; 32],
    /// CloudEvents type; empty if unreadable.
    pub wire_type: String,
    /// Hall it counts for.
    pub hall: String,
    /// Business day it counts for, `yyyy-mm-dd`.
    pub day: String,
    /// Kiosk's wall clock, milliseconds since 1970 UTC.
    pub kiosk_ms: i64,
    /// If set, this event is the newest word on that subject (`heartbeat`, `device.health/printer`).
    pub subject: Option<String>,
    /// Why it was unreadable, if it was.
    pub bad: Option<String>,
}

/// A verified batch.
#[derive(Clone, Debug)]
pub struct IncomingBatch {
    /// Sender.
    pub kiosk: String,
    /// Its epoch.
    pub epoch: Epoch,
    /// Sequence of the first event.
    pub first_seq: u64,
    /// Chain hash before the first event.
    pub prev_hash: [u8; 32],
    /// The events, contiguous.
    pub events: Vec<IncomingEvent>,
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// Everything below `next_seq` is durable.
    Upto {
        /// First sequence the store does not have.
        next_seq: u64,
        /// How many events were new.
        new: usize,
    },
    /// The batch starts too late.
    Gap {
        /// First sequence the store does not have.
        next_seq: u64,
    },
    /// Another event is stored there; the epoch is quarantined and an alarm raised.
    Fork {
        /// First sequence that differs.
        seq: u64,
    },
}

/// One event as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// Row: grows with every event, for paging and caching.
    pub row: i64,
    /// Sender.
    pub kiosk: String,
    /// Its hall when it was received, or the ticket's.
    pub hall: String,
    /// Exact bytes as sent.
    pub raw: String,
    /// When the server received it, milliseconds since 1970 UTC.
    pub received_ms: i64,
}

/// A business day of a hall that has events.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DayMark {
    /// Hall.
    pub hall: String,
    /// Day, `yyyy-mm-dd`.
    pub day: String,
    /// Newest row of that day: unchanged means nothing came in.
    pub last_row: i64,
}

/// A known kiosk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kiosk {
    /// Its id.
    pub id: String,
    /// Hall it stands in.
    pub hall: String,
    /// Its Ed25519 public key.
    pub public_key: [u8; 32],
    /// Not to be trusted any more.
    pub revoked: bool,
    /// When it last reported, milliseconds since 1970 UTC; 0 for never.
    pub last_heard_ms: i64,
    /// Events received.
    pub events: u64,
}

/// A one-time token, stored as its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolToken {
    /// Hash of the token.
    pub hash: Keyed,
    /// Kiosk it is for.
    pub kiosk: String,
    /// Hall the kiosk stands in.
    pub hall: String,
    /// Good until, milliseconds since 1970 UTC.
    pub expires_ms: i64,
}

/// Something an officer must hear of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// When, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// Kiosk concerned; empty for the server itself.
    pub kiosk: String,
    /// Kind, in snake case (`fork`, `bad_signature`, `lookup_misses`, `bad_events`).
    pub kind: String,
    /// Details for a technician.
    pub detail: String,
}

/// A dossier's projection. Neither its code nor a phone number is in it: only keyed hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dossier {
    /// Keyed hash of the normalised code.
    pub code: Keyed,
    /// Keyed hash of code and last four phone digits, if the source had a phone.
    pub phone: Option<Keyed>,
    /// Procedure's code.
    pub procedure_code: Option<String>,
    /// Procedure's name.
    pub procedure_name: Option<String>,
    /// Number of the national list.
    pub status_number: Option<u8>,
    /// Source's word.
    pub status_word: String,
    /// Channel, 1 to 3.
    pub channel: Option<u8>,
    /// Received, `yyyy-mm-dd`.
    pub received: Option<String>,
    /// Due, `yyyy-mm-dd`.
    pub due: Option<String>,
    /// New due date.
    pub due_again: Option<String>,
    /// Unit.
    pub unit: Option<String>,
    /// As of, milliseconds since 1970 UTC.
    pub as_of_ms: i64,
}

/// What a signed-in person may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// All halls.
    Leader,
    /// The own hall.
    Officer,
}

/// Someone who may sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Name of the account (a function, `lanh-dao`, better than a person).
    pub name: String,
    /// What it may see.
    pub role: Role,
    /// An officer's hall.
    pub hall: Option<String>,
}

/// Overdue and open dossiers of one unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DossierCount {
    /// Unit, empty if unknown.
    pub unit: String,
    /// Not yet handed over nor ended.
    pub open: u64,
    /// Of these, past their date.
    pub late: u64,
}

/// A command and when it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCommand {
    /// The command as the kiosk gets it.
    pub command: InboxCommand,
    /// When, milliseconds since 1970 UTC.
    pub at_ms: i64,
}

/// Everything the server keeps.
pub trait Store: Send + Sync {
    /// Takes a batch in one durable transaction: cursor row, hashes of what is known compared, contiguous rest inserted.
    fn append(&self, batch: &IncomingBatch, now_ms: i64) -> Result<Appended, StoreError>;
    /// Events of a hall's business day, in the order received.
    fn events_of_day(&self, hall: &str, day: &str) -> Result<Vec<StoredEvent>, StoreError>;
    /// Days with events, from `from` to `to` (both included), by hall and day.
    fn day_marks(&self, from: &str, to: &str) -> Result<Vec<DayMark>, StoreError>;
    /// A kiosk's newest event on each subject.
    fn newest(&self, kiosk: &str) -> Result<Vec<StoredEvent>, StoreError>;
    /// Up to `limit` events after row `after`, in the order received.
    fn export(&self, after: i64, limit: u32) -> Result<Vec<StoredEvent>, StoreError>;

    /// Notes a one-time token.
    fn add_token(&self, token: &EnrolToken) -> Result<(), StoreError>;
    /// Uses a token for a key; commands given to the kiosk's former key are forgotten. The kiosk as enrolled, or `None` if the token is unknown, used by another key, too old or for
    /// another kiosk.
    fn enrol(
        &self,
        token: &Keyed,
        kiosk: &str,
        key: &[u8; 32],
        now_ms: i64,
    ) -> Result<Option<Kiosk>, StoreError>;
    /// One kiosk.
    fn kiosk(&self, id: &str) -> Result<Option<Kiosk>, StoreError>;
    /// All kiosks by id.
    fn kiosks(&self) -> Result<Vec<Kiosk>, StoreError>;
    /// Withdraws a kiosk's key; false if there is no such kiosk.
    fn revoke(&self, kiosk: &str) -> Result<bool, StoreError>;

    /// Number of a kiosk's newest command, 0 for none.
    fn newest_command(&self, kiosk: &str) -> Result<u64, StoreError>;
    /// Adds a command; false if its number is not the next one.
    fn add_command(&self, kiosk: &str, command: &InboxCommand, now_ms: i64) -> Result<bool, StoreError>;
    /// Up to `limit` commands of a kiosk after number `after`, oldest first.
    fn commands(&self, kiosk: &str, after: u64, limit: u32) -> Result<Vec<StoredCommand>, StoreError>;

    /// Raises an alarm.
    fn raise(&self, alarm: &Alarm) -> Result<(), StoreError>;
    /// Newest alarms first.
    fn alarms(&self, limit: u32) -> Result<Vec<Alarm>, StoreError>;

    /// Inserts or replaces dossiers; an older `as_of_ms` never replaces a newer.
    fn put_dossiers(&self, dossiers: &[Dossier]) -> Result<(), StoreError>;
    /// The dossier of a keyed code.
    fn dossier(&self, code: &Keyed) -> Result<Option<Dossier>, StoreError>;
    /// Open and late dossiers by unit, as of `today`.
    fn dossier_counts(&self, today: &str) -> Result<Vec<DossierCount>, StoreError>;

    /// Makes or changes an account; its sign-in code is given as hash.
    fn put_account(&self, account: &Account, code: &Keyed) -> Result<(), StoreError>;
    /// How many accounts there are.
    fn account_count(&self) -> Result<u64, StoreError>;
    /// The account of a sign-in code.
    fn account_by_code(&self, code: &Keyed) -> Result<Option<Account>, StoreError>;
    /// Opens a session.
    fn put_session(&self, session: &Keyed, account: &str, expires_ms: i64) -> Result<(), StoreError>;
    /// The account of a live session.
    fn session(&self, session: &Keyed, now_ms: i64) -> Result<Option<Account>, StoreError>;
    /// Ends a session.
    fn end_session(&self, session: &Keyed) -> Result<(), StoreError>;
}
