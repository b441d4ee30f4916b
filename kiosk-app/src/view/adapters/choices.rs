//! Questions and their answers.

use std::rc::Rc;

use kiosk_core::event::Touch;
use kiosk_ui::{Choice, ChoicesData, KioskWindow, Tone};
use slint::{ComponentHandle, VecModel};

use super::super::icons::Icons;
use super::super::model::{self, ChoicesModel};
use super::{Meaning, Sender, sends, shared, sync};

/// The answers that stand there, and what touching each means.
pub(super) struct Choices {
    rows: Rc<VecModel<Choice>>,
    touches: Meaning<Vec<Touch>>,
}

impl Choices {
    pub(super) fn connect(window: &KioskWindow, send: &Sender) -> Self {
        let choices = Self { rows: Rc::default(), touches: Meaning::default() };
        let data = window.global::<ChoicesData>();
        data.set_choices(shared(&choices.rows));
        data.on_previous(sends(send, Touch::PreviousPage));
        data.on_next(sends(send, Touch::NextPage));
        let touches = Rc::clone(&choices.touches);
        let send = Rc::clone(send);
        data.on_chosen(move |index| {
            let touch = usize::try_from(index).ok().and_then(|index| touches.borrow().get(index).cloned());
            if let Some(touch) = touch {
                send(touch);
            }
        });
        choices
    }

    pub(super) fn fill(&self, window: &KioskWindow, page: ChoicesModel, icons: &Icons) {
        let data = window.global::<ChoicesData>();
        data.set_about(page.about.into());
        data.set_position(page.position.into());
        data.set_has_previous(page.has_previous);
        data.set_has_next(page.has_next);
        *self.touches.borrow_mut() = page.choices.iter().map(|choice| choice.touch.clone()).collect();
        sync(&self.rows, page.choices.into_iter().map(|choice| row(choice, icons)));
    }
}

fn row(choice: model::Choice, icons: &Icons) -> Choice {
    Choice {
        label: choice.label.into(),
        detail: choice.detail.into(),
        status: choice.status.into(),
        icon: icons.get(&choice.icon),
        long: choice.long,
        tone: match choice.tone {
            model::Tone::Plain => Tone::Plain,
            model::Tone::Primary => Tone::Primary,
            model::Tone::Closed => Tone::Closed,
        },
    }
}
