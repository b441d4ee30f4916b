//! Sample dossiers, as a neighbouring system would drop them: with names, addresses and phone numbers that nobody needs.
//! Those are canaries; nothing of the project may keep them.

use kiosk_core::time::BusinessDay;

/// What must not be found in any database, log or answer.
pub const CANARIES: [&str; 4] =
    ["Canary Nguyễn Thị Chim", "Canary Trần Văn Yến", "thôn Canary", "0987654321"];

/// A dossier of the sample.
pub struct Receipt {
    /// Its code, as the receipt's barcode carries it.
    pub code: &'static str,
    /// What it is about.
    pub procedure: (&'static str, &'static str),
    /// The source system's word.
    pub status: &'static str,
    /// Days from today to the day it was received, and to the day it is due.
    pub days: (i32, i32),
}

/// The sample: one for each thing that a citizen may read.
pub const RECEIPTS: [Receipt; 6] = [
    receipt("H40.16.24-261105-0001", ("1.001193", "Đăng ký khai sinh"), "Đang xử lý", (-16, 3)),
    receipt(
        "H40.16.24-261110-0007",
        ("1.004873", "Cấp giấy xác nhận tình trạng hôn nhân"),
        "Đã xử lý xong",
        (-11, -1),
    ),
    receipt(
        "H40.16.24-261101-0003",
        ("2.000815", "Chứng thực bản sao từ bản chính"),
        "Yêu cầu bổ sung giấy tờ",
        (-20, 5),
    ),
    receipt(
        "000.00.16.H40-261020-0012",
        ("1.001776", "Trợ cấp xã hội hằng tháng"),
        "đang trình ký",
        (-32, -6),
    ),
    receipt("G09.20-20261112-0092637", ("1.004222", "Đăng ký thường trú"), "Đã trả kết quả", (-9, -4)),
    receipt("TP01-CX-U0QVZU", ("1.001612", "Đăng ký thành lập hộ kinh doanh"), "Mới đăng ký", (-1, 4)),
];

/// A code that no system knows.
pub const UNKNOWN_CODE: &str = "H40.16.24-261119-9999";

/// The QR of a citizen card, with the canaries in it.
pub const CITIZEN_CARD: &str =
    "068199012345|250123456|Canary Nguyễn Thị Chim|01021999|Nữ|thôn Canary, Đơn Dương, Lâm Đồng|02082024";

const fn receipt(
    code: &'static str,
    procedure: (&'static str, &'static str),
    status: &'static str,
    days: (i32, i32),
) -> Receipt {
    Receipt { code, procedure, status, days }
}

/// The drop folder's file.
pub fn csv(unix_secs: u64) -> String {
    let today = i32::try_from((unix_secs + 7 * 3600) / 86_400).unwrap_or(0);
    let date = |days: i32| {
        let (year, month, day) = BusinessDay(today + days).ymd();
        format!("{day:02}/{month:02}/{year}")
    };
    let mut text =
        "Mã hồ sơ,Mã TTHC,Tên TTHC,Chủ hồ sơ,Địa chỉ,Điện thoại,Trạng thái,Ngày tiếp nhận,Ngày hẹn trả,Đơn vị xử lý\n"
            .to_owned();
    for (receipt, name) in RECEIPTS.iter().zip(CANARIES.iter().take(2).cycle()) {
        let (procedure, title) = receipt.procedure;
        let (received, due) = (date(receipt.days.0), date(receipt.days.1));
        let [.., street, phone] = CANARIES;
        text += &format!(
            "{},{procedure},{title},{name},{street},{phone},{},{received},{due},UBND xã Đơn Dương\n",
            receipt.code, receipt.status
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_has_a_row_for_each_receipt_and_plants_every_canary() {
        let text = csv(1_795_219_200);
        assert_eq!(text.lines().count(), 1 + RECEIPTS.len());
        assert!(CANARIES.iter().all(|canary| text.contains(canary)));
        assert!(text.contains(",24/11/2026,"), "{text}");
    }
}
