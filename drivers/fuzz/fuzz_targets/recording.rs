//! Any text as a recording: refused with its line, or read, written, read again as the same, and replayed.
#![no_main]

use kiosk_drivers::printer::Profile;
use kiosk_drivers::record::{Recording, replay};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(recording) = text.parse::<Recording>() else { return };
    let again: Recording = recording.to_string().parse().expect("what was written can be read");
    assert_eq!(again, recording);
    let _replay = replay(&recording, Profile::named);
});
