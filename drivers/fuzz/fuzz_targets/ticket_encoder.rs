//! Any ticket on any profile: every command is one that printers know, and none is longer than 4 KB. Each part of the
//! ticket begins with a byte that says what it is and one that says how long its text is.
#![no_main]

use std::sync::OnceLock;

use kiosk_drivers::document::{Align, Block, Document, Font, Text};
use kiosk_drivers::fake::{Lexed, Lexer};
use kiosk_drivers::printer::{Profile, encode_document};
use libfuzzer_sys::fuzz_target;

static FONT: OnceLock<Font> = OnceLock::new();

fn font() -> &'static Font {
    FONT.get_or_init(|| {
        Font::new(
            include_bytes!("../../../kiosk-app/ui/fonts/NotoSans-Regular.ttf"),
            include_bytes!("../../../kiosk-app/ui/fonts/NotoSans-Bold.ttf"),
        )
        .expect("the fonts of the repository are good")
    })
}

fn block(kind: u8, size: u8, text: &str) -> Block {
    let size_pt = u16::from(size % 72);
    let text = text.to_owned();
    match kind % 6 {
        0 => Block::BigText { text, max_size_pt: size_pt },
        1 => Block::Rule,
        2 => Block::Space { mm: u16::from(size % 40) },
        3 => Block::Qr { data: text, module_dots: size % 20 },
        4 => Block::Banner { text, size_pt },
        _ => {
            let align = [Align::Left, Align::Center, Align::Right][usize::from(size % 3)];
            let plain = Text::new(text, size_pt).align(align);
            Block::Text(if size & 0x80 != 0 { plain.bold() } else { plain })
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((setup, mut rest)) = data.split_first() else { return };
    let profiles = Profile::ALL;
    let built_in = profiles[usize::from(*setup) % profiles.len()];
    let Some(profile) = Profile::named(built_in.name) else { return };
    let mut blocks = Vec::new();
    while let [kind, size, length, tail @ ..] = rest
        && blocks.len() < 8
    {
        let (text, tail) = tail.split_at(usize::from(*length).min(tail.len()));
        blocks.push(block(*kind, *size, &String::from_utf8_lossy(text)));
        rest = tail;
    }
    let Ok(commands) = encode_document(&Document { blocks }, font(), &profile) else { return };
    let mut lexer = Lexer::default();
    for command in &commands {
        assert!(command.bytes.len() <= profile.max_command_bytes && profile.max_command_bytes <= 4096);
        for byte in &command.bytes {
            if let Some(Lexed::Unknown(bytes)) = lexer.push(*byte) {
                panic!("{bytes:02x?} in {:02x?}", command.bytes);
            }
        }
        assert_eq!(lexer.open_bytes(), 0, "an open command: {:02x?}", command.bytes);
    }
});
