//! The hall's own settings, put together from all parts.

use kiosk_core::id::{ErrandId, HallId};
use kiosk_core::settings::{
    DossierSettings, EmptyTen, Errand, HallSettings, ServiceArea, SpeechSettings, Thousand,
};
use kiosk_protocol::is_plain_id;

use super::fault::{Consequence, FaultKind};
use super::fields::Fields;
use super::{hours, items, rating};

/// Lines above the number on a ticket.
const MOST_UNIT_LINES: usize = 3;

/// `[hall]`.
struct Basics {
    hall: HallId,
    unit_lines: Vec<String>,
    speech: SpeechSettings,
    max_overtakings: u32,
    guard_band: u32,
    idle_timeout_secs: u32,
    guidance_errand: Option<String>,
}

/// Everything the rules need; `None` when no area is left.
pub(super) fn settings(root: &mut Fields<'_>) -> Option<HallSettings> {
    let areas = items::areas(root);
    let area_ids: Vec<String> = areas.good.iter().map(|area| area.id.as_str().to_owned()).collect();
    let mut errands = items::errands(root, &area_ids, &areas.off).good;
    if errands.is_empty() {
        root.fault(FaultKind::PartMissing { item: "[errand.ten-nhu-cau]" }, Consequence::ValueIgnored);
        errands.push(only_errand(&areas.good));
    }
    let errand_ids: Vec<String> = errands.iter().map(|errand| errand.id.as_str().to_owned()).collect();
    let counters = items::counters(root, &area_ids, &areas.off);
    for area in &areas.good {
        if !counters.iter().any(|counter| counter.areas.contains(&area.id)) {
            let kind = FaultKind::Unserved { item: format!("[area.{}]", area.id) };
            root.fault_of("area", area.id.as_str(), kind, Consequence::Noted);
        }
    }
    let basics = basics(root, &errand_ids);
    let (opening, holidays) = opening(root);
    let (rating_scale, rating_window_secs) = ratings(root);
    let settings = HallSettings {
        hall: basics.hall,
        unit_lines: basics.unit_lines,
        speech: basics.speech,
        areas: areas.good,
        errands,
        guidance_errand: basics.guidance_errand.map(ErrandId::new),
        counters,
        priority_classes: items::priorities(root),
        max_overtakings: basics.max_overtakings,
        opening,
        holidays,
        rating_scale,
        rating_reasons: items::reasons(root),
        pause_reasons: items::pauses(root),
        dossiers: dossiers(root, &errand_ids),
        catalogue: items::catalogue(root),
        guard_band: basics.guard_band,
        idle_timeout_secs: basics.idle_timeout_secs,
        rating_window_secs,
    };
    (!settings.areas.is_empty()).then_some(settings)
}

/// One button for all areas, so that numbers can still be taken when no errand is right.
fn only_errand(areas: &[ServiceArea]) -> Errand {
    Errand {
        id: ErrandId::new("lay-so"),
        name: "Lấy số thứ tự".to_owned(),
        hint: String::new(),
        icon: "ticket".to_owned(),
        areas: areas.iter().map(|area| area.id.clone()).collect(),
    }
}

fn basics(root: &mut Fields<'_>, errands: &[String]) -> Basics {
    let mut fields = root.section("hall");
    let id = fields.text("id").filter(|id| {
        let plain = is_plain_id(id);
        if !plain {
            fields.fault_at(
                "id",
                FaultKind::BadName { item: "[hall] id".to_owned() },
                Consequence::ValueIgnored,
            );
        }
        plain
    });
    let mut unit_lines: Vec<String> = fields.texts("unit_lines").into_iter().map(|(line, _)| line).collect();
    if unit_lines.len() > MOST_UNIT_LINES {
        let kind = FaultKind::TooMany { item: "[hall] unit_lines".to_owned(), most: MOST_UNIT_LINES };
        fields.fault_at("unit_lines", kind, Consequence::ValueIgnored);
        unit_lines.truncate(MOST_UNIT_LINES);
    }
    let basics = Basics {
        hall: HallId::new(id.unwrap_or_else(|| "hall".to_owned())),
        unit_lines,
        speech: speech(&mut fields),
        max_overtakings: fields.number("max_overtakings", 0..=20, "số từ 0 đến 20").unwrap_or(2),
        guard_band: fields.number("guard_band", 1..=100, "số từ 1 đến 100").unwrap_or(5),
        idle_timeout_secs: fields
            .number("idle_timeout_secs", 10..=300, "số giây từ 10 đến 300")
            .unwrap_or(20),
        guidance_errand: fields.optional_reference("guidance_errand", errands),
    };
    fields.finish();
    basics
}

/// `[hall] numbers = "digits"`, or `"number"` with the region's words.
fn speech(fields: &mut Fields<'_>) -> SpeechSettings {
    let numbers = fields.optional_text("numbers");
    let empty_ten = match fields.optional_text("empty_ten").as_deref() {
        None | Some("linh") => EmptyTen::Linh,
        Some("lẻ") => EmptyTen::Le,
        Some(_) => {
            fields.bad_value("empty_ten", "\"linh\" hoặc \"lẻ\"", Consequence::ValueIgnored);
            EmptyTen::Linh
        }
    };
    let thousand = match fields.optional_text("thousand").as_deref() {
        None | Some("nghìn") => Thousand::Nghin,
        Some("ngàn") => Thousand::Ngan,
        Some(_) => {
            fields.bad_value("thousand", "\"nghìn\" hoặc \"ngàn\"", Consequence::ValueIgnored);
            Thousand::Nghin
        }
    };
    match numbers.as_deref() {
        None | Some("digits") => SpeechSettings::Digits,
        Some("number") => SpeechSettings::Number { empty_ten, thousand },
        Some(_) => {
            fields.bad_value("numbers", "\"digits\" hoặc \"number\"", Consequence::ValueIgnored);
            SpeechSettings::Digits
        }
    }
}

fn opening(
    root: &mut Fields<'_>,
) -> (Vec<kiosk_core::settings::OpeningWindow>, Vec<kiosk_core::time::BusinessDay>) {
    let mut fields = root.section("opening");
    let mut windows = hours::windows(&mut fields);
    let holidays = hours::holidays(&mut fields, "holidays");
    if windows.is_empty() {
        fields.fault(FaultKind::PartMissing { item: "[opening]" }, Consequence::ValueIgnored);
        windows = hours::usual();
    }
    fields.finish();
    (windows, holidays)
}

fn ratings(root: &mut Fields<'_>) -> (kiosk_core::settings::RatingScale, u32) {
    let mut fields = root.section("rating");
    let chosen = fields.optional_text("scale");
    let window_secs = fields.number("window_secs", 10..=600, "số giây từ 10 đến 600").unwrap_or(60);
    fields.finish();
    (rating::scale(root, chosen.as_deref()), window_secs)
}

fn dossiers(root: &mut Fields<'_>, errands: &[String]) -> DossierSettings {
    let mut fields = root.section("dossier");
    let typed_prefix = fields.optional_text("typed_prefix").unwrap_or_default();
    let plain =
        typed_prefix.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b".-/".contains(&b));
    if !plain {
        let wanted = "chữ in hoa không dấu, chữ số, dấu . - / như \"H40.16.24-\"";
        fields.bad_value("typed_prefix", wanted, Consequence::ValueIgnored);
    }
    let settings = DossierSettings {
        typed_prefix: if plain { typed_prefix } else { String::new() },
        url_hosts: fields.texts("url_hosts").into_iter().map(|(host, _)| host.to_lowercase()).collect(),
        result_errand: fields.optional_reference("result_errand", errands).map(ErrandId::new),
        supplement_errand: fields.optional_reference("supplement_errand", errands).map(ErrandId::new),
    };
    fields.finish();
    settings
}
