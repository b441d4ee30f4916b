//! An update put together while the power goes at every step.

use std::io;
use std::path::Path;

use kiosk_core::update::{UpdateOutcome, UpdateState};
use kiosk_protocol::{MAX_PART_BYTES, UpdateOrder};
use sha2::{Digest, Sha256};

use super::shelf::{Folder, Shelf};
use super::stage::{Checked, Next, Stage, take_back};
use super::worker::lies_too_long;

/// A folder whose machine goes down at a certain write, in the middle of it.
struct Dying {
    folder: Folder,
    writes_left: usize,
    dead: bool,
}

impl Dying {
    fn write(
        &mut self,
        whole: impl FnOnce(&mut Folder) -> io::Result<()>,
        half: impl FnOnce(&mut Folder),
    ) -> io::Result<()> {
        if self.dead || self.writes_left == 0 {
            if !self.dead {
                half(&mut self.folder);
            }
            self.dead = true;
            return Err(io::Error::other("the power is gone"));
        }
        self.writes_left -= 1;
        whole(&mut self.folder)
    }
}

impl Shelf for Dying {
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        self.folder.read(name)
    }
    fn len(&self, name: &str) -> io::Result<Option<u64>> {
        self.folder.len(name)
    }
    fn digest(&self, name: &str) -> io::Result<String> {
        self.folder.digest(name)
    }
    fn free(&self) -> io::Result<u64> {
        self.folder.free()
    }
    fn stick_bundles(&self) -> io::Result<Vec<(String, u64)>> {
        self.folder.stick_bundles()
    }
    fn put(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let half = |folder: &mut Folder| {
            folder.add(&format!("{name}.new"), 0, &bytes[..bytes.len() / 2]).unwrap();
        };
        self.write(|folder| folder.put(name, bytes), half)
    }
    fn add(&mut self, name: &str, at: u64, bytes: &[u8]) -> io::Result<()> {
        // The file system knew the length before the bytes were on the card: the rest reads as zeros.
        let half = |folder: &mut Folder| {
            let torn: Vec<u8> =
                bytes.iter().take(bytes.len() / 2).copied().chain(bytes.iter().map(|_| 0)).collect();
            folder.add(name, at, &torn[..bytes.len()]).unwrap();
        };
        self.write(|folder| folder.add(name, at, bytes), half)
    }
    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.write(|folder| folder.rename(from, to), |_| {})
    }
    fn remove(&mut self, name: &str) -> io::Result<()> {
        self.write(|folder| folder.remove(name), |_| {})
    }
}

fn bundle(seed: u8, bytes: usize) -> Vec<u8> {
    (0..bytes).map(|n| (n as u32).wrapping_mul(2_654_435_761).to_le_bytes()[3] ^ seed).collect()
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn order(version: &str, bytes: &[u8]) -> UpdateOrder {
    UpdateOrder { version: version.to_owned(), sha256: hex(bytes), size: bytes.len() as u64 }
}

fn open(folder: &Path) -> Stage<Folder> {
    Stage::open(Folder::open(folder).unwrap()).unwrap()
}

/// Takes order `number` and brings it as far as the boot control; how many bytes were asked for.
fn story<S: Shelf>(stage: &mut Stage<S>, number: u64, version: &str, bytes: &[u8]) -> io::Result<u64> {
    if stage.taken() < number {
        stage.order(number, &order(version, bytes))?;
    }
    let mut asked = 0;
    loop {
        match stage.next() {
            Next::Nothing => panic!("the order is gone"),
            Next::Fetch { from, missing, .. } => {
                let len = missing.min(200 * 1024);
                asked += len;
                stage.part(&bytes[from as usize..(from + len) as usize])?;
            }
            Next::Check => assert_eq!(stage.check()?, Checked::Whole),
            Next::Offer => stage.ask(None, "b1")?,
            Next::Await => return Ok(asked),
        }
    }
}

/// What lies in the folder: the digest of a staged bundle, and the one that the boot control was asked to install.
fn found(folder: &Path) -> (Option<String>, Option<String>) {
    let staged = std::fs::read(folder.join("staged.raucb")).ok().map(|bytes| hex(&bytes));
    let request = std::fs::read(folder.join("install.json")).ok();
    let asked = request
        .map(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).unwrap()["sha256"].to_string());
    (staged, asked.map(|digest| digest.trim_matches('"').to_owned()))
}

#[test]
fn a_cut_at_every_step_leaves_nothing_or_a_whole_bundle_and_the_rest_follows() {
    let (first, second) = (bundle(1, 700 * 1024), bundle(2, 300 * 1024));
    let mut cuts = 0;
    for writes_left in 0.. {
        let folder = tempfile::tempdir().unwrap();
        let dying = Dying { folder: Folder::open(folder.path()).unwrap(), writes_left, dead: false };
        let run = |dying| -> io::Result<()> {
            let mut stage = Stage::open(dying)?;
            story(&mut stage, 1, "1", &first)?;
            // The boot control went away with the request, and never said a word.
            std::fs::remove_file(folder.path().join("install.json")).unwrap();
            stage.hear(None)?;
            stage.order(2, &order("2", &second))?;
            story(&mut stage, 2, "2", &second).map(drop)
        };
        let survived = run(dying).is_ok();
        let (staged, asked) = found(folder.path());
        for digest in [&staged, &asked].into_iter().flatten() {
            assert!([hex(&first), hex(&second)].contains(digest), "cut at write {writes_left}");
        }
        assert!(asked.is_none() || asked == staged, "cut at write {writes_left}");
        if survived {
            break;
        }
        cuts += 1;
        let mut stage = open(folder.path());
        if stage.is_away() {
            // As the thread does: the request was never written, or is there.
            if !stage.request_lies().unwrap() {
                stage.hear(None).unwrap();
            }
        }
        if stage.taken() == 1 {
            story(&mut stage, 1, "1", &first).unwrap();
            stage.hear(None).unwrap();
        }
        story(&mut stage, 2, "2", &second).unwrap();
        assert_eq!(
            found(folder.path()),
            (Some(hex(&second)), Some(hex(&second))),
            "cut at write {writes_left}"
        );
    }
    assert!(cuts > 20, "only {cuts} steps were cut");
}

#[test]
fn a_cut_costs_at_most_one_part() {
    let bytes = bundle(3, 2_000_000);
    let folder = tempfile::tempdir().unwrap();
    let mut stage = open(folder.path());
    stage.order(1, &order("1", &bytes)).unwrap();
    stage.part(&bytes[..MAX_PART_BYTES as usize]).unwrap();
    stage.part(&bytes[MAX_PART_BYTES as usize..1_000_000]).unwrap();
    drop(stage);
    let mut stage = open(folder.path());
    let asked = story(&mut stage, 1, "1", &bytes).unwrap();
    assert!((1_000_000..=1_000_000 + MAX_PART_BYTES).contains(&asked), "{asked} bytes were asked for again");
}

#[test]
fn bytes_that_are_not_the_ordered_ones_are_never_staged_and_are_given_up_in_the_end() {
    let (bytes, others) = (bundle(4, 10_000), bundle(5, 10_000));
    let folder = tempfile::tempdir().unwrap();
    let mut stage = open(folder.path());
    stage.order(1, &order("1", &bytes)).unwrap();
    for expected in [Checked::Wrong, Checked::Wrong, Checked::GivenUp] {
        stage.part(&others).unwrap();
        assert_eq!(stage.check().unwrap(), expected);
        assert_eq!(found(folder.path()), (None, None));
    }
    assert_eq!(stage.next(), Next::Nothing);
    // The control: the right ones are.
    stage.order(2, &order("1", &bytes)).unwrap();
    stage.part(&bytes).unwrap();
    assert_eq!(stage.check().unwrap(), Checked::Whole);
}

#[test]
fn a_bundle_spoiled_on_the_disk_is_not_offered_after_a_restart() {
    let bytes = bundle(6, 10_000);
    let folder = tempfile::tempdir().unwrap();
    let mut stage = open(folder.path());
    story(&mut stage, 1, "1", &bytes).unwrap();
    drop(stage);
    assert_eq!(open(folder.path()).next(), Next::Await, "the control: as it was");
    let mut spoiled = bytes.clone();
    spoiled[5_000] ^= 1;
    std::fs::write(folder.path().join("staged.raucb"), spoiled).unwrap();
    let mut stage = open(folder.path());
    assert_eq!(found(folder.path()), (None, None), "neither bundle nor request");
    story(&mut stage, 1, "1", &bytes).unwrap();
    assert_eq!(found(folder.path()), (Some(hex(&bytes)), Some(hex(&bytes))), "fetched anew");
}

#[test]
fn the_boot_controls_word_ends_an_update_and_an_older_word_does_not() {
    let bytes = bundle(7, 1_000);
    let outcome = |state, at_boot: &str| UpdateOutcome {
        state,
        version: "1".to_owned(),
        slot: "B".to_owned(),
        reason: String::new(),
        at_boot: at_boot.to_owned(),
    };
    let before = outcome(UpdateState::FellBack, "b1");
    for (word, ends, next) in [
        (Some(before.clone()), false, Next::Offer),
        (None, false, Next::Offer),
        (Some(outcome(UpdateState::Installing, "b2")), false, Next::Await),
        (Some(outcome(UpdateState::Trial, "b3")), false, Next::Await),
        (Some(outcome(UpdateState::Refused, "b2")), true, Next::Nothing),
        (Some(outcome(UpdateState::Committed, "b3")), true, Next::Nothing),
        (Some(outcome(UpdateState::FellBack, "b3")), true, Next::Nothing),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut stage = open(folder.path());
        stage.order(1, &order("1", &bytes)).unwrap();
        stage.part(&bytes).unwrap();
        stage.check().unwrap();
        stage.ask(Some(&before), "b1").unwrap();
        assert!(stage.request_lies().unwrap());
        std::fs::remove_file(folder.path().join("install.json")).unwrap();
        assert_eq!(stage.hear(word.as_ref()).unwrap(), ends, "{word:?}");
        assert_eq!(stage.next(), next, "{word:?}");
        drop(stage);
        assert_eq!(open(folder.path()).next(), next, "{word:?}, after a restart");
        assert_eq!(folder.path().join("staged.raucb").exists(), !ends);
    }
}

#[test]
fn an_update_that_the_boot_control_never_speaks_of_is_not_offered_for_ever() {
    let bytes = bundle(8, 1_000);
    let folder = tempfile::tempdir().unwrap();
    let mut stage = open(folder.path());
    let mut asked = 0;
    stage.order(1, &order("1", &bytes)).unwrap();
    stage.part(&bytes).unwrap();
    stage.check().unwrap();
    while stage.next() == Next::Offer {
        stage.ask(None, "b1").unwrap();
        asked += 1;
        stage.hear(None).unwrap();
    }
    assert_eq!((asked, stage.next()), (3, Next::Nothing));
}

#[test]
fn what_was_asked_before_the_power_went_waits_for_the_hall_to_be_at_rest_again() {
    let bytes = bundle(11, 1_000);
    let folder = tempfile::tempdir().unwrap();
    let mut shelf = Folder::open(folder.path()).unwrap();
    let mut stage = open(folder.path());
    story(&mut stage, 1, "1", &bytes).unwrap();
    assert!(!take_back(&mut shelf, "b1").unwrap(), "the app alone was started again");
    assert_eq!(found(folder.path()), (Some(hex(&bytes)), Some(hex(&bytes))));
    for (boot, tries_left) in [("b2", true), ("b3", true), ("b4", false)] {
        assert!(take_back(&mut shelf, boot).unwrap());
        assert!(!take_back(&mut shelf, boot).unwrap(), "there is nothing any more");
        assert_eq!(found(folder.path()), (Some(hex(&bytes)), None), "the bundle is not fetched again");
        let mut stage = open(folder.path());
        assert_eq!(stage.next(), if tries_left { Next::Offer } else { Next::Nothing }, "{boot}");
        stage.ask(None, boot).unwrap();
    }
    assert_eq!(found(folder.path()), (None, None));
    // What nobody ordered through the app, a technician put there.
    std::fs::write(folder.path().join("install.json"), "{\"sha256\":\"\"}").unwrap();
    assert!(!take_back(&mut shelf, "b5").unwrap());
}

#[test]
fn a_cut_while_a_request_is_taken_back_loses_neither_it_nor_the_bundle() {
    let bytes = bundle(12, 1_000);
    for writes_left in 0..2 {
        let folder = tempfile::tempdir().unwrap();
        story(&mut open(folder.path()), 1, "1", &bytes).unwrap();
        let mut dying = Dying { folder: Folder::open(folder.path()).unwrap(), writes_left, dead: false };
        assert!(take_back(&mut dying, "b2").is_err());
        assert!(take_back(&mut Folder::open(folder.path()).unwrap(), "b3").unwrap());
        assert_eq!(open(folder.path()).next(), Next::Offer, "cut at write {writes_left}");
    }
}

#[test]
fn a_request_that_lies_for_two_hours_on_end_lies_too_long() {
    let hour_ms = 3_600_000;
    let mut since = None;
    for (lies, now_ms, too_long) in [
        (false, 0, false),
        (true, hour_ms, false),
        (true, 3 * hour_ms - 1, false),
        (false, 3 * hour_ms, false),
        (true, 4 * hour_ms, false),
        (true, 5 * hour_ms, false),
        (true, 6 * hour_ms, true),
        // A new request, before anybody saw that the old one was gone.
        (true, 6 * hour_ms + 1, false),
        (true, 8 * hour_ms, false),
        (true, 8 * hour_ms + 1, true),
    ] {
        assert_eq!(lies_too_long(&mut since, lies, now_ms), too_long, "{lies} at {now_ms}");
    }
}

#[test]
fn a_request_left_lying_is_taken_back_and_the_update_offered_again_a_few_times() {
    let bytes = bundle(13, 1_000);
    let folder = tempfile::tempdir().unwrap();
    let mut stage = open(folder.path());
    for ended in [false, false, true] {
        story(&mut stage, 1, "1", &bytes).unwrap();
        assert_eq!(stage.take_back_unheard().unwrap(), ended);
        assert_eq!(found(folder.path()), ((!ended).then(|| hex(&bytes)), None));
        assert_eq!(stage.next(), if ended { Next::Nothing } else { Next::Offer });
    }
    for writes_left in 0..2 {
        let folder = tempfile::tempdir().unwrap();
        story(&mut open(folder.path()), 1, "1", &bytes).unwrap();
        let dying = Dying { folder: Folder::open(folder.path()).unwrap(), writes_left, dead: false };
        assert!(Stage::open(dying).unwrap().take_back_unheard().is_err());
        let mut stage = open(folder.path());
        stage.take_back_unheard().unwrap();
        assert_eq!(stage.next(), Next::Offer, "cut at write {writes_left}");
    }
}

#[test]
fn a_stick_brings_a_bundle_by_its_name_and_what_is_none_stays_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let usb = folder.path().join("usb");
    let mut stage = open(folder.path());
    assert_eq!(stage.take_from_stick().unwrap(), None);
    std::fs::write(usb.join("0.3.0.raucb.part"), "not yet whole").unwrap();
    std::fs::write(usb.join("empty.raucb"), "").unwrap();
    std::fs::create_dir(usb.join("folder.raucb")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", usb.join("a.raucb")).unwrap();
    assert_eq!(stage.take_from_stick().unwrap(), None);
    let bytes = bundle(9, 5_000);
    std::fs::write(usb.join("0.3.0.raucb"), &bytes).unwrap();
    assert_eq!(stage.take_from_stick().unwrap().as_deref(), Some("0.3.0"));
    assert_eq!(stage.next(), Next::Offer);
    stage.ask(None, "b1").unwrap();
    assert_eq!(found(folder.path()), (Some(hex(&bytes)), Some(hex(&bytes))));
    let request = std::fs::read_to_string(folder.path().join("install.json")).unwrap();
    assert_eq!(
        request,
        format!(r#"{{"bundle":"staged.raucb","version":"0.3.0","sha256":"{}","source":"usb"}}"#, hex(&bytes))
    );
}

#[test]
fn a_name_that_is_no_version_is_not_passed_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut stage = open(folder.path());
    std::fs::write(folder.path().join("usb/bản \"mới\".raucb"), "x").unwrap();
    assert_eq!(stage.take_from_stick().unwrap().as_deref(), Some("usb"));
}

#[test]
fn a_torn_progress_file_counts_as_none_and_what_a_technician_staged_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("progress.json"), "{\"taken\":7,").unwrap();
    std::fs::write(folder.path().join("staged.raucb"), "by hand").unwrap();
    std::fs::write(folder.path().join("install.json"), "{\"sha256\":\"\"}").unwrap();
    let mut stage = open(folder.path());
    assert_eq!((stage.taken(), stage.next()), (0, Next::Nothing));
    stage.belong_to("key").unwrap();
    assert_eq!(found(folder.path()), (Some(hex(b"by hand")), Some(String::new())));
}

#[test]
fn another_server_numbers_its_commands_anew_and_the_same_one_does_not() {
    let bytes = bundle(10, 1_000);
    let folder = tempfile::tempdir().unwrap();
    let mut stage = open(folder.path());
    stage.belong_to("key 1").unwrap();
    stage.order(7, &order("1", &bytes)).unwrap();
    for (key, taken, is_gone) in [("key 1", 7, false), ("key 2", 0, true), ("key 2", 0, true)] {
        let mut stage = open(folder.path());
        stage.belong_to(key).unwrap();
        assert_eq!((stage.taken(), stage.next() == Next::Nothing), (taken, is_gone), "{key}");
    }
    std::fs::write(folder.path().join("usb/2.raucb"), &bytes).unwrap();
    let mut stage = open(folder.path());
    stage.take_from_stick().unwrap();
    stage.belong_to("key 3").unwrap();
    assert_eq!(stage.next(), Next::Offer, "what a stick brought is nobody's order");
}
