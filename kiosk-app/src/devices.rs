//! The devices, each in a thread of its own: what the drivers tell becomes events of the rules, what the rules print
//! becomes documents. Only this module names kiosk-drivers.

mod displays;
mod paper;
mod printer;
mod readers;
mod slip;
mod tallies;
mod words;

use std::sync::mpsc::SyncSender;

use kiosk_core::event::{Device, Event};
use kiosk_core::settings::HallSettings;
use kiosk_drivers::display::{
    DisplayAddress, DisplayAddressError, DisplayConfigError, FrameTemplate, FrameTemplateError,
};
use kiosk_drivers::document::FontError;
use kiosk_drivers::keypad::{KeyTable, KeyTableError};
use kiosk_drivers::printer::{EncodeError, Profile, ProfileError};
use kiosk_drivers::{Address, AddressError, Counters, DeviceHealth};

pub use displays::{Displays, by_address};
pub use printer::TicketPrinter;
pub use readers::Reader;
pub use slip::StaffSlip;
pub use tallies::Tallies;

const REGULAR: &[u8] = include_bytes!("../ui/fonts/NotoSans-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../ui/fonts/NotoSans-Bold.ttf");

/// Whether the drivers can read this address of a device.
pub fn is_address(text: &str) -> bool {
    text.parse::<Address>().is_ok()
}

/// Whether two addresses, of devices or of counter displays, lead to one device.
pub fn is_one_device(one: &str, another: &str) -> bool {
    let read = |text: &str| match text.parse::<Address>() {
        Ok(address) => Some(address),
        Err(_) => match text.parse::<DisplayAddress>() {
            Ok(DisplayAddress::Line(address)) => Some(address),
            Ok(DisplayAddress::Max7219 { .. } | DisplayAddress::Ssd1306 { .. }) | Err(_) => None,
        },
    };
    read(one).zip(read(another)).is_some_and(|(one, another)| one.is_device_of(&another))
}

/// Whether the drivers can read this address of a counter display.
pub fn is_display_address(text: &str) -> bool {
    text.parse::<DisplayAddress>().is_ok()
}

/// Whether this text is the frame of a panel.
pub fn is_display_frame(text: &str) -> bool {
    text.parse::<FrameTemplate>().is_ok()
}

/// Whether this text says which code of a keypad is which key.
pub fn is_key_table(text: &str) -> bool {
    text.parse::<KeyTable>().is_ok()
}

/// The `[printer] profile` that leaves it to the printer to say what it is.
pub const AUTO: &str = "auto";

/// What a printer is taken for that does not say what it is, or says something unknown.
const AUTO_FALLBACK: &str = "generic-80";

/// Names of the printer models that are known, for `[printer] profile`, `auto` before all; the path of a file is good
/// there, too.
pub fn printer_profiles() -> Vec<String> {
    std::iter::once(AUTO).chain(Profile::ALL.iter().map(|profile| profile.name)).map(str::to_owned).collect()
}

/// The lines that stand on a hall's tickets the same, as `drv nv-write` reads them. Tickets have a QR where there is a
/// server (`has_link`).
pub fn ticket_lines(hall: &HallSettings, has_link: bool) -> String {
    paper::statics(hall, has_link).to_string()
}

/// What is wrong with a `[printer] profile`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfileFault {
    /// There is none of that name.
    Unknown,
    /// Its file cannot be read or holds no profile: why.
    BadFile(String),
}

/// What is wrong with the name of a printer model or the path of its file; `None` when it can be used.
pub fn profile_fault(name_or_path: &str) -> Option<ProfileFault> {
    if name_or_path == AUTO {
        return None;
    }
    match Profile::find(name_or_path) {
        Ok(_) => None,
        Err(ProfileError::Unknown { .. }) => Some(ProfileFault::Unknown),
        Err(ProfileError::Unreadable { source, .. }) => Some(ProfileFault::BadFile(source.to_string())),
        Err(error @ (ProfileError::Syntax { .. } | ProfileError::Field { .. })) => {
            Some(ProfileFault::BadFile(error.to_string()))
        }
    }
}

/// Why a device could not be set up. The others work without it.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// The address is none.
    #[error("device address")]
    Address(#[from] AddressError),
    /// A counter display's address is none.
    #[error("display address")]
    DisplayAddress(#[from] DisplayAddressError),
    /// Counter displays that cannot share their address.
    #[error(transparent)]
    Displays(#[from] DisplayConfigError),
    /// A panel's frame is none.
    #[error("display frame")]
    Frame(#[from] FrameTemplateError),
    /// A keypad's keys are none.
    #[error("keypad keys")]
    Keys(#[from] KeyTableError),
    /// No such printer profile.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The profile cannot print.
    #[error("printer profile cannot print")]
    Encode(#[from] EncodeError),
    /// The font of the tickets is damaged.
    #[error("ticket font")]
    Font(#[from] FontError),
    /// The system gave no thread or no file descriptor.
    #[error("cannot start the thread of {device}")]
    Thread {
        /// The device.
        device: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// Where events go. A full channel means that the loop hangs; the driver's thread waits for it then, as the watchdog does.
pub type Events = SyncSender<Event>;

/// One line in the log a change, and the event.
fn tell_health(events: &Events, tallies: &Tallies, device: Device, health: &DeviceHealth) {
    log_health(tallies, device, health);
    send(events, Event::DeviceChanged { device, health: words::health(health) });
}

/// A device's health, with what happened to it so far.
fn log_health(tallies: &Tallies, device: Device, health: &DeviceHealth) {
    let Counters { opens, failed_opens, losses, restarts, timeouts, left_out, .. } =
        tallies.of(device).unwrap_or_default();
    tracing::info!(
        ?device,
        state = ?health,
        opens,
        failed_opens,
        losses,
        restarts,
        timeouts,
        left_out,
        "device-state"
    );
}

fn send(events: &Events, event: Event) {
    if events.send(event).is_err() {
        tracing::debug!("a device spoke after the loop had ended");
    }
}
