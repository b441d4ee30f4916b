//! The words in which a person or a script commands a fake device.

use std::time::Duration;

use super::core::PrinterCore;
use super::led::FakeLedPanels;
use super::model::{FakeFault, Person};
use super::printer::FakePrinter;
use super::serial::{FakeKeypad, FakeScanner};

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The device does not know it.
    #[error("unknown command {0:?}; `help` lists them")]
    Unknown(String),
    /// What stands for a fault is none.
    #[error("no fault {0:?}; `help` lists them")]
    Fault(String),
    /// What stands for a number is none.
    #[error("{0:?} is no number that fits here")]
    Number(String),
    /// It is known and did not work.
    #[error("{0}")]
    Failed(#[from] std::io::Error),
}

/// A device that obeys words.
pub trait Commanded: Send + Sync {
    /// Carries out one command; the answer is for whoever gave it, and may be empty.
    ///
    /// # Errors
    /// When the command is unknown or fails; the device is as before.
    fn command(&self, line: &str) -> Result<String, CommandError>;
}

const PRINTER_HELP: &str = "cover open|close, paper end, paper end after ROWS, paper near-end, paper ok (a new roll), \
    paper jam|free, cutter error|ok, head hot|ok, silent on|off, busy on|off, person takes SECONDS, person leaves, take, tear, \
    fault WORD [after BYTES], mend, unplug, plug, power-cycle, status; \
    faults: paper-end near-end cover-open cutter-error paper-jam head-hot unrecoverable silence busy unplug power-loss";
const SCANNER_HELP: &str = "scan TEXT, hex BYTES, flood COUNT, unplug, plug, status";
const KEYPAD_HELP: &str = "press KEY, hold KEY, release, hex BYTES, unplug, plug, status";
const DISPLAY_HELP: &str = "unplug, plug, status";

impl Commanded for FakePrinter {
    fn command(&self, line: &str) -> Result<String, CommandError> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["cover", "open"] => self.with(|core| core.set_cover_open(true)),
            ["cover", "close"] => self.with(|core| core.set_cover_open(false)),
            ["paper", "end"] => self.with(|core| core.set_paper_end(true)),
            ["paper", "end", "after", rows] => {
                let rows = number(rows)?;
                self.with(|core| core.set_paper_rows_left(rows));
            }
            ["paper", "near-end"] => self.with(|core| core.set_near_end(true)),
            ["paper", "ok"] => self.with(PrinterCore::load_roll),
            ["paper", "jam"] => self.with(|core| core.set_paper_jam(true)),
            ["paper", "free"] => self.with(|core| core.set_paper_jam(false)),
            ["head", "hot"] => self.with(|core| core.set_head_hot(true)),
            ["head", "ok"] => self.with(|core| core.set_head_hot(false)),
            ["busy", "on"] => self.with(|core| core.set_busy(true)),
            ["busy", "off"] => self.with(|core| core.set_busy(false)),
            ["person", "takes", seconds] => {
                let person = Person::TakesAfter(Duration::from_secs(number(seconds)?));
                self.with(|core| core.set_person(person));
            }
            ["person", "leaves"] => self.with(|core| core.set_person(Person::Leaves)),
            ["take"] => self.with(PrinterCore::take_presented),
            ["fault", word] => {
                let fault = fault(word)?;
                self.with(|core| core.strike(fault));
            }
            ["fault", word, "after", bytes] => {
                let (fault, bytes) = (fault(word)?, number(bytes)?);
                self.with(|core| core.strike_after(bytes, fault));
            }
            ["tear"] => self.with(PrinterCore::tear_off),
            ["mend"] => self.with(PrinterCore::mend),
            ["cutter", "error"] => self.with(|core| core.set_cutter_error(true)),
            ["cutter", "ok"] => self.with(|core| core.set_cutter_error(false)),
            ["silent", "on"] => self.with(|core| core.set_silent(true)),
            ["silent", "off"] => self.with(|core| core.set_silent(false)),
            ["power-cycle"] => self.with(PrinterCore::power_cycle),
            ["unplug"] => self.unplug(),
            ["plug"] => self.plug(),
            ["status"] => {
                let state = self.with(|core| core.describe());
                return Ok(format!("{} {state}", plugged(self.is_plugged())));
            }
            ["help"] => return Ok(PRINTER_HELP.to_owned()),
            _ => return Err(CommandError::Unknown(line.to_owned())),
        }
        Ok(String::new())
    }
}

impl Commanded for FakeScanner {
    fn command(&self, line: &str) -> Result<String, CommandError> {
        // What follows `scan ` is scanned as it stands, spaces included.
        if let Some(code) = line.strip_prefix("scan ") {
            self.scan(code)?;
            return Ok(String::new());
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["hex", bytes @ ..] => self.send(&hex(bytes)?)?,
            ["flood", count] => self.scan(&"7".repeat(number(count)?))?,
            ["unplug"] => self.unplug(),
            ["plug"] => self.plug()?,
            ["status"] => return Ok(plugged(self.is_plugged()).to_owned()),
            ["help"] => return Ok(SCANNER_HELP.to_owned()),
            _ => return Err(CommandError::Unknown(line.to_owned())),
        }
        Ok(String::new())
    }
}

impl Commanded for FakeKeypad {
    fn command(&self, line: &str) -> Result<String, CommandError> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["press", key] => self.press(number(key)?)?,
            ["hold", key] => self.hold(number(key)?)?,
            ["release"] => self.release()?,
            ["hex", bytes @ ..] => self.send(&hex(bytes)?)?,
            ["unplug"] => self.unplug(),
            ["plug"] => self.plug()?,
            ["status"] => return Ok(plugged(self.is_plugged()).to_owned()),
            ["help"] => return Ok(KEYPAD_HELP.to_owned()),
            _ => return Err(CommandError::Unknown(line.to_owned())),
        }
        Ok(String::new())
    }
}

impl Commanded for FakeLedPanels {
    fn command(&self, line: &str) -> Result<String, CommandError> {
        match line.split_whitespace().collect::<Vec<&str>>().as_slice() {
            ["unplug"] => self.unplug(),
            ["plug"] => self.plug()?,
            ["status"] => {
                let state = self.state();
                let cable = plugged(self.is_plugged());
                return Ok(format!("{cable} shown={:?} frames={}", state.shown, state.frames));
            }
            ["help"] => return Ok(DISPLAY_HELP.to_owned()),
            _ => return Err(CommandError::Unknown(line.to_owned())),
        }
        Ok(String::new())
    }
}

fn plugged(is_plugged: bool) -> &'static str {
    if is_plugged { "cable=in" } else { "cable=out" }
}

fn fault(word: &str) -> Result<FakeFault, CommandError> {
    FakeFault::named(word).ok_or_else(|| CommandError::Fault(word.to_owned()))
}

fn number<N: std::str::FromStr>(digits: &str) -> Result<N, CommandError> {
    digits.parse().map_err(|_| CommandError::Number(digits.to_owned()))
}

fn hex(words: &[&str]) -> Result<Vec<u8>, CommandError> {
    words
        .iter()
        .map(|word| u8::from_str_radix(word, 16).map_err(|_| CommandError::Number((*word).to_owned())))
        .collect()
}
