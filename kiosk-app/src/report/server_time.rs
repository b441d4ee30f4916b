//! What the server's clock says, learnt from its answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use kiosk_core::time::Wall;
use kiosk_protocol::parse_time;

/// Stands for "no answer yet".
const UNKNOWN: i64 = i64::MIN;

/// How far the server's clock is ahead of the kiosk's; shared by uploader, look-up and heartbeat.
#[derive(Clone, Debug)]
pub struct ServerTime(Arc<AtomicI64>);

impl Default for ServerTime {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(UNKNOWN)))
    }
}

impl ServerTime {
    /// Takes `server_time` of an answer that came at `now`; anything unreadable is passed over.
    pub fn learn(&self, server_time: &str, now: Wall) {
        if let Some(server_ms) = parse_time(server_time) {
            self.0.store(server_ms.saturating_sub(now.unix_ms).max(UNKNOWN + 1), Ordering::Relaxed);
        }
    }

    /// The kiosk's clock minus the server's, milliseconds; `None` before the first answer.
    pub fn kiosk_offset_ms(&self) -> Option<i64> {
        Some(self.0.load(Ordering::Relaxed))
            .filter(|ahead| *ahead != UNKNOWN)
            .map(|ahead| ahead.saturating_neg())
    }

    /// The best guess at the server's clock, seconds since 1970: what a signature's `created` says.
    pub fn unix_secs(&self, now: Wall) -> i64 {
        let ahead_ms = self.kiosk_offset_ms().map_or(0, i64::saturating_neg);
        now.unix_ms.saturating_add(ahead_ms).div_euclid(1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kiosk_at_1970_signs_with_the_servers_clock() {
        let (time, now) = (ServerTime::default(), Wall { unix_ms: 5_000, trusted: false });
        assert_eq!((time.kiosk_offset_ms(), time.unix_secs(now)), (None, 5));
        time.learn("gần trưa", now);
        assert_eq!(time.kiosk_offset_ms(), None);
        time.learn("2026-11-21T07:30:00.125+07:00", now);
        assert_eq!(time.unix_secs(now), 1_795_221_000);
        assert_eq!(time.kiosk_offset_ms(), Some(5_000 - 1_795_221_000_125));
    }
}
