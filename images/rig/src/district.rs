//! A district server on the host, as the kiosk reaches it over its network.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::clock::{self, TooLate};
use crate::machine::{end_of, free_port};
use crate::officer;

/// A dossier that the server knows, and what it is about.
pub const DOSSIER: (&str, &str) = ("H40.16.24-261105-0001", "Đăng ký khai sinh");

/// Why the server could not be used.
#[derive(Debug, thiserror::Error)]
pub enum DistrictError {
    /// A file of it.
    #[error("cannot use {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It failed.
    #[error("district-server {command} failed: {said}")]
    Failed {
        /// What was asked.
        command: String,
        /// What it said.
        said: String,
    },
    /// It did not come up.
    #[error("district-server is not up: {said}")]
    NotUp {
        /// The end of its log.
        said: String,
        /// How long was waited.
        #[source]
        source: TooLate,
    },
    /// Its database.
    #[error("its database cannot be read")]
    Database(#[from] rusqlite::Error),
}

/// A running district server; it ends when dropped.
pub struct District {
    folder: PathBuf,
    port: u16,
    child: Child,
}

impl District {
    /// Starts a server for the hall in a folder, with what it has there from before. The program lies beside this one.
    ///
    /// # Errors
    /// When it is not built or does not come up.
    pub fn start(folder: &Path, hall: &str) -> Result<Self, DistrictError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| DistrictError::File { path, source }
        };
        let drop = folder.join("drop");
        fs::create_dir_all(&drop).map_err(failed(&drop))?;
        let settings = folder.join("district.toml");
        let text =
            format!("unit_name = \"Quận mẫu\"\n\n[[hall]]\nid = \"{hall}\"\nname = \"Trung tâm mẫu\"\n");
        fs::write(&settings, text).map_err(failed(&settings))?;
        let rows = drop.join("ho-so.csv");
        fs::write(&rows, dossiers()).map_err(failed(&rows))?;
        let port = same_port(folder).map_err(failed(Path::new("a port of loopback")))?;
        let log = folder.join("server.log");
        let out = File::create(&log).map_err(failed(&log))?;
        let child = Command::new(program())
            .args(["serve", "--listen", &format!("127.0.0.1:{port}")])
            .args(folders(folder))
            .stdin(Stdio::null())
            .stderr(out.try_clone().map_err(failed(&log))?)
            .stdout(out)
            .spawn()
            .map_err(failed(&program()))?;
        let server = Self { folder: folder.to_owned(), port, child };
        let health = format!("http://127.0.0.1:{port}/healthz");
        let up = clock::until("the district server", Duration::from_secs(60), || officer::page(&health).ok());
        up.map_err(|source| DistrictError::NotUp { said: end_of(&log), source })?;
        Ok(server)
    }

    /// Its port on the host.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its address inside the emulated machine.
    pub fn address_inside(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A one-time token for a kiosk.
    ///
    /// # Errors
    /// When the server makes none.
    pub fn token(&self, kiosk: &str, hall: &str) -> Result<String, DistrictError> {
        self.run(&["enrol-token", "--kiosk", kiosk, "--hall", hall])
    }

    /// Makes a kiosk's key worth nothing.
    ///
    /// # Errors
    /// When the server knows no such kiosk.
    pub fn revoke(&self, kiosk: &str) -> Result<(), DistrictError> {
        self.run(&["revoke", "--kiosk", kiosk]).map(drop)
    }

    fn database(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Connection::open_with_flags(self.folder.join("district.db"), flags)
    }

    fn run(&self, command: &[&str]) -> Result<String, DistrictError> {
        let failed = |said: String| DistrictError::Failed { command: command.join(" "), said };
        let output = Command::new(program()).args(command).args(folders(&self.folder)).output();
        let output = output.map_err(|error| failed(error.to_string()))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
        }
        Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
    }

    /// Whether a kiosk has enrolled.
    ///
    /// # Errors
    /// When its database cannot be read.
    pub fn knows(&self, kiosk: &str) -> Result<bool, DistrictError> {
        let query = "SELECT count(*) FROM kiosks WHERE id = ?1 AND revoked = 0";
        let count: i64 = self.database()?.query_row(query, [kiosk], |row| row.get(0))?;
        Ok(count > 0)
    }

    /// Events of a type that it took, their bytes, in order.
    ///
    /// # Errors
    /// When its database cannot be read.
    pub fn events(&self, kind: &str) -> Result<Vec<String>, DistrictError> {
        let database = self.database()?;
        let mut query = database.prepare("SELECT raw FROM events WHERE type LIKE ?1 ORDER BY row")?;
        let rows = query.query_map([format!("%{kind}%")], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Drop for District {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// The port that the folder's server had before: kiosks that are enrolled there know it by that.
fn same_port(folder: &Path) -> io::Result<u16> {
    let note = folder.join("port");
    if let Some(port) = fs::read_to_string(&note).ok().and_then(|text| text.trim().parse().ok()) {
        return Ok(port);
    }
    let port = free_port()?;
    fs::write(&note, port.to_string())?;
    Ok(port)
}

fn folders(folder: &Path) -> [String; 4] {
    let settings = folder.join("district.toml").display().to_string();
    ["--config".to_owned(), settings, "--data".to_owned(), folder.display().to_string()]
}

/// The program of this workspace that lies beside the running one.
fn program() -> PathBuf {
    let mut path = std::env::current_exe().unwrap_or_default();
    path.pop();
    path.join("district-server")
}

/// The drop folder's file, as a neighbouring system would write it.
fn dossiers() -> String {
    let (code, procedure) = DOSSIER;
    format!(
        "Mã hồ sơ,Mã TTHC,Tên TTHC,Chủ hồ sơ,Địa chỉ,Điện thoại,Trạng thái,Ngày tiếp nhận,Ngày hẹn trả,Đơn vị xử lý\n\
         {code},1.001193,{procedure},Canary Nguyễn Thị Chim,thôn Canary,0987654321,Đang xử lý,05/11/2026,27/11/2026,\
         UBND xã Đơn Dương\n"
    )
}
