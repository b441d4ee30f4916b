//! The kiosk's glass as a rig reaches it: touch, wait, photograph, through the control socket of a headless screen.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::clock::{self, TooLate};

/// Longer than any answer of the screen itself takes.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// Why the screen could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ScreenError {
    /// Nobody answers at the socket.
    #[error("the screen does not answer at {}", socket.display())]
    Silent {
        /// The control socket.
        socket: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The answer is not one.
    #[error("the screen answered {command:?} with {answer:?}, which cannot be read")]
    Unreadable {
        /// What was sent.
        command: String,
        /// What came.
        answer: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The screen says no.
    #[error("{command:?}: {said}; on the screen: {there}")]
    Refused {
        /// What was sent.
        command: String,
        /// What the screen said.
        said: String,
        /// The page, and what can be touched.
        there: String,
    },
    /// The screen did not come up.
    #[error("the screen did not come up")]
    NotUp(#[from] TooLate),
}

/// A button on the page.
#[derive(Clone, Debug, Deserialize)]
pub struct Button {
    /// What it is called.
    pub label: String,
    /// Whether it acts now.
    pub enabled: bool,
}

/// What stands on the glass.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Shown {
    /// Name of the page (`home`, `number-only`); empty before the first.
    #[serde(default)]
    pub page: Option<String>,
    /// Texts that are no buttons.
    #[serde(default)]
    pub texts: Vec<String>,
    /// What can be touched.
    #[serde(default)]
    pub buttons: Vec<Button>,
}

#[derive(Deserialize)]
struct Answer {
    ok: bool,
    #[serde(default)]
    error: String,
    #[serde(default)]
    there: Vec<String>,
    #[serde(flatten)]
    shown: Shown,
}

/// A screen at a control socket; each call connects anew, so it outlives the kiosk behind it.
#[derive(Clone, Debug)]
pub struct Screen {
    socket: PathBuf,
}

impl Screen {
    /// The screen behind this socket.
    pub fn at(socket: &Path) -> Self {
        Self { socket: socket.to_owned() }
    }

    /// Waits until the screen shows a page.
    ///
    /// # Errors
    /// When it does not within `timeout`.
    pub fn wait_up(&self, timeout: Duration) -> Result<(), ScreenError> {
        let up = || self.shown().ok().and_then(|shown| shown.page).map(drop);
        Ok(clock::until("the screen's first page", timeout, up)?)
    }

    /// Touches the button of this name.
    ///
    /// # Errors
    /// When there is none, or it takes no touch.
    pub fn tap(&self, label: &str) -> Result<(), ScreenError> {
        self.ask(&format!("tap {label}")).map(drop)
    }

    /// Touches a place, in pixels.
    ///
    /// # Errors
    /// When the screen does not answer.
    pub fn touch(&self, x: u32, y: u32) -> Result<(), ScreenError> {
        self.ask(&format!("touch {x} {y}")).map(drop)
    }

    /// Waits until this page stands on the glass.
    ///
    /// # Errors
    /// When another one stands there after `timeout`.
    pub fn wait(&self, page: &str, timeout: Duration) -> Result<(), ScreenError> {
        self.ask(&format!("wait {page} {}", timeout.as_millis())).map(drop)
    }

    /// What stands on the glass.
    ///
    /// # Errors
    /// When the screen does not answer.
    pub fn shown(&self) -> Result<Shown, ScreenError> {
        self.ask("page")
    }

    /// Takes a picture, as PNG.
    ///
    /// # Errors
    /// When it cannot be drawn or written.
    pub fn shot(&self, to: &Path) -> Result<(), ScreenError> {
        self.ask(&format!("shot {}", to.display())).map(drop)
    }

    fn ask(&self, command: &str) -> Result<Shown, ScreenError> {
        let line = self
            .exchange(command)
            .map_err(|source| ScreenError::Silent { socket: self.socket.clone(), source })?;
        let answer: Answer = serde_json::from_str(&line).map_err(|source| ScreenError::Unreadable {
            command: command.to_owned(),
            answer: line.clone(),
            source,
        })?;
        if answer.ok {
            return Ok(answer.shown);
        }
        let page = answer.shown.page.unwrap_or_default();
        let there = format!("{page} {:?}", answer.there);
        Err(ScreenError::Refused { command: command.to_owned(), said: answer.error, there })
    }

    fn exchange(&self, command: &str) -> std::io::Result<String> {
        let mut stream = UnixStream::connect(&self.socket)?;
        stream.set_read_timeout(Some(ANSWER_TIMEOUT.max(wait_of(command))))?;
        writeln!(stream, "{command}")?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line)?;
        Ok(line)
    }
}

/// How long a `wait` may take to answer, with room for a busy machine.
fn wait_of(command: &str) -> Duration {
    let ms = command.strip_prefix("wait ").and_then(|rest| rest.rsplit(' ').next()?.parse().ok());
    Duration::from_millis(ms.unwrap_or(0)) + Duration::from_secs(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_could_have_been_touched() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("glass");
        let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let glass = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut line = String::new();
            BufReader::new(stream.try_clone().unwrap()).read_line(&mut line).unwrap();
            stream.write_all(b"{\"ok\":false,\"error\":\"nothing\",\"there\":[\"Xong\"]}\n").unwrap();
            line
        });
        let refused = Screen::at(&socket).tap("Lấy số").unwrap_err().to_string();
        assert_eq!(glass.join().unwrap(), "tap Lấy số\n");
        assert!(refused.contains("nothing") && refused.contains("Xong"), "{refused}");
    }
}
