//! What can be seen on the glass, read by programs that are not ours: tesseract for words, zbarimg for QR codes.

use std::fs::File;
use std::io::{self, BufReader};
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

/// Whether anything is drawn: not one colour all over, nor a few letters of a console in a corner.
///
/// # Errors
/// When the picture cannot be read.
pub fn is_drawn(picture: &Path) -> Result<bool, GlassError> {
    let failed = |source: io::Error| GlassError::Picture { path: picture.to_owned(), source };
    let file = File::open(picture).map_err(failed)?;
    let mut reader =
        png::Decoder::new(BufReader::new(file)).read_info().map_err(|error| failed(error.into()))?;
    let mut pixels = vec![0; reader.output_buffer_size().unwrap_or(0)];
    let frame = reader.next_frame(&mut pixels).map_err(|error| failed(error.into()))?;
    let bytes = pixels.get(..frame.buffer_size()).unwrap_or_default();
    let bright = bytes.iter().filter(|byte| **byte > 96).count();
    Ok(frame.width >= 600 && bright * 5 > bytes.len())
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

    proptest! {
        #[test]
        fn any_table_is_read(text in "[\\t\\n0-9a-z]{0,200}") {
            let _words = table(&text);
        }
    }
}
