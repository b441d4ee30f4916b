//! The real printer driver over a backend, with the fake printer's core at its other end: every combination of faults,
//! and the cable.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use kiosk_drivers::clock::Clock;
use kiosk_drivers::document::{Block, Document, Font};
use kiosk_drivers::fake::{FakeModel, PrinterCore};
use kiosk_drivers::printer::{Outcome, Printer, PrinterCommand, PrinterConfig, PrinterEvent, Profile};
use kiosk_drivers::transport::{Mailbox, mailbox};
use kiosk_drivers::{Cause, DeviceHealth, Tally};

use super::suite::{Backend, CPU_LIMIT, Verdict, cpu_of, must, pause};

const PATIENCE: Duration = Duration::from_secs(20);
const GONE_LIMIT: Duration = Duration::from_secs(2);
const BACK_LIMIT: Duration = Duration::from_secs(3);

/// A fault of the table: how to make it, and what it is called.
type Fault = (fn(&mut PrinterCore, bool), Cause);

/// In the order in which causes are told.
const FAULTS: [Fault; 5] = [
    (PrinterCore::set_paper_end, Cause::PaperEnd),
    (PrinterCore::set_cover_open, Cause::CoverOpen),
    (PrinterCore::set_cutter_error, Cause::CutterError),
    (PrinterCore::set_paper_jam, Cause::PaperJam),
    (PrinterCore::set_head_hot, Cause::HeadHot),
];

struct Shared {
    backend: Box<dyn Backend>,
    core: PrinterCore,
    stopping: bool,
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A fake printer behind a backend, and the driver in front of it.
struct Rig {
    shared: Arc<Mutex<Shared>>,
    mailbox: Option<Mailbox<PrinterCommand>>,
    events: Receiver<PrinterEvent>,
    threads: Vec<JoinHandle<()>>,
    health: DeviceHealth,
    /// The driver's thread below `/proc`.
    driver: String,
    tally: Tally,
    clock: Clock,
}

fn font() -> Result<Font, String> {
    Font::new(
        include_bytes!("../../../kiosk-app/ui/fonts/NotoSans-Regular.ttf"),
        include_bytes!("../../../kiosk-app/ui/fonts/NotoSans-Bold.ttf"),
    )
    .map_err(|error| error.to_string())
}

impl Rig {
    fn start(backend: Box<dyn Backend>) -> Result<Self, String> {
        let profile = Profile::named("generic-80").ok_or("no profile generic-80")?;
        let config = PrinterConfig { address: backend.address(), profile, font: font()?, in_doubt: false };
        let mut printer = Printer::new(config).map_err(|error| error.to_string())?;
        if let Some(open) = backend.opening() {
            printer = printer.opened_by(open);
        }
        let model =
            FakeModel { mm_per_sec: 2000, cut_time: Duration::from_millis(5), ..FakeModel::default() };
        let shared = Shared { backend, core: PrinterCore::new(model), stopping: false };
        let shared = Arc::new(Mutex::new(shared));
        let served = Arc::clone(&shared);
        let device = std::thread::spawn(move || serve(&served));
        let (mailbox, inbox) = mailbox(4).map_err(|error| error.to_string())?;
        let ((sender, events), (tell_thread, thread)) = (channel(), channel());
        let tally = printer.tally();
        let driver = std::thread::spawn(move || {
            let own = std::fs::read_link("/proc/thread-self").unwrap_or_default();
            // Whoever asked may have given up.
            let _given_up = tell_thread.send(own.to_string_lossy().into_owned());
            printer.run(&inbox, |event| {
                let _given_up = sender.send(event);
            });
        });
        Ok(Self {
            shared,
            mailbox: Some(mailbox),
            events,
            threads: vec![driver, device],
            health: DeviceHealth::Starting,
            driver: thread.recv().map_err(|error| error.to_string())?,
            tally,
            clock: Clock::start(),
        })
    }

    /// Waits until the driver tells this health, unless it is the last that it told; says how long that took.
    fn until_health(&mut self, wanted: &DeviceHealth, limit: Duration) -> Result<Duration, String> {
        let began = self.clock.now();
        while self.health != *wanted {
            let left = (began + limit).saturating_sub(self.clock.now());
            match self.events.recv_timeout(left) {
                Ok(PrinterEvent::Health(health)) => self.health = health,
                Ok(PrinterEvent::Identified { .. } | PrinterEvent::KeepsLines(_)) => {}
                Ok(
                    event @ (PrinterEvent::Finished { .. }
                    | PrinterEvent::TicketTaken { .. }
                    | PrinterEvent::TicketLeft { .. }),
                ) => return Err(format!("unasked: {event:?}")),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    return Err(format!("{wanted:?} not told within {limit:?}; it is {:?}", self.health));
                }
            }
        }
        Ok(self.clock.now() - began)
    }

    /// Prints a small ticket and says how long its end took.
    fn print(&mut self, job: u64) -> Result<(Outcome, Duration), String> {
        let ticket = Document { blocks: vec![Block::Rule, Block::Space { mm: 5 }] };
        let began = self.clock.now();
        let mailbox = self.mailbox.as_ref().ok_or("the driver has ended")?;
        mailbox.send(PrinterCommand::Print { job, ticket }).map_err(|error| error.to_string())?;
        loop {
            match self.events.recv_timeout(PATIENCE) {
                Ok(PrinterEvent::Finished { job: ended, outcome }) if ended == job => {
                    return Ok((outcome, self.clock.now() - began));
                }
                Ok(PrinterEvent::Health(health)) => self.health = health,
                Ok(PrinterEvent::Identified { .. } | PrinterEvent::KeepsLines(_)) => {}
                Ok(event) => return Err(format!("unasked: {event:?}")),
                Err(error) => return Err(format!("job {job} has no end: {error}")),
            }
        }
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        drop(self.mailbox.take());
        lock(&self.shared).stopping = true;
        for thread in self.threads.drain(..) {
            let _ended = thread.join();
        }
    }
}

/// Moves bytes between the cable and the printer, which takes no more than its buffer holds.
fn serve(shared: &Mutex<Shared>) {
    let clock = Clock::start();
    let mut replies = Vec::new();
    let mut buffer = [0; 1024];
    loop {
        let moved = {
            let mut shared = lock(shared);
            let Shared { backend, core, stopping } = &mut *shared;
            if *stopping {
                return;
            }
            core.advance(clock.now());
            let room = core.room().min(buffer.len());
            let count =
                if room == 0 { 0 } else { backend.device_read(buffer.get_mut(..room).unwrap_or_default()) };
            core.receive(buffer.get(..count).unwrap_or_default(), clock.now());
            replies.extend(core.take_replies());
            let sent = if replies.is_empty() { 0 } else { backend.device_write(&replies) };
            replies.drain(..sent.min(replies.len()));
            count + sent
        };
        if moved == 0 {
            pause(Duration::from_millis(2));
        }
    }
}

/// What the driver must say of a printer with these faults, and of a ticket given to it.
fn expected(combination: usize, is_near_end: bool) -> (DeviceHealth, Outcome) {
    let causes: Vec<Cause> = FAULTS
        .iter()
        .enumerate()
        .filter(|(bit, _)| combination >> bit & 1 == 1)
        .map(|(_, (_, cause))| *cause)
        .collect();
    match causes.first() {
        Some(first) => (DeviceHealth::Blocked(causes.clone()), Outcome::NotPrinted(*first)),
        None if is_near_end => (DeviceHealth::Degraded(vec![Cause::PaperNearEnd]), Outcome::Printed),
        None => (DeviceHealth::Ready, Outcome::Printed),
    }
}

/// Every combination of faults is told as what it is, and a ticket given to it ends as it must.
pub fn every_combination_of_faults_is_told(backend: Box<dyn Backend>) -> Verdict {
    let mut rig = Rig::start(backend)?;
    rig.until_health(&DeviceHealth::Ready, PATIENCE)?;
    let (mut job, mut slowest_told, mut refusals) = (0, Duration::ZERO, Vec::new());
    // A roll stays near its end until it is changed, so that half comes last.
    for is_near_end in [false, true] {
        for combination in 0..1 << FAULTS.len() {
            {
                let mut shared = lock(&rig.shared);
                for (bit, (set, _)) in FAULTS.iter().enumerate() {
                    set(&mut shared.core, combination >> bit & 1 == 1);
                }
                shared.core.set_near_end(is_near_end);
            }
            let (health, outcome) = expected(combination, is_near_end);
            slowest_told = slowest_told.max(rig.until_health(&health, PATIENCE)?);
            job += 1;
            let (ended, took) = rig.print(job)?;
            must(ended == outcome, || format!("{health:?}: the ticket ended as {ended:?}"))?;
            if outcome != Outcome::Printed {
                refusals.push(took);
            }
        }
    }
    refusals.sort_unstable();
    // A machine at work may miss the limit now and then, never mostly.
    let refused = refusals.get(refusals.len() / 2).copied().unwrap_or_default();
    must(refused < Duration::from_millis(50), || format!("a refusal took {refused:?}"))?;
    must(lock(&rig.shared).core.unknown_bytes().0 == 0, || "some bytes were no command".to_owned())?;
    Ok(vec![
        ("combinations", job),
        ("slowest_told_ms", millis(slowest_told)),
        ("refused_ms", millis(refused)),
    ])
}

/// A pulled cable is told in time, an absent device costs nothing, and a ticket prints after the cable's return.
pub fn the_driver_outlives_its_cable(backend: Box<dyn Backend>) -> Verdict {
    let mut rig = Rig::start(backend)?;
    rig.until_health(&DeviceHealth::Ready, PATIENCE)?;
    let (mut absent, mut ready) = (Duration::MAX, Duration::MAX);
    let (mut computed, mut job) = (Duration::ZERO, 0);
    // A machine at work may be late the first time.
    while job < 2 || (job < 5 && (absent > GONE_LIMIT || ready > BACK_LIMIT)) {
        job += 1;
        lock(&rig.shared).backend.unplug();
        absent = absent.min(rig.until_health(&DeviceHealth::Absent, PATIENCE)?);
        let cpu = cpu_of(&rig.driver);
        pause(Duration::from_secs(2));
        computed = computed.max(cpu_of(&rig.driver).saturating_sub(cpu));
        must(computed <= CPU_LIMIT, || format!("two seconds without a device: {computed:?} of computing"))?;
        lock(&rig.shared).backend.plug();
        ready = ready.min(rig.until_health(&DeviceHealth::Ready, PATIENCE)?);
        let (ended, _) = rig.print(job)?;
        must(ended == Outcome::Printed, || format!("the ticket after the return ended as {ended:?}"))?;
    }
    must(absent <= GONE_LIMIT, || format!("absent only after {absent:?}"))?;
    must(ready <= BACK_LIMIT, || format!("ready only after {ready:?}"))?;
    let counters = rig.tally.counters();
    let (opens, losses, printed) = (counters.opens, counters.losses, counters.jobs_printed);
    must((opens, losses, printed) == (job + 1, job, job) && counters.restarts == 0, || {
        format!("counted wrong: {counters:?}")
    })?;
    Ok(vec![("absent_ms", millis(absent)), ("cpu_ms", millis(computed)), ("ready_ms", millis(ready))])
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
