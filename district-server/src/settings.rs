//! The server's settings: a TOML file, every member optional, unknown members refused.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("settings file {path} cannot be read; give its path with --config or leave it out")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not these settings.
    #[error("settings file {path} has a fault")]
    Toml {
        /// The file.
        path: PathBuf,
        /// Line, column and reason.
        source: Box<toml::de::Error>,
    },
    /// A value cannot be meant.
    #[error("settings file {path}: {fault}")]
    Value {
        /// The file.
        path: PathBuf,
        /// What and what instead.
        fault: String,
    },
}

/// A hall as pages name it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HallName {
    /// Id, as in the enrolment of its kiosks.
    pub id: String,
    /// Name for people.
    pub name: String,
}

/// A rating scale as pages show it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    /// Labels from the least satisfied to the most.
    pub labels: Vec<String>,
    /// From this value on a rating counts as satisfied.
    pub satisfied_from: u8,
}

/// All settings with their defaults.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Address to listen on; loopback unless a reverse proxy with TLS stands before it.
    pub listen: SocketAddr,
    /// Folder of database, secret and drop folder.
    pub data_dir: PathBuf,
    /// Name of the unit, in the head of every page.
    pub unit_name: String,
    /// People reach the pages over HTTPS: session cookies are then marked `Secure`.
    pub https: bool,
    /// Field and status map of the dossier import; the built-in sample if absent.
    pub import_map: Option<PathBuf>,
    /// Halls by name. A hall that is not listed is shown by its id.
    #[serde(rename = "hall")]
    pub halls: Vec<HallName>,
    /// Rating scales by id.
    pub scales: BTreeMap<String, Scale>,
    /// Milliseconds a kiosk waits between batches.
    pub pace_ms: u64,
    /// A kiosk silent for longer than this is shown as lost, minutes.
    pub silent_after_mins: u32,
}

impl Default for Settings {
    fn default() -> Self {
        let scale = |labels: &[&str], satisfied_from| Scale {
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            satisfied_from,
        };
        let five = ["Rất không hài lòng", "Không hài lòng", "Bình thường", "Hài lòng", "Rất hài lòng"];
        let four = ["Rất không hài lòng", "Không hài lòng", "Hài lòng", "Rất hài lòng"];
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8480)),
            data_dir: PathBuf::from("district-data"),
            unit_name: "Bộ phận Một cửa".to_owned(),
            https: false,
            import_map: None,
            halls: Vec::new(),
            scales: BTreeMap::from([
                ("vn3".to_owned(), scale(&["Không hài lòng", "Hài lòng", "Rất hài lòng"], 2)),
                ("vn5".to_owned(), scale(&five, 4)),
                ("hon4".to_owned(), scale(&four, 3)),
            ]),
            pace_ms: 200,
            silent_after_mins: 10,
        }
    }
}

impl Settings {
    /// Reads settings from a file.
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| SettingsError::File { path: path.to_owned(), source })?;
        let settings: Self = toml::from_str(&text)
            .map_err(|source| SettingsError::Toml { path: path.to_owned(), source: Box::new(source) })?;
        match settings.fault() {
            Some(fault) => Err(SettingsError::Value { path: path.to_owned(), fault }),
            None => Ok(settings),
        }
    }

    /// Name of a hall for people.
    #[must_use]
    pub fn hall_name<'a>(&'a self, id: &'a str) -> &'a str {
        self.halls.iter().find(|hall| hall.id == id).map_or(id, |hall| &hall.name)
    }

    /// The database file.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.data_dir.join("district.db")
    }

    /// The file of the server's secret.
    #[must_use]
    pub fn secret_file(&self) -> PathBuf {
        self.data_dir.join("secret.key")
    }

    /// The folder of bundles that were ordered.
    #[must_use]
    pub fn bundle_dir(&self) -> PathBuf {
        self.data_dir.join("bundles")
    }

    /// The folder that dossier files are dropped into.
    #[must_use]
    pub fn drop_dir(&self) -> PathBuf {
        self.data_dir.join("drop")
    }

    fn fault(&self) -> Option<String> {
        if let Some(hall) = self.halls.iter().find(|hall| !kiosk_protocol::is_plain_id(&hall.id)) {
            return Some(format!("hall id {:?} may only have a-z, 0-9, - and _, at most 40", hall.id));
        }
        let bad = self.scales.iter().find(|(_, scale)| {
            scale.satisfied_from == 0 || usize::from(scale.satisfied_from) > scale.labels.len()
        });
        bad.map(|(id, _)| format!("scale {id}: satisfied_from must lie between 1 and the number of labels"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_sample_reads_and_names_its_halls() {
        let settings = Settings::read(Path::new("config/district.toml")).unwrap();
        assert!(!settings.halls.is_empty());
        assert_eq!(settings.hall_name("no-such-hall"), "no-such-hall");
    }

    #[test]
    fn a_faulty_file_is_refused_with_its_place() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("d.toml");
        for (text, word) in [
            ("listen = \"8480\"", "line 1"),
            ("lisen = \"127.0.0.1:1\"", "unknown field"),
            ("[[hall]]\nid = \"Đơn\"\nname = \"x\"", "hall id"),
            ("[scales.s]\nlabels = [\"a\"]\nsatisfied_from = 2", "satisfied_from"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = anyhow::Error::from(Settings::read(&path).unwrap_err());
            assert!(format!("{error:#}").contains(word), "{error:#}");
        }
    }
}
