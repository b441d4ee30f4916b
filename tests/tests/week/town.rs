//! The hall in virtual time: the real rules over the real store, played by citizens and officers that chance leads.

use std::collections::{BTreeMap, BTreeSet};

use kiosk_app::store::{Outbox, Store};
use kiosk_core::Hall;
use kiosk_core::dossier::LookUpAnswer;
use kiosk_core::effect::{Board, Effect, Fact, OfficerAnswer, Record, Step};
use kiosk_core::event::{Event, Line, LineTrouble, OfficerPress, PrintOutcome, PrintTrouble, Touch};
use kiosk_core::id::CounterId;
use kiosk_core::screen::{Availability, Page, Screen};
use kiosk_core::settings::HallSettings;
use kiosk_core::ticket::TicketId;
use kiosk_core::time::{Now, Wall};
use kiosk_tests::random::SplitMix64;

use crate::officers::Officer;

/// Monday 2026-06-15, 00:00 at UTC+7.
pub const MONDAY_MS: i64 = 1_781_456_400_000;
const DAY_MS: u64 = 86_400_000;
const HOUR_MS: u64 = 3_600_000;

/// What a day brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// Numbers issued, with their place in their series.
    pub issued: BTreeSet<TicketId>,
    /// First calls.
    pub called: u32,
    /// Ratings that counted.
    pub rated: u32,
    /// Tickets that went to another area or counter.
    pub transferred: u32,
    /// People who did not come.
    pub no_shows: u32,
    /// Look-ups that ended without the server.
    pub unreachable: u32,
    /// Starts of the hall.
    pub starts: u32,
    /// Reports made.
    pub reports: usize,
}

/// The hall and everybody in it.
pub struct Town {
    /// Chance.
    pub random: SplitMix64,
    /// The clocks.
    pub now: Now,
    /// What the officers see.
    pub board: Board,
    /// What the day brought so far.
    pub day: Day,
    settings: HallSettings,
    hall: Hall,
    store: Store,
    screen: Option<Screen>,
    last_answer: Option<OfficerAnswer>,
    coming: BTreeMap<(u64, u64), Event>,
    serial: u64,
    officers: Vec<Officer>,
    percent: u8,
}

impl Town {
    /// A hall that starts on Monday before dawn.
    pub fn new(settings: HallSettings, store: Store, hall: Hall, seed: u64) -> Self {
        let officers = settings.counters.iter().map(|counter| Officer::new(counter.id)).collect();
        let wall = Wall { unix_ms: MONDAY_MS + 5 * HOUR_MS as i64, trusted: true };
        let mut town = Self {
            random: SplitMix64::new(seed),
            now: Now { mono_ms: 1_000, wall },
            board: Board::default(),
            day: Day::default(),
            settings,
            hall,
            store,
            screen: None,
            last_answer: None,
            coming: BTreeMap::new(),
            serial: 0,
            officers,
            percent: 0,
        };
        town.send(Event::Started);
        town.send(Event::LineChanged(Line::Down(LineTrouble::Refused)));
        town
    }

    /// The uploader's connection to the hall's outbox.
    pub fn outbox(&self) -> Outbox {
        self.store.outbox().unwrap()
    }

    /// Lives through a day: night until 06:45, people until 17:00, night again. Gives what it brought.
    pub fn live_a_day(&mut self, day: u64) -> Day {
        self.day.starts = u32::from(day == 0);
        self.sleep_until(day * DAY_MS + 6 * HOUR_MS + 45 * 60_000);
        while self.time_ms() < day * DAY_MS + 17 * HOUR_MS {
            let pause_secs = self.random.between(5, 110);
            self.pass_secs(pause_secs);
            if self.random.chance(4) {
                self.ask_for_a_dossier();
            } else {
                self.citizen();
            }
        }
        self.pass_secs(20 * 60);
        self.sleep_until((day + 1) * DAY_MS - 60_000);
        std::mem::take(&mut self.day)
    }

    /// Milliseconds since Monday, 00:00.
    fn time_ms(&self) -> u64 {
        u64::try_from(self.now.wall.unix_ms - MONDAY_MS).unwrap_or(0)
    }

    /// Nobody there: a tick a minute is enough for what a night does.
    fn sleep_until(&mut self, time_ms: u64) {
        while self.time_ms() < time_ms {
            self.step(60_000);
        }
    }

    /// Time with a tick at least every five seconds, while officers work.
    pub fn pass_secs(&mut self, secs: u64) {
        let mut left_secs = secs;
        while left_secs > 0 {
            let step_secs = left_secs.min(5);
            left_secs -= step_secs;
            self.step(step_secs * 1_000);
            self.officers_act();
        }
    }

    fn step(&mut self, ms: u64) {
        self.now.mono_ms += ms;
        self.now.wall.unix_ms += ms as i64;
        while let Some(entry) = self.coming.first_entry().filter(|entry| entry.key().0 <= self.now.mono_ms) {
            let event = entry.remove();
            self.send(event);
        }
        self.send(Event::Ticked);
    }

    fn officers_act(&mut self) {
        let mut officers = std::mem::take(&mut self.officers);
        for officer in &mut officers {
            officer.act(self);
        }
        self.officers = officers;
    }

    /// Whether the hall is being worked in.
    pub fn is_working_time(&self) -> bool {
        let civil = self.now.wall.civil();
        (7..17).contains(&civil.hour)
    }

    /// An officer's press and its answer.
    pub fn press(&mut self, counter: CounterId, press: OfficerPress) -> OfficerAnswer {
        assert_eq!(press.counter, counter);
        self.send(Event::OfficerPressed(press));
        self.last_answer.take().expect("every press is answered")
    }

    /// Sends an event later.
    pub fn send_in(&mut self, secs: u64, event: Event) {
        self.serial += 1;
        self.coming.insert((self.now.mono_ms + secs * 1000, self.serial), event);
    }

    fn send(&mut self, event: Event) {
        let effects = self.hall.handle(event, self.now);
        for effect in effects {
            match effect {
                Effect::Store(records) => self.keep(&records),
                Effect::Print(job) => {
                    let outcome = match self.random.below(100) {
                        0 => PrintOutcome::NotPrinted(PrintTrouble::PaperEnd),
                        1 => PrintOutcome::Unknown { bytes: 900, cause: PrintTrouble::Silent },
                        _ => PrintOutcome::Printed,
                    };
                    let secs = self.random.between(1, 3);
                    self.send_in(secs, Event::PrintFinished { job: job.job, outcome });
                }
                Effect::LookUp { request, .. } => {
                    self.send_in(2, Event::LookUpAnswered { request, answer: LookUpAnswer::Unreachable });
                }
                Effect::Announce(_) => self.send_in(4, Event::AnnouncementFinished),
                Effect::Show(screen) => self.screen = Some(screen),
                Effect::AnswerOfficer { answer, .. } => self.last_answer = Some(answer),
                Effect::Publish(board) => self.board = board,
                Effect::InstallUpdate | Effect::Log(_) => {}
            }
        }
    }

    fn keep(&mut self, records: &[Record]) {
        let applied = self.store.apply(records).unwrap();
        self.day.reports += applied.reported;
        if let Some(depth) = applied.outbox.filter(|depth| depth.percent != self.percent) {
            self.percent = depth.percent;
            self.send_in(0, Event::OutboxFilled { percent: depth.percent });
        }
        for record in records {
            if let Record::Report(report) = record {
                self.count(&report.fact);
            }
        }
    }

    fn count(&mut self, fact: &Fact) {
        match fact {
            Fact::Issued { ticket, .. } => {
                assert!(self.day.issued.insert(ticket.id.clone()), "{:?} issued twice", ticket.id);
            }
            Fact::Moved { step: Step::Called { recall: false, .. }, .. } => self.day.called += 1,
            Fact::Moved { step: Step::Transferred { .. }, .. } => self.day.transferred += 1,
            Fact::Moved { step: Step::NoShow, .. } => self.day.no_shows += 1,
            Fact::Rated(_) => self.day.rated += 1,
            Fact::LookedUp { .. } => self.day.unreachable += 1,
            Fact::Started { .. } if self.now.mono_ms > 1_000 => self.day.starts += 1,
            Fact::Gap { .. } => panic!("a gap without a cause: {fact:?}"),
            Fact::Started { .. }
            | Fact::DayOpened(_)
            | Fact::Paper { .. }
            | Fact::PaperLeft { .. }
            | Fact::Moved { .. }
            | Fact::Counter { .. }
            | Fact::RatedBecause { .. }
            | Fact::RatingFlagged { .. }
            | Fact::RatingWindowClosed { .. }
            | Fact::ScanRefused(_)
            | Fact::Device { .. }
            | Fact::Update(_)
            | Fact::Database { .. }
            | Fact::Heartbeat { .. } => {}
        }
    }

    fn touch(&mut self, touch: Touch) {
        let secs = self.random.between(1, 4);
        self.pass_secs(secs);
        self.send(Event::Touched(touch));
    }

    fn page(&self) -> Page {
        self.screen.as_ref().expect("a screen is shown from the start").page.clone()
    }

    /// A citizen takes a number, page by page, as the pages offer it.
    fn citizen(&mut self) {
        self.touch(Touch::Home);
        while let Some(touch) = self.wish() {
            self.touch(touch);
        }
        // Some touch "Xong", some walk away.
        if matches!(self.page(), Page::Taken(_) | Page::NumberOnly { .. }) && self.random.chance(50) {
            self.touch(Touch::Done);
        }
    }

    /// What a citizen who wants a number touches on the page shown; nothing once there is a number, or there is none.
    fn wish(&mut self) -> Option<Touch> {
        while matches!(self.page(), Page::Printing { .. }) {
            self.pass_secs(1);
        }
        let page = self.page();
        if matches!(page, Page::Home { availability: Availability::Open, .. }) {
            Some(Touch::TakeNumber)
        } else if let Page::Errands(errands) = page {
            Some(Touch::Errand(self.random.pick(&errands)?.id.clone()))
        } else if let Page::Areas { choices, .. } = page {
            Some(Touch::Area(self.random.pick(&choices)?.id.clone()))
        } else if let Page::Priorities { classes, .. } = page {
            let class = classes.first().filter(|_| self.random.chance(15));
            Some(Touch::Priority(class.map(|class| class.id.clone())))
        } else {
            None
        }
    }

    /// A scan of a receipt with the server out of reach.
    fn ask_for_a_dossier(&mut self) {
        let counter = self.random.between(1, 9999);
        self.send(Event::Scanned(format!("H40.16.24-260615-{counter:04}").into()));
        self.pass_secs(6);
    }

    /// The areas' ids, for transfers.
    pub fn settings(&self) -> &HallSettings {
        &self.settings
    }
}
