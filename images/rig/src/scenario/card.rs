//! A card whose data cannot be read any more, or whose repair lost the hall: the page says so, and nobody gets a number that
//! somebody else has.

use std::time::Duration;

use anyhow::ensure;

use crate::agent::When;
use crate::card::Card;
use crate::clock;
use crate::machine::Plan;
use crate::random::Random;
use crate::rig::{BOOT, Rig};

const NAME: &str = "card";
/// What the page says then.
const OUT_OF_SERVICE: &str = "tạm ngừng phục vụ";
/// What is overwritten at each place: the file system's description or its copy, tables and all.
const SPOILT_BYTES: usize = 8 << 20;
/// Where ext4 keeps its description and the copies of it, within the data partition of a card of this size.
const DESCRIPTIONS: [u64; 4] = [0, 128 << 20, 384 << 20, 640 << 20];
/// Several tries to open the database.
const TRIES: Duration = Duration::from_secs(20);

pub(super) fn run(rig: &mut Rig) -> anyhow::Result<()> {
    // Repaired from a copy, with nothing of the hall left; and beyond repair.
    for (what, places) in [("repaired", &DESCRIPTIONS[..2]), ("lost", &DESCRIPTIONS[..])] {
        let (card, _district) = rig.prepared()?;
        let (card, spoilt) = spoil(card, places)?;
        // Out of service it stays: the second start finds a file system without a fault.
        let card = out_of_service(rig, card, what)?;
        let card = out_of_service(rig, card, &format!("{what}-again"))?;
        if what == "lost" {
            let mut kept = vec![0; SPOILT_BYTES];
            card.read(card.partition(7)?.start, &mut kept)?;
            ensure!(kept == spoilt, "what could be rescued from the card was overwritten");
        }
    }
    Ok(())
}

/// Overwrites these places of the data partition; gives what stands there now.
fn spoil(mut card: Card, places: &[u64]) -> anyhow::Result<(Card, Vec<u8>)> {
    let data = card.partition(7)?;
    let mut random = Random::new(7);
    let spoilt: Vec<u8> = (0..SPOILT_BYTES / 8).flat_map(|_| random.below(u64::MAX).to_le_bytes()).collect();
    for place in places {
        ensure!(place + (SPOILT_BYTES as u64) < data.length, "the data partition ends before {place}");
        card.write(data.start + place, &spoilt)?;
    }
    card.flush();
    Ok((card, spoilt))
}

fn out_of_service(rig: &mut Rig, card: Card, what: &str) -> anyhow::Result<Card> {
    let plan = Plan { agent: Some(When::Early), ..Plan::default() };
    let mut machine = rig.desk.power_on(card, &plan)?;
    rig.wait_phrase(&mut machine, OUT_OF_SERVICE, BOOT)?;
    rig.report.note(NAME, &format!("{what}_said_secs"), machine.since_power_on.elapsed().as_secs_f64())?;
    rig.keep_picture(&mut machine, what)?;
    machine.agent()?.wait(BOOT)?;
    clock::pass(TRIES);
    let journal = machine.run("journalctl --boot --no-pager -o cat -u kiosk-data-prepare -u data.mount -u kiosk-data -u kiosk-app | tail -n 40")?;
    rig.report.note(NAME, what, journal.trim())?;
    ensure!(journal.contains("Remedy:"), "the journal names no remedy: {journal}");
    rig.wait_phrase(&mut machine, OUT_OF_SERVICE, BOOT)?;
    rig.switch_off(machine)
}
