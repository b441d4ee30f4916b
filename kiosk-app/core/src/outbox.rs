//! When to send reports, how many, and what the server's answer means. The shell sends; this decides.

use crate::event::{Line, LineTrouble};

/// Most events in a batch.
pub const LARGEST_BATCH: u32 = 500;
/// The shortest wait after a failure, and the base of the jitter.
const BASE_MS: u64 = 1_000;
/// The longest wait that the kiosk chooses itself.
const CEILING_MS: u64 = 15 * 60 * 1000;
/// The longest wait that a server may ask for: a wrong header must not silence a hall for a day.
const LONGEST_ASKED_MS: u64 = 60 * 60 * 1000;
/// How soon to look again when nothing waits.
const IDLE_MS: u64 = 1_000;

/// What came back for a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// An HTTP answer.
    Http {
        /// Its status.
        status: u16,
        /// What its body is.
        body: Body,
        /// Its `Retry-After`, in seconds.
        retry_after_secs: Option<u64>,
    },
    /// The server's name does not resolve.
    NoSuchName,
    /// Nobody listens, or the connection broke.
    NoConnection,
    /// No answer in time.
    TimedOut,
    /// The certificate does not hold.
    BadCertificate,
}

/// The body of an answer, read as the protocol by the shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// The batch is durable at the server.
    Accepted {
        /// The first sequence number it does not have.
        next_seq: u64,
        /// How long to wait before the next batch.
        pace_ms: u64,
    },
    /// Events before the batch are missing.
    Gap {
        /// The first sequence number it does not have.
        next_seq: u64,
    },
    /// The same event was there with another content.
    Fork {
        /// Its sequence number.
        seq: u64,
    },
    /// Some events cannot be read.
    Bad {
        /// Their sequence numbers.
        seqs: Vec<u64>,
    },
    /// A problem document of the server, or an empty body.
    Problem,
    /// Nothing of the protocol: the page of a portal or a proxy.
    Foreign,
}

/// What to do about an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything below `next_seq` is acknowledged.
    Acknowledged {
        /// The first sequence number to send next.
        next_seq: u64,
        /// How long to wait before it.
        pace_ms: u64,
    },
    /// Send again from `next_seq`; acknowledged events are kept for this.
    Rewind {
        /// The first sequence number to send next.
        next_seq: u64,
    },
    /// Two histories exist: alarm, and go on in a new epoch.
    NewEpoch {
        /// Where they part.
        fork_seq: u64,
    },
    /// Too much at once: send half.
    Halve,
    /// Set these aside and go on with the rest.
    Park {
        /// Their sequence numbers.
        seqs: Vec<u64>,
    },
    /// Not now; everything is kept.
    Later {
        /// Why, for the status page.
        trouble: LineTrouble,
        /// What the server asked for, if it did.
        retry_after_ms: Option<u64>,
    },
}

impl Verdict {
    /// What the status page says of the line.
    pub fn line(&self) -> Line {
        match self {
            Self::Acknowledged { .. }
            | Self::Rewind { .. }
            | Self::NewEpoch { .. }
            | Self::Halve
            | Self::Park { .. } => Line::Up,
            Self::Later { trouble, .. } => Line::Down(*trouble),
        }
    }
}

/// What an answer means. A portal's friendly 200 is a failure: only the protocol's own body acknowledges.
pub fn meaning(answer: Answer) -> Verdict {
    match answer {
        Answer::Http { status, body, retry_after_secs } => http_meaning(status, body, retry_after_secs),
        Answer::NoSuchName => later(LineTrouble::Dns),
        Answer::NoConnection => later(LineTrouble::Refused),
        Answer::TimedOut => later(LineTrouble::TimedOut),
        Answer::BadCertificate => later(LineTrouble::Tls),
    }
}

fn http_meaning(status: u16, body: Body, retry_after_secs: Option<u64>) -> Verdict {
    let foreign = body == Body::Foreign;
    match (status, body) {
        (200, Body::Accepted { next_seq, pace_ms }) => Verdict::Acknowledged { next_seq, pace_ms },
        (409, Body::Gap { next_seq }) => Verdict::Rewind { next_seq },
        (409, Body::Fork { seq }) => Verdict::NewEpoch { fork_seq: seq },
        (413, _) => Verdict::Halve,
        (422, Body::Bad { seqs }) if !seqs.is_empty() => Verdict::Park { seqs },
        (429 | 503, _) => {
            let asked_ms = retry_after_secs.map(|secs| secs.saturating_mul(1000).min(LONGEST_ASKED_MS));
            Verdict::Later { trouble: LineTrouble::ServerError, retry_after_ms: asked_ms }
        }
        (401 | 403, _) if !foreign => later(LineTrouble::Revoked),
        (407 | 511 | 100..=399, _) => later(LineTrouble::Intercepted),
        (400..=499, _) if foreign => later(LineTrouble::Intercepted),
        (_, _) => later(LineTrouble::ServerError),
    }
}

fn later(trouble: LineTrouble) -> Verdict {
    Verdict::Later { trouble, retry_after_ms: None }
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send a batch of at most so many events, oldest first.
    Send {
        /// 1 to [`LARGEST_BATCH`].
        max_events: u32,
    },
    /// Ask again after so many milliseconds.
    Wait {
        /// Milliseconds.
        ms: u64,
    },
}

/// The pace of sending.
///
/// ```text
///             answered: acknowledged, halve, park, rewind or fork once
///            +----------------------------------------------+
///            v                                              |
///   Ready -- next: Send --> (the shell waits for an answer) +
///     ^                                                     |
///     +--- its time has come --- Waiting <-- later, pace, ---+
///                                            rewind or fork again
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outbox {
    max_events: u32,
    not_before_ms: u64,
    backoff_ms: u64,
    /// Whether the server has sent it back since its last progress.
    turned: bool,
}

impl Default for Outbox {
    fn default() -> Self {
        Self::new()
    }
}

impl Outbox {
    /// Ready to send whole batches at once.
    pub fn new() -> Self {
        Self { max_events: LARGEST_BATCH, not_before_ms: 0, backoff_ms: BASE_MS, turned: false }
    }

    /// Whether to send now, with so many events waiting.
    pub fn next(&self, mono_ms: u64, waiting: u64) -> Action {
        if mono_ms < self.not_before_ms {
            Action::Wait { ms: self.not_before_ms - mono_ms }
        } else if waiting == 0 {
            Action::Wait { ms: IDLE_MS }
        } else {
            Action::Send { max_events: self.max_events }
        }
    }

    /// Takes the answer to a batch. `random` is any number, fresh for each call: two kiosks that lost the same server
    /// must not come back in step.
    pub fn answered(&mut self, answer: Answer, mono_ms: u64, random: u64) -> Verdict {
        let verdict = meaning(answer);
        match &verdict {
            Verdict::Acknowledged { pace_ms, .. } => {
                *self = Self {
                    max_events: (self.max_events * 2).min(LARGEST_BATCH),
                    not_before_ms: mono_ms.saturating_add((*pace_ms).min(LONGEST_ASKED_MS)),
                    ..Self::new()
                };
            }
            Verdict::Rewind { .. } | Verdict::NewEpoch { .. } => {
                // Once is a server or a card restored from a copy; twice without progress is a loop.
                if std::mem::replace(&mut self.turned, true) {
                    self.back_off(0, mono_ms, random);
                }
            }
            Verdict::Halve => {
                if self.max_events == 1 {
                    self.back_off(0, mono_ms, random);
                }
                self.max_events = (self.max_events / 2).max(1);
            }
            Verdict::Park { .. } => {}
            Verdict::Later { retry_after_ms, .. } => {
                self.back_off(retry_after_ms.unwrap_or(0), mono_ms, random);
            }
        }
        verdict
    }

    /// Decorrelated jitter: somewhere between the base and three times the wait before.
    fn back_off(&mut self, at_least_ms: u64, mono_ms: u64, random: u64) {
        let span_ms = self.backoff_ms * 3 - BASE_MS + 1;
        self.backoff_ms = (BASE_MS + random % span_ms).min(CEILING_MS);
        self.not_before_ms = mono_ms.saturating_add(self.backoff_ms.max(at_least_ms));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn http(status: u16, body: Body) -> Answer {
        Answer::Http { status, body, retry_after_secs: None }
    }

    #[test]
    fn every_answer_of_the_table_has_its_meaning() {
        let accepted = Body::Accepted { next_seq: 9, pace_ms: 50 };
        let asked = |status, secs| Answer::Http { status, body: Body::Problem, retry_after_secs: Some(secs) };
        let wait = |ms| Verdict::Later { trouble: LineTrouble::ServerError, retry_after_ms: Some(ms) };
        let table = [
            ("accepted", http(200, accepted.clone()), Verdict::Acknowledged { next_seq: 9, pace_ms: 50 }),
            ("captive portal", http(200, Body::Foreign), later(LineTrouble::Intercepted)),
            ("200 without a word", http(200, Body::Problem), later(LineTrouble::Intercepted)),
            ("redirect of a portal", http(302, Body::Foreign), later(LineTrouble::Intercepted)),
            ("gap", http(409, Body::Gap { next_seq: 4 }), Verdict::Rewind { next_seq: 4 }),
            ("fork", http(409, Body::Fork { seq: 4 }), Verdict::NewEpoch { fork_seq: 4 }),
            ("409 of somebody else", http(409, Body::Foreign), later(LineTrouble::Intercepted)),
            ("too large", http(413, Body::Foreign), Verdict::Halve),
            ("bad events", http(422, Body::Bad { seqs: vec![5] }), Verdict::Park { seqs: vec![5] }),
            ("422 naming none", http(422, Body::Problem), later(LineTrouble::ServerError)),
            ("revoked", http(401, Body::Problem), later(LineTrouble::Revoked)),
            ("revoked", http(403, Body::Problem), later(LineTrouble::Revoked)),
            ("403 of a proxy", http(403, Body::Foreign), later(LineTrouble::Intercepted)),
            ("proxy wants a password", http(407, Body::Problem), later(LineTrouble::Intercepted)),
            ("network wants a password", http(511, Body::Foreign), later(LineTrouble::Intercepted)),
            ("too fast", asked(429, 30), wait(30_000)),
            ("maintenance", asked(503, 120), wait(120_000)),
            ("maintenance for ever", asked(503, u64::MAX), wait(LONGEST_ASKED_MS)),
            ("503 without a time", http(503, Body::Foreign), later(LineTrouble::ServerError)),
            ("server error", http(500, Body::Foreign), later(LineTrouble::ServerError)),
            ("bad gateway", http(502, Body::Foreign), later(LineTrouble::ServerError)),
            ("not found", http(404, Body::Problem), later(LineTrouble::ServerError)),
            ("wrong name", Answer::NoSuchName, later(LineTrouble::Dns)),
            ("nobody there", Answer::NoConnection, later(LineTrouble::Refused)),
            ("time-out", Answer::TimedOut, later(LineTrouble::TimedOut)),
            ("certificate", Answer::BadCertificate, later(LineTrouble::Tls)),
        ];
        for (name, answer, expected) in table {
            assert_eq!(meaning(answer), expected, "{name}");
        }
    }

    #[test]
    fn a_batch_is_halved_until_it_passes_and_grows_again() {
        let mut outbox = Outbox::new();
        outbox.answered(http(413, Body::Problem), 0, 0);
        outbox.answered(http(413, Body::Problem), 0, 0);
        assert_eq!(outbox.next(0, 1000), Action::Send { max_events: 125 });
        outbox.answered(http(200, Body::Accepted { next_seq: 1, pace_ms: 0 }), 0, 0);
        assert_eq!(outbox.next(0, 1000), Action::Send { max_events: 250 });
    }

    #[test]
    fn the_servers_pace_is_kept_and_an_empty_outbox_sends_nothing() {
        let mut outbox = Outbox::new();
        assert_eq!(outbox.next(0, 0), Action::Wait { ms: IDLE_MS });
        outbox.answered(http(200, Body::Accepted { next_seq: 1, pace_ms: 700 }), 1_000, 0);
        assert_eq!(outbox.next(1_200, 5), Action::Wait { ms: 500 });
        assert_eq!(outbox.next(1_700, 5), Action::Send { max_events: LARGEST_BATCH });
    }

    #[test]
    fn one_rewind_or_fork_goes_on_at_once_and_a_second_waits() {
        for body in [Body::Gap { next_seq: 1 }, Body::Fork { seq: 1 }] {
            let mut outbox = Outbox::new();
            outbox.answered(http(409, body.clone()), 0, 0);
            assert_eq!(outbox.next(0, 5), Action::Send { max_events: LARGEST_BATCH });
            outbox.answered(http(409, body.clone()), 0, 0);
            assert_eq!(outbox.next(0, 5), Action::Wait { ms: BASE_MS }, "{body:?}");
        }
    }

    proptest! {
        #[test]
        fn a_dead_line_is_tried_between_a_second_and_a_quarter_of_an_hour(randoms in prop::collection::vec(any::<u64>(), 1..200)) {
            let mut outbox = Outbox::new();
            let mut now_ms = 0;
            for random in randoms {
                outbox.answered(Answer::TimedOut, now_ms, random);
                let Action::Wait { ms } = outbox.next(now_ms, 1) else { panic!("sends at once") };
                prop_assert!((BASE_MS..=CEILING_MS).contains(&ms));
                now_ms += ms;
            }
            outbox.answered(http(200, Body::Accepted { next_seq: 1, pace_ms: 0 }), now_ms, 0);
            prop_assert_eq!(outbox.next(now_ms, 1), Action::Send { max_events: LARGEST_BATCH });
        }
    }
}
