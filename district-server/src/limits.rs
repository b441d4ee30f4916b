//! How often someone may ask: token buckets, one per name, bounded in number.

use std::collections::BTreeMap;

/// `burst` at once, then one every `every_ms`.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// How many at once.
    pub burst: u32,
    /// Milliseconds until one more is allowed.
    pub every_ms: i64,
}

/// Token buckets by name. An idle bucket is forgotten once it is full again, so names cannot fill the memory.
#[derive(Debug)]
pub struct Buckets {
    rate: Rate,
    /// For each name, the moment at which its bucket is full again.
    full_at: BTreeMap<String, i64>,
}

impl Buckets {
    /// Empty of names; every name starts with a full bucket.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        Self { rate, full_at: BTreeMap::new() }
    }

    /// Takes one for `name`: `Ok`, or the milliseconds to wait.
    pub fn take(&mut self, name: &str, now_ms: i64) -> Result<(), i64> {
        self.full_at.retain(|_, full_at| *full_at > now_ms);
        let full_at = self.full_at.get(name).copied().unwrap_or(now_ms).max(now_ms);
        let room_ms = i64::from(self.rate.burst) * self.rate.every_ms;
        let missing = full_at + self.rate.every_ms - now_ms - room_ms;
        if missing > 0 {
            return Err(missing);
        }
        self.full_at.insert(name.to_owned(), full_at + self.rate.every_ms);
        Ok(())
    }

    /// Whether `name` has one left, without taking it.
    #[must_use]
    pub fn is_open(&self, name: &str, now_ms: i64) -> bool {
        let full_at = self.full_at.get(name).copied().unwrap_or(now_ms);
        full_at + self.rate.every_ms - now_ms <= i64::from(self.rate.burst) * self.rate.every_ms
    }
}

/// Nonces of the last minutes: a signed GET counts once.
#[derive(Debug, Default)]
pub struct Nonces(BTreeMap<String, i64>);

impl Nonces {
    /// More than this many live nonces mean a flood; the oldest rule then refuses new ones.
    const LIMIT: usize = 100_000;

    /// Notes a nonce until `until_ms`; false if it was there, or if there is no room.
    pub fn note(&mut self, nonce: &str, until_ms: i64, now_ms: i64) -> bool {
        if self.0.len() >= Self::LIMIT {
            self.0.retain(|_, until| *until > now_ms);
        }
        if self.0.len() >= Self::LIMIT || self.0.get(nonce).is_some_and(|until| *until > now_ms) {
            return false;
        }
        self.0.insert(nonce.to_owned(), until_ms);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_then_one_by_one() {
        let mut buckets = Buckets::new(Rate { burst: 2, every_ms: 100 });
        assert_eq!(buckets.take("a", 0), Ok(()));
        assert_eq!(buckets.take("a", 0), Ok(()));
        assert_eq!(buckets.take("a", 10), Err(90));
        assert!(!buckets.is_open("a", 10));
        assert_eq!(buckets.take("b", 10), Ok(()), "another name has its own bucket");
        assert_eq!(buckets.take("a", 100), Ok(()));
        assert_eq!(buckets.take("a", 100), Err(100));
        assert_eq!(buckets.take("a", 10_000), Ok(()));
        assert_eq!(buckets.full_at.len(), 1, "full buckets are forgotten");
    }

    #[test]
    fn a_nonce_counts_once_while_it_lives() {
        let mut nonces = Nonces::default();
        assert!(nonces.note("n", 100, 0));
        assert!(!nonces.note("n", 150, 50));
        assert!(nonces.note("n", 300, 200));
    }
}
