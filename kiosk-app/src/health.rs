//! What the kiosk proves of itself, for whoever decides whether a new image may stay: one small file, written anew when
//! the truth changes.
//!
//! ```text
//! <runtime folder>/health.json
//! {"version":"0.1.0","first_frame":true,"database":true,"data_writable":true,"printer":"ready|absent|fault|unknown"}
//! ```

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use kiosk_core::event::{Device, Event, Health as Condition};
use serde::Serialize;

const NAME: &str = "health.json";
/// Written and removed again to see whether the data folder takes files.
const PROBE: &str = "writable.probe";

/// The file, and what it says now. Clones speak for the same file; without a folder nothing is written.
#[derive(Clone, Debug)]
pub struct Health(Arc<Mutex<Told>>);

#[derive(Debug)]
struct Told {
    path: Option<PathBuf>,
    truth: Truth,
    written: Option<Truth>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Truth {
    version: &'static str,
    first_frame: bool,
    database: bool,
    data_writable: bool,
    printer: &'static str,
}

impl Health {
    /// Begins with nothing proven and says so in `folder`, so that what an earlier run said does not count.
    pub fn begin(folder: Option<&Path>) -> Self {
        let path = folder.map(|folder| folder.join(NAME));
        let truth = Truth {
            version: env!("CARGO_PKG_VERSION"),
            first_frame: false,
            database: false,
            data_writable: false,
            printer: "unknown",
        };
        let health = Self(Arc::new(Mutex::new(Told { path, truth, written: None })));
        health.say(|_| {});
        health
    }

    /// A page was drawn and stands on the glass.
    pub fn first_frame(&self) {
        self.say(|truth| truth.first_frame = true);
    }

    /// Whether the database is open and sound.
    pub fn database(&self, sound: bool) {
        self.say(|truth| truth.database = sound);
    }

    /// Whether writes reach the data folder.
    pub fn data_writable(&self, writable: bool) {
        self.say(|truth| truth.data_writable = writable);
    }

    /// Tries to write into the data folder.
    pub fn probe(&self, data: &Path) {
        self.data_writable(write_probe(data).is_ok());
    }

    /// There is no printer in the configuration.
    pub fn no_printer(&self) {
        self.say(|truth| truth.printer = "absent");
    }

    /// Follows the printer; every event may be given.
    pub fn observe(&self, event: &Event) {
        if let Event::DeviceChanged { device: Device::Printer, health } = event {
            let word = match health {
                // Not known before it has answered.
                Condition::Starting => return,
                Condition::Ready | Condition::Degraded(_) => "ready",
                Condition::Absent => "absent",
                Condition::Blocked(_) | Condition::Failed => "fault",
            };
            self.say(|truth| truth.printer = word);
        }
    }

    fn say(&self, change: impl FnOnce(&mut Truth)) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut told.truth);
        let Some(path) = told.path.clone().filter(|_| told.written.as_ref() != Some(&told.truth)) else {
            return;
        };
        match write(&path, &told.truth) {
            Ok(()) => told.written = Some(told.truth.clone()),
            // Said again with the next change.
            Err(error) => {
                tracing::warn!(?path, %error, "health-unwritten: a new image cannot be vouched for")
            }
        }
    }
}

/// Whole or not at all: whoever reads finds the old text or the new one.
fn write(path: &Path, truth: &Truth) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = File::create(&beside)?;
    file.write_all(&serde_json::to_vec(truth)?)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

fn write_probe(data: &Path) -> io::Result<()> {
    let path = data.join(PROBE);
    let mut file = File::create(&path)?;
    file.write_all(b"writable")?;
    file.sync_all()?;
    fs::remove_file(&path)
}

#[cfg(test)]
mod tests {
    use kiosk_core::event::DeviceCause;

    use super::*;

    fn said(folder: &Path) -> String {
        fs::read_to_string(folder.join(NAME)).unwrap()
    }

    fn printer(health: Condition) -> Event {
        Event::DeviceChanged { device: Device::Printer, health }
    }

    #[test]
    fn the_file_says_what_is_proven_and_nothing_before() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(NAME), "what an earlier run said").unwrap();
        let health = Health::begin(Some(folder.path()));
        let text = |first_frame, database, writable, printer| {
            format!(
                "{{\"version\":\"{}\",\"first_frame\":{first_frame},\"database\":{database},\
                 \"data_writable\":{writable},\"printer\":\"{printer}\"}}",
                env!("CARGO_PKG_VERSION")
            )
        };
        assert_eq!(said(folder.path()), text(false, false, false, "unknown"));
        health.first_frame();
        health.clone().database(true);
        health.probe(folder.path());
        assert_eq!(said(folder.path()), text(true, true, true, "unknown"));
        health.probe(&folder.path().join("not there"));
        health.database(false);
        assert_eq!(said(folder.path()), text(true, false, false, "unknown"));
        for (event, word) in [
            (printer(Condition::Starting), "unknown"),
            (printer(Condition::Absent), "absent"),
            (printer(Condition::Starting), "absent"),
            (printer(Condition::Ready), "ready"),
            (Event::DeviceChanged { device: Device::Scanner, health: Condition::Failed }, "ready"),
            (printer(Condition::Blocked(vec![DeviceCause::CoverOpen])), "fault"),
            (printer(Condition::Degraded(vec![DeviceCause::PaperNearEnd])), "ready"),
        ] {
            health.observe(&event);
            assert_eq!(said(folder.path()), text(true, false, false, word), "{event:?}");
        }
    }

    #[test]
    fn nothing_is_written_when_nothing_changed_and_nothing_fails_without_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let health = Health::begin(Some(folder.path()));
        fs::remove_file(folder.path().join(NAME)).unwrap();
        health.database(false);
        assert!(!folder.path().join(NAME).exists());
        let nowhere = Health::begin(None);
        nowhere.first_frame();
        nowhere.no_printer();
        assert!(fs::read_dir(folder.path()).unwrap().next().is_none());
    }
}
