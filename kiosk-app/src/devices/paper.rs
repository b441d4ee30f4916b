//! What stands on a ticket and on a staff slip, as the printer's document.

use kiosk_core::effect::TicketPaper;
use kiosk_core::settings::{HallSettings, PriorityClass, ServiceArea};
use kiosk_core::ticket::{TicketId, TicketNumber};
use kiosk_core::time::{BusinessDay, Wall};
use kiosk_drivers::document::{Align, Block, Document, Statics, Text};

const UNIT_PT: u16 = 10;
const WORDS_PT: u16 = 11;
const AREA_PT: u16 = 15;
const SMALL_PT: u16 = 9;
const NUMBER_PT: u16 = 64;
const QR_MODULE_DOTS: u8 = 5;

/// A ticket; `link` is the text of its QR, without which none is drawn.
pub fn ticket(paper: &TicketPaper, link: Option<String>) -> Document {
    let mut blocks = Vec::new();
    if paper.reprint {
        blocks.push(Block::Banner { text: "IN LẠI".into(), size_pt: WORDS_PT });
    }
    if let Some((last, above)) = paper.unit_lines.split_last() {
        blocks.extend(above.iter().map(|line| centred(line, UNIT_PT)));
        blocks.push(centred_bold(last, UNIT_PT));
    }
    blocks.push(Block::Rule);
    blocks.push(centred_bold("SỐ THỨ TỰ", WORDS_PT));
    blocks.push(Block::BigText { text: paper.number.to_string(), max_size_pt: NUMBER_PT });
    blocks.push(centred_bold(&paper.area, AREA_PT));
    if let Some(priority) = &paper.priority {
        blocks.push(centred(&format!("Ưu tiên: {priority}"), WORDS_PT));
    }
    blocks.push(centred(&ahead(paper.people_ahead), WORDS_PT));
    if let Some((from, to)) = paper.wait_minutes {
        blocks.push(centred(&format!("Chờ khoảng {from} - {to} phút"), WORDS_PT));
    }
    blocks.push(centred(&issued_at(paper.issued_at), SMALL_PT));
    blocks.push(Block::Space { mm: 1 });
    if let Some(data) = link {
        blocks.push(Block::Qr { data, module_dots: QR_MODULE_DOTS });
        blocks.push(centred("Quét mã để xem lượt của Ông/Bà", SMALL_PT));
    }
    blocks.push(centred("Cảm ơn Ông/Bà. Xin chờ đến lượt.", SMALL_PT));
    Document { blocks }
}

/// What stands on a hall's tickets the same, the commonest first: two visitors of each kind share nothing else.
pub fn statics(hall: &HallSettings, has_link: bool) -> Statics {
    let pair = |area: &ServiceArea, priority: Option<&PriorityClass>, reprint: bool| {
        [1_u8, 2].map(|visitor| {
            let paper = TicketPaper {
                ticket: TicketId { day: BusinessDay(0), series: area.id.clone(), ordinal: visitor.into() },
                unit_lines: hall.unit_lines.clone(),
                number: TicketNumber(visitor.to_string()),
                area: area.name.clone(),
                priority: priority.map(|class| class.name.clone()),
                people_ahead: visitor.into(),
                wait_minutes: Some((visitor.into(), 5)),
                issued_at: Wall { unix_ms: i64::from(visitor) * 60_000, trusted: true },
                reprint,
            };
            ticket(&paper, has_link.then(|| visitor.to_string()))
        })
    };
    let areas = hall.areas.iter().map(|area| pair(area, None, false));
    let classes = hall.priority_classes.iter().map(Some);
    let rest = hall.areas.first().into_iter().flat_map(|area| {
        classes.clone().map(|class| pair(area, class, false)).chain([pair(area, None, true)])
    });
    Statics::of(&areas.chain(rest).collect::<Vec<_>>())
}

/// A slip for staff: a heading and lines, to be cut up and handed to the counters.
pub fn staff_slip(heading: &str, lines: &[String]) -> Document {
    let mut blocks =
        vec![Block::Banner { text: heading.to_owned(), size_pt: WORDS_PT }, Block::Space { mm: 2 }];
    blocks.extend(lines.iter().map(|line| Block::Text(Text::new(line.as_str(), WORDS_PT))));
    blocks.push(Block::Space { mm: 2 });
    Document { blocks }
}

fn centred(text: &str, size_pt: u16) -> Block {
    Block::Text(Text::new(text, size_pt).align(Align::Center))
}

fn centred_bold(text: &str, size_pt: u16) -> Block {
    Block::Text(Text::new(text, size_pt).bold().align(Align::Center))
}

fn ahead(people: u32) -> String {
    match people {
        0 => "Không có ai trước Ông/Bà".to_owned(),
        _ => format!("Trước Ông/Bà còn {people} người"),
    }
}

fn issued_at(at: Wall) -> String {
    if !at.trusted {
        return "Đồng hồ của máy chưa đồng bộ".to_owned();
    }
    let civil = at.civil();
    // No weekday: a ticket is of the day, and these dots are sent with every one.
    format!("{:02}:{:02}, {}/{}/{}", civil.hour, civil.minute, civil.day, civil.month, civil.year)
}

#[cfg(test)]
mod tests {
    use kiosk_core::id::AreaId;
    use kiosk_drivers::document::Font;
    use kiosk_drivers::printer::{Encoder, Profile, StoredLines};

    use super::*;
    use crate::config;
    use crate::devices::{BOLD, REGULAR};

    fn paper() -> TicketPaper {
        TicketPaper {
            ticket: TicketId { day: BusinessDay(20_616), series: AreaId::new("ho-tich"), ordinal: 12 },
            unit_lines: vec!["UBND XÃ ĐƠN DƯƠNG".into(), "TRUNG TÂM PHỤC VỤ HÀNH CHÍNH CÔNG".into()],
            number: TicketNumber("A012".into()),
            area: "Hộ tịch".into(),
            priority: None,
            people_ahead: 3,
            wait_minutes: None,
            issued_at: Wall { unix_ms: 1_781_230_320_000, trusted: true },
            reprint: false,
        }
    }

    fn words(document: &Document) -> Vec<String> {
        let text_of = |block: &Block| match block {
            Block::Text(text) => Some(text.text.clone()),
            Block::BigText { text, .. } | Block::Banner { text, .. } => Some(text.clone()),
            Block::Qr { data, .. } => Some(data.clone()),
            Block::Rule | Block::Space { .. } => None,
        };
        document.blocks.iter().filter_map(text_of).collect()
    }

    #[test]
    fn a_ticket_says_who_what_how_long_and_when() {
        assert_eq!(
            words(&ticket(&paper(), Some("LINK".into()))),
            [
                "UBND XÃ ĐƠN DƯƠNG",
                "TRUNG TÂM PHỤC VỤ HÀNH CHÍNH CÔNG",
                "SỐ THỨ TỰ",
                "A012",
                "Hộ tịch",
                "Trước Ông/Bà còn 3 người",
                "09:12, 12/6/2026",
                "LINK",
                "Quét mã để xem lượt của Ông/Bà",
                "Cảm ơn Ông/Bà. Xin chờ đến lượt.",
            ]
        );
    }

    #[test]
    fn without_a_link_nobody_is_asked_to_scan_anything() {
        let words = words(&ticket(&paper(), None));
        assert!(words.iter().all(|line| !line.contains("Quét") && line != "LINK"), "{words:?}");
        assert_eq!(words.last().map(String::as_str), Some("Cảm ơn Ông/Bà. Xin chờ đến lượt."));
    }

    #[test]
    fn a_reprint_says_so_first() {
        let again = TicketPaper { reprint: true, ..paper() };
        assert_eq!(words(&ticket(&again, None)).first().map(String::as_str), Some("IN LẠI"));
    }

    #[test]
    fn a_clock_that_nobody_vouches_for_is_not_printed() {
        let at = Wall { unix_ms: 0, trusted: false };
        assert_eq!(issued_at(at), "Đồng hồ của máy chưa đồng bộ");
    }

    #[test]
    fn the_wait_and_the_priority_are_told_when_known() {
        let known =
            TicketPaper {
                wait_minutes: Some((10, 15)), priority: Some("Người cao tuổi".into()), ..paper()
            };
        let words = words(&ticket(&known, None));
        assert!(words.contains(&"Chờ khoảng 10 - 15 phút".to_owned()), "{words:?}");
        assert!(words.contains(&"Ưu tiên: Người cao tuổi".to_owned()), "{words:?}");
    }

    fn sample_hall() -> HallSettings {
        let sample = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../config");
        config::load(&[sample]).settings.expect("the sample configuration is whole").hall
    }

    #[test]
    fn what_stands_on_every_ticket_is_known_before_the_first() {
        let hall = sample_hall();
        for has_link in [true, false] {
            let lines = statics(&hall, has_link).to_string();
            let unit = hall.unit_lines.iter().all(|line| lines.contains(line));
            let areas = hall.areas.iter().all(|area| lines.contains(&format!("b {}\n", area.name)));
            let classes = hall.priority_classes.iter().all(|class| lines.contains(&class.name));
            assert!(unit && areas && classes, "{lines}");
            for always in ["SỐ THỨ TỰ", "Cảm ơn", "rule\n", "IN LẠI"] {
                assert!(lines.contains(always), "{always}\n{lines}");
            }
            for never in ["Trước Ông/Bà", "phút", "1970"] {
                assert!(!lines.contains(never), "{never}\n{lines}");
            }
            assert_eq!(lines.contains("Quét mã"), has_link, "{lines}");
        }
    }

    #[test]
    fn a_ticket_of_the_sample_hall_costs_at_most_4_kb_where_the_printer_keeps_its_lines() {
        let hall = sample_hall();
        let font = Font::new(REGULAR, BOLD).unwrap();
        // As the technician's file says it.
        let kept = statics(&hall, true).to_string().parse().unwrap();
        for name in ["tm-t82", "tm-t88"] {
            let profile = Profile::find(name).unwrap();
            let stored = StoredLines::new(&kept, &font, &profile).unwrap().unwrap();
            let mut encoder = Encoder::new(font.clone(), profile);
            for area in &hall.areas {
                let paper = TicketPaper {
                    unit_lines: hall.unit_lines.clone(),
                    area: area.name.clone(),
                    priority: hall.priority_classes.first().map(|class| class.name.clone()),
                    people_ahead: 188,
                    wait_minutes: Some((140, 155)),
                    issued_at: Wall { unix_ms: 1_861_609_080_000, trusted: true },
                    reprint: true,
                    ..paper()
                };
                let ticket = ticket(
                    &paper,
                    Some("https://motcua.example.vn/p/don-duong/2026-06-12/ho-tich/12?k=7d1c9e".into()),
                );
                let mut bytes = |stored| {
                    let commands = encoder.encode_with(&ticket, stored).unwrap();
                    commands.iter().map(|command| command.bytes.len()).sum::<usize>()
                };
                let (with, without) = (bytes(Some(&stored)), bytes(None));
                assert!(with <= 4096, "{name}, {}: {with} bytes", area.name);
                assert!(without > 4096, "control: {without} bytes");
            }
        }
    }
}
