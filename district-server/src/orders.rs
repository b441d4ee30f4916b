//! Ordering an update of a kiosk's image: the bundle is copied into the server's folder, the order is signed and put into the
//! kiosk's inbox. The kiosk fetches the bundle in parts and installs it when its hall is closed and empty.
//!
//! ```text
//! <data>/bundles/<sha256>.raucb    one file a bundle, however many kiosks take it
//! ```

use crate::app::App;
use crate::secret::hex;
use crate::store::StoreError;
use kiosk_protocol::{Command, InboxCommand, MAX_BUNDLE_BYTES, Order, UpdateOrder, is_plain_version};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The signed manifest at a bundle's end is never longer.
const MOST_MANIFEST_BYTES: u64 = 256 * 1024;

/// Orders looked at, newest first, to find the one that names a bundle.
const ORDERS_SEARCHED: u64 = 100;

/// Why nothing was ordered.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// No such kiosk.
    #[error("no kiosk {kiosk} is enrolled here{known}")]
    NoKiosk {
        /// What was given.
        kiosk: String,
        /// Those that are.
        known: String,
    },
    /// Its key was withdrawn.
    #[error("kiosk {0} was revoked and would not get it; remedy: enrol it again first")]
    Revoked(String),
    /// The bundle cannot be read or copied.
    #[error(
        "bundle {path} cannot be read or copied; remedy: check the path, and the room in the data folder"
    )]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is no bundle.
    #[error(
        "{path} is no RAUC bundle in the verity format: {why}; remedy: give the .raucb that the image build made"
    )]
    NoBundle {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: &'static str,
    },
    /// Its version is no plain word.
    #[error(
        "bundle {path} has the version {version:?}; remedy: build it with a version of at most 40 of a-z A-Z 0-9 . - _ +"
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// What it says.
        version: String,
    },
    /// No store.
    #[error("order cannot be stored")]
    Store(#[from] StoreError),
    /// The order cannot be written as JSON.
    #[error("order cannot be written")]
    Json(#[from] serde_json::Error),
}

/// What was ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ordered {
    /// Number of the command.
    pub number: u64,
    /// What the kiosk is to take.
    pub order: UpdateOrder,
    /// The machine that the bundle is for, as it says.
    pub compatible: String,
}

/// Orders the bundle at `path` for `kiosk`. Ordering the same one twice sends it a second order, which costs the kiosk
/// nothing while it has the bundle.
pub fn order_update(app: &App, kiosk: &str, path: &Path) -> Result<Ordered, OrderError> {
    let known = app.store.kiosk(kiosk)?.ok_or_else(|| no_kiosk(app, kiosk))?;
    if known.revoked {
        return Err(OrderError::Revoked(kiosk.to_owned()));
    }
    let failed = |source| OrderError::File { path: path.to_owned(), source };
    let manifest = manifest(path).map_err(failed)?;
    let manifest = manifest.map_err(|why| OrderError::NoBundle { path: path.to_owned(), why })?;
    let version = value(&manifest, "version").unwrap_or_default();
    if !is_plain_version(&version) {
        return Err(OrderError::Version { path: path.to_owned(), version });
    }
    let (sha256, size) = take_in(&app.settings.bundle_dir(), path).map_err(failed)?;
    let order = UpdateOrder { version, sha256, size };
    loop {
        let number = app.store.newest_command(kiosk)? + 1;
        let command = Command { kiosk: kiosk.to_owned(), number, order: Order::Update(order.clone()) };
        let command = serde_json::to_string(&command)?;
        let signature = app.secret.sign(&command);
        // Another order may have come in between and have the number.
        if app.store.add_command(kiosk, &InboxCommand { number, command, signature }, app.clock.now_ms())? {
            let compatible = value(&manifest, "compatible").unwrap_or_default();
            return Ok(Ordered { number, order, compatible });
        }
    }
}

fn no_kiosk(app: &App, kiosk: &str) -> OrderError {
    let ids: Vec<String> = app.store.kiosks().unwrap_or_default().into_iter().map(|known| known.id).collect();
    let known =
        if ids.is_empty() { "; none is".to_owned() } else { format!("; enrolled are {}", ids.join(", ")) };
    OrderError::NoKiosk { kiosk: kiosk.to_owned(), known }
}

/// A part of a bundle that was ordered for the kiosk; `None` when none was, it is gone, or it ends before `from`.
pub fn part(
    app: &App,
    kiosk: &str,
    sha256: &str,
    from: u64,
    len: u64,
) -> Result<Option<Vec<u8>>, StoreError> {
    if !is_ordered(app, kiosk, sha256)? {
        return Ok(None);
    }
    let path = bundle(&app.settings.bundle_dir(), sha256);
    Ok(read_part(&path, from, len).ok().filter(|bytes| !bytes.is_empty()))
}

/// The newest update ordered for a kiosk, and when.
pub fn newest(app: &App, kiosk: &str) -> Result<Option<(UpdateOrder, i64)>, StoreError> {
    let newest = app.store.newest_command(kiosk)?;
    let commands = app.store.commands(kiosk, newest.saturating_sub(1), 1)?;
    Ok(commands.first().and_then(|stored| Some((update_in(&stored.command.command)?, stored.at_ms))))
}

fn is_ordered(app: &App, kiosk: &str, sha256: &str) -> Result<bool, StoreError> {
    let after = app.store.newest_command(kiosk)?.saturating_sub(ORDERS_SEARCHED);
    let commands = app.store.commands(kiosk, after, u32::try_from(ORDERS_SEARCHED).unwrap_or(u32::MAX))?;
    let mut orders = commands.iter().filter_map(|stored| update_in(&stored.command.command));
    Ok(orders.any(|order| order.sha256 == sha256))
}

fn update_in(command: &str) -> Option<UpdateOrder> {
    let Command { order: Order::Update(order), .. } = serde_json::from_str(command).ok()?;
    Some(order)
}

fn bundle(folder: &Path, sha256: &str) -> PathBuf {
    folder.join(format!("{sha256}.raucb"))
}

fn read_part(path: &Path, from: u64, len: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(len).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Copies the bundle under its digest, whole or not at all; its digest and size.
fn take_in(folder: &Path, path: &Path) -> io::Result<(String, u64)> {
    fs::create_dir_all(folder)?;
    let draft = folder.join(format!("{}.draft", std::process::id()));
    let copied = copy(path, &draft);
    if copied.is_err() {
        // The error that is told is the first one.
        let _left = fs::remove_file(&draft);
    }
    let (sha256, size) = copied?;
    fs::rename(&draft, bundle(folder, &sha256))?;
    File::open(folder)?.sync_all()?;
    Ok((sha256, size))
}

fn copy(path: &Path, draft: &Path) -> io::Result<(String, u64)> {
    let (mut from, mut to) = (File::open(path)?, File::create(draft)?);
    let (mut sum, mut size, mut buffer) = (Sha256::new(), 0_u64, vec![0; 128 * 1024]);
    loop {
        let read = from.read(&mut buffer)?;
        let bytes = buffer.get(..read).unwrap_or_default();
        if bytes.is_empty() {
            break;
        }
        sum.update(bytes);
        to.write_all(bytes)?;
        size += bytes.len() as u64;
    }
    to.sync_all()?;
    Ok((hex(&sum.finalize()), size))
}

/// The text around a bundle's manifest, or why there is none.
///
/// ```text
/// hsqs...  squashfs, verity tree | CMS (the signed manifest, in plain text inside) | its length, 8 bytes big-endian
/// ```
/// Who signed it is the kiosk's business, which has the keys; this only keeps a wrong file from being ordered.
fn manifest(path: &Path) -> io::Result<Result<String, &'static str>> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    if size > MAX_BUNDLE_BYTES {
        return Ok(Err("it is larger than 1 GiB"));
    }
    let mut magic = [0; 4];
    if size < 16 || file.read_exact(&mut magic).is_err() || &magic != b"hsqs" {
        return Ok(Err("it does not begin with a squashfs"));
    }
    let mut length = [0; 8];
    file.seek(SeekFrom::End(-8))?;
    file.read_exact(&mut length)?;
    let length = u64::from_be_bytes(length);
    if length > MOST_MANIFEST_BYTES || length + 8 > size {
        return Ok(Err("it does not end with a signature"));
    }
    file.seek(SeekFrom::Start(size - 8 - length))?;
    let mut signed = Vec::new();
    file.take(length).read_to_end(&mut signed)?;
    let text = String::from_utf8_lossy(&signed).into_owned();
    Ok(if text.contains("[update]") { Ok(text) } else { Err("its signature holds no manifest") })
}

/// A value of the manifest's section `[update]`.
fn value(manifest: &str, name: &str) -> Option<String> {
    let section = manifest.split_once("[update]")?.1;
    let section = section.split("\n[").next()?;
    let lines = section.lines().filter_map(|line| line.split_once('='));
    let mut found = lines.filter(|(key, _)| key.trim() == name).map(|(_, value)| value.trim().to_owned());
    found.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that has a bundle's shape; nobody signed it.
    fn sham_bundle(version: &str, payload: &[u8]) -> Vec<u8> {
        let manifest = format!(
            "0\u{1}[update]\ncompatible=kiosk-onestop-test\nversion={version}\n\n[bundle]\nformat=verity\n"
        );
        let length = (manifest.len() as u64).to_be_bytes();
        [b"hsqs", payload, manifest.as_bytes(), &length].concat()
    }

    #[test]
    fn a_manifest_is_read_out_of_a_bundle_and_nothing_else_is_taken_for_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("b.raucb");
        let good = sham_bundle("0.2.0", &[7; 100]);
        let mut unsigned = good.clone();
        unsigned.truncate(good.len() - 8);
        unsigned.extend(u64::MAX.to_be_bytes());
        for (bytes, expected) in [
            (good.clone(), Ok("0.2.0")),
            (b"PK\x03\x04 a zip file, not a bundle".to_vec(), Err("it does not begin with a squashfs")),
            (b"hsqs".to_vec(), Err("it does not begin with a squashfs")),
            (unsigned, Err("it does not end with a signature")),
            ([b"hsqs", &[0; 40][..]].concat(), Err("its signature holds no manifest")),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let read = manifest(&path).unwrap().map(|text| value(&text, "version").unwrap());
            assert_eq!(read.as_deref(), expected.as_deref());
        }
        std::fs::write(&path, good).unwrap();
        let text = manifest(&path).unwrap().unwrap();
        assert_eq!(value(&text, "compatible").as_deref(), Some("kiosk-onestop-test"));
        assert_eq!(value(&text, "format"), None, "another section's");
    }
}
