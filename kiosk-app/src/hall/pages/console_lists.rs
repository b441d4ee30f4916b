//! Who waits for a counter, and whom it set aside.

use kiosk_core::effect::{BoardCounter, BoardTicket, CounterState};
use kiosk_core::event::OfficerAction;
use kiosk_core::id::{AreaId, CounterId};
use kiosk_core::ticket::TicketState;
use kiosk_core::time::Wall;
use maud::{Markup, html};

use super::age;
use super::buttons::Can;
use super::console::marks;
use crate::hall::desk::Desk;
use crate::hall::press::button_value;
use crate::hall::scene::Scene;

/// Rows drawn; the rest is a number.
const ROWS: usize = 40;

/// The tickets that this counter may call, in the order of issue.
pub(super) fn waiting(desk: &Desk, scene: &Scene, counter: &BoardCounter, now: Wall) -> Markup {
    let served = areas_of(desk, counter);
    let ours = |ticket: &&BoardTicket| match ticket.only_counter {
        Some(only) => only == counter.counter,
        None => served.contains(&ticket.area),
    };
    let tickets: Vec<_> = scene.board.waiting.iter().filter(ours).collect();
    html! {
        h2 { "Đang chờ quầy này: " b { (counter.waiting) } }
        ul class="tickets" {
            @for ticket in tickets.iter().take(ROWS) {
                (row(desk, ticket, now, &waiting_actions(ticket)))
            }
        }
        @if tickets.len() > ROWS { p class="rest" { "và " (tickets.len() - ROWS) " số nữa" } }
    }
}

/// What is on hold here or at a closed counter of the same areas, and who did not come when called to these areas.
pub(super) fn aside(desk: &Desk, scene: &Scene, counter: &BoardCounter, now: Wall) -> Markup {
    let served = areas_of(desk, counter);
    let ours = |ticket: &&BoardTicket| {
        let serves = served.contains(&ticket.area);
        match ticket.state {
            TicketState::OnHold(at) => at == counter.counter || (serves && is_closed(scene, at)),
            TicketState::NoShow(at) => at == counter.counter || serves,
            TicketState::Waiting
            | TicketState::Called(_)
            | TicketState::Serving(_)
            | TicketState::Finished(_)
            | TicketState::Cancelled => false,
        }
    };
    let tickets: Vec<_> = scene.board.aside.iter().filter(ours).collect();
    let can = Can::of(counter);
    html! {
        @if !tickets.is_empty() {
            h2 { "Để riêng: " b { (tickets.len()) } }
            ul class="tickets" {
                @for ticket in tickets.iter().take(ROWS) {
                    (row(desk, ticket, now, &aside_actions(ticket, can)))
                }
            }
        }
    }
}

fn areas_of<'a>(desk: &'a Desk, counter: &BoardCounter) -> &'a [AreaId] {
    desk.labels.counter(counter.counter).map(|known| known.areas.as_slice()).unwrap_or_default()
}

fn is_closed(scene: &Scene, counter: CounterId) -> bool {
    scene.counter(counter).is_none_or(|known| known.state == CounterState::Closed)
}

/// A way to act on a ticket of a list.
struct RowAction {
    label: &'static str,
    action: OfficerAction,
    /// Stands in the row itself, the others behind "Khác".
    first: bool,
    enabled: bool,
}

/// What the row is there for.
fn main_action(label: &'static str, action: OfficerAction, enabled: bool) -> RowAction {
    RowAction { label, action, first: true, enabled }
}

fn other_action(label: &'static str, action: OfficerAction) -> RowAction {
    RowAction { label, action, first: false, enabled: true }
}

fn waiting_actions(ticket: &BoardTicket) -> Vec<RowAction> {
    let id = &ticket.id;
    let revoke = || other_action("Bỏ ưu tiên", OfficerAction::RevokePriority(id.clone()));
    let mut actions = vec![other_action("In lại", OfficerAction::Reprint(id.clone()))];
    actions.extend(ticket.priority.is_some().then(revoke));
    actions.push(other_action("Huỷ số", OfficerAction::Cancel(id.clone())));
    actions
}

fn aside_actions(ticket: &BoardTicket, can: Can) -> [RowAction; 3] {
    let id = &ticket.id;
    let back = if matches!(ticket.state, TicketState::OnHold(_)) {
        main_action("Tiếp tục", OfficerAction::Resume(id.clone()), can.resume)
    } else {
        main_action("Cho vào lại", OfficerAction::Reenter(id.clone()), true)
    };
    let reprint = other_action("In lại", OfficerAction::Reprint(id.clone()));
    [back, reprint, other_action("Huỷ số", OfficerAction::Cancel(id.clone()))]
}

/// The rarer ways to act on the ticket in hand.
pub(super) fn more_with_ticket_in_hand(ticket: &BoardTicket) -> Markup {
    let actions = waiting_actions(ticket);
    let serving = matches!(ticket.state, TicketState::Serving(_));
    let sensible =
        |action: &&RowAction| !serving || !matches!(action.action, OfficerAction::RevokePriority(_));
    behind(ticket, &actions.iter().filter(sensible).collect::<Vec<_>>())
}

fn row(desk: &Desk, ticket: &BoardTicket, now: Wall, actions: &[RowAction]) -> Markup {
    let about = match ticket.state {
        TicketState::OnHold(_) => " · giữ lại",
        TicketState::NoShow(_) => " · vắng mặt",
        TicketState::Waiting
        | TicketState::Called(_)
        | TicketState::Serving(_)
        | TicketState::Finished(_)
        | TicketState::Cancelled => "",
    };
    let (first, others): (Vec<_>, Vec<_>) = actions.iter().partition(|action| action.first);
    html! {
        li {
            b class="number" { (ticket.number) }
            span class="about" {
                (desk.labels.area(&ticket.area)) (about) " · " (age(Some(ticket.issued_at), now))
                (marks(&desk.labels, ticket))
            }
            span class="actions" {
                @for action in first { (row_button(ticket, action)) }
                (behind(ticket, &others))
            }
        }
    }
}

/// Rarer actions behind one button.
fn behind(ticket: &BoardTicket, actions: &[&RowAction]) -> Markup {
    html! {
        details id={ "more-" (ticket.number) } class="chooser" {
            summary aria-label={ "Việc khác với số " (ticket.number) } { "Khác ▾" }
            div class="choices" { @for action in actions { (row_button(ticket, action)) } }
        }
    }
}

fn row_button(ticket: &BoardTicket, action: &RowAction) -> Markup {
    let question =
        matches!(action.action, OfficerAction::Cancel(_)).then(|| format!("Huỷ số {}?", ticket.number));
    html! {
        button type="submit" name="do" value=(button_value(&action.action)) data-confirm=[question]
            disabled[!action.enabled] { (action.label) }
    }
}
