//! Chooses the slot a kiosk boots from, and says when a new one has proved itself.
//!
//! ```text
//!  main ── commands ──► control ── look ──► machine (files, firmware)      real: the kiosk
//!                          │                   ▲                           tests/model.rs: one that loses power
//!                          └─ states: what to do, in which order ──┘
//! ```
//! `states` decides and touches nothing; `control` carries out step by step; `proof` says when health is proved.

pub mod autoboot;
pub mod clock;
pub mod config;
pub mod control;
pub mod fat;
pub mod machine;
pub mod proof;
pub mod rauc;
pub mod real;
pub mod record;
pub mod slot;
pub mod states;
pub mod status;
