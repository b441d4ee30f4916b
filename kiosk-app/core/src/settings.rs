//! A hall as its configuration describes it, already validated: every id referred to exists.

use crate::id::{AreaId, CounterId, ErrandId, HallId, PauseReasonId, PriorityId, RatingReasonId};
use crate::time::{BusinessDay, Weekday};

/// Everything the rules need to know of a hall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HallSettings {
    /// Identity below the district server.
    pub hall: HallId,
    /// Unit lines of the paper and the screen, top first (`UBND XÃ ĐƠN DƯƠNG`).
    pub unit_lines: Vec<String>,
    /// How numbers are spoken.
    pub speech: SpeechSettings,
    /// Service areas in the order of the screen.
    pub areas: Vec<ServiceArea>,
    /// Errands in the order of the screen.
    pub errands: Vec<Errand>,
    /// The errand of "Tôi không biết chọn gì"; `None`: the button does nothing.
    pub guidance_errand: Option<ErrandId>,
    /// Counters in ascending order.
    pub counters: Vec<Counter>,
    /// Priority classes in the order of the screen; empty: nobody is asked.
    pub priority_classes: Vec<PriorityClass>,
    /// How often a ticket may be overtaken by later ones of a priority class, at most.
    pub max_overtakings: u32,
    /// Opening windows by weekday; a weekday without one is closed.
    pub opening: Vec<OpeningWindow>,
    /// Days on which the hall is closed whatever the weekday.
    pub holidays: Vec<BusinessDay>,
    /// Rating scale of the keypads and of the screen.
    pub rating_scale: RatingScale,
    /// Reasons offered after a low rating, at most nine.
    pub rating_reasons: Vec<RatingReason>,
    /// Why a counter may pause.
    pub pause_reasons: Vec<PauseReason>,
    /// How dossier codes are read.
    pub dossiers: DossierSettings,
    /// The procedures that the catalogue page shows.
    pub catalogue: Vec<Procedure>,
    /// Numbers skipped in every series after an unclean start.
    pub guard_band: u32,
    /// Seconds without a touch until the screen is blank home again.
    pub idle_timeout_secs: u32,
    /// Seconds that a rating window stays open after a finish.
    pub rating_window_secs: u32,
}

/// A service area, *lĩnh vực*, with its ticket series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceArea {
    /// Name in events and store.
    pub id: AreaId,
    /// Name on screen and paper.
    pub name: String,
    /// Letters before the ordinal; empty for plain digits.
    pub prefix: String,
    /// Digits the ordinal is padded to, 1 to 6.
    pub digits: u8,
    /// First ordinal of a day.
    pub first: u32,
    /// Last ordinal of a day.
    pub last: u32,
    /// Most tickets a session (morning, afternoon) may issue, `None` for no limit.
    pub session_quota: Option<u32>,
    /// Own opening windows; empty: those of the hall.
    pub opening: Vec<OpeningWindow>,
    /// Icon name of the screen (`person`, `stamp`, `house`, `map`...).
    pub icon: String,
}

/// What a citizen came for, *nhu cầu*; the first question of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errand {
    /// Name in events and store.
    pub id: ErrandId,
    /// Words on the button.
    pub name: String,
    /// A second, smaller line; may be empty.
    pub hint: String,
    /// Icon name of the screen.
    pub icon: String,
    /// The areas to choose from; with exactly one, nobody is asked.
    pub areas: Vec<AreaId>,
}

/// A counter, *quầy*.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// The number above it.
    pub id: CounterId,
    /// What it says beside the number.
    pub name: String,
    /// The areas it serves, in no order of preference: the oldest ticket is called.
    pub areas: Vec<AreaId>,
}

/// A priority class, declared by the citizen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriorityClass {
    /// Name in events and store.
    pub id: PriorityId,
    /// Words on the button.
    pub name: String,
}

/// A time of day span in which tickets are issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OpeningWindow {
    /// The weekday.
    pub weekday: Weekday,
    /// Minutes since midnight at which it opens.
    pub from_minute: u16,
    /// Minutes since midnight at which it closes (exclusive).
    pub to_minute: u16,
}

/// A rating scale as data (`vn3`, `vn5`, `hon4`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RatingScale {
    /// Name in events (`vn3`).
    pub id: String,
    /// Choices, best first.
    pub choices: Vec<RatingChoice>,
}

/// One choice of a scale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RatingChoice {
    /// The key that the keypad sends for it.
    pub key: u8,
    /// Words on the button (`Rất hài lòng`).
    pub name: String,
    /// Whether a page of reasons follows.
    pub low: bool,
}

/// A reason offered after a low rating.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RatingReason {
    /// Name in events.
    pub id: RatingReasonId,
    /// Words on the button.
    pub name: String,
}

/// Why a counter pauses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PauseReason {
    /// Name in events.
    pub id: PauseReasonId,
    /// Words on the officer's page.
    pub name: String,
}

/// How dossier codes are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DossierSettings {
    /// The unit's fixed beginning of typed codes (`H40.16.24-`), filled in for the citizen; may be empty.
    pub typed_prefix: String,
    /// Hosts whose addresses may carry a code; everything else that looks like an address is refused.
    pub url_hosts: Vec<String>,
    /// The errand offered when a result is ready (*Nhận kết quả*).
    pub result_errand: Option<ErrandId>,
    /// The errand offered when papers or payment are wanted (*Bổ sung hồ sơ*).
    pub supplement_errand: Option<ErrandId>,
}

/// How numbers are spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SpeechSettings {
    /// Digit by digit: `012` is "không một hai".
    #[default]
    Digits,
    /// As a number, the way the region says it.
    Number {
        /// What stands for an empty ten: 101 "một trăm linh một" or "lẻ".
        empty_ten: EmptyTen,
        /// The word for a thousand.
        thousand: Thousand,
    },
}

/// The word for an empty ten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmptyTen {
    /// "linh", in the north.
    Linh,
    /// "lẻ", in the south.
    Le,
}

/// The word for a thousand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thousand {
    /// "nghìn", in the north.
    Nghin,
    /// "ngàn", in the south.
    Ngan,
}

/// An administrative procedure, *thủ tục hành chính*, as the catalogue shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Procedure {
    /// National code (`1.001193`).
    pub code: String,
    /// Official name, verbatim.
    pub name: String,
    /// Field, *lĩnh vực*, verbatim.
    pub field: String,
    /// What people call it.
    pub synonyms: Vec<String>,
}
