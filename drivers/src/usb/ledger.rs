//! The bookkeeping of a USB line: which bytes are under way, which never left, what came in, how it ended. No USB here.

use std::collections::VecDeque;

/// Bytes of one transfer to the printer. Small, so that a printer that stops taking bytes is known by the transfer that
/// does not end, and few bytes are in doubt then.
const LARGEST_TRANSFER: usize = 512;
/// Bytes from the printer that may wait to be read; more are left in the printer.
const READ_AHEAD: usize = 4096;

/// How a transfer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// All of it went through.
    Done,
    /// We called it off.
    Cancelled,
    /// The device is no longer there.
    Gone,
    /// The device or the cable failed: how.
    Failed(&'static str),
}

/// One transfer to the printer at a time: with exactly one under way it is certain whose bytes came back.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Bytes of the transfer under way.
    in_flight: usize,
    /// Bytes of ended transfers that never left.
    unsent: usize,
    received: VecDeque<u8>,
    /// How the line ended; nothing goes out any more.
    end: Option<Ending>,
}

impl Ledger {
    /// How many of `waiting` bytes to give to a transfer now.
    pub(super) fn begin(&mut self, waiting: usize) -> usize {
        if self.in_flight > 0 || self.end.is_some() {
            return 0;
        }
        self.in_flight = waiting.min(LARGEST_TRANSFER);
        self.in_flight
    }

    /// The transfer to the printer ended, having moved `count` bytes.
    pub(super) fn sent(&mut self, count: usize, ending: Ending) {
        let missing = self.in_flight.saturating_sub(count);
        self.in_flight = 0;
        self.unsent += missing;
        match ending {
            Ending::Done if missing == 0 => {}
            // The bytes that follow would close up to the ones that are missing.
            Ending::Done => self.ended(Ending::Failed("a transfer ended short")),
            Ending::Cancelled | Ending::Gone | Ending::Failed(_) => self.ended(ending),
        }
    }

    /// A transfer from the printer ended with these bytes.
    pub(super) fn got(&mut self, bytes: &[u8], ending: Ending) {
        self.received.extend(bytes);
        match ending {
            Ending::Done => {}
            Ending::Cancelled | Ending::Gone | Ending::Failed(_) => self.ended(ending),
        }
    }

    fn ended(&mut self, ending: Ending) {
        self.end.get_or_insert(ending);
    }

    /// How the line ended, if it did.
    pub(super) fn end(&self) -> Option<Ending> {
        self.end
    }

    /// Whether a further transfer from the printer may begin.
    pub(super) fn wants_more(&self) -> bool {
        self.end.is_none() && self.received.len() < READ_AHEAD
    }

    /// Whether `read` or `write` have something to tell at once.
    pub(super) fn has_news(&self) -> bool {
        self.end.is_some() || !self.received.is_empty()
    }

    /// Whether a transfer to the printer could begin.
    pub(super) fn takes_bytes(&self) -> bool {
        self.in_flight == 0
    }

    /// Hands over what came in; what came before the end comes before the end.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Ending> {
        if let (true, Some(end)) = (self.received.is_empty(), self.end) {
            return Err(end);
        }
        let count = self.received.len().min(buffer.len());
        for (target, byte) in buffer.iter_mut().zip(self.received.drain(..count)) {
            *target = byte;
        }
        Ok(count)
    }

    /// Ends the line and says how many of the bytes that `begin` took never left; once. Bytes of a transfer that has not
    /// ended count as gone out: nobody knows.
    pub(super) fn withdraw(&mut self) -> usize {
        self.ended(Ending::Cancelled);
        std::mem::take(&mut self.unsent)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_small_transfer_at_a_time_is_under_way() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.begin(0), 0);
        assert_eq!(ledger.begin(4000), LARGEST_TRANSFER);
        assert_eq!(ledger.begin(4000), 0, "the first one has not ended");
        ledger.sent(LARGEST_TRANSFER, Ending::Done);
        assert_eq!(ledger.begin(7), 7);
    }

    #[test]
    fn what_never_left_is_told_once_and_only_for_a_transfer_that_ended() {
        for (ending, count, unsent) in
            [(Ending::Cancelled, 64, 448), (Ending::Gone, 0, 512), (Ending::Failed("stalled"), 512, 0)]
        {
            let mut ledger = Ledger::default();
            assert_eq!(ledger.begin(600), 512);
            ledger.sent(count, ending);
            assert_eq!(ledger.begin(88), 0, "the line has ended");
            assert_eq!((ledger.withdraw(), ledger.withdraw()), (unsent, 0), "{ending:?}");
        }
        let mut ledger = Ledger::default();
        ledger.begin(100);
        assert_eq!(ledger.withdraw(), 0, "still under way: nobody knows");
    }

    #[test]
    fn replies_are_read_before_the_end_of_the_line() {
        let mut ledger = Ledger::default();
        ledger.got(b"\x16\x12", Ending::Done);
        ledger.got(b"\x0f", Ending::Gone);
        let mut buffer = [0; 2];
        assert_eq!((ledger.read(&mut buffer), buffer), (Ok(2), [0x16, 0x12]));
        assert_eq!((ledger.read(&mut buffer), buffer[0]), (Ok(1), 0x0f));
        assert_eq!(ledger.read(&mut buffer), Err(Ending::Gone));
    }

    #[test]
    fn a_transfer_that_ends_short_ends_the_line() {
        let mut ledger = Ledger::default();
        ledger.begin(10);
        ledger.sent(4, Ending::Done);
        assert!(matches!(ledger.end(), Some(Ending::Failed(_))));
        assert_eq!(ledger.withdraw(), 6);
    }

    fn ending() -> impl Strategy<Value = Ending> {
        prop_oneof![
            8 => Just(Ending::Done),
            1 => Just(Ending::Cancelled),
            1 => Just(Ending::Gone),
            1 => Just(Ending::Failed("x")),
        ]
    }

    proptest! {
        /// Taken less withdrawn is what the printer got, for every way in which transfers can end.
        #[test]
        fn bytes_are_never_claimed_that_the_printer_did_not_get(
            steps in prop::collection::vec((1usize..2000, 0usize..600, ending()), 0..40),
        ) {
            let (mut ledger, mut taken, mut got) = (Ledger::default(), 0, 0);
            for (waiting, moved, ending) in steps {
                let begun = ledger.begin(waiting);
                taken += begun;
                if begun > 0 {
                    let moved = if ending == Ending::Done { begun } else { moved.min(begun) };
                    got += moved;
                    ledger.sent(moved, ending);
                }
            }
            prop_assert_eq!(taken - ledger.withdraw(), got);
        }
    }
}
