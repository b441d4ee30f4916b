//! An officer at a counter, as a browser without scripts: signs in, looks at the console, presses its buttons.

use std::time::Duration;

use serde::Deserialize;
use ureq::Agent;
use ureq::http::Response;

use crate::clock::{self, TooLate};

/// How long a press is repeated for, over restarts of the kiosk.
const PATIENCE: Duration = Duration::from_secs(20);

/// Why an officer could not work.
#[derive(Debug, thiserror::Error)]
pub enum OfficerError {
    /// The hall service does not answer.
    #[error("hall service does not answer at {address}")]
    NoAnswer {
        /// Where.
        address: String,
        /// Why.
        #[source]
        source: Box<ureq::Error>,
    },
    /// Counter and PIN do not fit.
    #[error("counter {counter}: signing in was answered with {status}")]
    SignIn {
        /// The counter.
        counter: u8,
        /// The answer.
        status: u16,
    },
    /// The console lacks something.
    #[error("counter {counter}: the console has no {what}")]
    Missing {
        /// The counter.
        counter: u8,
        /// What is not there.
        what: String,
    },
    /// The rules said no.
    #[error("counter {counter}: {button} was answered with {outcome}")]
    Refused {
        /// The counter.
        counter: u8,
        /// The button.
        button: String,
        /// The outcome's name.
        outcome: String,
    },
    /// No answer, however often it was pressed.
    #[error("counter {counter}: the hall service stays away")]
    Away {
        /// The counter.
        counter: u8,
        /// For how long.
        #[source]
        source: TooLate,
    },
}

/// A signed-in officer.
#[derive(Clone, Debug)]
pub struct Officer {
    agent: Agent,
    base: String,
    counter: u8,
    cookie: String,
}

/// The console as it stands.
#[derive(Clone, Debug)]
pub struct Console {
    counter: u8,
    html: String,
}

#[derive(Deserialize)]
struct Said {
    outcome: String,
    may_repeat: bool,
}

/// A client that follows nothing by itself and gives every status back.
pub fn agent() -> Agent {
    let config = Agent::config_builder()
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(8)));
    config.build().into()
}

impl Officer {
    /// Signs in at a counter; `base` is the hall service's address without a slash at its end.
    ///
    /// # Errors
    /// When the service does not answer or the PIN is wrong.
    pub fn sign_in(base: &str, counter: u8, pin: &str) -> Result<Self, OfficerError> {
        let mut officer = Self { agent: agent(), base: base.to_owned(), counter, cookie: String::new() };
        let counter_text = counter.to_string();
        let form = [("counter", counter_text.as_str()), ("pin", pin)];
        let answer = officer.post("/quay/vao", &form, false)?;
        let status = answer.status().as_u16();
        officer.keep_cookie(&answer);
        if status != 303 || officer.cookie.is_empty() {
            return Err(OfficerError::SignIn { counter, status });
        }
        Ok(officer)
    }

    /// The counter's number.
    pub fn counter(&self) -> u8 {
        self.counter
    }

    /// Looks at the console.
    ///
    /// # Errors
    /// When the service does not answer.
    pub fn look(&mut self) -> Result<Console, OfficerError> {
        let address = format!("{}/quay", self.base);
        let no_answer =
            |source| OfficerError::NoAnswer { address: address.clone(), source: Box::new(source) };
        let mut answer = self.agent.get(&address).header("cookie", &self.cookie).call().map_err(no_answer)?;
        self.keep_cookie(&answer);
        let html = answer.body_mut().read_to_string().map_err(no_answer)?;
        Ok(Console { counter: self.counter, html })
    }

    /// Presses a button (`call`, `serve`, `to-counter:3`) and gives the outcome's name. A press that got no answer is
    /// repeated with the same key, also over a restart of the kiosk: it counts once.
    ///
    /// # Errors
    /// When the service stays away or the console is not that of a signed-in officer.
    pub fn try_press(&mut self, button: &str) -> Result<String, OfficerError> {
        let away = |source| OfficerError::Away { counter: self.counter, source };
        let mut eyes = self.clone();
        let console = clock::until("the console", PATIENCE, || {
            eyes.look().ok().filter(|console| console.hidden("press").is_ok())
        });
        let console = console.map_err(away)?;
        self.cookie = eyes.cookie;
        let fields = [console.hidden("token")?, console.hidden("press")?, console.hidden("seen")?];
        let [token, press, seen] = &fields;
        let form =
            [("token", token.as_str()), ("press", press.as_str()), ("seen", seen.as_str()), ("do", button)];
        let said = clock::until("an answer to a press", PATIENCE, || {
            let mut answer = self.post("/quay/bam", &form, true).ok()?;
            self.keep_cookie(&answer);
            let said: Said = serde_json::from_str(&answer.body_mut().read_to_string().ok()?).ok()?;
            (!said.may_repeat).then_some(said)
        });
        let counter = self.counter;
        said.map(|said| said.outcome).map_err(|source| OfficerError::Away { counter, source })
    }

    /// Presses a button and wants it done.
    ///
    /// # Errors
    /// As `try_press`, and when the outcome is anything but done.
    pub fn press(&mut self, button: &str) -> Result<(), OfficerError> {
        let outcome = self.try_press(button)?;
        if outcome == "done" {
            return Ok(());
        }
        Err(OfficerError::Refused { counter: self.counter, button: button.to_owned(), outcome })
    }

    /// Calls the next person; none when nobody waits.
    ///
    /// # Errors
    /// As `press`.
    pub fn call(&mut self) -> Result<Option<String>, OfficerError> {
        let outcome = self.try_press("call")?;
        match outcome.as_str() {
            "done" => self.look()?.in_hand().map(Some),
            "nobody-waits" => Ok(None),
            _ => Err(OfficerError::Refused { counter: self.counter, button: "call".to_owned(), outcome }),
        }
    }

    fn post(
        &self,
        path: &str,
        form: &[(&str, &str)],
        by_script: bool,
    ) -> Result<Response<ureq::Body>, OfficerError> {
        let address = format!("{}{path}", self.base);
        let mut request = self.agent.post(&address).header("cookie", &self.cookie);
        if by_script {
            request = request.header("x-press", "1");
        }
        let sent = request.send_form(form.iter().copied());
        sent.map_err(|source| OfficerError::NoAnswer { address, source: Box::new(source) })
    }

    fn keep_cookie(&mut self, answer: &Response<ureq::Body>) {
        let set = answer.headers().get("set-cookie").and_then(|value| value.to_str().ok());
        if let Some(pair) = set.and_then(|line| line.split(';').next()).filter(|pair| !pair.ends_with('=')) {
            pair.clone_into(&mut self.cookie);
        }
    }
}

impl Console {
    /// The number in hand.
    ///
    /// # Errors
    /// When the counter has none.
    pub fn in_hand(&self) -> Result<String, OfficerError> {
        let number = between(&self.html, "<p class=\"number\">", "</p>");
        let number = number.filter(|number| number.chars().any(|letter| letter.is_ascii_digit()));
        number.map(str::to_owned).ok_or_else(|| self.missing("number in hand"))
    }

    /// The value of a button that ends so (`reprint:2026-06-12/ho-tich/12` for `reprint` and `ho-tich/12`).
    ///
    /// # Errors
    /// When there is none.
    pub fn button(&self, word: &str, end: &str) -> Result<String, OfficerError> {
        let values = self.html.split(" value=\"").skip(1).filter_map(|rest| rest.split('"').next());
        let found =
            values.clone().find(|value| value.split(':').next() == Some(word) && value.ends_with(end));
        found.map(str::to_owned).ok_or_else(|| self.missing(&format!("button {word}..{end}")))
    }

    /// The page's text as it came.
    pub fn html(&self) -> &str {
        &self.html
    }

    fn hidden(&self, name: &str) -> Result<String, OfficerError> {
        // The desk's form is the last that carries a token; signing out has one of its own.
        let (_, desk) = self.html.split_once("id=\"desk\"").ok_or_else(|| self.missing("form"))?;
        let field = format!("name=\"{name}\" value=\"");
        between(desk, &field, "\"").map(str::to_owned).ok_or_else(|| self.missing(name))
    }

    fn missing(&self, what: &str) -> OfficerError {
        OfficerError::Missing { counter: self.counter, what: what.to_owned() }
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(found, _)| found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn console(html: &str) -> Console {
        Console { counter: 1, html: html.to_owned() }
    }

    #[test]
    fn a_console_tells_number_and_fields() {
        let shown = console(
            "<input name=\"token\" value=\"other\"><form id=\"desk\"><input name=\"token\" value=\"t\">\
             <input name=\"seen\" value=\"\"><p class=\"number\">A012</p><button name=\"do\" value=\"reprint:2026/a/7\">",
        );
        assert_eq!(shown.in_hand().unwrap(), "A012");
        assert_eq!(shown.hidden("token").unwrap(), "t");
        assert_eq!(shown.hidden("seen").unwrap(), "");
        assert_eq!(shown.button("reprint", "/a/7").unwrap(), "reprint:2026/a/7");
        assert!(shown.button("reprint", "/a/8").is_err());
        assert!(console("<form id=\"desk\"><p class=\"number\">– – –</p>").in_hand().is_err());
    }
}
