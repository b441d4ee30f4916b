//! The touchscreen app of a one-stop reception hall: a shell of one module per outside thing around the rules in
//! `kiosk-core`. Only [`run`] sees all modules.

pub mod clock;
pub mod config;
pub mod hall;
pub mod lookup;
pub mod report;
pub mod store;
