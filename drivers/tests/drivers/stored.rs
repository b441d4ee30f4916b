//! Lines that are kept in the printer.

use std::time::Duration;

use kiosk_drivers::document::{Align, Bitmap, Block, Document, Statics, Text};
use kiosk_drivers::fake::{FakeModel, Lexed, Lexer, PrinterCore};
use kiosk_drivers::printer::{Command, Encoder, Machine, Profile, StoredLines};

use crate::sample;

fn stored(profile: &Profile, statics: &Statics) -> StoredLines {
    StoredLines::new(statics, &sample::font(), profile).unwrap().unwrap()
}

fn printer(profile: &Profile) -> PrinterCore {
    let buffer_bytes = usize::MAX;
    let (width_dots, dpi) = (profile.width_dots, profile.dpi);
    PrinterCore::new(FakeModel { width_dots, dpi, buffer_bytes, ..FakeModel::default() })
}

fn send(fake: &mut PrinterCore, commands: &[Command]) {
    for command in commands {
        assert!(command.bytes.len() <= 4096);
        fake.receive(&command.bytes, Duration::ZERO);
    }
}

fn paper(fake: &mut PrinterCore) -> Bitmap {
    fake.advance(Duration::from_secs(60));
    assert_eq!(fake.unknown_bytes(), (0, &[][..]));
    fake.take_ticket().unwrap().image
}

/// What a machine learns of the pictures in a printer when the line is opened.
fn knows(profile: &Profile, fake: &mut PrinterCore, lines: &StoredLines) -> bool {
    let mut machine = Machine::new(profile.clone(), Vec::new(), false, None);
    machine.ask_kept_pictures();
    machine.connected(Duration::ZERO);
    while !machine.pending_output().is_empty() {
        let taken = fake.receive(machine.pending_output(), Duration::ZERO);
        machine.wrote(taken, Duration::ZERO);
        machine.received(&fake.take_replies(), Duration::ZERO);
    }
    lines.are_in(machine.kept_pictures())
}

#[test]
fn a_ticket_from_the_printers_memory_costs_few_bytes_and_looks_the_same_to_the_dot() {
    for (name, limit) in [("tm-t82", 4_000), ("tm-t88", 4_000)] {
        let profile = sample::profile(name);
        let lines = stored(&profile, &sample::statics());
        let mut encoder = Encoder::new(sample::font(), profile.clone());
        for (number, is_reprint) in [("A012", false), ("B999", true)] {
            let ticket = sample::ticket(number, is_reprint);
            let mut plain = printer(&profile);
            send(&mut plain, &encoder.encode(&ticket).unwrap());
            let short = encoder.encode_with(&ticket, Some(&lines)).unwrap();
            let bytes: usize = short.iter().map(|command| command.bytes.len()).sum();
            assert!(bytes <= limit, "{name}: {bytes} bytes");
            let mut keeping = printer(&profile);
            send(&mut keeping, lines.nv_commands());
            send(&mut keeping, &short);
            assert!(paper(&mut plain) == paper(&mut keeping), "{name} {number}");
        }
    }
}

/// A ticket as the kiosk composes it, with all the lines that it can have.
fn kiosk_ticket(area: &str, number: &str, ahead: u32, time: &str) -> Document {
    let text = |text: &str, size| Block::Text(Text::new(text, size).align(Align::Center));
    let bold = |text: &str, size| Block::Text(Text::new(text, size).bold().align(Align::Center));
    Document {
        blocks: vec![
            Block::Banner { text: "IN LẠI".to_owned(), size_pt: 11 },
            text("ỦY BAN NHÂN DÂN XÃ ĐƠN DƯƠNG", 10),
            bold("TRUNG TÂM PHỤC VỤ HÀNH CHÍNH CÔNG", 10),
            Block::Rule,
            bold("SỐ THỨ TỰ", 11),
            Block::BigText { text: number.to_owned(), max_size_pt: 64 },
            bold(area, 15),
            text("Ưu tiên: Người cao tuổi", 11),
            text(&format!("Trước Ông/Bà còn {ahead} người"), 11),
            text(&format!("Thời gian chờ dự kiến: {ahead} - {} phút", ahead + 5), 11),
            text(time, 9),
            Block::Space { mm: 1 },
            Block::Qr { data: format!("https://tthc.example/p/T8F4-2K9Q?so={number}"), module_dots: 5 },
            text("Quét mã để xem lượt của Ông/Bà", 9),
            text("Cảm ơn Ông/Bà. Xin chờ đến lượt.", 9),
        ],
    }
}

#[test]
fn the_kiosks_longest_ticket_costs_at_most_4_kb_when_its_statics_are_kept() {
    let areas = ["Hộ tịch", "Người có công, bảo trợ xã hội, trẻ em và người cao tuổi", "Đất đai"];
    let samples =
        areas.map(|area| [kiosk_ticket(area, "A000", 0, "00:00"), kiosk_ticket(area, "B111", 1, "23:59")]);
    let statics = Statics::of(&samples);
    for (name, limit) in [("tm-t82", 4_000), ("tm-t88", 4_000)] {
        let profile = sample::profile(name);
        let lines = stored(&profile, &statics.to_string().parse().unwrap());
        let mut encoder = Encoder::new(sample::font(), profile.clone());
        for area in areas {
            let ticket = kiosk_ticket(area, "C358", 188, "16:38 28/12/2028");
            let commands = encoder.encode_with(&ticket, Some(&lines)).unwrap();
            let bytes: usize = commands.iter().map(|command| command.bytes.len()).sum();
            assert!(bytes <= limit, "{name}, {area}: {bytes} bytes");
        }
    }
}

#[test]
fn a_machine_knows_whether_the_printer_keeps_these_very_lines() {
    let profile = sample::tm_t82();
    let lines = stored(&profile, &sample::statics());
    let whole = sample::statics().to_string();
    let changed: Statics = whole.trim_end().rsplit_once('\n').unwrap().0.parse().unwrap();
    let mut fake = printer(&profile);
    assert!(!knows(&profile, &mut fake, &lines), "nothing is kept yet");
    // Broken off before the last command: the seals are not whole.
    let (_, interrupted) = lines.nv_commands().split_last().unwrap();
    send(&mut fake, interrupted);
    assert!(!knows(&profile, &mut fake, &lines), "not all is kept yet");
    send(&mut fake, lines.nv_commands());
    assert!(knows(&profile, &mut fake, &lines));
    fake.power_cycle();
    assert!(knows(&profile, &mut fake, &lines), "kept without power");
    assert!(!knows(&profile, &mut fake, &stored(&profile, &changed)), "other lines are expected");
    send(&mut fake, stored(&profile, &changed).nv_commands());
    assert!(!knows(&profile, &mut fake, &lines), "other lines are kept");
}

#[test]
fn only_printers_whose_memory_is_safe_keep_lines() {
    for profile in Profile::all() {
        let lines = StoredLines::new(&sample::statics(), &sample::font(), &profile).unwrap();
        assert_eq!(
            lines.is_some(),
            ["tm-t82", "tm-t88"].contains(&profile.name.as_str()),
            "{}",
            profile.name
        );
    }
}

#[test]
fn what_is_written_into_a_printer_is_whitelisted() {
    let profile = sample::profile("tm-t88");
    // More lines than one list of key codes holds: the rest stays raster.
    let statics: String = (0..80).map(|count| format!("banner 20 Lĩnh vực {count}\n")).collect();
    let statics = statics.parse().unwrap();
    let lines = stored(&profile, &statics);
    let mut lexer = Lexer::default();
    let mut count = 0;
    for byte in lines.nv_commands().iter().flat_map(|command| &command.bytes) {
        match lexer.push(*byte) {
            Some(Lexed::Command(command)) => {
                count += 1;
                assert!(command.len() <= 4096);
                let is_allowed = command.starts_with(b"\x1d(L")
                    && matches!(command[5..], [48, 65, b'C', b'L', b'R'] | [48, 67, 48, ..]);
                assert!(is_allowed, "{:02x?}", &command[..8]);
            }
            Some(Lexed::Unknown(bytes)) => panic!("{bytes:02x?}"),
            None => {}
        }
    }
    assert!((20..=39).contains(&count), "{count} commands");
    let bytes: Vec<u8> = lines.nv_commands().iter().flat_map(|command| command.bytes.clone()).collect();
    assert!(!bytes.windows(2).any(|pair| matches!(pair, [0x10, 0x04 | 0x05 | 0x14])));
}
