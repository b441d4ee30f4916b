//! From a document to dots: line breaking, placing, QR codes.

use embedded_graphics::Drawable;
use embedded_graphics::Pixel;
use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::{Point, Size};
use embedded_graphics::pixelcolor::BinaryColor;
use embedded_graphics::prelude::Primitive;
use embedded_graphics::primitives::{PrimitiveStyle, Rectangle};
use qrcode::{Color, EcLevel, QrCode};

use super::bitmap::Bitmap;
use super::font::{Font, Ink};
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
    /// Width and height of a character of the printer's own font: figures come out as [`Segment::Figures`].
    pub rom_cell: Option<(u16, u16)>,
}

/// A piece of a drawn document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// Dots.
    Raster(Bitmap),
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
    let media = Media { width_dots, dpi, native_qr: false, rom_cell: None };
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
        self.ink(&ink, left, start + baseline, BinaryColor::On);
        Ok(())
    }

    fn ink(&mut self, ink: &Ink, x: i32, baseline: i32, color: BinaryColor) {
        let corner = Point::new(x + ink.left, baseline + ink.top);
        let pixels = ink.dots.iter().map(|dot| Pixel(corner + *dot, color));
        let Ok(()) = self.bitmap.draw_iter(pixels);
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
        let size = self.fitting_size(text, size);
        let shaped = self.font.shape(text, true, size);
        let ink = self.font.rasterise(&shaped, true, size);
        let margin = self.dots_of_mm(2);
        let start = self.space(ink.height.saturating_add(2 * margin))?;
        let free = i32::from(self.bitmap.width_dots()) - shaped.width.ceil() as i32;
        let top = start + i32::try_from(margin).unwrap_or(0);
        self.ink(&ink, free.max(0) / 2, top - ink.top, BinaryColor::On);
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
        self.ink(&ink, free.max(0) / 2, top + margin + baseline, BinaryColor::Off);
        Ok(())
    }

    fn qr(&mut self, data: &str, module_dots: u8) -> Result<(), DrawError> {
        let too_long = DrawError::QrTooLong { length: data.len() };
        if data.len() > MAX_QR_BYTES {
            return Err(too_long);
        }
        let code = QrCode::with_error_correction_level(data, EcLevel::M).map_err(|_| too_long)?;
        let modules = u32::try_from(code.width()).unwrap_or(u32::MAX);
        let width_dots = self.bitmap.width_dots();
        let widest = u32::from(width_dots) / (modules + 2 * QUIET_MODULES);
        if widest == 0 {
            return Err(DrawError::QrTooWide { modules: modules + 2 * QUIET_MODULES, width_dots });
        }
        let module_dots = u32::from(module_dots.clamp(1, 16)).min(widest);
        self.space(QUIET_MODULES * module_dots)?;
        if self.media.native_qr {
            self.end_raster();
            let module_dots = u8::try_from(module_dots).unwrap_or(16);
            let size_dots = modules * u32::from(module_dots);
            self.segments.push(Segment::Qr { data: data.to_owned(), module_dots, size_dots });
        } else {
            self.qr_dots(&code, module_dots)?;
        }
        self.space(QUIET_MODULES * module_dots)?;
        Ok(())
    }

    fn qr_dots(&mut self, code: &QrCode, module_dots: u32) -> Result<(), DrawError> {
        let size = u32::try_from(code.width()).unwrap_or(0) * module_dots;
        let top = self.space(size)?;
        let left = (i32::from(self.bitmap.width_dots()) - i32::try_from(size).unwrap_or(0)) / 2;
        let side = i32::try_from(module_dots).unwrap_or(1);
        for (index, color) in code.to_colors().into_iter().enumerate() {
            let (column, row) = (index % code.width(), index / code.width());
            let place = |count: usize| i32::try_from(count).unwrap_or(0) * side;
            if color == Color::Dark {
                let corner = Point::new(left + place(column), top + place(row));
                let square = Rectangle::new(corner, Size::new_equal(module_dots));
                let Ok(()) =
                    square.into_styled(PrimitiveStyle::with_fill(BinaryColor::On)).draw(&mut self.bitmap);
            }
        }
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

/// Leaves out control characters: a printer obeys them.
fn clean(text: &str) -> String {
    text.chars()
        .map(|letter| if letter == '\t' { ' ' } else { letter })
        .filter(|letter| !letter.is_control())
        .collect()
}

/// Breaks a paragraph into as few lines as possible: two at the end of a phrase if that fits, otherwise all about equally
/// long. No lonely last word.
fn wrap_evenly(font: &Font, paragraph: &str, bold: bool, size: f32, width: f32) -> Vec<String> {
    let mut lines = wrap(font, paragraph, bold, size, width);
    if let [_, _] = lines.as_slice()
        && let Some((head, tail)) = phrases(font, paragraph, bold, size, width)
    {
        return vec![head, tail];
    }
    let (count, step) = (lines.len(), width / 24.0);
    let mut narrower = width - step;
    while count > 1 && narrower > step {
        let candidate = wrap(font, paragraph, bold, size, narrower);
        if candidate.len() > count {
            break;
        }
        lines = candidate;
        narrower -= step;
    }
    lines
}

/// The two phrases around a punctuation mark that make the most even lines; none where one would be lonely.
fn phrases(font: &Font, paragraph: &str, bold: bool, size: f32, width: f32) -> Option<(String, String)> {
    const LONELY: f32 = 0.4;
    let measure = |text: &str| font.shape(text, bold, size).width;
    let breaks = paragraph.match_indices([',', ';', ':']).map(|(at, mark)| at + mark.len());
    let halves = breaks.filter_map(|at| paragraph.split_at_checked(at)).filter_map(|(head, tail)| {
        let (head, tail) = (head.trim(), tail.strip_prefix(' ')?.trim());
        let (one, other) = (measure(head), measure(tail));
        let evenness = one.min(other) / one.max(other).max(1.0);
        (one.max(other) <= width && evenness >= LONELY).then(|| (evenness, head.to_owned(), tail.to_owned()))
    });
    halves.max_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, head, tail)| (head, tail))
}

/// Breaks a paragraph into lines: between words, and inside a word only where it alone is too wide, never inside a
/// grapheme. An empty paragraph is an empty line.
fn wrap(font: &Font, paragraph: &str, bold: bool, size: f32, width: f32) -> Vec<String> {
    let measure = |text: &str| font.shape(text, bold, size).width;
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in paragraph.split(' ').filter(|word| !word.is_empty()) {
        let candidate = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if measure(&candidate) <= width {
            line = candidate;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        let mut rest = word;
        while measure(rest) > width {
            let cut = font.shape(rest, bold, size).fitting_prefix(width, rest.len());
            let Some((head, tail)) = rest.split_at_checked(cut) else { break };
            if tail.is_empty() {
                break;
            }
            lines.push(head.to_owned());
            rest = tail;
        }
        line = rest.to_owned();
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn font() -> Font {
        Font::new(
            include_bytes!("../../../kiosk-app/ui/fonts/NotoSans-Regular.ttf"),
            include_bytes!("../../../kiosk-app/ui/fonts/NotoSans-Bold.ttf"),
        )
        .unwrap()
    }

    #[test]
    fn two_lines_break_between_phrases_and_leave_no_word_alone() {
        for (text, width, lines) in [
            ("Hướng dẫn, hỗ trợ trực tuyến", 400.0, ["Hướng dẫn,", "hỗ trợ trực tuyến"].as_slice()),
            ("Kinh doanh, bảo trợ xã hội", 400.0, &["Kinh doanh,", "bảo trợ xã hội"]),
            // A short phrase alone would be lonely: about equal lines instead.
            ("Có, xin chờ đến lượt của Ông hoặc Bà", 400.0, &["Có, xin chờ đến lượt", "của Ông hoặc Bà"]),
            ("Hộ tịch", 400.0, &["Hộ tịch"]),
            ("", 400.0, &[""]),
        ] {
            assert_eq!(wrap_evenly(&font(), text, true, 36.0, width), lines, "{text}");
        }
    }
}
