//! Update bundles that do what they should, and those that do not, made out of the image under test.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};

use crate::agent;
use crate::card::Card;
use crate::firmware;
use crate::machine::Machine;

/// What is the matter with a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing.
    Good,
    /// The root hash on its command line is another's.
    BadHash,
    /// Its app runs and never draws.
    NoFrame,
    /// Its app ends at once.
    AppExits,
    /// Signed by a key that no kiosk trusts.
    Foreign,
    /// A byte was changed after signing.
    Tampered,
}

impl Kind {
    /// Its version, which outcome and page repeat.
    pub fn version(self) -> &'static str {
        match self {
            Self::Good => "0.9.0-good",
            Self::BadHash => "0.9.1-hash",
            Self::NoFrame => "0.9.2-dark",
            Self::AppExits => "0.9.3-exits",
            Self::Foreign => "0.9.4-foreign",
            Self::Tampered => "0.9.5-tampered",
        }
    }
}

/// RAUC writes some hundred megabytes and checks each block of them, on a processor that is played.
pub const INSTALL: Duration = Duration::from_secs(1_500);
/// Where the app keeps a bundle that it has whole.
const STAGED: &str = "/data/kiosk/update";

/// Puts a bundle, which lies on the machine's second disk, where the app puts it once it is whole.
///
/// # Errors
/// When the shell inside fails.
pub fn stage(machine: &mut Machine, bundle: &Path, kind: Kind) -> anyhow::Result<()> {
    let bytes = fs::metadata(bundle)?.len();
    let request = format!(
        "{{\"bundle\":\"staged.raucb\",\"version\":\"{}\",\"sha256\":\"\",\"source\":\"usb\"}}",
        kind.version()
    );
    let command = format!(
        "mkdir -p {STAGED} && head -c {bytes} /dev/vdb > {STAGED}/staged.raucb && echo '{request}' > {STAGED}/new.json && \
         chown -R kiosk:kiosk {STAGED} && sync"
    );
    machine.agent()?.run(&command, INSTALL)?;
    Ok(())
}

/// Asks for the staged bundle to be installed, as the app does.
///
/// # Errors
/// When nothing is staged.
pub fn ask(machine: &mut Machine) -> anyhow::Result<()> {
    machine.run(&format!("mv {STAGED}/new.json {STAGED}/install.json && sync"))?;
    Ok(())
}

/// Where bundles are made.
#[derive(Clone, Debug)]
pub struct Workshop {
    /// Work files and finished bundles.
    pub folder: PathBuf,
    /// Keys that the image's keyring trusts, as `images/rauc/keys.sh` makes them.
    pub keys: PathBuf,
}

impl Workshop {
    /// Makes a bundle unless it is there already.
    ///
    /// # Errors
    /// When the image's slots cannot be read or RAUC fails.
    pub fn bundle(&self, kind: Kind, card: &Card) -> anyhow::Result<PathBuf> {
        let out = self.folder.join(format!("{}.raucb", kind.version()));
        if out.exists() {
            return Ok(out);
        }
        fs::create_dir_all(&self.folder)?;
        if kind == Kind::Tampered {
            return self.tampered(card, out);
        }
        let system = self.folder.join("system.img");
        if !system.exists() {
            card.copy_out(card.partition(5)?, &system)?;
            trim(&system)?;
        }
        let boot = self.folder.join("boot.vfat");
        let _absent = fs::remove_file(&boot);
        card.copy_out(card.partition(2)?, &boot)?;
        self.spoil(kind, &boot)?;
        let keys = if kind == Kind::Foreign { self.folder.join("foreign-keys") } else { self.keys.clone() };
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rauc/bundle.sh");
        let made = Command::new(&script)
            .args(["--machine", "arm64", "--version", kind.version()])
            .arg("--boot")
            .arg(&boot)
            .arg("--system")
            .arg(&system)
            .arg("--out")
            .arg(&out)
            .env("RAUC_KEYS", &keys)
            .output()
            .with_context(|| format!("cannot run {}", script.display()))?;
        ensure!(made.status.success(), "no bundle: {}", String::from_utf8_lossy(&made.stderr).trim());
        Ok(out)
    }

    fn spoil(&self, kind: Kind, boot: &Path) -> anyhow::Result<()> {
        let exec = match kind {
            Kind::Good | Kind::Foreign | Kind::Tampered => return Ok(()),
            Kind::BadHash => {
                let line = firmware::boot_file(boot, "cmdline.txt")?;
                return put(boot, "cmdline.txt", other_hash(&line)?.as_bytes(), &self.folder);
            }
            Kind::NoFrame => "/usr/bin/kiosk-app run --display none",
            Kind::AppExits => "/usr/bin/false",
        };
        let initramfs = self.folder.join("initramfs.img");
        let from =
            ["-n", "-o", "-i", &boot.to_string_lossy(), "::/initramfs.img", &initramfs.to_string_lossy()];
        firmware::run("mcopy", &from)?;
        let lines = format!("[Service]\nExecStart=\nExecStart={exec}\n");
        let spoilt = agent::add_to(&fs::read(&initramfs)?, &agent::drop_in("kiosk-app.service", &lines));
        put(boot, "initramfs.img", &spoilt, &self.folder)
    }

    fn tampered(&self, card: &Card, out: PathBuf) -> anyhow::Result<PathBuf> {
        fs::copy(self.bundle(Kind::Good, card)?, &out)?;
        let file = File::options().read(true).write(true).open(&out)?;
        let middle = file.metadata()?.len() / 2;
        let mut byte = [0];
        file.read_exact_at(&mut byte, middle)?;
        file.write_all_at(&byte.map(|byte| byte ^ 1), middle)?;
        Ok(out)
    }
}

/// A command line with one digit of its root hash changed.
pub fn other_hash(line: &str) -> anyhow::Result<String> {
    let (before, hash) =
        line.split_once("kiosk.roothash=").context("the command line has no kiosk.roothash")?;
    let Some(first) = hash.chars().next() else { bail!("the root hash is empty") };
    let other = if first == '0' { '1' } else { '0' };
    Ok(format!("{before}kiosk.roothash={other}{}", hash.get(1..).unwrap_or_default()))
}

fn put(fat: &Path, name: &str, bytes: &[u8], work: &Path) -> anyhow::Result<()> {
    let file = work.join("put");
    fs::write(&file, bytes)?;
    let to = format!("::/{name}");
    firmware::run("mcopy", &["-o", "-i", &fat.to_string_lossy(), &file.to_string_lossy(), &to])?;
    Ok(())
}

/// Cuts off the zeroes behind the last block that holds anything.
fn trim(file: &Path) -> io::Result<()> {
    let file = File::options().read(true).write(true).open(file)?;
    let mut length = file.metadata()?.len();
    let mut block = [0; 4096];
    while length >= 4096 {
        file.read_exact_at(&mut block, length - 4096)?;
        if block.iter().any(|byte| *byte != 0) {
            break;
        }
        length -= 4096;
    }
    file.set_len(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_hash_differs_in_one_digit() {
        let other = other_hash("quiet kiosk.blocks=5 kiosk.roothash=0abc\n").unwrap();
        assert_eq!(other, "quiet kiosk.blocks=5 kiosk.roothash=1abc\n");
        assert_eq!(other_hash("kiosk.roothash=f0").unwrap(), "kiosk.roothash=00");
        assert!(other_hash("quiet").is_err());
    }

    #[test]
    fn zeroes_at_the_end_are_cut_off() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut bytes = vec![0; 5 * 4096];
        bytes[4096] = 1;
        fs::write(file.path(), bytes).unwrap();
        trim(file.path()).unwrap();
        assert_eq!(file.path().metadata().unwrap().len(), 2 * 4096);
    }
}
