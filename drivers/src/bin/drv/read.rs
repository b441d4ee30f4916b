//! `drv scan` and `drv keys`: what a scanner reads and what is pressed on a pad.

use std::cell::RefCell;

use kiosk_drivers::clock::Clock;
use kiosk_drivers::keypad::{Flag, Keypad, KeypadConfig, KeypadEvent};
use kiosk_drivers::scanner::{Framing, Reject, Scanner, ScannerConfig, ScannerEvent, Suffix};
use kiosk_drivers::transport::mailbox;
use kiosk_drivers::{Address, DeviceHealth};

use crate::say;
use crate::trouble::{self, Trouble};

fn no_mailbox(error: &std::io::Error) -> Trouble {
    Trouble::device(format!("{error}"), "close other programs and try again")
}

/// A health of a device that only talks, in words.
fn health_in_words(health: &DeviceHealth) -> String {
    match health {
        DeviceHealth::Ready => "connected".to_owned(),
        DeviceHealth::Absent => "gone: check the cable; waiting until it is back".to_owned(),
        DeviceHealth::Starting => "starting".to_owned(),
        DeviceHealth::Degraded(causes) | DeviceHealth::Blocked(causes) => {
            let words: Vec<String> =
                causes.iter().map(|cause| format!("{cause} ({})", trouble::remedy(*cause))).collect();
            words.join("; ")
        }
        DeviceHealth::Failed(why) => why.clone(),
    }
}

/// What a scanner told, in words.
pub(crate) fn scan_in_words(event: &ScannerEvent) -> String {
    match event {
        ScannerEvent::Scan(text) => format!("scan, {} bytes: {text}", text.len()),
        ScannerEvent::Rejected(Reject::TooLong) => {
            "dropped: more than 2,048 bytes; is the suffix right?".to_owned()
        }
        ScannerEvent::Rejected(Reject::NotText) => {
            "dropped: no text; wrong baud rate, wrong suffix, or a scanner not set to send UTF-8".to_owned()
        }
        ScannerEvent::Health(health) => health_in_words(health),
    }
}

pub(crate) fn key_in_words(event: &KeypadEvent) -> String {
    match event {
        KeypadEvent::Pressed(key) => format!("key {key}"),
        KeypadEvent::Flagged(Flag::Stuck(key)) => format!("key {key} is stuck: ignored until it is let go"),
        KeypadEvent::Flagged(Flag::Burst(key)) => {
            format!("key {key} once more after five presses in five seconds: no vote")
        }
        KeypadEvent::Health(health) => health_in_words(health),
    }
}

/// Opens the device once, so that a mistake is told with its remedy; then the driver opens it.
fn begin(address: &Address, what: &str) -> Result<(), Trouble> {
    drop(trouble::open(address)?);
    say(format!("{what}; end with Ctrl-C"))
}

/// Says events until nobody reads them any more.
fn teller() -> impl Fn(String) {
    let clock = Clock::start();
    let is_heard = RefCell::new(true);
    move |text| {
        let mut is_heard = is_heard.borrow_mut();
        *is_heard = *is_heard && say(format!("{:8.1} s  {text}", clock.now().as_secs_f64())).is_ok();
    }
}

pub(crate) fn scan(address: Address, suffix: Suffix) -> Result<(), Trouble> {
    begin(&address, "scan something")?;
    let (_mailbox, inbox) = mailbox(1).map_err(|error| no_mailbox(&error))?;
    let tell = teller();
    let framing = Framing { suffix, has_stx: false };
    Scanner::new(ScannerConfig { address, framing }).run(&inbox, |event| tell(scan_in_words(&event)));
    Ok(())
}

pub(crate) fn keys(address: Address) -> Result<(), Trouble> {
    begin(&address, "press the keys")?;
    let (_mailbox, inbox) = mailbox(1).map_err(|error| no_mailbox(&error))?;
    let tell = teller();
    Keypad::new(KeypadConfig::usual(address)).run(&inbox, |event| tell(key_in_words(&event)));
    Ok(())
}
