//! The Pi's firmware, played: finds the slot to boot, takes kernel, initramfs and command line out of it, and writes into the
//! device tree which partition that was.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::autoboot::Autoboot;
use crate::card::Card;
use crate::mbr::Partition;

/// Where `autoboot.txt` lies.
const BOOTSEL: u32 = 1;
/// The file that stands for the firmware's one-shot flag in an emulated machine.
const TRYBOOT: &str = "tryboot";

/// Why a slot could not be booted.
#[derive(Debug, thiserror::Error)]
pub enum FirmwareError {
    /// Card or work file.
    #[error("the firmware cannot use {what}")]
    Io {
        /// What.
        what: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A tool is missing or failed.
    #[error("{tool} failed: {said}; remedy: apt-get install mtools device-tree-compiler qemu-system-arm")]
    Tool {
        /// The program.
        tool: String,
        /// What it said.
        said: String,
    },
    /// `autoboot.txt` names nothing to boot.
    #[error("autoboot.txt names no partition to boot: a kiosk would stay dark")]
    NoPartition,
    /// The partition has no kernel.
    #[error("boot partition {0} has no kernel, initramfs or command line")]
    NoKernel(u32),
}

/// What the firmware hands over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handover {
    /// The boot partition: 2 or 3.
    pub partition: u32,
    /// Whether this is a boot on trial.
    pub tryboot: bool,
    /// The kernel's file on the host.
    pub kernel: PathBuf,
    /// The initramfs' file on the host.
    pub initramfs: PathBuf,
    /// The command line.
    pub command_line: String,
}

/// Names in a boot partition, as `config.txt` gives them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// The kernel.
    pub kernel: String,
    /// The initramfs.
    pub initramfs: String,
    /// The file of the command line.
    pub command_line: String,
}

/// Reads the names in `config.txt`; sections are not told apart, the last word counts.
pub fn names(config: &str) -> Names {
    let mut names = Names {
        kernel: "Image".to_owned(),
        initramfs: "initramfs.img".to_owned(),
        command_line: "cmdline.txt".to_owned(),
    };
    for line in config.lines().map(str::trim) {
        let (key, value) = line.split_once(['=', ' ']).unwrap_or((line, ""));
        let value = value.split_whitespace().next().unwrap_or_default();
        match key {
            "kernel" => value.clone_into(&mut names.kernel),
            "initramfs" => value.clone_into(&mut names.initramfs),
            "cmdline" => value.clone_into(&mut names.command_line),
            _ => {}
        }
    }
    names
}

/// Does what happens between power-on and the kernel's first instruction. Work files go to `work`. The trial flag is used up.
///
/// # Errors
/// When there is nothing to boot or a tool is missing.
pub fn power_on(card: &mut Card, work: &Path) -> Result<Handover, FirmwareError> {
    let bootsel = partition(card, BOOTSEL)?;
    let selector = work.join("bootsel.fat");
    copy_out(card, bootsel, &selector)?;
    let autoboot = Autoboot::read(&mtools(&selector, &["mtype"], "autoboot.txt").map(String::into_bytes)?);
    let tryboot = mtools(&selector, &["mtype"], TRYBOOT).is_ok();
    if tryboot {
        mtools(&selector, &["mdel"], TRYBOOT)?;
        card.copy_in(bootsel, &selector).map_err(failed("bootsel"))?;
    }
    let number = autoboot.partition(tryboot).ok_or(FirmwareError::NoPartition)?;
    let slot = work.join("boot.fat");
    copy_out(card, partition(card, number)?, &slot)?;
    let config = mtools(&slot, &["mtype"], "config.txt").unwrap_or_default();
    let names = names(&config);
    let missing = |_| FirmwareError::NoKernel(number);
    let command_line = mtools(&slot, &["mtype"], &names.command_line).map_err(missing)?;
    let take = |name: &str, to: &str| -> Result<PathBuf, FirmwareError> {
        let to = work.join(to);
        let from = format!("::/{name}");
        run("mcopy", &["-n", "-o", "-i", &slot.to_string_lossy(), &from, &to.to_string_lossy()])
            .map_err(missing)?;
        Ok(to)
    };
    Ok(Handover {
        partition: number,
        tryboot,
        kernel: take(&names.kernel, "kernel")?,
        initramfs: take(&names.initramfs, "initramfs")?,
        command_line: command_line.trim().to_owned(),
    })
}

/// Puts files into a folder of the card's first partition, as a technician with a laptop does.
///
/// # Errors
/// When the card has no such partition or mtools is missing.
pub fn put_on_bootsel(
    card: &mut Card,
    folder: &str,
    files: &[(String, String)],
    work: &Path,
) -> Result<(), FirmwareError> {
    let bootsel = partition(card, BOOTSEL)?;
    let fat = work.join("bootsel.fat");
    copy_out(card, bootsel, &fat)?;
    let image = fat.to_string_lossy();
    let place = format!("::/{folder}");
    if run("mdir", &["-i", &image, &place]).is_err() {
        run("mmd", &["-i", &image, &place])?;
    }
    let file = work.join("put");
    for (name, text) in files {
        fs::write(&file, text).map_err(failed(name))?;
        run("mcopy", &["-o", "-i", &image, &file.to_string_lossy(), &format!("{place}/{name}")])?;
    }
    card.copy_in(bootsel, &fat).map_err(failed("bootsel"))
}

/// Writes which partition was booted into a device tree, where a Pi's firmware writes it.
///
/// # Errors
/// When `fdtput` is missing or the tree is none.
pub fn mark_tree(tree: &Path, handover: &Handover) -> Result<(), FirmwareError> {
    let tree = tree.to_string_lossy();
    run("fdtput", &["-c", "-p", &tree, "/chosen/bootloader"])?;
    let numbers = [("partition", handover.partition), ("tryboot", u32::from(handover.tryboot))];
    for (property, value) in numbers {
        run("fdtput", &["-t", "i", &tree, "/chosen/bootloader", property, &value.to_string()])?;
    }
    Ok(())
}

/// A file of a boot partition's copy.
///
/// # Errors
/// When there is none.
pub fn boot_file(fat: &Path, name: &str) -> Result<String, FirmwareError> {
    mtools(fat, &["mtype"], name)
}

/// Runs a tool and gives what it wrote.
///
/// # Errors
/// When it is missing or fails.
pub fn run(tool: &str, arguments: &[&str]) -> Result<String, FirmwareError> {
    let failed = |said: String| FirmwareError::Tool { tool: tool.to_owned(), said };
    let output = Command::new(tool).args(arguments).output().map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(failed(format!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr).trim())))
}

fn mtools(fat: &Path, command: &[&str], name: &str) -> Result<String, FirmwareError> {
    let (program, more) = command.split_first().unwrap_or((&"mtype", &[]));
    let (image, file) = (fat.to_string_lossy(), format!("::/{name}"));
    run(program, &[more, &["-i", &image, &file]].concat())
}

fn partition(card: &Card, number: u32) -> Result<Partition, FirmwareError> {
    card.partition(number).map_err(failed("the card"))
}

fn copy_out(card: &Card, partition: Partition, to: &Path) -> Result<(), FirmwareError> {
    let _absent = fs::remove_file(to);
    card.copy_out(partition, to).map_err(failed(&to.to_string_lossy()))
}

fn failed(what: &str) -> impl FnOnce(io::Error) -> FirmwareError {
    let what = what.to_owned();
    move |source| FirmwareError::Io { what, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn config_txt_names_what_to_load() {
        let text = "# of a Pi\n[all]\narm_64bit=1\nkernel=vmlinuz\ninitramfs initrd.img followkernel\ncmdline=line.txt\n";
        let read = names(text);
        assert_eq!((read.kernel.as_str(), read.initramfs.as_str()), ("vmlinuz", "initrd.img"));
        assert_eq!(read.command_line, "line.txt");
        assert_eq!(names("").kernel, "Image");
    }
}
