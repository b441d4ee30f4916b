//! Notices and states in plain Vietnamese, each with what to do about it.

use kiosk_core::effect::StaffNotice;
use kiosk_core::event::{Device, DeviceCause, Health, Line, LineTrouble, PrintTrouble};
use kiosk_core::ticket::TicketNumber;
use kiosk_core::update::{UpdateOutcome, UpdateState, UpdateWait};

/// How much a notice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// All is well.
    Good,
    /// Look when there is time.
    Look,
    /// Act now: citizens notice it.
    Act,
}

/// What is the matter and what to do about it; `remedy` is empty when there is nothing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Note {
    pub level: Level,
    pub what: String,
    pub remedy: &'static str,
}

impl Level {
    /// The word that stands beside the colour.
    pub fn word(self) -> &'static str {
        match self {
            Self::Good => "Tốt",
            Self::Look => "Lưu ý",
            Self::Act => "Cần xử lý",
        }
    }

    pub fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Look => "look",
            Self::Act => "act",
        }
    }
}

fn note(level: Level, what: impl Into<String>, remedy: &'static str) -> Note {
    Note { level, what: what.into(), remedy }
}

/// A staff notice of the board; a device may have several things the matter.
pub(super) fn notice(notice: &StaffNotice) -> Vec<Note> {
    match notice {
        StaffNotice::Device { device, health } => health_notes(*device, health),
        StaffNotice::Line(state) => vec![line(*state)],
        StaffNotice::OutboxFilling { percent } => vec![outbox(*percent)],
        StaffNotice::ClockUntrusted => vec![clock(false)],
        StaffNotice::UpdateWaits(wait) => vec![update_waits(*wait)],
        StaffNotice::ConfigurationFaulty { faults } => vec![note(
            Level::Look,
            format!("Cấu hình của máy có {faults} lỗi; phần bị lỗi tạm tắt, phần còn lại vẫn chạy."),
            "Báo cán bộ kỹ thuật: lệnh kiosk-app check-config chỉ ra từng lỗi.",
        )],
        StaffNotice::StoreFailed => vec![note(
            Level::Act,
            "Máy lấy số không ghi được dữ liệu, tạm ngừng cấp số.",
            "Báo cán bộ kỹ thuật ngay; hướng dẫn công dân xếp hàng tại quầy.",
        )],
        StaffNotice::RestoredFromCopy { lost } => vec![restored(lost)],
        StaffNotice::WithoutPaper { number, trouble } => vec![note(
            Level::Act,
            format!("Số {number} đã cấp nhưng không in được phiếu ({}).", print_trouble(*trouble)),
            "Công dân chỉ thấy số trên màn hình: khi gọi, đọc to số này; cần thì bấm In lại.",
        )],
    }
}

fn restored(lost: &[(TicketNumber, TicketNumber)]) -> Note {
    if lost.is_empty() {
        return note(
            Level::Look,
            "Dữ liệu của máy bị hỏng và đã được khôi phục đầy đủ từ bản sao.",
            "Báo cán bộ kỹ thuật: nên thay thẻ nhớ sớm.",
        );
    }
    let range = |(from, to): &(TicketNumber, TicketNumber)| {
        if from == to { from.to_string() } else { format!("{from}–{to}") }
    };
    let numbers = lost.iter().map(range).collect::<Vec<_>>().join(", ");
    note(
        Level::Act,
        format!(
            "Dữ liệu của máy bị hỏng và đã được khôi phục từ bản sao. Có thể không còn trong hàng chờ: {numbers}."
        ),
        "Hỏi ai đang cầm các số này và mời họ lấy số mới. Báo cán bộ kỹ thuật: nên thay thẻ nhớ sớm.",
    )
}

/// What a device is called.
pub(super) fn device_name(device: Device) -> String {
    match device {
        Device::Printer => "Máy in phiếu".into(),
        Device::Scanner => "Máy quét mã".into(),
        Device::Keypad(counter) => format!("Bàn phím đánh giá quầy {counter}"),
        Device::Display(counter) => format!("Bảng số quầy {counter}"),
    }
}

/// Everything there is to say about a device, at least one note.
pub(super) fn health_notes(device: Device, health: &Health) -> Vec<Note> {
    let name = device_name(device);
    match health {
        Health::Absent => vec![note(
            level_without(device),
            format!("{name}: không kết nối."),
            "Kiểm tra công tắc nguồn và dây nối của thiết bị.",
        )],
        Health::Starting => {
            vec![note(Level::Look, format!("{name}: đang khởi động."), "Đợi khoảng một phút.")]
        }
        Health::Ready => vec![note(Level::Good, format!("{name}: hoạt động tốt."), "")],
        Health::Degraded(causes) => causes_notes(Level::Look, &name, causes),
        Health::Blocked(causes) => causes_notes(level_without(device), &name, causes),
        Health::Failed => vec![note(
            level_without(device),
            format!("{name}: hỏng, máy đã thôi thử lại."),
            "Báo cán bộ kỹ thuật.",
        )],
    }
}

/// Without a printer citizens suffer at once; without the others the hall goes on.
fn level_without(device: Device) -> Level {
    match device {
        Device::Printer => Level::Act,
        Device::Scanner | Device::Keypad(_) | Device::Display(_) => Level::Look,
    }
}

fn causes_notes(level: Level, name: &str, causes: &[DeviceCause]) -> Vec<Note> {
    if causes.is_empty() {
        return vec![note(level, format!("{name}: cần xem lại."), "Kiểm tra thiết bị.")];
    }
    let each = |cause: &DeviceCause| {
        let (what, remedy) = cause_words(*cause);
        note(level, format!("{name}: {what}."), remedy)
    };
    causes.iter().map(each).collect()
}

fn cause_words(cause: DeviceCause) -> (&'static str, &'static str) {
    match cause {
        DeviceCause::PaperNearEnd => ("giấy sắp hết", "Chuẩn bị cuộn giấy mới, thay khi vắng người."),
        DeviceCause::PaperEnd => ("hết giấy", "Thay cuộn giấy mới. Số vẫn hiện trên màn hình trong lúc chờ."),
        DeviceCause::CoverOpen => ("nắp đang mở", "Đóng nắp máy in đến khi nghe tiếng tách."),
        DeviceCause::CutterError => ("dao cắt giấy bị kẹt", "Tắt máy in, gỡ giấy kẹt ở dao cắt, bật lại."),
        DeviceCause::TicketLeft => ("phiếu nằm lại ở khe ra, không ai lấy", "Rút phiếu ra khỏi khe."),
        DeviceCause::LinesNotKept => (
            "không giữ sẵn các dòng cố định của phiếu, in chậm hơn",
            "Cán bộ kỹ thuật ghi lại bằng lệnh drv nv-write, hoặc bỏ stored_lines trong cấu hình.",
        ),
        DeviceCause::PrinterError => {
            ("báo lỗi", "Tắt máy in 10 giây rồi bật lại; nếu vẫn lỗi, báo cán bộ kỹ thuật.")
        }
        DeviceCause::Offline => {
            ("đang ở chế độ ngắt", "Bấm nút trên máy in để nối lại, kiểm tra nắp và giấy.")
        }
        DeviceCause::StuckKey => ("có phím bị kẹt", "Gỡ phím kẹt; nếu không được, rút ra cắm lại."),
        DeviceCause::Noise => ("đọc nhiễu liên tục", "Lau mặt kính, kiểm tra dây nối."),
    }
}

fn print_trouble(trouble: PrintTrouble) -> &'static str {
    match trouble {
        PrintTrouble::PaperEnd => "hết giấy",
        PrintTrouble::CoverOpen => "nắp máy in mở",
        PrintTrouble::CutterError => "dao cắt bị kẹt",
        PrintTrouble::PrinterError => "máy in báo lỗi",
        PrintTrouble::Absent => "không có máy in",
        PrintTrouble::Silent => "máy in không trả lời",
        PrintTrouble::Interrupted => "máy khởi động lại khi đang in",
    }
}

/// The line to the district server.
pub(super) fn line(line: Line) -> Note {
    match line {
        Line::Unknown => note(Level::Look, "Chưa thử kết nối máy chủ.", "Đợi khoảng một phút."),
        Line::Up => note(Level::Good, "Đã kết nối máy chủ.", ""),
        Line::NotEnrolled => note(
            Level::Look,
            "Máy chưa đăng ký với máy chủ, báo cáo được giữ lại trong máy.",
            "Cán bộ kỹ thuật đăng ký máy bằng mã dùng một lần.",
        ),
        Line::Down(trouble) => {
            let (why, remedy) = line_trouble(trouble);
            let what = format!("Mất kết nối máy chủ: {why}. Lấy số và gọi số vẫn bình thường.");
            note(Level::Look, what, remedy)
        }
    }
}

fn line_trouble(trouble: LineTrouble) -> (&'static str, &'static str) {
    match trouble {
        LineTrouble::Dns => {
            ("không tìm thấy tên máy chủ", "Kiểm tra mạng Internet và DNS của bộ định tuyến.")
        }
        LineTrouble::Refused => {
            ("không có trả lời ở địa chỉ máy chủ", "Kiểm tra mạng Internet; báo đơn vị quản lý máy chủ.")
        }
        LineTrouble::TimedOut => {
            ("quá thời gian chờ", "Mạng yếu hoặc đứt; máy tự thử lại, không cần làm gì.")
        }
        LineTrouble::Intercepted => (
            "có thiết bị mạng trả lời thay máy chủ",
            "Kiểm tra trang đăng nhập Wi-Fi hoặc proxy của mạng này.",
        ),
        LineTrouble::Tls => {
            ("chứng thư máy chủ không hợp lệ", "Kiểm tra ngày giờ của máy; báo đơn vị quản lý máy chủ.")
        }
        LineTrouble::ServerError => {
            ("máy chủ đang gặp sự cố", "Máy tự thử lại; báo đơn vị quản lý máy chủ nếu kéo dài.")
        }
        LineTrouble::Revoked => ("máy chủ không còn chấp nhận máy này", "Cán bộ kỹ thuật đăng ký lại máy."),
    }
}

/// Reports that wait to be sent.
pub(super) fn outbox(percent: u8) -> Note {
    let what = format!("Báo cáo chờ gửi: đã dùng {percent}% chỗ chứa.");
    if percent < 80 {
        note(Level::Good, what, "")
    } else {
        note(Level::Look, what, "Nối lại đường truyền trong vài ngày tới; quá 95% máy bỏ bớt báo cáo phụ.")
    }
}

/// How the last update of the machine's image ended, or how far it is.
pub(super) fn update(outcome: &UpdateOutcome) -> Note {
    let UpdateOutcome { version, reason, .. } = outcome;
    match outcome.state {
        UpdateState::Installing => note(
            Level::Look,
            format!("Đang cài bản cập nhật {version} của máy."),
            "Không tắt nguồn; máy tự khởi động lại trong ít phút.",
        ),
        UpdateState::Trial => note(
            Level::Look,
            format!("Máy đang chạy thử bản cập nhật {version}."),
            "Không tắt nguồn; nếu bản mới không đạt, máy tự quay về bản cũ.",
        ),
        UpdateState::Committed => note(Level::Good, format!("Máy đã cập nhật lên bản {version}."), ""),
        UpdateState::Refused => note(
            Level::Look,
            format!("Bản cập nhật {version} bị từ chối ({reason})."),
            "Máy vẫn chạy bản cũ. Báo cán bộ kỹ thuật lấy đúng bản cho máy này rồi đặt cập nhật lại.",
        ),
        UpdateState::FellBack => note(
            Level::Look,
            format!("Bản cập nhật {version} không chạy được, máy đã tự quay về bản cũ ({reason})."),
            "Máy vẫn dùng được. Báo cán bộ kỹ thuật xem lý do trước khi cập nhật lại.",
        ),
    }
}

fn update_waits(wait: UpdateWait) -> Note {
    match wait {
        UpdateWait::Closing => note(
            Level::Look,
            "Bản cập nhật đã sẵn sàng, máy sẽ tự cài ngoài giờ tiếp nhận.",
            "Để máy bật sau giờ làm việc; máy tự khởi động lại.",
        ),
        UpdateWait::Clock => note(
            Level::Look,
            "Bản cập nhật đã sẵn sàng, máy sẽ tự cài ngoài giờ tiếp nhận, sau khi đồng hồ được đồng bộ.",
            "Nối mạng để máy lấy giờ, và để máy bật sau giờ làm việc.",
        ),
        UpdateWait::Quiet => note(
            Level::Look,
            "Bản cập nhật đã sẵn sàng. Đồng hồ chưa được đồng bộ, nên máy sẽ tự cài khi không còn số nào đang chờ và hai giờ liền không ai dùng máy.",
            "Để máy bật sau giờ làm việc; phục vụ hết hoặc huỷ các số còn lại ở trang của quầy.",
        ),
    }
}

/// The wall clock.
pub(super) fn clock(trusted: bool) -> Note {
    if trusted {
        note(Level::Good, "Đồng hồ đã được đồng bộ.", "")
    } else {
        note(
            Level::Look,
            "Đồng hồ của máy chưa được đồng bộ, giờ in trên phiếu có thể sai.",
            "Nối mạng để máy lấy giờ, hoặc thay pin đồng hồ của máy.",
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use kiosk_core::id::CounterId;
    use kiosk_core::ticket::TicketNumber;

    use super::*;

    const CAUSES: [DeviceCause; 10] = [
        DeviceCause::PaperNearEnd,
        DeviceCause::PaperEnd,
        DeviceCause::CoverOpen,
        DeviceCause::CutterError,
        DeviceCause::TicketLeft,
        DeviceCause::LinesNotKept,
        DeviceCause::PrinterError,
        DeviceCause::Offline,
        DeviceCause::StuckKey,
        DeviceCause::Noise,
    ];
    const LINES: [LineTrouble; 7] = [
        LineTrouble::Dns,
        LineTrouble::Refused,
        LineTrouble::TimedOut,
        LineTrouble::Intercepted,
        LineTrouble::Tls,
        LineTrouble::ServerError,
        LineTrouble::Revoked,
    ];
    const TROUBLES: [PrintTrouble; 7] = [
        PrintTrouble::PaperEnd,
        PrintTrouble::CoverOpen,
        PrintTrouble::CutterError,
        PrintTrouble::PrinterError,
        PrintTrouble::Absent,
        PrintTrouble::Silent,
        PrintTrouble::Interrupted,
    ];

    /// Everything that the page can say is the matter, with a mark where it names a device, a number or a count.
    fn said() -> BTreeSet<String> {
        let printer = |health: Health| health_notes(Device::Printer, &health);
        let states = [Health::Absent, Health::Starting, Health::Failed, Health::Degraded(Vec::new())];
        let mut notes: Vec<Note> = states.into_iter().flat_map(printer).collect();
        notes.extend(printer(Health::Blocked(CAUSES.to_vec())));
        notes.extend([line(Line::Unknown), line(Line::NotEnrolled), outbox(80), clock(false)]);
        notes.extend(LINES.map(|trouble| line(Line::Down(trouble))));
        let number = TicketNumber("[số]".into());
        for trouble in TROUBLES {
            let without = StaffNotice::WithoutPaper { number: number.clone(), trouble };
            let told = notice(&without).into_iter().map(|mut note| {
                note.what = note.what.replace(print_trouble(trouble), "[lý do]");
                note
            });
            notes.extend(told);
        }
        notes.extend(notice(&StaffNotice::StoreFailed));
        notes.extend(notice(&StaffNotice::RestoredFromCopy { lost: Vec::new() }));
        let lost = vec![(TicketNumber("[các số]".into()), TicketNumber("[các số]".into()))];
        notes.extend(notice(&StaffNotice::RestoredFromCopy { lost }));
        notes.extend(notice(&StaffNotice::ConfigurationFaulty { faults: 80 }));
        let waits = [UpdateWait::Closing, UpdateWait::Clock, UpdateWait::Quiet];
        notes.extend(waits.into_iter().flat_map(|wait| notice(&StaffNotice::UpdateWaits(wait))));
        let ended = |state| {
            let [version, reason] = ["[phiên bản]", "[lý do]"].map(str::to_owned);
            update(&UpdateOutcome { state, version, reason, slot: "B".into(), at_boot: String::new() })
        };
        use UpdateState::{FellBack, Installing, Refused, Trial};
        notes.extend([Installing, Trial, Refused, FellBack].map(ended));
        assert!(notes.iter().all(|note| note.level > Level::Good && !note.remedy.is_empty()), "{notes:?}");
        notes
            .iter()
            .map(|note| note.what.replace("Máy in phiếu:", "[thiết bị]:").replace("80", "[n]"))
            .collect()
    }

    /// The first column of the page for officers.
    fn written() -> BTreeSet<String> {
        let page = include_str!("../../../docs/remedies.md");
        let (table, _) = page.split_once("## Names in the log").unwrap();
        let rows = table.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" | "));
        rows.map(|(first, _)| first.to_owned()).filter(|first| first != "it says").collect()
    }

    #[test]
    fn the_page_of_remedies_holds_every_text_that_the_machine_says_and_no_other() {
        let (said, written) = (said(), written());
        let missing: Vec<_> = said.difference(&written).collect();
        let stale: Vec<_> = written.difference(&said).collect();
        assert!(
            missing.is_empty() && stale.is_empty(),
            "not in docs/remedies.md: {missing:#?}\nnever said: {stale:#?}"
        );
    }

    #[test]
    fn each_device_is_called_by_its_name() {
        for (device, what) in [
            (Device::Scanner, "Máy quét mã: không kết nối."),
            (Device::Keypad(CounterId(3)), "Bàn phím đánh giá quầy 3: không kết nối."),
            (Device::Display(CounterId(3)), "Bảng số quầy 3: không kết nối."),
        ] {
            assert_eq!(
                health_notes(device, &Health::Absent),
                [note(Level::Look, what, "Kiểm tra công tắc nguồn và dây nối của thiết bị.")]
            );
        }
    }
}
