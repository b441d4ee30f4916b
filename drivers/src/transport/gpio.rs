//! Buttons on the pins of this computer.
//!
//! The better way to buttons on pins is the kernel's `gpio-keys`, which arrive as an input device. This one needs no
//! device tree: it looks at the pins a hundred times a second.

use std::collections::VecDeque;
use std::io::{Error, ErrorKind};
use std::os::fd::BorrowedFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};

use super::fd::poll_fds;
use super::{Transport, TransportError};
use crate::address::Address;
use crate::clock::{Clock, Moment};
use crate::keys::{KeyRecord, Movement, hand_over};
use crate::pi::PiPins;

/// How often the pins are looked at.
const LOOK: Duration = Duration::from_millis(10);
/// A level counts once it has stood this long.
const DEBOUNCE: Duration = Duration::from_millis(30);

/// Pins that can be read; whoever makes them pulls them up.
pub(crate) trait Pins: Send {
    /// Whether the button at each pin closes it to ground, in the order of the address.
    ///
    /// # Errors
    /// When the pins cannot be read any more.
    fn closed(&mut self) -> std::io::Result<Vec<bool>>;
}

/// Levels to movements of buttons. Pure: time is an argument.
///
/// ```text
///   settled --another level--> changing --it stands 30 ms--> settled (Down or Up is told)
///      ^-------the old level-------|
/// ```
#[derive(Debug)]
struct Debounce {
    codes: Vec<u16>,
    buttons: Vec<Button>,
}

#[derive(Debug, Clone, Copy)]
struct Button {
    is_down: bool,
    changing_since: Option<Moment>,
}

impl Debounce {
    fn new(pins: &[u8]) -> Self {
        Self { codes: pins.iter().map(|pin| u16::from(*pin)).collect(), buttons: Vec::new() }
    }

    /// Takes one look at all pins. Buttons that are down at the first look are held, not pressed.
    fn look(&mut self, closed: &[bool], now: Moment) -> Vec<KeyRecord> {
        if self.buttons.is_empty() {
            let button = |is_down: &bool| Button { is_down: *is_down, changing_since: None };
            self.buttons = closed.iter().map(button).collect();
            let down = self.codes.iter().zip(closed).filter(|(_, is_down)| **is_down);
            return down.map(|(code, _)| KeyRecord { code: *code, movement: Movement::Held }).collect();
        }
        let mut records = Vec::new();
        for ((button, is_down), code) in self.buttons.iter_mut().zip(closed).zip(&self.codes) {
            if button.is_down == *is_down {
                button.changing_since = None;
                continue;
            }
            let since = *button.changing_since.get_or_insert(now);
            if now >= since + DEBOUNCE {
                *button = Button { is_down: *is_down, changing_since: None };
                let movement = if *is_down { Movement::Down } else { Movement::Up };
                records.push(KeyRecord { code: *code, movement });
            }
        }
        records
    }
}

pub(super) struct GpioTransport<P> {
    pins: P,
    debounce: Debounce,
    clock: Clock,
    next_look: Moment,
    pending: VecDeque<KeyRecord>,
}

pub(super) fn open(address: &Address, pins: &[u8]) -> Result<GpioTransport<PiPins>, TransportError> {
    let refused = |source| TransportError::Refused { address: address.to_string(), source };
    Ok(GpioTransport::new(PiPins::open(pins).map_err(refused)?, pins))
}

impl<P: Pins> GpioTransport<P> {
    fn new(pins: P, numbers: &[u8]) -> Self {
        Self {
            pins,
            debounce: Debounce::new(numbers),
            clock: Clock::start(),
            next_look: Moment::ZERO,
            pending: VecDeque::new(),
        }
    }
}

impl<P: Pins> Transport for GpioTransport<P> {
    fn wait(
        &mut self,
        _want_write: bool,
        wake: BorrowedFd<'_>,
        timeout: Duration,
    ) -> Result<(), TransportError> {
        let until_look = self.next_look.saturating_sub(self.clock.now());
        poll_fds(&mut [PollFd::from_borrowed_fd(wake, PollFlags::IN)], timeout.min(until_look))
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, TransportError> {
        let now = self.clock.now();
        if now >= self.next_look {
            self.next_look = now + LOOK;
            self.pending.extend(self.debounce.look(&self.pins.closed()?, now));
        }
        Ok(hand_over(&mut self.pending, buffer))
    }

    fn write(&mut self, _bytes: &[u8]) -> Result<usize, TransportError> {
        Err(TransportError::Line(Error::new(ErrorKind::Unsupported, "buttons take no bytes")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::RECORD_BYTES;

    /// Looks every 10 ms at one pin that is closed where the text has a `#`; the movements and their milliseconds.
    fn look_at(levels: &str) -> Vec<(u64, Movement)> {
        let mut debounce = Debounce::new(&[17]);
        let mut seen = Vec::new();
        for (at, level) in (0..).step_by(10).zip(levels.chars()) {
            let records = debounce.look(&[level == '#'], Duration::from_millis(at));
            seen.extend(records.into_iter().map(|record| (at, record.movement)));
        }
        seen
    }

    #[test]
    fn a_level_counts_once_it_has_stood_for_30_ms() {
        use Movement::{Down, Held, Up};
        for (name, levels, movements) in [
            ("nobody", "........", &[][..]),
            ("a press", "..########......", &[(50, Down), (130, Up)][..]),
            ("a bouncing press", "..#.##.####.#.......", &[(100, Down), (160, Up)][..]),
            ("a spark", "..#..##..###....", &[][..]),
            ("down from the start", "####......", &[(0, Held), (70, Up)][..]),
        ] {
            assert_eq!(look_at(levels), movements, "{name}");
        }
    }

    struct FakePins(Vec<bool>);

    impl Pins for FakePins {
        fn closed(&mut self) -> std::io::Result<Vec<bool>> {
            if self.0.is_empty() { Err(ErrorKind::NotFound.into()) } else { Ok(self.0.clone()) }
        }
    }

    #[test]
    fn a_button_that_is_down_at_the_start_is_told_as_held_and_lost_pins_end_the_line() {
        let mut line = GpioTransport::new(FakePins(vec![false, true]), &[17, 27]);
        let mut buffer = [0; 8];
        assert_eq!(line.read(&mut buffer).unwrap(), RECORD_BYTES);
        assert_eq!(buffer[..RECORD_BYTES], KeyRecord { code: 27, movement: Movement::Held }.to_bytes());
        line.pins.0.clear();
        line.next_look = Moment::ZERO;
        assert!(matches!(line.read(&mut buffer), Err(TransportError::Line(_))));
    }

    #[test]
    fn pins_of_a_computer_that_is_no_pi_are_refused_with_the_reason() {
        let Err(error) = open(&"gpio:17,27".parse().unwrap(), &[17, 27]) else { return };
        let text = error.to_string();
        assert!(text.starts_with("cannot open gpio:17,27: "), "{text}");
    }
}
