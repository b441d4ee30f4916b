//! The devices, each in a thread of its own: what the drivers tell becomes events of the rules, what the rules print
//! becomes documents. Only this module names kiosk-drivers.

mod displays;
mod paper;
mod readers;
mod slip;
mod tallies;
mod words;

use std::sync::mpsc::SyncSender;
use std::thread::JoinHandle;

use kiosk_core::effect::PrintJob;
use kiosk_core::event::{Device, Event, PrintOutcome, PrintTrouble};
use kiosk_core::id::JobId;
use kiosk_drivers::display::{DisplayAddress, DisplayAddressError, FrameTemplate, FrameTemplateError};
use kiosk_drivers::document::{Font, FontError};
use kiosk_drivers::keypad::{KeyTable, KeyTableError};
use kiosk_drivers::printer::{
    EncodeError, Printer, PrinterCommand, PrinterConfig, PrinterEvent, Profile, ProfileError,
};
use kiosk_drivers::transport::{Mailbox, mailbox};
use kiosk_drivers::{Address, AddressError, Counters, DeviceHealth};

use crate::config::PrinterSettings;
use crate::ticket_link::TicketLink;
pub use displays::Display;
pub use readers::Reader;
pub use slip::StaffSlip;
pub use tallies::Tallies;

/// Tickets that may wait for the printer; more mean that it is stuck.
const PRINT_QUEUE: usize = 4;

const REGULAR: &[u8] = include_bytes!("../ui/fonts/NotoSans-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../ui/fonts/NotoSans-Bold.ttf");

/// Whether the drivers can read this address of a device.
pub fn is_address(text: &str) -> bool {
    text.parse::<Address>().is_ok()
}

/// Whether the drivers can read this address of a counter display.
pub fn is_display_address(text: &str) -> bool {
    text.parse::<DisplayAddress>().is_ok()
}

/// Whether this text is the frame of a panel.
pub fn is_display_frame(text: &str) -> bool {
    text.parse::<FrameTemplate>().is_ok()
}

/// Whether this text says which code of a keypad is which key.
pub fn is_key_table(text: &str) -> bool {
    text.parse::<KeyTable>().is_ok()
}

/// Names of the printer models that are known, for `[printer] profile`; the path of a file is good there, too.
pub fn printer_profiles() -> Vec<String> {
    Profile::ALL.iter().map(|profile| profile.name.to_owned()).collect()
}

/// What is wrong with a `[printer] profile`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfileFault {
    /// There is none of that name.
    Unknown,
    /// Its file cannot be read or holds no profile: why.
    BadFile(String),
}

/// What is wrong with the name of a printer model or the path of its file; `None` when it can be used.
pub fn profile_fault(name_or_path: &str) -> Option<ProfileFault> {
    match Profile::find(name_or_path) {
        Ok(_) => None,
        Err(ProfileError::Unknown { .. }) => Some(ProfileFault::Unknown),
        Err(ProfileError::Unreadable { source, .. }) => Some(ProfileFault::BadFile(source.to_string())),
        Err(error @ (ProfileError::Syntax { .. } | ProfileError::Field { .. })) => {
            Some(ProfileFault::BadFile(error.to_string()))
        }
    }
}

/// Why a device could not be set up. The others work without it.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// The address is none.
    #[error("device address")]
    Address(#[from] AddressError),
    /// A counter display's address is none.
    #[error("display address")]
    DisplayAddress(#[from] DisplayAddressError),
    /// A panel's frame is none.
    #[error("display frame")]
    Frame(#[from] FrameTemplateError),
    /// A keypad's keys are none.
    #[error("keypad keys")]
    Keys(#[from] KeyTableError),
    /// No such printer profile.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The profile cannot print.
    #[error("printer profile cannot print")]
    Encode(#[from] EncodeError),
    /// The font of the tickets is damaged.
    #[error("ticket font")]
    Font(#[from] FontError),
    /// The system gave no thread or no file descriptor.
    #[error("cannot start the thread of {device}")]
    Thread {
        /// The device.
        device: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// Where events go. A full channel means that the loop hangs; the driver's thread waits for it then, as the watchdog does.
pub type Events = SyncSender<Event>;

/// The printer's thread.
pub struct TicketPrinter {
    mailbox: Mailbox<PrinterCommand>,
    thread: JoinHandle<()>,
    link: Option<TicketLink>,
    events: Events,
}

impl TicketPrinter {
    /// Starts to look for the printer. `in_doubt`: the run before left a job without an outcome. Without a `link` tickets
    /// have no QR.
    ///
    /// # Errors
    /// When address or profile are none, or the system gives no thread.
    pub fn start(
        settings: &PrinterSettings,
        link: Option<TicketLink>,
        in_doubt: bool,
        slip: Option<StaffSlip>,
        tallies: &Tallies,
        events: Events,
    ) -> Result<Self, DeviceError> {
        let config = PrinterConfig {
            address: settings.address.parse::<Address>()?,
            profile: Profile::find(&settings.profile)?,
            font: Font::new(REGULAR, BOLD)?,
            in_doubt,
        };
        let printer = Printer::new(config)?;
        tallies.add(Device::Printer, printer.tally());
        let thread_error = |source| DeviceError::Thread { device: "printer", source };
        let (mailbox, inbox) = mailbox(PRINT_QUEUE).map_err(thread_error)?;
        let tallies = tallies.clone();
        let mut teller = Teller { events: events.clone(), slip, tallies, mailbox: mailbox.clone() };
        let thread = std::thread::Builder::new()
            .name("printer".into())
            .spawn(move || printer.run(&inbox, |event| teller.tell(event)))
            .map_err(thread_error)?;
        Ok(Self { mailbox, thread, link, events })
    }

    /// Prints a ticket; never waits. A printer that cannot even queue it answers at once.
    pub fn print(&self, job: &PrintJob) {
        let link = self.link.as_ref().map(|link| link.of(&job.paper.ticket));
        let ticket = paper::ticket(&job.paper, link);
        if self.mailbox.send(PrinterCommand::Print { job: job.job.0, ticket }).is_err() {
            not_printed(&self.events, job.job, PrintTrouble::Silent);
        }
    }

    /// Asks the thread to end after the job under way. Never waits.
    pub fn begin_stop(&self) {
        if self.mailbox.send(PrinterCommand::Shutdown).is_err() && !self.has_ended() {
            tracing::warn!(
                part = "printer",
                "left-running: its queue is full, the end of the process ends it"
            );
        }
    }

    /// Whether the thread has ended, every job with its outcome.
    pub fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }
}

/// Turns what the printer's driver tells into events, and prints the staff slip as soon as the printer can.
struct Teller {
    events: Events,
    slip: Option<StaffSlip>,
    tallies: Tallies,
    mailbox: Mailbox<PrinterCommand>,
}

impl Teller {
    fn tell(&mut self, event: PrinterEvent) {
        match event {
            PrinterEvent::Health(health) => {
                if let Some(slip) = self.slip.as_mut().filter(|_| health.is_working()) {
                    slip.print(&self.mailbox);
                }
                tell_health(&self.events, &self.tallies, Device::Printer, &health);
            }
            PrinterEvent::Identified { identity, profile } => {
                tracing::info!(?identity, profile, "printer-identified");
            }
            // The rules don't know of presenters: a ticket has been printed, whoever takes it.
            PrinterEvent::TicketTaken { job } => tracing::debug!(job, "ticket taken"),
            PrinterEvent::TicketLeft { job } => tracing::info!(job, "ticket-left"),
            PrinterEvent::Finished { job: slip::JOB, outcome } => {
                let outcome = words::outcome(&outcome);
                if self.slip.as_mut().is_some_and(|slip| slip.ended(&outcome)) {
                    self.slip = None;
                }
            }
            PrinterEvent::Finished { job, outcome } => {
                let outcome = words::outcome(&outcome);
                if let Some(slip) = self.slip.as_mut().filter(|_| outcome == PrintOutcome::Printed) {
                    slip.print(&self.mailbox);
                }
                send(&self.events, Event::PrintFinished { job: JobId(job), outcome });
            }
        }
    }
}

fn not_printed(events: &Events, job: JobId, trouble: PrintTrouble) {
    // Said by the loop's own thread, which must not wait for itself.
    let event = Event::PrintFinished { job, outcome: PrintOutcome::NotPrinted(trouble) };
    if events.try_send(event).is_err() {
        tracing::error!(job = job.0, "loop-full: a print's outcome is left to its deadline");
    }
}

/// One line in the log a change, with what happened to the device so far, and the event.
fn tell_health(events: &Events, tallies: &Tallies, device: Device, health: &DeviceHealth) {
    let Counters { opens, failed_opens, losses, restarts, timeouts, .. } =
        tallies.of(device).unwrap_or_default();
    tracing::info!(?device, state = ?health, opens, failed_opens, losses, restarts, timeouts, "device-state");
    send(events, Event::DeviceChanged { device, health: words::health(health) });
}

fn send(events: &Events, event: Event) {
    if events.send(event).is_err() {
        tracing::debug!("a device spoke after the loop had ended");
    }
}
