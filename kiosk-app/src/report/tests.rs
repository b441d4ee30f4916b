//! From fact to server: what is written, how it is sent, and what every answer does to the outbox.

mod encoding;
mod enrolling;
mod sending;

use kiosk_core::effect::{Fact, Report};
use kiosk_core::id::{AreaId, CounterId, ErrandId, JobId, PriorityId};
use kiosk_core::settings::HallSettings;
use kiosk_core::ticket::{Paper, Ticket, TicketId, TicketNumber, TicketState};
use kiosk_core::time::{BusinessDay, Wall};

use super::{Encoder, ServerTime, Vitals};

/// The sample hall.
pub(super) fn hall() -> HallSettings {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../config");
    crate::config::load(&[folder]).settings.unwrap().hall
}

pub(super) fn encoder() -> Encoder {
    Encoder::new(
        "donduong-1",
        "boot".to_owned(),
        hall(),
        Vitals::new(std::env::temp_dir()),
        ServerTime::default(),
    )
}

fn at(unix_ms: i64) -> Wall {
    Wall { unix_ms, trusted: true }
}

fn ticket() -> Ticket {
    let day = BusinessDay::from_ymd(2026, 11, 23).unwrap();
    Ticket {
        id: TicketId { day, series: AreaId::new("ho-tich"), ordinal: 12 },
        number: TicketNumber("A012".to_owned()),
        errand: ErrandId::new("nop-ho-so"),
        area: AreaId::new("ho-tich"),
        only_counter: None,
        priority: Some(PriorityId::new("nguoi-cao-tuoi")),
        state: TicketState::Waiting,
        paper: Paper::Allocated,
        job: JobId(1),
        issued_at: at(1_795_393_800_000),
        issue_order: 1,
        place: 1,
        overtaken: 0,
        called_at: None,
        served_at: None,
        reentered: false,
    }
}

fn report(fact: Fact) -> Report {
    Report { at: at(1_795_393_800_000), mono_ms: 90_000, fact }
}

fn window_closed() -> Report {
    report(Fact::RatingWindowClosed { ticket: ticket().id, counter: CounterId(1), rated: false })
}
