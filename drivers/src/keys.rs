//! Key movements as bytes: what the line of a keyboard-like device carries.
//!
//! Input devices of the kernel and buttons on pins speak in keys, not in bytes. So that they open, break and come back as
//! every other line does, their line carries records of three bytes: the code of the key, low byte first, and what it
//! did (0 up, 1 down, 2 still down, 3 some movements were lost). Codes are Linux key codes, or the number of a pin.

use std::collections::VecDeque;

/// What a key did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Movement {
    /// It was let go.
    Up,
    /// It was pressed.
    Down,
    /// It is still held: the keyboard's autorepeat, or a key that was down before anyone looked.
    Held,
    /// Movements of any key were lost; keys that are still down follow as `Held`.
    Lost,
}

/// One movement of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyRecord {
    /// Which key; without meaning when movements were lost.
    pub code: u16,
    /// What it did.
    pub movement: Movement,
}

/// Bytes a record takes.
pub const RECORD_BYTES: usize = 3;

impl KeyRecord {
    /// The record as bytes.
    #[must_use]
    pub fn to_bytes(self) -> [u8; RECORD_BYTES] {
        let [low, high] = self.code.to_le_bytes();
        let movement = match self.movement {
            Movement::Up => 0,
            Movement::Down => 1,
            Movement::Held => 2,
            Movement::Lost => 3,
        };
        [low, high, movement]
    }

    /// The record that these bytes are; a movement that does not exist counts as lost ones.
    #[must_use]
    pub fn from_bytes([low, high, movement]: [u8; RECORD_BYTES]) -> Self {
        let movement = match movement {
            0 => Movement::Up,
            1 => Movement::Down,
            2 => Movement::Held,
            _ => Movement::Lost,
        };
        Self { code: u16::from_le_bytes([low, high]), movement }
    }
}

/// Moves as many whole records into `buffer` as it holds, oldest first, and says how many bytes they take.
pub(crate) fn hand_over(pending: &mut VecDeque<KeyRecord>, buffer: &mut [u8]) -> usize {
    let mut count = 0;
    for place in buffer.chunks_exact_mut(RECORD_BYTES) {
        let Some(record) = pending.pop_front() else { break };
        place.copy_from_slice(&record.to_bytes());
        count += RECORD_BYTES;
    }
    count
}

/// Puts records together from bytes that arrive cut up anyhow.
#[derive(Debug, Default)]
pub struct RecordReader {
    partial: Vec<u8>,
}

impl RecordReader {
    /// The records that these bytes complete, in order.
    pub fn read(&mut self, bytes: &[u8]) -> Vec<KeyRecord> {
        self.partial.extend_from_slice(bytes);
        let (whole, rest) = self.partial.as_chunks::<RECORD_BYTES>();
        let records = whole.iter().map(|bytes| KeyRecord::from_bytes(*bytes)).collect();
        self.partial = rest.to_vec();
        records
    }

    /// The line broke: half a record is none.
    pub fn reset(&mut self) {
        self.partial.clear();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn records_survive_any_split(
            keys in proptest::collection::vec((any::<u16>(), 0u8..4), 0..20),
            cut in 0usize..60,
        ) {
            let bytes: Vec<u8> = keys.iter().flat_map(|(code, movement)| {
                let [low, high] = code.to_le_bytes();
                [low, high, *movement]
            }).collect();
            let (left, right) = bytes.split_at(cut.min(bytes.len()));
            let mut reader = RecordReader::default();
            let records = [reader.read(left), reader.read(right)].concat();
            let written: Vec<u8> = records.into_iter().flat_map(KeyRecord::to_bytes).collect();
            prop_assert_eq!(written, bytes);
        }
    }
}
