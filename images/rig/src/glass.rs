//! What can be seen on the glass, read by programs that are not ours: tesseract for words, zbarimg for QR codes.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Why a picture could not be read.
#[derive(Debug, thiserror::Error)]
pub enum GlassError {
    /// The picture.
    #[error("cannot read the picture {}", path.display())]
    Picture {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The reader.
    #[error("cannot run {program}; remedy: apt-get install zbar-tools tesseract-ocr tesseract-ocr-vie")]
    Reader {
        /// Which.
        program: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// A word that was read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Its letters.
    pub text: String,
    /// The line it stands in.
    pub line: (u32, u32, u32),
    /// Its middle, in pixels.
    pub middle: (u32, u32),
}

/// A picture of the glass as its pixels are, taken for comparing.
#[derive(PartialEq, Eq)]
pub struct Bitmap {
    file: PathBuf,
    width: usize,
    pixels: Vec<u8>,
}

impl Bitmap {
    /// Reads a picture as QEMU writes it (PPM with three bytes a pixel).
    ///
    /// # Errors
    /// When it is none.
    pub fn read(file: &Path) -> Result<Self, GlassError> {
        let failed = |source: io::Error| GlassError::Picture { path: file.to_owned(), source };
        let bytes = std::fs::read(file).map_err(failed)?;
        let (width, pixels) = ppm(&bytes).ok_or_else(|| failed(io::ErrorKind::InvalidData.into()))?;
        Ok(Self { file: file.to_owned(), width, pixels: pixels.to_owned() })
    }

    /// Whether a page is drawn: not one colour all over, nor a few letters of a console in a corner.
    pub fn is_drawn(&self) -> bool {
        let bright = self.pixels.iter().filter(|byte| **byte > 96).count();
        self.width >= 600 && bright * 5 > self.pixels.len()
    }

    /// The file that it was read from.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// What is drawn around a place, as far as a word reaches; empty beyond the edges.
    pub fn around(&self, (x, y): (u32, u32)) -> Vec<u8> {
        const HALF: (usize, usize) = (90, 24);
        let (x, y) = (x as usize, y as usize);
        let (left, right) = (x.saturating_sub(HALF.0), (x + HALF.0).min(self.width));
        let rows = y.saturating_sub(HALF.1)..y + HALF.1;
        let row = |row: usize| {
            let start = row * self.width;
            self.pixels.get((start + left) * 3..(start + right) * 3).unwrap_or_default()
        };
        rows.flat_map(row).copied().collect()
    }
}

/// Width and pixels of a PPM.
fn ppm(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut lines = bytes.splitn(4, |byte| *byte == b'\n');
    let (magic, size, depth, pixels) = (lines.next()?, lines.next()?, lines.next()?, lines.next()?);
    let (width, height) = std::str::from_utf8(size).ok()?.split_once(' ')?;
    let (width, height): (usize, usize) = (width.parse().ok()?, height.parse().ok()?);
    let whole = width.checked_mul(height)?.checked_mul(3)? == pixels.len();
    (magic == b"P6" && depth == b"255" && whole).then_some((width, pixels))
}

/// Reads the words of a page.
///
/// # Errors
/// When tesseract is missing.
pub fn words(picture: &Path) -> Result<Vec<Word>, GlassError> {
    let path = picture.to_string_lossy();
    let read = output("tesseract", &[&path, "-", "-l", "vie", "--psm", "11", "tsv"])?;
    Ok(table(&read))
}

/// The words of tesseract's table.
pub fn table(tsv: &str) -> Vec<Word> {
    let row = |line: &str| {
        let columns: Vec<&str> = line.split('\t').collect();
        let number = |index: usize| columns.get(index).and_then(|text| text.parse::<u32>().ok());
        let text = columns.get(11).map(|text| text.trim()).filter(|text| !text.is_empty())?;
        let (left, top) = (number(6)?, number(7)?);
        Some(Word {
            text: text.to_owned(),
            line: (number(2)?, number(3)?, number(4)?),
            middle: (left + number(8)? / 2, top + number(9)? / 2),
        })
    };
    tsv.lines().filter_map(row).collect()
}

/// Where a phrase begins; its words follow one another.
pub fn find(words: &[Word], phrase: &str) -> Option<(u32, u32)> {
    let wanted: Vec<String> = phrase.split_whitespace().map(folded).collect();
    let is_it =
        |window: &&[Word]| window.iter().zip(&wanted).all(|(word, wanted)| folded(&word.text) == *wanted);
    let found = words.windows(wanted.len().max(1)).find(is_it)?;
    found.first().map(|word| word.middle)
}

/// All words in their order.
pub fn text(words: &[Word]) -> String {
    words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
}

/// The QR code in a picture; empty when zbarimg finds none.
///
/// # Errors
/// When zbarimg is missing.
pub fn qr(picture: &Path) -> Result<String, GlassError> {
    output("zbarimg", &["--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", &picture.to_string_lossy()])
}

fn output(program: &'static str, arguments: &[&str]) -> Result<String, GlassError> {
    let output = Command::new(program)
        .args(arguments)
        .env("OMP_THREAD_LIMIT", "1")
        .output()
        .map_err(|source| GlassError::Reader { program, source })?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn folded(word: &str) -> String {
    word.trim_matches(|letter: char| !letter.is_alphanumeric()).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TABLE: &str = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n\
        5\t1\t2\t1\t1\t1\t100\t200\t40\t20\t96\tLấy\n5\t1\t2\t1\t1\t2\t150\t200\t30\t20\t96\tsố,\n4\t1\t2\t1\t1\t0\t1\t1\t1\t1\t-1\t\n";

    #[test]
    fn a_phrase_is_found_where_it_stands() {
        let words = table(TABLE);
        assert_eq!(text(&words), "Lấy số,");
        assert_eq!(find(&words, "lấy số"), Some((120, 210)));
        assert_eq!(find(&words, "số thứ"), None);
    }

    #[test]
    fn what_is_drawn_around_a_place_is_compared() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut bytes = b"P6\n300 200\n255\n".to_vec();
        bytes.resize(bytes.len() + 300 * 200 * 3, 7);
        let last = bytes.len() - 1;
        bytes[last] = 8;
        std::fs::write(file.path(), &bytes).unwrap();
        let bitmap = Bitmap::read(file.path()).unwrap();
        assert!(!bitmap.is_drawn());
        assert_eq!(bitmap.around((150, 100)), [7; 180 * 48 * 3]);
        assert_ne!(bitmap.around((299, 199)), bitmap.around((299, 150)));
        assert!(bitmap.around((150, 900)).is_empty());
        bytes.pop();
        std::fs::write(file.path(), &bytes).unwrap();
        assert!(Bitmap::read(file.path()).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_picture_or_none(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _either = ppm(&bytes);
        }

        #[test]
        fn any_table_is_read(text in "[\\t\\n0-9a-z]{0,200}") {
            let _words = table(&text);
        }
    }
}
