//! The halls as they are now.

use super::{layout, period, words};
use crate::app::App;
use crate::auth::SignedIn;
use crate::facts::{DayFacts, Stage};
use crate::store::{Kiosk, StoreError};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use kiosk_protocol::{Body, DeviceHealth, DeviceState, EventData, Heartbeat, ReadEvent, UpdateEnded};
use maud::{Markup, html};
use std::sync::Arc;

/// What a kiosk last said of itself.
#[derive(Clone, Debug)]
pub struct KioskNow {
    /// The kiosk.
    pub kiosk: Kiosk,
    /// Its newest heartbeat, and when it came.
    pub heartbeat: Option<(Heartbeat, i64)>,
    /// Its devices.
    pub devices: Vec<DeviceHealth>,
    /// What became of its last update, and when that was told.
    pub update: Option<(UpdateEnded, i64)>,
}

/// What each kiosk last said of itself.
pub fn kiosks_now(app: &App) -> Result<Vec<KioskNow>, StoreError> {
    app.store.kiosks()?.into_iter().map(|kiosk| kiosk_now(app, kiosk)).collect()
}

fn kiosk_now(app: &App, kiosk: Kiosk) -> Result<KioskNow, StoreError> {
    let mut now = KioskNow { heartbeat: None, devices: Vec::new(), update: None, kiosk };
    for event in app.store.newest(&now.kiosk.id)? {
        let Ok(read) = ReadEvent::from_json(&event.raw) else { continue };
        if let Body::Known(EventData::Heartbeat(heartbeat)) = read.body {
            now.heartbeat = Some((heartbeat, event.received_ms));
        } else if let Body::Known(EventData::DeviceHealth(health)) = read.body {
            now.devices.push(health);
        } else if let Body::Known(EventData::UpdateEnded(ended)) = read.body {
            now.update = Some((ended, event.received_ms));
        }
    }
    Ok(now)
}

impl KioskNow {
    /// Whether it has been silent for too long.
    #[must_use]
    pub fn is_lost(&self, app: &App, now_ms: i64) -> bool {
        now_ms - self.kiosk.last_heard_ms > i64::from(app.settings.silent_after_mins) * 60_000
    }
}

/// A hall now.
struct HallNow {
    facts: Arc<DayFacts>,
    kiosks: Vec<KioskNow>,
}

/// The page.
pub async fn get_halls(State(app): State<App>, who: SignedIn) -> Response {
    let now_ms = app.clock.now_ms();
    let read = app
        .blocking(move |app| {
            let kiosks = kiosks_now(app)?;
            let halls = period::halls(app, &who)?.into_iter().map(|hall| {
                let own = kiosks.iter().filter(|now| now.kiosk.hall == hall && !now.kiosk.revoked).cloned();
                Ok(HallNow {
                    kiosks: own.collect(),
                    facts: app.facts.today(app.store.as_ref(), &hall, now_ms)?,
                })
            });
            Ok((halls.collect::<Result<Vec<_>, StoreError>>()?, who))
        })
        .await;
    match read {
        Err(refusal) => refusal.response(now_ms),
        Ok((halls, who)) => {
            let body = html! {
                h1 { "Các nơi tiếp nhận lúc " (words::moment(now_ms, now_ms)) ", ngày " (words::date(&crate::clock::day_of(now_ms))) }
                @if halls.is_empty() { (no_halls()) }
                @for hall in &halls { (hall_section(&app, hall, now_ms)) }
            };
            layout(&app, Some(&who), "Hiện tại", "/", &body).into_response()
        }
    }
}

fn no_halls() -> Markup {
    html! {
        section {
            h2 { "Chưa có máy nào được đăng ký" }
            p { "Trên máy chủ, chạy lệnh " code { "district-server enrol-token --kiosk TÊN-MÁY --hall TÊN-NƠI" }
                " rồi nhập mã nhận được vào máy lấy số." }
        }
    }
}

fn hall_section(app: &App, hall: &HallNow, now_ms: i64) -> Markup {
    let facts = &hall.facts;
    let longest = facts.longest_wait_s(now_ms);
    let late = longest.is_some_and(|s| s > i64::from(crate::stats::TARGET_S));
    let last_heard = hall.kiosks.iter().map(|now| now.kiosk.last_heard_ms).max().filter(|ms| *ms > 0);
    html! {
        section {
            h2 { (app.settings.hall_name(&facts.hall)) }
            p .hint {
                @match last_heard {
                    Some(ms) => { "Nhận tin lần cuối lúc " (words::moment(ms, now_ms)) "." }
                    None => { "Chưa nhận được tin nào." }
                }
            }
            @for kiosk in &hall.kiosks { (notices(app, kiosk, now_ms)) }
            @if facts.doubled > 0 {
                div .notice.alarm {
                    strong { "Có " (facts.doubled) " số bị cấp hai lần hôm nay" }
                    "Có thể hai máy đang chạy từ một bản sao. Gọi cán bộ kỹ thuật."
                }
            }
            dl .figures {
                div { dt { "Đang chờ" } dd { (facts.count(Stage::Waiting)) } }
                div {
                    dt { "Chờ lâu nhất" }
                    dd .warn[late] {
                        @match longest { Some(s) => { (words::span(s)) } None => { "–" } }
                        @if late { " " small { "quá 15 phút" } }
                    }
                }
                div { dt { "Quầy đang mở" } dd { (facts.open_counters()) " " small { "/ " (facts.counters.len()) } } }
                div { dt { "Đang phục vụ" } dd { (facts.count(Stage::Called) + facts.count(Stage::Serving)) } }
                div { dt { "Đã xong hôm nay" } dd { (facts.count(Stage::Finished)) " " small { "/ " (facts.tickets.len()) " số" } } }
            }
            @if !facts.areas.is_empty() { (areas_table(facts)) }
        }
    }
}

fn areas_table(facts: &DayFacts) -> Markup {
    html! {
        div .scroll {
            table {
                thead { tr { th { "Lĩnh vực" } th .n { "Đang chờ" } th .n { "Đã xong" } th .n { "Vắng mặt" } } }
                tbody {
                    @for (area, name, waiting) in facts.waiting_by_area() {
                        @let at = |stage: Stage| facts.tickets.values().filter(|t| t.area == area && t.stage == stage).count();
                        tr {
                            td { (name) } td .n { (waiting) } td .n { (at(Stage::Finished)) } td .n { (at(Stage::NoShow)) }
                        }
                    }
                }
            }
        }
    }
}

/// What an officer should do something about.
pub fn notices(app: &App, now: &KioskNow, now_ms: i64) -> Markup {
    let lost = now.is_lost(app, now_ms);
    html! {
        @if lost {
            div .notice.alarm {
                strong { "Máy " (now.kiosk.id) ": không nhận được tin" }
                @if now.kiosk.last_heard_ms > 0 {
                    "Đã " (words::span((now_ms - now.kiosk.last_heard_ms) / 1_000)) " không có tin. "
                }
                "Máy vẫn cấp số được. Kiểm tra điện, dây mạng và đường truyền tại nơi tiếp nhận; số liệu sẽ tự gửi bù."
            }
        }
        @for device in now.devices.iter().filter(|device| device.state != DeviceState::Ok) {
            div .notice.alarm[device.state != DeviceState::Degraded] {
                strong { "Máy " (now.kiosk.id) ", " (words::device(&device.device)) ": " (device_words(device)) }
                @for cause in &device.causes { (words::cause(cause).1) " " }
                @if device.causes.is_empty() { "Kiểm tra dây nguồn và dây nối của thiết bị." }
            }
        }
    }
}

/// The causes in words, or the state if there are none.
#[must_use]
pub fn device_words(device: &DeviceHealth) -> String {
    if device.causes.is_empty() || device.state == DeviceState::Ok {
        return words::device_state(device.state).1.to_owned();
    }
    device.causes.iter().map(|cause| words::cause(cause).0).collect::<Vec<_>>().join(", ")
}
