//! A dossier's card.

use std::rc::Rc;

use kiosk_core::event::Touch;
use kiosk_ui::{DossierData, Fact, KioskWindow};
use slint::{ComponentHandle, VecModel};

use super::super::icons::Icons;
use super::super::model::DossierModel;
use super::{Meaning, Sender, fact, sends, shared, sync};

/// The card's rows, and what taking a number from it means.
pub(super) struct Dossier {
    facts: Rc<VecModel<Fact>>,
    take_number: Meaning<Option<Touch>>,
}

impl Dossier {
    pub(super) fn connect(window: &KioskWindow, send: &Sender) -> Self {
        let dossier = Self { facts: Rc::default(), take_number: Meaning::default() };
        let data = window.global::<DossierData>();
        data.set_facts(shared(&dossier.facts));
        data.on_done(sends(send, Touch::Done));
        let take_number = Rc::clone(&dossier.take_number);
        let send = Rc::clone(send);
        data.on_take_number(move || {
            if let Some(touch) = take_number.borrow().clone() {
                send(touch);
            }
        });
        dossier
    }

    pub(super) fn fill(&self, window: &KioskWindow, page: DossierModel, icons: &Icons) {
        let data = window.global::<DossierData>();
        data.set_group(page.group.into());
        data.set_stage(page.stage.into());
        data.set_icon(icons.get(page.icon));
        data.set_urgent(page.urgent);
        data.set_good(page.good);
        data.set_late(page.late.into());
        data.set_procedure(page.procedure.into());
        data.set_advice(page.advice.into());
        data.set_as_of(page.as_of.into());
        data.set_number_helps(page.take_number.is_some());
        *self.take_number.borrow_mut() = page.take_number;
        sync(&self.facts, page.facts.into_iter().map(fact));
    }
}
