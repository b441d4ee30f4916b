//! A Unix socket through which a rig touches and photographs the pages: a command a line, an answer a line, in JSON.
//!
//! ```text
//! tap <label>           {"ok":true}                    the middle of the button of that accessible name
//! touch <x> <y>         {"ok":true}                    press and release at a place, in pixels
//! press <x> <y>, move <x> <y>, release <x> <y>         a finger by parts: slide off, long press
//! shot <path.png>       {"ok":true}                    a picture of the page
//! page                  {"ok":true,"page":"home","texts":[...],"buttons":[{"label":...,"x":...}...]}
//! wait <page> <ms>      {"ok":true,"page":"taken"}     when that page stands on the glass
//! quit                  {"ok":true}                    ends the display
//! anything that fails   {"ok":false,"error":"...","there":["labels that can be touched"...]}
//! ```

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use kiosk_ui::KioskWindow;
use serde_json::{Value, json};
use slint::Weak;

use super::super::ViewError;
use super::super::model::PageName;
use super::super::viewer::Slot;
use super::{Glass, GlassError};

/// Rigs that may be connected at once.
const MOST_CLIENTS: usize = 8;
/// The longest that `wait` waits.
const LONGEST_WAIT_MS: u64 = 600_000;

/// The socket, bound and not yet served.
pub struct Control {
    listener: UnixListener,
}

#[derive(Clone)]
struct Shared {
    window: Weak<KioskWindow>,
    slot: Arc<Slot>,
    clients: Arc<AtomicUsize>,
}

impl Control {
    /// Binds the socket; a socket that a dead process left there is replaced.
    ///
    /// # Errors
    /// When the path cannot be bound.
    pub fn bind(path: PathBuf) -> Result<Self, ViewError> {
        if is_dead_socket(&path) {
            // What is wrong with the path, binding says.
            let _removed = std::fs::remove_file(&path);
        }
        let listener = UnixListener::bind(&path).map_err(|source| ViewError::Control { path, source })?;
        Ok(Self { listener })
    }

    /// Answers rigs on threads of its own.
    pub(in super::super) fn serve(self, window: Weak<KioskWindow>, slot: Arc<Slot>) {
        let shared = Shared { window, slot, clients: Arc::default() };
        std::thread::spawn(move || {
            for client in self.listener.incoming().map_while(Result::ok) {
                if shared.clients.fetch_add(1, Ordering::AcqRel) >= MOST_CLIENTS {
                    shared.clients.fetch_sub(1, Ordering::AcqRel);
                    continue;
                }
                let shared = shared.clone();
                std::thread::spawn(move || {
                    // A rig that hangs up has no use for an answer.
                    let _hung_up = converse(&shared, client);
                    shared.clients.fetch_sub(1, Ordering::AcqRel);
                });
            }
        });
    }
}

fn is_dead_socket(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    let is_socket = path.symlink_metadata().is_ok_and(|file| file.file_type().is_socket());
    is_socket && UnixStream::connect(path).is_err()
}

fn converse(shared: &Shared, client: UnixStream) -> std::io::Result<()> {
    let mut writer = client.try_clone()?;
    for line in BufReader::new(client).lines() {
        let answer = match parse(&line?) {
            Ok(command) => shared.answer(command),
            Err(fault) => json!({ "ok": false, "error": fault }),
        };
        writeln!(writer, "{answer}")?;
    }
    Ok(())
}

#[derive(Clone, Debug, PartialEq)]
enum Command {
    Tap(String),
    Touch(f32, f32),
    Press(f32, f32),
    Move(f32, f32),
    Release(f32, f32),
    Shot(PathBuf),
    Page,
    Wait(PageName, Duration),
    Quit,
}

/// Reads a command, or says how it is written.
fn parse(line: &str) -> Result<Command, String> {
    let (verb, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
    let rest = rest.trim();
    match (verb, rest) {
        ("tap", label) if !label.is_empty() => Ok(Command::Tap(label.into())),
        ("touch", place) => two(place).map(|(x, y)| Command::Touch(x, y)),
        ("press", place) => two(place).map(|(x, y)| Command::Press(x, y)),
        ("move", place) => two(place).map(|(x, y)| Command::Move(x, y)),
        ("release", place) => two(place).map(|(x, y)| Command::Release(x, y)),
        ("shot", path) if !path.is_empty() => Ok(Command::Shot(path.into())),
        ("page", "") => Ok(Command::Page),
        ("wait", rest) => wait(rest),
        ("quit", "") => Ok(Command::Quit),
        (_, _) => Err(format!(
            "{line:?} is no command: tap LABEL, touch|press|move|release X Y, shot PATH, page, wait PAGE MS, quit"
        )),
    }
}

fn two(place: &str) -> Result<(f32, f32), String> {
    let mut numbers = place.split_whitespace().map(str::parse::<f32>);
    match (numbers.next(), numbers.next(), numbers.next()) {
        (Some(Ok(x)), Some(Ok(y)), None) => Ok((x, y)),
        _ => Err(format!("{place:?} is no place: two numbers of pixels are wanted")),
    }
}

fn wait(rest: &str) -> Result<Command, String> {
    let (name, ms) = rest.split_once(' ').unwrap_or((rest, ""));
    let page = PageName::ALL.iter().find(|page| page.as_str() == name).copied();
    let page = page.ok_or_else(|| format!("{name:?} is no page: {}", page_names().join(", ")))?;
    let ms: u64 = ms.trim().parse().map_err(|_| format!("{ms:?} is no number of milliseconds"))?;
    Ok(Command::Wait(page, Duration::from_millis(ms.min(LONGEST_WAIT_MS))))
}

/// Apart from the `join`: LLVM 22 spends an hour on the sum of lengths of a list that it knows (constraint elimination).
#[inline(never)]
fn page_names() -> Vec<&'static str> {
    PageName::ALL.iter().map(|page| page.as_str()).collect()
}

impl Shared {
    fn answer(&self, command: Command) -> Value {
        match command {
            Command::Wait(page, timeout) => {
                if self.slot.wait_for(page, timeout) {
                    json!({ "ok": true, "page": page.as_str() })
                } else {
                    let shown = self.slot.shown().map(PageName::as_str);
                    let error = format!("page {} did not come", page.as_str());
                    json!({ "ok": false, "error": error, "page": shown })
                }
            }
            Command::Page => {
                let page = self.slot.shown().map(PageName::as_str);
                self.on_glass(move |glass| {
                    Ok(json!({ "ok": true, "page": page, "texts": glass.texts(), "buttons": glass.buttons() }))
                })
            }
            Command::Shot(path) => self.shot(&path),
            Command::Tap(label) => self.act(move |glass| glass.tap(&label)),
            Command::Touch(x, y) => self.act(move |glass| glass.touch(x, y)),
            Command::Press(x, y) => self.act(move |glass| glass.press(x, y)),
            Command::Move(x, y) => self.act(move |glass| glass.slide(x, y)),
            Command::Release(x, y) => self.act(move |glass| glass.release(x, y)),
            Command::Quit => match slint::quit_event_loop() {
                Ok(()) => json!({ "ok": true }),
                Err(ended) => json!({ "ok": false, "error": ended.to_string() }),
            },
        }
    }

    /// The picture is taken on the main thread, and compressed here.
    fn shot(&self, path: &Path) -> Value {
        let (sender, receiver) = sync_channel(1);
        let taken = self.on_glass(move |glass| {
            let picture = glass.picture()?;
            // Nobody waits for it only when this thread is gone.
            let _gone = sender.send(picture);
            Ok(json!({ "ok": true }))
        });
        match receiver.recv() {
            Ok(picture) => match picture.save(path) {
                Ok(()) => taken,
                Err(fault) => json!({ "ok": false, "error": said(&fault) }),
            },
            Err(_not_taken) => taken,
        }
    }

    fn act(&self, act: impl FnOnce(&Glass) -> Result<(), GlassError> + Send + 'static) -> Value {
        self.on_glass(move |glass| act(glass).map(|()| json!({ "ok": true })))
    }

    /// Runs on the main thread and waits for what comes of it.
    fn on_glass(&self, act: impl FnOnce(&Glass) -> Result<Value, GlassError> + Send + 'static) -> Value {
        let (sender, receiver) = sync_channel(1);
        let posted = self.window.upgrade_in_event_loop(move |window| {
            let glass = Glass::new(&window);
            let answer = act(&glass).unwrap_or_else(|fault| {
                let there: Vec<String> = glass.buttons().into_iter().map(|button| button.label).collect();
                json!({ "ok": false, "error": said(&fault), "there": there })
            });
            let _gone = sender.send(answer);
        });
        match (posted, receiver.recv()) {
            (Ok(()), Ok(answer)) => answer,
            (_, _) => json!({ "ok": false, "error": "the display has ended" }),
        }
    }
}

/// An error with its causes.
fn said(fault: &dyn std::error::Error) -> String {
    let mut text = fault.to_string();
    let mut cause = fault.source();
    while let Some(deeper) = cause {
        text = format!("{text}: {deeper}");
        cause = deeper.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_or_explained() {
        let ok = |line: &str, command| assert_eq!(parse(line), Ok(command), "{line}");
        ok("tap Lấy số thứ tự", Command::Tap("Lấy số thứ tự".into()));
        ok("touch 10 20.5", Command::Touch(10.0, 20.5));
        ok("wait number-only 2500", Command::Wait(PageName::NumberOnly, Duration::from_millis(2500)));
        ok("shot /tmp/a b.png", Command::Shot("/tmp/a b.png".into()));
        for (line, says) in [
            ("tap", "no command"),
            ("touch 10", "two numbers"),
            ("wait nowhere 10", "home, errands"),
            ("wait home soon", "milliseconds"),
            ("explode", "no command"),
        ] {
            let fault = parse(line).unwrap_err();
            assert!(fault.contains(says), "{line}: {fault}");
        }
    }
}
