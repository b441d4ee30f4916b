//! Codes and digits, typed.

use std::rc::Rc;

use kiosk_core::event::Touch;
use kiosk_ui::{KeypadData, KioskWindow};
use slint::{ComponentHandle, Model, ModelRc, SharedString, VecModel};

use super::super::model::KeypadModel;
use super::{Sender, sends, sync};

pub(super) fn connect(window: &KioskWindow, send: &Sender) {
    let data = window.global::<KeypadData>();
    data.set_keys(ModelRc::new(VecModel::<SharedString>::default()));
    data.set_places(ModelRc::new(VecModel::<bool>::default()));
    data.on_erase(sends(send, Touch::Erase));
    data.on_enter(sends(send, Touch::Enter));
    let send = Rc::clone(send);
    data.on_key(move |cap| {
        if let Some(key) = cap.chars().next() {
            send(Touch::Key(key));
        }
    });
}

pub(super) fn fill(window: &KioskWindow, page: &KeypadModel) {
    let data = window.global::<KeypadData>();
    data.set_prefix(page.prefix.as_str().into());
    data.set_typed(page.typed.as_str().into());
    data.set_complete(page.complete);
    if let Some(keys) = data.get_keys().as_any().downcast_ref() {
        sync(keys, page.keys.iter().copied().map(SharedString::from));
    }
    if let Some(places) = data.get_places().as_any().downcast_ref() {
        sync(places, page.places.iter().copied());
    }
}
