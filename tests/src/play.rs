//! `hall-rig run` and `hall-rig browser`: a hall for a person, and a hall for a browser that is driven.

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::clock;
use crate::demo::books::{self, BooksError};
use crate::dock::{self, Addresses, Shared};
use crate::rig::{Glass, Hall, Plan, RigError};
use crate::say::say;

/// Ports that are easy to remember, taken when they are free: kiosk, district server, dock.
const PORTS: (u16, u16, u16) = (8470, 8480, 8490);

/// Why there was nothing to play with.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// The hall.
    #[error(transparent)]
    Rig(#[from] RigError),
    /// A database.
    #[error(transparent)]
    Books(#[from] BooksError),
    /// The system: a folder, a thread, a port, a signal.
    #[error("the dock cannot be served")]
    System(#[from] std::io::Error),
    /// The scripts could not be started.
    #[error("cannot run {program}; remedy: tests/setup.sh test")]
    Start {
        /// What was to run.
        program: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A script found something wrong.
    #[error("the browser scripts failed; what they found is above")]
    Scripts,
}

/// Runs a hall until Ctrl-C: with the kiosk in a window where there is a display, else with its screen on the dock.
///
/// # Errors
/// When the hall cannot be set up, or its programs do not end in order.
pub fn run() -> Result<(), PlayError> {
    let folder = tempfile::tempdir()?;
    let has_display = std::env::var_os("DISPLAY").is_some_and(|display| !display.is_empty());
    let (glass, size) =
        if has_display { (Glass::Window, (540, 960)) } else { (Glass::Headless, (1080, 1920)) };
    say("run: setting up a hall: district server, line, printer, scanner, keypads, kiosk");
    let plan = Plan { glass, size, wished_ports: (PORTS.0, PORTS.1), ..Plan::default() };
    let mut hall = Hall::set_up(folder.path(), plan)?;
    hall.start_kiosk()?;
    let addresses = dock::addresses(&hall);
    let runtime = Runtime::new()?;
    let hall: Shared = Arc::new(Mutex::new(hall));
    let listener = runtime.block_on(dock::listen(PORTS.2))?;
    tell(&addresses, listener.local_addr()?.port(), has_display);
    let (end, ended) = oneshot::channel();
    let served = serve(&runtime, listener, &hall, (addresses, !has_display), ended);
    runtime.block_on(told_to_end())?;
    say("run: ending");
    drop(end);
    // A browser that keeps its connection does not keep the hall up.
    let stopped = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(2), served).await });
    drop(stopped);
    dock::end(&hall)?;
    runtime.shutdown_timeout(Duration::from_secs(2));
    say("run: everything has ended");
    Ok(())
}

fn serve(
    runtime: &Runtime,
    listener: TcpListener,
    hall: &Shared,
    (addresses, has_screen): (Addresses, bool),
    ended: oneshot::Receiver<()>,
) -> tokio::task::JoinHandle<std::io::Result<()>> {
    let ended = async {
        // Ended or dropped, both mean the same.
        ended.await.unwrap_or_default();
    };
    runtime.spawn(dock::serve(listener, Arc::clone(hall), addresses, has_screen, ended))
}

async fn told_to_end() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

fn tell(addresses: &Addresses, dock_port: u16, has_display: bool) {
    if has_display {
        say("run: the kiosk is in its window");
    } else {
        say("run: no display (DISPLAY is not set), so the kiosk runs headless; its screen is on the dock");
    }
    say(&format!("  dock: scanner, keypads, printer, line   http://127.0.0.1:{dock_port}/"));
    say(&format!("  officer console                         {}/quay", addresses.hall));
    for (counter, pin) in &addresses.pins {
        say(&format!("    PIN of counter {counter}                      {pin}"));
    }
    say(&format!("  hall display                            {}/bang", addresses.hall));
    say(&format!("  state of the machine                    {}/may", addresses.hall));
    say(&format!("  district server                         {}/", addresses.server));
    say(&format!("    sign-in code                          {}", addresses.code));
    say("Ctrl-C ends everything.");
}

/// People who wait before the scripts start: how many, their errand, and its area where there is a choice. Every counter
/// is called at once in a script, and the first counter is called most.
const WAITING: [(usize, &str, Option<&str>); 6] = [
    (8, "Nộp hồ sơ", Some("Hộ tịch")),
    (2, "Nộp hồ sơ", Some("Chứng thực")),
    (3, "Nộp hồ sơ", Some("Cư trú")),
    (1, "Nộp hồ sơ", Some("Đất đai, xây dựng")),
    (1, "Nộp hồ sơ", Some("Hộ kinh doanh")),
    (1, "Nhận kết quả", None),
];

/// Runs the browser scripts of a folder against a hall of their own.
///
/// # Errors
/// When the hall cannot be set up or a script fails.
pub fn browser(scripts: &Path) -> Result<(), PlayError> {
    let folder = tempfile::tempdir()?;
    say("browser: setting up a hall");
    let mut hall = Hall::set_up(folder.path(), Plan { size: (1280, 800), ..Plan::default() })?;
    hall.start_kiosk()?;
    serve_one(&hall)?;
    for (people, errand, area) in WAITING {
        for _ in 0..people {
            take(&hall, errand, area)?;
        }
    }
    let database = hall.kiosk_database();
    clock::until("the kiosk's reports to arrive", Duration::from_secs(60), || {
        (books::unacknowledged(&database).ok()? == 0).then_some(())
    })
    .map_err(RigError::from)?;
    let people: usize = WAITING.iter().map(|(people, ..)| people).sum();
    say(&format!("browser: {people} people wait; starting the scripts"));
    let addresses = dock::addresses(&hall);
    let runtime = Runtime::new()?;
    let hall: Shared = Arc::new(Mutex::new(hall));
    let listener = runtime.block_on(dock::listen(0))?;
    let dock_port = listener.local_addr()?.port();
    let (end, ended) = oneshot::channel();
    let served = serve(&runtime, listener, &hall, (addresses.clone(), true), ended);
    let passed = run_scripts(scripts, &addresses, dock_port);
    drop(end);
    served.abort();
    dock::end(&hall)?;
    runtime.shutdown_timeout(Duration::from_secs(2));
    if passed? { Ok(()) } else { Err(PlayError::Scripts) }
}

/// One citizen is served and rates, so that the district's pages have something to show.
fn serve_one(hall: &Hall) -> Result<(), RigError> {
    take(hall, "Nộp hồ sơ", Some("Cư trú"))?;
    let mut officer = hall.officer(2)?;
    for button in ["open", "call", "serve", "finish"] {
        officer.press(button)?;
    }
    clock::pass(Duration::from_millis(1_300));
    hall.press_key(2, 1)?;
    clock::pass(Duration::from_millis(3_500));
    officer.press("close").map_err(RigError::from)
}

fn take(hall: &Hall, errand: &str, area: Option<&str>) -> Result<(), RigError> {
    let screen = hall.screen();
    let after_errand = if area.is_some() { "areas" } else { "priorities" };
    let first = [("Lấy số thứ tự", "errands"), (errand, after_errand)];
    let last = [("Không thuộc diện ưu tiên", "taken"), ("Xong", "home")];
    let steps = first.into_iter().chain(area.map(|area| (area, "priorities"))).chain(last);
    for (label, page) in steps {
        // What issues a number or puts it away wants a longer look.
        let glance = if matches!(page, "taken" | "home") { 850 } else { 450 };
        clock::pass(Duration::from_millis(glance));
        screen.tap(label)?;
        screen.wait(page, Duration::from_secs(20))?;
    }
    Ok(())
}

fn run_scripts(scripts: &Path, addresses: &Addresses, dock_port: u16) -> Result<bool, PlayError> {
    let pins: std::collections::BTreeMap<String, &String> =
        addresses.pins.iter().map(|(counter, pin)| (counter.to_string(), pin)).collect();
    let pins = serde_json::to_string(&pins).map_err(std::io::Error::from)?;
    let restart = format!(
        "node -e 'fetch(\"http://127.0.0.1:{dock_port}/act\", {{ method: \"POST\", headers: {{ \"x-dock\": \"1\" }}, \
         body: \"kiosk kill\" }}).then((answer) => process.exit(answer.ok ? 0 : 1))'"
    );
    let mut files: Vec<_> = std::fs::read_dir(scripts)?
        .flatten()
        .map(|entry| entry.file_name())
        .filter(|name| name.to_string_lossy().ends_with(".test.mjs"))
        .collect();
    files.sort();
    let status = Command::new("node")
        .args(["--test", "--test-concurrency=1"])
        .args(&files)
        .current_dir(scripts)
        .env("HALL_URL", &addresses.hall)
        .env("HALL_PINS", pins)
        .env("HALL_RESTART", restart)
        .env("DISTRICT_URL", &addresses.server)
        .env("DISTRICT_CODE", &addresses.code)
        .status()
        .map_err(|source| PlayError::Start { program: "node", source })?;
    Ok(status.success())
}
