//! The card behind a Unix socket, as QEMU reaches a disk: an NBD server for one client at a time.
//!
//! Shapes and numbers: the NBD protocol's `doc/proto.md`. No structured replies, no extensions; a client that asks is told so.

use std::io::{self, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crate::card::Card;

const HELLO: &[u8; 8] = b"NBDMAGIC";
const OPTION: u64 = 0x4948_4156_454f_5054;
const OPTION_REPLY: u64 = 0x0003_e889_0455_65a9;
const REQUEST: u32 = 0x2560_9513;
const REPLY: u32 = 0x6744_6698;

const OPT_ABORT: u32 = 2;
const OPT_INFO: u32 = 6;
const OPT_GO: u32 = 7;
const REP_ACK: u32 = 1;
const REP_INFO: u32 = 3;
const REP_UNSUPPORTED: u32 = 0x8000_0001;
/// The export has flags, and knows flush and writes that are flushed at once.
const EXPORT_FLAGS: u16 = 0b1101;
const FLAG_FUA: u16 = 1;
const EINVAL: u32 = 22;
const EIO: u32 = 5;
/// More than QEMU ever sends in one request.
const MOST_BYTES: u32 = 64 << 20;

/// What a client may ask of the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Read that many bytes.
    Read,
    /// Write the bytes that follow; `durable` before the answer.
    Write {
        /// Whether they must be flushed before the answer.
        durable: bool,
    },
    /// Flush all that was written.
    Flush,
    /// No more requests.
    Leave,
    /// Nothing that this card knows.
    Unknown,
}

/// A request's 28 bytes, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// What is asked.
    pub wish: Wish,
    /// Comes back in the answer.
    pub cookie: u64,
    /// Where on the card.
    pub offset: u64,
    /// How many bytes.
    pub length: u32,
}

impl Request {
    /// Reads a request; `None` when it does not begin as one.
    pub fn read(bytes: &[u8; 28]) -> Option<Self> {
        let mut rest = bytes.as_slice();
        if take_u32(&mut rest) != REQUEST {
            return None;
        }
        let flags_and_kind = take_u32(&mut rest);
        let (flags, kind) = (flags_and_kind >> 16, flags_and_kind & 0xffff);
        let wish = match kind {
            0 => Wish::Read,
            1 => Wish::Write { durable: flags & u32::from(FLAG_FUA) != 0 },
            2 => Wish::Leave,
            3 => Wish::Flush,
            _ => Wish::Unknown,
        };
        let (cookie, offset) = (take_u64(&mut rest), take_u64(&mut rest));
        Some(Self { wish, cookie, offset, length: take_u32(&mut rest) })
    }
}

fn take_u32(rest: &mut &[u8]) -> u32 {
    let (head, tail) = rest.split_at_checked(4).unwrap_or((&[], rest));
    *rest = tail;
    head.try_into().map_or(0, u32::from_be_bytes)
}

fn take_u64(rest: &mut &[u8]) -> u64 {
    let high = u64::from(take_u32(rest));
    high << 32 | u64::from(take_u32(rest))
}

/// The card at a socket. Dropping it ends the server once its client has gone.
pub struct Slot {
    card: Arc<Mutex<Card>>,
    thread: Option<JoinHandle<()>>,
}

impl Slot {
    /// Serves the card at `socket` to the first client that comes, until that one goes.
    ///
    /// # Errors
    /// When the socket or the thread cannot be made.
    pub fn insert(card: Card, socket: &Path) -> io::Result<Self> {
        let listener = UnixListener::bind(socket)?;
        let card = Arc::new(Mutex::new(card));
        let served = Arc::clone(&card);
        let thread = std::thread::Builder::new().name("card".to_owned()).spawn(move || {
            if let Ok((stream, _)) = listener.accept() {
                // QEMU's end by SIGKILL is an error here, and just what is wanted.
                let _cut_off = serve(&stream, &served);
            }
        })?;
        Ok(Self { card, thread: Some(thread) })
    }

    /// Looks at the card or does something to it.
    pub fn card(&self) -> MutexGuard<'_, Card> {
        self.card.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the card out, after QEMU has ended: what was under way has arrived by then.
    pub fn eject(mut self) -> Card {
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
        self.card().clone()
    }
}

fn serve(mut stream: &UnixStream, card: &Mutex<Card>) -> io::Result<()> {
    let mut input = BufReader::with_capacity(1 << 16, stream);
    stream.write_all(&[HELLO.as_slice(), &OPTION.to_be_bytes(), &3_u16.to_be_bytes()].concat())?;
    input.read_exact(&mut [0; 4])?;
    if !agree(&mut input, stream, card)? {
        return Ok(());
    }
    let mut bytes = [0; 28];
    let mut data = Vec::new();
    loop {
        input.read_exact(&mut bytes)?;
        let request = Request::read(&bytes).ok_or_else(|| io::Error::other("no NBD request"))?;
        let length = if request.length <= MOST_BYTES { request.length } else { 0 };
        data.clear();
        data.resize(usize::try_from(length).unwrap_or(0), 0);
        if matches!(request.wish, Wish::Write { .. }) {
            input.read_exact(&mut data)?;
        }
        if request.wish == Wish::Leave {
            return Ok(());
        }
        let error = obey(request, &mut data, card);
        let mut answer = [REPLY.to_be_bytes(), error.to_be_bytes()].concat();
        answer.extend(request.cookie.to_be_bytes());
        if request.wish == Wish::Read && error == 0 {
            answer.append(&mut data);
        }
        stream.write_all(&answer)?;
    }
}

/// Talks until the client wants to begin; false when it leaves.
fn agree(input: &mut impl Read, mut stream: &UnixStream, card: &Mutex<Card>) -> io::Result<bool> {
    let mut head = [0; 16];
    loop {
        input.read_exact(&mut head)?;
        let mut rest = head.as_slice();
        if take_u64(&mut rest) != OPTION {
            return Err(io::Error::other("no NBD option"));
        }
        let (option, length) = (take_u32(&mut rest), take_u32(&mut rest));
        let mut data = vec![0; usize::try_from(length.min(4096)).unwrap_or(0)];
        input.read_exact(&mut data)?;
        let mut reply = |kind: u32, data: &[u8]| {
            let length = u32::try_from(data.len()).unwrap_or(0);
            let head = [option.to_be_bytes(), kind.to_be_bytes(), length.to_be_bytes()].concat();
            stream.write_all(&[OPTION_REPLY.to_be_bytes().as_slice(), &head, data].concat())
        };
        match option {
            OPT_INFO | OPT_GO => {
                let length = card.lock().unwrap_or_else(PoisonError::into_inner).length();
                let mut export = 0_u16.to_be_bytes().to_vec();
                export.extend(length.to_be_bytes());
                export.extend(EXPORT_FLAGS.to_be_bytes());
                reply(REP_INFO, &export)?;
                reply(REP_ACK, &[])?;
                if option == OPT_GO {
                    return Ok(true);
                }
            }
            OPT_ABORT => {
                reply(REP_ACK, &[])?;
                return Ok(false);
            }
            _ => reply(REP_UNSUPPORTED, &[])?,
        }
    }
}

fn obey(request: Request, data: &mut [u8], card: &Mutex<Card>) -> u32 {
    let mut card = card.lock().unwrap_or_else(PoisonError::into_inner);
    let end = request.offset.checked_add(u64::from(request.length));
    if request.length > MOST_BYTES || end.is_none_or(|end| end > card.length()) {
        return EINVAL;
    }
    let done = match request.wish {
        Wish::Read => card.read(request.offset, data),
        Wish::Write { durable } => {
            let written = card.write(request.offset, data);
            if durable {
                card.flush();
            }
            written
        }
        Wish::Flush => {
            card.flush();
            Ok(())
        }
        Wish::Leave | Wish::Unknown => return EINVAL,
    };
    if done.is_ok() { 0 } else { EIO }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::Cut;
    use crate::random::Random;
    use proptest::prelude::*;

    fn request(flags: u16, kind: u16, offset: u64, length: u32) -> [u8; 28] {
        let mut bytes = REQUEST.to_be_bytes().to_vec();
        bytes.extend(flags.to_be_bytes());
        bytes.extend(kind.to_be_bytes());
        bytes.extend(77_u64.to_be_bytes());
        bytes.extend(offset.to_be_bytes());
        bytes.extend(length.to_be_bytes());
        bytes.try_into().unwrap()
    }

    #[test]
    fn requests_are_told_apart() {
        let cases = [
            (0, 0, Wish::Read),
            (0, 1, Wish::Write { durable: false }),
            (1, 1, Wish::Write { durable: true }),
            (0, 2, Wish::Leave),
            (0, 3, Wish::Flush),
            (0, 4, Wish::Unknown),
        ];
        for (flags, kind, wish) in cases {
            let read = Request::read(&request(flags, kind, 5, 6)).unwrap();
            assert_eq!(read, Request { wish, cookie: 77, offset: 5, length: 6 });
        }
        assert_eq!(Request::read(&[0; 28]), None);
    }

    #[test]
    fn a_client_agrees_writes_flushes_and_leaves() {
        let folder = tempfile::tempdir().unwrap();
        let (image, socket) = (folder.path().join("image"), folder.path().join("socket"));
        std::fs::write(&image, vec![7; 8192]).unwrap();
        let slot = Slot::insert(Card::flash(&image, 0).unwrap(), &socket).unwrap();
        let mut client = UnixStream::connect(&socket).unwrap();
        let mut hello = [0; 18];
        client.read_exact(&mut hello).unwrap();
        client.write_all(&3_u32.to_be_bytes()).unwrap();
        for option in [8_u32, OPT_GO] {
            client.write_all(&[&OPTION.to_be_bytes(), &option.to_be_bytes()[..], &[0; 4]].concat()).unwrap();
        }
        let mut agreed = vec![0; 20 + 20 + 12 + 20];
        client.read_exact(&mut agreed).unwrap();
        assert_eq!(agreed[42..50], 8192_u64.to_be_bytes());
        client.write_all(&[&request(0, 1, 10, 1)[..], &[1]].concat()).unwrap();
        client.write_all(&request(0, 3, 0, 0)).unwrap();
        client.write_all(&[&request(0, 1, 11, 1)[..], &[2]].concat()).unwrap();
        client.write_all(&request(0, 0, 8192, 1)).unwrap();
        client.write_all(&request(0, 0, 9, 4)).unwrap();
        let mut answers = [0; 5 * 16 + 4];
        client.read_exact(&mut answers).unwrap();
        assert_eq!(answers[3 * 16 + 7], 22);
        assert_eq!(answers[80..], [7, 1, 2, 7]);
        drop(client);
        let mut card = slot.eject();
        card.cut(Cut::LosesAll, &mut Random::new(1)).unwrap();
        let mut left = [0; 4];
        card.read(9, &mut left).unwrap();
        assert_eq!((left, card.flushes()), ([7, 1, 7, 7], 1));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_request_or_none(bytes in prop::array::uniform28(any::<u8>())) {
            let _either = Request::read(&bytes);
        }
    }
}
