//! What was seen, for people and for machines: a line each, and `report.json`.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The figures of all runs, by scenario; a scenario that runs again replaces its own.
pub struct Report {
    path: PathBuf,
    scenarios: BTreeMap<String, BTreeMap<String, Value>>,
}

impl Report {
    /// Goes on with the report in a folder.
    pub fn open(folder: &Path) -> Self {
        let path = folder.join("report.json");
        let scenarios = fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Self { path, scenarios: scenarios.unwrap_or_default() }
    }

    /// Forgets what a scenario said before.
    pub fn begin(&mut self, scenario: &str) {
        self.scenarios.insert(scenario.to_owned(), BTreeMap::new());
    }

    /// Notes a figure, prints it, and writes the report.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn note(&mut self, scenario: &str, name: &str, value: impl Into<Value>) -> io::Result<()> {
        let value = value.into();
        say(&format!("{scenario}: {name} = {value}"));
        self.scenarios.entry(scenario.to_owned()).or_default().insert(name.to_owned(), value);
        fs::write(&self.path, serde_json::to_string_pretty(&self.scenarios)?)
    }
}

/// A line for the person who waits.
pub fn say(text: &str) {
    // Nobody reads any more: the report is written all the same.
    let _closed = writeln!(io::stdout(), "image-rig: {text}");
}
