//! The rules of a reception hall: tickets, queue, the citizen's session at the screen, ratings, outbox.
//!
//! No I/O, no clock, no randomness: `Hall::handle(Event, Now) -> Vec<Effect>` decides, the shell around it acts.
//! The same events at the same times give the same effects; the simulator and the replay rest on that.

pub mod announcement;
pub mod board;
pub mod device;
pub mod dossier;
pub mod effect;
pub mod event;
pub mod hall;
pub mod hours;
pub mod id;
mod limits;
pub mod outbox;
pub mod pace;
pub mod procedure;
pub mod queue;
pub mod rating;
pub mod report;
pub mod restored;
pub mod screen;
mod session;
pub mod settings;
pub mod ticket;
pub mod time;
pub mod update;

pub use hall::Hall;
