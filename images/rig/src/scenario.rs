//! What must be seen to hold: each scenario boots the image and fails with what it saw instead.

mod home;
mod locked;

use crate::rig::Rig;

/// A scenario's run.
type Run = fn(&mut Rig) -> anyhow::Result<()>;

/// The scenarios in their order, and what each shows.
pub const SCENARIOS: [(&str, &str, Run); 2] = [
    ("home", "power on without network in 1970: home, a touch, a ticket that zbarimg reads", home::run),
    (
        "locked",
        "nothing failed, nothing writable, nothing listens, no key gives a shell, a changed byte is caught",
        locked::run,
    ),
];
