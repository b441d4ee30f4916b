//! Receives the reports of reception halls, answers dossier look-ups, serves officers and leaders.
//!
//! ```text
//! kiosk --POST events--> intake (signature, digest, gunzip, chain) --> store.append --> raw events
//!                                                                                        | facts::fold (a hall's day)
//! officer <-- pages <-- stats (waits, ratings, totals) <---------------------------------+
//! drop folder --> import (field map, hashes) --> store.dossiers <-- lookup <--GET dossier-- kiosk
//! ```
//! What is absent: no table of totals (every figure is computed from raw events), no name, no dossier code, no password,
//! no channel by which the server reaches into a hall.

pub mod app;
pub mod auth;
pub mod cli;
pub mod clock;
pub mod enrol;
pub mod facts;
pub mod import;
pub mod intake;
pub mod limits;
pub mod lookup;
pub mod metrics;
pub mod openapi;
pub mod orders;
pub mod pages;
pub mod problem;
pub mod reads;
pub mod secret;
pub mod serve;
pub mod settings;
pub mod signed;
pub mod stats;
pub mod store;
