//! One signed request and its answer.

use std::io::Read;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kiosk_core::time::Wall;
use kiosk_protocol::{
    HEADER_PROTOCOL, PROTOCOL_CURRENT, Problem, SignatureParams, SignatureTarget, content_digest,
};
use sha2::{Digest, Sha256};
use ureq::config::Config;
use ureq::{Agent, Error, http};

use super::key::DeviceKey;
use super::server_time::ServerTime;

/// Longer answers are cut: none of the protocol's own comes near it.
const LONGEST_ANSWER: u64 = 256 * 1024;

/// How long a request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// To find the server and connect.
    pub connect: Duration,
    /// Altogether, the last byte of the answer included.
    pub total: Duration,
}

impl Limits {
    /// For reports, which nobody waits for.
    pub const REPORTS: Self = Self { connect: Duration::from_secs(2), total: Duration::from_secs(20) };
    /// For the parts of an update, which may take a bad line's time.
    pub const DOWNLOADS: Self = Self { connect: Duration::from_secs(5), total: Duration::from_secs(60) };
    /// For look-ups, which a citizen waits for.
    pub const LOOK_UPS: Self = Self { connect: Duration::from_secs(2), total: Duration::from_secs(5) };
}

/// Why no answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The server's name does not resolve.
    #[error("the server's name does not resolve")]
    NoSuchName,
    /// Nobody listens, or the connection broke.
    #[error("nobody listens there, or the connection broke")]
    NoConnection,
    /// No answer in time.
    #[error("no answer in time")]
    TimedOut,
    /// The certificate does not hold.
    #[error("the server's certificate does not hold")]
    BadCertificate,
    /// Something answered that does not speak HTTP as the server does.
    #[error("something else answers in the server's place")]
    NotTheServer,
}

/// An answer, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// `Retry-After`, if it is a number of seconds.
    pub retry_after_secs: Option<u64>,
    /// The body; empty if it is no text.
    pub body: String,
}

impl Reply {
    /// The body as a refusal of the server; `None` when something else wrote it.
    pub fn problem(&self) -> Option<Problem> {
        serde_json::from_str(&self.body)
            .ok()
            .filter(|problem: &Problem| problem.kind.starts_with(Problem::PREFIX))
    }
}

/// An answer before anybody has made text of it.
struct Raw {
    status: u16,
    retry_after_secs: Option<u64>,
    digest: Option<String>,
    bytes: Vec<u8>,
}

impl From<Raw> for Reply {
    fn from(raw: Raw) -> Self {
        let Raw { status, retry_after_secs, bytes, .. } = raw;
        Self { status, retry_after_secs, body: String::from_utf8(bytes).unwrap_or_default() }
    }
}

/// Speaks to one district server as one kiosk.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
    server: String,
    kiosk: String,
    key: DeviceKey,
    time: ServerTime,
}

/// A request's method and body.
enum Sent<'a> {
    Get,
    Post { body: &'a [u8], content_type: &'static str, gzip: bool },
}

impl Client {
    /// A client for `server` (`https://motcua.example.vn`) that signs as `kiosk`.
    pub fn new(server: &str, kiosk: &str, key: DeviceKey, limits: Limits, time: ServerTime) -> Self {
        let config = Config::builder()
            .timeout_resolve(Some(limits.connect))
            .timeout_connect(Some(limits.connect))
            .timeout_global(Some(limits.total))
            .http_status_as_error(false)
            // A redirect is a portal's: the server never sends one, and a signature is for one path.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("kiosk-app/", env!("CARGO_PKG_VERSION")))
            .max_idle_connections(1)
            .max_idle_age(Duration::from_secs(5))
            .build();
        let server = server.trim_end_matches('/').to_owned();
        Self { agent: config.new_agent(), server, kiosk: kiosk.to_owned(), key, time }
    }

    /// The kiosk it signs as.
    pub fn kiosk(&self) -> &str {
        &self.kiosk
    }

    /// What the server's clock says.
    pub fn time(&self) -> &ServerTime {
        &self.time
    }

    /// The public half of the key, base64.
    pub fn public_key(&self) -> String {
        self.key.public_base64()
    }

    /// The `Content-Digest` of a body, over the bytes as sent.
    pub fn digest(body: &[u8]) -> String {
        content_digest(&STANDARD.encode(Sha256::digest(body)))
    }

    /// POSTs a body that `target` signs.
    pub fn post(
        &self,
        path: &str,
        target: &SignatureTarget<'_>,
        body: &[u8],
        content_type: &'static str,
        gzip: bool,
        now: Wall,
    ) -> Result<Reply, CallError> {
        let raw = self.call(path, target, &Sent::Post { body, content_type, gzip }, None, now)?;
        Ok(self.learnt_from(raw.into(), now))
    }

    /// GETs what `target` signs. `nonce` is 16 random bytes, fresh for each call.
    pub fn get(
        &self,
        path: &str,
        target: &SignatureTarget<'_>,
        nonce: [u8; 16],
        now: Wall,
    ) -> Result<Reply, CallError> {
        let raw = self.call(path, target, &Sent::Get, Some(hex(&nonce)), now)?;
        Ok(self.learnt_from(raw.into(), now))
    }

    /// GETs something of this kiosk's own: `path` without, `query` without `?`.
    pub fn read(&self, path: &str, query: &str, nonce: [u8; 16], now: Wall) -> Result<Reply, CallError> {
        let raw = self.own(path, query, nonce, now)?;
        Ok(self.learnt_from(raw.into(), now))
    }

    /// GETs bytes of this kiosk's own, at most 256 KiB, which are as the server's digest says; else its refusal.
    pub fn read_bytes(
        &self,
        path: &str,
        query: &str,
        nonce: [u8; 16],
        now: Wall,
    ) -> Result<Result<Vec<u8>, Reply>, CallError> {
        let raw = self.own(path, query, nonce, now)?;
        if raw.status != 200 {
            return Ok(Err(self.learnt_from(raw.into(), now)));
        }
        let is_whole = raw.digest.as_deref() == Some(&Self::digest(&raw.bytes));
        if is_whole { Ok(Ok(raw.bytes)) } else { Err(CallError::NotTheServer) }
    }

    fn own(&self, path: &str, query: &str, nonce: [u8; 16], now: Wall) -> Result<Raw, CallError> {
        let target = SignatureTarget::Read { path, query };
        self.call(&format!("{path}?{query}"), &target, &Sent::Get, Some(hex(&nonce)), now)
    }

    fn call(
        &self,
        path: &str,
        target: &SignatureTarget<'_>,
        sent: &Sent<'_>,
        nonce: Option<String>,
        now: Wall,
    ) -> Result<Raw, CallError> {
        let created = self.time.unix_secs(now);
        let params = SignatureParams { created, nonce, key_id: self.kiosk.clone() };
        let method = match sent {
            Sent::Get => http::Method::GET,
            Sent::Post { .. } => http::Method::POST,
        };
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.server))
            .header(HEADER_PROTOCOL, PROTOCOL_CURRENT);
        for (name, value) in self.key.sign(&target.covered(), &params) {
            request = request.header(name, value);
        }
        let answered = match sent {
            Sent::Get => request.body(()).map_err(Error::from).and_then(|request| self.agent.run(request)),
            Sent::Post { body, content_type, gzip } => {
                request = request.header("content-type", *content_type);
                if *gzip {
                    request = request.header("content-encoding", "gzip");
                }
                request.body(*body).map_err(Error::from).and_then(|request| self.agent.run(request))
            }
        };
        read(answered.map_err(|error| cause(&error))?)
    }

    /// The kiosk's clock minus the server's as the latest answer said, milliseconds.
    pub fn kiosk_offset_ms(&self) -> Option<i64> {
        self.time.kiosk_offset_ms()
    }

    /// Every answer of the server says what its clock says.
    fn learnt_from(&self, reply: Reply, now: Wall) -> Reply {
        #[derive(serde::Deserialize)]
        struct Timed {
            server_time: String,
        }
        if let Ok(timed) = serde_json::from_str::<Timed>(&reply.body) {
            self.time.learn(&timed.server_time, now);
        }
        reply
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn read(mut answer: http::Response<ureq::Body>) -> Result<Raw, CallError> {
    let mut bytes = Vec::new();
    let reader = answer.body_mut().as_reader();
    reader.take(LONGEST_ANSWER).read_to_end(&mut bytes).map_err(|error| cause(&Error::from(error)))?;
    let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
    Ok(Raw {
        status: answer.status().as_u16(),
        retry_after_secs: header("retry-after").and_then(|value| value.parse().ok()),
        digest: header("content-digest").map(str::to_owned),
        bytes,
    })
}

/// The cause as the status page can name it.
fn cause(error: &Error) -> CallError {
    use std::io::ErrorKind;
    if let Error::Io(error) = error {
        return match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
            Some(inner) => cause(inner),
            None if error.kind() == ErrorKind::TimedOut => CallError::TimedOut,
            None if error.kind() == ErrorKind::InvalidData => CallError::BadCertificate,
            // The standard library has no kind of error for a resolver that fails, only these words.
            None if error.to_string().starts_with("failed to lookup address") => CallError::NoSuchName,
            None => CallError::NoConnection,
        };
    }
    if matches!(error, Error::HostNotFound | Error::Timeout(ureq::Timeout::Resolve)) {
        CallError::NoSuchName
    } else if matches!(error, Error::Timeout(_)) {
        CallError::TimedOut
    } else if matches!(error, Error::Tls(_) | Error::Rustls(_) | Error::Pem(_)) {
        CallError::BadCertificate
    } else if matches!(error, Error::ConnectionFailed | Error::ConnectProxyFailed(_)) {
        CallError::NoConnection
    } else {
        CallError::NotTheServer
    }
}
