//! Asking for dossiers: the district server first, then the kiosk's own copy.
//!
//! Nothing of a code or of phone digits goes into a log, a file or an error's words.

mod answer;

#[cfg(test)]
mod tests;

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::Duration;

use kiosk_core::dossier::{DossierCode, Factor, LookUpAnswer};
use kiosk_core::event::Event;
use kiosk_core::id::RequestId;
use kiosk_protocol::{LookupKind, SignatureTarget, dossier_path};

use crate::clock::Clock;
use crate::report::{CallError, Client, Reply};
use crate::store::Outbox;
use answer::Meaning;

/// More than one session can ask for at once.
const QUEUE: usize = 4;
/// How long a stop waits for a look-up under way.
const STOP_LIMIT: Duration = Duration::from_secs(1);
/// What a citizen is told to wait when too many ask at once.
const BUSY_SECS: u32 = 5;

/// What the look-ups need.
#[derive(Debug)]
pub struct Setup {
    /// The server; `None` when this kiosk is not enrolled.
    pub client: Option<Client>,
    /// The kiosk's own copy of statuses.
    pub snapshot: Outbox,
    /// The clocks.
    pub clock: Clock,
    /// Where the one [`Event::LookUpAnswered`] of each look-up goes.
    pub events: SyncSender<Event>,
}

/// The running thread.
#[derive(Debug)]
pub struct Lookup {
    questions: SyncSender<Question>,
    events: SyncSender<Event>,
    done: Receiver<()>,
}

#[derive(Debug)]
struct Question {
    request: RequestId,
    code: DossierCode,
    factor: Factor,
}

impl Lookup {
    /// Starts the thread.
    pub fn start(setup: Setup) -> io::Result<Self> {
        let (questions, asked) = sync_channel::<Question>(QUEUE);
        let (finished, done) = sync_channel(1);
        let events = setup.events.clone();
        thread::Builder::new().name("lookup".to_owned()).spawn(move || {
            while let Ok(question) = asked.recv() {
                let request = question.request;
                let answer = setup.answer(question);
                if setup.events.send(Event::LookUpAnswered { request, answer }).is_err() {
                    break;
                }
            }
            // Nobody may wait any more; then nobody misses it.
            finished.send(()).unwrap_or_default();
        })?;
        Ok(Self { questions, events, done })
    }

    /// Asks; answered by exactly one [`Event::LookUpAnswered`] within 10 s. Never waits.
    pub fn ask(&self, request: RequestId, code: DossierCode, factor: Factor) {
        let answer = match self.questions.try_send(Question { request, code, factor }) {
            Ok(()) => return,
            Err(TrySendError::Full(_)) => LookUpAnswer::TooMany { retry_after_secs: BUSY_SECS },
            Err(TrySendError::Disconnected(_)) => LookUpAnswer::Unreachable,
        };
        if self.events.try_send(Event::LookUpAnswered { request, answer }).is_err() {
            tracing::error!("lookup-unanswered: the loop is full; the rules' deadline answers");
        }
    }

    /// Ends the thread after the look-up under way; waits at most 1 s and says whether it ended.
    pub fn stop(self) -> bool {
        drop(self.questions);
        self.done.recv_timeout(STOP_LIMIT).is_ok()
    }
}

impl Setup {
    fn answer(&self, question: Question) -> LookUpAnswer {
        let Question { code, factor, .. } = question;
        let asked = self.client.as_ref().and_then(|client| self.ask_server(client, &code, &factor));
        asked.unwrap_or_else(|| self.ask_snapshot(&code, &factor))
    }

    /// The server's answer; `None` when it could not be asked.
    fn ask_server(&self, client: &Client, code: &DossierCode, factor: &Factor) -> Option<LookUpAnswer> {
        for _ in 0..2 {
            let reply = match self.call(client, code, factor) {
                Ok(reply) => reply,
                Err(error) => {
                    tracing::info!(%error, "lookup-unreachable");
                    return None;
                }
            };
            match answer::meaning(&reply, code, self.clock.now().wall) {
                Meaning::Answer(answer) => return Some(answer),
                // The client has the server's time from this very answer: signed with it, the next call is in time.
                Meaning::StaleClock => {}
                Meaning::NotAnswered => {
                    tracing::info!(status = reply.status, "lookup-refused");
                    return None;
                }
            }
        }
        None
    }

    fn call(&self, client: &Client, code: &DossierCode, factor: &Factor) -> Result<Reply, CallError> {
        let path = dossier_path(&code.0);
        let (kind, second_factor) = match factor {
            Factor::Paper | Factor::Secret(_) => (LookupKind::Scanned, None),
            Factor::PhoneDigits(digits) => (LookupKind::Typed, Some(digits.as_str())),
        };
        let target = SignatureTarget::Lookup { path: &path, kind, second_factor };
        let mut nonce = [0; 16];
        if let Err(error) = getrandom::fill(&mut nonce) {
            tracing::error!(%error, "no-randomness: a look-up is not asked");
            return Err(CallError::NoConnection);
        }
        client.get(&path, &target, nonce, self.clock.now().wall)
    }

    /// The kiosk's own copy answers for a scanned paper only: nobody here can check a typed code's second factor.
    fn ask_snapshot(&self, code: &DossierCode, factor: &Factor) -> LookUpAnswer {
        match factor {
            Factor::PhoneDigits(_) => return LookUpAnswer::Unreachable,
            Factor::Paper | Factor::Secret(_) => {}
        }
        match self.snapshot.snapshot(&code.0) {
            Ok(Some(row)) => answer::from_snapshot(row, code),
            Ok(None) => LookUpAnswer::Unreachable,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "snapshot-failed");
                LookUpAnswer::Unreachable
            }
        }
    }
}
