//! The bytes of tickets: golden ones, and what must hold for any text.

use std::time::Duration;

use kiosk_drivers::document::{Align, Block, Document, Text};
use kiosk_drivers::fake::{FakeModel, Lexed, Lexer, PrinterCore};
use kiosk_drivers::printer::{CommandKind, Profile, encode_document};
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
    // Units of a dot; report changes.
    golden.extend(b"\x1dP\xcb\xcb\x1da\x0e");
    // The gap over the rule, and the rule: two rows of 72 black bytes.
    golden.extend(b"\x1bJ\x07\x1dv0\0\x48\0\x02\0");
    golden.extend([0xff; 144]);
    // The gap below it, the space and the quiet zone: 7 + 7 + 16 rows.
    golden.extend(b"\x1bJ\x1e");
    // The QR code in the middle: model 2, four dots, level M, its text, print.
    golden.extend(b"\x1ba\x01\x1d(k\x04\0\x31\x41\x32\0\x1d(k\x03\0\x31\x43\x04\x1d(k\x03\0\x31\x45\x31");
    golden.extend(b"\x1d(k\x07\0\x31\x50\x30A012\x1d(k\x03\0\x31\x51\x30\x1ba\0");
    // The quiet zone, the cut.
    golden.extend(b"\x1bJ\x10\x1dVA\x01");
    assert_eq!(bytes_of(&document, &sample::generic_80()), golden);
}

#[test]
fn a_ticket_costs_few_bytes() {
    let ticket = sample::ticket("A012", false);
    for (profile, limit) in [
        (sample::tm_t82(), 17_000),
        (sample::profile("tm-t88"), 14_000),
        (sample::generic_80(), 23_000),
        (sample::profile("generic-58"), 27_000),
    ] {
        let bytes = bytes_of(&ticket, &profile).len();
        assert!(bytes <= limit, "{}: {bytes} bytes", profile.name);
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_ticket_is_whitelisted_commands_of_at_most_4_kb(
        text in "\\PC{0,60}",
        size in 0u16..60,
        qr in "[ -~]{0,80}",
        module in any::<u8>(),
        profile in proptest::sample::select(Profile::all()),
    ) {
        let document = Document { blocks: vec![
            Block::Text(Text::new(text.clone(), size)),
            Block::BigText { text, max_size_pt: size },
            Block::Qr { data: qr, module_dots: module },
        ] };
        let bytes = bytes_of(&document, &profile);
        let mut lexer = Lexer::default();
        for byte in &bytes {
            match lexer.push(*byte) {
                Some(Lexed::Command(command)) => {
                    prop_assert!(command.len() <= 4096);
                    let allowed = [&b"\x1dP"[..], b"\x1da", b"\x1bJ", b"\x1b$", b"\x1ba", b"\x1dv0", b"\x1d(k", b"\x1dVA"];
                    prop_assert!(allowed.iter().any(|start| command.starts_with(start)), "{:02x?}", &command[..3]);
                }
                Some(Lexed::Unknown(bytes)) => prop_assert!(false, "{bytes:02x?}"),
                None => {}
            }
        }
        prop_assert_eq!(lexer.open_bytes(), 0);
        let real_time = bytes.windows(2).any(|pair| matches!(pair, [0x10, 0x04 | 0x05 | 0x14]));
        prop_assert!(!real_time, "a real-time command hides in the ticket");
        let mut fake = PrinterCore::new(FakeModel { buffer_bytes: usize::MAX, ..FakeModel::default() });
        fake.receive(&bytes, Duration::ZERO);
        prop_assert_eq!(fake.unknown_bytes().0, 0);
    }
}
