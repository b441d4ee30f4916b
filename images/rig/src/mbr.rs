//! Where the partitions of a disk lie, read from its MBR as firmware and kernel do.

use std::io;

/// Bytes of a sector.
pub const SECTOR: u64 = 512;
/// More logical partitions than any image of ours has: a chain that runs in a circle ends here.
const MOST_LOGICAL: u32 = 16;

/// A partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition {
    /// 1 to 4, or 5 and up inside the extended one.
    pub number: u32,
    /// First byte.
    pub start: u64,
    /// Bytes.
    pub length: u64,
}

#[derive(Clone, Copy)]
struct Entry {
    kind: u8,
    start_sector: u64,
    sectors: u64,
}

/// Reads the partitions through `read_at(offset, buffer)`.
///
/// # Errors
/// When the disk cannot be read or its first sector is no MBR.
pub fn partitions(mut read_at: impl FnMut(u64, &mut [u8]) -> io::Result<()>) -> io::Result<Vec<Partition>> {
    let mut found = Vec::new();
    let mut sector = [0; 512];
    read_at(0, &mut sector)?;
    let primary = entries(&sector).ok_or_else(|| io::Error::other("the first sector is no MBR"))?;
    let mut extended = None;
    for (number, entry) in (1..).zip(primary) {
        match entry.kind {
            0 => {}
            0x05 | 0x0f | 0x85 => extended = Some(entry.start_sector),
            _ => found.push(partition(number, 0, entry)),
        }
    }
    let Some(base) = extended else { return Ok(found) };
    let mut table = base;
    for number in 5..5 + MOST_LOGICAL {
        read_at(table * SECTOR, &mut sector)?;
        let Some([own, next, ..]) = entries(&sector) else { break };
        if own.kind != 0 {
            found.push(partition(number, table, own));
        }
        if next.kind == 0 {
            break;
        }
        table = base + next.start_sector;
    }
    Ok(found)
}

fn partition(number: u32, base_sector: u64, entry: Entry) -> Partition {
    Partition { number, start: (base_sector + entry.start_sector) * SECTOR, length: entry.sectors * SECTOR }
}

fn entries(sector: &[u8; 512]) -> Option<[Entry; 4]> {
    (sector.get(510..) == Some(&[0x55, 0xaa])).then(|| {
        [446, 462, 478, 494].map(|at| Entry {
            kind: sector.get(at + 4).copied().unwrap_or(0),
            start_sector: number(sector, at + 8),
            sectors: number(sector, at + 12),
        })
    })
}

fn number(sector: &[u8; 512], at: usize) -> u64 {
    let bytes = sector.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).unwrap_or([0; 4]);
    u64::from(u32::from_le_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn put(disk: &mut [u8], table: usize, slot: usize, (kind, start, sectors): (u8, u32, u32)) {
        let at = table * 512 + 446 + slot * 16;
        disk[at + 4] = kind;
        disk[at + 8..at + 12].copy_from_slice(&start.to_le_bytes());
        disk[at + 12..at + 16].copy_from_slice(&sectors.to_le_bytes());
        disk[table * 512 + 510..table * 512 + 512].copy_from_slice(&[0x55, 0xaa]);
    }

    fn read(disk: &[u8]) -> io::Result<Vec<Partition>> {
        partitions(|offset, buffer| {
            let start = usize::try_from(offset).map_err(io::Error::other)?;
            let bytes = disk.get(start..start + buffer.len());
            buffer.copy_from_slice(bytes.ok_or_else(|| io::Error::other("beyond the end"))?);
            Ok(())
        })
    }

    #[test]
    fn primary_and_logical_partitions_are_found() {
        let mut disk = vec![0; 64 * 512];
        put(&mut disk, 0, 0, (0x0c, 2, 3));
        put(&mut disk, 0, 3, (0x0f, 10, 50));
        put(&mut disk, 10, 0, (0x83, 1, 4));
        put(&mut disk, 10, 1, (0x05, 20, 5));
        put(&mut disk, 30, 0, (0x83, 2, 6));
        let at = |number, start: u64, sectors: u64| Partition {
            number,
            start: start * 512,
            length: sectors * 512,
        };
        assert_eq!(read(&disk).unwrap(), [at(1, 2, 3), at(5, 11, 4), at(6, 32, 6)]);
    }

    #[test]
    fn a_chain_in_a_circle_ends() {
        let mut disk = vec![0; 64 * 512];
        put(&mut disk, 0, 0, (0x0f, 10, 50));
        put(&mut disk, 10, 0, (0x83, 1, 4));
        put(&mut disk, 10, 1, (0x05, 0, 5));
        assert_eq!(read(&disk).unwrap().len(), 16);
    }

    #[test]
    fn a_disk_without_a_table_is_refused() {
        assert!(read(&[0; 512]).is_err());
    }

    proptest! {
        #[test]
        fn any_table_is_read(mut disk in prop::collection::vec(any::<u8>(), 1024..4096)) {
            disk[510..512].copy_from_slice(&[0x55, 0xaa]);
            let _either = read(&disk);
        }
    }
}
