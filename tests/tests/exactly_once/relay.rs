//! A hostile line: it repeats questions, cuts them anywhere, and loses answers after the server has acted on them.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kiosk_tests::random::SplitMix64;

/// What the line did.
#[derive(Clone, Copy, Debug, Default)]
pub struct Done {
    /// Questions that went through in peace.
    pub passed: u32,
    /// Questions that were sent to the server twice.
    pub repeated: u32,
    /// Questions that were cut at a random byte.
    pub cut_questions: u32,
    /// Answers that were cut at a random byte, or at the first.
    pub lost_answers: u32,
}

/// The line; it relays until the test ends.
#[derive(Clone)]
pub struct Relay {
    near: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    far: SocketAddr,
    peaceful: AtomicBool,
    state: Mutex<(SplitMix64, Done)>,
}

enum Fate {
    Pass,
    Repeat,
    CutQuestion,
    LoseAnswer,
}

impl Relay {
    /// A line to `far`, peaceful until told otherwise.
    pub fn to(far: SocketAddr, seed: u64) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let near = listener.local_addr().unwrap();
        let state = Mutex::new((SplitMix64::new(seed), Done::default()));
        let shared = Arc::new(Shared { far, peaceful: AtomicBool::new(true), state });
        let relay = Self { near, shared: Arc::clone(&shared) };
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                // A question that broke off is what this line is for.
                std::thread::spawn(move || shared.serve(client).unwrap_or_default());
            }
        });
        relay
    }

    /// Where the kiosk is told the server is.
    pub fn near(&self) -> SocketAddr {
        self.near
    }

    /// From now on anything may happen to a question.
    pub fn make_hostile(&self) {
        self.shared.peaceful.store(false, Ordering::SeqCst);
    }

    /// What it did so far.
    pub fn done(&self) -> Done {
        self.shared.state.lock().unwrap().1
    }
}

impl Shared {
    fn serve(&self, mut client: TcpStream) -> io::Result<()> {
        client.set_read_timeout(Some(Duration::from_secs(10)))?;
        while let Some(question) = read_message(&mut client)? {
            let (fate, cut) = self.draw(question.len());
            match fate {
                Fate::Pass => client.write_all(&self.ask(&question)?)?,
                Fate::Repeat => {
                    self.ask(&question)?;
                    client.write_all(&self.ask(&question)?)?;
                }
                Fate::CutQuestion => {
                    TcpStream::connect(self.far)?.write_all(question.get(..cut).unwrap_or_default())?;
                    return client.shutdown(Shutdown::Both);
                }
                Fate::LoseAnswer => {
                    let answer = self.ask(&question)?;
                    client.write_all(answer.get(..cut % answer.len().max(1)).unwrap_or_default())?;
                    return client.shutdown(Shutdown::Both);
                }
            }
        }
        Ok(())
    }

    fn draw(&self, length: usize) -> (Fate, usize) {
        let (random, done) = &mut *self.state.lock().unwrap();
        let cut = usize::try_from(random.below(length as u64)).unwrap();
        let fate = if self.peaceful.load(Ordering::SeqCst) { 100 } else { random.below(100) };
        match fate {
            0..=14 => {
                done.repeated += 1;
                (Fate::Repeat, cut)
            }
            15..=21 => {
                done.cut_questions += 1;
                (Fate::CutQuestion, cut)
            }
            22..=31 => {
                done.lost_answers += 1;
                (Fate::LoseAnswer, cut)
            }
            _ => {
                done.passed += 1;
                (Fate::Pass, cut)
            }
        }
    }

    fn ask(&self, question: &[u8]) -> io::Result<Vec<u8>> {
        let mut server = TcpStream::connect(self.far)?;
        server.set_read_timeout(Some(Duration::from_secs(10)))?;
        server.write_all(question)?;
        read_message(&mut server)?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

/// One HTTP message with its body, `None` when the peer has nothing more to say.
pub fn read_message(stream: &mut TcpStream) -> io::Result<Option<Vec<u8>>> {
    let mut message = Vec::new();
    let mut buffer = [0; 16 * 1024];
    loop {
        if let Some(length) = whole_length(&message)
            && message.len() >= length
        {
            return Ok(Some(message));
        }
        match stream.read(&mut buffer)? {
            0 if message.is_empty() => return Ok(None),
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => message.extend_from_slice(&buffer[..count]),
        }
    }
}

/// Length of head and body, once the head is there.
fn whole_length(message: &[u8]) -> Option<usize> {
    let head_end = message.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&message[..head_end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    Some(head_end + length.unwrap_or(0))
}
