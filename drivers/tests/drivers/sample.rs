//! A ticket as a hall issues it.

use kiosk_drivers::document::{Align, Block, Document, Font, Statics, Text};
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

/// Names of the services in the hall's catalogue.
const AREAS: [&str; 8] = [
    "Chứng thực bản sao từ bản chính",
    "Hộ tịch",
    "Đất đai, xây dựng, đô thị",
    "Kinh doanh, bảo trợ xã hội",
    "Người có công, trẻ em và người cao tuổi",
    "Nông nghiệp và môi trường",
    "Tư pháp, khiếu nại, tố cáo",
    "Hướng dẫn, hỗ trợ trực tuyến",
];

/// What differs from ticket to ticket.
struct Visit<'a> {
    area: &'a str,
    number: &'a str,
    ahead: &'a str,
    minutes: &'a str,
    time: &'a str,
    link: &'a str,
}

/// A whole ticket; a reprint carries its banner.
pub fn ticket(number: &str, is_reprint: bool) -> Document {
    let (area, time) = (AREAS[0], "08:05 21/11/2026");
    compose(&Visit { area, number, ahead: "3", minutes: "10–15", time, link: QR_DATA }, is_reprint)
}

/// The ticket of one visitor after the other: no two have a line in common that could differ.
pub fn nth_ticket(count: u32) -> Document {
    let number = format!("{}{:03}", ["A", "B", "C"][count as usize % 3], count % 1000);
    compose(
        &Visit {
            area: AREAS[count as usize % AREAS.len()],
            number: &number,
            ahead: &format!("{count}"),
            minutes: &format!("{count}–{}", count + 5),
            time: &format!("{:02}:{:02} {:02}/11/2026", 8 + count / 60 % 9, count % 60, 1 + count / 540 % 30),
            link: &format!(
                "https://tthc.example/p/T{count:03X}-2K9Q?so={number}&ngay=20261121&k={:06x}",
                count * 7919
            ),
        },
        false,
    )
}

fn compose(visit: &Visit<'_>, is_reprint: bool) -> Document {
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
        Block::BigText { text: visit.number.to_owned(), max_size_pt: 56 },
        centred_bold(visit.area, 11),
        centred(&format!("Số người chờ trước: {}", visit.ahead), 10),
        centred(&format!("Thời gian chờ dự kiến: {} phút", visit.minutes), 10),
        centred(visit.time, 9),
        Block::Qr { data: visit.link.to_owned(), module_dots: 5 },
        centred("Quét mã để xem lượt gọi và đánh giá phục vụ", 8),
        centred("Xin cảm ơn Ông/Bà!", 10),
    ]);
    Document { blocks }
}

/// What stands on every ticket of the hall the same, and the names of its services.
pub fn statics() -> Statics {
    let pair = |area: &&str| {
        ["1", "2"].map(|text| {
            compose(&Visit { area, number: text, ahead: text, minutes: text, time: text, link: text }, true)
        })
    };
    Statics::of(&AREAS.iter().map(pair).collect::<Vec<_>>())
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
