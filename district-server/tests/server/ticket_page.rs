//! The page behind a ticket's QR: what its owner reads at each step, and that no path ends in a bare error.

use super::rig::{Kiosk, MORNING_MS, Rig};
use axum::http::StatusCode;
use kiosk_protocol::*;

const UNCONNECTED: &str =
    "Máy lấy số chưa kết nối được với máy chủ, xin theo dõi bảng gọi số tại nơi tiếp nhận.";
const REFRESH: &str = "<meta http-equiv=\"refresh\" content=\"20\">";

fn ticket(ordinal: u32) -> TicketRef {
    TicketRef {
        hall: "h1".to_owned(),
        series: "ho-tich".to_owned(),
        business_day: "2026-11-23".to_owned(),
        number: format!("A{ordinal:03}"),
    }
}

fn issued(ordinal: u32, area_name: &str, priority: Option<&str>) -> EventData {
    EventData::TicketIssued(TicketIssued {
        ticket: ticket(ordinal),
        ordinal,
        area: "ho-tich".to_owned(),
        area_name: area_name.to_owned(),
        errand: None,
        priority: priority.map(str::to_owned),
        people_ahead: 0,
    })
}

/// The path as `kiosk-app`'s `ticket_link` writes it.
fn path(ordinal: u32) -> String {
    format!("/p/h1/2026-11-23/ho-tich/{ordinal}-7K2M9QXA")
}

/// Sends what the kiosk has not sent yet.
async fn send_new(rig: &Rig, kiosk: &Kiosk, sent: &mut u64) {
    let last = kiosk.events.len() as u64;
    let answer = rig.send(kiosk.batch(*sent + 1, last)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    *sent = last;
}

async fn rig_with(events: Vec<EventData>) -> Rig {
    let rig = Rig::new();
    let mut kiosk = rig.kiosk("k1", "h1").await;
    events.into_iter().for_each(|event| kiosk.add(event, MORNING_MS));
    send_new(&rig, &kiosk, &mut 0).await;
    rig
}

#[tokio::test]
async fn the_page_follows_a_ticket_through_its_day() {
    let rig = Rig::new();
    let mut kiosk = rig.kiosk("k1", "h1").await;
    let mut sent = 0;
    let counter = || "3".to_owned();
    let called = |ordinal| TicketCalled { ticket: ticket(ordinal), counter: counter(), recall: false };
    let steps = [
        (issued(1, "Hộ tịch", None), "Còn 1 người trước Ông/Bà."),
        (EventData::TicketCalled(called(9)), "Ông/Bà là người tiếp theo."),
        (EventData::TicketCalled(called(1)), "Mời Ông/Bà đến quầy 3."),
        (
            EventData::TicketNoShow(TicketNoShow { ticket: ticket(1), counter: counter() }),
            "Đã gọi nhưng vắng mặt</strong>Xin hỏi quầy hướng dẫn.",
        ),
        (EventData::TicketReentered(TicketReentered { ticket: ticket(1) }), "Đang chờ"),
        (EventData::TicketCalled(called(1)), "Đã gọi"),
        (
            EventData::TicketServing(TicketServing { ticket: ticket(1), counter: counter() }),
            "Đang phục vụ</strong>Tại quầy 3.",
        ),
        (EventData::TicketHeld(TicketHeld { ticket: ticket(1), counter: counter() }), "Tạm giữ"),
        (
            EventData::TicketResumed(TicketResumed { ticket: ticket(1), counter: Some("4".to_owned()) }),
            "Tại quầy 4.",
        ),
        (
            EventData::TicketFinished(TicketFinished {
                ticket: ticket(1),
                counter: counter(),
                waited_s: Some(1),
                served_s: Some(1),
            }),
            "Đã xong</strong>Cảm ơn Ông/Bà.",
        ),
        (
            EventData::TicketCancelled(TicketCancelled { ticket: ticket(2), reason: "officer".to_owned() }),
            "Đã huỷ",
        ),
    ];
    kiosk.add(issued(9, "Hộ tịch", Some("cao-tuoi")), MORNING_MS);
    kiosk.add(issued(2, "Hộ tịch", None), MORNING_MS);
    for (event, words) in steps {
        let ordinal = if words == "Đã huỷ" { 2 } else { 1 };
        kiosk.add(event, MORNING_MS);
        send_new(&rig, &kiosk, &mut sent).await;
        let page = rig.get(&path(ordinal), "").await;
        assert_eq!(page.status, StatusCode::OK);
        for word in [words, &format!(">A00{ordinal}<"), "Hộ tịch", "Số liệu lúc 08:00 23/11/2026"] {
            assert!(page.text.contains(word), "{word} in {}", page.text);
        }
        let is_over = ["Đã xong", "Đã huỷ"].iter().any(|over| words.starts_with(over));
        assert_eq!(page.text.contains(REFRESH), !is_over, "{}", page.text);
    }
}

#[tokio::test]
async fn the_page_needs_nothing_but_itself_and_says_nothing_of_its_owner() {
    let rig = rig_with(vec![issued(1, "<script>\"&'Hộ tịch", Some("cao-tuoi"))]).await;
    let page = rig.get(&path(1), "").await;
    assert!(page.text.contains("&lt;script&gt;&quot;&amp;"), "{}", page.text);
    for word in ["<script", "<link", "<img", "src=", "href=", "url(", "cao-tuoi", "k1", "7K2M9QXA"] {
        assert!(!page.text.contains(word), "{word} in {}", page.text);
    }
    let style = page.text.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    let hash = district_server::secret::base64(&district_server::secret::sha256(style.as_bytes()));
    assert!(policy.contains(&hash) && policy.contains("default-src 'none'"), "{policy}");
    assert_eq!(page.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn an_unknown_ticket_and_a_malformed_path_are_told_to_watch_the_display() {
    let rig = rig_with(vec![issued(1, "Hộ tịch", None)]).await;
    assert_eq!(rig.get(&path(1), "").await.status, StatusCode::OK, "control: this one is known");
    for (path, words, refreshes) in [
        (path(2).as_str(), "Chưa có thông tin về số này", true),
        ("/p/h9/2026-11-23/ho-tich/1-7K2M9QXA", "Chưa có thông tin về số này", true),
        ("/p/h1/2026-11-24/ho-tich/1-7K2M9QXA", "Chưa có thông tin về số này", true),
        ("/p/h1/2026-11-23/dat-dai/1-7K2M9QXA", "Chưa có thông tin về số này", true),
        ("/p/h1/2026-11-23/ho-tich/1", "Địa chỉ này không đúng", false),
        ("/p/h1/2026-11-23/ho-tich/1-7K2M9QXA/x", "Địa chỉ này không đúng", false),
        ("/p/h1/23-11-2026/ho-tich/1-7K2M9QXA", "Địa chỉ này không đúng", false),
        ("/p/%ff/%3Cscript%3E", "Địa chỉ này không đúng", false),
        ("/p/", "Địa chỉ này không đúng", false),
        ("/p", "Địa chỉ này không đúng", false),
    ] {
        let page = rig.get(path, "").await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        for word in [words, "Xin theo dõi bảng gọi số tại nơi tiếp nhận."] {
            assert!(page.text.contains(word), "{path}: {}", page.text);
        }
        assert_eq!(page.text.contains(REFRESH), refreshes, "{path}");
        assert!(!page.text.contains(UNCONNECTED), "{path}");
    }
}

#[tokio::test]
async fn a_hall_not_heard_from_for_two_minutes_is_told_of_with_the_age_of_its_figures() {
    let rig = rig_with(vec![issued(1, "Hộ tịch", None)]).await;
    rig.advance_secs(120);
    assert!(!rig.get(&path(1), "").await.text.contains(UNCONNECTED), "control: two minutes are not too long");
    rig.advance_secs(1);
    for ordinal in [1, 2] {
        assert!(rig.get(&path(ordinal), "").await.text.contains(UNCONNECTED), "also of unknown tickets");
    }
    assert!(rig.get(&path(1), "").await.text.contains("Số liệu lúc 08:00 23/11/2026"));
}

#[tokio::test]
async fn a_ticket_of_another_day_is_sent_to_the_information_desk_unless_it_is_done() {
    let finished =
        TicketFinished { ticket: ticket(2), counter: "3".to_owned(), waited_s: Some(1), served_s: Some(1) };
    let events =
        vec![issued(1, "Hộ tịch", None), issued(2, "Hộ tịch", None), EventData::TicketFinished(finished)];
    let rig = rig_with(events).await;
    let words = "Phiếu ghi ngày 23/11/2026, không phải hôm nay.";
    let today = rig.get(&path(1), "").await.text;
    assert!(!today.contains(words) && today.contains("người tiếp theo"), "control: it is of today: {today}");
    rig.advance_secs(24 * 3_600);
    let left = rig.get(&path(1), "").await.text;
    assert!(left.contains(words) && !left.contains("người tiếp theo"), "{left}");
    let done = rig.get(&path(2), "").await.text;
    assert!(done.contains("Cảm ơn Ông/Bà.") && !done.contains(words) && !done.contains(UNCONNECTED));
}
