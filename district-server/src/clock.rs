//! The one place that asks for the time; everything else is given it.

use std::sync::Arc;

/// A source of the wall clock, milliseconds since 1970 UTC.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> i64 + Send + Sync>);

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Arc::new(system_ms))
    }

    /// A clock that shows what `read` says; for tests and replays.
    #[must_use]
    pub fn from_fn(read: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// Now, milliseconds since 1970 UTC.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        (self.0)()
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the server's one home of the clock")]
fn system_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The day at UTC+7 of a moment, `yyyy-mm-dd`: never the UTC day, which starts at 07:00 there.
#[must_use]
pub fn day_of(unix_ms: i64) -> String {
    kiosk_protocol::plus7(unix_ms).chars().take(10).collect()
}

/// The hour of the day at UTC+7, 0 to 23.
#[must_use]
pub fn hour_of(unix_ms: i64) -> u8 {
    u8::try_from((unix_ms + 7 * 3_600_000).rem_euclid(86_400_000) / 3_600_000).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_starts_at_midnight_of_utc_plus_7() {
        let seven_utc_plus_7 = 1_795_219_200_000; // 2026-11-21T00:00Z
        assert_eq!(day_of(seven_utc_plus_7), "2026-11-21");
        assert_eq!(hour_of(seven_utc_plus_7), 7);
        assert_eq!(day_of(seven_utc_plus_7 - 7 * 3_600_000), "2026-11-21");
        assert_eq!(day_of(seven_utc_plus_7 - 7 * 3_600_000 - 1), "2026-11-20");
    }
}
