//! The displays that the pages can be shown on.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use kiosk_ui::{Frame, KioskWindow};
use slint::{ComponentHandle, Timer, TimerMode};

use super::adapters::Adapters;
#[cfg(feature = "headless")]
use super::headless;
use super::viewer::{Slot, Viewer};
use super::{Place, Touched, ViewError};

/// Which display.
pub enum Backend {
    /// A desktop window (X11), drawn in software.
    #[cfg(feature = "window")]
    Window(WindowOptions),
    /// The touchscreen of the firmware, without a compositor.
    #[cfg(feature = "linuxkms")]
    LinuxKms,
    /// Memory, touched and photographed through a socket.
    #[cfg(feature = "headless")]
    Headless(headless::HeadlessOptions),
}

/// How a desktop window opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowOptions {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Over the whole screen instead.
    pub fullscreen: bool,
}

/// Called once the first page was drawn.
type FirstFrame = Rc<RefCell<Option<Box<dyn FnOnce()>>>>;

/// The software renderer tells nobody that it has drawn. But the loop of events draws in each of its turns, and ends when
/// that fails; timers run before. So what runs in the second turn after a page was filled in runs after its drawing.
const A_TURN: Duration = Duration::from_millis(20);

/// An opened display; lives on the main thread.
pub struct Display {
    window: KioskWindow,
    slot: Arc<Slot>,
    place: Place,
    kick: Timer,
    first_frame: FirstFrame,
    #[cfg(feature = "headless")]
    control: Option<headless::Control>,
}

impl Display {
    /// Opens the display on this thread, which must be the main one. `touched` gets every touch.
    ///
    /// # Errors
    /// When the back end that was asked for is not there; no other is taken instead.
    pub fn open(backend: Backend, place: Place, touched: Touched) -> Result<Self, ViewError> {
        match backend {
            #[cfg(feature = "window")]
            Backend::Window(options) => {
                // What a window needs is said here in words; the cause below would be a library's.
                if std::env::var_os("DISPLAY").is_none_or(|display| display.is_empty()) {
                    return Err(ViewError::NoDesktop);
                }
                select("winit")?;
                let display = Self::connect("winit", place, touched)?;
                let size = slint::PhysicalSize::new(options.width, options.height);
                display.window.window().set_size(size);
                display.window.window().set_fullscreen(options.fullscreen);
                Ok(display)
            }
            #[cfg(feature = "linuxkms")]
            Backend::LinuxKms => {
                select("linuxkms")?;
                Self::connect("linuxkms", place, touched)
            }
            #[cfg(feature = "headless")]
            Backend::Headless(options) => {
                let size = slint::PhysicalSize::new(options.width, options.height);
                headless::install(size)?;
                let mut display = Self::connect("headless", place, touched)?;
                display.window.window().set_size(size);
                display.control = options.control.map(headless::Control::bind).transpose()?;
                Ok(display)
            }
        }
    }

    fn connect(backend: &'static str, place: Place, touched: Touched) -> Result<Self, ViewError> {
        let window = KioskWindow::new().map_err(|source| ViewError::Open { backend, source })?;
        let adapters = Rc::new(Adapters::connect(&window, &place, touched)?);
        let slot = Arc::new(Slot::default());
        let (weak, news) = (window.as_weak(), Arc::clone(&slot));
        let first_frame = FirstFrame::default();
        let drawn = Rc::clone(&first_frame);
        window.global::<Frame>().on_news(move || {
            let Some(window) = weak.upgrade() else { return };
            if news.put(&window, &adapters)
                && let Some(told) = drawn.take()
            {
                Timer::single_shot(A_TURN, move || Timer::single_shot(A_TURN, told));
            }
        });
        Ok(Self {
            window,
            slot,
            place,
            kick: Timer::default(),
            first_frame,
            #[cfg(feature = "headless")]
            control: None,
        })
    }

    /// The way to show screens on it, from any thread.
    pub fn viewer(&self) -> Viewer {
        Viewer::new(self.window.as_weak(), self.place.clone(), Arc::clone(&self.slot))
    }

    /// Calls `kick` at this interval for as long as the event loop really turns; for the watchdog.
    pub fn kick_every(&self, interval: Duration, kick: impl FnMut() + 'static) {
        self.kick.start(TimerMode::Repeated, interval, kick);
    }

    /// Calls `told` once the first page stands on the glass, drawn.
    pub fn on_first_frame(&self, told: impl FnOnce() + 'static) {
        self.first_frame.replace(Some(Box::new(told)));
    }

    /// Shows the pages until [`Viewer::quit`] or, on a desktop, until the window is closed.
    ///
    /// # Errors
    /// When the display goes away.
    pub fn run(self) -> Result<(), ViewError> {
        #[cfg(feature = "headless")]
        if let Some(control) = self.control {
            control.serve(self.window.as_weak(), Arc::clone(&self.slot));
        }
        self.window.run().map_err(ViewError::Run)
    }
}

#[cfg(any(feature = "window", feature = "linuxkms"))]
fn select(backend: &'static str) -> Result<(), ViewError> {
    slint::BackendSelector::new()
        .backend_name(backend.into())
        .renderer_name("software".into())
        .select()
        .map_err(|source| ViewError::Open { backend, source })
}
