//! What a Pi's firmware reads in `autoboot.txt`: which partition to boot, in general and once.

/// Sections of `autoboot.txt` that name a partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Autoboot {
    /// `boot_partition` of `[all]`.
    pub all: Option<u32>,
    /// `boot_partition` of `[tryboot]`.
    pub tryboot: Option<u32>,
    /// `tryboot_a_b` of `[all]`: without it the firmware has no section `[tryboot]`.
    pub is_a_b: bool,
}

/// The firmware reads no more of the file than this.
pub const LIMIT_BYTES: usize = 512;

impl Autoboot {
    /// Reads the file as the firmware does: unknown lines are skipped, what stands beyond 512 bytes does not exist, and lines
    /// before the first section belong to `[all]`.
    pub fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes.get(..LIMIT_BYTES).unwrap_or(bytes)).into_owned();
        let mut section = "all".to_owned();
        let mut found = Self::default();
        for line in text.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                name.trim().clone_into(&mut section);
                continue;
            }
            let Some((key, value)) = line.split_once('=') else { continue };
            let number = value.trim().parse::<u32>().ok();
            match (section.as_str(), key.trim()) {
                ("all", "boot_partition") => found.all = number,
                ("all", "tryboot_a_b") => found.is_a_b = number == Some(1),
                ("tryboot", "boot_partition") => found.tryboot = number,
                _ => {}
            }
        }
        found
    }

    /// The partition to boot; `None` when the file names none.
    pub fn partition(self, tryboot: bool) -> Option<u32> {
        if tryboot && self.is_a_b { self.tryboot.or(self.all) } else { self.all }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_section_names_its_partition() {
        let text = b"[all]\ntryboot_a_b=1\nboot_partition=2\n[tryboot]\nboot_partition=3\n";
        let read = Autoboot::read(text);
        assert_eq!(read, Autoboot { all: Some(2), tryboot: Some(3), is_a_b: true });
        assert_eq!((read.partition(false), read.partition(true)), (Some(2), Some(3)));
    }

    #[test]
    fn what_the_firmware_does_not_know_does_not_count() {
        let cases: [(&[u8], Option<u32>, Option<u32>); 5] = [
            (b"", None, None),
            (b"boot_partition=3\r\n", Some(3), Some(3)),
            (b"[all]\nboot_partition=2\n[tryboot]\nboot_partition=3\n", Some(2), Some(2)),
            (b"[pi4]\nboot_partition=5\n[all]\nboot_partition=2\n", Some(2), Some(2)),
            (b"[all]\nboot_partition=x\n", None, None),
        ];
        for (text, usual, once) in cases {
            let read = Autoboot::read(text);
            assert_eq!((read.partition(false), read.partition(true)), (usual, once), "{text:?}");
        }
    }

    #[test]
    fn nothing_is_read_beyond_512_bytes() {
        let text = ["#".repeat(LIMIT_BYTES), "\nboot_partition=2\n".to_owned()].concat();
        assert_eq!(Autoboot::read(text.as_bytes()).all, None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..700)) {
            let _read = Autoboot::read(&bytes);
        }
    }
}
