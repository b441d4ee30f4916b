//! What stands on a panel at which time. Pure: time is an argument.

use std::time::Duration;

use crate::clock::Moment;

/// How long a call blinks.
const BLINK: Duration = Duration::from_secs(4);
/// How long it is lit, and then dark, while it blinks.
const HALF_BLINK: Duration = Duration::from_millis(500);
/// Panels do not answer: what they are to show is sent again after this time.
const RESEND: Duration = Duration::from_secs(5);

/// What a panel shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Face {
    /// Nothing.
    Dark,
    /// A called number.
    Number {
        /// The number as on paper: `A012`.
        number: String,
        /// Where to go: `Quầy 3`. Panels with one short line leave it out.
        counter: String,
    },
}

/// The board of one counter.
///
/// ```text
///            call                       4 s
///   steady --------> blinking (lit, dark, lit ...) --------> steady
///     every change is sent at once, and what stands there every 5 s again
/// ```
#[derive(Debug)]
pub struct Board {
    face: Face,
    called_at: Option<Moment>,
    /// What was sent last, and when; none since the panel was opened.
    sent: Option<(Face, Moment)>,
}

impl Default for Board {
    fn default() -> Self {
        Self::new()
    }
}

impl Board {
    /// A dark board.
    #[must_use]
    pub fn new() -> Self {
        Self { face: Face::Dark, called_at: None, sent: None }
    }

    /// A number is called: it blinks for four seconds and then stands.
    pub fn call(&mut self, face: Face, now: Moment) {
        self.face = face;
        self.called_at = Some(now);
    }

    /// Shows a face without blinking.
    pub fn show(&mut self, face: Face) {
        self.face = face;
        self.called_at = None;
    }

    /// The panel was opened: whatever it shows is not ours.
    pub fn opened(&mut self) {
        self.sent = None;
    }

    /// The face to send now, if any. It counts as sent.
    pub fn due(&mut self, now: Moment) -> Option<Face> {
        let face = if self.is_dark_half(now) { Face::Dark } else { self.face.clone() };
        if self.sent.as_ref().is_some_and(|(sent, at)| *sent == face && now < *at + RESEND) {
            return None;
        }
        self.sent = Some((face.clone(), now));
        Some(face)
    }

    fn is_dark_half(&self, now: Moment) -> bool {
        self.called_at.is_some_and(|at| {
            let since = now.saturating_sub(at);
            since < BLINK && since.as_millis() / HALF_BLINK.as_millis() % 2 == 1
        })
    }

    /// When `due` must be asked next.
    #[must_use]
    pub fn next_deadline(&self, now: Moment) -> Moment {
        let resend = self.sent.as_ref().map_or(now, |(_, at)| *at + RESEND);
        let Some(called_at) = self.called_at.filter(|at| now < *at + BLINK) else { return resend };
        let halves = now.saturating_sub(called_at).as_millis() / HALF_BLINK.as_millis() + 1;
        let edge = called_at + HALF_BLINK * u32::try_from(halves).unwrap_or(u32::MAX);
        resend.min(edge)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(number: &str) -> Face {
        Face::Number { number: number.to_owned(), counter: "Quầy 3".to_owned() }
    }

    /// What is sent from `from` to `to` when the board is asked whenever it wants to be, as milliseconds and number.
    fn sent(board: &mut Board, from: u64, to: u64) -> Vec<(u128, String)> {
        let (mut now, mut sent) = (Duration::from_millis(from), Vec::new());
        while now < Duration::from_millis(to) {
            if let Some(face) = board.due(now) {
                let shown = match face {
                    Face::Dark => String::new(),
                    Face::Number { number, .. } => number,
                };
                sent.push((now.as_millis(), shown));
            }
            let next = board.next_deadline(now);
            assert!(next > now, "the board would keep its thread busy");
            now = next;
        }
        sent
    }

    fn rows(rows: &[(u128, &str)]) -> Vec<(u128, String)> {
        rows.iter().map(|(at, shown)| (*at, (*shown).to_owned())).collect()
    }

    #[test]
    fn a_call_blinks_for_four_seconds_and_then_stands_and_is_sent_again_every_five() {
        let mut board = Board::new();
        board.call(number("A012"), Duration::ZERO);
        let expected = [
            (0, "A012"),
            (500, ""),
            (1000, "A012"),
            (1500, ""),
            (2000, "A012"),
            (2500, ""),
            (3000, "A012"),
            (3500, ""),
            (4000, "A012"),
            (9000, "A012"),
            (14000, "A012"),
        ];
        assert_eq!(sent(&mut board, 0, 15_000), rows(&expected));
    }

    #[test]
    fn a_dark_board_stays_dark_and_says_so_every_five_seconds() {
        let mut board = Board::new();
        assert_eq!(sent(&mut board, 0, 11_000), rows(&[(0, ""), (5000, ""), (10_000, "")]));
        board.show(number("B7"));
        assert_eq!(sent(&mut board, 11_000, 12_000), rows(&[(11_000, "B7")]));
        board.show(Face::Dark);
        assert_eq!(sent(&mut board, 12_000, 13_000), rows(&[(12_000, "")]));
    }

    #[test]
    fn a_second_call_of_the_same_number_blinks_again_and_a_reopened_panel_is_told_at_once() {
        let mut board = Board::new();
        board.call(number("A1"), Duration::ZERO);
        sent(&mut board, 0, 6000);
        board.call(number("A1"), Duration::from_secs(6));
        assert_eq!(sent(&mut board, 6000, 7400), rows(&[(6500, ""), (7000, "A1")]));
        board.show(number("A1"));
        board.opened();
        assert_eq!(sent(&mut board, 7400, 7500), rows(&[(7400, "A1")]));
    }

    proptest! {
        #[test]
        fn no_order_leaves_a_panel_untold_for_more_than_five_seconds(
            orders in proptest::collection::vec((0u64..7000, 0u8..3), 1..20),
        ) {
            let (mut board, mut now, mut last) = (Board::new(), 0, 0);
            for (wait, order) in orders {
                for (at, _) in sent(&mut board, now, now + wait) {
                    prop_assert!(at <= last + 5000);
                    last = at;
                }
                now += wait;
                match order {
                    0 => board.call(number("A1"), Duration::from_millis(now)),
                    1 => board.show(number("A2")),
                    _ => board.show(Face::Dark),
                }
            }
        }
    }
}
