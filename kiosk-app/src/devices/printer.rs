//! The ticket printer: documents in, what became of them out.

use std::thread::JoinHandle;

use kiosk_core::effect::PrintJob;
use kiosk_core::event::{Device, Event, Presented, PrintOutcome, PrintTrouble, PrinterKind};
use kiosk_core::id::JobId;
use kiosk_core::settings::HallSettings;
use kiosk_drivers::Address;
use kiosk_drivers::document::Font;
use kiosk_drivers::printer::{Printer, PrinterCommand, PrinterConfig, PrinterEvent, Profile};
use kiosk_drivers::transport::{Mailbox, mailbox};

use crate::config::PrinterSettings;
use crate::ticket_link::TicketLink;

use super::slip::{self, StaffSlip};
use super::{
    AUTO, AUTO_FALLBACK, BOLD, DeviceError, Events, REGULAR, Tallies, log_health, paper, send, words,
};

/// Tickets that may wait for the printer; more mean that it is stuck.
const PRINT_QUEUE: usize = 4;

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
        hall: &HallSettings,
        link: Option<TicketLink>,
        in_doubt: bool,
        slip: Option<StaffSlip>,
        tallies: &Tallies,
        events: Events,
    ) -> Result<Self, DeviceError> {
        let is_auto = settings.profile == AUTO;
        let profile = Profile::find(if is_auto { AUTO_FALLBACK } else { &settings.profile })?;
        let config = PrinterConfig {
            address: settings.address.parse::<Address>()?,
            profile,
            font: Font::new(REGULAR, BOLD)?,
            in_doubt,
        };
        let has_presenter = config.profile.presenter.is_some();
        let kind = PrinterKind { profile: config.profile.name.clone(), name: None, keeps_lines: false };
        // The channel is new and has room; the page can do without.
        events.try_send(Event::PrinterIdentified(kind.clone())).unwrap_or_default();
        let mut printer = Printer::new(config)?;
        if let Err(error) = printer.expect_stored(paper::statics(hall, link.is_some())) {
            // Its tickets fail one by one; those of other areas come out.
            tracing::warn!(%error, "line-undrawable: shorten the names in the configuration");
        }
        let printer = if is_auto { printer.detecting_profile() } else { printer };
        tallies.add(Device::Printer, printer.tally());
        let thread_error = |source| DeviceError::Thread { device: "printer", source };
        let (mailbox, inbox) = mailbox(PRINT_QUEUE).map_err(thread_error)?;
        let tallies = tallies.clone();
        let mut teller = Teller {
            events: events.clone(),
            slip,
            tallies,
            mailbox: mailbox.clone(),
            has_presenter,
            wants_lines: settings.stored_lines,
            keeps_lines: None,
            kind,
        };
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
    has_presenter: bool,
    /// A technician wrote the lines of the tickets into the printer.
    wants_lines: bool,
    /// Whether the printer keeps them, once that is known.
    keeps_lines: Option<bool>,
    kind: PrinterKind,
}

impl Teller {
    fn tell(&mut self, event: PrinterEvent) {
        match event {
            PrinterEvent::Health(health) => {
                if let Some(slip) = self.slip.as_mut().filter(|_| health.is_working()) {
                    slip.print(&self.mailbox);
                }
                log_health(&self.tallies, Device::Printer, &health);
                let health = words::health(&health);
                let lacks_lines = self.wants_lines && self.keeps_lines == Some(false);
                let health = if lacks_lines { words::without_lines(health) } else { health };
                send(&self.events, Event::DeviceChanged { device: Device::Printer, health });
            }
            PrinterEvent::KeepsLines(keeps_lines) => {
                tracing::info!(keeps_lines, "printer-lines");
                self.keeps_lines = Some(keeps_lines);
                self.know(PrinterKind { keeps_lines, ..self.kind.clone() });
            }
            PrinterEvent::Identified { identity, profile } => {
                tracing::info!(?identity, profile, "printer-identified");
                // A profile of a file of one's own is never the one found.
                if let Some(found) = Profile::named(&profile) {
                    self.has_presenter = found.presenter.is_some();
                }
                let name = words::printer_name(&identity);
                self.know(PrinterKind { profile, name, ..self.kind.clone() });
            }
            PrinterEvent::TicketTaken { job } => self.presented(job, Presented::Taken),
            PrinterEvent::TicketLeft { job } => {
                tracing::info!(job, "ticket-left");
                self.presented(job, Presented::Left);
            }
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
                let is_held_out = self.has_presenter && outcome == PrintOutcome::Printed;
                send(&self.events, Event::PrintFinished { job: JobId(job), outcome });
                if is_held_out {
                    self.presented(job, Presented::HeldOut);
                }
            }
        }
    }

    fn know(&mut self, kind: PrinterKind) {
        self.kind = kind.clone();
        send(&self.events, Event::PrinterIdentified(kind));
    }

    fn presented(&self, job: u64, at: Presented) {
        if job != slip::JOB {
            send(&self.events, Event::TicketPresented { job: JobId(job), at });
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, sync_channel};

    use kiosk_core::event::{DeviceCause, Health};
    use kiosk_drivers::DeviceHealth;
    use kiosk_drivers::printer::{Identity, Outcome};

    use super::*;

    fn finished(job: u64, outcome: Outcome) -> PrinterEvent {
        PrinterEvent::Finished { job, outcome }
    }

    fn identified(profile: &str) -> PrinterEvent {
        PrinterEvent::Identified { identity: Identity::default(), profile: profile.to_owned() }
    }

    fn teller(wants_lines: bool) -> (Teller, Receiver<Event>) {
        let (events, heard) = sync_channel(8);
        let (mailbox, _inbox) = mailbox(1).unwrap();
        let kind = PrinterKind { profile: "generic-80".to_owned(), name: None, keeps_lines: false };
        let (slip, tallies, has_presenter, keeps_lines) = (None, Tallies::default(), false, None);
        (Teller { events, slip, tallies, mailbox, has_presenter, wants_lines, keeps_lines, kind }, heard)
    }

    #[test]
    fn staff_are_told_when_a_printer_does_not_keep_the_lines_that_were_written_into_it() {
        let lacks = Health::Degraded(vec![DeviceCause::LinesNotKept]);
        for (wants_lines, keeps_lines, health) in [
            (true, Some(true), Health::Ready),
            (true, Some(false), lacks),
            (true, None, Health::Ready),
            (false, Some(false), Health::Ready),
        ] {
            let (mut teller, heard) = teller(wants_lines);
            keeps_lines.into_iter().for_each(|keeps| teller.tell(PrinterEvent::KeepsLines(keeps)));
            teller.tell(PrinterEvent::Health(DeviceHealth::Ready));
            let told = heard.try_iter().last();
            assert_eq!(told, Some(Event::DeviceChanged { device: Device::Printer, health }));
        }
    }

    #[test]
    fn only_a_presenter_holds_tickets_out_and_no_slip_is_a_ticket() {
        let printed = Event::PrintFinished { job: JobId(1), outcome: PrintOutcome::Printed };
        let lost =
            Event::PrintFinished { job: JobId(1), outcome: PrintOutcome::NotPrinted(PrintTrouble::Absent) };
        let presented = |at| Event::TicketPresented { job: JobId(1), at };
        let not_printed = Outcome::NotPrinted(kiosk_drivers::Cause::Absent);
        let table = [
            (vec![finished(1, Outcome::Printed)], vec![printed.clone()]),
            (
                vec![identified("vkp80"), finished(1, Outcome::Printed)],
                vec![printed.clone(), presented(Presented::HeldOut)],
            ),
            (vec![identified("vkp80"), identified("tm-t82"), finished(1, Outcome::Printed)], vec![printed]),
            (vec![identified("vkp80"), finished(1, not_printed)], vec![lost]),
            (vec![PrinterEvent::TicketTaken { job: 1 }], vec![presented(Presented::Taken)]),
            (vec![PrinterEvent::TicketLeft { job: 1 }], vec![presented(Presented::Left)]),
            (vec![PrinterEvent::TicketLeft { job: slip::JOB }], vec![]),
        ];
        for (said, told) in table {
            let (mut teller, heard) = teller(false);
            said.clone().into_iter().for_each(|event| teller.tell(event));
            let of_jobs = |event: &Event| !matches!(event, Event::PrinterIdentified(_));
            assert_eq!(heard.try_iter().filter(of_jobs).collect::<Vec<_>>(), told, "{said:?}");
        }
    }
}
