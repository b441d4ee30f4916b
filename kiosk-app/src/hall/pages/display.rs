//! The hall display: who is called where, on a TV.

use kiosk_core::effect::BoardCall;
use kiosk_core::ticket::TicketNumber;
use maud::{Markup, html};

use super::{Shell, document};
use crate::hall::desk::Desk;
use crate::hall::scene::Scene;

/// More areas than this are set smaller.
const MANY_AREAS: usize = 8;

/// The whole page.
pub(in crate::hall) fn page(desk: &Desk, scene: &Scene) -> Markup {
    let body = html! {
        div id="content" { (fragment(desk, scene)) }
        button id="sound" type="button" hidden { "Bấm để bật chuông" }
    };
    let shell = Shell {
        title: "Màn hình sảnh",
        style: "/tinh/display.css",
        script: Some("/tinh/display.js"),
        events: "/bang/su-kien",
        software: &desk.software,
    };
    document(&shell, &body)
}

/// What changes. The script shows calls it has not shown yet one after another, by their serials.
pub(in crate::hall) fn fragment(desk: &Desk, scene: &Scene) -> Markup {
    let calls = &scene.board.calls;
    html! {
        div class="units" {
            @for line in &desk.labels.unit_lines { p { (line) } }
            p class="clock" data-clock="" {}
        }
        div id="calls" class="calls" data-run=(desk.run) data-call-secs=(desk.call_secs) {
            div id="now" class="now" {
                @if let Some(call) = calls.first() {
                    p class="invite" { "Mời công dân số" }
                    p id="now-number" class=(number_class(&call.number)) { (call.number) }
                    p class="to" { "đến quầy số " b id="now-counter" { (call.counter) } }
                } @else {
                    p class="invite" {
                        @if scene.live { "Xin mời Ông/Bà lấy số và ngồi chờ" }
                        @else { "Máy lấy số đang khởi động..." }
                    }
                }
            }
            div class="last" {
                @if !calls.is_empty() { h2 { "Vừa gọi" } }
                ol { @for (index, call) in calls.iter().enumerate() { (row(call, index == 0)) } }
            }
        }
        ul class=(if scene.board.areas.len() > MANY_AREAS { "areas many" } else { "areas" }) {
            li class="title" { "Đang chờ" }
            @for area in &scene.board.areas { li { (area.name) " " b { (area.waiting) } } }
        }
    }
}

/// A number that is longer than usual is set smaller; the script does the same.
fn number_class(number: &TicketNumber) -> &'static str {
    if number.0.chars().count() > 4 { "number long" } else { "number" }
}

/// The first is what the large panel shows, so it is hidden in the list.
fn row(call: &BoardCall, first: bool) -> Markup {
    let at_secs = call.at.unix_ms.div_euclid(1000);
    html! {
        li data-serial=(call.serial) data-number=(call.number) data-counter=(call.counter) data-at=(at_secs)
            class=(if first { "shown-large" } else { "" }) {
            b { (call.number) } " " span { "Quầy " (call.counter) }
        }
    }
}
