//! Carries out what `states` decides, step by step, on a [`Machine`].

use serde::Deserialize;

use crate::autoboot;
use crate::machine::{Machine, MachineError, Place};
use crate::record::{Outcome, Record, SlotState};
use crate::slot::Slot;
use crate::states::{self, Action, Refusal, Role, Seen};

/// Why a command came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// A step failed.
    #[error(transparent)]
    Machine(#[from] MachineError),
    /// It is not to be done now.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The request is none.
    #[error("the request to install does not say what: {0}")]
    Request(&'static str),
    /// A record that cannot be written down.
    #[error("cannot encode what is to be remembered")]
    Encode(#[from] serde_json::Error),
}

impl ControlError {
    /// Whether it is an answer to what was asked, and nothing broke.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Refused(_) | Self::Request(_) => true,
            Self::Machine(_) | Self::Encode(_) => false,
        }
    }
}

/// `install.json`, as the app writes it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Request {
    /// File name of the bundle, beside the request.
    pub bundle: String,
    /// The version that the bundle is said to hold.
    pub version: String,
}

/// What is known at one moment.
#[derive(Clone, Debug)]
pub struct Known {
    /// What was remembered.
    pub record: Record,
    /// What is seen.
    pub seen: Seen,
    /// The last word on an update.
    pub outcome: Option<Outcome>,
}

/// The request in these bytes.
///
/// # Errors
/// It does not parse, or names a file that is not beside it.
pub fn parse_request(bytes: &[u8]) -> Result<Request, ControlError> {
    let request: Request = serde_json::from_slice(bytes)
        .map_err(|_| ControlError::Request("it is not JSON with a bundle and a version"))?;
    let name = &request.bundle;
    if name.is_empty() || name.starts_with('.') || name.contains('/') || name.contains('\0') {
        return Err(ControlError::Request("the bundle must be a file name without a folder"));
    }
    if request.version.is_empty() || request.version.len() > 64 || request.version.contains(char::is_control)
    {
        return Err(ControlError::Request("the version must have 1 to 64 characters"));
    }
    Ok(request)
}

/// Reads everything that decisions are made on.
///
/// # Errors
/// The firmware's words or a file cannot be read.
pub fn look(machine: &mut impl Machine) -> Result<Known, MachineError> {
    let autoboot = slot_in(machine.read(Place::Autoboot)?);
    look_beside(machine, autoboot)
}

fn slot_in(bytes: Option<Vec<u8>>) -> Option<Slot> {
    bytes.as_deref().and_then(autoboot::parse)
}

// The same, with autoboot.txt read already.
fn look_beside(machine: &mut impl Machine, autoboot: Option<Slot>) -> Result<Known, MachineError> {
    let firmware = machine.firmware()?;
    let seen = Seen {
        slot: firmware.slot,
        tryboot: firmware.tryboot,
        autoboot,
        copy: slot_in(machine.read(Place::Copy)?),
        boot: machine.boot_id()?,
        request: machine.read(Place::Request)?.is_some(),
    };
    let record = machine.read(Place::Record)?.as_deref().and_then(Record::parse).unwrap_or_default();
    let outcome =
        machine.read(Place::Outcome)?.as_deref().and_then(|bytes| serde_json::from_slice(bytes).ok());
    Ok(Known { record, seen, outcome })
}

/// First thing of a boot: judges the last update, repairs autoboot.txt, and says what this boot is and what is odd about it.
///
/// # Errors
/// A step failed; the steps before it are durable.
pub fn begin(machine: &mut impl Machine) -> Result<(Role, Option<String>), ControlError> {
    let known = look(machine)?;
    let record = states::recalled(&known.record, &known.seen, known.outcome.as_ref());
    let odd = states::mismatch(&record, &known.seen, known.outcome.as_ref());
    carry_out(machine, states::booted(&record, &known.seen))?;
    if machine.went_back().unwrap_or(false) {
        // It can be remembered again. A mark that stays only has a later trial run on that finds no /data.
        let _ = machine.set_went_back(false);
    }
    let known = look(machine)?;
    Ok((states::role(&known.record, &known.seen), odd))
}

/// The running system has proved itself: commits a trial.
///
/// # Errors
/// A step failed. Once autoboot.txt is written the next boot ends what is left.
pub fn proven(machine: &mut impl Machine) -> Result<(), ControlError> {
    let known = look(machine)?;
    carry_out(machine, states::proven(&known.record, &known.seen, known.outcome.as_ref()))
}

/// The running system has not proved itself: a trial restarts into the old slot, whatever else fails.
///
/// # Errors
/// The restart, or what comes before it, failed.
pub fn unproven(machine: &mut impl Machine, reason: &str) -> Result<(), ControlError> {
    let known = match look(machine) {
        Ok(known) => known,
        Err(error) => return give_up(machine).and(Err(error.into())),
    };
    let mut result = Ok(());
    for action in states::unproven(&known.record, &known.seen, known.outcome.as_ref(), reason) {
        result = carry_out(machine, vec![action]).and(result);
    }
    result
}

/// Nothing can be remembered, as without /data: a boot that may be a trial goes back all the same, once. Says whether it does.
///
/// Without a record a trial looks like a rescue, in which the kept slot does not open. A trial has to go back, for its image
/// may be what hides /data; from a rescue that leads here again, for ever. So who goes back leaves a mark, which the next boot
/// that can remember removes, and who finds the mark, or cannot leave it, runs on.
///
/// # Errors
/// The firmware's words cannot be read, or the restart failed.
pub fn give_up(machine: &mut impl Machine) -> Result<bool, ControlError> {
    let may_be_trial =
        machine.firmware()?.tryboot && role_on_record(machine).is_none_or(|role| role == Role::Trial);
    if !may_be_trial || machine.went_back().unwrap_or(true) || machine.set_went_back(true).is_err() {
        return Ok(false);
    }
    machine.restart(false)?;
    Ok(true)
}

// What this boot is, where there is a record to say so: one that can be read, though it may not be written.
fn role_on_record(machine: &mut impl Machine) -> Option<Role> {
    let record = machine.read(Place::Record).ok()?.as_deref().and_then(Record::parse)?;
    let known = look(machine).ok()?;
    Some(states::role(&states::recalled(&record, &known.seen, known.outcome.as_ref()), &known.seen))
}

/// Takes the request: afterwards RAUC may write, and [`end_install`] hears what became of it.
///
/// # Errors
/// There is no request, or it is refused; the outcome says so then and the request is gone.
pub fn begin_install(machine: &mut impl Machine) -> Result<Request, ControlError> {
    let known = look(machine)?;
    let bytes = machine
        .read(Place::Request)?
        .ok_or(ControlError::Request("there is no install.json; remedy: stage a bundle first"))?;
    let request = match parse_request(&bytes) {
        Ok(request) => request,
        Err(error) => {
            carry_out(machine, states::install_failed(&known.record, &known.seen, None, &error.to_string()))?;
            return Err(error);
        }
    };
    match states::install_asked(&known.record, &known.seen, &request.version) {
        Ok(actions) => carry_out(machine, actions).map(|()| request),
        Err(refusal) => {
            let (version, reason) = (Some(request.version.as_str()), refusal.to_string());
            carry_out(machine, states::install_failed(&known.record, &known.seen, version, &reason))?;
            Err(refusal.into())
        }
    }
}

/// RAUC has written the other slot (`Ok`): arms the trial and restarts. Or it has not, and says why.
///
/// # Errors
/// A step failed, or RAUC said it was done and never asked for the new slot.
pub fn end_install(
    machine: &mut impl Machine,
    request: &Request,
    written: Result<(), &str>,
) -> Result<(), ControlError> {
    let known = look(machine)?;
    let version = Some(request.version.as_str());
    let tried = match written {
        Ok(()) => states::try_asked(&known.record, &known.seen),
        Err(reason) => {
            return carry_out(machine, states::install_failed(&known.record, &known.seen, version, reason));
        }
    };
    match tried {
        Ok(actions) => carry_out(machine, actions),
        Err(refusal) => {
            let reason = refusal.to_string();
            carry_out(machine, states::install_failed(&known.record, &known.seen, version, &reason))?;
            Err(refusal.into())
        }
    }
}

/// An installation met an error of the machine: tells it, and drops the request, which would start it again at once until
/// systemd refuses to. Says whether there was one to drop.
///
/// # Errors
/// It cannot be told, or the request not be dropped.
pub fn install_broke(machine: &mut impl Machine, reason: &str) -> Result<bool, ControlError> {
    // A card that does not give autoboot.txt is a reason to be here.
    let known = look(machine).or_else(|_| look_beside(machine, None))?;
    let Some(bytes) = machine.read(Place::Request)? else { return Ok(false) };
    let version = parse_request(&bytes).ok().map(|request| request.version);
    for action in states::install_failed(&known.record, &known.seen, version.as_deref(), reason) {
        let keeps = matches!(action, Action::Keep(_));
        match carry_out(machine, vec![action]) {
            // What may be what broke. The next boot finds the old record, and says that the installation was cut off.
            Err(_) if keeps => {}
            done => done?,
        }
    }
    Ok(true)
}

/// Restarts into what was installed.
///
/// # Errors
/// Nothing was, a trial is under way, or a step failed.
pub fn try_now(machine: &mut impl Machine) -> Result<(), ControlError> {
    let known = look(machine)?;
    carry_out(machine, states::try_asked(&known.record, &known.seen)?)
}

/// RAUC's `set-primary`.
///
/// # Errors
/// It is refused, or a step failed.
pub fn set_primary(machine: &mut impl Machine, slot: Slot) -> Result<(), ControlError> {
    let known = look(machine)?;
    carry_out(machine, states::set_primary(&known.record, &known.seen, slot)?)
}

/// RAUC's `set-state`.
///
/// # Errors
/// It is refused, or a step failed.
pub fn set_state(machine: &mut impl Machine, slot: Slot, state: SlotState) -> Result<(), ControlError> {
    let known = look(machine)?;
    carry_out(machine, states::set_state(&known.record, &known.seen, slot, state)?)
}

/// Writes autoboot.txt from its copy, or the copy from autoboot.txt. Says whether anything had to be done.
///
/// # Errors
/// A step failed.
pub fn repair(machine: &mut impl Machine) -> Result<bool, ControlError> {
    let known = look(machine)?;
    let actions: Vec<Action> = states::booted(&known.record, &known.seen)
        .into_iter()
        .filter(|action| matches!(action, Action::Select(_) | Action::Copy(_)))
        .collect();
    let any = !actions.is_empty();
    carry_out(machine, actions).map(|()| any)
}

fn carry_out(machine: &mut impl Machine, actions: Vec<Action>) -> Result<(), ControlError> {
    for action in actions {
        match action {
            Action::Select(slot) => machine.write_autoboot(autoboot::render(slot).as_bytes())?,
            Action::Copy(slot) => replace(machine, Place::Copy, autoboot::render(slot).as_bytes())?,
            Action::Tell(outcome) => replace(machine, Place::Outcome, &serde_json::to_vec(&outcome)?)?,
            Action::Keep(record) => replace(machine, Place::Record, &record.encode()?)?,
            Action::DropRequest => {
                machine.remove(Place::Request)?;
                machine.sync_folder(Place::Request)?;
            }
            Action::Arm => machine.set_tryboot(true)?,
            Action::Disarm => machine.set_tryboot(false)?,
            Action::Restart { tryboot } => machine.restart(tryboot)?,
        }
    }
    Ok(())
}

fn replace(machine: &mut impl Machine, place: Place, bytes: &[u8]) -> Result<(), MachineError> {
    machine.write_beside(place, bytes)?;
    machine.sync_beside(place)?;
    machine.rename(place)?;
    machine.sync_folder(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::Health;
    use proptest::prelude::*;

    #[test]
    fn a_request_names_a_file_beside_it_and_a_version() {
        let text = |bundle: &str, version: &str| {
            serde_json::json!({"bundle": bundle, "version": version, "sha256": ""}).to_string()
        };
        let good = parse_request(text("staged.raucb", "0.2.0").as_bytes()).unwrap();
        assert_eq!((&*good.bundle, &*good.version), ("staged.raucb", "0.2.0"));
        let long = "9".repeat(65);
        for (bundle, version) in [
            ("a/b", "1"),
            ("..", "1"),
            ("", "1"),
            ("a\0b", "1"),
            ("a", ""),
            ("a", "1\n2"),
            ("a", long.as_str()),
        ] {
            assert!(parse_request(text(bundle, version).as_bytes()).is_err(), "{bundle:?} {version:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (parse_request(&bytes).is_ok(), Record::parse(&bytes), Health::parse(&bytes));
        }

        #[test]
        fn a_request_that_is_taken_never_leads_out_of_its_folder(bundle in ".{0,20}") {
            let text = serde_json::json!({"bundle": bundle, "version": "1"}).to_string();
            if let Ok(request) = parse_request(text.as_bytes()) {
                let path = std::path::Path::new("/data/kiosk/update/install.json").with_file_name(&request.bundle);
                prop_assert_eq!(path.parent(), Some(std::path::Path::new("/data/kiosk/update")));
            }
        }
    }
}
