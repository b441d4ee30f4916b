//! The bytes of tickets: golden ones, and what must hold for any text.

use kiosk_drivers::document::{Align, Block, Document, Text};
use kiosk_drivers::fake::{Lexed, Lexer};
use kiosk_drivers::printer::{CommandKind, Crop, Dialect, Encoder, Profile, StatusMeans, encode_document};
use proptest::prelude::*;

use crate::sample;

fn bytes_of(document: &Document, profile: &Profile) -> Vec<u8> {
    encode_document(document, &sample::font(), profile)
        .unwrap()
        .into_iter()
        .flat_map(|command| command.bytes)
        .collect()
}

#[test]
fn a_small_ticket_has_its_golden_bytes() {
    let document = Document {
        blocks: vec![
            Block::Rule,
            Block::Space { mm: 1 },
            Block::Qr { data: "A012".to_owned(), module_dots: 4 },
        ],
    };
    let mut golden: Vec<u8> = Vec::new();
    // Units of a dot; report changes; everything in the middle.
    golden.extend(b"\x1dP\xcb\xcb\x1da\x0e\x1ba\x01");
    // The gap over the rule, and the rule: two rows of 72 black bytes.
    golden.extend(b"\x1bJ\x07\x1dv0\0\x48\0\x02\0");
    golden.extend([0xff; 144]);
    // The gap below it, the space and the quiet zone: 7 + 7 + 16 rows.
    golden.extend(b"\x1bJ\x1e");
    // The QR code in the middle: model 2, four dots, level M, its text, print.
    golden.extend(b"\x1d(k\x04\0\x31\x41\x32\0\x1d(k\x03\0\x31\x43\x04\x1d(k\x03\0\x31\x45\x31");
    golden.extend(b"\x1d(k\x07\0\x31\x50\x30A012\x1d(k\x03\0\x31\x51\x30");
    // The quiet zone, the cut.
    golden.extend(b"\x1bJ\x10\x1dVA\x01");
    assert_eq!(bytes_of(&document, &sample::generic_80()), golden);
}

#[test]
fn a_ticket_costs_few_bytes() {
    let ticket = sample::ticket("A012", false);
    let limits = [("tm-t82", 10_500), ("tm-t88", 8_500), ("srp-350", 8_500)];
    for (name, limit) in limits {
        let bytes = bytes_of(&ticket, &sample::profile(name)).len();
        assert!(bytes <= limit, "{name}: {bytes} bytes");
    }
    for profile in Profile::all() {
        let raster = Profile { rom_font: None, ..profile };
        let bytes = bytes_of(&ticket, &raster).len();
        assert!(bytes <= 17_000, "{} in pure raster: {bytes} bytes", raster.name);
    }
    for name in ["tm-t82", "tm-t88", "srp-350", "generic-80", "xprinter-80", "masung-80"] {
        let plain = Profile { rom_font: None, doubles_dots: false, ..sample::profile(name) };
        let bytes = bytes_of(&ticket, &plain).len();
        assert!(bytes <= 17_400, "{name} with all dots sent: {bytes} bytes");
    }
}

#[test]
fn what_comes_again_is_encoded_the_same_and_what_changes_is_not_mixed_up() {
    let mut encoder = Encoder::new(sample::font(), sample::tm_t82());
    encoder.prepare(&sample::statics()).unwrap();
    for count in 0..100 {
        for ticket in [sample::ticket(&format!("A{count:03}"), count % 7 == 0), sample::nth_ticket(count)] {
            let fresh = encode_document(&ticket, &sample::font(), &sample::tm_t82()).unwrap();
            assert_eq!(encoder.encode(&ticket).unwrap(), fresh, "{count}");
        }
    }
}

#[test]
fn the_first_line_of_a_ticket_goes_out_first() {
    for profile in Profile::all() {
        let commands = encode_document(&sample::ticket("A012", false), &sample::font(), &profile).unwrap();
        let first_band = commands.iter().position(|command| command.kind == CommandKind::Band).unwrap();
        let before: usize = commands[..=first_band].iter().map(|command| command.bytes.len()).sum();
        assert!(before < 2_048, "{}: the head waits for {before} bytes", profile.name);
        assert_eq!(commands.last().unwrap().kind, CommandKind::Cut);
    }
}

#[test]
fn control_characters_in_a_name_reach_no_printer() {
    let evil = "Tên\u{1b}p\u{0}\u{10}\u{4}\u{1}\u{7f}\u{9b}";
    let tame = "Tênp";
    let blocks = |text: &str| {
        vec![
            Block::Text(Text::new(text, 10).align(Align::Center)),
            Block::BigText { text: text.to_owned(), max_size_pt: 20 },
            Block::Banner { text: text.to_owned(), size_pt: 12 },
            Block::Qr { data: text.to_owned(), module_dots: 3 },
        ]
    };
    for profile in Profile::all() {
        let (evil, tame) = (Document { blocks: blocks(evil) }, Document { blocks: blocks(tame) });
        assert_eq!(bytes_of(&evil, &profile), bytes_of(&tame, &profile), "{}", profile.name);
    }
}

#[test]
fn a_long_word_breaks_between_graphemes_and_stays_on_paper() {
    let text = "ê̆".repeat(200);
    let document = Document { blocks: vec![Block::Text(Text::new(text, 12))] };
    let commands = encode_document(&document, &sample::font(), &sample::profile("generic-58")).unwrap();
    let bands = commands.iter().filter(|command| command.kind == CommandKind::Band).count();
    assert!(bands >= 5, "{bands} bands");
}

/// Whether a ticket may hold this command for this printer.
fn is_allowed(command: &[u8], profile: &Profile) -> bool {
    let has_font = profile.rom_font.is_some();
    match command {
        [0x1d, b'P', x, y] => [*x, *y].map(u16::from) == [profile.dpi; 2],
        [0x1d, b'a', 14] => profile.status == StatusMeans::Asb,
        [0x1b, b'J', dots] => *dots > 0,
        [0x1b, b'$', _, high] => profile.crop == Crop::Position && *high < 4,
        [0x1b, b'a', 0..=2] => true,
        [0x1d, b'v', b'0', mode @ (0 | 3), x_low, 0, y_low, 0, dots @ ..] => {
            let (width, rows) = (usize::from(*x_low), usize::from(*y_low));
            let widest = if *mode == 0 { profile.row_bytes() } else { profile.row_bytes() / 2 };
            (*mode == 0 || profile.doubles_dots)
                && width > 0
                && width <= widest
                && rows > 0
                && dots.len() == width * rows
        }
        [0x1d, b'(', b'k', _, _, 49, 65 | 67 | 69 | 80 | 81, ..] => profile.native_qr,
        [0x1d, b'b', 1] => profile.rom_font.is_some_and(|font| font.smoothing),
        [0x1b, b'3', dots] => has_font && *dots > 0,
        [0x1d, b'!', times] => has_font && times & 0x0f == times >> 4 && times & 0x0f < 8,
        [b' ' | b':' | b'/' | b'-' | b'.' | b'0'..=b'9' | b'A'..=b'Z' | b'\n'] => has_font,
        [0x1d, b'V', b'A', 1] => profile.cutter && profile.dialect == Dialect::Epson,
        [0x1b, b'i'] => profile.cutter && profile.dialect == Dialect::Custom,
        [0x1d, b'e', 3, steps] => {
            profile.presenter.is_some_and(|presenter| presenter.present_steps == *steps)
        }
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_ticket_is_whitelisted_commands_of_at_most_4_kb(
        text in "\\PC{0,60}",
        number in "[A-Z]{0,2}[0-9:/. -]{0,20}",
        size in 0u16..60,
        qr in "[ -~]{0,80}",
        module in any::<u8>(),
        profile in proptest::sample::select(Profile::all()),
    ) {
        let document = Document { blocks: vec![
            Block::Text(Text::new(text.clone(), size)),
            Block::BigText { text, max_size_pt: size },
            Block::Banner { text: number.clone(), size_pt: size },
            Block::BigText { text: number.clone(), max_size_pt: size },
            Block::Text(Text::new(number, size).align(Align::Right)),
            Block::Qr { data: qr, module_dots: module },
        ] };
        let commands = encode_document(&document, &sample::font(), &profile).unwrap();
        prop_assert!(commands.iter().all(|command| command.bytes.len() <= profile.max_command_bytes));
        let bytes: Vec<u8> = commands.into_iter().flat_map(|command| command.bytes).collect();
        let mut lexer = Lexer::default();
        for byte in &bytes {
            match lexer.push(*byte) {
                Some(Lexed::Command(command)) => {
                    let start = &command[..command.len().min(12)];
                    prop_assert!(is_allowed(&command, &profile), "{}: {start:02x?}", profile.name);
                }
                Some(Lexed::Unknown(bytes)) => prop_assert!(false, "{bytes:02x?}"),
                None => {}
            }
        }
        prop_assert_eq!(lexer.open_bytes(), 0);
        let real_time = bytes.windows(2).any(|pair| matches!(pair, [0x10, 0x04 | 0x05 | 0x14]));
        prop_assert!(!real_time, "a real-time command hides in the ticket");
    }
}
