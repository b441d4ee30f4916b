//! Power cuts at random moments of a machine at work.
//!
//! A cut costs seconds, not minutes: the machine's state is saved once, before its data partition is looked at, and each life
//! goes on from there with the card as the last cut left it. What the guest had not flushed is lost, or torn.
//!
//! ```text
//!  boot ─► hold ─► save ─┬─► go on ─► mount /data ─► kiosk ─► tickets ─ ✂ ─► the books on the card against the papers
//!                        └────────────────◄──────────────────────────────────────────┘
//! ```

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use serde_json::json;

use crate::agent::{self, When};
use crate::books::{self, Book};
use crate::card::{Card, Cut};
use crate::clock::{self, Stopwatch};
use crate::firmware::Handover;
use crate::glass;
use crate::machine::{Machine, Plan, SERIAL_LINES};
use crate::papers::{self, TicketKey};
use crate::random::Random;
use crate::report::say;
use crate::rig::{BOOT, EFFECT, HOME, Rig, WAY};

/// The buttons that put a ticket's page away and that lead home from any page: the bar below never moves, and tesseract does
/// not read white letters.
const DONE: (u32, u32) = (540, 1_702);
const TO_HOME: (u32, u32) = (423, 1_842);
/// A page that looks like none that is known by then is read.
const READ_AFTER: Duration = Duration::from_secs(3);
/// A page that does not come by then is not coming.
const PAGE: Duration = Duration::from_secs(25);
/// Between two touches: a page wants to be seen before it takes one (`kiosk_core::screen::DOUBLE_TAP_MS` and some more).
const BETWEEN: Duration = Duration::from_millis(950);
/// The longest that a first page takes after the hold, for cuts while the kiosk starts.
const START_MS: u64 = 20_000;
/// Tickets that a citizen in a hurry tries for before the kiosk counts as dead.
const TRIES: u32 = 4;

/// What the machine is that power is cut of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// As it is shipped.
    Shipped,
    /// The positive control: the app's flushes do nothing and say they did, as `synchronous=NORMAL` does between two
    /// checkpoints of the log. Tickets must be lost.
    Control,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Shipped => "cuts",
            Self::Control => "cuts-control",
        }
    }

    fn plan(self) -> Plan {
        let files = match self {
            Self::Shipped => Vec::new(),
            // Error number 0: the kernel's filter answers "done" without doing it. No build of the kiosk can be told to.
            Self::Control => agent::drop_in(
                "kiosk-app.service",
                "[Service]\nSystemCallFilter=\nSystemCallFilter=~fsync:0 fdatasync:0\n",
            ),
        };
        Plan { agent: Some(When::HoldingData), devices_later: true, files, ..Plan::default() }
    }
}

/// What a campaign has seen.
#[derive(Debug, Default)]
struct Tally {
    cuts: u32,
    while_starting: u32,
    papers: Vec<TicketKey>,
    pieces: usize,
    endangered_bytes: u64,
}

/// A button as it was found on the glass.
struct Button {
    place: (u32, u32),
    drawn: Vec<u8>,
}

struct Campaign<'a> {
    rig: &'a mut Rig,
    kind: Kind,
    plan: Plan,
    handover: Handover,
    random: Random,
    /// For each touch on the way to a ticket, where its button stood so far: a banner moves it.
    known: [Vec<Button>; WAY.len()],
    /// What was done on the glass since the last cut, for whoever looks why a ticket did not come.
    trail: Vec<String>,
    tally: Tally,
}

/// Cuts the power `cuts` times.
///
/// # Errors
/// When a ticket is lost or doubled, when the machine does not come up again, or when the positive control finds nothing.
pub fn run(rig: &mut Rig, kind: Kind, cuts: u32, seed: u64) -> anyhow::Result<()> {
    let name = kind.name();
    rig.report.begin(name);
    rig.report.note(name, "seed", seed)?;
    let (mut card, _district) = rig.prepared()?;
    let (plan, handover) = hold(rig, &card, kind.plan())?;
    let (random, tally) = (Random::new(seed), Tally::default());
    let mut campaign =
        Campaign { rig, kind, plan, handover, random, known: Default::default(), trail: Vec::new(), tally };
    let watch = Stopwatch::start();
    let mut found = None;
    while campaign.tally.cuts < cuts && found.is_none() {
        card = campaign.one_life(card).with_context(|| format!("after {} cuts", campaign.tally.cuts))?;
        let book = books::read(&card, &campaign.rig.desk.folder)?;
        found = campaign.judge(&book)?;
        campaign.note(&book, watch.elapsed())?;
    }
    match (kind, found) {
        (Kind::Shipped, None) => campaign.last_boot(card),
        (Kind::Shipped, Some(found)) => bail!("{found}"),
        (Kind::Control, Some(found)) => Ok(campaign.rig.report.note(name, "found_as_it_must_be", found)?),
        (Kind::Control, None) => bail!("the control lost nothing in {cuts} cuts: these cuts prove nothing"),
    }
}

/// Boots up to the hold and saves the machine's state; gives the plan to go on with.
///
/// # Errors
/// When the machine does not come that far.
pub fn hold(rig: &mut Rig, card: &Card, plan: Plan) -> anyhow::Result<(Plan, Handover)> {
    say("booting up to the hold before the data partition");
    let mut machine = rig.desk.power_on(card.clone(), &plan)?;
    machine.agent()?.wait(BOOT)?;
    // All that can start has started, and what starts next has been read: many lives spare it.
    machine.agent()?.run(
        "until systemctl show -P ActiveState rig-hold | grep -q activating && \
         [ \"$(systemctl list-jobs --no-legend | grep -c running)\" = 1 ]; do sleep 0.5; done; \
         find /usr/bin /usr/sbin /usr/lib/aarch64-linux-gnu /usr/lib/systemd /usr/share/fonts -xdev -type f -exec cat {} + > /dev/null; sync",
        BOOT,
    )?;
    let state = rig.desk.folder.join("held.state");
    machine.save_state(&state)?;
    Ok((Plan { state: Some(state), ..plan }, machine.handover.clone()))
}

/// Goes on from the hold with another card, devices plugged in.
///
/// # Errors
/// When the machine does not go on.
pub fn go_on(rig: &mut Rig, card: Card, plan: &Plan, handover: &Handover) -> anyhow::Result<Machine> {
    let mut machine = rig.desk.resume(card, plan, handover.clone())?;
    machine.go_on()?;
    machine.agent()?.wait(EFFECT)?;
    for (name, port) in SERIAL_LINES {
        machine.plug(name, port)?;
    }
    machine.agent()?.release()?;
    Ok(machine)
}

impl Campaign<'_> {
    /// From the hold to a cut; gives the card as the cut left it.
    fn one_life(&mut self, card: Card) -> anyhow::Result<Card> {
        let mut machine = go_on(self.rig, card, &self.plan, &self.handover)?;
        self.trail.clear();
        if self.kind == Kind::Shipped && self.tally.cuts > 0 && self.random.below(5) == 0 {
            clock::pass(Duration::from_millis(self.random.below(START_MS)));
            self.tally.while_starting += 1;
        } else {
            self.rig.wait_drawn(&mut machine)?;
            for _ in 0..self.random.below(2) {
                self.ticket(&mut machine)?;
            }
            self.touch_until_the_cut(&mut machine)?;
        }
        self.tally.cuts += 1;
        self.tally.endangered_bytes += machine.unflushed().0;
        let tears = self.kind == Kind::Shipped && self.random.below(2) == 0;
        let how = if tears { Cut::Tears } else { Cut::LosesAll };
        self.rig.cut(machine, how, &mut self.random)
    }

    /// Takes a ticket; tries again, for a page may have been slow or fallen back to home.
    fn ticket(&mut self, machine: &mut Machine) -> anyhow::Result<()> {
        for _ in 0..TRIES {
            let before = self.rig.printer.tickets().len();
            if self.touches(machine)? {
                if !self.rig.printer.wait_for_tickets(before + 1, Duration::from_secs(20)) {
                    self.trail.push("no paper".to_owned());
                    continue;
                }
                clock::pass(BETWEEN);
                machine.touch(DONE)?;
                clock::pass(BETWEEN);
                return Ok(());
            }
        }
        self.rig.keep_picture(machine, "no-ticket")?;
        self.rig.keep_journal(machine);
        bail!("the kiosk came up and gives no ticket; touches of this life: {}", self.trail.join(", "))
    }

    /// The touches that lead from the home page to a ticket; false when a page did not come, and home is on its way then.
    fn touches(&mut self, machine: &mut Machine) -> anyhow::Result<bool> {
        for (step, phrase) in WAY.into_iter().enumerate() {
            let watch = Stopwatch::start();
            let found = self.touch(machine, step, phrase)?;
            let verb = if found { "touched" } else { "in vain" };
            self.trail.push(format!("{phrase:?} {verb} after {} ms", watch.elapsed().as_millis()));
            if !found {
                machine.touch(TO_HOME)?;
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Touches a button once it stands where it stood before, or where it is read.
    fn touch(&mut self, machine: &mut Machine, step: usize, phrase: &str) -> anyhow::Result<bool> {
        let known = self.known.get_mut(step).context("no such step")?;
        let watch = Stopwatch::start();
        while watch.elapsed() < PAGE {
            // A picture costs the played processor time that the page needs.
            clock::pass(Duration::from_millis(200));
            let bitmap = machine.bitmap()?;
            if let Some(button) = known.iter().find(|button| bitmap.around(button.place) == button.drawn) {
                // A page that has just come takes no touch yet: the kiosk holds it for one of the page before.
                clock::pass(BETWEEN);
                machine.touch(button.place)?;
                return Ok(true);
            }
            if watch.elapsed() > READ_AFTER
                && let Some(place) = glass::find(&glass::words(bitmap.file())?, phrase)
            {
                known.push(Button { place, drawn: bitmap.around(place) });
            }
        }
        Ok(false)
    }

    /// Touches for one more ticket and waits for the moment of the cut: while it is written and printed, or just after.
    fn touch_until_the_cut(&mut self, machine: &mut Machine) -> anyhow::Result<()> {
        let before = self.rig.printer.tickets().len();
        ensure!(
            self.touches(machine)? || self.touches(machine)?,
            "the kiosk came up and its pages do not turn"
        );
        // What the control forgets has to be on paper.
        if self.kind == Kind::Control || self.random.below(2) == 0 {
            let _printed = self.rig.printer.wait_for_tickets(before + 1, Duration::from_secs(20));
            clock::pass(Duration::from_millis(self.random.below(1_000)));
        } else {
            clock::pass(Duration::from_millis(self.random.below(3_000)));
        }
        Ok(())
    }

    /// Holds the papers against the card's books.
    fn judge(&mut self, book: &Book) -> anyhow::Result<Option<String>> {
        let new = papers::tray(&self.rig.tickets, self.tally.pieces)?;
        self.tally.pieces += new.len();
        self.tally.papers.extend(new.into_iter().flatten());
        let doubled = papers::doubled(&self.tally.papers);
        let lost: Vec<_> = self.tally.papers.iter().filter(|paper| !book.has(paper)).collect();
        if doubled.is_empty() && lost.is_empty() {
            return Ok(None);
        }
        Ok(Some(format!("after {} cuts: lost {lost:?}, doubled {doubled:?}", self.tally.cuts)))
    }

    fn note(&mut self, book: &Book, elapsed: Duration) -> anyhow::Result<()> {
        let (name, tally) = (self.kind.name(), &self.tally);
        let lost = tally.papers.iter().filter(|paper| !book.has(paper)).count();
        let figures = json!({
            "cuts": tally.cuts, "while_starting": tally.while_starting, "papers": tally.papers.len(),
            "pieces": tally.pieces, "tickets_on_the_card": book.tickets.len(), "lost": lost,
            "doubled": papers::doubled(&tally.papers).len(), "unflushed_bytes_lost": tally.endangered_bytes,
            "secs": elapsed.as_secs(),
        });
        Ok(self.rig.report.note(name, "figures", figures)?)
    }

    /// A whole boot at the end, from the firmware on: numbers go on above all that were printed.
    fn last_boot(&mut self, card: Card) -> anyhow::Result<()> {
        let mut machine = self.rig.desk.power_on(card, &Plan::default())?;
        self.rig.wait_phrase(&mut machine, HOME, BOOT)?;
        let paper = self.rig.take_ticket(&mut machine)?;
        let link = glass::qr(&paper)?;
        let last = papers::ticket_of(&link).context("the last ticket has no QR")?;
        let highest = self.tally.papers.iter().map(|paper| paper.ordinal).max().unwrap_or(0);
        ensure!(last.ordinal > highest, "after the cuts comes {last:?}, and {highest} was printed before");
        Ok(self.rig.report.note(self.kind.name(), "number_after_all_cuts", last.ordinal)?)
    }
}
