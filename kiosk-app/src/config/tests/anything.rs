//! Whatever stands in a fragment: no panic, and each fault says where it is and what to do.

use std::fs;

use proptest::prelude::*;

use super::{FaultKind, Loaded, SMALL, load};

const DEVICES: &str = include_str!("../../../../config/80-devices.toml");

/// A value of any kind, sane or not, as it stands right of an equals sign.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| format!("{number:?}")),
        any::<bool>().prop_map(|word| word.to_string()),
        "[a-z0-9:/?&=.,-]{0,24}".prop_map(|text| format!("{text:?}")),
        "\\PC{0,12}".prop_map(|text| format!("'{}'", text.replace('\'', ""))),
        prop::collection::vec("[a-e0-9:-]{0,11}", 0..4).prop_map(|texts| format!("{texts:?}")),
        "(tcp|serial|usb|evdev|gpio|file|max7219|ssd1306):\\PC{0,12}"
            .prop_map(|text| format!("'{}'", text.replace('\'', ""))),
        prop::sample::select(vec![
            "{}",
            "[[]]",
            "{ a = 1 }",
            "2026-09-02",
            "",
            "\"",
            "[1, 'x']",
            "nan",
            "0xffffffffffffffff"
        ])
        .prop_map(str::to_owned),
    ]
}

/// What happens to a line of a good file.
#[derive(Clone, Debug)]
enum Slip {
    Value(String),
    Insert(String),
    Twice,
    Lost,
    Cut(usize),
}

fn slip() -> impl Strategy<Value = Slip> {
    prop_oneof![
        6 => value().prop_map(Slip::Value),
        2 => "\\PC{0,20}".prop_map(Slip::Insert),
        1 => Just(Slip::Twice),
        1 => Just(Slip::Lost),
        1 => (0..20usize).prop_map(Slip::Cut),
    ]
}

fn with_slips(text: &str, slips: &[(prop::sample::Index, Slip)]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (index, slip) in slips.iter().filter(|_| !text.is_empty()) {
        let at = index.index(lines.len().max(1));
        let Some(line) = lines.get(at).cloned() else { continue };
        match slip {
            Slip::Value(value) => {
                if let Some((key, _)) = line.split_once('=') {
                    lines[at] = format!("{key}= {value}");
                }
            }
            Slip::Insert(text) => lines.insert(at, text.clone()),
            Slip::Twice => lines.insert(at, line),
            Slip::Lost => drop(lines.remove(at)),
            Slip::Cut(letters) => lines[at] = line.chars().take(*letters).collect(),
        }
    }
    lines.join("\n") + "\n"
}

/// Reads the text as the second of two fragments.
fn load_beside(usual: &str, text: &[u8]) -> Loaded {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("10-usual.toml"), usual).unwrap();
    fs::write(folder.path().join("90-own.toml"), text).unwrap();
    load(&[folder.path()])
}

/// Whether a fault can be without a line: what is missing stands nowhere.
fn is_nowhere(kind: &FaultKind) -> bool {
    matches!(kind, FaultKind::Missing { .. } | FaultKind::PartMissing { .. } | FaultKind::NothingLeft)
}

fn check(loaded: &Loaded, text: &str) -> Result<(), TestCaseError> {
    let report = loaded.to_string();
    for fault in &loaded.faults {
        prop_assert!(!fault.remedy().is_empty(), "{fault:?}");
        let Some(place) = &fault.place else {
            prop_assert!(is_nowhere(&fault.kind), "without a file: {fault:?}");
            continue;
        };
        let name = place.file.file_name().unwrap().to_string_lossy().into_owned();
        prop_assert!(report.contains(&name), "{report}");
        let Some(line) = place.line else {
            prop_assert!(matches!(fault.kind, FaultKind::Unreadable { .. }), "without a line: {fault:?}");
            continue;
        };
        prop_assert!(report.contains(&format!("{name}:{line}: ")), "{report}");
        if let (FaultKind::BadValue { key, .. }, "90-own.toml") = (&fault.kind, name.as_str()) {
            // The line of the value, which may stand below its key in a list that was never closed.
            let is_written = text.lines().take(line).any(|line| line.contains(key.as_str()));
            prop_assert!(is_written && line <= text.lines().count(), "{key} is not above line {line}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_hall_with_slips_of_the_hand_is_read_and_each_fault_is_told_with_its_line(
        slips in prop::collection::vec((any::<prop::sample::Index>(), slip()), 1..6)
    ) {
        let text = with_slips(&SMALL[1..], &slips);
        check(&load_beside("", text.as_bytes()), &text)?;
    }

    #[test]
    fn devices_with_slips_of_the_hand_leave_the_hall_running(
        slips in prop::collection::vec((any::<prop::sample::Index>(), slip()), 1..9)
    ) {
        let text = with_slips(DEVICES, &slips);
        let loaded = load_beside(SMALL, text.as_bytes());
        check(&loaded, &text)?;
    }

    #[test]
    fn any_bytes_at_all_cost_no_more_than_their_own_file(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let loaded = load_beside(SMALL, &bytes);
        check(&loaded, &String::from_utf8_lossy(&bytes))?;
        prop_assert!(loaded.settings.is_some());
    }
}
