//! Everything that is said with a number, a time or a name in it, in both languages. What is said without stands in
//! the pages, under `@tr`.

mod failures;

use kiosk_core::dossier::Stage;
use kiosk_core::event::PrintTrouble;
use kiosk_core::id::CounterId;
use kiosk_core::screen::StageGroup;
use kiosk_core::ticket::TicketNumber;

/// A language of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// First, and what pages are written in.
    Vietnamese,
    /// Second.
    English,
}

use Language::{English, Vietnamese};

impl Language {
    /// The language that a citizen chose.
    pub fn of(look: kiosk_core::screen::Look) -> Self {
        if look.english { English } else { Vietnamese }
    }

    /// One of two.
    fn pick<'a>(self, vietnamese: &'a str, english: &'a str) -> &'a str {
        match self {
            Vietnamese => vietnamese,
            English => english,
        }
    }

    /// A count with its thousands apart: `1.234`, `1,234`.
    pub fn count(self, count: u32) -> String {
        let digits = count.to_string();
        let mut grouped = String::new();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                grouped.push_str(self.pick(".", ","));
            }
            grouped.push(digit);
        }
        grouped
    }

    /// People waiting, in the hall or for an area.
    pub fn waiting(self, people: u32) -> String {
        match (self, people) {
            (Vietnamese, 0) => "Không có ai chờ".into(),
            (Vietnamese, people) => format!("{} người chờ", self.count(people)),
            (English, 0) => "Nobody waits".into(),
            (English, people) => format!("{} waiting", self.count(people)),
        }
    }

    /// Counters open in the hall.
    pub fn open_counters(self, counters: u32) -> String {
        match (self, counters) {
            (Vietnamese, 0) => "Chưa có quầy mở".into(),
            (Vietnamese, counters) => format!("{counters} quầy đang mở"),
            (English, 0) => "No open counter".into(),
            (English, 1) => "1 counter open".into(),
            (English, counters) => format!("{counters} counters open"),
        }
    }

    /// Expected wait.
    pub fn wait(self, (from, to): (u32, u32)) -> String {
        match self {
            Vietnamese if from == 0 => format!("dưới {to} phút"),
            Vietnamese if from == to => format!("khoảng {to} phút"),
            Vietnamese => format!("khoảng {from}-{to} phút"),
            English if from == 0 => format!("under {to} minutes"),
            English if from == to => format!("about {to} minutes"),
            English => format!("about {from}-{to} minutes"),
        }
    }

    /// Expected wait, as a line of its own.
    pub fn you_wait(self, minutes: (u32, u32)) -> String {
        format!("{} {}", self.pick("Chờ", "Wait"), self.wait(minutes))
    }

    /// People before the citizen.
    pub fn ahead(self, people: u32) -> String {
        match (self, people) {
            (Vietnamese, 0) => "Không có ai trước Ông/Bà".into(),
            (Vietnamese, people) => format!("Còn {} người trước Ông/Bà", self.count(people)),
            (English, 0) => "Nobody is before you".into(),
            (English, 1) => "1 person is before you".into(),
            (English, people) => format!("{} people are before you", self.count(people)),
        }
    }

    /// The counters that will call.
    pub fn counters(self, counters: &[CounterId]) -> String {
        let list = counters.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        match (self, counters) {
            (Vietnamese, []) => "Chưa có quầy mở, xin chờ gọi số".into(),
            (Vietnamese, _) => format!("Quầy phục vụ: {list}"),
            (English, []) => "No counter is open yet, please wait to be called".into(),
            (English, [_]) => format!("Counter: {list}"),
            (English, _) => format!("Counters: {list}"),
        }
    }

    /// A counter's name on a button.
    pub fn counter(self, counter: CounterId) -> String {
        format!("{} {counter}", self.pick("Quầy", "Counter"))
    }

    /// A number with its word.
    pub fn number(self, number: &TicketNumber) -> String {
        format!("{} {number}", self.pick("Số", "Number"))
    }

    /// Whose number it is.
    pub fn your_number(self, number: &TicketNumber) -> String {
        match self {
            Vietnamese => format!("Số của Ông/Bà là {number}"),
            English => format!("Your number is {number}"),
        }
    }

    /// Opens then; `when` is a day as [`super::dates`] says it.
    pub fn opens(self, clock: &str, when: &str) -> String {
        match self {
            Vietnamese => format!("Mở cửa lúc {clock} {when}."),
            English => format!("Opens at {clock} {when}."),
        }
    }

    /// Outside the hours.
    pub fn closed(self) -> &'static str {
        self.pick("Ngoài giờ tiếp nhận.", "Closed at this hour.")
    }

    /// The quota of a session is used up.
    pub fn quota_reached(self, morning: bool) -> &'static str {
        match (self, morning) {
            (Vietnamese, true) => "Đã hết lượt tiếp nhận buổi sáng.",
            (Vietnamese, false) => "Đã hết lượt tiếp nhận buổi chiều.",
            (English, true) => "All places of this morning are taken.",
            (English, false) => "All places of this afternoon are taken.",
        }
    }

    /// What to do when the quota is used up.
    pub fn come_back(self, morning: bool) -> &'static str {
        match (self, morning) {
            (Vietnamese, true) => "Xin lấy số buổi chiều, hoặc hỏi cán bộ hướng dẫn.",
            (Vietnamese, false) => "Xin đến vào ngày làm việc sau, hoặc hỏi cán bộ hướng dẫn.",
            (English, true) => "Please come in the afternoon, or ask the staff.",
            (English, false) => "Please come on the next working day, or ask the staff.",
        }
    }

    /// The series has no number left.
    pub fn exhausted(self) -> &'static str {
        self.pick("Hôm nay đã hết số.", "No numbers are left today.")
    }

    /// Someone can help.
    pub fn ask_staff(self) -> &'static str {
        self.pick("Xin hỏi cán bộ hướng dẫn.", "Please ask the staff.")
    }

    /// The page is about to close.
    pub fn leaving(self, secs: u32) -> String {
        match self {
            Vietnamese => format!("Trang sẽ đóng sau {secs} giây. Chạm để ở lại"),
            English => format!("This page closes in {secs} s. Touch to stay"),
        }
    }

    /// Why there is no paper.
    pub fn print_trouble(self, trouble: PrintTrouble) -> &'static str {
        match trouble {
            PrintTrouble::PaperEnd => self.pick("Máy in hết giấy.", "The printer is out of paper."),
            PrintTrouble::CoverOpen => self.pick("Nắp máy in đang mở.", "The printer's cover is open."),
            PrintTrouble::CutterError => self.pick("Máy in kẹt dao cắt.", "The printer's cutter is stuck."),
            PrintTrouble::PrinterError => self.pick("Máy in bị lỗi.", "The printer has a fault."),
            PrintTrouble::Absent => self.pick("Chưa kết nối được máy in.", "The printer is not connected."),
            PrintTrouble::Silent => self.pick("Máy in không trả lời.", "The printer does not answer."),
            PrintTrouble::Interrupted => self.pick("Máy bị ngắt khi đang in.", "Printing was interrupted."),
        }
    }

    /// The screen stands in for the paper.
    pub fn number_only(self, trouble: PrintTrouble, number: &TicketNumber) -> String {
        let cause = self.print_trouble(trouble);
        match self {
            Vietnamese => format!("{cause} Số của Ông/Bà là {number}. Xin ghi lại số này."),
            English => format!("{cause} Your number is {number}. Please write it down."),
        }
    }

    /// Told before a number is taken: it will be on the screen only.
    pub fn no_paper(self, trouble: PrintTrouble) -> String {
        let cause = self.print_trouble(trouble);
        match self {
            Vietnamese => format!("{cause} Ông/Bà vẫn lấy số bình thường, số hiện trên màn hình."),
            English => format!("{cause} You can still take a number; it is shown on the screen."),
        }
    }

    /// The server is out of reach.
    pub fn line_down(self) -> &'static str {
        self.pick(
            "Không kết nối được hệ thống một cửa lúc này. Ông/Bà vẫn lấy số bình thường.",
            "The one-stop system cannot be reached now. You can still take a number.",
        )
    }

    /// The rating page without a counter on it.
    pub fn nobody_to_rate(self) -> &'static str {
        self.pick(
            "Lúc này chưa có quầy nào vừa phục vụ xong. Ông/Bà đánh giá được ngay sau khi làm việc tại quầy.",
            "No counter has just finished serving. You can rate right after you were served.",
        )
    }

    /// A group of stages.
    pub fn group(self, group: StageGroup) -> &'static str {
        match group {
            StageGroup::Waiting => self.pick("Chờ tiếp nhận", "Waiting to be accepted"),
            StageGroup::Working => self.pick("Đang giải quyết", "In progress"),
            StageGroup::NeedsYou => self.pick("Ông/Bà cần làm thêm", "Something is needed from you"),
            StageGroup::Ended => self.pick("Đã kết thúc, không có kết quả", "Ended without a result"),
            StageGroup::Ready => self.pick("Đã có kết quả", "The result is ready"),
            StageGroup::HandedOver => self.pick("Đã trả kết quả", "The result was handed over"),
        }
    }

    /// A stage of the national list.
    pub fn stage(self, stage: Stage) -> &'static str {
        match stage {
            Stage::Registered => self.pick("Mới đăng ký", "Newly registered"),
            Stage::Received => self.pick("Được tiếp nhận", "Accepted"),
            Stage::Refused => self.pick("Không được tiếp nhận", "Not accepted"),
            Stage::Processing => self.pick("Đang xử lý", "Being processed"),
            Stage::PapersWanted => self.pick("Yêu cầu bổ sung giấy tờ", "More papers are asked for"),
            Stage::PaymentWanted => {
                self.pick("Yêu cầu thực hiện nghĩa vụ tài chính", "A payment is asked for")
            }
            Stage::Withdrawn => self.pick("Công dân yêu cầu rút hồ sơ", "Withdrawn by the citizen"),
            Stage::Stopped => self.pick("Dừng xử lý", "Stopped"),
            Stage::Done => self.pick("Đã xử lý xong", "Done"),
            Stage::HandedOver => self.pick("Đã trả kết quả", "Handed over"),
        }
    }

    /// What the citizen does next.
    pub fn advice(self, stage: Stage, late: bool) -> &'static str {
        match stage {
            Stage::Processing | Stage::Received | Stage::Registered if late => self.pick(
                "Xin hỏi cán bộ tại quầy khi nào có kết quả.",
                "Please ask at the counter when the result will be ready.",
            ),
            Stage::Registered => {
                self.pick("Xin chờ cơ quan tiếp nhận hồ sơ.", "Please wait until it is accepted.")
            }
            Stage::Received | Stage::Processing => self.pick(
                "Xin đến nhận kết quả vào ngày hẹn.",
                "Please come for the result on the appointed day.",
            ),
            Stage::PapersWanted => self.pick(
                "Xin đến quầy để bổ sung giấy tờ. Mang theo Giấy tiếp nhận hồ sơ.",
                "Please bring the missing papers to the counter, with your receipt.",
            ),
            Stage::PaymentWanted => self.pick(
                "Xin đến quầy để nộp phí, lệ phí. Mang theo Giấy tiếp nhận hồ sơ.",
                "Please pay the fee at the counter. Bring your receipt.",
            ),
            Stage::Refused | Stage::Stopped => {
                self.pick("Xin đến quầy để được giải thích.", "Please ask at the counter for the reason.")
            }
            Stage::Withdrawn => self.pick(
                "Hồ sơ đã được rút theo yêu cầu của Ông/Bà.",
                "The dossier was withdrawn at your request.",
            ),
            Stage::Done => self.pick(
                "Mời Ông/Bà lấy số để nhận kết quả. Mang theo Giấy tiếp nhận hồ sơ và giấy tờ tùy thân.",
                "Please take a number to fetch it. Bring your receipt and an identity card.",
            ),
            Stage::HandedOver => self.pick(
                "Nếu Ông/Bà chưa nhận, xin hỏi cán bộ tại quầy.",
                "If you have not received it, please ask at the counter.",
            ),
        }
    }

    /// The appointed day has passed.
    pub fn late(self, days: u32) -> String {
        match (self, days) {
            (Vietnamese, days) => format!("Hồ sơ đã quá ngày hẹn {days} ngày"),
            (English, 1) => "1 day past the appointed day".into(),
            (English, days) => format!("{days} days past the appointed day"),
        }
    }

    /// How old the data is; `when` has time and day.
    pub fn as_of(self, when: &str) -> String {
        match self {
            Vietnamese => format!("Số liệu cập nhật lúc {when}. Có thể đã thay đổi."),
            English => format!("As of {when}. It may have changed since."),
        }
    }

    /// Come for the result on a new day.
    pub fn come_on(self, day: &str) -> String {
        match self {
            Vietnamese => format!("Xin đến nhận kết quả vào {day}."),
            English => format!("Please come for the result on {day}."),
        }
    }

    /// The way out for someone who cannot choose.
    pub fn dont_know(self) -> &'static str {
        self.pick("Tôi không biết chọn gì", "I do not know what to choose")
    }

    /// No priority applies.
    pub fn no_priority(self) -> &'static str {
        self.pick("Không thuộc diện ưu tiên", "None applies to me")
    }

    /// Say nothing more.
    pub fn skip(self) -> &'static str {
        self.pick("Bỏ qua", "Skip")
    }

    /// Label of a procedure's field.
    pub fn field_label(self) -> &'static str {
        self.pick("Lĩnh vực", "Field")
    }

    /// Label of a procedure's code.
    pub fn procedure_code_label(self) -> &'static str {
        self.pick("Mã thủ tục", "Procedure code")
    }

    /// Label of what people call a procedure.
    pub fn also_called_label(self) -> &'static str {
        self.pick("Còn gọi là", "Also called")
    }

    /// Labels of a dossier's card.
    pub fn dossier_labels(self) -> DossierLabels {
        match self {
            Vietnamese => DossierLabels {
                code: "Mã hồ sơ",
                received: "Ngày nhận",
                due: "Ngày hẹn trả",
                redue: "Hẹn lại",
                unit: "Nơi giải quyết",
            },
            English => DossierLabels {
                code: "Dossier code",
                received: "Received",
                due: "Appointed day",
                redue: "New day",
                unit: "Handled by",
            },
        }
    }
}

/// Labels of a dossier's card.
#[derive(Clone, Copy, Debug)]
pub struct DossierLabels {
    /// Its code.
    pub code: &'static str,
    /// The day it was received.
    pub received: &'static str,
    /// The appointed day.
    pub due: &'static str,
    /// The new appointed day.
    pub redue: &'static str,
    /// The unit that has it.
    pub unit: &'static str,
}
