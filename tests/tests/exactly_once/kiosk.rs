//! The kiosk's real store and uploader, without a hall around them.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use kiosk_app::clock::Clock;
use kiosk_app::config;
use kiosk_app::report::{Client, Encoder, InboxNews, ServerTime, Upload, Uploader, Vitals};
use kiosk_app::store::Store;
use kiosk_core::effect::{Fact, LookUpOutcome, Record, Report};
use kiosk_core::event::Event;
use kiosk_core::settings::HallSettings;
use kiosk_protocol::Epoch;
use kiosk_tests::clock;
use rusqlite::{Connection, OpenFlags};

const PATIENCE: Duration = Duration::from_secs(90);
/// Events made in one go: small batches give the line more to break.
const CHUNK: usize = 50;

/// The id it reports under.
pub const ID: &str = "kiosk-1";

/// A kiosk that reports.
pub struct Kiosk {
    folder: PathBuf,
    store: Store,
    clock: Clock,
    uploader: Uploader,
    _events: Receiver<Event>,
}

/// The shipped hall.
pub fn hall_settings() -> HallSettings {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config");
    config::load(&[shipped]).settings.expect("the shipped configuration is whole").hall
}

/// A text column, read after the fact.
pub fn column(database: &Path, query: &str) -> Vec<String> {
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut statement = connection.prepare(query).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

impl Kiosk {
    /// A kiosk with a new database that reports through `client`.
    pub fn new(folder: &Path, client: Client) -> Self {
        let (clock, time) = (Clock::start(), client.time().clone());
        let vitals = Vitals::new(folder.to_owned());
        let encoder = Encoder::new(ID, "boot".to_owned(), hall_settings(), vitals, time);
        let (store, _) = Store::open(folder, Epoch(11), Box::new(encoder)).unwrap();
        let (say, events) = sync_channel(1024);
        let outbox = store.outbox().unwrap();
        let upload = Upload {
            outbox,
            client: Some(client),
            news: InboxNews::default(),
            clock: clock.clone(),
            events: say,
        };
        let uploader = Uploader::start(upload).unwrap();
        Self { folder: folder.to_owned(), store, clock, uploader, _events: events }
    }

    /// So many events more happen in the hall; each chunk arrives before the next is made.
    pub fn report(&mut self, count: usize) {
        for _ in 0..count / CHUNK {
            let now = self.clock.now();
            let fact = || Fact::LookedUp { scanned: true, outcome: LookUpOutcome::Found };
            let report = || Record::Report(Report { at: now.wall, mono_ms: now.mono_ms, fact: fact() });
            let records: Vec<Record> = (0..CHUNK).map(|_| report()).collect();
            self.store.apply(&records).unwrap();
            self.uploader.wake();
            let outbox = self.store.outbox().unwrap();
            let empty = || (outbox.depth().unwrap().unsent == 0).then_some(());
            clock::until("an empty outbox", PATIENCE, empty).unwrap();
        }
    }

    /// Every event's bytes, in order.
    pub fn log(&self) -> Vec<String> {
        column(&self.folder.join("hall.db"), "SELECT event FROM outbox ORDER BY position, seq")
    }
}

/// No server time is known yet.
pub fn no_time() -> ServerTime {
    ServerTime::default()
}
