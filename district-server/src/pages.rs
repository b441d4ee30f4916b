//! The pages for officers and leaders: plain HTML in Vietnamese, one style sheet, a few lines of script that only refresh.

pub mod board;
mod devices;
mod dossiers;
pub mod export;
mod halls;
mod month;
mod period;
mod ratings;
mod report;
mod ticket;
mod waiting;
mod words;

pub use halls::{KioskNow, kiosks_now};

use crate::app::App;
use crate::auth::{self, SignedIn};
use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use maud::{DOCTYPE, Markup, html};
use std::convert::Infallible;
use tokio_stream::{Stream, StreamExt, wrappers::WatchStream};

/// Routes of all pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/", get(halls::get_halls))
        .route("/waiting", get(waiting::get_waiting))
        .route("/ratings", get(ratings::get_ratings))
        .route("/devices", get(devices::get_devices))
        .route("/dossiers", get(dossiers::get_dossiers))
        .route("/report", get(report::get_report))
        .route("/month.csv", get(month::get_month_csv))
        .route("/v1/events.jsonl", get(export::get_events))
        .route("/live", get(get_live))
        .route("/board/{hall}", get(board::get_board_page))
        .route("/v1/halls/{hall}/board", get(board::get_board))
        .route("/p", get(ticket::get_ticket))
        .route("/p/", get(ticket::get_ticket))
        .route("/p/{*link}", get(ticket::get_ticket))
        .route("/sign-in", get(auth::get_sign_in).post(auth::post_sign_in))
        .route("/sign-out", post(auth::post_sign_out))
        .route("/assets/style.css", get(get_style))
        .route("/assets/live.js", get(get_script))
}

const PAGES: [(&str, &str); 6] = [
    ("/", "Hiện tại"),
    ("/waiting", "Thời gian chờ"),
    ("/ratings", "Đánh giá"),
    ("/devices", "Thiết bị"),
    ("/dossiers", "Hồ sơ"),
    ("/report", "Báo cáo tháng"),
];

/// A whole page around `body`. `path` marks the current entry of the menu, which only signed-in people see.
pub fn layout(app: &App, who: Option<&SignedIn>, title: &str, path: &str, body: &Markup) -> Html<String> {
    let page = html! {
        (DOCTYPE)
        html lang="vi" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " – " (app.settings.unit_name) }
                link rel="stylesheet" href="/assets/style.css";
                @if who.is_some() { script src="/assets/live.js" defer {} }
            }
            body {
                a .skip href="#main" { "Đến nội dung" }
                header {
                    strong { (app.settings.unit_name) }
                    @if let Some(who) = who {
                        nav aria-label="Trang" {
                            @for (to, name) in PAGES {
                                a href=(to) aria-current=[(to == path).then_some("page")] { (name) }
                            }
                        }
                        form method="post" action="/sign-out" {
                            button type="submit" { "Thoát (" (who.0.name) ")" }
                        }
                    }
                }
                main #main data-live=[(path == "/" || path == "/devices").then_some("")] { (body) }
            }
        }
    };
    Html(page.into_string())
}

/// Tells a live page that something came in; at most once a second, and a comment every 15 s keeps proxies open.
async fn get_live(
    State(app): State<App>,
    _who: SignedIn,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let changes = WatchStream::from_changes(app.changes()).throttle(std::time::Duration::from_secs(1));
    Sse::new(changes.map(|count| Ok(Event::default().data(count.to_string()))))
        .keep_alive(KeepAlive::default())
}

async fn get_style() -> Response {
    asset("text/css; charset=utf-8", include_str!("pages/style.css"))
}

async fn get_script() -> Response {
    asset("text/javascript; charset=utf-8", include_str!("pages/live.js"))
}

fn asset(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "max-age=300")], text).into_response()
}
