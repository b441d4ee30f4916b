//! Any key movements from a wedge: what it types is ASCII, in any split, and no key but a pressed one types.
#![no_main]

use kiosk_drivers::keys::{KeyRecord, Movement, RecordReader};
use kiosk_drivers::scanner::UsKeyboard;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((cut, bytes)) = data.split_first() else { return };
    let (left, right) = bytes.split_at(usize::from(*cut).min(bytes.len()));
    assert_eq!(typed(&[left, right]), typed(&[bytes]));
});

fn typed(chunks: &[&[u8]]) -> Vec<u8> {
    let (mut reader, mut keyboard) = (RecordReader::default(), UsKeyboard::default());
    let records: Vec<KeyRecord> = chunks.iter().flat_map(|chunk| reader.read(chunk)).collect();
    let pressed = records
        .iter()
        .filter(|record| matches!(record.movement, Movement::Down | Movement::Lost))
        .count();
    let typed: Vec<u8> = records.into_iter().filter_map(|record| keyboard.typed(record)).collect();
    assert!(typed.len() <= pressed);
    assert!(typed.iter().all(u8::is_ascii));
    typed
}
