//! A number, on paper or on the screen only.

use std::rc::Rc;

use kiosk_core::event::Touch;
use kiosk_ui::{KioskWindow, NumberData};
use slint::{ComponentHandle, SharedString, VecModel};

use super::super::model::NumberModel;
use super::super::qr;
use super::{Sender, sends, shared, sync};

pub(super) fn connect(window: &KioskWindow, send: &Sender, facts: &Rc<VecModel<SharedString>>) {
    let data = window.global::<NumberData>();
    data.set_facts(shared(facts));
    data.on_done(sends(send, Touch::Done));
}

pub(super) fn fill(window: &KioskWindow, page: &NumberModel, facts: &VecModel<SharedString>) {
    let data = window.global::<NumberData>();
    data.set_letters(page.number.chars().count() as f32);
    data.set_number(page.number.as_str().into());
    data.set_sentence(page.sentence.as_str().into());
    data.set_area(page.area.as_str().into());
    sync(facts, page.facts.iter().map(SharedString::from));
    let code = if page.qr.is_empty() { None } else { qr::picture(&page.qr) };
    data.set_has_qr(code.is_some());
    data.set_qr(code.unwrap_or_default());
}
