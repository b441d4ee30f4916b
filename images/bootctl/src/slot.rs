//! The two slots, and the partitions the firmware knows them by.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One of the two places an installed system lives in: a boot partition and the system that belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Slot {
    /// Boot partition 2, system partition 5.
    A,
    /// Boot partition 3, system partition 6.
    B,
}

impl Slot {
    /// The slot that this one is not.
    pub fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    /// The number in the partition table of the slot's boot partition, as `images/layout.toml` has it.
    pub fn partition(self) -> u32 {
        match self {
            Self::A => 2,
            Self::B => 3,
        }
    }

    /// The slot whose boot partition has this number.
    pub fn of_partition(number: u32) -> Option<Self> {
        [Self::A, Self::B].into_iter().find(|slot| slot.partition() == number)
    }

    /// The slot of this bootname (`A` or `B`, as RAUC's system.conf names them).
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "A" => Some(Self::A),
            "B" => Some(Self::B),
            _ => None,
        }
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "A",
            Self::B => "B",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_found_by_its_partition_and_its_name() {
        for slot in [Slot::A, Slot::B] {
            assert_eq!(Slot::of_partition(slot.partition()), Some(slot));
            assert_eq!(Slot::named(&slot.to_string()), Some(slot));
            assert_eq!(slot.other().other(), slot);
        }
        assert_eq!((Slot::of_partition(0), Slot::of_partition(1), Slot::named("a")), (None, None, None));
    }
}
