//! Writes from `layout.toml` what disk builder, updater and firmware each want to read, so that no size, number or name
//! of a partition is written down twice.
//!
//! ```text
//! layout.toml -> Layout (checked) -> genimage.cfg   disk image of the Debian build
//!                                 -> kiosk.wks      the same disk for Yocto's wic
//!                                 -> system-*.conf  RAUC: slots and compatible name, one file a machine
//!                                 -> autoboot.txt   the Pi's firmware: slot A first, slot B on trial
//!                                 -> layout.env     numbers and sizes for scripts and the initramfs
//! ```

mod layout;
mod written;

pub use layout::{Holds, Layout, LayoutError, Partition, Slot};
pub use written::{WrittenFile, written};
