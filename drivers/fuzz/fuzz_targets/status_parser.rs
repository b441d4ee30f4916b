//! Any bytes from a printer: what each printer of the profiles says is sorted in the same way however it is cut up, the
//! parser hoards nothing, and the machine that reads it never believes in a ticket that nobody ordered. The first byte says
//! where the stream is cut and which profile reads it.
#![no_main]

use std::time::Duration;

use kiosk_drivers::printer::{Machine, PrinterEvent, Profile, Reply, StatusParser};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((setup, bytes)) = data.split_first() else { return };
    let (left, right) = bytes.split_at(usize::from(*setup).min(bytes.len()));
    assert_eq!(sorted(&[left, right]), sorted(&[bytes]), "the split changed what was understood");
    let built_in = Profile::ALL[usize::from(*setup) % Profile::ALL.len()];
    let Some(profile) = Profile::named(built_in.name) else { return };
    let mut machine = Machine::new(profile, Vec::new(), false, None);
    machine.connected(Duration::ZERO);
    for chunk in [left, right] {
        while !machine.pending_output().is_empty() {
            machine.wrote(machine.pending_output().len(), Duration::ZERO);
        }
        machine.received(chunk, Duration::from_millis(1));
    }
    while let Some(event) = machine.poll_event() {
        assert!(!matches!(event, PrinterEvent::Finished { .. }));
    }
});

fn sorted(chunks: &[&[u8]]) -> Vec<Reply> {
    let mut parser = StatusParser::new();
    let mut replies = Vec::new();
    for byte in chunks.iter().copied().flatten() {
        replies.extend(parser.push(*byte));
        assert!(parser.open_bytes() <= 128);
    }
    replies
}
