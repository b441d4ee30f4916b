//! Boots the finished image in an emulated machine and treats it as citizens, technicians and power cuts do.
//!
//! ```text
//!  card ---- nbd ---- machine (QEMU) ---- printer, scanner, keypad on USB; glass; network ---- district server
//!    '-- firmware (autoboot.txt, trial flag, device tree)        '-- agent (a shell, only where a boot asks for it)
//! ```

pub mod agent;
pub mod autoboot;
pub mod books;
pub mod bundles;
pub mod card;
pub mod clock;
pub mod cpio;
pub mod cuts;
pub mod district;
pub mod firmware;
pub mod glass;
pub mod machine;
pub mod mbr;
pub mod nbd;
pub mod ntp;
pub mod officer;
pub mod papers;
pub mod qmp;
pub mod random;
pub mod report;
pub mod rig;
pub mod scenario;
pub mod update_cuts;
