//! The layout in the repository, and what is refused in one.

use image_gen::{Layout, LayoutError, Slot, written};
use proptest::prelude::{any, proptest};
use std::path::Path;

const REAL: &str = include_str!("../../layout.toml");

fn real() -> Layout {
    Layout::parse(REAL).unwrap_or_else(|fault| unreachable!("images/layout.toml: {fault}"))
}

#[test]
fn generated_files_are_up_to_date() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../generated");
    for file in written(&real()) {
        let found = std::fs::read_to_string(folder.join(&file.path)).unwrap_or_default();
        assert_eq!(found, file.text, "{} is not up to date: run `make layout`", file.path);
    }
    let known: Vec<String> = written(&real()).into_iter().map(|file| file.path).collect();
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let name = entry.expect("an entry can be read").file_name().into_string().expect("names are text");
        assert!(known.contains(&name), "nothing writes images/generated/{name} any more: remove it");
    }
}

#[test]
fn a_start_is_aligned_and_no_partition_touches_the_next_ones_table() {
    let layout = real();
    let mut end_mib = 0;
    for partition in &layout.partitions {
        assert_eq!(partition.start_mib % layout.align_mib, 0, "{}", partition.name);
        let room_mib = if partition.is_logical() { layout.align_mib } else { 0 };
        assert!(partition.start_mib >= end_mib + room_mib, "{} begins too early", partition.name);
        end_mib = partition.start_mib + partition.size_mib;
    }
    assert_eq!(layout.end_mib(), end_mib);
}

#[test]
fn the_firmware_reads_the_whole_of_autoboot() {
    let text =
        written(&real()).into_iter().find(|file| file.path == "autoboot.txt").expect("it is written").text;
    assert!(text.len() <= 512, "{} bytes", text.len());
    let layout = real();
    let number = |slot| layout.boot(slot).expect("each slot has a boot partition").number;
    assert!(text.contains(&format!("[all]\ntryboot_a_b=1\nboot_partition={}\n", number(Slot::A))));
    assert!(text.contains(&format!("[tryboot]\nboot_partition={}\n", number(Slot::B))));
}

#[test]
fn what_is_wrong_is_named() {
    let roles = |text: &'static str| LayoutError::Roles(text);
    let table: [(&str, &str, LayoutError); 9] = [
        ("signature = \"4b494f53\"", "signature = \"4B494F53\"", LayoutError::Signature("4B494F53".into())),
        ("signature = \"4b494f53\"", "signature = \"00000000\"", LayoutError::Signature("00000000".into())),
        ("align_mib = 4", "align_mib = 3", LayoutError::Align(3)),
        ("size_mib = 16", "size_mib = 15", LayoutError::Size { number: 1, size: 15 }),
        ("number = 5", "number = 4", LayoutError::Number { expected: 5, found: 4 }),
        ("name = \"data\"", "name = \"system_b\"", LayoutError::Name { number: 7, name: "system_b".into() }),
        ("\"arm64\"", "\"../arm64\"", LayoutError::Compatible("../arm64".into())),
        (
            "slot = \"B\"",
            "slot = \"A\"",
            roles("each of the slots A and B needs one \"fat\" and one \"erofs-verity\""),
        ),
        (
            "size_mib = 512\nholds = \"erofs-verity\"\nslot = \"B\"",
            "size_mib = 256\nholds = \"erofs-verity\"\nslot = \"B\"",
            roles("the two slots must be of one size: a bundle has to fit either"),
        ),
    ];
    for (good, bad, fault) in table {
        assert!(REAL.contains(good), "the layout no longer holds {good:?}");
        assert_eq!(Layout::parse(&REAL.replacen(good, bad, 1)), Err(fault), "{bad}");
    }
}

#[test]
fn an_unknown_key_is_told_with_its_line() {
    let Err(LayoutError::Unreadable(text)) = Layout::parse(&REAL.replace("align_mib", "alignment")) else {
        unreachable!("an unknown key is refused");
    };
    assert!(text.contains("alignment") && text.contains("line"), "{text}");
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused(text in any::<String>(), at in 0..REAL.len(), byte in 0x20_u8..0x7f) {
        let _refused = Layout::parse(&text);
        let mut bytes = REAL.as_bytes().to_vec();
        bytes[at] = byte;
        if let Ok(Ok(layout)) = String::from_utf8(bytes).map(|text| Layout::parse(&text)) {
            assert!(!written(&layout).is_empty());
        }
    }
}
