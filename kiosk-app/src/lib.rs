//! The touchscreen app of a one-stop reception hall: a shell of one module per outside thing around the rules in
//! `kiosk-core`. Only [`run`] sees all modules.

pub mod announce;
pub mod clock;
pub mod commands;
pub mod config;
pub mod devices;
pub mod hall;
pub mod health;
pub mod log_events;
pub mod lookup;
pub mod options;
pub mod report;
pub mod run;
pub mod store;
pub mod ticket_link;
pub mod update;
#[cfg(feature = "screen")]
pub mod view;
pub mod watchdog;
