//! What every page looks like, how large and how far apart its controls are, what contrast its text has, and what a
//! finger does on it. One test, since a process has one display.
#![cfg(feature = "headless")]

#[cfg(test)]
mod finger;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod words;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use kiosk_app::view::Place;
use kiosk_app::view::headless::{Button, Studio};
use kiosk_core::event::Touch;
use kiosk_core::ticket::TicketId;

/// A glass of 15.6 inches, the smallest that halls have.
pub struct Panel {
    name: &'static str,
    width: u32,
    height: u32,
    mm_per_px: f32,
}

const PANELS: [Panel; 2] = [
    Panel { name: "portrait", width: 1080, height: 1920, mm_per_px: 0.1799 },
    Panel { name: "landscape", width: 1280, height: 800, mm_per_px: 0.2625 },
];

const LEAST_TARGET_MM: f32 = 15.0;
const LEAST_GAP_MM: f32 = 3.0;
const LEAST_CONTRAST: f64 = 7.0;

#[test]
fn every_page_looks_as_accepted_and_can_be_read_and_touched() {
    let touches = Rc::new(RefCell::new(Vec::<Touch>::new()));
    let heard = Rc::clone(&touches);
    let place = Place {
        unit_lines: vec!["ỦY BAN NHÂN DÂN XÃ ĐƠN DƯƠNG".into(), "Trung tâm Phục vụ hành chính công".into()],
        qr: Arc::new(|ticket: &TicketId| format!("https://hall.example/t/{}/{}", ticket.day, ticket.ordinal)),
    };
    let touched = Box::new(move |touch| heard.borrow_mut().push(touch));
    let studio = Studio::open(1080, 1920, place, touched).expect("no other display in this process");

    let mut faults = Vec::new();
    for panel in &PANELS {
        studio.resize(panel.width, panel.height);
        for (name, screen) in samples::screens() {
            studio.show(&screen);
            let picture = studio.glass().picture().expect("pages can be drawn");
            let name = format!("{name}.{}", panel.name);
            faults.extend(golden::compare(&name, &picture).err());
            faults.extend(too_small_or_close(&name, panel, &studio.glass().buttons()));
            faults.extend(too_faint(&name, &studio));
        }
        finger::does_what_it_should(&studio, &touches);
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

fn too_small_or_close(name: &str, panel: &Panel, buttons: &[Button]) -> Vec<String> {
    let mm = |pixels: f32| pixels * panel.mm_per_px;
    let mut faults = Vec::new();
    for (index, button) in buttons.iter().enumerate() {
        if mm(button.width) < LEAST_TARGET_MM || mm(button.height) < LEAST_TARGET_MM {
            let (width, height) = (mm(button.width), mm(button.height));
            faults.push(format!("{name}: {:?} is {width:.1} x {height:.1} mm", button.label));
        }
        let (right, bottom) = (button.x + button.width, button.y + button.height);
        if button.x < 0.0 || button.y < 0.0 || right > panel.width as f32 || bottom > panel.height as f32 {
            faults.push(format!("{name}: {:?} reaches over the edge", button.label));
        }
        for other in &buttons[index + 1..] {
            let gap = mm(gap(button, other));
            if gap < LEAST_GAP_MM {
                faults
                    .push(format!("{name}: {:?} and {:?} are {gap:.1} mm apart", button.label, other.label));
            }
        }
    }
    faults
}

/// Pixels between two buttons; negative when they overlap.
fn gap(one: &Button, other: &Button) -> f32 {
    let across = (other.x - one.x - one.width).max(one.x - other.x - other.width);
    let down = (other.y - one.y - one.height).max(one.y - other.y - other.height);
    across.max(down)
}

fn too_faint(name: &str, studio: &Studio) -> Vec<String> {
    studio
        .text_on_ground()
        .into_iter()
        .map(|(pair, text, ground)| (pair, contrast(text, ground)))
        .filter(|(_pair, contrast)| *contrast < LEAST_CONTRAST)
        .map(|(pair, contrast)| format!("{name}: {pair} has a contrast of only {contrast:.1}"))
        .collect()
}

/// Contrast as WCAG 2 defines it, 1 to 21.
fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn luminance(rgb: [u8; 3]) -> f64 {
    let linear = |channel: u8| {
        let value = f64::from(channel) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2])
}
