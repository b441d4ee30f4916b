//! A hall, a store of records and a clock for the tests.

use std::collections::BTreeMap;

use kiosk_core::Hall;
use kiosk_core::board::Board;
use kiosk_core::effect::{CounterState, Effect, OfficerAnswer, Rating, Record};
use kiosk_core::event::{Event, OfficerAction, OfficerPress, PrintOutcome, Touch};
use kiosk_core::id::{
    AreaId, CounterId, ErrandId, HallId, JobId, PauseReasonId, PressId, PriorityId, RatingReasonId, RequestId,
};
use kiosk_core::report::Fact;
use kiosk_core::restored::Restored;
use kiosk_core::screen::{Page, Screen};
use kiosk_core::settings::{
    Counter, DossierSettings, Errand, HallSettings, OpeningWindow, PauseReason, PriorityClass, Procedure,
    RatingChoice, RatingReason, RatingScale, ServiceArea, SpeechSettings,
};
use kiosk_core::ticket::{Ticket, TicketId};
use kiosk_core::time::{BusinessDay, Now, Wall, Weekday};

/// Thursday 2026-06-11, 08:00 at UTC+7.
pub const MORNING_MS: i64 = 1_781_139_600_000;

/// A hall of three areas and three counters, K = 2, no priority class asked for unless a test sets some.
pub fn settings() -> HallSettings {
    HallSettings {
        hall: HallId::new("thu"),
        unit_lines: vec!["UBND XÃ THỬ".to_string()],
        speech: SpeechSettings::Digits,
        areas: vec![area("ho-tich", "A"), area("dat-dai", "B"), area("huong-dan", "C")],
        errands: vec![
            errand("nop", &["ho-tich", "dat-dai"]),
            errand("nhan", &["ho-tich"]),
            errand("hoi", &["huong-dan"]),
        ],
        guidance_errand: Some(ErrandId::new("hoi")),
        counters: vec![
            counter(1, &["ho-tich", "huong-dan"]),
            counter(2, &["ho-tich", "dat-dai"]),
            counter(3, &["dat-dai"]),
        ],
        priority_classes: Vec::new(),
        max_overtakings: 2,
        opening: weekdays(),
        holidays: vec![day(2026, 6, 12)],
        rating_scale: vn3(),
        rating_reasons: vec![RatingReason {
            id: RatingReasonId::new("cho-lau"),
            name: "Chờ lâu".to_string(),
        }],
        pause_reasons: vec![PauseReason { id: PauseReasonId::new("hop"), name: "Họp".to_string() }],
        dossiers: DossierSettings {
            typed_prefix: "H40.16.24-".to_string(),
            url_hosts: vec!["dichvucong.gov.vn".to_string()],
            result_errand: Some(ErrandId::new("nhan")),
            supplement_errand: Some(ErrandId::new("nop")),
        },
        catalogue: catalogue(),
        guard_band: 5,
        idle_timeout_secs: 20,
        rating_window_secs: 60,
    }
}

/// The classes of the tests that need some.
pub fn priority_classes() -> Vec<PriorityClass> {
    vec![PriorityClass { id: PriorityId::new("cao-tuoi"), name: "Người cao tuổi".to_string() }]
}

fn area(id: &str, prefix: &str) -> ServiceArea {
    ServiceArea {
        id: AreaId::new(id),
        name: id.to_string(),
        prefix: prefix.to_string(),
        digits: 3,
        first: 1,
        last: 999,
        session_quota: None,
        opening: Vec::new(),
        icon: "person".to_string(),
    }
}

fn errand(id: &str, areas: &[&str]) -> Errand {
    Errand {
        id: ErrandId::new(id),
        name: id.to_string(),
        hint: String::new(),
        icon: "person".to_string(),
        areas: areas.iter().map(|area| AreaId::new(*area)).collect(),
    }
}

fn counter(id: u8, areas: &[&str]) -> Counter {
    Counter {
        id: CounterId(id),
        name: format!("Quầy {id}"),
        areas: areas.iter().map(|area| AreaId::new(*area)).collect(),
    }
}

fn weekdays() -> Vec<OpeningWindow> {
    use Weekday::{Friday, Monday, Thursday, Tuesday, Wednesday};
    [Monday, Tuesday, Wednesday, Thursday, Friday]
        .into_iter()
        .flat_map(|weekday| {
            [
                OpeningWindow { weekday, from_minute: 7 * 60, to_minute: 11 * 60 + 30 },
                OpeningWindow { weekday, from_minute: 13 * 60, to_minute: 17 * 60 },
            ]
        })
        .collect()
}

/// Every hour of the week.
pub fn always_open() -> Vec<OpeningWindow> {
    use Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
    [Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday]
        .into_iter()
        .map(|weekday| OpeningWindow { weekday, from_minute: 0, to_minute: 24 * 60 })
        .collect()
}

fn vn3() -> RatingScale {
    let choice = |key, name: &str, low| RatingChoice { key, name: name.to_string(), low };
    RatingScale {
        id: "vn3".to_string(),
        choices: vec![
            choice(1, "Rất hài lòng", false),
            choice(2, "Hài lòng", false),
            choice(3, "Không hài lòng", true),
        ],
    }
}

fn catalogue() -> Vec<Procedure> {
    let procedure = |code: &str, name: &str, field: &str, synonyms: &[&str]| Procedure {
        code: code.to_string(),
        name: name.to_string(),
        field: field.to_string(),
        synonyms: synonyms.iter().map(|word| (*word).to_string()).collect(),
    };
    vec![
        procedure("1.001193", "Đăng ký khai sinh", "Hộ tịch", &[]),
        procedure("1.000656", "Đăng ký khai tử", "Hộ tịch", &["báo tử"]),
        procedure("1.003197", "Xoá đăng ký thường trú", "Cư trú", &["xóa hộ khẩu"]),
    ]
}

/// A day that exists.
pub fn day(year: i32, month: u8, day: u8) -> BusinessDay {
    BusinessDay::from_ymd(year, month, day).unwrap()
}

/// Applies records as the store does, and hands back what a restart gets.
#[derive(Clone, Debug, Default)]
pub struct ModelStore {
    day: Option<BusinessDay>,
    tickets: BTreeMap<TicketId, Ticket>,
    burnt: BTreeMap<(BusinessDay, AreaId), u32>,
    counters: BTreeMap<CounterId, (CounterState, Option<PressId>)>,
    ratings: Vec<Rating>,
    jobs: BTreeMap<JobId, (Option<TicketId>, bool)>,
    update_told: Option<String>,
    /// Every fact, in order.
    pub facts: Vec<Fact>,
}

impl ModelStore {
    pub fn apply(&mut self, records: &[Record]) {
        for record in records {
            match record.clone() {
                Record::Ticket(ticket) => {
                    self.tickets.insert(ticket.id.clone(), ticket);
                }
                Record::SeriesAt { series, day, burnt } => {
                    self.burnt.insert((day, series), burnt);
                }
                Record::Day(day) => self.day = Some(day),
                Record::PrintLedger { job, ticket, outcome } => {
                    self.jobs.insert(job, (ticket, outcome.is_some()));
                }
                Record::Counter { counter, state, last_press } => {
                    self.counters.insert(counter, (state, last_press));
                }
                Record::Rating(rating) => {
                    self.ratings.retain(|known| known.ticket != rating.ticket);
                    self.ratings.push(rating);
                }
                Record::UpdateTold(key) => self.update_told = Some(key),
                Record::Report(report) => self.facts.push(report.fact),
            }
        }
    }

    pub fn restored(&self, unclean: bool) -> Restored {
        let mut tickets: Vec<Ticket> = self
            .tickets
            .values()
            .filter(|ticket| Some(ticket.id.day) == self.day || is_active(ticket))
            .cloned()
            .collect();
        tickets.sort_by_key(|ticket| ticket.issue_order);
        let today = |day: &BusinessDay| Some(*day) == self.day;
        Restored {
            day: self.day,
            tickets,
            burnt: self
                .burnt
                .iter()
                .filter(|((day, _), _)| today(day))
                .map(|((_, series), burnt)| (series.clone(), *burnt))
                .collect(),
            counters: self.counters.iter().map(|(id, (state, press))| (*id, state.clone(), *press)).collect(),
            ratings: self.ratings.iter().filter(|rating| today(&rating.ticket.day)).cloned().collect(),
            jobs_in_doubt: self
                .jobs
                .iter()
                .filter(|(_, (_, ended))| !ended)
                .map(|(job, (ticket, _))| (*job, ticket.clone()))
                .collect(),
            next_job: self.jobs.last_key_value().map_or(1, |(job, _)| job.0 + 1),
            next_issue_order: self.tickets.values().map(|ticket| ticket.issue_order + 1).max().unwrap_or(1),
            unclean,
            update_told: self.update_told.clone(),
            ..Restored::default()
        }
    }

    pub fn tickets(&self) -> impl Iterator<Item = &Ticket> {
        self.tickets.values()
    }
}

fn is_active(ticket: &Ticket) -> bool {
    use kiosk_core::ticket::TicketState::{Called, Cancelled, Finished, NoShow, OnHold, Serving, Waiting};
    match ticket.state {
        Waiting | Called(_) | Serving(_) | OnHold(_) => true,
        Finished(_) | NoShow(_) | Cancelled => false,
    }
}

/// A hall under test: its clock moves only when told, its effects are applied to the model store.
pub struct Rig {
    pub settings: HallSettings,
    pub hall: Hall,
    pub store: ModelStore,
    pub now: Now,
    pub screen: Option<Screen>,
    pub board: Board,
    /// The effects of the latest event.
    pub effects: Vec<Effect>,
    next_press: u128,
}

impl Rig {
    /// A started hall on a working morning with a trusted clock.
    pub fn new(settings: HallSettings) -> Self {
        let wall = Wall { unix_ms: MORNING_MS, trusted: true };
        Self::at(settings, Now { mono_ms: 1000, wall })
    }

    /// A hall started at a given moment.
    pub fn at(settings: HallSettings, now: Now) -> Self {
        let mut rig = Self {
            hall: Hall::new(settings.clone(), Restored::default()),
            settings,
            store: ModelStore::default(),
            now,
            screen: None,
            board: Board::default(),
            effects: Vec::new(),
            next_press: 1,
        };
        rig.send(Event::Started);
        rig
    }

    /// The same hall after a restart from what the store holds.
    pub fn restart(&mut self, unclean: bool) {
        self.hall = Hall::new(self.settings.clone(), self.store.restored(unclean));
        self.now.mono_ms = 1000;
        self.send(Event::Started);
    }

    pub fn send(&mut self, event: Event) -> &[Effect] {
        self.effects = self.hall.handle(event, self.now);
        for effect in &self.effects {
            match effect {
                Effect::Store(records) => self.store.apply(records),
                Effect::Show(screen) => self.screen = Some(screen.clone()),
                Effect::Publish(board) => self.board = board.clone(),
                Effect::Print(_)
                | Effect::LookUp { .. }
                | Effect::Announce(_)
                | Effect::InstallUpdate
                | Effect::AnswerOfficer { .. }
                | Effect::Log(_) => {}
            }
        }
        &self.effects
    }

    /// An event whose effects stop at the store.
    pub fn send_to_broken_store(&mut self, event: Event) -> &[Effect] {
        self.effects = self.hall.handle(event, self.now);
        if matches!(self.effects.first(), Some(Effect::Store(_))) {
            self.send(Event::StoreFailed);
        }
        &self.effects
    }

    pub fn pass_ms(&mut self, ms: u64) {
        self.now.mono_ms += ms;
        self.now.wall.unix_ms += ms as i64;
    }

    /// Seconds with a tick each.
    pub fn pass_secs(&mut self, secs: u64) {
        for _ in 0..secs {
            self.pass_ms(1000);
            self.send(Event::Ticked);
        }
    }

    /// A touch by a person who takes a second for it.
    pub fn touch(&mut self, touch: Touch) -> &[Effect] {
        self.pass_ms(1000);
        self.send(Event::Touched(touch))
    }

    pub fn page(&self) -> &Page {
        &self.screen.as_ref().unwrap().page
    }

    /// Takes a number for an area and answers the print.
    pub fn take(&mut self, area: &str) -> Ticket {
        self.take_with(area, None)
    }

    /// Takes a number with a priority class.
    pub fn take_with(&mut self, area: &str, priority: Option<&str>) -> Ticket {
        let errand = if area == "huong-dan" { "hoi" } else { "nop" };
        self.touch(Touch::Home);
        self.touch(Touch::TakeNumber);
        self.touch(Touch::Errand(ErrandId::new(errand)));
        if errand == "nop" {
            self.touch(Touch::Area(AreaId::new(area)));
        }
        if !self.settings.priority_classes.is_empty() {
            self.touch(Touch::Priority(priority.map(PriorityId::new)));
        }
        let job = self.job().unwrap();
        let last = self.store.tickets().max_by_key(|ticket| ticket.issue_order).unwrap().clone();
        self.pass_ms(1500);
        self.send(Event::PrintFinished { job, outcome: PrintOutcome::Printed });
        last
    }

    /// The print job of the latest event.
    pub fn job(&self) -> Option<JobId> {
        self.effects
            .iter()
            .find_map(|effect| if let Effect::Print(job) = effect { Some(job.job) } else { None })
    }

    pub fn current(&self, counter: u8) -> Option<TicketId> {
        let counter = self.board.counters.iter().find(|known| known.counter == CounterId(counter))?;
        counter.current.as_ref().map(|ticket| ticket.id.clone())
    }

    /// An officer's press, seen what is so.
    pub fn press(&mut self, counter: u8, action: OfficerAction) -> OfficerAnswer {
        let seen = self.current(counter);
        self.press_seen(counter, seen, action)
    }

    /// An officer's press who saw something else.
    pub fn press_seen(
        &mut self,
        counter: u8,
        seen: Option<TicketId>,
        action: OfficerAction,
    ) -> OfficerAnswer {
        self.next_press += 1;
        self.press_as(self.next_press, counter, seen, action)
    }

    /// An officer's press with a given key.
    pub fn press_as(
        &mut self,
        press: u128,
        counter: u8,
        seen: Option<TicketId>,
        action: OfficerAction,
    ) -> OfficerAnswer {
        let press = OfficerPress {
            request: RequestId(7),
            press: PressId(press),
            counter: CounterId(counter),
            seen,
            action,
        };
        self.send(Event::OfficerPressed(press));
        self.answer().unwrap()
    }

    /// A press with a key of its own, not yet sent.
    pub fn officer_press(
        &mut self,
        counter: u8,
        seen: Option<TicketId>,
        action: OfficerAction,
    ) -> OfficerPress {
        self.next_press += 1;
        let press = PressId(self.next_press);
        OfficerPress { request: RequestId(7), press, counter: CounterId(counter), seen, action }
    }

    /// What the latest event answered an officer.
    pub fn answer(&self) -> Option<OfficerAnswer> {
        let answer = |effect: &Effect| match effect {
            Effect::AnswerOfficer { answer, .. } => Some(answer.clone()),
            Effect::Store(_)
            | Effect::Print(_)
            | Effect::LookUp { .. }
            | Effect::Announce(_)
            | Effect::Show(_)
            | Effect::InstallUpdate
            | Effect::Publish(_)
            | Effect::Log(_) => None,
        };
        self.effects.iter().find_map(answer)
    }
}

/// The kinds of effects, in order.
pub fn kinds(effects: &[Effect]) -> Vec<&'static str> {
    effects
        .iter()
        .map(|effect| match effect {
            Effect::Store(_) => "Store",
            Effect::Print(_) => "Print",
            Effect::LookUp { .. } => "LookUp",
            Effect::Announce(_) => "Announce",
            Effect::Show(_) => "Show",
            Effect::InstallUpdate => "InstallUpdate",
            Effect::Publish(_) => "Publish",
            Effect::AnswerOfficer { .. } => "AnswerOfficer",
            Effect::Log(_) => "Log",
        })
        .collect()
}
