//! Addresses, and what every answer carries.

pub(super) mod assets;
mod console;

use std::net::TcpListener;
use std::sync::Arc;
use std::{io, time};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use maud::Markup;

use super::connections::{BoundedListener, Peer};
use super::desk::Desk;
use super::door::Door;
use super::{pages, streams};

/// The largest form is a press: a few hundred bytes.
const MAX_BODY: usize = 4 * 1024;
/// Longer than the slowest answer (a PIN behind others, a press at its deadline); streams begin within it.
const REQUEST_DEADLINE: time::Duration = time::Duration::from_secs(10);

/// How long until an address is tried again that could not be listened on.
const LISTEN_AGAIN: time::Duration = time::Duration::from_secs(3);

/// Nothing from elsewhere, nothing inline, no frames.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// All addresses of the service.
pub(super) fn app(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/", get(index))
        .route("/quay", get(console::page))
        .route("/quay/vao", post(console::sign_in))
        .route("/quay/ra", post(console::sign_out))
        .route("/quay/bam", post(console::press))
        .route("/quay/su-kien", get(console::events))
        .route("/bang", get(display))
        .route("/bang/su-kien", get(display_events))
        .route("/may", get(machine))
        .route("/may/su-kien", get(machine_events))
        .route("/song", get(alive))
        .route("/favicon.ico", get(no_icon))
        .merge(assets::routes())
        .fallback(nothing_here)
        .layer(middleware::from_fn(guard))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(desk)
}

/// Serves until the listener fails for good; without one it tries the door until there is.
pub(super) async fn serve(mut listener: Option<TcpListener>, mut door: Door, app: Router) -> io::Result<()> {
    let listener = loop {
        match listener.take() {
            Some(listener) => break listener,
            None => {
                tokio::time::sleep(LISTEN_AGAIN).await;
                listener = door.open()?;
            }
        }
    };
    let listener = BoundedListener::new(tokio::net::TcpListener::from_std(listener)?);
    axum::serve(listener, app.into_make_service_with_connect_info::<Peer>()).await
}

/// A page, never kept by the browser.
fn html(status: StatusCode, page: Markup) -> Response {
    (status, [(CONTENT_TYPE, "text/html; charset=utf-8")], page.into_string()).into_response()
}

async fn index(State(desk): State<Arc<Desk>>) -> Response {
    html(StatusCode::OK, pages::index(&desk))
}

async fn display(State(desk): State<Arc<Desk>>) -> Response {
    html(StatusCode::OK, pages::display::page(&desk, &desk.scene()))
}

async fn display_events(State(desk): State<Arc<Desk>>) -> Response {
    streams::follow(desk, pages::display::fragment, |_| true)
}

async fn machine(State(desk): State<Arc<Desk>>) -> Response {
    html(StatusCode::OK, pages::machine::page(&desk, &desk.scene()))
}

async fn machine_events(State(desk): State<Arc<Desk>>) -> Response {
    streams::follow(desk, pages::machine::fragment, |_| true)
}

/// Asked by pages that heard nothing: is it worth loading again?
async fn alive() -> &'static str {
    "ok"
}

async fn no_icon() -> StatusCode {
    StatusCode::NO_CONTENT
}

async fn nothing_here() -> Response {
    html(StatusCode::NOT_FOUND, pages::message("Không có trang này", "Xin xem lại địa chỉ trang."))
}

/// Deadline, and the headers of every answer.
async fn guard(request: Request, next: Next) -> Response {
    let mut response = match tokio::time::timeout(REQUEST_DEADLINE, next.run(request)).await {
        Ok(response) => response,
        Err(_) => StatusCode::REQUEST_TIMEOUT.into_response(),
    };
    let headers = response.headers_mut();
    let fixed: [(HeaderName, &'static str); 6] = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "same-origin"),
        (CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
