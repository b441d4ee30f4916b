//! A ticket to print.

use kiosk_drivers::document::{Align, Block, Document, Font, Text};

use crate::report::Failure;

/// What tickets are set in.
pub fn font() -> Result<Font, Failure> {
    Font::new(
        include_bytes!("../../../kiosk-app/ui/fonts/NotoSans-Regular.ttf"),
        include_bytes!("../../../kiosk-app/ui/fonts/NotoSans-Bold.ttf"),
    )
    .map_err(|error| Failure::Wrong(format!("the font cannot be read: {error}")))
}

/// A ticket as a hall issues it.
pub fn ticket(number: &str) -> Document {
    let line = |text: &str, size_pt| Block::Text(Text::new(text, size_pt).align(Align::Center));
    Document {
        blocks: vec![
            line("ỦY BAN NHÂN DÂN XÃ ĐƠN DƯƠNG", 10),
            Block::Rule,
            line("SỐ THỨ TỰ", 12),
            Block::BigText { text: number.to_owned(), max_size_pt: 56 },
            line("Chứng thực bản sao từ bản chính", 11),
            line("Số người chờ trước: 3", 10),
            Block::Qr { data: format!("https://tthc.example/p/T8F4-2K9Q?so={number}"), module_dots: 5 },
            line("Xin cảm ơn Ông/Bà!", 10),
        ],
    }
}
