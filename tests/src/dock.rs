//! The dock: a page on loopback where a person plays everything around the kiosk: scanner, keypads, the printer's cover
//! and paper, cables, line and server. On a machine without a display it also shows the kiosk's screen and touches it.

mod action;
mod page;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use kiosk_drivers::fake::write_png;
use serde::Serialize;
use tokio::net::TcpListener;

use crate::rig::{Hall, RigError};
pub use action::{Action, ActionError};

/// Only the dock's own script sends this header: a page of another site cannot without being asked first.
const BY_DOCK: &str = "x-dock";

/// A hall that a person plays with.
pub type Shared = Arc<Mutex<Hall>>;

/// Addresses of everything, for the person at the terminal and on the page.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// The hall service.
    pub hall: String,
    /// The district server.
    pub server: String,
    /// The leader's sign-in code there.
    pub code: String,
    /// Counters and PINs.
    pub pins: Vec<(u8, String)>,
}

#[derive(Clone)]
struct Dock {
    hall: Shared,
    addresses: Arc<Addresses>,
    has_screen: bool,
}

#[derive(Serialize)]
struct Now {
    printer: String,
    printer_plugged: bool,
    line_cut: bool,
    server_runs: bool,
    kiosk_runs: bool,
    tickets: usize,
}

/// Serves the dock until `ended`; `has_screen` says whether the kiosk's screen can be photographed.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    hall: Shared,
    addresses: Addresses,
    has_screen: bool,
    ended: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let dock = Dock { hall, addresses: Arc::new(addresses), has_screen };
    let app = Router::new()
        .route("/", get(index))
        .route("/now", get(now))
        .route("/act", post(act))
        .route("/ticket/{piece}", get(ticket))
        .route("/screen.png", get(screen))
        .with_state(dock);
    axum::serve(listener, app).with_graceful_shutdown(ended).await
}

/// A port of loopback: the wished one if it is free.
///
/// # Errors
/// When there is none at all.
pub async fn listen(wished: u16) -> std::io::Result<TcpListener> {
    match TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], wished))).await {
        Ok(listener) => Ok(listener),
        Err(_) => TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await,
    }
}

/// The hall, also after a panic elsewhere: a rig goes on as long as it can.
pub fn lock(hall: &Shared) -> MutexGuard<'_, Hall> {
    hall.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Everything waits for processes and devices, so nothing of it may run on the server's own threads.
async fn with_hall<T: Send + 'static>(
    dock: &Dock,
    work: impl FnOnce(&mut Hall) -> T + Send + 'static,
) -> Result<T, StatusCode> {
    let hall = Arc::clone(&dock.hall);
    let done = tokio::task::spawn_blocking(move || work(&mut lock(&hall))).await;
    done.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

async fn index(State(dock): State<Dock>) -> Result<Html<String>, StatusCode> {
    let settings = with_hall(&dock, |hall| hall.settings().clone()).await?;
    Ok(Html(page::render(&dock.addresses, &settings, dock.has_screen)))
}

async fn now(State(dock): State<Dock>) -> Result<Json<Now>, StatusCode> {
    let now = with_hall(&dock, |hall| Now {
        printer: hall.printer.with(|printer| printer.describe()),
        printer_plugged: hall.printer.is_plugged(),
        line_cut: hall.line.is_cut(),
        server_runs: hall.server.runs(),
        kiosk_runs: hall.kiosk_runs(),
        tickets: hall.printer.tickets().len(),
    });
    now.await.map(Json)
}

/// Carries out one action a request; the body is its text.
async fn act(State(dock): State<Dock>, headers: HeaderMap, body: String) -> Response {
    if !headers.contains_key(BY_DOCK) {
        return (StatusCode::FORBIDDEN, "only the dock's own page may do this").into_response();
    }
    let action: Action = match body.parse() {
        Ok(action) => action,
        Err(error) => return (StatusCode::BAD_REQUEST, said(&error)).into_response(),
    };
    match with_hall(&dock, move |hall| action.carry_out(hall)).await {
        Ok(Ok(())) => StatusCode::NO_CONTENT.into_response(),
        Ok(Err(error)) => (StatusCode::CONFLICT, said(&error)).into_response(),
        Err(status) => status.into_response(),
    }
}

fn said(error: &dyn std::error::Error) -> String {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}

async fn ticket(State(dock): State<Dock>, Path(piece): Path<usize>) -> Result<Response, StatusCode> {
    let picture = with_hall(&dock, move |hall| {
        let tickets = hall.printer.tickets();
        let ticket = tickets.iter().find(|ticket| ticket.number == piece)?;
        picture(|path| write_png(&ticket.image, path).ok())
    });
    picture.await?.map(png).ok_or(StatusCode::NOT_FOUND)
}

async fn screen(State(dock): State<Dock>) -> Result<Response, StatusCode> {
    let hall = Arc::clone(&dock.hall);
    let picture = tokio::task::spawn_blocking(move || {
        // The lock is not held while the picture is drawn, so that a press is not late.
        let screen = lock(&hall).screen();
        picture(|path| screen.shot(path).ok())
    });
    let picture = picture.await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    picture.map(png).ok_or(StatusCode::SERVICE_UNAVAILABLE)
}

/// The bytes of a picture that can only be written to a file.
fn picture(write: impl FnOnce(&std::path::Path) -> Option<()>) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().ok()?;
    let path = folder.path().join("picture.png");
    write(&path)?;
    std::fs::read(path).ok()
}

fn png(bytes: Vec<u8>) -> Response {
    ([(CONTENT_TYPE, "image/png"), (CACHE_CONTROL, "no-store")], bytes).into_response()
}

/// What the dock shows of a hall.
pub fn addresses(hall: &Hall) -> Addresses {
    Addresses {
        hall: hall.hall_address(),
        server: format!("http://{}", hall.server.address()),
        code: hall.server.code().to_owned(),
        pins: hall.pins().iter().map(|(counter, pin)| (*counter, pin.clone())).collect(),
    }
}

/// Ends kiosk and server in order.
///
/// # Errors
/// When one does not end by itself; it is killed then.
pub fn end(hall: &Shared) -> Result<(), RigError> {
    let mut hall = lock(hall);
    hall.stop_kiosk()?;
    hall.server.stop()
}
