//! A recording as text.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::{Entry, Piece, Recording, Session, Shape};
use crate::health::Cause;
use crate::keypad::KeypadFraming;
use crate::printer::CommandKind;
use crate::scanner::{Framing, Suffix};
use crate::usb::PortStatus;

/// First words of every recording, with the version of what follows.
const MAGIC: &str = "kiosk-recording 1";

/// Why a text is no recording.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RecordingError {
    /// The first line is another one.
    #[error("line 1 must begin with \"kiosk-recording 1\", this is {0:?}")]
    Version(String),
    /// A line that says nothing known.
    #[error("line {line} is no entry of a recording: {text:?}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// Its beginning.
        text: String,
    },
}

/// No device hands over more at once, and no command is longer: a recording cannot make its reader swell.
const LONGEST_PIECE: usize = 65_536;

/// How much of a wrong line an error shows.
const SHOWN: usize = 60;

const KINDS: [(CommandKind, &str); 6] = [
    (CommandKind::Status, "status"),
    (CommandKind::Setup, "setup"),
    (CommandKind::Band, "band"),
    (CommandKind::Feed, "feed"),
    (CommandKind::Cut, "cut"),
    (CommandKind::Fence, "fence"),
];

const SUFFIXES: [(Suffix, &str); 5] = [
    (Suffix::Cr, "cr"),
    (Suffix::Lf, "lf"),
    (Suffix::CrLf, "crlf"),
    (Suffix::Tab, "tab"),
    (Suffix::None, "none"),
];

const PAD_FRAMINGS: [(KeypadFraming, &str); 3] =
    [(KeypadFraming::Byte, "byte"), (KeypadFraming::StxEtx, "stx"), (KeypadFraming::Records, "records")];

/// Causes of which a printer's thread itself refuses a job.
const REFUSALS: [Cause; 3] = [Cause::Busy, Cause::Unprintable, Cause::ShuttingDown];

fn word<T: PartialEq>(table: &[(T, &'static str)], value: &T) -> &'static str {
    table.iter().find(|(known, _)| known == value).map_or("?", |(_, word)| word)
}

fn value<T: Copy>(table: &[(T, &str)], word: &str) -> Option<T> {
    table.iter().find(|(_, known)| *known == word).map(|(value, _)| *value)
}

impl fmt::Display for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.session)?;
        self.entries.iter().try_for_each(|(at, entry)| writeln!(f, "{} {entry}", at.as_micros()))
    }
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{MAGIC} ")?;
        match self {
            Self::Printer { profile, in_doubt, bytes_per_sec, void_slip } => {
                write!(f, "printer profile={profile} doubt={} rate=", yes_no(*in_doubt))?;
                match bytes_per_sec {
                    Some(rate) => write!(f, "{rate}")?,
                    None => f.write_str("-")?,
                }
                let shapes: Vec<String> = void_slip.iter().map(Shape::to_string).collect();
                write!(f, " void={}", shapes.join(","))
            }
            Self::Scanner { framing, is_wedge } => {
                let suffix = word(&SUFFIXES, &framing.suffix);
                let (stx, wedge) = (yes_no(framing.has_stx), yes_no(*is_wedge));
                write!(f, "scanner suffix={suffix} stx={stx} wedge={wedge}")
            }
            Self::Keypad { framing, keys } => {
                write!(f, "keypad framing={} keys={keys}", word(&PAD_FRAMINGS, framing))
            }
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", word(&KINDS, &self.kind), self.length, self.dots)
    }
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(length) => write!(f, "t{length}"),
            Self::Byte(byte) => write!(f, "x{byte:02x}"),
            Self::End(number) => write!(f, "={number}"),
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened => f.write_str("open"),
            Self::Closed(None) => f.write_str("close"),
            Self::Closed(Some(why)) => write!(f, "close {}", one_line(why)),
            Self::Received(bytes) => write!(f, "in {}", Hex(bytes)),
            Self::Scanned(pieces) => {
                f.write_str("scan")?;
                pieces.iter().try_for_each(|piece| write!(f, " {piece}"))
            }
            Self::Wrote { length, hash, whole: None } => write!(f, "out {length} {hash:016x}"),
            Self::Wrote { length, hash, whole: Some(bytes) } => {
                write!(f, "out {length} {hash:016x} {}", Hex(bytes))
            }
            Self::Port(status) => write!(f, "port {:02x}", status.byte()),
            Self::Armed(true) => f.write_str("arm"),
            Self::Armed(false) => f.write_str("disarm"),
            Self::Withdrawn(count) => write!(f, "back {count}"),
            Self::AsksKept => f.write_str("keeps"),
            Self::Tick => f.write_str("tick"),
            Self::Job { job, commands } => {
                write!(f, "job {job}")?;
                commands.iter().try_for_each(|shape| write!(f, " {shape}"))
            }
            Self::Refused { job, cause } => write!(f, "refuse {job} {}", cause.code()),
            Self::Told(what) => write!(f, "told {}", one_line(what)),
        }
    }
}

fn yes_no(is_so: bool) -> &'static str {
    if is_so { "yes" } else { "no" }
}

fn one_line(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect::<String>()
        .trim()
        .to_owned()
}

struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Recording {
    type Err = RecordingError;

    fn from_str(text: &str) -> Result<Self, RecordingError> {
        let mut lines = text.lines().enumerate();
        let (_, first) = lines.next().unwrap_or_default();
        let Some(session) = first.strip_prefix(MAGIC).and_then(|rest| rest.strip_prefix(' ')) else {
            return Err(RecordingError::Version(first.chars().take(SHOWN).collect()));
        };
        let wrong = |line: usize, text: &str| RecordingError::Line {
            line: line + 1,
            text: text.chars().take(SHOWN).collect(),
        };
        let session = parse_session(session).ok_or_else(|| wrong(0, first))?;
        let entries = lines
            .filter(|(_, line)| !line.trim().is_empty())
            .map(|(number, line)| parse_line(line).ok_or_else(|| wrong(number, line)))
            .collect::<Result<_, _>>()?;
        Ok(Self { session, entries })
    }
}

/// The value of `name=value` among words.
fn setting<'a>(words: &[&'a str], name: &str) -> Option<&'a str> {
    words
        .iter()
        .find_map(|word| word.split_once('=').filter(|(known, _)| *known == name))
        .map(|(_, value)| value)
}

fn parse_session(text: &str) -> Option<Session> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let flag = |name| setting(&words, name).and_then(|word| value(&[(true, "yes"), (false, "no")], word));
    match *words.first()? {
        "printer" => Some(Session::Printer {
            profile: setting(&words, "profile")?.to_owned(),
            in_doubt: flag("doubt")?,
            bytes_per_sec: match setting(&words, "rate")? {
                "-" => None,
                digits => Some(digits.parse().ok()?),
            },
            void_slip: setting(&words, "void")?
                .split(',')
                .filter(|shape| !shape.is_empty())
                .map(parse_shape)
                .collect::<Option<_>>()?,
        }),
        "scanner" => {
            let suffix = value(&SUFFIXES, setting(&words, "suffix")?)?;
            let framing = Framing { suffix, has_stx: flag("stx")? };
            Some(Session::Scanner { framing, is_wedge: flag("wedge")? })
        }
        "keypad" => Some(Session::Keypad {
            framing: value(&PAD_FRAMINGS, setting(&words, "framing")?)?,
            keys: setting(&words, "keys")?.parse().ok()?,
        }),
        _ => None,
    }
}

fn parse_shape(text: &str) -> Option<Shape> {
    let mut parts = text.split(':');
    let kind = value(&KINDS, parts.next()?)?;
    let length = parts.next()?.parse().ok().filter(|length| *length <= LONGEST_PIECE)?;
    let dots = parts.next()?.parse().ok()?;
    parts.next().is_none().then_some(Shape { kind, length, dots })
}

fn parse_line(line: &str) -> Option<(Duration, Entry)> {
    let (at, rest) = line.split_once(' ')?;
    let at = Duration::from_micros(at.parse().ok()?);
    let (what, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let words: Vec<&str> = rest.split_whitespace().collect();
    let entry = match (what, words.as_slice()) {
        ("open", []) => Entry::Opened,
        ("close", []) => Entry::Closed(None),
        ("close", _) => Entry::Closed(Some(one_line(rest)).filter(|why| !why.is_empty())),
        ("in", [bytes]) => Entry::Received(parse_hex(bytes)?),
        ("scan", pieces) => {
            Entry::Scanned(pieces.iter().map(|piece| parse_piece(piece)).collect::<Option<_>>()?)
        }
        ("out", [length, hash, whole @ ..]) if whole.len() < 2 => Entry::Wrote {
            length: length.parse().ok()?,
            hash: u64::from_str_radix(hash, 16).ok()?,
            whole: match whole.first() {
                Some(bytes) => Some(parse_hex(bytes)?),
                None => None,
            },
        },
        ("port", [byte]) => Entry::Port(PortStatus::parse(u8::from_str_radix(byte, 16).ok()?)),
        ("arm", []) => Entry::Armed(true),
        ("disarm", []) => Entry::Armed(false),
        ("back", [count]) => Entry::Withdrawn(count.parse().ok()?),
        ("keeps", []) => Entry::AsksKept,
        ("tick", []) => Entry::Tick,
        ("job", [job, commands @ ..]) => Entry::Job {
            job: job.parse().ok()?,
            commands: commands.iter().map(|shape| parse_shape(shape)).collect::<Option<_>>()?,
        },
        ("refuse", [job, code]) => Entry::Refused {
            job: job.parse().ok()?,
            cause: REFUSALS.into_iter().find(|cause| cause.code() == *code)?,
        },
        ("told", _) => Entry::Told(one_line(rest)),
        _ => return None,
    };
    Some((at, entry))
}

fn parse_piece(text: &str) -> Option<Piece> {
    if let Some(length) = text.strip_prefix('t') {
        return length.parse().ok().filter(|length| *length <= LONGEST_PIECE).map(Piece::Text);
    }
    if let Some(number) = text.strip_prefix('=') {
        return number.parse().ok().map(Piece::End);
    }
    u8::from_str_radix(text.strip_prefix('x')?, 16).ok().map(Piece::Byte)
}

fn parse_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = text.chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| u8::try_from(high * 16 + low).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keypad::KeyTable;

    fn session() -> Session {
        let shape = |kind, length, dots| Shape { kind, length, dots };
        Session::Printer {
            profile: "tm-t82".to_owned(),
            in_doubt: true,
            bytes_per_sec: Some(11_520),
            void_slip: vec![shape(CommandKind::Setup, 4, 0), shape(CommandKind::Cut, 4, 319)],
        }
    }

    #[test]
    fn a_recording_reads_as_it_is_written() {
        let entries = [
            Entry::Opened,
            Entry::Wrote { length: 3, hash: 0x1234, whole: None },
            Entry::Wrote { length: 2, hash: u64::MAX, whole: Some(vec![0x1b, 0x40]) },
            Entry::Received(vec![0x12, 0xff]),
            Entry::Scanned(vec![Piece::Text(12), Piece::End(1), Piece::Byte(0x0d)]),
            Entry::AsksKept,
            Entry::Port(PortStatus { paper_end: true, selected: false, error: true }),
            Entry::Tick,
            Entry::Armed(false),
            Entry::Armed(true),
            Entry::Withdrawn(17),
            Entry::Job { job: 7, commands: vec![Shape { kind: CommandKind::Band, length: 4096, dots: 64 }] },
            Entry::Job { job: 8, commands: Vec::new() },
            Entry::Refused { job: 9, cause: Cause::Busy },
            Entry::Told("Health(Ready)".to_owned()),
            Entry::Closed(None),
            Entry::Closed(Some("cannot open file:/dev/usb/lp0: busy".to_owned())),
        ];
        let entries: Vec<_> = entries
            .into_iter()
            .zip(0u64..)
            .map(|(entry, at)| (Duration::from_micros(at * 1001), entry))
            .collect();
        for session in [
            session(),
            Session::Scanner { framing: Framing { suffix: Suffix::CrLf, has_stx: true }, is_wedge: true },
            Session::Keypad { framing: KeypadFraming::StxEtx, keys: KeyTable::ascii_digits() },
        ] {
            let recording = Recording { session, entries: entries.clone() };
            assert_eq!(recording.to_string().parse::<Recording>().unwrap(), recording);
        }
    }

    #[test]
    fn control_characters_in_words_do_not_come_back() {
        let text = "kiosk-recording 1 keypad framing=byte keys=49=1\n0 told a\x04b\n1 close \x07\n";
        let recording: Recording = text.parse().unwrap();
        assert_eq!(recording.to_string().parse::<Recording>().unwrap(), recording);
    }

    #[test]
    fn a_wrong_line_is_named() {
        for (text, words) in [
            ("", "line 1 must begin with"),
            ("kiosk-recording 2 keypad framing=byte", "line 1 must begin with"),
            ("kiosk-recording 1 toaster", "line 1 is no entry"),
            ("kiosk-recording 1 printer profile=tm-t82", "line 1 is no entry"),
            ("kiosk-recording 1 keypad framing=byte keys=49=1\n\nx in 31", "line 3 is no entry"),
            ("kiosk-recording 1 keypad framing=byte keys=49=1\n0 in 3", "line 2 is no entry"),
            ("kiosk-recording 1 keypad framing=byte keys=49=1\n0 in 3é", "line 2 is no entry"),
            ("kiosk-recording 1 keypad framing=byte keys=49=1\n0 open\n5 sing", "line 3 is no entry"),
            (
                "kiosk-recording 1 scanner suffix=cr stx=no wedge=no\n0 scan t99999999999",
                "line 2 is no entry",
            ),
            ("kiosk-recording 1 keypad framing=byte keys=49=1\n0 scan q1", "line 2 is no entry"),
        ] {
            let error = text.parse::<Recording>().unwrap_err().to_string();
            assert!(error.contains(words), "{text:?}: {error}");
        }
    }
}
