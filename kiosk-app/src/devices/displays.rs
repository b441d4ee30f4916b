//! Counter displays: each shows the number that its counter has in hand. Those of one address share a thread and a line.

use std::thread::JoinHandle;

use kiosk_core::effect::{Board, CounterState};
use kiosk_core::event::Device;
use kiosk_core::id::CounterId;
use kiosk_drivers::display::{
    CounterDisplay, DisplayAddress, DisplayConfig, DisplayEvent, DisplayOrder, Face, FrameTemplate,
    PanelConfig,
};
use kiosk_drivers::document::Font;
use kiosk_drivers::transport::{Mailbox, mailbox};

use crate::config::DisplaySettings;

use super::{BOLD, DeviceError, Events, REGULAR, Tallies, tell_health};

/// Orders that may wait for each display of an address; more mean that it is stuck.
const ORDER_QUEUE: usize = 8;

/// The displays at one address.
pub struct Displays {
    mailbox: Mailbox<DisplayOrder>,
    thread: JoinHandle<()>,
    counters: Vec<Counter>,
}

/// The display of one counter.
struct Counter {
    counter: CounterId,
    /// The panel's number on its line.
    panel: u8,
    shown: Shown,
}

/// What a display was told last.
#[derive(Debug, Default)]
struct Shown {
    face: Option<Face>,
    /// The last call that it blinked for.
    call: u64,
}

/// The displays of each address.
pub fn by_address(settings: &[DisplaySettings]) -> Vec<Vec<&DisplaySettings>> {
    let mut lines: Vec<(Option<DisplayAddress>, Vec<&DisplaySettings>)> = Vec::new();
    for display in settings {
        let address = display.address.parse().ok();
        match lines.iter_mut().find(|(known, _)| *known == address) {
            Some((_, displays)) => displays.push(display),
            None => lines.push((address, vec![display])),
        }
    }
    lines.into_iter().map(|(_, displays)| displays).collect()
}

impl Displays {
    /// Starts to look for the displays of one address.
    ///
    /// # Errors
    /// When the address or a frame is none, they cannot be told apart, or the system gives no thread.
    pub fn start(
        settings: &[&DisplaySettings],
        tallies: &Tallies,
        events: Events,
    ) -> Result<Self, DeviceError> {
        let address = settings.first().map(|display| display.address.as_str()).unwrap_or_default().parse()?;
        let (mut panels, mut counters) = (Vec::new(), Vec::new());
        for display in settings {
            let frame = match &display.frame {
                Some(text) => text.parse()?,
                None => FrameTemplate::default(),
            };
            panels.push(PanelConfig { number: display.panel, frame });
            counters.push(Counter {
                counter: display.counter,
                panel: display.panel,
                shown: Shown::default(),
            });
        }
        let displays =
            CounterDisplay::new(DisplayConfig { address, panels, font: Font::new(REGULAR, BOLD)? })?;
        let devices: Vec<Device> = counters.iter().map(|counter| Device::Display(counter.counter)).collect();
        for device in &devices {
            tallies.add(*device, displays.tally());
        }
        let tallies = tallies.clone();
        let failed = |source| DeviceError::Thread { device: "display", source };
        let (mailbox, inbox) = mailbox(ORDER_QUEUE * counters.len()).map_err(failed)?;
        let thread = std::thread::Builder::new()
            .name("display".into())
            .spawn(move || displays.run(&inbox, |event| tell(&events, &tallies, &devices, &event)))
            .map_err(failed)?;
        Ok(Self { mailbox, thread, counters })
    }

    /// Shows what the hall's state says of these counters. Never waits; what a stuck display does not take is told again
    /// with the next change.
    pub fn publish(&mut self, board: &Board) {
        for counter in &mut self.counters {
            let Some((order, shown)) = counter.shown.order(counter.counter, counter.panel, board) else {
                continue;
            };
            if self.mailbox.send(order).is_ok() {
                counter.shown = shown;
            }
        }
    }

    /// Leaves the displays dark and ends their thread.
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
    fn order(&self, counter: CounterId, panel: u8, board: &Board) -> Option<(DisplayOrder, Self)> {
        let face = face_of(counter, board);
        let call = board.calls.iter().filter(|call| call.counter == counter).map(|call| call.serial).max();
        let call = call.unwrap_or(self.call).max(self.call);
        let is_called = call > self.call && face != Face::Dark;
        if !is_called && self.face.as_ref() == Some(&face) {
            return None;
        }
        let order = match (&face, is_called) {
            (Face::Dark, _) => DisplayOrder::Blank { panel },
            (Face::Number { .. }, true) => DisplayOrder::Call { panel, face: face.clone() },
            (Face::Number { .. }, false) => DisplayOrder::Show { panel, face: face.clone() },
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

fn tell(events: &Events, tallies: &Tallies, devices: &[Device], event: &DisplayEvent) {
    match event {
        DisplayEvent::Health(health) => {
            devices.iter().for_each(|device| tell_health(events, tallies, *device, health));
        }
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
    fn displays_of_one_line_are_served_together() {
        let display = |counter: u8, address: &str| DisplaySettings {
            counter: CounterId(counter),
            address: address.to_owned(),
            frame: None,
            panel: counter,
        };
        let settings = [
            display(1, "serial:/dev/ttyUSB6?baud=9600"),
            display(2, "max7219:0.0"),
            display(3, "serial:/dev/ttyUSB6"),
        ];
        let counters: Vec<Vec<u8>> = by_address(&settings)
            .iter()
            .map(|line| line.iter().map(|display| display.counter.0).collect())
            .collect();
        assert_eq!(counters, [vec![1, 3], vec![2]]);
    }

    #[test]
    fn a_display_blinks_for_each_call_of_its_counter_and_for_nothing_else() {
        let face = |number: &str| Face::Number { number: number.to_owned(), counter: "Quầy 3".to_owned() };
        let paused = CounterState::Paused(PauseReasonId::new("hop"));
        let open = CounterState::Open;
        let (mut shown, panel) = (Shown::default(), 3);
        for (what, board, order) in [
            ("the start", board(open.clone(), None, &[]), Some(DisplayOrder::Blank { panel })),
            (
                "a call",
                board(open.clone(), Some("A1"), &[(1, 3)]),
                Some(DisplayOrder::Call { panel, face: face("A1") }),
            ),
            ("another counter's call", board(open.clone(), Some("A1"), &[(2, 4), (1, 3)]), None),
            (
                "a recall",
                board(open.clone(), Some("A1"), &[(3, 3), (2, 4)]),
                Some(DisplayOrder::Call { panel, face: face("A1") }),
            ),
            ("a pause", board(paused, Some("A1"), &[(3, 3)]), Some(DisplayOrder::Blank { panel })),
            (
                "back to the same ticket",
                board(open.clone(), Some("A1"), &[(3, 3)]),
                Some(DisplayOrder::Show { panel, face: face("A1") }),
            ),
            ("the finish", board(open, None, &[(3, 3)]), Some(DisplayOrder::Blank { panel })),
        ] {
            let told = shown.order(COUNTER, panel, &board);
            assert_eq!(told.as_ref().map(|(order, _)| order), order.as_ref(), "{what}");
            if let Some((_, now)) = told {
                shown = now;
            }
        }
    }
}
