//! The hall: every event comes in here, and every effect goes out.

mod catalogue;
mod console;
mod day;
mod desk;
mod issue;
mod look_up;
mod page;
mod publish;
mod ratings;
mod state;
#[cfg(test)]
mod tests;
mod touch;
mod turn;
mod update;

use crate::dossier::{self, Scan};
use crate::effect::{Effect, LogEvent};
use crate::event::{Device, Event, Health};
use crate::id::AreaId;
use crate::report::Fact;
use crate::restored::Restored;
use crate::settings::HallSettings;
use crate::time::{Now, Wall};

use state::State;
use turn::Turn;

/// A heartbeat goes to the district at this interval.
const HEARTBEAT_MS: u64 = 60 * 1000;

/// Between two reports of one device's health.
const DEVICE_MS: u64 = 10_000;

/// The rules of one reception hall. Holds no clock, no file, no line; the same events at the same times give the same
/// effects.
pub struct Hall {
    settings: HallSettings,
    state: State,
    /// The state before the last event, the way back when the store fails.
    before: State,
    /// The last event, if it asked for a store; taken again, without one, when the store fails.
    stored: Option<Input>,
}

/// An event as the rules take it: a scan is read and its text dropped at the door, for it may be a citizen card.
#[derive(Clone)]
enum Input {
    Scan(Scan),
    Event(Event),
}

impl Hall {
    /// A hall with its configuration and what the store kept of it. Nothing happens before the first event, which
    /// should be [`Event::Started`].
    pub fn new(settings: HallSettings, restored: Restored) -> Self {
        let state = State::new(&settings, restored);
        Self { settings, before: state.clone(), state, stored: None }
    }

    /// Takes one event and says what is to be done, in order. At most one [`Effect::Store`] is among the effects, and it
    /// stands first: when it fails, nothing after it may be carried out and [`Event::StoreFailed`] must be the next
    /// event.
    pub fn handle(&mut self, event: Event, now: Now) -> Vec<Effect> {
        let doubted_days = self.state.doubted_days(now);
        let now =
            Now { wall: Wall { trusted: now.wall.trusted && doubted_days.is_none(), ..now.wall }, ..now };
        let mut effects = self.handle_at(event, now);
        if let (Some(days), false) = (doubted_days, self.state.clock_doubted) {
            effects.push(Effect::Log(LogEvent::ClockNotBelieved { days }));
        }
        self.state.clock_doubted = doubted_days.is_some();
        effects
    }

    fn handle_at(&mut self, event: Event, now: Now) -> Vec<Effect> {
        if event == Event::StoreFailed {
            return self.store_failed(now);
        }
        if let Event::NumberTaken { series, highest } = event {
            return self.number_taken(series, highest, now);
        }
        let input = if let Event::Scanned(text) = event {
            Input::Scan(dossier::read(text.as_str(), &self.settings.dossiers))
        } else {
            Input::Event(event)
        };
        self.take_undoably(input, now)
    }

    fn take_undoably(&mut self, input: Input, now: Now) -> Vec<Effect> {
        self.before = self.state.clone();
        let effects = self.take(input.clone(), now);
        let stores = effects.iter().any(|effect| matches!(effect, Effect::Store(_)));
        self.stored = stores.then_some(input);
        effects
    }

    /// Goes back to before the event that met a taken number and takes it again above every number that is taken, so that
    /// the next person is not refused for the same one.
    fn number_taken(&mut self, series: AreaId, highest: u32, now: Now) -> Vec<Effect> {
        let Some(input) = self.stored.take() else {
            return self.store_failed(now);
        };
        self.state = self.before.clone();
        let burnt = self.state.burnt.entry(series).or_default();
        *burnt = highest.max(*burnt);
        self.take_undoably(input, now)
    }

    /// Goes back to before the event that could not be stored and takes it again, knowing that nothing can be stored:
    /// the citizen is told, the officer is told, and what came from outside and cannot come again is kept.
    fn store_failed(&mut self, now: Now) -> Vec<Effect> {
        let Some(input) = self.stored.take() else {
            self.state.store_failed = true;
            return Turn::new(&self.settings, &mut self.state, now).finish();
        };
        self.state = self.before.clone();
        self.state.store_failed = true;
        if input.is_recovery() {
            return Turn::new(&self.settings, &mut self.state, now).finish();
        }
        self.take(input, now)
    }

    fn take(&mut self, input: Input, now: Now) -> Vec<Effect> {
        let mut turn = Turn::new(&self.settings, &mut self.state, now);
        turn.begin();
        if input.is_by_a_person() {
            turn.st.attended_ms = now.mono_ms;
        }
        match input {
            Input::Scan(scan) => turn.scanned(scan),
            Input::Event(event) => turn.take(event),
        }
        turn.finish()
    }
}

impl Input {
    /// Not what a noisy scanner or a stuck key may send without anybody.
    fn is_by_a_person(&self) -> bool {
        matches!(
            self,
            Self::Scan(_)
                | Self::Event(Event::Touched(_) | Event::KeyPressed { .. } | Event::OfficerPressed(_))
        )
    }

    /// A recovery that failed itself: it did not happen.
    fn is_recovery(&self) -> bool {
        matches!(self, Self::Event(Event::StoreRecovered))
    }
}

impl Turn<'_> {
    fn take(&mut self, event: Event) {
        match event {
            // `Started` is carried out by `begin`, so that no order of the first events can leave it out.
            Event::Started | Event::PrinterIdentified(_) => {}
            Event::Ticked => self.tick(),
            Event::ScanRejected(refusal) => self.scanned(Scan::Refused(refusal)),
            Event::Touched(touch) => self.touched(touch),
            Event::PrintFinished { job, outcome } => self.print_finished(job, outcome),
            Event::TicketPresented { job, at } => self.ticket_presented(job, at),
            Event::LookUpAnswered { request, answer } => self.look_up_answered(request, answer),
            Event::KeyPressed { counter, key } => self.key_pressed(counter, key),
            Event::KeypadFlagged { counter, flag } => self.keypad_flagged(counter, flag),
            Event::OfficerPressed(press) => self.officer_pressed(press),
            Event::DeviceChanged { device, health } => self.device_changed(device, health),
            Event::LineChanged(line) => self.st.line = line,
            Event::AnnouncementFinished => {
                if !self.st.announcements.finished() {
                    self.ignore("end of an announcement that nobody made");
                }
            }
            // Taken at the door.
            Event::Scanned(_) | Event::StoreFailed | Event::NumberTaken { .. } => {
                self.ignore("event of the door")
            }
            Event::StoreRecovered => self.store_recovered(),
            Event::ServerClock { unix_ms } => self.st.server_clock = Some((unix_ms, self.now.mono_ms)),
            Event::UpdateStaged(source) => self.st.update_waits = Some(source),
            Event::UpdateWithdrawn => self.st.update_waits = None,
            Event::UpdateEnded(outcome) => self.update_told(outcome),
            Event::ConfigurationFaulty { faults } => self.st.configuration_faults = faults,
            Event::OutboxFilled { percent } => self.st.outbox_percent = percent,
        }
    }

    fn tick(&mut self) {
        self.check_print_deadline();
        self.check_look_up_deadline();
        self.check_ratings();
        self.check_idle();
        if self.st.announcements.overdue(self.now.mono_ms) {
            self.log(LogEvent::Overdue { what: "announcement" });
        }
        self.tell_devices();
        self.beat();
        self.install_when_at_rest();
    }

    fn beat(&mut self) {
        let due = self
            .st
            .heartbeat_ms
            .is_none_or(|last_ms| self.now.mono_ms.saturating_sub(last_ms) >= HEARTBEAT_MS);
        if !due || self.st.store_failed {
            return;
        }
        self.st.heartbeat_ms = Some(self.now.mono_ms);
        let printer = self.st.devices.get(&Device::Printer).cloned().unwrap_or(Health::Starting);
        let waiting = self.set.areas.iter().map(|area| self.st.waiting_count(&area.id)).sum();
        self.report(Fact::Heartbeat {
            printer,
            waiting,
            open_counters: self.open_counter_count(),
            clock_trusted: self.now.wall.trusted,
            outbox_percent: self.st.outbox_percent,
        });
    }

    fn device_changed(&mut self, device: Device, health: Health) {
        self.st.devices.insert(device, health);
        self.tell_devices();
    }

    /// Tells the district of devices whose health is not what it was last told: at once, but a device that comes and
    /// goes all day only every ten seconds.
    fn tell_devices(&mut self) {
        if self.st.store_failed {
            return;
        }
        for (device, health) in self.st.devices.clone() {
            let due = self.st.devices_told.get(&device).is_none_or(|(told, told_ms)| {
                *told != health && self.now.mono_ms.saturating_sub(*told_ms) >= DEVICE_MS
            });
            if due {
                self.st.devices_told.insert(device, (health.clone(), self.now.mono_ms));
                self.report(Fact::Device { device, health });
            }
        }
    }

    /// Catches up on what came while nothing could be stored.
    fn store_recovered(&mut self) {
        self.st.store_failed = false;
        self.begin();
        for (job, outcome) in std::mem::take(&mut self.st.unrecorded) {
            self.record_print(job, outcome);
        }
    }
}
