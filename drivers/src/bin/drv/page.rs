//! What `drv` prints.

use kiosk_drivers::document::{Align, Block, Document, Font, Text};
use kiosk_drivers::printer::Profile;

use crate::trouble::Trouble;

/// The project's font, kept in the tool.
pub(crate) fn font() -> Result<Font, Trouble> {
    let regular = include_bytes!("../../../../kiosk-app/ui/fonts/NotoSans-Regular.ttf");
    let bold = include_bytes!("../../../../kiosk-app/ui/fonts/NotoSans-Bold.ttf");
    Font::new(regular, bold)
        .map_err(|error| Trouble::device(format!("{error}"), "this drv was built wrong: build it again"))
}

fn line(text: impl Into<String>, size_pt: u16, align: Align) -> Block {
    Block::Text(Text::new(text, size_pt).align(align))
}

/// A page that shows whether a profile fits its printer.
pub(crate) fn test_page(profile: &Profile) -> Document {
    let width_tenths = u32::from(profile.width_dots) * 254 / u32::from(profile.dpi.max(1));
    let width = format!("{}.{}", width_tenths / 10, width_tenths % 10);
    Document {
        blocks: vec![
            Block::Rule,
            line("|", 9, Align::Left),
            line("|", 9, Align::Right),
            line(format!("The line above is {width} mm long, both ends on paper"), 8, Align::Center),
            Block::Text(Text::new(profile.title.clone(), 11).bold().align(Align::Center)),
            line(
                format!("{}: {} dots, {} dpi", profile.name, profile.width_dots, profile.dpi),
                8,
                Align::Center,
            ),
            Block::BigText { text: "A012".to_owned(), max_size_pt: 56 },
            Block::Banner { text: "IN LẠI".to_owned(), size_pt: 14 },
            Block::Space { mm: 2 },
            line("Ủy ban nhân dân xã Đơn Dương – Trung tâm Phục vụ hành chính công", 10, Align::Left),
            line("ằ ẳ ẵ ắ ặ ề ể ễ ế ệ ồ ổ ỗ ố ộ ờ ở ỡ ớ ợ ừ ử ữ ứ ự", 9, Align::Left),
            line("ƀ č ñ ĕ ĭ ŏ ŭ ê̆ ô̆ ơ̆ ư̆ Ƀ Č Ñ Ĕ Ĭ Ŏ Ŭ Ê̆ Ô̆ Ơ̆ Ư̆", 9, Align::Left),
            Block::Qr { data: format!("drv test page {}", profile.name), module_dots: 5 },
            line("Everything above the cut. End of page.", 8, Align::Center),
        ],
    }
}

/// A ticket as halls print them, to measure.
pub(crate) fn ticket(number: u64) -> Document {
    Document {
        blocks: vec![
            line("ỦY BAN NHÂN DÂN XÃ ĐƠN DƯƠNG", 10, Align::Center),
            Block::Rule,
            line("SỐ THỨ TỰ", 12, Align::Center),
            Block::BigText { text: format!("A{number:03}"), max_size_pt: 56 },
            line("Chứng thực bản sao từ bản chính", 11, Align::Center),
            line("Số người chờ trước: 3", 10, Align::Center),
            line("In lúc 08:05 ngày 21/11/2026", 9, Align::Center),
            Block::Qr { data: format!("https://tthc.example/p/T8F4?so=A{number:03}"), module_dots: 5 },
            line("Xin cảm ơn Ông/Bà!", 10, Align::Center),
        ],
    }
}
