//! `drv status`, `drv test-page`, `drv speed`: the printer driver itself, watched.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use kiosk_drivers::clock::Clock;
use kiosk_drivers::document::Document;
use kiosk_drivers::printer::{Outcome, Printer, PrinterCommand, PrinterConfig, PrinterEvent, Profile};
use kiosk_drivers::record::{Recorder, RecorderOptions};
use kiosk_drivers::transport::{Mailbox, mailbox};
use kiosk_drivers::{Address, Cause, DeviceHealth};

use crate::trouble::{self, Trouble, remedy};
use crate::{page, probe, say};

/// How long a printer may take to say how it is, beside the time of a slow line.
const FIRST_WORD: Duration = Duration::from_secs(6);
/// How long a page may take.
const PAGE_LIMIT: Duration = Duration::from_secs(120);

/// A printer's driver in its thread.
pub(crate) struct Running {
    pub(crate) events: Receiver<PrinterEvent>,
    mailbox: Option<Mailbox<PrinterCommand>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// Starts the driver on a device that can be opened. With a file, the session is recorded in it.
    pub(crate) fn start(
        address: Address,
        profile: Profile,
        record: Option<(std::fs::File, RecorderOptions)>,
    ) -> Result<(Self, Option<Recorder>), Trouble> {
        let line = trouble::open(&address)?;
        drop(line);
        let system =
            |error: std::io::Error| Trouble::device(format!("{error}"), "close other programs and try again");
        let config = PrinterConfig { address, profile, font: page::font()?, in_doubt: false };
        let mut printer = Printer::new(config)
            .map_err(|error| Trouble::device(format!("{error}"), remedy(Cause::Unprintable)))?;
        let recorder = match record {
            Some((file, options)) => Some(printer.record(file, options).map_err(system)?),
            None => None,
        };
        let (mailbox, inbox) = mailbox(4).map_err(system)?;
        let (sender, events) = channel();
        let run = move || {
            printer.run(&inbox, |event| {
                let _tool_has_ended = sender.send(event);
            });
        };
        let thread = std::thread::Builder::new().name("printer".to_owned()).spawn(run).map_err(system)?;
        Ok((Self { events, mailbox: Some(mailbox), thread: Some(thread) }, recorder))
    }

    /// Waits until the printer has said whether it can print.
    pub(crate) fn first_word(&self) -> Result<DeviceHealth, Trouble> {
        let mut last = DeviceHealth::Starting;
        let clock = Clock::start();
        while let Ok(event) = self.events.recv_timeout(FIRST_WORD.saturating_sub(clock.now())) {
            if let PrinterEvent::Health(health) = event {
                last = health;
                match &last {
                    DeviceHealth::Absent | DeviceHealth::Starting => {}
                    // Why it is offline comes in an answer of its own.
                    DeviceHealth::Blocked(causes) if causes.as_slice() == [Cause::Offline] => {}
                    DeviceHealth::Ready
                    | DeviceHealth::Degraded(_)
                    | DeviceHealth::Blocked(_)
                    | DeviceHealth::Failed(_) => break,
                }
            }
        }
        match last {
            DeviceHealth::Failed(why) => {
                Err(Trouble::device(why, "stop the program that has it, then try again"))
            }
            DeviceHealth::Absent => {
                Err(Trouble::device("the printer went away", remedy(Cause::Disconnected)))
            }
            DeviceHealth::Starting => {
                Err(Trouble::device("the printer does not answer", remedy(Cause::Silent)))
            }
            DeviceHealth::Ready | DeviceHealth::Degraded(_) | DeviceHealth::Blocked(_) => Ok(last),
        }
    }

    /// Prints, and waits for what becomes of it.
    pub(crate) fn print(&self, job: u64, ticket: Document) -> Result<(), Trouble> {
        let gone = || Trouble::device("the driver has ended", "try again; drv record shows more");
        self.mailbox
            .as_ref()
            .ok_or_else(gone)?
            .send(PrinterCommand::Print { job, ticket })
            .map_err(|_| gone())?;
        loop {
            match self.events.recv_timeout(PAGE_LIMIT) {
                Ok(PrinterEvent::Finished { job: finished, outcome }) if finished == job => {
                    return judge(outcome);
                }
                Ok(PrinterEvent::Health(health)) => say(format!("  {}", in_words(&health)))?,
                Ok(PrinterEvent::Identified { profile, .. }) => say(format!("  profile {profile}"))?,
                Ok(
                    PrinterEvent::Finished { .. }
                    | PrinterEvent::KeepsLines(_)
                    | PrinterEvent::TicketTaken { .. }
                    | PrinterEvent::TicketLeft { .. },
                ) => {}
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return Err(gone()),
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.mailbox.take());
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

fn judge(outcome: Outcome) -> Result<(), Trouble> {
    match outcome {
        Outcome::Printed => Ok(()),
        Outcome::NotPrinted(cause) => Err(Trouble::device(format!("not printed: {cause}"), remedy(cause))),
        Outcome::Unknown { bytes_written, cause } => Err(Trouble::device(
            format!("{cause} after {bytes_written} bytes: nobody knows what came out"),
            format!("{}; look at the paper; the next page begins behind a void slip", remedy(cause)),
        )),
    }
}

/// A health in a line, with what to do.
pub(crate) fn in_words(health: &DeviceHealth) -> String {
    let list = |causes: &[Cause]| {
        let words: Vec<String> = causes.iter().map(|cause| format!("{cause} ({})", remedy(*cause))).collect();
        words.join("; ")
    };
    match health {
        DeviceHealth::Absent => "absent: the line is gone".to_owned(),
        DeviceHealth::Starting => "starting".to_owned(),
        DeviceHealth::Ready => "ready: it can print".to_owned(),
        DeviceHealth::Degraded(causes) => {
            format!("degraded: it prints, and somebody should come: {}", list(causes))
        }
        DeviceHealth::Blocked(causes) => format!("blocked: it cannot print: {}", list(causes)),
        DeviceHealth::Failed(why) => format!("failed: {why}"),
    }
}

/// The profile that was named, else the one that fits what the printer says, else the general one.
pub(crate) fn profile(address: &Address, named: Option<&str>) -> Result<Profile, Trouble> {
    if let Some(name) = named {
        return Profile::find(name)
            .map_err(|error| Trouble::device(format!("{error}"), "drv profiles lists the built-in ones"));
    }
    let found = probe::ask(address)?.profile();
    let (profile, how) = match found {
        Some(profile) => (Some(profile), "found out"),
        None => (Profile::named("generic-80"), "assumed; --profile names another"),
    };
    let profile = profile
        .ok_or_else(|| Trouble::device("no general profile", "this drv was built wrong: build it again"))?;
    say(format!("profile {} ({how})", profile.name))?;
    Ok(profile)
}

pub(crate) fn status(address: Address, named: &Option<String>, watch: bool) -> Result<(), Trouble> {
    let profile = profile(&address, named.as_deref())?;
    let (running, _) = Running::start(address, profile, None)?;
    let health = running.first_word()?;
    say(in_words(&health))?;
    if !watch {
        return match health {
            DeviceHealth::Blocked(causes) => {
                let remedies: Vec<&str> = causes.iter().map(|cause| remedy(*cause)).collect();
                Err(Trouble::device("the printer cannot print", remedies.join("; ")))
            }
            DeviceHealth::Absent
            | DeviceHealth::Starting
            | DeviceHealth::Ready
            | DeviceHealth::Degraded(_)
            | DeviceHealth::Failed(_) => Ok(()),
        };
    }
    say("watching; end with Ctrl-C")?;
    let clock = Clock::start();
    while let Ok(event) = running.events.recv() {
        if let PrinterEvent::Health(health) = event {
            say(format!("{:8.1} s  {}", clock.now().as_secs_f64(), in_words(&health)))?;
        }
    }
    Ok(())
}

pub(crate) fn test_page(address: Address, named: &Option<String>) -> Result<(), Trouble> {
    let profile = profile(&address, named.as_deref())?;
    let (running, _) = Running::start(address, profile.clone(), None)?;
    say(in_words(&running.first_word()?))?;
    say("printing the test page ...")?;
    let clock = Clock::start();
    running.print(1, page::test_page(&profile))?;
    say(format!(
        "the printer confirmed it after {:.1} s; drv test-page --help says what to look at",
        clock.now().as_secs_f64()
    ))
}

pub(crate) fn speed(address: Address, named: &Option<String>, tickets: u64) -> Result<(), Trouble> {
    let profile = profile(&address, named.as_deref())?;
    let (running, _) = Running::start(address, profile, None)?;
    say(in_words(&running.first_word()?))?;
    let mut total = Duration::ZERO;
    for number in 1..=tickets {
        let clock = Clock::start();
        running.print(number, page::ticket(number))?;
        let took = clock.now();
        total += took;
        say(format!("ticket {number} of {tickets}: {:.2} s", took.as_secs_f64()))?;
    }
    say(format!("{:.2} s a ticket until its cut was confirmed", total.as_secs_f64() / tickets.max(1) as f64))
}
