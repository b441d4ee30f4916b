//! What a device is able to do, in the words that staff and the district server see.

use std::fmt;
use std::time::Duration;

use crate::clock::Moment;

/// Why a device works badly or not at all, or why a job failed.
///
/// Printer words are Epson's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The roll is nearly used up; printing goes on.
    PaperNearEnd,
    /// A ticket lies in the presenter, and neither its owner nor the presenter removes it; printing goes on.
    TicketLeft,
    /// No paper.
    PaperEnd,
    /// The cover or the print head is open.
    CoverOpen,
    /// The cutter is stuck.
    CutterError,
    /// A mechanical fault that a person can clear: mostly a paper jam.
    PaperJam,
    /// The head is too hot; it cools down by itself.
    HeadHot,
    /// The printer must be switched off and on, or repaired.
    Unrecoverable,
    /// The printer says that it is offline and does not say why.
    Offline,
    /// The device is connected and does not answer.
    Silent,
    /// The connection broke.
    Disconnected,
    /// The device stopped taking bytes.
    WriteStalled,
    /// No answer to the request behind the cut: nobody knows whether the ticket came out.
    FenceTimedOut,
    /// The device is being opened, or brought to a known state after a fault.
    Starting,
    /// There is no such device.
    Absent,
    /// Another job is under way.
    Busy,
    /// The ticket cannot be drawn or encoded: a mistake of whoever composed it.
    Unprintable,
    /// The program is ending.
    ShuttingDown,
    /// A key is held down; it is ignored until released.
    StuckKey(u8),
}

impl Cause {
    /// The name of the cause in logs and reports: lower case with underscores, without the key's number.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::PaperNearEnd => "paper_near_end",
            Self::TicketLeft => "ticket_left",
            Self::PaperEnd => "paper_end",
            Self::CoverOpen => "cover_open",
            Self::CutterError => "cutter_error",
            Self::PaperJam => "paper_jam",
            Self::HeadHot => "head_hot",
            Self::Unrecoverable => "unrecoverable",
            Self::Offline => "offline",
            Self::Silent => "silent",
            Self::Disconnected => "disconnected",
            Self::WriteStalled => "write_stalled",
            Self::FenceTimedOut => "fence_timed_out",
            Self::Starting => "starting",
            Self::Absent => "absent",
            Self::Busy => "busy",
            Self::Unprintable => "unprintable",
            Self::ShuttingDown => "shutting_down",
            Self::StuckKey(_) => "stuck_key",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StuckKey(key) => write!(f, "stuck_key {key}"),
            Self::PaperNearEnd
            | Self::TicketLeft
            | Self::PaperEnd
            | Self::CoverOpen
            | Self::CutterError
            | Self::PaperJam
            | Self::HeadHot
            | Self::Unrecoverable
            | Self::Offline
            | Self::Silent
            | Self::Disconnected
            | Self::WriteStalled
            | Self::FenceTimedOut
            | Self::Starting
            | Self::Absent
            | Self::Busy
            | Self::Unprintable
            | Self::ShuttingDown => f.write_str(self.code()),
        }
    }
}

/// The health of a device. Lists of causes are sorted and never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceHealth {
    /// Not there: unplugged, or nothing answers at the address.
    Absent,
    /// Being opened, or brought to a known state after a fault.
    Starting,
    /// Works.
    Ready,
    /// Works, and somebody should come.
    Degraded(Vec<Cause>),
    /// There, and unable to work until somebody comes.
    Blocked(Vec<Cause>),
    /// Cannot be opened for a reason that waiting does not mend, such as missing permission.
    Failed(String),
}

impl DeviceHealth {
    /// Whether the device does its work now.
    #[must_use]
    pub fn is_working(&self) -> bool {
        match self {
            Self::Ready | Self::Degraded(_) => true,
            Self::Absent | Self::Starting | Self::Blocked(_) | Self::Failed(_) => false,
        }
    }

    /// The word for logs and reports: `absent`, `starting`, `ready`, `degraded`, `blocked`, `failed`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Degraded(_) => "degraded",
            Self::Blocked(_) => "blocked",
            Self::Failed(_) => "failed",
        }
    }
}

/// The waits between attempts to open a device: 0.25 s, doubled up to a longest one, from the start again after 30 s of
/// health. Each is shortened by up to a quarter, so that the devices of a kiosk do not all try in the same moment.
#[derive(Debug, Clone)]
pub(crate) struct BackOff {
    next: Duration,
    longest: Duration,
    healthy_since: Option<Moment>,
    random: u64,
}

impl BackOff {
    const FIRST: Duration = Duration::from_millis(250);
    const HEALTHY: Duration = Duration::from_secs(30);

    /// `name` seeds the jitter: a device's waits are the same in each run and differ from its neighbour's.
    pub(crate) fn new(longest: Duration, name: &str) -> Self {
        // FNV-1a.
        let seed = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self { next: Self::FIRST, longest, healthy_since: None, random: seed }
    }

    /// The device was opened.
    pub(crate) fn opened(&mut self, now: Moment) {
        self.healthy_since = Some(now);
    }

    /// The device could not be opened, or was lost: how long to wait before the next attempt.
    pub(crate) fn lost(&mut self, now: Moment) -> Duration {
        if self.healthy_since.take().is_some_and(|since| now.saturating_sub(since) >= Self::HEALTHY) {
            self.next = Self::FIRST;
        }
        let wait = self.next;
        self.next = (self.next * 2).min(self.longest);
        wait - wait / 4 * self.per_mille() / 1000
    }

    /// 0 to 999.
    fn per_mille(&mut self) -> u32 {
        // Knuth's MMIX generator; its upper bits are the good ones.
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from((self.random >> 33) % 1000).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_off_doubles_to_the_longest_wait_and_starts_again_after_half_a_minute_of_health() {
        let mut back_off = BackOff::new(Duration::from_secs(10), "serial:/dev/ttyUSB0");
        let is_about = |wait: Duration, millis: u128| {
            assert!((millis * 3 / 4..=millis).contains(&wait.as_millis()), "{wait:?} for {millis} ms");
        };
        for millis in [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000] {
            is_about(back_off.lost(Duration::ZERO), millis);
        }
        back_off.opened(Duration::from_secs(100));
        is_about(back_off.lost(Duration::from_secs(110)), 10_000);
        back_off.opened(Duration::from_secs(200));
        is_about(back_off.lost(Duration::from_secs(230)), 250);
    }

    #[test]
    fn two_devices_do_not_try_in_step_and_each_does_the_same_in_every_run() {
        let waits = |name: &str| -> Vec<Duration> {
            let mut back_off = BackOff::new(Duration::from_secs(10), name);
            (0..8).map(|_| back_off.lost(Duration::ZERO)).collect()
        };
        assert_eq!(waits("usb:port=1-1.2"), waits("usb:port=1-1.2"));
        assert_ne!(waits("usb:port=1-1.2"), waits("usb:port=1-1.3"));
    }
}
