//! A display in memory, driven by a rig through its control socket while screens come from another thread.
#![cfg(feature = "headless")]

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use kiosk_app::view::headless::HeadlessOptions;
use kiosk_app::view::{Backend, Display, Place, Viewer};
use kiosk_core::event::Touch;
use kiosk_core::screen::{Availability, Look, Page, Screen};
use kiosk_core::time::Wall;
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_rig_touches_waits_and_photographs() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("screen");
    let (sender, touches) = sync_channel(8);
    let options = HeadlessOptions { width: 1280, height: 800, control: Some(socket.clone()) };
    let place =
        Place { unit_lines: vec!["UBND XÃ ĐƠN DƯƠNG".into()], qr: Arc::new(|_ticket| String::new()) };
    let touched = Box::new(move |touch| sender.try_send(touch).unwrap());
    let display = Display::open(Backend::Headless(options), place, touched).unwrap();
    let viewer = display.viewer();
    let picture = folder.path().join("home.png");
    let rig = std::thread::spawn(move || drive(&socket, &picture, &viewer, &touches));
    display.run().unwrap();
    rig.join().unwrap();
}

#[cfg(test)]
fn drive(socket: &Path, picture: &Path, viewer: &Viewer, touches: &Receiver<Touch>) {
    let ask = rig(socket);
    let early = ask("wait taken 1");
    assert_eq!(early["ok"], false, "{early}");

    viewer.show(&screen(Page::Home { waiting: 3, open_counters: 2, availability: Availability::Open }));
    assert_eq!(ask("wait home 60000")["ok"], true);
    assert_eq!(ask("tap Lấy số thứ tự")["ok"], true);
    assert_eq!(touches.recv_timeout(PATIENCE), Ok(Touch::TakeNumber));

    let page = ask("page");
    assert_eq!(page["page"], "home");
    assert!(page["texts"].as_array().unwrap().contains(&"3 người chờ".into()), "{page}");

    let refused = ask("tap Không có nút này");
    assert_eq!(refused["ok"], false);
    assert!(refused["there"].as_array().unwrap().contains(&"Tra cứu hồ sơ".into()), "{refused}");
    assert_eq!(touches.try_recv().ok(), None, "a refused tap touches nothing");

    assert_eq!(ask(&format!("shot {}", picture.display()))["ok"], true);
    assert!(picture.metadata().unwrap().len() > 1000);

    viewer.show(&screen(Page::RateThanks));
    assert_eq!(ask("wait rate-thanks 60000")["ok"], true);
    assert_eq!(ask("quit")["ok"], true);
}

#[test]
fn a_database_that_cannot_be_opened_is_said_on_the_screen_and_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let (data, socket) = (folder.path().join("data"), folder.path().join("screen"));
    let health = folder.path().join("health.json");
    // Stands where the database should, and is neither damaged nor a file.
    let in_the_way = data.join("hall.db");
    std::fs::create_dir_all(&in_the_way).unwrap();
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config");
    let mut kiosk = kiosk(&config, &data, folder.path()).spawn().unwrap();
    let said = std::panic::catch_unwind(|| {
        wait_for(&socket);
        let ask = rig(&socket);
        assert_eq!(ask("wait out-of-service 60000")["ok"], true);
        let page = ask("page");
        assert!(page["texts"].as_array().unwrap().contains(&"Máy tạm ngừng phục vụ.".into()), "{page}");
        proven(&health, true, false);
        std::fs::remove_dir(&in_the_way).unwrap();
        assert_eq!(ask("wait home 60000")["ok"], true);
        assert!(data.join("hall.db").is_file());
        proven(&health, true, true);
    });
    kiosk.kill().unwrap();
    kiosk.wait().unwrap();
    said.unwrap();
}

#[test]
fn what_nobody_can_be_served_with_is_said_on_the_screen_where_nobody_reads_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config");
    let (no_hall, no_folder) = (folder.path().join("hall"), folder.path().join("file"));
    std::fs::create_dir(&no_hall).unwrap();
    std::fs::write(no_hall.join("20-areas.toml"), "[area.a]\nname = \n").unwrap();
    // As good as a card that could not be mounted: no folder can be made there.
    std::fs::write(&no_folder, "").unwrap();
    let socket = folder.path().join("screen");
    for (config, data, words) in [
        (&sample, no_folder.join("data"), "dữ liệu trên thẻ nhớ"),
        (&no_hall, folder.path().join("data"), "20-areas.toml:2"),
    ] {
        let mut supervised = kiosk(config, &data, folder.path());
        let mut supervised = supervised.env("NOTIFY_SOCKET", folder.path().join("nobody")).spawn().unwrap();
        let said = std::panic::catch_unwind(|| {
            wait_for(&socket);
            let ask = rig(&socket);
            assert_eq!(ask("wait out-of-service 60000")["ok"], true);
            let page = ask("page");
            let told = |text: &Value| text.as_str().is_some_and(|text| text.contains(words));
            assert!(page["texts"].as_array().unwrap().iter().any(told), "{page}");
            assert_eq!(ask("quit")["ok"], true);
        });
        supervised.kill().unwrap();
        let ended = supervised.wait().unwrap();
        said.unwrap();
        assert!(!ended.success());
        std::fs::remove_file(&socket).unwrap_or_default();

        // At a terminal it ends at once, and what is wrong stands there.
        let ended = kiosk(config, &data, folder.path()).env_remove("NOTIFY_SOCKET").status().unwrap();
        assert_eq!(ended.code(), Some(1), "{words}");
        std::fs::remove_file(&socket).unwrap_or_default();
    }
}

/// A kiosk whose screen a rig can ask.
#[cfg(test)]
fn kiosk(config: &Path, data: &Path, folder: &Path) -> std::process::Command {
    let mut kiosk = std::process::Command::new(env!("CARGO_BIN_EXE_kiosk-app"));
    kiosk.args(["run", "--display", "headless", "--size", "800x1280", "--config"]).arg(config);
    kiosk.arg("--data").arg(data).arg("--control").arg(folder.join("screen"));
    kiosk.arg("--runtime").arg(folder).stderr(std::process::Stdio::null());
    kiosk
}

/// Waits until the kiosk's screen can be asked.
#[cfg(test)]
fn wait_for(socket: &Path) {
    for _ in 0..600 {
        if UnixStream::connect(socket).is_ok() {
            return;
        }
        std::thread::park_timeout(Duration::from_millis(100));
    }
}

/// Waits until the kiosk says that it has drawn a page, or has not, and so of its database.
#[cfg(test)]
fn proven(health: &Path, first_frame: bool, database: bool) {
    let mut said = Value::Null;
    for _ in 0..600 {
        said = serde_json::from_slice(&std::fs::read(health).unwrap()).unwrap();
        if said["first_frame"] == first_frame && said["database"] == database {
            assert_eq!(said["data_writable"], true, "{said}");
            return;
        }
        std::thread::park_timeout(Duration::from_millis(100));
    }
    panic!("first frame {first_frame}, database {database} is never said: {said}");
}

/// Sends a line, gets a line.
#[cfg(test)]
fn rig(socket: &Path) -> impl Fn(&str) -> Value {
    let stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    move |command| {
        writeln!(&stream, "{command}").unwrap();
        let mut answer = String::new();
        BufReader::new(&stream).read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap()
    }
}

fn screen(page: Page) -> Screen {
    let at = Wall { unix_ms: 0, trusted: false };
    Screen { page, look: Look::default(), at, notice: None, leaves_in_secs: None, takes_scans: true }
}
