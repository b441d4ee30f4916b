//! Exactly once in effect: the kiosk's real uploader over a hostile line to the real server, which is killed, started
//! again and once put back to an old backup.
#![cfg(test)]

mod careless;
mod kiosk;
mod relay;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use careless::CarelessServer;
use kiosk::{ID, Kiosk, column, hall_settings, no_time};
use kiosk_app::clock::Clock;
use kiosk_app::report::{Client, DeviceKey, EnrolPlace, Limits, enrol};
use kiosk_tests::agreement::{Disagreement, none_twice_none_lost, same_events};
use kiosk_tests::rig::{DistrictServer, Port};
use relay::Relay;
use rusqlite::Connection;

const SEED: u64 = 7;

/// The real server with its data in `folder`, and a one-time token for the kiosk.
fn server(folder: &Path) -> (DistrictServer, String) {
    for part in ["log", "server"] {
        std::fs::create_dir(folder.join(part)).unwrap();
    }
    let settings = hall_settings();
    let mut server = DistrictServer::set_up(folder, &settings, Port::take(0).unwrap()).unwrap();
    server.start().unwrap();
    let token = server.token(ID, settings.hall.as_str()).unwrap();
    (server, token)
}

fn client(folder: &Path, address: SocketAddr) -> Client {
    let key = DeviceKey::load_or_make(folder, [9; 32]).unwrap();
    Client::new(&format!("http://{address}"), ID, key, Limits::REPORTS, no_time())
}

fn district(server: &DistrictServer) -> Vec<String> {
    column(&server.database(), "SELECT raw FROM events ORDER BY row")
}

/// What an operator does who backs up a running server: SQLite's own copy.
fn back_up(server: &DistrictServer, to: &Path) {
    let connection = Connection::open(server.database()).unwrap();
    connection.execute("VACUUM INTO ?1", [to.to_string_lossy()]).unwrap();
}

fn restore(server: &DistrictServer, from: &Path) {
    let database = server.database();
    for suffix in ["-wal", "-shm"] {
        let beside = PathBuf::from(format!("{}{suffix}", database.display()));
        if beside.exists() {
            std::fs::remove_file(beside).unwrap();
        }
    }
    std::fs::copy(from, database).unwrap();
}

#[test]
fn a_hostile_line_kills_and_an_old_backup_leave_every_event_at_the_district_exactly_once() {
    let folder = tempfile::tempdir().unwrap();
    let (mut server, token) = server(folder.path());
    let line = Relay::to(server.address(), SEED);
    let (data, backup) = (folder.path().join("kiosk"), folder.path().join("backup.db"));
    let address = format!("http://{}", line.near());
    let hall = hall_settings().hall;
    let place = EnrolPlace { kiosk: ID, hall: hall.as_str() };
    enrol(&data, &address, &token, place, [9; 32], Clock::start().now().wall).unwrap();
    let mut kiosk = Kiosk::new(&data, client(&data, line.near()));

    line.make_hostile();
    kiosk.report(1000);
    back_up(&server, &backup);
    for _ in 0..3 {
        server.kill();
        server.start().unwrap();
        kiosk.report(500);
    }
    same_events(&kiosk.log(), &district(&server)).unwrap();

    server.kill();
    restore(&server, &backup);
    let lost = none_twice_none_lost(&kiosk.log(), &district(&server)).unwrap_err();
    assert!(matches!(lost, Disagreement::Lost { count: 1500, .. }), "{lost}");
    server.start().unwrap();
    kiosk.report(500);
    let done = line.done();
    assert!(done.repeated > 0 && done.cut_questions > 0 && done.lost_answers > 0, "{done:?}");
    let log = kiosk.log();
    assert_eq!(log.len(), 3000);
    same_events(&log, &district(&server)).unwrap();
    println!("3000 events arrived exactly once over {done:?}, 4 kills of the server and one restore");
}

#[test]
fn without_the_servers_cursor_the_same_line_leaves_events_twice() {
    let folder = tempfile::tempdir().unwrap();
    let server = CarelessServer::start();
    let line = Relay::to(server.address, SEED);
    line.make_hostile();
    let mut kiosk = Kiosk::new(folder.path(), client(folder.path(), line.near()));
    kiosk.report(500);
    let found = same_events(&kiosk.log(), &server.events.lock().unwrap()).unwrap_err();
    assert!(matches!(found, Disagreement::Twice { .. }), "{found}");
}
