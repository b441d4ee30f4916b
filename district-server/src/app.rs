//! What all handlers share.

use crate::clock::Clock;
use crate::facts::FactsCache;
use crate::limits::{Buckets, Nonces, Rate};
use crate::problem::Refusal;
use crate::secret::Secret;
use crate::settings::Settings;
use crate::store::{Alarm, Store, StoreError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Counters of limits, guarded together.
pub struct Limits {
    /// Batches by kiosk.
    pub batches: Buckets,
    /// Look-ups by kiosk.
    pub lookups: Buckets,
    /// Look-ups without an answer by kiosk: the alarm's measure.
    pub misses: Buckets,
    /// Wrong sign-in codes by address.
    pub sign_ins: Buckets,
    /// Wrong enrolments by address.
    pub enrolments: Buckets,
    /// Alarms that anyone could provoke, by kiosk and kind.
    pub alarms: Buckets,
    /// Nonces of signed GETs.
    pub nonces: Nonces,
}

impl Default for Limits {
    fn default() -> Self {
        let buckets = |burst, every_ms| Buckets::new(Rate { burst, every_ms });
        Self {
            batches: buckets(200, 100),
            lookups: buckets(5, 6_000),
            misses: buckets(20, 180_000),
            sign_ins: buckets(10, 6_000),
            enrolments: buckets(10, 6_000),
            alarms: buckets(3, 600_000),
            nonces: Nonces::default(),
        }
    }
}

/// Shared state: cheap to clone.
#[derive(Clone)]
pub struct App {
    /// Settings.
    pub settings: Arc<Settings>,
    /// Store.
    pub store: Arc<dyn Store>,
    /// Secret.
    pub secret: Arc<Secret>,
    /// Clock.
    pub clock: Clock,
    /// Facts of days, computed once for each change.
    pub facts: Arc<FactsCache>,
    limits: Arc<Mutex<Limits>>,
    changed: watch::Sender<u64>,
}

impl App {
    /// An application over a store.
    #[must_use]
    pub fn new(settings: Settings, store: Arc<dyn Store>, secret: Secret, clock: Clock) -> Self {
        Self {
            settings: Arc::new(settings),
            store,
            secret: Arc::new(secret),
            clock,
            facts: Arc::new(FactsCache::default()),
            limits: Arc::new(Mutex::new(Limits::default())),
            changed: watch::Sender::new(0),
        }
    }

    /// The limits. Counters stay usable after a panic elsewhere, so a poisoned lock is taken over.
    pub fn limits(&self) -> MutexGuard<'_, Limits> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs blocking work (the store, cryptography) off the network threads.
    pub async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&App) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Refusal> {
        let app = self.clone();
        match tokio::task::spawn_blocking(move || work(&app)).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => {
                tracing::error!(error = &error as &dyn std::error::Error, "store failed");
                Err(Refusal::Busy)
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "request failed");
                Err(Refusal::Busy)
            }
        }
    }

    /// Tells live pages that something came in.
    pub fn tell_change(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    /// Changes from now on.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Raises an alarm, at most a few an hour of each kind and kiosk: a flood of forgeries must not fill the disk.
    pub fn raise(&self, kiosk: &str, kind: &str, detail: &str) {
        let at_ms = self.clock.now_ms();
        if self.limits().alarms.take(&format!("{kiosk}/{kind}"), at_ms).is_err() {
            return;
        }
        tracing::warn!(kiosk, kind, detail, "alarm");
        let alarm =
            Alarm { at_ms, kiosk: kiosk.to_owned(), kind: kind.to_owned(), detail: detail.to_owned() };
        if let Err(error) = self.store.raise(&alarm) {
            tracing::error!(error = &error as &dyn std::error::Error, "alarm not stored");
        }
    }
}
