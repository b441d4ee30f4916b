//! Randomness, and the server's secret: the key under which codes, tokens and phone digits are stored as hashes.
//!
//! The secret lies in its own file beside the database, so a copy of the database alone says nothing: four digits under
//! a plain hash would be guessed in a moment.

use ed25519_dalek::{Signer, SigningKey};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::{Path, PathBuf};

/// A keyed hash as the store keeps it.
pub type Keyed = [u8; 32];

/// Why there is no secret or no randomness.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The operating system gave no random bytes.
    #[error("operating system gave no random bytes")]
    Random(#[from] getrandom::Error),
    /// The file cannot be read or made.
    #[error(
        "secret file {path} cannot be read or made; let only the server's user read and write its folder"
    )]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is there, but is not 32 bytes.
    #[error("secret file {path} is damaged; restore it from the backup that belongs to this database")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
}

/// The server's 32 secret bytes.
pub struct Secret([u8; 32]);

impl Secret {
    /// Reads the secret, or makes it (mode 0600) if `path` does not exist.
    pub fn open(path: &Path) -> Result<Self, SecretError> {
        let file_error = |source| SecretError::File { path: path.to_owned(), source };
        match std::fs::read(path) {
            Ok(bytes) => {
                bytes.try_into().map(Self).map_err(|_| SecretError::Damaged { path: path.to_owned() })
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let bytes = random::<32>()?;
                make_private(path, &bytes).map_err(file_error)?;
                Ok(Self(bytes))
            }
            Err(error) => Err(file_error(error)),
        }
    }

    /// A secret of given bytes, for tests.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The hash of `value` for one `purpose`; hashes of different purposes cannot be compared.
    #[must_use]
    pub fn keyed(&self, purpose: &str, value: &str) -> Keyed {
        let mut mac = self.mac();
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(value.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// The key that signs configuration and commands.
    #[must_use]
    pub fn signing_key(&self) -> SigningKey {
        SigningKey::from_bytes(&self.keyed("server-signing-key", ""))
    }

    /// Signs `document`, base64.
    #[must_use]
    pub fn sign(&self, document: &str) -> String {
        base64(&self.signing_key().sign(document.as_bytes()).to_bytes())
    }

    fn mac(&self) -> Hmac<Sha256> {
        // A key of 32 bytes is shorter than the block, so it goes in unchanged and no length is refused.
        let mut block = [0_u8; 64];
        for (to, from) in block.iter_mut().zip(self.0) {
            *to = from;
        }
        Hmac::<Sha256>::new(&block.into())
    }
}

/// Writes a file of mode 0600 under another name and renames it: after a crash it is there whole or not at all.
fn make_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let draft = path.with_extension("draft");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&draft, path)
}

/// `N` random bytes of the operating system.
pub fn random<const N: usize>() -> Result<[u8; N], SecretError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// A code that a person can read, type and say: 16 letters and digits (80 bits) in groups of four, none alike.
pub fn spoken_code() -> Result<String, SecretError> {
    const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let letters = random::<16>()?.map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    Ok(groups.join("-"))
}

/// SHA-256 of some bytes.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Standard base64 with padding.
#[must_use]
pub fn base64(bytes: &[u8]) -> String {
    base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes)
}

/// Bytes of standard base64.
#[must_use]
pub fn unbase64(text: &str) -> Option<Vec<u8>> {
    base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text).ok()
}

/// Lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// 32 bytes of 64 lower-case hex digits.
#[must_use]
pub fn unhex(text: &str) -> Option<[u8; 32]> {
    let plain = text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let digits = if plain { text.as_bytes() } else { return None };
    let mut bytes = [0; 32];
    for (to, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        *to = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

/// Whether two hashes are the same, in a time that does not depend on where they differ.
#[must_use]
pub fn same(a: &Keyed, b: &Keyed) -> bool {
    a.iter().zip(b).fold(0, |different, (x, y)| different | (x ^ y)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_made_once_and_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret.key");
        let first = Secret::open(&path).unwrap().keyed("a", "b");
        assert_eq!(Secret::open(&path).unwrap().keyed("a", "b"), first);
        std::fs::write(&path, "short").unwrap();
        assert!(matches!(Secret::open(&path), Err(SecretError::Damaged { .. })));
    }

    #[test]
    fn purposes_and_values_do_not_mix() {
        let secret = Secret::from_bytes([7; 32]);
        assert_ne!(secret.keyed("ab", "c"), secret.keyed("a", "bc"));
        assert!(same(&secret.keyed("ab", "c"), &secret.keyed("ab", "c")));
        assert!(!same(&secret.keyed("ab", "c"), &secret.keyed("ab", "d")));
    }

    #[test]
    fn the_keyed_hash_is_hmac_sha256_of_rfc_4231() {
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        let mut mac = Secret::from_bytes(key).mac();
        mac.update(b"what do ya want for nothing?");
        let tag: [u8; 32] = mac.finalize().into_bytes().into();
        assert_eq!(hex(&tag), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn hex_comes_back_and_nonsense_does_not() {
        assert_eq!(unhex(&hex(&[0xa5; 32])), Some([0xa5; 32]));
        assert_eq!(unhex("a5"), None);
        assert_eq!(unhex(&"A5".repeat(32)), None);
    }

    #[test]
    fn spoken_codes_have_four_groups_of_four_and_differ() {
        let code = spoken_code().unwrap();
        assert_eq!(code.len(), 19);
        assert_ne!(code, spoken_code().unwrap());
    }
}
