//! `drv nv-write`: lines that are the same on every ticket, into the printer's memory.

use std::os::fd::AsFd;
use std::path::Path;
use std::time::Duration;

use kiosk_drivers::Address;
use kiosk_drivers::clock::Clock;
use kiosk_drivers::document::{Statics, StaticsError};
use kiosk_drivers::printer::{KeyCode, Profile, Reply, StatusParser, StoredLines};
use kiosk_drivers::transport::{Transport, TransportError};
use rustix::event::{EventfdFlags, eventfd};

use crate::trouble::{self, Trouble};
use crate::{page, say};

/// Asks which pictures are kept.
const LIST_KEPT: &[u8] = b"\x1d(L\x04\x000@KC";
/// How long the printer may take to write one picture into its memory, or to answer.
const WRITE_LIMIT: Duration = Duration::from_secs(15);

/// What the kiosk says that stands on its tickets.
fn read_lines(file: &Path) -> Result<Statics, Trouble> {
    let remedy =
        "give the file that the kiosk wrote, unchanged: it uses only what fits its tickets to the dot";
    let text = std::fs::read_to_string(file)
        .map_err(|error| Trouble::device(format!("cannot read {}: {error}", file.display()), remedy))?;
    text.parse()
        .map_err(|error: StaticsError| Trouble::device(format!("{}: {error}", file.display()), remedy))
}

pub(crate) fn nv_write(address: &Address, named: &str, file: &Path) -> Result<(), Trouble> {
    let profile = Profile::find(named)
        .map_err(|error| Trouble::device(format!("{error}"), "drv profiles lists the built-in ones"))?;
    let statics = read_lines(file)?;
    let lines = StoredLines::new(&statics, &page::font()?, &profile)
        .map_err(|error| Trouble::device(format!("{error}"), "shorten the lines"))?
        .ok_or_else(|| {
            Trouble::device(
                format!("profile {} keeps no pictures in the printer", profile.name),
                "nothing to do: the lines are sent with each ticket",
            )
        })?;
    let mut line = trouble::open(address)?;
    let failed = |error: TransportError| {
        Trouble::device(
            format!("{address}: {error}"),
            "check power and cable, then write again: half of it is not used",
        )
    };
    let commands = lines.nv_commands();
    for (number, command) in commands.iter().enumerate() {
        send(line.as_mut(), &command.bytes).map_err(failed)?;
        say(format!("  {} of {}: {} bytes", number + 1, commands.len(), command.bytes.len()))?;
    }
    let kept = ask_kept(line.as_mut()).map_err(failed)?;
    if lines.are_in(&kept) {
        return say(format!("the printer keeps {} lines: it says so itself", statics.blocks().len()));
    }
    Err(Trouble::device(
        "the printer does not say that it keeps the lines",
        "is the profile right (drv detect)? A printer without this memory prints all the same, only slower",
    ))
}

fn send(line: &mut dyn Transport, bytes: &[u8]) -> Result<(), TransportError> {
    let never = eventfd(0, EventfdFlags::CLOEXEC).map_err(std::io::Error::from)?;
    let (clock, mut unsent) = (Clock::start(), bytes);
    while !unsent.is_empty() {
        let count = line.write(unsent)?;
        unsent = unsent.get(count..).unwrap_or_default();
        if clock.now() >= WRITE_LIMIT {
            return Err(TransportError::Line(std::io::ErrorKind::TimedOut.into()));
        }
        if count == 0 {
            line.wait(true, never.as_fd(), WRITE_LIMIT.saturating_sub(clock.now()))?;
        }
    }
    Ok(())
}

fn ask_kept(line: &mut dyn Transport) -> Result<Vec<KeyCode>, TransportError> {
    send(line, LIST_KEPT)?;
    let never = eventfd(0, EventfdFlags::CLOEXEC).map_err(std::io::Error::from)?;
    let (clock, mut parser, mut buffer) = (Clock::start(), StatusParser::new(), [0; 256]);
    while clock.now() < WRITE_LIMIT {
        let count = line.read(&mut buffer)?;
        for byte in buffer.get(..count).unwrap_or_default() {
            if let Some(Reply::KeptPictures(kept)) = parser.push(*byte) {
                return Ok(kept);
            }
        }
        if count == 0 {
            line.wait(false, never.as_fd(), WRITE_LIMIT.saturating_sub(clock.now()))?;
        }
    }
    Ok(Vec::new())
}
