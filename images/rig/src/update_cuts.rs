//! Power cuts while an update is installed, armed and tried: some slot always boots.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::json;

use crate::agent::When;
use crate::books;
use crate::bundles::{INSTALL, Kind, ask, stage};
use crate::card::{Card, Cut};
use crate::clock::{self, Stopwatch};
use crate::cuts;
use crate::glass::{self, Bitmap};
use crate::machine::{Machine, Plan};
use crate::papers::{self, TicketKey};
use crate::random::Random;
use crate::rig::{BOOT, HOME, Rig};

const NAME: &str = "cuts-update";
/// After the installation's own time: the restart and the trial up to its commit.
const TRIAL_MS: u64 = 60_000;

/// With so many cuts some fall on either side of the commit.
const MANY: u32 = 10;

/// Cuts the power `cuts` times, each time from the same card with a bundle staged on it.
///
/// # Errors
/// When no slot comes up after a cut.
pub fn run(rig: &mut Rig, cuts: u32, seed: u64) -> anyhow::Result<()> {
    rig.report.begin(NAME);
    rig.report.note(NAME, "seed", seed)?;
    let mut random = Random::new(seed);
    let (card, ticket) = staged(rig)?;
    let plan = Plan { agent: Some(When::HoldingData), devices_later: true, ..Plan::default() };
    let (plan, handover) = cuts::hold(rig, &card, plan)?;
    let mut longest_ms = None;
    let (mut on_a, mut on_b, mut tried) = (0, 0, 0);
    let watch = Stopwatch::start();
    for cut in 0..cuts {
        let mut machine = cuts::go_on(rig, card.clone(), &plan, &handover)?;
        machine.agent()?.run("until systemctl -q is-active kiosk-update.path; do sleep 0.2; done", BOOT)?;
        let begun = Stopwatch::start();
        ask(&mut machine)?;
        // The first goes on to its restart: the others are cut at any moment of that time or of the trial after it.
        let whole = longest_ms.is_none();
        let limit =
            longest_ms.map_or(INSTALL, |longest| Duration::from_millis(random.below(longest + TRIAL_MS)));
        let mut machine = restarting(rig, machine, limit, begun)?;
        if whole {
            longest_ms = u64::try_from(begun.elapsed().as_millis()).ok();
            rig.report.note(NAME, "install_ms", longest_ms)?;
        }
        if machine.handover.tryboot {
            tried += 1;
        }
        let how = if random.below(2) == 0 { Cut::Tears } else { Cut::LosesAll };
        let endangered = machine.unflushed().0;
        let cut_card = rig.cut(machine, how, &mut random)?;
        machine = comes_up(rig, cut_card).with_context(|| {
            format!(
                "cut {cut}, {how:?} of {endangered} bytes, {} ms after it was asked for",
                begun.elapsed().as_millis()
            )
        })?;
        if machine.handover.partition == 2 {
            on_a += 1
        } else {
            on_b += 1
        }
        let cut_card = rig.cut(machine, Cut::LosesAll, &mut random)?;
        let book = books::read(&cut_card, &rig.desk.folder)?;
        ensure!(book.has(&ticket), "cut {cut}: {ticket:?} is on paper and no longer on the card");
        let figures = json!({"cuts": cut + 1, "while_trying": tried, "came_up_on_a": on_a, "came_up_on_b": on_b,
            "did_not_come_up": 0, "tickets_lost": 0, "secs": watch.elapsed().as_secs()});
        rig.report.note(NAME, "figures", figures)?;
    }
    // A few cuts may all fall into the installation; many that do show nothing of the trial.
    ensure!(
        cuts < MANY || (tried > 0 && on_a > 0 && on_b > 0),
        "no cut fell into the trial, or all on one side of it"
    );
    Ok(())
}

/// Follows the machine over restarts until the moment of the cut; without a limit worth the name until its first restart.
fn restarting(
    rig: &mut Rig,
    mut machine: Machine,
    limit: Duration,
    begun: Stopwatch,
) -> anyhow::Result<Machine> {
    while let Some(left) = limit.checked_sub(begun.elapsed()) {
        let Ok(ended) = machine.wait_end(left.min(INSTALL)) else { break };
        ensure!(ended.is_restart(), "the machine ended with {ended:?}");
        machine =
            rig.desk.power_on(machine.take_card()?, &Plan { agent: Some(When::Early), ..Plan::default() })?;
        if limit == INSTALL {
            break;
        }
    }
    Ok(machine)
}

/// Boots a card after a cut until its home is on the glass, over a restart or two: a trial that the cut spoilt falls back.
fn comes_up(rig: &mut Rig, mut card: Card) -> anyhow::Result<Machine> {
    for _ in 0..3 {
        let mut machine = rig.desk.power_on(card, &Plan { agent: Some(When::Early), ..Plan::default() })?;
        let drawn = clock::until("home or a restart", BOOT, || {
            let ended = machine.wait_end(Duration::from_secs(1)).ok();
            let shows = ended.is_none() && shows_home(&mut machine);
            (ended.is_some() || shows).then_some(shows)
        });
        match drawn {
            Ok(true) => return Ok(machine),
            Ok(false) => card = machine.take_card()?,
            Err(late) => return Err(machine.late(late).into()),
        }
    }
    anyhow::bail!("three boots, and none stayed")
}

fn shows_home(machine: &mut Machine) -> bool {
    let words = machine.bitmap().ok().filter(Bitmap::is_drawn);
    let words = words.and_then(|bitmap| glass::words(bitmap.file()).ok());
    words.is_some_and(|words| glass::find(&words, HOME).is_some())
}

/// A card with a good bundle staged on it, the request ready to be put in place, and a ticket that was printed before.
fn staged(rig: &mut Rig) -> anyhow::Result<(Card, TicketKey)> {
    let (card, _district) = rig.prepared()?;
    let workshop = rig.workshop()?;
    let bundle = workshop.bundle(Kind::Good, &rig.fresh_card()?)?;
    rig.desk.tools = Some(bundle.clone());
    let mut machine = rig.desk.power_on(card, &Plan { agent: Some(When::Early), ..Plan::default() })?;
    machine.agent()?.wait(BOOT)?;
    machine.agent()?.run("until systemctl -q is-active kiosk-update.path; do sleep 0.2; done", BOOT)?;
    stage(&mut machine, &bundle, Kind::Good)?;
    rig.wait_phrase(&mut machine, HOME, BOOT)?;
    let paper = rig.take_ticket(&mut machine)?;
    let ticket = papers::ticket_of(&glass::qr(&paper)?).context("the ticket has no QR")?;
    Ok((rig.switch_off(machine)?, ticket))
}
