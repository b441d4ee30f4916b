//! Keyed and slow hashes of the hall service, and files that only the kiosk's own user may read.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A 256 bit tag.
pub(super) type Tag = [u8; 32];

/// A block of SHA-256: a shorter HMAC key is padded to it with zeros, so this form needs no fallible constructor.
const BLOCK: usize = 64;

/// HMAC-SHA-256 of `parts`, each preceded by its length so that no two lists of parts look alike.
pub(super) fn tag(key: &Tag, parts: &[&[u8]]) -> Tag {
    let mut mac = keyed(key);
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// PBKDF2-HMAC-SHA-256 (RFC 8018, 5.2) with one block of output: each guess at a PIN costs `rounds` hashes.
pub(super) fn slow_hash(pin: &str, salt: &[u8; 16], rounds: u32) -> Tag {
    let keyed = keyed(pin.as_bytes());
    let mut first = keyed.clone();
    first.update(salt);
    first.update(&1_u32.to_be_bytes());
    let mut last: Tag = first.finalize().into_bytes().into();
    let mut folded = last;
    for _ in 1..rounds {
        let mut next = keyed.clone();
        next.update(&last);
        last = next.finalize().into_bytes().into();
        folded.iter_mut().zip(last).for_each(|(all, one)| *all ^= one);
    }
    folded
}

/// Compares without telling by its duration where the first difference is.
pub(super) fn same(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && left.iter().zip(right).fold(0, |seen, (a, b)| seen | (a ^ b)) == 0
}

/// Lower case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of exactly `N * 2` hexadecimal digits.
pub(super) fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != N * 2 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut bytes = [0; N];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(index * 2..index * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// Replaces a file by `content`, readable by its owner only, whole or not at all even when power fails.
pub(super) fn replace_private_file(path: &Path, content: &[u8]) -> io::Result<()> {
    let fresh = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    if let Some(folder) = path.parent() {
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    let mut block = [0; BLOCK];
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    Hmac::new(&block.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slow_hash_is_the_published_pbkdf2() {
        let salt = *b"saltSALTsaltSALT";
        // python3: hashlib.pbkdf2_hmac("sha256", b"123456", b"saltSALTsaltSALT", 1000).hex()
        let expected = "8fa8761159c0a77c5fe1c97166211b0569bf5ff511e9b5333de8e0d858aae065";
        assert_eq!(hex(&slow_hash("123456", &salt, 1000)), expected);
    }

    #[test]
    fn hexadecimal_goes_there_and_back_and_refuses_the_rest() {
        assert_eq!(unhex::<3>(&hex(&[0, 255, 16])), Some([0, 255, 16]));
        for wrong in ["", "00", "0g0000", "00000", "+10000", "đđđ"] {
            assert_eq!(unhex::<3>(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn parts_cannot_be_shifted_into_each_other() {
        assert_ne!(tag(&[1; 32], &[b"ab", b"c"]), tag(&[1; 32], &[b"a", b"bc"]));
        assert_ne!(tag(&[1; 32], &[b"ab"]), tag(&[2; 32], &[b"ab"]));
    }

    #[test]
    fn a_private_file_is_readable_by_its_owner_only_even_if_it_was_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, "old").unwrap();
        replace_private_file(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
