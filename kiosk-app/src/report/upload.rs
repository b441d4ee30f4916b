//! The uploader's thread: sends what the outbox holds, at the pace that `kiosk_core::outbox` decides, and keeps house in the
//! store meanwhile.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use kiosk_core::event::{Event, Line};
use kiosk_core::outbox::{Action, Answer, Body, Outbox as Pace, Verdict};
use kiosk_protocol::{
    Accepted, Bad, CONTENT_TYPE_BATCH, Conflict, Epoch, MAX_BATCH_BYTES, MAX_BATCH_EVENTS, SignatureTarget,
    batch_body, events_path,
};

use super::client::{CallError, Client, Reply};
use super::encode::rehome;
use super::news::InboxNews;
use crate::clock::Clock;
use crate::store::{Outbox, Pending, Rewound, StoreError};

/// How long a stop waits for a request under way; its outcome is found out again at the next start.
const STOP_LIMIT: Duration = Duration::from_secs(2);
/// How long to leave a store alone that failed.
const STORE_PAUSE_MS: u64 = 5_000;
const HOUR_MS: u64 = 3_600_000;
/// The first copy of a run is made this long after its start, when the morning's rush for the disk is over.
const FIRST_COPY_MS: u64 = HOUR_MS / 6;
const COPY_EVERY_MS: u64 = 24 * HOUR_MS;
/// The day's copy is brought up to date this often: what is lost at worst when a file cannot be read at all.
const TODAY_EVERY_MS: u64 = 10 * 60_000;
const FIRST_TODAY_MS: u64 = 60_000;
/// Between two steps of forgetting, while there is more.
const SWEEP_STEP_MS: u64 = 2_000;

/// What the uploader needs.
#[derive(Debug)]
pub struct Upload {
    /// Its connection to the store.
    pub outbox: Outbox,
    /// The server; `None` when this kiosk is not enrolled: it then only keeps house.
    pub client: Option<Client>,
    /// Hears of new commands.
    pub news: InboxNews,
    /// The clocks.
    pub clock: Clock,
    /// Where [`Event::LineChanged`] and [`Event::OutboxFilled`] go.
    pub events: SyncSender<Event>,
}

/// The running thread.
#[derive(Debug)]
pub struct Uploader {
    wake: SyncSender<()>,
    signs: Signs,
    done: Receiver<()>,
}

/// What the thread and its owner tell each other without a channel.
#[derive(Clone, Debug, Default)]
pub(super) struct Signs {
    stopping: Arc<AtomicBool>,
    found_damage: Arc<AtomicBool>,
}

impl Uploader {
    /// Starts the thread.
    pub fn start(upload: Upload) -> io::Result<Self> {
        let (wake, woken) = sync_channel(1);
        let (finished, done) = sync_channel(1);
        let signs = Signs::default();
        let worker = Worker::new(upload, signs.clone());
        thread::Builder::new().name("uploader".to_owned()).spawn(move || {
            worker.run(&woken);
            // Nobody may wait any more; then nobody misses it.
            finished.send(()).unwrap_or_default();
        })?;
        Ok(Self { wake, signs, done })
    }

    /// Says that the outbox has new rows. Never waits.
    pub fn wake(&self) {
        // A full channel means that it is about to wake anyway.
        self.wake.try_send(()).unwrap_or_default();
    }

    /// Whether the thread found the database damaged, and a check of the whole file said so too. The run must end then, for
    /// opening the file anew is what mends it.
    pub fn found_damage(&self) -> bool {
        self.signs.found_damage.load(Ordering::Relaxed)
    }

    /// Ends the thread; waits at most 2 s for a request under way, and says whether it ended.
    pub fn stop(self) -> bool {
        self.signs.stopping.store(true, Ordering::Relaxed);
        self.wake();
        self.done.recv_timeout(STOP_LIMIT).is_ok()
    }
}

/// What the thread holds.
pub(super) struct Worker {
    outbox: Outbox,
    client: Option<Client>,
    news: InboxNews,
    clock: Clock,
    events: SyncSender<Event>,
    signs: Signs,
    pace: Pace,
    line: Line,
    percent: u8,
    next_today_ms: u64,
    next_copy_ms: u64,
    next_sweep_ms: u64,
    next_clock_ms: u64,
}

impl Worker {
    pub(super) fn new(upload: Upload, signs: Signs) -> Self {
        let Upload { outbox, client, news, clock, events } = upload;
        Self {
            outbox,
            client,
            news,
            events,
            signs,
            pace: Pace::new(),
            line: Line::Unknown,
            percent: 0,
            next_today_ms: clock.mono_ms() + FIRST_TODAY_MS,
            next_copy_ms: clock.mono_ms() + FIRST_COPY_MS,
            next_sweep_ms: clock.mono_ms() + SWEEP_STEP_MS,
            next_clock_ms: 0,
            clock,
        }
    }

    fn run(mut self, woken: &Receiver<()>) {
        if self.client.is_none() {
            self.tell_line(Line::NotEnrolled);
        }
        while !self.signs.stopping.load(Ordering::Relaxed) {
            let wait_ms = self.step().unwrap_or_else(|error| {
                tracing::error!(error = &error as &dyn std::error::Error, "outbox-failed: reports are kept");
                self.look_for_damage(&error);
                STORE_PAUSE_MS
            });
            match woken.recv_timeout(Duration::from_millis(wait_ms)) {
                Ok(()) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// An error that speaks of damage may be a passing one; the whole file decides.
    pub(super) fn look_for_damage(&self, error: &StoreError) {
        if error.is_damage() && self.outbox.is_damaged() {
            self.signs.found_damage.store(true, Ordering::Relaxed);
        }
    }

    /// Does what is due and says for how many milliseconds nothing else is.
    pub(super) fn step(&mut self) -> Result<u64, StoreError> {
        if self.outbox.move_step(&rehome)? {
            return Ok(0);
        }
        let depth = self.outbox.depth()?;
        if depth.percent != self.percent {
            self.percent = depth.percent;
            self.tell(Event::OutboxFilled { percent: depth.percent });
        }
        let waiting = if self.client.is_some() { depth.unsent } else { 0 };
        match self.pace.next(self.clock.mono_ms(), waiting) {
            Action::Send { max_events } => {
                self.send(max_events)?;
                Ok(0)
            }
            Action::Wait { ms } => {
                self.keep_house()?;
                Ok(ms)
            }
        }
    }

    fn keep_house(&mut self) -> Result<(), StoreError> {
        let now = self.clock.now();
        if now.mono_ms >= self.next_sweep_ms {
            let more = self.outbox.sweep(now.wall)?;
            self.next_sweep_ms = now.mono_ms + if more { SWEEP_STEP_MS } else { HOUR_MS };
        }
        if now.mono_ms >= self.next_today_ms {
            self.next_today_ms = now.mono_ms + TODAY_EVERY_MS;
            self.outbox.keep_today()?;
        }
        if now.mono_ms >= self.next_copy_ms {
            self.next_copy_ms = now.mono_ms + COPY_EVERY_MS;
            self.outbox.keep_copy()?;
        }
        Ok(())
    }

    fn send(&mut self, max_events: u32) -> Result<(), StoreError> {
        let most = usize::try_from(max_events).unwrap_or(1).min(MAX_BATCH_EVENTS);
        // Two bytes less for the brackets around the batch.
        let (Some(pending), Some(client)) = (self.outbox.unsent(most, MAX_BATCH_BYTES - 2)?, &self.client)
        else {
            return Ok(());
        };
        let answered = post(client, &pending, &self.clock);
        if let Ok(reply) = &answered
            && let (200, Ok(accepted)) = (reply.status, serde_json::from_str::<Accepted>(&reply.body))
        {
            self.news.hear(accepted.inbox);
        }
        let (answer, durable_below) = read(answered, &pending);
        let random = getrandom::u64().unwrap_or(pending.first.seq);
        let verdict = self.pace.answered(answer, self.clock.mono_ms(), random);
        self.tell_line(verdict.line());
        self.act(&verdict, &pending, durable_below)
    }

    fn act(&mut self, verdict: &Verdict, pending: &Pending, durable_below: u64) -> Result<(), StoreError> {
        let (epoch, now) = (pending.first.epoch, self.clock.now().wall);
        match verdict {
            Verdict::Acknowledged { next_seq, .. } => {
                self.tell_server_clock();
                self.outbox.acknowledge(epoch, (*next_seq).min(sent_below(pending)), now)
            }
            Verdict::Rewind { next_seq } => {
                tracing::warn!(next_seq, "server-lost-events: sending them again");
                match self.outbox.rewind(epoch, *next_seq)? {
                    Rewound::Done => Ok(()),
                    // What it wants is gone here, or was never here: what is kept and not yet sent goes on anew.
                    Rewound::NotKept => self.new_epoch(epoch, pending.first.seq.min(*next_seq)),
                    Rewound::Ahead => {
                        tracing::error!(
                            next_seq,
                            "server-cursor-ahead: it was never offered what lies before"
                        );
                        Ok(())
                    }
                }
            }
            Verdict::NewEpoch { fork_seq } => {
                tracing::error!(fork_seq, "report-fork: another device or copy reports as this kiosk");
                self.new_epoch(epoch, *fork_seq)
            }
            Verdict::Park { seqs } => {
                tracing::error!(?seqs, "reports-unreadable: the server set them aside");
                self.outbox.park(epoch, seqs)?;
                self.outbox.acknowledge(epoch, durable_below.min(sent_below(pending)), now)
            }
            Verdict::Halve | Verdict::Later { .. } => Ok(()),
        }
    }

    fn new_epoch(&mut self, old: Epoch, from: u64) -> Result<(), StoreError> {
        match getrandom::u64() {
            Ok(fresh) => self.outbox.begin_move(old, from, Epoch(fresh)),
            Err(error) => {
                tracing::error!(%error, "no-randomness: a new epoch is tried again with the next batch");
                Ok(())
            }
        }
    }

    /// After an answer that carried the server's time; once an hour is enough, for the rules reckon on from there.
    fn tell_server_clock(&mut self) {
        let now = self.clock.now();
        if now.mono_ms < self.next_clock_ms {
            return;
        }
        if let Some(offset_ms) = self.client.as_ref().and_then(Client::kiosk_offset_ms) {
            self.next_clock_ms = now.mono_ms + HOUR_MS;
            self.tell(Event::ServerClock { unix_ms: now.wall.unix_ms.saturating_sub(offset_ms) });
        }
    }

    fn tell_line(&mut self, line: Line) {
        if self.line != line {
            self.line = line;
            tracing::info!(?line, "line");
            self.tell(Event::LineChanged(line));
        }
    }

    fn tell(&self, event: Event) {
        // The loop is gone only when the kiosk stops.
        self.events.send(event).unwrap_or_default();
    }
}

/// A kiosk whose card forgot its last commits reports to a server that remembers them, and so knows sequence numbers above
/// the batch. They are not the kiosk's: what was written meanwhile has not arrived before it was sent itself.
fn sent_below(pending: &Pending) -> u64 {
    pending.first.seq.saturating_add(pending.events.len() as u64)
}

fn post(client: &Client, pending: &Pending, clock: &Clock) -> Result<Reply, CallError> {
    let plain = batch_body(pending.events.iter().map(String::as_str));
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    // Writing into memory cannot fail; if it did, nothing must go out.
    let body =
        gzip.write_all(plain.as_bytes()).and_then(|()| gzip.finish()).map_err(|_| CallError::NotTheServer)?;
    let (path, digest) = (events_path(client.kiosk()), Client::digest(&body));
    let previous: String = pending.previous.iter().map(|byte| format!("{byte:02x}")).collect();
    let target = SignatureTarget::Events {
        path: &path,
        content_digest: &digest,
        epoch: pending.first.epoch,
        first_seq: pending.first.seq,
        prev_hash: &previous,
    };
    client.post(&path, &target, &body, CONTENT_TYPE_BATCH, true, clock.now().wall)
}

/// The answer in the rules' words, and below which sequence number all is durable at the server.
pub(super) fn read(answered: Result<Reply, CallError>, pending: &Pending) -> (Answer, u64) {
    let reply = match answered {
        Ok(reply) => reply,
        Err(CallError::NoSuchName) => return (Answer::NoSuchName, 0),
        Err(CallError::NoConnection) => return (Answer::NoConnection, 0),
        Err(CallError::TimedOut) => return (Answer::TimedOut, 0),
        Err(CallError::BadCertificate) => return (Answer::BadCertificate, 0),
        Err(CallError::NotTheServer) => {
            return (Answer::Http { status: 200, body: Body::Foreign, retry_after_secs: None }, 0);
        }
    };
    let (body, durable_below) = body(&reply, pending);
    let Reply { status, retry_after_secs, .. } = reply;
    (Answer::Http { status, body, retry_after_secs }, durable_below)
}

/// Only the protocol's own bodies, for this very batch, mean anything.
fn body(reply: &Reply, pending: &Pending) -> (Body, u64) {
    let first = pending.first;
    match reply.status {
        200 => match serde_json::from_str::<Accepted>(&reply.body) {
            Ok(accepted) if accepted.epoch == first.epoch && accepted.next_seq > first.seq => {
                let Accepted { next_seq, pace_ms, .. } = accepted;
                (Body::Accepted { next_seq, pace_ms }, next_seq)
            }
            Ok(_) | Err(_) => (Body::Foreign, 0),
        },
        409 => match serde_json::from_str::<Conflict>(&reply.body) {
            Ok(Conflict::Gap { epoch, next_seq }) if epoch == first.epoch => (Body::Gap { next_seq }, 0),
            Ok(Conflict::Fork { epoch, seq }) if epoch == first.epoch => (Body::Fork { seq }, 0),
            Ok(_) | Err(_) => (Body::Foreign, 0),
        },
        422 => match serde_json::from_str::<Bad>(&reply.body) {
            Ok(bad) if bad.epoch == first.epoch && bad.next_seq > first.seq => {
                (Body::Bad { seqs: bad.bad }, bad.next_seq)
            }
            Ok(_) | Err(_) => (Body::Foreign, 0),
        },
        _ => (if reply.problem().is_some() { Body::Problem } else { Body::Foreign }, 0),
    }
}
