//! The bars around every page.

use kiosk_core::event::{Adjustment, Touch};
use kiosk_core::screen::Look;
use kiosk_ui::{Frame, KioskWindow, PageKind, Theme};
use slint::{ComponentHandle, ModelRc, SharedString, VecModel};

use super::super::Place;
use super::super::icons::Icons;
use super::super::model::{FrameModel, PageName};
use super::{Sender, sends};

pub(super) fn connect(window: &KioskWindow, place: &Place, send: &Sender) {
    let frame = window.global::<Frame>();
    let lines: Vec<SharedString> = place.unit_lines.iter().map(SharedString::from).collect();
    frame.set_unit_lines(ModelRc::new(VecModel::from(lines)));
    frame.on_still_here(sends(send, Touch::StillHere));
    frame.on_back(sends(send, Touch::Back));
    frame.on_home(sends(send, Touch::Home));
    frame.on_text_size(sends(send, Touch::Adjust(Adjustment::TextSize)));
    frame.on_contrast(sends(send, Touch::Adjust(Adjustment::Contrast)));
    frame.on_reach(sends(send, Touch::Adjust(Adjustment::LowReach)));
    frame.on_language(sends(send, Touch::Adjust(Adjustment::Language)));
}

/// Vietnamese is what pages are written in; English is bundled with them, so choosing cannot fail.
pub(super) fn choose_language(look: Look) {
    let _bundled = slint::select_bundled_translation(if look.english { "en" } else { "" });
}

pub(super) fn fill(window: &KioskWindow, model: &FrameModel, icons: &Icons) {
    let theme = window.global::<Theme>();
    theme.set_large_text(model.look.large_text);
    theme.set_high_contrast(model.look.high_contrast);
    let frame = window.global::<Frame>();
    frame.set_low_reach(model.look.low_reach);
    frame.set_clock(model.clock.as_str().into());
    frame.set_date(model.date.as_str().into());
    let (icon, words) = model.notice.as_ref().map_or(("", ""), |(icon, words)| (*icon, words.as_str()));
    frame.set_notice_icon(icons.get(icon));
    frame.set_notice(words.into());
    frame.set_leaving(model.leaving.as_str().into());
    frame.set_way_back(model.way_back);
    frame.set_page(kind(model.name));
}

fn kind(name: PageName) -> PageKind {
    match name {
        PageName::Home => PageKind::Home,
        PageName::Errands => PageKind::Errands,
        PageName::Areas => PageKind::Areas,
        PageName::Priorities => PageKind::Priorities,
        PageName::Printing => PageKind::Printing,
        PageName::Taken => PageKind::Taken,
        PageName::NumberOnly => PageKind::NumberOnly,
        PageName::CannotIssue => PageKind::CannotIssue,
        PageName::OutOfService => PageKind::OutOfService,
        PageName::NotNow => PageKind::NotNow,
        PageName::LookUpStart => PageKind::LookUpStart,
        PageName::TypeCode => PageKind::TypeCode,
        PageName::TypePhone => PageKind::TypePhone,
        PageName::Searching => PageKind::Searching,
        PageName::Dossier => PageKind::Dossier,
        PageName::LookUpFailed => PageKind::LookUpFailed,
        PageName::Fields => PageKind::Fields,
        PageName::Procedures => PageKind::Procedures,
        PageName::Procedure => PageKind::Procedure,
        PageName::RateCounters => PageKind::RateCounters,
        PageName::RateScale => PageKind::RateScale,
        PageName::RateReasons => PageKind::RateReasons,
        PageName::RateThanks => PageKind::RateThanks,
    }
}
