//! Frames for panels that draw for themselves: LED digits on RS232 and RS485.
//!
//! Every maker has a frame of its own, most of them of this kind: an address, some characters, a check. So a frame is a
//! text of the configuration:
//!
//! | in the text | in the frame |
//! |---|---|
//! | any ASCII character | itself |
//! | `\x02`, `\r`, `\n`, `\\` | the byte |
//! | `{panel:2}` | the panel's number, so many digits with leading zeros |
//! | `{number:6}` | the number called, so many characters: to the right, its end where it is longer; blanks when dark |
//! | `{xor}` | all bytes before it but the first, combined by exclusive or |

use std::fmt;
use std::str::FromStr;

use super::Face;

/// The frame used unless a hall's panels have another: STX, panel, number, ETX, check.
const USUAL: &str = r"\x02{panel:2}{number:6}\x03{xor}";
/// Longer fields are a mistake.
const LONGEST_FIELD: usize = 32;

/// How a panel is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameTemplate {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Byte(u8),
    Panel { digits: usize },
    Number { letters: usize },
    Xor,
}

/// Why a text is no frame.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FrameTemplateError {
    /// A field that does not exist, or without an end.
    #[error("field {0:?} of a frame must be {{panel:N}}, {{number:N}} or {{xor}}, N from 1 to 32")]
    Field(String),
    /// A backslash with something else behind it.
    #[error("{0:?} in a frame must be \\x and two hexadecimal digits, \\r, \\n or \\\\")]
    Escape(String),
    /// Not ASCII.
    #[error("{0:?} in a frame is not ASCII: write its byte as \\x and two hexadecimal digits")]
    NotAscii(char),
    /// Without the number nothing can be called.
    #[error("a frame must contain {{number:N}}")]
    NoNumber,
}

impl Default for FrameTemplate {
    /// `\x02{panel:2}{number:6}\x03{xor}`: STX, two digits of the panel, six characters, ETX, and the exclusive or of all
    /// bytes from the first digit to ETX.
    fn default() -> Self {
        let parts = vec![
            Part::Byte(0x02),
            Part::Panel { digits: 2 },
            Part::Number { letters: 6 },
            Part::Byte(0x03),
            Part::Xor,
        ];
        Self { text: USUAL.to_owned(), parts }
    }
}

impl FromStr for FrameTemplate {
    type Err = FrameTemplateError;

    fn from_str(text: &str) -> Result<Self, FrameTemplateError> {
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some(letter) = rest.chars().next() {
            let (part, length) = match letter {
                '{' => field(rest)?,
                '\\' => escape(rest)?,
                letter if letter.is_ascii() => (Part::Byte(letter as u8), 1),
                letter => return Err(FrameTemplateError::NotAscii(letter)),
            };
            parts.push(part);
            rest = rest.get(length..).unwrap_or_default();
        }
        if !parts.iter().any(|part| matches!(part, Part::Number { .. })) {
            return Err(FrameTemplateError::NoNumber);
        }
        Ok(Self { text: text.to_owned(), parts })
    }
}

/// The field that a text begins with, and its length there.
fn field(rest: &str) -> Result<(Part, usize), FrameTemplateError> {
    let bad = || FrameTemplateError::Field(rest.chars().take(12).collect());
    let inner = rest.strip_prefix('{').and_then(|rest| rest.split('}').next()).ok_or_else(bad)?;
    if inner.len() + 2 > rest.len() {
        return Err(bad());
    }
    let (name, width) = inner.split_once(':').unwrap_or((inner, ""));
    let width = width.parse().ok().filter(|width| (1..=LONGEST_FIELD).contains(width));
    let part = match (name, width) {
        ("panel", Some(digits)) => Part::Panel { digits },
        ("number", Some(letters)) => Part::Number { letters },
        ("xor", None) if inner == "xor" => Part::Xor,
        _ => return Err(bad()),
    };
    Ok((part, inner.len() + 2))
}

/// The escape that a text begins with, and its length there.
fn escape(rest: &str) -> Result<(Part, usize), FrameTemplateError> {
    let bad = || FrameTemplateError::Escape(rest.chars().take(4).collect());
    match rest.as_bytes() {
        [_, b'\\', ..] => Ok((Part::Byte(b'\\'), 2)),
        [_, b'r', ..] => Ok((Part::Byte(b'\r'), 2)),
        [_, b'n', ..] => Ok((Part::Byte(b'\n'), 2)),
        [_, b'x', ..] => {
            let digits = rest.get(2..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
            let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).ok_or_else(bad)?;
            Ok((Part::Byte(byte), 4))
        }
        _ => Err(bad()),
    }
}

impl fmt::Display for FrameTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FrameTemplate {
    /// The frame that makes a panel show a face. What is not printable ASCII is sent as `?`: no text from outside can end a
    /// frame early.
    #[must_use]
    pub fn encode(&self, panel: u8, face: &Face) -> Vec<u8> {
        let number = match face {
            Face::Dark => "",
            Face::Number { number, .. } => number,
        };
        let mut frame = Vec::new();
        for part in &self.parts {
            match part {
                Part::Byte(byte) => frame.push(*byte),
                Part::Panel { digits } => frame.extend(right(&panel.to_string(), *digits, b'0')),
                Part::Number { letters } => frame.extend(right(number, *letters, b' ')),
                Part::Xor => frame.push(frame.iter().skip(1).fold(0, |check, byte| check ^ byte)),
            }
        }
        frame
    }
}

/// A text in a field: at its right end, or the text's end where it is too long.
fn right(text: &str, width: usize, filler: u8) -> Vec<u8> {
    let printable = |letter: char| if matches!(letter, ' '..='~') { letter as u8 } else { b'?' };
    let bytes: Vec<u8> = text.chars().map(printable).collect();
    let kept = bytes.get(bytes.len().saturating_sub(width)..).unwrap_or_default();
    let blanks = std::iter::repeat_n(filler, width.saturating_sub(kept.len()));
    blanks.chain(kept.iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn face(number: &str) -> Face {
        Face::Number { number: number.to_owned(), counter: "Quầy 3".to_owned() }
    }

    #[test]
    fn a_frame_is_what_its_text_says() {
        for (template, panel, face, frame) in [
            (USUAL, 3, face("A012"), b"\x0203  A012\x03\x72".as_slice()),
            (USUAL, 3, Face::Dark, b"\x0203      \x03\x00"),
            ("@{panel:3}:{number:4}\\r", 7, face("A012"), b"@007:A012\r"),
            ("@{panel:1}{number:3}\\r\\n", 12, face("A012"), b"@2012\r\n"),
            ("\\\\\\xff{number:4}", 1, face("Đ12"), b"\\\xff ?12"),
        ] {
            let template: FrameTemplate = template.parse().unwrap();
            assert_eq!(template.encode(panel, &face), frame, "{template}");
        }
        assert_eq!(FrameTemplate::default(), USUAL.parse().unwrap());
    }

    #[test]
    fn a_wrong_text_says_what_is_wrong() {
        for (text, words) in [
            ("", "must contain {number:N}"),
            ("{panel:2}", "must contain {number:N}"),
            ("{number}", "must be {panel:N}"),
            ("{number:0}", "N from 1 to 32"),
            ("{number:33}", "N from 1 to 32"),
            ("{number:4", "must be {panel:N}"),
            ("{xor:2}{number:1}", "must be {panel:N}"),
            ("{counter:2}", "must be {panel:N}"),
            ("\\x+2{number:1}", "two hexadecimal digits"),
            ("\\x0", "two hexadecimal digits"),
            ("\\t", "two hexadecimal digits"),
            ("Quầy", "is not ASCII"),
        ] {
            let error = text.parse::<FrameTemplate>().unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_frame_or_a_fault(text in r"[{}:a-z0-9\\ầ]{0,30}") {
            let _either = text.parse::<FrameTemplate>();
        }

        #[test]
        fn no_number_changes_the_length_of_a_frame_or_ends_it_early(number in any::<String>(), panel: u8) {
            let frame = FrameTemplate::default().encode(panel, &face(&number));
            prop_assert_eq!(frame.len(), 11);
            prop_assert!(frame[1..9].iter().all(|byte| (b' '..=b'~').contains(byte)));
            prop_assert_eq!(frame[9], 0x03);
        }
    }
}
