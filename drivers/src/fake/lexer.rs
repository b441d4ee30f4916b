//! Cuts a byte stream into printer commands.

/// A piece of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lexed {
    /// A command with all its bytes.
    Command(Vec<u8>),
    /// Bytes that are no command known here.
    Unknown(Vec<u8>),
}

/// The lexer; holds the command that is not complete yet.
#[derive(Debug, Clone, Default)]
pub struct Lexer {
    open: Vec<u8>,
}

/// How long a command is, judged by its beginning.
enum Length {
    Known(usize),
    NeedsMore,
    NoCommand,
}

impl Lexer {
    /// Takes a byte; gives a piece when it completes one.
    pub fn push(&mut self, byte: u8) -> Option<Lexed> {
        self.open.push(byte);
        match length(&self.open) {
            Length::Known(length) if self.open.len() < length => None,
            Length::Known(_) => Some(Lexed::Command(std::mem::take(&mut self.open))),
            Length::NeedsMore => None,
            Length::NoCommand => Some(Lexed::Unknown(std::mem::take(&mut self.open))),
        }
    }

    /// Bytes of the command that is not complete yet.
    #[must_use]
    pub fn open_bytes(&self) -> usize {
        self.open.len()
    }

    /// Forgets the command that is not complete yet.
    pub fn reset(&mut self) {
        self.open.clear();
    }
}

fn length(bytes: &[u8]) -> Length {
    match bytes {
        [0x00 | 0x09 | 0x0a | 0x0d | 0x20..=0x7e, ..] => Length::Known(1),
        [0x10, rest @ ..] => dle_length(rest),
        [0x1b, rest @ ..] => escape_length(rest),
        [0x1d, rest @ ..] => group_length(rest),
        // Settings of Kanji letters.
        [0x1c] => Length::NeedsMore,
        [0x1c, b'.' | b'&', ..] => Length::Known(2),
        [0x1c, b'-' | b'!', ..] => Length::Known(3),
        [0x1c, b'S', ..] => Length::Known(4),
        _ => Length::NoCommand,
    }
}

fn dle_length(rest: &[u8]) -> Length {
    match rest {
        [] | [0x14] => Length::NeedsMore,
        [0x04 | 0x05, ..] => Length::Known(3),
        [0x14, 1 | 2, ..] => Length::Known(5),
        [0x14, 8, ..] => Length::Known(10),
        _ => Length::NoCommand,
    }
}

fn escape_length(rest: &[u8]) -> Length {
    match rest.first() {
        None => Length::NeedsMore,
        Some(b'@' | b'2' | b'i' | b'm') => Length::Known(2),
        Some(
            b' ' | b'J' | b'd' | b'a' | b'E' | b'G' | b'!' | b'-' | b'M' | b't' | b'R' | b'3' | b'{' | b'=',
        ) => Length::Known(3),
        Some(b'$' | b'\\' | b'c') => Length::Known(4),
        Some(_) => Length::NoCommand,
    }
}

fn group_length(rest: &[u8]) -> Length {
    match rest {
        [] | [b'V' | b'e'] => Length::NeedsMore,
        [b'a' | b'r' | b'I' | b'!' | b'B' | b'b' | 0xe0, ..] => Length::Known(3),
        // Custom's presenter: present takes steps, eject and retract take nothing.
        [b'e', 3, ..] => Length::Known(4),
        [b'e', _, ..] => Length::Known(3),
        [b'P' | b'L' | b'W', ..] => Length::Known(4),
        [b'V', 0 | 1 | b'0' | b'1', ..] => Length::Known(3),
        [b'V', b'A' | b'B', ..] => Length::Known(4),
        [b'(', b'k' | b'L', low, high, ..] => {
            Length::Known(5 + usize::from(u16::from_le_bytes([*low, *high])))
        }
        [b'v', b'0', _mode, x_low, x_high, y_low, y_high, ..] => {
            let row_bytes = usize::from(u16::from_le_bytes([*x_low, *x_high]));
            let rows = usize::from(u16::from_le_bytes([*y_low, *y_high]));
            Length::Known(8 + row_bytes * rows)
        }
        [b'('] | [b'(', b'k' | b'L', ..] | [b'v'] | [b'v', b'0', ..] => Length::NeedsMore,
        _ => Length::NoCommand,
    }
}
