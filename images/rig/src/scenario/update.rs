//! Updates by a real RAUC: what is refused, what falls back to the old slot by itself, and what is committed.

use std::time::Duration;

use anyhow::{bail, ensure};
use serde_json::Value;

use crate::agent::When;
use crate::bundles::{INSTALL, Kind, Workshop, ask, stage};
use crate::card::Card;
use crate::clock::Stopwatch;
use crate::machine::{Ended, Machine, Plan};
use crate::officer;
use crate::rig::{BOOT, HOME, Rig};

const NAME: &str = "update";

pub(super) fn run(rig: &mut Rig) -> anyhow::Result<()> {
    let (mut card, _district) = rig.prepared()?;
    let workshop = rig.workshop()?;
    for (kind, reason) in [(Kind::Foreign, "does not trust"), (Kind::Tampered, "changed after it was signed")]
    {
        card = refused(rig, &workshop, card, kind, reason)?;
    }
    for kind in [Kind::BadHash, Kind::NoFrame, Kind::AppExits] {
        card = falls_back(rig, &workshop, card, kind)?;
    }
    committed(rig, &workshop, card)
}

/// Boots the committed slot with a bundle in reach.
fn boot(rig: &mut Rig, workshop: &Workshop, card: Card, kind: Kind) -> anyhow::Result<Machine> {
    rig.desk.tools = Some(workshop.bundle(kind, &card)?);
    let mut machine = boot_again(rig, card)?;
    machine.agent()?.wait(BOOT)?;
    rig.wait_phrase(&mut machine, HOME, BOOT)?;
    Ok(machine)
}

pub(super) fn boot_again(rig: &mut Rig, card: Card) -> anyhow::Result<Machine> {
    let plan = Plan { agent: Some(When::Early), network: true, ..Plan::default() };
    Ok(rig.desk.power_on(card, &plan)?)
}

fn outcome(machine: &mut Machine) -> Option<Value> {
    let text = machine.agent().ok()?.run("cat /data/boot/outcome.json", Duration::from_secs(30)).ok()?;
    serde_json::from_str(text.trim()).ok()
}

/// Waits until the last update's outcome is `state` for this version.
pub(super) fn wait_outcome(machine: &mut Machine, kind: Kind, state: &str) -> anyhow::Result<Value> {
    let watch = Stopwatch::start();
    let mut last = None;
    while watch.elapsed() < INSTALL {
        last = outcome(machine);
        let is = |key: &str, wanted: &str| {
            last.as_ref().is_some_and(|seen| seen.get(key).and_then(Value::as_str) == Some(wanted))
        };
        if is("state", state) && is("version", kind.version()) {
            return Ok(last.unwrap_or_default());
        }
        ensure!(machine.is_on(), "the machine went off before it said {state}; last outcome: {last:?}");
        crate::clock::pass(Duration::from_secs(1));
    }
    bail!("no outcome {state} of {}; the last is {last:?}", kind.version())
}

fn refused(rig: &mut Rig, workshop: &Workshop, card: Card, kind: Kind, reason: &str) -> anyhow::Result<Card> {
    let mut machine = boot(rig, workshop, card, kind)?;
    stage(&mut machine, &workshop.bundle(kind, &rig.fresh_card()?)?, kind)?;
    ask(&mut machine)?;
    let said = wait_outcome(&mut machine, kind, "refused")?;
    let told = said.get("reason").and_then(Value::as_str).unwrap_or_default();
    ensure!(told.contains(reason), "{kind:?} was refused because {told:?}, not because {reason:?}");
    rig.report.note(NAME, &format!("{kind:?}"), said)?;
    rig.wait_phrase(&mut machine, HOME, BOOT)?;
    rig.switch_off(machine)
}

/// Waits for the restart that an accepted bundle leads to.
pub(super) fn wait_restart(machine: &mut Machine, timeout: Duration) -> anyhow::Result<Ended> {
    let watch = Stopwatch::start();
    loop {
        if let Ok(ended) = machine.wait_end(Duration::from_secs(10)) {
            return Ok(ended);
        }
        let refusal =
            outcome(machine).filter(|seen| seen.get("state").and_then(Value::as_str) == Some("refused"));
        if let Some(refusal) = refusal {
            bail!("refused: {refusal}");
        }
        ensure!(watch.elapsed() < timeout, "no restart; outcome: {:?}", outcome(machine));
    }
}

/// Installs a bundle and gives the machine in its first boot on trial.
fn on_trial(rig: &mut Rig, workshop: &Workshop, card: Card, kind: Kind) -> anyhow::Result<Machine> {
    let mut machine = boot(rig, workshop, card, kind)?;
    let old = machine.handover.partition;
    let watch = Stopwatch::start();
    stage(&mut machine, &workshop.bundle(kind, &rig.fresh_card()?)?, kind)?;
    ask(&mut machine)?;
    let ended = wait_restart(&mut machine, INSTALL)?;
    rig.report.note(NAME, &format!("{kind:?}_install_secs"), watch.elapsed().as_secs())?;
    ensure!(ended.is_restart(), "after the installation the machine ended with {ended:?}");
    let machine = boot_again(rig, machine.take_card()?)?;
    let (slot, tryboot) = (machine.handover.partition, machine.handover.tryboot);
    ensure!(tryboot && slot != old, "the trial booted partition {slot}, tryboot {tryboot}");
    Ok(machine)
}

fn falls_back(rig: &mut Rig, workshop: &Workshop, card: Card, kind: Kind) -> anyhow::Result<Card> {
    let mut machine = on_trial(rig, workshop, card, kind)?;
    let watch = Stopwatch::start();
    let ended = wait_restart(&mut machine, INSTALL)?;
    rig.report.note(NAME, &format!("{kind:?}_gave_up_secs"), watch.elapsed().as_secs())?;
    ensure!(ended.is_restart(), "a bad slot ended with {ended:?}");
    let mut machine = boot_again(rig, machine.take_card()?)?;
    ensure!(!machine.handover.tryboot && machine.handover.partition == 2, "not back: {:?}", machine.handover);
    machine.agent()?.wait(BOOT)?;
    rig.wait_phrase(&mut machine, HOME, BOOT)?;
    let said = wait_outcome(&mut machine, kind, "fell_back")?;
    rig.report.note(NAME, &format!("{kind:?}"), said)?;
    rig.keep_picture(&mut machine, &format!("back-after-{}", kind.version()))?;
    let page = officer::page(&format!("{}/may", rig.desk.hall_address()))?;
    ensure!(page.contains(kind.version()), "the state page does not name the update that fell back: {page}");
    rig.switch_off(machine)
}

fn committed(rig: &mut Rig, workshop: &Workshop, card: Card) -> anyhow::Result<()> {
    let mut machine = on_trial(rig, workshop, card, Kind::Good)?;
    machine.agent()?.wait(BOOT)?;
    let said = wait_outcome(&mut machine, Kind::Good, "committed")?;
    rig.report.note(NAME, "Good", said)?;
    rig.wait_phrase(&mut machine, HOME, BOOT)?;
    let slot = machine.handover.partition;
    let card = rig.switch_off(machine)?;
    let machine = boot_again(rig, card)?;
    let handover = &machine.handover;
    ensure!(handover.partition == slot && !handover.tryboot, "the commit did not last: {handover:?}");
    rig.report.note(NAME, "committed_partition", slot)?;
    Ok(())
}
