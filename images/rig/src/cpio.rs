//! Archives that the kernel unpacks as an initramfs (`newc`; Documentation/driver-api/early-userspace/buffer-format.rst).

/// A file or folder of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its path, without a slash at the start.
    pub name: String,
    /// Kind and rights, as `stat` gives them.
    pub mode: u32,
    /// Its bytes; none of a folder.
    pub bytes: Vec<u8>,
}

impl Entry {
    /// A folder.
    pub fn folder(name: &str) -> Self {
        Self { name: name.to_owned(), mode: 0o040_755, bytes: Vec::new() }
    }

    /// A file to read.
    pub fn file(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), mode: 0o100_644, bytes: text.as_bytes().to_vec() }
    }

    /// A symbolic link.
    pub fn link(name: &str, to: &str) -> Self {
        Self { name: name.to_owned(), mode: 0o120_777, bytes: to.as_bytes().to_vec() }
    }

    /// A program.
    pub fn program(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), mode: 0o100_755, bytes: text.as_bytes().to_vec() }
    }
}

/// The bytes of an archive of these entries, all owned by root.
pub fn archive(entries: &[Entry]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (number, entry) in (1..).zip(entries) {
        add(&mut bytes, number, entry);
    }
    add(&mut bytes, 0, &Entry { name: "TRAILER!!!".to_owned(), mode: 0, bytes: Vec::new() });
    bytes
}

fn add(bytes: &mut Vec<u8>, number: u32, entry: &Entry) {
    let length = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let fields = [
        number,
        entry.mode,
        0,
        0,
        1,
        0,
        length(entry.bytes.len()),
        0,
        0,
        0,
        0,
        length(entry.name.len() + 1),
        0,
    ];
    bytes.extend(b"070701");
    for field in fields {
        bytes.extend(format!("{field:08x}").into_bytes());
    }
    bytes.extend(entry.name.as_bytes());
    bytes.push(0);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes.extend(&entry.bytes);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_is_laid_out_as_the_kernel_reads_it() {
        let bytes = archive(&[Entry::folder("a"), Entry::program("a/b", "hello")]);
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.starts_with("0707010000000100 0041ed".replace(' ', "").as_str()), "{text}");
        // Header of 110 bytes, name and zero, filled up to four.
        assert_eq!(bytes.get(112..118), Some(b"070701".as_slice()));
        assert_eq!(bytes.get(112 + 116..112 + 121), Some(b"hello".as_slice()));
        assert_eq!(bytes.len() % 4, 0);
        assert!(text.ends_with("TRAILER!!!\0\0\0\0"), "{text:?}");
    }
}
