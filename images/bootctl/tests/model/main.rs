//! Takes the power away at every single step of an update, and of the boots that follow. Some slot must always boot, never in
//! a loop, and what is told in the end must be true. Mistakes made on purpose must be noticed.

mod world;

use kiosk_bootctl::control;
use kiosk_bootctl::record::{OutcomeState, Phase, SlotState};
use kiosk_bootctl::slot::Slot;
use world::{Content, Flag, Loss, Mistake, World};

const BUNDLES: [Content; 4] = [Content::Well(2), Content::Unwell(2), Content::Blind(2), Content::Broken];
const LOSSES: [Loss; 4] = [Loss::Everything, Loss::Nothing, Loss::Content, Loss::TornSector];

// What is wrong with a kiosk in which nothing happens any more.
fn judge(world: &mut World) -> Result<OutcomeState, String> {
    let running = world.running();
    let Content::Well(version) = world.content(running) else {
        return Err(format!("slot {running} runs and does not work"));
    };
    world.default_works()?;
    if world.default_slot() != running {
        return Err(format!("slot {running} runs, slot {} is booted next", world.default_slot()));
    }
    if world.trials > 1 {
        return Err(format!("the bundle was tried {} times", world.trials));
    }
    let known = control::look(world).map_err(|error| error.to_string())?;
    if known.record.phase != Phase::Idle || known.record.slot(running).state != SlotState::Good {
        return Err(format!("at rest, and the record says {:?}", known.record));
    }
    if known.seen.copy != Some(running) {
        return Err("the copy of autoboot.txt names another slot".to_owned());
    }
    let outcome = known.outcome.ok_or("nothing was told")?;
    let true_version = match outcome.state {
        OutcomeState::Committed => 2,
        OutcomeState::FellBack | OutcomeState::Refused => 1,
        OutcomeState::Installing | OutcomeState::Trial => {
            return Err(format!("at rest, and told {outcome:?}"));
        }
    };
    if version != true_version {
        return Err(format!("version {version} runs, and told {outcome:?}"));
    }
    Ok(outcome.state)
}

// What is wrong with a kiosk whose kept slot died and in which nothing happens any more.
fn judge_survivor(world: &mut World) -> Result<(), String> {
    let running = world.running();
    if world.content(running) == Content::Blind(2) && world.content(running.other()) == Content::Broken {
        return Ok(());
    }
    let known = control::look(world).map_err(|error| error.to_string())?;
    let told = known.outcome.ok_or("nothing was told")?;
    match (world.content(running), told.state) {
        (Content::Well(2), OutcomeState::Committed)
        | (Content::Well(_), OutcomeState::FellBack | OutcomeState::Refused) => {}
        // It runs on, for the other one does not start at all, or was tried in vain.
        (Content::Unwell(_), OutcomeState::FellBack | OutcomeState::Refused)
            if world.content(running.other()) == Content::Broken || world.default_slot() == running =>
        {
            return Ok(());
        }
        (content, _) => return Err(format!("{content:?} runs in slot {running}, and told {told:?}")),
    }
    if world.default_slot() != running || known.seen.copy != Some(running) {
        return Err(format!("slot {running} runs, slot {} is booted next", world.default_slot()));
    }
    let is_kept = known.record.phase == Phase::Idle && known.record.slot(running).state == SlotState::Good;
    if is_kept { Ok(()) } else { Err(format!("at rest, and the record says {:?}", known.record)) }
}

// Lives through the death of the kept slot at every boot, with the power cut at every step before and after.
fn every_death(mistake: Mistake) -> (u32, Option<String>) {
    let (mut lives, losses) = (0, [Loss::Everything, Loss::TornSector]);
    for flag in [Flag::Sim, Flag::Pi] {
        for (bundle, second, boot) in BUNDLES.into_iter().flat_map(|bundle| {
            let seconds = [Content::Well(0), Content::Unwell(0), Content::Broken];
            seconds.into_iter().flat_map(move |second| (1..=5).map(move |boot| (bundle, second, boot)))
        }) {
            let world = World::new(Slot::A, flag, mistake).dying_at(boot, second);
            let mut uncut = world.clone();
            let _ = uncut.outlive(bundle);
            for (at, loss) in (0..uncut.steps).flat_map(|at| losses.map(|loss| (at, loss))) {
                lives += 1;
                let mut world = world.clone();
                world.cut_after(at, loss);
                let lived = world.outlive(bundle).and_then(|()| judge_survivor(&mut world));
                if let (Err(what), false) = (lived, world.is_lost()) {
                    let case = format!(
                        "{flag:?} {bundle:?} beside {second:?} dies at {boot} cut at {at} {loss:?}: {what}"
                    );
                    return (lives, Some(case));
                }
            }
        }
    }
    (lives, None)
}

// Lives through the death of the kept slot and of /data in one boot, with the power cut at every step.
fn every_death_with_the_data(mistake: Mistake) -> (u32, Option<String>) {
    let mut lives = 0;
    for (flag, boot) in
        [Flag::Sim, Flag::Pi].into_iter().flat_map(|flag| (1..=5).map(move |boot| (flag, boot)))
    {
        let world = World::new(Slot::A, flag, mistake).dying_at(boot, Content::Well(0)).with_its_data();
        let mut uncut = world.clone();
        let _ = uncut.outlive(Content::Well(2));
        for at in 0..uncut.steps {
            lives += 1;
            let mut world = world.clone();
            world.cut_after(at, Loss::Everything);
            let lived = world.outlive(Content::Well(2));
            let running = world.running();
            let works = matches!(world.content(running), Content::Well(_));
            if let (Err(what), false) = (lived, world.is_lost()) {
                return (lives, Some(format!("{flag:?} dies at {boot} cut at {at}: {what}")));
            }
            if !works && !world.is_lost() {
                return (
                    lives,
                    Some(format!("{flag:?} dies at {boot} cut at {at}: it rests in slot {running}")),
                );
            }
        }
    }
    (lives, None)
}

// One life: an update with the power cut at these steps, each counted from the cut before.
fn live(mut world: World, bundle: Content, cuts: &[(u32, Loss)]) -> (Result<OutcomeState, String>, u32) {
    let mut lived = Ok(());
    for (steps, loss) in cuts {
        world.cut_after(*steps, *loss);
        lived = lived.and_then(|()| world.live_until_cut(bundle));
    }
    let first_fell = world.cuts > 0 || cuts.is_empty();
    lived = lived.and_then(|()| world.live(bundle));
    assert!(first_fell || lived.is_err(), "the power never went at {cuts:?}");
    let judged = lived.and_then(|()| judge(&mut world));
    (judged, world.steps)
}

// Lives through every single cut until something is wrong; gives the number of lives, and what was wrong.
fn every_single_cut(mistake: Mistake, bundles: &[Content]) -> (u32, Option<String>) {
    let mut lives = 0;
    for (old, flag) in [(Slot::A, Flag::Sim), (Slot::A, Flag::Pi), (Slot::B, Flag::Sim), (Slot::B, Flag::Pi)]
    {
        for &bundle in bundles {
            let world = World::new(old, flag, mistake);
            let (_, steps) = live(world.clone(), bundle, &[]);
            for (at, loss) in (0..steps).flat_map(|at| LOSSES.map(|loss| (at, loss))) {
                lives += 1;
                if let Err(what) = live(world.clone(), bundle, &[(at, loss)]).0 {
                    let case = format!("{old} {flag:?} {bundle:?} cut at {at} {loss:?}: {what}");
                    return (lives, Some(case));
                }
            }
        }
    }
    (lives, None)
}

#[test]
fn an_update_without_a_cut_ends_as_its_bundle_deserves() {
    for old in [Slot::A, Slot::B] {
        for flag in [Flag::Sim, Flag::Pi] {
            let ends: Vec<OutcomeState> = BUNDLES
                .map(|bundle| live(World::new(old, flag, Mistake::None), bundle, &[]).0.unwrap())
                .into_iter()
                .collect();
            let fell_back = [OutcomeState::FellBack; 3];
            assert_eq!((ends[0], &ends[1..]), (OutcomeState::Committed, &fell_back[..]));
        }
    }
}

#[test]
fn a_cut_at_any_step_leaves_a_slot_that_boots_and_a_true_word() {
    let (lives, wrong) = every_single_cut(Mistake::None, &BUNDLES);
    assert_eq!(wrong, None);
    assert!(lives > 1_000, "only {lives} lives were lived");
}

#[test]
fn a_second_cut_while_the_first_is_mended_changes_nothing() {
    for bundle in BUNDLES {
        let world = World::new(Slot::B, Flag::Sim, Mistake::None);
        let (_, steps) = live(world.clone(), bundle, &[]);
        for (first, second) in (0..steps).flat_map(|first| (0..steps).map(move |second| (first, second))) {
            for losses in [(Loss::Everything, Loss::Everything), (Loss::TornSector, Loss::Content)] {
                let cuts = [(first, losses.0), (second, losses.1)];
                let end = live(world.clone(), bundle, &cuts).0;
                assert!(end.is_ok(), "{bundle:?} {cuts:?}: {end:?}");
            }
        }
    }
}

#[test]
fn a_kept_slot_that_dies_hands_over_to_the_other_one_and_says_so() {
    for (flag, bundle) in [(Flag::Sim, Content::Well(2)), (Flag::Pi, Content::Well(2))] {
        let mut world = World::new(Slot::A, flag, Mistake::None).dying_at(3, Content::Well(0));
        world.outlive(bundle).unwrap();
        let told = control::look(&mut world).unwrap().outcome.unwrap();
        assert_eq!((world.running(), told.state, told.slot), (Slot::A, OutcomeState::FellBack, Slot::B));
        assert!(
            told.reason.contains("slot B did not start; slot A took over and stays; remedy: "),
            "{}",
            told.reason
        );
    }
    let (lives, wrong) = every_death(Mistake::None);
    assert_eq!(wrong, None);
    assert!(lives > 1_000, "only {lives} lives were lived");
}

#[test]
fn an_update_mends_a_kiosk_whose_rescue_is_not_well() {
    for flag in [Flag::Sim, Flag::Pi] {
        for (bundle, content, state) in [
            (Content::Well(2), Content::Well(2), OutcomeState::Committed),
            (Content::Unwell(2), Content::Unwell(0), OutcomeState::FellBack),
            (Content::Broken, Content::Unwell(0), OutcomeState::FellBack),
        ] {
            let mut world = World::new(Slot::A, flag, Mistake::None).dying_at(1, Content::Unwell(0));
            world.outlive(bundle).unwrap();
            let told = control::look(&mut world).unwrap().outcome.unwrap();
            assert_eq!((world.content(world.running()), told.state), (content, state), "{flag:?} {bundle:?}");
            assert_eq!(world.default_slot(), world.running(), "{flag:?} {bundle:?}");
        }
    }
}

#[test]
fn a_rescue_that_finds_no_data_goes_back_once_and_then_runs_on() {
    let (lives, wrong) = every_death_with_the_data(Mistake::None);
    assert_eq!(wrong, None);
    assert!(lives > 100, "only {lives} lives were lived");
}

#[test]
fn the_model_notices_mistakes_made_on_purpose() {
    let (_, wrong) = every_death(Mistake::NeverAsks);
    assert!(wrong.as_ref().is_some_and(|wrong| wrong.contains("again and again")), "{wrong:?}");
    let (_, wrong) = every_death_with_the_data(Mistake::Forgets);
    assert!(wrong.as_ref().is_some_and(|wrong| wrong.contains("again and again")), "{wrong:?}");
    for (mistake, bundle, what) in [
        (Mistake::EagerPrimary, Content::Unwell(2), "slot B is the default one and does not work"),
        (Mistake::LyingSync, Content::Well(2), "Content"),
        (Mistake::NeverMarks, Content::Blind(2), "slot B runs and does not work"),
        (Mistake::RequestStays, Content::Broken, "again and again"),
    ] {
        let (_, wrong) = every_single_cut(mistake, &[bundle]);
        assert!(wrong.as_ref().is_some_and(|wrong| wrong.contains(what)), "{mistake:?}: {wrong:?}");
    }
}
