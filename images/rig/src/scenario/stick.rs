//! An update that a technician brings on a USB stick, from the plug to its commit: nothing of it is done by the rig's hand but
//! vouching for the clock, as a time server would.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::ensure;

use crate::agent::When;
use crate::bundles::{INSTALL, Kind};
use crate::clock::Stopwatch;
use crate::firmware;
use crate::machine::Plan;
use crate::rig::{BOOT, EFFECT, KIOSK, Rig, hall_files};

use super::update::{boot_again, wait_outcome, wait_restart};

const NAME: &str = "stick";
/// Eight in the evening in Vietnam.
const EVENING: &str = "2026-11-22T13:00:00";
/// Room on the stick beside its bundle.
const MORE: u64 = 16 << 20;

pub(super) fn run(rig: &mut Rig) -> anyhow::Result<()> {
    let (mut card, district) = rig.prepared()?;
    let mut files = hall_files(&district.address_inside(), KIOSK, 1)?;
    files.push(("95-rig.toml".to_owned(), night_hours()));
    firmware::put_on_bootsel(&mut card, "hall", &files, &rig.desk.folder)?;
    let bundle = rig.workshop()?.bundle(Kind::Good, &rig.fresh_card()?)?;
    let stick = make(&bundle, &rig.desk.folder)?;

    let plan = Plan {
        agent: Some(When::Early),
        clock: Some(EVENING.to_owned()),
        stick: Some(stick),
        ..Plan::default()
    };
    let mut machine = rig.desk.power_on(card, &plan)?;
    machine.agent()?.wait(BOOT)?;
    rig.wait_drawn(&mut machine)?;
    let copied = "until ls /data/kiosk/update/usb/*.raucb /data/kiosk/update/staged.raucb 2>/dev/null | grep -q raucb; do sleep 0.5; done; \
                  until systemctl is-active -q kiosk-stick; do sleep 0.2; done";
    machine.agent()?.run(copied, BOOT)?;
    rig.report.note(NAME, "copied_secs_after_power_on", machine.since_power_on.elapsed().as_secs())?;
    let shut_out = machine.run(
        "cat /sys/bus/usb/devices/*/authorized | sort | head -n 1; ls -d /sys/block/sd* 2>/dev/null || true",
    )?;
    ensure!(shut_out.trim() == "0", "the stick was not shut out again: {shut_out}");
    machine.run("mkdir -p /run/kiosk; touch /run/kiosk/clock-synchronized")?;
    let watch = Stopwatch::start();
    let ended = wait_restart(&mut machine, INSTALL);
    if ended.is_err() {
        rig.keep_journal(&mut machine);
    }
    ensure!(ended?.is_restart(), "the installation did not end in a restart");
    rig.report.note(NAME, "rest_and_installation_secs", watch.elapsed().as_secs())?;

    let mut machine = boot_again(rig, machine.take_card()?)?;
    ensure!(machine.handover.tryboot, "the new slot was not booted on trial: {:?}", machine.handover);
    machine.agent()?.wait(BOOT)?;
    let said = wait_outcome(&mut machine, Kind::Good, "committed")?;
    rig.report.note(NAME, "outcome", said)?;
    // The app hears of it within a minute, and then the bundle takes no more room.
    let swept = "while ls /data/kiosk/update/*.raucb /data/kiosk/update/usb/*.raucb >/dev/null 2>&1; do sleep 0.5; done";
    machine.agent()?.run(swept, EFFECT)?;
    Ok(())
}

/// A hall that opens in the middle of the night only.
fn night_hours() -> String {
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    format!("[opening]\n{}", days.map(|day| format!("{day} = [\"03:00-03:10\"]\n")).concat())
}

/// A stick with FAT on the whole of it and a bundle named after its version.
fn make(bundle: &Path, folder: &Path) -> anyhow::Result<PathBuf> {
    let stick = folder.join("stick.fat");
    fs::File::create(&stick)?.set_len(fs::metadata(bundle)?.len() + MORE)?;
    let image = stick.to_string_lossy();
    firmware::run("mkfs.vfat", &["-n", "STICK", &image])?;
    let name = format!("::/{}.raucb", Kind::Good.version());
    firmware::run("mcopy", &["-i", &image, &bundle.to_string_lossy(), &name])?;
    Ok(stick)
}
