use super::*;
use Slot::{A, B};

fn seen(slot: Slot, tryboot: bool, autoboot: Option<Slot>) -> Seen {
    Seen { slot, tryboot, autoboot, copy: autoboot.or(Some(A)), boot: "now".to_owned(), request: false }
}

fn settled() -> Seen {
    seen(A, false, Some(A))
}

fn on_trial() -> Seen {
    seen(B, true, Some(A))
}

fn version() -> Option<String> {
    Some("2".to_owned())
}

fn writing(attempts: u8) -> Phase {
    Phase::Writing { version: "2".to_owned(), attempts }
}

fn written() -> Phase {
    Phase::Written { slot: B, version: version(), attempts: 1 }
}

fn armed(boot: &str) -> Phase {
    Phase::Armed { slot: B, version: version(), boot: boot.to_owned() }
}

fn proving(boot: &str, failure: Option<&str>) -> Phase {
    Phase::Proving { slot: B, version: version(), boot: boot.to_owned(), failure: failure.map(str::to_owned) }
}

// A record with a proven slot A.
fn record(phase: Phase) -> Record {
    Record::default().with_state(A, SlotState::Good).in_phase(phase)
}

// The words for what is done, or why it is not.
type Expected = Result<&'static str, Refusal>;

// What the actions do, a word each.
fn words(actions: &[Action]) -> String {
    let words: Vec<String> = actions
        .iter()
        .map(|action| match action {
            Action::Select(slot) => format!("select-{slot}"),
            Action::Copy(slot) => format!("copy-{slot}"),
            Action::Tell(outcome) => format!("tell-{:?}", outcome.state),
            Action::Keep(record) => {
                let phase = format!("{:?}", record.phase);
                format!("keep-{}", phase.split_whitespace().next().unwrap())
            }
            Action::DropRequest => "drop".to_owned(),
            Action::Arm => "arm".to_owned(),
            Action::Disarm => "disarm".to_owned(),
            Action::Restart { tryboot } => format!("restart-{tryboot}"),
        })
        .collect();
    words.join(" ")
}

#[test]
fn a_boot_judges_the_last_update() {
    let asked = |seen: Seen| Seen { request: true, ..seen };
    let rows = [
        (Phase::Idle, settled(), Role::Settled, ""),
        (Phase::Idle, seen(B, true, Some(A)), Role::Rescue, ""),
        (Phase::Idle, seen(B, false, Some(A)), Role::Stray, ""),
        (Phase::Idle, seen(A, false, None), Role::Settled, "select-A"),
        (writing(1), settled(), Role::Settled, "tell-Refused keep-Idle drop"),
        (writing(1), asked(settled()), Role::Settled, ""),
        (written(), settled(), Role::Settled, "tell-Refused keep-Idle drop"),
        (written(), asked(settled()), Role::Settled, ""),
        (armed("before"), on_trial(), Role::Trial, "keep-Proving tell-Trial"),
        (armed("now"), settled(), Role::Settled, ""),
        (armed("before"), settled(), Role::Settled, "disarm tell-FellBack keep-Idle"),
        (proving("now", None), on_trial(), Role::Trial, ""),
        (proving("before", None), on_trial(), Role::Trial, "keep-Proving"),
        (proving("now", Some("dark")), on_trial(), Role::Trial, ""),
        (proving("before", Some("dark")), on_trial(), Role::Rescue, "disarm tell-FellBack keep-Idle"),
        (proving("before", Some("dark")), seen(B, false, Some(A)), Role::Trial, "keep-Proving"),
        (proving("before", None), settled(), Role::Settled, "disarm tell-FellBack keep-Idle"),
        (proving("before", None), seen(B, false, Some(B)), Role::Trial, "copy-B tell-Committed keep-Idle"),
        (proving("before", None), seen(A, false, Some(B)), Role::Stray, "copy-B tell-Committed keep-Idle"),
    ];
    for (phase, seen, expected, done) in rows {
        let record = record(phase);
        assert_eq!(
            (role(&record, &seen), &*words(&booted(&record, &seen))),
            (expected, done),
            "{record:?} {seen:?}"
        );
    }
}

#[test]
fn a_lost_record_is_recalled_from_the_outcome() {
    let told = |state| settled().outcome(state, B, Some("2"), "");
    for (seen, state, role, done) in [
        (settled(), OutcomeState::Installing, Role::Settled, "tell-Refused keep-Idle drop"),
        (settled(), OutcomeState::Trial, Role::Settled, "disarm tell-FellBack keep-Idle"),
        (on_trial(), OutcomeState::Trial, Role::Trial, "keep-Proving tell-Trial"),
        (seen(B, false, Some(B)), OutcomeState::Trial, Role::Trial, "keep-Proving tell-Trial"),
        (settled(), OutcomeState::Committed, Role::Settled, ""),
        (on_trial(), OutcomeState::FellBack, Role::Rescue, ""),
    ] {
        let recalled = recalled(
            &Record::default(),
            &seen,
            Some(&Outcome { at_boot: "before".to_owned(), ..told(state) }),
        );
        let is = (super::role(&recalled, &seen), words(&booted(&recalled, &seen)));
        assert_eq!((is.0, &*is.1), (role, done), "{state:?} {seen:?}");
    }
    let kept = record(armed("before"));
    assert_eq!(
        recalled(&kept, &settled(), Some(&told(OutcomeState::Installing))),
        kept,
        "what is known counts"
    );
}

#[test]
fn why_it_fell_back_is_what_the_trial_said_or_that_it_said_nothing() {
    for (phase, part) in [
        (armed("before"), "did not get as far as its health check"),
        (proving("before", None), "stopped before it had proved itself"),
        (proving("before", Some("no first frame")), "no first frame"),
    ] {
        let actions = booted(&record(phase), &settled());
        let Some(Action::Tell(outcome)) = actions.get(1) else { panic!("{actions:?}") };
        assert!(outcome.reason.contains(part), "{}", outcome.reason);
        assert_eq!((&*outcome.version, outcome.slot, &*outcome.at_boot), ("2", B, "before"));
        let Some(Action::Keep(kept)) = actions.get(2) else { panic!("{actions:?}") };
        assert_eq!(kept.slot(B).state, SlotState::Bad);
    }
}

#[test]
fn what_is_proven_is_kept_and_what_is_not_goes_back_only_from_a_trial() {
    let good_b = |phase| record(phase).with_state(B, SlotState::Good);
    let rescue = seen(B, true, Some(A));
    let stray = seen(B, false, Some(A));
    let rows = [
        (record(Phase::Idle), settled(), "", ""),
        (Record::default(), settled(), "keep-Idle", ""),
        (
            record(proving("now", None)),
            on_trial(),
            "select-B copy-B tell-Committed keep-Idle",
            "keep-Proving restart-false",
        ),
        (
            record(armed("before")),
            on_trial(),
            "select-B copy-B tell-Committed keep-Idle",
            "keep-Proving restart-false",
        ),
        (good_b(Phase::Idle), rescue.clone(), "tell-FellBack keep-Idle select-B copy-B", "tell-FellBack"),
        (record(Phase::Idle), rescue, "tell-FellBack keep-Idle select-B copy-B", "tell-FellBack"),
        (good_b(Phase::Idle), stray.clone(), "tell-FellBack", "tell-FellBack"),
        (record(Phase::Idle), stray, "tell-FellBack keep-Idle", "tell-FellBack"),
    ];
    for (record, seen, well, unwell) in rows {
        assert_eq!(words(&proven(&record, &seen, None)), well, "{record:?} {seen:?}");
        assert_eq!(words(&unproven(&record, &seen, None, "why")), unwell, "{record:?} {seen:?}");
    }
}

#[test]
fn a_slot_that_runs_for_another_is_told_once_with_a_remedy() {
    let record = record(Phase::Idle).with_version(A, version()).with_state(B, SlotState::Good);
    for (tryboot, part) in [
        (true, "slot A did not start; slot B runs and has not proved itself; remedy: order an update"),
        (false, "the firmware booted slot B, though autoboot.txt names slot A; remedy: restart, and if"),
    ] {
        let actions = unproven(&record, &seen(B, tryboot, Some(A)), None, "no first frame");
        let [Action::Tell(told)] = &actions[..] else { panic!("{actions:?}") };
        assert!(told.reason.contains(part), "{}", told.reason);
        assert_eq!((told.slot, &*told.version, &*told.at_boot), (A, "2", "now"));
        let later = Seen { boot: "later".to_owned(), ..seen(B, tryboot, Some(A)) };
        assert_eq!(unproven(&record, &later, Some(told), "no first frame"), [], "the same is not told again");
        let other = Outcome { state: OutcomeState::Committed, ..told.clone() };
        assert_eq!(words(&unproven(&record, &later, Some(&other), "no first frame")), "tell-FellBack");
    }
}

#[test]
fn an_installation_starts_from_a_settled_kiosk_or_from_the_slot_that_runs_for_one_that_does_not_start() {
    let rows: [(Phase, Seen, Expected); 10] = [
        (Phase::Idle, settled(), Ok("keep-Writing tell-Installing")),
        (writing(1), settled(), Ok("keep-Writing tell-Installing")),
        (written(), settled(), Ok("keep-Writing tell-Installing")),
        (writing(ATTEMPTS), settled(), Err(Refusal::CutOff(ATTEMPTS))),
        (armed("now"), settled(), Err(Refusal::RestartPending(B))),
        (armed("before"), on_trial(), Err(Refusal::OnTrial(B))),
        (proving("now", None), on_trial(), Err(Refusal::OnTrial(B))),
        (Phase::Idle, seen(B, true, Some(A)), Ok("select-B copy-B keep-Writing tell-Installing")),
        (Phase::Idle, seen(A, false, Some(B)), Ok("select-A copy-A keep-Writing tell-Installing")),
        // This one has never proved itself, and a restart may bring slot A back.
        (Phase::Idle, seen(B, false, Some(A)), Err(Refusal::NotDefault { running: B, default: A })),
    ];
    for (phase, seen, expected) in rows {
        let asked = install_asked(&record(phase.clone()), &seen, "2");
        assert_eq!(
            asked.as_deref().map(words).map_err(Clone::clone),
            expected.map(str::to_owned),
            "{phase:?}"
        );
    }
}

#[test]
fn a_failed_installation_is_told_and_a_trial_goes_on() {
    for (phase, kept) in [
        (writing(1), "tell-Refused keep-Idle drop"),
        (written(), "tell-Refused keep-Idle drop"),
        (armed("now"), "tell-Refused keep-Armed drop"),
        (proving("now", None), "tell-Refused keep-Proving drop"),
    ] {
        assert_eq!(words(&install_failed(&record(phase), &settled(), Some("2"), "why")), kept);
    }
}

#[test]
fn only_what_was_written_is_tried() {
    let rows: [(Phase, Expected); 4] = [
        (written(), Ok("tell-Trial keep-Armed drop arm restart-true")),
        (Phase::Idle, Err(Refusal::NothingToTry)),
        (writing(1), Err(Refusal::NothingToTry)),
        (armed("now"), Err(Refusal::RestartPending(B))),
    ];
    for (phase, expected) in rows {
        let asked = try_asked(&record(phase.clone()), &settled());
        assert_eq!(
            asked.as_deref().map(words).map_err(Clone::clone),
            expected.map(str::to_owned),
            "{phase:?}"
        );
    }
}

#[test]
fn rauc_may_wish_for_a_slot_and_never_swaps_the_boot_order() {
    let rows: [(Phase, Seen, Slot, Expected); 8] = [
        (writing(1), settled(), B, Ok("keep-Written")),
        (Phase::Idle, settled(), B, Ok("keep-Written")),
        (Phase::Idle, settled(), A, Ok("")),
        (written(), settled(), A, Ok("disarm keep-Idle")),
        (armed("now"), settled(), A, Ok("disarm keep-Idle")),
        (armed("now"), settled(), B, Err(Refusal::RestartPending(B))),
        (proving("now", None), on_trial(), A, Err(Refusal::OnTrial(B))),
        (Phase::Idle, seen(B, true, Some(A)), B, Err(Refusal::NotDefault { running: B, default: A })),
    ];
    for (phase, seen, slot, expected) in rows {
        let asked = set_primary(&record(phase.clone()), &seen, slot);
        assert_eq!(
            asked.as_deref().map(words).map_err(Clone::clone),
            expected.map(str::to_owned),
            "{phase:?}"
        );
    }
    for (phase, slot) in [(Phase::Idle, A), (writing(1), A), (written(), B), (armed("now"), B)] {
        assert_eq!(primary(&record(phase), &settled()), slot);
    }
}

#[test]
fn a_slot_on_trial_is_marked_by_its_health_check_alone() {
    use SlotState::{Bad, Good};
    let rows: [(Phase, Seen, Slot, SlotState, Expected); 7] = [
        (writing(1), settled(), B, Bad, Ok("")),
        (Phase::Idle, settled(), B, Good, Ok("keep-Idle")),
        (Phase::Idle, settled(), A, Good, Ok("")),
        (Phase::Idle, settled(), A, Bad, Err(Refusal::DefaultStays(A))),
        (proving("now", None), on_trial(), B, Good, Err(Refusal::OnTrial(B))),
        (armed("now"), settled(), B, Good, Err(Refusal::RestartPending(B))),
        (proving("now", None), on_trial(), A, Bad, Err(Refusal::DefaultStays(A))),
    ];
    for (phase, seen, slot, state, expected) in rows {
        let asked = set_state(&record(phase.clone()), &seen, slot, state);
        assert_eq!(
            asked.as_deref().map(words).map_err(Clone::clone),
            expected.map(str::to_owned),
            "{phase:?}"
        );
    }
}

#[test]
fn without_autoboot_and_copy_the_slot_that_no_update_touches_is_the_default() {
    let lost = |slot, tryboot| Seen { autoboot: None, copy: None, ..seen(slot, tryboot, None) };
    for (phase, slot, tryboot, default) in [
        (Phase::Idle, A, false, A),
        (Phase::Idle, B, false, B),
        (Phase::Idle, B, true, A),
        (writing(1), A, false, A),
        (armed("before"), B, true, A),
        (proving("before", None), B, false, A),
    ] {
        assert_eq!(lost(slot, tryboot).default_slot(&record(phase.clone())), default, "{phase:?} {slot}");
    }
}

#[test]
fn what_the_firmware_did_otherwise_is_told() {
    let rows = [
        (Phase::Idle, settled(), None),
        (armed("before"), on_trial(), None),
        (Phase::Idle, seen(A, false, None), Some("autoboot.txt is missing or damaged")),
        (Phase::Idle, seen(A, true, Some(A)), Some("says tryboot, yet booted slot A")),
        (armed("before"), seen(B, false, Some(A)), Some("does not say tryboot")),
        (Phase::Idle, seen(B, true, Some(A)), Some("slot A did not start")),
        (Phase::Idle, seen(B, false, Some(A)), Some("though autoboot.txt names slot A")),
    ];
    for (phase, seen, part) in rows {
        let said = mismatch(&record(phase), &seen, None);
        assert_eq!(said.is_some(), part.is_some(), "{said:?}");
        if let (Some(said), Some(part)) = (said, part) {
            assert!(said.contains(part) && said.contains("remedy: "), "{said}");
        }
    }
    let committed = settled().outcome(OutcomeState::Committed, A, Some("2"), "");
    assert_eq!(mismatch(&record(Phase::Idle), &seen(A, true, Some(A)), Some(&committed)), None);
}
