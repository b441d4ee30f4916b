//! What is on a ticket, independent of the printer, and its drawing into dots.
//!
//! Letters are shaped (Vietnamese and the highland languages need stacked marks that no code page holds), their outlines
//! rasterised to one bit, and everything is drawn through embedded-graphics into a [`Bitmap`].

mod bitmap;
mod font;
mod layout;
mod statics;
mod wrap;

pub use bitmap::Bitmap;
pub use font::{Font, FontError};
pub use layout::{DrawError, Media, Segment, check_length, draw, preview};
pub use statics::{Statics, StaticsError};

/// A ticket, from top to bottom.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document {
    /// Its parts.
    pub blocks: Vec<Block>,
}

/// A part of a ticket, over the whole width of the paper.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Block {
    /// Lines of text, wrapped at the width of the paper.
    Text(Text),
    /// One centred bold line, as large as the width allows: the number.
    BigText {
        /// The line.
        text: String,
        /// Size in points when it fits.
        max_size_pt: u16,
    },
    /// A line across.
    Rule,
    /// Blank paper.
    Space {
        /// Its height.
        mm: u16,
    },
    /// A QR code in the middle, with its quiet zone.
    Qr {
        /// Its text; control characters are left out.
        data: String,
        /// Dots a module, 1 to 16; fewer where the paper is too narrow.
        module_dots: u8,
    },
    /// One white line on black, such as IN LẠI.
    Banner {
        /// The line.
        text: String,
        /// Size in points.
        size_pt: u16,
    },
}

/// Lines of text. Control characters are left out; a line feed begins a new line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text {
    /// The text.
    pub text: String,
    /// Size in points.
    pub size_pt: u16,
    /// In bold.
    pub bold: bool,
    /// Where a line stands that is narrower than the paper.
    pub align: Align,
}

/// Where a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Align {
    /// On the left.
    Left,
    /// In the middle.
    Center,
    /// On the right.
    Right,
}

impl Text {
    /// Plain text on the left.
    #[must_use]
    pub fn new(text: impl Into<String>, size_pt: u16) -> Self {
        Self { text: text.into(), size_pt, bold: false, align: Align::Left }
    }

    /// The same in bold.
    #[must_use]
    pub fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    /// The same, placed.
    #[must_use]
    pub fn align(self, align: Align) -> Self {
        Self { align, ..self }
    }
}
