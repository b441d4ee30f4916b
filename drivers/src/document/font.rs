//! Shaped text: from characters to outlines in dots.

use std::sync::Arc;

use embedded_graphics::geometry::Point;
use embedded_graphics::pixelcolor::BinaryColor;
use harfrust::{Buffer, Direction, Script, ShapeOptions, ShapePlan, ShaperFont, shape};
use skrifa::font::Font as FontFace;
use skrifa::{DrawMemory, GlyphId, ScalerFont};
use zeno::{Command, Mask, PathBuilder};

use super::bitmap::Bitmap;

/// Share of a dot that must be covered for it to be black, of 255. A little under half: thermal paper makes thin
/// strokes thinner.
const INK_THRESHOLD: u8 = 112;

/// Why a font cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FontError {
    /// The bytes are no font.
    #[error("the {0} font file is not a TrueType or OpenType font")]
    Unreadable(&'static str),
}

/// The two faces that tickets are set in. A copy costs nothing.
#[derive(Clone)]
pub struct Font {
    regular: Arc<Face>,
    bold: Arc<Face>,
}

struct Face {
    font: FontFace,
    /// Which of the font's rules Latin text obeys: to find that out takes longer than to shape a line.
    plan: ShapePlan,
}

impl std::fmt::Debug for Font {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Font")
    }
}

/// A line of shaped text.
pub(crate) struct Line {
    glyphs: Vec<Glyph>,
    /// Width in dots.
    pub(crate) width: f32,
}

struct Glyph {
    id: GlyphId,
    /// Where it would stand by its neighbours' widths alone, in dots.
    pen: f32,
    x: f32,
    y: f32,
    /// Byte offset of the grapheme cluster in the text.
    cluster: usize,
}

/// A drawn line.
pub(crate) struct Ink {
    /// Place of its corner, relative to the start of the baseline.
    pub(crate) left: i32,
    pub(crate) top: i32,
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Share of each dot that is covered, of 255; row by row.
    coverages: Vec<u8>,
}

impl Font {
    /// Reads the two font files (TrueType or OpenType).
    ///
    /// # Errors
    /// When the bytes are no font.
    pub fn new(regular: &[u8], bold: &[u8]) -> Result<Self, FontError> {
        let read = |bytes: &[u8], name| {
            let font = FontFace::new(bytes.to_vec(), 0).ok_or(FontError::Unreadable(name))?;
            let plan = ShapePlan::new(&font, Direction::LeftToRight, Some(Script::LATIN), None, &[]);
            Ok(Arc::new(Face { font, plan }))
        };
        Ok(Self { regular: read(regular, "regular")?, bold: read(bold, "bold")? })
    }

    fn face(&self, bold: bool) -> &Face {
        if bold { &self.bold } else { &self.regular }
    }

    /// Whether every letter of a text has a glyph in both faces.
    #[must_use]
    pub fn covers(&self, text: &str) -> bool {
        [&self.regular, &self.bold].iter().all(|face| {
            let shaper = ShaperFont::new(&face.font);
            text.chars().all(|letter| shaper.nominal_glyph(letter.into()).is_some())
        })
    }

    /// Shapes one line at a size in dots.
    pub(crate) fn shape(&self, text: &str, bold: bool, size: f32) -> Line {
        let face = self.face(bold);
        let mut buffer = Buffer::new();
        buffer.push_str(text);
        buffer.guess_segment_properties();
        if buffer.script().is_none() {
            // Figures belong to the letters around them.
            buffer.set_script(Some(Script::LATIN));
        }
        let plan = (buffer.script() == face.plan.script()).then_some(&face.plan);
        let shaper = ShaperFont::new(&face.font);
        if shape(&shaper, &mut buffer, ShapeOptions::new().plan(plan)).is_err() {
            return Line { glyphs: Vec::new(), width: 0.0 };
        }
        let scale = size / f32::from(face.font.units_per_em());
        let (mut pen, mut glyphs) = (0.0_f32, Vec::new());
        for (info, position) in buffer.glyph_infos().iter().zip(buffer.glyph_positions()) {
            // Bases stand on whole dots, so that equal letters look equal; marks keep their exact place above them.
            let base = pen.round();
            glyphs.push(Glyph {
                id: GlyphId::new(info.glyph_id),
                pen,
                x: base + position.x_offset as f32 * scale,
                y: position.y_offset as f32 * scale,
                cluster: info.cluster as usize,
            });
            pen += position.x_advance as f32 * scale;
        }
        Line { glyphs, width: pen }
    }

    /// Rasterises a shaped line: letter by letter, with its marks, as the time for a piece grows with the square of its
    /// length.
    pub(crate) fn rasterise(&self, line: &Line, bold: bool, size: f32) -> Ink {
        let scaler = ScalerFont::unhinted(self.face(bold).font.clone(), Some(size));
        let mut path = Path::default();
        let letters = line.glyphs.chunk_by(|one, next| one.cluster == next.cluster);
        let letters: Vec<Ink> = letters
            .map(|glyphs| {
                path.commands.clear();
                for glyph in glyphs {
                    (path.x, path.y) = (glyph.x, glyph.y);
                    if let Some(outline) = scaler.outline(glyph.id) {
                        // A glyph that a broken font cannot draw stays blank.
                        let _blank = outline.draw(DrawMemory::Scratch, &mut path);
                    }
                }
                let (coverages, place) = Mask::new(&path.commands).render();
                Ink { left: place.left, top: place.top, width: place.width, height: place.height, coverages }
            })
            .filter(|letter| !letter.coverages.is_empty())
            .collect();
        Ink::joined(&letters)
    }
}

impl Ink {
    /// Letters side by side; where two share a dot, it is covered by both.
    fn joined(letters: &[Self]) -> Self {
        let left = letters.iter().map(|letter| letter.left).min().unwrap_or(0);
        let top = letters.iter().map(|letter| letter.top).min().unwrap_or(0);
        let end = |place: i32, size: u32| place.saturating_add_unsigned(size);
        let right = letters.iter().map(|letter| end(letter.left, letter.width)).max().unwrap_or(0);
        let bottom = letters.iter().map(|letter| end(letter.top, letter.height)).max().unwrap_or(0);
        let (width, height) = (right.abs_diff(left), bottom.abs_diff(top));
        let mut coverages = vec![0_u8; width as usize * height as usize];
        for letter in letters {
            let rows =
                coverages.chunks_exact_mut((width as usize).max(1)).skip(letter.top.abs_diff(top) as usize);
            for (row, own) in rows.zip(letter.coverages.chunks_exact((letter.width as usize).max(1))) {
                for (dot, coverage) in row.iter_mut().skip(letter.left.abs_diff(left) as usize).zip(own) {
                    *dot = dot.saturating_add(*coverage);
                }
            }
        }
        Self { left, top, width, height, coverages }
    }

    /// The black dots of each row, as distances from the corner.
    pub(crate) fn rows(&self) -> impl Iterator<Item = impl Iterator<Item = i32>> {
        self.coverages.chunks_exact((self.width as usize).max(1)).map(|row| {
            let dots = (0_i32..).zip(row).filter(|(_, coverage)| **coverage >= INK_THRESHOLD);
            dots.map(|(column, _)| column)
        })
    }

    /// Draws the black dots, with the corner at this place.
    pub(crate) fn paint(&self, bitmap: &mut Bitmap, corner: Point, color: BinaryColor) {
        for (y, columns) in (corner.y..).zip(self.rows()) {
            columns.for_each(|column| bitmap.set(corner.x + column, y, color));
        }
    }
}

impl Line {
    /// How far from the start of the line the letter at this byte offset begins, in dots; the width behind the last.
    pub(super) fn pen_at(&self, offset: usize) -> f32 {
        self.glyphs.iter().find(|glyph| glyph.cluster >= offset).map_or(self.width, |glyph| glyph.pen)
    }

    /// The byte offset before which the text fits into `width` dots, at a grapheme boundary; never 0.
    pub(super) fn fitting_prefix(&self, width: f32, text_len: usize) -> usize {
        let starts =
            self.glyphs.iter().map(|glyph| (glyph.cluster, glyph.x)).filter(|(cluster, _)| *cluster > 0);
        let mut fitting = None;
        for (cluster, x) in starts {
            if x <= width {
                fitting = fitting.max(Some(cluster));
            } else {
                // The first cluster always fits: nothing gets shorter by waiting.
                return fitting.unwrap_or(cluster);
            }
        }
        if self.width <= width { text_len } else { fitting.unwrap_or(text_len) }
    }
}

/// Collects outlines with the vertical axis turned: fonts count upwards, paper downwards.
#[derive(Default)]
struct Path {
    commands: Vec<Command>,
    x: f32,
    y: f32,
}

impl Path {
    fn at(&self, x: f32, y: f32) -> [f32; 2] {
        [self.x + x, -(self.y + y)]
    }
}

impl skrifa::font::glyph::outline::PathSink for Path {
    fn move_to(&mut self, x: f32, y: f32) {
        let to = self.at(x, y);
        self.commands.move_to(to);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let to = self.at(x, y);
        self.commands.line_to(to);
    }

    fn quad_to(&mut self, cx0: f32, cy0: f32, x: f32, y: f32) {
        let (control, to) = (self.at(cx0, cy0), self.at(x, y));
        self.commands.quad_to(control, to);
    }

    fn curve_to(&mut self, cx0: f32, cy0: f32, cx1: f32, cy1: f32, x: f32, y: f32) {
        let (first, second, to) = (self.at(cx0, cy0), self.at(cx1, cy1), self.at(x, y));
        self.commands.curve_to(first, second, to);
    }

    fn close(&mut self) {
        self.commands.close();
    }
}
