//! Finds the one sector of a small file on a FAT volume, so that it can be written without mounting: a mount alone writes the
//! volume's first sector twice (its dirty mark) and the directory's (the file's time), and each of those could tear.
//!
//! ```text
//! sector 0: 11 u16 bytes a sector, 13 u8 sectors a cluster, 14 u16 reserved sectors, 16 u8 tables, 17 u16 root entries
//!           (0: FAT32), 22 u16 sectors a table (0: 36 u32), 44 u32 the root's cluster (FAT32), 510 55 AA
//! layout:   reserved | tables | root (FAT12, FAT16) | clusters, numbered from 2
//! entry:    0 name[11], 11 attributes, 20 u16 cluster's high half (FAT32), 26 u16 its low half, 28 u32 length
//! ```

use std::io;

/// Bytes of a sector. Cards have no other.
pub const SECTOR: usize = 512;

/// Where a file begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its first sector, counted from the volume's.
    pub sector: u64,
    /// Its length in bytes.
    pub length: u32,
}

struct Volume {
    sectors_per_cluster: u64,
    root: std::ops::Range<u64>,
    // Where cluster 2 begins.
    clusters: u64,
    is_fat32: bool,
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?)))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?)))
}

impl Volume {
    fn parse(first: &[u8; SECTOR]) -> Option<Self> {
        let byte = |at: usize| first.get(at).map(|byte| u64::from(*byte));
        if first.ends_with(&[0x55, 0xaa]) && u16_at(first, 11)? == SECTOR as u64 {
            let sectors_per_cluster = byte(13).filter(|sectors| sectors.is_power_of_two())?;
            let table = u16_at(first, 22).filter(|sectors| *sectors > 0).or_else(|| u32_at(first, 36))?;
            let after_tables = u16_at(first, 14)? + byte(16)? * table;
            let entries = u16_at(first, 17)?;
            let root_sectors = (entries * 32).div_ceil(SECTOR as u64);
            let clusters = after_tables + root_sectors;
            let is_fat32 = entries == 0;
            let root = if is_fat32 {
                let begin = clusters + u32_at(first, 44)?.checked_sub(2)? * sectors_per_cluster;
                begin..begin + sectors_per_cluster
            } else {
                after_tables..clusters
            };
            return Some(Self { sectors_per_cluster, root, clusters, is_fat32 });
        }
        None
    }

    // The file of this entry, if the name fits and it is a file.
    fn file(&self, entry: &[u8], name: &[u8; 11]) -> Option<Found> {
        const FOLDER_OR_LABEL: u8 = 0x18;
        if !entry.starts_with(name) || entry.get(11)? & FOLDER_OR_LABEL != 0 {
            return None;
        }
        let high = if self.is_fat32 { u16_at(entry, 20)? } else { 0 };
        let cluster = (high << 16 | u16_at(entry, 26)?).checked_sub(2)?;
        let length = u32::try_from(u32_at(entry, 28)?).ok().filter(|length| *length > 0)?;
        Some(Found { sector: self.clusters + cluster * self.sectors_per_cluster, length })
    }
}

/// The file of this name (eight letters and three, filled with spaces) in the volume's root; of a FAT32 root only the first
/// cluster is looked at. `None`: no such file, it is empty, or this is no FAT volume.
///
/// # Errors
/// A sector cannot be read.
pub fn find(
    mut read: impl FnMut(u64) -> io::Result<[u8; SECTOR]>,
    name: &[u8; 11],
) -> io::Result<Option<Found>> {
    let Some(volume) = Volume::parse(&read(0)?) else { return Ok(None) };
    for sector in volume.root.clone() {
        for entry in read(sector)?.chunks_exact(32) {
            if entry.starts_with(&[0]) {
                return Ok(None);
            }
            if let Some(found) = volume.file(entry, name) {
                return Ok(Some(found));
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NAME: &[u8; 11] = b"AUTOBOOTTXT";

    // First sector of a volume as mkfs.vfat makes it for 16 MiB: FAT16, 4 reserved sectors, 2 tables of 32, 512 entries.
    fn fat16() -> [u8; SECTOR] {
        let mut first = [0; SECTOR];
        first[11..13].copy_from_slice(&512u16.to_le_bytes());
        first[13] = 4;
        first[14..16].copy_from_slice(&4u16.to_le_bytes());
        first[16] = 2;
        first[17..19].copy_from_slice(&512u16.to_le_bytes());
        first[22..24].copy_from_slice(&32u16.to_le_bytes());
        first[510..].copy_from_slice(&[0x55, 0xaa]);
        first
    }

    fn entry(name: &[u8; 11], attributes: u8, cluster: u16, length: u32) -> [u8; 32] {
        let mut entry = [0; 32];
        entry[..11].copy_from_slice(name);
        entry[11] = attributes;
        entry[26..28].copy_from_slice(&cluster.to_le_bytes());
        entry[28..].copy_from_slice(&length.to_le_bytes());
        entry
    }

    fn volume(entries: &[[u8; 32]]) -> impl FnMut(u64) -> io::Result<[u8; SECTOR]> {
        let mut root = [0; SECTOR];
        for (place, entry) in root.chunks_exact_mut(32).zip(entries) {
            place.copy_from_slice(entry);
        }
        move |sector| {
            Ok(if sector == 0 {
                fat16()
            } else if sector == 68 {
                root
            } else {
                [0; SECTOR]
            })
        }
    }

    #[test]
    fn the_file_is_found_behind_labels_deleted_files_and_long_names() {
        let mut deleted = entry(NAME, 0x20, 9, 64);
        deleted[0] = 0xe5;
        let entries =
            [entry(b"BOOTSEL    ", 0x08, 0, 0), deleted, entry(NAME, 0x0f, 0, 0), entry(NAME, 0x20, 3, 64)];
        // 4 reserved, 64 of tables, 32 of root, and one cluster of 4.
        assert_eq!(find(volume(&entries), NAME).unwrap(), Some(Found { sector: 104, length: 64 }));
    }

    #[test]
    fn what_is_no_such_file_is_not_found() {
        for entries in [
            vec![],
            vec![entry(NAME, 0x10, 3, 64)],
            vec![entry(NAME, 0x20, 0, 0)],
            vec![entry(NAME, 0x20, 1, 64)],
            vec![[0; 32], entry(NAME, 0x20, 3, 64)],
        ] {
            assert_eq!(find(volume(&entries), NAME).unwrap(), None);
        }
        assert_eq!(find(|_| Ok([0; SECTOR]), NAME).unwrap(), None);
    }

    proptest! {
        #[test]
        fn any_first_sector_is_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), SECTOR - 2)) {
            let mut first = [0; SECTOR];
            first[..SECTOR - 2].copy_from_slice(&bytes);
            (first[11], first[12], first[13]) = (0, 2, 1 << (first[13] % 8));
            first[SECTOR - 2..].copy_from_slice(&[0x55, 0xaa]);
            let found = find(|sector| Ok(if sector == 0 { first } else { [b'A'; SECTOR] }), b"AAAAAAAAAAA");
            prop_assert!(found.is_ok());
        }
    }
}
