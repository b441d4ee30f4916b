//! Who keeps the hall busy: one citizen after the other at the screen, an officer at each counter.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use kiosk_core::settings::{Errand, HallSettings};

use crate::clock;
use crate::officer::{Officer, OfficerError};
use crate::random::SplitMix64;
use crate::rig::Hall;
use crate::screen::{Screen, ScreenError, Shown};

/// Between two touches of a hurried citizen, and two presses of a hurried officer.
const HURRY: Duration = Duration::from_millis(60);
/// The button of a citizen to whom no priority applies.
const NO_PRIORITY: &str = "Không thuộc";

/// What people let the rig know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// A citizen touches something that may issue a number.
    Issuing,
    /// An officer of this counter finished with somebody, who may rate now.
    Finished(u8),
}

/// Everybody in the hall.
pub(super) struct People {
    heard: Receiver<Said>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl People {
    /// People begin to use the hall; `of_one_mind`, all citizens want the same number series.
    pub(super) fn come(hall: &Hall, of_one_mind: bool, seed: u64) -> Self {
        let (say, heard) = sync_channel(64);
        let stop = Arc::new(AtomicBool::new(false));
        let mut random = SplitMix64::new(seed);
        let mut threads = Vec::new();
        let citizen = Citizen {
            screen: hall.screen(),
            choices: choices(hall.settings(), of_one_mind),
            random: SplitMix64::new(random.next_u64()),
            say: say.clone(),
        };
        let until = Arc::clone(&stop);
        threads.push(std::thread::spawn(move || citizen.tap(&until)));
        for (counter, pin) in hall.pins() {
            let desk =
                Desk { base: hall.hall_address(), counter: *counter, pin: pin.clone(), say: say.clone() };
            let until = Arc::clone(&stop);
            threads.push(std::thread::spawn(move || desk.work(&until)));
        }
        Self { heard, stop, threads }
    }

    /// What is said next.
    pub(super) fn hear(&self, wait: Duration) -> Result<Said, RecvTimeoutError> {
        self.heard.recv_timeout(wait)
    }

    /// Lets what was said to a kiosk that is no more be forgotten.
    pub(super) fn forget_what_was_said(&self) {
        while self.heard.try_recv().is_ok() {}
    }

    /// Everybody leaves; the kiosk should run, so that nobody waits for an answer.
    pub(super) fn go_home(self) {
        self.stop.store(true, Ordering::SeqCst);
        drop(self.heard);
        for thread in self.threads {
            // A person's panic was told on standard error; the books will show what they did.
            thread.join().unwrap_or_default();
        }
    }
}

/// Beginnings of the buttons that lead on to a number.
fn choices(settings: &HallSettings, of_one_mind: bool) -> Vec<String> {
    let wanted = |errand: &&Errand| !of_one_mind || settings.guidance_errand.as_ref() == Some(&errand.id);
    let errands = settings.errands.iter().filter(wanted).map(|errand| errand.name.clone());
    let areas = settings.areas.iter().map(|area| area.name.clone());
    let classes = settings.priority_classes.iter().map(|class| class.name.clone());
    errands.chain(areas).chain(classes).chain([NO_PRIORITY.to_owned()]).collect()
}

struct Citizen {
    screen: Screen,
    choices: Vec<String>,
    random: SplitMix64,
    say: SyncSender<Said>,
}

impl Citizen {
    fn tap(mut self, stop: &AtomicBool) {
        while !stop.load(Ordering::SeqCst) {
            // A kiosk that was just killed does not answer; the citizen tries again.
            if self.touch().is_err() {
                clock::pass(HURRY);
            }
            clock::pass(HURRY);
        }
    }

    /// Touches what the page asks for; too early a touch does nothing, and is made again.
    fn touch(&mut self) -> Result<(), ScreenError> {
        let shown = self.screen.shown()?;
        let page = shown.page.clone().unwrap_or_default();
        match page.as_str() {
            "home" => self.tap_first(&shown, "Lấy số"),
            "errands" | "areas" => self.tap_any(&shown),
            "priorities" => {
                // Nobody hears when the rig is busy killing; the next touch is told again.
                self.say.try_send(Said::Issuing).unwrap_or_default();
                self.tap_any(&shown)
            }
            "taken" | "number-only" => self.tap_first(&shown, "Xong"),
            "printing" | "" => Ok(()),
            _ => self.tap_first(&shown, "Quay lại"),
        }
    }

    fn tap_first(&self, shown: &Shown, beginning: &str) -> Result<(), ScreenError> {
        let button = shown.buttons.iter().find(|button| button.label.starts_with(beginning));
        button.map_or(Ok(()), |button| self.screen.tap(&button.label))
    }

    fn tap_any(&mut self, shown: &Shown) -> Result<(), ScreenError> {
        let leads_on = |label: &str| self.choices.iter().any(|choice| label.starts_with(choice.as_str()));
        let buttons: Vec<_> =
            shown.buttons.iter().filter(|button| button.enabled && leads_on(&button.label)).collect();
        self.random.pick(&buttons).map_or(Ok(()), |button| self.screen.tap(&button.label))
    }
}

struct Desk {
    base: String,
    counter: u8,
    pin: String,
    say: SyncSender<Said>,
}

impl Desk {
    fn work(self, stop: &AtomicBool) {
        let mut officer = None;
        while !stop.load(Ordering::SeqCst) {
            // Whatever went wrong, the officer signs in again.
            officer = match officer.take() {
                None => Officer::sign_in(&self.base, self.counter, &self.pin).ok(),
                Some(mut signed_in) => self.serve_one(&mut signed_in).ok().map(|()| signed_in),
            };
            clock::pass(HURRY);
        }
    }

    /// Presses through one service; a press that does not fit is refused and does no harm.
    fn serve_one(&self, officer: &mut Officer) -> Result<(), OfficerError> {
        for button in ["open", "call", "serve", "finish"] {
            let outcome = officer.try_press(button)?;
            if button == "finish" && outcome == "done" {
                self.say.try_send(Said::Finished(self.counter)).unwrap_or_default();
            }
            clock::pass(HURRY);
        }
        Ok(())
    }
}
