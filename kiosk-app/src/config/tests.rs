//! A fault switches off itself, is told with its line, and leaves the rest of the hall running.

mod anything;

use std::fs;
use std::path::Path;

use kiosk_core::id::CounterId;
use kiosk_core::settings::{HallSettings, SpeechSettings};
use kiosk_core::time::{BusinessDay, Weekday};

use super::*;
use crate::devices;

/// The smallest hall without a fault.
const SMALL: &str = r#"
[hall]
id = "hall-1"
[kiosk]
id = "kiosk-1"
[area.a]
name = "Hộ tịch"
prefix = "A"
[area.b]
name = "Chứng thực"
prefix = "B"
[counter.1]
name = "Quầy một"
areas = ["a", "b"]
[errand.e]
name = "Nộp hồ sơ"
areas = ["a", "b"]
[opening]
monday = ["07:30-11:30"]
"#;

fn load_text(texts: &[&str]) -> Loaded {
    let folder = tempfile::tempdir().unwrap();
    for (n, text) in texts.iter().enumerate() {
        fs::write(folder.path().join(format!("{n}0-part.toml")), text).unwrap();
    }
    load(&[folder.path()])
}

fn hall(loaded: &Loaded) -> &HallSettings {
    &loaded.settings.as_ref().unwrap().hall
}

/// `item` or key and line of each fault, as a short text.
fn told(loaded: &Loaded) -> Vec<String> {
    loaded
        .faults
        .iter()
        .map(|fault| {
            let line =
                fault.place.as_ref().and_then(|place| place.line).map_or(String::new(), |n| format!("{n}: "));
            format!("{line}{}", fault.kind)
        })
        .collect()
}

#[test]
fn the_sample_hall_has_no_fault() {
    let loaded = load(&[Path::new(env!("CARGO_MANIFEST_DIR")).join("../config")]);
    assert_eq!(loaded.faults, [], "{loaded}");
    let Settings { hall, kiosk } = loaded.settings.as_ref().unwrap();
    assert!(hall.counters.len() >= 4 && hall.areas.len() >= 6);
    assert_eq!(hall.catalogue.len(), 23);
    assert_eq!(hall.catalogue.iter().find(|known| known.code == "1.000656").unwrap().synonyms[0], "báo tử");
    assert_eq!(hall.rating_scale.choices.iter().map(|choice| choice.key).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(hall.areas[0].name, "Hộ tịch", "areas stand in the order written");
    assert_eq!((hall.speech, hall.dossiers.typed_prefix.as_str()), (SpeechSettings::Digits, "H40.16.24-"));
    assert_eq!(hall.guidance_errand.as_ref().unwrap().as_str(), "hoi-huong-dan");
    assert_eq!((kiosk.kiosk.as_str(), kiosk.keypads.len()), ("donduong-1", 5));
    assert!(loaded.to_string().starts_with("Cấu hình đúng: 8 lĩnh vực, 5 quầy"), "{loaded}");
}

#[test]
fn each_fault_is_told_with_its_line_and_leaves_the_rest_running() {
    // What is added to the small hall (its first line is 19), the fault, and how many areas, counters and errands are left.
    let table: [(&str, &str, [usize; 3]); 19] = [
        (
            "[counter.2]\nname = \"Hai\"\nareas = [\"x\"]",
            "21: [counter.2]: areas nhắc đến \"x\", mục này không có",
            [2, 1, 1],
        ),
        (
            "[counter.2]\nname = \"Hai\"\nareas = [\"a\", \"x\"]",
            "21: [counter.2]: areas nhắc đến \"x\", mục này không có",
            [2, 2, 1],
        ),
        ("[counter.0]\nname = \"Không\"\nareas = [\"a\"]", "19: [counter.0]: tên không dùng được", [2, 1, 1]),
        ("[counter.2]\nareas = [\"a\"]", "19: [counter.2]: thiếu name", [2, 1, 1]),
        (
            "[errand.f]\nname = \"Khác\"\nareas = \"a\"",
            "21: [errand.f]: giá trị của areas không dùng được",
            [2, 1, 1],
        ),
        (
            "[area.c]\nname = \"Cư trú\"\nprefix = \"A\"",
            "19: [area.c]: trùng số phiếu với [area.a]",
            [2, 1, 1],
        ),
        (
            "[area.c]\nname = \"Cư trú\"\nprefix = \"đ\"",
            "21: [area.c]: giá trị của prefix không dùng được",
            [2, 1, 1],
        ),
        (
            "[area.c]\nname = \"Cư trú\"\nprefix = \"C\"",
            "19: [area.c]: không quầy nào tiếp nhận lĩnh vực này",
            [3, 1, 1],
        ),
        ("[area.c]\nname = 7\nprefix = \"C\"", "20: [area.c]: giá trị của name không dùng được", [2, 1, 1]),
        (
            "[area.c]\nname = \"C\"\nprefix = \"C\"\nlast = 5000",
            "22: [area.c]: giá trị của last không dùng được",
            [2, 1, 1],
        ),
        ("[area.\"C C\"]\nname = \"C\"", "19: [area.C C]: tên không dùng được", [2, 1, 1]),
        ("tuesday = [\"8:00-11:30\"]", "19: [opening]: giá trị của tuesday không dùng được", [2, 1, 1]),
        (
            "tuesday = [\"08:00-11:30\", \"11:00-12:00\"]",
            "19: [opening]: giá trị của tuesday không dùng được",
            [2, 1, 1],
        ),
        ("holidays = [\"2026-02-30\"]", "19: [opening]: giá trị của holidays không dùng được", [2, 1, 1]),
        ("mondey = []", "19: [opening]: không có mục nào tên \"mondey\"", [2, 1, 1]),
        ("[rating]\nscale = \"vn9\"", "19: [rating]: scale nhắc đến \"vn9\", mục này không có", [2, 1, 1]),
        ("[server]\nurl = \"http://example.vn\"", "20: [server]: giá trị của url không dùng được", [2, 1, 1]),
        ("[printer]\naddress = \"lpt1\"", "20: [printer]: giá trị của address không dùng được", [2, 1, 1]),
        (
            "[keypad.7]\naddress = \"file:/dev/x\"",
            "19: [keypad.7]: keypad nhắc đến \"7\", mục này không có",
            [2, 1, 1],
        ),
    ];
    for (added, fault, left) in table {
        let loaded = load_text(&[&format!("{}{added}\n", &SMALL[1..])]);
        assert!(told(&loaded).contains(&fault.to_owned()), "{added}\n{:#?}", told(&loaded));
        let hall = hall(&loaded);
        assert_eq!([hall.areas.len(), hall.counters.len(), hall.errands.len()], left, "{added}");
        assert!(loaded.faults.iter().all(|fault| !fault.remedy().is_empty()));
    }
}

#[test]
fn each_fault_of_a_pad_or_a_display_is_told_with_its_line() {
    for (added, fault) in [
        ("[keypad.1]\naddress = \"evdev:port=1-1\"\nkeys = \"KEY_1\"", "21: [keypad.1]: giá trị của keys"),
        ("[keypad.1]\naddress = \"gpio:17\"\nframing = \"etx\"", "21: [keypad.1]: giá trị của framing"),
        ("[display.1]\naddress = \"gpio:17\"", "20: [display.1]: giá trị của address"),
        ("[display.1]\naddress = \"serial:/dev/x\"\nframe = \"{xor}\"", "21: [display.1]: giá trị của frame"),
        ("[display.7]\naddress = \"ssd1306:1\"", "19: [display.7]: display nhắc đến \"7\""),
    ] {
        let loaded = load_text(&[&format!("{}{added}\n", &SMALL[1..])]);
        let told = told(&loaded);
        assert!(told.iter().any(|told| told.starts_with(fault)), "{added}\n{told:#?}");
    }
}

#[test]
fn a_pad_with_keys_of_its_own_and_a_display_are_read() {
    let added = "[keypad.1]\naddress = \"evdev:port=1-1.4\"\nkeys = \"KEY_KP7=1,KEY_KP9=2\"\nframing = \"stx\"\n\
                 [display.1]\naddress = \"serial:/dev/ttyUSB6\"\nframe = '\\x02{panel:2}{number:6}\\x03{xor}'\n";
    let loaded = load_text(&[&format!("{}{added}", &SMALL[1..])]);
    assert_eq!(loaded.faults, [], "{loaded}");
    let kiosk = &loaded.settings.as_ref().unwrap().kiosk;
    let (pad, display) = (&kiosk.keypads[0], &kiosk.displays[0]);
    assert_eq!((pad.keys.as_deref(), pad.is_framed), (Some("KEY_KP7=1,KEY_KP9=2"), true));
    assert_eq!((display.counter.0, display.panel, display.address.as_str()), (1, 1, "serial:/dev/ttyUSB6"));
    assert_eq!(display.frame.as_deref(), Some("\\x02{panel:2}{number:6}\\x03{xor}"));
}

#[test]
fn every_fault_stands_in_one_report() {
    let wrong = "[area.a]\nname = \"A\"\nprefix = \"A\"\ncolor = 1\ndigits = 9\n[counter.1]\nnane = \"Một\"\nareas = [\"b\"]\n\
                 [opening]\nmonday = [\"25:00-26:00\"]\n";
    let loaded = load_text(&[wrong]);
    let report = loaded.to_string();
    for part in [
        "00-part.toml:4: [area.a]: không có mục nào tên \"color\" (bỏ qua giá trị này)",
        "00-part.toml:5: [area.a]: giá trị của digits không dùng được",
        "00-part.toml:7: [counter.1]: không có mục nào tên \"nane\"",
        "    -> Có phải ý là \"name\"?",
        "00-part.toml:6: [counter.1]: thiếu name (mục này tạm tắt)",
        "00-part.toml:8: [counter.1]: areas nhắc đến \"b\", mục này không có",
        "    -> Chọn một trong: a",
        "00-part.toml:10: [opening]: giá trị của monday không dùng được",
        "[hall]: thiếu id",
        "lỗi cấu hình; phần còn lại vẫn chạy.",
    ] {
        assert!(report.contains(part), "{part}\n---\n{report}");
    }
    let lines: Vec<Option<usize>> =
        loaded.faults.iter().filter_map(|fault| fault.place.as_ref()).map(|place| place.line).collect();
    assert!(lines.is_sorted(), "{lines:?}");
}

#[test]
fn the_fault_of_an_area_is_not_told_again_by_those_that_name_it() {
    let loaded = load_text(&[&SMALL.replace("name = \"Chứng thực\"", "name = \"\"")]);
    assert_eq!(told(&loaded), ["10: [area.b]: giá trị của name không dùng được"]);
    assert_eq!((hall(&loaded).areas.len(), hall(&loaded).errands[0].areas.len()), (1, 1));
}

#[test]
fn text_that_is_no_toml_costs_no_more_than_its_own_lines() {
    let loaded = load_text(&[SMALL, "[area.c\nname = \"Cư trú\"\n[counter.2]\nname = = 3\n"]);
    assert!(told(&loaded).iter().any(|fault| fault.starts_with("1: sai cú pháp")), "{:?}", told(&loaded));
    assert!(hall(&loaded).areas.len() >= 2);
    assert_eq!(hall(&loaded).counters[0].id, CounterId(1));
}

#[test]
fn later_files_and_folders_override_value_by_value() {
    let (usual, own) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(usual.path().join("10-hall.toml"), SMALL).unwrap();
    fs::write(
        own.path().join("90-own.toml"),
        "[area.a]\nname = \"Hộ tịch, con nuôi\"\n[area.b]\nenabled = false\n",
    )
    .unwrap();
    fs::write(own.path().join("readme.txt"), "không đọc").unwrap();
    let loaded = load(&[usual.path(), own.path(), Path::new("/nowhere")]);
    assert_eq!(loaded.faults, [], "{loaded}");
    let areas: Vec<(&str, &str)> =
        hall(&loaded).areas.iter().map(|area| (area.name.as_str(), area.prefix.as_str())).collect();
    assert_eq!((areas, loaded.files.len()), (vec![("Hộ tịch, con nuôi", "A")], 2));
}

#[test]
fn a_device_address_that_no_driver_can_read_is_told_with_its_line() {
    for (added, fault) in [
        ("[printer]\naddress = \"tcp:10.0.0.20:port\"", "20: [printer]: giá trị của address không dùng được"),
        (
            "[scanner]\naddress = \"serial:/dev/ttyS0?baud=nhanh\"",
            "20: [scanner]: giá trị của address không dùng được",
        ),
        ("[keypad.1]\naddress = \"/dev/ttyS0\"", "20: [keypad.1]: giá trị của address không dùng được"),
    ] {
        let loaded = load_text(&[&format!("{}{added}\n", &SMALL[1..])]);
        assert_eq!(told(&loaded), [fault], "{added}");
        assert!(loaded.faults[0].remedy().contains("\"serial:/dev/ttyUSB0?baud=115200\""));
    }
}

#[test]
fn two_devices_at_one_address_are_told_and_the_second_is_off() {
    let added = "[counter.2]\nname = \"Quầy hai\"\nareas = [\"a\"]\n\
                 [scanner]\naddress = \"serial:/dev/ttyUSB0?baud=115200\"\n\
                 [keypad.1]\naddress = \"serial:/dev/ttyUSB0\"\n[keypad.2]\naddress = \"serial:/dev/ttyUSB1\"\n\
                 [display.1]\naddress = \"serial:/dev/ttyUSB2\"\n[display.2]\naddress = \"serial:/dev/ttyUSB1\"\n";
    let loaded = load_text(&[&format!("{}{added}", &SMALL[1..])]);
    assert_eq!(
        told(&loaded),
        ["25: [keypad.1]: address trùng với [scanner]", "31: [display.2]: address trùng với [keypad.2]"]
    );
    assert!(loaded.faults.iter().all(|fault| fault.consequence == Consequence::ItemOff));
    let kiosk = &loaded.settings.as_ref().unwrap().kiosk;
    assert!(kiosk.scanner.is_some());
    assert_eq!((kiosk.keypads.len(), kiosk.displays.len()), (1, 1));
}

#[test]
fn displays_may_share_a_line() {
    let added = "[counter.2]\nname = \"Quầy hai\"\nareas = [\"a\"]\n\
                 [display.1]\naddress = \"serial:/dev/ttyUSB2\"\n[display.2]\naddress = \"serial:/dev/ttyUSB2\"\n";
    let loaded = load_text(&[&format!("{}{added}", &SMALL[1..])]);
    assert_eq!(loaded.faults, [], "{loaded}");
    assert_eq!(loaded.settings.as_ref().unwrap().kiosk.displays.len(), 2);
}

#[test]
fn an_unknown_printer_profile_switches_the_printer_off_and_names_those_there_are() {
    let printer =
        |profile: &str| format!("{SMALL}[printer]\naddress = \"tcp:10.0.0.20\"\nprofile = \"{profile}\"\n");
    let wrong = load_text(&[&printer("epson")]);
    assert_eq!(wrong.settings.as_ref().unwrap().kiosk.printer, None);
    let remedy = wrong.faults[0].remedy();
    for known in devices::printer_profiles() {
        assert!(remedy.contains(&known), "{remedy}");
        assert_eq!(load_text(&[&printer(&known)]).faults, [], "control: {known} is known");
    }
    let no_file = load_text(&[&printer("/nowhere/may-in.toml")]);
    assert!(
        told(&no_file)[0].contains("profile chỉ đến tệp /nowhere/may-in.toml, tệp này không dùng được"),
        "{no_file}"
    );
}

#[test]
fn a_printer_is_asked_what_it_is_unless_a_profile_is_named() {
    for (lines, profile, stored_lines) in [
        ("", "auto", false),
        ("profile = \"auto\"\nstored_lines = true", "auto", true),
        ("profile = \"tm-t88\"\nstored_lines = false", "tm-t88", false),
    ] {
        let loaded = load_text(&[&format!("{SMALL}[printer]\naddress = \"tcp:10.0.0.20\"\n{lines}\n")]);
        assert_eq!(loaded.faults, [], "{lines}");
        let printer = loaded.settings.unwrap().kiosk.printer.unwrap();
        assert_eq!((printer.profile.as_str(), printer.stored_lines), (profile, stored_lines));
    }
    let wrong = load_text(&[&format!("{SMALL}[printer]\naddress = \"tcp:10.0.0.20\"\nstored_lines = 1\n")]);
    assert_eq!(told(&wrong), ["22: [printer]: giá trị của stored_lines không dùng được"]);
}

#[test]
fn the_sample_names_every_printer_profile_and_every_form_of_address() {
    let sample = include_str!("../../../config/80-devices.toml");
    for profile in devices::printer_profiles() {
        assert!(
            sample.contains(&format!(" {profile},")) || sample.contains(&format!(" {profile};")),
            "{profile}"
        );
    }
    let comment = |line: &'static str| line.strip_prefix("#   ")?.split_whitespace().next();
    let addresses: Vec<&str> = sample.lines().filter_map(comment).collect();
    let is_known = |text: &&str| devices::is_address(text) || devices::is_display_address(text);
    assert!(addresses.len() >= 10 && addresses.iter().all(is_known), "{addresses:?}");
}

#[test]
fn folders_without_a_fragment_are_named_and_nothing_else_is_blamed() {
    let empty = tempfile::tempdir().unwrap();
    let loaded = load(&[Path::new("/nowhere/kiosk"), empty.path()]);
    assert!(loaded.settings.is_none());
    let expected = format!("không có tệp .toml nào trong /nowhere/kiosk, {}", empty.path().display());
    assert_eq!(told(&loaded), [expected]);
    assert!(loaded.to_string().ends_with("máy không thể chạy."));
}

#[test]
fn without_an_area_there_are_no_settings() {
    for texts in [&["[hall]\nid = \"x\""][..], &["[area.a]\nname = 1"][..]] {
        let loaded = load_text(texts);
        assert!(loaded.settings.is_none());
        assert!(loaded.faults.iter().any(|fault| fault.kind == FaultKind::NothingLeft));
        assert!(loaded.to_string().ends_with("máy không thể chạy."));
    }
}

#[test]
fn without_errands_numbers_can_still_be_taken() {
    let loaded = load_text(&[&SMALL.replace("[errand.e]", "[errand.e]\nenabled = false")]);
    let errand = &hall(&loaded).errands[0];
    assert_eq!((errand.name.as_str(), errand.areas.len()), ("Lấy số thứ tự", 2));
}

#[test]
fn hours_are_read_to_the_minute_and_names_are_composed() {
    let text = SMALL
        .replace("Hộ tịch", "Ho\u{323}\u{302} ti\u{323}ch")
        .replace("[opening]", "[opening]\nholidays = [2026-09-02]");
    let loaded = load_text(&[&text]);
    assert_eq!(loaded.faults, [], "{loaded}");
    let hall = hall(&loaded);
    assert_eq!(hall.areas[0].name, "Hộ tịch");
    let window = hall.opening[0];
    assert_eq!((window.weekday, window.from_minute, window.to_minute), (Weekday::Monday, 450, 690));
    assert_eq!(hall.holidays, [BusinessDay::from_ymd(2026, 9, 2).unwrap()]);
}

#[test]
fn plain_http_is_for_this_machine_only() {
    for (url, safe) in [
        ("https://motcua.example.vn", true),
        ("https://motcua.example.vn:8443/cua", true),
        ("http://127.0.0.1:8090", true),
        ("http://localhost", true),
        ("http://127.0.0.1.example.vn", false),
        ("http://motcua.example.vn", false),
        ("https://", false),
        ("https://a@b", false),
        ("ftp://example.vn", false),
    ] {
        assert_eq!(kiosk::is_safe_url(url), safe, "{url}");
    }
}
