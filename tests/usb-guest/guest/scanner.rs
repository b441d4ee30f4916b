//! The scanner driver against scanner gadgets.

use std::path::Path;
use std::time::Duration;

use kiosk_drivers::DeviceHealth;
use kiosk_drivers::clock::Moment;
use kiosk_drivers::scanner::{Framing, Scanner, ScannerConfig, ScannerEvent, ScannerOrder};
use serde_json::{Value, json};

use crate::device_file::DeviceFile;
use crate::driver::Running;
use crate::gadget::{Gadget, Identity};
use crate::report::{Failure, Scenario, must};
use crate::wait;

const CDC: Identity = Identity { vendor: 0x1eab, product: 0x1d06, serial: "N1" };
const CDC_PORT: usize = 1;
const ACM: &str = "/dev/ttyACM0";

const PATIENCE: Duration = Duration::from_secs(10);
const ABSENT_LIMIT: Duration = Duration::from_secs(2);
const READY_LIMIT: Duration = Duration::from_secs(3);

/// All of them.
pub const SCENARIOS: &[Scenario] = &[
    Scenario { name: "cdc scanner: Vietnamese text arrives whole", run: cdc_text },
    Scenario { name: "cdc scanner: cable pulled in a scan", run: cdc_pulled_in_a_scan },
];

/// The scanner driver.
pub type ScannerDriver = Running<ScannerOrder, ScannerEvent>;

/// Starts the scanner driver at an address.
pub fn scanner(address: &str) -> Result<ScannerDriver, Failure> {
    let address = address.parse().map_err(|error| Failure::Wrong(format!("{error}")))?;
    let scanner = Scanner::new(ScannerConfig { address, framing: Framing::default() });
    Running::start(scanner.tally(), move |inbox, tell| scanner.run(inbox, tell))
}

/// Waits until the scanner is so and says when.
pub fn health(driver: &ScannerDriver, wanted: &DeviceHealth, limit: Duration) -> Result<Moment, Failure> {
    let is_so = |event: &ScannerEvent| *event == ScannerEvent::Health(wanted.clone());
    let (at, _) = driver.wait_for(&format!("a scanner that is {wanted:?}"), limit, is_so)?;
    Ok(at)
}

/// Waits for a scan; other events are passed over.
pub fn next_scan(driver: &ScannerDriver) -> Result<String, Failure> {
    let (_, event) = driver.wait_for("a scan", PATIENCE, |event| matches!(event, ScannerEvent::Scan(_)))?;
    match event {
        ScannerEvent::Scan(text) => Ok(text),
        ScannerEvent::Rejected(_) | ScannerEvent::Health(_) => Err(Failure::Wrong("no scan".to_owned())),
    }
}

/// The node is closed before the cable is taken apart: the kernel waits for that.
struct CdcScanner {
    device: DeviceFile,
    cable: Gadget,
}

impl CdcScanner {
    fn plugged() -> Result<Self, Failure> {
        let cable = Gadget::create("scanner", CDC, "acm.a", &[])?;
        cable.plug(CDC_PORT)?;
        wait::until(ACM, PATIENCE, || Path::new(ACM).exists())?;
        Ok(Self { device: DeviceFile::new("/dev/ttyGS0"), cable })
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let mut left = bytes;
        wait::until("the scanner's bytes to leave", PATIENCE, || {
            let count = self.device.write(left);
            left = left.get(count..).unwrap_or_default();
            left.is_empty()
        })?;
        Ok(())
    }
}

fn cdc_text() -> Result<Value, Failure> {
    let mut gadget = CdcScanner::plugged()?;
    let driver = scanner(&format!("serial:{ACM}?baud=9600"))?;
    health(&driver, &DeviceHealth::Ready, PATIENCE)?;
    let card =
        "066090001234|240123456|Nguyễn Thị Ƀưởng H'Mông|15011990|Nữ|Thôn Đăk Mĕ, xã Đơn Dương|10072021";
    let mut scans = 0;
    for text in [card, "]Q3T8F4-2K9Q", "ƀ Ƀ č ñ ĕ ĭ ŏ ŭ ê\u{306} ô\u{306} ơ\u{306} ư\u{306}"] {
        // In one piece, then in pieces that cut letters apart.
        for pieces in [text.len() + 1, 7] {
            let sent = format!("{scans}{text}\r");
            for piece in sent.as_bytes().chunks(pieces) {
                gadget.send(piece)?;
                wait::pause(Duration::from_millis(2));
            }
            let got = next_scan(&driver)?;
            must(got == sent.trim_end(), || format!("sent {sent:?}, read {got:?}"))?;
            scans += 1;
        }
    }
    gadget.send(b"GLUED-1\rGLUED-2\r")?;
    for wanted in ["GLUED-1", "GLUED-2"] {
        let got = next_scan(&driver)?;
        must(got == wanted, || format!("sent {wanted:?}, read {got:?}"))?;
        scans += 1;
    }
    Ok(json!({ "scans": scans }))
}

fn cdc_pulled_in_a_scan() -> Result<Value, Failure> {
    let mut gadget = CdcScanner::plugged()?;
    let driver = scanner(&format!("serial:{ACM}?baud=9600"))?;
    health(&driver, &DeviceHealth::Ready, PATIENCE)?;
    gadget.send(b"BEFORE\r")?;
    next_scan(&driver)?;
    gadget.send(b"FRAGMENT-OF-A-SC")?;
    wait::pause(Duration::from_millis(100));
    let pulled = driver.now();
    gadget.cable.unplug()?;
    gadget.device.close();
    let absent = health(&driver, &DeviceHealth::Absent, ABSENT_LIMIT)?.saturating_sub(pulled);
    let beats = driver.tally.counters().beats;
    wait::pause(Duration::from_secs(2));
    let beats = driver.tally.counters().beats - beats;
    let plugged = driver.now();
    gadget.cable.plug(CDC_PORT)?;
    let ready = health(&driver, &DeviceHealth::Ready, READY_LIMIT)?.saturating_sub(plugged);
    gadget.send(b"AFTER\r")?;
    let got = next_scan(&driver)?;
    must(got == "AFTER", || format!("after the cable's return {got:?} was read"))?;
    Ok(json!({ "absent_ms": absent.as_millis(), "absent_rounds": beats, "ready_ms": ready.as_millis() }))
}
