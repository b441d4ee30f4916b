//! The command itself, on a kiosk made of folders.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "the helpers of a test fail like the test itself"
)]

mod kiosk;
mod rauc;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use kiosk::{Kiosk, binary, everything};

// Does with the backend what RAUC does, and writes nothing.
fn kiosk_with_obedient_rauc() -> Kiosk {
    let kiosk = Kiosk::new("driver = \"sim\"\n");
    let (rauc, config) = (kiosk.path("rauc"), kiosk.path("boot.toml"));
    let backend = format!("{} --config {}", binary().display(), config.display());
    let script = format!(
        "#!/bin/sh -e\n[ \"$1\" = install ]\nrunning=$({backend} get-current)\n\
         other=A; [ \"$running\" = A ] && other=B\n{backend} get-primary\n{backend} get-state $other\n\
         {backend} set-state $other bad\n{backend} set-primary $other\n"
    );
    fs::write(&rauc, script).unwrap();
    fs::set_permissions(&rauc, fs::Permissions::from_mode(0o755)).unwrap();
    let more = fs::read_to_string(&config).unwrap() + &format!("rauc = [\"{}\"]\n", rauc.display());
    fs::write(&config, more).unwrap();
    kiosk
}

#[test]
fn an_update_is_installed_tried_proven_and_committed() {
    let mut kiosk = kiosk_with_obedient_rauc();
    kiosk.app_is_well();
    assert_eq!(kiosk.well(&["health"]), "proven\n");
    assert_eq!(
        (kiosk.well(&["get-state", "A"]), kiosk.well(&["get-state", "B"])),
        ("good\n".into(), "bad\n".into())
    );

    kiosk.request("staged.raucb", "0.2.0");
    kiosk.well(&["install"]);
    assert_eq!(kiosk.outcome().0, "trial");
    assert!(kiosk.restarted() && !kiosk.path("update/install.json").exists());

    assert_eq!(kiosk.boot(), 3);
    assert_eq!(kiosk.well(&["get-current"]), "B\n");
    kiosk.app_is_well();
    assert_eq!(kiosk.well(&["health"]), "proven and committed\n");
    assert_eq!(kiosk.outcome(), ("committed".to_owned(), String::new()));
    let status = kiosk.well(&["status"]);
    assert!(status.contains("running  slot B, by tryboot\ndefault  slot B\n"), "{status}");

    assert_eq!(kiosk.boot(), 3);
    kiosk.app_is_well();
    assert_eq!(kiosk.well(&["health"]), "proven\n");
    let status = kiosk.well(&["status"]);
    assert!(status.contains("running  slot B\ndefault  slot B\n"), "{status}");
}

#[test]
fn an_update_that_never_draws_a_frame_goes_back_and_says_so() {
    let mut kiosk = kiosk_with_obedient_rauc();
    kiosk.app_is_well();
    kiosk.well(&["health"]);
    kiosk.request("staged.raucb", "0.2.0");
    kiosk.well(&["install"]);
    assert_eq!(kiosk.boot(), 3);
    fs::write(
        kiosk.path("health.json"),
        kiosk::WELL.replace("\"first_frame\":true", "\"first_frame\":false"),
    )
    .unwrap();
    let output = kiosk.run(&["health"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(kiosk.restarted(), "{}", everything(&output));

    assert_eq!(kiosk.boot(), 2);
    kiosk.app_is_well();
    kiosk.well(&["health"]);
    assert_eq!(kiosk.outcome(), ("fell_back".to_owned(), "no first frame was drawn within 1 s".to_owned()));
    assert!(!kiosk.restarted());
    assert_eq!(kiosk.boot(), 2);
}

#[test]
fn a_settled_slot_that_is_not_well_is_never_restarted() {
    let kiosk = Kiosk::new("driver = \"sim\"\n");
    let output = kiosk.run(&["health"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(everything(&output).contains("not proven: the app says nothing of its health within 1 s"));
    assert!(!kiosk.restarted());
}

#[test]
fn a_boot_by_tryboot_without_a_data_partition_is_given_up_once() {
    let mut kiosk = Kiosk::new("driver = \"sim\"\n");
    kiosk.well(&["repair"]);
    kiosk.firmware_says(3, true);
    fs::remove_dir_all(kiosk.path("data")).unwrap();
    fs::write(kiosk.path("data"), "a file where the folder should be").unwrap();
    assert_eq!(kiosk.run(&["health"]).status.code(), Some(1));
    assert!(kiosk.restarted());

    kiosk.firmware_says(2, false);
    assert_eq!(kiosk.run(&["health"]).status.code(), Some(1));
    assert!(!kiosk.restarted(), "the settled slot would come back to the same");

    // By tryboot again: the other slot does not open, so this is a rescue.
    kiosk.firmware_says(3, true);
    let output = kiosk.run(&["health"]);
    assert!(everything(&output).contains("this slot goes on"), "{}", everything(&output));
    assert!(!kiosk.restarted() && kiosk.path("bootsel/wentback").exists());

    fs::remove_file(kiosk.path("data")).unwrap();
    kiosk.app_is_well();
    kiosk.well(&["health"]);
    assert!(!kiosk.path("bootsel/wentback").exists(), "it can be remembered again");
}

#[test]
fn a_rescue_that_its_record_tells_from_a_trial_runs_on_without_a_copy() {
    let mut kiosk = Kiosk::new("driver = \"sim\"\n");
    kiosk.app_is_well();
    kiosk.well(&["health"]);
    kiosk.firmware_says(3, true);
    // The record can be read and nothing be written.
    fs::remove_file(kiosk.path("data/boot/autoboot.txt")).unwrap();
    fs::create_dir(kiosk.path("data/boot/autoboot.txt.new")).unwrap();
    let output = kiosk.run(&["health"]);
    assert!(everything(&output).contains("this slot goes on"), "{}", everything(&output));
    assert!(!kiosk.restarted() && !kiosk.path("bootsel/wentback").exists());
}

#[test]
fn a_damaged_autoboot_file_is_told_and_repaired_from_its_copy() {
    let kiosk = Kiosk::new("driver = \"sim\"\n");
    assert_eq!(kiosk.well(&["repair"]), "autoboot.txt and its copy are whole again\n");
    assert_eq!(kiosk.well(&["repair"]), "nothing to repair\n");
    let file = kiosk.path("bootsel/autoboot.txt");
    let whole = fs::read(&file).unwrap();
    for damage in [&b""[..], &[0xff; 512], b"[all]\ntryboot_a_b=1\nboot_par"] {
        fs::write(&file, damage).unwrap();
        let output = kiosk.run(&["status"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(everything(&output).contains("remedy: kiosk-bootctl repair"), "{}", everything(&output));
        kiosk.well(&["repair"]);
        assert!(fs::read(&file).unwrap().starts_with(&whole));
        kiosk.well(&["status"]);
    }
}

#[test]
#[ignore = "needs mkfs.vfat and mtools: make test-rauc"]
fn on_a_real_fat_volume_a_swap_writes_one_sector_and_nothing_else() {
    for (size, kind) in [("4M", "12"), ("16M", "16"), ("64M", "32")] {
        let kiosk = Kiosk::new("driver = \"sim\"\n");
        let card = kiosk.path("card.img");
        let run = |program: &str, words: &[&str]| {
            let output = Command::new(program).args(words).output().expect(program);
            assert!(output.status.success(), "{program}: {}", everything(&output));
        };
        let name = card.to_str().unwrap();
        run("truncate", &["-s", size, name]);
        run("mkfs.vfat", &["-F", kind, "-n", "BOOTSEL", name]);
        let text = kiosk.path("bootsel/autoboot.txt");
        run("mcopy", &["-i", name, text.to_str().unwrap(), "::autoboot.txt"]);
        let config = fs::read_to_string(kiosk.path("boot.toml")).unwrap();
        let config: String = config
            .lines()
            .filter(|line| !line.starts_with("bootsel"))
            .map(|line| format!("{line}\n"))
            .collect();
        fs::write(kiosk.path("boot.toml"), config + &format!("bootsel_device = \"{name}\"\n")).unwrap();
        kiosk.well(&["repair"]);
        fs::write(
            kiosk.path("data/boot/state.json"),
            r#"{"a":{"state":"good"},"b":{"state":"bad"},"phase":{"phase":"armed","slot":"B","version":"2","boot":"x"}}"#,
        )
        .unwrap();
        let before = fs::read(&card).unwrap();
        let mut kiosk = kiosk;
        kiosk.firmware_says(3, true);
        kiosk.app_is_well();
        assert_eq!(kiosk.well(&["health"]), "proven and committed\n");
        let after = fs::read(&card).unwrap();
        let changed: Vec<usize> = (0..before.len() / 512)
            .filter(|at| before[at * 512..][..512] != after[at * 512..][..512])
            .collect();
        assert_eq!(changed.len(), 1, "FAT{kind}: sectors {changed:?}");
        assert!(kiosk.well(&["status"]).contains("default  slot B"));
    }
}

#[test]
fn a_slot_that_took_over_for_a_broken_one_stays() {
    let mut kiosk = kiosk_with_obedient_rauc();
    kiosk.app_is_well();
    kiosk.well(&["health"]);
    kiosk.well(&["set-state", "B", "good"]);
    kiosk.firmware_says(3, true);
    kiosk.app_is_well();
    let said = kiosk.well(&["health"]);
    assert!(said.contains("slot A did not start"), "{said}");
    assert_eq!(kiosk.outcome().0, "fell_back");
    assert_eq!(kiosk.boot(), 3);
}

#[test]
fn a_request_that_names_a_foreign_file_is_refused() {
    let kiosk = kiosk_with_obedient_rauc();
    for bundle in ["../../etc/shadow", "/etc/shadow", ".hidden", ""] {
        kiosk.request(bundle, "0.2.0");
        assert_eq!(kiosk.run(&["install"]).status.code(), Some(3), "{bundle}");
        let (state, reason) = kiosk.outcome();
        assert_eq!(state, "refused");
        assert!(reason.contains("file name without a folder"), "{reason}");
        assert!(!kiosk.path("update/install.json").exists());
    }
}

#[test]
fn a_pi_whose_kernel_has_no_mailbox_refuses_the_update_before_writing() {
    let kiosk = Kiosk::new("driver = \"rpi-tryboot\"\nrauc = [\"/nonexistent\"]\n");
    kiosk.request("staged.raucb", "0.2.0");
    assert_eq!(kiosk.run(&["install"]).status.code(), Some(3));
    assert!(kiosk.outcome().1.contains("Raspberry Pi kernel"), "{:?}", kiosk.outcome());
}

// What the app's user could put where root reads: a pipe that nobody writes, and a link to something without end.
#[test]
fn what_is_no_file_is_neither_waited_for_nor_followed() {
    let kiosk = kiosk_with_obedient_rauc();
    kiosk.app_is_well();
    kiosk.well(&["health"]);
    let pipe = |name: &str| assert!(Command::new("mkfifo").arg(kiosk.path(name)).status().unwrap().success());
    fs::remove_file(kiosk.path("health.json")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", kiosk.path("health.json")).unwrap();
    let said = everything(&kiosk.run(&["health"]));
    assert!(said.contains("not proven: the app says nothing of its health"), "{said}");
    fs::remove_file(kiosk.path("health.json")).unwrap();
    pipe("health.json");
    assert!(everything(&kiosk.run(&["health"])).contains("not proven: the app says nothing of its health"));
    fs::remove_file(kiosk.path("health.json")).unwrap();
    kiosk.app_is_well();
    pipe("update/install.json");
    assert_eq!(kiosk.well(&["health"]), "proven\n");
    assert_eq!(kiosk.run(&["install"]).status.code(), Some(3));
    assert_eq!(kiosk.outcome().0, "refused");
    assert!(!kiosk.path("update/install.json").exists());
}

// Nobody looks at a kiosk's units; one that stays failed hides those that matter.
#[test]
fn a_refusal_leaves_no_failed_unit_behind() {
    let unit = include_str!("../../../rootfs-overlay/usr/lib/systemd/system/kiosk-update.service");
    assert!(unit.lines().any(|line| line == "SuccessExitStatus=3"), "{unit}");
    let kiosk = kiosk_with_obedient_rauc();
    // The app took its request back while the unit was being started.
    let output = kiosk.run(&["install"]);
    assert_eq!(output.status.code(), Some(3), "{}", everything(&output));
    assert!(everything(&output).contains("there is no install.json; remedy: "));
}

// A request that stays would start the unit again at once, until systemd refuses to and nobody is told.
#[test]
fn an_installation_that_the_machine_fails_is_told_and_not_asked_for_again() {
    for (broken, part) in [
        ("data/boot/state.json.new", "cannot write state.json: "),
        ("bootsel/autoboot.txt", "cannot read autoboot.txt: "),
    ] {
        let kiosk = kiosk_with_obedient_rauc();
        kiosk.app_is_well();
        kiosk.well(&["health"]);
        kiosk.request("staged.raucb", "0.2.0");
        let _ = fs::remove_file(kiosk.path(broken));
        fs::create_dir(kiosk.path(broken)).unwrap();
        let output = kiosk.run(&["install"]);
        assert_eq!(output.status.code(), Some(3), "{broken}: {}", everything(&output));
        let (state, reason) = kiosk.outcome();
        assert!(state == "refused" && reason.starts_with(part), "{broken}: {state} {reason}");
        assert!(!kiosk.path("update/install.json").exists() && !kiosk.restarted(), "{broken}");
    }
    // Where nothing can be told, it fails and is tried again.
    let kiosk = kiosk_with_obedient_rauc();
    kiosk.request("staged.raucb", "0.2.0");
    fs::create_dir_all(kiosk.path("data/boot/outcome.json.new")).unwrap();
    assert_eq!(kiosk.run(&["install"]).status.code(), Some(1));
    assert!(kiosk.path("update/install.json").exists());
}

#[test]
fn the_exit_status_tells_a_wrong_command_line_from_a_failure() {
    let kiosk = Kiosk::new("driver = \"sim\"\n");
    for words in [
        &[][..],
        &["dance"],
        &["get-state"],
        &["get-state", "C"],
        &["set-state", "A", "fine"],
        &["repair", "--json"],
    ] {
        let output = kiosk.run(words);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(everything(&output).contains("remedy: kiosk-bootctl --help"));
    }
    assert_eq!(kiosk.run(&["set-state", "A", "bad"]).status.code(), Some(1));
    assert_eq!(kiosk.run(&["try"]).status.code(), Some(1));
    assert_eq!(kiosk.run(&["--help"]).status.code(), Some(0));
    let missing = Command::new(binary()).args(["--config", "/nonexistent", "status"]).output().unwrap();
    assert_eq!(missing.status.code(), Some(1));
}
