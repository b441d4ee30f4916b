//! The screen: what a page says ([`model`]), one adapter for each shape of page that puts it on the glass and turns
//! touches into [`Touch`]es, and the displays that it can be shown on.
//!
//! ```text
//!  core loop                         main thread
//!  Viewer::show(Screen) -> words --> latest slot --> adapters --> pages
//!  touched(Touch)       <------------------------------------- callbacks
//! ```
//! Nothing here waits for the loop, and the loop never waits for the screen: of screens that come faster than they can
//! be drawn, only the latest is.

mod adapters;
pub mod dates;
mod display;
#[cfg(feature = "headless")]
pub mod headless;
mod icons;
pub mod model;
mod qr;
mod viewer;
pub mod words;

use std::sync::Arc;

use kiosk_core::event::Touch;

pub use display::{Backend, Display, WindowOptions};
pub use model::QrText;
pub use viewer::Viewer;

/// What the view needs to know of the hall.
#[derive(Clone)]
pub struct Place {
    /// Unit lines, top first.
    pub unit_lines: Vec<String>,
    /// The text that the code of a ticket carries.
    pub qr: Arc<QrText>,
}

/// Takes what the citizen touched; called on the main thread, so it must not wait.
pub type Touched = Box<dyn Fn(Touch)>;

/// Why a display could not be opened or went away.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// The back end that was asked for is not there; no other is taken in its place.
    #[error("display {backend} cannot be opened; remedy: {}", remedy(backend))]
    Open {
        /// What was asked for.
        backend: &'static str,
        /// Slint's cause.
        source: slint::PlatformError,
    },
    /// There is no desktop to open a window on.
    #[error(
        "there is no desktop here (DISPLAY is not set); remedy: start the kiosk from a desktop session, or choose \
         --display linuxkms on its own touchscreen, or --display none"
    )]
    NoDesktop,
    /// The event loop ended by itself.
    #[error("display failed")]
    Run(#[source] slint::PlatformError),
    /// An icon in this binary is not an image.
    #[error("icon {0} cannot be read")]
    Icon(&'static str),
    /// The control socket cannot be bound.
    #[cfg(feature = "headless")]
    #[error("control socket {path} cannot be bound")]
    Control {
        /// Where.
        path: std::path::PathBuf,
        /// The cause.
        source: std::io::Error,
    },
}

/// What to do when a back end cannot be opened.
fn remedy(backend: &str) -> &'static str {
    match backend {
        "winit" => "look whether DISPLAY names a desktop that lets this user in",
        "linuxkms" => {
            "run it as a user of the groups video, render and input, with no desktop on that screen \
             (kiosk-app.service of the image does so)"
        }
        _ => "choose another --display",
    }
}
