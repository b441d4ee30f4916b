//! The files that follow from a layout. Each is a pure function of it.

use std::fmt::Write as _;

use crate::layout::{Holds, Layout, Partition, Slot};

const ORIGIN: &str = "written by image-gen from images/layout.toml; change that and run `make layout`";

/// A file and where it goes, below the folder for generated files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenFile {
    /// Relative to the folder for generated files.
    pub path: String,
    /// Its whole text.
    pub text: String,
}

/// Everything that follows from the layout, in a fixed order.
#[must_use]
pub fn written(layout: &Layout) -> Vec<WrittenFile> {
    let fixed = [
        ("genimage.cfg", genimage(layout)),
        ("kiosk.wks", wks(layout)),
        ("autoboot.txt", autoboot(layout)),
        ("layout.env", environment(layout)),
    ];
    let fixed = fixed.into_iter().map(|(path, text)| WrittenFile { path: path.to_owned(), text });
    let updaters = layout
        .machines
        .iter()
        .map(|machine| WrittenFile { path: format!("system-{machine}.conf"), text: rauc(layout, machine) });
    fixed.chain(updaters).collect()
}

/// The file that fills a partition. One file serves both slots: nothing in it says which.
fn content(partition: &Partition) -> &'static str {
    match (partition.holds, partition.slot) {
        (Holds::Fat, None) => "bootsel.vfat",
        (Holds::Fat, Some(_)) => "boot.vfat",
        (Holds::ErofsVerity, _) => "system.img",
        (Holds::Ext4, _) => "data.ext4",
    }
}

// Bootable FAT is 0x0c, so that the Pi's firmware takes it; everything else is Linux.
const fn kind(partition: &Partition) -> &'static str {
    match partition.holds {
        Holds::Fat => "0xc",
        Holds::ErofsVerity | Holds::Ext4 => "0x83",
    }
}

fn genimage(layout: &Layout) -> String {
    let mut text = format!(
        "# {ORIGIN}\nimage kiosk.img {{\n\thdimage {{\n\t\tpartition-table-type = \"mbr\"\n\t\tdisk-signature = 0x{}\n\t\textended-partition = 4\n\t\talign = {}M\n\t}}\n",
        layout.signature, layout.align_mib
    );
    for partition in &layout.partitions {
        let Partition { name, start_mib, size_mib, number, .. } = partition;
        let bootable = if *number == 1 { "\t\tbootable = true\n" } else { "" };
        // Writing to a String cannot fail.
        let _written = write!(
            text,
            "\n\tpartition {name} {{\n\t\tpartition-type = {}\n{bootable}\t\timage = \"{}\"\n\t\toffset = {start_mib}M\n\t\tsize = {size_mib}M\n\t}}\n",
            kind(partition),
            content(partition),
        );
    }
    text.push_str("}\n");
    text
}

fn wks(layout: &Layout) -> String {
    let mut text = format!(
        "# {ORIGIN}\n# short-description: A/B disk of a reception hall's kiosk, as images/ builds it\n"
    );
    // wic given starts leaves the gaps before logical partitions out of the disk's size; given the alignment it comes to
    // the same starts by itself (docs/yocto.md, "What was tried").
    let align_kib = layout.align_mib * 1024;
    for partition in &layout.partitions {
        let active = if partition.number == 1 { " --active" } else { "" };
        let _written = writeln!(
            text,
            "part --source rawcopy --sourceparams=\"file={}\" --ondisk mmcblk0 --align {align_kib} --fixed-size {}M --system-id {}{active}",
            content(partition),
            partition.size_mib,
            kind(partition),
        );
    }
    let _written = writeln!(text, "bootloader --ptable msdos --diskid 0x{}", layout.signature);
    text
}

fn autoboot(layout: &Layout) -> String {
    let number = |slot| layout.boot(slot).map_or(0, |partition| partition.number);
    // No comment here: the firmware reads 512 bytes of this file at most, and the boot control compares it byte by byte.
    format!(
        "[all]\ntryboot_a_b=1\nboot_partition={}\n[tryboot]\nboot_partition={}\n",
        number(Slot::A),
        number(Slot::B)
    )
}

fn rauc(layout: &Layout, machine: &str) -> String {
    let mut text = format!(
        "# {ORIGIN}\n[system]\ncompatible={}-{machine}\nbootloader=custom\nbundle-formats=verity\ndata-directory={}\n\n[handlers]\nbootloader-custom-backend={}\n\n[keyring]\npath={}\n",
        layout.compatible, layout.data_directory, layout.backend, layout.keyring
    );
    for slot in Slot::BOTH {
        let device = |partition: Option<&Partition>| {
            format!(
                "/dev/disk/by-partuuid/{}-{:02x}",
                layout.signature,
                partition.map_or(0, |found| found.number)
            )
        };
        let index = slot.index();
        let _written = write!(
            text,
            "\n[slot.system.{index}]\ndevice={}\ntype=raw\nbootname={}\n\n[slot.boot.{index}]\ndevice={}\ntype=raw\nparent=system.{index}\n",
            device(layout.system(slot)),
            slot.name(),
            device(layout.boot(slot)),
        );
    }
    text
}

fn environment(layout: &Layout) -> String {
    let mut text = format!(
        "# {ORIGIN}\nDISK_SIGNATURE={}\nDISK_MIB={}\nCOMPATIBLE={}\n",
        layout.signature,
        layout.end_mib(),
        layout.compatible
    );
    for partition in &layout.partitions {
        let name = partition.name.to_uppercase();
        let _written = write!(
            text,
            "{name}_NUMBER={}\n{name}_START_MIB={}\n{name}_SIZE_MIB={}\n",
            partition.number, partition.start_mib, partition.size_mib
        );
    }
    text
}
