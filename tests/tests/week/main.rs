//! A week without the district server, in virtual time: numbers, calls and ratings go on, and afterwards everything
//! arrives, in order and exactly once.
#![cfg(test)]

mod drain;
mod officers;
mod settings;
mod town;

use std::collections::BTreeMap;
use std::path::Path;

use drain::{CarelessDistrict, RealDistrict, drain};
use kiosk_app::report::{Encoder, ServerTime, Vitals};
use kiosk_app::store::{Rewound, Store};
use kiosk_core::Hall;
use kiosk_core::time::BusinessDay;
use kiosk_protocol::Epoch;
use kiosk_tests::agreement::{Disagreement, same_events};
use kiosk_tests::random::SplitMix64;
use rusqlite::Connection;
use town::{Day, MONDAY_MS, Town};

/// Says which seed replays a failure.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("this week had the seed {}", self.0);
        }
    }
}

/// Memory is as good as a folder for virtual time, and a week's commits need not wait for a disk.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

fn town(folder: &Path, seed: u64) -> Town {
    let settings = settings::settings();
    let vitals = Vitals::new(folder.to_owned());
    let encoder = Encoder::new("kiosk-1", "boot".to_owned(), settings.clone(), vitals, ServerTime::default());
    let (store, restored) = Store::open(folder, Epoch(7), Box::new(encoder)).unwrap();
    let hall = Hall::new(settings.clone(), restored);
    Town::new(settings, store, hall, seed)
}

/// The kiosk's log: every event's bytes, in order.
fn log(folder: &Path) -> Vec<String> {
    let connection = Connection::open(folder.join("hall.db")).unwrap();
    let mut statement = connection.prepare("SELECT event FROM outbox ORDER BY position, seq").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// A busy day, whatever the line: numbers without a gap from the first of each series, calls, ratings, no restart.
fn check_day(number: u64, day: &Day) {
    let today = BusinessDay((MONDAY_MS / 86_400_000) as i32 + 1 + number as i32);
    let mut ordinals: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for ticket in &day.issued {
        assert_eq!(ticket.day, today, "day {number}");
        ordinals.entry(ticket.series.as_str()).or_default().push(ticket.ordinal);
    }
    for (series, ordinals) in ordinals {
        let expected: Vec<u32> = (1..=ordinals.len() as u32).collect();
        assert_eq!(ordinals, expected, "day {number}, series {series}");
    }
    assert!(day.issued.len() > 250, "day {number}: {} numbers", day.issued.len());
    assert!(day.called as usize * 10 > day.issued.len() * 9, "day {number}: {} calls", day.called);
    assert!(day.rated > 100 && day.transferred > 5 && day.no_shows > 5, "day {number}: {day:?}");
    assert!(day.unreachable > 3, "day {number}: {} look-ups", day.unreachable);
    assert_eq!(day.starts, u32::from(number == 0), "day {number}: restarts");
}

#[test]
fn a_week_without_the_server_changes_nothing_and_everything_arrives_afterwards() {
    let seed = Seed(20_260_615);
    let (kiosk, server) = (folder(), folder());
    let mut town = town(kiosk.path(), seed.0);
    let mut reports = 0;
    let mut memory_kib = Vec::new();
    for number in 0..7 {
        let day = town.live_a_day(number);
        check_day(number, &day);
        reports += day.reports;
        memory_kib.push(resident_kib());
    }
    let grown = memory_kib[6].saturating_sub(memory_kib[1]);
    assert!(grown < 4 * 1024, "the hall grew by {grown} KiB from day 2 to day 7: {memory_kib:?}");

    let mut outbox = town.outbox();
    let depth = outbox.depth().unwrap();
    assert_eq!(depth.unsent, reports as u64);
    assert!(
        reports > 10_000 && depth.percent < 80,
        "{reports} reports fill the outbox to {} %",
        depth.percent
    );

    let mut random = SplitMix64::new(seed.0);
    let mut district = RealDistrict::new(server.path());
    let drained = drain(&mut outbox, &mut district, &mut random, town.now.wall);
    let written = log(kiosk.path());
    assert_eq!(written.len(), reports);
    same_events(&written, &district.events()).unwrap();
    assert!(drained.lost_answers > 0 && drained.repeated > 0 && drained.lost_questions > 0, "{drained:?}");
    println!("{reports} events of 7 days arrived: {drained:?}; memory by day, KiB: {memory_kib:?}");

    // Positive control: a district without a cursor ends up with events twice, and the comparison says so.
    assert_eq!(outbox.rewind(Epoch(7), 1).unwrap(), Rewound::Done);
    let mut careless = CarelessDistrict::default();
    drain(&mut outbox, &mut careless, &mut random, town.now.wall);
    let found = same_events(&written, &careless.events).unwrap_err();
    assert!(matches!(found, Disagreement::Twice { .. }), "{found}");
}
