//! The hall simulator: a whole reception hall on one machine, with real programs, real byte protocols and faults on
//! demand. `hall-rig` runs it for a person, for the demonstration and for the campaigns; the tests reuse its parts.

pub mod agreement;
pub mod bench;
pub mod clock;
pub mod demo;
pub mod dock;
pub mod judge;
pub mod kill;
pub mod line;
pub mod officer;
pub mod play;
pub mod process;
pub mod random;
pub mod rig;
pub mod say;
pub mod screen;
