//! The kill campaign: a busy hall whose kiosk is killed (-9) again and again at random moments, and what must hold then.
//!
//! ```text
//!  citizens tap --> kiosk-app --> printer's tray      after the kills: tray, kiosk's database and district's
//!  officers press ->   ^    \--> district server      database are held against each other
//!                      | kill -9, start again
//! ```
//! Three stages: an honest storage card; a card that lies about its flush (after each kill the database is put back to a
//! copy made a few numbers earlier), which the guard band must make good; and the same with the database made to say
//! that the run had ended well, so that no guard band is skipped. That one **must** give a number out twice: if it does
//! not, the campaign cannot see what it looks for, and fails.

mod card;
mod findings;
mod people;

use std::io::{self, Write};
use std::path::Path;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use crate::clock::{self, Stopwatch, TooLate};
use crate::demo::books::{self, Books, BooksError};
use crate::demo::papers::{self, Paper};
use crate::random::SplitMix64;
use crate::rig::{Hall, Plan, RigError};

use card::Card;
pub use card::CardError;
pub use findings::{Figures, Finding};
use people::{People, Said};

/// The longest that a kiosk lives in the campaign.
const LONGEST_LIFE_MS: u64 = 5_000;
/// How long after a touch that may issue a number the kiosk is killed at most: the page settles, the ticket is stored and
/// printed meanwhile.
const AFTER_TOUCH_MS: u64 = 3_000;
/// What a touch needs to become paper, about.
const PRINT_MS: u64 = 1_500;
/// How far into a life the card stops to keep what it is given, at the latest.
const KEEPS_MS: u64 = 2_500;
/// The longest that a kiosk lives which is killed before it is up.
const STILLBORN_MS: u64 = 800;
/// How long the last events may take to the district.
const HEALING: Duration = Duration::from_secs(120);
/// After a start the kiosk reports about its devices and itself for so long.
const LAST_WORDS: Duration = Duration::from_millis(1_500);
/// Kills within which the campaign without a guard band must find a number twice.
const CONTROL_KILLS: u32 = 50;

/// Why the campaign failed.
#[derive(Debug, thiserror::Error)]
pub enum KillError {
    /// The hall could not be set up or used.
    #[error(transparent)]
    Rig(#[from] RigError),
    /// A database could not be read.
    #[error(transparent)]
    Books(#[from] BooksError),
    /// The lying card could not be played.
    #[error(transparent)]
    Card(#[from] CardError),
    /// Reports did not arrive.
    #[error("the last reports do not arrive")]
    Healing(#[from] TooLate),
    /// A promise was broken.
    #[error("stage {stage}, seed {seed}: {} promises broken, first: {}", findings.len(), first(findings))]
    Broken {
        /// The stage.
        stage: &'static str,
        /// The seed that replays the same faults.
        seed: u64,
        /// All that was found.
        findings: Vec<Finding>,
    },
    /// The positive control found nothing.
    #[error(
        "without a guard band no number was given out twice in {kills} kills (seed {seed}): the campaign is blind"
    )]
    Blind {
        /// How many kills it had.
        kills: u32,
        /// The seed.
        seed: u64,
    },
    /// Progress could not be told.
    #[error("cannot write the progress")]
    Progress(#[from] io::Error),
}

fn first(findings: &[Finding]) -> String {
    findings.first().map(Finding::to_string).unwrap_or_default()
}

/// A stage of the campaign.
#[derive(Clone, Copy, Debug)]
struct Stage {
    name: &'static str,
    kills: u32,
    card_lies: bool,
    guarded: bool,
}

/// Runs all stages in `folder`, which must be empty or missing: `cycles` kills with an honest card, a fifth of that with
/// a lying one, and the positive control.
///
/// # Errors
/// When a promise is broken, when the positive control finds nothing, or when the hall cannot be set up.
pub fn campaign(cycles: u32, seed: u64, folder: &Path, out: &mut dyn Write) -> Result<(), KillError> {
    let stages = [
        Stage { name: "honest card", kills: cycles, card_lies: false, guarded: true },
        Stage { name: "lying card", kills: cycles.div_ceil(5), card_lies: true, guarded: true },
        Stage { name: "no guard band", kills: CONTROL_KILLS, card_lies: true, guarded: false },
    ];
    for (stage, number) in stages.into_iter().zip(1_u64..) {
        let place = folder.join(format!("{number}"));
        let seed = seed.wrapping_add(number);
        writeln!(out, "kill: stage {number}, {}: up to {} kills, seed {seed}", stage.name, stage.kills)?;
        let mut run = Run::set_up(stage, seed, &place)?;
        run.live(out)?;
        run.judge(out)?;
    }
    Ok(())
}

struct Run {
    stage: Stage,
    seed: u64,
    random: SplitMix64,
    hall: Hall,
    card: Card,
    tray: Vec<Paper>,
    kills: u32,
    watch: Stopwatch,
}

impl Run {
    fn set_up(stage: Stage, seed: u64, folder: &Path) -> Result<Self, KillError> {
        let plan = Plan { size: (1280, 800), more_config: wide_series()?, ..Plan::default() };
        let hall = Hall::set_up(folder, plan)?;
        let card = Card::of(&hall.kiosk_database(), folder, stage.guarded);
        let random = SplitMix64::new(seed);
        Ok(Self { stage, seed, random, hall, card, tray: Vec::new(), kills: 0, watch: Stopwatch::start() })
    }

    /// Kill after kill; ends early when a number has come out twice.
    fn live(&mut self, out: &mut dyn Write) -> Result<(), KillError> {
        self.hall.start_kiosk()?;
        let people = People::come(&self.hall, self.stage.card_lies, self.random.next_u64());
        let mut told = 0;
        while self.kills < self.stage.kills {
            self.one_life(&people)?;
            self.kill();
            // Some never come up: the start of a run writes, too.
            if self.random.chance(15) {
                self.hall.launch_kiosk()?;
                clock::pass(Duration::from_millis(self.random.below(STILLBORN_MS)));
                self.kill();
            }
            if self.stage.card_lies {
                self.card.put_back()?;
            }
            self.empty_tray();
            if findings::twice(&self.tray).is_some() {
                break;
            }
            self.hall.start_kiosk()?;
            if self.kills >= told + 50 {
                told = self.kills;
                self.tell(out)?;
            }
        }
        if !self.hall.kiosk_runs() {
            self.hall.start_kiosk()?;
        }
        people.go_home();
        Ok(())
    }

    fn kill(&mut self) {
        self.hall.kill_kiosk();
        self.kills += 1;
    }

    /// Lets the hall work until a random moment: some time after the start, or shortly after a touch that issues a number.
    fn one_life(&mut self, people: &People) -> Result<(), KillError> {
        let life = Stopwatch::start();
        // What a lying card forgets has to be on paper: then there must be a touch, and time to print.
        let by_touch = self.stage.card_lies || self.random.chance(60);
        let shortest_ms = if self.stage.card_lies { PRINT_MS } else { 0 };
        let mut end_ms = if by_touch { LONGEST_LIFE_MS } else { self.random.below(LONGEST_LIFE_MS) };
        let mut copy_at_ms = self.stage.card_lies.then(|| self.random.below(KEEPS_MS));
        let mut key_at_ms = None;
        people.forget_what_was_said();
        loop {
            let now_ms = millis(life.elapsed());
            if copy_at_ms.is_some_and(|at_ms| now_ms >= at_ms) {
                copy_at_ms = None;
                self.card.keep_copy()?;
            }
            if let Some((at_ms, counter)) = key_at_ms
                && now_ms >= at_ms
            {
                key_at_ms = None;
                let key = u8::try_from(self.random.between(1, 3)).unwrap_or(1);
                // A kiosk that is starting has not opened the keypad's line yet: the press is lost, as in a hall.
                self.hall.press_key(counter, key).unwrap_or_default();
            }
            if now_ms >= end_ms {
                return Ok(());
            }
            let next_ms = copy_at_ms.into_iter().chain(key_at_ms.map(|(at_ms, _)| at_ms)).chain([end_ms]);
            let wait = next_ms.min().unwrap_or(end_ms).saturating_sub(now_ms);
            match people.hear(Duration::from_millis(wait)) {
                Ok(Said::Issuing) if by_touch && end_ms == LONGEST_LIFE_MS => {
                    end_ms = now_ms + self.random.between(shortest_ms, AFTER_TOUCH_MS);
                }
                // A press within a second of the finish would be the officer's own.
                Ok(Said::Finished(counter)) => key_at_ms = Some((now_ms + 1_200, counter)),
                Ok(Said::Issuing) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    }

    /// Reads what the printer cut off since the last look.
    fn empty_tray(&mut self) {
        let tickets = self.hall.printer.tickets();
        let new = tickets.get(self.tray.len()..).unwrap_or_default();
        self.tray.extend(papers::tray(new));
    }

    fn tell(&self, out: &mut dyn Write) -> Result<(), KillError> {
        let secs = self.watch.elapsed().as_secs_f64().max(1.0);
        let rate = f64::from(self.kills) * 60.0 / secs;
        let papers = self.tray.len();
        writeln!(out, "kill: {} kills, {papers} papers, {rate:.1} kills a minute", self.kills)?;
        Ok(out.flush()?)
    }

    /// Lets everything arrive and ends the kiosk; once more if it had something to say just then.
    fn heal(&mut self) -> Result<Books, KillError> {
        let database = self.hall.kiosk_database();
        let watch = Stopwatch::start();
        loop {
            clock::pass(LAST_WORDS);
            clock::until("an empty outbox", HEALING, || {
                books::unacknowledged(&database).ok().filter(|left| *left == 0)
            })?;
            self.hall.stop_kiosk()?;
            if books::unacknowledged(&database)? == 0 || watch.elapsed() > HEALING {
                break;
            }
            self.hall.start_kiosk()?;
        }
        self.empty_tray();
        self.hall.server.stop()?;
        Ok(Books::read(&database, &self.hall.server.database())?)
    }

    /// Holds tray and books against each other.
    fn judge(&mut self, out: &mut dyn Write) -> Result<(), KillError> {
        let books = self.heal()?;
        let findings = findings::all(&books, &self.tray, self.kills, self.stage.card_lies);
        let figures = Figures::of(&books, &self.tray, self.kills, &findings);
        let secs = self.watch.elapsed().as_secs();
        writeln!(out, "kill: stage {} done in {secs} s: {figures}", self.stage.name)?;
        let (stage, seed, kills) = (self.stage.name, self.seed, self.kills);
        let duplicate = findings.iter().find(|finding| finding.is_number_twice());
        match (self.stage.guarded, duplicate) {
            (false, Some(duplicate)) => {
                writeln!(
                    out,
                    "kill: positive control: found after {kills} kills, as it must be: {duplicate}"
                )?;
                Ok(())
            }
            (false, None) => Err(KillError::Blind { kills, seed }),
            (true, _) if findings.is_empty() => Ok(()),
            (true, _) => {
                for finding in &findings {
                    writeln!(out, "kill: BROKEN: {finding}")?;
                }
                Err(KillError::Broken { stage, seed, findings })
            }
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Ranges that hundreds of guard bands in one day do not use up: a hall without numbers would prove nothing.
fn wide_series() -> Result<String, RigError> {
    let settings = crate::rig::shipped_settings()?;
    let wide =
        |area: &kiosk_core::settings::ServiceArea| format!("[area.{}]\ndigits = 5\nlast = 99999\n", area.id);
    Ok(settings.hall.areas.iter().map(wide).collect())
}
