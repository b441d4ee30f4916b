//! The line comes back, and is a bad one: questions and answers get lost or come twice while the outbox drains.

use std::path::Path;

use district_server::clock::day_of;
use district_server::secret::sha256;
use district_server::store::sqlite::SqliteStore;
use district_server::store::{Appended, IncomingBatch, IncomingEvent, Store as _};
use kiosk_app::store::{Outbox, Pending, Rewound};
use kiosk_core::outbox::{Action, Answer, Body, Outbox as Pace, Verdict};
use kiosk_core::time::Wall;
use kiosk_protocol::{MAX_BATCH_BYTES, ReadEvent, batch_body, chain_input, split_batch};
use kiosk_tests::random::SplitMix64;

/// Who takes batches.
pub trait District {
    /// Takes a batch.
    fn take(&mut self, batch: &Pending) -> Appended;
}

/// The district server's own store.
pub struct RealDistrict(SqliteStore);

/// A district that believes every batch to be new.
#[derive(Default)]
pub struct CarelessDistrict {
    /// What it took.
    pub events: Vec<String>,
}

/// What draining took.
#[derive(Debug, Default)]
pub struct Drained {
    /// Exchanges tried.
    pub exchanges: u32,
    /// Questions that never arrived.
    pub lost_questions: u32,
    /// Answers that never came back.
    pub lost_answers: u32,
    /// Questions that arrived twice.
    pub repeated: u32,
    /// Virtual time from the first to the last exchange.
    pub ms: u64,
}

impl RealDistrict {
    /// A district with its database in this folder.
    pub fn new(folder: &Path) -> Self {
        Self(SqliteStore::open(&folder.join("district.db")).unwrap())
    }

    /// Everything it took, in the order in which it did.
    pub fn events(&self) -> Vec<String> {
        self.0.export(0, u32::MAX).unwrap().into_iter().map(|event| event.raw).collect()
    }
}

impl District for RealDistrict {
    fn take(&mut self, batch: &Pending) -> Appended {
        let body = batch_body(batch.events.iter().map(String::as_str));
        let mut chain = batch.previous;
        let events = split_batch(&body).unwrap().into_iter().map(|raw| {
            chain = sha256(&chain_input(&chain, raw));
            incoming(raw, chain)
        });
        let incoming = IncomingBatch {
            kiosk: "kiosk-1".to_owned(),
            epoch: batch.first.epoch,
            first_seq: batch.first.seq,
            prev_hash: batch.previous,
            events: events.collect(),
        };
        self.0.append(&incoming, 0).unwrap()
    }
}

impl District for CarelessDistrict {
    fn take(&mut self, batch: &Pending) -> Appended {
        self.events.extend(batch.events.iter().cloned());
        Appended::Upto { next_seq: batch.first.seq + batch.events.len() as u64, new: batch.events.len() }
    }
}

fn incoming(raw: &str, chain: [u8; 32]) -> IncomingEvent {
    let read = ReadEvent::from_json(raw).unwrap();
    IncomingEvent {
        raw: raw.to_owned(),
        chain,
        wire_type: read.wire_type,
        hall: "don-duong".to_owned(),
        day: day_of(read.unix_ms),
        kiosk_ms: read.unix_ms,
        subject: None,
        bad: None,
    }
}

/// Sends what the outbox holds, at the rules' own pace, until it is empty.
pub fn drain(
    outbox: &mut Outbox,
    district: &mut impl District,
    random: &mut SplitMix64,
    at: Wall,
) -> Drained {
    let mut pace = Pace::new();
    let mut drained = Drained::default();
    loop {
        let waiting = outbox.depth().unwrap().unsent;
        match pace.next(drained.ms, waiting) {
            Action::Wait { .. } if waiting == 0 => return drained,
            Action::Wait { ms } => drained.ms += ms,
            Action::Send { max_events } => {
                let most = usize::try_from(max_events).unwrap();
                let batch = outbox.unsent(most, MAX_BATCH_BYTES - 2).unwrap().expect("something waits");
                drained.ms += 300;
                let answer = exchange(district, &batch, random, &mut drained);
                let verdict = pace.answered(answer, drained.ms, random.next_u64());
                act(outbox, &batch, &verdict, at);
            }
        }
    }
}

fn exchange(
    district: &mut impl District,
    batch: &Pending,
    random: &mut SplitMix64,
    drained: &mut Drained,
) -> Answer {
    drained.exchanges += 1;
    match random.below(100) {
        0..=9 => {
            drained.lost_questions += 1;
            Answer::NoConnection
        }
        10..=24 => {
            district.take(batch);
            drained.lost_answers += 1;
            Answer::TimedOut
        }
        25..=39 => {
            district.take(batch);
            drained.repeated += 1;
            answer_of(district.take(batch))
        }
        _ => answer_of(district.take(batch)),
    }
}

fn answer_of(appended: Appended) -> Answer {
    let (status, body) = match appended {
        Appended::Upto { next_seq, .. } => (200, Body::Accepted { next_seq, pace_ms: 50 }),
        Appended::Gap { next_seq } => (409, Body::Gap { next_seq }),
        Appended::Fork { seq } => (409, Body::Fork { seq }),
    };
    Answer::Http { status, body, retry_after_secs: None }
}

fn act(outbox: &mut Outbox, batch: &Pending, verdict: &Verdict, at: Wall) {
    let epoch = batch.first.epoch;
    match verdict {
        Verdict::Acknowledged { next_seq, .. } => outbox.acknowledge(epoch, *next_seq, at).unwrap(),
        Verdict::Rewind { next_seq } => assert_eq!(outbox.rewind(epoch, *next_seq).unwrap(), Rewound::Done),
        Verdict::Later { .. } => {}
        Verdict::NewEpoch { .. } | Verdict::Halve | Verdict::Park { .. } => panic!("{verdict:?}"),
    }
}
