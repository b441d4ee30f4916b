//! The positive control's server: it answers as the real one, but takes every batch for a new one.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use flate2::read::GzDecoder;
use kiosk_protocol::{Accepted, Epoch, HEADER_EPOCH, HEADER_FIRST_SEQ, split_batch};

use crate::relay::read_message;

/// A server without a cursor and without a unique key.
pub struct CarelessServer {
    /// Where it listens.
    pub address: SocketAddr,
    /// What it took.
    pub events: Arc<Mutex<Vec<String>>>,
}

impl CarelessServer {
    /// Serves until the test ends.
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let server = Self { address: listener.local_addr().unwrap(), events: Arc::default() };
        let events = Arc::clone(&server.events);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A question that was cut is no question.
                answer(stream, &events).unwrap_or_default();
            }
        });
        server
    }
}

fn answer(mut stream: TcpStream, events: &Mutex<Vec<String>>) -> io::Result<()> {
    let Some(question) = read_message(&mut stream)? else { return Ok(()) };
    let body_at = question.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let head = String::from_utf8_lossy(&question[..body_at]).to_ascii_lowercase();
    let header = |name: &str| {
        head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap().trim().to_owned()
    };
    let mut body = String::new();
    GzDecoder::new(&question[body_at..]).read_to_string(&mut body)?;
    let batch: Vec<String> = split_batch(&body).unwrap().into_iter().map(str::to_owned).collect();
    let first: u64 = header(HEADER_FIRST_SEQ).parse().unwrap();
    let epoch: Epoch = header(HEADER_EPOCH).parse().unwrap();
    let accepted = Accepted {
        epoch,
        next_seq: first + batch.len() as u64,
        server_time: "2026-11-22T07:00:00.000+07:00".to_owned(),
        config_etag: String::new(),
        inbox: 0,
        pace_ms: 0,
    };
    events.lock().unwrap().extend(batch);
    let text = serde_json::to_string(&accepted).unwrap();
    write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{text}", text.len())
}
