//! The parts of a kiosk, started one after another. Without database or keys nothing runs; every other part may be
//! missing, and staff read why.

use std::io;
use std::path::{Path, PathBuf};

use kiosk_core::Hall;
use kiosk_core::event::{Device, Event, Health};
use kiosk_core::id::CounterId;
use kiosk_core::restored::Restored;
use kiosk_core::screen::Screen;
use kiosk_protocol::{DeviceCounters, Epoch};

use crate::announce::{self, Announcer};
use crate::clock::Clock;
use crate::config::{DisplaySettings, Settings};
use crate::devices::{DeviceError, Displays, Events, Reader, StaffSlip, Tallies, TicketPrinter, by_address};
use crate::hall::pins::{PinBook, PinError};
use crate::hall::session::{SessionKey, SessionKeyError};
use crate::hall::{Labels, Service, Setup};
use crate::health::Health as Proven;
use crate::lookup::{self, Lookup};
use crate::report::{
    Client, Counted, Encoder, EnrolError, Enrolment, InboxNews, Limits, ServerTime, Upload, Uploader, Vitals,
};
use crate::store::{Opening, Outbox, Store, StoreError};
use crate::ticket_link::TicketLink;
use crate::update::{self, Updater};

use super::outside::Outside;

/// How long a call is shown and in the air.
const CALL_SECS: u32 = 5;
/// The file of the counters' PINs.
pub const PINS: &str = "pins.json";

/// A part that nothing works without.
#[derive(Debug, thiserror::Error)]
pub enum PartError {
    /// The database.
    #[error("the database cannot be opened")]
    Store(#[from] StoreError),
    /// A key or PIN file.
    #[error("the counters' PINs cannot be read; remedy: kiosk-app pins makes new ones")]
    Pins(#[from] PinError),
    /// The session key.
    #[error(transparent)]
    SessionKey(#[from] SessionKeyError),
    /// The data folder.
    #[error("data folder {path} cannot be used; remedy: check its disk and owner")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The system has no randomness.
    #[error("the system gives no randomness")]
    Randomness(#[source] io::Error),
}

/// The randomness of a run.
pub struct Seed {
    /// A new epoch, should the database need one.
    fresh: Epoch,
    /// Names this run on the wire.
    boot_id: String,
}

/// The database of a run, and the hall as it was left.
pub struct Opened {
    store: Store,
    restored: Restored,
    time: ServerTime,
}

/// What a kiosk finds around it.
pub struct Around {
    /// Its data folder.
    pub folder: PathBuf,
    /// Where the boot control leaves its last word on an update.
    pub boot: PathBuf,
    /// The kernel's id of this boot, where somebody says it.
    pub this_boot: Option<String>,
    /// What it proves of itself.
    pub health: Proven,
}

/// A kiosk that is about to start: settings with the count of their faults, data folder and keys.
pub struct Place {
    settings: Settings,
    faults: u32,
    folder: PathBuf,
    boot: PathBuf,
    this_boot: Option<String>,
    health: Proven,
    news: InboxNews,
    key: SessionKey,
    link: Option<TicketLink>,
    tallies: Tallies,
}

impl Place {
    /// Makes the data folder and reads the kiosk's own key.
    ///
    /// # Errors
    /// When the folder or the key cannot be used.
    pub fn prepare(settings: Settings, faults: u32, around: Around) -> Result<Self, PartError> {
        let Around { folder, boot, this_boot, health } = around;
        let failed = |source| PartError::Folder { path: folder.clone(), source };
        std::fs::create_dir_all(&folder).map_err(failed)?;
        health.probe(&folder);
        // Before the service manager hears that the kiosk runs: after that the boot control looks for requests.
        if let Some(this_boot) = &this_boot {
            update::take_back(&folder, &boot, this_boot);
        }
        let key = SessionKey::load_or_create(&folder.join("session.key"), random)?;
        let base = link_base(&settings, &folder);
        let link =
            base.map(|base| TicketLink::new(base, settings.hall.hall.clone(), key.derive("ticket link")));
        let (news, tallies) = (InboxNews::default(), Tallies::default());
        Ok(Self { settings, faults, folder, boot, this_boot, health, news, key, link, tallies })
    }

    /// Makes the links of this hall's tickets; `None` without a server.
    #[cfg(feature = "screen")]
    pub fn link(&self) -> Option<TicketLink> {
        self.link.clone()
    }

    /// Opens the database.
    ///
    /// # Errors
    /// When it cannot be had now; a later try may succeed.
    pub fn open(&self, seed: &Seed) -> Result<Opened, StoreError> {
        let time = ServerTime::default();
        let encoder = Encoder::new(
            &self.settings.kiosk.kiosk,
            seed.boot_id.clone(),
            self.settings.hall.clone(),
            Vitals::new(self.folder.clone()),
            time.clone(),
        )
        .with_counters(counted(&self.tallies));
        let (store, restored) = Store::open(&self.folder, seed.fresh, Box::new(encoder))?;
        log_opening(store.opening());
        // Opening checks the whole file and ends in a durable write.
        self.health.database(true);
        self.health.data_writable(true);
        Ok(Opened { store, restored, time })
    }

    /// Rebuilds the hall from the database and starts everything around it.
    ///
    /// # Errors
    /// When the PINs or a second connection to the database cannot be had.
    pub fn start(
        self,
        opened: Opened,
        show: Box<dyn Fn(&Screen) + Send>,
        clock: &Clock,
        events: &Events,
    ) -> Result<(Hall, Outside), PartError> {
        let Opened { store, restored, time } = opened;
        if self.faults > 0 {
            // The channel is new and has room.
            events.try_send(Event::ConfigurationFaulty { faults: self.faults }).unwrap_or_default();
        }
        let in_doubt = !restored.jobs_in_doubt.is_empty();
        let (pins, slip) = self.pins()?;
        let outside = Outside {
            show,
            printer: self.printer(in_doubt, slip, events),
            readers: self.readers(events),
            displays: self.displays(events),
            lookup: or_without("lookup", self.lookup(store.outbox()?, &time, clock, events)),
            uploader: or_without("uploader", self.uploader(store.outbox()?, &time, clock, events)),
            updater: or_without("updater", self.updater(&time, clock, events)),
            announcer: or_without("announcer", announcer(clock, events)),
            service: self.service(pins, clock, events),
            outbox_percent: None,
            health: self.health,
            events: events.clone(),
            store,
        };
        Ok((Hall::new(self.settings.hall, restored), outside))
    }

    /// The server as this kiosk was enrolled with it; `None` and a line in the log when it was not.
    fn client(&self, limits: Limits, time: &ServerTime) -> Option<Client> {
        let kiosk = &self.settings.kiosk.kiosk;
        let enrolled = |enrolment: Enrolment| {
            if enrolment.kiosk != *kiosk {
                tracing::error!(
                    configured = kiosk,
                    enrolled = enrolment.kiosk,
                    "enrolled-as-another: put [kiosk] id right or enrol this kiosk again; reports are kept"
                );
                return Ok(None);
            }
            enrolment.client(&self.folder, self.settings.kiosk.server.as_deref(), limits, time.clone())
        };
        let client = Enrolment::load(&self.folder).and_then(|enrolment| enrolment.map_or(Ok(None), enrolled));
        client.unwrap_or_else(|error: EnrolError| {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "enrolment-unusable: enrol this kiosk again"
            );
            None
        })
    }

    fn lookup(
        &self,
        snapshot: Outbox,
        time: &ServerTime,
        clock: &Clock,
        events: &Events,
    ) -> io::Result<Lookup> {
        let client = self.client(Limits::LOOK_UPS, time);
        Lookup::start(lookup::Setup { client, snapshot, clock: clock.clone(), events: events.clone() })
    }

    fn uploader(
        &self,
        outbox: Outbox,
        time: &ServerTime,
        clock: &Clock,
        events: &Events,
    ) -> io::Result<Uploader> {
        let client = self.client(Limits::REPORTS, time);
        let news = self.news.clone();
        Uploader::start(Upload { outbox, client, news, clock: clock.clone(), events: events.clone() })
    }

    fn updater(&self, time: &ServerTime, clock: &Clock, events: &Events) -> io::Result<Updater> {
        // What is wrong with an enrolment is said by `client`.
        let key = Enrolment::load(&self.folder).ok().flatten().map(|enrolment| enrolment.server_key);
        Updater::start(update::Setup {
            data: self.folder.clone(),
            boot: self.boot.clone(),
            this_boot: self.this_boot.clone(),
            server: self.client(Limits::DOWNLOADS, time).zip(key),
            news: self.news.clone(),
            clock: clock.clone(),
            events: events.clone(),
        })
    }
}

impl Place {
    /// The counters' PINs; new ones, with the slip to print, until a slip was seen printed.
    fn pins(&self) -> Result<(PinBook, Option<StaffSlip>), PartError> {
        let counters: Vec<CounterId> = self.settings.hall.counters.iter().map(|counter| counter.id).collect();
        let mut book = PinBook::open(&self.folder.join(PINS))?;
        if !book.needs_slip(&counters) {
            return Ok((book, None));
        }
        let lines = book.renew(&counters, random)?.slip_lines();
        let mut printed = book.clone();
        let slip = StaffSlip::new("MÃ PIN CỦA CÁC QUẦY", lines, move || {
            if let Err(error) = printed.slip_printed() {
                tracing::error!(%error, "slip-unnoted: the next start makes new PINs");
            }
        });
        Ok((book, Some(slip)))
    }

    fn printer(&self, in_doubt: bool, slip: Option<StaffSlip>, events: &Events) -> Option<TicketPrinter> {
        let Some(settings) = self.settings.kiosk.printer.as_ref() else {
            self.health.no_printer();
            return None;
        };
        let (hall, link) = (&self.settings.hall, self.link.clone());
        let started =
            TicketPrinter::start(settings, hall, link, in_doubt, slip, &self.tallies, events.clone());
        or_failed(started, [Device::Printer], events)
    }

    fn readers(&self, events: &Events) -> Vec<Reader> {
        let kiosk = &self.settings.kiosk;
        let scanner = kiosk.scanner.iter().filter_map(|settings| {
            or_failed(Reader::scanner(settings, &self.tallies, events.clone()), [Device::Scanner], events)
        });
        let keypads = kiosk.keypads.iter().filter_map(|settings| {
            let device = Device::Keypad(settings.counter);
            or_failed(Reader::keypad(settings, &self.tallies, events.clone()), [device], events)
        });
        scanner.chain(keypads).collect()
    }

    fn displays(&self, events: &Events) -> Vec<Displays> {
        let start = |line: Vec<&DisplaySettings>| {
            let started = Displays::start(&line, &self.tallies, events.clone());
            or_failed(started, line.iter().map(|display| Device::Display(display.counter)), events)
        };
        by_address(&self.settings.kiosk.displays).into_iter().filter_map(start).collect()
    }

    fn service(&self, pins: PinBook, clock: &Clock, events: &Events) -> Option<Service> {
        let setup = Setup {
            listen: self.settings.kiosk.listen,
            labels: Labels::of(&self.settings.hall),
            pins,
            key: self.key.clone(),
            call_secs: CALL_SECS,
            clock: clock.clone(),
        };
        or_without("hall-service", Service::start(setup, events.clone()))
    }
}

/// The drivers' counters in the words of the wire.
fn counted(tallies: &Tallies) -> Counted {
    let tallies = tallies.clone();
    Box::new(move |device| {
        tallies.of(device).map(|counters| DeviceCounters {
            opens: counters.opens,
            failed_opens: counters.failed_opens,
            losses: counters.losses,
            restarts: counters.restarts,
            timeouts: counters.timeouts,
            health_changes: counters.health_changes,
        })
    })
}

/// The server that the tickets' links lead to; without one nobody could follow a link. What is wrong with an enrolment is
/// said by the parts that use it.
pub fn link_base(settings: &Settings, folder: &Path) -> Option<String> {
    let enrolled = || Enrolment::load(folder).ok().flatten().map(|enrolment| enrolment.server);
    settings.kiosk.server.clone().or_else(enrolled)
}

/// A part that could not be started is missed, said in the log, and the kiosk works without it.
fn or_without<T, E: std::error::Error + 'static>(part: &'static str, started: Result<T, E>) -> Option<T> {
    started
        .inspect_err(|error| {
            tracing::error!(part, error = error as &dyn std::error::Error, "part-not-started")
        })
        .ok()
}

/// A device that cannot even be looked for is told to staff as failed; the others work.
fn or_failed<T>(
    started: Result<T, DeviceError>,
    devices: impl IntoIterator<Item = Device>,
    events: &Events,
) -> Option<T> {
    match started {
        Ok(part) => Some(part),
        Err(error) => {
            for device in devices {
                tracing::error!(?device, %error, "device-failed: look at its lines in the configuration");
                // The channel is new and has room; if not, the device stays unknown, which staff see as well.
                events.try_send(Event::DeviceChanged { device, health: Health::Failed }).unwrap_or_default();
            }
            None
        }
    }
}

fn announcer(clock: &Clock, events: &Events) -> io::Result<Announcer> {
    let settings = announce::Settings { call_secs: CALL_SECS, sound: None };
    Announcer::start(settings, clock.clone(), events.clone())
}

impl Seed {
    /// Draws one.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn draw() -> Result<Self, PartError> {
        let boot_id: [u8; 16] = random_bytes()?;
        let boot_id = boot_id.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { fresh: Epoch(u64::from_be_bytes(random_bytes()?)), boot_id })
    }
}

fn random_bytes<const N: usize>() -> Result<[u8; N], PartError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| PartError::Randomness(error.into()))?;
    Ok(bytes)
}

fn log_opening(opening: &Opening) {
    match opening {
        Opening::AsLeft => tracing::info!("database-as-left"),
        Opening::New => tracing::info!("database-new"),
        Opening::FromCopy { copy, damaged } => {
            tracing::error!(copy, ?damaged, "database-from-copy: the damaged file was set aside");
        }
        Opening::Rebuilt { damaged } => {
            tracing::error!(?damaged, "database-rebuilt: no copy was good; numbers go on above those known");
        }
    }
}

/// 32 bytes that nobody can guess.
pub fn random() -> io::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}
