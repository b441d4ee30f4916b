//! What lay in the printer's tray: pieces of paper, told apart by their QR and by the black bar of a copy.

use kiosk_core::time::BusinessDay;
use kiosk_drivers::fake::{FakeTicket, Lexed, Lexer};
use serde::{Deserialize, Serialize};

use super::books::TicketKey;

/// A piece of paper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paper {
    /// Counted from 1, as the printer cut them.
    pub piece: usize,
    /// What the QR says, if it was printed whole.
    pub link: Option<String>,
    /// The ticket that the QR names.
    pub ticket: Option<TicketKey>,
    /// A bar of black runs across it: IN LẠI on a copy.
    pub marked: bool,
}

/// What there is to read on a ticket, for judges that were not written here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// The picture, below the demonstration's folder.
    pub file: String,
    /// The number.
    pub number: String,
    /// What the QR says.
    pub qr: String,
    /// Lines that must be read without an error: unit lines and service area.
    pub lines: Vec<String>,
    /// Whether it is a copy.
    pub marked: bool,
}

/// The pieces in the tray.
pub fn tray(tickets: &[FakeTicket]) -> Vec<Paper> {
    tickets.iter().map(paper).collect()
}

fn paper(ticket: &FakeTicket) -> Paper {
    let link = qr(&ticket.raw);
    let width = ticket.image.row_bytes();
    let is_bar = |row: &[u8]| row.iter().filter(|byte| **byte == 0xff).count() * 10 >= width * 9;
    // A rule is two rows high, a bar a line of text.
    let black_rows = ticket.image.rows().filter(|row| is_bar(row)).count();
    Paper { piece: ticket.number, ticket: link.as_deref().and_then(ticket_of), link, marked: black_rows >= 8 }
}

/// The data of the last QR that was printed.
fn qr(raw: &[u8]) -> Option<String> {
    let mut lexer = Lexer::default();
    let mut stored = None;
    let mut printed = None;
    for command in raw.iter().filter_map(|byte| lexer.push(*byte)) {
        match command {
            Lexed::Command(bytes) => match bytes.as_slice() {
                [0x1d, b'(', b'k', _, _, 49, 80, 48, data @ ..] => {
                    stored = Some(String::from_utf8_lossy(data).into_owned());
                }
                [0x1d, b'(', b'k', _, _, 49, 81, 48] => printed.clone_from(&stored),
                _ => {}
            },
            Lexed::Unknown(_) => {}
        }
    }
    printed
}

/// The ticket of a link: `.../p/{hall}/{day}/{series}/{ordinal}-{check}`.
fn ticket_of(link: &str) -> Option<TicketKey> {
    let mut parts = link.rsplit('/');
    let (ordinal, _check) = parts.next()?.split_once('-')?;
    let series = parts.next()?.to_owned();
    let mut date = parts.next()?.splitn(3, '-').map(str::parse::<i32>);
    let (year, month, day) = (date.next()?.ok()?, date.next()?.ok()?, date.next()?.ok()?);
    let day = BusinessDay::from_ymd(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?)?.0;
    Some(TicketKey { day, series, ordinal: ordinal.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_names_its_ticket() {
        let key = ticket_of("https://motcua.example.vn/p/don-duong/2026-06-12/ho-tich/12-7K2M9Q4C").unwrap();
        assert_eq!(key, TicketKey { day: 20_616, series: "ho-tich".to_owned(), ordinal: 12 });
        assert_eq!(ticket_of("https://motcua.example.vn"), None);
    }

    #[test]
    fn only_a_qr_that_was_printed_counts() {
        let store = b"\x1d(k\x06\x00\x31\x50\x30abc";
        let print = b"\x1d(k\x03\x00\x31\x51\x30";
        assert_eq!(qr(store), None);
        assert_eq!(qr(&[&store[..], print].concat()).as_deref(), Some("abc"));
    }
}
