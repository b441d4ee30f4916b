//! Fake LED panels: a PTY that reads frames and remembers what each panel shows.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};

use super::pty::Pty;
use crate::address::{Address, FlowControl};
use crate::transport::poll_fds;

/// How often the panel looks whether it is to end or its cable was pulled.
const LOOK: Duration = Duration::from_millis(50);

/// What the panels of a line were told, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LedState {
    /// What shines on each: the characters of the last good frame for it.
    pub shown: BTreeMap<u8, String>,
    /// Good frames for one of them so far.
    pub frames: u64,
    /// Bytes outside of frames, and frames with a wrong check.
    pub noise_bytes: u64,
}

/// Panels of six LED digits on one line that understand the frame `\x02{panel:2}{number:6}\x03{xor}` and answer nothing. They
/// go dark when the cable is pulled. Dropping this ends its thread.
#[derive(Debug)]
pub struct FakeLedPanels {
    link: PathBuf,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    pty: Mutex<Option<Pty>>,
    state: Mutex<LedState>,
    is_ending: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Bytes of a frame: STX, two digits, six characters, ETX, check.
const FRAME_BYTES: usize = 11;

/// Takes the frames out of what came, for the panels that are there; what may be the beginning of a frame stays.
fn take_frames(bytes: &mut Vec<u8>, state: &mut LedState) {
    while bytes.len() >= FRAME_BYTES {
        let (frame, _) = bytes.split_at(FRAME_BYTES);
        let check = frame.iter().skip(1).take(9).fold(0, |check, byte| check ^ byte);
        let is_whole =
            frame.first() == Some(&0x02) && frame.get(9) == Some(&0x03) && frame.last() == Some(&check);
        if !is_whole {
            state.noise_bytes += 1;
            bytes.remove(0);
            continue;
        }
        let text = String::from_utf8_lossy(frame.get(1..9).unwrap_or_default()).into_owned();
        let (panel, number) = text.split_at_checked(2).unwrap_or_default();
        if let Some(shown) = panel.parse().ok().and_then(|panel: u8| state.shown.get_mut(&panel)) {
            number.trim().clone_into(shown);
            state.frames += 1;
        }
        bytes.drain(..FRAME_BYTES);
    }
}

fn serve(shared: &Shared) {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 256]);
    while !shared.is_ending.load(Ordering::Relaxed) {
        let count = match lock(&shared.pty).as_mut() {
            None => Ok(0),
            Some(pty) => pty.read(&mut buffer),
        };
        match count {
            Ok(count) if count > 0 => {
                bytes.extend_from_slice(buffer.get(..count).unwrap_or_default());
                take_frames(&mut bytes, &mut lock(&shared.state));
                continue;
            }
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => bytes.clear(),
        }
        pause(&shared.pty);
    }
}

/// Waits until there may be something to read. Not with the lock held: the cable may be pulled meanwhile.
fn pause(pty: &Mutex<Option<Pty>>) {
    let line = lock(pty).as_ref().and_then(|pty| pty.try_clone().ok());
    let waited = match &line {
        Some(line) => poll_fds(&mut [PollFd::new(line, PollFlags::IN)], LOOK),
        None => poll_fds(&mut [], LOOK),
    };
    // A poll that fails returns early.
    drop(waited);
}

impl FakeLedPanels {
    /// Panels of these numbers, plugged in, with a symbolic link of this name to their PTY.
    ///
    /// # Errors
    /// When the PTY, the link or the thread cannot be made.
    pub fn start(link: &Path, panels: &[u8]) -> io::Result<Self> {
        let shown = panels.iter().map(|panel| (*panel, String::new())).collect();
        let shared = Arc::new(Shared {
            pty: Mutex::new(Some(Pty::create(link)?)),
            state: Mutex::new(LedState { shown, ..LedState::default() }),
            is_ending: AtomicBool::new(false),
        });
        let served = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("fake-led".to_owned()).spawn(move || serve(&served))?;
        Ok(Self { link: link.to_owned(), shared, thread: Some(thread) })
    }

    /// Where a driver finds them.
    #[must_use]
    pub fn address(&self) -> Address {
        Address::Serial { node: self.link.clone().into(), baud: 9600, flow: FlowControl::None }
    }

    /// What they show now.
    #[must_use]
    pub fn state(&self) -> LedState {
        lock(&self.shared.state).clone()
    }

    /// Pulls the cable, supply and all.
    pub fn unplug(&self) {
        *lock(&self.shared.pty) = None;
        lock(&self.shared.state).shown.values_mut().for_each(String::clear);
    }

    /// Puts the cable back in.
    ///
    /// # Errors
    /// When the PTY or the link cannot be made.
    pub fn plug(&self) -> io::Result<()> {
        let mut pty = lock(&self.shared.pty);
        if pty.is_none() {
            *pty = Some(Pty::create(&self.link)?);
        }
        Ok(())
    }

    /// Whether the cable is in.
    #[must_use]
    pub fn is_plugged(&self) -> bool {
        lock(&self.shared.pty).is_some()
    }
}

impl Drop for FakeLedPanels {
    fn drop(&mut self) {
        self.shared.is_ending.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::display::{Face, FrameTemplate};

    #[test]
    fn each_panel_shows_its_own_frames_and_finds_the_next_one_behind_noise() {
        let template = FrameTemplate::default();
        let face = |number: &str| Face::Number { number: number.to_owned(), counter: String::new() };
        let frames = [
            b"noise".to_vec(),
            template.encode(3, &face("A012")),
            template.encode(4, &face("B7")),
            b"\x02\x02".to_vec(),
        ];
        let shown = |three: &str, five: &str| BTreeMap::from([(3, three.to_owned()), (5, five.to_owned())]);
        let mut state = LedState { shown: shown("", ""), ..LedState::default() };
        let mut bytes = frames.concat();
        take_frames(&mut bytes, &mut state);
        assert_eq!(state, LedState { shown: shown("A012", ""), frames: 1, noise_bytes: 5 });
        bytes.extend([template.encode(3, &Face::Dark), template.encode(5, &face("C1"))].concat());
        take_frames(&mut bytes, &mut state);
        assert_eq!(state, LedState { shown: shown("", "C1"), frames: 3, noise_bytes: 7 });
        assert!(bytes.is_empty());
    }
}
