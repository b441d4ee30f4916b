//! QEMU's control line: commands out, answers and events in, one JSON object a line.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::clock::Stopwatch;

/// Why QEMU could not be told something.
#[derive(Debug, thiserror::Error)]
pub enum QmpError {
    /// The line broke, or nothing came in time.
    #[error("qemu does not answer on its control line")]
    Line(#[from] io::Error),
    /// QEMU said no.
    #[error("qemu refused {command}: {said}")]
    Refused {
        /// The command.
        command: String,
        /// Its reason.
        said: String,
    },
}

/// What a line from QEMU is.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// The answer to the last command.
    Answer(Value),
    /// The last command was refused, for this reason.
    Refusal(String),
    /// Something happened: name and details.
    Event(String, Value),
    /// The greeting, or nothing that is known.
    Other,
}

/// Reads a line.
pub fn hear(line: &str) -> Heard {
    let Ok(mut value) = serde_json::from_str::<Value>(line) else { return Heard::Other };
    if let Some(answer) = value.get_mut("return") {
        return Heard::Answer(answer.take());
    }
    if let Some(error) = value.get("error") {
        return Heard::Refusal(error.get("desc").and_then(Value::as_str).unwrap_or("no reason").to_owned());
    }
    match value.get("event").and_then(Value::as_str) {
        Some(name) => Heard::Event(name.to_owned(), value.get("data").cloned().unwrap_or(Value::Null)),
        None => Heard::Other,
    }
}

/// A finger's touch of a glass, as `input-send-event` wants it: down at a place given in 1/32768 of the glass, and up.
pub fn touch(x: u16, y: u16, tracking: u32) -> [Value; 2] {
    let mtt = |kind: &str, tracking: i64, axis: &str, value: u16| json!({"type": "mtt", "data": {"type": kind, "slot": 0, "tracking-id": tracking, "axis": axis, "value": value}});
    let tracking = i64::from(tracking);
    let button = |down: bool| json!({"type": "btn", "data": {"down": down, "button": "touch"}});
    [
        json!({"events": [mtt("begin", tracking, "x", 0), button(true), mtt("data", tracking, "x", x), mtt("data", tracking, "y", y)]}),
        json!({"events": [mtt("end", -1, "x", 0), button(false)]}),
    ]
}

/// Keys pressed together and let go, by QEMU's names (`ctrl`, `alt`, `f1`, `sysrq`, `delete`).
pub fn chord(keys: &[&str]) -> [Value; 2] {
    let all = |down: bool| {
        let key = |name: &&str| json!({"type": "key", "data": {"down": down, "key": {"type": "qcode", "data": name}}});
        json!({"events": keys.iter().map(key).collect::<Vec<_>>()})
    };
    [all(true), all(false)]
}

/// A connection to QEMU's control socket.
pub struct Qmp {
    input: BufReader<UnixStream>,
    output: UnixStream,
    half_line: String,
    events: VecDeque<(String, Value)>,
}

impl Qmp {
    /// Connects and says hello.
    ///
    /// # Errors
    /// When nobody answers.
    pub fn connect(socket: &Path) -> Result<Self, QmpError> {
        let output = UnixStream::connect(socket)?;
        let input = BufReader::new(output.try_clone()?);
        let mut qmp = Self { input, output, half_line: String::new(), events: VecDeque::new() };
        qmp.tell("qmp_capabilities", &json!({}))?;
        Ok(qmp)
    }

    /// Gives a command and waits for its answer, a minute at most.
    ///
    /// # Errors
    /// When QEMU refuses it or has gone.
    pub fn tell(&mut self, command: &str, arguments: &Value) -> Result<Value, QmpError> {
        let line = json!({"execute": command, "arguments": arguments});
        writeln!(self.output, "{line}")?;
        let watch = Stopwatch::start();
        loop {
            match self.next(Duration::from_secs(1))? {
                Some(Heard::Answer(answer)) => return Ok(answer),
                Some(Heard::Refusal(said)) => {
                    return Err(QmpError::Refused { command: command.to_owned(), said });
                }
                Some(Heard::Event(name, data)) => self.events.push_back((name, data)),
                Some(Heard::Other) => {}
                None if watch.elapsed() < Duration::from_secs(60) => {}
                None => return Err(io::Error::from(io::ErrorKind::TimedOut).into()),
            }
        }
    }

    /// The next event, if one comes within `timeout`.
    ///
    /// # Errors
    /// When QEMU has gone.
    pub fn event(&mut self, timeout: Duration) -> Result<Option<(String, Value)>, QmpError> {
        if let Some(event) = self.events.pop_front() {
            return Ok(Some(event));
        }
        match self.next(timeout)? {
            Some(Heard::Event(name, data)) => Ok(Some((name, data))),
            Some(Heard::Answer(_) | Heard::Refusal(_) | Heard::Other) | None => Ok(None),
        }
    }

    fn next(&mut self, timeout: Duration) -> Result<Option<Heard>, QmpError> {
        self.output.set_read_timeout(Some(timeout.max(Duration::from_millis(1))))?;
        match self.input.read_line(&mut self.half_line) {
            Ok(0) => Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            Ok(_) if self.half_line.ends_with('\n') => Ok(Some(hear(&std::mem::take(&mut self.half_line)))),
            Ok(_) => Ok(None),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn answers_refusals_and_events_are_told_apart() {
        let cases = [
            ("{\"return\": {}}", Heard::Answer(json!({}))),
            ("{\"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}}", Heard::Refusal("no".to_owned())),
            (
                "{\"event\": \"SHUTDOWN\", \"data\": {\"reason\": \"guest-reset\"}}",
                Heard::Event("SHUTDOWN".to_owned(), json!({"reason": "guest-reset"})),
            ),
            ("{\"event\": \"STOP\"}", Heard::Event("STOP".to_owned(), Value::Null)),
            ("{\"QMP\": {}}", Heard::Other),
            ("nonsense", Heard::Other),
        ];
        for (line, heard) in cases {
            assert_eq!(hear(line), heard, "{line}");
        }
    }

    #[test]
    fn a_touch_goes_down_at_its_place_and_up_again() {
        let [down, up] = touch(100, 200, 5);
        let kinds = |script: &Value| -> Vec<String> {
            let events = script["events"].as_array().unwrap();
            events.iter().map(|event| event["data"]["type"].as_str().unwrap_or("touch").to_owned()).collect()
        };
        assert_eq!(kinds(&down), ["begin", "touch", "data", "data"]);
        assert_eq!(kinds(&up), ["end", "touch"]);
        // The kernel takes a finger for lifted when its tracking id is -1.
        assert_eq!(up["events"][0]["data"]["tracking-id"], -1);
        assert_eq!(down["events"][2]["data"]["value"], 100);
        assert_eq!(down["events"][3]["data"]["axis"], "y");
    }

    #[test]
    fn a_chord_is_held_and_let_go() {
        let [down, up] = chord(&["ctrl", "alt", "f2"]);
        assert_eq!(down["events"].as_array().unwrap().len(), 3);
        assert_eq!(up["events"][2]["data"]["key"]["data"], "f2");
        assert_eq!(up["events"][2]["data"]["down"], false);
    }

    proptest! {
        #[test]
        fn any_line_is_heard(line in ".{0,200}") {
            let _heard = hear(&line);
        }
    }
}
