//! Slint's platform for a display that is only memory.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use slint::platform::software_renderer::{MinimalSoftwareWindow, PremultipliedRgbaColor, RepaintBufferType};
use slint::platform::{EventLoopProxy, Platform, WindowAdapter, duration_until_next_timer_update};
use slint::{EventLoopError, PhysicalSize, PlatformError};

/// Calls that may wait for the loop; a sender beyond that waits.
const MOST_TASKS: usize = 64;
/// The loop turns at least this often, and this fast while something moves.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
const FRAME: Duration = Duration::from_millis(16);

type Task = Box<dyn FnOnce() + Send>;

/// One window, drawn to memory.
pub(super) struct Memory {
    window: Rc<MinimalSoftwareWindow>,
    pixels: RefCell<Vec<PremultipliedRgbaColor>>,
    tasks: Receiver<Task>,
    proxy: Proxy,
}

impl Memory {
    pub(super) fn new(size: PhysicalSize) -> Self {
        let window = MinimalSoftwareWindow::new(RepaintBufferType::ReusedBuffer);
        window.set_size(size);
        let (sender, tasks) = sync_channel(MOST_TASKS);
        let proxy = Proxy { tasks: sender, quit: Arc::default() };
        Self { window, pixels: RefCell::default(), tasks, proxy }
    }

    fn draw(&self) {
        self.window.draw_if_needed(|renderer| {
            let size = self.window.window().size();
            let mut pixels = self.pixels.borrow_mut();
            pixels.resize(size.width as usize * size.height as usize, PremultipliedRgbaColor::default());
            renderer.render(&mut pixels, size.width as usize);
        });
    }

    fn wait(&self) -> Duration {
        if self.window.has_active_animations() {
            return FRAME;
        }
        duration_until_next_timer_update().unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT)
    }
}

impl Platform for Memory {
    fn create_window_adapter(&self) -> Result<Rc<dyn WindowAdapter>, PlatformError> {
        Ok(Rc::<MinimalSoftwareWindow>::clone(&self.window))
    }

    fn run_event_loop(&self) -> Result<(), PlatformError> {
        loop {
            slint::platform::update_timers_and_animations();
            self.draw();
            if self.proxy.quit.load(Ordering::Acquire) {
                return Ok(());
            }
            match self.tasks.recv_timeout(self.wait()) {
                Ok(task) => task(),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    }

    fn new_event_loop_proxy(&self) -> Option<Box<dyn EventLoopProxy>> {
        Some(Box::new(self.proxy.clone()))
    }
}

#[derive(Clone)]
struct Proxy {
    tasks: SyncSender<Task>,
    quit: Arc<AtomicBool>,
}

impl EventLoopProxy for Proxy {
    fn quit_event_loop(&self) -> Result<(), EventLoopError> {
        self.quit.store(true, Ordering::Release);
        // Wakes the loop; when it is too busy to take this, it turns anyway.
        let _awake = self.tasks.try_send(Box::new(|| {}));
        Ok(())
    }

    fn invoke_from_event_loop(&self, task: Task) -> Result<(), EventLoopError> {
        self.tasks.try_send(task).map_err(|_full_or_ended| EventLoopError::EventLoopTerminated)
    }
}
