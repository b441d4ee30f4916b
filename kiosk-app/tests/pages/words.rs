//! What screens say, as tables.

use kiosk_app::view::dates;
use kiosk_app::view::model::{PageModel, PageName, ScreenModel, model};
use kiosk_app::view::words::Language::{self, English, Vietnamese};
use kiosk_core::dossier::Stage;
use kiosk_core::effect::ScanRefusal;
use kiosk_core::event::{PrintTrouble, Touch};
use kiosk_core::id::{CounterId, ErrandId};
use kiosk_core::screen::{LookUpFailure, OpensAt, Screen};
use kiosk_core::ticket::TicketNumber;
use kiosk_core::time::{BusinessDay, Wall};

use super::samples;

/// Thursday, 11 June 2026, 08:05.
fn now() -> Wall {
    let today = BusinessDay::from_ymd(2026, 6, 11).unwrap();
    Wall { unix_ms: (i64::from(today.0) * 86_400 + 65 * 60) * 1000, trusted: true }
}

fn sample(name: &str) -> Screen {
    samples::screens().into_iter().find(|(sample, _screen)| *sample == name).unwrap().1
}

fn said(screen: &Screen) -> ScreenModel {
    model(screen, &|ticket| format!("ticket {}", ticket.ordinal))
}

#[test]
fn days_are_said_as_people_say_them() {
    for (language, year, month, day, says) in [
        (Vietnamese, 2026, 6, 11, "Thứ Năm 11/6"),
        (Vietnamese, 2026, 6, 14, "Chủ Nhật 14/6"),
        (Vietnamese, 2027, 1, 4, "Thứ Hai 4/1/2027"),
        (English, 2026, 6, 12, "Friday 12/6"),
    ] {
        let day = BusinessDay::from_ymd(year, month, day).unwrap();
        assert_eq!(dates::day(day, Some(now().day()), language), says);
    }
    assert_eq!(dates::clock(now()), "08:05");
    assert_eq!(dates::date(now(), Vietnamese), "Thứ Năm 11/6");
}

#[test]
fn a_clock_that_nobody_vouches_for_is_not_shown() {
    let untrusted = Wall { trusted: false, ..now() };
    assert_eq!(dates::clock(untrusted), "");
    assert_eq!(dates::date(untrusted, Vietnamese), "");
}

#[test]
fn opening_times_name_today_and_tomorrow() {
    for (language, days_on, minute, says) in [
        (Vietnamese, 0, 13 * 60 + 30, "Mở cửa lúc 13:30 hôm nay."),
        (Vietnamese, 1, 7 * 60, "Mở cửa lúc 07:00 ngày mai, Thứ Sáu 12/6."),
        (Vietnamese, 4, 7 * 60 + 30, "Mở cửa lúc 07:30 Thứ Hai 15/6."),
        (English, 0, 13 * 60, "Opens at 13:00 today."),
    ] {
        let opens = OpensAt { day: BusinessDay(now().day().0 + days_on), minute };
        assert_eq!(dates::opening(opens, now(), language), says);
    }
}

#[test]
fn counts_and_waits_read_well() {
    for (language, count, says) in
        [(Vietnamese, 7, "7"), (Vietnamese, 1128, "1.128"), (English, 1_234_567, "1,234,567")]
    {
        assert_eq!(language.count(count), says);
    }
    for (language, wait, says) in [
        (Vietnamese, (10, 15), "khoảng 10-15 phút"),
        (Vietnamese, (0, 5), "dưới 5 phút"),
        (Vietnamese, (15, 15), "khoảng 15 phút"),
        (English, (10, 15), "about 10-15 minutes"),
    ] {
        assert_eq!(language.wait(wait), says);
    }
    for (language, people, says) in [
        (Vietnamese, 0, "Không có ai trước Ông/Bà"),
        (Vietnamese, 3, "Còn 3 người trước Ông/Bà"),
        (English, 1, "1 person is before you"),
    ] {
        assert_eq!(language.ahead(people), says);
    }
    assert_eq!(Vietnamese.counters(&[CounterId(1), CounterId(12)]), "Quầy phục vụ: 1, 12");
    assert_eq!(Vietnamese.counters(&[]), "Chưa có quầy mở, xin chờ gọi số");
}

#[test]
fn a_number_without_paper_is_to_be_written_down() {
    let number = TicketNumber("A012".into());
    for (trouble, says) in [
        (PrintTrouble::PaperEnd, "Máy in hết giấy. Số của Ông/Bà là A012. Xin ghi lại số này."),
        (PrintTrouble::CoverOpen, "Nắp máy in đang mở. Số của Ông/Bà là A012. Xin ghi lại số này."),
        (PrintTrouble::Interrupted, "Máy bị ngắt khi đang in. Số của Ông/Bà là A012. Xin ghi lại số này."),
    ] {
        assert_eq!(Vietnamese.number_only(trouble, &number), says);
    }
}

#[test]
fn a_failed_look_up_says_what_to_do() {
    let says = |language: Language, failure| {
        let (sentence, detail) = language.look_up_failed(failure);
        format!("{sentence} {detail}")
    };
    for (failure, words) in [
        (
            LookUpFailure::Refused(ScanRefusal::CitizenCard),
            "Đây là mã trên thẻ căn cước, máy không sử dụng và không lưu. \
             Vui lòng quét mã trên Giấy tiếp nhận hồ sơ.",
        ),
        (
            LookUpFailure::Unreachable,
            "Không kết nối được hệ thống một cửa lúc này. \
             Ông/Bà vẫn lấy số bình thường. Xin tra cứu lại sau, hoặc hỏi cán bộ tại quầy.",
        ),
        (
            LookUpFailure::TooMany { retry_after_secs: 200 },
            "Đã tra cứu nhiều lần liên tiếp. Xin thử lại sau 4 phút.",
        ),
    ] {
        assert_eq!(says(Vietnamese, failure), words);
    }
    assert!(says(English, LookUpFailure::TooMany { retry_after_secs: 60 }).ends_with("in 1 minute."));
}

#[test]
fn a_late_dossier_says_so_and_names_the_new_day() {
    let PageModel::Dossier(card) = said(&sample("dossier-late")).page else { panic!("no card") };
    assert_eq!(card.late, "Hồ sơ đã quá ngày hẹn 3 ngày");
    assert_eq!(card.advice, "Xin đến nhận kết quả vào Thứ Ba 16/6.");
    assert_eq!(card.as_of, "Số liệu cập nhật lúc 07:00 Thứ Năm 11/6. Có thể đã thay đổi.");
    assert_eq!(card.take_number, Some(Touch::Errand(ErrandId::new("hoi"))));
    assert_eq!(Vietnamese.advice(Stage::Processing, true), "Xin hỏi cán bộ tại quầy khi nào có kết quả.");
}

#[test]
fn a_page_that_says_the_printer_is_out_has_no_notice_of_it() {
    assert_eq!(said(&sample("number-only-longest")).frame.notice, None);
    let notice = said(&sample("areas-no-paper")).frame.notice;
    let words = "Máy in hết giấy. Ông/Bà vẫn lấy số bình thường, số hiện trên màn hình.";
    assert_eq!(notice, Some(("no-paper", words.into())));
}

#[test]
fn every_page_has_a_sample_and_every_text_is_in_one_form() {
    let shown: Vec<PageName> =
        samples::ordinary().iter().map(|(_, screen)| said(screen).frame.name).collect();
    for page in PageName::ALL {
        assert!(shown.contains(page), "{} has no sample", page.as_str());
    }
    for (name, screen) in samples::screens() {
        let text = format!("{:?}", said(&screen));
        assert!(unicode_normalization::is_nfc(&text), "{name} has text that is not NFC");
    }
}
