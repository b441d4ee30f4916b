//! Figures and states as Vietnamese write them.

use crate::clock::day_of;
use kiosk_protocol::{DeviceState, UpdateState, plus7};

/// `21/11/2026` of `2026-11-21`; anything else as it is.
#[must_use]
pub fn date(day: &str) -> String {
    match day.split('-').collect::<Vec<_>>().as_slice() {
        [year, month, day] => format!("{day}/{month}/{year}"),
        _ => day.to_owned(),
    }
}

/// `07:30` today, `07:30 ngày 20/11/2026` on another day.
#[must_use]
pub fn moment(unix_ms: i64, now_ms: i64) -> String {
    let clock: String = plus7(unix_ms).chars().skip(11).take(5).collect();
    let day = day_of(unix_ms);
    if day == day_of(now_ms) { clock } else { format!("{clock} ngày {}", date(&day)) }
}

/// `08:05 12/6/2026`: with its day always, for a page that may stay open over night.
#[must_use]
pub fn dated_moment(unix_ms: i64) -> String {
    let clock: String = plus7(unix_ms).chars().skip(11).take(5).collect();
    format!("{clock} {}", short_date(&day_of(unix_ms)))
}

/// `12/6/2026` of `2026-06-12`, as people say it; anything else as it is.
#[must_use]
pub fn short_date(day: &str) -> String {
    date(day).split('/').map(|part| part.trim_start_matches('0')).collect::<Vec<_>>().join("/")
}

/// Seconds as minutes with one decimal and a comma: `8,5`.
#[must_use]
pub fn minutes(seconds: u32) -> String {
    let tenths = (u64::from(seconds) * 10 + 30) / 60;
    format!("{},{}", tenths / 10, tenths % 10)
}

/// A span as people say it: `45 giây`, `8 phút`, `2 giờ 05 phút`, `3 ngày`.
#[must_use]
pub fn span(seconds: i64) -> String {
    match seconds.max(0) {
        s @ 0..60 => format!("{s} giây"),
        s @ 60..3_600 => format!("{} phút", s / 60),
        s @ 3_600..86_400 => format!("{} giờ {:02} phút", s / 3_600, s / 60 % 60),
        s => format!("{} ngày", s / 86_400),
    }
}

/// A share with one decimal and a comma: `83,3 %`; a dash of nothing.
#[must_use]
pub fn percent(part: usize, whole: usize) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    let tenths = (part * 1_000 + whole / 2) / whole;
    format!("{},{} %", tenths / 10, tenths % 10)
}

/// A number with dots between thousands: `35.466`.
#[must_use]
pub fn count(n: usize) -> String {
    let digits = n.to_string();
    let mut dotted = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            dotted.push('.');
        }
        dotted.push(digit);
    }
    dotted
}

/// Name of a device by its id (`keypad.3`).
#[must_use]
pub fn device(id: &str) -> String {
    let (kind, name) = id.split_once('.').unwrap_or((id, ""));
    let kind = match kind {
        "printer" => "Máy in",
        "scanner" => "Máy quét",
        "keypad" => "Bàn phím đánh giá",
        "display" => "Bảng hiển thị",
        "database" => "Dữ liệu",
        other => other,
    };
    format!("{kind} {name}").trim_end().to_owned()
}

/// State of a device with the class that colours it.
#[must_use]
pub fn device_state(state: DeviceState) -> (&'static str, &'static str) {
    match state {
        DeviceState::Ok => ("good", "Hoạt động tốt"),
        DeviceState::Degraded => ("warn", "Cần để ý"),
        DeviceState::Failed => ("bad", "Hỏng"),
        DeviceState::Absent => ("bad", "Không thấy thiết bị"),
    }
}

/// What a cause means and what to do.
#[must_use]
pub fn cause(cause: &str) -> (String, &'static str) {
    let (what, remedy) = match cause {
        "paper_near_end" => ("Sắp hết giấy", "Chuẩn bị một cuộn giấy mới bên cạnh máy."),
        "paper_end" => ("Hết giấy", "Mở nắp máy in, đặt cuộn giấy mới, kéo giấy ra ngoài rồi đóng nắp."),
        "cover_open" => ("Nắp máy in đang mở", "Đóng nắp cho đến khi nghe tiếng tách."),
        "cutter_error" => {
            ("Dao cắt giấy bị kẹt", "Tắt máy in, lấy giấy kẹt ra, bật lại. Còn lỗi thì gọi kỹ thuật.")
        }
        "ticket_left" => ("Phiếu nằm lại ở khe ra", "Rút phiếu ra khỏi khe."),
        "lines_not_kept" => (
            "Máy in không giữ sẵn các dòng cố định",
            "Phiếu vẫn in, chậm hơn. Kỹ thuật ghi lại bằng drv nv-write.",
        ),
        "noise" => ("Đọc nhiễu liên tục", "Lau mặt kính máy quét, rút ra cắm lại."),
        "overheated" => ("Máy quá nóng", "Để máy nghỉ vài phút; kiểm tra khe thoáng khí."),
        "offline" | "not_answering" => {
            ("Không trả lời", "Kiểm tra dây nguồn và dây nối, tắt rồi bật lại thiết bị.")
        }
        "held_data" => ("Còn phiếu chưa in xong", "Tắt máy in 10 giây rồi bật lại."),
        "stuck_key" => ("Phím bị kẹt", "Lau và nhấn lại từng phím; còn kẹt thì thay bàn phím."),
        "restored_from_copy" => ("Đã khôi phục từ bản sao", "Dữ liệu của máy bị hỏng; nên thay thẻ nhớ sớm."),
        "numbers_lost" => (
            "Có số không còn trong hàng chờ",
            "Trang /may của máy nêu các số này; mời người cầm số lấy số mới.",
        ),
        "unplugged" => ("Bị rút dây", "Cắm lại dây của thiết bị."),
        "unrecoverable" => ("Lỗi phần cứng", "Gọi kỹ thuật thay thiết bị."),
        other => return (format!("Mã lỗi {other}"), "Gọi cán bộ kỹ thuật và đọc mã này."),
    };
    (what.to_owned(), remedy)
}

/// Kind of an alarm in words, and what to do.
#[must_use]
pub fn alarm(kind: &str) -> (&str, &'static str) {
    match kind {
        "fork" => (
            "Hai máy gửi số liệu dưới một tên",
            "Thẻ nhớ có thể đã bị sao chép hoặc khôi phục. Kiểm tra có đúng một máy đang chạy.",
        ),
        "bad_signature" => ("Chữ ký không đúng", "Có người gửi giả, hoặc máy cần đăng ký lại bằng mã mới."),
        "revoked_key" => ("Máy đã bị thu hồi vẫn gửi", "Tắt máy đó, hoặc đăng ký lại bằng mã mới."),
        "token_refused" => {
            ("Mã đăng ký máy không dùng được", "Tạo mã mới trên máy chủ nếu đang lắp đặt máy.")
        }
        "lookup_misses" => ("Tra cứu sai quá nhiều", "Xem có người dò mã hồ sơ tại máy không."),
        "bad_events" => ("Số liệu không đọc được", "Cập nhật phần mềm của máy; báo kỹ thuật."),
        other => (other, "Báo cán bộ kỹ thuật."),
    }
}

/// What became of an update, and what to do.
#[must_use]
pub fn update(state: UpdateState) -> (&'static str, &'static str) {
    match state {
        UpdateState::Installing => ("đang cài", ""),
        UpdateState::Trial => ("đang chạy thử", ""),
        UpdateState::Committed => ("đã cập nhật xong", ""),
        UpdateState::Refused => {
            ("bị máy từ chối", "Lấy đúng bản cho loại máy này, có chữ ký hợp lệ, rồi đặt lại.")
        }
        UpdateState::FellBack => (
            "không chạy được, máy đã quay về bản cũ",
            "Thử bản này trên máy ở bàn kỹ thuật trước khi đặt lại.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_vietnamese_write_them() {
        assert_eq!(date("2026-11-21"), "21/11/2026");
        assert_eq!(short_date("2026-06-12"), "12/6/2026");
        assert_eq!(minutes(510), "8,5");
        assert_eq!(minutes(0), "0,0");
        assert_eq!(percent(5, 6), "83,3 %");
        assert_eq!(percent(0, 0), "–");
        assert_eq!(count(35_466), "35.466");
        assert_eq!(count(100), "100");
        for (seconds, words) in
            [(45, "45 giây"), (60, "1 phút"), (7_500, "2 giờ 05 phút"), (260_000, "3 ngày"), (-5, "0 giây")]
        {
            assert_eq!(span(seconds), words);
        }
        let noon = 1_795_237_200_000; // 2026-11-21 12:00 at UTC+7
        assert_eq!(dated_moment(noon), "12:00 21/11/2026");
        assert_eq!(moment(noon, noon), "12:00");
        assert_eq!(moment(noon, noon + 86_400_000), "12:00 ngày 21/11/2026");
    }
}
