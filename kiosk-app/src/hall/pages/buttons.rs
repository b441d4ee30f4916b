//! Which buttons the console has, and which of them make sense now.

use kiosk_core::effect::{BoardCounter, CounterState};
use kiosk_core::event::OfficerAction;
use kiosk_core::ticket::TicketState;

/// A button of the console; it always stands at the same place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::hall) struct Button {
    pub label: &'static str,
    /// Its shortcut on the keyboard.
    pub key: char,
    pub action: OfficerAction,
    pub enabled: bool,
    /// What an officer most likely wants next.
    pub next: bool,
}

/// What a counter can do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hall) struct Can {
    pub call: bool,
    pub recall: bool,
    pub serve: bool,
    pub finish: bool,
    pub no_show: bool,
    pub hold: bool,
    pub transfer: bool,
    pub open: bool,
    pub pause: bool,
    pub close: bool,
    /// Take up a ticket that was set aside.
    pub resume: bool,
}

impl Can {
    /// What makes sense for a counter as the board shows it.
    pub fn of(counter: &BoardCounter) -> Self {
        let open = counter.state == CounterState::Open;
        let paused = matches!(counter.state, CounterState::Paused(_));
        let state = counter.current.as_ref().map(|ticket| ticket.state);
        let called = matches!(state, Some(TicketState::Called(_)));
        let serving = matches!(state, Some(TicketState::Serving(_)));
        let free = state.is_none();
        Self {
            call: open && free && counter.waiting > 0,
            recall: called,
            serve: called,
            finish: serving,
            no_show: called,
            hold: serving,
            transfer: called || serving,
            open: !open,
            pause: open,
            close: (open || paused) && free,
            resume: open && free,
        }
    }
}

/// The fixed buttons, in reading order.
pub(in crate::hall) fn buttons(counter: &BoardCounter) -> [Button; 6] {
    let can = Can::of(counter);
    let button =
        |key, label, action, enabled, next| Button { label, key, action, enabled, next: enabled && next };
    [
        button('1', "Gọi số", OfficerAction::CallNext, can.call, true),
        button('2', "Gọi lại", OfficerAction::Recall, can.recall, false),
        button('3', "Tiếp nhận", OfficerAction::Serve, can.serve, true),
        button('4', "Kết thúc", OfficerAction::Finish, can.finish, true),
        button('5', "Bỏ qua", OfficerAction::NoShow, can.no_show, false),
        button('6', "Giữ lại", OfficerAction::Hold, can.hold, false),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hall::tests::{COUNTER, board_counter, board_ticket};
    use kiosk_core::id::PauseReasonId;

    /// The keys of the enabled buttons, with `o`pen, `p`ause, `c`lose and `t`ransfer.
    fn enabled(state: CounterState, current: Option<TicketState>, waiting: u32) -> String {
        let mut counter = board_counter(state, waiting);
        counter.current = current.map(|state| board_ticket(12, state));
        let can = Can::of(&counter);
        let mut keys: String =
            buttons(&counter).iter().filter(|button| button.enabled).map(|button| button.key).collect();
        for (allowed, key) in [(can.transfer, 't'), (can.open, 'o'), (can.pause, 'p'), (can.close, 'c')] {
            keys.extend(allowed.then_some(key));
        }
        keys
    }

    #[test]
    fn only_what_makes_sense_is_enabled() {
        let pause = || CounterState::Paused(PauseReasonId::new("hop"));
        let called = Some(TicketState::Called(COUNTER));
        let serving = Some(TicketState::Serving(COUNTER));
        let table = [
            (CounterState::Closed, None, 3, "o"),
            (pause(), None, 3, "oc"),
            (CounterState::Open, None, 0, "pc"),
            (CounterState::Open, None, 3, "1pc"),
            (CounterState::Open, called, 3, "235tp"),
            (CounterState::Open, serving, 3, "46tp"),
            (CounterState::Closed, serving, 3, "46to"),
        ];
        for (state, current, waiting, expected) in table {
            let shown = format!("{state:?} {current:?} {waiting}");
            assert_eq!(enabled(state, current, waiting), expected, "{shown}");
        }
    }
}
