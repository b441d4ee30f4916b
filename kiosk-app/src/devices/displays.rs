//! Counter displays: each shows the number that its counter has in hand.

use std::thread::JoinHandle;

use kiosk_core::effect::{Board, CounterState};
use kiosk_core::event::Device;
use kiosk_core::id::CounterId;
use kiosk_drivers::display::{
    CounterDisplay, DisplayConfig, DisplayEvent, DisplayOrder, Face, FrameTemplate,
};
use kiosk_drivers::document::Font;
use kiosk_drivers::transport::{Mailbox, mailbox};

use crate::config::DisplaySettings;

use super::{BOLD, DeviceError, Events, REGULAR, Tallies, tell_health};

/// Orders that may wait for a display; more mean that it is stuck.
const ORDER_QUEUE: usize = 8;

/// The display of one counter.
pub struct Display {
    counter: CounterId,
    mailbox: Mailbox<DisplayOrder>,
    thread: JoinHandle<()>,
    shown: Shown,
}

/// What a display was told last.
#[derive(Debug, Default)]
struct Shown {
    face: Option<Face>,
    /// The last call that it blinked for.
    call: u64,
}

impl Display {
    /// Starts to look for a counter's display.
    ///
    /// # Errors
    /// When its address or frame are none, or the system gives no thread.
    pub fn start(settings: &DisplaySettings, tallies: &Tallies, events: Events) -> Result<Self, DeviceError> {
        let frame = match &settings.frame {
            Some(text) => text.parse()?,
            None => FrameTemplate::default(),
        };
        let config = DisplayConfig {
            address: settings.address.parse()?,
            frame,
            panel: settings.panel,
            font: Font::new(REGULAR, BOLD)?,
        };
        let counter = settings.counter;
        let display = CounterDisplay::new(config);
        tallies.add(Device::Display(counter), display.tally());
        let tallies = tallies.clone();
        let failed = |source| DeviceError::Thread { device: "display", source };
        let (mailbox, inbox) = mailbox(ORDER_QUEUE).map_err(failed)?;
        let thread = std::thread::Builder::new()
            .name("display".into())
            .spawn(move || display.run(&inbox, |event| tell(&events, &tallies, counter, &event)))
            .map_err(failed)?;
        Ok(Self { counter, mailbox, thread, shown: Shown::default() })
    }

    /// Shows what the hall's state says of this counter. Never waits; what a stuck display does not take is told again with
    /// the next change.
    pub fn publish(&mut self, board: &Board) {
        let Some((order, shown)) = self.shown.order(self.counter, board) else { return };
        if self.mailbox.send(order).is_ok() {
            self.shown = shown;
        }
    }

    /// Leaves the display dark and ends its thread.
    pub fn stop(self) {
        // Dropping the mailbox is the order to end.
        drop(self.mailbox);
        if self.thread.join().is_err() {
            tracing::error!(thread = "display", "thread-panicked");
        }
    }
}

impl Shown {
    /// What a display that shows this is to be told, and what it shows then; `None` when nothing changed.
    fn order(&self, counter: CounterId, board: &Board) -> Option<(DisplayOrder, Self)> {
        let face = face_of(counter, board);
        let call = board.calls.iter().filter(|call| call.counter == counter).map(|call| call.serial).max();
        let call = call.unwrap_or(self.call).max(self.call);
        let is_called = call > self.call && face != Face::Dark;
        if !is_called && self.face.as_ref() == Some(&face) {
            return None;
        }
        let order = match (&face, is_called) {
            (Face::Dark, _) => DisplayOrder::Blank,
            (Face::Number { .. }, true) => DisplayOrder::Call(face.clone()),
            (Face::Number { .. }, false) => DisplayOrder::Show(face.clone()),
        };
        Some((order, Self { face: Some(face), call }))
    }
}

/// The number in a counter's hand; nothing while it has none, is paused or closed.
fn face_of(counter: CounterId, board: &Board) -> Face {
    let Some(counter) = board.counters.iter().find(|known| known.counter == counter) else {
        return Face::Dark;
    };
    match (&counter.state, &counter.current) {
        (CounterState::Open, Some(ticket)) => {
            Face::Number { number: ticket.number.0.clone(), counter: counter.name.clone() }
        }
        (CounterState::Open, None) | (CounterState::Closed | CounterState::Paused(_), _) => Face::Dark,
    }
}

fn tell(events: &Events, tallies: &Tallies, counter: CounterId, event: &DisplayEvent) {
    match event {
        DisplayEvent::Health(health) => tell_health(events, tallies, Device::Display(counter), health),
    }
}

#[cfg(test)]
mod tests {
    use kiosk_core::effect::{BoardCall, BoardCounter, BoardTicket};
    use kiosk_core::id::{AreaId, PauseReasonId};
    use kiosk_core::ticket::{Paper, TicketId, TicketNumber, TicketState};
    use kiosk_core::time::{BusinessDay, Wall};

    use super::*;

    const COUNTER: CounterId = CounterId(3);
    const NEVER: Wall = Wall { unix_ms: 0, trusted: false };

    fn ticket(number: &str) -> BoardTicket {
        BoardTicket {
            id: TicketId { day: BusinessDay(20_000), series: AreaId::new("a"), ordinal: 1 },
            number: TicketNumber(number.to_owned()),
            area: AreaId::new("a"),
            only_counter: None,
            priority: None,
            state: TicketState::Called(COUNTER),
            issued_at: NEVER,
            paper: Paper::Printed,
        }
    }

    fn board(state: CounterState, number: Option<&str>, calls: &[(u64, u8)]) -> Board {
        let call = |(serial, counter): &(u64, u8)| BoardCall {
            serial: *serial,
            number: TicketNumber(String::new()),
            counter: CounterId(*counter),
            at: NEVER,
        };
        Board {
            counters: vec![BoardCounter {
                counter: COUNTER,
                name: "Quầy 3".to_owned(),
                state,
                current: number.map(ticket),
                waiting: 0,
            }],
            calls: calls.iter().map(call).collect(),
            ..Board::default()
        }
    }

    #[test]
    fn a_display_blinks_for_each_call_of_its_counter_and_for_nothing_else() {
        let face = |number: &str| Face::Number { number: number.to_owned(), counter: "Quầy 3".to_owned() };
        let paused = CounterState::Paused(PauseReasonId::new("hop"));
        let open = CounterState::Open;
        let mut shown = Shown::default();
        for (what, board, order) in [
            ("the start", board(open.clone(), None, &[]), Some(DisplayOrder::Blank)),
            ("a call", board(open.clone(), Some("A1"), &[(1, 3)]), Some(DisplayOrder::Call(face("A1")))),
            ("another counter's call", board(open.clone(), Some("A1"), &[(2, 4), (1, 3)]), None),
            (
                "a recall",
                board(open.clone(), Some("A1"), &[(3, 3), (2, 4)]),
                Some(DisplayOrder::Call(face("A1"))),
            ),
            ("a pause", board(paused, Some("A1"), &[(3, 3)]), Some(DisplayOrder::Blank)),
            (
                "back to the same ticket",
                board(open.clone(), Some("A1"), &[(3, 3)]),
                Some(DisplayOrder::Show(face("A1"))),
            ),
            ("the finish", board(open, None, &[(3, 3)]), Some(DisplayOrder::Blank)),
        ] {
            let told = shown.order(COUNTER, &board);
            assert_eq!(told.as_ref().map(|(order, _)| order), order.as_ref(), "{what}");
            if let Some((_, now)) = told {
                shown = now;
            }
        }
    }
}
