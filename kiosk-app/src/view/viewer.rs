//! The way from the core loop to the glass.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use kiosk_core::screen::Screen;
use kiosk_ui::{Frame, KioskWindow};
use slint::{ComponentHandle, Weak};

use super::Place;
use super::adapters::Adapters;
use super::model::{PageName, ScreenModel, model};

/// Shows screens from any thread; never waits. Clones show on the same display.
#[derive(Clone)]
pub struct Viewer {
    window: Weak<KioskWindow>,
    place: Place,
    slot: Arc<Slot>,
}

/// The newest screen on its way, and the page that stands on the glass.
#[derive(Default)]
pub(super) struct Slot {
    latest: Mutex<Option<ScreenModel>>,
    shown: Mutex<Option<PageName>>,
    changed: Condvar,
}

impl Slot {
    /// Waits until the page stands on the glass; `false` when the time is over first.
    #[cfg(feature = "headless")]
    pub(super) fn wait_for(&self, page: PageName, timeout: std::time::Duration) -> bool {
        let shown = locked(&self.shown);
        let (shown, _timed_out) = self
            .changed
            .wait_timeout_while(shown, timeout, |shown| *shown != Some(page))
            .unwrap_or_else(PoisonError::into_inner);
        *shown == Some(page)
    }

    /// The page that stands on the glass.
    #[cfg(feature = "headless")]
    pub(super) fn shown(&self) -> Option<PageName> {
        *locked(&self.shown)
    }

    /// Takes the newest screen and puts it on the glass; `false` when there is none.
    pub(super) fn put(&self, window: &KioskWindow, adapters: &Adapters) -> bool {
        let Some(screen) = locked(&self.latest).take() else { return false };
        let name = screen.frame.name;
        adapters.fill(window, screen);
        *locked(&self.shown) = Some(name);
        self.changed.notify_all();
        true
    }
}

impl Viewer {
    pub(super) fn new(window: Weak<KioskWindow>, place: Place, slot: Arc<Slot>) -> Self {
        Self { window, place, slot }
    }

    /// Shows a screen. Of several that come faster than they are drawn, the last one stands.
    pub fn show(&self, screen: &Screen) {
        let words = model(screen, &*self.place.qr);
        let waits_already = locked(&self.slot.latest).replace(words).is_some();
        if waits_already {
            return;
        }
        let posted = self.window.upgrade_in_event_loop(|window| window.global::<Frame>().invoke_news());
        if posted.is_err() {
            // The event loop has ended; nobody looks any more.
            locked(&self.slot.latest).take();
        }
    }

    /// Ends the display's loop; [`super::Display::run`] returns.
    pub fn quit(&self) {
        // An error says that the loop has ended already.
        let _ended = slint::quit_event_loop();
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
