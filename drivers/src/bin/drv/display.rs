//! `drv display`: a number on a counter's panel.

use std::time::Duration;

use kiosk_drivers::display::{
    CounterDisplay, DisplayAddress, DisplayConfig, DisplayEvent, DisplayOrder, Face, PanelConfig,
};
use kiosk_drivers::transport::mailbox;
use kiosk_drivers::{DeviceHealth, clock::Clock};

use crate::trouble::{self, Trouble};
use crate::{page, say};

/// How long the number stands: a blink of four seconds and one resending.
const SHOWN: Duration = Duration::from_secs(10);

pub(crate) fn display(address: DisplayAddress, panel: PanelConfig, number: String) -> Result<(), Trouble> {
    if let DisplayAddress::Line(line) = &address {
        drop(trouble::open(line)?);
    }
    let system =
        |error: std::io::Error| Trouble::device(format!("{error}"), "close other programs and try again");
    let (mailbox, inbox) = mailbox(4).map_err(system)?;
    let face = Face::Number { number: number.clone(), counter: format!("Quầy {}", panel.number) };
    let call = DisplayOrder::Call { panel: panel.number, face };
    let config = DisplayConfig { address, panels: vec![panel], font: page::font()? };
    let display = CounterDisplay::new(config).map_err(|error| Trouble::Usage(error.to_string()))?;
    let gone = |_| Trouble::device("the display's driver has ended", "try again");
    mailbox.send(call).map_err(gone)?;
    say(format!("showing {number} for {} s: it blinks, then stands", SHOWN.as_secs()))?;
    let timer = std::thread::spawn(move || {
        let clock = Clock::start();
        while let Some(left) = SHOWN.checked_sub(clock.now()).filter(|left| !left.is_zero()) {
            std::thread::park_timeout(left);
        }
        // A driver that has ended needs no order to end.
        let _ended = mailbox.send(DisplayOrder::Shutdown);
    });
    let mut trouble = None;
    display.run(&inbox, |DisplayEvent::Health(health)| {
        trouble = match &health {
            DeviceHealth::Failed(why) => Some(why.clone()),
            DeviceHealth::Absent => Some("there is no such line".to_owned()),
            DeviceHealth::Starting
            | DeviceHealth::Ready
            | DeviceHealth::Degraded(_)
            | DeviceHealth::Blocked(_) => None,
        };
        let _unheard = say(format!("  line: {}", health.code()));
    });
    let _ended = timer.join();
    match trouble {
        Some(why) => Err(Trouble::device(
            why,
            "SPI and I2C must be switched on (raspi-config), and the user be in the groups spi and i2c, or root",
        )),
        None => say(
            "a panel never answers: only a person can see whether it shone; dark? check power, address, --panel and --frame",
        ),
    }
}
