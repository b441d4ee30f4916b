//! Any bytes from a printer: the parser neither panics nor hoards, and the machine that reads them never believes in a
//! ticket that nobody ordered. The first byte says where the stream is cut.
#![no_main]

use std::time::Duration;

use kiosk_drivers::printer::{Machine, PrinterEvent, Profile, StatusParser};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((cut, bytes)) = data.split_first() else { return };
    let mut parser = StatusParser::new();
    for byte in bytes {
        let _reply = parser.push(*byte);
        assert!(parser.open_bytes() <= 128);
    }
    let (left, right) = bytes.split_at(usize::from(*cut).min(bytes.len()));
    assert_eq!(read(&[left, right]), read(&[bytes]), "the split changed what was understood");
});

fn read(chunks: &[&[u8]]) -> (String, Vec<PrinterEvent>) {
    let Some(profile) = Profile::named("vkp80").or_else(|| Profile::named("generic-80")) else { return Default::default() };
    let mut machine = Machine::new(profile, Vec::new(), false, None);
    machine.connected(Duration::ZERO);
    let mut events = Vec::new();
    while !machine.pending_output().is_empty() {
        let count = machine.pending_output().len();
        machine.wrote(count, Duration::ZERO);
    }
    for chunk in chunks {
        machine.received(chunk, Duration::from_millis(1));
    }
    while let Some(event) = machine.poll_event() {
        assert!(!matches!(event, PrinterEvent::Finished { .. }));
        events.push(event);
    }
    (format!("{:?}", machine.status()), events)
}
