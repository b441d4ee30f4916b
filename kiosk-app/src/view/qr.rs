//! The picture of a ticket's code.

use qrcode::{Color, QrCode};
use slint::{Image, Rgb8Pixel, SharedPixelBuffer};

/// Light modules around the code, as its standard asks for.
const QUIET_MODULES: usize = 4;

/// One pixel a module, dark on light in every look, with its quiet zone; `None` for a text that no code holds.
pub(super) fn picture(text: &str) -> Option<Image> {
    let code = QrCode::new(text).ok()?;
    let side = code.width() + 2 * QUIET_MODULES;
    let mut pixels = SharedPixelBuffer::<Rgb8Pixel>::new(side as u32, side as u32);
    let light = Rgb8Pixel::new(255, 255, 255);
    let dark = Rgb8Pixel::new(0, 0, 0);
    let inside = QUIET_MODULES..QUIET_MODULES + code.width();
    for (index, pixel) in pixels.make_mut_slice().iter_mut().enumerate() {
        let (x, y) = (index % side, index / side);
        let is_dark = inside.contains(&x)
            && inside.contains(&y)
            && code[(x - QUIET_MODULES, y - QUIET_MODULES)] == Color::Dark;
        *pixel = if is_dark { dark } else { light };
    }
    Some(Image::from_rgb8(pixels))
}
