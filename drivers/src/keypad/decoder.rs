//! From a keypad's bytes to movements of its keys. Pure.

use crate::address::Address;
use crate::keys::{KeyRecord, Movement, RecordReader};

const STX: u8 = 0x02;
const ETX: u8 = 0x03;

/// How a keypad sends a press.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeypadFraming {
    /// One byte, mostly the ASCII digit of the key; again and again while the key is held.
    #[default]
    Byte,
    /// STX, the byte, ETX.
    StxEtx,
    /// Key movements as [records](crate::keys): input devices and pins.
    Records,
}

impl KeypadFraming {
    /// How a keypad at such an address sends, unless it is known to send frames.
    #[must_use]
    pub fn of(address: &Address) -> Self {
        match address {
            Address::Evdev { .. } | Address::Gpio { .. } => Self::Records,
            Address::Tcp { .. } | Address::Serial { .. } | Address::File { .. } | Address::Usb(_) => {
                Self::Byte
            }
        }
    }
}

/// What the line said about one key, by its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// The pad sent the key's byte, and will not say when it is let go.
    Sent(u16),
    /// The key moved.
    Moved(KeyRecord),
    /// This many bytes meant nothing.
    Noise(u64),
}

/// Puts a keypad's bytes together.
#[derive(Debug)]
pub(super) struct Decoder {
    framing: KeypadFraming,
    /// Bytes of the frame under way.
    frame: Vec<u8>,
    records: RecordReader,
}

impl Decoder {
    pub(super) fn new(framing: KeypadFraming) -> Self {
        Self { framing, frame: Vec::new(), records: RecordReader::default() }
    }

    pub(super) fn read(&mut self, bytes: &[u8]) -> Vec<Sign> {
        match self.framing {
            KeypadFraming::Byte => bytes.iter().map(|byte| Sign::Sent((*byte).into())).collect(),
            KeypadFraming::StxEtx => bytes.iter().filter_map(|byte| self.frame_byte(*byte)).collect(),
            KeypadFraming::Records => self.records.read(bytes).into_iter().map(Sign::Moved).collect(),
        }
    }

    fn frame_byte(&mut self, byte: u8) -> Option<Sign> {
        match (self.frame.as_slice(), byte) {
            ([], STX) => self.frame.push(byte),
            ([STX], byte) if byte != STX && byte != ETX => self.frame.push(byte),
            ([STX, key], ETX) => {
                let key = u16::from(*key);
                self.frame.clear();
                return Some(Sign::Sent(key));
            }
            (begun, byte) => {
                let starts_anew = byte == STX;
                let noise = begun.len() as u64 + u64::from(!starts_anew);
                self.frame.clear();
                if starts_anew {
                    self.frame.push(byte);
                }
                return Some(Sign::Noise(noise));
            }
        }
        None
    }

    /// The line broke: half a frame is none.
    pub(super) fn reset(&mut self) {
        self.frame.clear();
        self.records.reset();
    }
}

/// The movement that stands for all keys.
pub(super) fn is_lost(record: KeyRecord) -> bool {
    record.movement == Movement::Lost
}
