//! The device's own key: made here, never leaving the data folder.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer, SigningKey};
use kiosk_protocol::{Covered, SignatureParams, signature_base, signature_header, signature_input};

/// Name of the file: 32 bytes, readable by the kiosk's user alone.
const NAME: &str = "device.key";

/// An Ed25519 key that signs what this device sends.
pub struct DeviceKey(SigningKey);

/// Why there is no key to sign with.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("key file {path} cannot be used")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others may read it: the key is no secret any more.
    #[error("key file {path} may be read by others (mode {mode:o}); enrol again")]
    Open {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It does not hold 32 bytes.
    #[error("key file {path} is not a key; enrol again")]
    NotAKey {
        /// The file.
        path: PathBuf,
    },
}

impl DeviceKey {
    /// The key of the data folder; `None` when none was made yet.
    pub fn load(folder: &Path) -> Result<Option<Self>, KeyError> {
        let path = folder.join(NAME);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(KeyError::File { path, source }),
        };
        let mode = match fs::metadata(&path) {
            Ok(metadata) => metadata.permissions().mode() & 0o777,
            Err(source) => return Err(KeyError::File { path, source }),
        };
        if mode & 0o077 != 0 {
            return Err(KeyError::Open { path, mode });
        }
        let secret: [u8; 32] = bytes.try_into().map_err(|_| KeyError::NotAKey { path })?;
        Ok(Some(Self(SigningKey::from_bytes(&secret))))
    }

    /// The key of the data folder, made from `secret` when there is none yet.
    pub fn load_or_make(folder: &Path, secret: [u8; 32]) -> Result<Self, KeyError> {
        if let Some(key) = Self::load(folder)? {
            return Ok(key);
        }
        let path = folder.join(NAME);
        let write = || {
            fs::create_dir_all(folder)?;
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
            file.write_all(&secret)?;
            file.sync_all()
        };
        write().map_err(|source| KeyError::File { path: path.clone(), source })?;
        Ok(Self(SigningKey::from_bytes(&secret)))
    }

    /// The public half, base64, as enrolment sends it.
    pub fn public_base64(&self) -> String {
        STANDARD.encode(self.0.verifying_key().to_bytes())
    }

    /// The headers of a signed request: every covered header, then `Signature-Input` and `Signature`.
    pub fn sign(&self, covered: &[Covered], params: &SignatureParams) -> Vec<(&'static str, String)> {
        let signature = self.0.sign(signature_base(covered, params).as_bytes());
        let plain = covered.iter().filter(|(name, _)| !name.starts_with('@')).cloned();
        plain
            .chain([
                ("signature-input", signature_input(covered, params)),
                ("signature", signature_header(&STANDARD.encode(signature.to_bytes()))),
            ])
            .collect()
    }
}

impl std::fmt::Debug for DeviceKey {
    /// Says nothing of the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DeviceKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_kept_for_the_kiosks_user_alone() {
        let folder = tempfile::tempdir().unwrap();
        assert!(DeviceKey::load(folder.path()).unwrap().is_none());
        let made = DeviceKey::load_or_make(folder.path(), [1; 32]).unwrap();
        let again = DeviceKey::load_or_make(folder.path(), [2; 32]).unwrap();
        assert_eq!(made.public_base64(), again.public_base64());
        let path = folder.path().join(NAME);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(DeviceKey::load(folder.path()), Err(KeyError::Open { mode: 0o644, .. })));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "short").unwrap();
        assert!(matches!(DeviceKey::load(folder.path()), Err(KeyError::NotAKey { .. })));
    }
}
