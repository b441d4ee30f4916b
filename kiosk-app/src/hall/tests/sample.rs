//! A small hall with people in it, for the tests of the service and for `examples/hall_service.rs`.

use kiosk_core::id::{AreaId, CounterId, ErrandId, HallId, JobId, PauseReasonId, PriorityId};
use kiosk_core::restored::Restored;
use kiosk_core::settings::{
    Counter, DossierSettings, HallSettings, PauseReason, PriorityClass, RatingScale, ServiceArea,
    SpeechSettings,
};
use kiosk_core::ticket::{Paper, Ticket, TicketId, TicketNumber, TicketState};
use kiosk_core::time::Wall;

/// Names that would break a page that does not escape them.
pub const NASTY: &str = "Họp <b>\"&'</b>";

const AREAS: [(&str, &str, &str); 6] = [
    ("ho-tich", "Hộ tịch", "A"),
    ("chung-thuc", "Chứng thực", "B"),
    ("dat-dai", "Đất đai – Xây dựng", "C"),
    ("bao-tro", "Bảo trợ xã hội – Người có công", "D"),
    ("cu-tru", "Cư trú (Công an xã)", "E"),
    ("tra-ket-qua", "Trả kết quả", "K"),
];

/// Five counters over six areas.
pub fn settings() -> HallSettings {
    HallSettings {
        hall: HallId::new("thu"),
        unit_lines: vec!["UBND XÃ ĐƠN DƯƠNG".into(), "TRUNG TÂM PHỤC VỤ HÀNH CHÍNH CÔNG".into()],
        speech: SpeechSettings::Digits,
        areas: AREAS.map(|(id, name, prefix)| area(id, name, prefix)).into(),
        errands: Vec::new(),
        guidance_errand: None,
        counters: vec![
            counter(1, "Hộ tịch – Chứng thực", &["ho-tich", "chung-thuc"]),
            counter(2, "Hộ tịch – Chứng thực", &["ho-tich", "chung-thuc"]),
            counter(3, "Đất đai – Xây dựng", &["dat-dai"]),
            counter(4, "Bảo trợ – Cư trú", &["bao-tro", "cu-tru"]),
            counter(5, "Trả kết quả", &["tra-ket-qua", "chung-thuc"]),
        ],
        priority_classes: vec![PriorityClass {
            id: PriorityId::new("cao-tuoi"),
            name: "Người cao tuổi".into(),
        }],
        max_overtakings: 2,
        opening: Vec::new(),
        holidays: Vec::new(),
        rating_scale: RatingScale { id: "vn3".into(), choices: Vec::new() },
        rating_reasons: Vec::new(),
        pause_reasons: vec![
            PauseReason { id: PauseReasonId::new("nghi"), name: "Nghỉ giải lao".into() },
            PauseReason { id: PauseReasonId::new("hop"), name: NASTY.into() },
            PauseReason { id: PauseReasonId::new("su-co"), name: "Sự cố máy".into() },
        ],
        dossiers: DossierSettings {
            typed_prefix: String::new(),
            url_hosts: Vec::new(),
            result_errand: None,
            supplement_errand: None,
        },
        catalogue: Vec::new(),
        guard_band: 0,
        idle_timeout_secs: 20,
        rating_window_secs: 60,
    }
}

/// A store's content with so many people waiting, three minutes apart, over all areas in turn.
pub fn people_waiting(count: u32, now: Wall) -> Restored {
    let mut burnt = [0_u32; AREAS.len()];
    let tickets = (0..count).map(|order| {
        let index = order as usize % AREAS.len();
        burnt[index] += 1;
        let (series, _, prefix) = AREAS[index];
        let issued_at = Wall { unix_ms: now.unix_ms - i64::from(count - order) * 180_000, ..now };
        ticket(series, prefix, burnt[index], order, issued_at, now)
    });
    let tickets: Vec<Ticket> = tickets.collect();
    let burnt = AREAS.iter().zip(burnt).map(|((id, ..), burnt)| (AreaId::new(*id), burnt)).collect();
    Restored {
        day: Some(now.day()),
        tickets,
        burnt,
        next_job: u64::from(count),
        next_issue_order: u64::from(count),
        ..Restored::default()
    }
}

fn ticket(series: &str, prefix: &str, ordinal: u32, order: u32, issued_at: Wall, now: Wall) -> Ticket {
    let area = AreaId::new(series);
    Ticket {
        id: TicketId { day: now.day(), series: area.clone(), ordinal },
        number: TicketNumber(format!("{prefix}{ordinal:03}")),
        errand: ErrandId::new("nop-ho-so"),
        area,
        only_counter: None,
        priority: (order % 7 == 3).then(|| PriorityId::new("cao-tuoi")),
        state: TicketState::Waiting,
        paper: if order % 9 == 4 { Paper::Failed } else { Paper::Printed },
        job: JobId(u64::from(order)),
        issued_at,
        issue_order: u64::from(order),
        place: u64::from(order),
        overtaken: 0,
        called_at: None,
        served_at: None,
        reentered: false,
    }
}

fn area(id: &str, name: &str, prefix: &str) -> ServiceArea {
    ServiceArea {
        id: AreaId::new(id),
        name: name.into(),
        prefix: prefix.into(),
        digits: 3,
        first: 1,
        last: 999,
        session_quota: None,
        opening: Vec::new(),
        icon: "person".into(),
    }
}

fn counter(id: u8, name: &str, areas: &[&str]) -> Counter {
    let areas = areas.iter().map(|area| AreaId::new(*area)).collect();
    Counter { id: CounterId(id), name: name.into(), areas }
}
