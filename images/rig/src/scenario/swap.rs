//! A kiosk dies; a fresh card, the hall's configuration and a token make another, as docs/swap.md says.

use std::time::Duration;

use anyhow::{Context as _, ensure};

use crate::clock::{self, Stopwatch};
use crate::district::District;
use crate::glass;
use crate::machine::{Machine, Plan};
use crate::papers;
use crate::rig::{BOOT, HOME, Rig};

const NAME: &str = "swap";
/// The new machine's own name.
const SUCCESSOR: &str = "donduong-2";
/// Until what was printed is at the server.
const UPLOAD: Duration = Duration::from_secs(300);

pub(super) fn run(rig: &mut Rig) -> anyhow::Result<()> {
    let (card, district) = rig.prepared()?;
    let before = district.events("ticket.issued")?.len();
    let mut machine = rig.desk.power_on(card, &Plan { network: true, ..Plan::default() })?;
    let last = ticket(rig, &mut machine)?;
    wait_issued(&district, before + 1, &machine)?;
    // It dies here: its card is never read again.
    drop(machine);
    let watch = Stopwatch::start();
    district.revoke(crate::rig::KIOSK)?;
    let fresh = rig.fresh_card()?;
    let card = rig.set_up(fresh, &district, SUCCESSOR, last + 1)?;
    rig.report.note(NAME, "machine_secs_to_set_up", watch.elapsed().as_secs())?;
    let mut machine = rig.desk.power_on(card, &Plan { network: true, ..Plan::default() })?;
    let next = ticket(rig, &mut machine)?;
    rig.report.note(NAME, "machine_secs_to_first_ticket", watch.elapsed().as_secs())?;
    rig.report.note(NAME, "last_number_of_the_dead", last)?;
    rig.report.note(NAME, "first_number_of_the_new", next)?;
    ensure!(next == last + 1, "the new kiosk begins with {next} after {last}");
    wait_issued(&district, before + 2, &machine)
}

fn ticket(rig: &mut Rig, machine: &mut Machine) -> anyhow::Result<u32> {
    rig.wait_phrase(machine, HOME, BOOT)?;
    let paper = rig.take_ticket(machine)?;
    let link = glass::qr(&paper)?;
    Ok(papers::ticket_of(&link).with_context(|| format!("the ticket's QR says {link:?}"))?.ordinal)
}

fn wait_issued(district: &District, count: usize, machine: &Machine) -> anyhow::Result<()> {
    let issued = || district.events("ticket.issued").ok().filter(|events| events.len() >= count);
    let there = clock::until("the ticket at the district server", UPLOAD, issued);
    there.map(drop).map_err(|source| machine.late(source).into())
}
