//! A busy hall that is open every day of the week, so that each of the seven has to work.

use kiosk_core::id::{AreaId, CounterId, ErrandId, HallId, PauseReasonId, PriorityId, RatingReasonId};
use kiosk_core::settings::{
    Counter, DossierSettings, Errand, HallSettings, OpeningWindow, PauseReason, PriorityClass, RatingChoice,
    RatingReason, RatingScale, ServiceArea, SpeechSettings,
};
use kiosk_core::time::Weekday;

/// Four areas, six counters, priority asked for.
pub fn settings() -> HallSettings {
    HallSettings {
        hall: HallId::new("don-duong"),
        unit_lines: vec!["UBND XÃ ĐƠN DƯƠNG".to_owned()],
        speech: SpeechSettings::Digits,
        areas: vec![
            area("ho-tich", "A"),
            area("chung-thuc", "B"),
            area("dat-dai", "C"),
            area("huong-dan", "D"),
        ],
        errands: vec![
            errand("nop-ho-so", &["ho-tich", "chung-thuc", "dat-dai"]),
            errand("nhan-ket-qua", &["ho-tich"]),
            errand("hoi", &["huong-dan"]),
        ],
        guidance_errand: Some(ErrandId::new("hoi")),
        counters: vec![
            counter(1, &["ho-tich", "huong-dan"]),
            counter(2, &["ho-tich"]),
            counter(3, &["chung-thuc"]),
            counter(4, &["chung-thuc", "ho-tich"]),
            counter(5, &["dat-dai"]),
            counter(6, &["dat-dai", "huong-dan"]),
        ],
        priority_classes: vec![PriorityClass {
            id: PriorityId::new("cao-tuoi"),
            name: "Người cao tuổi".to_owned(),
        }],
        max_overtakings: 2,
        opening: every_day(),
        holidays: Vec::new(),
        rating_scale: RatingScale { id: "vn3".to_owned(), choices: choices() },
        rating_reasons: vec![RatingReason {
            id: RatingReasonId::new("cho-lau"), name: "Chờ lâu".to_owned()
        }],
        pause_reasons: vec![PauseReason { id: PauseReasonId::new("hop"), name: "Họp".to_owned() }],
        dossiers: DossierSettings {
            typed_prefix: "H40.16.24-".to_owned(),
            url_hosts: Vec::new(),
            result_errand: None,
            supplement_errand: None,
        },
        catalogue: Vec::new(),
        guard_band: 5,
        idle_timeout_secs: 20,
        rating_window_secs: 60,
    }
}

fn area(id: &str, prefix: &str) -> ServiceArea {
    ServiceArea {
        id: AreaId::new(id),
        name: id.to_owned(),
        prefix: prefix.to_owned(),
        digits: 3,
        first: 1,
        last: 999,
        session_quota: None,
        opening: Vec::new(),
        icon: "person".to_owned(),
    }
}

fn errand(id: &str, areas: &[&str]) -> Errand {
    Errand {
        id: ErrandId::new(id),
        name: id.to_owned(),
        hint: String::new(),
        icon: "person".to_owned(),
        areas: areas.iter().map(|area| AreaId::new(*area)).collect(),
    }
}

fn counter(id: u8, areas: &[&str]) -> Counter {
    Counter {
        id: CounterId(id),
        name: format!("Quầy {id}"),
        areas: areas.iter().map(|area| AreaId::new(*area)).collect(),
    }
}

fn choices() -> Vec<RatingChoice> {
    let choice = |key, name: &str, low| RatingChoice { key, name: name.to_owned(), low };
    vec![choice(1, "Rất hài lòng", false), choice(2, "Hài lòng", false), choice(3, "Không hài lòng", true)]
}

fn every_day() -> Vec<OpeningWindow> {
    use Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
    [Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday]
        .into_iter()
        .flat_map(|weekday| {
            [(7 * 60, 11 * 60 + 30), (13 * 60, 17 * 60)].map(|(from_minute, to_minute)| OpeningWindow {
                weekday,
                from_minute,
                to_minute,
            })
        })
        .collect()
}
