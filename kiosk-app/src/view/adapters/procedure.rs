//! A procedure of the catalogue.

use std::rc::Rc;

use kiosk_core::event::Touch;
use kiosk_ui::{Fact, KioskWindow, ProcedureData};
use slint::{ComponentHandle, VecModel};

use super::{Sender, fact, sends, shared, sync};

pub(super) fn connect(window: &KioskWindow, send: &Sender, facts: &Rc<VecModel<Fact>>) {
    let data = window.global::<ProcedureData>();
    data.set_facts(shared(facts));
    data.on_done(sends(send, Touch::Done));
}

pub(super) fn fill(window: &KioskWindow, name: &str, rows: Vec<(String, String)>, facts: &VecModel<Fact>) {
    window.global::<ProcedureData>().set_name(name.into());
    sync(facts, rows.into_iter().map(fact));
}
