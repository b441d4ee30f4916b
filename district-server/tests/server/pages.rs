//! Pages: who may see them, and that their figures are those of the events.

use super::rig::{Kiosk, MORNING_MS, Rig};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use district_server::auth::new_account;
use district_server::store::{Account, Role};
use kiosk_protocol::*;

const PAGES: [&str; 7] = ["/", "/waiting", "/ratings", "/devices", "/dossiers", "/report", "/month.csv"];

pub fn leader() -> Account {
    Account { name: "lanh-dao".to_owned(), role: Role::Leader, hall: None }
}

fn officer(hall: &str) -> Account {
    Account { name: "can-bo".to_owned(), role: Role::Officer, hall: Some(hall.to_owned()) }
}

fn sign_in(code: &str) -> Request<Body> {
    Request::post("/sign-in")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(format!("code={code}")))
        .unwrap()
}

/// A cookie of a new account.
pub async fn cookie(rig: &Rig, account: &Account) -> String {
    let code = new_account(&rig.app, account).unwrap();
    let answer = rig.send(sign_in(&code)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let set = answer.headers["set-cookie"].to_str().unwrap().to_owned();
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Strict"), "{set}");
    set.split(';').next().unwrap().to_owned()
}

fn ticket(hall: &str, ordinal: u32) -> TicketRef {
    TicketRef {
        hall: hall.to_owned(),
        series: "A".to_owned(),
        business_day: "2026-11-23".to_owned(),
        number: format!("A{ordinal:03}"),
    }
}

fn issued(hall: &str, ordinal: u32) -> EventData {
    EventData::TicketIssued(TicketIssued {
        ticket: ticket(hall, ordinal),
        ordinal,
        area: "ho-tich".to_owned(),
        area_name: "Hộ tịch".to_owned(),
        errand: None,
        priority: (ordinal == 1).then(|| "cao-tuoi".to_owned()),
        people_ahead: 0,
    })
}

/// Twelve served with waits of 1 to 12 times 100 s and ratings, one waiting, one no-show.
fn hall_morning(kiosk: &mut Kiosk, hall: &str) {
    let counter = || "1".to_owned();
    kiosk.add(EventData::CounterOpened(CounterOpened { counter: counter(), areas: vec![] }), MORNING_MS);
    for n in 1..=14 {
        kiosk.add(issued(hall, n), MORNING_MS);
    }
    for n in 1..=12 {
        let ticket = ticket(hall, n);
        kiosk.add(
            EventData::TicketFinished(TicketFinished {
                ticket: ticket.clone(),
                counter: counter(),
                waited_s: Some(n * 100),
                served_s: Some(60),
            }),
            MORNING_MS,
        );
        if n <= 10 {
            let value = if n == 1 { 1 } else { 3 };
            kiosk.add(
                EventData::RatingGiven(RatingGiven {
                    ticket: ticket.clone(),
                    counter: counter(),
                    scale: "vn3".to_owned(),
                    key: "x".to_owned(),
                    value,
                    steps: 3,
                }),
                MORNING_MS,
            );
        }
        kiosk.add(
            EventData::RatingWindowClosed(RatingWindowClosed {
                ticket,
                counter: counter(),
                answered: n <= 10,
            }),
            MORNING_MS,
        );
    }
    kiosk.add(
        EventData::TicketNoShow(TicketNoShow { ticket: ticket(hall, 13), counter: counter() }),
        MORNING_MS,
    );
}

async fn rig_with_morning() -> Rig {
    let rig = Rig::new();
    let mut kiosk = rig.kiosk("k1", "h1").await;
    hall_morning(&mut kiosk, "h1");
    let answer = rig.send(kiosk.batch(1, kiosk.events.len() as u64)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    rig
}

#[tokio::test]
async fn nobody_sees_a_page_without_signing_in() {
    let rig = rig_with_morning().await;
    for page in PAGES {
        let answer = rig.get(page, "").await;
        assert_eq!(
            (answer.status, answer.headers["location"].to_str().unwrap()),
            (StatusCode::SEE_OTHER, "/sign-in")
        );
        assert_eq!(rig.get(page, "onestop_session=00").await.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(rig.get("/v1/events.jsonl", "").await.status, StatusCode::UNAUTHORIZED);
    let cookie = cookie(&rig, &leader()).await;
    for page in PAGES {
        let answer = rig.get(page, &cookie).await;
        assert_eq!(answer.status, StatusCode::OK, "{page}");
        assert!(answer.headers["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
    }
}

#[tokio::test]
async fn wrong_codes_are_refused_and_then_slowed_down() {
    let rig = Rig::new();
    let code = new_account(&rig.app, &leader()).unwrap();
    for _ in 0..10 {
        assert_eq!(rig.send(sign_in("AAAA-AAAA-AAAA-AAAA")).await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(rig.send(sign_in(&code)).await.status, StatusCode::TOO_MANY_REQUESTS, "even the right one");
    rig.advance_secs(60);
    assert_eq!(rig.send(sign_in(&code.to_lowercase().replace('-', ""))).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_session_ends_by_signing_out_by_time_and_by_a_new_code() {
    let rig = Rig::new();
    let first = cookie(&rig, &leader()).await;
    let out = Request::post("/sign-out").header("cookie", &first).body(Body::empty()).unwrap();
    assert_eq!(rig.send(out).await.status, StatusCode::SEE_OTHER);
    assert_eq!(rig.get("/", &first).await.status, StatusCode::SEE_OTHER);
    let second = cookie(&rig, &leader()).await;
    assert_eq!(rig.get("/", &second).await.status, StatusCode::OK);
    let third = cookie(&rig, &leader()).await;
    assert_eq!(rig.get("/", &second).await.status, StatusCode::SEE_OTHER, "a new code ends old sessions");
    rig.advance_secs(12 * 3_600);
    assert_eq!(rig.get("/", &third).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_officer_sees_the_own_hall_only() {
    let rig = rig_with_morning().await;
    let cookie = cookie(&rig, &officer("h2")).await;
    for page in
        ["/", "/waiting?hall=h1", "/ratings?hall=h1", "/devices", "/report?hall=h1", "/month.csv?hall=h1"]
    {
        let answer = rig.get(page, &cookie).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(!answer.text.contains("Hộ tịch") && !answer.text.contains("k1"), "{page}");
    }
    assert_eq!(rig.get("/v1/events.jsonl", &cookie).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn figures_are_those_of_the_events() {
    let rig = rig_with_morning().await;
    rig.advance_secs(20 * 60);
    let cookie = cookie(&rig, &leader()).await;
    for (page, words) in [
        ("/", vec!["<dd>1</dd>", "20 phút", "/ 14 số", "Hộ tịch"]),
        // Mean 650 s, median 600 s, P90 1,100 s; 9 of 12 within 900 s.
        ("/waiting", vec!["10,8", "10,0", "18,3", "75,0 %", "08:00–08:59", "Đã cấp 14 số", "vắng mặt 1"]),
        ("/ratings?hall=h1", vec!["<dd>10</dd>", "83,3 %", "90,0 %", "Không hài lòng", "Theo quầy"]),
        ("/report?month=2026-11", vec!["Từ 01/11/2026 đến 30/11/2026", "75,0 %", "90,0 %"]),
        ("/month.csv", vec!["\u{feff}Ngày,", "23/11/2026,h1,Hộ tịch,14,1,12,1,0,650,600,1100,9,10,12\r\n"]),
        ("/month.csv?mark=semicolon", vec!["23/11/2026;h1;Hộ tịch;14;"]),
    ] {
        let text = rig.get(page, &cookie).await.text;
        for word in words {
            assert!(text.contains(word), "{page}: {word} in {text}");
        }
    }
}

#[tokio::test]
async fn a_counter_with_nine_ratings_is_not_shown() {
    let rig = Rig::new();
    let mut kiosk = rig.kiosk("k1", "h1").await;
    hall_morning(&mut kiosk, "h1");
    kiosk.events.retain(|event| !event.contains("\"A010\"") || !event.contains("rating.given"));
    let events: Vec<String> = std::mem::take(&mut kiosk.events);
    let mut renumbered = Kiosk::new("k1");
    renumbered.key = kiosk.key.clone();
    for event in &events {
        if let kiosk_protocol::Body::Known(data) = ReadEvent::from_json(event).unwrap().body {
            renumbered.add(data, MORNING_MS);
        }
    }
    rig.send(renumbered.batch(1, renumbered.events.len() as u64)).await;
    let cookie = cookie(&rig, &leader()).await;
    let text = rig.get("/ratings?hall=h1", &cookie).await.text;
    assert!(text.contains("dưới 10") && text.contains("<dd>9</dd>"), "{text}");
}

#[tokio::test]
async fn device_faults_and_silence_come_with_a_remedy() {
    let rig = Rig::new();
    let mut kiosk = rig.kiosk("k1", "h1").await;
    let causes = vec!["paper_end".to_owned()];
    let health =
        DeviceHealth { device: "printer".to_owned(), state: DeviceState::Failed, causes, counters: None };
    kiosk.add(EventData::DeviceHealth(health), MORNING_MS);
    rig.send(kiosk.batch(1, 1)).await;
    let cookie = cookie(&rig, &leader()).await;
    let text = rig.get("/", &cookie).await.text;
    assert!(text.contains("Hết giấy") && text.contains("đặt cuộn giấy mới"), "{text}");
    assert!(!text.contains("không nhận được tin"));
    rig.advance_secs(11 * 60);
    let text = rig.get("/", &cookie).await.text;
    assert!(text.contains("không nhận được tin") && text.contains("Đã 11 phút"), "{text}");
    let metrics = rig.get("/metrics", "").await.text;
    assert!(metrics.contains("district_kiosk_silent_seconds{kiosk=\"k1\",hall=\"h1\"} 660"), "{metrics}");
    assert!(metrics.contains("district_kiosk_device_faults{kiosk=\"k1\",hall=\"h1\"} 1"), "{metrics}");
}

#[tokio::test]
async fn the_board_is_for_everyone_and_says_only_how_many_wait() {
    let rig = rig_with_morning().await;
    let board: district_server::openapi::Board = rig.get("/v1/halls/h1/board", "").await.json();
    assert_eq!((board.open_counters, board.areas[0].waiting), (1, 1));
    let page = rig.get("/board/h1", "").await;
    assert!(page.text.contains("Hộ tịch") && !page.text.contains("A0"), "{}", page.text);
    assert_eq!(rig.get("/board/h9", "").await.status, StatusCode::NOT_FOUND);
    rig.advance_secs(24 * 3_600);
    assert!(rig.get("/board/h1", "").await.text.contains("Hôm nay chưa có số liệu"));
}

#[tokio::test]
async fn the_export_pages_through_every_event_once() {
    let rig = rig_with_morning().await;
    let code = new_account(&rig.app, &leader()).unwrap();
    let ask = |after: i64| {
        let request = Request::get(format!("/v1/events.jsonl?after={after}"));
        request.header("authorization", format!("Bearer {code}")).body(Body::empty()).unwrap()
    };
    let all = rig.send(ask(0)).await.text;
    let raw: Vec<String> =
        rig.app.store.export(0, 1_000).unwrap().into_iter().map(|event| event.raw).collect();
    assert_eq!(all.lines().count(), raw.len());
    assert!(all.lines().zip(&raw).all(|(line, raw)| line.contains(raw.as_str())));
    let last: serde_json::Value = serde_json::from_str(all.lines().last().unwrap()).unwrap();
    assert_eq!(rig.send(ask(last["row"].as_i64().unwrap())).await.text, "");
    let mut out = Vec::new();
    let written = district_server::pages::export::export_all(rig.app.store.as_ref(), &mut out).unwrap();
    assert_eq!((written as usize, String::from_utf8(out).unwrap()), (raw.len(), all));
}

#[tokio::test]
async fn a_restored_kiosk_that_sends_again_changes_no_figure() {
    let rig = rig_with_morning().await;
    let cookie = cookie(&rig, &leader()).await;
    let before = rig.get("/month.csv", &cookie).await.text;
    let mut kiosk = rig.kiosk("k1", "h1").await;
    kiosk.epoch = Epoch(0xcd);
    hall_morning(&mut kiosk, "h1");
    let count = kiosk.events.len();
    rig.send(kiosk.batch(1, count as u64)).await;
    assert_eq!(rig.app.store.export(0, 1_000).unwrap().len(), 2 * count, "control: they are stored twice");
    assert_eq!(rig.get("/month.csv", &cookie).await.text, before);
    assert!(!rig.get("/", &cookie).await.text.contains("cấp hai lần"));
}

#[tokio::test]
async fn a_live_page_hears_of_a_batch() {
    use tokio_stream::StreamExt;
    use tower::ServiceExt;
    let rig = Rig::new();
    let mut kiosk = rig.kiosk("k1", "h1").await;
    let cookie = cookie(&rig, &leader()).await;
    let request = Request::get("/live").header("cookie", &cookie).body(Body::empty()).unwrap();
    let response = rig.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut stream = response.into_body().into_data_stream();
    kiosk.add_starts(1);
    rig.send(kiosk.batch(1, 1)).await;
    let told = tokio::time::timeout(std::time::Duration::from_secs(20), stream.next()).await.unwrap();
    assert!(told.unwrap().unwrap().starts_with(b"data: "));
}
