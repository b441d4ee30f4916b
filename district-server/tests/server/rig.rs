//! A server on a temporary folder with a clock that tests set, and a kiosk that signs as a real one.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use district_server::app::App;
use district_server::clock::Clock;
use district_server::secret::{Secret, base64, hex, random, sha256};
use district_server::settings::Settings;
use district_server::store::sqlite::SqliteStore;
use district_server::{enrol, serve};
use ed25519_dalek::{Signer, SigningKey};
use flate2::{Compression, write::GzEncoder};
use kiosk_protocol::*;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tower::ServiceExt;

/// 2026-11-23 08:00 at UTC+7, a Monday.
pub const MORNING_MS: i64 = 1_795_395_600_000;

pub struct Rig {
    pub app: App,
    pub router: Router,
    pub dir: tempfile::TempDir,
    clock: Arc<AtomicI64>,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> T {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// Status and last word of a problem's type.
    pub fn problem(&self) -> (u16, String) {
        let problem: Problem = self.json();
        assert_eq!(problem.status, self.status.as_u16());
        assert_eq!(self.headers["content-type"], CONTENT_TYPE_PROBLEM);
        (problem.status, problem.kind.trim_start_matches(Problem::PREFIX).to_owned())
    }
}

pub fn app_on(folder: &Path, clock: &Arc<AtomicI64>) -> App {
    let shown = Arc::clone(clock);
    let settings = Settings { data_dir: folder.to_owned(), ..Settings::default() };
    let store = SqliteStore::open(&settings.database()).unwrap();
    let secret = Secret::from_bytes([7; 32]);
    App::new(settings, Arc::new(store), secret, Clock::from_fn(move || shown.load(Ordering::Relaxed)))
}

impl Rig {
    pub fn new() -> Self {
        Self::on(tempfile::tempdir().unwrap())
    }

    /// A server on a folder that may hold a database already.
    pub fn on(dir: tempfile::TempDir) -> Self {
        let clock = Arc::new(AtomicI64::new(MORNING_MS));
        let app = app_on(dir.path(), &clock);
        Self { router: serve::router(app.clone()), app, dir, clock }
    }

    /// The process dies and starts again on the same files.
    pub fn restart(&mut self) {
        self.app = app_on(self.dir.path(), &self.clock);
        self.router = serve::router(self.app.clone());
    }

    pub fn advance_secs(&self, secs: i64) {
        self.clock.fetch_add(secs * 1_000, Ordering::Relaxed);
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    pub async fn get(&self, path: &str, cookie: &str) -> Answer {
        self.send(Request::get(path).header("cookie", cookie).body(Body::empty()).unwrap()).await
    }

    pub async fn kiosk(&self, id: &str, hall: &str) -> Kiosk {
        let kiosk = Kiosk::new(id);
        let token = enrol::new_token(&self.app, id, hall).unwrap();
        let answer = self.send(kiosk.enrolment(&token)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        kiosk
    }
}

pub struct Kiosk {
    pub id: String,
    pub key: SigningKey,
    pub epoch: Epoch,
    pub events: Vec<String>,
    chain: Vec<[u8; 32]>,
}

/// What a batch request is made of; tests change one thing and send it.
pub struct Post {
    pub path: String,
    pub epoch: Epoch,
    pub first_seq: u64,
    pub prev_hash: [u8; 32],
    pub body: Vec<u8>,
    pub headers: Vec<(&'static str, String)>,
}

impl Kiosk {
    pub fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            key: SigningKey::from_bytes(&random().unwrap()),
            epoch: Epoch(0xab),
            events: Vec::new(),
            chain: vec![[0; 32]],
        }
    }

    pub fn add(&mut self, data: EventData, unix_ms: i64) {
        let sequence = self.events.len() as u64 + 1;
        let event = Event {
            kiosk: self.id.clone(),
            epoch: self.epoch,
            sequence,
            unix_ms,
            clock_trusted: true,
            boot_id: "b1".to_owned(),
            mono_ms: sequence,
            data,
        };
        self.add_raw(event.to_json().unwrap());
    }

    pub fn add_raw(&mut self, raw: String) {
        let previous = *self.chain.last().unwrap();
        self.chain.push(sha256(&chain_input(&previous, &raw)));
        self.events.push(raw);
    }

    pub fn add_starts(&mut self, count: usize) {
        for _ in 0..count {
            let data = KioskStarted { unclean: false, app_version: "1".to_owned() };
            self.add(EventData::KioskStarted(data), MORNING_MS);
        }
    }

    /// The batch of events `first..=last`.
    pub fn post(&self, first: u64, last: u64) -> Post {
        let (from, to) = (usize::try_from(first - 1).unwrap(), usize::try_from(last).unwrap());
        Post {
            path: events_path(&self.id),
            epoch: self.epoch,
            first_seq: first,
            prev_hash: self.chain[from],
            body: gzip(batch_body(self.events[from..to].iter().map(String::as_str)).as_bytes()),
            headers: vec![("content-encoding", "gzip".to_owned())],
        }
    }

    pub fn batch(&self, first: u64, last: u64) -> Request<Body> {
        self.sign(self.post(first, last))
    }

    pub fn sign(&self, post: Post) -> Request<Body> {
        let digest = content_digest(&base64(&sha256(&post.body)));
        let prev_hash = hex(&post.prev_hash);
        let target = SignatureTarget::Events {
            path: &post.path,
            content_digest: &digest,
            epoch: post.epoch,
            first_seq: post.first_seq,
            prev_hash: &prev_hash,
        };
        let params = SignatureParams { created: 0, nonce: None, key_id: self.id.clone() };
        let mut request = self
            .signed(Method::POST, &post.path, &target, &params)
            .header("content-type", CONTENT_TYPE_BATCH)
            .header("content-digest", &digest)
            .header(HEADER_EPOCH, post.epoch.to_string())
            .header(HEADER_FIRST_SEQ, post.first_seq)
            .header(HEADER_PREV_HASH, prev_hash);
        for (name, value) in post.headers {
            request = request.header(name, value);
        }
        request.body(Body::from(post.body)).unwrap()
    }

    pub fn enrolment(&self, token: &str) -> Request<Body> {
        let body = serde_json::to_vec(&EnrolRequest {
            kiosk: self.id.clone(),
            token: token.to_owned(),
            public_key: base64(self.key.verifying_key().as_bytes()),
            protocol: PROTOCOL_CURRENT,
        })
        .unwrap();
        let digest = content_digest(&base64(&sha256(&body)));
        let params = SignatureParams { created: 0, nonce: None, key_id: self.id.clone() };
        self.signed(Method::POST, ENROL_PATH, &SignatureTarget::Enrol { content_digest: &digest }, &params)
            .header("content-digest", &digest)
            .body(Body::from(body))
            .unwrap()
    }

    pub fn lookup(&self, code: &str, digits: Option<&str>, now_ms: i64) -> Request<Body> {
        let path = dossier_path(code);
        let kind = if digits.is_some() { LookupKind::Typed } else { LookupKind::Scanned };
        let target = SignatureTarget::Lookup { path: &path, kind, second_factor: digits };
        let mut request = self
            .signed(Method::GET, &path, &target, &self.fresh(now_ms))
            .header(HEADER_LOOKUP_KIND, kind.to_string());
        if let Some(digits) = digits {
            request = request.header(HEADER_SECOND_FACTOR, digits);
        }
        request.body(Body::empty()).unwrap()
    }

    pub fn read(&self, path: &str, query: &str, now_ms: i64) -> Request<Body> {
        let uri = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
        self.signed(Method::GET, &uri, &SignatureTarget::Read { path, query }, &self.fresh(now_ms))
            .body(Body::empty())
            .unwrap()
    }

    pub fn fresh(&self, now_ms: i64) -> SignatureParams {
        let nonce = Some(hex(&random::<16>().unwrap()));
        SignatureParams { created: now_ms / 1_000, nonce, key_id: self.id.clone() }
    }

    pub fn signed(
        &self,
        method: Method,
        uri: &str,
        target: &SignatureTarget<'_>,
        params: &SignatureParams,
    ) -> axum::http::request::Builder {
        let covered = target.covered();
        let signature = self.key.sign(signature_base(&covered, params).as_bytes());
        Request::builder()
            .method(method)
            .uri(uri)
            .header(HEADER_PROTOCOL, PROTOCOL_CURRENT)
            .header("signature-input", signature_input(&covered, params))
            .header("signature", signature_header(&base64(&signature.to_bytes())))
    }
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
