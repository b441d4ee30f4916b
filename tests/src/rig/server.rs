//! The district server of the hall.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use kiosk_core::settings::HallSettings;

use super::{Port, RigError, START_TIMEOUT, as_strs, at, end_of, receipts};
use crate::clock;
use crate::officer;
use crate::process::{self, Process};

/// A district server with a data folder, an address and one leader's account.
pub struct DistrictServer {
    folder: PathBuf,
    log: PathBuf,
    address: SocketAddr,
    _port: Port,
    code: String,
    process: Option<Process>,
}

impl DistrictServer {
    /// Makes settings and a dossier file in its drop folder. It does not run yet. `folder` must have the folders `log` and
    /// `server`.
    ///
    /// # Errors
    /// When the program is not built or a file cannot be written.
    pub fn set_up(folder: &Path, hall: &HallSettings, port: Port) -> Result<Self, RigError> {
        let server = Self {
            folder: folder.join("server"),
            log: folder.join("log/district-server.log"),
            address: SocketAddr::from(([127, 0, 0, 1], port.number())),
            _port: port,
            code: String::new(),
            process: None,
        };
        let settings = format!(
            "unit_name = \"Trung tâm Phục vụ hành chính công (mẫu)\"\n\n[[hall]]\nid = \"{}\"\nname = \"{}\"\n",
            hall.hall,
            hall.unit_lines.join(", "),
        );
        fs::write(server.settings(), settings).map_err(at(&server.settings()))?;
        let drop = server.folder.join("drop");
        fs::create_dir_all(&drop).map_err(at(&drop))?;
        let file = drop.join("ho-so.csv");
        fs::write(&file, receipts::csv(clock::unix_secs())).map_err(at(&file))?;
        Ok(server)
    }

    /// Where it listens, behind the line.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The sign-in code of its leader; empty before the first start.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Its database.
    pub fn database(&self) -> PathBuf {
        self.folder.join("district.db")
    }

    /// The log of all its runs.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// A one-time token for a kiosk. The server must have run.
    ///
    /// # Errors
    /// When the server cannot make one.
    pub fn token(&self, kiosk: &str, hall: &str) -> Result<String, RigError> {
        self.run(&["enrol-token", "--kiosk", kiosk, "--hall", hall])
    }

    /// Orders a bundle for a kiosk; what the server said of it. The server must have run.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn order_update(&self, kiosk: &str, bundle: &Path) -> Result<String, RigError> {
        self.run(&["order-update", "--kiosk", kiosk, "--bundle", &bundle.to_string_lossy()])
    }

    /// Starts it and waits until it answers.
    ///
    /// # Errors
    /// When it does not come up; the error carries the end of its log.
    pub fn start(&mut self) -> Result<(), RigError> {
        let address = self.address.to_string();
        let arguments = self.arguments(&["serve", "--listen", &address]);
        self.process = Some(Process::start("district-server", &as_strs(&arguments), &self.log)?);
        let agent = officer::agent();
        let health = format!("http://{address}/healthz");
        let answers =
            || agent.get(&health).call().ok().filter(|answer| answer.status().is_success()).map(drop);
        clock::until("the district server", START_TIMEOUT, answers).map_err(|source| RigError::NotUp {
            what: "district server",
            said: end_of(&self.log),
            source,
        })?;
        if self.code.is_empty() {
            self.code = self.run(&["account", "--name", "lanh-dao"])?;
        }
        Ok(())
    }

    /// Asks it to end and waits until it has.
    ///
    /// # Errors
    /// When it does not end in time; it is killed then.
    pub fn stop(&mut self) -> Result<(), RigError> {
        match self.process.take() {
            Some(mut process) => Ok(process.stop()?),
            None => Ok(()),
        }
    }

    /// kill -9 of the server.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill();
        }
    }

    /// Whether it runs.
    pub fn runs(&mut self) -> bool {
        self.process.as_mut().is_some_and(Process::is_running)
    }

    fn settings(&self) -> PathBuf {
        self.folder.join("district.toml")
    }

    fn run(&self, command: &[&str]) -> Result<String, RigError> {
        Ok(process::run("district-server", &as_strs(&self.arguments(command)))?.trim().to_owned())
    }

    /// A command line with this server's settings and folder.
    fn arguments(&self, command: &[&str]) -> Vec<String> {
        let (settings, data) = (self.settings().display().to_string(), self.folder.display().to_string());
        let folders = ["--config", &settings, "--data", &data];
        command.iter().chain(&folders).map(|text| (*text).to_owned()).collect()
    }
}
