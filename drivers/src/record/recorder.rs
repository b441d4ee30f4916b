//! Writes a recording while the device works, without ever standing in its way.
//!
//! The device's thread leaves a line in a bounded queue; another thread writes it. When the queue is full, the disk is
//! full or the recording is as long as it may get, the recording ends there and what follows is counted: a recording
//! with a hole could not be replayed.

use std::fmt::Debug;
use std::io::Write;
use std::os::fd::BorrowedFd;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::{Entry, Mask, Session, Shape, fnv1a};
use crate::clock::Clock;
use crate::health::Cause;
use crate::printer::Command;
use crate::transport::{PrinterPort, Transport, TransportError};
use crate::usb::{DeviceId, PortStatus};

/// Lines that may wait for the disk.
const QUEUE_LINES: usize = 1024;

/// What a recording keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecorderOptions {
    /// The recording ends before it is longer.
    pub max_bytes: u64,
    /// Keep the bytes that are written to the device, not only their length and hash. They show what is printed.
    pub whole_output: bool,
}

impl Default for RecorderOptions {
    /// 8 MiB, without what is printed: about a day of a printer, weeks of a scanner.
    fn default() -> Self {
        Self { max_bytes: 8 << 20, whole_output: false }
    }
}

/// What became of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RecorderCounts {
    /// Lines written.
    pub lines: u64,
    /// Things that happened after the recording had ended, or that did not fit.
    pub dropped: u64,
    /// Whether writing failed.
    pub has_failed: bool,
}

/// Records one session. Clones record the same one.
#[derive(Debug, Clone)]
pub struct Recorder(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    clock: Clock,
    whole_output: bool,
    state: Mutex<State>,
    written: Arc<Mutex<RecorderCounts>>,
}

#[derive(Debug)]
struct State {
    /// Gone once the recording has ended.
    queue: Option<SyncSender<String>>,
    writer: Option<JoinHandle<()>>,
    mask: Option<Mask>,
    dropped: u64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Recorder {
    /// Begins a recording.
    ///
    /// # Errors
    /// When there can be no thread for it.
    pub fn start(
        target: impl Write + Send + 'static,
        session: &Session,
        options: RecorderOptions,
    ) -> std::io::Result<Self> {
        let (queue, lines) = sync_channel(QUEUE_LINES);
        let written = Arc::new(Mutex::new(RecorderCounts::default()));
        let counts = Arc::clone(&written);
        let first = format!("{session}\n");
        let writer = std::thread::Builder::new()
            .name("recorder".to_owned())
            .spawn(move || write_lines(target, &first, &lines, options.max_bytes, &counts))?;
        let mask = match session {
            Session::Scanner { framing, is_wedge } => Some(Mask::new(*framing, *is_wedge)),
            Session::Printer { .. } | Session::Keypad { .. } => None,
        };
        let state = State { queue: Some(queue), writer: Some(writer), mask, dropped: 0 };
        Ok(Self(Arc::new(Shared {
            clock: Clock::start(),
            whole_output: options.whole_output,
            state: Mutex::new(state),
            written,
        })))
    }

    /// A line to the device that records what passes.
    #[must_use]
    pub fn wrap(&self, line: Box<dyn Transport>) -> Box<dyn Transport> {
        self.entry(&Entry::Opened);
        Box::new(RecordingTransport { line, recorder: self.clone() })
    }

    /// The line was lost or could not be opened.
    pub fn closed(&self, failure: Option<&str>) {
        if let Some(mask) = &mut lock(&self.0.state).mask {
            mask.line_lost();
        }
        self.entry(&Entry::Closed(failure.map(str::to_owned)));
    }

    /// Time has passed without a line; with one, the line itself records it.
    pub fn tick(&self) {
        self.entry(&Entry::Tick);
    }

    /// A ticket goes to the machine.
    pub fn job(&self, job: u64, commands: &[Command]) {
        self.entry(&Entry::Job { job, commands: commands.iter().map(Shape::from).collect() });
    }

    /// A ticket is refused without asking the machine.
    pub fn refused(&self, job: u64, cause: Cause) {
        self.entry(&Entry::Refused { job, cause });
    }

    /// The driver tells something.
    pub(crate) fn told(&self, event: &impl Debug) {
        self.entry(&Entry::Told(format!("{event:?}")));
    }

    fn received(&self, bytes: &[u8]) {
        let now = self.0.clock.now();
        let mut state = lock(&self.0.state);
        let entry = match &mut state.mask {
            Some(mask) => Entry::Scanned(mask.mask(bytes, now)),
            None => Entry::Received(bytes.to_vec()),
        };
        drop(state);
        self.entry(&entry);
    }

    fn wrote(&self, bytes: &[u8]) {
        let whole = self.0.whole_output.then(|| bytes.to_vec());
        self.entry(&Entry::Wrote { length: bytes.len(), hash: fnv1a(bytes), whole });
    }

    pub(crate) fn entry(&self, entry: &Entry) {
        let line = format!("{} {entry}\n", self.0.clock.now().as_micros());
        let mut state = lock(&self.0.state);
        let is_kept = state.queue.as_ref().is_some_and(|queue| queue.try_send(line).is_ok());
        if !is_kept {
            state.queue = None;
            state.dropped += 1;
        }
    }

    /// What became of the recording so far.
    #[must_use]
    pub fn counts(&self) -> RecorderCounts {
        RecorderCounts { dropped: lock(&self.0.state).dropped, ..*lock(&self.0.written) }
    }

    /// Ends the recording, waits until it is written and says what became of it.
    pub fn finish(&self) -> RecorderCounts {
        let writer = {
            let mut state = lock(&self.0.state);
            state.queue = None;
            state.writer.take()
        };
        if let Some(writer) = writer {
            let _ended = writer.join();
        }
        self.counts()
    }
}

fn write_lines(
    mut target: impl Write,
    first: &str,
    lines: &Receiver<String>,
    max_bytes: u64,
    counts: &Mutex<RecorderCounts>,
) {
    let mut room = max_bytes;
    let mut next = Some(first.to_owned());
    while let Some(line) = next {
        let Some(left) = room.checked_sub(line.len() as u64) else { return };
        room = left;
        // Flushed line by line, so that a crash of the program keeps everything up to it.
        if target.write_all(line.as_bytes()).and_then(|()| target.flush()).is_err() {
            lock(counts).has_failed = true;
            return;
        }
        lock(counts).lines += 1;
        next = lines.recv().ok();
    }
}

/// A line to a device that tells a recorder what passes.
struct RecordingTransport {
    line: Box<dyn Transport>,
    recorder: Recorder,
}

impl Transport for RecordingTransport {
    fn wait(
        &mut self,
        want_write: bool,
        wake: BorrowedFd<'_>,
        timeout: Duration,
    ) -> Result<(), TransportError> {
        // A driver lets its machine know the time before it waits.
        self.recorder.tick();
        self.line.wait(want_write, wake, timeout)
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, TransportError> {
        let count = self.line.read(buffer)?;
        match buffer.get(..count) {
            Some(bytes) if count > 0 => self.recorder.received(bytes),
            // Nothing came, and the machine is told so: it may take that as time that has passed.
            Some(_) | None => self.recorder.tick(),
        }
        Ok(count)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<usize, TransportError> {
        let count = self.line.write(bytes)?;
        if count > 0 {
            self.recorder.wrote(bytes.get(..count).unwrap_or_default());
        }
        Ok(count)
    }

    fn withdraw(&mut self) -> usize {
        let count = self.line.withdraw();
        self.recorder.entry(&Entry::Withdrawn(count));
        count
    }

    fn device_id(&self) -> Option<&DeviceId> {
        self.line.device_id()
    }

    fn port(&mut self) -> Option<&mut dyn PrinterPort> {
        if self.line.port().is_some() { Some(self) } else { None }
    }
}

impl PrinterPort for RecordingTransport {
    fn ask_status(&mut self) {
        if let Some(port) = self.line.port() {
            port.ask_status();
        }
    }

    fn status(&mut self) -> Option<PortStatus> {
        let status = self.line.port()?.status()?;
        self.recorder.entry(&Entry::Port(status));
        Some(status)
    }

    fn soft_reset(&mut self) -> bool {
        self.line.port().is_some_and(PrinterPort::soft_reset)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, ErrorKind};
    use std::sync::Barrier;

    use super::*;
    use crate::keypad::{KeyTable, KeypadFraming};
    use crate::record::Recording;

    fn session() -> Session {
        Session::Keypad { framing: KeypadFraming::Byte, keys: KeyTable::ascii_digits() }
    }

    /// A file in memory, or something worse.
    #[derive(Clone)]
    struct Target {
        kept: Arc<Mutex<Vec<u8>>>,
        room: usize,
        gate: Option<Arc<Barrier>>,
    }

    impl Target {
        fn new(room: usize, gate: Option<Arc<Barrier>>) -> Self {
            Self { kept: Arc::default(), room, gate }
        }

        fn text(&self) -> String {
            String::from_utf8(lock(&self.kept).clone()).unwrap()
        }
    }

    impl Write for Target {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if let Some(gate) = self.gate.take() {
                gate.wait();
            }
            let mut kept = lock(&self.kept);
            if kept.len() + bytes.len() > self.room {
                return Err(ErrorKind::StorageFull.into());
            }
            kept.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn ticks(recorder: &Recorder, count: usize) {
        for _ in 0..count {
            recorder.tick();
        }
    }

    #[test]
    fn a_recording_on_a_good_disk_is_whole() {
        let target = Target::new(usize::MAX, None);
        let recorder = Recorder::start(target.clone(), &session(), RecorderOptions::default()).unwrap();
        ticks(&recorder, 500);
        let counts = RecorderCounts { lines: 501, dropped: 0, has_failed: false };
        assert_eq!(recorder.finish(), counts);
        assert_eq!(target.text().parse::<Recording>().unwrap().entries.len(), 500);
    }

    #[test]
    fn a_full_disk_ends_the_recording_and_nothing_else() {
        let target = Target::new(200, None);
        let recorder = Recorder::start(target.clone(), &session(), RecorderOptions::default()).unwrap();
        ticks(&recorder, 500);
        let counts = recorder.finish();
        assert!(counts.has_failed && counts.lines < 30, "{counts:?}");
        ticks(&recorder, 3);
        assert!(recorder.counts().dropped >= counts.dropped + 3);
        assert!(target.text().parse::<Recording>().is_ok());
    }

    #[test]
    fn a_recording_never_grows_beyond_its_limit() {
        let target = Target::new(usize::MAX, None);
        let options = RecorderOptions { max_bytes: 300, whole_output: false };
        let recorder = Recorder::start(target.clone(), &session(), options).unwrap();
        ticks(&recorder, 500);
        let counts = recorder.finish();
        assert!(!counts.has_failed);
        assert!((200..=300).contains(&target.text().len()), "{}", target.text().len());
    }

    #[test]
    fn a_disk_that_hangs_does_not_hold_up_the_device() {
        let gate = Arc::new(Barrier::new(2));
        let target = Target::new(usize::MAX, Some(Arc::clone(&gate)));
        let recorder = Recorder::start(target.clone(), &session(), RecorderOptions::default()).unwrap();
        // The writer hangs in its first line; were the device to wait for it, this would never come back.
        ticks(&recorder, QUEUE_LINES + 10);
        assert!(recorder.counts().dropped >= 9, "{:?}", recorder.counts());
        gate.wait();
        let counts = recorder.finish();
        assert!(!counts.has_failed && counts.lines > 1000, "{counts:?}");
        assert!(target.text().parse::<Recording>().is_ok());
    }
}
