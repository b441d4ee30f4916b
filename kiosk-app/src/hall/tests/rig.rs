//! A service on a port of its own with the real rules behind it, and a plain HTTP client.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use kiosk_core::Hall;
use kiosk_core::effect::Effect;
use kiosk_core::event::Event;
use kiosk_core::id::CounterId;

use super::sample;
use crate::clock::Clock;
use crate::hall::pins::PinBook;
use crate::hall::session::SessionKey;
use crate::hall::{Labels, Service, Setup};

/// What stands behind the service.
pub enum Loop {
    /// The rules, with so many people waiting.
    Rules(u32),
    /// Nobody takes events, and there is room for so many.
    Stuck(usize),
    /// The loop has ended.
    Gone,
}

pub struct Rig {
    pub service: Arc<Service>,
    events: SyncSender<Event>,
    /// Held so that the channel stays open.
    stuck: Mutex<Option<Receiver<Event>>>,
    rules: Option<JoinHandle<()>>,
}

/// The book of PINs is slow to make, so that all tests share one.
fn pins() -> &'static (PinBook, Vec<(CounterId, String)>) {
    static PINS: OnceLock<(PinBook, Vec<(CounterId, String)>)> = OnceLock::new();
    PINS.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let mut book = PinBook::open(&folder.path().join("pins.json")).unwrap();
        let mut next = 0;
        let made = book.renew(&[CounterId(1), CounterId(2)], || {
            next += 1;
            Ok([next; 32])
        });
        let plain = made.unwrap().plain().map(|(counter, pin)| (counter, pin.to_owned())).collect();
        (book, plain)
    })
}

pub fn pin_of(counter: u8) -> &'static str {
    &pins().1.iter().find(|(known, _)| known.0 == counter).unwrap().1
}

impl Rig {
    pub fn start(behind: &Loop) -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), behind)
    }

    pub fn start_at(listen: SocketAddr, behind: &Loop) -> Self {
        let clock = Clock::start();
        let setup = Setup {
            listen,
            labels: Labels::of(&sample::settings()),
            pins: pins().0.clone(),
            key: key(),
            call_secs: 5,
            clock: clock.clone(),
        };
        let room = if let Loop::Stuck(room) = behind { *room } else { 8 };
        let (events, taken) = sync_channel(room);
        let service = Arc::new(Service::start(setup, events.clone()).unwrap());
        let mut rig = Self { service: Arc::clone(&service), events, stuck: Mutex::default(), rules: None };
        match behind {
            Loop::Rules(people) => {
                let mut hall =
                    Hall::new(sample::settings(), sample::people_waiting(*people, clock.now().wall));
                take(&mut hall, Event::Started, &service, &clock);
                rig.rules = Some(std::thread::spawn(move || run(hall, &service, &taken, &clock)));
            }
            Loop::Stuck(_) => rig.stuck = Mutex::new(Some(taken)),
            Loop::Gone => drop(taken),
        }
        rig
    }

    /// Waits for a service that cannot answer at once.
    pub fn wait_until_it_answers(&self) {
        let clock = Clock::start();
        while !self.answers() {
            assert!(clock.mono_ms() < 20_000, "nobody answers");
            std::thread::park_timeout(Duration::from_millis(50));
        }
    }

    fn answers(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(self.service.address()) else { return false };
        let asked = stream.write_all(b"GET /song HTTP/1.1\r\nHost: kiosk\r\nConnection: close\r\n\r\n");
        let mut answer = String::new();
        asked.is_ok() && stream.read_to_string(&mut answer).is_ok() && answer.ends_with("ok")
    }

    /// Sends a request and gives status and the whole answer.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, String) {
        let mut stream = self.connect(method, path, headers, body);
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        (answer[9..12].parse().unwrap(), answer)
    }

    pub fn get(&self, path: &str, cookie: &str) -> String {
        self.send("GET", path, &[("Cookie", cookie)], "").1
    }

    pub fn connect(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> BufReader<TcpStream> {
        let mut stream = TcpStream::connect(self.service.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let extra: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: kiosk\r\nConnection: close\r\n{extra}\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        BufReader::new(stream)
    }

    /// Tries a PIN; status and answer.
    pub fn try_pin(&self, counter: u8, pin: &str) -> (u16, String) {
        self.send("POST", "/quay/vao", &[], &format!("counter={counter}&pin={pin}"))
    }

    /// An officer's page at a counter.
    pub fn officer(&self, counter: u8) -> Officer<'_> {
        let (status, answer) = self.try_pin(counter, pin_of(counter));
        assert_eq!(status, 303, "{answer}");
        Officer { rig: self, cookie: between(&answer, "set-cookie: ", ";").to_owned() }
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        // This one word ends the loop of the rules.
        let end = Event::Scanned(END.into());
        if self.rules.is_some() {
            self.events.send(end).unwrap();
        }
        if let Some(rules) = self.rules.take() {
            rules.join().unwrap();
        }
    }
}

const END: &str = "end of test";

fn run(mut hall: Hall, service: &Service, events: &Receiver<Event>, clock: &Clock) {
    while let Ok(event) = events.recv() {
        if event == Event::Scanned(END.into()) {
            return;
        }
        take(&mut hall, event, service, clock);
    }
}

fn take(hall: &mut Hall, event: Event, service: &Service, clock: &Clock) {
    for effect in hall.handle(event, clock.now()) {
        if let Effect::Publish(board) = effect {
            service.publish(board);
        } else if let Effect::AnswerOfficer { request, answer } = effect {
            service.answer(request, answer);
        }
    }
}

pub fn key() -> SessionKey {
    let folder = tempfile::tempdir().unwrap();
    SessionKey::load_or_create(&folder.path().join("key"), || Ok([9; 32])).unwrap()
}

/// A signed-in page without scripts.
pub struct Officer<'r> {
    pub rig: &'r Rig,
    pub cookie: String,
}

impl Officer<'_> {
    pub fn page(&self) -> String {
        self.rig.get("/quay", &self.cookie)
    }

    /// The form of a page with this button pressed.
    pub fn form(&self, page: &str, button: &str) -> String {
        let [token, press, seen] =
            ["token", "press", "seen"].map(|name| between(page, &format!("name=\"{name}\" value=\""), "\""));
        format!("token={token}&press={press}&seen={seen}&do={button}")
    }

    /// Sends a form as the page's script does, and gives the outcome.
    pub fn send(&self, form: &str) -> String {
        let headers = [("Cookie", self.cookie.as_str()), ("X-Press", "1")];
        let (_, answer) = self.rig.send("POST", "/quay/bam", &headers, form);
        between(&answer, "\"outcome\":\"", "\"").to_owned()
    }

    /// Presses a button of the page as it is now.
    pub fn press(&self, button: &str) -> String {
        self.send(&self.form(&self.page(), button))
    }

    /// The number in hand.
    pub fn number(&self) -> String {
        between(&self.page(), "<p class=\"number\">", "</p>").to_owned()
    }
}

/// The text between two others; the whole is shown when they are not there.
pub fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("no {before:?} in {text}")).1;
    rest.split_once(after).unwrap_or_else(|| panic!("no {after:?} after {before:?} in {text}")).0
}

/// Reads server-sent events until one of this name, and gives its data.
pub fn next_event(stream: &mut BufReader<TcpStream>, name: &str) -> String {
    let (mut found, mut data, mut line) = (false, String::new(), String::new());
    loop {
        line.clear();
        assert_ne!(stream.read_line(&mut line).unwrap(), 0, "the stream ended before {name}");
        let text = line.trim_end();
        if text == format!("event: {name}") {
            found = true;
        } else if let Some(part) = text.strip_prefix("data: ").filter(|_| found) {
            data.push_str(part);
        } else if found && text.is_empty() {
            return data;
        }
    }
}
