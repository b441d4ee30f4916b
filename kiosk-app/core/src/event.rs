//! Everything that can happen to a hall. Closed: an event that is not here cannot reach the rules.

use std::fmt;

use crate::dossier::LookUpAnswer;
use crate::effect::ScanRefusal;
use crate::id::{
    AreaId, CounterId, ErrandId, JobId, PauseReasonId, PressId, PriorityId, RatingReasonId, RequestId,
};
use crate::ticket::TicketId;
use crate::update::{UpdateOutcome, UpdateSource};

/// What the scanner read, as it came. It may be a citizen card, so it shows itself nowhere: neither in a log, nor in a panic,
/// nor in the trace of an event.
#[derive(Clone, PartialEq, Eq)]
pub struct ScanText(String);

impl ScanText {
    /// The text, for whoever reads a code out of it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for ScanText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for ScanText {
    fn from(text: &str) -> Self {
        Self(text.to_string())
    }
}

impl fmt::Debug for ScanText {
    /// Says only its length.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScanText({} bytes)", self.0.len())
    }
}

/// One thing that happened, outside or in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The shell is up: storage open, devices being looked for. First event of a run, exactly once.
    Started,
    /// A second passed; deadlines are looked at, and the day turns in a commit of its own. The shell sends it, the rules
    /// never wait.
    Ticked,
    /// The citizen touched something on the screen. Carries no page: a touch within [`crate::screen::SETTLE_MS`] of a
    /// page's appearing, or of something that the page does not have, does nothing.
    Touched(Touch),
    /// The scanner read something: text as it came, framing already removed.
    Scanned(ScanText),
    /// The scanner read something that its driver threw away: too long, or no text.
    ScanRejected(ScanRefusal),
    /// The printer answered for a job; exactly one for each [`crate::effect::Effect::Print`].
    PrintFinished {
        /// The job.
        job: JobId,
        /// Its outcome.
        outcome: PrintOutcome,
    },
    /// A printer with a presenter says where a printed ticket is; `HeldOut` comes right after `Printed`.
    TicketPresented {
        /// Its job.
        job: JobId,
        /// Where it is.
        at: Presented,
    },
    /// A look-up answered; exactly one for each [`crate::effect::Effect::LookUp`].
    LookUpAnswered {
        /// The look-up.
        request: RequestId,
        /// Its answer.
        answer: LookUpAnswer,
    },
    /// A key of a counter's rating keypad, debounced.
    KeyPressed {
        /// The counter whose keypad it is.
        counter: CounterId,
        /// The raw key as the keypad sent it.
        key: u8,
    },
    /// A counter's keypad behaved oddly; counted and reported, never a vote.
    KeypadFlagged {
        /// The counter whose keypad it is.
        counter: CounterId,
        /// What it did.
        flag: KeypadFlag,
    },
    /// An officer pressed something on the console.
    OfficerPressed(OfficerPress),
    /// A device's health changed.
    DeviceChanged {
        /// Which device.
        device: Device,
        /// Its health now.
        health: Health,
    },
    /// What is known of the printer's kind; for the page of the machine, the rules have no use for it.
    PrinterIdentified(PrinterKind),
    /// The line to the district server came or went.
    LineChanged(Line),
    /// The announcement at the head of the queue has been spoken or shown.
    AnnouncementFinished,
    /// The store failed to carry out the effects of the last event; nothing after them was done. Must come before any
    /// other event. The rules go back to before that event and take it again, knowing that nothing can be stored; its
    /// new effects hold no `Store`, nor do those of later events until `StoreRecovered`.
    StoreFailed,
    /// The store refused a number because another ticket has it; comes in the place of `StoreFailed`, at most once for an
    /// event. The rules go back to before that event and take it again above the highest number that the store knows.
    NumberTaken {
        /// The series.
        series: AreaId,
        /// The highest ordinal that a ticket of the series has on the day in force.
        highest: u32,
    },
    /// The store works again.
    StoreRecovered,
    /// What the district server's clock said in an answer that has just come: a second witness of the date.
    ServerClock {
        /// Unix milliseconds.
        unix_ms: i64,
    },
    /// The configuration was read and has this many faults; what they describe is out of use.
    ConfigurationFaulty {
        /// 1 and up.
        faults: u32,
    },
    /// A whole and checked update lies in the data folder and waits until it disturbs nobody; answered by one
    /// [`crate::effect::Effect::InstallUpdate`], perhaps days later.
    UpdateStaged(UpdateSource),
    /// It is there no more.
    UpdateWithdrawn,
    /// How the last update ended, or how far it is, as the boot control says. May come again and again.
    UpdateEnded(UpdateOutcome),
    /// How full the outbox is, in percent of its cap.
    OutboxFilled {
        /// 0 to 100.
        percent: u8,
    },
}

/// A touch, already resolved to what it means on the page it was made on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Touch {
    /// Lấy số thứ tự.
    TakeNumber,
    /// Tra cứu hồ sơ.
    LookUp,
    /// Thủ tục cần giấy tờ gì?
    Procedures,
    /// Đánh giá phục vụ.
    Rate,
    /// An errand of the errand page.
    Errand(ErrandId),
    /// Tôi không biết chọn gì.
    DontKnow,
    /// A service area of the area page.
    Area(AreaId),
    /// A priority class, or none.
    Priority(Option<PriorityId>),
    /// Nhập mã hồ sơ: to the keypad page.
    TypeCode,
    /// A character of a code or of the phone digits; ASCII letter, digit, `-`, `.` or `/`.
    Key(char),
    /// Xoá: the last character.
    Erase,
    /// Tiếp tục: what was typed is complete.
    Enter,
    /// A field of the procedures page, by index into the shown list.
    Field(usize),
    /// A procedure of the list, by index into the shown list.
    Procedure(usize),
    /// A counter of the rating page.
    RateCounter(CounterId),
    /// A choice of the rating scale, by its key.
    RateChoice(u8),
    /// A reason after a low rating.
    RateReason(RatingReasonId),
    /// Bỏ qua.
    Skip,
    /// The next page of a long list.
    NextPage,
    /// The page before in a long list.
    PreviousPage,
    /// Quay lại.
    Back,
    /// To the home page.
    Home,
    /// Xong.
    Done,
    /// A touch anywhere else: the citizen is still here.
    StillHere,
    /// Changes text size, contrast, reach or language.
    Adjust(Adjustment),
}

/// A change of how pages are shown; goes back when the session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adjustment {
    /// A+: larger or normal text.
    TextSize,
    /// Higher or normal contrast.
    Contrast,
    /// Controls in the lower half, or normal.
    LowReach,
    /// Vietnamese or English.
    Language,
}

/// The outcome of a print job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrintOutcome {
    /// Confirmed by the printer after the cut.
    Printed,
    /// Nothing that a person could take for a ticket came out.
    NotPrinted(PrintTrouble),
    /// Some bytes went out, no confirmation came.
    Unknown {
        /// Bytes that the printer may have taken.
        bytes: u64,
        /// Why it is unknown.
        cause: PrintTrouble,
    },
}

/// What kind of printer it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrinterKind {
    /// The profile in force.
    pub profile: String,
    /// Maker and model, if it says so.
    pub name: Option<String>,
    /// Whether it keeps the lines that all tickets share and prints them from its memory.
    pub keeps_lines: bool,
}

/// Where a ticket is that a presenter holds out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Presented {
    /// In the printer's mouth, for its owner to take.
    HeldOut,
    /// In somebody's hand.
    Taken,
    /// Nobody took it; the printer removed it.
    Left,
}

/// Why a print failed, as far as people can act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PrintTrouble {
    /// Paper is out.
    PaperEnd,
    /// The cover is open.
    CoverOpen,
    /// The cutter is stuck.
    CutterError,
    /// The printer reports an error of its own.
    PrinterError,
    /// No printer answers.
    Absent,
    /// It took bytes and fell silent, or its deadline passed.
    Silent,
    /// The kiosk was restarted in mid-job.
    Interrupted,
}

/// What a keypad did that is no vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeypadFlag {
    /// A key was down for more than 8 s.
    Stuck,
    /// More presses than a person makes.
    Burst,
}

/// A device of the kiosk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Device {
    /// The ticket printer.
    Printer,
    /// The barcode scanner.
    Scanner,
    /// The rating keypad of a counter.
    Keypad(CounterId),
    /// The display above a counter.
    Display(CounterId),
}

/// A device's health.
///
/// ```text
///   Absent <--> Starting --> Ready <--> Degraded(causes)
///     ^                        ^            |
///     +---- from any           +-> Blocked(causes)     Failed: from any, for good
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// Not connected or not answering.
    Absent,
    /// Connected, being set up.
    Starting,
    /// Works.
    Ready,
    /// Works, but someone should look.
    Degraded(Vec<DeviceCause>),
    /// Does not work until someone acts.
    Blocked(Vec<DeviceCause>),
    /// Given up; needs a technician.
    Failed,
}

/// What is the matter with a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeviceCause {
    /// Paper is running out.
    PaperNearEnd,
    /// Paper is out.
    PaperEnd,
    /// The cover is open.
    CoverOpen,
    /// The cutter is stuck.
    CutterError,
    /// A ticket lies in the printer's mouth, where nobody takes it.
    TicketLeft,
    /// The printer's own error.
    PrinterError,
    /// It does not keep the lines that it is configured to keep; each ticket takes longer.
    LinesNotKept,
    /// It is switched off line.
    Offline,
    /// A key is stuck.
    StuckKey,
    /// Unreadable input keeps coming.
    Noise,
}

/// The line to the district server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Line {
    /// Never tried in this run.
    Unknown,
    /// The last exchange succeeded.
    Up,
    /// The last exchange failed, for this cause.
    Down(LineTrouble),
    /// This kiosk is not enrolled with a server; reports are kept.
    NotEnrolled,
}

/// Why the line is down, as the status page says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineTrouble {
    /// The name does not resolve.
    Dns,
    /// Nobody answers at the address.
    Refused,
    /// No answer in time.
    TimedOut,
    /// Something between answers in the server's place (proxy, captive portal).
    Intercepted,
    /// The certificate does not hold.
    Tls,
    /// The server says it is in trouble itself.
    ServerError,
    /// The server no longer accepts this kiosk.
    Revoked,
}

/// An officer's press.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfficerPress {
    /// Answered by exactly one [`crate::effect::Effect::AnswerOfficer`] with the same number.
    pub request: RequestId,
    /// Idempotency key; the same press again gets the same answer and changes nothing.
    pub press: PressId,
    /// The counter the officer is signed in at.
    pub counter: CounterId,
    /// The ticket that the officer's page showed as current when pressed; compare and set.
    pub seen: Option<TicketId>,
    /// What was pressed.
    pub action: OfficerAction,
}

/// What an officer can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OfficerAction {
    /// Mở quầy: open, or resume after a pause.
    Open,
    /// Tạm dừng, with a reason.
    Pause(PauseReasonId),
    /// Đóng quầy.
    Close,
    /// Gọi số: the next ticket of the areas the counter serves. Finishes nothing by itself.
    CallNext,
    /// Gọi lại: call the current ticket once more.
    Recall,
    /// Tiếp nhận: the person is here.
    Serve,
    /// Kết thúc.
    Finish,
    /// Bỏ qua: called and did not come.
    NoShow,
    /// Set aside, to be resumed at this counter.
    Hold,
    /// Take a ticket on hold at this counter up again.
    Resume(TicketId),
    /// Chuyển quầy: to another area's queue or to one counter.
    Transfer(TransferTo),
    /// A no-show came after all: back into the queue, once.
    Reenter(TicketId),
    /// Withdraw a ticket.
    Cancel(TicketId),
    /// Take a self-declared priority away.
    RevokePriority(TicketId),
    /// Print a ticket again, marked IN LẠI.
    Reprint(TicketId),
}

/// Where a ticket is transferred to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransferTo {
    /// Any counter of an area.
    Area(AreaId),
    /// One counter.
    Counter(CounterId),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scan_is_not_in_what_an_event_says_of_itself() {
        const CANARY: &str = "001099012345|NGUYỄN THỊ CHIM YẾN|01011990";
        let event = Event::Scanned(CANARY.into());
        for shown in [format!("{event:?}"), format!("{event:#?}"), format!("{:?}", Some(vec![event]))] {
            for part in ["001099012345", "CHIM", "1990"] {
                assert!(!shown.contains(part), "{part} in {shown}");
            }
            assert!(shown.contains("ScanText("), "{shown}");
        }
    }
}
