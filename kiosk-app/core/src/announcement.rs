//! Calls, spoken one after the other and each in full, and how a number is said in Vietnamese.

use std::collections::VecDeque;

use crate::effect::Announcement;
use crate::id::CounterId;
use crate::settings::{EmptyTen, SpeechSettings, Thousand};
use crate::ticket::TicketNumber;

/// A call that nobody reported as spoken is taken as spoken after this time.
const DEADLINE_MS: u64 = 20_000;
/// Calls kept waiting at most; a hall of 99 counters that all call twice at once stays below.
const WAITING_AT_MOST: usize = 200;

/// The calls to be spoken, in the order they were made.
///
/// ```text
///   Silent -- call --> Speaking -- finished or 20 s --> Speaking the next, else Silent
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Announcements {
    waiting: VecDeque<Announcement>,
    speaking_since_ms: Option<u64>,
}

impl Announcements {
    /// Puts a call behind those that wait. `false`: so many wait that it is dropped; the display still shows it.
    pub fn push(&mut self, call: Announcement) -> bool {
        let room = self.waiting.len() < WAITING_AT_MOST;
        if room {
            self.waiting.push_back(call);
        }
        room
    }

    /// The call in the air was spoken. `false`: there was none.
    pub fn finished(&mut self) -> bool {
        self.speaking_since_ms.take().is_some()
    }

    /// Gives up waiting for the end of a call after its deadline. `true`: it did.
    pub fn overdue(&mut self, mono_ms: u64) -> bool {
        let late = self.speaking_since_ms.is_some_and(|since| mono_ms.saturating_sub(since) >= DEADLINE_MS);
        if late {
            self.speaking_since_ms = None;
        }
        late
    }

    /// The call to speak now, if nothing is in the air.
    pub fn next(&mut self, mono_ms: u64) -> Option<Announcement> {
        if self.speaking_since_ms.is_some() {
            return None;
        }
        let call = self.waiting.pop_front()?;
        self.speaking_since_ms = Some(mono_ms);
        Some(call)
    }
}

/// The words of a call, separated by single spaces.
pub fn call_words(number: &TicketNumber, counter: CounterId, speech: SpeechSettings) -> String {
    let counter = spoken_number(
        &counter.to_string(),
        match speech {
            SpeechSettings::Digits => {
                SpeechSettings::Number { empty_ten: EmptyTen::Linh, thousand: Thousand::Nghin }
            }
            SpeechSettings::Number { .. } => speech,
        },
    );
    format!("mời công dân số {} đến quầy số {counter}", spoken_number(&number.0, speech))
}

/// How a ticket's number is said: its letters one by one, then its digits one by one or as a number.
pub fn spoken_number(number: &str, speech: SpeechSettings) -> String {
    let digits_at = number.find(|c: char| c.is_ascii_digit()).unwrap_or(number.len());
    let (prefix, digits) = number.split_at(digits_at);
    let mut words: Vec<String> =
        prefix.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_lowercase().to_string()).collect();
    match (speech, digits.parse::<u32>()) {
        (SpeechSettings::Number { empty_ten, thousand }, Ok(value)) if value <= 999_999 => {
            words.extend(number_words(value, empty_ten, thousand).into_iter().map(String::from));
        }
        (SpeechSettings::Number { .. } | SpeechSettings::Digits, _) => {
            words.extend(digits.chars().filter_map(|c| c.to_digit(10)).map(|digit| unit(digit).to_string()));
        }
    }
    words.join(" ")
}

fn number_words(value: u32, empty_ten: EmptyTen, thousand: Thousand) -> Vec<&'static str> {
    let mut words = Vec::new();
    if value >= 1000 {
        below_thousand(value / 1000, false, empty_ten, &mut words);
        words.push(match thousand {
            Thousand::Nghin => "nghìn",
            Thousand::Ngan => "ngàn",
        });
    }
    if !value.is_multiple_of(1000) || value == 0 {
        below_thousand(value % 1000, value >= 1000, empty_ten, &mut words);
    }
    words
}

/// `full`: something stands before it, so that an empty hundred is said.
fn below_thousand(value: u32, full: bool, empty_ten: EmptyTen, words: &mut Vec<&'static str>) {
    let (hundreds, tens, units) = (value / 100, value / 10 % 10, value % 10);
    let with_hundreds = hundreds > 0 || full;
    if with_hundreds {
        words.extend([unit(hundreds), "trăm"]);
    }
    match tens {
        0 if with_hundreds && units > 0 => words.push(match empty_ten {
            EmptyTen::Linh => "linh",
            EmptyTen::Le => "lẻ",
        }),
        0 => {}
        1 => words.push("mười"),
        2.. => words.extend([unit(tens), "mươi"]),
    }
    match (tens, units) {
        (2.., 1) => words.push("mốt"),
        (2.., 4) => words.push("tư"),
        (1.., 5) => words.push("lăm"),
        (0, 0) if !with_hundreds => words.push(unit(0)),
        (_, 0) => {}
        (_, units) => words.push(unit(units)),
    }
}

fn unit(digit: u32) -> &'static str {
    match digit {
        1 => "một",
        2 => "hai",
        3 => "ba",
        4 => "bốn",
        5 => "năm",
        6 => "sáu",
        7 => "bảy",
        8 => "tám",
        9 => "chín",
        _ => "không",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NORTH: SpeechSettings =
        SpeechSettings::Number { empty_ten: EmptyTen::Linh, thousand: Thousand::Nghin };
    const SOUTH: SpeechSettings =
        SpeechSettings::Number { empty_ten: EmptyTen::Le, thousand: Thousand::Ngan };

    #[test]
    fn numbers_are_said_as_people_say_them() {
        let table = [
            ("A012", SpeechSettings::Digits, "a không một hai"),
            ("1005", SpeechSettings::Digits, "một không không năm"),
            ("0", NORTH, "không"),
            ("5", NORTH, "năm"),
            ("10", NORTH, "mười"),
            ("11", NORTH, "mười một"),
            ("14", NORTH, "mười bốn"),
            ("15", NORTH, "mười lăm"),
            ("20", NORTH, "hai mươi"),
            ("21", NORTH, "hai mươi mốt"),
            ("24", NORTH, "hai mươi tư"),
            ("55", NORTH, "năm mươi lăm"),
            ("100", NORTH, "một trăm"),
            ("101", NORTH, "một trăm linh một"),
            ("101", SOUTH, "một trăm lẻ một"),
            ("105", NORTH, "một trăm linh năm"),
            ("110", NORTH, "một trăm mười"),
            ("115", NORTH, "một trăm mười lăm"),
            ("1000", NORTH, "một nghìn"),
            ("1005", NORTH, "một nghìn không trăm linh năm"),
            ("1005", SOUTH, "một ngàn không trăm lẻ năm"),
            ("1050", NORTH, "một nghìn không trăm năm mươi"),
            ("2121", NORTH, "hai nghìn một trăm hai mươi mốt"),
            ("A012", NORTH, "a mười hai"),
            ("HT-007", NORTH, "h t bảy"),
            ("", NORTH, ""),
        ];
        for (number, speech, expected) in table {
            assert_eq!(spoken_number(number, speech), expected, "{number}");
        }
    }

    #[test]
    fn a_counter_is_said_as_a_number_whatever_the_ticket() {
        let words = call_words(&TicketNumber("B003".to_string()), CounterId(12), SpeechSettings::Digits);
        assert_eq!(words, "mời công dân số b không không ba đến quầy số mười hai");
    }
}
