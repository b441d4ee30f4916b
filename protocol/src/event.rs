//! What can be reported: the closed list of event data, version 1.
//!
//! No field can hold a name, an id number, a phone number or a full dossier code: there is none for it.

use crate::ids::TicketRef;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

macro_rules! event_data {
    ($($(#[$doc:meta])* $variant:ident = $wire:literal,)*) => {
        /// The data of one event. Closed for the writer; a reader keeps what it does not know ([`crate::Body`]).
        #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
        #[serde(untagged)]
        pub enum EventData {
            $($(#[$doc])* $variant($variant),)*
        }

        impl EventData {
            /// Every `type` of this version, in the order of the enum.
            pub const TYPES: &'static [&'static str] = &[$($wire,)*];

            /// The CloudEvents `type` of this data.
            #[must_use]
            pub fn wire_type(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $wire,)*
                }
            }

            /// Reads the data of an event of type `wire_type`; `None` if this version knows no such type.
            pub(crate) fn read(wire_type: &str, json: &str) -> Option<Result<Self, serde_json::Error>> {
                match wire_type {
                    $($wire => Some(serde_json::from_str(json).map(Self::$variant)),)*
                    _ => None,
                }
            }
        }
    };
}

event_data! {
    /// A number was taken.
    TicketIssued = "vn.onestop.ticket.issued.v1",
    /// A print job ended.
    TicketPrinted = "vn.onestop.ticket.printed.v1",
    /// A counter called a number, or called it again.
    TicketCalled = "vn.onestop.ticket.called.v1",
    /// The citizen sits down.
    TicketServing = "vn.onestop.ticket.serving.v1",
    /// The counter is done with the citizen.
    TicketFinished = "vn.onestop.ticket.finished.v1",
    /// The ticket waits aside.
    TicketHeld = "vn.onestop.ticket.held.v1",
    /// A held ticket goes on.
    TicketResumed = "vn.onestop.ticket.resumed.v1",
    /// The ticket goes to another area or counter, keeping its place.
    TicketTransferred = "vn.onestop.ticket.transferred.v1",
    /// Nobody came.
    TicketNoShow = "vn.onestop.ticket.no_show.v1",
    /// The one re-entry after a no-show.
    TicketReentered = "vn.onestop.ticket.reentered.v1",
    /// The ticket was withdrawn.
    TicketCancelled = "vn.onestop.ticket.cancelled.v1",
    /// Numbers that were never issued, and why.
    NumberGap = "vn.onestop.number.gap.v1",
    /// One counted rating.
    RatingGiven = "vn.onestop.rating.given.v1",
    /// The reason chosen after a low rating.
    RatingReason = "vn.onestop.rating.reason.v1",
    /// Presses that were not counted.
    RatingFlagged = "vn.onestop.rating.flagged.v1",
    /// A rating window ended: the response rate's denominator.
    RatingWindowClosed = "vn.onestop.rating.window_closed.v1",
    /// A counter receives people.
    CounterOpened = "vn.onestop.counter.opened.v1",
    /// A counter pauses.
    CounterPaused = "vn.onestop.counter.paused.v1",
    /// A counter is closed.
    CounterClosed = "vn.onestop.counter.closed.v1",
    /// Someone asked for a dossier; without its code.
    LookupMade = "vn.onestop.lookup.made.v1",
    /// A device changed its health.
    DeviceHealth = "vn.onestop.device.health.v1",
    /// The kiosk lives.
    Heartbeat = "vn.onestop.heartbeat.v1",
    /// The kiosk's application started.
    KioskStarted = "vn.onestop.kiosk.started.v1",
    /// Something a guard should know.
    SecurityNoted = "vn.onestop.security.noted.v1",
    /// Ratings summed by hour, because the outbox was full.
    Compacted = "vn.onestop.compacted.v1",
    /// What became of an update of the kiosk's image.
    UpdateEnded = "vn.onestop.update.ended.v1",
}

/// Data of `ticket.issued`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketIssued {
    /// The ticket.
    pub ticket: TicketRef,
    /// The number within its series, from 1.
    pub ordinal: u32,
    /// Service area's id.
    pub area: String,
    /// Service area as the citizen read it.
    pub area_name: String,
    /// Errand's id, if one was asked for.
    pub errand: Option<String>,
    /// Priority class's id, or null for a normal ticket.
    pub priority: Option<String>,
    /// People ahead at that moment.
    pub people_ahead: u32,
}

/// How a print job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrintOutcome {
    /// Paper is out, cut, and the printer said so.
    Printed,
    /// No usable paper; the number was shown on the screen.
    PrintFailed,
    /// Power or line went away in between.
    PrintUnknown,
}

/// Data of `ticket.printed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketPrinted {
    /// The ticket.
    pub ticket: TicketRef,
    /// How it ended.
    pub outcome: PrintOutcome,
    /// Cause in the words of [`DeviceHealth::causes`], unless printed. A second event of a printed ticket says `ticket_left`
    /// when nobody took it out of the printer's mouth.
    pub cause: Option<String>,
    /// A later copy, marked IN LẠI.
    pub reprint: bool,
}

/// Data of `ticket.called`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketCalled {
    /// The ticket.
    pub ticket: TicketRef,
    /// Counter that calls.
    pub counter: String,
    /// Called again.
    pub recall: bool,
}

/// Data of `ticket.serving`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketServing {
    /// The ticket.
    pub ticket: TicketRef,
    /// Counter that serves.
    pub counter: String,
}

/// Data of `ticket.finished`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketFinished {
    /// The ticket.
    pub ticket: TicketRef,
    /// Counter that served.
    pub counter: String,
    /// Seconds from issue to the first call; null when the kiosk's clock was not to be trusted at either.
    pub waited_s: Option<u32>,
    /// Seconds from serving to finish; null likewise.
    pub served_s: Option<u32>,
}

/// Data of `ticket.held`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketHeld {
    /// The ticket.
    pub ticket: TicketRef,
    /// Counter that holds it.
    pub counter: String,
}

/// Data of `ticket.resumed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketResumed {
    /// The ticket.
    pub ticket: TicketRef,
    /// Counter that takes it up again; null if it went back into the queue.
    pub counter: Option<String>,
}

/// Data of `ticket.transferred`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketTransferred {
    /// The ticket.
    pub ticket: TicketRef,
    /// Area it leaves.
    pub from_area: String,
    /// Counter it leaves, if it was at one.
    pub from_counter: Option<String>,
    /// Area it goes to.
    pub to_area: String,
    /// Counter it goes to, if one was named.
    pub to_counter: Option<String>,
}

/// Data of `ticket.no_show`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketNoShow {
    /// The ticket.
    pub ticket: TicketRef,
    /// Counter that waited in vain.
    pub counter: String,
}

/// Data of `ticket.reentered`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketReentered {
    /// The ticket.
    pub ticket: TicketRef,
}

/// Data of `ticket.cancelled`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketCancelled {
    /// The ticket.
    pub ticket: TicketRef,
    /// Why, as a word of the hall's configuration (`citizen`, `officer`, `end_of_day`).
    pub reason: String,
}

/// Why numbers are missing from a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// Skipped after an unclean start, because the card may have lied about its last writes.
    Guard,
    /// Set aside for the other kiosk of the hall while it could not be reached.
    Reserved,
    /// The database was restored from a copy.
    Restored,
    /// Numbers that people took on an unsynchronised clock and kept when the day became known.
    DayCarried,
    /// Set forward by staff.
    Manual,
}

/// Data of `number.gap`: the ordinals `from..=to` of a series and day were never issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberGap {
    /// Hall.
    pub hall: String,
    /// Series.
    pub series: String,
    /// Business day, `yyyy-mm-dd`.
    pub business_day: String,
    /// First missing ordinal.
    pub from: u32,
    /// Last missing ordinal.
    pub to: u32,
    /// Why.
    pub reason: GapReason,
}

/// Data of `rating.given`. If a ticket has several, the last counts (a change within 3 s).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RatingGiven {
    /// The rated ticket.
    pub ticket: TicketRef,
    /// Counter that served.
    pub counter: String,
    /// Scale's id (`vn3`, `vn5`, `hon4`).
    pub scale: String,
    /// Key as the keypad sent it.
    pub key: String,
    /// Place on the scale: 1 is the least satisfied, `steps` the most.
    pub value: u8,
    /// Steps of the scale.
    pub steps: u8,
}

/// Data of `rating.reason`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RatingReason {
    /// The rated ticket.
    pub ticket: TicketRef,
    /// Counter that served.
    pub counter: String,
    /// Reason's id from the hall's list; never free text.
    pub reason: String,
}

/// Why a press was not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlagReason {
    /// Within a second of the finish.
    TooSoon,
    /// Many presses at once.
    Burst,
    /// A key that does not come up.
    StuckKey,
    /// The keypad was pulled out.
    Unplugged,
    /// No ticket was waiting for a rating.
    NoWindow,
    /// The ticket has its rating.
    AlreadyRated,
    /// A key that the scale does not have.
    UnknownKey,
}

/// Data of `rating.flagged`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RatingFlagged {
    /// The ticket whose window was open, if any.
    pub ticket: Option<TicketRef>,
    /// Counter of the keypad.
    pub counter: String,
    /// Why.
    pub why: FlagReason,
    /// How many presses this event stands for.
    pub presses: u32,
}

/// Data of `rating.window_closed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RatingWindowClosed {
    /// The ticket.
    pub ticket: TicketRef,
    /// Counter that served.
    pub counter: String,
    /// Whether a rating was counted.
    pub answered: bool,
}

/// Data of `counter.opened`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CounterOpened {
    /// The counter.
    pub counter: String,
    /// Areas it serves.
    pub areas: Vec<String>,
}

/// Data of `counter.paused`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CounterPaused {
    /// The counter.
    pub counter: String,
    /// Reason's id (`break`, `meeting`, `fault`).
    pub reason: String,
}

/// Data of `counter.closed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CounterClosed {
    /// The counter.
    pub counter: String,
}

/// What a look-up ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LookupOutcome {
    /// Status shown.
    Found,
    /// Status shown, from the kiosk's own older copy.
    FoundOffline,
    /// No such dossier, or not this citizen's.
    NotFound,
    /// The server could not be asked.
    Unreachable,
    /// Too many tries.
    Throttled,
    /// A citizen card was scanned: dropped, never sent.
    CitizenCard,
    /// Not a dossier code.
    NotACode,
}

/// Data of `lookup.made`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookupMade {
    /// Scanned or typed.
    pub kind: crate::LookupKind,
    /// How it ended.
    pub outcome: LookupOutcome,
    /// Status group's number of the national list (1 to 10), if one was shown.
    pub status: Option<u8>,
    /// Days past the due date that the citizen was told, if any.
    pub days_late: Option<u32>,
}

/// Health of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceState {
    /// Works.
    Ok,
    /// Works, but someone should come (paper nearly out).
    Degraded,
    /// Does not work.
    Failed,
    /// Is not there.
    Absent,
}

/// Data of `device.health`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceHealth {
    /// Device's id: its kind, `.` and a name where there are several (`printer`, `scanner`, `keypad.3`, `display.3`,
    /// `database`).
    pub device: String,
    /// Its state.
    pub state: DeviceState,
    /// Causes in snake case: `paper_near_end`, `paper_end`, `cover_open`, `cutter_error`, `overheated`, `offline`,
    /// `not_answering`, `held_data`, `stuck_key`, `ticket_left`, `lines_not_kept`, `unplugged`, `unrecoverable`, of a database `restored_from_copy`, `numbers_lost`. A server shows an unknown one as it is.
    pub causes: Vec<String>,
    /// What happened to the device since the kiosk's application started. Left out where nobody counts, and by older kiosks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counters: Option<DeviceCounters>,
}

/// Counts of a device since the kiosk's application started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DeviceCounters {
    /// Times that its line was opened.
    pub opens: u64,
    /// Attempts to open it that failed.
    pub failed_opens: u64,
    /// Times that an open line was lost.
    pub losses: u64,
    /// Times that its driver died and was begun again.
    pub restarts: u64,
    /// Times that it did not answer, or did not take bytes, in time.
    pub timeouts: u64,
    /// Changes of its health.
    pub health_changes: u64,
}

/// What the printer says about its paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Paper {
    /// Enough.
    Ok,
    /// The near-end sensor sees the core.
    NearEnd,
    /// None.
    End,
    /// No answer.
    Unknown,
}

/// Data of `heartbeat`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// Paper.
    pub paper: Paper,
    /// Unacknowledged events.
    pub outbox_depth: u32,
    /// Age of the oldest unacknowledged event, seconds.
    pub oldest_unsent_s: u32,
    /// Kiosk's clock minus server's, milliseconds; null before the first answer.
    pub clock_offset_ms: Option<i64>,
    /// Seconds since the application started.
    pub uptime_s: u64,
    /// Application's version.
    pub app_version: String,
    /// Disk image's version, on a real kiosk.
    pub image_version: Option<String>,
    /// Free space of the data partition, MiB.
    pub disk_free_mib: u64,
    /// Resident memory of the application, MiB.
    pub memory_mib: u64,
    /// Temperature, whole degrees Celsius, if there is a sensor.
    pub temperature_c: Option<i32>,
}

/// Data of `kiosk.started`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KioskStarted {
    /// The last run did not end by itself.
    pub unclean: bool,
    /// Application's version.
    pub app_version: String,
}

/// Data of `security.noted`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityNoted {
    /// What, in snake case: `wrong_pin`, `pin_locked`, `unknown_usb`, `technician_menu`, `config_refused`.
    pub what: String,
    /// Where, if a counter or device can be named.
    pub place: Option<String>,
    /// How many times this event stands for.
    pub times: u32,
}

/// Data of `compacted`: stands for `replaced` ratings that no longer had room of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compacted {
    /// Hour, `yyyy-mm-ddThh` at UTC+7.
    pub hour: String,
    /// Counter.
    pub counter: String,
    /// Scale's id.
    pub scale: String,
    /// Steps of the scale.
    pub steps: u8,
    /// How often each value (1 to `steps`) was given.
    pub counts: BTreeMap<u8, u32>,
    /// How many ratings this event replaces.
    pub replaced: u32,
}

/// How far an update came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

/// Data of `update.ended`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateEnded {
    /// How far it came.
    pub state: UpdateState,
    /// Version of the bundle; empty if nobody told.
    pub version: String,
    /// The slot it was about, `A` or `B`.
    pub slot: String,
    /// Why, in plain words for a technician; empty where the state says it all.
    pub reason: String,
}
