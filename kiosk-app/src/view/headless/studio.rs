//! Pages without an event loop: shown, touched and photographed one after the other.

use std::sync::Arc;

use kiosk_core::screen::Screen;
use kiosk_ui::{KioskWindow, Theme};
use slint::{ComponentHandle, PhysicalSize};

use super::super::adapters::Adapters;
use super::super::model::{QrText, model};
use super::super::{Place, Touched, ViewError};
use super::{Glass, install};

/// A window in memory on this thread; one a process.
pub struct Studio {
    window: KioskWindow,
    adapters: Adapters,
    qr: Arc<QrText>,
}

impl Studio {
    /// Opens it at a size in pixels; `touched` gets every touch.
    ///
    /// # Errors
    /// When this process has a display already.
    pub fn open(width: u32, height: u32, place: Place, touched: Touched) -> Result<Self, ViewError> {
        install(PhysicalSize::new(width, height))?;
        let window = KioskWindow::new().map_err(|source| ViewError::Open { backend: "headless", source })?;
        let adapters = Adapters::connect(&window, &place, touched)?;
        window.show().map_err(|source| ViewError::Open { backend: "headless", source })?;
        let studio = Self { window, adapters, qr: place.qr };
        studio.resize(width, height);
        Ok(studio)
    }

    /// Turns the glass or takes another.
    pub fn resize(&self, width: u32, height: u32) {
        self.window.window().set_size(PhysicalSize::new(width, height));
        slint::platform::update_timers_and_animations();
    }

    /// Shows a screen.
    pub fn show(&self, screen: &Screen) {
        self.adapters.fill(&self.window, model(screen, &*self.qr));
        slint::platform::update_timers_and_animations();
    }

    /// The glass, to look at and to touch.
    pub fn glass(&self) -> Glass<'_> {
        Glass::new(&self.window)
    }

    /// Pairs of text and ground that pages use, by name, as red, green and blue.
    pub fn text_on_ground(&self) -> Vec<(&'static str, [u8; 3], [u8; 3])> {
        let theme = self.window.global::<Theme>();
        let rgb = |color: slint::Color| [color.red(), color.green(), color.blue()];
        [
            ("ink on paper", theme.get_ink(), theme.get_paper()),
            ("ink on surface", theme.get_ink(), theme.get_surface()),
            ("ink on pressed", theme.get_ink(), theme.get_pressed()),
            ("ink on disabled", theme.get_ink(), theme.get_disabled()),
            ("soft ink on paper", theme.get_ink_soft(), theme.get_paper()),
            ("soft ink on surface", theme.get_ink_soft(), theme.get_surface()),
            ("soft ink on pressed", theme.get_ink_soft(), theme.get_pressed()),
            ("soft ink on disabled", theme.get_ink_soft(), theme.get_disabled()),
            ("accent on paper", theme.get_accent(), theme.get_paper()),
            ("accent on surface", theme.get_accent(), theme.get_surface()),
            ("on accent", theme.get_on_accent(), theme.get_accent()),
            ("on accent, pressed", theme.get_on_accent(), theme.get_accent_pressed()),
            ("warning on paper", theme.get_warn(), theme.get_paper()),
            ("warning on its surface", theme.get_warn(), theme.get_warn_surface()),
            ("ink on the warning's surface", theme.get_ink(), theme.get_warn_surface()),
            ("good on paper", theme.get_good(), theme.get_paper()),
        ]
        .map(|(name, text, ground)| (name, rgb(text), rgb(ground)))
        .into()
    }
}
