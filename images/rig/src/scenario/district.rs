//! The district server: a scan answered, a rating taken, and numbers that go on when the line is cut.

use std::io::Write as _;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde::Deserialize;

use crate::agent::When;
use crate::clock::{self, Stopwatch};
use crate::district::{DOSSIER, District};
use crate::machine::{Machine, Plan};
use crate::officer::{self, Officer};
use crate::rig::{BOOT, EFFECT, HOME, Rig, as_kiosk};

const NAME: &str = "district";
/// The counter whose area [`crate::rig::WAY`] leads to.
const COUNTER: u8 = 5;
/// How long a citizen waits for an answer before scanning again.
const AGAIN: Duration = Duration::from_secs(20);

#[derive(Deserialize)]
struct Pin {
    counter: u8,
    pin: String,
}

pub(super) fn run(rig: &mut Rig) -> anyhow::Result<()> {
    let (card, district) = rig.prepared()?;
    let plan = Plan { agent: Some(When::Early), network: true, ..Plan::default() };
    let mut machine = rig.desk.power_on(card, &plan)?;
    machine.agent()?.wait(BOOT)?;
    rig.wait_phrase(&mut machine, HOME, BOOT)?;
    scan(rig, &mut machine)?;
    rate(rig, &mut machine, &district)?;
    cut_line(rig, &mut machine, &district)
}

fn scan(rig: &mut Rig, machine: &mut Machine) -> anyhow::Result<()> {
    let (code, procedure) = DOSSIER;
    let watch = Stopwatch::start();
    let mut scans = 0;
    loop {
        scans += 1;
        machine.line("scanner")?.write_all(format!("{code}\r").as_bytes())?;
        // The line to the server comes up after the page; until then the kiosk asks to scan again later, and so one does.
        match rig.wait_phrase(machine, procedure, AGAIN) {
            Ok(_) => break,
            Err(error) if watch.elapsed() > EFFECT => return Err(error),
            Err(_) => {}
        }
    }
    rig.report.note(NAME, "scans", scans)?;
    rig.keep_picture(machine, "dossier")?;
    rig.report.note(NAME, "scan", format!("{code} shows {procedure}"))?;
    Ok(())
}

fn rate(rig: &mut Rig, machine: &mut Machine, district: &District) -> anyhow::Result<()> {
    let printed = machine.run(&as_kiosk("kiosk-app pins --json"))?;
    let json = printed.find('[').and_then(|at| printed.get(at..)).unwrap_or_default();
    let pins: Vec<Pin> =
        serde_json::from_str(json).with_context(|| format!("kiosk-app pins says {printed}"))?;
    // The kiosk reads its PINs when it starts.
    machine.run("systemctl restart kiosk-app.service")?;
    let pin = pins.into_iter().find(|pin| pin.counter == COUNTER).context("no PIN for the counter")?;
    rig.wait_phrase(machine, HOME, EFFECT)?;
    rig.take_ticket(machine)?;
    let before = district.events("rating.given")?.len();
    let base = rig.desk.hall_address();
    let officer =
        clock::until("the hall service", EFFECT, || Officer::sign_in(&base, COUNTER, &pin.pin).ok());
    let mut officer = officer.map_err(|source| machine.late(source))?;
    for button in ["open", "call", "serve", "finish"] {
        officer.press(button)?;
    }
    // A press within a second of the finish would be the officer's own.
    clock::pass(Duration::from_secs(2));
    machine.line("keypad")?.write_all(b"1")?;
    let rated = clock::until("the rating at the district server", EFFECT, || {
        district.events("rating.given").ok().filter(|events| events.len() > before)
    });
    let rated = rated.map_err(|source| machine.late(source))?;
    rig.report.note(NAME, "rating_event", rated.last().cloned().unwrap_or_default())?;
    Ok(())
}

fn cut_line(rig: &mut Rig, machine: &mut Machine, district: &District) -> anyhow::Result<()> {
    let issued = || district.events("ticket.issued").map(|events| events.len());
    machine.set_network(false)?;
    rig.wait_phrase(machine, HOME, EFFECT)?;
    let before = issued()?;
    rig.take_ticket(machine)?;
    rig.keep_picture(machine, "ticket-without-line")?;
    ensure!(issued()? == before, "a ticket reached the server over a line that was cut");
    machine.set_network(true)?;
    let healed = clock::until("the ticket of the cut line at the server", Duration::from_secs(400), || {
        issued().ok().filter(|now| *now > before)
    });
    let healed = healed.map_err(|source| machine.late(source))?;
    rig.report.note(NAME, "tickets_at_the_server", healed)?;
    let page = officer::page(&format!("{}/may", rig.desk.hall_address()))?;
    std::fs::write(rig.out.join("rig/may.html"), page)?;
    Ok(())
}
