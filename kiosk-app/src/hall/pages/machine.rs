//! The state of the machine, in plain words for the IT officer. Read only.

use kiosk_core::time::{BusinessDay, Wall};
use maud::{Markup, html};

use super::{Shell, document, note_line};
use crate::hall::desk::Desk;
use crate::hall::scene::Scene;
use crate::hall::words::{self, Note};

/// The whole page.
pub(in crate::hall) fn page(desk: &Desk, scene: &Scene) -> Markup {
    let body = html! { div id="content" { (fragment(desk, scene)) } };
    let shell = Shell {
        title: "Tình trạng máy",
        style: "/tinh/console.css",
        script: Some("/tinh/console.js"),
        events: "/may/su-kien",
        software: &desk.software,
    };
    document(&shell, &body)
}

/// What changes.
pub(in crate::hall) fn fragment(desk: &Desk, scene: &Scene) -> Markup {
    let now = desk.clock.now().wall;
    let machine = &scene.machine;
    let mut notes: Vec<Note> = scene.board.notices.iter().flat_map(words::notice).collect();
    let all = machine.devices.iter().flat_map(|(device, health)| words::health_notes(*device, health));
    let more = [words::line(machine.line), words::outbox(machine.outbox_percent), words::clock(now.trusted)];
    let update = machine.update.as_ref().map(words::update);
    for note in all.chain(more).chain(update) {
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    notes.sort_by_key(|note| std::cmp::Reverse(note.level));
    let day = match scene.board.day {
        None => "chưa mở".to_owned(),
        Some(BusinessDay::UNKNOWN) => "chưa biết, chờ đồng hồ được đồng bộ".to_owned(),
        Some(day) => day_text(day.ymd()),
    };
    html! {
        main class="card wide" {
            h1 { "Tình trạng máy lấy số" }
            ul class="notes" { @for note in &notes { (note_line(note)) } }
            dl {
                dt { "Phiên bản phần mềm" } dd { (env!("CARGO_PKG_VERSION")) }
                dt { "Ngày làm việc" } dd { (day) }
                dt { "Giờ của máy" } dd { (clock_text(now)) }
                dt { "Máy đã chạy" } dd { (super::in_words(desk.clock.mono_ms() / 1000)) }
                dt { "Đang chờ" } dd { (scene.board.waiting.len()) " người" }
                @if let Some(printer) = &machine.printer {
                    dt { "Loại máy in" }
                    dd {
                        (printer.profile) " – "
                        (printer.name.as_deref().unwrap_or("máy in không cho biết tên"))
                    }
                    dt { "Dòng cố định của phiếu" }
                    dd { (if printer.keeps_lines { "máy in giữ sẵn" } else { "gửi theo từng phiếu" }) }
                }
                @if machine.tickets_left > 0 {
                    dt { "Phiếu không ai lấy" } dd { (machine.tickets_left) " từ khi máy khởi động" }
                }
            }
        }
    }
}

fn day_text((year, month, day): (i32, u8, u8)) -> String {
    format!("{day:02}/{month:02}/{year}")
}

fn clock_text(now: Wall) -> String {
    let civil = now.civil();
    let day = day_text((civil.year, civil.month, civil.day));
    format!("{:02}:{:02} ngày {day}", civil.hour, civil.minute)
}
