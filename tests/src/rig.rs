//! A whole reception hall in one folder: district server, the line to it, kiosk, and fake devices on real transports.
//!
//! ```text
//!  district-server <--- Line (can be cut) <--- kiosk-app run ---> fake printer (TCP)
//!     ^ drop folder                              ^   ^  ^-------- fake scanner, one fake keypad a counter (PTY)
//!     sample receipts               control socket   hall service <--- officers
//! ```
//! Programs are real processes that can be killed; devices live in this process and outlive them.

mod fragment;
mod port;
pub mod receipts;
mod server;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kiosk_app::config::Settings;
use kiosk_core::settings::HallSettings;
use kiosk_drivers::fake::{FakeKeypad, FakeModel, FakePrinter, FakePrinterConfig, FakeScanner, Listen};
use serde::Deserialize;

use crate::clock::{self, TooLate};
use crate::line::Line;
use crate::officer::{self, Officer, OfficerError};
use crate::process::{self, Process, ProcessError};
use crate::screen::{Screen, ScreenError};
pub use fragment::settings as shipped_settings;
pub use port::Port;
pub use server::DistrictServer;

/// How long a program may take until it answers; generous, for a machine that also compiles.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// Why a hall could not be set up or used.
#[derive(Debug, thiserror::Error)]
pub enum RigError {
    /// A file or folder of the hall.
    #[error("cannot use {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A fake device.
    #[error("fake {device} does not work")]
    Device {
        /// Which.
        device: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// No port.
    #[error("no port of loopback could be had")]
    Port(#[source] io::Error),
    /// A program.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// What a program printed cannot be read.
    #[error("{program} printed {printed:?}, which cannot be read")]
    Printed {
        /// The program.
        program: &'static str,
        /// What it printed.
        printed: String,
    },
    /// Something did not come up; the log says why.
    #[error("{what} is not up; it says: {said}")]
    NotUp {
        /// What.
        what: &'static str,
        /// The end of its log.
        said: String,
        /// How long was waited.
        #[source]
        source: TooLate,
    },
    /// The screen.
    #[error(transparent)]
    Screen(#[from] ScreenError),
    /// An officer.
    #[error(transparent)]
    Officer(#[from] OfficerError),
    /// Something that was expected did not happen.
    #[error(transparent)]
    TooLate(#[from] TooLate),
    /// There is no such counter.
    #[error("this hall has no counter {0}")]
    NoCounter(u8),
}

/// Gives an error of a file its path.
pub fn at(path: &Path) -> impl FnOnce(io::Error) -> RigError + '_ {
    move |source| RigError::File { path: path.to_owned(), source }
}

/// Where the pages are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glass {
    /// In memory, touched and photographed through a socket.
    Headless,
    /// In a window.
    Window,
    /// Nowhere.
    None,
}

/// What a hall is set up with.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where the pages are shown.
    pub glass: Glass,
    /// Width and height of the glass in pixels.
    pub size: (u32, u32),
    /// Ports of kiosk and district server that are taken if they are free; any free one otherwise.
    pub wished_ports: (u16, u16),
    /// Lines that are added to the end of the rig's configuration fragment.
    pub more_config: String,
}

impl Default for Plan {
    fn default() -> Self {
        Self { glass: Glass::Headless, size: (1080, 1920), wished_ports: (0, 0), more_config: String::new() }
    }
}

/// A hall. Dropping it ends its programs.
pub struct Hall {
    folder: PathBuf,
    plan: Plan,
    /// The line between kiosk and district server.
    pub line: Line,
    /// The district server.
    pub server: DistrictServer,
    /// The ticket printer.
    pub printer: FakePrinter,
    /// The scanner at the kiosk.
    pub scanner: FakeScanner,
    keypads: BTreeMap<u8, FakeKeypad>,
    pins: BTreeMap<u8, String>,
    settings: Settings,
    hall_port: Port,
    kiosk: Option<Process>,
}

#[derive(Deserialize)]
struct Pin {
    counter: u8,
    pin: String,
}

impl Hall {
    /// Sets a hall up in an empty or missing folder: server running, kiosk enrolled, devices plugged in, PINs made. The
    /// kiosk does not run yet.
    ///
    /// # Errors
    /// When a program is not built, a port or a file cannot be had, or enrolling fails.
    pub fn set_up(folder: &Path, plan: Plan) -> Result<Self, RigError> {
        for part in ["config", "data", "dev", "log", "tickets", "server"] {
            let path = folder.join(part);
            fs::create_dir_all(&path).map_err(at(&path))?;
        }
        let device = |device: &str| {
            let device = device.to_owned();
            move |source| RigError::Device { device, source }
        };
        let settings = fragment::settings()?;
        let server_port = Port::take(plan.wished_ports.1).map_err(RigError::Port)?;
        let server = DistrictServer::set_up(folder, &settings.hall, server_port)?;
        let line = Line::to(server.address()).map_err(RigError::Port)?;
        let printer = FakePrinter::start(FakePrinterConfig {
            listen: Listen::Tcp(SocketAddr::from(([127, 0, 0, 1], 0))),
            model: FakeModel::default(),
            tickets_dir: Some(folder.join("tickets")),
        });
        let scanner = FakeScanner::start(&folder.join("dev/scanner"), b"\r").map_err(device("scanner"))?;
        let mut hall = Self {
            line,
            printer: printer.map_err(device("printer"))?,
            scanner,
            server,
            keypads: BTreeMap::new(),
            pins: BTreeMap::new(),
            settings,
            hall_port: Port::take(plan.wished_ports.0).map_err(RigError::Port)?,
            kiosk: None,
            folder: folder.to_owned(),
            plan,
        };
        for counter in hall.settings.hall.counters.iter().map(|counter| counter.id.0) {
            let keypad = FakeKeypad::start(&hall.folder.join(format!("dev/keypad-{counter}")));
            hall.keypads.insert(counter, keypad.map_err(device("keypad"))?);
        }
        fragment::write(&hall)?;
        hall.enrol()?;
        hall.make_pins()?;
        Ok(hall)
    }

    fn enrol(&mut self) -> Result<(), RigError> {
        self.server.start()?;
        let token = self.server.token(&self.settings.kiosk.kiosk, self.settings.hall.hall.as_str())?;
        let address = self.server_seen_by_kiosk();
        let arguments = self.arguments("enrol", &["--server", &address, "--token", &token]);
        process::run("kiosk-app", &as_strs(&arguments))?;
        Ok(())
    }

    fn make_pins(&mut self) -> Result<(), RigError> {
        let printed = process::run("kiosk-app", &as_strs(&self.arguments("pins", &["--json"])))?;
        let pins: Vec<Pin> = serde_json::from_str(&printed)
            .map_err(|_| RigError::Printed { program: "kiosk-app pins", printed })?;
        self.pins = pins.into_iter().map(|made| (made.counter, made.pin)).collect();
        Ok(())
    }

    /// A command line of the kiosk with this hall's folders.
    fn arguments(&self, command: &str, more: &[&str]) -> Vec<String> {
        let folders =
            [fragment::shipped(), self.folder.join("config")].map(|path| path.display().to_string());
        let [shipped, own] = folders;
        let data = self.kiosk_data().display().to_string();
        let fixed = [command, "--config", &shipped, "--config", &own, "--data", &data];
        fixed.iter().chain(more).map(|text| (*text).to_owned()).collect()
    }

    /// Starts the kiosk and waits until its screen and its hall service answer.
    ///
    /// # Errors
    /// When it does not come up; the error carries the end of its log.
    pub fn start_kiosk(&mut self) -> Result<(), RigError> {
        self.launch_kiosk()?;
        let song = format!("{}/song", self.hall_address());
        let agent = officer::agent();
        let glass = self.screen();
        let is_headless = self.plan.glass == Glass::Headless;
        let up = clock::until("the kiosk", START_TIMEOUT, || {
            let serves = agent.get(&song).call().is_ok_and(|answer| answer.status().as_u16() == 200);
            let shows = !is_headless || glass.shown().is_ok_and(|shown| shown.page.is_some());
            (serves && shows).then_some(())
        });
        up.map_err(|source| RigError::NotUp { what: "kiosk", said: end_of(&self.kiosk_log()), source })
    }

    /// Starts the kiosk's process and waits for nothing.
    ///
    /// # Errors
    /// When the program is not built.
    pub fn launch_kiosk(&mut self) -> Result<(), RigError> {
        let (width, height) = self.plan.size;
        let size = format!("{width}x{height}");
        let socket = self.control_socket().display().to_string();
        let glass: &[&str] = match self.plan.glass {
            Glass::Headless => &["--display", "headless", "--size", &size, "--control", &socket],
            Glass::Window => &["--display", "window", "--size", &size],
            Glass::None => &["--display", "none"],
        };
        let mut arguments = self.arguments("run", glass);
        arguments.push("--trust-clock".to_owned());
        self.kiosk = Some(Process::start("kiosk-app", &as_strs(&arguments), &self.kiosk_log())?);
        Ok(())
    }

    /// kill -9 of the kiosk.
    pub fn kill_kiosk(&mut self) {
        if let Some(mut kiosk) = self.kiosk.take() {
            kiosk.kill();
        }
    }

    /// Asks the kiosk to end and waits until it has.
    ///
    /// # Errors
    /// When it does not end in time; it is killed then.
    pub fn stop_kiosk(&mut self) -> Result<(), RigError> {
        match self.kiosk.take() {
            Some(mut kiosk) => Ok(kiosk.stop()?),
            None => Ok(()),
        }
    }

    /// Whether the kiosk's process runs.
    pub fn kiosk_runs(&mut self) -> bool {
        self.kiosk.as_mut().is_some_and(Process::is_running)
    }

    /// The kiosk's process number, while it was started.
    pub fn kiosk_pid(&self) -> Option<u32> {
        self.kiosk.as_ref().map(Process::id)
    }

    /// Another glass for the next start of the kiosk.
    pub fn resize(&mut self, size: (u32, u32)) {
        self.plan.size = size;
    }

    /// The screen, for a headless kiosk.
    pub fn screen(&self) -> Screen {
        Screen::at(&self.control_socket())
    }

    /// Signs an officer in.
    ///
    /// # Errors
    /// When there is no such counter or the hall service does not let them in.
    pub fn officer(&self, counter: u8) -> Result<Officer, RigError> {
        let pin = self.pins.get(&counter).ok_or(RigError::NoCounter(counter))?;
        Ok(Officer::sign_in(&self.hall_address(), counter, pin)?)
    }

    /// Waits until the kiosk's page on the state of the machine says that the printer is well.
    ///
    /// # Errors
    /// When it does not within 20 s.
    pub fn wait_printer_ready(&self) -> Result<(), RigError> {
        let page = format!("{}/may", self.hall_address());
        let agent = officer::agent();
        let ready = || {
            let text = agent.get(&page).call().ok()?.body_mut().read_to_string().ok()?;
            text.contains("Máy in phiếu: hoạt động tốt").then_some(())
        };
        Ok(clock::until("the printer to be ready", Duration::from_secs(20), ready)?)
    }

    /// Presses a key of a counter's rating keypad.
    ///
    /// # Errors
    /// When there is no such counter or key, or the cable is out.
    pub fn press_key(&self, counter: u8, key: u8) -> Result<(), RigError> {
        let keypad = self.keypad(counter)?;
        keypad.press(key).map_err(|source| RigError::Device { device: format!("keypad {counter}"), source })
    }

    /// A counter's rating keypad.
    ///
    /// # Errors
    /// When there is no such counter.
    pub fn keypad(&self, counter: u8) -> Result<&FakeKeypad, RigError> {
        self.keypads.get(&counter).ok_or(RigError::NoCounter(counter))
    }

    /// Holds a code before the scanner.
    ///
    /// # Errors
    /// When its cable is out.
    pub fn scan(&self, code: &str) -> Result<(), RigError> {
        self.scanner.scan(code).map_err(|source| RigError::Device { device: "scanner".to_owned(), source })
    }

    /// What the shipped configuration says of this hall.
    pub fn settings(&self) -> &HallSettings {
        &self.settings.hall
    }

    /// The counters and their PINs.
    pub fn pins(&self) -> &BTreeMap<u8, String> {
        &self.pins
    }

    /// Address of the hall service, without a slash at its end.
    pub fn hall_address(&self) -> String {
        format!("http://127.0.0.1:{}", self.hall_port.number())
    }

    /// Address of the district server as the kiosk knows it: the near end of the line.
    pub fn server_seen_by_kiosk(&self) -> String {
        format!("http://{}", self.line.near())
    }

    /// The hall's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The kiosk's data folder.
    pub fn kiosk_data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The kiosk's database.
    pub fn kiosk_database(&self) -> PathBuf {
        self.kiosk_data().join("hall.db")
    }

    /// The log of the kiosk, of all its runs.
    pub fn kiosk_log(&self) -> PathBuf {
        self.folder.join("log/kiosk.log")
    }

    fn control_socket(&self) -> PathBuf {
        self.folder.join("dev/glass")
    }
}

fn as_strs(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

/// The last lines of a log.
fn end_of(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines.iter().skip(lines.len().saturating_sub(5)).copied().collect::<Vec<_>>().join(" | ")
}
