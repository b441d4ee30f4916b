//! `autoboot.txt`, by which the firmware finds its boot partition.
//!
//! ```text
//! [all]
//! tryboot_a_b=1          a trial changes the partition, not the name of config.txt
//! boot_partition=2       every ordinary boot
//! [tryboot]
//! boot_partition=3       the one boot after `reboot "0 tryboot"`
//! ```
//!
//! The file for slot A and the one for slot B are of one length and differ in two digits. A swap is therefore one sector of the
//! card written over itself (`fat` finds it; nothing is mounted). Writing a new file and renaming it would also end in one
//! sector of the directory, but only after tables, directory and the volume's dirty mark were written, any of which can tear
//! and none of which anybody repairs in a kiosk. A card that tears even this one sector leaves a file that does not parse; the
//! copy on /data repairs it.

use crate::slot::Slot;

/// The firmware reads no more than this of the file, and this is the sector that a swap writes.
pub const LIMIT: usize = 512;

/// The file that boots `default`, and the other slot on trial.
pub fn render(default: Slot) -> String {
    format!(
        "[all]\ntryboot_a_b=1\nboot_partition={}\n[tryboot]\nboot_partition={}\n",
        default.partition(),
        default.other().partition()
    )
}

/// The slot that the file boots by default. `None` for anything that does not lead to one slot by default and to the other
/// one on trial: torn, empty, over 512 bytes, or written by somebody else to another end.
pub fn parse(bytes: &[u8]) -> Option<Slot> {
    let text = str::from_utf8(bytes).ok().filter(|text| text.len() <= LIMIT)?;
    let (mut default, mut trial, mut by_partition, mut in_trial) = (None, None, false, false);
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.split_once('=') {
            None if line == "[all]" => in_trial = false,
            None if line == "[tryboot]" => in_trial = true,
            None => return None,
            Some(("boot_partition", number)) => {
                let slot = Slot::of_partition(number.parse().ok()?)?;
                if in_trial {
                    trial = Some(slot);
                } else {
                    default = Some(slot);
                }
            }
            Some(("tryboot_a_b", value)) if !in_trial => by_partition = value == "1",
            Some(_) => return None,
        }
    }
    default.filter(|slot| by_partition && trial == Some(slot.other()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_files_are_of_one_length_and_fit_a_sector() {
        let (a, b) = (render(Slot::A), render(Slot::B));
        assert_eq!(a.len(), b.len());
        assert!(a.len() <= LIMIT);
        assert_eq!(a.bytes().zip(b.bytes()).filter(|(left, right)| left != right).count(), 2);
    }

    #[test]
    fn the_file_of_the_image_is_the_one_for_slot_a() {
        assert_eq!(render(Slot::A), include_str!("../../generated/autoboot.txt"));
    }

    #[test]
    fn only_a_file_that_leads_to_both_slots_is_taken() {
        let rows: [(&str, Option<Slot>); 8] = [
            (&render(Slot::A), Some(Slot::A)),
            (&render(Slot::B), Some(Slot::B)),
            (&format!("# by hand\r\n{}\n\n\n", render(Slot::B)), Some(Slot::B)),
            ("", None),
            ("[all]\nboot_partition=2\n[tryboot]\nboot_partition=3\n", None),
            ("[all]\ntryboot_a_b=1\nboot_partition=2\n[tryboot]\nboot_partition=2\n", None),
            ("[all]\ntryboot_a_b=1\nboot_partition=1\n[tryboot]\nboot_partition=3\n", None),
            ("[all]\ntryboot_a_b=1\nboot_partition=2\n[none]\nboot_partition=3\n", None),
        ];
        for (text, slot) in rows {
            assert_eq!(parse(text.as_bytes()), slot, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn a_file_cut_short_never_names_a_slot(at in 0usize..63) {
            prop_assert_eq!(parse(&render(Slot::B).as_bytes()[..at]), None);
        }
    }
}
