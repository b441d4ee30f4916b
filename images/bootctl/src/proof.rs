//! When a running system has proved itself. Time comes in as an argument.

use std::time::Duration;

use serde::Deserialize;

/// `/run/kiosk/health.json`, as the app writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Health {
    /// The home page has been drawn.
    pub first_frame: bool,
    /// The database opened and its check passed.
    pub database: bool,
    /// /data takes writes.
    pub data_writable: bool,
    /// What is known of the printer.
    pub printer: Printer,
}

/// What is known of the printer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Printer {
    /// It answers.
    Ready,
    /// There is none, and the kiosk knows it.
    Absent,
    /// It answers with a fault: paper, cover, cutter.
    Fault,
    /// It has not been asked yet.
    #[serde(other)]
    Unknown,
}

impl Health {
    /// The health in these bytes; `None` if they are none.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    // What is missing, in the order in which the app comes up.
    fn missing(self) -> Option<&'static str> {
        if !self.data_writable {
            Some("/data does not take writes")
        } else if !self.database {
            Some("the database did not open")
        } else if !self.first_frame {
            Some("no first frame was drawn")
        } else if self.printer == Printer::Unknown {
            Some("nothing is known of the printer")
        } else {
            None
        }
    }
}

/// How long a proof may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From the start of the check to the last moment at which everything may become well.
    pub deadline: Duration,
    /// How long everything has to stay well: an app that starts, draws and dies proves nothing.
    pub steady: Duration,
}

/// What an observation leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Look again later.
    Wait,
    /// It has proved itself.
    Proven,
    /// It has not, for this reason.
    Failed(String),
}

/// A proof under way.
#[derive(Clone, Debug)]
pub struct Proof {
    limits: Limits,
    well_since: Option<Duration>,
    lost: bool,
}

impl Proof {
    /// Starts at time zero.
    pub fn new(limits: Limits) -> Self {
        Self { limits, well_since: None, lost: false }
    }

    /// Takes in what the app says at `now` (since the start); `None`: it says nothing.
    pub fn observe(&mut self, now: Duration, health: Option<Health>) -> Verdict {
        let missing = health.map_or(Some("the app says nothing of its health"), Health::missing);
        let Some(missing) = missing else {
            let since = *self.well_since.get_or_insert(now);
            if now.saturating_sub(since) >= self.limits.steady {
                return Verdict::Proven;
            }
            // What became well in time may show that it stays so.
            return if since > self.limits.deadline {
                self.failed("everything was well too late")
            } else {
                Verdict::Wait
            };
        };
        self.lost |= self.well_since.take().is_some();
        if now >= self.limits.deadline { self.failed(missing) } else { Verdict::Wait }
    }

    fn failed(&self, what: &str) -> Verdict {
        let again = if self.lost { ", after it had been well: the app stops again and again" } else { "" };
        Verdict::Failed(format!("{what} within {} s{again}", self.limits.deadline.as_secs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { deadline: Duration::from_secs(60), steady: Duration::from_secs(10) };
    const WELL: Option<Health> =
        Some(Health { first_frame: true, database: true, data_writable: true, printer: Printer::Ready });

    fn at(observations: &[(u64, Option<Health>)]) -> Verdict {
        let mut proof = Proof::new(LIMITS);
        let mut verdict = Verdict::Wait;
        for (secs, health) in observations {
            assert_eq!(verdict, Verdict::Wait, "decided before {secs} s");
            verdict = proof.observe(Duration::from_secs(*secs), *health);
        }
        verdict
    }

    #[test]
    fn what_is_well_and_stays_well_is_proven() {
        assert_eq!(at(&[(0, None), (5, WELL), (14, WELL)]), Verdict::Wait);
        assert_eq!(at(&[(0, None), (5, WELL), (14, WELL), (15, WELL)]), Verdict::Proven);
        assert_eq!(at(&[(59, WELL), (69, WELL)]), Verdict::Proven);
    }

    #[test]
    fn an_app_that_comes_and_goes_never_proves_itself() {
        let rows = [(5, WELL), (14, None), (20, WELL), (29, None), (60, None)];
        assert_eq!(
            at(&rows),
            Verdict::Failed(
                "the app says nothing of its health within 60 s, after it had been well: the app stops again and again".to_owned()
            )
        );
    }

    #[test]
    fn each_missing_part_is_named() {
        let well = WELL.unwrap();
        let rows = [
            (None, "the app says nothing of its health within 60 s"),
            (
                Some(Health { data_writable: false, first_frame: false, ..well }),
                "/data does not take writes within 60 s",
            ),
            (Some(Health { database: false, ..well }), "the database did not open within 60 s"),
            (Some(Health { first_frame: false, ..well }), "no first frame was drawn within 60 s"),
            (
                Some(Health { printer: Printer::Unknown, ..well }),
                "nothing is known of the printer within 60 s",
            ),
        ];
        for (health, reason) in rows {
            assert_eq!(at(&[(59, health), (60, health)]), Verdict::Failed(reason.to_owned()));
        }
    }

    #[test]
    fn a_printer_that_is_known_absent_or_at_fault_is_no_reason_to_go_back() {
        for printer in [Printer::Ready, Printer::Absent, Printer::Fault] {
            let health = WELL.map(|well| Health { printer, ..well });
            assert_eq!(at(&[(0, health), (10, health)]), Verdict::Proven, "{printer:?}");
        }
    }

    #[test]
    fn the_words_of_the_app_are_read_and_anything_else_is_silence() {
        let text = br#"{"version":"0.1.0","first_frame":true,"database":true,"data_writable":true,"printer":"ready"}"#;
        assert_eq!(Health::parse(text), WELL);
        let later =
            br#"{"first_frame":true,"database":true,"data_writable":true,"printer":"warming","more":1}"#;
        assert_eq!(Health::parse(later).map(|health| health.printer), Some(Printer::Unknown));
        for bytes in [&b""[..], b"{", b"{}", b"\xff"] {
            assert_eq!(Health::parse(bytes), None);
        }
    }
}
