//! No screen at all: pages are drawn to memory, touched and photographed. For demonstration, rigs and golden pictures,
//! never in an image.

mod control;
mod glass;
mod picture;
mod platform;
mod studio;

use std::path::PathBuf;

use slint::PhysicalSize;

pub use control::Control;
pub use glass::{Button, Glass, GlassError};
pub use picture::{Picture, PictureError};
pub use studio::Studio;

use super::ViewError;

/// Size of the glass, and where it is controlled from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadlessOptions {
    /// Width in pixels: 1080 of a portrait kiosk, 1280 of a small landscape one.
    pub width: u32,
    /// Height in pixels: 1920, or 800.
    pub height: u32,
    /// A Unix socket for `tap`, `shot`, `page`...; see [`Control`].
    pub control: Option<PathBuf>,
}

/// Makes drawing to memory this process's display.
pub(super) fn install(size: PhysicalSize) -> Result<(), ViewError> {
    slint::platform::set_platform(Box::new(platform::Memory::new(size))).map_err(|taken| ViewError::Open {
        backend: "headless",
        source: slint::PlatformError::SetPlatformError(taken),
    })
}
