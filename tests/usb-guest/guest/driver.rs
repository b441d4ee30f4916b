//! A device's driver in its thread, and its events with the time they came.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use kiosk_drivers::clock::{Clock, Moment};
use kiosk_drivers::printer::{Outcome, Printer, PrinterCommand, PrinterConfig, PrinterEvent, Profile};
use kiosk_drivers::transport::{Inbox, Mailbox, mailbox};
use kiosk_drivers::{Address, DeviceHealth, Tally};

use crate::report::Failure;
use crate::ticket;

/// The name of a driver's thread.
const THREAD: &str = "driver";

/// The processor time that the threads of drivers have used so far.
pub fn cpu_time() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let time = |task: std::fs::DirEntry| {
        let name = std::fs::read_to_string(task.path().join("comm")).ok()?;
        let times = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        let nanos = times.split(' ').next()?.parse().ok()?;
        (name.trim() == THREAD).then(|| Duration::from_nanos(nanos))
    };
    tasks.filter_map(time).sum()
}

/// A driver that runs until it is dropped.
pub struct Running<C, E> {
    mailbox: Option<Mailbox<C>>,
    thread: Option<JoinHandle<()>>,
    events: Receiver<(Moment, E)>,
    clock: Clock,
    /// What happened to the device so far.
    pub tally: Tally,
}

impl<C: Send + 'static, E: std::fmt::Debug + Send + 'static> Running<C, E> {
    /// Runs `serve`, which gets the driver's inbox and where to tell events.
    pub fn start(
        tally: Tally,
        serve: impl FnOnce(&Inbox<C>, &mut dyn FnMut(E)) + Send + 'static,
    ) -> Result<Self, Failure> {
        let (mailbox, inbox) = mailbox(8).map_err(Failure::rig("making a mailbox"))?;
        let (sender, events) = channel();
        let clock = Clock::start();
        let thread = std::thread::Builder::new()
            .name(THREAD.to_owned())
            .spawn(move || {
                serve(&inbox, &mut |event| {
                    // A scenario that has ended hears nothing more.
                    let _ended = sender.send((clock.now(), event));
                });
            })
            .map_err(Failure::rig("starting a driver"))?;
        Ok(Self { mailbox: Some(mailbox), thread: Some(thread), events, clock, tally })
    }

    /// The time by the clock that stamps the events.
    pub fn now(&self) -> Moment {
        self.clock.now()
    }

    /// Waits for an event and says when it came; other events are passed over.
    pub fn wait_for(
        &self,
        what: &str,
        limit: Duration,
        mut wanted: impl FnMut(&E) -> bool,
    ) -> Result<(Moment, E), Failure> {
        let until = self.now() + limit;
        let mut seen = Vec::new();
        loop {
            match self.events.recv_timeout(until.saturating_sub(self.now())) {
                Ok((at, event)) if wanted(&event) => return Ok((at, event)),
                Ok((_, event)) => seen.push(event),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    let what = format!("{what}; saw {seen:?}");
                    return Err(Failure::Late { what, limit_ms: limit.as_millis() });
                }
            }
        }
    }

    /// All events up to now that nobody has waited for.
    pub fn take_events(&self) -> Vec<E> {
        self.events.try_iter().map(|(_, event)| event).collect()
    }

    /// Tells the driver something.
    pub fn send(&self, command: C) -> Result<(), Failure> {
        let sent = self.mailbox.as_ref().map(|mailbox| mailbox.send(command));
        match sent {
            Some(Ok(())) => Ok(()),
            Some(Err(error)) => Err(Failure::Wrong(format!("the driver takes no command: {error}"))),
            None => Err(Failure::Wrong("the driver has ended".to_owned())),
        }
    }
}

impl<C, E> Drop for Running<C, E> {
    fn drop(&mut self) {
        drop(self.mailbox.take());
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

/// The printer driver.
pub type PrinterDriver = Running<PrinterCommand, PrinterEvent>;

/// Starts the printer driver at an address.
pub fn printer(address: &str) -> Result<PrinterDriver, Failure> {
    let address: Address = address.parse().map_err(|error| Failure::Wrong(format!("{error}")))?;
    let profile = Profile::find("generic-80").map_err(|error| Failure::Wrong(format!("{error}")))?;
    let config = PrinterConfig { address, profile, font: ticket::font()?, in_doubt: false };
    let printer = Printer::new(config).map_err(|error| Failure::Wrong(format!("{error}")))?;
    Running::start(printer.tally(), move |inbox, tell| printer.run(inbox, tell))
}

impl PrinterDriver {
    /// Waits until the printer is ready and says when.
    pub fn ready(&self, limit: Duration) -> Result<Moment, Failure> {
        let is_ready = |event: &PrinterEvent| matches!(event, PrinterEvent::Health(DeviceHealth::Ready));
        self.wait_for("a ready printer", limit, is_ready).map(|(at, _)| at)
    }

    /// Waits until the printer is absent and says when.
    pub fn absent(&self, limit: Duration) -> Result<Moment, Failure> {
        let is_absent = |event: &PrinterEvent| matches!(event, PrinterEvent::Health(DeviceHealth::Absent));
        self.wait_for("an absent printer", limit, is_absent).map(|(at, _)| at)
    }

    /// Begins a ticket.
    pub fn print(&self, job: u64, number: &str) -> Result<(), Failure> {
        self.send(PrinterCommand::Print { job, ticket: ticket::ticket(number) })
    }

    /// Waits for the end of a ticket.
    pub fn outcome(&self, wanted: u64, limit: Duration) -> Result<Outcome, Failure> {
        let mut found = None;
        self.wait_for(&format!("the end of job {wanted}"), limit, |event| {
            if let PrinterEvent::Finished { job, outcome } = event
                && *job == wanted
            {
                found = Some(*outcome);
            }
            found.is_some()
        })?;
        found.ok_or_else(|| Failure::Wrong(format!("job {wanted} has no end")))
    }
}
