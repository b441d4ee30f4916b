//! How an update comes to lie whole in its folder. The only one that writes there; knows neither network nor time.
//!
//! ```text
//!            order                      part, part ..                 digest
//!   Nothing ------> Fetch (download.part) -----------> Check -----------------> Offer (staged.raucb)
//!      ^  ^            ^------ wrong digest, thrice at most -+                    |  the hall is at rest: install.json
//!      |  +--- given up ------------------------------------+                    v
//!      +--------------------- the boot control's final word ------------------ Await
//!             asked in an earlier boot, or unheard for two hours: back to Offer <--+
//! ```

use std::io;

use kiosk_core::update::{UpdateOutcome, UpdateSource};
use kiosk_protocol::{MAX_BUNDLE_BYTES, MAX_PART_BYTES, UpdateOrder, is_plain_version};
use serde::{Deserialize, Serialize};

use super::shelf::Shelf;

/// What is known of the update under way, and the newest command acted on.
const PROGRESS: &str = "progress.json";
/// A bundle on its way.
const PART: &str = "download.part";
/// A whole bundle.
const STAGED: &str = "staged.raucb";
/// The request to the boot control.
const REQUEST: &str = "install.json";

/// Left free for the hall's own data.
const RESERVE_BYTES: u64 = 64 * 1024 * 1024;
/// How often a bundle is fetched, or offered, before it is given up.
const MOST_TRIES: u8 = 3;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Progress {
    /// The key of the server that numbers the commands.
    #[serde(default)]
    server: String,
    /// Number of the newest command acted on.
    taken: u64,
    order: Option<Order>,
    /// Whether files of an ended update may still lie there. Without an order and without this, what lies there is somebody
    /// else's: a technician may stage by hand.
    #[serde(default)]
    leftovers: bool,
}

/// The update under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Order {
    version: String,
    sha256: String,
    size: u64,
    source: Source,
    tries: u8,
    /// Set once the boot control was asked: its last word before that.
    asked: Option<Asked>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Asked {
    before: Option<String>,
    /// The boot in which that was; empty where nobody knows.
    #[serde(default)]
    boot: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Source {
    Server,
    Usb,
}

/// `install.json`, as the boot control reads it.
#[derive(Serialize)]
struct Request<'a> {
    bundle: &'static str,
    version: &'a str,
    sha256: &'a str,
    source: Source,
}

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// There is no update.
    Nothing,
    /// Bytes are missing, from `from` on.
    Fetch {
        /// The bundle's digest, by which the server knows it.
        sha256: String,
        /// First byte missing.
        from: u64,
        /// How many are missing.
        missing: u64,
    },
    /// All bytes are there: look whether they are the right ones.
    Check,
    /// It lies there whole: ask the rules when it may be installed.
    Offer,
    /// The boot control has it.
    Await,
}

/// What came of a look at all the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Checked {
    /// They are the ordered ones.
    Whole,
    /// They are others; they are fetched again.
    Wrong,
    /// They were others too often.
    GivenUp,
}

/// Takes back what was asked in another boot than `boot` and has not come to an end, as after a cut: where the hall was at
/// rest then, somebody may stand now. The bundle stays and is offered anew, a few times in all. Says whether that was so.
pub(super) fn take_back(shelf: &mut impl Shelf, boot: &str) -> io::Result<bool> {
    let progress = progress(shelf)?;
    let Some(order) = progress.order.clone() else { return Ok(false) };
    if order.asked.as_ref().is_some_and(|asked| asked.boot == boot) || shelf.len(REQUEST)?.is_none() {
        return Ok(false);
    }
    let again = order.tries < MOST_TRIES;
    let order = again.then_some(Order { asked: None, ..order });
    let progress = Progress { order, leftovers: progress.leftovers || !again, ..progress };
    shelf.put(PROGRESS, &serde_json::to_vec(&progress)?)?;
    shelf.remove(REQUEST)?;
    Ok(true)
}

fn progress(shelf: &impl Shelf) -> io::Result<Progress> {
    Ok(shelf.read(PROGRESS)?.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
}

/// The update in its folder.
#[derive(Debug)]
pub(super) struct Stage<S> {
    shelf: S,
    progress: Progress,
    /// Bytes of the order that are there.
    got: u64,
    staged: bool,
}

impl<S: Shelf> Stage<S> {
    /// Takes up what the last run left.
    pub(super) fn open(shelf: S) -> io::Result<Self> {
        let progress = progress(&shelf)?;
        let mut stage = Self { shelf, progress, got: 0, staged: false };
        let Some(order) = stage.progress.order.clone() else {
            if stage.progress.leftovers {
                stage.sweep()?;
            }
            return Ok(stage);
        };
        stage.staged =
            stage.shelf.len(STAGED)? == Some(order.size) && stage.shelf.digest(STAGED)? == order.sha256;
        if stage.staged {
            return Ok(stage);
        }
        stage.shelf.remove(REQUEST)?;
        stage.shelf.remove(STAGED)?;
        if order.asked.is_some() {
            let order = Order { asked: None, ..order.clone() };
            stage.write(Progress { order: Some(order), ..stage.progress.clone() })?;
        }
        match order.source {
            // The last part was perhaps not written down whole before the power went; all before it was.
            Source::Server => {
                let there = stage.shelf.len(PART)?.unwrap_or(0).min(order.size);
                stage.got = there.saturating_sub(MAX_PART_BYTES);
            }
            // It still lies where the stick's unit put it, and is found there again.
            Source::Usb => stage.end()?,
        }
        Ok(stage)
    }

    /// Forgets what another server said: this one numbers its commands anew, and holds other bundles.
    pub(super) fn belong_to(&mut self, server: &str) -> io::Result<()> {
        if self.progress.server == server {
            return Ok(());
        }
        let order = self.progress.order.clone().filter(|order| order.source == Source::Usb);
        let leftovers = self.progress.order.is_some() && order.is_none();
        self.write(Progress { server: server.to_owned(), taken: 0, order, leftovers })?;
        if leftovers { self.sweep() } else { Ok(()) }
    }

    /// Number of the newest command acted on.
    pub(super) fn taken(&self) -> u64 {
        self.progress.taken
    }

    /// Whether the boot control has the update, so that nothing of it may be touched.
    pub(super) fn is_away(&self) -> bool {
        self.progress.order.as_ref().is_some_and(|order| order.asked.is_some())
    }

    /// Who brought the update under way.
    pub(super) fn source(&self) -> UpdateSource {
        match self.progress.order.as_ref().map(|order| order.source) {
            Some(Source::Usb) => UpdateSource::Stick,
            Some(Source::Server) | None => UpdateSource::Server,
        }
    }

    /// Notes a command that asks for nothing that could be done.
    pub(super) fn pass_over(&mut self, number: u64) -> io::Result<()> {
        let progress = Progress { taken: number, ..self.progress.clone() };
        self.write(progress)
    }

    /// Takes an order of the server in the place of any other.
    pub(super) fn order(&mut self, number: u64, order: &UpdateOrder) -> io::Result<()> {
        let UpdateOrder { version, sha256, size } = order.clone();
        let order = Order { version, sha256, size, source: Source::Server, tries: 0, asked: None };
        self.replace(number, order)
    }

    /// Takes the first bundle that a stick brought in the place of any other order; its version, if there was one.
    pub(super) fn take_from_stick(&mut self) -> io::Result<Option<String>> {
        let found = self.shelf.stick_bundles()?.into_iter();
        let Some((name, size)) = found.into_iter().find(|(_, size)| (1..=MAX_BUNDLE_BYTES).contains(size))
        else {
            return Ok(None);
        };
        let sha256 = self.shelf.digest(&name)?;
        let stem = name.rsplit('/').next().and_then(|file| file.strip_suffix(".raucb"));
        let version = stem.filter(|stem| is_plain_version(stem)).unwrap_or("usb").to_owned();
        let order =
            Order { version: version.clone(), sha256, size, source: Source::Usb, tries: 0, asked: None };
        self.replace(self.progress.taken, order)?;
        self.shelf.rename(&name, STAGED)?;
        self.staged = true;
        Ok(Some(version))
    }

    /// What is to be done.
    pub(super) fn next(&self) -> Next {
        match &self.progress.order {
            None => Next::Nothing,
            Some(order) if order.asked.is_some() => Next::Await,
            Some(_) if self.staged => Next::Offer,
            Some(order) if self.got >= order.size => Next::Check,
            Some(order) => {
                Next::Fetch { sha256: order.sha256.clone(), from: self.got, missing: order.size - self.got }
            }
        }
    }

    /// Bytes that are still wanted on the disk for the order; 0 when there is room.
    pub(super) fn lacks_room(&self) -> io::Result<u64> {
        let missing = self.progress.order.as_ref().map_or(0, |order| order.size.saturating_sub(self.got));
        Ok((missing + RESERVE_BYTES).saturating_sub(self.shelf.free()?))
    }

    /// Puts down the bytes that follow.
    pub(super) fn part(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.shelf.add(PART, self.got, bytes)?;
        self.got += bytes.len() as u64;
        Ok(())
    }

    /// Compares all bytes with the order's digest and gives the bundle its name.
    pub(super) fn check(&mut self) -> io::Result<Checked> {
        let Some(mut order) = self.progress.order.clone() else { return Ok(Checked::GivenUp) };
        if self.shelf.len(PART)? == Some(order.size) && self.shelf.digest(PART)? == order.sha256 {
            self.shelf.rename(PART, STAGED)?;
            self.staged = true;
            return Ok(Checked::Whole);
        }
        self.got = 0;
        self.shelf.remove(PART)?;
        order.tries += 1;
        if order.tries >= MOST_TRIES {
            self.end()?;
            return Ok(Checked::GivenUp);
        }
        self.write(Progress { order: Some(order), ..self.progress.clone() })?;
        Ok(Checked::Wrong)
    }

    /// Asks the boot control to install; `before` is its last word so far, `boot` this boot.
    pub(super) fn ask(&mut self, before: Option<&UpdateOutcome>, boot: &str) -> io::Result<()> {
        let (Some(mut order), true) = (self.progress.order.clone(), self.staged) else { return Ok(()) };
        order.tries += 1;
        order.asked = Some(Asked { before: before.map(UpdateOutcome::key), boot: boot.to_owned() });
        self.write(Progress { order: Some(order.clone()), ..self.progress.clone() })?;
        let Order { version, sha256, source, .. } = &order;
        let request = Request { bundle: STAGED, version, sha256, source: *source };
        self.shelf.put(REQUEST, &serde_json::to_vec(&request)?)
    }

    /// Whether the boot control has yet to take the request, or has taken it and not yet removed it.
    pub(super) fn request_lies(&self) -> io::Result<bool> {
        Ok(self.shelf.len(REQUEST)?.is_some())
    }

    /// Hears the boot control's word, read after the request was seen to be gone: ends an update that it is done with, and
    /// says whether one ended. One that it neither has nor speaks of, as after a cut between two files, is offered again; not
    /// for ever.
    pub(super) fn hear(&mut self, outcome: Option<&UpdateOutcome>) -> io::Result<bool> {
        let Some(order) = self.progress.order.clone() else { return Ok(false) };
        let Some(asked) = &order.asked else { return Ok(false) };
        let news = outcome.filter(|outcome| Some(outcome.key()) != asked.before);
        match news {
            Some(outcome) if outcome.is_final() => self.end().map(|()| true),
            Some(_) => Ok(false),
            None if order.tries >= MOST_TRIES => self.end().map(|()| true),
            None => {
                let order = Order { asked: None, ..order };
                self.write(Progress { order: Some(order), ..self.progress.clone() })?;
                Ok(false)
            }
        }
    }

    /// Takes back a request that the boot control leaves lying: one of a few tries. Says whether it was the last, which ends the
    /// update.
    pub(super) fn take_back_unheard(&mut self) -> io::Result<bool> {
        self.shelf.remove(REQUEST)?;
        self.hear(None)
    }

    fn replace(&mut self, number: u64, order: Order) -> io::Result<()> {
        let same = self.progress.order.as_ref().is_some_and(|known| known.sha256 == order.sha256);
        self.shelf.remove(REQUEST)?;
        self.write(Progress { taken: number, order: Some(order), ..self.progress.clone() })?;
        if !same {
            (self.got, self.staged) = (0, false);
            self.shelf.remove(STAGED)?;
            self.shelf.remove(PART)?;
        }
        Ok(())
    }

    /// Ends the update, whatever became of it.
    fn end(&mut self) -> io::Result<()> {
        self.write(Progress { order: None, leftovers: true, ..self.progress.clone() })?;
        self.sweep()
    }

    fn sweep(&mut self) -> io::Result<()> {
        (self.got, self.staged) = (0, false);
        self.shelf.remove(REQUEST)?;
        self.shelf.remove(STAGED)?;
        self.shelf.remove(PART)?;
        self.write(Progress { leftovers: false, ..self.progress.clone() })
    }

    fn write(&mut self, progress: Progress) -> io::Result<()> {
        self.shelf.put(PROGRESS, &serde_json::to_vec(&progress)?)?;
        self.progress = progress;
        Ok(())
    }
}
