//! Speaks calls, one after another and each in full. Behind [`kiosk_core::effect::Effect::Announce`], each of which
//! is answered by exactly one [`Event::AnnouncementFinished`].
//!
//! The hall display shows a call for as long as it is in the air here; sound comes from a pack of WAV clips, one a
//! word, through a player such as `aplay`. Without clips or player the hall reads its calls from the display.

mod clips;

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use kiosk_core::effect::Announcement;
use kiosk_core::event::Event;

use crate::clock::Clock;

/// Calls handed over and not yet in the air, at most; the rules hand over one at a time.
const MAX_WAITING: usize = 64;
/// A player that hangs is ended after this long; the rules give a call up after 20 s.
const MAX_SPEAKING_MS: u64 = 18_000;
/// How often a playing call is looked at.
const LOOK_MS: u64 = 100;

/// How calls are spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// A call is in the air for at least this long, seconds; the display's time for a call.
    pub call_secs: u32,
    /// Where the sound comes from; `None`: calls are only shown.
    pub sound: Option<Sound>,
}

/// A player and its clips.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sound {
    /// Program and first arguments; the files to play one after another are added (`aplay -q`).
    pub player: Vec<String>,
    /// Folder with `chime.wav` and a clip for each word (`mời.wav`, `một.wav`, `a.wav`).
    pub clips: PathBuf,
}

/// The running announcer; its thread ends when it is dropped, and a call in the air is cut off.
pub struct Announcer {
    calls: Option<SyncSender<Announcement>>,
    thread: Option<JoinHandle<()>>,
}

impl Announcer {
    /// Starts its thread. `events` is told of the end of each call, as soon as it has room.
    pub fn start(settings: Settings, clock: Clock, events: SyncSender<Event>) -> io::Result<Self> {
        let (calls, taken) = sync_channel(MAX_WAITING);
        let run = move || Speaker { settings, clock, events }.run(&taken);
        let thread = std::thread::Builder::new().name("announce".into()).spawn(run)?;
        Ok(Self { calls: Some(calls), thread: Some(thread) })
    }

    /// Puts a call behind those that wait. One too many is not spoken; the rules' deadline answers for it.
    pub fn announce(&self, call: Announcement) {
        let Some(calls) = &self.calls else { return };
        match calls.try_send(call) {
            Ok(()) => {}
            Err(TrySendError::Full(call)) => {
                tracing::warn!(number = %call.number, "call-unspoken: too many at once")
            }
            Err(TrySendError::Disconnected(_)) => tracing::error!("call-unspoken: the announcer has ended"),
        }
    }
}

impl Drop for Announcer {
    fn drop(&mut self) {
        drop(self.calls.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!(thread = "announce", "thread-panicked");
        }
    }
}

struct Speaker {
    settings: Settings,
    clock: Clock,
    events: SyncSender<Event>,
}

/// A call in the air.
struct InTheAir {
    begun_ms: u64,
    player: Option<Child>,
}

impl Speaker {
    fn run(self, calls: &Receiver<Announcement>) {
        let mut waiting = VecDeque::new();
        let mut in_the_air: Option<InTheAir> = None;
        loop {
            let wait = if in_the_air.is_some() { LOOK_MS } else { u64::from(u32::MAX) };
            match calls.recv_timeout(Duration::from_millis(wait)) {
                Ok(call) if waiting.len() < MAX_WAITING => waiting.push_back(call),
                Ok(call) => tracing::warn!(number = %call.number, "call-unspoken: too many at once"),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if in_the_air.as_mut().is_some_and(|call| self.is_over(call)) {
                // The loop may be full, or be waiting for this very thread to end: never wait for it.
                match self.events.try_send(Event::AnnouncementFinished) {
                    Ok(()) => in_the_air = None,
                    Err(TrySendError::Full(_)) => {}
                    Err(TrySendError::Disconnected(_)) => break,
                }
            }
            if in_the_air.is_none() {
                in_the_air = waiting.pop_front().map(|call| self.begin(&call));
            }
        }
        if let Some(mut call) = in_the_air {
            silence(&mut call);
        }
    }

    fn begin(&self, call: &Announcement) -> InTheAir {
        let player = self.settings.sound.as_ref().and_then(|sound| match play(sound, call) {
            Ok(player) => player,
            Err(error) => {
                tracing::warn!(%error, player = ?sound.player, "call-unspoken: it cannot be played");
                None
            }
        });
        InTheAir { begun_ms: self.clock.mono_ms(), player }
    }

    fn is_over(&self, call: &mut InTheAir) -> bool {
        let so_far_ms = self.clock.mono_ms().saturating_sub(call.begun_ms);
        let playing = match call.player.as_mut().map(Child::try_wait) {
            Some(Ok(None)) => true,
            Some(Ok(Some(_)) | Err(_)) | None => false,
        };
        let over = is_over(so_far_ms, playing, self.settings.call_secs);
        if over {
            silence(call);
        }
        over
    }
}

/// Whether a call has been in the air for long enough.
fn is_over(so_far_ms: u64, playing: bool, call_secs: u32) -> bool {
    so_far_ms >= MAX_SPEAKING_MS || (!playing && so_far_ms >= u64::from(call_secs) * 1000)
}

/// Starts the player on the clips of a call; `None` when words are missing, for half a call says a wrong number.
fn play(sound: &Sound, call: &Announcement) -> io::Result<Option<Child>> {
    let Some((program, arguments)) = sound.player.split_first() else { return Ok(None) };
    let files = clips::of(&call.words, &sound.clips);
    if let Some(missing) = files.iter().find(|file| !file.is_file()) {
        tracing::warn!(clip = %missing.display(), "call-unspoken: no such clip");
        return Ok(None);
    }
    let mut command = Command::new(program);
    command.args(arguments).args(files).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().map(Some)
}

/// Ends a player that still runs, and lets the system forget it.
fn silence(call: &mut InTheAir) {
    if let Some(mut player) = call.player.take() {
        // An error only says that it has ended already.
        let _ended = player.kill();
        let _reaped = player.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kiosk_core::id::CounterId;
    use kiosk_core::ticket::TicketNumber;

    fn call(number: &str) -> Announcement {
        Announcement {
            number: TicketNumber(number.into()),
            counter: CounterId(1),
            recall: false,
            words: "mời một".into(),
        }
    }

    fn announcer(settings: Settings) -> (Announcer, Receiver<Event>) {
        let (events, ended) = sync_channel(8);
        (Announcer::start(settings, Clock::start(), events).unwrap(), ended)
    }

    #[test]
    fn a_call_is_in_the_air_until_shown_and_spoken_but_not_for_ever() {
        for (so_far_ms, playing, expected) in [
            (0, false, false),
            (4_999, false, false),
            (5_000, false, true),
            (5_000, true, false),
            (MAX_SPEAKING_MS, true, true),
        ] {
            assert_eq!(is_over(so_far_ms, playing, 5), expected, "{so_far_ms} {playing}");
        }
    }

    #[test]
    fn every_call_is_answered_once_even_with_a_player_that_is_not_there() {
        let sound = Sound { player: vec!["/no/such/player".into()], clips: PathBuf::from("/no/such/clips") };
        for sound in [None, Some(sound)] {
            let (announcer, ended) = announcer(Settings { call_secs: 0, sound });
            ["A001", "A002", "A003"].map(call).into_iter().for_each(|call| announcer.announce(call));
            for _ in 0..3 {
                assert_eq!(ended.recv_timeout(Duration::from_secs(10)), Ok(Event::AnnouncementFinished));
            }
            drop(announcer);
            assert_eq!(ended.recv(), Err(std::sync::mpsc::RecvError), "no fourth one");
        }
    }

    #[test]
    fn the_player_gets_the_chime_and_the_words_in_order() {
        let folder = tempfile::tempdir().unwrap();
        for clip in ["chime", "mời", "một"] {
            std::fs::write(folder.path().join(format!("{clip}.wav")), clip).unwrap();
        }
        let heard = folder.path().join("heard");
        let script = format!("cat \"$@\" > {}", heard.display());
        let player = ["sh", "-c", &script, "player"].map(String::from).into();
        let sound = Some(Sound { player, clips: folder.path().to_owned() });
        let (announcer, ended) = announcer(Settings { call_secs: 0, sound });
        announcer.announce(call("A001"));
        assert_eq!(ended.recv_timeout(Duration::from_secs(10)), Ok(Event::AnnouncementFinished));
        assert_eq!(std::fs::read_to_string(heard).unwrap(), "chimemờimột");
    }

    #[test]
    fn stopping_does_not_wait_for_a_loop_that_takes_nothing() {
        let (events, ended) = sync_channel(0);
        let announcer =
            Announcer::start(Settings { call_secs: 0, sound: None }, Clock::start(), events).unwrap();
        announcer.announce(call("A001"));
        drop(announcer);
        drop(ended);
    }

    #[test]
    fn stopping_does_not_wait_for_the_call_in_the_air() {
        let (announcer, ended) = announcer(Settings { call_secs: 3600, sound: None });
        announcer.announce(call("A001"));
        drop(announcer);
        assert!(ended.recv().is_err());
    }
}
