//! The scanner driver against scanners that pose as keyboards.

use std::time::Duration;

use kiosk_drivers::DeviceHealth;
use serde_json::{Value, json};

use crate::device_file::DeviceFile;
use crate::gadget::Identity;
use crate::keyboard::Keyboard;
use crate::report::{Failure, Scenario, must};
use crate::scanner::{health, next_scan, scanner};
use crate::wait;

const WEDGE: Identity = Identity { vendor: 0x1eab, product: 0x0022, serial: "W1" };
const WEDGE_PORT: usize = 3;
const ADDRESS: &str = "evdev:port=4-1";
const CODES: [&str; 3] = ["T8F4-2K9Q", "https://tthc.example/p/T8F4-2K9Q?so=A012&k=7d1c9e", "066090001234"];

const PATIENCE: Duration = Duration::from_secs(10);
const ABSENT_LIMIT: Duration = Duration::from_secs(2);
const READY_LIMIT: Duration = Duration::from_secs(3);

/// All of them.
pub const SCENARIOS: &[Scenario] = &[
    Scenario { name: "wedge scanner: what it types is a scan and reaches nobody else", run: typed },
    Scenario { name: "wedge scanner: cable pulled in a scan", run: pulled_in_a_scan },
];

/// Others who would hear a keyboard: the console on the screen, and a program that reads the same node.
struct Eavesdroppers {
    console: DeviceFile,
    other_reader: DeviceFile,
}

impl Eavesdroppers {
    fn of(keyboard: &Keyboard) -> Result<Self, Failure> {
        let mut console = DeviceFile::new("/dev/tty1");
        let mut other_reader = DeviceFile::new(&keyboard.node()?.to_string_lossy());
        must(console.is_open() && other_reader.is_open(), || "the eavesdroppers hear nothing".to_owned())?;
        Ok(Self { console, other_reader })
    }

    /// Bytes that each of them has heard since the last call.
    fn heard(&mut self) -> (usize, usize) {
        wait::pause(Duration::from_millis(200));
        (drain(&mut self.console), drain(&mut self.other_reader))
    }
}

fn drain(file: &mut DeviceFile) -> usize {
    let mut buffer = [0; 4096];
    std::iter::from_fn(|| Some(file.read(&mut buffer)).filter(|count| *count > 0)).sum()
}

fn typed() -> Result<Value, Failure> {
    let mut wedge = Keyboard::plugged(0, WEDGE, WEDGE_PORT)?;
    let mut others = Eavesdroppers::of(&wedge)?;
    others.heard();
    // The control: as long as nobody grabs the wedge, everybody hears it.
    wedge.type_text("CONTROL\r")?;
    let before = others.heard();
    must(before.0 == 8 && before.1 > 0, || format!("without the driver the others heard {before:?} bytes"))?;

    let driver = scanner(ADDRESS)?;
    health(&driver, &DeviceHealth::Ready, PATIENCE)?;
    for code in CODES {
        wedge.type_text(&format!("{code}\r"))?;
        let got = next_scan(&driver)?;
        must(got == code, || format!("typed {code:?}, read {got:?}"))?;
    }
    let during = others.heard();
    must(during == (0, 0), || format!("with the driver the others heard {during:?} bytes"))?;

    drop(driver);
    wedge.type_text("CONTROL\r")?;
    let after = others.heard();
    must(after.0 == 8 && after.1 > 0, || format!("after the driver the others heard {after:?} bytes"))?;
    Ok(json!({ "scans": CODES.len(), "console_bytes": [before.0, during.0, after.0],
        "other_reader_bytes": [before.1, during.1, after.1] }))
}

fn pulled_in_a_scan() -> Result<Value, Failure> {
    let mut wedge = Keyboard::plugged(0, WEDGE, WEDGE_PORT)?;
    let driver = scanner(ADDRESS)?;
    health(&driver, &DeviceHealth::Ready, PATIENCE)?;
    wedge.type_text("BEFORE\r")?;
    next_scan(&driver)?;
    wedge.type_text("FRAGMENT-OF-A-SC")?;
    let pulled = driver.now();
    wedge.unplug()?;
    let absent = health(&driver, &DeviceHealth::Absent, ABSENT_LIMIT)?.saturating_sub(pulled);
    wait::pause(Duration::from_secs(1));
    let plugged = driver.now();
    wedge.plug()?;
    let ready = health(&driver, &DeviceHealth::Ready, READY_LIMIT)?.saturating_sub(plugged);
    wedge.type_text("AFTER\r")?;
    let got = next_scan(&driver)?;
    must(got == "AFTER", || format!("after the cable's return {got:?} was read"))?;
    Ok(json!({ "absent_ms": absent.as_millis(), "ready_ms": ready.as_millis() }))
}
