//! The rig's own configuration fragment: where the fake devices are, and a hall that never closes.

use std::fs;
use std::path::{Path, PathBuf};

use kiosk_app::config::{self, Settings};

use super::{Hall, RigError, at};

/// From midnight to midnight, so that a rig works at any hour.
const ALWAYS: &str = "[\"00:00-24:00\"]";
const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// The configuration that the repository ships.
pub(super) fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../config")
}

/// The shipped configuration's settings.
pub fn settings() -> Result<Settings, RigError> {
    let loaded = config::load(&[shipped()]);
    let said = loaded.to_string();
    loaded.settings.ok_or(RigError::Printed { program: "the shipped configuration", printed: said })
}

/// Writes the fragment.
pub(super) fn write(hall: &Hall) -> Result<(), RigError> {
    let path = hall.folder.join("config/90-rig.toml");
    fs::write(&path, text(hall)).map_err(at(&path))
}

fn text(hall: &Hall) -> String {
    let mut text = format!(
        "# Written by the rig.\n[server]\nurl = \"{}\"\n\n[service]\nlisten = \"127.0.0.1:{}\"\n\n",
        hall.server_seen_by_kiosk(),
        hall.hall_port.number(),
    );
    text += &format!("[printer]\naddress = \"{}\"\nprofile = \"generic-80\"\n\n", hall.printer.address());
    text += &format!("[scanner]\naddress = \"{}\"\nsuffix = \"cr\"\n", hall.scanner.address());
    for (counter, keypad) in &hall.keypads {
        text += &format!("\n[keypad.{counter}]\naddress = \"{}\"\n", keypad.address());
    }
    text += "\n[opening]\nholidays = []\n";
    text += &always();
    for area in hall.settings.hall.areas.iter().filter(|area| !area.opening.is_empty()) {
        text += &format!("\n[area.{}.opening]\n{}", area.id, always());
    }
    text + "\n" + &hall.plan.more_config
}

fn always() -> String {
    DAYS.map(|day| format!("{day} = {ALWAYS}\n")).concat()
}
