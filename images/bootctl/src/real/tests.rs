use super::*;

fn kiosk(driver: Driver) -> (tempfile::TempDir, Real) {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("bootsel")).unwrap();
    let config = Config {
        data: at("data"),
        request: at("install.json"),
        bootsel: Some(at("bootsel")),
        device_tree: at("dt"),
        boot_id: at("boot_id"),
        lock: at("lock"),
        restart: vec![
            "sh".to_owned(),
            "-c".to_owned(),
            format!("echo \"$0\" >{}", at("restarted").display()),
        ],
        ..Config::default()
    };
    let real = Real::locked(&config, driver).unwrap();
    (folder, real)
}

#[test]
fn a_swap_keeps_file_and_length() {
    let (folder, mut real) = kiosk(Driver::Sim);
    let file = folder.path().join("bootsel/autoboot.txt");
    let inode = |path: &Path| std::os::unix::fs::MetadataExt::ino(&fs::metadata(path).unwrap());
    let longest = vec![b'#'; 512];
    let too_long = vec![b'#'; 2000];
    for before in [autoboot::render(Slot::A).as_bytes(), &longest, &too_long, b"", b"x"] {
        fs::write(&file, before).unwrap();
        let was = inode(&file);
        real.write_autoboot(autoboot::render(Slot::B).as_bytes()).unwrap();
        let after = fs::read(&file).unwrap();
        assert_eq!(autoboot::parse(&after), Some(Slot::B));
        assert_eq!(inode(&file), was, "the file itself is written, no new one renamed over it");
        if (64..=512).contains(&before.len()) {
            assert_eq!(after.len(), before.len());
        }
    }
}

#[test]
fn the_flag_of_the_emulated_machine_comes_and_goes() {
    let (folder, mut real) = kiosk(Driver::Sim);
    let flag = folder.path().join("bootsel/tryboot");
    for (on, there) in [(false, false), (true, true), (true, true), (false, false)] {
        real.set_tryboot(on).unwrap();
        assert_eq!(flag.exists(), there);
    }
}

#[test]
fn only_a_pi_is_restarted_with_an_argument() {
    for (driver, tryboot, argument) in [
        (Driver::RpiTryboot, true, "--reboot-argument=0 tryboot"),
        (Driver::RpiTryboot, false, "sh"),
        (Driver::Sim, true, "sh"),
    ] {
        let (folder, mut real) = kiosk(driver);
        real.restart(tryboot).unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("restarted")).unwrap().trim(), argument);
    }
}

#[test]
fn what_the_firmware_says_is_read_or_named() {
    let (folder, mut real) = kiosk(Driver::Sim);
    assert!(real.firmware().unwrap_err().to_string().contains("chosen/bootloader/partition"));
    let said = folder.path().join("dt/chosen/bootloader");
    fs::create_dir_all(&said).unwrap();
    fs::write(said.join("tryboot"), 1u32.to_be_bytes()).unwrap();
    for (bytes, ends) in [
        (&3u32.to_be_bytes()[..], Ok(Slot::B)),
        (&1u32.to_be_bytes()[..], Err("it booted partition 1, and no slot boots from there")),
    ] {
        fs::write(said.join("partition"), bytes).unwrap();
        let firmware = real.firmware();
        match ends {
            Ok(slot) => assert_eq!(firmware.unwrap(), Firmware { slot, tryboot: true }),
            Err(words) => assert!(firmware.unwrap_err().to_string().contains(words)),
        }
    }
    fs::write(said.join("partition"), b"3").unwrap();
    assert!(real.firmware().is_err());
}

#[test]
fn a_file_of_somebody_else_does_not_fill_the_memory() {
    let (folder, mut real) = kiosk(Driver::Sim);
    fs::write(folder.path().join("install.json"), vec![b'x'; 1 << 20]).unwrap();
    assert_eq!(real.read(Place::Request).unwrap().unwrap().len() as u64, LONGEST);
}
