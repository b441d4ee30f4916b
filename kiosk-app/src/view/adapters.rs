//! From a screen's words to the properties of the pages, and from callbacks to touches: one file for each Slint global.

mod choices;
mod dossier;
mod frame;
mod home;
mod keypad;
mod message;
mod number;
mod procedure;

use std::cell::RefCell;
use std::rc::Rc;

use kiosk_core::event::Touch;
use kiosk_ui::{Fact, KioskWindow};
use slint::{Model, ModelRc, VecModel};

use super::icons::Icons;
use super::model::{PageModel, ScreenModel};
use super::{Place, Touched, ViewError};

/// Takes a touch; shared by the callbacks of all pages.
type Sender = Rc<dyn Fn(Touch)>;

/// What a touch on the page that stands there means, where the page's data says so.
type Meaning<T> = Rc<RefCell<T>>;

/// All adapters, connected to one window.
pub(super) struct Adapters {
    icons: Icons,
    choices: choices::Choices,
    dossier: dossier::Dossier,
    facts: Rc<VecModel<Fact>>,
    number_facts: Rc<VecModel<slint::SharedString>>,
}

impl Adapters {
    /// Turns the window's callbacks into touches and readies its lists.
    pub(super) fn connect(window: &KioskWindow, place: &Place, touched: Touched) -> Result<Self, ViewError> {
        let send: Sender = Rc::from(touched);
        let adapters = Self {
            icons: Icons::load()?,
            choices: choices::Choices::connect(window, &send),
            dossier: dossier::Dossier::connect(window, &send),
            facts: Rc::default(),
            number_facts: Rc::default(),
        };
        frame::connect(window, place, &send);
        home::connect(window, &send);
        keypad::connect(window, &send);
        message::connect(window, &send);
        number::connect(window, &send, &adapters.number_facts);
        procedure::connect(window, &send, &adapters.facts);
        Ok(adapters)
    }

    /// Puts a screen on the glass.
    pub(super) fn fill(&self, window: &KioskWindow, screen: ScreenModel) {
        frame::choose_language(screen.frame.look);
        match screen.page {
            PageModel::Home { waiting, open_counters, closed } => {
                home::fill(window, &waiting, &open_counters, &closed);
            }
            PageModel::Choices(page) => self.choices.fill(window, page, &self.icons),
            PageModel::Number(page) => number::fill(window, &page, &self.number_facts),
            PageModel::Message { sentence, detail, icon } => {
                message::fill(window, &sentence, &detail, self.icons.get(icon));
            }
            PageModel::Keypad(page) => keypad::fill(window, &page),
            PageModel::Dossier(page) => self.dossier.fill(window, page, &self.icons),
            PageModel::Procedure { name, facts } => procedure::fill(window, &name, facts, &self.facts),
        }
        // The page itself last: it appears with its data in place.
        frame::fill(window, &screen.frame, &self.icons);
    }
}

/// Brings a list to what it should be, row by row: a row that stays keeps its element, and with it the finger that is
/// down on it.
fn sync<T: Clone + PartialEq + 'static>(list: &VecModel<T>, rows: impl IntoIterator<Item = T>) {
    let mut count = 0;
    for (index, row) in rows.into_iter().enumerate() {
        count = index + 1;
        match list.row_data(index) {
            Some(old) if old == row => {}
            Some(_) => list.set_row_data(index, row),
            None => list.push(row),
        }
    }
    while list.row_count() > count {
        list.remove(list.row_count() - 1);
    }
}

/// The list as a page takes it.
fn shared<T: Clone + 'static>(list: &Rc<VecModel<T>>) -> ModelRc<T> {
    ModelRc::from(Rc::clone(list))
}

/// A callback that sends one touch.
fn sends(send: &Sender, touch: Touch) -> impl Fn() + 'static {
    let send = Rc::clone(send);
    move || send(touch.clone())
}

fn fact((label, value): (String, String)) -> Fact {
    Fact { label: label.into(), value: value.into() }
}
