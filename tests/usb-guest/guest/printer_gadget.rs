//! A printer on a USB cable: the kernel's printer function with our fake printer's core behind its device file.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use kiosk_drivers::clock::Clock;
use kiosk_drivers::fake::{FakeModel, PrinterCore};

use crate::device_file::DeviceFile;
use crate::gadget::{Gadget, Identity};
use crate::report::Failure;
use crate::wait;

/// What the printer tells about itself at `GET_DEVICE_ID`.
pub const DEVICE_ID: &str = "MFG:KIOSK;MDL:FAKE-80;CMD:ESC/POS;CLS:PRINTER;SN:K80-1;";
/// Who the printer is on the bus.
pub const IDENTITY: Identity = Identity { vendor: 0x0519, product: 0x0003, serial: "K80-1" };
/// Bytes that the gadget's kernel side takes ahead of the printer: one request.
pub const FIFO_BYTES: usize = 8192;

/// How finely the printer's mechanism is followed.
const TICK: Duration = Duration::from_millis(5);

/// A printer gadget with nobody behind it, not plugged in.
pub fn gadget(name: &str, identity: Identity, instance: &str) -> Result<Gadget, Failure> {
    // The kernel's gadget leaves its two length bytes out of the length that it tells: two spaces make up for them.
    let device_id = format!("{DEVICE_ID}  ");
    let settings: [(&str, &[u8]); 2] = [("pnp_string", device_id.as_bytes()), ("q_len", b"1")];
    Gadget::create(name, identity, &format!("printer.{instance}"), &settings)
}

struct State {
    core: PrinterCore,
    /// Nobody has the gadget's node open: it is off line and answers nothing.
    is_off: bool,
    stopping: bool,
}

/// A printer gadget with the fake printer behind it. Dropping it takes both away.
pub struct PrinterGadget {
    /// The cable.
    pub cable: Gadget,
    state: Arc<Mutex<State>>,
    thread: Option<JoinHandle<()>>,
}

impl PrinterGadget {
    /// Makes a printer, not plugged in.
    pub fn create(model: FakeModel) -> Result<Self, Failure> {
        let cable = gadget("printer", IDENTITY, "a")?;
        let state =
            Arc::new(Mutex::new(State { core: PrinterCore::new(model), is_off: false, stopping: false }));
        let shared = Arc::clone(&state);
        let thread = std::thread::Builder::new()
            .name("printer".to_owned())
            .spawn(move || serve(&shared))
            .map_err(Failure::rig("starting the printer's thread"))?;
        Ok(Self { cable, state, thread: Some(thread) })
    }

    /// Takes the printer off line, or back.
    pub fn switch_off(&self, is_off: bool) {
        lock(&self.state).is_off = is_off;
    }

    /// Looks at the printer or does something to it.
    pub fn with<R>(&self, act: impl FnOnce(&mut PrinterCore) -> R) -> R {
        act(&mut lock(&self.state).core)
    }
}

impl Drop for PrinterGadget {
    fn drop(&mut self) {
        lock(&self.state).stopping = true;
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Moves bytes between the cable and the printer, which takes no more than its buffer holds.
fn serve(state: &Mutex<State>) {
    let clock = Clock::start();
    let mut node = DeviceFile::new("/dev/g_printer0");
    let mut replies = Vec::new();
    let mut buffer = [0; 1024];
    loop {
        let moved = {
            let mut state = lock(state);
            if state.stopping {
                return;
            }
            if state.is_off {
                node.close();
                drop(state);
                wait::pause(TICK);
                continue;
            }
            state.core.advance(clock.now());
            let room = state.core.room().min(buffer.len());
            let received = if room == 0 { 0 } else { node.read(buffer.get_mut(..room).unwrap_or_default()) };
            state.core.receive(buffer.get(..received).unwrap_or_default(), clock.now());
            replies.extend(state.core.take_replies());
            received
        };
        let sent = if replies.is_empty() { 0 } else { node.write(&replies) };
        replies.drain(..sent.min(replies.len()));
        if !node.is_open() {
            // Nobody listens: what the printer says is lost, as on a pulled cable.
            replies.clear();
        }
        if moved == 0 && sent == 0 {
            wait::pause(TICK);
        }
    }
}
