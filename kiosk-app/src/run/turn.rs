//! One turn of the loop: an event goes into the rules, their effects go out in order.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use kiosk_core::Hall;
use kiosk_core::dossier::{DossierCode, Factor};
use kiosk_core::effect::{Announcement, Board, Effect, OfficerAnswer, PrintJob, Record};
use kiosk_core::event::Event;
use kiosk_core::id::{AreaId, RequestId};
use kiosk_core::screen::Screen;
use kiosk_core::time::Now;

use crate::clock::Clock;
use crate::log_events;
use crate::store::StoreError;
use crate::watchdog::Heartbeat;

/// The outside, as the loop sees it: one method an effect. None waits but `store`.
pub trait Ports {
    /// Makes the records durable, all or none.
    ///
    /// # Errors
    /// When nothing was made durable.
    fn store(&mut self, records: &[Record], now: Now) -> Result<(), StoreError>;
    /// Whether storing works again after it failed, tried by a real write.
    ///
    /// # Errors
    /// When it does not.
    fn store_works(&mut self) -> Result<(), StoreError>;
    /// Whether somebody beside the loop found the database damaged.
    fn found_damage(&self) -> bool;
    /// Starts a print.
    fn print(&mut self, job: PrintJob);
    /// Asks the printer to end after the job under way.
    fn end_printing(&mut self);
    /// Whether it has, so that no outcome is to come.
    fn printing_ended(&self) -> bool;
    /// Starts a look-up.
    fn look_up(&mut self, request: RequestId, code: DossierCode, factor: Factor);
    /// Puts a call into the queue of announcements.
    fn announce(&mut self, announcement: Announcement);
    /// Shows a screen.
    fn show(&mut self, screen: Screen);
    /// Answers an officer's press.
    fn answer(&mut self, request: RequestId, answer: OfficerAnswer);
    /// Lets the staged update be installed.
    fn install_update(&mut self);
    /// Publishes the hall's state.
    fn publish(&mut self, board: Board);
    /// Lets those who show the machine's state see every event.
    fn observe(&mut self, event: &Event);
}

const TICK_MS: u64 = 1_000;
/// How long the end of a run waits for a ticket that is coming out; the driver's own limit is 5 s.
const LAST_OUTCOME_MS: u64 = 6_000;
const LAST_OUTCOME_LOOK: Duration = Duration::from_millis(20);

/// What a loop leaves when it ended.
pub struct Ended<P> {
    /// The outside.
    pub ports: P,
    /// Whether it ended because the database is damaged: the next start sets the file aside and takes a copy.
    pub damaged: bool,
}

/// The rules, their outside and the clocks.
pub struct Loop<P> {
    hall: Hall,
    ports: P,
    clock: Clock,
    heartbeat: Heartbeat,
    store_failed: bool,
    /// The database's structure is broken: only opening it anew can mend that.
    damaged: bool,
    next_tick_ms: u64,
}

impl<P: Ports> Loop<P> {
    /// A loop that has not turned yet.
    pub fn new(hall: Hall, ports: P, clock: Clock, heartbeat: Heartbeat) -> Self {
        let next_tick_ms = clock.mono_ms() + TICK_MS;
        Self { hall, ports, clock, heartbeat, store_failed: false, damaged: false, next_tick_ms }
    }

    /// Turns until `keep_on` says no, nobody can send events any more, or the database turns out to be damaged.
    pub fn run(mut self, events: &Receiver<Event>, keep_on: impl Fn() -> bool) -> Ended<P> {
        self.turn(Event::Started);
        while keep_on() && !self.damaged {
            let rest_ms = self.next_tick_ms.saturating_sub(self.clock.mono_ms());
            match events.recv_timeout(Duration::from_millis(rest_ms)) {
                Ok(event) => self.turn(event),
                Err(RecvTimeoutError::Timeout) => self.tick(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.heartbeat.turned();
            // A storm of events must not keep time from passing.
            if self.clock.mono_ms() >= self.next_tick_ms {
                self.tick();
            }
            self.heartbeat.turned();
        }
        self.hear_last_outcomes(events);
        Ended { ports: self.ports, damaged: self.damaged }
    }

    /// A ticket that is coming out while the kiosk ends is not left in doubt: its outcome is waited for and stored.
    fn hear_last_outcomes(&mut self, events: &Receiver<Event>) {
        self.ports.end_printing();
        let until_ms = self.clock.mono_ms() + LAST_OUTCOME_MS;
        loop {
            let ended = self.ports.printing_ended() || self.clock.mono_ms() >= until_ms;
            match events.recv_timeout(LAST_OUTCOME_LOOK) {
                Ok(event) if matches!(event, Event::PrintFinished { .. }) => self.turn(event),
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) if ended => break,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
    }

    fn tick(&mut self) {
        self.next_tick_ms = self.clock.mono_ms() + TICK_MS;
        self.damaged |= self.ports.found_damage();
        if self.store_failed {
            match self.ports.store_works() {
                Ok(()) => {
                    self.store_failed = false;
                    self.turn(Event::StoreRecovered);
                }
                Err(error) => self.damaged |= error.is_damage(),
            }
            self.heartbeat.turned();
        }
        self.turn(Event::Ticked);
    }

    fn turn(&mut self, event: Event) {
        let now = self.clock.now();
        self.ports.observe(&event);
        let effects = self.hall.handle(event, now);
        let carried_out = self.carry_out(effects, now).or_else(|error| self.above_taken_numbers(error, now));
        if let Err(error) = carried_out {
            tracing::error!(%error, source = ?std::error::Error::source(&error), "store-failed");
            self.store_failed = true;
            self.damaged |= error.is_damage();
            let effects = self.hall.handle(Event::StoreFailed, now);
            if let Err(error) = self.carry_out(effects, now) {
                tracing::error!(%error, "store-failed-again");
            }
        }
    }

    /// A number that another ticket has is passed over once; any other failure stays one.
    fn above_taken_numbers(&mut self, error: StoreError, now: Now) -> Result<(), StoreError> {
        let StoreError::NumberTaken { series, highest, .. } = &error else {
            return Err(error);
        };
        tracing::error!(%error, "number-taken: going on above it");
        let effects =
            self.hall.handle(Event::NumberTaken { series: AreaId::new(series), highest: *highest }, now);
        self.carry_out(effects, now)
    }

    fn carry_out(&mut self, effects: Vec<Effect>, now: Now) -> Result<(), StoreError> {
        for effect in effects {
            match effect {
                Effect::Store(records) => self.ports.store(&records, now)?,
                Effect::Print(job) => self.ports.print(job),
                Effect::LookUp { request, code, factor } => self.ports.look_up(request, code, factor),
                Effect::Announce(announcement) => self.ports.announce(announcement),
                Effect::Show(screen) => self.ports.show(screen),
                Effect::AnswerOfficer { request, answer } => self.ports.answer(request, answer),
                Effect::InstallUpdate => self.ports.install_update(),
                Effect::Publish(board) => self.ports.publish(board),
                Effect::Log(event) => log_events::write(&event),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use kiosk_core::restored::Restored;

    use super::*;
    use crate::config;

    /// Writes down what the loop asks for; its store fails as often as told.
    #[derive(Default)]
    struct Notebook {
        failures: u32,
        found_damage: bool,
        lines: Vec<&'static str>,
    }

    impl Ports for Notebook {
        fn store(&mut self, _records: &[Record], _now: Now) -> Result<(), StoreError> {
            if self.failures > 0 {
                self.failures -= 1;
                self.lines.push("store failed");
                return Err(StoreError::Damaged { found: "a test".into() });
            }
            self.lines.push("store");
            Ok(())
        }
        fn store_works(&mut self) -> Result<(), StoreError> {
            match self.failures {
                0 => Ok(()),
                _ => Err(StoreError::Damaged { found: "a test".into() }),
            }
        }
        fn found_damage(&self) -> bool {
            self.found_damage
        }
        fn print(&mut self, _job: PrintJob) {
            self.lines.push("print");
        }
        fn end_printing(&mut self) {
            self.lines.push("end printing");
        }
        fn printing_ended(&self) -> bool {
            true
        }
        fn look_up(&mut self, _request: RequestId, _code: DossierCode, _factor: Factor) {
            self.lines.push("look up");
        }
        fn announce(&mut self, _announcement: Announcement) {
            self.lines.push("announce");
        }
        fn show(&mut self, _screen: Screen) {
            self.lines.push("show");
        }
        fn answer(&mut self, _request: RequestId, _answer: OfficerAnswer) {
            self.lines.push("answer");
        }
        fn install_update(&mut self) {
            self.lines.push("install update");
        }
        fn publish(&mut self, _board: Board) {
            self.lines.push("publish");
        }
        fn observe(&mut self, _event: &Event) {
            self.lines.push("event");
        }
    }

    fn a_loop(failures: u32) -> Loop<Notebook> {
        let sample = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../config");
        let settings = config::load(&[sample]).settings.expect("the sample configuration is whole");
        let hall = Hall::new(settings.hall, Restored::default());
        let clock = Clock::start();
        let heartbeat = Heartbeat::new(clock.clone());
        Loop::new(hall, Notebook { failures, ..Notebook::default() }, clock, heartbeat)
    }

    #[test]
    fn effects_are_carried_out_in_order_and_the_store_comes_first() {
        let mut looping = a_loop(0);
        looping.turn(Event::Started);
        assert_eq!(looping.ports.lines[..2], ["event", "store"]);
        assert!(looping.ports.lines.contains(&"show"), "{:?}", looping.ports.lines);
    }

    #[test]
    fn nothing_after_a_store_that_failed_is_carried_out_and_staff_are_told() {
        let mut looping = a_loop(1);
        looping.turn(Event::Started);
        assert_eq!(looping.ports.lines[..2], ["event", "store failed"]);
        assert!(!looping.ports.lines.contains(&"store"), "{:?}", looping.ports.lines);
        assert!(looping.ports.lines.contains(&"publish"), "{:?}", looping.ports.lines);
        assert!(looping.store_failed);
    }

    #[test]
    fn a_damaged_database_ends_the_loop_so_that_the_next_start_can_mend_it() {
        let (_events, queue) = std::sync::mpsc::sync_channel(1);
        let ended = a_loop(1).run(&queue, || true);
        assert!(ended.damaged);
        assert!(ended.ports.lines.contains(&"publish"), "{:?}", ended.ports.lines);
    }

    #[test]
    fn damage_that_the_uploader_found_ends_the_loop_too() {
        for found_damage in [true, false] {
            let mut looping = a_loop(0);
            looping.ports.found_damage = found_damage;
            looping.tick();
            assert_eq!(looping.damaged, found_damage);
        }
    }

    #[test]
    fn the_outcome_of_a_ticket_that_comes_out_at_the_end_is_still_heard() {
        let (events, queue) = std::sync::mpsc::sync_channel(2);
        let outcome = kiosk_core::event::PrintOutcome::Printed;
        events.send(Event::PrintFinished { job: kiosk_core::id::JobId(1), outcome }).unwrap();
        events.send(Event::Ticked).unwrap();
        let ended = a_loop(0).run(&queue, || false);
        let at_the_end = ended.ports.lines.iter().skip_while(|line| **line != "end printing");
        assert_eq!(at_the_end.filter(|line| **line == "event").count(), 1, "{:?}", ended.ports.lines);
    }

    #[test]
    fn a_store_that_works_again_is_noticed_at_the_next_tick() {
        let mut looping = a_loop(1);
        looping.turn(Event::Started);
        looping.ports.lines.clear();
        looping.tick();
        assert!(!looping.store_failed);
        assert!(looping.ports.lines.contains(&"store"), "{:?}", looping.ports.lines);
    }
}
