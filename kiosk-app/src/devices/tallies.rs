//! What happened to each device in this run, for log and reports.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use kiosk_core::event::Device;
use kiosk_drivers::{Counters, Tally};

/// The drivers' counters, to be read from any thread. Devices are added as they are started.
#[derive(Clone, Debug, Default)]
pub struct Tallies(Arc<Mutex<BTreeMap<Device, Tally>>>);

impl Tallies {
    /// Adds a device whose driver is about to run.
    pub(super) fn add(&self, device: Device, tally: Tally) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(device, tally);
    }

    /// What has happened to a device so far; `None` for one that was never started.
    pub fn of(&self, device: Device) -> Option<Counters> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&device).map(Tally::counters)
    }
}
