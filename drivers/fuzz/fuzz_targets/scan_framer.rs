//! Any bytes from a scanner: how they arrive cut up makes no difference, and what comes out is text of a bounded length.
//! The first byte chooses the framing, the second where the stream is cut.
#![no_main]

use std::time::Duration;

use kiosk_drivers::scanner::{Framer, Framing, ScannerEvent, Suffix};
use libfuzzer_sys::fuzz_target;

const SUFFIXES: [Suffix; 5] = [Suffix::Cr, Suffix::Lf, Suffix::CrLf, Suffix::Tab, Suffix::None];

fuzz_target!(|data: &[u8]| {
    let [setup, cut, bytes @ ..] = data else { return };
    let framing = Framing { suffix: SUFFIXES[usize::from(*setup & 7) % 5], has_stx: *setup & 8 != 0 };
    let (left, right) = bytes.split_at((usize::from(*cut) * 9).min(bytes.len()));
    assert_eq!(read(framing, &[left, right]), read(framing, &[bytes]), "the split changed the scans");
});

fn read(framing: Framing, chunks: &[&[u8]]) -> Vec<ScannerEvent> {
    let mut framer = Framer::new(framing);
    for chunk in chunks {
        framer.received(chunk, Duration::ZERO);
    }
    framer.tick(Duration::from_secs(3600));
    let events: Vec<ScannerEvent> = std::iter::from_fn(|| framer.poll_event()).collect();
    for event in &events {
        if let ScannerEvent::Scan(text) = event {
            assert!(!text.is_empty() && text.len() <= 2048);
            assert!(!text.chars().any(|letter| letter.is_control() && letter != '\t'));
        }
    }
    events
}
