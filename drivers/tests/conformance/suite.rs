//! What every line to a device must keep, whatever it is made of. A check says what it measured, or what does not hold.
//!
//! Also run by the USB guest rig, on devices that the guest's kernel plays: nothing here panics.

use std::io::Write;
use std::os::fd::AsFd;
use std::time::Duration;

use kiosk_drivers::Address;
use kiosk_drivers::clock::{Clock, Moment};
use kiosk_drivers::transport::{OpenLine, Transport, TransportError};

/// How long a line may take to open, a device to hear what was sent.
const PATIENCE: Duration = Duration::from_secs(10);
/// A line that has taken nothing for this long takes nothing more.
const STANDSTILL: Duration = Duration::from_millis(300);
/// How late a wait may be; a machine at work may miss it a few times.
const LATENESS: Duration = Duration::from_millis(50);
const TRIES: usize = 8;
/// What the failure table demands.
const GONE_LIMIT: Duration = Duration::from_secs(2);
const BACK_LIMIT: Duration = Duration::from_secs(3);
/// Time that a thread may compute while it waits for a second or two. A busy loop computes all the time.
pub const CPU_LIMIT: Duration = Duration::from_millis(200);

/// A line with both of its ends in hand. Nothing here waits.
pub trait Backend: Send {
    /// Where the computer finds the device.
    fn address(&self) -> Address;
    /// How lines are opened where that is not by the address.
    fn opening(&self) -> Option<OpenLine> {
        None
    }
    /// Reads as the device what the computer has sent; 0 when that is nothing.
    fn device_read(&mut self, buffer: &mut [u8]) -> usize;
    /// Sends as the device and says how much went.
    fn device_write(&mut self, bytes: &[u8]) -> usize;
    /// Pulls the cable.
    fn unplug(&mut self);
    /// Puts the cable back in.
    fn plug(&mut self);
    /// Whether a line says exactly which bytes never left.
    fn counts_exactly(&self) -> bool {
        false
    }
}

/// What was measured, by name.
pub type Facts = Vec<(&'static str, u64)>;
/// The facts, or what does not hold.
pub type Verdict = Result<Facts, String>;

/// A named check of a backend.
pub type Check = (&'static str, fn(&mut dyn Backend) -> Verdict);

/// All checks of a line.
pub const CHECKS: &[Check] = &[
    ("every byte arrives, in odd pieces, both ways", every_byte_arrives),
    ("waits end when they must", waits_end_in_time),
    ("no byte is claimed that was not taken", claims_are_true),
    ("replies are read while a write stands still", reads_while_writing),
    ("a pulled cable is noticed without a busy loop", a_pulled_cable_is_noticed),
    ("the device is found again after the cable's return", the_device_comes_back),
];

pub fn must(is_so: bool, wrong: impl FnOnce() -> String) -> Result<(), String> {
    if is_so { Ok(()) } else { Err(wrong()) }
}

/// Lets time pass. Nothing unparks the caller; waking early does no harm.
pub fn pause(time: Duration) {
    std::thread::park_timeout(time);
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn failed(error: TransportError) -> String {
    format!("the line failed: {error}")
}

/// Bytes that repeat at no power of two, so that a lost or doubled piece shows. XON and XOFF are left out.
fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|index| 32 + u8::try_from(index % 223).unwrap_or_default()).collect()
}

/// An open line, and a bell that ends its waits.
struct Line {
    line: Box<dyn Transport>,
    wake: std::io::PipeReader,
    bell: std::io::PipeWriter,
    clock: Clock,
}

impl Line {
    fn open(backend: &dyn Backend) -> Result<Self, String> {
        let (wake, bell) = std::io::pipe().map_err(|error| format!("no pipe: {error}"))?;
        let clock = Clock::start();
        loop {
            let opened = match backend.opening() {
                Some(open) => open(),
                None => kiosk_drivers::transport::open(&backend.address()),
            };
            match opened {
                Ok(line) => return Ok(Self { line, wake, bell, clock: Clock::start() }),
                Err(error) if clock.now() > PATIENCE => return Err(error.to_string()),
                Err(_) => pause(Duration::from_millis(20)),
            }
        }
    }

    fn wait(&mut self, want_write: bool, timeout: Duration) -> Result<(), TransportError> {
        self.line.wait(want_write, self.wake.as_fd(), timeout)
    }

    /// Writes until everything is taken, or nothing more for a while; says how much was.
    fn fill(&mut self, bytes: &[u8]) -> Result<usize, String> {
        let (mut taken, mut moved_at) = (0, self.clock.now());
        while taken < bytes.len() && self.clock.now() < moved_at + STANDSTILL {
            let count = self.line.write(bytes.get(taken..).unwrap_or_default()).map_err(failed)?;
            must(count <= bytes.len() - taken, || {
                format!("a write of {} took {count}", bytes.len() - taken)
            })?;
            taken += count;
            if count > 0 {
                moved_at = self.clock.now();
            } else {
                self.wait(true, Duration::from_millis(20)).map_err(failed)?;
            }
        }
        Ok(taken)
    }

    /// Reads and waits until the line says that it has ended.
    fn until_gone(&mut self, want_write: bool) -> Result<Duration, String> {
        let pulled = self.clock.now();
        let mut buffer = [0; 512];
        loop {
            let ended = self.line.read(&mut buffer).and_then(|_| {
                if want_write {
                    self.line.write(b"x")?;
                }
                self.line.wait(want_write, self.wake.as_fd(), Duration::from_secs(5))
            });
            let took = self.clock.now() - pulled;
            match ended {
                Err(_) => return Ok(took),
                Ok(()) => must(took < GONE_LIMIT, || format!("not gone after {took:?}"))?,
            }
        }
    }
}

/// Reads as the device until nothing has come for a while.
fn drain(backend: &mut dyn Backend) -> Vec<u8> {
    let (clock, mut moved_at) = (Clock::start(), Moment::ZERO);
    let (mut arrived, mut buffer) = (Vec::new(), vec![0; 8192]);
    while clock.now() < moved_at + STANDSTILL {
        let count = backend.device_read(&mut buffer);
        arrived.extend_from_slice(buffer.get(..count).unwrap_or_default());
        if count > 0 {
            moved_at = clock.now();
        } else {
            pause(Duration::from_millis(5));
        }
    }
    arrived
}

fn every_byte_arrives(backend: &mut dyn Backend) -> Verdict {
    let mut line = Line::open(backend)?;
    let ((sent, mut written), mut arrived) = ((pattern(50_021), 0), Vec::new());
    let ((replies, mut replied), mut heard) = ((pattern(5_003), 0), Vec::new());
    let (mut buffer, mut piece) = (vec![0; 4096], 1);
    while arrived.len() < sent.len() || heard.len() < replies.len() {
        must(line.clock.now() < 3 * PATIENCE, || {
            let (arrived, heard) = (arrived.len(), heard.len());
            format!("{written} bytes written, {arrived} arrived; {replied} replied, {heard} heard")
        })?;
        piece = piece * 7 % 4093 + 1;
        let chunk = sent.get(written..sent.len().min(written + piece)).unwrap_or_default();
        if !chunk.is_empty() {
            written += line.line.write(chunk).map_err(failed)?;
        }
        let count = backend.device_read(&mut buffer);
        arrived.extend_from_slice(buffer.get(..count).unwrap_or_default());
        let chunk = replies.get(replied..replies.len().min(replied + piece)).unwrap_or_default();
        if !chunk.is_empty() {
            replied += backend.device_write(chunk);
        }
        let some = buffer.get_mut(..piece).unwrap_or_default();
        let count = line.line.read(some).map_err(failed)?;
        heard.extend_from_slice(buffer.get(..count).unwrap_or_default());
        line.wait(written < sent.len(), Duration::from_millis(1)).map_err(failed)?;
    }
    must(arrived == sent, || "the device got other bytes than were sent".to_owned())?;
    must(heard == replies, || "other bytes were read than the device sent".to_owned())?;
    Ok(vec![("bytes_sent", written as u64), ("bytes_heard", heard.len() as u64)])
}

/// The least of a few measurements: the others met a machine that was busy with something else.
fn least(mut measure: impl FnMut() -> Result<Duration, String>) -> Result<Duration, String> {
    let mut best = Duration::MAX;
    for _ in 0..TRIES {
        best = best.min(measure()?);
        if best <= LATENESS {
            break;
        }
    }
    Ok(best)
}

fn waits_end_in_time(backend: &mut dyn Backend) -> Verdict {
    const TIMEOUT: Duration = Duration::from_millis(120);
    let mut line = Line::open(backend)?;
    let mut rounds = 0;
    let late = least(|| {
        let until = line.clock.now() + TIMEOUT;
        rounds = 0;
        while let Some(left) = until.checked_sub(line.clock.now()).filter(|left| !left.is_zero()) {
            line.wait(false, left).map_err(failed)?;
            rounds += 1;
        }
        Ok(line.clock.now() - until)
    })?;
    must(late <= LATENESS, || format!("a wait ended {late:?} late"))?;
    must(rounds <= 20, || format!("a wait of {TIMEOUT:?} ended {rounds} times"))?;
    let woken = least(|| {
        let ringing = line.clock.now();
        line.bell.write_all(b"!").map_err(|error| format!("the bell: {error}"))?;
        line.wait(false, PATIENCE).map_err(failed)?;
        let took = line.clock.now() - ringing;
        std::io::Read::read(&mut line.wake, &mut [0; 1]).map_err(|error| format!("the bell: {error}"))?;
        Ok(took)
    })?;
    must(woken <= LATENESS, || format!("a bell ended the wait after {woken:?}"))?;
    let heard = least(|| {
        let sending = line.clock.now();
        while backend.device_write(b"?") == 0 {
            must(line.clock.now() - sending < PATIENCE, || "the device cannot send".to_owned())?;
            pause(Duration::from_millis(1));
        }
        let mut buffer = [0; 8];
        while line.line.read(&mut buffer).map_err(failed)? == 0 {
            must(line.clock.now() - sending < PATIENCE, || "a byte from the device is lost".to_owned())?;
            line.wait(false, PATIENCE).map_err(failed)?;
        }
        Ok(line.clock.now() - sending)
    })?;
    must(heard <= LATENESS, || format!("a byte from the device was read after {heard:?}"))?;
    Ok(vec![("late_ms", millis(late)), ("woken_ms", millis(woken)), ("heard_ms", millis(heard))])
}

fn claims_are_true(backend: &mut dyn Backend) -> Verdict {
    const MOST: usize = 16 << 20;
    let mut line = Line::open(backend)?;
    let bytes = pattern(MOST);
    let claimed = line.fill(&bytes)?;
    must(claimed < MOST, || "a device that reads nothing took everything".to_owned())?;
    let cpu = cpu_of("thread-self");
    let (waited, mut rounds) = (line.clock.now(), 0);
    while line.clock.now() < waited + Duration::from_secs(1) {
        line.wait(true, Duration::from_millis(500)).map_err(failed)?;
        rounds += 1;
    }
    must(rounds <= 100, || format!("a second's wait for a full line ended {rounds} times"))?;
    let cpu = cpu_of("thread-self").saturating_sub(cpu);
    must(cpu <= CPU_LIMIT, || format!("a second's wait for a full line took {cpu:?} of computing"))?;
    let withdrawn = line.line.withdraw();
    must(backend.counts_exactly() || withdrawn == 0, || {
        format!("{withdrawn} bytes withdrawn, and nobody can know that")
    })?;
    let arrived = drain(backend);
    must(arrived.len() == claimed - withdrawn, || {
        format!("{claimed} bytes claimed, {withdrawn} withdrawn, {} arrived", arrived.len())
    })?;
    must(bytes.starts_with(&arrived), || "other bytes arrived than were sent".to_owned())?;
    Ok(vec![("claimed", claimed as u64), ("withdrawn", withdrawn as u64), ("cpu_ms", millis(cpu))])
}

fn reads_while_writing(backend: &mut dyn Backend) -> Verdict {
    let mut line = Line::open(backend)?;
    let bytes = pattern(16 << 20);
    let mut taken = line.fill(&bytes)?;
    let replies = pattern(200);
    let (mut replied, mut heard, mut buffer) = (0, Vec::new(), [0; 64]);
    let began = line.clock.now();
    while heard.len() < replies.len() {
        must(line.clock.now() - began < PATIENCE, || format!("{replied} replied, {} heard", heard.len()))?;
        replied += backend.device_write(replies.get(replied..).unwrap_or_default());
        taken += line.line.write(bytes.get(taken..).unwrap_or_default()).map_err(failed)?;
        let count = line.line.read(&mut buffer).map_err(failed)?;
        heard.extend_from_slice(buffer.get(..count).unwrap_or_default());
        line.wait(true, Duration::from_millis(5)).map_err(failed)?;
    }
    must(heard == replies, || "other bytes were read than the device sent".to_owned())?;
    let withdrawn = line.line.withdraw();
    let arrived = drain(backend).len();
    must(arrived == taken - withdrawn, || format!("{taken} - {withdrawn} bytes written, {arrived} arrived"))?;
    Ok(vec![("heard", heard.len() as u64)])
}

fn a_pulled_cable_is_noticed(backend: &mut dyn Backend) -> Verdict {
    let mut facts = Facts::new();
    for (name, want_write) in [("idle_gone_ms", false), ("writing_gone_ms", true)] {
        let mut line = Line::open(backend)?;
        if want_write {
            line.fill(&pattern(16 << 20))?;
        }
        let cpu = cpu_of("thread-self");
        backend.unplug();
        let took = line.until_gone(want_write)?;
        let cpu = cpu_of("thread-self").saturating_sub(cpu);
        must(took <= GONE_LIMIT, || format!("gone after {took:?}"))?;
        must(cpu <= CPU_LIMIT, || format!("noticing it took {cpu:?} of computing"))?;
        must(line.line.write(b"x").is_err(), || "a line that has ended takes bytes".to_owned())?;
        line.line.withdraw();
        drop(line);
        backend.plug();
        facts.push((name, millis(took)));
    }
    Ok(facts)
}

fn the_device_comes_back(backend: &mut dyn Backend) -> Verdict {
    let mut slowest = Duration::ZERO;
    for round in 1..=3 {
        let line = Line::open(backend)?;
        backend.unplug();
        drop(line);
        let clock = Clock::start();
        backend.plug();
        let mut line = Line::open(backend)?;
        slowest = slowest.max(clock.now());
        let bytes = pattern(100 + round);
        let taken = line.fill(&bytes)?;
        let arrived = drain(backend);
        must(taken == bytes.len() && arrived == bytes, || {
            format!("round {round}: {taken} bytes of {} taken, {} arrived", bytes.len(), arrived.len())
        })?;
    }
    must(slowest <= BACK_LIMIT, || format!("open again only after {slowest:?}"))?;
    Ok(vec![("slowest_back_ms", millis(slowest))])
}

/// How long a thread of this process has computed, in steps of 10 ms; `thread-self` or `self/task/NUMBER`.
pub fn cpu_of(thread: &str) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{thread}/stat")).unwrap_or_default();
    // The name in brackets may hold spaces; user and system time are the 12th and 13th fields behind it.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}
