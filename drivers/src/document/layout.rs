//! From a document to dots: line breaking, placing, QR codes.

use embedded_graphics::Drawable;
use embedded_graphics::geometry::{Point, Size};
use embedded_graphics::pixelcolor::BinaryColor;
use embedded_graphics::prelude::Primitive;
use embedded_graphics::primitives::{PrimitiveStyle, Rectangle};
use qrcode::bits::{Bits, encode_auto};
use qrcode::canvas::{Canvas, MaskPattern};
use qrcode::ec::construct_codewords;
use qrcode::{Color, EcLevel};

use super::bitmap::Bitmap;
use super::font::Font;
use super::wrap::wrap_evenly;
use super::{Align, Block, Document, Text};

/// A ticket is not longer than this; a longer one is a mistake of whoever composed it.
const MAX_MM: u32 = 500;
/// A QR code's text is not longer than this many bytes; a longer one could not be scanned from paper.
const MAX_QR_BYTES: usize = 600;
/// Line height and place of the baseline, in hundredths of the size, as Noto Sans has them.
const LINE_HEIGHT: i32 = 136;
const BASELINE: i32 = 107;
/// White modules around a QR code.
const QUIET_MODULES: u32 = 4;

/// Height of a figure, in hundredths of the size, in Noto Sans and in the cell of a printer's own font.
const CAP_HEIGHT: f32 = 0.714;
const CELL_CAP_HEIGHT: f32 = 0.72;
/// A printer's own font grows up to this.
const LARGEST_SCALE: u16 = 8;

/// What is drawn on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Media {
    /// Printable dots a line.
    pub width_dots: u16,
    /// Dots an inch.
    pub dpi: u16,
    /// QR codes come out as [`Segment::Qr`], otherwise as dots.
    pub native_qr: bool,
    /// What is large and made of dots comes out as [`Segment::Doubled`]: the number, QR codes.
    pub doubles_dots: bool,
    /// Width and height of a character of the printer's own font: figures come out as [`Segment::Figures`].
    pub rom_cell: Option<(u16, u16)>,
}

/// A piece of a drawn document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// Dots.
    Raster(Bitmap),
    /// Dots that the printer prints twice as wide and twice as high, so half as wide as the paper.
    Doubled(Bitmap),
    /// A line of figures, capitals, blanks and `:/-.` in the printer's own font.
    Figures {
        /// The line, ASCII.
        text: String,
        /// How many times as large as the font is, 1 to 8.
        scale: u8,
        /// Where the line stands.
        align: Align,
        /// Height of the line in dots.
        height_dots: u32,
    },
    /// A QR code that the printer draws itself, in the middle.
    Qr {
        /// Its text.
        data: String,
        /// Dots a module.
        module_dots: u8,
        /// Width and height in dots, without quiet zone.
        size_dots: u32,
    },
}

/// Why a document cannot be drawn.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DrawError {
    /// The text of the QR code is too long.
    #[error("a QR code of {length} bytes; at most {MAX_QR_BYTES} can be scanned from a ticket")]
    QrTooLong {
        /// Its length.
        length: usize,
    },
    /// The QR code does not fit on the paper even at one dot a module.
    #[error("the QR code needs {modules} modules and the paper has {width_dots} dots")]
    QrTooWide {
        /// Modules with quiet zone.
        modules: u32,
        /// Width of the paper.
        width_dots: u16,
    },
    /// The ticket is too long.
    #[error("the ticket is longer than {MAX_MM} mm")]
    TooLong,
}

/// Draws a block, pieces from the top.
///
/// # Errors
/// See [`DrawError`].
pub fn draw(block: &Block, font: &Font, media: Media) -> Result<Vec<Segment>, DrawError> {
    let bitmap = Bitmap::new(media.width_dots, 0);
    let mut page = Page { font, media, bitmap, segments: Vec::new() };
    page.block(block)?;
    page.end_raster();
    Ok(page.segments)
}

/// Whether a ticket of that many dots is not too long.
///
/// # Errors
/// [`DrawError::TooLong`].
pub fn check_length(dots: u32, dpi: u16) -> Result<(), DrawError> {
    if dots > MAX_MM * u32::from(dpi) * 10 / 254 { Err(DrawError::TooLong) } else { Ok(()) }
}

/// Draws a document in one piece, QR codes included, as it will look on paper.
///
/// # Errors
/// See [`DrawError`].
pub fn preview(document: &Document, font: &Font, width_dots: u16, dpi: u16) -> Result<Bitmap, DrawError> {
    let media = Media { width_dots, dpi, native_qr: false, doubles_dots: false, rom_cell: None };
    let mut page = Page { font, media, bitmap: Bitmap::new(width_dots, 0), segments: Vec::new() };
    document.blocks.iter().try_for_each(|block| page.block(block))?;
    Ok(page.bitmap)
}

struct Page<'a> {
    font: &'a Font,
    media: Media,
    bitmap: Bitmap,
    segments: Vec<Segment>,
}

impl Page<'_> {
    fn block(&mut self, block: &Block) -> Result<(), DrawError> {
        match block {
            Block::Text(text) => self.text(text)?,
            Block::BigText { text, max_size_pt } => self.big_text(&clean(text), *max_size_pt)?,
            Block::Rule => self.rule()?,
            Block::Space { mm } => {
                self.space(self.dots_of_mm(u32::from(*mm)))?;
            }
            Block::Qr { data, module_dots } => self.qr(&clean(data), *module_dots)?,
            Block::Banner { text, size_pt } => self.banner(&clean(text), *size_pt)?,
        }
        Ok(())
    }

    fn dots_of_mm(&self, mm: u32) -> u32 {
        mm * u32::from(self.media.dpi) * 10 / 254
    }

    fn dots_of_pt(&self, pt: u16) -> f32 {
        f32::from(pt.clamp(4, 400)) * f32::from(self.media.dpi) / 72.0
    }

    /// Adds blank rows; gives the first of them.
    fn space(&mut self, dots: u32) -> Result<i32, DrawError> {
        let start = self.bitmap.row_count();
        self.bitmap.extend_rows(dots as usize);
        check_length(u32::try_from(self.bitmap.row_count()).unwrap_or(u32::MAX), self.media.dpi)?;
        Ok(i32::try_from(start).unwrap_or(i32::MAX))
    }

    fn text(&mut self, text: &Text) -> Result<(), DrawError> {
        let size = self.dots_of_pt(text.size_pt);
        let width = f32::from(self.bitmap.width_dots());
        let is_figure = |letter: char| letter.is_ascii_digit() || " :/-.".contains(letter);
        if self.figures(&clean(&text.text), size, text.align, is_figure) {
            return Ok(());
        }
        for paragraph in text.text.split('\n') {
            for line in wrap_evenly(self.font, &clean(paragraph), text.bold, size, width) {
                self.line(&line, text.bold, size, text.align)?;
            }
        }
        Ok(())
    }

    /// Draws one line below what is there.
    fn line(&mut self, text: &str, bold: bool, size: f32, align: Align) -> Result<(), DrawError> {
        let shaped = self.font.shape(text, bold, size);
        let ink = self.font.rasterise(&shaped, bold, size);
        let hundredths = |share: i32| (size * share as f32 / 100.0).round() as i32;
        // A letter with a tower of marks pushes its line down rather than into the line above.
        let baseline = hundredths(BASELINE).max(-ink.top);
        let height = baseline + hundredths(LINE_HEIGHT - BASELINE);
        let start = self.space(u32::try_from(height).unwrap_or(0))?;
        let free = i32::from(self.bitmap.width_dots()) - shaped.width.ceil() as i32;
        let left = match align {
            Align::Left => 0,
            Align::Center => free.max(0) / 2,
            Align::Right => free.max(0),
        };
        ink.paint(&mut self.bitmap, Point::new(left + ink.left, start + baseline + ink.top), BinaryColor::On);
        Ok(())
    }

    fn fill(&mut self, top: i32, height: u32) {
        let area = Rectangle::new(Point::new(0, top), Size::new(self.bitmap.width_dots().into(), height));
        let Ok(()) = area.into_styled(PrimitiveStyle::with_fill(BinaryColor::On)).draw(&mut self.bitmap);
    }

    /// Large letters would waste much paper in a full line height: they get their ink and a margin.
    fn big_text(&mut self, text: &str, max_size_pt: u16) -> Result<(), DrawError> {
        let size = self.dots_of_pt(max_size_pt);
        let is_figure =
            |letter: char| letter.is_ascii_digit() || letter.is_ascii_uppercase() || letter == '-';
        if self.figures(text, size, Align::Center, is_figure) {
            return Ok(());
        }
        let grain = self.grain();
        let size = self.fitting_size(text, size) / grain as f32;
        let shaped = self.font.shape(text, true, size);
        let ink = self.font.rasterise(&shaped, true, size);
        let margin = self.dots_of_mm(2);
        self.space(margin)?;
        self.picture(ink.height, |bitmap, top| {
            let free = i32::from(bitmap.width_dots()) - shaped.width.ceil() as i32;
            ink.paint(bitmap, Point::new(free.max(0) / 2 + ink.left, top), BinaryColor::On);
        })?;
        self.space(margin)?;
        Ok(())
    }

    /// Dots of paper, each way, to a dot of what is large.
    fn grain(&self) -> u32 {
        if self.media.doubles_dots { 2 } else { 1 }
    }

    /// Adds something large, `rows` high in its own dots; it is drawn from a first row on.
    fn picture(&mut self, rows: u32, draw: impl FnOnce(&mut Bitmap, i32)) -> Result<(), DrawError> {
        if self.grain() == 1 {
            let top = self.space(rows)?;
            draw(&mut self.bitmap, top);
            return Ok(());
        }
        self.end_raster();
        // A whole number of bytes, so that its middle is that of the paper.
        let mut bitmap = Bitmap::new(self.media.width_dots / 16 * 8, rows as usize);
        draw(&mut bitmap, 0);
        self.segments.push(Segment::Doubled(bitmap));
        Ok(())
    }

    /// Leaves a line to the printer's own font if there is a good one and it has all its letters.
    fn figures(&mut self, text: &str, size: f32, align: Align, is_figure: impl Fn(char) -> bool) -> bool {
        let Some((width, height)) = self.media.rom_cell else { return false };
        let count = u16::try_from(text.len()).unwrap_or(u16::MAX);
        let widest = self.media.width_dots / width.saturating_mul(count).max(1);
        if count == 0 || widest == 0 || !text.chars().all(is_figure) {
            return false;
        }
        let wanted = (size * CAP_HEIGHT / (f32::from(height) * CELL_CAP_HEIGHT)).round() as u16;
        let scale = wanted.clamp(1, LARGEST_SCALE.min(widest));
        self.end_raster();
        self.segments.push(Segment::Figures {
            text: text.to_owned(),
            scale: u8::try_from(scale).unwrap_or(1),
            align,
            height_dots: u32::from(scale * height),
        });
        true
    }

    /// The largest size up to `size` at which a bold line fits the paper.
    fn fitting_size(&self, text: &str, size: f32) -> f32 {
        let width = self.font.shape(text, true, size).width;
        let paper = f32::from(self.bitmap.width_dots());
        if width > paper { (size * paper / width).floor().max(8.0) } else { size }
    }

    fn rule(&mut self) -> Result<(), DrawError> {
        let gap = self.dots_of_mm(1);
        let top = self.space(2 * gap + 2)?;
        self.fill(top + i32::try_from(gap).unwrap_or(0), 2);
        Ok(())
    }

    fn banner(&mut self, text: &str, size_pt: u16) -> Result<(), DrawError> {
        let size = self.fitting_size(text, self.dots_of_pt(size_pt));
        let shaped = self.font.shape(text, true, size);
        let ink = self.font.rasterise(&shaped, true, size);
        let margin = (size / 4.0).ceil() as i32;
        let baseline = ((size * BASELINE as f32 / 100.0).round() as i32).max(-ink.top);
        let height = baseline + (size * (LINE_HEIGHT - BASELINE) as f32 / 100.0).round() as i32 + 2 * margin;
        let height = u32::try_from(height).unwrap_or(0);
        let top = self.space(height)?;
        self.fill(top, height);
        let free = i32::from(self.bitmap.width_dots()) - shaped.width.ceil() as i32;
        let corner = Point::new(free.max(0) / 2 + ink.left, top + margin + baseline + ink.top);
        ink.paint(&mut self.bitmap, corner, BinaryColor::Off);
        Ok(())
    }

    fn qr(&mut self, data: &str, module_dots: u8) -> Result<(), DrawError> {
        let too_long = DrawError::QrTooLong { length: data.len() };
        if data.len() > MAX_QR_BYTES {
            return Err(too_long);
        }
        let Ok(bits) = encode_auto(data.as_bytes(), EcLevel::M) else { return Err(too_long) };
        let modules = u32::try_from(bits.version().width()).unwrap_or(u32::MAX);
        let width_dots = self.bitmap.width_dots();
        let widest = u32::from(width_dots) / (modules + 2 * QUIET_MODULES);
        let grain = if self.media.native_qr { 1 } else { self.grain() };
        if widest < grain {
            return Err(DrawError::QrTooWide { modules: modules + 2 * QUIET_MODULES, width_dots });
        }
        // Large enough dots rather than too small ones, where they cannot be as asked for.
        let module_dots =
            u32::from(module_dots.clamp(1, 16)).next_multiple_of(grain).min(widest / grain * grain);
        self.space(QUIET_MODULES * module_dots)?;
        if self.media.native_qr {
            self.end_raster();
            let module_dots = u8::try_from(module_dots).unwrap_or(16);
            let size_dots = modules * u32::from(module_dots);
            self.segments.push(Segment::Qr { data: data.to_owned(), module_dots, size_dots });
        } else {
            let colors = qr_colors(bits).ok_or(too_long)?;
            let side = module_dots / grain;
            self.picture(modules * side, |bitmap, top| qr_dots(bitmap, &colors, modules, top, side))?;
        }
        self.space(QUIET_MODULES * module_dots)?;
        Ok(())
    }

    fn end_raster(&mut self) {
        let width_dots = self.bitmap.width_dots();
        let done = std::mem::replace(&mut self.bitmap, Bitmap::new(width_dots, 0));
        if done.row_count() > 0 {
            self.segments.push(Segment::Raster(done));
        }
    }
}

const MASKS: [MaskPattern; 8] = [
    MaskPattern::Checkerboard,
    MaskPattern::HorizontalLines,
    MaskPattern::VerticalLines,
    MaskPattern::DiagonalLines,
    MaskPattern::LargeCheckerboard,
    MaskPattern::Fields,
    MaskPattern::Diamonds,
    MaskPattern::Meadow,
];

/// The modules of a QR code, row by row. Any mask makes a code that can be read; taken is the one with the fewest squares
/// of one colour. The crate's own choice, by all four rules of ISO 18004, takes fifty times as long as the code itself.
fn qr_colors(bits: Bits) -> Option<Vec<Color>> {
    let version = bits.version();
    let (data, correction) = construct_codewords(&bits.into_bytes(), version, EcLevel::M).ok()?;
    let mut canvas = Canvas::new(version, EcLevel::M);
    canvas.draw_all_functional_patterns();
    canvas.draw_data(&data, &correction);
    let width = usize::try_from(version.width()).ok()?;
    let masked = MASKS.iter().map(|mask| {
        let mut canvas = canvas.clone();
        canvas.apply_mask(*mask);
        canvas.into_colors()
    });
    masked.min_by_key(|colors| squares_of_one_color(colors, width))
}

fn squares_of_one_color(colors: &[Color], width: usize) -> usize {
    let rows = || colors.chunks_exact(width.max(1));
    let pairs = rows().zip(rows().skip(1));
    let squares = pairs.flat_map(|(row, below)| row.windows(2).zip(below.windows(2)));
    squares.filter(|(above, below)| above[0] == above[1] && above == below).count()
}

/// Draws a QR code in the middle, from the row `top` on.
fn qr_dots(bitmap: &mut Bitmap, colors: &[Color], modules: u32, top: i32, module_dots: u32) {
    let side = i32::try_from(module_dots).unwrap_or(1);
    let width = usize::try_from(modules).unwrap_or(1).max(1);
    let size = i32::try_from(modules).unwrap_or(0) * side;
    let left = (i32::from(bitmap.width_dots()) - size) / 2;
    for (index, color) in colors.iter().enumerate() {
        let (column, row) = (index % width, index / width);
        let place = |count: usize| i32::try_from(count).unwrap_or(0) * side;
        if *color == Color::Dark {
            let corner = Point::new(left + place(column), top + place(row));
            let square = Rectangle::new(corner, Size::new_equal(module_dots));
            let Ok(()) = square.into_styled(PrimitiveStyle::with_fill(BinaryColor::On)).draw(bitmap);
        }
    }
}

/// Leaves out control characters: a printer obeys them.
fn clean(text: &str) -> String {
    text.chars()
        .map(|letter| if letter == '\t' { ' ' } else { letter })
        .filter(|letter| !letter.is_control())
        .collect()
}
