//! What a finger and an eye can do with the pages.

use i_slint_backend_testing::{AccessibleRole, ElementHandle, ElementQuery};
use kiosk_ui::KioskWindow;
use slint::platform::{PointerEventButton, WindowEvent};
use slint::{ComponentHandle, LogicalPosition};

use super::picture::Picture;

/// The glass of a window: where things are, and a finger on it.
pub struct Glass<'a>(&'a KioskWindow);

/// Something that can be touched.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Button {
    /// What it is called.
    pub label: String,
    /// Whether it acts now.
    pub enabled: bool,
    /// Left edge in pixels.
    pub x: f32,
    /// Upper edge in pixels.
    pub y: f32,
    /// Width in pixels.
    pub width: f32,
    /// Height in pixels.
    pub height: f32,
}

/// Why nothing was touched or seen.
#[derive(Debug, thiserror::Error)]
pub enum GlassError {
    /// Nothing of that name.
    #[error("nothing to touch is called {label:?}")]
    NotThere {
        /// What was looked for.
        label: String,
    },
    /// More than one thing has that name.
    #[error("{count} things to touch are called {label:?}")]
    Ambiguous {
        /// What was looked for.
        label: String,
        /// How many.
        count: usize,
    },
    /// It does not act now.
    #[error("{label:?} takes no touch now")]
    Disabled {
        /// What was looked for.
        label: String,
    },
    /// The window could not be drawn.
    #[error("page cannot be drawn")]
    Draw(#[source] slint::PlatformError),
    /// The window takes no events.
    #[error("window takes no touch")]
    Touch(#[source] slint::PlatformError),
}

impl<'a> Glass<'a> {
    pub(super) fn new(window: &'a KioskWindow) -> Self {
        Self(window)
    }

    /// Everything that can be touched, in the order of the page.
    pub fn buttons(&self) -> Vec<Button> {
        ElementQuery::from_root(self.0)
            .match_accessible_role(AccessibleRole::Button)
            .find_all()
            .iter()
            .filter(|element| element.computed_opacity() > 0.0)
            .map(button)
            .filter(|button| !button.label.is_empty())
            .collect()
    }

    /// Every text that is not the name of a button.
    pub fn texts(&self) -> Vec<String> {
        ElementQuery::from_root(self.0)
            .match_accessible_role(AccessibleRole::Text)
            .find_all()
            .iter()
            .filter_map(|element| element.accessible_label())
            .filter(|text| !text.is_empty())
            .map(String::from)
            .collect()
    }

    /// Presses and lifts a finger in the middle of the button of this name.
    ///
    /// # Errors
    /// When there is none, more than one, or it takes no touch.
    pub fn tap(&self, label: &str) -> Result<(), GlassError> {
        let named: Vec<Button> = self.buttons().into_iter().filter(|button| button.label == label).collect();
        match named.as_slice() {
            [] => Err(GlassError::NotThere { label: label.into() }),
            [button] if !button.enabled => Err(GlassError::Disabled { label: label.into() }),
            [button] => self.touch(button.x + button.width / 2.0, button.y + button.height / 2.0),
            several => Err(GlassError::Ambiguous { label: label.into(), count: several.len() }),
        }
    }

    /// Presses and lifts a finger at a place, in pixels.
    ///
    /// # Errors
    /// When the window takes no events.
    pub fn touch(&self, x: f32, y: f32) -> Result<(), GlassError> {
        self.press(x, y)?;
        self.release(x, y)
    }

    /// Puts a finger down.
    ///
    /// # Errors
    /// When the window takes no events.
    pub fn press(&self, x: f32, y: f32) -> Result<(), GlassError> {
        let position = LogicalPosition::new(x, y);
        self.send(WindowEvent::PointerPressed { position, button: PointerEventButton::Left })
    }

    /// Moves the finger that is down.
    ///
    /// # Errors
    /// When the window takes no events.
    pub fn slide(&self, x: f32, y: f32) -> Result<(), GlassError> {
        self.send(WindowEvent::PointerMoved { position: LogicalPosition::new(x, y) })
    }

    /// Lifts the finger.
    ///
    /// # Errors
    /// When the window takes no events.
    pub fn release(&self, x: f32, y: f32) -> Result<(), GlassError> {
        let position = LogicalPosition::new(x, y);
        self.send(WindowEvent::PointerReleased { position, button: PointerEventButton::Left })?;
        self.send(WindowEvent::PointerExited)
    }

    /// What the eye sees.
    ///
    /// # Errors
    /// When the window cannot be drawn.
    pub fn picture(&self) -> Result<Picture, GlassError> {
        let pixels = self.0.window().take_snapshot().map_err(GlassError::Draw)?;
        let mut rgb = Vec::with_capacity(pixels.as_slice().len() * 3);
        for pixel in pixels.as_slice() {
            rgb.extend_from_slice(&[pixel.r, pixel.g, pixel.b]);
        }
        Ok(Picture { width: pixels.width(), height: pixels.height(), rgb })
    }

    fn send(&self, event: WindowEvent) -> Result<(), GlassError> {
        self.0.window().dispatch_event_with_result(event).map(|_taken| ()).map_err(GlassError::Touch)
    }
}

fn button(element: &ElementHandle) -> Button {
    let (place, size) = (element.absolute_position(), element.size());
    Button {
        label: element.accessible_label().unwrap_or_default().into(),
        enabled: element.accessible_enabled().unwrap_or(true),
        x: place.x,
        y: place.y,
        width: size.width,
        height: size.height,
    }
}
