//! A real RAUC service, real signatures and the real system.conf, with files for partitions: `make test-rauc`.
//! RAUC mounts bundles, so this needs root and loop devices. A host's kernel may have no dm-verity: the bundles here are of
//! the plain format, which no kiosk takes.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::kiosk::{Kiosk, binary, everything};

// The last two digits of the PARTUUIDs, and the names of the files.
const PARTITIONS: [&str; 4] = ["02", "03", "05", "06"];

/// Children that end with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Bench {
    // First, so that it ends before its bus.
    rauc: Option<Running>,
    _bus: Running,
    kiosk: Kiosk,
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn executable(path: &Path, script: &str) {
    fs::write(path, script).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

impl Bench {
    fn new() -> Self {
        let kiosk = Kiosk::new("driver = \"sim\"\n");
        let at = |name: &str| kiosk.path(name).display().to_string();
        executable(
            &kiosk.path("backend"),
            &format!("#!/bin/sh\nexec {} --config {} \"$@\"\n", binary().display(), at("boot.toml")),
        );
        executable(
            &kiosk.path("rauc"),
            &format!(
                "#!/bin/sh\nexport DBUS_SYSTEM_BUS_ADDRESS=unix:path={}\nexec rauc --conf={} \"$@\"\n",
                at("bus"),
                at("system.conf")
            ),
        );
        let config = fs::read_to_string(kiosk.path("boot.toml")).unwrap();
        fs::write(kiosk.path("boot.toml"), config + &format!("rauc = [\"{}\"]\n", at("rauc"))).unwrap();
        for folder in ["mount", "data/rauc"] {
            fs::create_dir_all(kiosk.path(folder)).unwrap();
        }
        fs::write(kiosk.path("system.conf"), system_conf(&kiosk)).unwrap();
        for name in PARTITIONS {
            fs::write(kiosk.path(name), vec![b'.'; 256 * 1024]).unwrap();
        }
        Self { rauc: None, _bus: start_bus(&kiosk), kiosk }
    }

    /// Boots as the firmware would, and starts RAUC's service in the booted system.
    fn boot(&mut self) -> u32 {
        self.rauc = None;
        let partition = self.kiosk.boot();
        let mut command = Command::new(self.kiosk.path("rauc"));
        command.arg(format!("--mount={}", self.kiosk.path("mount").display()));
        if !asks_for_the_running_slot() {
            command.arg(format!("--override-boot-slot={}", if partition == 2 { "A" } else { "B" }));
        }
        let log = fs::File::create(self.kiosk.path("rauc.log")).unwrap();
        command.arg("service").stdout(log.try_clone().unwrap()).stderr(log);
        self.rauc = Some(Running(command.spawn().expect("rauc; remedy: tests/setup.sh test")));
        self.wait_for_service();
        partition
    }

    // The bus tells when the name is there: no sleep, and a limit.
    fn wait_for_service(&self) {
        let address = format!("unix:path={}", self.kiosk.path("bus").display());
        let done = Command::new("gdbus")
            .args(["wait", "--system", "--timeout", "20", "de.pengutronix.rauc"])
            .env("DBUS_SYSTEM_BUS_ADDRESS", address)
            .stdout(Stdio::null())
            .status()
            .expect("gdbus; remedy: tests/setup.sh test");
        let log = fs::read_to_string(self.kiosk.path("rauc.log")).unwrap();
        assert!(done.success(), "RAUC's service does not come: {log}");
    }

    /// A bundle of two files that say `word`, signed by the keys in this folder.
    fn bundle(&self, word: &str, keys: &str, machine: &str) -> PathBuf {
        for name in ["boot.vfat", "system.img"] {
            fs::write(self.kiosk.path(name), format!("{word} {name} ").repeat(4096)).unwrap();
        }
        let bundle = self.kiosk.path("update").join(format!("{word}.raucb"));
        let output = Command::new(repository().join("images/rauc/bundle.sh"))
            .args(["--machine", machine, "--version", word, "--boot"])
            .arg(self.kiosk.path("boot.vfat"))
            .arg("--system")
            .arg(self.kiosk.path("system.img"))
            .arg("--out")
            .arg(&bundle)
            .env("RAUC_KEYS", self.kiosk.path(keys))
            .env("RAUC_FORMAT", "plain")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", everything(&output));
        bundle
    }

    fn in_partition(&self, name: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.kiosk.path(name)).unwrap()[..12]).into_owned()
    }

    // Asks for an installation that must be refused, and gives the reason.
    fn refusal(&self, bundle: &str) -> String {
        self.kiosk.request(&format!("{bundle}.raucb"), "9");
        let output = self.kiosk.run(&["install"]);
        assert_eq!(output.status.code(), Some(3), "{}", everything(&output));
        let (state, reason) = self.kiosk.outcome();
        assert_eq!(state, "refused");
        assert!(!self.kiosk.restarted() && !self.kiosk.path("bootsel/tryboot").exists());
        reason
    }
}

fn start_bus(kiosk: &Kiosk) -> Running {
    let path = kiosk.path("bus");
    let config = kiosk.path("bus.conf");
    let text = format!(
        "<busconfig><type>system</type><listen>unix:path={}</listen><auth>EXTERNAL</auth><policy context=\"default\">\
         <allow send_destination=\"*\"/><allow own=\"*\"/><allow eavesdrop=\"true\"/></policy></busconfig>",
        path.display()
    );
    fs::write(&config, text).unwrap();
    let mut command = Command::new("dbus-daemon");
    command
        .args(["--nofork", "--nopidfile", "--print-address=1"])
        .arg(format!("--config-file={}", config.display()));
    let log = fs::File::create(kiosk.path("bus.log")).unwrap();
    let bus = command.stdout(Stdio::piped()).stderr(log).spawn();
    let mut bus = Running(bus.expect("dbus-daemon; remedy: tests/setup.sh test"));
    // It says its address once it listens.
    let said = bus.0.stdout.take().map(|out| BufReader::new(out).lines().next());
    assert!(matches!(said, Some(Some(Ok(_)))), "the bus does not come: {said:?}");
    bus
}

// The system.conf of the image, with files for partitions.
fn system_conf(kiosk: &Kiosk) -> String {
    let text = fs::read_to_string(repository().join("images/generated/system-arm64.conf")).unwrap();
    let root = kiosk.path("").display().to_string();
    text.replace("bundle-formats=verity", "bundle-formats=plain")
        .replace("/data/rauc", &format!("{root}data/rauc"))
        .replace("/usr/lib/kiosk/rauc-backend", &format!("{root}backend"))
        .replace("/etc/rauc/keyring.pem", &format!("{root}keys/ca.pem"))
        .replace("/dev/disk/by-partuuid/4b494f53-", &root)
}

// RAUC asks a backend for the running slot since 1.11 (Debian 12 has 1.8), and may take a `root=` of the host's kernel first.
fn asks_for_the_running_slot() -> bool {
    let output = Command::new("rauc").arg("--version").output().expect("rauc; remedy: tests/setup.sh test");
    let text = String::from_utf8(output.stdout).unwrap();
    let mut numbers =
        text.trim().trim_start_matches("rauc ").split('.').map_while(|part| part.parse::<u32>().ok());
    let host = fs::read_to_string("/proc/cmdline").unwrap();
    (numbers.next(), numbers.next()) >= (Some(1), Some(11)) && !host.contains("root=")
}

#[test]
#[ignore = "needs root, loop devices, rauc and dbus: make test-rauc"]
fn a_bundle_that_is_not_ours_or_not_whole_is_refused_with_a_reason_and_nothing_is_written() {
    let mut bench = Bench::new();
    let ours = fs::read(bench.bundle("ours", "keys", "arm64")).unwrap();
    bench.bundle("foreign", "other-keys", "arm64");
    bench.bundle("machine", "keys", "raspberrypi5");
    let mut tampered = ours.clone();
    tampered[2000] ^= 1;
    fs::write(bench.kiosk.path("update/tampered.raucb"), tampered).unwrap();
    fs::write(bench.kiosk.path("update/short.raucb"), &ours[..ours.len() / 2]).unwrap();
    assert_eq!(bench.boot(), 2);
    for (bundle, part) in [
        ("foreign", "signed by a key that this kiosk does not trust"),
        ("machine", "for another kind of machine"),
        ("tampered", "was changed after it was signed"),
        ("short", "no bundle, or it was cut short"),
        ("missing", "not where the request says"),
    ] {
        let reason = bench.refusal(bundle);
        assert!(reason.contains(part), "{bundle}: {reason}");
    }
    for name in PARTITIONS {
        assert_eq!(bench.in_partition(name), ".".repeat(12), "partition {name}");
    }
}

#[test]
#[ignore = "needs root, loop devices, rauc and dbus: make test-rauc"]
fn rauc_writes_the_other_slot_and_the_boot_control_tries_commits_and_falls_back() {
    let mut bench = Bench::new();
    bench.bundle("two", "keys", "arm64");
    bench.bundle("three", "keys", "arm64");
    assert_eq!(bench.boot(), 2);
    bench.kiosk.request("two.raucb", "two");
    bench.kiosk.well(&["install"]);
    let written = PARTITIONS.map(|name| bench.in_partition(name));
    assert_eq!(written, ["............", "two boot.vfa", "............", "two system.i"]);
    assert_eq!(bench.boot(), 3);
    bench.kiosk.app_is_well();
    assert_eq!(bench.kiosk.well(&["health"]), "proven and committed\n");
    assert_eq!(bench.kiosk.outcome().0, "committed");

    // The next one goes into slot A, which never comes up.
    assert_eq!(bench.boot(), 3);
    bench.kiosk.request("three.raucb", "three");
    bench.kiosk.well(&["install"]);
    assert_eq!(bench.in_partition("05"), "three system");
    assert_eq!(bench.boot(), 2);
    assert_eq!(bench.boot(), 3);
    bench.kiosk.app_is_well();
    bench.kiosk.well(&["health"]);
    let (state, reason) = bench.kiosk.outcome();
    assert_eq!(state, "fell_back");
    assert!(reason.contains("did not get as far as its health check"), "{reason}");
}

#[test]
#[ignore = "needs openssl and rauc: make test-rauc"]
fn a_release_refuses_a_development_key_wherever_it_comes_from() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let script = |name: &str| Command::new(repository().join("images/rauc").join(name));
    assert!(script("keys.sh").arg(folder.path()).status().unwrap().success());
    fs::write(file("image"), "content").unwrap();
    let release = |keys: &[(&str, &str)]| {
        let mut command = script("bundle.sh");
        command.args(["--release", "--machine", "arm64", "--version", "1", "--out"]).arg(file("out"));
        command.arg("--boot").arg(file("image")).arg("--system").arg(file("image"));
        command.envs(keys.iter().map(|(name, value)| (name, file(value)))).output().unwrap()
    };
    for keys in [&[][..], &[("RAUC_CERT", "sign.pem"), ("RAUC_KEY", "sign.key"), ("RAUC_KEYRING", "ca.pem")]]
    {
        let output = release(keys);
        assert_eq!(output.status.code(), Some(1));
        assert!(everything(&output).contains("development"), "{}", everything(&output));
        assert!(!file("out").exists());
    }
}
