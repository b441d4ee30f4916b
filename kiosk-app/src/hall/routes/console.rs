//! The officer console's handlers.

use std::sync::Arc;

use axum::Json;
use axum::extract::{ConnectInfo, Form, Query, State};
use axum::http::header::{COOKIE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use kiosk_core::id::CounterId;
use serde::Deserialize;

use super::html;
use crate::hall::answer_words::Outcome;
use crate::hall::connections::Peer;
use crate::hall::desk::{Desk, SignIn};
use crate::hall::press::PressForm;
use crate::hall::session::{self, Session};
use crate::hall::{pages, secret, streams};

/// Marks a press that a script sends: it wants the answer as JSON, a plain form wants the page.
const BY_SCRIPT: &str = "x-press";

/// What came of the press before, after a redirect.
#[derive(Deserialize)]
pub(super) struct Before {
    #[serde(default)]
    button: String,
    #[serde(default)]
    outcome: String,
}

#[derive(Deserialize)]
pub(super) struct SignInForm {
    counter: u8,
    pin: String,
}

#[derive(Deserialize)]
pub(super) struct SignOutForm {
    token: String,
}

pub(super) async fn page(
    State(desk): State<Arc<Desk>>,
    Query(before): Query<Before>,
    headers: HeaderMap,
) -> Response {
    let said = Outcome::from_code(&before.outcome).map(|outcome| outcome.sentence(&before.button));
    let Some(session) = session_of(&desk, &headers) else {
        return html(StatusCode::OK, pages::sign_in::page(&desk, None, said));
    };
    let page = pages::console::page(&desk, &desk.scene(), &session, said);
    with_cookie(html(StatusCode::OK, page), &desk.renewed(&session))
}

pub(super) async fn events(State(desk): State<Arc<Desk>>, headers: HeaderMap) -> Response {
    let Some(session) = session_of(&desk, &headers) else { return streams::signed_out() };
    let shown = session.clone();
    // A page that was pressed on meanwhile has a younger cookie: the stream ends, and comes back with that.
    let goes_on = move |desk: &Desk| session.is_live(desk.clock.now().wall);
    streams::follow(desk, move |desk, scene| pages::console::fragment(desk, scene, &shown), goes_on)
}

pub(super) async fn sign_in(
    State(desk): State<Arc<Desk>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Form(form): Form<SignInForm>,
) -> Response {
    let counter = CounterId(form.counter);
    let slow = Arc::clone(&desk);
    let digits: String = form.pin.chars().filter(|c| !c.is_whitespace()).collect();
    let tried = tokio::task::spawn_blocking(move || slow.sign_in(counter, &digits, peer.0)).await;
    let (status, said) = match tried.unwrap_or(SignIn::Failed) {
        SignIn::Welcome(cookie) => return with_cookie(to_console(""), &cookie),
        SignIn::Wrong => (StatusCode::UNAUTHORIZED, "Sai mã PIN. Xin xem lại quầy và nhập lại.".to_owned()),
        SignIn::Wait(secs) => (
            StatusCode::TOO_MANY_REQUESTS,
            format!("Nhập sai nhiều lần. Xin đợi {} rồi thử lại.", pages::in_words(secs)),
        ),
        SignIn::Failed => {
            (StatusCode::INTERNAL_SERVER_ERROR, "Máy lấy số chưa sẵn sàng. Xin thử lại.".to_owned())
        }
    };
    html(status, pages::sign_in::page(&desk, Some(counter), Some(&said)))
}

pub(super) async fn sign_out(
    State(desk): State<Arc<Desk>>,
    headers: HeaderMap,
    Form(form): Form<SignOutForm>,
) -> Response {
    match session_of(&desk, &headers) {
        Some(session) if is_ours(&desk, &session, &form.token) => with_cookie(to_console(""), ""),
        Some(_) | None => to_console(""),
    }
}

pub(super) async fn press(
    State(desk): State<Arc<Desk>>,
    headers: HeaderMap,
    Form(form): Form<PressForm>,
) -> Response {
    let session = session_of(&desk, &headers);
    let outcome = match &session {
        None => Outcome::SignedOut,
        Some(session) if !is_ours(&desk, session, &form.token) => Outcome::BadForm,
        Some(session) => match form.read() {
            None => Outcome::BadForm,
            Some(press) => Outcome::of(desk.press(session.counter, press).await),
        },
    };
    let response = if headers.contains_key(BY_SCRIPT) {
        let said = serde_json::json!({
            "outcome": outcome.code(),
            "sentence": outcome.sentence(&form.button),
            "may_repeat": outcome.may_repeat(),
        });
        Json(said).into_response()
    } else {
        let word = form.button.split(':').next().unwrap_or_default();
        let word: String = word.chars().filter(|c| c.is_ascii_alphabetic() || *c == '-').collect();
        to_console(&format!("?button={word}&outcome={}", outcome.code()))
    };
    match session {
        Some(session) => with_cookie(response, &desk.renewed(&session)),
        None => response,
    }
}

fn to_console(query: &str) -> Response {
    (StatusCode::SEE_OTHER, [(LOCATION, format!("/quay{query}"))]).into_response()
}

fn session_of(desk: &Desk, headers: &HeaderMap) -> Option<Session> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    cookies
        .flat_map(|line| line.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .filter(|(name, _)| *name == session::COOKIE)
        .find_map(|(_, value)| desk.session(value))
}

fn is_ours(desk: &Desk, session: &Session, token: &str) -> bool {
    secret::same(session.form_token(&desk.key).as_bytes(), token.as_bytes())
}

/// An empty value takes the cookie away. No `Secure`: the hall's LAN has no names for certificates.
fn with_cookie(response: Response, value: &str) -> Response {
    let age = if value.is_empty() { "; Max-Age=0" } else { "" };
    let cookie = format!("{}={value}; Path=/quay; HttpOnly; SameSite=Strict{age}", session::COOKIE);
    ([(SET_COOKIE, cookie)], response).into_response()
}
