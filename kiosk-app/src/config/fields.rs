//! Reading a table key by key: what is missing, wrong or left over becomes a fault, never a panic or a silence.

use std::ops::RangeInclusive;

use unicode_normalization::UnicodeNormalization;

use super::fault::{Consequence, Fault, FaultKind, Place};
use super::fragment::{Table, Value, Written};

/// A table being read. Every key is asked for once; [`Fields::finish`] names those nobody asked for.
pub(super) struct Fields<'a> {
    item: String,
    table: &'a Table,
    place: Option<&'a Place>,
    asked: Vec<&'static str>,
    faults: &'a mut Vec<Fault>,
}

static EMPTY: Table = Table::new();

impl<'a> Fields<'a> {
    /// The whole tree.
    pub(super) fn root(table: &'a Table, faults: &'a mut Vec<Fault>) -> Self {
        Self { item: String::new(), table, place: None, asked: Vec::new(), faults }
    }

    /// How the table is headed in the file.
    pub(super) fn item(&self) -> String {
        self.item.clone()
    }

    /// Whether there is nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// The table under `key`, empty if there is none.
    pub(super) fn section<'b>(&'b mut self, key: &'static str) -> Fields<'b> {
        let item = if self.item.is_empty() { format!("[{key}]") } else { format!("{} {key}", self.item) };
        let found = self.ask(key);
        let (table, place) = match found {
            Some(Written { value: Value::Table(table), place, .. }) => (table, Some(place)),
            Some(other) => {
                self.bad(other, key, "một bảng [...]");
                (&EMPTY, None)
            }
            None => (&EMPTY, self.place),
        };
        Fields { item, table, place, asked: Vec::new(), faults: self.faults }
    }

    /// Reads every table under `key` (`[area.ho-tich]`) in the order written. `read` gets the item's name and its fields;
    /// `enabled = false` leaves an item out.
    pub(super) fn items<T>(
        &mut self,
        key: &'static str,
        mut read: impl FnMut(&str, &mut Fields<'_>) -> Option<T>,
    ) -> Vec<T> {
        let section = self.section(key);
        let mut entries: Vec<(&String, &Written)> = section.table.iter().collect();
        entries.sort_by_key(|(_, written)| written.order);
        let mut items = Vec::new();
        for (name, written) in entries {
            let Value::Table(table) = &written.value else {
                let (item, key) = (format!("[{key}]"), name.clone());
                let kind = FaultKind::BadValue { item, key, wanted: "một bảng [...]" };
                section.faults.push(Fault {
                    place: Some(written.place.clone()),
                    kind,
                    consequence: Consequence::ItemOff,
                });
                continue;
            };
            let mut fields = Fields {
                item: format!("[{key}.{name}]"),
                table,
                place: Some(&written.place),
                asked: Vec::new(),
                faults: section.faults,
            };
            let enabled = fields.flag("enabled", true);
            let item = read(name, &mut fields);
            fields.finish();
            items.extend(item.filter(|_| enabled));
        }
        items
    }

    fn ask(&mut self, key: &'static str) -> Option<&'a Written> {
        self.asked.push(key);
        self.table.get(key)
    }

    /// A text that must be there and not be empty.
    pub(super) fn text(&mut self, key: &'static str) -> Option<String> {
        match self.ask(key) {
            Some(Written { value: Value::Text(text), .. }) if !text.trim().is_empty() => Some(clean(text)),
            Some(other) => {
                self.put(
                    other.place.clone(),
                    bad(&self.item, key, "một dòng chữ trong dấu nháy"),
                    Consequence::ItemOff,
                );
                None
            }
            None => {
                self.fault(FaultKind::Missing { item: self.item(), key }, Consequence::ItemOff);
                None
            }
        }
    }

    /// A text that may be left out.
    pub(super) fn optional_text(&mut self, key: &'static str) -> Option<String> {
        match self.ask(key)? {
            Written { value: Value::Text(text), .. } => Some(clean(text)),
            other => {
                self.bad(other, key, "một dòng chữ trong dấu nháy");
                None
            }
        }
    }

    /// A whole number within bounds that may be left out.
    pub(super) fn number(
        &mut self,
        key: &'static str,
        bounds: RangeInclusive<u32>,
        wanted: &'static str,
    ) -> Option<u32> {
        let written = self.ask(key)?;
        if let Value::Number(number) = written.value
            && let Ok(number) = u32::try_from(number)
            && bounds.contains(&number)
        {
            return Some(number);
        }
        self.bad(written, key, wanted);
        None
    }

    /// Yes or no that may be left out.
    pub(super) fn flag(&mut self, key: &'static str, usual: bool) -> bool {
        match self.ask(key) {
            None => usual,
            Some(Written { value: Value::Flag(flag), .. }) => *flag,
            Some(other) => {
                self.bad(other, key, "true hoặc false");
                usual
            }
        }
    }

    /// A list of texts, each with the place to blame; empty if left out.
    pub(super) fn texts(&mut self, key: &'static str) -> Vec<(String, Place)> {
        let wanted = "một danh sách chữ, ví dụ [\"a\", \"b\"]";
        let list = match self.ask(key) {
            None => return Vec::new(),
            Some(Written { value: Value::List(list), .. }) => list,
            Some(other) => {
                self.bad(other, key, wanted);
                return Vec::new();
            }
        };
        let mut texts = Vec::new();
        for written in list {
            match &written.value {
                Value::Text(text) => texts.push((clean(text), written.place.clone())),
                Value::Number(_) | Value::Flag(_) | Value::List(_) | Value::Table(_) | Value::Other => {
                    self.bad(written, key, wanted);
                }
            }
        }
        texts
    }

    /// A list of tables, each read by `read`; empty if left out.
    pub(super) fn tables<T>(
        &mut self,
        key: &'static str,
        mut read: impl FnMut(&mut Fields<'_>) -> Option<T>,
    ) -> Vec<T> {
        let wanted = "một danh sách bảng, ví dụ [{ key = 1, name = \"...\" }]";
        let list = match self.ask(key) {
            None => return Vec::new(),
            Some(Written { value: Value::List(list), .. }) => list,
            Some(other) => {
                self.bad(other, key, wanted);
                return Vec::new();
            }
        };
        let item = format!("{} {key}", self.item);
        let mut read_items = Vec::new();
        for written in list {
            let Value::Table(table) = &written.value else {
                self.bad(written, key, wanted);
                continue;
            };
            let place = Some(&written.place);
            let mut fields =
                Fields { item: item.clone(), table, place, asked: Vec::new(), faults: self.faults };
            read_items.extend(read(&mut fields));
            fields.finish();
        }
        read_items
    }

    /// Ids of other items. Those in `off` are faulty themselves and were told of; any other that is not in `known` is a fault.
    pub(super) fn references(&mut self, key: &'static str, known: &[String], off: &[String]) -> Vec<String> {
        let mut ids: Vec<String> = Vec::new();
        for (id, place) in self.texts(key) {
            if known.contains(&id) && !ids.contains(&id) {
                ids.push(id);
            } else if ids.contains(&id) {
                let kind = FaultKind::Repeated { item: self.item(), key, value: id };
                self.put(place, kind, Consequence::ValueIgnored);
            } else if !off.contains(&id) {
                let kind = FaultKind::UnknownReference { item: self.item(), key, id, known: known.to_vec() };
                self.put(place, kind, Consequence::ValueIgnored);
            }
        }
        if ids.is_empty() {
            self.fault(FaultKind::NothingReferred { item: self.item(), key }, Consequence::ItemOff);
        }
        ids
    }

    /// One id of another item that may be left out.
    pub(super) fn optional_reference(&mut self, key: &'static str, known: &[String]) -> Option<String> {
        let id = self.optional_text(key)?;
        if known.contains(&id) {
            return Some(id);
        }
        let kind = FaultKind::UnknownReference { item: self.item(), key, id, known: known.to_vec() };
        self.fault_at(key, kind, Consequence::ValueIgnored);
        None
    }

    /// A fault of the whole table.
    pub(super) fn fault(&mut self, kind: FaultKind, consequence: Consequence) {
        self.faults.push(Fault { place: self.place.cloned(), kind, consequence });
    }

    /// A fault of one key's value.
    pub(super) fn fault_at(&mut self, key: &str, kind: FaultKind, consequence: Consequence) {
        let place = self.table.get(key).map(|written| &written.place).or(self.place).cloned();
        self.faults.push(Fault { place, kind, consequence });
    }

    /// A fault of the table `name` under `section`.
    pub(super) fn fault_of(&mut self, section: &str, name: &str, kind: FaultKind, consequence: Consequence) {
        let place = match self.table.get(section).map(|section| &section.value) {
            Some(Value::Table(items)) => items.get(name).map(|item| item.place.clone()),
            Some(Value::Text(_) | Value::Number(_) | Value::Flag(_) | Value::List(_) | Value::Other)
            | None => None,
        };
        self.faults.push(Fault { place, kind, consequence });
    }

    /// A fault at a place.
    pub(super) fn put(&mut self, place: Place, kind: FaultKind, consequence: Consequence) {
        self.faults.push(Fault { place: Some(place), kind, consequence });
    }

    /// A value that cannot be used and is passed over.
    pub(super) fn bad_value(&mut self, key: &'static str, wanted: &'static str, consequence: Consequence) {
        let kind = bad(&self.item, key, wanted);
        self.fault_at(key, kind, consequence);
    }

    fn bad(&mut self, written: &Written, key: &str, wanted: &'static str) {
        self.put(written.place.clone(), bad(&self.item, key, wanted), Consequence::ValueIgnored);
    }

    /// Names every key that nobody asked for.
    pub(super) fn finish(self) {
        for (key, written) in self.table {
            if !self.asked.contains(&key.as_str()) {
                let near = nearest(key, &self.asked);
                let item = if self.item.is_empty() { "cấu hình".to_owned() } else { self.item.clone() };
                let kind = FaultKind::UnknownKey { item, key: key.clone(), near };
                let consequence = Consequence::ValueIgnored;
                self.faults.push(Fault { place: Some(written.place.clone()), kind, consequence });
            }
        }
    }
}

fn bad(item: &str, key: &str, wanted: &'static str) -> FaultKind {
    FaultKind::BadValue { item: item.to_owned(), key: key.to_owned(), wanted }
}

/// Text as it is stored everywhere: composed letters, no space at either end.
fn clean(text: &str) -> String {
    text.trim().nfc().collect()
}

/// The known key at most two letters away.
fn nearest(key: &str, known: &[&'static str]) -> Option<&'static str> {
    let scored = known.iter().map(|candidate| (distance(key, candidate), *candidate));
    scored.filter(|(distance, _)| *distance <= 2).min().map(|(_, candidate)| candidate)
}

/// Levenshtein's distance.
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.chars().count()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut diagonal = i;
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
        for (j, b) in right.chars().enumerate() {
            let above = row.get(j + 1).copied().unwrap_or(usize::MAX);
            let left = row.get(j).copied().unwrap_or(usize::MAX);
            let best =
                (diagonal + usize::from(a != b)).min(above.saturating_add(1)).min(left.saturating_add(1));
            if let Some(cell) = row.get_mut(j + 1) {
                *cell = best;
            }
            diagonal = above;
        }
    }
    row.last().copied().unwrap_or(usize::MAX)
}
