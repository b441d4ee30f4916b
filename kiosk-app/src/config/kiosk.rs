//! What the shell needs beside the rules: devices, server, hall service.

use std::net::{Ipv4Addr, SocketAddr};

use kiosk_core::id::CounterId;
use kiosk_core::settings::HallSettings;
use kiosk_protocol::is_plain_id;

use crate::devices::{self, ProfileFault};

use super::fault::{Consequence, FaultKind};
use super::fields::Fields;
use super::items;

const WANTED_ADDRESS: &str = "địa chỉ thiết bị như \"tcp:10.0.0.20:9100\", \"serial:/dev/ttyUSB0?baud=115200\" hoặc \"usb:04b8:0e15\" \
     (các dạng khác: xem mẫu 80-devices.toml)";

const WANTED_KEYS: &str =
    "mã phím và số phím, cách nhau bằng dấu phẩy, như \"KEY_KP7=1,KEY_KP9=2\" hoặc \"0x41=1,0x42=2\"";

const WANTED_DISPLAY: &str = "bảng số như \"max7219:0.0?modules=4\", \"ssd1306:1@0x3c?rows=64\" hoặc \"serial:/dev/ttyUSB6?baud=9600\"";

const WANTED_FRAME: &str =
    "khung lệnh có {number:N}, như '\\x02{panel:2}{number:6}\\x03{xor}' (xem mẫu 80-devices.toml)";

/// Where the hall service listens unless the configuration says otherwise.
const USUAL_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED), 8080);

/// What the shell needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KioskSettings {
    /// Name below the district server; plain id.
    pub kiosk: String,
    /// The district server (`https://motcua.example.vn`), without a slash at the end; `None`: reports are kept.
    pub server: Option<String>,
    /// Where the hall service (officer console, hall display) listens on the hall's LAN.
    pub listen: SocketAddr,
    /// The ticket printer; `None`: numbers are shown on the screen only.
    pub printer: Option<PrinterSettings>,
    /// The barcode scanner.
    pub scanner: Option<ScannerSettings>,
    /// The rating keypads, by counter.
    pub keypads: Vec<KeypadSettings>,
    /// The displays above counters, by counter.
    pub displays: Vec<DisplaySettings>,
}

/// A ticket printer. Addresses are as the drivers read them (`tcp:10.0.0.20:9100`, `serial:/dev/ttyUSB0?baud=19200`,
/// `usb:04b8:0e15`); one that they cannot read never gets here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrinterSettings {
    /// Where it is.
    pub address: String,
    /// Name of its model's profile (`generic-80`), the path of its file, or [`devices::AUTO`].
    pub profile: String,
    /// Whether a technician wrote the lines of the tickets into the printer: staff are told when it does not keep them.
    pub stored_lines: bool,
}

/// A barcode scanner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScannerSettings {
    /// Where it is.
    pub address: String,
    /// What it sends after a code.
    pub suffix: ScanSuffix,
}

/// What a scanner sends after a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanSuffix {
    /// `\r`.
    Cr,
    /// `\n`.
    Lf,
    /// `\r\n`.
    CrLf,
    /// `\t`.
    Tab,
    /// Nothing: a pause ends the code.
    None,
}

/// The rating keypad of a counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeypadSettings {
    /// The counter.
    pub counter: CounterId,
    /// Where it is.
    pub address: String,
    /// Whether its bytes stand in frames (STX, byte, ETX).
    pub is_framed: bool,
    /// Which code is which key (`KEY_KP7=1,0x41=2`), for a pad with keys of its own.
    pub keys: Option<String>,
}

/// The display above a counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisplaySettings {
    /// The counter.
    pub counter: CounterId,
    /// What it is and where (`max7219:0.0?modules=4`, `ssd1306:1@0x3c`, `serial:/dev/ttyUSB6`).
    pub address: String,
    /// The frame of a panel on a line, if it has another than ours.
    pub frame: Option<String>,
    /// The panel's own number on its line.
    pub panel: u8,
}

/// Reads `[kiosk]`, `[server]`, `[service]`, `[printer]`, `[scanner]`, `[keypad.N]` and `[display.N]`.
pub(super) fn settings(root: &mut Fields<'_>, hall: Option<&HallSettings>) -> KioskSettings {
    let mut taken = Taken::default();
    KioskSettings {
        kiosk: kiosk_id(root),
        server: server(root),
        listen: listen(root),
        printer: printer(root, &mut taken),
        scanner: scanner(root, &mut taken),
        keypads: keypads(root, hall, &mut taken),
        displays: displays(root, hall, &taken),
    }
}

/// Addresses that have their device: two devices at one address would stand in each other's way.
#[derive(Default)]
struct Taken(Vec<(String, String)>);

impl Taken {
    /// Whether no device before has this address; one that has is told.
    fn is_free(&self, fields: &mut Fields<'_>, address: &str) -> bool {
        let Some((other, _)) = self.0.iter().find(|(_, taken)| devices::is_one_device(taken, address)) else {
            return true;
        };
        let kind = FaultKind::SharedAddress { item: fields.item(), other: other.clone() };
        fields.fault_at("address", kind, Consequence::ItemOff);
        false
    }
}

fn kiosk_id(root: &mut Fields<'_>) -> String {
    let mut fields = root.section("kiosk");
    let id = fields.text("id").filter(|id| {
        let plain = is_plain_id(id);
        if !plain {
            fields.fault_at(
                "id",
                FaultKind::BadName { item: "[kiosk] id".to_owned() },
                Consequence::ValueIgnored,
            );
        }
        plain
    });
    fields.finish();
    id.unwrap_or_else(|| "kiosk".to_owned())
}

fn server(root: &mut Fields<'_>) -> Option<String> {
    let mut fields = root.section("server");
    let url = fields.optional_text("url").map(|url| url.trim_end_matches('/').to_owned());
    let usable = url.as_deref().is_none_or(is_safe_url);
    if !usable {
        let wanted = "địa chỉ https://... (http:// chỉ dùng được cho 127.0.0.1)";
        fields.bad_value("url", wanted, Consequence::ValueIgnored);
    }
    fields.finish();
    url.filter(|_| usable)
}

/// HTTPS, or plain HTTP to this machine: look-ups carry codes and digits that nobody on the way may read.
pub(crate) fn is_safe_url(url: &str) -> bool {
    let host_of = |rest: &str| rest.split('/').next().unwrap_or_default().to_owned();
    if let Some(rest) = url.strip_prefix("https://") {
        return !host_of(rest).is_empty() && !rest.contains(['@', '?', '#', ' ']);
    }
    let Some(rest) = url.strip_prefix("http://") else {
        return false;
    };
    let host = host_of(rest);
    let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
    matches!(name, "127.0.0.1" | "localhost" | "[::1]")
}

fn listen(root: &mut Fields<'_>) -> SocketAddr {
    let mut fields = root.section("service");
    let listen = match fields.optional_text("listen").map(|text| text.parse()) {
        None => USUAL_LISTEN,
        Some(Ok(address)) => address,
        Some(Err(_)) => {
            let wanted = "địa chỉ và cổng như \"192.168.1.10:8080\"";
            fields.bad_value("listen", wanted, Consequence::ValueIgnored);
            USUAL_LISTEN
        }
    };
    fields.finish();
    listen
}

fn printer(root: &mut Fields<'_>, taken: &mut Taken) -> Option<PrinterSettings> {
    let mut fields = root.section("printer");
    let settings = if fields.is_empty() {
        None
    } else {
        let (profile, address) = (profile(&mut fields), address(&mut fields, taken));
        let stored_lines = fields.flag("stored_lines", false);
        profile.zip(address).map(|(profile, address)| PrinterSettings { address, profile, stored_lines })
    };
    fields.finish();
    settings
}

/// `profile`. A wrong width cuts numbers in half on paper, so an unknown name switches the printer off.
fn profile(fields: &mut Fields<'_>) -> Option<String> {
    let name = fields.optional_text("profile").unwrap_or_else(|| devices::AUTO.to_owned());
    let (item, key, known) = (fields.item(), "profile", devices::printer_profiles());
    let kind = match devices::profile_fault(&name) {
        None => return Some(name),
        Some(ProfileFault::Unknown) => FaultKind::UnknownReference { item, key, id: name, known },
        Some(ProfileFault::BadFile(reason)) => {
            FaultKind::BadFile { item, key, path: name, reason, instead: known }
        }
    };
    fields.fault_at(key, kind, Consequence::ItemOff);
    None
}

fn scanner(root: &mut Fields<'_>, taken: &mut Taken) -> Option<ScannerSettings> {
    let mut fields = root.section("scanner");
    let settings = if fields.is_empty() {
        None
    } else {
        let suffix = match fields.optional_text("suffix").as_deref() {
            None | Some("cr") => ScanSuffix::Cr,
            Some("lf") => ScanSuffix::Lf,
            Some("crlf") => ScanSuffix::CrLf,
            Some("tab") => ScanSuffix::Tab,
            Some("none") => ScanSuffix::None,
            Some(_) => {
                let wanted = "\"cr\", \"lf\", \"crlf\", \"tab\" hoặc \"none\"";
                fields.bad_value("suffix", wanted, Consequence::ValueIgnored);
                ScanSuffix::Cr
            }
        };
        address(&mut fields, taken).map(|address| ScannerSettings { address, suffix })
    };
    fields.finish();
    settings
}

fn keypads(root: &mut Fields<'_>, hall: Option<&HallSettings>, taken: &mut Taken) -> Vec<KeypadSettings> {
    root.items("keypad", |name, fields| {
        let counter = items::counter_id(name, fields);
        let address = address(fields, taken);
        let is_framed = match fields.optional_text("framing").as_deref() {
            None | Some("byte") => false,
            Some("stx") => true,
            Some(_) => {
                fields.bad_value("framing", "\"byte\" hoặc \"stx\"", Consequence::ValueIgnored);
                false
            }
        };
        let keys = fields.optional_text("keys");
        if keys.as_deref().is_some_and(|keys| !devices::is_key_table(keys)) {
            fields.bad_value("keys", WANTED_KEYS, Consequence::ItemOff);
            return None;
        }
        let counter = known_counter(counter?, "keypad", hall, fields)?;
        Some(KeypadSettings { counter, address: address?, is_framed, keys })
    })
}

/// Displays may share a line among themselves, not with another device.
fn displays(root: &mut Fields<'_>, hall: Option<&HallSettings>, taken: &Taken) -> Vec<DisplaySettings> {
    root.items("display", |name, fields| {
        let counter = items::counter_id(name, fields)?;
        let address = fields.text("address")?;
        if !devices::is_display_address(&address) {
            fields.bad_value("address", WANTED_DISPLAY, Consequence::ItemOff);
            return None;
        }
        let is_free = taken.is_free(fields, &address);
        let frame = fields.optional_text("frame");
        if frame.as_deref().is_some_and(|frame| !devices::is_display_frame(frame)) {
            fields.bad_value("frame", WANTED_FRAME, Consequence::ItemOff);
            return None;
        }
        let counter = known_counter(counter, "display", hall, fields)?;
        is_free.then_some(DisplaySettings { counter, address, frame, panel: counter.0 })
    })
}

/// A counter that the hall has.
fn known_counter(
    counter: CounterId,
    key: &'static str,
    hall: Option<&HallSettings>,
    fields: &mut Fields<'_>,
) -> Option<CounterId> {
    let known: Vec<CounterId> =
        hall.iter().flat_map(|hall| hall.counters.iter().map(|counter| counter.id)).collect();
    if known.contains(&counter) {
        return Some(counter);
    }
    let known = known.iter().map(CounterId::to_string).collect();
    let kind = FaultKind::UnknownReference { item: fields.item(), key, id: counter.to_string(), known };
    fields.fault(kind, Consequence::ItemOff);
    None
}

/// `address`, as the drivers read it, of a device that has it for itself.
fn address(fields: &mut Fields<'_>, taken: &mut Taken) -> Option<String> {
    let address = fields.text("address")?;
    if !devices::is_address(&address) {
        fields.bad_value("address", WANTED_ADDRESS, Consequence::ItemOff);
        return None;
    }
    if !taken.is_free(fields, &address) {
        return None;
    }
    taken.0.push((fields.item(), address.clone()));
    Some(address)
}
