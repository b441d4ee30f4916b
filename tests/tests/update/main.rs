//! An update's way from the order at the real server over a line that breaks again and again to the boot control's request.
#![cfg(test)]

mod weak_line;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use kiosk_app::clock::Clock;
use kiosk_app::config;
use kiosk_app::report::{Client, DeviceKey, EnrolPlace, Enrolment, InboxNews, Limits, ServerTime, enrol};
use kiosk_app::update::{Setup, Updater};
use kiosk_core::event::Event;
use kiosk_core::settings::HallSettings;
use kiosk_core::update::{UpdateSource, UpdateState};
use kiosk_protocol::{bundle_path, part_query};
use kiosk_tests::clock;
use kiosk_tests::rig::{DistrictServer, Port};
use rusqlite::Connection;
use weak_line::{CARRIES_AT_MOST, WeakLine};

const ID: &str = "kiosk-1";
const PATIENCE: Duration = Duration::from_secs(180);
const BUNDLE_BYTES: usize = 6 * 1024 * 1024;

fn hall_settings() -> HallSettings {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config");
    config::load(&[sample]).settings.expect("the sample configuration is whole").hall
}

/// A file that has a bundle's shape; nobody signed it, which only the boot control would see.
fn bundle(folder: &Path, version: &str, bytes: usize) -> PathBuf {
    let payload = (0..bytes).map(|n| (n as u32).wrapping_mul(2_654_435_761).to_le_bytes()[3]);
    let manifest =
        format!("[update]\ncompatible=kiosk-onestop-test\nversion={version}\n\n[bundle]\nformat=verity\n");
    let length = (manifest.len() as u64).to_be_bytes();
    let path = folder.join(format!("{version}.raucb"));
    let whole: Vec<u8> =
        b"hsqs".iter().copied().chain(payload).chain(manifest.bytes()).chain(length).collect();
    std::fs::write(&path, whole).unwrap();
    path
}

/// A kiosk's updater and what it tells.
struct Kiosk {
    data: PathBuf,
    boot: PathBuf,
    server: SocketAddr,
    running: Option<(Updater, Receiver<Event>)>,
}

impl Kiosk {
    fn client(&self, limits: Limits) -> Client {
        let key = DeviceKey::load(&self.data).unwrap().unwrap();
        Client::new(&format!("http://{}", self.server), ID, key, limits, ServerTime::default())
    }

    fn start(&mut self) {
        let (events, told) = sync_channel(64);
        let key = Enrolment::load(&self.data).unwrap().unwrap().server_key;
        let setup = Setup {
            data: self.data.clone(),
            boot: self.boot.clone(),
            this_boot: None,
            server: Some((self.client(Limits::DOWNLOADS), key)),
            news: InboxNews::default(),
            clock: Clock::start(),
            events,
        };
        self.running = Some((Updater::start(setup).unwrap(), told));
    }

    fn stop(&mut self) {
        let (updater, _) = self.running.take().unwrap();
        assert!(updater.stop(), "it ends in time");
    }

    fn file(&self, name: &str) -> PathBuf {
        self.data.join("update").join(name)
    }

    fn got(&self) -> u64 {
        self.file("download.part").metadata().map_or(0, |metadata| metadata.len())
    }

    fn wait_for(&self, what: &str, is_it: impl Fn(&Event) -> bool) {
        let (_, told) = self.running.as_ref().unwrap();
        let heard = clock::until(what, PATIENCE, || told.try_recv().ok().filter(&is_it).map(drop));
        heard.unwrap();
    }
}

fn set_up(folder: &Path) -> (DistrictServer, WeakLine, Kiosk) {
    for part in ["log", "server", "boot"] {
        std::fs::create_dir(folder.join(part)).unwrap();
    }
    let settings = hall_settings();
    let mut server = DistrictServer::set_up(folder, &settings, Port::take(0).unwrap()).unwrap();
    server.start().unwrap();
    let token = server.token(ID, settings.hall.as_str()).unwrap();
    let line = WeakLine::to(server.address(), 11);
    let kiosk =
        Kiosk { data: folder.join("kiosk"), boot: folder.join("boot"), server: line.near(), running: None };
    let place = EnrolPlace { kiosk: ID, hall: settings.hall.as_str() };
    let address = format!("http://{}", line.near());
    enrol(&kiosk.data, &address, &token, place, [9; 32], Clock::start().now().wall).unwrap();
    (server, line, kiosk)
}

/// An order in the database that the server never signed: what a person could put there who has the file alone.
fn forge(server: &DistrictServer) {
    let connection = Connection::open(server.database()).unwrap();
    let order = format!(
        r#"{{"kiosk":"{ID}","number":1,"order":{{"update":{{"version":"6.6.6","sha256":"{}","size":5}}}}}}"#,
        "0".repeat(64)
    );
    let signature = "A".repeat(86) + "==";
    connection.execute("INSERT INTO commands VALUES (?1, 1, ?2, ?3, 0)", [ID, &order, &signature]).unwrap();
}

fn progress(kiosk: &Kiosk) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(kiosk.file("progress.json")).unwrap()).unwrap()
}

#[test]
fn an_ordered_update_arrives_whole_over_a_line_that_carries_no_whole_bundle() {
    let folder = tempfile::tempdir().unwrap();
    let (mut server, line, mut kiosk) = set_up(folder.path());
    forge(&server);
    let bundle = bundle(folder.path(), "0.2.0", BUNDLE_BYTES);
    let said = server.order_update(ID, &bundle).unwrap();
    assert!(said.starts_with("ordered version 0.2.0 (7 MiB, for kiosk-onestop-test)"), "{said}");

    line.weaken();
    kiosk.start();
    for megabytes in [1, 3] {
        clock::until("some of the bundle", PATIENCE, || (kiosk.got() > megabytes << 20).then_some(()))
            .unwrap();
        kiosk.stop();
        server.kill();
        server.start().unwrap();
        kiosk.start();
    }
    kiosk.wait_for("the bundle", |event| *event == Event::UpdateStaged(UpdateSource::Server));
    assert!(std::fs::read(kiosk.file("staged.raucb")).unwrap() == std::fs::read(&bundle).unwrap());
    assert_eq!(progress(&kiosk)["taken"], 2, "the forged order was passed over, the next one taken");
    assert!(
        !kiosk.file("install.json").exists(),
        "nothing is asked of the boot control before the rules say so"
    );
    let (carried, cuts) = line.done();
    // Each restart and each kill of the server may take the place of a break, and the last connection need not break.
    let least = BUNDLE_BYTES as u64 / CARRIES_AT_MOST - 4;
    assert!(cuts >= least, "the line broke {cuts} times");
    // A break costs a part at most, and so does a restart; what no resuming kiosk could do is to begin anew each time.
    let most = (BUNDLE_BYTES as u64) + (cuts + 2) * 300 * 1024;
    assert!(carried <= most, "{carried} bytes for a bundle of {BUNDLE_BYTES}, cut {cuts} times");
    println!(
        "{BUNDLE_BYTES} bytes arrived in {carried} over a line cut {cuts} times, 2 restarts and 2 kills of the server"
    );

    let (updater, _) = kiosk.running.as_ref().unwrap();
    updater.install();
    let request =
        clock::until("the request", PATIENCE, || std::fs::read_to_string(kiosk.file("install.json")).ok());
    let request: serde_json::Value = serde_json::from_str(&request.unwrap()).unwrap();
    assert_eq!((&request["version"], &request["source"]), (&"0.2.0".into(), &"server".into()));

    // The boot control's part.
    let outcome = r#"{"state":"committed","version":"0.2.0","slot":"B","reason":"","at_boot":"0d7d"}"#;
    std::fs::write(kiosk.boot.join("outcome.json"), outcome).unwrap();
    std::fs::remove_file(kiosk.file("install.json")).unwrap();
    kiosk.wait_for(
        "the outcome",
        |event| matches!(event, Event::UpdateEnded(outcome) if outcome.state == UpdateState::Committed),
    );
    let gone = || (!kiosk.file("staged.raucb").exists()).then_some(());
    clock::until("the bundle's end", PATIENCE, gone).unwrap();
    kiosk.stop();
}

#[test]
fn a_kiosk_gets_the_bundles_ordered_for_it_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let (server, _line, kiosk) = set_up(folder.path());
    let bundle = bundle(folder.path(), "0.2.0", 10_000);
    let client = kiosk.client(Limits::DOWNLOADS);
    let settings = hall_settings();
    let other = folder.path().join("other");
    let place = EnrolPlace { kiosk: "kiosk-2", hall: settings.hall.as_str() };
    let token = server.token("kiosk-2", settings.hall.as_str()).unwrap();
    let address = format!("http://{}", server.address());
    enrol(&other, &address, &token, place, [8; 32], Clock::start().now().wall).unwrap();
    server.order_update("kiosk-2", &bundle).unwrap();
    let digest = std::fs::read_dir(folder.path().join("server/bundles")).unwrap().next().unwrap().unwrap();
    let digest = digest.path().file_stem().unwrap().to_str().unwrap().to_owned();
    let ask = |nonce: u8| {
        let path = bundle_path(ID, &digest);
        client.read_bytes(&path, &part_query(0, 1000), [nonce; 16], Clock::start().now().wall).unwrap()
    };
    assert_eq!(ask(1).unwrap_err().status, 404, "another kiosk's");
    server.order_update(ID, &bundle).unwrap();
    assert_eq!(ask(2).unwrap(), &std::fs::read(&bundle).unwrap()[..1000], "the control: its own");
}
