//! `/etc/kiosk-boot.toml`: everything has a default that fits the image, so the file may be empty or missing.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

/// Where it is when nobody says otherwise.
pub const DEFAULT_PATH: &str = "/etc/kiosk-boot.toml";

/// How the firmware is told that the next boot is a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Driver {
    /// A Raspberry Pi: `reboot "0 tryboot"`, which the Pi's own kernel passes on through the firmware's mailbox.
    RpiTryboot,
    /// An emulated machine: a file `tryboot` on the bootsel partition, which whoever plays the firmware removes.
    Sim,
}

/// Where things are.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Driver; by the device tree's `model` when left out.
    pub driver: Option<Driver>,
    /// Folder of record, outcome and copy.
    pub data: PathBuf,
    /// The app's request to install; the bundle lies beside it.
    pub request: PathBuf,
    /// The app's word on its health.
    pub health: PathBuf,
    /// The partition with autoboot.txt; mounted only while it is read or written.
    pub bootsel_device: PathBuf,
    /// A folder that stands for that partition, mounted by somebody else; then `bootsel_device` is not looked at.
    pub bootsel: Option<PathBuf>,
    /// Where bootsel is mounted.
    pub mount_point: PathBuf,
    /// The device tree.
    pub device_tree: PathBuf,
    /// The kernel's id of this boot.
    pub boot_id: PathBuf,
    /// The file that keeps two commands from changing things at once.
    pub lock: PathBuf,
    /// RAUC's command.
    pub rauc: Vec<String>,
    /// The command that restarts the machine in good order.
    pub restart: Vec<String>,
    /// How long, from its start, a health check may take, in seconds; left out, 120 on a Pi and 300 on an emulated machine.
    pub deadline_secs: Option<u64>,
    /// How long everything has to stay well, in seconds.
    pub steady_secs: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            driver: None,
            data: "/data/boot".into(),
            request: "/data/kiosk/update/install.json".into(),
            health: "/run/kiosk/health.json".into(),
            bootsel_device: "/dev/disk/by-partuuid/4b494f53-01".into(),
            bootsel: None,
            mount_point: "/run/kiosk-bootctl/bootsel".into(),
            device_tree: "/proc/device-tree".into(),
            boot_id: "/proc/sys/kernel/random/boot_id".into(),
            lock: "/run/kiosk-bootctl.lock".into(),
            rauc: vec!["rauc".to_owned()],
            restart: vec!["systemctl".to_owned(), "reboot".to_owned()],
            deadline_secs: None,
            steady_secs: 10,
        }
    }
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It does not parse.
    #[error("{} has a fault", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Where and what.
        source: Box<toml::de::Error>,
    },
    /// Nothing says how the firmware is told.
    #[error(
        "no driver for the machine {model:?}; remedy: set driver = \"rpi-tryboot\" or \"sim\" in {DEFAULT_PATH}"
    )]
    Driver {
        /// The device tree's model.
        model: String,
    },
}

impl Config {
    /// Reads the file at `path`, or the default one, which may be missing.
    ///
    /// # Errors
    /// It cannot be read or has a fault.
    pub fn load(path: Option<&Path>) -> Result<Self, ConfigError> {
        let file = path.unwrap_or(Path::new(DEFAULT_PATH));
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if path.is_none() && error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(source) => return Err(ConfigError::Read { path: file.to_owned(), source }),
        };
        toml::from_str(&text)
            .map_err(|error| ConfigError::Parse { path: file.to_owned(), source: Box::new(error) })
    }

    /// How long a health check may take.
    pub fn deadline(&self, driver: Driver) -> Duration {
        Duration::from_secs(self.deadline_secs.unwrap_or(match driver {
            Driver::RpiTryboot => 120,
            // Its host has other things to do.
            Driver::Sim => 300,
        }))
    }

    /// The driver to use.
    ///
    /// # Errors
    /// None is set, and the machine is neither a Raspberry Pi nor an emulated one.
    pub fn driver(&self) -> Result<Driver, ConfigError> {
        if let Some(driver) = self.driver {
            return Ok(driver);
        }
        let model = fs::read_to_string(self.device_tree.join("model")).unwrap_or_default();
        let model = model.trim_end_matches('\0');
        if model.starts_with("Raspberry Pi") {
            Ok(Driver::RpiTryboot)
        } else if model == "linux,dummy-virt" {
            Ok(Driver::Sim)
        } else {
            Err(ConfigError::Driver { model: model.to_owned() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_the_image_as_it_is() {
        assert_eq!(toml::from_str::<Config>("").unwrap(), Config::default());
        assert!(toml::from_str::<Config>("drivr = \"sim\"").is_err());
    }

    #[test]
    fn the_machine_says_which_driver_it_needs() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { device_tree: folder.path().to_owned(), ..Config::default() };
        assert!(config.driver().is_err());
        for (model, driver) in [
            ("Raspberry Pi 4 Model B Rev 1.5\0", Driver::RpiTryboot),
            ("Raspberry Pi 5 Model B Rev 1.0\0", Driver::RpiTryboot),
            ("linux,dummy-virt\0", Driver::Sim),
        ] {
            fs::write(folder.path().join("model"), model).unwrap();
            assert_eq!(config.driver().unwrap(), driver);
        }
        let set = Config { driver: Some(Driver::Sim), ..config };
        fs::write(folder.path().join("model"), "Something else\0").unwrap();
        assert_eq!(set.driver().unwrap(), Driver::Sim);
    }
}
