//! The text of a ticket's QR: where its owner can follow it, with check digits that only this kiosk can make.

use hmac::{Hmac, KeyInit, Mac};
use kiosk_core::id::HallId;
use kiosk_core::ticket::TicketId;
use sha2::Sha256;

/// Crockford's letters without the vowel look-alikes: read aloud without mistakes.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CHECK_LETTERS: usize = 8;

/// Makes the links of one hall's tickets.
#[derive(Clone)]
pub struct TicketLink {
    base: String,
    hall: HallId,
    key: [u8; 32],
}

impl TicketLink {
    /// `base` is an address without a slash at its end (`https://motcua.example.vn`), `key` this kiosk's own.
    pub fn new(base: impl Into<String>, hall: HallId, key: [u8; 32]) -> Self {
        Self { base: base.into(), hall, key }
    }

    /// The link of a ticket: `{base}/p/{hall}/{day}/{series}/{ordinal}-{check}`.
    pub fn of(&self, ticket: &TicketId) -> String {
        let path = format!("{}/{}/{}/{}", self.hall, ticket.day, ticket.series, ticket.ordinal);
        format!("{}/p/{path}-{}", self.base, self.check(&path))
    }

    /// 40 bits of an HMAC: forging one costs a trillion guesses at the counter.
    fn check(&self, path: &str) -> String {
        let mut block = [0; 64];
        block.iter_mut().zip(self.key).for_each(|(to, from)| *to = from);
        let mut mac: Hmac<Sha256> = Hmac::new(&block.into());
        mac.update(path.as_bytes());
        let tag = mac.finalize().into_bytes();
        let bits = tag.iter().take(5).fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        let letter = |index: usize| LETTERS.get(bits as usize >> (5 * index) & 31).copied().unwrap_or(b'0');
        (0..CHECK_LETTERS).rev().map(|index| char::from(letter(index))).collect()
    }
}

#[cfg(test)]
mod tests {
    use kiosk_core::id::AreaId;
    use kiosk_core::time::BusinessDay;

    use super::*;

    fn ticket(ordinal: u32) -> TicketId {
        TicketId { day: BusinessDay(20_616), series: AreaId::new("ho-tich"), ordinal }
    }

    #[test]
    fn a_link_names_the_ticket_and_ends_in_its_check_digits() {
        let link =
            TicketLink::new("https://motcua.example.vn", HallId::new("don-duong"), [7; 32]).of(&ticket(12));
        let (path, check) = link.rsplit_once('-').unwrap();
        assert_eq!(path, "https://motcua.example.vn/p/don-duong/2026-06-12/ho-tich/12");
        assert_eq!(check.len(), CHECK_LETTERS);
        assert!(check.bytes().all(|letter| LETTERS.contains(&letter)), "{check}");
    }

    #[test]
    fn another_ticket_or_another_key_gives_other_check_digits() {
        let hall = || HallId::new("don-duong");
        let check = |link: String| link.rsplit_once('-').map(|(_, check)| check.to_owned());
        let one = check(TicketLink::new("https://a", hall(), [7; 32]).of(&ticket(12)));
        assert_ne!(one, check(TicketLink::new("https://a", hall(), [7; 32]).of(&ticket(13))));
        assert_ne!(one, check(TicketLink::new("https://a", hall(), [8; 32]).of(&ticket(12))));
    }
}
