//! What the rules know of updates of the machine's image: how the last one ended, and when the next one may begin.

use crate::hours;
use crate::screen::{Availability, OpensAt};
use crate::settings::HallSettings;
use crate::time::Wall;

/// An installation, the restart and, if need be, the way back take some ten minutes: so long before the hall opens, and
/// well beyond, nothing is begun.
const BEFORE_OPENING_MINUTES: i64 = 60;

/// How long nobody must have touched the screen.
pub(crate) const UNTOUCHED_MS: u64 = 5 * 60 * 1000;

/// How long nobody, citizen or officer, must have done anything, where no clock tells when the hall is closed: longer than the
/// break at noon, so that people do not come back to a kiosk that restarts.
const UNATTENDED_MS: u64 = 2 * 3_600_000;

/// Who brought an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateSource {
    /// The district server ordered it.
    Server,
    /// A technician plugged a stick in.
    Stick,
}

/// What an update that lies whole in its folder waits for, beside a hall at rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateWait {
    /// The hall's closing.
    Closing,
    /// A clock that can be trusted, and then the closing.
    Clock,
    /// Two hours without anybody. The clock is not to be trusted, and whoever comes with a stick has no line that would set it.
    Quiet,
}

impl UpdateWait {
    /// What an update from there waits for now.
    pub fn of(source: UpdateSource, at: Wall) -> Self {
        match source {
            UpdateSource::Server | UpdateSource::Stick if at.trusted => Self::Closing,
            UpdateSource::Server => Self::Clock,
            UpdateSource::Stick => Self::Quiet,
        }
    }

    /// Whether it has come. `unattended_ms`: how long nobody has done anything at screen, scanner, keypads or officers' pages.
    pub fn is_over(self, settings: &HallSettings, at: Wall, unattended_ms: u64) -> bool {
        match self {
            Self::Closing | Self::Clock => closed_for_long(settings, at),
            Self::Quiet => unattended_ms >= UNATTENDED_MS,
        }
    }
}

/// How an update ended, or how far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateOutcome {
    /// How far it came.
    pub state: UpdateState,
    /// Version of the bundle; empty if nobody told.
    pub version: String,
    /// The slot it was about, `A` or `B`.
    pub slot: String,
    /// Why, in plain words; empty where the state says it all.
    pub reason: String,
    /// The boot that is judged.
    pub at_boot: String,
}

/// How far an update came.
///
/// ```text
///   Installing --> Trial --> Committed
///        |           +-----> FellBack
///        +--> Refused
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UpdateState {
    /// It is being written into the slot that does not run.
    Installing,
    /// Nothing was tried.
    Refused,
    /// The new image runs and has not proved itself yet.
    Trial,
    /// The new image has proved itself and stays.
    Committed,
    /// The new image did not prove itself; the old one runs again.
    FellBack,
}

impl UpdateOutcome {
    /// Tells this outcome from every other: it is reported once.
    pub fn key(&self) -> String {
        let state = match self.state {
            UpdateState::Installing => "installing",
            UpdateState::Refused => "refused",
            UpdateState::Trial => "trial",
            UpdateState::Committed => "committed",
            UpdateState::FellBack => "fell_back",
        };
        format!("{state} {} {} {}", self.slot, self.version, self.at_boot)
    }

    /// Whether nothing more is to come.
    pub fn is_final(&self) -> bool {
        match self.state {
            UpdateState::Refused | UpdateState::Committed | UpdateState::FellBack => true,
            UpdateState::Installing | UpdateState::Trial => false,
        }
    }
}

/// Whether the hall is closed, and stays so for long enough. A clock that nobody vouches for cannot say.
pub fn closed_for_long(settings: &HallSettings, at: Wall) -> bool {
    at.trusted
        && settings.areas.iter().all(|area| match hours::availability(settings, area, at) {
            Availability::Closed(opens) => {
                opens.is_none_or(|opens| minutes_until(opens, at) >= BEFORE_OPENING_MINUTES)
            }
            Availability::Open | Availability::QuotaReached { .. } | Availability::Exhausted => false,
        })
}

fn minutes_until(opens: OpensAt, at: Wall) -> i64 {
    let civil = at.civil();
    let days = i64::from(opens.day.0) - i64::from(at.day().0);
    let now = i64::from(civil.hour) * 60 + i64::from(civil.minute);
    days * 24 * 60 + i64::from(opens.minute) - now
}
