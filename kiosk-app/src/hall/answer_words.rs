//! What the officer reads after a press.

use kiosk_core::effect::{OfficerAnswer, OfficerRefusal};

use super::desk::NoAnswer;

/// What came of a press, as the page gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    Stale,
    NobodyWaits,
    CounterNotOpen,
    TicketInHand,
    NoTicketInHand,
    WrongState,
    ReentryUsed,
    Unknown,
    PrinterNotReady,
    StoreFailed,
    Busy,
    TooLate,
    Stopped,
    SignedOut,
    BadForm,
}

impl Outcome {
    const ALL: [Self; 16] = [
        Self::Done,
        Self::Stale,
        Self::NobodyWaits,
        Self::CounterNotOpen,
        Self::TicketInHand,
        Self::NoTicketInHand,
        Self::WrongState,
        Self::ReentryUsed,
        Self::Unknown,
        Self::PrinterNotReady,
        Self::StoreFailed,
        Self::Busy,
        Self::TooLate,
        Self::Stopped,
        Self::SignedOut,
        Self::BadForm,
    ];

    /// What the rules answered, or why they did not.
    pub fn of(result: Result<OfficerAnswer, NoAnswer>) -> Self {
        match result {
            Ok(OfficerAnswer::Done) => Self::Done,
            Ok(OfficerAnswer::Stale) => Self::Stale,
            Ok(OfficerAnswer::NobodyWaits) => Self::NobodyWaits,
            Ok(OfficerAnswer::StoreFailed) => Self::StoreFailed,
            Ok(OfficerAnswer::Refused(refusal)) => match refusal {
                OfficerRefusal::CounterNotOpen => Self::CounterNotOpen,
                OfficerRefusal::TicketInHand => Self::TicketInHand,
                OfficerRefusal::NoTicketInHand => Self::NoTicketInHand,
                OfficerRefusal::WrongState => Self::WrongState,
                OfficerRefusal::ReentryUsed => Self::ReentryUsed,
                OfficerRefusal::Unknown => Self::Unknown,
                OfficerRefusal::PrinterNotReady => Self::PrinterNotReady,
            },
            Err(NoAnswer::Busy) => Self::Busy,
            Err(NoAnswer::TooLate) => Self::TooLate,
            Err(NoAnswer::Stopped) => Self::Stopped,
        }
    }

    /// Its name in addresses and JSON.
    pub fn code(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Stale => "stale",
            Self::NobodyWaits => "nobody-waits",
            Self::CounterNotOpen => "counter-not-open",
            Self::TicketInHand => "ticket-in-hand",
            Self::NoTicketInHand => "no-ticket-in-hand",
            Self::WrongState => "wrong-state",
            Self::ReentryUsed => "reentry-used",
            Self::Unknown => "unknown",
            Self::PrinterNotReady => "printer-not-ready",
            Self::StoreFailed => "store-failed",
            Self::Busy => "busy",
            Self::TooLate => "too-late",
            Self::Stopped => "stopped",
            Self::SignedOut => "signed-out",
            Self::BadForm => "bad-form",
        }
    }

    /// The outcome of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.code() == code)
    }

    /// Whether sending the same press again makes sense: it got no answer, or none that is final.
    pub fn may_repeat(self) -> bool {
        matches!(self, Self::Busy | Self::TooLate | Self::Stopped)
    }

    /// The sentence for the officer; `button` is the value of the button that was pressed.
    pub fn sentence(self, button: &str) -> &'static str {
        match self {
            Self::Done => done(button),
            Self::Stale => {
                "Số ở quầy vừa thay đổi, trang chưa kịp cập nhật. Chưa làm gì cả, xin xem lại rồi bấm."
            }
            Self::NobodyWaits => "Hiện không có ai chờ quầy này.",
            Self::CounterNotOpen if button.starts_with("to-counter") => {
                "Quầy đó đang đóng. Xin chọn quầy khác hoặc chuyển vào hàng chờ của lĩnh vực."
            }
            Self::CounterNotOpen => "Quầy chưa mở. Xin bấm Mở quầy trước.",
            Self::TicketInHand => "Quầy đang có một số. Xin kết thúc, giữ lại hoặc chuyển số đó trước.",
            Self::NoTicketInHand => "Quầy chưa có số nào. Xin bấm Gọi số trước.",
            Self::WrongState => "Số này không còn ở trạng thái làm được việc đó.",
            Self::ReentryUsed => "Số này đã được cho vào lại một lần rồi. Xin mời công dân lấy số mới.",
            Self::Unknown => "Không có số, quầy hoặc lĩnh vực này nữa.",
            Self::PrinterNotReady => {
                "Máy in chưa sẵn sàng nên không in lại được. Xin xem máy in rồi thử lại."
            }
            Self::StoreFailed => {
                "Máy lấy số không ghi được dữ liệu nên chưa làm gì cả. Xin thử lại; nếu vẫn vậy, báo cán bộ kỹ thuật."
            }
            Self::Busy => "Máy lấy số đang bận. Xin bấm lại nút đó: bấm lại không làm hai lần.",
            Self::TooLate => "Máy lấy số chưa trả lời. Xin bấm lại nút đó: bấm lại không làm hai lần.",
            Self::Stopped => "Máy lấy số đang dừng hoặc khởi động lại. Xin đợi ít phút rồi bấm lại nút đó.",
            Self::SignedOut => "Đã hết phiên làm việc. Xin nhập lại mã PIN của quầy.",
            Self::BadForm => "Trang đã cũ. Xin tải lại trang rồi bấm lại.",
        }
    }
}

fn done(button: &str) -> &'static str {
    match button.split(':').next().unwrap_or_default() {
        "open" => "Quầy đã mở.",
        "pause" => "Quầy đã tạm dừng.",
        "close" => "Quầy đã đóng.",
        "call" => "Đã gọi số tiếp theo.",
        "recall" => "Đã gọi lại.",
        "serve" => "Đang tiếp nhận.",
        "finish" => "Đã kết thúc. Mời công dân đánh giá trên bàn phím.",
        "no-show" => "Đã ghi là vắng mặt.",
        "hold" => "Đã giữ lại.",
        "resume" => "Đã tiếp tục số được giữ lại.",
        "to-area" | "to-counter" => "Đã chuyển.",
        "reenter" => "Đã cho vào lại hàng chờ.",
        "cancel" => "Đã huỷ số.",
        "revoke" => "Đã bỏ ưu tiên.",
        "reprint" => "Đang in lại. Nếu không thấy phiếu ra, xin xem máy in rồi bấm In lại lần nữa.",
        _ => "Đã xong.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_is_found_by_its_code() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::from_code(outcome.code()), Some(outcome));
        }
    }
}
