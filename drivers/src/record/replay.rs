//! Feeds a recording to the machine of today.

use super::mask::unmask;
use super::{Entry, Piece, Recording, Session, Shape};
use crate::clock::Moment;
use crate::health::DeviceHealth;
use crate::keypad::Presses;
use crate::printer::{Command, Machine, Profile};
use crate::scanner::Framer;

/// Why a recording cannot be replayed at all.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ReplayError {
    /// Nobody knows the profile of its printer.
    #[error("no profile is named {0:?}")]
    Profile(String),
}

/// What a replay gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// What the machine of today tells, with the time of the recording.
    pub told: Vec<(Moment, String)>,
    /// Where it first differs from the recorded one.
    pub difference: Option<Difference>,
}

/// The first difference between a recording and its replay.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// Another event.
    #[error("event {number}: recorded {}, replayed {}", or_none(.recorded), or_none(.replayed))]
    Event {
        /// Counted from 1.
        number: usize,
        /// What was told then; `None` when nothing more was.
        recorded: Option<String>,
        /// What is told now; `None` when nothing more is.
        replayed: Option<String>,
    },
    /// The machine of today has less to write than the recorded one wrote.
    #[error("at {at_micros} us: {recorded} bytes were written, the machine of today offers {offered}")]
    Output {
        /// When.
        at_micros: u128,
        /// Bytes that the line took then.
        recorded: usize,
        /// Bytes on offer now.
        offered: usize,
    },
}

fn or_none(event: &Option<String>) -> &str {
    event.as_deref().unwrap_or("nothing")
}

/// Replays a recording. `profile` finds a printer's profile by its name.
///
/// # Errors
/// When the profile is unknown. That the replay differs is no error but a result.
pub fn replay(
    recording: &Recording,
    profile: impl FnOnce(&str) -> Option<Profile>,
) -> Result<Replay, ReplayError> {
    let mut device = match &recording.session {
        Session::Printer { profile: name, in_doubt, bytes_per_sec, void_slip } => {
            let profile = profile(name).ok_or_else(|| ReplayError::Profile(name.clone()))?;
            let machine = Machine::new(profile, commands(void_slip), *in_doubt, *bytes_per_sec);
            Device::Printer(Box::new(machine))
        }
        Session::Scanner { framing, .. } => Device::Scanner(Framer::new(*framing)),
        Session::Keypad { framing, keys } => Device::Keypad(Presses::new(*framing, keys.clone())),
    };
    let scans: Vec<&[Piece]> = recording.entries.iter().filter_map(|(_, entry)| scan_of(entry)).collect();
    let mut scans = unmask(&scans).into_iter();
    let mut told = Vec::new();
    for (at, entry) in &recording.entries {
        let bytes = match scan_of(entry) {
            Some(_) => scans.next().unwrap_or_default(),
            None => Vec::new(),
        };
        if let Some(difference) = device.live(entry, &bytes, *at) {
            return Ok(Replay { told, difference: Some(difference) });
        }
        told.extend(std::iter::from_fn(|| device.next_told()).map(|event| (*at, event)));
    }
    let difference = first_difference(recording, &told);
    Ok(Replay { told, difference })
}

/// Commands of these shapes; the machine does not look at their bytes.
fn commands(shapes: &[Shape]) -> Vec<Command> {
    shapes.iter().map(|shape| Command::new(shape.kind, vec![0; shape.length], shape.dots)).collect()
}

fn scan_of(entry: &Entry) -> Option<&[Piece]> {
    if let Entry::Scanned(pieces) = entry { Some(pieces) } else { None }
}

fn first_difference(recording: &Recording, told: &[(Moment, String)]) -> Option<Difference> {
    let recorded: Vec<&String> = recording.entries.iter().filter_map(|(_, entry)| told_of(entry)).collect();
    (0..recorded.len().max(told.len())).find_map(|index| {
        let recorded = recorded.get(index).map(|event| (*event).clone());
        let replayed = told.get(index).map(|(_, event)| event.clone());
        (recorded != replayed).then_some(Difference::Event { number: index + 1, recorded, replayed })
    })
}

fn told_of(entry: &Entry) -> Option<&String> {
    if let Entry::Told(event) = entry { Some(event) } else { None }
}

enum Device {
    Printer(Box<Machine>),
    Scanner(Framer),
    Keypad(Presses),
}

impl Device {
    fn next_told(&mut self) -> Option<String> {
        match self {
            Self::Printer(machine) => machine.poll_event().map(|event| format!("{event:?}")),
            Self::Scanner(framer) => framer.poll_event().map(|event| format!("{event:?}")),
            Self::Keypad(presses) => presses.poll_event().map(|event| format!("{event:?}")),
        }
    }

    /// Lives through one entry; `scan` are the bytes that stand for a scanner's.
    fn live(&mut self, entry: &Entry, scan: &[u8], now: Moment) -> Option<Difference> {
        match self {
            Self::Printer(machine) => return print(machine, entry, now),
            Self::Scanner(framer) => scan_entry(framer, entry, scan, now),
            Self::Keypad(presses) => press(presses, entry, now),
        }
        None
    }
}

fn print(machine: &mut Machine, entry: &Entry, now: Moment) -> Option<Difference> {
    match entry {
        Entry::Opened => machine.connected(now),
        Entry::Closed(failure) => machine.disconnected(failure.clone()),
        Entry::Received(bytes) => machine.received(bytes, now),
        Entry::Wrote { length, .. } => {
            let offered = machine.pending_output().len();
            if offered < *length {
                return Some(Difference::Output { at_micros: now.as_micros(), recorded: *length, offered });
            }
            machine.wrote(*length, now);
        }
        Entry::Port(status) => machine.port_said(*status, now),
        Entry::AsksKept => machine.ask_kept_pictures(),
        Entry::Tick => machine.tick(now),
        Entry::Job { job, commands: shapes } => machine.start_job(*job, commands(shapes), now),
        Entry::Refused { job, cause } => machine.refuse(*job, *cause),
        Entry::Withdrawn(count) => machine.withdrawn(*count),
        Entry::Scanned(_) | Entry::Armed(_) | Entry::Told(_) => {}
    }
    None
}

fn scan_entry(framer: &mut Framer, entry: &Entry, scan: &[u8], now: Moment) {
    match entry {
        Entry::Opened => framer.connected(),
        Entry::Closed(failure) => framer.disconnected(health_of(failure)),
        Entry::Received(bytes) => framer.received(bytes, now),
        Entry::Scanned(_) => framer.received(scan, now),
        Entry::Armed(is_armed) => framer.set_armed(*is_armed),
        Entry::Tick => framer.tick(now),
        Entry::Wrote { .. }
        | Entry::Withdrawn(_)
        | Entry::AsksKept
        | Entry::Port(_)
        | Entry::Job { .. }
        | Entry::Refused { .. }
        | Entry::Told(_) => {}
    }
}

fn press(presses: &mut Presses, entry: &Entry, now: Moment) {
    match entry {
        Entry::Opened => presses.connected(),
        Entry::Closed(failure) => presses.disconnected(health_of(failure)),
        Entry::Received(bytes) => presses.received(bytes, now),
        Entry::Tick => presses.tick(now),
        Entry::Scanned(_)
        | Entry::Armed(_)
        | Entry::Wrote { .. }
        | Entry::Withdrawn(_)
        | Entry::AsksKept
        | Entry::Port(_)
        | Entry::Job { .. }
        | Entry::Refused { .. }
        | Entry::Told(_) => {}
    }
}

fn health_of(failure: &Option<String>) -> DeviceHealth {
    failure.clone().map_or(DeviceHealth::Absent, DeviceHealth::Failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VOTE: &str = "kiosk-recording 1 keypad framing=byte keys=51=3,52=4\n0 open\n1 told Health(Ready)\n\
        900000 in 33\n900001 told Pressed(3)\n";

    fn replayed(text: &str) -> Option<String> {
        let recording = text.parse().unwrap();
        replay(&recording, Profile::named).unwrap().difference.map(|difference| difference.to_string())
    }

    #[test]
    fn a_replay_that_differs_says_where() {
        assert_eq!(replayed(VOTE), None);
        for (text, words) in [
            (VOTE.replace("Pressed(3)", "Pressed(4)"), "event 2: recorded Pressed(4), replayed Pressed(3)"),
            (format!("{VOTE}1000000 told Pressed(3)\n"), "event 3: recorded Pressed(3), replayed nothing"),
            (
                "kiosk-recording 1 printer profile=tm-t82 doubt=no rate=- void=\n0 open\n7 out 70000 0"
                    .to_owned(),
                "at 7 us: 70000 bytes were written, the machine of today offers",
            ),
        ] {
            let difference = replayed(&text).unwrap();
            assert!(difference.contains(words), "{difference}");
        }
    }

    #[test]
    fn a_recording_of_an_unknown_profile_is_not_replayed() {
        let recording = "kiosk-recording 1 printer profile=abacus doubt=no rate=- void=".parse().unwrap();
        assert_eq!(replay(&recording, Profile::named), Err(ReplayError::Profile("abacus".to_owned())));
    }
}
