//! The officer console of one counter.

use kiosk_core::effect::{BoardCounter, BoardTicket, CounterState};
use kiosk_core::event::{OfficerAction, TransferTo};
use kiosk_core::ticket::{Paper, TicketState};
use maud::{Markup, html};

use super::buttons::{self, Button, Can};
use super::{Shell, age, console_lists, document, note_line};
use crate::hall::desk::Desk;
use crate::hall::labels::{Labels, counter_title};
use crate::hall::press::{button_value, ticket_text};
use crate::hall::scene::Scene;
use crate::hall::session::Session;
use crate::hall::words;

/// The whole page; `said` is what came of a press made without scripts.
pub(in crate::hall) fn page(desk: &Desk, scene: &Scene, session: &Session, said: Option<&str>) -> Markup {
    let title = format!("Quầy {}", session.counter);
    let body = html! {
        p id="answer" role="status" aria-live="polite" { (said.unwrap_or_default()) }
        div id="content" { (fragment(desk, scene, session)) }
    };
    let shell = Shell {
        title: &title,
        style: "/tinh/console.css",
        script: Some("/tinh/console.js"),
        events: "/quay/su-kien",
        software: &desk.software,
    };
    document(&shell, &body)
}

/// What changes: one form whose every button is a press.
pub(in crate::hall) fn fragment(desk: &Desk, scene: &Scene, session: &Session) -> Markup {
    let token = session.form_token(&desk.key);
    let now = desk.clock.now().wall;
    let Some(counter) = scene.counter(session.counter) else {
        return html! {
            main class="card" {
                h1 { "Quầy " (session.counter) }
                p { (if scene.live { "Máy lấy số không còn quầy này." } else { "Máy lấy số đang khởi động..." }) }
            }
        };
    };
    let seen = counter.current.as_ref().map(|ticket| ticket_text(&ticket.id)).unwrap_or_default();
    html! {
        (head(desk, counter, &token))
        form id="desk" method="post" action="/quay/bam" {
            input type="hidden" name="token" value=(token);
            input type="hidden" name="press" value=(desk.draw_press());
            input type="hidden" name="seen" value=(seen);
            div class="hand" {
                (in_hand(desk, scene, counter))
                (press_buttons(counter))
                (more_buttons(&desk.labels, scene, counter))
            }
            div class="side" {
                (notices(scene))
                (console_lists::aside(desk, scene, counter, now))
                (console_lists::waiting(desk, scene, counter, now))
            }
        }
    }
}

fn head(desk: &Desk, counter: &BoardCounter, token: &str) -> Markup {
    let (state, class) = match &counter.state {
        CounterState::Closed => ("Đang đóng".to_owned(), "closed"),
        CounterState::Open => ("Đang mở".to_owned(), "open"),
        CounterState::Paused(reason) => (format!("Tạm dừng: {}", desk.labels.pause(reason)), "paused"),
    };
    html! {
        div class="head" {
            h1 { (counter_title(counter.counter, &counter.name)) }
            p class={ "state " (class) } { (state) }
            p class="clock" data-clock="" {}
            form method="post" action="/quay/ra" {
                input type="hidden" name="token" value=(token);
                button type="submit" class="quiet" { "Thoát" }
            }
        }
    }
}

fn in_hand(desk: &Desk, scene: &Scene, counter: &BoardCounter) -> Markup {
    let Some(ticket) = &counter.current else {
        let hint = match (&counter.state, counter.waiting) {
            (CounterState::Closed, _) => "Bấm Mở quầy để bắt đầu.",
            (CounterState::Paused(_), _) => "Bấm Mở quầy để làm việc tiếp.",
            (CounterState::Open, 0) => "Chưa có ai chờ.",
            (CounterState::Open, _) => "Bấm Gọi số để mời người tiếp theo.",
        };
        return html! { div class="ticket none" { p class="number" { "– – –" } p class="about" { (hint) } } };
    };
    let now = desk.clock.now().wall;
    let (word, class) = match ticket.state {
        TicketState::Serving(_) => ("Đang tiếp nhận", "serving"),
        TicketState::Called(_)
        | TicketState::Waiting
        | TicketState::OnHold(_)
        | TicketState::Finished(_)
        | TicketState::NoShow(_)
        | TicketState::Cancelled => ("Đã gọi, chờ công dân đến", "called"),
    };
    html! {
        div class={ "ticket " (class) } {
            p class="word" { (word) " · " (age(scene.in_hand_since(counter.counter), now)) }
            p class="number" { (ticket.number) }
            p class="about" {
                (desk.labels.area(&ticket.area)) " · lấy số cách đây " (age(Some(ticket.issued_at), now))
            }
            (marks(&desk.labels, ticket))
            (console_lists::more_with_ticket_in_hand(ticket))
        }
    }
}

/// What an officer should know of a ticket before speaking to its holder.
pub(super) fn marks(labels: &Labels, ticket: &BoardTicket) -> Markup {
    let paper = match ticket.paper {
        Paper::Failed => Some("không có phiếu giấy"),
        Paper::Unknown => Some("có thể không có phiếu giấy"),
        Paper::Allocated | Paper::Printing | Paper::Printed => None,
    };
    html! {
        @if ticket.priority.is_some() || paper.is_some() {
            span class="marks" {
                @if let Some(class) = &ticket.priority { b class="mark priority" { "Ưu tiên: " (labels.priority(class)) } " " }
                @if let Some(paper) = paper { b class="mark paper" { (paper) } }
            }
        }
    }
}

fn press_buttons(counter: &BoardCounter) -> Markup {
    html! { div class="buttons" { @for button in &buttons::buttons(counter) { (press_button(button)) } } }
}

fn press_button(button: &Button) -> Markup {
    html! {
        button type="submit" name="do" value=(button_value(&button.action)) data-key=(button.key)
            class=(if button.next { "next" } else { "" }) disabled[!button.enabled] {
            kbd { (button.key) } " " (button.label)
        }
    }
}

/// Transfer and pause open a list; opening and closing the counter stand beside them.
fn more_buttons(labels: &Labels, scene: &Scene, counter: &BoardCounter) -> Markup {
    let can = Can::of(counter);
    let open = Button {
        label: "Mở quầy",
        key: '9',
        action: OfficerAction::Open,
        enabled: can.open,
        next: can.open && counter.current.is_none(),
    };
    let close = Button {
        label: "Đóng quầy",
        key: '0',
        action: OfficerAction::Close,
        enabled: can.close,
        next: false,
    };
    let targets = transfer_targets(labels, scene, counter);
    let pauses =
        labels.pauses.iter().map(|(id, name)| (OfficerAction::Pause(id.clone()), name.clone())).collect();
    html! {
        div class="buttons more" {
            (chooser("transfer", '7', "Chuyển quầy", can.transfer, targets))
            (chooser("pause", '8', "Tạm dừng", can.pause, pauses))
            (press_button(&open))
            (press_button(&close))
        }
    }
}

/// The other counters that are not closed first, for that is what people ask for; then the areas.
fn transfer_targets(labels: &Labels, scene: &Scene, counter: &BoardCounter) -> Vec<(OfficerAction, String)> {
    let here = counter.current.as_ref().map(|ticket| &ticket.area);
    let others = scene.board.counters.iter();
    let there =
        others.filter(|other| other.counter != counter.counter && other.state != CounterState::Closed);
    let counters = there.map(|other| {
        let to = TransferTo::Counter(other.counter);
        (OfficerAction::Transfer(to), counter_title(other.counter, &other.name))
    });
    let areas = labels.areas.iter().filter(|(area, _)| Some(area) != here).map(|(area, name)| {
        (OfficerAction::Transfer(TransferTo::Area(area.clone())), format!("Hàng chờ {name}"))
    });
    counters.chain(areas).collect()
}

fn chooser(id: &str, key: char, label: &str, enabled: bool, choices: Vec<(OfficerAction, String)>) -> Markup {
    if !enabled {
        return html! { button type="button" disabled { kbd { (key) } " " (label) } };
    }
    html! {
        details id=(id) class="chooser" {
            summary data-key=(key) { kbd { (key) } " " (label) " ▾" }
            div class="choices" {
                @for ((action, name), letter) in choices.iter().zip('a'..='z') {
                    button type="submit" name="do" value=(button_value(action)) data-key=(letter) {
                        kbd { (letter) } " " (name)
                    }
                }
            }
        }
    }
}

fn notices(scene: &Scene) -> Markup {
    let mut notes: Vec<_> = scene.board.notices.iter().flat_map(words::notice).collect();
    notes.sort_by_key(|note| std::cmp::Reverse(note.level));
    html! { @if !notes.is_empty() { ul class="notes" { @for note in &notes { (note_line(note)) } } } }
}
