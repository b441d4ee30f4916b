//! The wait board of a hall for everyone: how many wait, no numbers, no people. For the unit's website.

use super::layout;
use crate::app::App;
use crate::clock::day_of;
use crate::openapi::{Board, BoardArea};
use crate::store::StoreError;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use kiosk_protocol::plus7;
use maud::html;

/// When a hall last reported, milliseconds since 1970 UTC; 0 for never, `None` for a hall without kiosks.
pub fn last_heard_ms(app: &App, hall: &str) -> Result<Option<i64>, StoreError> {
    let kiosks = app.store.kiosks()?.into_iter().filter(|kiosk| kiosk.hall == hall);
    Ok(kiosks.map(|kiosk| kiosk.last_heard_ms).max())
}

fn board(app: &App, hall: &str, now_ms: i64) -> Result<Option<Board>, StoreError> {
    let Some(last) = last_heard_ms(app, hall)? else { return Ok(None) };
    let facts = app.facts.today(app.store.as_ref(), hall, now_ms)?;
    let areas = facts.waiting_by_area().into_iter().map(|(_, area, waiting)| BoardArea { area, waiting });
    Ok(Some(Board {
        hall: app.settings.hall_name(hall).to_owned(),
        as_of: plus7(now_ms),
        last_heard: (last > 0).then(|| plus7(last)),
        open_counters: facts.open_counters(),
        areas: areas.collect(),
    }))
}

/// The board as JSON; any website may read it.
#[utoipa::path(
    get,
    tag = "public",
    path = "/v1/halls/{hall}/board",
    params(("hall" = String, Path, description = "Hall's id")),
    responses((status = 200, body = Board), (status = 404, description = "No such hall"))
)]
pub async fn get_board(State(app): State<App>, Path(hall): Path<String>) -> Response {
    let now_ms = app.clock.now_ms();
    match app.blocking(move |app| board(app, &hall, now_ms)).await {
        Err(refusal) => refusal.response(now_ms),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Ok(Some(board)) => {
            let headers = [(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"), (header::CACHE_CONTROL, "max-age=15")];
            (headers, axum::Json(board)).into_response()
        }
    }
}

/// The board as a page that loads itself again every 30 seconds.
pub async fn get_board_page(State(app): State<App>, Path(hall): Path<String>) -> Response {
    let now_ms = app.clock.now_ms();
    let board = match app.blocking(move |app| board(app, &hall, now_ms)).await {
        Err(refusal) => return refusal.response(now_ms),
        Ok(None) => {
            let body = html! { h1 { "Không có nơi tiếp nhận này" } p { "Vui lòng kiểm tra lại địa chỉ." } };
            return (StatusCode::NOT_FOUND, layout(&app, None, "Không tìm thấy", "", &body)).into_response();
        }
        Ok(Some(board)) => board,
    };
    let clock = |time: &str| time.chars().skip(11).take(5).collect::<String>();
    let today = day_of(now_ms);
    let fresh = board.last_heard.as_ref().filter(|heard| heard.starts_with(&today));
    let body = html! {
        h1 { (board.hall) }
        section .board {
            @match fresh {
                None => p { "Hôm nay chưa có số liệu." },
                Some(heard) => {
                    p { "Số quầy đang mở: " strong { (board.open_counters) } }
                    table {
                        thead { tr { th { "Lĩnh vực" } th .n { "Người đang chờ" } } }
                        tbody { @for area in &board.areas { tr { td { (area.area) } td .n { (area.waiting) } } } }
                    }
                    p .hint { "Số liệu cập nhật lúc " (clock(heard)) ". Có thể đã thay đổi." }
                }
            }
        }
    };
    ([("refresh", "30")], layout(&app, None, &board.hall, "", &body)).into_response()
}
