//! What holds whatever happens, in whatever order.

use std::collections::{BTreeMap, BTreeSet};

use kiosk_core::board::BoardTicket;
use kiosk_core::effect::{Effect, OfficerAnswer, Record};
use kiosk_core::event::{
    Device, DeviceCause, Event, Health, OfficerAction, PrintOutcome, PrintTrouble, Touch, TransferTo,
};
use kiosk_core::id::{AreaId, CounterId, ErrandId, JobId, PauseReasonId, PriorityId};
use kiosk_core::report::{Fact, Step};
use kiosk_core::screen::Page;
use kiosk_core::ticket::{TicketId, TicketState};
use kiosk_core::time::BusinessDay;
use proptest::prelude::*;

use crate::support::{ModelStore, Rig, always_open, priority_classes, settings};

const AREAS: [&str; 3] = ["ho-tich", "dat-dai", "huong-dan"];

#[derive(Clone, Debug)]
enum Move {
    Take {
        area: usize,
        priority: bool,
    },
    AnswerPrint {
        outcome: usize,
    },
    Press {
        counter: u8,
        action: usize,
        stale: bool,
    },
    /// Opens, calls, and ends in one of the usual ways, as officers do all day.
    ServeOne {
        counter: u8,
        ending: usize,
    },
    Pass {
        secs: u64,
    },
    SetClock {
        hours: i64,
        trusted: bool,
    },
    Restart {
        unclean: bool,
        last_commit_lost: bool,
    },
    FailTheStore,
    Printer {
        works: bool,
    },
    Key {
        counter: u8,
        key: u8,
    },
    Scan(String),
}

fn moves(length: usize) -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        30 => (0..3usize, prop::bool::weighted(0.4)).prop_map(|(area, priority)| Move::Take { area, priority }),
        15 => (0..4usize).prop_map(|outcome| Move::AnswerPrint { outcome }),
        20 => (1..=3u8, 0..5usize).prop_map(|(counter, ending)| Move::ServeOne { counter, ending }),
        25 => (1..=3u8, 0..16usize, prop::bool::weighted(0.1))
            .prop_map(|(counter, action, stale)| Move::Press { counter, action, stale }),
        4 => (0..40u64).prop_map(|secs| Move::Pass { secs }),
        1 => (-40..40i64, any::<bool>()).prop_map(|(hours, trusted)| Move::SetClock { hours, trusted }),
        2 => (any::<bool>(), any::<bool>())
            .prop_map(|(unclean, lost)| Move::Restart { unclean, last_commit_lost: lost && unclean }),
        2 => Just(Move::FailTheStore),
        2 => any::<bool>().prop_map(|works| Move::Printer { works }),
        3 => (1..=3u8, 0..5u8).prop_map(|(counter, key)| Move::Key { counter, key }),
        2 => "[A-Z0-9.|-]{0,20}".prop_map(Move::Scan),
    ];
    prop::collection::vec(one, 1..length)
}

/// A hall that is moved about, with what must hold.
struct Watched {
    rig: Rig,
    /// The store and the count of overtakings as a card that lost its last commit has them.
    before_last_commit: (ModelStore, BTreeMap<TicketId, u32>),
    given: BTreeSet<TicketId>,
    open_jobs: Vec<JobId>,
    day: Option<BusinessDay>,
    overtaken: BTreeMap<TicketId, u32>,
    fail_next: bool,
}

impl Watched {
    fn new(guard_band: u32) -> Self {
        let mut hall = settings();
        hall.priority_classes = priority_classes();
        hall.guard_band = guard_band;
        hall.opening = always_open();
        hall.holidays = Vec::new();
        let rig = Rig::new(hall);
        let before_last_commit = (rig.store.clone(), BTreeMap::new());
        Self {
            rig,
            before_last_commit,
            given: BTreeSet::new(),
            open_jobs: Vec::new(),
            day: None,
            overtaken: BTreeMap::new(),
            fail_next: false,
        }
    }

    fn send(&mut self, event: Event) {
        let before = self.rig.store.clone();
        let overtaken = self.overtaken.clone();
        if std::mem::take(&mut self.fail_next) {
            self.rig.send_to_broken_store(event);
            self.check(&before);
            self.rig.send(Event::StoreRecovered);
        } else {
            self.rig.send(event);
        }
        if matches!(self.rig.effects.first(), Some(Effect::Store(_))) {
            self.before_last_commit = (before.clone(), overtaken);
        }
        self.check(&before);
    }

    fn check(&mut self, before: &ModelStore) {
        for effect in self.rig.effects.clone() {
            match effect {
                Effect::Print(print) => {
                    self.open_jobs.push(print.job);
                    if !print.paper.reprint {
                        assert!(
                            self.given.insert(print.paper.ticket.clone()),
                            "given twice: {:?}",
                            print.paper
                        );
                    }
                }
                Effect::Store(records) => self.check_records(before, &records),
                Effect::LookUp { .. }
                | Effect::Announce(_)
                | Effect::Show(_)
                | Effect::AnswerOfficer { .. }
                | Effect::InstallUpdate
                | Effect::Publish(_)
                | Effect::Log(_) => {}
            }
        }
        let stores: Vec<usize> = (0..self.rig.effects.len())
            .filter(|n| matches!(self.rig.effects.get(*n), Some(Effect::Store(_))))
            .collect();
        assert!(stores.is_empty() || stores == [0], "one store, and first");
        self.check_hands();
    }

    fn check_records(&mut self, before: &ModelStore, records: &[Record]) {
        for record in records {
            if let Record::Day(day) = record {
                assert!(self.day.is_none_or(|known| *day >= known), "{day} after {:?}", self.day);
                self.day = Some(*day);
            }
            if let Record::Report(report) = record
                && let Fact::Moved {
                    ticket,
                    counter: Some(counter),
                    step: Step::Called { recall: false, .. },
                    ..
                } = &report.fact
            {
                self.count_overtaken(before, ticket, *counter);
            }
        }
    }

    /// Who could have been called at this counter and came before the one who was.
    fn count_overtaken(&mut self, before: &ModelStore, called: &TicketId, counter: CounterId) {
        let counter = self.rig.settings.counters.iter().find(|known| known.id == counter).unwrap();
        let called = before.tickets().find(|ticket| ticket.id == *called).unwrap();
        for passed in before.tickets() {
            let could = passed.state == TicketState::Waiting
                && passed
                    .only_counter
                    .map_or(counter.areas.contains(&passed.area), |only| only == counter.id);
            if could
                && passed.priority.is_none()
                && !passed.reentered
                && passed.issue_order < called.issue_order
            {
                let times = self.overtaken.entry(passed.id.clone()).or_default();
                *times += 1;
                assert!(
                    *times <= self.rig.settings.max_overtakings,
                    "{:?} overtaken {times} times",
                    passed.id
                );
            }
        }
    }

    fn check_hands(&self) {
        let mut hands = BTreeSet::new();
        let mut numbers = BTreeSet::new();
        for ticket in self.rig.store.tickets() {
            if let TicketState::Called(counter) | TicketState::Serving(counter) = ticket.state {
                assert!(hands.insert(counter), "two tickets in the hands of counter {counter}");
                assert!(numbers.insert(ticket.number.clone()), "{} is there twice", ticket.number);
            } else if let TicketState::Waiting | TicketState::OnHold(_) = ticket.state {
                assert!(numbers.insert(ticket.number.clone()), "{} is there twice", ticket.number);
            }
        }
    }

    fn make(&mut self, step: Move) {
        match step {
            Move::Take { area, priority } => self.take(area, priority),
            Move::AnswerPrint { outcome } => self.answer_print(outcome),
            Move::Press { counter, action, stale } => self.press(counter, action, stale),
            Move::ServeOne { counter, ending } => self.serve_one(counter, ending),
            Move::Pass { secs } => {
                for _ in 0..secs {
                    self.tick();
                }
            }
            Move::SetClock { hours, trusted } => {
                self.rig.now.wall.unix_ms += hours * 3_600_000;
                self.rig.now.wall.trusted = trusted;
                self.tick();
            }
            Move::Restart { unclean, last_commit_lost } => self.restart(unclean, last_commit_lost),
            Move::FailTheStore => self.fail_next = true,
            Move::Printer { works } => {
                let health = if works { Health::Ready } else { Health::Blocked(vec![DeviceCause::PaperEnd]) };
                self.send(Event::DeviceChanged { device: Device::Printer, health });
            }
            Move::Key { counter, key } => self.send(Event::KeyPressed { counter: CounterId(counter), key }),
            Move::Scan(text) => self.send(Event::Scanned(text.into())),
        }
    }

    fn tick(&mut self) {
        self.rig.pass_ms(1000);
        self.send(Event::Ticked);
    }

    fn restart(&mut self, unclean: bool, last_commit_lost: bool) {
        if last_commit_lost {
            // What the store forgot, the watchers forget: all but the papers in people's hands.
            (self.rig.store, self.overtaken) = self.before_last_commit.clone();
            self.day = None;
        }
        self.open_jobs.clear();
        let before = self.rig.store.clone();
        self.rig.restart(unclean);
        self.before_last_commit = (before.clone(), self.overtaken.clone());
        self.check(&before);
    }

    fn touch(&mut self, touch: Touch) {
        self.rig.pass_ms(1000);
        self.send(Event::Touched(touch));
    }

    fn take(&mut self, area: usize, priority: bool) {
        self.touch(Touch::Home);
        self.touch(Touch::TakeNumber);
        let area = AREAS[area];
        self.touch(Touch::Errand(ErrandId::new(if area == "huong-dan" { "hoi" } else { "nop" })));
        self.touch(Touch::Area(AreaId::new(area)));
        self.touch(Touch::Priority(priority.then(|| PriorityId::new("cao-tuoi"))));
    }

    fn answer_print(&mut self, outcome: usize) {
        if self.open_jobs.is_empty() {
            return;
        }
        let job = self.open_jobs.remove(0);
        let printing = matches!(self.rig.page(), Page::Printing { .. }) && self.open_jobs.is_empty();
        let outcome = match outcome {
            0 | 1 => PrintOutcome::Printed,
            2 => PrintOutcome::NotPrinted(PrintTrouble::PaperEnd),
            _ => PrintOutcome::Unknown { bytes: 100, cause: PrintTrouble::Silent },
        };
        self.send(Event::PrintFinished { job, outcome });
        if printing {
            assert!(matches!(
                self.rig.page(),
                Page::Taken(_) | Page::NumberOnly { .. } | Page::Printing { .. }
            ));
        }
    }

    fn serve_one(&mut self, counter: u8, ending: usize) {
        let usual = [
            vec![OfficerAction::NoShow],
            vec![OfficerAction::Serve, OfficerAction::Finish],
            vec![OfficerAction::Serve, OfficerAction::Hold],
            vec![OfficerAction::Transfer(TransferTo::Area(AreaId::new("ho-tich")))],
            vec![OfficerAction::Serve],
        ];
        let ending = usual.into_iter().nth(ending).unwrap_or_default();
        for action in [OfficerAction::Open, OfficerAction::CallNext].into_iter().chain(ending) {
            let seen = self.rig.current(counter);
            let press = self.rig.officer_press(counter, seen, action);
            self.send(Event::OfficerPressed(press));
        }
    }

    fn press(&mut self, counter: u8, action: usize, stale: bool) {
        let other: Option<TicketId> = {
            let mut all = self.rig.board.aside.iter().chain(&self.rig.board.waiting);
            all.next().map(|ticket| ticket.id.clone())
        };
        let seen = if stale { other.clone() } else { self.rig.current(counter) };
        let action = match (action, other) {
            (0, _) => OfficerAction::Open,
            (1, _) => OfficerAction::Pause(PauseReasonId::new("hop")),
            (2, _) => OfficerAction::Close,
            (3, _) => OfficerAction::Recall,
            (4, _) => OfficerAction::Serve,
            (5, _) => OfficerAction::Finish,
            (6, _) => OfficerAction::NoShow,
            (7, _) => OfficerAction::Hold,
            (8, Some(id)) => OfficerAction::Resume(id),
            (9, _) => OfficerAction::Transfer(TransferTo::Area(AreaId::new("dat-dai"))),
            (10, _) => OfficerAction::Transfer(TransferTo::Counter(CounterId(1))),
            (11, Some(id)) => OfficerAction::Reenter(id),
            (12, Some(id)) => OfficerAction::Reprint(id),
            (_, _) => OfficerAction::CallNext,
        };
        let press = self.rig.officer_press(counter, seen, action);
        self.send(Event::OfficerPressed(press));
    }
}

fn run(moves: Vec<Move>, guard_band: u32) -> Watched {
    let mut watched = Watched::new(guard_band);
    for one in moves {
        watched.make(one);
    }
    watched
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn numbers_are_unique_days_monotone_overtaking_bounded_and_hands_single(moves in moves(120)) {
        run(moves, 5);
    }

    #[test]
    fn a_restart_gives_the_same_board(moves in moves(80)) {
        let mut watched = run(moves, 5);
        watched.rig.send(Event::StoreRecovered);
        for job in std::mem::take(&mut watched.open_jobs) {
            watched.send(Event::PrintFinished { job, outcome: PrintOutcome::Printed });
        }
        watched.tick();
        let before = watched.rig.board.clone();
        watched.rig.restart(false);
        let after = &watched.rig.board;
        prop_assert_eq!(&after.day, &before.day);
        prop_assert_eq!(&after.counters, &before.counters);
        prop_assert_eq!(&after.areas, &before.areas);
        prop_assert_eq!(&after.waiting, &before.waiting);
        // A no-show of a day before, carried over while the clock was wrong, does not come back from the store.
        let today = |tickets: &[BoardTicket]| -> Vec<BoardTicket> {
            tickets.iter().filter(|ticket| Some(ticket.id.day) == before.day).cloned().collect()
        };
        prop_assert_eq!(today(&after.aside), today(&before.aside));
    }

    #[test]
    fn the_same_events_give_the_same_effects(moves in moves(60)) {
        let one = run(moves.clone(), 5);
        let two = run(moves, 5);
        prop_assert_eq!(one.rig.effects, two.rig.effects);
        prop_assert_eq!(one.rig.store.facts, two.rig.store.facts);
    }
}

/// Positive control: a card that lies about its flush, and no guard band.
#[test]
fn without_the_guard_band_a_lost_commit_gives_a_number_twice() {
    let lost_commit = || {
        vec![
            Move::Take { area: 0, priority: false },
            Move::Restart { unclean: true, last_commit_lost: true },
            Move::Take { area: 0, priority: false },
        ]
    };
    assert!(std::panic::catch_unwind(|| run(lost_commit(), 0)).is_err(), "the control must fail");
    let guarded = run(lost_commit(), 5);
    let ordinals: Vec<u32> = guarded.given.iter().map(|id| id.ordinal).collect();
    assert_eq!(ordinals, [1, 6]);
}

#[test]
fn two_officers_who_press_at_once_get_two_people() {
    let mut rig = Rig::new(settings());
    for _ in 0..3 {
        rig.take("ho-tich");
    }
    rig.press(1, OfficerAction::Open);
    rig.press(2, OfficerAction::Open);
    assert_eq!(rig.press_seen(1, None, OfficerAction::CallNext), OfficerAnswer::Done);
    assert_eq!(rig.press_seen(2, None, OfficerAction::CallNext), OfficerAnswer::Done);
    assert_ne!(rig.current(1), rig.current(2));
    assert_eq!(rig.press_seen(1, None, OfficerAction::CallNext), OfficerAnswer::Stale);
}
