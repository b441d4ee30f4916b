//! Icons by name, read once.

use std::collections::BTreeMap;

use slint::Image;

use super::ViewError;

/// Every icon of the pages.
pub(super) struct Icons(BTreeMap<&'static str, Image>);

impl Icons {
    /// Reads them all, so that a broken one is found at the start and not on a page.
    pub(super) fn load() -> Result<Self, ViewError> {
        kiosk_ui::ICONS
            .iter()
            .map(|(name, svg)| {
                let image = Image::load_from_svg_data(svg).map_err(|_unreadable| ViewError::Icon(name))?;
                Ok((*name, image))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The icon, or none for a name that a configuration made up.
    pub(super) fn get(&self, name: &str) -> Image {
        self.0.get(name).cloned().unwrap_or_default()
    }
}
