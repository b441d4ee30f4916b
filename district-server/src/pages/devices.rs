//! Kiosks, their devices, and alarms.

use super::halls::{KioskNow, device_words, kiosks_now, notices};
use super::{layout, words};
use crate::app::App;
use crate::auth::SignedIn;
use crate::orders;
use crate::store::{Alarm, StoreError};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use kiosk_protocol::UpdateOrder;
use maud::{Markup, html};

/// The page.
pub async fn get_devices(State(app): State<App>, who: SignedIn) -> Response {
    let now_ms = app.clock.now_ms();
    let read = app.blocking(|app| Ok((with_orders(app)?, app.store.alarms(200)?))).await;
    match read {
        Err(refusal) => refusal.response(now_ms),
        Ok((mut kiosks, mut alarms)) => {
            kiosks.retain(|(now, _)| who.may_see(&now.kiosk.hall));
            alarms.retain(|alarm| {
                who.0.hall.is_none() || kiosks.iter().any(|(now, _)| now.kiosk.id == alarm.kiosk)
            });
            alarms.truncate(50);
            let body = html! {
                h1 { "Thiết bị" }
                @if kiosks.is_empty() { section { p { "Chưa có máy nào được đăng ký." } } }
                @for (now, order) in &kiosks { (kiosk_section(&app, now, order.as_ref(), now_ms)) }
                section { h2 { "Cảnh báo gần đây" } (alarms_table(&alarms, now_ms)) }
            };
            layout(&app, Some(&who), "Thiết bị", "/devices", &body).into_response()
        }
    }
}

/// An order of an update, and when it was given.
type Order = (UpdateOrder, i64);

fn with_orders(app: &App) -> Result<Vec<(KioskNow, Option<Order>)>, StoreError> {
    let order = |now: KioskNow| Ok((orders::newest(app, &now.kiosk.id)?, now));
    kiosks_now(app)?.into_iter().map(|now| order(now).map(|(order, now)| (now, order))).collect()
}

fn kiosk_section(app: &App, now: &KioskNow, order: Option<&Order>, now_ms: i64) -> Markup {
    let kiosk = &now.kiosk;
    html! {
        section {
            h2 { "Máy " (kiosk.id) " – " (app.settings.hall_name(&kiosk.hall)) }
            @if kiosk.revoked {
                p .bad { "Đã thu hồi: số liệu của máy này không được nhận nữa." }
            } @else {
                (notices(app, now, now_ms))
            }
            div .scroll {
                table {
                    tbody {
                        @for device in &now.devices {
                            tr {
                                th { (words::device(&device.device)) }
                                td class=(words::device_state(device.state).0) { (device_words(device)) }
                            }
                        }
                        tr {
                            th { "Nhận tin lần cuối" }
                            td { @if kiosk.last_heard_ms > 0 { (words::moment(kiosk.last_heard_ms, now_ms)) } @else { "Chưa có" } }
                        }
                        tr { th { "Sự kiện đã nhận" } td { (words::count(usize::try_from(kiosk.events).unwrap_or(usize::MAX))) } }
                        (heartbeat_rows(now, now_ms))
                        (update_rows(now, order, now_ms))
                    }
                }
            }
        }
    }
}

fn update_rows(now: &KioskNow, order: Option<&Order>, now_ms: i64) -> Markup {
    html! {
        @if let Some((order, at_ms)) = order {
            tr { th { "Bản cập nhật đã đặt" } td { (order.version) ", lúc " (words::moment(*at_ms, now_ms)) } }
        }
        @if let Some((ended, at_ms)) = &now.update {
            @let (what, remedy) = words::update(ended.state);
            tr {
                th { "Cập nhật gần nhất" }
                td .warn[!remedy.is_empty()] {
                    (ended.version) ": " (what) ", " (words::moment(*at_ms, now_ms))
                    @if !ended.reason.is_empty() { " (" (ended.reason) ")" }
                    @if !remedy.is_empty() { ". " (remedy) }
                }
            }
        }
    }
}

fn heartbeat_rows(now: &KioskNow, now_ms: i64) -> Markup {
    let Some((beat, at_ms)) = &now.heartbeat else {
        return html! { tr { th { "Trạng thái máy" } td { "Chưa báo" } } };
    };
    let offset_s = beat.clock_offset_ms.map(|ms| ms / 1_000);
    html! {
        tr { th { "Trạng thái lúc" } td { (words::moment(*at_ms, now_ms)) } }
        tr { th { "Phần mềm" } td { (beat.app_version) @if let Some(image) = &beat.image_version { ", ảnh đĩa " (image) } } }
        tr { th { "Chạy liên tục" } td { (words::span(i64::try_from(beat.uptime_s).unwrap_or(i64::MAX))) } }
        tr {
            th { "Số liệu chờ gửi" }
            td {
                (words::count(usize::try_from(beat.outbox_depth).unwrap_or(usize::MAX))) " sự kiện"
                @if beat.oldest_unsent_s > 600 { ", cũ nhất " (words::span(i64::from(beat.oldest_unsent_s))) }
            }
        }
        tr {
            th { "Đồng hồ" }
            @match offset_s {
                None => td { "Chưa so được với máy chủ" },
                Some(s @ -59..=59) => td { "Đúng (lệch " (s.abs()) " giây)" },
                Some(s) => td .warn { "Lệch " (words::span(s.abs())) "; kiểm tra pin đồng hồ và mạng của máy" },
            }
        }
        tr { th { "Đĩa còn trống" } td .warn[beat.disk_free_mib < 500] { (words::count(usize::try_from(beat.disk_free_mib).unwrap_or(0))) " MiB" } }
        tr { th { "Bộ nhớ phần mềm" } td { (beat.memory_mib) " MiB" } }
        @if let Some(celsius) = beat.temperature_c { tr { th { "Nhiệt độ" } td .warn[celsius >= 75] { (celsius) " °C" } } }
    }
}

fn alarms_table(alarms: &[Alarm], now_ms: i64) -> Markup {
    html! {
        @if alarms.is_empty() {
            p { "Không có cảnh báo." }
        } @else {
            div .scroll {
                table {
                    thead { tr { th { "Lúc" } th { "Máy" } th { "Việc gì" } th { "Nên làm" } } }
                    tbody {
                        @for alarm in alarms {
                            @let (what, remedy) = words::alarm(&alarm.kind);
                            tr { td { (words::moment(alarm.at_ms, now_ms)) } td { @if alarm.kiosk.is_empty() { "Máy chủ" } @else { (alarm.kiosk) } } td { (what) } td { (remedy) } }
                        }
                    }
                }
            }
        }
    }
}
