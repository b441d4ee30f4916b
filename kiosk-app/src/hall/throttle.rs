//! How fast PINs may be tried: a delay that doubles with each wrong one, for the counter and for the address.

use std::collections::BTreeMap;
use std::net::IpAddr;

use kiosk_core::id::CounterId;

/// Wrong PINs that cost nothing: fingers slip.
const FREE_TRIES: u32 = 3;
const FIRST_DELAY_MS: u64 = 5_000;
/// Short enough that nobody can lock an officer out for long from another machine.
const COUNTER_CEILING_MS: u64 = 60_000;
const ADDRESS_CEILING_MS: u64 = 15 * 60_000;
/// A failure is forgotten after this long without another.
const FORGET_MS: u64 = 60 * 60_000;
/// Addresses remembered at most; a hall has a dozen.
const MAX_ADDRESSES: usize = 256;

/// Counts wrong PINs. Times are monotonic milliseconds.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    counters: BTreeMap<CounterId, Failures>,
    addresses: BTreeMap<IpAddr, Failures>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Failures {
    count: u32,
    last_ms: u64,
    blocked_until_ms: u64,
}

impl Throttle {
    /// Whole seconds to wait before the next try, `None` when it may be made now.
    pub fn wait_secs(&self, counter: CounterId, address: IpAddr, now_ms: u64) -> Option<u64> {
        let until = [self.counters.get(&counter), self.addresses.get(&address)]
            .into_iter()
            .flatten()
            .map(|failures| failures.blocked_until_ms)
            .max()?;
        (until > now_ms).then(|| (until - now_ms).div_ceil(1000))
    }

    /// A wrong PIN. Only counters that exist are given, so the table stays small.
    pub fn failed(&mut self, counter: Option<CounterId>, address: IpAddr, now_ms: u64) {
        if let Some(counter) = counter {
            self.counters.entry(counter).or_default().add(now_ms, COUNTER_CEILING_MS);
        }
        if self.addresses.len() >= MAX_ADDRESSES && !self.addresses.contains_key(&address) {
            let oldest = self.addresses.iter().min_by_key(|(_, failures)| failures.last_ms);
            if let Some(oldest) = oldest.map(|(address, _)| *address) {
                self.addresses.remove(&oldest);
            }
        }
        self.addresses.entry(address).or_default().add(now_ms, ADDRESS_CEILING_MS);
    }

    /// The right PIN: both start again at nothing.
    pub fn succeeded(&mut self, counter: CounterId, address: IpAddr) {
        self.counters.remove(&counter);
        self.addresses.remove(&address);
    }
}

impl Failures {
    fn add(&mut self, now_ms: u64, ceiling_ms: u64) {
        if now_ms.saturating_sub(self.last_ms) > FORGET_MS {
            self.count = 0;
        }
        self.count = self.count.saturating_add(1);
        self.last_ms = now_ms;
        if let Some(doublings) = self.count.checked_sub(FREE_TRIES) {
            let delay = FIRST_DELAY_MS.saturating_mul(1 << doublings.min(20));
            self.blocked_until_ms = now_ms + delay.min(ceiling_ms);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const COUNTER: CounterId = CounterId(3);

    fn address(last: u16) -> IpAddr {
        let [high, low] = last.to_be_bytes();
        IpAddr::V4(Ipv4Addr::new(192, 0, high, low))
    }

    #[test]
    fn the_delay_grows_with_each_wrong_pin_up_to_its_ceiling() {
        let mut throttle = Throttle::default();
        let mut now_ms = 0;
        let mut waits = Vec::new();
        for _ in 0..9 {
            throttle.failed(Some(COUNTER), address(1), now_ms);
            let wait = throttle.wait_secs(COUNTER, address(2), now_ms).unwrap_or(0);
            waits.push(wait);
            now_ms += wait * 1000;
        }
        assert_eq!(waits, [0, 0, 5, 10, 20, 40, 60, 60, 60]);
        assert_eq!(throttle.wait_secs(CounterId(4), address(1), now_ms), Some(320 - 60));
    }

    #[test]
    fn another_counter_at_another_address_is_not_held_up() {
        let mut throttle = Throttle::default();
        (0..9).for_each(|_| throttle.failed(Some(COUNTER), address(1), 0));
        assert_eq!(throttle.wait_secs(CounterId(4), address(2), 0), None);
    }

    #[test]
    fn the_right_pin_clears_what_was_counted() {
        let mut throttle = Throttle::default();
        (0..3).for_each(|_| throttle.failed(Some(COUNTER), address(1), 0));
        throttle.succeeded(COUNTER, address(1));
        throttle.failed(Some(COUNTER), address(1), 10);
        assert_eq!(throttle.wait_secs(COUNTER, address(1), 10), None);
    }

    #[test]
    fn an_hour_of_peace_forgets() {
        let mut throttle = Throttle::default();
        (0..5).for_each(|_| throttle.failed(Some(COUNTER), address(1), 0));
        throttle.failed(Some(COUNTER), address(1), FORGET_MS + 1);
        assert_eq!(throttle.wait_secs(COUNTER, address(1), FORGET_MS + 1), None);
    }

    #[test]
    fn a_thousand_addresses_cannot_fill_the_memory() {
        let mut throttle = Throttle::default();
        (0..1000).for_each(|n| throttle.failed(None, address(n), u64::from(n)));
        assert_eq!(throttle.addresses.len(), MAX_ADDRESSES);
    }
}
