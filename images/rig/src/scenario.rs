//! What must be seen to hold: each scenario boots the image and fails with what it saw instead.

mod card;
mod clock;
mod district;
mod home;
mod locked;
mod stick;
mod swap;
mod update;

use crate::rig::Rig;

/// A scenario's run.
type Run = fn(&mut Rig) -> anyhow::Result<()>;

/// The scenarios in their order, and what each shows.
pub const SCENARIOS: [(&str, &str, Run); 8] = [
    ("home", "power on without network in 1970: home, a touch, a ticket that zbarimg reads", home::run),
    ("district", "a scan answered, a rating taken, numbers that go on without the line", district::run),
    (
        "clock",
        "the time from a time server, kept over a stop without one; the data take the card's room",
        clock::run,
    ),
    (
        "locked",
        "nothing failed, writable or listening, no key gives a shell, a changed byte is caught",
        locked::run,
    ),
    (
        "update",
        "bundles refused, three bad slots that fall back by themselves, a good one committed",
        update::run,
    ),
    (
        "card",
        "data that cannot be read, or that a repair lost: the page says so, and nobody gets a number",
        card::run,
    ),
    (
        "stick",
        "an update on a USB stick: let in, copied, shut out, installed in closed hours, committed",
        stick::run,
    ),
    ("swap", "a dead kiosk replaced by a fresh card and a token, numbers go on", swap::run),
];
