//! A card whose data cannot be read any more: the page says so, nothing of it is overwritten, and nobody gets a number.

use std::time::Duration;

use anyhow::ensure;

use crate::agent::When;
use crate::machine::Plan;
use crate::random::Random;
use crate::rig::{BOOT, Rig};

const NAME: &str = "card";
/// What the page says then.
const OUT_OF_SERVICE: &str = "tạm ngừng phục vụ";
/// What is spoilt: enough for all copies of the file system's own tables that lie at the beginning, and not a blank card's zeros.
const SPOILT_BYTES: u64 = 256 << 20;
/// Several tries to open the database.
const TRIES: Duration = Duration::from_secs(20);

pub(super) fn run(rig: &mut Rig) -> anyhow::Result<()> {
    let (mut card, _district) = rig.prepared()?;
    let data = card.partition(7)?;
    let mut random = Random::new(7);
    let mut piece = vec![0; 1 << 20];
    let end = data.start + data.length.min(SPOILT_BYTES);
    for place in (data.start..end).step_by(piece.len()) {
        piece.fill_with(|| u8::try_from(random.below(256)).unwrap_or_default());
        card.write(place, &piece)?;
    }
    card.flush();
    let plan = Plan { agent: Some(When::Early), ..Plan::default() };
    let mut machine = rig.desk.power_on(card, &plan)?;
    rig.wait_phrase(&mut machine, OUT_OF_SERVICE, BOOT)?;
    rig.report.note(NAME, "said_secs", machine.since_power_on.elapsed().as_secs_f64())?;
    rig.keep_picture(&mut machine, "no-data")?;
    machine.agent()?.wait(BOOT)?;
    crate::clock::pass(TRIES);
    let journal = machine.run(
        "journalctl --boot --no-pager -o cat -u kiosk-data-prepare -u data.mount -u kiosk-app | tail -n 40",
    )?;
    rig.report.note(NAME, "journal", journal.trim())?;
    ensure!(journal.contains("Remedy:"), "the journal names no remedy: {journal}");
    let written = machine.run("grep -c ' /data ' /proc/mounts || true; ls -A /data | head")?;
    ensure!(
        written.trim() == "0",
        "the spoilt partition was mounted, or something stands in its place: {written}"
    );
    rig.wait_phrase(&mut machine, OUT_OF_SERVICE, BOOT)?;
    let card = rig.switch_off(machine)?;
    let mut kept = vec![0; piece.len()];
    card.read(end - u64::try_from(piece.len())?, &mut kept)?;
    ensure!(kept == piece, "what could be rescued from the card was overwritten");
    Ok(())
}
