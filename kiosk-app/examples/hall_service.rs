//! The hall service with the real rules behind it and nothing else: no printer, no store, no screen. For looking at
//! the pages and for `tests/browser`.
//!
//! ```text
//! cargo run -p kiosk-app --no-default-features --example hall_service -- --port 8090 --data DIR
//! ```
//!
//! Prints one line of JSON, `{"url": ..., "pins": {"1": ...}}`, and runs until it is killed. Started again with the
//! same folder it has the same PINs and sessions, but its people wait anew.

#[path = "../src/hall/tests/sample.rs"]
mod sample;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use anyhow::Context;
use kiosk_app::announce::{Announcer, Settings};
use kiosk_app::clock::Clock;
use kiosk_app::hall::pins::PinBook;
use kiosk_app::hall::session::SessionKey;
use kiosk_app::hall::{Labels, Service, Setup};
use kiosk_core::Hall;
use kiosk_core::effect::Effect;
use kiosk_core::event::{Device, DeviceCause, Event, Health, Line, LineTrouble, PrintOutcome};

const CALL_SECS: u32 = 2;
const PEOPLE: u32 = 36;

struct Arguments {
    port: u16,
    data: PathBuf,
    trouble: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = read_arguments()?;
    fs::create_dir_all(&arguments.data)?;
    let clock = Clock::start();
    let labels = Labels::of(&sample::settings());
    let (pins, plain) = pins(&arguments, &labels)?;
    let key = SessionKey::load_or_create(&arguments.data.join("session.key"), random)?;
    let (events, taken) = sync_channel(64);
    let listen = SocketAddr::from(([127, 0, 0, 1], arguments.port));
    let setup = Setup { listen, labels, pins, key, call_secs: CALL_SECS, clock: clock.clone() };
    let service = Service::start(setup, events.clone())?;
    let announcer =
        Announcer::start(Settings { call_secs: CALL_SECS, sound: None }, clock.clone(), events.clone())?;
    let url = format!("http://{}", service.address());
    writeln!(std::io::stdout(), "{}", serde_json::json!({ "url": url, "pins": plain }))?;

    let mut hall = Hall::new(sample::settings(), sample::people_waiting(PEOPLE, clock.now().wall));
    let mut next = Some(Event::Started);
    for event in first_events(arguments.trouble) {
        events.try_send(event)?;
    }
    loop {
        let event = match next.take().map_or_else(|| taken.recv_timeout(Duration::from_secs(1)), Ok) {
            Ok(event) => event,
            Err(RecvTimeoutError::Timeout) => Event::Ticked,
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        };
        service.observe(&event);
        for effect in hall.handle(event, clock.now()) {
            carry_out(effect, &service, &announcer, &events)?;
        }
    }
}

fn carry_out(
    effect: Effect,
    service: &Service,
    announcer: &Announcer,
    events: &SyncSender<Event>,
) -> anyhow::Result<()> {
    match effect {
        Effect::Publish(board) => service.publish(board),
        Effect::AnswerOfficer { request, answer } => service.answer(request, answer),
        Effect::Announce(call) => announcer.announce(call),
        Effect::Print(job) => {
            events.try_send(Event::PrintFinished { job: job.job, outcome: PrintOutcome::Printed })?;
        }
        // There is no store, no server and no screen here.
        Effect::Store(_)
        | Effect::LookUp { .. }
        | Effect::Show(_)
        | Effect::InstallUpdate
        | Effect::Log(_) => {}
    }
    Ok(())
}

fn first_events(trouble: bool) -> Vec<Event> {
    let printer = if trouble { Health::Degraded(vec![DeviceCause::PaperNearEnd]) } else { Health::Ready };
    let line = if trouble { Line::Down(LineTrouble::TimedOut) } else { Line::Up };
    vec![
        Event::DeviceChanged { device: Device::Printer, health: printer },
        Event::DeviceChanged { device: Device::Scanner, health: Health::Ready },
        Event::LineChanged(line),
        Event::OutboxFilled { percent: 3 },
    ]
}

fn read_arguments() -> anyhow::Result<Arguments> {
    use lexopt::prelude::{Long, Short, Value, ValueExt};
    let mut arguments = Arguments { port: 0, data: PathBuf::new(), trouble: false };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("port") => arguments.port = parser.value()?.parse()?,
            Long("data") => arguments.data = parser.value()?.into(),
            Long("trouble") => arguments.trouble = true,
            other @ (Long(_) | Short(_) | Value(_)) => return Err(other.unexpected().into()),
        }
    }
    anyhow::ensure!(!arguments.data.as_os_str().is_empty(), "--data FOLDER is missing");
    Ok(arguments)
}

/// The PINs, in the clear beside the book: this is a rig.
fn pins(arguments: &Arguments, labels: &Labels) -> anyhow::Result<(PinBook, BTreeMap<String, String>)> {
    let plain_file = arguments.data.join("pins-in-the-clear.json");
    let mut book = PinBook::open(&arguments.data.join("pins.json"))?;
    if book.needs_slip(&labels.counter_ids()) {
        let made = book.renew(&labels.counter_ids(), random)?;
        let plain: BTreeMap<_, _> =
            made.plain().map(|(counter, pin)| (counter.to_string(), pin.to_owned())).collect();
        fs::write(&plain_file, serde_json::to_vec(&plain)?)?;
        book.slip_printed()?;
    }
    let plain = fs::read(&plain_file).context("the PINs in the clear are gone: use a new folder")?;
    Ok((book, serde_json::from_slice(&plain)?))
}

fn random() -> std::io::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
    Ok(bytes)
}
