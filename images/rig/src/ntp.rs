//! A time server on the host: what a hall's own would answer (RFC 5905), as far as a client's question goes.

use std::io;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::clock;

/// The only port that the kiosk's firewall lets a question for the time out to.
const PORT: u16 = 123;
const PACKET: usize = 48;
/// From NTP's first second, in 1900, to 1970.
const ERA_SECS: u64 = 2_208_988_800;
/// How soon it notices that it is to end.
const LOOK: Duration = Duration::from_millis(200);

/// A running time server with this computer's clock; it ends when dropped.
pub struct TimeServer {
    ending: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl TimeServer {
    /// Listens on loopback, where the emulated machine finds it at 10.0.2.2.
    ///
    /// # Errors
    /// When the port is taken, or this user may not have it.
    pub fn start() -> io::Result<Self> {
        let socket = UdpSocket::bind(("127.0.0.1", PORT))?;
        socket.set_read_timeout(Some(LOOK))?;
        let ending = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&ending);
        let thread = std::thread::spawn(move || {
            let mut question = [0; PACKET];
            while !end.load(Ordering::Relaxed) {
                let Ok((length, asker)) = socket.recv_from(&mut question) else { continue };
                let answer =
                    question.get(..length).and_then(|question| answer(question, clock::since_1970()));
                if let Some(answer) = answer {
                    // A client that has gone asks again when it is back.
                    let _sent = socket.send_to(&answer, asker);
                }
            }
        });
        Ok(Self { ending, thread: Some(thread) })
    }
}

impl Drop for TimeServer {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

/// The answer to a client's question; `None` to anything else.
pub fn answer(question: &[u8], since_1970: Duration) -> Option<[u8; PACKET]> {
    let question: &[u8; PACKET] = question.try_into().ok()?;
    let [head, _, poll, ..] = *question;
    let (version, mode) = (head >> 3 & 7, head & 7);
    if mode != 3 || !(3..=4).contains(&version) {
        return None;
    }
    let seconds = since_1970.as_secs() + ERA_SECS;
    let fraction = (u64::from(since_1970.subsec_nanos()) << 32) / 1_000_000_000;
    let now = (seconds << 32 | fraction).to_be_bytes();
    let mut answer = [0; PACKET];
    // A server's answer of the same version, from the second stratum, to a microsecond.
    let fields: [(usize, &[u8]); 6] = [
        (0, &[version << 3 | 4, 2, poll, 0_u8.wrapping_sub(20)]),
        (12, &[127, 0, 0, 1]),
        (16, &now),
        // The client's own stamp comes back, by which it knows its answer.
        (24, question.get(40..)?),
        (32, &now),
        (40, &now),
    ];
    for (at, bytes) in fields {
        answer.get_mut(at..at + bytes.len())?.copy_from_slice(bytes);
    }
    Some(answer)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_client_gets_its_own_stamp_back_and_the_time() {
        let mut question = [0; PACKET];
        question[0] = 4 << 3 | 3;
        question[40..].copy_from_slice(b"a stamp.");
        let answer = answer(&question, Duration::from_millis(1_500)).unwrap();
        assert_eq!((answer[0], answer[1]), (4 << 3 | 4, 2));
        assert_eq!(&answer[24..32], b"a stamp.");
        assert_eq!(answer[40..44], (2_208_988_801_u32).to_be_bytes());
        assert_eq!(answer[44..], (1_u32 << 31).to_be_bytes());
    }

    proptest! {
        #[test]
        fn only_a_question_is_answered(question in prop::collection::vec(any::<u8>(), 0..64)) {
            let asks = question.len() == PACKET && question[0] & 7 == 3 && matches!(question[0] >> 3 & 7, 3 | 4);
            prop_assert_eq!(answer(&question, Duration::ZERO).is_some(), asks);
        }
    }
}
