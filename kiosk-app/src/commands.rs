//! The commands beside `run`: for a technician at a terminal, and for scripts.

use std::io::Write;

use kiosk_core::id::CounterId;

use crate::clock::Clock;
use crate::config::{self, Settings};
use crate::hall::pins::{PinBook, PinError};
use crate::options::Folders;
use crate::report::{self, EnrolError};
use crate::run;
use crate::store::{self, StoreError};

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The configuration has faults; they were printed.
    #[error("the configuration has {0} faults; each is printed above with its remedy")]
    Faults(usize),
    /// Nothing usable in the configuration.
    #[error("the configuration gives no hall; remedy: kiosk-app check-config")]
    NoHall,
    /// The PIN file.
    #[error(transparent)]
    Pins(#[from] PinError),
    /// The enrolment.
    #[error("not enrolled")]
    Enrol(#[from] EnrolError),
    /// The database.
    #[error("the reports cannot be read")]
    Store(#[from] StoreError),
    /// Output or data folder.
    #[error("cannot write")]
    Write(#[from] std::io::Error),
}

/// Prints every fault of the configuration, or that there is none.
///
/// # Errors
/// When there are faults, so that a script notices.
pub fn check_config(folders: &Folders, out: &mut impl Write) -> Result<(), CommandError> {
    let loaded = config::load(&folders.config);
    writeln!(out, "{loaded}")?;
    if loaded.faults.is_empty() { Ok(()) } else { Err(CommandError::Faults(loaded.faults.len())) }
}

/// Makes new PINs and prints them; the old ones lapse at the next start of the kiosk.
///
/// # Errors
/// When the PIN file cannot be written.
pub fn pins(folders: &Folders, json: bool, out: &mut impl Write) -> Result<(), CommandError> {
    let settings = settings(folders)?;
    let counters: Vec<CounterId> = settings.hall.counters.iter().map(|counter| counter.id).collect();
    std::fs::create_dir_all(&folders.data)?;
    let mut book = PinBook::open(&folders.data.join(run::PINS))?;
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
    let kiosk = settings(folders)?.kiosk.kiosk;
    std::fs::create_dir_all(&folders.data)?;
    let now = Clock::start().now().wall;
    let enrolment = report::enrol(&folders.data, server, token, &kiosk, run::random()?, now)?;
    writeln!(
        out,
        "Đã ghi danh: máy {}, đơn vị {}, máy chủ {}.",
        enrolment.kiosk, enrolment.hall, enrolment.server
    )?;
    writeln!(out, "Khởi động lại máy lấy số để bắt đầu gửi báo cáo.")?;
    Ok(())
}

/// Prints every report that is kept, sent or not, oldest first, one JSON object a line. The kiosk may be running.
///
/// # Errors
/// When there is no database or it cannot be read.
pub fn export(folders: &Folders, out: &mut impl Write) -> Result<(), CommandError> {
    for event in store::kept_events(&folders.data)? {
        writeln!(out, "{event}")?;
    }
    Ok(())
}

fn settings(folders: &Folders) -> Result<Settings, CommandError> {
    config::load(&folders.config).settings.ok_or(CommandError::NoHall)
}
