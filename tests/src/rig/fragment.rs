//! The rig's own configuration fragment: where the fake devices are, and a hall that never closes.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Hall, RigError, at};

/// Id of the sample hall, as the shipped configuration has it.
pub const HALL: &str = "don-duong";
/// Its name for people.
pub const HALL_NAME: &str = "Trung tâm Phục vụ hành chính công xã Đơn Dương";

/// The configuration that the repository ships.
pub fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../config")
}

/// The counters of the shipped configuration.
pub fn counters() -> Result<Vec<u8>, RigError> {
    Ok(vec![1, 2, 3])
}

/// Writes the fragment.
pub fn write(hall: &Hall) -> Result<(), RigError> {
    let path = hall.folder.join("config/90-rig.toml");
    fs::write(&path, &hall.plan.more_config).map_err(at(&path))
}
