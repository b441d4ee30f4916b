//! The named items of a hall: areas, errands, counters and the short lists.

use kiosk_core::id::{AreaId, CounterId, ErrandId, PauseReasonId, PriorityId, RatingReasonId};
use kiosk_core::settings::{
    Counter, Errand, PauseReason, PriorityClass, Procedure, RatingReason, ServiceArea,
};
use kiosk_protocol::is_plain_id;

use super::fault::{Consequence, FaultKind};
use super::fields::Fields;
use super::hours;

/// Most reasons that the page after a low rating has room for.
const MOST_REASONS: usize = 9;

/// Items of one kind: those that can be used, and the names of those that are switched off.
pub(super) struct Checked<T> {
    pub(super) good: Vec<T>,
    pub(super) off: Vec<String>,
}

/// Reads the items under `key`, each of which has a plain name.
fn named<T>(
    root: &mut Fields<'_>,
    key: &'static str,
    mut read: impl FnMut(&str, &mut Fields<'_>) -> Option<T>,
) -> Checked<T> {
    let mut off = Vec::new();
    let good = root.items(key, |name, fields| {
        let item = if is_plain_id(name) {
            read(name, fields)
        } else {
            fields.fault(FaultKind::BadName { item: fields.item() }, Consequence::ItemOff);
            None
        };
        if item.is_none() || !fields.flag("enabled", true) {
            off.push(name.to_owned());
        }
        item
    });
    Checked { good, off }
}

/// `[area.ID]`: those whose numbers cannot be mistaken for another's.
pub(super) fn areas(root: &mut Fields<'_>) -> Checked<ServiceArea> {
    let mut taken: Vec<ServiceArea> = Vec::new();
    named(root, "area", |name, fields| {
        let area = area(name, fields)?;
        if fields.flag("enabled", true)
            && let Some(other) = taken.iter().find(|other| shares_numbers(other, &area))
        {
            let other = format!("[area.{}]", other.id);
            fields.fault(FaultKind::SharedNumbers { item: fields.item(), other }, Consequence::ItemOff);
            return None;
        }
        taken.push(area.clone());
        Some(area)
    })
}

fn area(name: &str, fields: &mut Fields<'_>) -> Option<ServiceArea> {
    let title = fields.text("name");
    let prefix = fields.optional_text("prefix").unwrap_or_default();
    let digits = fields.number("digits", 1..=6, "số chữ số từ 1 đến 6").unwrap_or(3);
    let first = fields.number("first", 0..=999_999, "số từ 0 đến 999999").unwrap_or(1);
    let last = fields.number("last", 0..=999_999, "số từ 0 đến 999999").unwrap_or(999);
    let session_quota = fields.number("session_quota", 1..=999_999, "số lượt mỗi buổi, từ 1");
    let icon = fields.optional_text("icon").unwrap_or_else(|| "folder".to_owned());
    let mut section = fields.section("opening");
    let opening = hours::windows(&mut section);
    section.finish();
    let prefix_is_plain = prefix.len() <= 3 && prefix.bytes().all(|b| b.is_ascii_uppercase());
    if !prefix_is_plain {
        fields.bad_value("prefix", "nhiều nhất 3 chữ in hoa không dấu", Consequence::ItemOff);
    }
    let range_is_right = first <= last && last.to_string().len() <= digits.max(1) as usize;
    if !range_is_right {
        let wanted = "last không nhỏ hơn first và không dài hơn digits chữ số";
        fields.bad_value("last", wanted, Consequence::ItemOff);
    }
    let name = AreaId::new(name);
    let title = title.filter(|_| prefix_is_plain && range_is_right)?;
    Some(ServiceArea {
        id: name,
        name: title,
        prefix,
        digits: digits as u8,
        first,
        last,
        session_quota,
        opening,
        icon,
    })
}

/// Whether some number would be written the same on two areas' tickets.
fn shares_numbers(one: &ServiceArea, other: &ServiceArea) -> bool {
    let same_text = one.prefix == other.prefix;
    same_text && one.first <= other.last && other.first <= one.last
}

/// `[errand.ID]`.
pub(super) fn errands(root: &mut Fields<'_>, areas: &[String], areas_off: &[String]) -> Checked<Errand> {
    named(root, "errand", |name, fields| {
        let title = fields.text("name");
        let hint = fields.optional_text("hint").unwrap_or_default();
        let icon = fields.optional_text("icon").unwrap_or_else(|| "folder".to_owned());
        let areas = fields.references("areas", areas, areas_off);
        let areas: Vec<AreaId> = areas.into_iter().map(AreaId::new).collect();
        if areas.is_empty() {
            return None;
        }
        Some(Errand { id: ErrandId::new(name), name: title?, hint, icon, areas })
    })
}

/// `[counter.NUMBER]`, in ascending order.
pub(super) fn counters(root: &mut Fields<'_>, areas: &[String], areas_off: &[String]) -> Vec<Counter> {
    let mut counters = root.items("counter", |name, fields| {
        let id = counter_id(name, fields);
        let title = fields.text("name");
        let areas = fields.references("areas", areas, areas_off);
        let areas: Vec<AreaId> = areas.into_iter().map(AreaId::new).collect();
        if areas.is_empty() {
            return None;
        }
        Some(Counter { id: id?, name: title?, areas })
    });
    counters.sort_by_key(|counter| counter.id);
    counters
}

/// The counter that a table's name stands for.
pub(super) fn counter_id(name: &str, fields: &mut Fields<'_>) -> Option<CounterId> {
    let number =
        name.parse().ok().filter(|number: &u8| (1..=99).contains(number) && number.to_string() == name);
    if number.is_none() {
        fields.fault(FaultKind::BadName { item: fields.item() }, Consequence::ItemOff);
    }
    number.map(CounterId)
}

/// `[priority.ID]`.
pub(super) fn priorities(root: &mut Fields<'_>) -> Vec<PriorityClass> {
    named(root, "priority", |name, fields| {
        Some(PriorityClass { id: PriorityId::new(name), name: fields.text("name")? })
    })
    .good
}

/// `[pause.ID]`.
pub(super) fn pauses(root: &mut Fields<'_>) -> Vec<PauseReason> {
    named(root, "pause", |name, fields| {
        Some(PauseReason { id: PauseReasonId::new(name), name: fields.text("name")? })
    })
    .good
}

/// `[reason.ID]`, as many as there is room for.
pub(super) fn reasons(root: &mut Fields<'_>) -> Vec<RatingReason> {
    let mut room = MOST_REASONS;
    named(root, "reason", |name, fields| {
        let name = RatingReason { id: RatingReasonId::new(name), name: fields.text("name")? };
        if room == 0 {
            let kind = FaultKind::TooMany { item: fields.item(), most: MOST_REASONS };
            fields.fault(kind, Consequence::ItemOff);
            return None;
        }
        room -= 1;
        Some(name)
    })
    .good
}

/// `[procedure."1.001193"]`.
pub(super) fn catalogue(root: &mut Fields<'_>) -> Vec<Procedure> {
    root.items("procedure", |code, fields| {
        let name = fields.text("name");
        let field = fields.text("field");
        let synonyms = fields.texts("synonyms").into_iter().map(|(synonym, _)| synonym).collect();
        Some(Procedure { code: code.to_owned(), name: name?, field: field?, synonyms })
    })
}
