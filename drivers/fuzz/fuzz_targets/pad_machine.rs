//! Any bytes from a rating pad at any time: one press is never two votes. The first byte chooses the framing; then pairs
//! of a pause and a byte.
#![no_main]

use std::time::Duration;

use kiosk_drivers::keypad::{KeyTable, KeypadEvent, KeypadFraming, Presses};
use libfuzzer_sys::fuzz_target;

const FRAMINGS: [KeypadFraming; 3] = [KeypadFraming::Byte, KeypadFraming::StxEtx, KeypadFraming::Records];

fuzz_target!(|data: &[u8]| {
    let Some((setup, steps)) = data.split_first() else { return };
    let framing = FRAMINGS[usize::from(*setup) % FRAMINGS.len()];
    let table = if framing == KeypadFraming::Records { KeyTable::input_digits() } else { KeyTable::ascii_digits() };
    let mut presses = Presses::new(framing, table);
    let (mut now, mut told) = (Duration::ZERO, Vec::new());
    for step in steps.chunks(2) {
        let &[pause, byte] = step else { break };
        now += Duration::from_millis(u64::from(pause) * u64::from(pause & 0x3f));
        match pause {
            0xff => presses.disconnected(kiosk_drivers::DeviceHealth::Absent),
            0xfe => presses.connected(),
            _ => presses.received(&[byte], now),
        }
        while let Some(event) = presses.poll_event() {
            if let KeypadEvent::Pressed(key) = event {
                assert!((1..=9).contains(&key));
                told.push((now, key));
            }
        }
    }
    for pair in told.windows(2) {
        let apart = if pair[0].1 == pair[1].1 { 200 } else { 250 };
        assert!(pair[1].0 >= pair[0].0 + Duration::from_millis(apart), "{pair:?}");
    }
    for six in told.windows(6) {
        assert!(six[5].0 >= six[0].0 + Duration::from_secs(5), "{six:?}");
    }
});
