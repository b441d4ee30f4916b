//! An officer at a counter of the machine's hall service, as a browser without scripts; and pages as anyone reads them.

use std::time::Duration;

use serde::Deserialize;
use ureq::Agent;
use ureq::http::Response;

/// Why an officer could not work.
#[derive(Debug, thiserror::Error)]
pub enum OfficerError {
    /// No answer.
    #[error("nobody answers at {address}")]
    NoAnswer {
        /// Where.
        address: String,
        /// Why.
        #[source]
        source: Box<ureq::Error>,
    },
    /// Counter and PIN do not fit.
    #[error("signing in at counter {counter} was answered with {status}")]
    SignIn {
        /// The counter.
        counter: u8,
        /// The answer.
        status: u16,
    },
    /// The rules or the page said no.
    #[error("{button} was answered with {answer}")]
    Refused {
        /// The button.
        button: String,
        /// The answer.
        answer: String,
    },
}

/// A signed-in officer.
pub struct Officer {
    agent: Agent,
    base: String,
    cookie: String,
}

#[derive(Deserialize)]
struct Said {
    outcome: String,
}

fn agent() -> Agent {
    let config = Agent::config_builder()
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(20)));
    config.build().into()
}

/// A page's text.
///
/// # Errors
/// When nobody answers.
pub fn page(address: &str) -> Result<String, OfficerError> {
    let failed = |source| OfficerError::NoAnswer { address: address.to_owned(), source: Box::new(source) };
    agent().get(address).call().map_err(failed)?.body_mut().read_to_string().map_err(failed)
}

impl Officer {
    /// Signs in at a counter; `base` is the hall service's address without a slash at its end.
    ///
    /// # Errors
    /// When the service does not answer or the PIN is wrong.
    pub fn sign_in(base: &str, counter: u8, pin: &str) -> Result<Self, OfficerError> {
        let mut officer = Self { agent: agent(), base: base.to_owned(), cookie: String::new() };
        let text = counter.to_string();
        let answer = officer.post("/quay/vao", &[("counter", &text), ("pin", pin)])?;
        let status = answer.status().as_u16();
        officer.keep_cookie(&answer);
        let is_in = status == 303 && !officer.cookie.is_empty();
        if is_in { Ok(officer) } else { Err(OfficerError::SignIn { counter, status }) }
    }

    /// Presses a button (`open`, `call`, `serve`, `finish`) and wants it done.
    ///
    /// # Errors
    /// When the service does not answer or refuses.
    pub fn press(&mut self, button: &str) -> Result<(), OfficerError> {
        let address = format!("{}/quay", self.base);
        let failed = |source| OfficerError::NoAnswer { address: address.clone(), source: Box::new(source) };
        let mut answer = self.agent.get(&address).header("cookie", &self.cookie).call().map_err(failed)?;
        let html = answer.body_mut().read_to_string().map_err(failed)?;
        self.keep_cookie(&answer);
        let [token, press, seen] =
            ["token", "press", "seen"].map(|name| hidden(&html, name).unwrap_or_default());
        let form = [("token", token.as_str()), ("press", &press), ("seen", &seen), ("do", button)];
        let mut answer = self.post("/quay/bam", &form)?;
        let text = answer.body_mut().read_to_string().unwrap_or_default();
        self.keep_cookie(&answer);
        match serde_json::from_str::<Said>(&text) {
            Ok(said) if said.outcome == "done" => Ok(()),
            Ok(_) | Err(_) => Err(OfficerError::Refused { button: button.to_owned(), answer: text }),
        }
    }

    fn post(&self, path: &str, form: &[(&str, &str)]) -> Result<Response<ureq::Body>, OfficerError> {
        let address = format!("{}{path}", self.base);
        let request = self.agent.post(&address).header("cookie", &self.cookie).header("x-press", "1");
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

/// A hidden field of the desk's form, the last one that carries a token.
fn hidden(html: &str, name: &str) -> Option<String> {
    let (_, desk) = html.split_once("id=\"desk\"")?;
    let (_, rest) = desk.split_once(&format!("name=\"{name}\" value=\""))?;
    rest.split_once('"').map(|(value, _)| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_desks_own_field_is_taken() {
        let html =
            "<input name=\"token\" value=\"other\"><form id=\"desk\"><input name=\"token\" value=\"t\">";
        assert_eq!(hidden(html, "token").as_deref(), Some("t"));
        assert_eq!(hidden(html, "seen"), None);
    }
}
