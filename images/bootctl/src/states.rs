//! Every decision of the boot control: what is known and what happened in, what to do in which order out. No I/O here.
//!
//! Three rules hold the rest together:
//! 1. autoboot.txt changes only once the other slot has proved itself, so whichever of its two contents is read, that slot boots;
//!    or to the slot that runs already, where the default one does not start and is to be written anew.
//! 2. A step that tells comes before the step that forgets: a cut between the two makes the next boot tell it again.
//! 3. A request is dropped before the restart that it asked for, so no bundle is tried twice by itself.

use crate::record::{Outcome, OutcomeState, Phase, Record, SlotState};
use crate::slot::Slot;

/// After so many installations that never ended (the machine went down in each) the request is refused.
pub const ATTEMPTS: u8 = 3;

/// What is seen from outside: the firmware's words and the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The slot whose boot partition the firmware took.
    pub slot: Slot,
    /// Whether the firmware was asked for a trial.
    pub tryboot: bool,
    /// The default slot of autoboot.txt; `None` where the file is missing or damaged.
    pub autoboot: Option<Slot>,
    /// The default slot of the copy on /data.
    pub copy: Option<Slot>,
    /// The kernel's id of this boot.
    pub boot: String,
    /// Whether somebody asks for an installation.
    pub request: bool,
}

/// What this boot is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The default slot, with nothing to prove.
    Settled,
    /// A new slot that has to prove itself.
    Trial,
    /// The other slot by tryboot without an update: the initramfs could not open the default one's system. It stays once it
    /// has proved itself, and runs on if it does not: there is no better one to go back to.
    Rescue,
    /// The other slot without any reason that is known here.
    Stray,
}

/// One thing to do. They are done in order, and none after one that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Write autoboot.txt, so that this slot is booted by default.
    Select(Slot),
    /// Write the same to the copy on /data.
    Copy(Slot),
    /// Write the outcome.
    Tell(Outcome),
    /// Write the record.
    Keep(Record),
    /// Remove the request.
    DropRequest,
    /// Make the next boot a trial of the other slot.
    Arm,
    /// Take that back.
    Disarm,
    /// Restart.
    Restart {
        /// Into the trial.
        tryboot: bool,
    },
}

/// Why something is not done, in words for the one who asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A trial runs.
    #[error("slot {0} is on trial: its health check decides, wait until it has")]
    OnTrial(Slot),
    /// A trial is about to start.
    #[error("slot {0} is about to be tried: the kiosk restarts into it now")]
    RestartPending(Slot),
    /// The running slot is not the default one.
    #[error("slot {running} runs, but autoboot.txt names slot {default}: restart first, then ask again")]
    NotDefault {
        /// The one that runs.
        running: Slot,
        /// The one that autoboot.txt names.
        default: Slot,
    },
    /// The default slot cannot be marked bad.
    #[error("slot {0} is the one that boots: it stays good until the other one has proved itself")]
    DefaultStays(Slot),
    /// Too many installations that never ended.
    #[error(
        "the installation was cut off {0} times: check power supply and card, then ask for the update again"
    )]
    CutOff(u8),
    /// Nothing was installed that could be tried.
    #[error("nothing is installed that could be tried: install a bundle first")]
    NothingToTry,
}

impl Seen {
    /// The slot that is booted by default. Where autoboot.txt and its copy are both lost: the one that an update has not
    /// touched, or the one that runs.
    pub fn default_slot(&self, record: &Record) -> Slot {
        self.autoboot.or(self.copy).unwrap_or_else(|| match &record.phase {
            Phase::Written { slot, .. } | Phase::Armed { slot, .. } | Phase::Proving { slot, .. } => {
                slot.other()
            }
            Phase::Idle | Phase::Writing { .. } if self.tryboot => self.slot.other(),
            Phase::Idle | Phase::Writing { .. } => self.slot,
        })
    }

    fn outcome(&self, state: OutcomeState, slot: Slot, version: Option<&str>, reason: &str) -> Outcome {
        Outcome {
            state,
            version: version.unwrap_or_default().to_owned(),
            slot,
            reason: reason.to_owned(),
            at_boot: self.boot.clone(),
        }
    }
}

/// What this boot is, by record and firmware.
pub fn role(record: &Record, seen: &Seen) -> Role {
    match &record.phase {
        // It gave up in an earlier boot and is here again: the slot that it went back to did not start.
        Phase::Proving { slot, boot, failure: Some(_), .. }
            if *slot == seen.slot && *boot != seen.boot && seen.tryboot =>
        {
            Role::Rescue
        }
        Phase::Armed { slot, .. } | Phase::Proving { slot, .. } if *slot == seen.slot => Role::Trial,
        Phase::Idle
        | Phase::Writing { .. }
        | Phase::Written { .. }
        | Phase::Armed { .. }
        | Phase::Proving { .. } => {
            if seen.slot == seen.default_slot(record) {
                Role::Settled
            } else if seen.tryboot {
                Role::Rescue
            } else {
                Role::Stray
            }
        }
    }
}

/// The record as it must have been where it was lost while an update was under way: the outcome is another file, and tells.
/// Without this the app would wait for an end that nobody tells any more, and no update would ever follow.
pub fn recalled(record: &Record, seen: &Seen, last: Option<&Outcome>) -> Record {
    let Some(last) = last.filter(|_| record.phase == Phase::Idle) else { return record.clone() };
    let version = Some(last.version.clone()).filter(|version| !version.is_empty());
    let (slot, boot) = (last.slot, last.at_boot.clone());
    match last.state {
        OutcomeState::Installing => {
            record.in_phase(Phase::Writing { version: last.version.clone(), attempts: 1 })
        }
        OutcomeState::Trial if slot == seen.slot => record.in_phase(Phase::Armed { slot, version, boot }),
        OutcomeState::Trial => {
            let failure = Some(format!("what was known of the trial of slot {slot} was lost with it"));
            record.in_phase(Phase::Proving { slot, version, boot, failure })
        }
        OutcomeState::Refused | OutcomeState::Committed | OutcomeState::FellBack => record.clone(),
    }
}

/// Where the firmware did something else than autoboot.txt and the record led to expect, in words with a remedy. `last`: the
/// last word on an update; what was committed in this boot is the default slot by now, and was rightly booted by tryboot.
pub fn mismatch(record: &Record, seen: &Seen, last: Option<&Outcome>) -> Option<String> {
    let default = seen.default_slot(record);
    let slot = seen.slot;
    match role(record, seen) {
        Role::Settled if seen.autoboot.is_none() => Some(
            "autoboot.txt is missing or damaged; remedy: kiosk-bootctl repair writes it from its copy"
                .to_owned(),
        ),
        Role::Settled if last.is_some_and(|last| last.at_boot == seen.boot) => None,
        Role::Settled if seen.tryboot => Some(format!(
            "the firmware says tryboot, yet booted slot {slot}, the default one; remedy: update the board's bootloader (EEPROM)"
        )),
        Role::Settled => None,
        Role::Trial if seen.tryboot => None,
        Role::Trial => Some(format!(
            "slot {slot} is on trial, yet the firmware does not say tryboot; remedy: none needed if it proves itself, else look at autoboot.txt"
        )),
        Role::Rescue => Some(format!(
            "slot {slot} runs by tryboot without an update: slot {default} did not start; remedy: install the update again"
        )),
        Role::Stray => Some(format!(
            "the firmware booted slot {slot}, though autoboot.txt names slot {default}; remedy: restart, and if it stays so order an update"
        )),
    }
}

/// A boot has come far enough to look at its files: judges the last update and repairs autoboot.txt.
pub fn booted(record: &Record, seen: &Seen) -> Vec<Action> {
    let default = seen.default_slot(record);
    let mut actions = Vec::new();
    if seen.autoboot.is_none() {
        actions.push(Action::Select(default));
    }
    if seen.copy != Some(default) {
        actions.push(Action::Copy(default));
    }
    actions.extend(judged(record, seen, default));
    actions
}

fn judged(record: &Record, seen: &Seen, default: Slot) -> Vec<Action> {
    match &record.phase {
        Phase::Idle => Vec::new(),
        // The request is still there: the installation starts again by itself.
        Phase::Writing { .. } | Phase::Written { .. } if seen.request => Vec::new(),
        Phase::Writing { version, .. } => {
            let reason = "the installation was cut off";
            refused(&record.in_phase(Phase::Idle), seen, Some(version), reason)
        }
        Phase::Written { version, .. } => {
            let reason = "the new system was written, but the kiosk restarted before it was tried";
            refused(&record.in_phase(Phase::Idle), seen, version.as_deref(), reason)
        }
        Phase::Armed { slot, version, .. } if *slot == seen.slot => {
            let (slot, version, boot) = (*slot, version.clone(), seen.boot.clone());
            let told = seen.outcome(OutcomeState::Trial, slot, version.as_deref(), "");
            let proving = Phase::Proving { slot, version, boot, failure: None };
            vec![Action::Keep(record.in_phase(proving)), Action::Tell(told)]
        }
        Phase::Armed { boot, .. } if *boot == seen.boot => Vec::new(),
        Phase::Armed { slot, version, boot } => {
            let reason = format!(
                "slot {slot} did not get as far as its health check: it did not start, found no data partition, or the power was cut during the restart"
            );
            fell_back(record, *slot, version.as_deref(), boot, &reason)
        }
        Phase::Proving { slot, version, boot, .. } if *slot == default => {
            finished(record, *slot, version.as_deref(), boot)
        }
        Phase::Proving { slot, version, boot, failure: Some(failure) }
            if role(record, seen) == Role::Rescue =>
        {
            let reason =
                format!("{failure}; slot {default} does not start any more either, so slot {slot} goes on");
            fell_back(record, *slot, version.as_deref(), boot, &reason)
        }
        Phase::Proving { slot, version, boot, failure } if *slot == seen.slot => {
            if *boot == seen.boot {
                return Vec::new();
            }
            let (version, failure, boot) = (version.clone(), failure.clone(), seen.boot.clone());
            vec![Action::Keep(record.in_phase(Phase::Proving { slot: *slot, version, boot, failure }))]
        }
        Phase::Proving { slot, version, boot, failure } => {
            let silent = format!(
                "slot {slot} started, but stopped before it had proved itself: it hung, crashed, or the power was cut"
            );
            let reason = failure.as_ref().unwrap_or(&silent);
            fell_back(record, *slot, version.as_deref(), boot, reason)
        }
    }
}

fn refused(record: &Record, seen: &Seen, version: Option<&str>, reason: &str) -> Vec<Action> {
    let told = seen.outcome(OutcomeState::Refused, seen.slot.other(), version, reason);
    vec![Action::Tell(told), Action::Keep(record.clone()), Action::DropRequest]
}

fn fell_back(record: &Record, slot: Slot, version: Option<&str>, boot: &str, reason: &str) -> Vec<Action> {
    let told = Outcome {
        state: OutcomeState::FellBack,
        version: version.unwrap_or_default().to_owned(),
        slot,
        reason: reason.to_owned(),
        at_boot: boot.to_owned(),
    };
    let record = record.in_phase(Phase::Idle).with_state(slot, SlotState::Bad);
    vec![Action::Disarm, Action::Tell(told), Action::Keep(record)]
}

// autoboot.txt names the slot already: what is left of a commit.
fn finished(record: &Record, slot: Slot, version: Option<&str>, boot: &str) -> Vec<Action> {
    let told = Outcome {
        state: OutcomeState::Committed,
        version: version.unwrap_or_default().to_owned(),
        slot,
        reason: String::new(),
        at_boot: boot.to_owned(),
    };
    let record = record
        .in_phase(Phase::Idle)
        .with_state(slot, SlotState::Good)
        .with_version(slot, version.map(str::to_owned));
    vec![Action::Copy(slot), Action::Tell(told), Action::Keep(record)]
}

// Told once: the same at every boot would be a report a boot.
fn tell_if_new(told: Outcome, last: Option<&Outcome>) -> Option<Action> {
    let is_same =
        |last: &Outcome| (last.state, last.slot, &last.reason) == (told.state, told.slot, &told.reason);
    (!last.is_some_and(is_same)).then_some(Action::Tell(told))
}

fn strayed(record: &Record, seen: &Seen, last: Option<&Outcome>) -> Option<Action> {
    let (slot, default) = (seen.slot, seen.default_slot(record));
    let reason = format!(
        "the firmware booted slot {slot}, though autoboot.txt names slot {default}; remedy: restart, and if it stays so order an update, which writes slot {default} anew"
    );
    let version = record.slot(default).version.as_deref();
    tell_if_new(seen.outcome(OutcomeState::FellBack, default, version, &reason), last)
}

/// The running system has proved itself. `last`: the last word on an update.
pub fn proven(record: &Record, seen: &Seen, last: Option<&Outcome>) -> Vec<Action> {
    let slot = seen.slot;
    match role(record, seen) {
        Role::Trial => {
            let version = match &record.phase {
                Phase::Proving { version, .. } | Phase::Armed { version, .. } => version.as_deref(),
                Phase::Idle | Phase::Writing { .. } | Phase::Written { .. } => None,
            };
            let mut actions = vec![Action::Select(slot)];
            actions.extend(finished(record, slot, version, &seen.boot));
            actions
        }
        Role::Settled if record.slot(slot).state == SlotState::Bad => {
            vec![Action::Keep(record.with_state(slot, SlotState::Good))]
        }
        // Whatever it was before: a fresh card's second slot never had to prove itself.
        Role::Rescue => {
            let lost = slot.other();
            let reason = format!(
                "slot {lost} did not start; slot {slot} took over and stays; remedy: order an update, which writes slot {lost} anew, and replace the card if it happens again"
            );
            let version = record.slot(lost).version.as_deref();
            let told = seen.outcome(OutcomeState::FellBack, lost, version, &reason);
            let record = record.in_phase(Phase::Idle);
            let record = record.with_state(lost, SlotState::Bad).with_state(slot, SlotState::Good);
            // Told first: once autoboot.txt is written, nothing shows any more that this was a rescue.
            vec![Action::Tell(told), Action::Keep(record), Action::Select(slot), Action::Copy(slot)]
        }
        Role::Stray => {
            let good = Action::Keep(record.with_state(slot, SlotState::Good));
            let is_known = record.slot(slot).state == SlotState::Good;
            strayed(record, seen, last).into_iter().chain((!is_known).then_some(good)).collect()
        }
        Role::Settled => Vec::new(),
    }
}

/// The running system has not proved itself. Only a trial ends in a restart: any other slot would come back to the same.
/// `last`: the last word on an update.
pub fn unproven(record: &Record, seen: &Seen, last: Option<&Outcome>, reason: &str) -> Vec<Action> {
    match role(record, seen) {
        Role::Trial => {
            let version = match &record.phase {
                Phase::Proving { version, .. } | Phase::Armed { version, .. } => version.clone(),
                Phase::Idle | Phase::Writing { .. } | Phase::Written { .. } => None,
            };
            let (slot, boot, failure) = (seen.slot, seen.boot.clone(), Some(reason.to_owned()));
            let phase = Phase::Proving { slot, version, boot, failure };
            vec![Action::Keep(record.in_phase(phase)), Action::Restart { tryboot: false }]
        }
        Role::Rescue => {
            let (slot, lost) = (seen.slot, seen.slot.other());
            let reason = format!(
                "slot {lost} did not start; slot {slot} runs and has not proved itself; remedy: order an update, which writes slot {lost} anew ({reason})"
            );
            let version = record.slot(lost).version.as_deref();
            let told = seen.outcome(OutcomeState::FellBack, lost, version, &reason);
            tell_if_new(told, last).into_iter().collect()
        }
        Role::Stray => strayed(record, seen, last).into_iter().collect(),
        Role::Settled => Vec::new(),
    }
}

/// Somebody asks for an installation of `version`.
///
/// # Errors
/// The reason why not; [`install_failed`] then says what to do about the request.
pub fn install_asked(record: &Record, seen: &Seen, version: &str) -> Result<Vec<Action>, Refusal> {
    let mut actions = may_install(record, seen)?;
    let attempts = match &record.phase {
        Phase::Writing { attempts, .. } | Phase::Written { attempts, .. } => *attempts,
        Phase::Idle | Phase::Armed { .. } | Phase::Proving { .. } => 0,
    };
    if attempts >= ATTEMPTS {
        return Err(Refusal::CutOff(attempts));
    }
    let target = seen.slot.other();
    let writing = Phase::Writing { version: version.to_owned(), attempts: attempts + 1 };
    let record = record.in_phase(writing).with_state(target, SlotState::Bad).with_version(target, None);
    let told = seen.outcome(OutcomeState::Installing, target, Some(version), "");
    actions.extend([Action::Keep(record), Action::Tell(told)]);
    Ok(actions)
}

// What has to come before: a slot that runs for a default one that does not start becomes the default one itself, before the
// other is written over. The firmware's word for a trial leads to the slot that is not the default, and a trial that fails must
// come back to the one that boots.
fn may_install(record: &Record, seen: &Seen) -> Result<Vec<Action>, Refusal> {
    let slot = seen.slot;
    let takes_over = match role(record, seen) {
        Role::Rescue => true,
        // A restart may bring the default one back: only what has proved itself may take its place.
        Role::Stray => record.slot(slot).state == SlotState::Good,
        Role::Settled | Role::Trial => false,
    };
    match may_change(record, seen) {
        Err(Refusal::NotDefault { .. }) if takes_over => Ok(vec![Action::Select(slot), Action::Copy(slot)]),
        checked => checked.map(|()| Vec::new()),
    }
}

fn may_change(record: &Record, seen: &Seen) -> Result<(), Refusal> {
    match &record.phase {
        Phase::Proving { slot, .. } => Err(Refusal::OnTrial(*slot)),
        Phase::Armed { slot, .. } if *slot == seen.slot => Err(Refusal::OnTrial(*slot)),
        Phase::Armed { slot, .. } => Err(Refusal::RestartPending(*slot)),
        Phase::Idle | Phase::Writing { .. } | Phase::Written { .. } => {
            let (running, default) = (seen.slot, seen.default_slot(record));
            if running == default { Ok(()) } else { Err(Refusal::NotDefault { running, default }) }
        }
    }
}

/// The installation came to nothing. A trial that is under way goes on as if nobody had asked.
pub fn install_failed(record: &Record, seen: &Seen, version: Option<&str>, reason: &str) -> Vec<Action> {
    match &record.phase {
        Phase::Armed { .. } | Phase::Proving { .. } => refused(record, seen, version, reason),
        Phase::Idle | Phase::Writing { .. } | Phase::Written { .. } => {
            refused(&record.in_phase(Phase::Idle), seen, version, reason)
        }
    }
}

/// What was installed shall be tried: restart into it.
///
/// # Errors
/// A trial is under way already, or nothing has been written.
pub fn try_asked(record: &Record, seen: &Seen) -> Result<Vec<Action>, Refusal> {
    may_change(record, seen)?;
    match &record.phase {
        Phase::Written { slot, version, .. } => {
            let told = seen.outcome(OutcomeState::Trial, *slot, version.as_deref(), "");
            let armed = Phase::Armed { slot: *slot, version: version.clone(), boot: seen.boot.clone() };
            Ok(vec![
                Action::Tell(told),
                Action::Keep(record.in_phase(armed).with_version(*slot, version.clone())),
                Action::DropRequest,
                Action::Arm,
                Action::Restart { tryboot: true },
            ])
        }
        Phase::Idle | Phase::Writing { .. } | Phase::Armed { .. } | Phase::Proving { .. } => {
            Err(Refusal::NothingToTry)
        }
    }
}

/// RAUC asks which slot it has made the next one.
pub fn primary(record: &Record, seen: &Seen) -> Slot {
    match &record.phase {
        Phase::Written { slot, .. } | Phase::Armed { slot, .. } | Phase::Proving { slot, .. } => *slot,
        Phase::Idle | Phase::Writing { .. } => seen.default_slot(record),
    }
}

/// RAUC makes `slot` the next one. That is a wish, noted for [`try_asked`]: autoboot.txt stays as it is.
///
/// # Errors
/// A trial runs.
pub fn set_primary(record: &Record, seen: &Seen, slot: Slot) -> Result<Vec<Action>, Refusal> {
    if let Phase::Proving { slot, .. } = &record.phase {
        return Err(Refusal::OnTrial(*slot));
    }
    if slot == seen.default_slot(record) {
        return Ok(match &record.phase {
            Phase::Written { .. } | Phase::Armed { .. } => {
                vec![Action::Disarm, Action::Keep(record.in_phase(Phase::Idle))]
            }
            Phase::Idle | Phase::Writing { .. } | Phase::Proving { .. } => Vec::new(),
        });
    }
    may_change(record, seen)?;
    let (version, attempts) = match &record.phase {
        Phase::Writing { version, attempts } => (Some(version.clone()), *attempts),
        Phase::Written { version, attempts, .. } => (version.clone(), *attempts),
        Phase::Idle | Phase::Armed { .. } | Phase::Proving { .. } => (record.slot(slot).version.clone(), 0),
    };
    Ok(vec![Action::Keep(record.in_phase(Phase::Written { slot, version, attempts }))])
}

/// RAUC marks `slot`.
///
/// # Errors
/// A slot on trial is marked by its health check alone, and the default one cannot be bad.
pub fn set_state(record: &Record, seen: &Seen, slot: Slot, state: SlotState) -> Result<Vec<Action>, Refusal> {
    if let Phase::Proving { slot: trial, .. } | Phase::Armed { slot: trial, .. } = &record.phase
        && *trial == slot
    {
        return Err(if slot == seen.slot { Refusal::OnTrial(slot) } else { Refusal::RestartPending(slot) });
    }
    if state == SlotState::Bad && slot == seen.default_slot(record) {
        return Err(Refusal::DefaultStays(slot));
    }
    if record.slot(slot).state == state {
        return Ok(Vec::new());
    }
    Ok(vec![Action::Keep(record.with_state(slot, state))])
}

#[cfg(test)]
mod tests;
