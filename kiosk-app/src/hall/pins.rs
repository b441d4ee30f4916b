//! The officers' PINs: six digits a counter, drawn at first start, printed once on the staff slip, kept only as slow
//! hashes. There is no default PIN.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use kiosk_core::id::CounterId;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::secret::{self, Tag};

/// Rounds that one guess costs, some 50 ms on a Raspberry Pi. Six digits cannot withstand a thief of the file for long
/// whatever this is; against guessing at the counter there is the throttle.
const ROUNDS: u32 = 20_000;

/// What goes wrong with the PIN file.
#[derive(Debug, Error)]
pub enum PinError {
    /// It cannot be read or written.
    #[error("PIN file {path} cannot be used")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no PIN file; move it away and new PINs are made.
    #[error("PIN file {path} is damaged")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the parser says.
        source: serde_json::Error,
    },
}

/// The hashes of all counters' PINs, as the file `pins.json` keeps them.
#[derive(Clone, Debug)]
pub struct PinBook {
    path: PathBuf,
    kept: Kept,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Kept {
    /// Whether the slip with these PINs was seen to leave the printer.
    slip_printed: bool,
    counters: BTreeMap<u8, PinHash>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct PinHash {
    salt: String,
    rounds: u32,
    hash: String,
}

/// PINs just made: the only time they exist in the clear. Print them, then drop this.
pub struct NewPins(Vec<(CounterId, String)>);

impl PinBook {
    /// A book without PINs, whatever the file holds: for new ones in the place of a lost or damaged book.
    pub fn empty(path: &Path) -> Self {
        Self { path: path.to_owned(), kept: Kept::default() }
    }

    /// Reads the file; a missing one is an empty book.
    pub fn open(path: &Path) -> Result<Self, PinError> {
        let kept = match fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|source| PinError::Damaged { path: path.to_owned(), source })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Kept::default(),
            Err(source) => return Err(PinError::File { path: path.to_owned(), source }),
        };
        Ok(Self { path: path.to_owned(), kept })
    }

    /// Whether PINs must be made: a counter has none, or the slip with them was never seen printed.
    pub fn needs_slip(&self, counters: &[CounterId]) -> bool {
        !self.kept.slip_printed || counters.iter().any(|counter| !self.kept.counters.contains_key(&counter.0))
    }

    /// Makes a new PIN for each counter and stores the hashes; PINs made before no longer count, and pages signed in
    /// with them are signed out. `random` gives 32 fresh random bytes for each counter.
    pub fn renew(
        &mut self,
        counters: &[CounterId],
        mut random: impl FnMut() -> io::Result<[u8; 32]>,
    ) -> Result<NewPins, PinError> {
        let mut fresh = Kept::default();
        let mut plain = Vec::new();
        for counter in counters {
            let (pin, hash) = make(random().map_err(|source| self.failed(source))?, ROUNDS);
            fresh.counters.insert(counter.0, hash);
            plain.push((*counter, pin));
        }
        self.kept = fresh;
        self.save()?;
        Ok(NewPins(plain))
    }

    /// Remembers that the slip left the printer, so that the PINs stay as they are.
    pub fn slip_printed(&mut self) -> Result<(), PinError> {
        self.kept.slip_printed = true;
        self.save()
    }

    /// Whether this is the counter's PIN. Slow on purpose.
    pub(super) fn verify(&self, counter: CounterId, pin: &str) -> bool {
        let Some(kept) = self.kept.counters.get(&counter.0) else { return false };
        let (Some(salt), Some(hash)) = (secret::unhex(&kept.salt), secret::unhex::<32>(&kept.hash)) else {
            return false;
        };
        secret::same(&secret::slow_hash(pin, &salt, kept.rounds), &hash)
    }

    /// What a session is bound to besides its key: it changes with the PIN. `None` for a counter without one.
    pub(super) fn binding(&self, counter: CounterId) -> Option<&str> {
        self.kept.counters.get(&counter.0).map(|kept| kept.hash.as_str())
    }

    fn save(&self) -> Result<(), PinError> {
        let text = serde_json::to_vec_pretty(&self.kept)
            .map_err(|source| PinError::Damaged { path: self.path.clone(), source })?;
        secret::replace_private_file(&self.path, &text).map_err(|source| self.failed(source))
    }

    fn failed(&self, source: io::Error) -> PinError {
        PinError::File { path: self.path.clone(), source }
    }
}

impl NewPins {
    /// Lines of the staff slip, one a counter: `Quầy 3: 123 456`.
    pub fn slip_lines(&self) -> Vec<String> {
        let line = |(counter, pin): &(CounterId, String)| {
            let (left, right) = pin.split_at(pin.len() / 2);
            format!("Quầy {counter}: {left} {right}")
        };
        self.0.iter().map(line).collect()
    }

    /// The plain PINs, for a rig that signs in as an officer.
    pub fn plain(&self) -> impl Iterator<Item = (CounterId, &str)> {
        self.0.iter().map(|(counter, pin)| (*counter, pin.as_str()))
    }
}

fn make(random: Tag, rounds: u32) -> (String, PinHash) {
    let mut salt = [0; 16];
    let mut draw = [0; 16];
    salt.copy_from_slice(&random[..16]);
    draw.copy_from_slice(&random[16..]);
    let pin = format!("{:06}", u128::from_be_bytes(draw) % 1_000_000);
    let hash = secret::slow_hash(&pin, &salt, rounds);
    (pin, PinHash { salt: secret::hex(&salt), rounds, hash: secret::hex(&hash) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes_from(start: u8) -> impl FnMut() -> io::Result<[u8; 32]> {
        let mut next = start;
        move || {
            next += 1;
            Ok([next; 32])
        }
    }

    fn book() -> (tempfile::TempDir, PinBook) {
        let folder = tempfile::tempdir().unwrap();
        let book = PinBook::open(&folder.path().join("pins.json")).unwrap();
        (folder, book)
    }

    #[test]
    fn a_pin_opens_its_own_counter_only_and_after_a_restart_too() {
        let (folder, mut book) = book();
        let counters = [CounterId(1), CounterId(2)];
        assert!(book.needs_slip(&counters));
        let made = book.renew(&counters, bytes_from(0)).unwrap();
        let pins: Vec<_> = made.plain().map(|(_, pin)| pin.to_owned()).collect();
        book.slip_printed().unwrap();

        let again = PinBook::open(&folder.path().join("pins.json")).unwrap();
        assert!(!again.needs_slip(&counters));
        assert!(again.verify(CounterId(1), &pins[0]));
        assert!(!again.verify(CounterId(2), &pins[0]));
        assert!(!again.verify(CounterId(9), &pins[0]));
    }

    #[test]
    fn no_pin_stands_in_the_file() {
        let (folder, mut book) = book();
        let made = book.renew(&[CounterId(1)], bytes_from(7)).unwrap();
        let text = fs::read_to_string(folder.path().join("pins.json")).unwrap();
        assert!(made.plain().all(|(_, pin)| pin.len() == 6 && !text.contains(pin)));
    }

    #[test]
    fn pins_whose_slip_was_never_printed_are_made_anew() {
        let (folder, mut book) = book();
        book.renew(&[CounterId(1)], bytes_from(0)).unwrap();
        assert!(PinBook::open(&folder.path().join("pins.json")).unwrap().needs_slip(&[CounterId(1)]));
    }

    #[test]
    fn the_slip_reads_in_groups_of_three() {
        let slip = NewPins(vec![(CounterId(3), "012345".into())]);
        assert_eq!(slip.slip_lines(), ["Quầy 3: 012 345"]);
    }

    #[test]
    fn a_damaged_file_is_said_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pins.json");
        fs::write(&path, "{").unwrap();
        assert!(PinBook::open(&path).unwrap_err().to_string().contains("pins.json is damaged"));
    }
}
