//! The thread that moves an update along.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use ed25519_dalek::VerifyingKey;
use kiosk_core::event::Event;
use kiosk_core::update::{UpdateOutcome, UpdateState};
use kiosk_protocol::{InboxAnswer, bundle_path, inbox_path, part_query};

use super::command::{self, Refused};
use super::outcome;
use super::pace::Pace;
use super::shelf::{Folder, Shelf, read_small};
use super::stage::{self, Checked, Next, Stage};
use crate::clock::Clock;
use crate::report::{CallError, Client, InboxNews};

/// How long a stop waits for a request under way; what it brought is asked for again.
const STOP_LIMIT: Duration = Duration::from_secs(2);
/// The longest sleep: a stick or an outcome is seen after so long at the latest.
const LOOK_MS: u64 = 5_000;
/// The rules are told again after so long, for an event may have found the loop full.
const TELL_AGAIN_MS: u64 = 60_000;
/// Between two questions for commands when none was announced, and after one that failed.
const ASK_AGAIN_MS: u64 = 6 * 3_600_000;
const ASK_PAUSE_MS: u64 = 60_000;
/// A word of the rules that the hall is at rest is good for so long: a person may come in.
const GRANT_MS: u64 = 30_000;
/// A request that lies for so long was never taken, or what became of it will never be told: the system stops an installation
/// that takes longer than an hour.
const UNHEARD_MS: u64 = 2 * 3_600_000;
/// How long a folder or a disk without room is left alone.
const FOLDER_PAUSE_MS: u64 = 60_000;
const ROOM_PAUSE_MS: u64 = 10 * 60_000;

/// What the updater needs.
pub struct Setup {
    /// The kiosk's data folder.
    pub data: PathBuf,
    /// Where the boot control leaves its last word.
    pub boot: PathBuf,
    /// The server, with its key in base64; `None` when this kiosk is not enrolled: sticks work then, too.
    pub server: Option<(Client, String)>,
    /// The kernel's id of this boot, where somebody says it.
    pub this_boot: Option<String>,
    /// What the uploader hears of the inbox.
    pub news: InboxNews,
    /// The clocks.
    pub clock: Clock,
    /// Where [`Event::UpdateStaged`], [`Event::UpdateWithdrawn`] and [`Event::UpdateEnded`] go.
    pub events: SyncSender<Event>,
}

/// Takes back the request of an earlier boot, before the boot control looks for one: a machine that was switched off while it
/// installed in the evening must not go on with that, and restart, when people come in the morning.
pub fn take_back(data: &Path, boot: &Path, this_boot: &str) {
    let under_way = read_outcome(&boot.join("outcome.json")).1.is_some_and(|outcome| {
        outcome.state == UpdateState::Installing && outcome.at_boot.replace('-', "") == this_boot
    });
    let folder = data.join("update");
    if under_way || !folder.exists() {
        return;
    }
    match Folder::open(&folder).and_then(|mut shelf| stage::take_back(&mut shelf, this_boot)) {
        Ok(true) => tracing::info!("update-taken-back: it waits until the hall is at rest again"),
        Ok(false) => {}
        Err(error) => {
            tracing::error!(?folder, %error, "update-folder-failed: what was asked may be installed now")
        }
    }
}

/// Whether there is a word of the boot control, and what it says, if that can be read.
fn read_outcome(path: &Path) -> (bool, Option<UpdateOutcome>) {
    let bytes = read_small(path).unwrap_or_else(|error| {
        tracing::debug!(?path, %error, "the boot control's word cannot be read");
        None
    });
    (bytes.is_some(), bytes.as_deref().and_then(outcome::parse))
}

/// The running thread.
#[derive(Debug)]
pub struct Updater {
    wake: SyncSender<()>,
    clock: Clock,
    signs: Signs,
    done: Receiver<()>,
}

/// What the thread and its owner tell each other without a channel.
#[derive(Clone, Debug, Default)]
pub(super) struct Signs {
    stopping: Arc<AtomicBool>,
    /// Until when the update may be installed, monotonic milliseconds.
    granted_until_ms: Arc<AtomicU64>,
}

impl Signs {
    /// Lets the update be installed within the next half minute.
    pub(super) fn grant(&self, now_ms: u64) {
        self.granted_until_ms.store(now_ms + GRANT_MS, Ordering::Relaxed);
    }

    fn take_grant(&self, now_ms: u64) -> bool {
        self.granted_until_ms.swap(0, Ordering::Relaxed) > now_ms
    }
}

impl Updater {
    /// Starts the thread. What is wrong with its folder is said in the log, and tried again.
    pub fn start(setup: Setup) -> io::Result<Self> {
        let (wake, woken) = sync_channel(1);
        let (finished, done) = sync_channel(1);
        let signs = Signs::default();
        let (seen, clock) = (signs.clone(), setup.clock.clone());
        thread::Builder::new().name("updater".to_owned()).spawn(move || {
            run(setup, &seen, &woken);
            // Nobody may wait any more; then nobody misses it.
            finished.send(()).unwrap_or_default();
        })?;
        Ok(Self { wake, clock, signs, done })
    }

    /// Lets the staged update be installed. Never waits.
    pub fn install(&self) {
        self.signs.grant(self.clock.mono_ms());
        self.wake();
    }

    /// Ends the thread; waits at most 2 s for a request under way, and says whether it ended.
    pub fn stop(self) -> bool {
        self.signs.stopping.store(true, Ordering::Relaxed);
        self.wake();
        self.done.recv_timeout(STOP_LIMIT).is_ok()
    }

    fn wake(&self) {
        // A full channel means that it is about to wake anyway.
        self.wake.try_send(()).unwrap_or_default();
    }
}

/// Whether something that lies there now has lain there for too long; `since_ms` keeps since when.
pub(super) fn lies_too_long(since_ms: &mut Option<u64>, lies: bool, now_ms: u64) -> bool {
    let since = since_ms.filter(|_| lies).unwrap_or(now_ms);
    let too_long = now_ms.saturating_sub(since) >= UNHEARD_MS;
    *since_ms = (lies && !too_long).then_some(since);
    too_long
}

fn run(setup: Setup, signs: &Signs, woken: &Receiver<()>) {
    let folder = setup.data.join("update");
    let mut setup = Some(setup);
    let mut worker: Option<Worker<Folder>> = None;
    while !signs.stopping.load(Ordering::Relaxed) {
        let stepped = match (&mut worker, setup.take()) {
            (Some(worker), _) => worker.step(),
            (None, Some(given)) => match open(&folder, &given) {
                Ok(stage) => {
                    worker = Some(Worker::new(given, stage, signs.clone()));
                    Ok(0)
                }
                Err(error) => {
                    setup = Some(given);
                    Err(error)
                }
            },
            // Nothing takes the setup away without making the worker.
            (None, None) => return,
        };
        let wait_ms = stepped.unwrap_or_else(|error| {
            tracing::error!(?folder, %error, "update-folder-failed: tried again in a minute");
            FOLDER_PAUSE_MS
        });
        match woken.recv_timeout(Duration::from_millis(wait_ms)) {
            Ok(()) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn open(folder: &Path, setup: &Setup) -> io::Result<Stage<Folder>> {
    let mut stage = Stage::open(Folder::open(folder)?)?;
    if let Some((_, key)) = &setup.server {
        stage.belong_to(key)?;
    }
    Ok(stage)
}

/// What the thread holds.
pub(super) struct Worker<S> {
    setup: Setup,
    key: Option<VerifyingKey>,
    stage: Stage<S>,
    signs: Signs,
    pace: Pace,
    outcome: Option<UpdateOutcome>,
    unreadable: bool,
    /// Since when the boot control's request lies there.
    lies_since_ms: Option<u64>,
    /// The newest number of the inbox that was asked for, and its answer heard.
    asked_upto: u64,
    next_ask_ms: u64,
    pause_until_ms: u64,
    next_fetch_ms: u64,
    next_tell_ms: u64,
    next_outcome_tell_ms: u64,
}

impl<S: Shelf> Worker<S> {
    pub(super) fn new(setup: Setup, stage: Stage<S>, signs: Signs) -> Self {
        let key = setup.server.as_ref().and_then(|(_, key)| command::server_key(key));
        Self {
            asked_upto: stage.taken(),
            setup,
            key,
            stage,
            signs,
            pace: Pace::new(),
            outcome: None,
            unreadable: false,
            lies_since_ms: None,
            next_ask_ms: 0,
            pause_until_ms: 0,
            next_fetch_ms: 0,
            next_tell_ms: 0,
            next_outcome_tell_ms: 0,
        }
    }

    /// Does what is due and says for how many milliseconds nothing else is.
    pub(super) fn step(&mut self) -> io::Result<u64> {
        self.look_at_the_outcome()?;
        if !self.stage.is_away() {
            if let Some(version) = self.stage.take_from_stick()? {
                tracing::info!(
                    version,
                    source = "usb",
                    "update-staged: it waits until the hall is closed and empty"
                );
                self.next_tell_ms = 0;
            }
            self.ask_for_commands()?;
        }
        let now_ms = self.setup.clock.mono_ms();
        match self.stage.next() {
            Next::Nothing | Next::Await => Ok(LOOK_MS),
            Next::Fetch { .. } if now_ms < self.next_fetch_ms => {
                Ok(self.next_fetch_ms.saturating_sub(now_ms).min(LOOK_MS))
            }
            Next::Fetch { sha256, from, missing } => self.fetch(&sha256, from, missing),
            Next::Check => self.check(),
            Next::Offer => self.offer(now_ms),
        }
    }

    /// The request is looked for before the word is read, so that a word that is still to come is not missed.
    fn look_at_the_outcome(&mut self) -> io::Result<()> {
        let lies = self.stage.request_lies()?;
        let path = self.setup.boot.join("outcome.json");
        let (is_there, outcome) = read_outcome(&path);
        let unreadable = is_there && outcome.is_none();
        if unreadable && !self.unreadable {
            tracing::warn!(?path, "update-outcome-unreadable: the boot control's last word is passed over");
        }
        self.unreadable = unreadable;
        let now_ms = self.setup.clock.mono_ms();
        // What lies there without an order is a technician's.
        if lies_too_long(&mut self.lies_since_ms, lies && self.stage.is_away(), now_ms) {
            let given_up = self.stage.take_back_unheard()?;
            tracing::error!(
                given_up,
                "update-unheard: the boot control left the request lying for two hours; it is taken back"
            );
        } else if !lies && self.stage.hear(outcome.as_ref())? {
            tracing::info!("update-done: the boot control is through with it, and its bundle is removed");
        }
        if let Some(told) = &outcome
            && (outcome != self.outcome || now_ms >= self.next_outcome_tell_ms)
        {
            if outcome != self.outcome {
                tracing::info!(state = ?told.state, version = told.version, slot = told.slot, reason = told.reason, "update-outcome");
            }
            self.next_outcome_tell_ms = now_ms + TELL_AGAIN_MS;
            self.tell(Event::UpdateEnded(told.clone()));
        }
        self.outcome = outcome;
        Ok(())
    }

    fn offer(&mut self, now_ms: u64) -> io::Result<u64> {
        if self.signs.take_grant(now_ms) {
            let boot = self.setup.this_boot.clone().unwrap_or_default();
            self.stage.ask(self.outcome.as_ref(), &boot)?;
            tracing::info!("update-asked: the boot control installs and restarts the machine");
            return Ok(LOOK_MS);
        }
        if now_ms >= self.next_tell_ms {
            self.next_tell_ms = now_ms + TELL_AGAIN_MS;
            self.tell(Event::UpdateStaged(self.stage.source()));
        }
        Ok(LOOK_MS)
    }

    fn check(&mut self) -> io::Result<u64> {
        match self.stage.check()? {
            Checked::Whole => {
                tracing::info!(
                    source = "server",
                    "update-staged: it waits until the hall is closed and empty"
                );
                self.next_tell_ms = 0;
            }
            Checked::Wrong => tracing::error!("update-digest-wrong: the bundle is fetched again"),
            Checked::GivenUp => {
                tracing::error!("update-given-up: what came three times was not what was ordered");
            }
        }
        Ok(0)
    }

    fn fetch(&mut self, sha256: &str, from: u64, missing: u64) -> io::Result<u64> {
        let lacks = self.stage.lacks_room()?;
        if lacks > 0 {
            tracing::warn!(
                lacks,
                "update-no-room: bytes are missing on the data disk; tried again in ten minutes"
            );
            self.next_fetch_ms = self.setup.clock.mono_ms() + ROOM_PAUSE_MS;
            return Ok(LOOK_MS);
        }
        let Some((client, _)) = &self.setup.server else { return Ok(LOOK_MS) };
        let begun_ms = self.setup.clock.mono_ms();
        let wanted = self.pace.part().min(missing);
        let (path, query) = (bundle_path(client.kiosk(), sha256), part_query(from, wanted));
        let came = self.nonce().and_then(|nonce| {
            match client.read_bytes(&path, &query, nonce, self.setup.clock.now().wall)? {
                Ok(bytes) if !bytes.is_empty() && bytes.len() as u64 <= wanted => Ok(bytes),
                Ok(_) => Err(CallError::NotTheServer),
                Err(reply) => {
                    tracing::warn!(
                        status = reply.status,
                        "update-refused: the server does not give the bundle"
                    );
                    Err(CallError::NotTheServer)
                }
            }
        });
        let now_ms = self.setup.clock.mono_ms();
        let rest_ms = match came {
            Ok(bytes) => {
                self.stage.part(&bytes)?;
                self.pace.came(now_ms.saturating_sub(begun_ms))
            }
            Err(error) => {
                tracing::debug!(%error, from, "a part of an update did not come");
                self.pace.failed(getrandom::u64().unwrap_or(from))
            }
        };
        self.next_fetch_ms = now_ms + rest_ms;
        Ok(rest_ms.min(LOOK_MS))
    }

    fn ask_for_commands(&mut self) -> io::Result<()> {
        let (Some((client, _)), Some(key)) = (&self.setup.server, self.key) else { return Ok(()) };
        let now_ms = self.setup.clock.mono_ms();
        let announced = self.setup.news.newest() > self.asked_upto;
        if now_ms < self.pause_until_ms || !announced && now_ms < self.next_ask_ms {
            return Ok(());
        }
        let newest = self.setup.news.newest();
        let (path, query) = (inbox_path(client.kiosk()), format!("after={}&wait=0", self.stage.taken()));
        let asked =
            self.nonce().and_then(|nonce| client.read(&path, &query, nonce, self.setup.clock.now().wall));
        let answer: Option<InboxAnswer> = asked
            .ok()
            .filter(|reply| reply.status == 200)
            .and_then(|reply| serde_json::from_str(&reply.body).ok());
        let kiosk = client.kiosk().to_owned();
        let Some(answer) = answer else {
            self.pause_until_ms = now_ms + ASK_PAUSE_MS;
            return Ok(());
        };
        self.next_ask_ms = now_ms + ASK_AGAIN_MS;
        self.asked_upto = newest.max(self.stage.taken());
        for command in &answer.commands {
            match command::accept(command, &kiosk, &key, self.stage.taken()) {
                Ok(order) => {
                    tracing::info!(
                        number = command.number,
                        version = order.version,
                        size = order.size,
                        "update-ordered"
                    );
                    self.stage.order(command.number, &order)?;
                    self.pace = Pace::new();
                    self.next_fetch_ms = 0;
                    self.tell(Event::UpdateWithdrawn);
                }
                Err(refused) => self.refuse(command.number, refused)?,
            }
        }
        Ok(())
    }

    /// Nothing of the command itself is written down.
    fn refuse(&mut self, number: u64, refused: Refused) -> io::Result<()> {
        tracing::warn!(number, %refused, "command-refused");
        if refused.is_genuine() { self.stage.pass_over(number) } else { Ok(()) }
    }

    fn nonce(&self) -> Result<[u8; 16], CallError> {
        let mut nonce = [0; 16];
        match getrandom::fill(&mut nonce) {
            Ok(()) => Ok(nonce),
            Err(error) => {
                tracing::error!(%error, "no-randomness: an update is not asked for");
                Err(CallError::NoConnection)
            }
        }
    }

    fn tell(&self, event: Event) {
        // A full loop has better things to do; it is told again in a minute.
        self.setup.events.try_send(event).unwrap_or_default();
    }
}
