//! A small HTTP server for tests, and a district server on it that checks everything it is sent.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use flate2::read::GzDecoder;
use kiosk_protocol::*;
use sha2::{Digest, Sha256};

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// What to answer.
#[derive(Clone, Debug)]
pub(crate) enum Response {
    /// Status, one more header line, body.
    Whole(u16, String, String),
    /// Headers and half a body, then silence.
    HalfThenSilence,
    /// No byte of HTTP.
    Noise,
}

pub(crate) fn json(status: u16, body: &impl serde::Serialize) -> Response {
    Response::Whole(status, String::new(), serde_json::to_string(body).unwrap())
}

pub(crate) fn problem(status: u16, kind: &str, header: &str) -> Response {
    let body = Problem {
        kind: format!("{}{kind}", Problem::PREFIX),
        title: kind.to_owned(),
        status,
        detail: "chi tiết".to_owned(),
        remedy: "cách sửa".to_owned(),
        server_time: "2026-11-21T07:30:00.000+07:00".to_owned(),
    };
    Response::Whole(status, header.to_owned(), serde_json::to_string(&body).unwrap())
}

/// Listens on a free port until the test's process ends; every request goes to `answer`.
pub(crate) fn serve(answer: impl FnMut(Request) -> Response + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let answer = Arc::new(Mutex::new(answer));
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let answer = Arc::clone(&answer);
            std::thread::spawn(move || {
                let Some(request) = read_request(&stream) else { return };
                let response = (answer.lock().unwrap())(request);
                write_response(stream, &response);
            });
        }
    });
    address
}

fn read_request(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { method, path, headers, body })
}

fn write_response(mut stream: TcpStream, response: &Response) {
    match response {
        Response::Whole(status, header, body) => {
            let header = if header.is_empty() { String::new() } else { format!("{header}\r\n") };
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n{header}\r\n"
            );
            let _gone = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
        }
        Response::HalfThenSilence => {
            let _gone = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"epoch\":");
            // Holds the line until the kiosk hangs up.
            let _end = stream.read(&mut [0; 1]);
        }
        Response::Noise => {
            let _gone = stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n\r\n");
        }
    }
}

/// Panics unless the request is signed over `covered` by the key; returns the signature's parameters.
pub(crate) fn check_signature(request: &Request, covered: &[Covered], public_key: &str) -> SignatureParams {
    let params = parse_signature_input(&request.headers["signature-input"], covered).unwrap();
    let key: [u8; 32] = STANDARD.decode(public_key).unwrap().try_into().unwrap();
    let signature = STANDARD.decode(parse_signature(&request.headers["signature"]).unwrap()).unwrap();
    VerifyingKey::from_bytes(&key)
        .unwrap()
        .verify_strict(
            signature_base(covered, &params).as_bytes(),
            &Signature::from_bytes(&signature.try_into().unwrap()),
        )
        .unwrap();
    params
}

/// What a district server holds: each epoch's events in order, with the hash of its chain's end.
#[derive(Debug, Default)]
pub(crate) struct District {
    pub(crate) events: BTreeMap<u64, Vec<String>>,
    pub(crate) quarantined: BTreeMap<u64, u64>,
    pub(crate) public_key: String,
    pub(crate) lies: Vec<Response>,
}

impl District {
    pub(crate) fn held(&self, epoch: u64) -> u64 {
        self.events.get(&epoch).map_or(0, |events| events.len() as u64)
    }

    fn hash_below(&self, epoch: u64, seq: u64) -> [u8; 32] {
        let events = self.events.get(&epoch).into_iter().flatten().take(seq as usize - 1);
        events.fold([0; 32], |hash, event| Sha256::digest(chain_input(&hash, event)).into())
    }

    fn quarantine(&mut self, epoch: Epoch, seq: u64) -> Response {
        self.quarantined.insert(epoch.0, seq);
        json(409, &Conflict::Fork { epoch, seq })
    }

    /// Takes a batch as `protocol/README.md` says.
    pub(crate) fn take(&mut self, request: &Request) -> Response {
        if let Some(lie) = self.lies.pop() {
            return lie;
        }
        let header = |name: &str| request.headers[name].clone();
        let digest = content_digest(&STANDARD.encode(Sha256::digest(&request.body)));
        assert_eq!((request.method.as_str(), header("content-digest")), ("POST", digest.clone()));
        assert_eq!(
            (header("content-type").as_str(), header("content-encoding").as_str()),
            (CONTENT_TYPE_BATCH, "gzip")
        );
        let epoch: Epoch = header(HEADER_EPOCH).parse().unwrap();
        let first_seq: u64 = header(HEADER_FIRST_SEQ).parse().unwrap();
        let prev_hash = header(HEADER_PREV_HASH);
        let target = SignatureTarget::Events {
            path: &request.path,
            content_digest: &digest,
            epoch,
            first_seq,
            prev_hash: &prev_hash,
        };
        check_signature(request, &target.covered(), &self.public_key);
        let mut body = String::new();
        GzDecoder::new(request.body.as_slice()).read_to_string(&mut body).unwrap();
        assert!(body.len() <= MAX_BATCH_BYTES);
        if let Some(&seq) = self.quarantined.get(&epoch.0) {
            return json(409, &Conflict::Fork { epoch, seq });
        }
        let held = self.held(epoch.0);
        if first_seq > held + 1 {
            return json(409, &Conflict::Gap { epoch, next_seq: held + 1 });
        }
        let hex: String =
            self.hash_below(epoch.0, first_seq).iter().map(|byte| format!("{byte:02x}")).collect();
        if hex != prev_hash {
            return self.quarantine(epoch, first_seq);
        }
        let known = self.events.entry(epoch.0).or_default();
        for (event, seq) in split_batch(&body).unwrap().into_iter().zip(first_seq..) {
            assert_eq!(ReadEvent::from_json(event).unwrap().sequence, seq);
            match known.get(seq as usize - 1) {
                None => known.push(event.to_owned()),
                Some(same) if same == event => {}
                Some(_) => return self.quarantine(epoch, seq),
            }
        }
        let next_seq = known.len() as u64 + 1;
        json(200, &accepted(epoch, next_seq))
    }
}

pub(crate) fn accepted(epoch: Epoch, next_seq: u64) -> Accepted {
    Accepted {
        epoch,
        next_seq,
        server_time: "2026-11-21T07:30:00.000+07:00".to_owned(),
        config_etag: "e".to_owned(),
        inbox: 0,
        pace_ms: 0,
    }
}
