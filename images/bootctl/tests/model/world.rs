//! A kiosk that loses power: cards that forget what was not synced, a firmware, two slots and a RAUC, all in memory.

use std::collections::BTreeMap;
use std::io;

use kiosk_bootctl::control;
use kiosk_bootctl::machine::{Firmware, Machine, MachineError, Place};
use kiosk_bootctl::record::SlotState;
use kiosk_bootctl::slot::Slot;

/// What lies in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// It boots and its app is well.
    Well(u8),
    /// It boots, and its app never is.
    Unwell(u8),
    /// It boots and cannot mount /data.
    Blind(u8),
    /// It does not boot: half written, or its root hash is wrong.
    Broken,
}

/// What a cut does to what was not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// All of it is gone.
    Everything,
    /// None of it.
    Nothing,
    /// New names are there, and what they name is empty.
    Content,
    /// As `Everything`, and the sector under the pen is garbage.
    TornSector,
}

/// Mistakes that the model must notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// None: the boot control as it is.
    None,
    /// RAUC's set-primary changes autoboot.txt at once, before the slot has proved itself.
    EagerPrimary,
    /// The card says that it synced and did not.
    LyingSync,
    /// The request stays after it was carried out.
    RequestStays,
    /// The initramfs of a kept slot that does not open restarts, and never asks for the other slot.
    NeverAsks,
    /// The mark of a boot that went back without a memory does not stay.
    Forgets,
    /// That mark cannot be left, so that a boot without a memory always runs on.
    NeverMarks,
}

/// How the firmware remembers a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    /// A file: it outlives a cut.
    Sim,
    /// A register: it does not.
    Pi,
}

#[derive(Clone, Debug, Default)]
struct Stored {
    durable: Option<Vec<u8>>,
    live: Option<Vec<u8>>,
    beside: Option<(Vec<u8>, bool)>,
    // The content behind the new name was synced before the rename.
    renamed_whole: bool,
}

/// The kiosk.
#[derive(Clone, Debug)]
pub struct World {
    files: BTreeMap<Place, Stored>,
    autoboot: Vec<u8>,
    flag_kind: Flag,
    flag: bool,
    pub slots: BTreeMap<char, Content>,
    running: Firmware,
    boots: u32,
    /// Boots that the firmware was asked to try.
    pub trials: u32,
    mistake: Mistake,
    cut_at: Option<(u32, Loss)>,
    /// Steps so far.
    pub steps: u32,
    /// Cuts so far.
    pub cuts: u32,
    powered: bool,
    restarting: bool,
    // At this boot the kept slot's system is found unreadable.
    dies_at: Option<u32>,
    // /data is lost with it.
    takes_data: bool,
    went_back: bool,
    // Nothing happens any more.
    quiet: bool,
}

const LIMIT_OF_BOOTS: u32 = 16;

fn key(slot: Slot) -> char {
    if slot == Slot::A { 'A' } else { 'B' }
}

impl World {
    /// A kiosk that runs version 1 from `old`, and has a request to install version 2.
    pub fn new(old: Slot, flag_kind: Flag, mistake: Mistake) -> Self {
        let mut files = BTreeMap::new();
        let request = br#"{"bundle":"staged.raucb","version":"2"}"#.to_vec();
        let stored = Stored { durable: Some(request.clone()), live: Some(request), ..Stored::default() };
        files.insert(Place::Request, stored);
        let slots = [(key(old), Content::Well(1)), (key(old.other()), Content::Broken)].into();
        Self {
            files,
            autoboot: kiosk_bootctl::autoboot::render(old).into_bytes(),
            flag_kind,
            flag: false,
            slots,
            running: Firmware { slot: old, tryboot: false },
            boots: 0,
            trials: 0,
            mistake,
            cut_at: None,
            steps: 0,
            cuts: 0,
            powered: true,
            restarting: false,
            dies_at: None,
            takes_data: false,
            went_back: false,
            quiet: false,
        }
    }

    /// The same kiosk with something in its second slot, whose kept slot dies before this boot.
    pub fn dying_at(mut self, boot: u32, second: Content) -> Self {
        self.slots.insert(key(self.running.slot.other()), second);
        self.dies_at = Some(boot);
        self
    }

    /// The same kiosk, but what spoils the kept slot spoils /data with it.
    pub fn with_its_data(self) -> Self {
        Self { takes_data: true, ..self }
    }

    fn has_data(&self) -> bool {
        let is_dead = self.takes_data && self.dies_at.is_some_and(|at| self.boots >= at);
        !is_dead && !matches!(self.content(self.running.slot), Content::Blind(_))
    }

    // A step on /data.
    fn step_on_data(&mut self) -> Result<(), MachineError> {
        self.step()?;
        if self.has_data() { Ok(()) } else { Err(failed("no /data")) }
    }

    /// Lives until the kept slot has died and nothing happens any more; who is at rest before is switched off and on.
    ///
    /// # Errors
    /// The kiosk boots again and again.
    pub fn outlive(&mut self, bundle: Content) -> Result<(), String> {
        self.live(bundle)?;
        while self.dies_at.is_some_and(|at| self.boots < at) {
            self.quiet = false;
            self.live(bundle)?;
        }
        // Next morning: a sector torn in the handing over may have needed this.
        self.quiet = false;
        self.live(bundle)
    }

    /// Whether no slot would boot: neither is sound, or the card has torn the very sector that would have led away from slot A,
    /// which is dead.
    pub fn is_lost(&self) -> bool {
        let is_dead = |slot: Slot| self.content(slot) == Content::Broken;
        is_dead(Slot::A) && (is_dead(Slot::B) || self.named("[all]").is_none())
    }

    /// The power goes at this step from now on, before it takes effect.
    pub fn cut_after(&mut self, steps: u32, loss: Loss) {
        self.cut_at = Some((self.steps + steps, loss));
    }

    fn step(&mut self) -> Result<(), MachineError> {
        if !self.powered {
            return Err(no_power());
        }
        match self.cut_at {
            Some((at, loss)) if at == self.steps => {
                self.lose(loss);
                Err(no_power())
            }
            Some(_) | None => {
                self.steps += 1;
                Ok(())
            }
        }
    }

    fn lose(&mut self, loss: Loss) {
        self.powered = false;
        self.cut_at = None;
        self.cuts += 1;
        if self.flag_kind == Flag::Pi {
            self.flag = false;
        }
        for stored in self.files.values_mut() {
            match loss {
                Loss::Everything | Loss::TornSector => {}
                Loss::Nothing => stored.durable = stored.live.clone(),
                Loss::Content if stored.renamed_whole => stored.durable = stored.live.clone(),
                Loss::Content if stored.durable != stored.live => {
                    stored.durable = stored.live.as_ref().map(|_| Vec::new());
                }
                Loss::Content => {}
            }
            stored.live = stored.durable.clone();
            stored.beside = None;
        }
    }

    // Read here by other rules than the boot control's, as the firmware is somebody else's program.
    fn named(&self, section: &str) -> Option<Slot> {
        let text = String::from_utf8(self.autoboot.clone()).ok()?;
        let line = text.split(section).nth(1)?.lines().find(|line| line.starts_with("boot_partition="))?;
        [Slot::A, Slot::B].into_iter().find(|slot| line.ends_with(&slot.partition().to_string()))
    }

    /// What an ordinary boot takes: what autoboot.txt says, else the first bootable partition.
    pub fn default_slot(&self) -> Slot {
        self.named("[all]").unwrap_or(Slot::A)
    }

    /// Some slot always boots: the default one.
    ///
    /// # Errors
    /// It would not.
    pub fn default_works(&self) -> Result<(), String> {
        let slot = self.default_slot();
        match self.content(slot) {
            Content::Well(_) => Ok(()),
            Content::Unwell(_) | Content::Blind(_) | Content::Broken => {
                Err(format!("slot {slot} is the default one and does not work"))
            }
        }
    }

    /// What lies in a slot.
    pub fn content(&self, slot: Slot) -> Content {
        self.slots[&key(slot)]
    }

    /// The running slot.
    pub fn running(&self) -> Slot {
        self.running.slot
    }

    fn power_on(&mut self) {
        if self.dies_at == Some(self.boots + 1) {
            self.slots.insert(key(self.default_slot()), Content::Broken);
        }
        let tryboot = std::mem::take(&mut self.flag);
        let tried = if tryboot { self.named("[tryboot]") } else { None };
        self.trials += u32::from(tryboot);
        self.running = Firmware { slot: tried.unwrap_or_else(|| self.default_slot()), tryboot };
        self.boots += 1;
        (self.powered, self.restarting) = (true, false);
        for stored in self.files.values_mut() {
            stored.renamed_whole = false;
        }
    }

    /// Boots, and lives through cuts and restarts, until nothing happens any more.
    ///
    /// # Errors
    /// The kiosk boots again and again, or its default slot is one that does not work.
    pub fn live(&mut self, bundle: Content) -> Result<(), String> {
        while !self.quiet {
            self.boot_once(bundle)?;
        }
        Ok(())
    }

    fn boot_once(&mut self, bundle: Content) -> Result<(), String> {
        if self.boots >= LIMIT_OF_BOOTS {
            return Err("it boots again and again".to_owned());
        }
        if self.dies_at.is_none() {
            self.default_works()?;
        }
        self.power_on();
        let begun = match self.content(self.running.slot) {
            Content::Broken => {
                let _ = self.init_gives_up();
                return Ok(());
            }
            Content::Unwell(_) | Content::Well(_) | Content::Blind(_) => control::begin(self),
        };
        let judged = match (begun, self.content(self.running.slot)) {
            (Err(error), _) => {
                let _ = control::give_up(self);
                Err(error)
            }
            (Ok(_), Content::Well(_)) => control::proven(self),
            (Ok(_), _) => control::unproven(self, "no first frame"),
        };
        if judged.is_ok() && !self.restarting && self.has(Place::Request) {
            let _ = self.install(bundle);
        }
        self.quiet = self.powered && !self.restarting;
        Ok(())
    }

    // images/initramfs/init: a trial restarts, a kept slot asks for the other one before.
    fn init_gives_up(&mut self) -> Result<(), MachineError> {
        if !self.running.tryboot && self.mistake != Mistake::NeverAsks {
            self.step()?;
            self.flag = true;
        }
        Ok(())
    }

    /// The same, but ends at the next cut.
    ///
    /// # Errors
    /// As `live`.
    pub fn live_until_cut(&mut self, bundle: Content) -> Result<(), String> {
        while self.cut_at.is_some() && !self.quiet {
            self.boot_once(bundle)?;
        }
        Ok(())
    }

    // What kiosk-update.service does, and RAUC within it.
    fn install(&mut self, bundle: Content) -> Result<(), control::ControlError> {
        let request = control::begin_install(self)?;
        let target = self.running.slot.other();
        control::set_state(self, target, SlotState::Bad)?;
        self.step()?;
        self.slots.insert(key(target), Content::Broken);
        self.step()?;
        self.slots.insert(key(target), bundle);
        control::set_primary(self, target)?;
        if self.mistake == Mistake::EagerPrimary {
            self.write_autoboot(kiosk_bootctl::autoboot::render(target).as_bytes())?;
        }
        control::end_install(self, &request, Ok(()))
    }

    fn has(&self, place: Place) -> bool {
        self.files.get(&place).is_some_and(|stored| stored.live.is_some())
    }
}

fn no_power() -> MachineError {
    failed("no power")
}

fn failed(why: &str) -> MachineError {
    MachineError::Other { step: why.to_owned(), source: io::Error::other("played") }
}

impl Machine for World {
    fn read(&mut self, place: Place) -> Result<Option<Vec<u8>>, MachineError> {
        if !self.powered {
            return Err(no_power());
        }
        if place == Place::Autoboot {
            return Ok(Some(self.autoboot.clone()));
        }
        if !self.has_data() {
            return Ok(None);
        }
        Ok(self.files.get(&place).and_then(|stored| stored.live.clone()))
    }

    fn write_beside(&mut self, place: Place, bytes: &[u8]) -> Result<(), MachineError> {
        self.step_on_data()?;
        self.files.entry(place).or_default().beside = Some((bytes.to_vec(), false));
        Ok(())
    }

    fn sync_beside(&mut self, place: Place) -> Result<(), MachineError> {
        self.step_on_data()?;
        let honest = self.mistake != Mistake::LyingSync;
        if let Some((_, synced)) = &mut self.files.entry(place).or_default().beside {
            *synced = honest;
        }
        Ok(())
    }

    fn rename(&mut self, place: Place) -> Result<(), MachineError> {
        self.step_on_data()?;
        let stored = self.files.entry(place).or_default();
        if let Some((bytes, synced)) = stored.beside.take() {
            (stored.live, stored.renamed_whole) = (Some(bytes), synced);
        }
        Ok(())
    }

    fn sync_folder(&mut self, place: Place) -> Result<(), MachineError> {
        self.step_on_data()?;
        let honest = self.mistake != Mistake::LyingSync;
        let stored = self.files.entry(place).or_default();
        if honest {
            stored.durable = stored.live.clone();
        }
        Ok(())
    }

    fn remove(&mut self, place: Place) -> Result<(), MachineError> {
        self.step()?;
        if self.mistake != Mistake::RequestStays && self.has_data() {
            self.files.entry(place).or_default().live = None;
        }
        Ok(())
    }

    fn write_autoboot(&mut self, bytes: &[u8]) -> Result<(), MachineError> {
        let torn = matches!(self.cut_at, Some((at, Loss::TornSector)) if at == self.steps);
        let done = self.step();
        if torn {
            self.autoboot = vec![0xff; 512];
        }
        done?;
        self.autoboot = bytes.to_vec();
        Ok(())
    }

    fn set_tryboot(&mut self, on: bool) -> Result<(), MachineError> {
        self.step()?;
        if self.flag_kind == Flag::Sim {
            self.flag = on;
        }
        Ok(())
    }

    fn went_back(&mut self) -> Result<bool, MachineError> {
        if self.powered { Ok(self.went_back) } else { Err(no_power()) }
    }

    fn set_went_back(&mut self, on: bool) -> Result<(), MachineError> {
        self.step()?;
        if self.mistake == Mistake::NeverMarks {
            return Err(failed("no bootsel"));
        }
        self.went_back = on && self.mistake != Mistake::Forgets;
        Ok(())
    }

    fn restart(&mut self, tryboot: bool) -> Result<(), MachineError> {
        self.step()?;
        if self.flag_kind == Flag::Pi {
            self.flag = tryboot;
        }
        self.restarting = true;
        // A restart in good order writes everything back.
        for stored in self.files.values_mut() {
            stored.durable = stored.live.clone();
        }
        Ok(())
    }

    fn firmware(&mut self) -> Result<Firmware, MachineError> {
        Ok(self.running)
    }

    fn boot_id(&mut self) -> Result<String, MachineError> {
        Ok(format!("boot-{}", self.boots))
    }
}
