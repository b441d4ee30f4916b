//! What lay in the printer's tray, told apart by its QR code, which zbarimg reads.

use std::collections::BTreeMap;
use std::path::Path;

use crate::glass::{self, GlassError};

/// A ticket's identity: hall, business day, series, ordinal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TicketKey {
    /// The business day, as the link writes it.
    pub day: String,
    /// Series.
    pub series: String,
    /// The number within the series.
    pub ordinal: u32,
}

/// Reads the pieces of paper `0001.png` ... in a folder, from one after `seen` on, while they are there.
///
/// # Errors
/// When zbarimg is missing.
pub fn tray(folder: &Path, seen: usize) -> Result<Vec<Option<TicketKey>>, GlassError> {
    let mut pieces = Vec::new();
    for number in seen + 1.. {
        let picture = folder.join(format!("{number:04}.png"));
        if !picture.exists() {
            break;
        }
        pieces.push(ticket_of(&glass::qr(&picture)?));
    }
    Ok(pieces)
}

/// The ticket of a link: `.../{hall}/{day}/{series}/{ordinal}-{check}`.
pub fn ticket_of(link: &str) -> Option<TicketKey> {
    let mut parts = link.trim().rsplit('/');
    let (ordinal, _check) = parts.next()?.split_once('-')?;
    let (series, day) = (parts.next()?.to_owned(), parts.next()?.to_owned());
    Some(TicketKey { day, series, ordinal: ordinal.parse().ok()? })
}

/// Numbers that came out more than once.
pub fn doubled(pieces: &[TicketKey]) -> Vec<TicketKey> {
    let mut counts: BTreeMap<&TicketKey, usize> = BTreeMap::new();
    for piece in pieces {
        *counts.entry(piece).or_default() += 1;
    }
    counts.into_iter().filter(|(_, count)| *count > 1).map(|(piece, _)| piece.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_names_its_ticket() {
        let key = ticket_of("https://motcua.example.vn/p/don-duong/2026-06-12/ho-tich/12-7K2M9Q4C").unwrap();
        assert_eq!(
            key,
            TicketKey { day: "2026-06-12".to_owned(), series: "ho-tich".to_owned(), ordinal: 12 }
        );
        assert_eq!(ticket_of("https://motcua.example.vn"), None);
        assert_eq!(ticket_of(""), None);
    }

    #[test]
    fn a_number_that_came_twice_is_found() {
        let key = |ordinal| TicketKey { day: "d".to_owned(), series: "s".to_owned(), ordinal };
        assert_eq!(doubled(&[key(1), key(2), key(1)]), [key(1)]);
        assert_eq!(doubled(&[key(1), key(2)]), []);
    }
}
