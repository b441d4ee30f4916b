//! Who may see the pages: sign-in codes drawn by the server, sessions as hashes, nothing by default.

use crate::app::App;
use crate::enrol::Peer;
use crate::pages::layout;
use crate::problem::Refusal;
use crate::secret::{SecretError, hex, random, spoken_code};
use crate::store::{Account, Role, StoreError};
use axum::Form;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;
use serde::Deserialize;

const COOKIE: &str = "onestop_session";

/// A session lasts a working day.
const SESSION_MS: i64 = 12 * 3_600_000;

/// Why no account was made.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// An officer without hall.
    #[error("an officer needs a hall; give it with --hall, or make a leader")]
    NoHall,
    /// A name with other letters.
    #[error("account name {0:?} may only have a-z, 0-9, - and _, at most 40")]
    Name(String),
    /// No randomness.
    #[error("sign-in code cannot be drawn")]
    Secret(#[from] SecretError),
    /// No store.
    #[error("account cannot be stored")]
    Store(#[from] StoreError),
}

/// Makes an account, or gives an existing one a new code. The code is shown once; only its keyed hash is stored.
pub fn new_account(app: &App, account: &Account) -> Result<String, AccountError> {
    if !kiosk_protocol::is_plain_id(&account.name) {
        return Err(AccountError::Name(account.name.clone()));
    }
    if account.role == Role::Officer && account.hall.is_none() {
        return Err(AccountError::NoHall);
    }
    let code = spoken_code()?;
    app.store.put_account(account, &code_hash(app, &code))?;
    Ok(code)
}

fn code_hash(app: &App, code: &str) -> crate::secret::Keyed {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    app.secret.keyed("sign-in-code", &plain.to_ascii_uppercase())
}

fn session_hash(app: &App, token: &str) -> crate::secret::Keyed {
    app.secret.keyed("session", token)
}

/// Someone who has signed in: by cookie, or by `Authorization: Bearer <sign-in code>` for programs.
pub struct SignedIn(pub Account);

impl SignedIn {
    /// The hall whose figures may be shown: an officer's own, whatever was asked for.
    #[must_use]
    pub fn hall(&self, asked: Option<String>) -> Option<String> {
        match self.0.role {
            Role::Leader => asked.filter(|hall| !hall.is_empty()),
            Role::Officer => self.0.hall.clone(),
        }
    }

    /// Whether figures of `hall` may be shown.
    #[must_use]
    pub fn may_see(&self, hall: &str) -> bool {
        self.0.role == Role::Leader || self.0.hall.as_deref() == Some(hall)
    }
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let now_ms = app.clock.now_ms();
        let bearer = bearer(&parts.headers);
        let by_cookie = session_token(&parts.headers);
        let refuse = |refusal: Refusal| refusal.response(now_ms);
        let account = match (bearer, by_cookie) {
            (Some(code), _) => {
                let Peer(peer) = Peer::from_request_parts(parts, app).await.unwrap_or(Peer(String::new()));
                if !app.limits().sign_ins.is_open(&peer, now_ms) {
                    return Err(refuse(Refusal::TooMany(6_000)));
                }
                let found = app
                    .blocking(move |app| app.store.account_by_code(&code_hash(app, &code)))
                    .await
                    .map_err(refuse)?;
                if found.is_none() {
                    let _wait = app.limits().sign_ins.take(&peer, now_ms);
                }
                found
            }
            (None, Some(token)) => app
                .blocking(move |app| app.store.session(&session_hash(app, &token), now_ms))
                .await
                .map_err(refuse)?,
            (None, None) => None,
        };
        let to_sign_in = || {
            if parts.uri.path().starts_with("/v1/") {
                StatusCode::UNAUTHORIZED.into_response()
            } else {
                Redirect::to("/sign-in").into_response()
            }
        };
        account.map(Self).ok_or_else(to_sign_in)
    }
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    Some(headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?.to_owned())
}

fn session_token(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value.to_owned())
}

/// The sign-in page.
pub async fn get_sign_in(State(app): State<App>) -> Response {
    sign_in_page(&app, None, StatusCode::OK)
}

/// What the sign-in form sends.
#[derive(Deserialize)]
pub struct SignInForm {
    code: String,
}

/// Signs in.
pub async fn post_sign_in(State(app): State<App>, peer: Peer, Form(form): Form<SignInForm>) -> Response {
    let now_ms = app.clock.now_ms();
    if !app.limits().sign_ins.is_open(&peer.0, now_ms) {
        let words = "Đã thử quá nhiều lần. Vui lòng đợi một phút rồi thử lại.";
        return sign_in_page(&app, Some(words), StatusCode::TOO_MANY_REQUESTS);
    }
    match app.blocking(move |app| open_session(app, &form.code, now_ms)).await {
        Ok(Some(token)) => {
            let secure = if app.settings.https { "; Secure" } else { "" };
            let cookie = format!(
                "{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{secure}",
                SESSION_MS / 1_000
            );
            with_cookie(Redirect::to("/").into_response(), &cookie)
        }
        Ok(None) => {
            let _wait = app.limits().sign_ins.take(&peer.0, now_ms);
            let words = "Mã đăng nhập không đúng. Vui lòng kiểm tra lại từng nhóm bốn ký tự.";
            sign_in_page(&app, Some(words), StatusCode::FORBIDDEN)
        }
        Err(refusal) => refusal.response(now_ms),
    }
}

fn open_session(app: &App, code: &str, now_ms: i64) -> Result<Option<String>, StoreError> {
    let Some(account) = app.store.account_by_code(&code_hash(app, code))? else { return Ok(None) };
    let Ok(random) = random::<32>() else { return Ok(None) };
    let token = hex(&random);
    app.store.put_session(&session_hash(app, &token), &account.name, now_ms + SESSION_MS)?;
    tracing::info!(account = account.name, "signed in");
    Ok(Some(token))
}

/// Signs out.
pub async fn post_sign_out(State(app): State<App>, headers: HeaderMap) -> Response {
    if let Some(token) = session_token(&headers) {
        let ended = app.blocking(move |app| app.store.end_session(&session_hash(app, &token))).await;
        if let Err(refusal) = ended {
            return refusal.response(app.clock.now_ms());
        }
    }
    with_cookie(
        Redirect::to("/sign-in").into_response(),
        &format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"),
    )
}

fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    response
}

fn sign_in_page(app: &App, fault: Option<&str>, status: StatusCode) -> Response {
    let body = html! {
        form .narrow method="post" action="/sign-in" {
            h1 { "Đăng nhập" }
            @if let Some(fault) = fault { p .fault role="alert" { (fault) } }
            label for="code" { "Mã đăng nhập" }
            input #code name="code" type="password" autocomplete="current-password" autofocus required
                placeholder="XXXX-XXXX-XXXX-XXXX";
            p .hint { "Mã có 16 ký tự, do người quản trị máy chủ cấp. Chữ hoa, chữ thường và dấu gạch đều được." }
            button .main type="submit" { "Đăng nhập" }
        }
    };
    (status, layout(app, None, "Đăng nhập", "", &body)).into_response()
}
