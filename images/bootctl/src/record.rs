//! What the boot control remembers from one boot to the next, in `/data/boot/state.json`.

use serde::{Deserialize, Serialize};

use crate::slot::Slot;

/// Everything remembered. A record that is lost or does not parse counts as the default one: the firmware's own words and
/// autoboot.txt still say which slot runs and which is booted next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Slot A.
    pub a: SlotRecord,
    /// Slot B.
    pub b: SlotRecord,
    /// How far an update has come.
    pub phase: Phase,
}

/// What is known of one slot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotRecord {
    /// Whether what is in it has proved itself.
    pub state: SlotState,
    /// The version that was installed into it, where an update did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// RAUC's word for a slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotState {
    /// It has booted and passed its health check.
    Good,
    /// It has not proved itself: never installed, half written, or failed on trial.
    #[default]
    Bad,
}

/// How far an update has come.
///
/// ```text
///              install                 rauc: set-primary           restart with tryboot
///   Idle ───────────────► Writing ───────────────► Written ───────────────► Armed
///    ▲                       │                        │                       │
///    │◄── refused, cut off ──┘◄────── cut off ────────┘                       │
///    │                                                                        │
///    │◄── fell_back: the old slot runs and the trial never got that far ──────┤
///    │                                                     the new slot runs  │
///    │                                                                        ▼
///    │◄── fell_back: the old slot runs ─────────────────────────────────── Proving
///    └◄── committed: health proved, autoboot.txt swapped ──────────────────────┘
/// ```
///
/// autoboot.txt is written in one place of this picture: on the way from Proving to Idle, when both slots boot. Where the
/// default slot does not start, it is written before Writing too, to the slot that runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum Phase {
    /// No update is under way.
    #[default]
    Idle,
    /// RAUC writes the other slot.
    Writing {
        /// What the request calls it.
        version: String,
        /// How often it was begun: for an installation that each time takes the machine down.
        attempts: u8,
    },
    /// The other slot is whole; the restart into it has not been asked for.
    Written {
        /// That slot.
        slot: Slot,
        /// What is in it, if a request said so.
        version: Option<String>,
        /// How often the installation was begun.
        attempts: u8,
    },
    /// The next boot is a trial.
    Armed {
        /// The slot to be tried.
        slot: Slot,
        /// What is in it, if known.
        version: Option<String>,
        /// The boot in which the trial was asked for.
        boot: String,
    },
    /// The new slot runs on trial.
    Proving {
        /// That slot.
        slot: Slot,
        /// What is in it, if known.
        version: Option<String>,
        /// The boot in which it runs.
        boot: String,
        /// Why it gave up.
        failure: Option<String>,
    },
}

impl Record {
    /// What is known of `slot`.
    pub fn slot(&self, slot: Slot) -> &SlotRecord {
        match slot {
            Slot::A => &self.a,
            Slot::B => &self.b,
        }
    }

    fn slot_mut(&mut self, slot: Slot) -> &mut SlotRecord {
        match slot {
            Slot::A => &mut self.a,
            Slot::B => &mut self.b,
        }
    }

    /// The same record in another phase.
    #[must_use]
    pub fn in_phase(&self, phase: Phase) -> Self {
        Self { phase, ..self.clone() }
    }

    /// The same record with another word on `slot`.
    #[must_use]
    pub fn with_state(&self, slot: Slot, state: SlotState) -> Self {
        let mut record = self.clone();
        record.slot_mut(slot).state = state;
        record
    }

    /// The same record with another version in `slot`.
    #[must_use]
    pub fn with_version(&self, slot: Slot, version: Option<String>) -> Self {
        let mut record = self.clone();
        record.slot_mut(slot).version = version;
        record
    }

    /// The bytes of the file.
    ///
    /// # Errors
    /// None that a record can cause; serde_json's type says there could be.
    pub fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// The record in these bytes; `None` if they are none.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

/// `/data/boot/outcome.json`: the last word on an update, for the app, the district and a technician.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// What became of it.
    pub state: OutcomeState,
    /// The version it was about; empty where nobody told.
    pub version: String,
    /// The slot it was about.
    pub slot: Slot,
    /// In plain words, for a person; empty where the state says it all.
    pub reason: String,
    /// The boot (kernel's boot id) that is judged; it stays the same when a cut makes the boot control say it again.
    pub at_boot: String,
}

/// What became of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeState {
    /// The other slot is being written.
    Installing,
    /// Nothing was tried: the reason says why.
    Refused,
    /// The new slot is booted next, or runs and has not proved itself yet.
    Trial,
    /// The new slot has proved itself and is booted from now on.
    Committed,
    /// The old slot is back, and stays.
    FellBack,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phase_is_read_back_as_it_was_written() {
        let version = Some("1.2.3".to_owned());
        let boot = "0d7d".to_owned();
        for phase in [
            Phase::Idle,
            Phase::Writing { version: "1".to_owned(), attempts: 2 },
            Phase::Written { slot: Slot::B, version: None, attempts: 1 },
            Phase::Armed { slot: Slot::B, version: version.clone(), boot: boot.clone() },
            Phase::Proving {
                slot: Slot::A,
                version: version.clone(),
                boot,
                failure: Some("no frame".to_owned()),
            },
        ] {
            let record = Record::default()
                .in_phase(phase)
                .with_state(Slot::A, SlotState::Good)
                .with_version(Slot::B, version.clone());
            assert_eq!(Record::parse(&record.encode().unwrap()), Some(record));
        }
    }

    #[test]
    fn a_torn_record_counts_as_none() {
        for bytes in [&b""[..], b"{", b"\0\0\0\0", b"{\"a\":1}"] {
            assert_eq!(Record::parse(bytes), None);
        }
    }

    #[test]
    fn the_outcome_reads_as_the_app_expects_it() {
        let outcome = Outcome {
            state: OutcomeState::FellBack,
            version: "1.2.3".to_owned(),
            slot: Slot::B,
            reason: "no first frame".to_owned(),
            at_boot: "0d7d".to_owned(),
        };
        let text = serde_json::to_string(&outcome).unwrap();
        assert_eq!(
            text,
            r#"{"state":"fell_back","version":"1.2.3","slot":"B","reason":"no first frame","at_boot":"0d7d"}"#
        );
    }
}
