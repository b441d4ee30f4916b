//! What a scenario is and how its end is told.

use std::time::Duration;

use serde_json::{Value, json};

/// Something that is tried, and what was measured while it held.
#[derive(Clone, Copy)]
pub struct Scenario {
    /// A sentence.
    pub name: &'static str,
    /// Plugs what it needs, and unplugs it again.
    pub run: fn() -> Result<Value, Failure>,
}

/// Why a scenario did not hold.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The rig itself does not work.
    #[error("{what}: {source}")]
    Rig {
        /// What was tried.
        what: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Something did not come in time.
    #[error("waited {limit_ms} ms in vain for {what}")]
    Late {
        /// What was waited for.
        what: String,
        /// How long.
        limit_ms: u128,
    },
    /// Something came out otherwise than it must.
    #[error("{0}")]
    Wrong(String),
}

impl Failure {
    /// Names what was tried when the system refused it.
    pub fn rig(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Rig { what, source }
    }
}

/// Fails with what is wrong unless `is_so`.
pub fn must(is_so: bool, wrong: impl FnOnce() -> String) -> Result<(), Failure> {
    if is_so { Ok(()) } else { Err(Failure::Wrong(wrong())) }
}

/// The line of a scenario in the report. `run.sh` relies on the order of its fields.
pub fn line(name: &str, took: Duration, result: Result<Value, Failure>) -> String {
    let (name, took) = (json!(name), took.as_millis());
    match result {
        Ok(facts) => format!(r#"{{"scenario":{name},"ok":true,"ms":{took},"facts":{facts}}}"#),
        Err(failure) => {
            let error = json!(failure.to_string());
            format!(r#"{{"scenario":{name},"ok":false,"ms":{took},"error":{error}}}"#)
        }
    }
}
