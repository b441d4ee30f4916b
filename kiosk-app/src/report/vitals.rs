//! What the heartbeat tells of the machine.

use std::fs;
use std::path::PathBuf;

/// Reads the machine's state from the places where Linux keeps it; what is not there reads as nothing.
#[derive(Debug)]
pub struct Vitals {
    data: PathBuf,
    image_version: Option<String>,
}

impl Vitals {
    /// For the data folder `data`, whose free space is watched.
    pub fn new(data: PathBuf) -> Self {
        let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
        let image_version = release
            .lines()
            .find_map(|line| line.strip_prefix("IMAGE_VERSION="))
            .map(|version| version.trim_matches('"').to_owned());
        Self { data, image_version }
    }

    /// Version of the disk image, on a real kiosk.
    pub(super) fn image_version(&self) -> Option<String> {
        self.image_version.clone()
    }

    /// Free space of the data partition, MiB.
    pub(super) fn disk_free_mib(&self) -> u64 {
        rustix::fs::statvfs(&self.data)
            .map_or(0, |disk| disk.f_bavail.saturating_mul(disk.f_frsize) / (1024 * 1024))
    }

    /// Resident memory, MiB.
    pub(super) fn memory_mib(&self) -> u64 {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let kib = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse().ok());
        kib.unwrap_or(0_u64) / 1024
    }

    /// Temperature of the processor, whole degrees Celsius.
    pub(super) fn temperature_c(&self) -> Option<i32> {
        let text = fs::read_to_string("/sys/class/thermal/thermal_zone0/temp").ok()?;
        text.trim().parse::<i32>().ok().map(|thousandths| thousandths / 1000)
    }
}
