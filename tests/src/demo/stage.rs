//! The stage of the demonstration: the hall, its officers, and what a citizen does with fingers and paper.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::page::Picture;
use crate::clock::{self, Stopwatch};
use crate::officer::Officer;
use crate::rig::{Hall, RigError, at};
use crate::say::say;

/// A person does not touch a page before having seen it.
const GLANCE: Duration = Duration::from_millis(500);
/// Nor choose what cannot be taken back before having read it.
const THOUGHT: Duration = Duration::from_millis(900);
/// The longest that a page may take to come, on a machine that also compiles.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// The stage.
pub(super) struct Stage {
    pub hall: Hall,
    pub story: Vec<String>,
    pub pictures: Vec<Picture>,
    out: PathBuf,
    seen: BTreeSet<String>,
    officers: BTreeMap<u8, Officer>,
    watch: Stopwatch,
}

impl Stage {
    pub fn new(hall: Hall, out: &Path) -> Self {
        Self {
            hall,
            story: Vec::new(),
            pictures: Vec::new(),
            out: out.to_owned(),
            seen: BTreeSet::new(),
            officers: BTreeMap::new(),
            watch: Stopwatch::start(),
        }
    }

    /// Tells what happens.
    pub fn tell(&mut self, line: &str) {
        let secs = self.watch.elapsed().as_secs();
        let line = format!("{:02}:{:02} {line}", secs / 60, secs % 60);
        say(&line);
        self.story.push(line);
    }

    /// Photographs the page, once for each name.
    pub fn see(&mut self, name: &str, caption: &str) -> Result<(), RigError> {
        if !self.seen.insert(name.to_owned()) {
            return Ok(());
        }
        let folder = self.out.join("screens");
        fs::create_dir_all(&folder).map_err(at(&folder))?;
        let file = format!("screens/{:02}-{name}.png", self.pictures.len() + 1);
        self.hall.screen().shot(&self.out.join(&file))?;
        self.pictures.push(Picture { file, caption: caption.to_owned() });
        Ok(())
    }

    /// Touches a button after a glance.
    pub fn tap(&self, label: &str) -> Result<(), RigError> {
        clock::pass(GLANCE);
        Ok(self.hall.screen().tap(label)?)
    }

    /// Touches a key of a keypad; typing needs no glance.
    pub fn type_text(&self, text: &str) -> Result<(), RigError> {
        clock::pass(GLANCE);
        for key in text.chars() {
            self.hall.screen().tap(&key.to_string())?;
        }
        Ok(())
    }

    /// Touches a button and waits for the page behind it.
    pub fn go(&self, label: &str, page: &str) -> Result<(), RigError> {
        self.tap(label)?;
        self.wait(page)
    }

    /// Waits for a page.
    pub fn wait(&self, page: &str) -> Result<(), RigError> {
        Ok(self.hall.screen().wait(page, PATIENCE)?)
    }

    /// Waits until one of these pages stands there, and says which.
    pub fn wait_one(&self, pages: &[&str]) -> Result<String, RigError> {
        let screen = self.hall.screen();
        let found = clock::until(&format!("page {}", pages.join(" or ")), PATIENCE, || {
            screen.shown().ok()?.page.filter(|page| pages.contains(&page.as_str()))
        });
        Ok(found?)
    }

    /// A citizen chooses until the last touch, which issues the number.
    pub fn choose(&mut self, wish: Wish<'_>) -> Result<(), RigError> {
        self.go("Lấy số thứ tự", "errands")?;
        self.see("errands", "What brings you here?")?;
        self.tap(wish.errand)?;
        if let Some(area) = wish.area {
            self.wait("areas")?;
            self.see("areas", "Which field? With people waiting and open counters")?;
            self.tap(area)?;
        }
        self.wait("priorities")?;
        self.see("priorities", "Does a priority apply? Declared by the citizen, revocable by the officer")?;
        clock::pass(THOUGHT - GLANCE);
        self.tap(wish.priority.unwrap_or("Không thuộc diện ưu tiên"))
    }

    /// A citizen takes a number and leaves; gives it, and whether it is on paper.
    pub fn take(&mut self, wish: Wish<'_>) -> Result<(String, bool), RigError> {
        self.choose(wish)?;
        let page = self.wait_one(&["taken", "number-only"])?;
        let number = self.number_shown()?;
        let on_paper = page == "taken";
        let caption =
            if on_paper { "The number is on paper" } else { "No paper: the number stays on the screen" };
        self.see(&page, caption)?;
        clock::pass(THOUGHT - GLANCE);
        self.go("Xong", "home")?;
        Ok((number, on_paper))
    }

    /// The number on the page.
    pub fn number_shown(&self) -> Result<String, RigError> {
        let screen = self.hall.screen();
        let number = clock::until("a number on the page", PATIENCE, || {
            screen.shown().ok()?.texts.into_iter().find_map(|text| number_in(&text))
        });
        Ok(number?)
    }

    /// An officer signs in and opens the counter.
    pub fn open_counter(&mut self, counter: u8) -> Result<(), RigError> {
        let mut officer = self.hall.officer(counter)?;
        officer.press("open")?;
        self.officers.insert(counter, officer);
        Ok(())
    }

    /// The officer of a counter.
    pub fn officer(&mut self, counter: u8) -> Result<&mut Officer, RigError> {
        self.officers.get_mut(&counter).ok_or(RigError::NoCounter(counter))
    }

    /// Calls the next person and serves them; none when nobody waits.
    pub fn call_and_serve(&mut self, counter: u8) -> Result<Option<String>, RigError> {
        let number = self.officer(counter)?.call()?;
        if number.is_some() {
            self.officer(counter)?.press("serve")?;
        }
        Ok(number)
    }

    /// Finishes the ticket in hand; the person rates it with a key, if one is given.
    pub fn finish(&mut self, counter: u8, key: Option<u8>) -> Result<(), RigError> {
        self.officer(counter)?.press("finish")?;
        if let Some(key) = key {
            // Sooner than a person could stand up it would not count.
            clock::pass(Duration::from_millis(1_300));
            self.hall.press_key(counter, key)?;
        }
        Ok(())
    }
}

/// What a citizen wants a number for, by the words on the buttons.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish<'a> {
    pub errand: &'a str,
    pub area: Option<&'a str>,
    pub priority: Option<&'a str>,
}

impl<'a> Wish<'a> {
    /// To hand a dossier in, in an area.
    pub fn submit(area: &'a str) -> Self {
        Self { errand: "Nộp hồ sơ", area: Some(area), priority: None }
    }

    /// An errand that has one area only.
    pub fn plain(errand: &'a str) -> Self {
        Self { errand, area: None, priority: None }
    }

    /// With a priority class.
    pub fn first(self, priority: &'a str) -> Self {
        Self { priority: Some(priority), ..self }
    }
}

/// The word of a text that is a number: letters, then digits.
fn number_in(text: &str) -> Option<String> {
    let is_number = |word: &str| {
        let digits = word.trim_start_matches(|letter: char| letter.is_ascii_uppercase());
        digits.len() >= 3 && digits.len() < word.len() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let words = text.split(|letter: char| !letter.is_alphanumeric());
    words.filter(|word| is_number(word)).map(str::to_owned).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_in_a_sentence() {
        assert_eq!(number_in("Số của Ông/Bà là A012. Xin ghi lại").as_deref(), Some("A012"));
        assert_eq!(number_in("09:12 22/11/2026"), None);
    }
}
