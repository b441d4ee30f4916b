//! Scanner and keypads: devices that only speak.

use std::thread::JoinHandle;

use kiosk_core::effect::ScanRefusal;
use kiosk_core::event::{Device, Event, KeypadFlag};
use kiosk_core::id::CounterId;
use kiosk_drivers::keypad::{Flag, Keypad, KeypadConfig, KeypadEvent, KeypadFraming};
use kiosk_drivers::scanner::{Framing, Reject, Scanner, ScannerConfig, ScannerEvent, ScannerOrder, Suffix};
use kiosk_drivers::transport::{Inbox, Mailbox, mailbox};

use crate::config::{KeypadSettings, ScanSuffix, ScannerSettings};

use super::{DeviceError, Events, Tallies, send, tell_health};

/// Orders that may wait for a reader; more mean that it is stuck.
const ORDER_QUEUE: usize = 4;

/// The thread of a scanner or keypad.
pub struct Reader {
    name: &'static str,
    /// Ends the thread when it is dropped, with the switch.
    mailbox: Box<dyn Send>,
    /// A scanner's alone.
    switch: Option<Switch>,
    thread: JoinHandle<()>,
}

/// Turns a scanner's ear to people and away.
struct Switch {
    mailbox: Mailbox<ScannerOrder>,
    is_armed: bool,
}

impl Reader {
    /// Starts to look for the scanner.
    ///
    /// # Errors
    /// When the address is none, or the system gives no thread.
    pub fn scanner(
        settings: &ScannerSettings,
        tallies: &Tallies,
        events: Events,
    ) -> Result<Self, DeviceError> {
        let framing = Framing { suffix: suffix(settings.suffix), has_stx: false };
        let scanner = Scanner::new(ScannerConfig { address: settings.address.parse()?, framing });
        tallies.add(Device::Scanner, scanner.tally());
        let tallies = tallies.clone();
        let name = "scanner";
        let (mailbox, thread) =
            start(name, move |inbox| scanner.run(inbox, |event| tell_scan(&events, &tallies, event)))?;
        let switch = Some(Switch { mailbox: mailbox.clone(), is_armed: true });
        Ok(Self { name, mailbox: Box::new(mailbox), switch, thread })
    }

    /// Starts to look for a counter's keypad.
    ///
    /// # Errors
    /// When address or keys are none, or the system gives no thread.
    pub fn keypad(settings: &KeypadSettings, tallies: &Tallies, events: Events) -> Result<Self, DeviceError> {
        let counter = settings.counter;
        let mut config = KeypadConfig::usual(settings.address.parse()?);
        if settings.is_framed && config.framing == KeypadFraming::Byte {
            config.framing = KeypadFraming::StxEtx;
        }
        if let Some(keys) = &settings.keys {
            config.keys = keys.parse()?;
        }
        let keypad = Keypad::new(config);
        tallies.add(Device::Keypad(counter), keypad.tally());
        let tallies = tallies.clone();
        let name = "keypad";
        let (mailbox, thread) = start(name, move |inbox| {
            keypad.run(inbox, |event| tell_key(&events, &tallies, counter, event));
        })?;
        Ok(Self { name, mailbox: Box::new(mailbox), switch: None, thread })
    }

    /// Has a scanner hand on what it reads, or swallow and count it. Never waits; what a stuck scanner does not take is
    /// told again the next time.
    pub fn listen(&mut self, is_wanted: bool) {
        if let Some(switch) = &mut self.switch {
            switch.turn(is_wanted);
        }
    }

    /// Ends the thread.
    pub fn stop(self) {
        // Dropping the mailbox is the order to end, too.
        drop((self.mailbox, self.switch));
        if self.thread.join().is_err() {
            tracing::error!(thread = self.name, "thread-panicked");
        }
    }
}

impl Switch {
    fn turn(&mut self, is_wanted: bool) {
        if self.is_armed == is_wanted {
            return;
        }
        let order = if is_wanted { ScannerOrder::Arm } else { ScannerOrder::Disarm };
        if self.mailbox.send(order).is_ok() {
            self.is_armed = is_wanted;
        }
    }
}

fn start<Order: Send + 'static>(
    name: &'static str,
    run: impl FnOnce(&Inbox<Order>) + Send + 'static,
) -> Result<(Mailbox<Order>, JoinHandle<()>), DeviceError> {
    let failed = |source| DeviceError::Thread { device: name, source };
    let (mailbox, inbox) = mailbox(ORDER_QUEUE).map_err(failed)?;
    let thread = std::thread::Builder::new().name(name.into()).spawn(move || run(&inbox)).map_err(failed)?;
    Ok((mailbox, thread))
}

fn suffix(suffix: ScanSuffix) -> Suffix {
    match suffix {
        ScanSuffix::Cr => Suffix::Cr,
        ScanSuffix::Lf => Suffix::Lf,
        ScanSuffix::CrLf => Suffix::CrLf,
        ScanSuffix::Tab => Suffix::Tab,
        ScanSuffix::None => Suffix::None,
    }
}

fn tell_scan(events: &Events, tallies: &Tallies, event: ScannerEvent) {
    match event {
        ScannerEvent::Scan(text) => send(events, Event::Scanned(text.into())),
        ScannerEvent::Health(health) => {
            tell_health(events, tallies, Device::Scanner, &health);
        }
        ScannerEvent::Rejected(reject) => send(events, Event::ScanRejected(rejected(reject))),
    }
}

fn rejected(reject: Reject) -> ScanRefusal {
    match reject {
        Reject::TooLong => ScanRefusal::TooLong,
        Reject::NotText => ScanRefusal::Unreadable,
    }
}

fn tell_key(events: &Events, tallies: &Tallies, counter: CounterId, event: KeypadEvent) {
    match event {
        KeypadEvent::Pressed(key) => send(events, Event::KeyPressed { counter, key }),
        KeypadEvent::Flagged(Flag::Stuck(_)) => {
            send(events, Event::KeypadFlagged { counter, flag: KeypadFlag::Stuck });
        }
        KeypadEvent::Flagged(Flag::Burst(_)) => {
            send(events, Event::KeypadFlagged { counter, flag: KeypadFlag::Burst });
        }
        KeypadEvent::Health(health) => tell_health(events, tallies, Device::Keypad(counter), &health),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_that_a_stuck_scanner_did_not_take_is_not_believed_to_be_carried_out() {
        let (mailbox, inbox) = mailbox(1).unwrap();
        let mut switch = Switch { mailbox, is_armed: true };
        for (is_wanted, is_armed) in [(true, true), (false, false), (false, false), (true, false)] {
            switch.turn(is_wanted);
            assert_eq!(switch.is_armed, is_armed, "{is_wanted}");
        }
        drop(inbox);
    }
}
