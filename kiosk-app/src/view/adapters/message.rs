//! Pages that say one thing.

use kiosk_core::event::Touch;
use kiosk_ui::{KioskWindow, MessageData};
use slint::{ComponentHandle, Image};

use super::{Sender, sends};

pub(super) fn connect(window: &KioskWindow, send: &Sender) {
    let data = window.global::<MessageData>();
    data.on_type_code(sends(send, Touch::TypeCode));
    data.on_done(sends(send, Touch::Done));
}

pub(super) fn fill(window: &KioskWindow, sentence: &str, detail: &str, icon: Image) {
    let data = window.global::<MessageData>();
    data.set_sentence(sentence.into());
    data.set_detail(detail.into());
    data.set_icon(icon);
}
