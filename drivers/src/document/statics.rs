//! What stands on many tickets the same, found by comparing sample tickets, and its text form for a file.
//!
//! ```text
//! text   = 1*( line LF )          one line a block
//! line   = "rule"
//!        / "banner" SP size SP words
//!        / ("left" / "center" / "right") SP size ["b"] SP words          size in points, b for bold
//! ```

use std::fmt;
use std::str::FromStr;

use super::{Align, Block, Document, Text};

/// Blocks that come again ticket after ticket: headings, the names of services. They are drawn once at the start, and a
/// printer with a memory for pictures keeps them (see [`crate::printer::Printer::expect_stored`]).
///
/// The kiosk and the technician's program `drv nv-write` must mean the very same blocks in the same order: the kiosk
/// writes its `Statics` into a file (`to_string`), `drv` reads that file (`parse`).
/// ```
/// use kiosk_drivers::document::{Block, Document, Statics, Text};
/// // As the kiosk composes its tickets, for two visitors of one service who share nothing else.
/// let ticket = |number: &str, time: &str| Document {
///     blocks: vec![
///         Block::Text(Text::new("SỐ THỨ TỰ", 12)),
///         Block::BigText { text: number.to_owned(), max_size_pt: 56 },
///         Block::Text(Text::new("Hộ tịch", 11).bold()),
///         Block::Text(Text::new(time, 9)),
///     ],
/// };
/// let statics = Statics::of(&[[ticket("A001", "08:05"), ticket("B999", "16:30")]]);
/// assert_eq!(statics.to_string(), "left 12 SỐ THỨ TỰ\nleft 11b Hộ tịch\n");
/// assert_eq!(statics.to_string().parse(), Ok(statics));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Statics(Vec<Block>);

/// Why a text names no blocks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {line}: {text:?} is not `rule`, `banner SIZE WORDS` or `left|center|right SIZE[b] WORDS`, such as `center 9b SỐ THỨ TỰ`"
)]
pub struct StaticsError {
    /// Number of the line, from 1.
    pub line: usize,
    /// The line.
    pub text: String,
}

impl Statics {
    /// What both tickets of a pair have, for all pairs: make a pair for each service, whose two tickets differ in all that
    /// differs from visitor to visitor (number, time, waiting, link). Lines that take few values, such as those of a short
    /// queue, may have pairs of their own: the same ticket twice. What comes first has the best right to a place in the
    /// printer, whose memory takes some 36 pictures.
    #[must_use]
    pub fn of(samples: &[[Document; 2]]) -> Self {
        let mut blocks: Vec<Block> = Vec::new();
        for [one, other] in samples {
            for block in one.blocks.iter().filter(|block| is_line(block) && other.blocks.contains(block)) {
                if !blocks.contains(block) {
                    blocks.push(block.clone());
                }
            }
        }
        Self(blocks)
    }

    /// The blocks, the most important first.
    #[must_use]
    pub fn blocks(&self) -> &[Block] {
        &self.0
    }
}

/// Whether a block can be static: the number and the QR code cannot, and white paper costs nothing.
fn is_line(block: &Block) -> bool {
    let has_words = |text: &str| !text.trim().is_empty() && !text.chars().any(char::is_control);
    match block {
        Block::Rule => true,
        Block::Text(text) => has_words(&text.text),
        Block::Banner { text, .. } => has_words(text),
        Block::BigText { .. } | Block::Space { .. } | Block::Qr { .. } => false,
    }
}

impl fmt::Display for Statics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for block in &self.0 {
            match block {
                Block::Rule => writeln!(f, "rule")?,
                Block::Banner { text, size_pt } => writeln!(f, "banner {size_pt} {text}")?,
                Block::Text(Text { text, size_pt, bold, align }) => {
                    let (place, weight) = (word_of(*align), if *bold { "b" } else { "" });
                    writeln!(f, "{place} {size_pt}{weight} {text}")?;
                }
                Block::BigText { .. } | Block::Space { .. } | Block::Qr { .. } => {}
            }
        }
        Ok(())
    }
}

fn word_of(align: Align) -> &'static str {
    match align {
        Align::Left => "left",
        Align::Center => "center",
        Align::Right => "right",
    }
}

impl FromStr for Statics {
    type Err = StaticsError;

    /// Reads the text form; empty lines are left out.
    fn from_str(text: &str) -> Result<Self, StaticsError> {
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let wrong = |index: usize, line: &str| StaticsError { line: index + 1, text: line.to_owned() };
        let parsed = lines.map(|(index, line)| parse_line(line).ok_or_else(|| wrong(index, line)));
        parsed.collect::<Result<Vec<Block>, _>>().map(Self)
    }
}

fn parse_line(line: &str) -> Option<Block> {
    if line.trim() == "rule" {
        return Some(Block::Rule);
    }
    let (kind, rest) = line.split_once(' ')?;
    let (size, words) = rest.split_once(' ')?;
    let text = words.to_owned();
    let block = if kind == "banner" {
        Block::Banner { text, size_pt: size.parse().ok()? }
    } else {
        let align = [Align::Left, Align::Center, Align::Right].into_iter().find(|a| word_of(*a) == kind)?;
        let (size, bold) = size.strip_suffix('b').map_or((size, false), |size| (size, true));
        Block::Text(Text { text, size_pt: size.parse().ok()?, bold, align })
    };
    is_line(&block).then_some(block)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_both_tickets_of_a_pair_have_is_static_and_stands_there_once() {
        let text = |words: &str| Block::Text(Text::new(words, 9));
        let ticket = |number: &str, area: &str, ahead: &str| Document {
            blocks: vec![
                text("UBND"),
                Block::Rule,
                Block::BigText { text: number.to_owned(), max_size_pt: 56 },
                text(area),
                Block::Rule,
                text(ahead),
                text("two\nlines"),
                text(" "),
                Block::Space { mm: 1 },
                Block::Qr { data: "LINK".to_owned(), module_dots: 5 },
            ],
        };
        let pair = |area: &str| [ticket("A001", area, "none"), ticket("A001", area, "3")];
        let statics = Statics::of(&[pair("Hộ tịch"), pair("Đất đai")]);
        assert_eq!(statics.blocks(), [text("UBND"), Block::Rule, text("Hộ tịch"), text("Đất đai")]);
        assert_eq!(Statics::of(&[]), Statics::default());
    }

    #[test]
    fn a_line_that_says_nothing_is_told_with_its_number_and_the_form() {
        for wrong in
            ["SỐ THỨ TỰ", "9b SỐ THỨ TỰ", "center 900000 X", "center 9", "center b X", "banner X Y", "rules"]
        {
            let error = format!("rule\n\n{wrong}\n").parse::<Statics>().unwrap_err();
            assert_eq!((error.line, error.text.as_str()), (3, wrong));
            assert!(error.to_string().contains("center 9b"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn the_text_form_reads_back_as_the_same_blocks(
            lines in proptest::collection::vec(("\\PC{0,20}", any::<u16>(), any::<bool>(), 0u8..5), 0..9)
        ) {
            let blocks = lines.into_iter().map(|(text, size_pt, bold, kind)| match kind {
                0 => Block::Rule,
                1 => Block::Banner { text, size_pt },
                2 => Block::Text(Text { text, size_pt, bold, align: Align::Left }),
                3 => Block::Text(Text { text, size_pt, bold, align: Align::Center }),
                _ => Block::Text(Text { text, size_pt, bold, align: Align::Right }),
            });
            let ticket = Document { blocks: blocks.collect() };
            let statics = Statics::of(&[[ticket.clone(), ticket]]);
            prop_assert_eq!(statics.to_string().parse(), Ok(statics));
        }

        #[test]
        fn any_text_is_blocks_or_an_error(text in "\\PC{0,80}|(rule\n|banner 9 |center 9b )*.{0,9}") {
            let _either = text.parse::<Statics>();
        }
    }
}
