//! Reports to the district server: facts become events, events are signed and sent at the server's pace.
//!
//! ```text
//! core loop                 store                        uploader thread
//!   Record::Report  ----->  Encoder -> outbox row  --->  Client: gzip, digest, signature -> HTTPS
//!                           wake                   <---  kiosk_core::outbox: what the answer means
//! ```
//! Nothing here touches the screen, and every wait has a deadline.

mod client;
mod encode;
mod enrol;
mod key;
mod news;
mod server_time;
mod upload;
mod vitals;
mod wire;

#[cfg(test)]
pub(crate) mod mini_server;
#[cfg(test)]
mod tests;

pub use client::{CallError, Client, Limits, Reply};
pub use encode::{Counted, Encoder};
pub use enrol::{EnrolError, EnrolPlace, Enrolment, enrol};
pub use key::{DeviceKey, KeyError};
pub use news::InboxNews;
pub use server_time::ServerTime;
pub use upload::{Upload, Uploader};
pub use vitals::Vitals;
