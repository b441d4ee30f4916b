//! Where pages and the loop of the rules meet: the picture that pages show, and presses waiting for their answer.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kiosk_core::effect::{Board, OfficerAnswer};
use kiosk_core::event::{Event, OfficerPress};
use kiosk_core::id::{CounterId, RequestId};
use tokio::sync::{Semaphore, oneshot, watch};

use super::labels::Labels;
use super::pins::PinBook;
use super::press::Press;
use super::scene::Scene;
use super::session::{Session, SessionKey};
use super::throttle::Throttle;
use super::{Setup, routes, secret};
use crate::clock::Clock;

/// How long the loop may take for an answer.
const ANSWER_DEADLINE: Duration = Duration::from_secs(3);
/// Presses waiting for an answer at most; a hall has a dozen officers.
const MAX_PENDING: usize = 64;
/// Pages that may follow events at the same time.
const MAX_STREAMS: usize = 64;

/// Why a press got no answer. It is safe to repeat: the same press acts once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoAnswer {
    /// The loop has more to do than it can queue.
    Busy,
    /// The loop did not answer in time.
    TooLate,
    /// The loop has ended.
    Stopped,
}

/// What came of a try to sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SignIn {
    /// The cookie's value.
    Welcome(String),
    /// Wrong counter or PIN.
    Wrong,
    /// Too many wrong ones: wait so many seconds.
    Wait(u64),
    /// No randomness for a session.
    Failed,
}

/// Shared by all handlers.
pub(super) struct Desk {
    pub labels: Labels,
    pub clock: Clock,
    pub key: SessionKey,
    pub call_secs: u32,
    pub streams: Arc<Semaphore>,
    /// Tells this run of the service from the one before: serials of calls begin anew.
    pub run: String,
    /// Tells these scripts from others, so that pages load the new ones after an update.
    pub software: String,
    pins: PinBook,
    scene: watch::Sender<Arc<Scene>>,
    events: SyncSender<Event>,
    pending: Mutex<BTreeMap<RequestId, oneshot::Sender<OfficerAnswer>>>,
    throttle: Mutex<Throttle>,
    next_request: AtomicU64,
    next_form: AtomicU64,
}

impl Desk {
    pub fn new(setup: Setup, events: SyncSender<Event>, run: [u8; 16]) -> Self {
        Self {
            labels: setup.labels,
            clock: setup.clock,
            key: setup.key,
            call_secs: setup.call_secs,
            streams: Arc::new(Semaphore::new(MAX_STREAMS)),
            run: secret::hex(&run),
            software: routes::assets::software(),
            pins: setup.pins,
            scene: watch::Sender::new(Arc::new(Scene::default())),
            events,
            pending: Mutex::default(),
            throttle: Mutex::default(),
            next_request: AtomicU64::new(1),
            next_form: AtomicU64::new(1),
        }
    }

    pub fn publish(&self, board: Board) {
        let now = self.clock.now().wall;
        self.scene.send_modify(|scene| Arc::make_mut(scene).publish(board, now));
    }

    pub fn observe(&self, event: &Event) {
        self.scene.send_if_modified(|scene| Arc::make_mut(scene).observe(event));
    }

    pub fn answer(&self, request: RequestId, answer: OfficerAnswer) {
        if let Some(page) = held(&self.pending).remove(&request)
            && page.send(answer).is_err()
        {
            tracing::debug!(request = request.0, "the page had given up waiting");
        }
    }

    pub fn scene(&self) -> Arc<Scene> {
        Arc::clone(&self.scene.borrow())
    }

    pub fn follow(&self) -> watch::Receiver<Arc<Scene>> {
        self.scene.subscribe()
    }

    /// Hands a press to the rules and waits for what came of it.
    pub async fn press(&self, counter: CounterId, press: Press) -> Result<OfficerAnswer, NoAnswer> {
        let request = RequestId(self.next_request.fetch_add(1, Ordering::Relaxed));
        let (answered, answer) = oneshot::channel();
        {
            let mut pending = held(&self.pending);
            if pending.len() >= MAX_PENDING {
                return Err(NoAnswer::Busy);
            }
            pending.insert(request, answered);
        }
        let Press { id, seen, action } = press;
        let event = Event::OfficerPressed(OfficerPress { request, press: id, counter, seen, action });
        let result = match self.events.try_send(event) {
            Ok(()) => match tokio::time::timeout(ANSWER_DEADLINE, answer).await {
                Ok(Ok(answer)) => Ok(answer),
                Ok(Err(_)) | Err(_) => Err(NoAnswer::TooLate),
            },
            Err(TrySendError::Full(_)) => Err(NoAnswer::Busy),
            Err(TrySendError::Disconnected(_)) => Err(NoAnswer::Stopped),
        };
        held(&self.pending).remove(&request);
        result
    }

    /// Tries a PIN. Slow: to be called where waiting is allowed.
    pub fn sign_in(&self, counter: CounterId, pin: &str, address: IpAddr) -> SignIn {
        // Held over the slow hash: guesses come one after another however many connections make them.
        let mut throttle = held(&self.throttle);
        if let Some(secs) = throttle.wait_secs(counter, address, self.clock.mono_ms()) {
            return SignIn::Wait(secs);
        }
        let known = self.labels.counter(counter).map(|known| known.id);
        let Some(binding) = self.pins.binding(counter).filter(|_| self.pins.verify(counter, pin)) else {
            let now_ms = self.clock.mono_ms();
            throttle.failed(known, address, now_ms);
            return throttle.wait_secs(counter, address, now_ms).map_or(SignIn::Wrong, SignIn::Wait);
        };
        throttle.succeeded(counter, address);
        let mut id = [0; 16];
        if getrandom::fill(&mut id).is_err() {
            return SignIn::Failed;
        }
        SignIn::Welcome(Session::begin(counter, id, self.clock.now().wall).seal(&self.key, binding))
    }

    /// The session of a cookie's value, if it holds.
    pub fn session(&self, cookie: &str) -> Option<Session> {
        let binding = |counter| self.pins.binding(counter);
        let session = Session::unseal(cookie, &self.key, binding, self.clock.now().wall)?;
        self.labels.counter(session.counter).is_some().then_some(session)
    }

    /// The cookie's value for a session used just now.
    pub fn renewed(&self, session: &Session) -> String {
        let binding = self.pins.binding(session.counter).unwrap_or_default();
        session.renewed(self.clock.now().wall).seal(&self.key, binding)
    }

    /// A fresh press id for a form that the server draws.
    pub fn draw_press(&self) -> String {
        let form = self.next_form.fetch_add(1, Ordering::Relaxed);
        secret::hex(&self.key.tag(&[b"press", self.run.as_bytes(), &form.to_be_bytes()])[..16])
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
