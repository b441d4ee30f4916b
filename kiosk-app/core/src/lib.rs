//! The rules of a reception hall: tickets, queue, the citizen's session at the screen, ratings, outbox.
//!
//! No I/O, no clock, no randomness: `Hall::handle(Event, Now) -> Vec<Effect>` decides, the shell around it acts.
//! The same events at the same times give the same effects; the simulator and the replay rest on that.

pub mod board;
pub mod dossier;
pub mod effect;
pub mod event;
pub mod id;
pub mod report;
pub mod restored;
pub mod screen;
pub mod settings;
pub mod ticket;
pub mod time;
