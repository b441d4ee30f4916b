//! The bytes that a printer sends, told apart by mask.
//!
//! ```text
//! 0x11 XON   0x13 XOFF   may come between any two bytes
//! 0**1**10               reply to DLE EOT 1 to 4; may come between any two bytes
//! 0**1**00 and 3 bytes   AutomaticStatusBack; the other three are 0**0****
//! 10 0f    and 4 bytes   Custom's full status; the four are ***0****
//! 5f ... 00              text reply to GS I
//! 37 72 40 ... 00        key codes of the pictures that the printer keeps, reply to GS ( L function 64
//! 0**0****               reply to GS r, or to GS I 1, 2 or 3: known by the order of asking
//! ```
//! `10 0f` begins no AutomaticStatusBack: a printer that is online (`10`) has no mechanical and no cutter error (`0c` of
//! the second byte). Sources: Epson's ESC/POS command reference, "Transmit status commands"; Custom's VKP80 and KPM manuals.

use crate::printer::encoder::KeyCode;

/// One thing that a printer said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Reply to `DLE EOT`; which one is known by the order of asking.
    RealTimeStatus(u8),
    /// State sent without being asked, on change.
    AutomaticStatusBack([u8; 4]),
    /// Reply to Custom's `DLE EOT 20`, or sent unasked on change: paper, user, recoverable and unrecoverable errors.
    FullStatus([u8; 4]),
    /// A single byte: reply to `GS r` (what stood before it has been carried out), or to `GS I` with a number below 4.
    Single(u8),
    /// Text reply to `GS I`, without frame.
    Identity(Vec<u8>),
    /// Key codes of the pictures that the printer keeps.
    KeptPictures(Vec<KeyCode>),
    /// The printer takes bytes again.
    Xon,
    /// The printer's buffer is full.
    Xoff,
    /// A byte that fits nothing.
    Noise(u8),
}

/// Longest text reply that is kept; a longer one is noise.
pub(super) const IDENTITY_LIMIT: usize = 80;
/// What begins a text reply to `GS I`.
const IDENTITY: u8 = 0x5f;
/// What begins a list of key codes; `r@` follows in a list that is whole.
const KEPT_PICTURES: u8 = 0x37;
/// What begins Custom's full status.
const FULL_STATUS: [u8; 2] = [0x10, 0x0f];

/// Sorts bytes into replies. Total (any bytes) and indifferent to how the bytes are cut up.
#[derive(Debug, Clone, Default)]
pub struct StatusParser {
    /// An AutomaticStatusBack or a full status that is not complete yet.
    frame: Vec<u8>,
    is_damaged: bool,
    /// A text reply that is not complete yet, with the byte that began it.
    text: Option<(u8, Vec<u8>)>,
}

impl StatusParser {
    /// A parser at the start of a connection.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one byte; gives a reply when it completes one.
    pub fn push(&mut self, byte: u8) -> Option<Reply> {
        match byte {
            0x11 => return Some(Reply::Xon),
            0x13 => return Some(Reply::Xoff),
            _ => {}
        }
        if let Some((first, text)) = &mut self.text {
            if byte == 0 {
                let reply = text_reply(*first, std::mem::take(text));
                self.text = None;
                return Some(reply);
            }
            if text.len() < IDENTITY_LIMIT && (0x20..0x7f).contains(&byte) {
                text.push(byte);
                return None;
            }
            // No text after all: what began it was noise, and this byte stands for itself.
            self.text = None;
        }
        match byte & 0x93 {
            0x12 => Some(Reply::RealTimeStatus(byte)),
            0x10 => {
                self.frame = vec![byte];
                self.is_damaged = false;
                None
            }
            _ if matches!(byte, IDENTITY | KEPT_PICTURES) => {
                self.frame.clear();
                self.text = Some((byte, Vec::new()));
                None
            }
            _ if !self.frame.is_empty() => self.extend_frame(byte),
            0x00..=0x03 => Some(Reply::Single(byte)),
            _ => Some(Reply::Noise(byte)),
        }
    }

    /// How many bytes wait for others; never more than a few dozen.
    #[must_use]
    pub fn open_bytes(&self) -> usize {
        self.frame.len() + self.text.as_ref().map_or(0, |(_, text)| text.len())
    }

    /// A damaged frame is swallowed whole: its other bytes would pass for confirmations.
    fn extend_frame(&mut self, byte: u8) -> Option<Reply> {
        let never_set = if self.frame.starts_with(&FULL_STATUS) { 0x10 } else { 0x90 };
        let is_noise = byte & never_set != 0;
        self.is_damaged |= is_noise;
        self.frame.push(byte);
        let reply = match *self.frame.as_slice() {
            [0x10, 0x0f, a, b, c, d] => Some(Reply::FullStatus([a, b, c, d])),
            [0x10, 0x0f, ..] => None,
            [a, b, c, d] => Some(Reply::AutomaticStatusBack([a, b, c, d])),
            _ => None,
        };
        if reply.is_some() {
            self.frame.clear();
        }
        if is_noise { Some(Reply::Noise(byte)) } else { reply.filter(|_| !self.is_damaged) }
    }
}

fn text_reply(first: u8, text: Vec<u8>) -> Reply {
    match text.strip_prefix(b"r@") {
        Some(keys) if first == KEPT_PICTURES => Reply::KeptPictures(keys.as_chunks::<2>().0.to_vec()),
        Some(_) | None if first == IDENTITY => Reply::Identity(text),
        Some(_) | None => Reply::Noise(first),
    }
}
