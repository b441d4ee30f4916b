//! The pages' HTML. Every name passes through maud, which escapes it.

pub(super) mod buttons;
pub(super) mod console;
mod console_lists;
pub(super) mod display;
pub(super) mod machine;
pub(super) mod sign_in;

use kiosk_core::time::Wall;
use maud::{DOCTYPE, Markup, html};

use super::desk::Desk;
use super::words::Note;

/// What surrounds a page.
struct Shell<'a> {
    title: &'a str,
    style: &'static str,
    script: Option<&'static str>,
    /// Where its events come from; empty for a page without.
    events: &'static str,
    software: &'a str,
}

/// A whole document around `body`.
fn document(shell: &Shell<'_>, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="vi" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (shell.title) }
                link rel="stylesheet" href="/tinh/page.css";
                link rel="stylesheet" href=(shell.style);
                @if !shell.events.is_empty() {
                    // Without scripts the page comes anew instead.
                    noscript { meta http-equiv="refresh" content="10"; }
                }
            }
            body data-software=(shell.software) data-events=(shell.events) {
                p id="lost" role="alert" hidden { "Mất kết nối với máy lấy số, đang thử lại..." }
                (body)
                @if let Some(script) = shell.script {
                    script src="/tinh/common.js" {}
                    script src=(script) {}
                }
            }
        }
    }
}

/// A page that says one thing.
pub(super) fn message(title: &str, text: &str) -> Markup {
    let shell = Shell { title, style: "/tinh/console.css", script: None, events: "", software: "" };
    document(
        &shell,
        &html! { main class="card" { h1 { (title) } p { (text) } p { a href="/" { "Về trang đầu" } } } },
    )
}

/// The page at `/`: where to go.
pub(super) fn index(desk: &Desk) -> Markup {
    let body = html! {
        main class="card" {
            @for line in &desk.labels.unit_lines { p class="unit" { (line) } }
            ul class="places" {
                li { a href="/quay" { "Quầy tiếp nhận" } " – cán bộ gọi số" }
                li { a href="/bang" { "Màn hình sảnh" } " – mở trên ti vi, toàn màn hình (F11)" }
                li { a href="/may" { "Tình trạng máy" } " – cán bộ kỹ thuật" }
            }
        }
    };
    let shell = Shell {
        title: "Máy lấy số",
        style: "/tinh/console.css",
        script: None,
        events: "",
        software: &desk.software,
    };
    document(&shell, &body)
}

/// A span of seconds as people say it, rounded up: `45 giây`, `12 phút`, `3 giờ`, `9 ngày`.
pub(super) fn in_words(secs: u64) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    match secs {
        0..MINUTE => format!("{secs} giây"),
        MINUTE..HOUR => format!("{} phút", secs.div_ceil(MINUTE)),
        HOUR..DAY => format!("{} giờ", secs.div_ceil(HOUR)),
        DAY.. => format!("{} ngày", secs.div_ceil(DAY)),
    }
}

/// Minutes since a moment, kept up to date by the page's script; nothing when a clock cannot tell.
fn age(since: Option<Wall>, now: Wall) -> Markup {
    match since {
        Some(since) if since.trusted && now.trusted => {
            let minutes = (now.unix_ms - since.unix_ms).max(0) / 60_000;
            let since_secs = since.unix_ms.div_euclid(1000);
            html! { span data-since=(since_secs) { (minutes) " phút" } }
        }
        Some(_) | None => html! { "–" },
    }
}

/// A note with its word, so that nothing is said by colour alone.
fn note_line(note: &Note) -> Markup {
    html! {
        li class={ "note " (note.level.class()) } {
            b class="level" { (note.level.word()) }
            " " span class="what" { (note.what) }
            @if !note.remedy.is_empty() { " " span class="remedy" { (note.remedy) } }
        }
    }
}
