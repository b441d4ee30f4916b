//! The real outside of the loop.

use kiosk_core::dossier::{DossierCode, Factor, LookUpAnswer};
use kiosk_core::effect::{Announcement, Board, OfficerAnswer, PrintJob, Record};
use kiosk_core::event::{Event, PrintOutcome, PrintTrouble};
use kiosk_core::id::RequestId;
use kiosk_core::screen::Screen;
use kiosk_core::time::Now;

use crate::announce::Announcer;
use crate::devices::{Displays, Events, Reader, TicketPrinter};
use crate::hall::Service;
use crate::health::Health;
use crate::lookup::Lookup;
use crate::report::Uploader;
use crate::store::{Store, StoreError};
use crate::update::Updater;

use super::turn::Ports;

/// Everything that the loop holds. What could not be started is `None`, and the hall works without it.
pub struct Outside {
    /// The database.
    pub store: Store,
    /// Shows a screen.
    pub show: Box<dyn Fn(&Screen) + Send>,
    /// The ticket printer.
    pub printer: Option<TicketPrinter>,
    /// Scanner and keypads.
    pub readers: Vec<Reader>,
    /// The displays above counters, by address.
    pub displays: Vec<Displays>,
    /// Asks for dossiers.
    pub lookup: Option<Lookup>,
    /// Sends reports.
    pub uploader: Option<Uploader>,
    /// Fetches and stages updates of the image.
    pub updater: Option<Updater>,
    /// Speaks calls.
    pub announcer: Option<Announcer>,
    /// The hall LAN's service.
    pub service: Option<Service>,
    /// How full the outbox was when it was last told.
    pub outbox_percent: Option<u8>,
    /// Says what the kiosk proves of itself.
    pub health: Health,
    /// Where answers go that the outside gives itself.
    pub events: Events,
}

impl Outside {
    /// Ends every thread, then marks the run as ended on purpose.
    pub fn stop(self) {
        if let Some(service) = self.service {
            service.stop();
        }
        drop(self.announcer);
        self.readers.into_iter().for_each(Reader::stop);
        self.displays.into_iter().for_each(Displays::stop);
        if self.lookup.is_some_and(|lookup| !lookup.stop()) {
            tracing::warn!(part = "lookup", "left-running: a look-up was under way at the end");
        }
        if self.updater.is_some_and(|updater| !updater.stop()) {
            tracing::warn!(
                part = "updater",
                "left-running: a part of an update was under way; it is asked for again"
            );
        }
        if self.uploader.is_some_and(|uploader| !uploader.stop()) {
            tracing::warn!(
                part = "uploader",
                "left-running: a report was under way at the end; it is sent again"
            );
        }
        if let Err(error) = self.store.clean_stop() {
            tracing::error!(%error, "run-unended: it could not be marked as ended; the next start skips a few numbers");
        }
    }

    /// What a write, or its failure, proves.
    fn vouch(&self, failed: Option<&StoreError>) {
        self.health.data_writable(failed.is_none());
        self.health.database(!failed.is_some_and(StoreError::is_damage));
    }

    /// Answers in the place of something that is not there. The loop's own thread says it, so it must not wait.
    fn answer_itself(&self, event: Event) {
        if self.events.try_send(event).is_err() {
            tracing::error!("loop-full: an answer is left to its deadline");
        }
    }
}

impl Ports for Outside {
    fn store(&mut self, records: &[Record], _now: Now) -> Result<(), StoreError> {
        let applied = self.store.apply(records);
        self.vouch(applied.as_ref().err());
        let applied = applied?;
        if let Some(depth) = applied.outbox {
            if let Some(uploader) = &self.uploader {
                uploader.wake();
            }
            if self.outbox_percent != Some(depth.percent) {
                self.outbox_percent = Some(depth.percent);
                self.answer_itself(Event::OutboxFilled { percent: depth.percent });
            }
        }
        Ok(())
    }

    fn store_works(&mut self) -> Result<(), StoreError> {
        let works = self.store.works();
        self.vouch(works.as_ref().err());
        works
    }

    fn found_damage(&self) -> bool {
        let found = self.uploader.as_ref().is_some_and(Uploader::found_damage);
        if found {
            self.health.database(false);
        }
        found
    }

    fn print(&mut self, job: PrintJob) {
        match &self.printer {
            Some(printer) => printer.print(&job),
            None => {
                let outcome = PrintOutcome::NotPrinted(PrintTrouble::Absent);
                self.answer_itself(Event::PrintFinished { job: job.job, outcome });
            }
        }
    }

    fn end_printing(&mut self) {
        if let Some(printer) = &self.printer {
            printer.begin_stop();
        }
    }

    fn printing_ended(&self) -> bool {
        self.printer.as_ref().is_none_or(TicketPrinter::has_ended)
    }

    fn look_up(&mut self, request: RequestId, code: DossierCode, factor: Factor) {
        match &self.lookup {
            Some(lookup) => lookup.ask(request, code, factor),
            None => self.answer_itself(Event::LookUpAnswered { request, answer: LookUpAnswer::Unreachable }),
        }
    }

    fn announce(&mut self, announcement: Announcement) {
        match &self.announcer {
            Some(announcer) => announcer.announce(announcement),
            None => self.answer_itself(Event::AnnouncementFinished),
        }
    }

    fn show(&mut self, screen: Screen) {
        self.readers.iter_mut().for_each(|reader| reader.listen(screen.takes_scans));
        (self.show)(&screen);
    }

    fn answer(&mut self, request: RequestId, answer: OfficerAnswer) {
        if let Some(service) = &self.service {
            service.answer(request, answer);
        }
    }

    fn install_update(&mut self) {
        if let Some(updater) = &self.updater {
            updater.install();
        }
    }

    fn publish(&mut self, board: Board) {
        for displays in &mut self.displays {
            displays.publish(&board);
        }
        if let Some(service) = &self.service {
            service.publish(board);
        }
    }

    fn observe(&mut self, event: &Event) {
        self.health.observe(event);
        if let Some(service) = &self.service {
            service.observe(event);
        }
    }
}
