//! The hall's names of things, taken from its settings.

use kiosk_core::id::{AreaId, CounterId, PauseReasonId, PriorityId};
use kiosk_core::settings::{Counter, HallSettings};

/// What pages call the things that the board names by id.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    /// Unit lines, top first.
    pub(super) unit_lines: Vec<String>,
    pub(super) counters: Vec<Counter>,
    pub(super) areas: Vec<(AreaId, String)>,
    pub(super) pauses: Vec<(PauseReasonId, String)>,
    priorities: Vec<(PriorityId, String)>,
}

impl Labels {
    /// The names that the hall's configuration gives.
    pub fn of(settings: &HallSettings) -> Self {
        Self {
            unit_lines: settings.unit_lines.clone(),
            counters: settings.counters.clone(),
            areas: settings.areas.iter().map(|area| (area.id.clone(), area.name.clone())).collect(),
            pauses: settings.pause_reasons.iter().map(|why| (why.id.clone(), why.name.clone())).collect(),
            priorities: settings
                .priority_classes
                .iter()
                .map(|class| (class.id.clone(), class.name.clone()))
                .collect(),
        }
    }

    /// The counters' ids, as PINs are made for them.
    pub fn counter_ids(&self) -> Vec<CounterId> {
        self.counters.iter().map(|counter| counter.id).collect()
    }

    pub(super) fn counter(&self, id: CounterId) -> Option<&Counter> {
        self.counters.iter().find(|counter| counter.id == id)
    }

    /// An area's name; the id of one that the settings no longer have.
    pub(super) fn area<'a>(&'a self, id: &'a AreaId) -> &'a str {
        name_of(&self.areas, id).unwrap_or(id.as_str())
    }

    pub(super) fn priority<'a>(&'a self, id: &'a PriorityId) -> &'a str {
        name_of(&self.priorities, id).unwrap_or(id.as_str())
    }

    pub(super) fn pause<'a>(&'a self, id: &'a PauseReasonId) -> &'a str {
        name_of(&self.pauses, id).unwrap_or(id.as_str())
    }
}

/// What stands above a counter: its number, and its name unless that says the same.
pub(super) fn counter_title(id: CounterId, name: &str) -> String {
    let number = format!("Quầy {id}");
    if name.is_empty() || name == number { number } else { format!("{number} – {name}") }
}

fn name_of<'a, Id: PartialEq>(names: &'a [(Id, String)], id: &Id) -> Option<&'a str> {
    names.iter().find(|(known, _)| known == id).map(|(_, name)| name.as_str())
}
