//! What a technician is told.

use serde::Serialize;

use crate::control::Known;
use crate::record::{Outcome, OutcomeState, Phase, SlotState};
use crate::slot::Slot;
use crate::states;

/// The state of the boot control at one moment.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// The slot that runs.
    pub running: Slot,
    /// The slot that is booted by default.
    pub default: Slot,
    /// Whether this boot was a trial for the firmware.
    pub tryboot: bool,
    /// Slot A.
    pub a: SlotStatus,
    /// Slot B.
    pub b: SlotStatus,
    /// How far an update has come.
    #[serde(flatten)]
    pub phase: Phase,
    /// The last word on an update.
    pub outcome: Option<Outcome>,
    /// What is not as it should be, with a remedy; empty when all is well.
    pub remedies: Vec<String>,
}

/// One slot of a [`Status`].
#[derive(Clone, Debug, Serialize)]
pub struct SlotStatus {
    /// Whether it has proved itself.
    pub state: SlotState,
    /// Its version, where it is known.
    pub version: Option<String>,
}

impl Status {
    /// Puts together what is known. `running_version`: what the running system says of itself.
    pub fn of(known: &Known, running_version: Option<String>, cannot_try: Option<String>) -> Self {
        let (record, seen) = (&known.record, &known.seen);
        let slot = |slot: Slot| SlotStatus {
            state: record.slot(slot).state,
            version: running_version
                .clone()
                .filter(|_| slot == seen.slot)
                .or_else(|| record.slot(slot).version.clone()),
        };
        let mut remedies: Vec<String> =
            states::mismatch(record, seen, known.outcome.as_ref()).into_iter().collect();
        if seen.copy.is_none() {
            remedies.push("the copy of autoboot.txt is missing; remedy: kiosk-bootctl repair".to_owned());
        }
        remedies.extend(cannot_try);
        remedies.extend(known.outcome.as_ref().and_then(remedy));
        Self {
            running: seen.slot,
            default: seen.default_slot(record),
            tryboot: seen.tryboot,
            a: slot(Slot::A),
            b: slot(Slot::B),
            phase: record.phase.clone(),
            outcome: known.outcome.clone(),
            remedies,
        }
    }

    /// The same for a person, a line a fact.
    pub fn text(&self) -> String {
        let mut lines = vec![
            format!("running  slot {}{}", self.running, if self.tryboot { ", by tryboot" } else { "" }),
            format!("default  slot {}", self.default),
        ];
        for (name, slot) in [("A", &self.a), ("B", &self.b)] {
            let state = match slot.state {
                SlotState::Good => "good",
                SlotState::Bad => "not proven",
            };
            let version = slot.version.as_deref().unwrap_or("unknown");
            lines.push(format!("slot {name}   {state}, version {version}"));
        }
        lines.push(format!("update   {}", phase(&self.phase)));
        lines.push(format!("last     {}", self.outcome.as_ref().map_or("no update yet".to_owned(), told)));
        lines.extend(self.remedies.iter().map(|remedy| format!("look at  {remedy}")));
        lines.push(String::new());
        lines.join("\n")
    }
}

fn phase(phase: &Phase) -> String {
    match phase {
        Phase::Idle => "none under way".to_owned(),
        Phase::Writing { version, attempts } => format!("writing version {version}, attempt {attempts}"),
        Phase::Written { slot, .. } => {
            format!("slot {slot} is written and waits to be tried (kiosk-bootctl try)")
        }
        Phase::Armed { slot, .. } => format!("the next boot tries slot {slot}"),
        Phase::Proving { slot, .. } => format!("slot {slot} is on trial"),
    }
}

fn told(outcome: &Outcome) -> String {
    let state = match outcome.state {
        OutcomeState::Installing => "installing",
        OutcomeState::Refused => "refused",
        OutcomeState::Trial => "on trial",
        OutcomeState::Committed => "committed",
        OutcomeState::FellBack => "fell back",
    };
    let version = if outcome.version.is_empty() { "unknown" } else { &outcome.version };
    let reason = if outcome.reason.is_empty() { String::new() } else { format!(": {}", outcome.reason) };
    format!("{state}, version {version} in slot {}{reason}", outcome.slot)
}

fn remedy(outcome: &Outcome) -> Option<String> {
    match outcome.state {
        OutcomeState::Installing | OutcomeState::Trial | OutcomeState::Committed => None,
        OutcomeState::Refused => {
            Some("the last update was refused; remedy: by the reason above, then stage a bundle again".to_owned())
        }
        // No update's fault: the reason says what to do.
        OutcomeState::FellBack if outcome.reason.contains("remedy: ") => Some(outcome.reason.clone()),
        OutcomeState::FellBack => Some(
            "the last update fell back; remedy: journalctl of the trial is gone with it, so try the bundle on a bench kiosk, then stage it again".to_owned(),
        ),
    }
}

/// The version in os-release: `IMAGE_VERSION`, else `VERSION_ID`.
pub fn image_version(os_release: &str) -> Option<String> {
    let value = |name: &str| {
        os_release
            .lines()
            .filter_map(|line| line.split_once('='))
            .find_map(|(key, value)| (key == name).then(|| value.trim_matches(['"', '\'']).to_owned()))
    };
    value("IMAGE_VERSION").or_else(|| value("VERSION_ID"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;
    use crate::states::Seen;

    fn known() -> Known {
        let seen = Seen {
            slot: Slot::A,
            tryboot: false,
            autoboot: Some(Slot::A),
            copy: Some(Slot::A),
            boot: "b1".to_owned(),
            request: false,
        };
        Known { record: Record::default().with_state(Slot::A, SlotState::Good), seen, outcome: None }
    }

    #[test]
    fn a_healthy_kiosk_reads_short() {
        let status = Status::of(&known(), Some("0.2.0".to_owned()), None);
        assert_eq!(
            status.text(),
            "running  slot A\ndefault  slot A\nslot A   good, version 0.2.0\nslot B   not proven, version unknown\n\
             update   none under way\nlast     no update yet\n"
        );
        assert!(status.remedies.is_empty());
    }

    #[test]
    fn what_is_wrong_comes_with_a_remedy() {
        let mut known = known();
        known.seen.autoboot = None;
        known.seen.copy = None;
        known.outcome = Some(Outcome {
            state: OutcomeState::FellBack,
            version: "0.3.0".to_owned(),
            slot: Slot::B,
            reason: "no first frame was drawn within 120 s".to_owned(),
            at_boot: "b0".to_owned(),
        });
        let status = Status::of(&known, None, Some("no mailbox; remedy: another kernel".to_owned()));
        assert_eq!(status.remedies.len(), 4);
        assert!(status.remedies.iter().all(|line| line.contains("remedy: ")), "{:?}", status.remedies);
        assert!(
            status
                .text()
                .contains("fell back, version 0.3.0 in slot B: no first frame was drawn within 120 s"),
            "{}",
            status.text()
        );
    }

    #[test]
    fn a_slot_that_took_over_is_no_update_that_fell_back() {
        let mut known = known();
        known.outcome = Some(Outcome {
            state: OutcomeState::FellBack,
            version: String::new(),
            slot: Slot::B,
            reason: "slot B did not start; slot A took over and stays; remedy: order an update".to_owned(),
            at_boot: "b0".to_owned(),
        });
        let remedies = Status::of(&known, None, None).remedies;
        assert_eq!(remedies, [known.outcome.unwrap().reason]);
    }

    #[test]
    fn the_version_of_the_image_is_read_before_the_distributions() {
        assert_eq!(image_version("VERSION_ID=\"13\"\nIMAGE_VERSION='0.2.0'\n").as_deref(), Some("0.2.0"));
        assert_eq!(image_version("NAME=x\nVERSION_ID=\"13\"\n").as_deref(), Some("13"));
        assert_eq!(image_version("broken"), None);
    }
}
