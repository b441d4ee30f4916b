//! Updates of the machine's image: fetched on a signed command or taken from a stick, put down whole, and handed to the boot
//! control in an empty hall.
//!
//! ```text
//! district server --inbox--> command (signature, kiosk, number) --> order
//!                 --parts--> download.part --digest--> staged.raucb --+
//! stick --(a unit of root)--> usb/*.raucb ----------------------------+--> Event::UpdateStaged --> rules
//! rules --Effect::InstallUpdate--> install.json --> boot control of root: installs, restarts, proves or goes back
//! boot control --> outcome.json --> Event::UpdateEnded --> /may, district
//! ```
//! Everything is a file in `<data>/update` that a power cut leaves whole or not at all. Nothing here can keep a number from
//! being given: it is a thread of its own, it never waits for the loop, and what fails is said in the log and tried later.

mod command;
mod outcome;
mod pace;
mod shelf;
mod stage;
mod worker;

#[cfg(test)]
mod tests;

pub use worker::{Setup, Updater, take_back};
