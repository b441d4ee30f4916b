//! A kiosk made of folders: its firmware is played here, its boot control is the real command.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

pub const WELL: &str =
    r#"{"version":"0.1.0","first_frame":true,"database":true,"data_writable":true,"printer":"absent"}"#;

pub struct Kiosk {
    folder: TempDir,
    boots: u32,
}

impl Kiosk {
    /// A kiosk fresh from the factory, running slot A. `more`: lines for its configuration.
    pub fn new(more: &str) -> Self {
        let kiosk = Self { folder: tempfile::tempdir().unwrap(), boots: 0 };
        for folder in ["bootsel", "data/boot", "update", "dt/chosen/bootloader"] {
            fs::create_dir_all(kiosk.path(folder)).unwrap();
        }
        fs::write(kiosk.path("bootsel/autoboot.txt"), include_str!("../../../generated/autoboot.txt"))
            .unwrap();
        let root = kiosk.path("");
        let root = root.display();
        let config = format!(
            "data = \"{root}/data/boot\"\nrequest = \"{root}/update/install.json\"\nhealth = \"{root}/health.json\"\n\
             bootsel = \"{root}/bootsel\"\ndevice_tree = \"{root}/dt\"\nboot_id = \"{root}/boot_id\"\nlock = \"{root}/lock\"\n\
             restart = [\"touch\", \"{root}/restarted\"]\ndeadline_secs = 1\nsteady_secs = 0\n{more}"
        );
        fs::write(kiosk.path("boot.toml"), config).unwrap();
        Self { boots: 0, ..kiosk }.booted()
    }

    fn booted(mut self) -> Self {
        self.boot();
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Plays the firmware: takes the flag, reads autoboot.txt, says what it did. Gives the partition.
    pub fn boot(&mut self) -> u32 {
        let tryboot = fs::remove_file(self.path("bootsel/tryboot")).is_ok();
        let text = fs::read_to_string(self.path("bootsel/autoboot.txt")).unwrap();
        let numbers: Vec<u32> =
            text.lines().filter_map(|line| line.strip_prefix("boot_partition=")?.parse().ok()).collect();
        let partition = numbers[usize::from(tryboot)];
        self.firmware_says(partition, tryboot);
        partition
    }

    pub fn firmware_says(&mut self, partition: u32, tryboot: bool) {
        self.boots += 1;
        let folder = self.path("dt/chosen/bootloader");
        fs::write(folder.join("partition"), partition.to_be_bytes()).unwrap();
        fs::write(folder.join("tryboot"), u32::from(tryboot).to_be_bytes()).unwrap();
        fs::write(self.path("boot_id"), format!("boot-{}\n", self.boots)).unwrap();
        let _ = fs::remove_file(self.path("health.json"));
        let _ = fs::remove_file(self.path("restarted"));
    }

    pub fn app_is_well(&self) {
        fs::write(self.path("health.json"), WELL).unwrap();
    }

    pub fn request(&self, bundle: &str, version: &str) {
        let text = format!(r#"{{"bundle":"{bundle}","version":"{version}","sha256":"","source":"usb"}}"#);
        fs::write(self.path("update/install.json"), text).unwrap();
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(binary());
        command.arg("--config").arg(self.path("boot.toml"));
        command
    }

    pub fn run(&self, words: &[&str]) -> Output {
        self.command().args(words).output().unwrap()
    }

    /// Runs a command that must end well, and gives its output.
    pub fn well(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert!(output.status.success(), "{words:?}: {}", everything(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn outcome(&self) -> (String, String) {
        let text = fs::read_to_string(self.path("data/boot/outcome.json")).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let field = |name: &str| value[name].as_str().unwrap().to_owned();
        (field("state"), field("reason"))
    }

    pub fn restarted(&self) -> bool {
        self.path("restarted").exists()
    }
}

pub fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_kiosk-bootctl"))
}

pub fn everything(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.clone(), output.stderr.clone()].concat()).into_owned()
}
