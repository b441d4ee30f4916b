//! A hall's configuration: TOML fragments in, validated settings and a list of faults out.
//!
//! ```text
//! folders, weakest first       fragment          merged             settings
//!   /usr/lib/kiosk/*.toml  ->  values that   ->  one tree, a    ->  HallSettings (what the rules need)
//!   /run/kiosk/*.toml          know their        later value        KioskSettings (what the shell needs)
//!   /etc/kiosk/*.toml          file and line     wins               every fault, with line and remedy
//! ```
//! A faulty item switches off itself and nothing else: one wrong counter must not close a hall.

mod fault;
mod fields;
mod fragment;
mod hall;
mod hours;
mod items;
mod kiosk;
mod rating;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use kiosk_core::settings::HallSettings;

pub use fault::{Consequence, Fault, FaultKind, Place};
pub use kiosk::{
    DisplaySettings, KeypadSettings, KioskSettings, PrinterSettings, ScanSuffix, ScannerSettings,
};

pub(crate) use kiosk::is_safe_url;

use fields::Fields;

/// Everything the kiosk is told by its configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What the rules need.
    pub hall: HallSettings,
    /// What the shell needs.
    pub kiosk: KioskSettings,
}

/// What came of reading the configuration. `Display` gives the whole report for a technician.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The settings; `None` only when no service area is left to issue numbers for.
    pub settings: Option<Settings>,
    /// Every fault, in the order of files and lines.
    pub faults: Vec<Fault>,
    /// The files read, weakest first.
    pub files: Vec<PathBuf>,
}

/// Reads every `*.toml` of the folders, the first folder being the weakest; within a folder, files are read by name. A
/// folder that does not exist is passed over, as long as another one has a file.
pub fn load(folders: &[impl AsRef<Path>]) -> Loaded {
    let mut faults = Vec::new();
    let (tree, files) = fragment::read(folders, &mut faults);
    if files.is_empty() {
        // Everything else would be missing as well, which says less.
        let folders = folders.iter().map(|folder| folder.as_ref().display().to_string()).collect();
        faults.push(Fault::general(FaultKind::NoFiles { folders }, Consequence::CannotRun));
        faults.sort();
        return Loaded { settings: None, faults, files };
    }
    let mut root = Fields::root(&tree, &mut faults);
    let hall = hall::settings(&mut root);
    let kiosk = kiosk::settings(&mut root, hall.as_ref());
    root.finish();
    if hall.is_none() {
        faults.push(Fault::general(FaultKind::NothingLeft, Consequence::CannotRun));
    }
    faults.sort();
    faults.dedup();
    Loaded { settings: hall.map(|hall| Settings { hall, kiosk }), faults, files }
}

impl std::fmt::Display for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for fault in &self.faults {
            writeln!(f, "{fault}")?;
        }
        match (&self.settings, self.faults.len()) {
            (Some(settings), 0) => write!(
                f,
                "Cấu hình đúng: {} lĩnh vực, {} quầy, {} nhu cầu, {} thủ tục ({} tệp).",
                settings.hall.areas.len(),
                settings.hall.counters.len(),
                settings.hall.errands.len(),
                settings.hall.catalogue.len(),
                self.files.len()
            ),
            (Some(_), faults) => write!(f, "Có {faults} lỗi cấu hình; phần còn lại vẫn chạy."),
            (None, faults) => write!(f, "Có {faults} lỗi cấu hình; máy không thể chạy."),
        }
    }
}
