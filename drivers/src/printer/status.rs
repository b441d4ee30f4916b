//! The bytes that a printer sends, told apart by mask.
//!
//! ```text
//! 0x11 XON   0x13 XOFF   0**1**10 reply to DLE EOT   0**1**00 first of 4 bytes of AutomaticStatusBack
//! 0**0**** reply to GS r, or bytes 2 to 4 of an AutomaticStatusBack   5f ... 00 text reply to GS I
//! ```
//! Source: Epson's ESC/POS command reference, "Transmit status commands".

use crate::health::Cause;

/// What the paper sensors say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Paper {
    /// Not asked yet.
    #[default]
    Unknown,
    /// Enough.
    Ok,
    /// The roll is nearly used up.
    NearEnd,
    /// None left.
    End,
}

/// What is known of a printer's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Status {
    /// The paper.
    pub paper: Paper,
    /// The cover is open.
    pub cover_open: bool,
    /// The cutter is stuck.
    pub cutter_error: bool,
    /// A fault that a person can clear.
    pub paper_jam: bool,
    /// The head is too hot.
    pub head_hot: bool,
    /// A fault that nobody can clear by hand.
    pub unrecoverable: bool,
    /// The printer says that it is offline.
    pub offline: bool,
}

impl Status {
    /// Why the printer cannot print; empty when it can. `Offline` only when there is no better word.
    #[must_use]
    pub fn blocking_causes(&self) -> Vec<Cause> {
        let mut causes: Vec<Cause> = [
            (self.paper == Paper::End, Cause::PaperEnd),
            (self.cover_open, Cause::CoverOpen),
            (self.cutter_error, Cause::CutterError),
            (self.paper_jam, Cause::PaperJam),
            (self.head_hot, Cause::HeadHot),
            (self.unrecoverable, Cause::Unrecoverable),
        ]
        .into_iter()
        .filter_map(|(is_so, cause)| is_so.then_some(cause))
        .collect();
        if causes.is_empty() && self.offline {
            causes.push(Cause::Offline);
        }
        causes
    }

    /// Takes in the four bytes of an AutomaticStatusBack.
    pub(crate) fn apply_asb(&mut self, bytes: [u8; 4]) {
        let [info, error, paper, _reserved] = bytes;
        self.offline = info & 0x08 != 0;
        self.cover_open = info & 0x20 != 0;
        self.paper_jam = error & 0x04 != 0;
        self.cutter_error = error & 0x08 != 0;
        self.unrecoverable = error & 0x20 != 0;
        self.head_hot = error & 0x40 != 0;
        self.paper = paper_of(paper & 0x03 != 0, paper & 0x0c != 0);
    }

    /// Takes in the reply to `DLE EOT request`.
    pub(crate) fn apply_real_time(&mut self, request: u8, reply: u8) {
        match request {
            1 => self.offline = reply & 0x08 != 0,
            2 => self.cover_open = reply & 0x04 != 0,
            3 => {
                self.paper_jam = reply & 0x04 != 0;
                self.cutter_error = reply & 0x08 != 0;
                self.unrecoverable = reply & 0x20 != 0;
                self.head_hot = reply & 0x40 != 0;
            }
            4 => self.paper = paper_of(reply & 0x0c != 0, reply & 0x60 != 0),
            _ => {}
        }
    }
}

fn paper_of(near_end: bool, end: bool) -> Paper {
    if end {
        Paper::End
    } else if near_end {
        Paper::NearEnd
    } else {
        Paper::Ok
    }
}

/// One thing that a printer said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Reply to `DLE EOT`; which one is known by the order of asking.
    RealTimeStatus(u8),
    /// State sent without being asked, on change.
    AutomaticStatusBack([u8; 4]),
    /// Reply to `GS r`: what stood before it has been carried out.
    Fence(u8),
    /// Text reply to `GS I`, without frame.
    Identity(Vec<u8>),
    /// The printer takes bytes again.
    Xon,
    /// The printer's buffer is full.
    Xoff,
    /// A byte that fits nothing.
    Noise(u8),
}

/// Longest text reply that is kept; a longer one is noise.
const IDENTITY_LIMIT: usize = 80;

/// Sorts bytes into replies. Total (any bytes) and indifferent to how the bytes are cut up.
#[derive(Debug, Clone, Default)]
pub struct StatusParser {
    asb: Vec<u8>,
    identity: Option<Vec<u8>>,
}

impl StatusParser {
    /// A parser at the start of a connection.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one byte; gives a reply when it completes one.
    pub fn push(&mut self, byte: u8) -> Option<Reply> {
        // Flow control may come between any two bytes.
        match byte {
            0x11 => return Some(Reply::Xon),
            0x13 => return Some(Reply::Xoff),
            _ => {}
        }
        if let Some(text) = &mut self.identity {
            if byte == 0 {
                return self.identity.take().map(Reply::Identity);
            }
            if text.len() < IDENTITY_LIMIT && (0x20..0x7f).contains(&byte) {
                text.push(byte);
                return None;
            }
            // No text after all: what began it was noise, and this byte stands for itself.
            self.identity = None;
        }
        if byte & 0x80 != 0 {
            // A damaged AutomaticStatusBack is swallowed whole: its other bytes would pass for confirmations.
            if !self.asb.is_empty() {
                self.asb.push(byte);
                self.end_asb();
            }
            return Some(Reply::Noise(byte));
        }
        match byte & 0x13 {
            0x10 => {
                self.asb = vec![byte];
                None
            }
            // A real-time reply overtakes an AutomaticStatusBack without breaking it.
            0x12 => Some(Reply::RealTimeStatus(byte)),
            0x00..=0x03 if !self.asb.is_empty() => {
                self.asb.push(byte);
                self.end_asb()
            }
            0x00..=0x03 => Some(Reply::Fence(byte)),
            _ if byte == 0x5f => {
                self.identity = Some(Vec::new());
                None
            }
            _ => Some(Reply::Noise(byte)),
        }
    }

    /// Ends an AutomaticStatusBack that has its four bytes; gives it if none of them is damaged.
    fn end_asb(&mut self) -> Option<Reply> {
        let complete = <[u8; 4]>::try_from(self.asb.as_slice()).ok()?;
        self.asb.clear();
        let is_whole = complete.iter().all(|byte| byte & 0x80 == 0);
        is_whole.then_some(Reply::AutomaticStatusBack(complete))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(bytes: &[u8]) -> Vec<Reply> {
        let mut parser = StatusParser::new();
        bytes.iter().filter_map(|byte| parser.push(*byte)).collect()
    }

    #[test]
    fn replies_are_told_apart_by_mask() {
        let table: &[(&[u8], Vec<Reply>)] = &[
            (&[0x12], vec![Reply::RealTimeStatus(0x12)]),
            (&[0x11, 0x13], vec![Reply::Xon, Reply::Xoff]),
            (&[0x14, 0, 0, 0x0f], vec![Reply::AutomaticStatusBack([0x14, 0, 0, 0x0f])]),
            (
                &[0x10, 0, 0x12, 0, 0],
                vec![Reply::RealTimeStatus(0x12), Reply::AutomaticStatusBack([0x10, 0, 0, 0])],
            ),
            (
                &[0x10, 0, 0x13, 0, 0x11, 0],
                vec![Reply::Xoff, Reply::Xon, Reply::AutomaticStatusBack([0x10, 0, 0, 0])],
            ),
            (&[0x00], vec![Reply::Fence(0)]),
            (&[0x03], vec![Reply::Fence(3)]),
            (b"\x5fTM-T88V\0\x00", vec![Reply::Identity(b"TM-T88V".to_vec()), Reply::Fence(0)]),
            (&[0xff, 0x12], vec![Reply::Noise(0xff), Reply::RealTimeStatus(0x12)]),
            (&[0x10, 0, 0xff, 0], vec![Reply::Noise(0xff)]),
            (&[0x10, 0, 0, 0xff, 0], vec![Reply::Noise(0xff), Reply::Fence(0)]),
        ];
        for (bytes, replies) in table {
            assert_eq!(&parse(bytes), replies, "{bytes:02x?}");
        }
    }

    #[test]
    fn every_bit_of_a_status_has_its_cause() {
        let table: &[([u8; 4], &[Cause])] = &[
            ([0x10, 0, 0, 0], &[]),
            ([0x18, 0, 0, 0], &[Cause::Offline]),
            ([0x38, 0, 0, 0], &[Cause::CoverOpen]),
            ([0x18, 0x08, 0, 0], &[Cause::CutterError]),
            ([0x18, 0x04, 0, 0], &[Cause::PaperJam]),
            ([0x18, 0x20, 0, 0], &[Cause::Unrecoverable]),
            ([0x18, 0x40, 0, 0], &[Cause::HeadHot]),
            ([0x18, 0, 0x0c, 0], &[Cause::PaperEnd]),
            ([0x38, 0, 0x0c, 0], &[Cause::PaperEnd, Cause::CoverOpen]),
            ([0x10, 0, 0x03, 0], &[]),
        ];
        for (bytes, causes) in table {
            let mut status = Status::default();
            status.apply_asb(*bytes);
            assert_eq!(status.blocking_causes(), *causes, "{bytes:02x?}");
        }
        let real_time: &[(u8, u8, &[Cause])] = &[
            (1, 0x1a, &[Cause::Offline]),
            (2, 0x16, &[Cause::CoverOpen]),
            (3, 0x1a, &[Cause::CutterError]),
            (3, 0x16, &[Cause::PaperJam]),
            (3, 0x32, &[Cause::Unrecoverable]),
            (3, 0x52, &[Cause::HeadHot]),
            (4, 0x72, &[Cause::PaperEnd]),
            (4, 0x1e, &[]),
        ];
        for (request, reply, causes) in real_time {
            let mut status = Status::default();
            status.apply_real_time(*request, *reply);
            assert_eq!(status.blocking_causes(), *causes, "{request} {reply:02x}");
        }
        let mut status = Status::default();
        status.apply_real_time(4, 0x1e);
        assert_eq!(status.paper, Paper::NearEnd);
    }

    proptest! {
        #[test]
        fn any_bytes_are_parsed_without_growth(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let mut parser = StatusParser::new();
            for byte in bytes {
                let _reply = parser.push(byte);
                prop_assert!(parser.asb.len() < 4);
                prop_assert!(parser.identity.as_ref().is_none_or(|text| text.len() <= IDENTITY_LIMIT));
            }
        }
    }
}
