//! What is said when a look-up has no answer: what happened, then what to do.

use kiosk_core::effect::ScanRefusal;
use kiosk_core::screen::LookUpFailure;

use super::Language::{self, English, Vietnamese};

impl Language {
    /// What happened, and what to do now.
    pub fn look_up_failed(self, failure: LookUpFailure) -> (String, String) {
        match failure {
            LookUpFailure::Refused(refusal) => owned(self.refused(refusal)),
            LookUpFailure::TooMany { retry_after_secs } => self.too_many(retry_after_secs),
            LookUpFailure::NotFound => owned(match self {
                Vietnamese => (
                    "Không tìm thấy hồ sơ với mã này.",
                    "Xin kiểm tra lại mã trên Giấy tiếp nhận, hoặc hỏi cán bộ hướng dẫn.",
                ),
                English => (
                    "No dossier was found under this code.",
                    "Please check the code on your receipt, or ask the staff.",
                ),
            }),
            LookUpFailure::Unreachable => owned(match self {
                Vietnamese => (
                    "Không kết nối được hệ thống một cửa lúc này.",
                    "Ông/Bà vẫn lấy số bình thường. Xin tra cứu lại sau, hoặc hỏi cán bộ tại quầy.",
                ),
                English => (
                    "The one-stop system cannot be reached now.",
                    "You can still take a number. Please try again later, or ask at the counter.",
                ),
            }),
            LookUpFailure::ScanOnly => owned(match self {
                Vietnamese => (
                    "Tạm thời không nhập mã bằng tay được.",
                    "Xin đưa mã trên Giấy tiếp nhận hồ sơ vào máy quét, hoặc hỏi cán bộ hướng dẫn.",
                ),
                English => (
                    "Codes cannot be typed for now.",
                    "Please hold the code on your receipt to the scanner, or ask the staff.",
                ),
            }),
        }
    }

    fn refused(self, refusal: ScanRefusal) -> (&'static str, &'static str) {
        let scan_receipt = match self {
            Vietnamese => "Vui lòng quét mã trên Giấy tiếp nhận hồ sơ.",
            English => "Please scan the code on your receipt.",
        };
        match (self, refusal) {
            (Vietnamese, ScanRefusal::CitizenCard) => {
                ("Đây là mã trên thẻ căn cước, máy không sử dụng và không lưu.", scan_receipt)
            }
            (Vietnamese, ScanRefusal::ForeignAddress) => {
                ("Mã này là địa chỉ trang mạng, không phải mã hồ sơ.", scan_receipt)
            }
            (Vietnamese, ScanRefusal::TooLong) => ("Mã này không phải mã hồ sơ.", scan_receipt),
            (Vietnamese, ScanRefusal::Unreadable) => {
                ("Máy không đọc được mã này.", "Xin giữ giấy phẳng và quét lại, hoặc hỏi cán bộ hướng dẫn.")
            }
            (English, ScanRefusal::CitizenCard) => {
                ("This is the code of an identity card. It is neither used nor kept.", scan_receipt)
            }
            (English, ScanRefusal::ForeignAddress) => {
                ("This code is a web address, not a dossier code.", scan_receipt)
            }
            (English, ScanRefusal::TooLong) => ("This is not a dossier code.", scan_receipt),
            (English, ScanRefusal::Unreadable) => (
                "This code could not be read.",
                "Please hold the paper flat and scan again, or ask the staff.",
            ),
        }
    }

    fn too_many(self, retry_after_secs: u32) -> (String, String) {
        let minutes = retry_after_secs.div_ceil(60);
        match self {
            Vietnamese => {
                let when = if retry_after_secs < 60 {
                    format!("{retry_after_secs} giây")
                } else {
                    format!("{minutes} phút")
                };
                ("Đã tra cứu nhiều lần liên tiếp.".into(), format!("Xin thử lại sau {when}."))
            }
            English => {
                let when = match (retry_after_secs, minutes) {
                    (0..60, _) => format!("{retry_after_secs} seconds"),
                    (_, 1) => "1 minute".into(),
                    (_, minutes) => format!("{minutes} minutes"),
                };
                ("Too many look-ups in a row.".into(), format!("Please try again in {when}."))
            }
        }
    }
}

fn owned((sentence, detail): (&str, &str)) -> (String, String) {
    (sentence.into(), detail.into())
}
