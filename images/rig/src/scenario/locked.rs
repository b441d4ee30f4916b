//! What a vandal and a fault meet: nothing writable, nothing that listens, no shell, no changed byte.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::json;

use crate::agent::When;
use crate::card::Card;
use crate::machine::{Machine, Plan, free_port};
use crate::rig::{BOOT, HOME, Rig};

const NAME: &str = "locked";
/// What others open by accident: ssh, telnet, DNS, web, rpcbind, NTP's control, printing, LLMNR, RAUC's and our own tests.
const PORTS: [u16; 12] = [22, 23, 53, 80, 111, 323, 443, 631, 5353, 5355, 9100, 8081];

pub(super) fn run(rig: &mut Rig) -> anyhow::Result<()> {
    let (card, _district) = rig.prepared()?;
    let plan = Plan { agent: Some(When::Early), network: true, ..Plan::default() };
    let mut machine = rig.desk.power_on(card, &plan)?;
    machine.agent()?.wait(BOOT)?;
    rig.wait_phrase(&mut machine, HOME, BOOT)?;
    units(rig, &mut machine)?;
    root(rig, &mut machine)?;
    figures(rig, &mut machine)?;
    ports(rig, &mut machine)?;
    keys(rig, &mut machine)?;
    let card = rig.switch_off(machine)?;
    changed_byte(rig, card)
}

fn units(rig: &mut Rig, machine: &mut Machine) -> anyhow::Result<()> {
    let state = machine.agent()?.run("systemctl is-system-running --wait || true", BOOT)?;
    let failed = machine.run("systemctl list-units --failed --plain --no-legend")?;
    rig.report.note(NAME, "system", state.trim())?;
    rig.report.note(NAME, "failed_units", failed.lines().filter(|line| !line.trim().is_empty()).count())?;
    rig.report.note(NAME, "failed_names", failed.trim())?;
    let journal = machine.run("journalctl -b --no-pager -p warning -o cat | tail -n 60")?;
    std::fs::write(rig.out.join("rig/journal-warnings.txt"), &journal)?;
    let whole = machine.run("journalctl -b --no-pager -o short-monotonic")?;
    std::fs::write(rig.out.join("rig/journal.txt"), whole)?;
    ensure!(failed.trim().is_empty(), "failed units: {failed}; warnings: {journal}");
    let security = machine.run("systemd-analyze security --no-pager kiosk-app.service | tail -n 1")?;
    let score = security.split_whitespace().find_map(|word| word.parse::<f64>().ok());
    let score = score.with_context(|| format!("systemd-analyze says {security:?}"))?;
    rig.report.note(NAME, "security_score", score)?;
    ensure!(score <= 2.5, "the app's exposure is {score}");
    Ok(())
}

fn root(rig: &mut Rig, machine: &mut Machine) -> anyhow::Result<()> {
    let mount = machine.run("findmnt -n -o FSTYPE,OPTIONS,SOURCE /")?;
    rig.report.note(NAME, "root", mount.trim())?;
    let (kind, options) = mount.trim().split_once(char::is_whitespace).unwrap_or_default();
    let is_read_only = options.trim_start().split([',', ' ']).any(|option| option == "ro");
    ensure!(kind == "erofs" && is_read_only, "the root is {mount}");
    let device = machine.run("cat /sys/block/dm-0/dm/name; cat /sys/block/dm-0/ro")?;
    ensure!(
        device.split_whitespace().collect::<Vec<_>>() == ["kiosk-system", "1"],
        "the root's device is {device}"
    );
    let written =
        machine.run("for f in / /usr /etc; do touch $f/rig-was-here 2>/dev/null && echo $f; done; true")?;
    ensure!(written.trim().is_empty(), "root could be written: {written}");
    let data = machine.run("grep ' /data ' /proc/mounts")?;
    rig.report.note(NAME, "data", data.trim())?;
    ensure!(data.contains("noexec") && data.contains("nosuid"), "data is mounted {data}");
    Ok(())
}

fn figures(rig: &mut Rig, machine: &mut Machine) -> anyhow::Result<()> {
    let time = machine.run("systemd-analyze time")?;
    rig.report.note(NAME, "systemd_analyze", time.trim())?;
    let blame = machine.run("systemd-analyze blame --no-pager | head -n 12")?;
    rig.report.note(NAME, "blame", blame.trim())?;
    let app = machine
        .run("systemctl show -P MemoryCurrent -P MemoryPeak -P ActiveEnterTimestampMonotonic kiosk-app")?;
    let app: Vec<u64> = app.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    rig.report.note(NAME, "app_memory_bytes_peak_active_us", json!(app))?;
    let resident = machine.run("grep VmRSS /proc/$(systemctl show -P MainPID kiosk-app)/status")?;
    rig.report.note(NAME, "app_resident", resident.trim())?;
    let memory =
        machine.run("grep -E '^(MemTotal|MemAvailable|Shmem|Slab):' /proc/meminfo | tr '\\n' ' '")?;
    rig.report.note(NAME, "memory", memory.trim())?;
    Ok(())
}

fn ports(rig: &mut Rig, machine: &mut Machine) -> anyhow::Result<()> {
    let listening = machine.run("ss -H -l -n -t -u -p")?;
    rig.report.note(NAME, "listening", listening.trim())?;
    // The rig's own way to the district server, which no image has.
    let own = rig.desk.district_port.map(|port| format!("127.0.0.1:{port} "));
    let is_own = |line: &&str| own.as_ref().is_some_and(|own| line.contains(own.as_str()));
    let tcp: Vec<&str> =
        listening.lines().filter(|line| line.starts_with("tcp")).filter(|line| !is_own(line)).collect();
    ensure!(tcp.iter().all(|line| line.contains(":8080")), "these listen: {tcp:?}");
    // Asked for an address by DHCP, and nothing else takes datagrams.
    let datagrams = listening.lines().filter(|line| line.starts_with("udp"));
    let datagrams: Vec<&str> = datagrams.filter(|line| !line.contains(":68 ")).collect();
    ensure!(datagrams.is_empty(), "these take datagrams: {datagrams:?}");
    let mut open = Vec::new();
    for port in PORTS {
        let near = free_port()?;
        let add = format!("hostfwd_add lan tcp:127.0.0.1:{near}-:{port}");
        machine.qmp.tell("human-monitor-command", &json!({"command-line": add}))?;
        if answers(near) {
            open.push(port);
        }
    }
    // The scan's own control: what must be open is seen to be.
    ensure!(answers(rig.desk.hall_port), "the hall service does not answer from outside");
    rig.report.note(NAME, "ports_open_beside_the_hall_service", json!(open))?;
    ensure!(open.is_empty(), "these ports answer: {open:?}");
    Ok(())
}

/// Whether anyone behind the port says a byte.
fn answers(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let limit = stream.set_read_timeout(Some(Duration::from_secs(8)));
    let sent = stream.write_all(b"GET / HTTP/1.0\r\n\r\n");
    limit.is_ok() && sent.is_ok() && stream.read(&mut [0; 1]).is_ok_and(|count| count > 0)
}

fn keys(rig: &mut Rig, machine: &mut Machine) -> anyhow::Result<()> {
    let look = "cat /sys/class/tty/tty0/active /proc/sys/kernel/random/boot_id /proc/sys/kernel/sysrq";
    let before = machine.run(look)?;
    // The control: that the keys reach the machine is seen at the kernel's keyboard.
    let keyboard = machine.run(
        "for e in /sys/class/input/event*; do grep -qi keyboard $e/device/name && echo /dev/input/${e##*/}; done; true",
    )?;
    let keyboard = keyboard.split_whitespace().next().context("the kernel knows no keyboard")?.to_owned();
    machine.run(&format!("cat {keyboard} > /run/rig-keys & echo $! > /run/rig-keys.pid"))?;
    for number in 1..=12 {
        machine.press(&["ctrl", "alt", &format!("f{number}")])?;
        machine.press(&["alt", &format!("f{number}")])?;
    }
    for letter in ["e", "i", "f", "k", "o", "b"] {
        machine.press(&["alt", "sysrq", letter])?;
    }
    // Seven within two seconds make systemd restart at once.
    for _ in 0..9 {
        machine.press(&["ctrl", "alt", "delete"])?;
    }
    for keys in [&["ctrl", "c"][..], &["ctrl", "z"], &["meta_l"], &["alt", "f4"], &["ret"]] {
        machine.press(keys)?;
    }
    let heard = machine.run("kill $(cat /run/rig-keys.pid); stat -c %s /run/rig-keys")?;
    rig.report.note(NAME, "key_event_bytes", heard.trim())?;
    ensure!(heard.trim().parse::<u64>().is_ok_and(|bytes| bytes > 0), "no key reached the machine: {heard}");
    let after = machine.run(look)?;
    let shells = machine.run("for p in /proc/[0-9]*; do { tr '\\0' ' ' < $p/cmdline | grep -E 'getty|login|^(/usr)?/bin/(ba|da)?sh( -|$)'; } 2>/dev/null || true; done")?;
    rig.report.note(NAME, "before_keys", before.trim())?;
    rig.report.note(NAME, "shells", shells.trim())?;
    ensure!(shells.trim().is_empty(), "these run after the keys: {shells}");
    ensure!(before == after, "keys changed the machine: {before} became {after}");
    rig.wait_phrase(machine, HOME, Duration::from_secs(90))?;
    rig.keep_picture(machine, "after-keys")?;
    rig.report.note(NAME, "keys", "no other console, no restart, home still shown")?;
    Ok(())
}

/// A byte of the system partition's file system changes: the slot must not come up.
fn changed_byte(rig: &mut Rig, mut card: Card) -> anyhow::Result<()> {
    let system = card.partition(5)?;
    // Inside erofs' superblock, which every mount reads.
    let place = system.start + 1024 + 20;
    let mut byte = [0];
    card.read(place, &mut byte)?;
    card.write(place, &byte.map(|byte| byte ^ 1))?;
    card.flush();
    let mut machine = rig.desk.power_on(card, &Plan::default())?;
    let ended = machine.wait_end(BOOT)?;
    let console = machine.console();
    let said = console.lines().filter(|line| line.contains("verity") || line.contains("kiosk-init"));
    let said: Vec<&str> = said.map(str::trim).collect();
    rig.report.note(NAME, "changed_byte", said.join(" | "))?;
    ensure!(ended.is_restart(), "a machine with a changed byte ended with {ended:?}");
    ensure!(!said.is_empty(), "the console does not say why the slot does not start");
    let card = machine.take_card()?;
    taken_over(rig, card)
}

/// The kept slot does not open any more: the other one takes over, says so, and stays.
fn taken_over(rig: &mut Rig, card: Card) -> anyhow::Result<()> {
    let plan = Plan { agent: Some(When::Early), ..Plan::default() };
    let mut machine = rig.desk.power_on(card, &plan)?;
    let (slot, tryboot) = (machine.handover.partition, machine.handover.tryboot);
    ensure!(
        slot == 3 && tryboot,
        "after a slot that does not open, partition {slot} was booted, tryboot {tryboot}"
    );
    machine.agent()?.wait(BOOT)?;
    rig.wait_phrase(&mut machine, HOME, BOOT)?;
    // It tells first and changes the boot order then: the check's unit is active when both are done.
    let stays = "until systemctl -q is-active kiosk-health; do sleep 0.5; done; cat /data/boot/outcome.json";
    let outcome = machine.agent()?.run(stays, BOOT)?;
    ensure!(outcome.contains("took over and stays"), "the slot that took over says {outcome}");
    rig.report.note(NAME, "other_slot_says", outcome.trim())?;
    let card = rig.switch_off(machine)?;
    let machine = rig.desk.power_on(card, &Plan::default())?;
    let (slot, tryboot) = (machine.handover.partition, machine.handover.tryboot);
    ensure!(
        slot == 3 && !tryboot,
        "the slot that took over did not stay: partition {slot}, tryboot {tryboot}"
    );
    Ok(())
}
