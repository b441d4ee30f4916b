//! `drv record` and `drv replay`.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use kiosk_drivers::Address;
use kiosk_drivers::keypad::{Keypad, KeypadConfig};
use kiosk_drivers::printer::{PrinterEvent, Profile};
use kiosk_drivers::record::{RecorderOptions, Recording, replay};
use kiosk_drivers::scanner::{Framing, Scanner, ScannerConfig, ScannerEvent};
use kiosk_drivers::transport::mailbox;

use crate::options::{Kept, Kind};
use crate::printer::{Running, in_words, profile};
use crate::trouble::{self, Trouble};
use crate::{page, read, say};

fn create(path: &Path) -> Result<File, Trouble> {
    // Never over an earlier recording, and for nobody else to read.
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(|error| {
        Trouble::device(
            format!("cannot write {}: {error}", path.display()),
            "name a new file in a folder that you may write to",
        )
    })
}

pub(crate) fn record(address: Address, out: &Path, what: Kept) -> Result<(), Trouble> {
    let options = RecorderOptions { whole_output: what.whole, ..RecorderOptions::default() };
    match what.kind {
        Kind::Printer => record_printer(address, out, &what, options),
        Kind::Scanner | Kind::Keypad => record_reader(address, out, &what, options),
    }
}

fn record_printer(
    address: Address,
    out: &Path,
    what: &Kept,
    options: RecorderOptions,
) -> Result<(), Trouble> {
    let profile = profile(&address, what.profile.as_deref())?;
    drop(trouble::open(&address)?);
    let file = create(out)?;
    let (running, _recorder) = Running::start(address, profile.clone(), Some((file, options)))?;
    say(format!("recording to {}; end with Ctrl-C", out.display()))?;
    say(in_words(&running.first_word()?))?;
    match running.print(1, page::test_page(&profile)) {
        Ok(()) => say("the test page is out; now do what goes wrong: cover, paper, cable")?,
        // What went wrong is what the recording is for.
        Err(trouble) => say(format!("{trouble}"))?,
    }
    while let Ok(event) = running.events.recv() {
        if let PrinterEvent::Health(health) = event {
            say(in_words(&health))?;
        }
    }
    Ok(())
}

fn record_reader(address: Address, out: &Path, what: &Kept, options: RecorderOptions) -> Result<(), Trouble> {
    let system =
        |error: std::io::Error| Trouble::device(format!("{error}"), "close other programs and try again");
    drop(trouble::open(&address)?);
    let file = create(out)?;
    say(format!("recording to {}; end with Ctrl-C", out.display()))?;
    // A closed output does not end a recording.
    if what.kind == Kind::Scanner {
        let (_mailbox, inbox) = mailbox(1).map_err(system)?;
        let framing = Framing { suffix: what.suffix, has_stx: false };
        let mut scanner = Scanner::new(ScannerConfig { address, framing });
        let _recorder = scanner.record(file, options).map_err(system)?;
        scanner.run(&inbox, |event| {
            let _unheard = match &event {
                ScannerEvent::Scan(text) => say(format!("scan, {} bytes", text.len())),
                ScannerEvent::Rejected(_) | ScannerEvent::Health(_) => say(read::scan_in_words(&event)),
            };
        });
        return Ok(());
    }
    let (_mailbox, inbox) = mailbox(1).map_err(system)?;
    let mut keypad = Keypad::new(KeypadConfig::usual(address));
    let _recorder = keypad.record(file, options).map_err(system)?;
    keypad.run(&inbox, |event| {
        let _unheard = say(read::key_in_words(&event));
    });
    Ok(())
}

pub(crate) fn replay_file(file: &Path, named: Option<&str>) -> Result<(), Trouble> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        Trouble::device(
            format!("cannot read {}: {error}", file.display()),
            "name a file that drv record has written",
        )
    })?;
    let recording: Recording = text.parse().map_err(|error| {
        Trouble::device(
            format!("{}: {error}", file.display()),
            "it is no recording, or was written by a newer drv",
        )
    })?;
    let found = replay(&recording, |name| Profile::find(named.unwrap_or(name)).ok())
        .map_err(|error| Trouble::device(format!("{error}"), "name its profile with --profile NAME|FILE"))?;
    for (at, event) in &found.told {
        say(format!("{:10.3} s  {event}", at.as_secs_f64()))?;
    }
    match found.difference {
        None => say(format!("{} events, the same as in the recording", found.told.len())),
        Some(difference) => Err(Trouble::device(
            format!("this program does otherwise than the recorded one: {difference}"),
            "if the driver was changed on purpose that is no fault; else send the recording to whoever mends the driver",
        )),
    }
}
