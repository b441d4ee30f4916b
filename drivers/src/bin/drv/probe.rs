//! Asks a printer who it is, and nothing else.

use std::os::fd::AsFd;
use std::time::Duration;

use kiosk_drivers::Address;
use kiosk_drivers::clock::Clock;
use kiosk_drivers::printer::{Identity, Profile, Reply, StatusParser};
use kiosk_drivers::transport::Transport;
use rustix::event::{EventfdFlags, eventfd};

use crate::say;
use crate::trouble::{self, Trouble};

/// `DLE EOT 1`, `GS I 66`, `GS I 67`: anybody there? maker? model?
const QUESTIONS: &[u8] = b"\x10\x04\x01\x1dI\x42\x1dI\x43";
const PATIENCE: Duration = Duration::from_millis(1500);

/// What a printer said.
#[derive(Default)]
pub(crate) struct Answer {
    identity: Identity,
    has_answered: bool,
}

impl Answer {
    pub(crate) fn profile(&self) -> Option<Profile> {
        Profile::detect(&self.identity)
    }
}

/// Asks the printer at an address who it is.
pub(crate) fn ask(address: &Address) -> Result<Answer, Trouble> {
    let mut line = trouble::open(address)?;
    let mut answer = Answer::default();
    if let Some(id) = line.device_id() {
        answer.has_answered = true;
        answer.identity.device_id =
            Some(format!("MFG:{};MDL:{};CMD:{};", id.manufacturer, id.model, id.command_sets.join(",")));
    }
    listen(line.as_mut(), &mut answer).map_err(|error| {
        Trouble::device(format!("{address}: {error}"), "check power and cable, then try again")
    })?;
    Ok(answer)
}

fn listen(line: &mut dyn Transport, answer: &mut Answer) -> Result<(), Box<dyn std::error::Error>> {
    let never = eventfd(0, EventfdFlags::CLOEXEC)?;
    let (clock, mut parser, mut unsent) = (Clock::start(), StatusParser::new(), QUESTIONS);
    let mut buffer = [0; 64];
    while clock.now() < PATIENCE && answer.identity.model.is_none() {
        let sent = if unsent.is_empty() { 0 } else { line.write(unsent)? };
        unsent = unsent.get(sent..).unwrap_or_default();
        let count = line.read(&mut buffer)?;
        let replies = buffer.get(..count).unwrap_or_default().iter().filter_map(|byte| parser.push(*byte));
        for reply in replies {
            hear(reply, answer);
        }
        if count == 0 {
            line.wait(!unsent.is_empty(), never.as_fd(), PATIENCE.saturating_sub(clock.now()))?;
        }
    }
    Ok(())
}

fn hear(reply: Reply, answer: &mut Answer) {
    match reply {
        Reply::Identity(text) => {
            let text = String::from_utf8_lossy(&text).trim().to_owned();
            let names = &mut answer.identity;
            // They come in the order of asking.
            let place = if names.maker.is_none() { &mut names.maker } else { &mut names.model };
            *place = Some(text);
            answer.has_answered = true;
        }
        Reply::RealTimeStatus(_)
        | Reply::AutomaticStatusBack(_)
        | Reply::FullStatus(_)
        | Reply::Single(_) => {
            answer.has_answered = true;
        }
        Reply::KeptPictures(_) | Reply::Xon | Reply::Xoff | Reply::Noise(_) => {}
    }
}

pub(crate) fn detect(address: &Address) -> Result<(), Trouble> {
    let answer = ask(address)?;
    let words = |text: &Option<String>| text.clone().unwrap_or_else(|| "does not say".to_owned());
    say(format!("maker:     {}", words(&answer.identity.maker)))?;
    say(format!("model:     {}", words(&answer.identity.model)))?;
    say(format!("device id: {}", words(&answer.identity.device_id)))?;
    if let Some(profile) = answer.profile() {
        return say(format!("profile:   {} ({})", profile.name, profile.title));
    }
    if answer.has_answered {
        say("profile:   none fits by name; try generic-80 (80 mm paper) or generic-58 (58 mm): drv test-page")
    } else {
        Err(Trouble::device(
            format!("{address} is open and nothing answers"),
            "a printer? switched on? on a serial line: right baud rate? It may print all the same: drv test-page ADDRESS --profile generic-80",
        ))
    }
}
