//! Puts the kiosk together and runs it: the only module that sees all the others.
//!
//! ```text
//!  main thread          loop thread                     threads of their own
//!  screen  --touch-->                 --print-->        printer, scanner, keypads
//!          <--show---   Hall::handle  --ask---->        look-up
//!                       store         --wake--->        uploader
//!                                     --publish-->      hall service, announcer
//! ```
//! Every arrow into the loop is one bounded channel of events; nothing but `store` makes the loop wait.

mod opening;
mod outside;
mod parts;
mod turn;

#[cfg(feature = "screen")]
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use kiosk_core::event::Event;
#[cfg(feature = "screen")]
use kiosk_core::screen::OutOfService;
use kiosk_core::screen::Screen;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::clock::Clock;
use crate::config::{self, Loaded};
use crate::devices::Events;
use crate::health::Health;
use crate::options::{Display as Kind, RunOptions};
#[cfg(feature = "screen")]
use crate::ticket_link::TicketLink;
#[cfg(feature = "screen")]
use crate::view;
use crate::watchdog::{Heartbeat, ServiceManager};

use outside::Outside;
use turn::{Ended, Loop};

use parts::{Around, Place, Seed};
pub use parts::{PINS, PartError, link_base, random};

type Show = Box<dyn Fn(&Screen) + Send>;
type Channel = (Events, Receiver<Event>);

/// Events that may wait for the loop. It takes microseconds for one, a store some milliseconds: this is minutes of a busy hall.
const EVENT_QUEUE: usize = 1024;
/// How long the screen says that nothing can be served, before the kiosk ends and looks again.
#[cfg(feature = "screen")]
const SAY_MS: u64 = 60_000;
/// How often the screen's thread vouches for itself.
const KICK: Duration = Duration::from_secs(2);

/// Why the kiosk cannot run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Nothing usable in the configuration.
    #[error("the configuration gives no hall to run; remedy: kiosk-app check-config")]
    NoHall,
    /// Database, keys or another part that nothing works without.
    #[error(transparent)]
    Part(#[from] PartError),
    /// The system gave no thread or no signal handler.
    #[error("cannot start {what}")]
    Start {
        /// What.
        what: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The display could not be opened or went away.
    #[cfg(feature = "screen")]
    #[error("the screen cannot be shown")]
    View(#[from] view::ViewError),
    /// This program was built without that display.
    #[error(
        "this kiosk-app was built without the display {0}; remedy: choose another --display, or take the program that has it (make kiosk builds linuxkms, make build window and headless)"
    )]
    NoSuchDisplay(&'static str),
    /// The database was found damaged while running.
    #[error(
        "the database is damaged; remedy: start the kiosk again, it sets the file aside and goes on from a copy"
    )]
    Damaged,
    /// The loop's thread ended in a panic.
    #[error("the loop of the rules ended in a panic; the log says where")]
    LoopPanicked,
}

/// Runs until SIGTERM, SIGINT or the end of the display.
///
/// # Errors
/// When a part that nothing works without cannot be started, or the display goes away.
pub fn run(options: RunOptions) -> Result<(), RunError> {
    let clock = if options.trust_clock { Clock::start() } else { Clock::start_unvouched() };
    let loaded = config::load(&options.folders.config);
    log_faults(&loaded);
    let faults = u32::try_from(loaded.faults.len()).unwrap_or(u32::MAX);
    let health = Health::begin(options.runtime.as_deref());
    let around = Around {
        folder: options.folders.data.clone(),
        boot: options.boot.clone(),
        this_boot: options.this_boot.clone(),
        health: health.clone(),
    };
    let prepare = |settings| Place::prepare(settings, faults, around);
    match options.display {
        Kind::None => without_screen(prepare(loaded.settings.ok_or(RunError::NoHall)?)?, clock),
        #[cfg(feature = "screen")]
        Kind::Window | Kind::LinuxKms | Kind::Headless => {
            let unit_lines = loaded.settings.iter().flat_map(|settings| settings.hall.unit_lines.clone());
            // Before anything is made in the data folder: a wrong display is found by somebody who tries things out.
            let pages = Pages::open(&options, unit_lines.collect())?;
            let proven = health.clone();
            pages.display.on_first_frame(move || {
                tracing::info!("first-frame");
                proven.first_frame();
            });
            let Some(settings) = loaded.settings else {
                let why = OutOfService::Configuration(first_faults(&loaded.faults));
                return pages.cannot_run(RunError::NoHall, why, clock);
            };
            match prepare(settings) {
                Ok(place) => pages.run(place, clock),
                Err(error) => pages.cannot_run(error.into(), OutOfService::Data, clock),
            }
        }
        #[cfg(not(feature = "screen"))]
        Kind::Window | Kind::LinuxKms | Kind::Headless => Err(RunError::NoSuchDisplay("of any kind")),
    }
}

/// The loop's thread and the ways to it.
struct Running {
    thread: JoinHandle<Result<Option<Ended<Outside>>, PartError>>,
    keep_on: Arc<AtomicBool>,
    /// Lives in the thread, so that its end shows even when that is a panic.
    alive: Weak<()>,
    events: Events,
    heartbeat: Heartbeat,
}

/// What the loop's thread begins with.
struct Beginning {
    place: Place,
    clock: Clock,
    show: Show,
    channel: Channel,
    heartbeat: Heartbeat,
    keep_on: Arc<AtomicBool>,
}

impl Beginning {
    /// Opens the database, however long that takes, starts what stands around it and turns; `None` when the end came first.
    fn run(self) -> Result<Option<Ended<Outside>>, PartError> {
        let Self { place, clock, show, channel: (events, queue), heartbeat, keep_on } = self;
        let going = || keep_on.load(Ordering::Relaxed);
        let seed = Seed::draw()?;
        let Some(opened) = opening::until_open(|| place.open(&seed), &*show, &clock, &queue, going)? else {
            return Ok(None);
        };
        heartbeat.turned();
        let (hall, outside) = place.start(opened, show, &clock, &events)?;
        Ok(Some(Loop::new(hall, outside, clock.clone(), heartbeat).run(&queue, going)))
    }
}

impl Running {
    fn start(place: Place, clock: &Clock, show: Show, channel: Channel) -> Result<Self, RunError> {
        let events = channel.0.clone();
        let heartbeat = Heartbeat::not_yet(clock.clone());
        let (keep_on, life) = (Arc::new(AtomicBool::new(true)), Arc::new(()));
        let alive = Arc::downgrade(&life);
        let beginning = Beginning {
            place,
            clock: clock.clone(),
            show,
            channel,
            heartbeat: heartbeat.clone(),
            keep_on: Arc::clone(&keep_on),
        };
        let run = move || {
            let _life = life;
            beginning.run()
        };
        let thread = std::thread::Builder::new()
            .name("loop".into())
            .spawn(run)
            .map_err(|source| RunError::Start { what: "the loop's thread", source })?;
        Ok(Self { thread, keep_on, alive, events, heartbeat })
    }

    /// Ends the loop, then everything that it holds.
    fn stop(self) -> Result<(), RunError> {
        self.keep_on.store(false, Ordering::Relaxed);
        // Wakes the loop, which would otherwise look up within a second by itself.
        self.events.try_send(Event::Ticked).unwrap_or_default();
        let Some(ended) = self.thread.join().map_err(|_| RunError::LoopPanicked)?? else {
            return Ok(());
        };
        ended.ports.stop();
        if ended.damaged { Err(RunError::Damaged) } else { Ok(()) }
    }
}

fn without_screen(place: Place, clock: Clock) -> Result<(), RunError> {
    let manager = ServiceManager::from_environment();
    let running = Running::start(place, &clock, Box::new(|_| {}), sync_channel(EVENT_QUEUE))?;
    manager.ready();
    let (ended, end) = sync_channel(1);
    on_signals(move || ended.try_send(()).unwrap_or_default())?;
    while let Err(RecvTimeoutError::Timeout) = end.recv_timeout(KICK) {
        if running.alive.strong_count() == 0 {
            break;
        }
        manager.kick(&running.heartbeat);
    }
    manager.stopping();
    running.stop()
}

/// An opened display, before there is anything to show.
#[cfg(feature = "screen")]
struct Pages {
    display: view::Display,
    channel: Channel,
    /// Set once the data folder has the key that links are made with.
    link: Arc<OnceLock<TicketLink>>,
}

#[cfg(feature = "screen")]
impl Pages {
    fn open(options: &RunOptions, unit_lines: Vec<String>) -> Result<Self, RunError> {
        let link = Arc::new(OnceLock::<TicketLink>::new());
        let known = Arc::clone(&link);
        let qr = Arc::new(move |ticket: &_| known.get().map_or_else(String::new, |link| link.of(ticket)));
        let (events, queue) = sync_channel(EVENT_QUEUE);
        let touches = events.clone();
        let touched = Box::new(move |touch| {
            // The screen's thread never waits; a touch that finds the loop full is as good as not made.
            if touches.try_send(Event::Touched(touch)).is_err() {
                tracing::warn!("loop-full: a touch is lost");
            }
        });
        let display = view::Display::open(backend(options)?, view::Place { unit_lines, qr }, touched)?;
        Ok(Self { display, channel: (events, queue), link })
    }

    fn run(self, place: Place, clock: Clock) -> Result<(), RunError> {
        if let Some(link) = place.link() {
            self.link.get_or_init(|| link);
        }
        let viewer = self.display.viewer();
        let show = viewer.clone();
        let running = Running::start(place, &clock, Box::new(move |screen| show.show(screen)), self.channel)?;
        let ending = viewer.clone();
        on_signals(move || ending.quit())?;
        let manager = ServiceManager::from_environment();
        manager.ready();
        let (heartbeat, alive) = (running.heartbeat.clone(), running.alive.clone());
        let display = self.display;
        display.kick_every(KICK, move || {
            // A loop that ended or hangs is no reason to show its last page for ever.
            if alive.strong_count() == 0 {
                viewer.quit();
            } else if !heartbeat.is_beating() {
                tracing::error!("loop-stands-still: the kiosk ends, to be started again");
                viewer.quit();
            }
            manager.kick(&heartbeat);
        });
        let shown = display.run();
        running.stop()?;
        Ok(shown?)
    }

    /// Ends with `error`. Where nobody reads a terminal the glass says it for a while first: the service manager starts the
    /// kiosk anew, which looks again. It never hears that the kiosk is ready, for the boot control would look for requests then.
    fn cannot_run(self, error: RunError, why: OutOfService, clock: Clock) -> Result<(), RunError> {
        if !ServiceManager::is_there() {
            return Err(error);
        }
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "out-of-service: the screen says so, and the kiosk starts anew in a minute"
        );
        let viewer = self.display.viewer();
        viewer.show(&opening::out_of_service(why, clock.now().wall));
        let ending = viewer.clone();
        on_signals(move || ending.quit())?;
        let until_ms = clock.mono_ms() + SAY_MS;
        self.display.kick_every(KICK, move || {
            if clock.mono_ms() >= until_ms {
                viewer.quit();
            }
        });
        self.display.run()?;
        Err(error)
    }
}

/// What the page has room for: a line that can be put right before what follows from it.
#[cfg(feature = "screen")]
fn first_faults(faults: &[config::Fault]) -> String {
    let (at_a_line, of_the_whole): (Vec<_>, Vec<_>) = faults.iter().partition(|fault| fault.place.is_some());
    let told = at_a_line.iter().chain(&of_the_whole).take(2).map(ToString::to_string);
    told.collect::<Vec<_>>().join("\n")
}

#[cfg(feature = "screen")]
fn backend(options: &RunOptions) -> Result<view::Backend, RunError> {
    match options.display {
        #[cfg(feature = "window")]
        Kind::Window => {
            let (width, height) = options.size;
            Ok(view::Backend::Window(view::WindowOptions { width, height, fullscreen: false }))
        }
        #[cfg(not(feature = "window"))]
        Kind::Window => Err(RunError::NoSuchDisplay("window")),
        #[cfg(feature = "linuxkms")]
        Kind::LinuxKms => Ok(view::Backend::LinuxKms),
        #[cfg(not(feature = "linuxkms"))]
        Kind::LinuxKms => Err(RunError::NoSuchDisplay("linuxkms")),
        #[cfg(feature = "headless")]
        Kind::Headless => Ok(view::Backend::Headless(view::headless::HeadlessOptions {
            width: options.size.0,
            height: options.size.1,
            control: options.control.clone(),
        })),
        #[cfg(not(feature = "headless"))]
        Kind::Headless => Err(RunError::NoSuchDisplay("headless")),
        Kind::None => Err(RunError::NoSuchDisplay("none")),
    }
}

/// Calls `end` in a thread of its own once somebody asks the kiosk to end.
fn on_signals(end: impl FnOnce() + Send + 'static) -> Result<(), RunError> {
    let failed = |source| RunError::Start { what: "the signal handler", source };
    let mut signals = Signals::new([SIGTERM, SIGINT]).map_err(failed)?;
    let wait = move || {
        if signals.forever().next().is_some() {
            end();
        }
    };
    std::thread::Builder::new().name("signals".into()).spawn(wait).map(drop).map_err(failed)
}

fn log_faults(loaded: &Loaded) {
    for fault in &loaded.faults {
        tracing::warn!("config-fault {fault}");
    }
}
