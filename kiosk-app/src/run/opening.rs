//! Waits for a database that cannot be opened: whoever stands at the screen reads that no number can be had, and the kiosk
//! goes on trying. A card that comes back, or a disk with room again, needs nobody who starts it anew.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use kiosk_core::event::Event;
use kiosk_core::screen::{Look, OutOfService, Page, Screen};
use kiosk_core::time::Wall;

use crate::clock::Clock;
use crate::store::StoreError;

/// Between two tries.
const RETRY_MS: u64 = 5_000;

/// Calls `open` until it succeeds or `keep_on` says no. Touches made meanwhile are dropped: they belong to no page.
///
/// # Errors
/// When another kiosk has the data folder: there the hall is served already.
pub(super) fn until_open<T>(
    open: impl Fn() -> Result<T, StoreError>,
    show: &dyn Fn(&Screen),
    clock: &Clock,
    events: &Receiver<Event>,
    keep_on: impl Fn() -> bool,
) -> Result<Option<T>, StoreError> {
    while keep_on() {
        match open() {
            Ok(opened) => return Ok(Some(opened)),
            Err(error @ StoreError::InUse { .. }) => return Err(error),
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "store-unopened: tried again in some seconds"
                );
                show(&out_of_service(OutOfService::Data, clock.now().wall));
                rest(clock, events, &keep_on);
            }
        }
    }
    Ok(None)
}

fn rest(clock: &Clock, events: &Receiver<Event>, keep_on: &impl Fn() -> bool) {
    let until_ms = clock.mono_ms() + RETRY_MS;
    while keep_on() {
        let rest_ms = until_ms.saturating_sub(clock.mono_ms());
        match events.recv_timeout(Duration::from_millis(rest_ms)) {
            // A storm of touches must not keep the next try from coming.
            Ok(_) if rest_ms > 0 => {}
            Ok(_) | Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// The page that says so.
pub(super) fn out_of_service(why: OutOfService, at: Wall) -> Screen {
    let at = at.to_the_minute();
    Screen {
        page: Page::OutOfService(why),
        look: Look::default(),
        at,
        notice: None,
        leaves_in_secs: None,
        takes_scans: false,
    }
}
