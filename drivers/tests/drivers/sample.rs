//! A ticket as a hall issues it.

use kiosk_drivers::document::{Align, Block, Document, Font, Text};
use kiosk_drivers::printer::Profile;

/// The text of the sample's QR code.
pub const QR_DATA: &str = "https://tthc.example/p/T8F4-2K9Q?so=A012&ngay=20261121&k=7d1c9e";

pub fn font() -> Font {
    Font::new(
        include_bytes!("../../../kiosk-app/ui/fonts/NotoSans-Regular.ttf"),
        include_bytes!("../../../kiosk-app/ui/fonts/NotoSans-Bold.ttf"),
    )
    .unwrap()
}

fn centred(text: &str, size_pt: u16) -> Block {
    Block::Text(Text::new(text, size_pt).align(Align::Center))
}

fn centred_bold(text: &str, size_pt: u16) -> Block {
    Block::Text(Text::new(text, size_pt).bold().align(Align::Center))
}

/// A whole ticket; a reprint carries its banner.
pub fn ticket(number: &str, is_reprint: bool) -> Document {
    let mut blocks = vec![
        centred("ỦY BAN NHÂN DÂN XÃ ĐƠN DƯƠNG", 10),
        centred_bold("TRUNG TÂM PHỤC VỤ HÀNH CHÍNH CÔNG", 9),
        Block::Rule,
    ];
    if is_reprint {
        blocks.push(Block::Banner { text: "IN LẠI".to_owned(), size_pt: 14 });
        blocks.push(Block::Space { mm: 2 });
    }
    blocks.extend([
        centred_bold("SỐ THỨ TỰ", 12),
        Block::BigText { text: number.to_owned(), max_size_pt: 56 },
        centred_bold("Chứng thực bản sao từ bản chính", 11),
        centred("Số người chờ trước: 3", 10),
        centred("Thời gian chờ dự kiến: 10–15 phút", 10),
        centred("08:05 21/11/2026", 9),
        Block::Qr { data: QR_DATA.to_owned(), module_dots: 5 },
        centred("Quét mã để xem lượt gọi và đánh giá phục vụ", 8),
        centred("Xin cảm ơn Ông/Bà!", 10),
    ]);
    Document { blocks }
}

/// What stands on every ticket of the hall the same, and the names of its services.
pub fn statics() -> Vec<Block> {
    vec![
        centred("ỦY BAN NHÂN DÂN XÃ ĐƠN DƯƠNG", 10),
        centred_bold("TRUNG TÂM PHỤC VỤ HÀNH CHÍNH CÔNG", 9),
        Block::Rule,
        Block::Banner { text: "IN LẠI".to_owned(), size_pt: 14 },
        centred_bold("SỐ THỨ TỰ", 12),
        centred_bold("Chứng thực bản sao từ bản chính", 11),
        centred_bold("Hộ tịch", 11),
        centred("Quét mã để xem lượt gọi và đánh giá phục vụ", 8),
        centred("Xin cảm ơn Ông/Bà!", 10),
    ]
}

/// A built-in profile.
pub fn profile(name: &str) -> Profile {
    Profile::named(name).unwrap_or_else(|| panic!("no profile {name}"))
}

pub fn generic_80() -> Profile {
    profile("generic-80")
}

pub fn tm_t82() -> Profile {
    profile("tm-t82")
}
