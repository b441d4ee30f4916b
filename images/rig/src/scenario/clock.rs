//! The clock: from 1970 to the last stop's time without a network, to the true time with one, and the card's room.

use std::time::Duration;

use anyhow::{Context as _, ensure};

use crate::agent::When;
use crate::card::Card;
use crate::clock;
use crate::firmware;
use crate::glass;
use crate::machine::{Machine, Plan};
use crate::ntp::TimeServer;
use crate::rig::{BOOT, EFFECT, HOME, KIOSK, Rig, hall_files};

const NAME: &str = "clock";
/// Until chrony has asked often enough to be sure.
const SYNCHRONISED: Duration = Duration::from_secs(300);
/// What the kiosk may be off when it calls its clock synchronised, with the way of the question into the machine.
const NEAR_SECS: u64 = 3;
/// What a ticket says whose time nobody vouches for.
const UNTRUSTED: &str = "chưa đồng";

pub(super) fn run(rig: &mut Rig) -> anyhow::Result<()> {
    let server =
        TimeServer::start().context("the time server needs port 123 of loopback; run this as root")?;
    let (mut card, district) = rig.prepared()?;
    let mut files = hall_files(&district.address_inside(), KIOSK, 1)?;
    files.push(("rig.sources".to_owned(), "server 10.0.2.2 iburst\n".to_owned()));
    firmware::put_on_bootsel(&mut card, "hall", &files, &rig.desk.folder)?;

    let mut machine = boot(rig, card, true)?;
    let synchronised = machine
        .agent()?
        .run("until [ -e /run/kiosk/clock-synchronized ]; do sleep 0.2; done; date +%s", SYNCHRONISED)?;
    let off = seconds(&synchronised)?.abs_diff(clock::since_1970().as_secs());
    rig.report.note(NAME, "synchronised_secs_after_power_on", machine.since_power_on.elapsed().as_secs())?;
    rig.report.note(NAME, "off_secs", off)?;
    ensure!(off <= NEAR_SECS, "the clock is called synchronised and is {off} s off");
    let words = ticket_words(rig, &mut machine)?;
    ensure!(!words.contains(UNTRUSTED), "the clock is synchronised, and the ticket says {words:?}");
    grown(rig, &mut machine)?;
    let stopped = clock::since_1970().as_secs();
    let card = rig.switch_off(machine)?;
    drop(server);

    let mut machine = boot(rig, card, false)?;
    let woke = seconds(&machine.run("date +%s")?)?;
    rig.report.note(NAME, "secs_after_the_last_stop", woke.saturating_sub(stopped))?;
    ensure!(woke + NEAR_SECS >= stopped, "it stopped at {stopped} and woke at {woke}");
    let words = ticket_words(rig, &mut machine)?;
    ensure!(words.contains(UNTRUSTED), "nobody vouches for the clock, and the ticket says {words:?}");
    Ok(())
}

fn boot(rig: &mut Rig, card: Card, network: bool) -> anyhow::Result<Machine> {
    let plan = Plan { agent: Some(When::Early), network, ..Plan::default() };
    let mut machine = rig.desk.power_on(card, &plan)?;
    machine.agent()?.wait(BOOT)?;
    rig.wait_phrase(&mut machine, HOME, BOOT)?;
    Ok(machine)
}

fn ticket_words(rig: &mut Rig, machine: &mut Machine) -> anyhow::Result<String> {
    rig.wait_phrase(machine, HOME, EFFECT * 2)?;
    let paper = rig.take_ticket(machine)?;
    Ok(glass::text(&glass::words(&paper)?))
}

/// A card is larger than the image: its room belongs to the data.
fn grown(rig: &mut Rig, machine: &mut Machine) -> anyhow::Result<()> {
    let shown = machine.run("stat -f -c '%b %S' /data")?;
    let numbers: Vec<u64> = shown.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [blocks, size] = numbers[..] else { anyhow::bail!("stat says {shown:?} of /data") };
    let mib = (blocks * size) >> 20;
    rig.report.note(NAME, "data_mib", mib)?;
    rig.report.note(NAME, "card_larger_than_image_mib", rig.larger >> 20)?;
    ensure!(mib > rig.larger >> 20, "/data has {mib} MiB on a card with {} MiB more", rig.larger >> 20);
    Ok(())
}

fn seconds(said: &str) -> anyhow::Result<u64> {
    said.trim().parse().with_context(|| format!("date says {said:?}"))
}
