//! Takes the content out of a scanner's bytes and keeps what framing depends on.

use std::collections::VecDeque;
use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use crate::clock::Moment;
use crate::keys::RecordReader;
use crate::scanner::{FRAGMENT_LIMIT, Framing, IDLE, MAX_SCAN_BYTES, Suffix, UsKeyboard};

/// So many texts are known again; framing looks back at one only.
const KNOWN_TEXTS: usize = 16;

/// A piece of what a scanner sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    /// So many bytes of text.
    Text(usize),
    /// One byte that is no text: a control character as it was; of a character that is broken or cut in two, a byte
    /// with the same place in UTF-8.
    Byte(u8),
    /// The text so far has ended. The same number means the same text, which framing must know to tell a repetition.
    End(usize),
}

/// Masks one scanner's bytes. What is kept to know a text again is a hash under a key that is drawn at the start and
/// never written.
pub struct Mask {
    /// What turns the records of a wedge's line into what it types.
    keyboard: Option<(RecordReader, UsKeyboard)>,
    pause: Duration,
    key: RandomState,
    /// Bytes of the text under way.
    open: Vec<u8>,
    /// The text is longer than a scan may be; nothing but a pause ends it.
    is_too_long: bool,
    known: VecDeque<(u64, usize)>,
    text_count: usize,
    last_byte_at: Moment,
}

impl fmt::Debug for Mask {
    /// Nothing of what it masks.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mask").field("text_count", &self.text_count).finish_non_exhaustive()
    }
}

impl Mask {
    /// A mask at the start of a session.
    #[must_use]
    pub fn new(framing: Framing, is_wedge: bool) -> Self {
        Self {
            keyboard: is_wedge.then(Default::default),
            pause: if framing.suffix == Suffix::None { IDLE } else { FRAGMENT_LIMIT },
            key: RandomState::new(),
            open: Vec::new(),
            is_too_long: false,
            known: VecDeque::new(),
            text_count: 0,
            last_byte_at: Moment::ZERO,
        }
    }

    /// Masks bytes that arrived together.
    pub fn mask(&mut self, bytes: &[u8], now: Moment) -> Vec<Piece> {
        match &mut self.keyboard {
            None => self.mask_text(bytes, now),
            Some((records, keyboard)) => {
                let records = records.read(bytes).into_iter();
                let typed: Vec<u8> = records.filter_map(|record| keyboard.typed(record)).collect();
                self.mask_text(&typed, now)
            }
        }
    }

    /// The line was lost.
    pub fn line_lost(&mut self) {
        if let Some((records, keyboard)) = &mut self.keyboard {
            records.reset();
            keyboard.reset();
        }
    }

    fn mask_text(&mut self, bytes: &[u8], now: Moment) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let pause = if self.is_too_long { IDLE } else { self.pause };
        if now >= self.last_byte_at + pause {
            self.end(&mut pieces);
        }
        self.last_byte_at = now;
        let mut rest = bytes;
        while !rest.is_empty() {
            let text = text_length(rest);
            let (head, tail) = rest.split_at(text.max(1));
            match head {
                [byte] if text == 0 => self.odd_byte(*byte, &mut pieces),
                _ => {
                    self.keep(head);
                    pieces.push(Piece::Text(text));
                }
            }
            rest = tail;
        }
        pieces
    }

    fn odd_byte(&mut self, byte: u8, pieces: &mut Vec<Piece>) {
        if !byte.is_ascii() {
            self.keep(&[byte]);
        } else if !self.is_too_long {
            self.end(pieces);
        }
        pieces.push(Piece::Byte(of_same_place(byte)));
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.is_too_long |= self.open.len() + bytes.len() > MAX_SCAN_BYTES;
        if !self.is_too_long {
            self.open.extend_from_slice(bytes);
        }
    }

    fn end(&mut self, pieces: &mut Vec<Piece>) {
        self.is_too_long = false;
        if self.open.is_empty() {
            return;
        }
        let mut hasher = self.key.build_hasher();
        hasher.write(&self.open);
        self.open.clear();
        let hash = hasher.finish();
        let known = self.known.iter().find(|(known, _)| *known == hash).map(|(_, number)| *number);
        let number = known.unwrap_or_else(|| {
            self.text_count += 1;
            self.known.push_back((hash, self.text_count));
            if self.known.len() > KNOWN_TEXTS {
                self.known.pop_front();
            }
            self.text_count
        });
        pieces.push(Piece::End(number));
    }
}

/// How many bytes at the beginning are whole characters that are no control characters.
fn text_length(bytes: &[u8]) -> usize {
    let until_control = bytes.iter().position(u8::is_ascii_control).unwrap_or(bytes.len());
    let bytes = bytes.get(..until_control).unwrap_or_default();
    let valid = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => bytes
            .get(..error.valid_up_to())
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .unwrap_or_default(),
    };
    // Control characters beyond ASCII (U+0080 to U+009F) make a scan no text: they stay single bytes.
    valid.find(char::is_control).unwrap_or(valid.len())
}

/// A byte that means the same to a UTF-8 decoder and says nothing else.
fn of_same_place(byte: u8) -> u8 {
    match byte {
        0x00..=0x7f => byte,
        0x80..=0xbf => 0x80,
        // U+0080 to U+009F begin with it.
        0xc2 => 0xc2,
        0xc3..=0xdf => 0xc3,
        0xe0..=0xef => 0xe1,
        0xf0..=0xf4 => 0xf1,
        0xc0 | 0xc1 | 0xf5..=0xff => 0xff,
    }
}

/// Bytes of the same form as what was masked; a text is one letter over and over, another letter for another text.
pub(super) fn unmask(all: &[&[Piece]]) -> Vec<Vec<u8>> {
    let mut numbers = all.iter().copied().flatten().filter_map(|piece| match piece {
        Piece::End(number) => Some(*number),
        Piece::Text(_) | Piece::Byte(_) => None,
    });
    let mut letter = letter_of(numbers.next());
    let mut unmasked = Vec::new();
    for pieces in all {
        let mut bytes = Vec::new();
        for piece in *pieces {
            match piece {
                Piece::Text(length) => bytes.resize(bytes.len() + length, letter),
                Piece::Byte(byte) => bytes.push(*byte),
                Piece::End(_) => letter = letter_of(numbers.next()),
            }
        }
        unmasked.push(bytes);
    }
    unmasked
}

/// The letter of a text's number; a text that has not ended has none yet.
fn letter_of(number: Option<usize>) -> u8 {
    number.and_then(|number| u8::try_from(number % 26).ok()).map_or(b'z', |place| b'A' + place)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::scanner::{Framer, Framing, Suffix};

    #[test]
    fn a_masked_scan_keeps_lengths_and_control_characters_only() {
        let mut mask = Mask::new(Framing::default(), false);
        let ms = Duration::from_millis;
        let pieces = mask.mask("079123456789|Ngô Thị Ảnh\r".as_bytes(), ms(0));
        let end = Piece::End;
        assert_eq!(pieces, [Piece::Text(29), end(1), Piece::Byte(b'\r')]);
        assert_eq!(mask.mask(b"H40-1\r", ms(500)), [Piece::Text(5), end(2), Piece::Byte(b'\r')]);
        assert_eq!(mask.mask(b"H40", ms(900)), [Piece::Text(3)]);
        assert_eq!(mask.mask(b"-1\r", ms(901)), [Piece::Text(2), end(2), Piece::Byte(b'\r')]);
        // A character cut in two by the line, and noise.
        assert_eq!(mask.mask(b"\xe1\xba", ms(902)), [Piece::Byte(0xe1), Piece::Byte(0x80)]);
        assert_eq!(mask.mask(b"\xa3\xfe", ms(903)), [Piece::Byte(0x80), Piece::Byte(0xff)]);
        assert_eq!(mask.mask(b"\x00", ms(904)), [end(3), Piece::Byte(0)]);
    }

    fn told(framing: Framing, chunks: &[(u64, Vec<u8>)]) -> Vec<String> {
        let mut framer = Framer::new(framing);
        for (at, bytes) in chunks {
            framer.received(bytes, Duration::from_millis(*at));
        }
        framer.tick(Duration::from_secs(3600));
        std::iter::from_fn(|| framer.poll_event()).map(|event| format!("{event:?}")).collect()
    }

    proptest! {
        #[test]
        fn a_framer_cannot_tell_the_masked_session_from_the_real_one(
            chunks in proptest::collection::vec(
                (
                    prop_oneof![Just(0u64), Just(59), Just(60), Just(600), Just(2000)],
                    prop_oneof![
                        Just(b"H40.1\r".to_vec()), Just(b"G09.2\r".to_vec()), Just("Đơn".as_bytes().to_vec()),
                        Just(b"\xc3".to_vec()), Just(b"\xff\0\x02".to_vec()), Just(b"\xc2\x85\r".to_vec()),
                        Just(b"\xba\xa3\n".to_vec()), Just(b"H40".to_vec()), Just(vec![b'7'; 700]),
                    ],
                ),
                0..30,
            ),
            suffix in prop_oneof![Just(Suffix::Cr), Just(Suffix::CrLf), Just(Suffix::None)],
            has_stx in any::<bool>(),
        ) {
            let framing = Framing { suffix, has_stx };
            let mut now = 0;
            let mut mask = Mask::new(framing, false);
            let (mut real, mut masked) = (Vec::new(), Vec::new());
            for (pause, bytes) in chunks {
                now += pause;
                masked.push(mask.mask(&bytes, Duration::from_millis(now)));
                real.push((now, bytes));
            }
            let slices: Vec<&[Piece]> = masked.iter().map(Vec::as_slice).collect();
            let replayed: Vec<_> = real.iter().map(|(at, _)| *at).zip(unmask(&slices)).collect();
            prop_assert_eq!(told(framing, &replayed), told(framing, &real));
        }
    }
}
