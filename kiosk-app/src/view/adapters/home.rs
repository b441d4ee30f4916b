//! The first page.

use kiosk_core::event::Touch;
use kiosk_ui::{HomeData, KioskWindow};
use slint::ComponentHandle;

use super::{Sender, sends};

pub(super) fn connect(window: &KioskWindow, send: &Sender) {
    let home = window.global::<HomeData>();
    home.on_take_number(sends(send, Touch::TakeNumber));
    home.on_look_up(sends(send, Touch::LookUp));
    home.on_procedures(sends(send, Touch::Procedures));
    home.on_rate(sends(send, Touch::Rate));
}

pub(super) fn fill(window: &KioskWindow, waiting: &str, open_counters: &str, closed: &str) {
    let home = window.global::<HomeData>();
    home.set_waiting(waiting.into());
    home.set_open_counters(open_counters.into());
    home.set_closed(closed.into());
}
