//! The disk of a kiosk as `layout.toml` describes it, checked as a whole.

use serde::Deserialize;

const MIB: u64 = 1024 * 1024;
/// Lies between the third and the first logical partition; it has no entry of its own in the layout.
const EXTENDED: u32 = 4;
/// The MBR counts sectors of 512 bytes in 32 bits.
const MBR_LIMIT_MIB: u64 = 2 * 1024 * 1024;
/// A FAT label's length, in bytes; ext4 takes 16.
const LABEL_BYTES: usize = 11;

/// What is wrong with a layout, in words that name the place.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum LayoutError {
    /// Not TOML, a key that is missing, unknown or of another type.
    #[error("{0}")]
    Unreadable(String),
    /// `signature` is not eight hexadecimal digits, or zero, which firmware takes for "none".
    #[error("disk.signature {0:?} must be eight lower-case hexadecimal digits and not all zero")]
    Signature(String),
    /// Alignment of zero or no power of two.
    #[error("disk.align_mib {0} must be a power of two from 1 to 64")]
    Align(u64),
    /// A name that is no FAT label, or given twice.
    #[error("partition {number}: name {name:?} must be 1 to 11 of a-z, 0-9 and _, and no other's name")]
    Name {
        /// Its number in the partition table.
        number: u32,
        /// The name as written.
        name: String,
    },
    /// Numbers do not rise as an MBR needs them: 1, 2, 3, 5, 6, ...
    #[error("partition {found} stands where {expected} was expected: 4 is the extended one and has no entry")]
    Number {
        /// The number an MBR would give it.
        expected: u32,
        /// The number as written.
        found: u32,
    },
    /// A size of zero or one that the next partition's start would not fit.
    #[error("partition {number}: size_mib {size} must be a multiple of disk.align_mib and not 0")]
    Size {
        /// Its number in the partition table.
        number: u32,
        /// The size as written.
        size: u64,
    },
    /// The whole does not fit an MBR.
    #[error("the partitions end at {0} MiB, an MBR holds 2097152")]
    TooLarge(u64),
    /// The compatible name or a machine's cannot be part of a file's name.
    #[error("update: {0:?} must be of a-z, 0-9 and -, and not empty")]
    Compatible(String),
    /// A role that is missing, double, or in the wrong place.
    #[error("{0}")]
    Roles(&'static str),
}

/// One of the two sets of partitions of which one runs and the other is updated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum Slot {
    /// The first: what a new card boots.
    A,
    /// The second.
    B,
}

impl Slot {
    /// Both, in their order.
    pub const BOTH: [Self; 2] = [Self::A, Self::B];

    /// RAUC's number of the slot.
    #[must_use]
    pub const fn index(self) -> usize {
        match self {
            Self::A => 0,
            Self::B => 1,
        }
    }

    /// RAUC's boot name of the slot.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
        }
    }
}

/// What a partition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holds {
    /// FAT, for the Pi's firmware.
    Fat,
    /// A read-only root file system with its hash tree behind it.
    ErofsVerity,
    /// What the kiosk writes.
    Ext4,
}

/// One entry of the partition table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Number in the table: 1 to 3, then from 5.
    pub number: u32,
    /// Label of its file system.
    pub name: String,
    /// Where it starts, in MiB from the disk's start.
    pub start_mib: u64,
    /// Its size, in MiB.
    pub size_mib: u64,
    /// What it holds.
    pub holds: Holds,
    /// The slot it belongs to, if any.
    pub slot: Option<Slot>,
}

impl Partition {
    /// Where it starts, in bytes from the disk's start.
    #[must_use]
    pub const fn start_bytes(&self) -> u64 {
        self.start_mib * MIB
    }

    /// Its size, in bytes.
    #[must_use]
    pub const fn size_bytes(&self) -> u64 {
        self.size_mib * MIB
    }

    /// Whether it lies in the extended partition.
    #[must_use]
    pub const fn is_logical(&self) -> bool {
        self.number > EXTENDED
    }
}

/// The disk, checked: numbers rise, sizes are aligned, each slot has its boot and its system partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The MBR's signature, eight hexadecimal digits.
    pub signature: String,
    /// Every start is a multiple of this.
    pub align_mib: u64,
    /// The name that bundles must bear, without the machine.
    pub compatible: String,
    /// The machines there are images for.
    pub machines: Vec<String>,
    /// Where the certificate lies that bundles are checked against.
    pub keyring: String,
    /// The program that RAUC asks about the boot order.
    pub backend: String,
    /// Where RAUC keeps what it knows of the slots.
    pub data_directory: String,
    /// In the order of the table.
    pub partitions: Vec<Partition>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    disk: Disk,
    update: Update,
    #[serde(rename = "partition")]
    partitions: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Disk {
    signature: String,
    align_mib: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Update {
    compatible: String,
    machines: Vec<String>,
    keyring: String,
    backend: String,
    data_directory: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    number: u32,
    name: String,
    size_mib: u64,
    holds: Holds,
    slot: Option<Slot>,
}

impl Layout {
    /// Reads and checks the text of a `layout.toml`.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place.
    pub fn parse(text: &str) -> Result<Self, LayoutError> {
        let file: File = toml::from_str(text).map_err(|error| LayoutError::Unreadable(error.to_string()))?;
        let signature = file.disk.signature;
        let hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if signature.len() != 8 || !signature.bytes().all(hexadecimal) || signature == "00000000" {
            return Err(LayoutError::Signature(signature));
        }
        let align_mib = file.disk.align_mib;
        if !align_mib.is_power_of_two() || align_mib > 64 {
            return Err(LayoutError::Align(align_mib));
        }
        let partitions = placed(file.partitions, align_mib)?;
        roles(&partitions)?;
        let Update { compatible, machines, keyring, backend, data_directory } = file.update;
        for name in std::iter::once(&compatible).chain(&machines) {
            let sound = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            if name.is_empty() || !name.bytes().all(sound) {
                return Err(LayoutError::Compatible(name.clone()));
            }
        }
        if machines.is_empty() {
            return Err(LayoutError::Roles("update.machines names no machine"));
        }
        Ok(Self { signature, align_mib, compatible, machines, keyring, backend, data_directory, partitions })
    }

    /// The boot partition of a slot.
    #[must_use]
    pub fn boot(&self, slot: Slot) -> Option<&Partition> {
        self.of(slot, Holds::Fat)
    }

    /// The system partition of a slot.
    #[must_use]
    pub fn system(&self, slot: Slot) -> Option<&Partition> {
        self.of(slot, Holds::ErofsVerity)
    }

    /// The partition that tells the firmware which boot partition to take: FAT, and of no slot.
    #[must_use]
    pub fn selector(&self) -> Option<&Partition> {
        self.partitions.iter().find(|partition| partition.holds == Holds::Fat && partition.slot.is_none())
    }

    /// The partition that keeps what the kiosk writes.
    #[must_use]
    pub fn data(&self) -> Option<&Partition> {
        self.partitions.iter().find(|partition| partition.holds == Holds::Ext4)
    }

    /// Size of the whole disk image, in MiB.
    #[must_use]
    pub fn end_mib(&self) -> u64 {
        self.partitions.last().map_or(0, |last| last.start_mib + last.size_mib)
    }

    fn of(&self, slot: Slot, holds: Holds) -> Option<&Partition> {
        self.partitions.iter().find(|partition| partition.slot == Some(slot) && partition.holds == holds)
    }
}

/// Gives every partition its start. A logical one leaves room before it for its entry in the chain of the extended one.
fn placed(entries: Vec<Entry>, align_mib: u64) -> Result<Vec<Partition>, LayoutError> {
    let mut partitions: Vec<Partition> = Vec::with_capacity(entries.len());
    let mut next_mib = align_mib;
    for (expected, entry) in (1..).filter(|number| *number != EXTENDED).zip(entries) {
        let Entry { number, name, size_mib, holds, slot } = entry;
        if number != expected {
            return Err(LayoutError::Number { expected, found: number });
        }
        let sound = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let known = partitions.iter().any(|other| other.name == name);
        if known || name.is_empty() || name.len() > LABEL_BYTES || !name.bytes().all(sound) {
            return Err(LayoutError::Name { number, name });
        }
        if size_mib == 0 || !size_mib.is_multiple_of(align_mib) || size_mib > MBR_LIMIT_MIB {
            return Err(LayoutError::Size { number, size: size_mib });
        }
        let start_mib = next_mib + if number > EXTENDED { align_mib } else { 0 };
        next_mib = start_mib + size_mib;
        if next_mib > MBR_LIMIT_MIB {
            return Err(LayoutError::TooLarge(next_mib));
        }
        partitions.push(Partition { number, name, start_mib, size_mib, holds, slot });
    }
    Ok(partitions)
}

fn roles(partitions: &[Partition]) -> Result<(), LayoutError> {
    let count = |holds: Holds, slot: Option<Slot>| {
        partitions.iter().filter(|partition| partition.holds == holds && partition.slot == slot).count()
    };
    let first_selects =
        partitions.first().is_some_and(|first| first.holds == Holds::Fat && first.slot.is_none());
    if !first_selects || count(Holds::Fat, None) != 1 {
        return Err(LayoutError::Roles(
            "partition 1, and it alone, must hold \"fat\" without a slot: the firmware reads autoboot.txt there",
        ));
    }
    if partitions.last().is_none_or(|last| last.holds != Holds::Ext4) || count(Holds::Ext4, None) != 1 {
        return Err(LayoutError::Roles(
            "the last partition, and it alone, must hold \"ext4\" without a slot: it grows over the rest of the card",
        ));
    }
    for slot in Slot::BOTH {
        if count(Holds::Fat, Some(slot)) != 1 || count(Holds::ErofsVerity, Some(slot)) != 1 {
            return Err(LayoutError::Roles(
                "each of the slots A and B needs one \"fat\" and one \"erofs-verity\"",
            ));
        }
    }
    let sizes = |holds: Holds| {
        let mut found = partitions.iter().filter(|other| other.holds == holds && other.slot.is_some());
        found.next().map(|one| one.size_mib) == found.next().map(|other| other.size_mib)
    };
    if !sizes(Holds::Fat) || !sizes(Holds::ErofsVerity) {
        return Err(LayoutError::Roles("the two slots must be of one size: a bundle has to fit either"));
    }
    if count(Holds::ErofsVerity, None) + count(Holds::Ext4, Some(Slot::A)) + count(Holds::Ext4, Some(Slot::B))
        > 0
    {
        return Err(LayoutError::Roles("a system belongs to a slot, data to none"));
    }
    Ok(())
}
