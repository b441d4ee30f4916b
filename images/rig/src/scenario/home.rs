//! Power on, no network, the clock at 1970: the kiosk comes up, and a touch gives a ticket.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, ensure};

use crate::glass;
use crate::machine::Plan;
use crate::papers;
use crate::rig::{BOOT, HOME, Rig};

const NAME: &str = "home";

pub(super) fn run(rig: &mut Rig) -> anyhow::Result<()> {
    rig.report.note(NAME, "image_mib", fs::metadata(&rig.image)?.len() >> 20)?;
    let bundle = rig.image.with_extension("raucb");
    if let Ok(bundle) = fs::metadata(&bundle) {
        rig.report.note(NAME, "bundle_mib", bundle.len() >> 20)?;
    }
    let bare = bare_boot(rig)?;
    rig.report.note(NAME, "bare_kernel_secs", bare.as_secs_f64())?;
    let (card, _district) = rig.prepared()?;
    let mut machine = rig.desk.power_on(card, &Plan::default())?;
    let first = rig.wait_drawn(&mut machine)?;
    rig.report.note(NAME, "first_page_secs", first.as_secs_f64())?;
    rig.keep_picture(&mut machine, "first-page")?;
    rig.wait_phrase(&mut machine, HOME, BOOT)?;
    rig.report.note(NAME, "home_secs", machine.since_power_on.elapsed().as_secs_f64())?;
    rig.keep_picture(&mut machine, "home")?;
    let paper = rig.take_ticket(&mut machine)?;
    rig.keep_picture(&mut machine, "ticket")?;
    let link = glass::qr(&paper)?;
    let ticket = papers::ticket_of(&link).with_context(|| format!("zbarimg reads {link:?} on the ticket"))?;
    ensure!(ticket.ordinal == 1, "the first ticket of a fresh hall is {ticket:?}");
    rig.report.note(NAME, "ticket_link", link)?;
    let words = glass::text(&glass::words(&paper)?);
    ensure!(words.contains("Trung tâm"), "tesseract reads {words:?} on the ticket");
    rig.report.note(NAME, "ticket_words", words)?;
    fs::copy(&paper, rig.out.join("rig/ticket.png"))?;
    Ok(())
}

/// How long the same kernel takes on the same board until it looks for its first program and finds none.
fn bare_boot(rig: &mut Rig) -> anyhow::Result<Duration> {
    let words = vec!["rdinit=/nothing init=/nothing panic=-1".to_owned()];
    let mut machine = rig.desk.power_on(rig.fresh_card()?, &Plan { words, ..Plan::default() })?;
    let ended = machine.wait_end(BOOT)?;
    ensure!(ended.is_restart(), "a kernel without a first program ended with {ended:?}");
    Ok(machine.since_power_on.elapsed())
}
