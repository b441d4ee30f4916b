//! Any text as a printer profile: refused with a reason, or within the bounds that the driver relies on.
#![no_main]

use kiosk_drivers::Address;
use kiosk_drivers::keypad::KeyTable;
use kiosk_drivers::printer::Profile;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Profile::from_toml(text, "fuzz.toml") {
        Ok(profile) => {
            assert!(profile.width_dots % 8 == 0 && profile.width_dots > 0);
            assert!((512..=4096).contains(&profile.max_command_bytes));
            let _time = profile.feed_time(u32::MAX);
            let _dots = profile.dots_of_mm(u16::MAX);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    // The other small texts of a configuration file.
    if let Ok(address) = text.parse::<Address>() {
        assert_eq!(address.to_string().parse::<Address>(), Ok(address));
    }
    if let Ok(table) = text.parse::<KeyTable>() {
        assert_eq!(table.to_string().parse::<KeyTable>(), Ok(table));
    }
});
