//! The commands beside `run`: for a technician at a terminal, and for scripts.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use kiosk_core::id::CounterId;

use crate::clock::Clock;
use crate::config::{self, Settings};
use crate::devices;
use crate::hall::pins::{PinBook, PinError};
use crate::options::Folders;
use crate::report::{self, EnrolError, EnrolPlace};
use crate::run;
use crate::store::{self, StoreError};

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// Nothing usable in the configuration.
    #[error("the configuration gives no hall; remedy: kiosk-app check-config with the same --config")]
    NoHall,
    /// The PIN file.
    #[error("no new PINs; remedy: run this as the kiosk's user, with its data folder as --data")]
    Pins(#[from] PinError),
    /// The enrolment.
    #[error("not enrolled")]
    Enrol(#[from] EnrolError),
    /// The database.
    #[error(
        "the reports in {folder} cannot be read; remedy: give the kiosk's data folder with --data, and run this as its user"
    )]
    Store {
        /// The data folder.
        folder: PathBuf,
        /// Why.
        source: StoreError,
    },
    /// The data folder.
    #[error(
        "data folder {path} cannot be made; remedy: give another with --data, or run this as the kiosk's user"
    )]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Output.
    #[error("the output cannot be written")]
    Write(#[from] io::Error),
}

/// Prints every fault of the configuration, or that there is none, and says whether there is none.
///
/// # Errors
/// When the report cannot be written.
pub fn check_config(folders: &Folders, out: &mut impl Write) -> Result<bool, CommandError> {
    let loaded = config::load(&folders.config);
    writeln!(out, "{loaded}")?;
    Ok(loaded.faults.is_empty())
}

/// Makes new PINs and prints them; the old ones lapse at the next start of the kiosk.
///
/// # Errors
/// When the PIN file cannot be written.
pub fn pins(folders: &Folders, json: bool, out: &mut impl Write) -> Result<(), CommandError> {
    let settings = settings(folders)?;
    let counters: Vec<CounterId> = settings.hall.counters.iter().map(|counter| counter.id).collect();
    make_folder(&folders.data)?;
    let mut book = PinBook::empty(&folders.data.join(run::PINS));
    let fresh = book.renew(&counters, run::random)?;
    if json {
        let pairs: Vec<String> = fresh
            .plain()
            .map(|(counter, pin)| format!("{{\"counter\":{counter},\"pin\":\"{pin}\"}}"))
            .collect();
        writeln!(out, "[{}]", pairs.join(","))?;
    } else {
        for line in fresh.slip_lines() {
            writeln!(out, "{line}")?;
        }
        writeln!(out, "Khởi động lại máy lấy số để các mã PIN này có hiệu lực.")?;
    }
    out.flush()?;
    book.slip_printed()?;
    Ok(())
}

/// Makes this kiosk known to its district server.
///
/// # Errors
/// When the server cannot be asked or refuses; what it says is in the error.
pub fn enrol(folders: &Folders, server: &str, token: &str, out: &mut impl Write) -> Result<(), CommandError> {
    let settings = settings(folders)?;
    make_folder(&folders.data)?;
    let place = EnrolPlace { kiosk: &settings.kiosk.kiosk, hall: settings.hall.hall.as_str() };
    let now = Clock::start().now().wall;
    let enrolment = report::enrol(&folders.data, server, token, place, run::random()?, now)?;
    writeln!(
        out,
        "Đã ghi danh: máy {}, đơn vị {}, máy chủ {}.",
        enrolment.kiosk, enrolment.hall, enrolment.server
    )?;
    writeln!(out, "Khởi động lại máy lấy số để bắt đầu gửi báo cáo.")?;
    Ok(())
}

/// Prints the lines that stand on every ticket the same, as `drv nv-write` reads them.
///
/// # Errors
/// When there is no hall, or the output cannot be written.
pub fn ticket_lines(folders: &Folders, out: &mut impl Write) -> Result<(), CommandError> {
    let settings = settings(folders)?;
    let has_link = run::link_base(&settings, &folders.data).is_some();
    write!(out, "{}", devices::ticket_lines(&settings.hall, has_link))?;
    out.flush()?;
    Ok(())
}

/// Prints every report that is kept, sent or not, oldest first, one JSON object a line. The kiosk may be running.
///
/// # Errors
/// When there is no database or it cannot be read.
pub fn export(folders: &Folders, out: &mut impl Write) -> Result<(), CommandError> {
    let unreadable = |source| CommandError::Store { folder: folders.data.clone(), source };
    for event in store::kept_events(&folders.data).map_err(unreadable)? {
        writeln!(out, "{event}")?;
    }
    Ok(())
}

fn make_folder(folder: &Path) -> Result<(), CommandError> {
    let failed = |source| CommandError::Folder { path: folder.to_owned(), source };
    std::fs::create_dir_all(folder).map_err(failed)
}

fn settings(folders: &Folders) -> Result<Settings, CommandError> {
    config::load(&folders.config).settings.ok_or(CommandError::NoHall)
}
