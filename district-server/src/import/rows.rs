//! From a table's records to dossiers.

use super::map::{ImportMap, fold};
use super::table::{Table, TableRow};
use crate::app::App;
use crate::lookup::{code_hash, normal_code, phone_hash};
use crate::store::Dossier;
use std::fmt;

/// A record that was not imported. Holds no value of the file: a shifted column could make it a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Line or number of the record.
    pub line: u64,
    /// Field concerned, empty for the whole record.
    pub field: &'static str,
    /// What is wrong.
    pub why: &'static str,
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let blank = if self.field.is_empty() { "" } else { " " };
        write!(f, "line {}: {}{blank}{}", self.line, self.field, self.why)
    }
}

/// Dossiers of a table, and the records that are broken. `as_of_ms` is when the file was written.
#[must_use]
pub fn read_rows(app: &App, map: &ImportMap, table: &Table, as_of_ms: i64) -> (Vec<Dossier>, Vec<Reject>) {
    let (mut dossiers, mut rejects) = (Vec::new(), Vec::new());
    for row in &table.rows {
        match read_row(app, map, row, as_of_ms) {
            Ok(dossier) => dossiers.push(dossier),
            Err((field, why)) => rejects.push(Reject { line: row.line, field, why }),
        }
    }
    (dossiers, rejects)
}

fn read_row(
    app: &App,
    map: &ImportMap,
    row: &TableRow,
    as_of_ms: i64,
) -> Result<Dossier, (&'static str, &'static str)> {
    let cells = row.cells.as_ref().map_err(|why| ("", *why))?;
    let cell = |names: &[String]| {
        let found = names.iter().filter_map(|name| cells.get(&fold(name))).map(|text| text.trim());
        found.filter(|text| !text.is_empty()).map(str::to_owned).next()
    };
    let date = |field: &'static str, names: &[String]| match cell(names) {
        None => Ok(None),
        Some(text) => plain_date(&text).map(Some).ok_or((field, "is no date")),
    };
    let fields = &map.fields;
    let code = normal_code(&cell(&fields.code).ok_or(("code", "is missing"))?);
    if !(6..=64).contains(&code.len()) || !code.bytes().all(is_code_byte) {
        return Err(("code", "is no dossier code"));
    }
    let status_word = cell(&fields.status).ok_or(("status", "is missing"))?;
    if status_word.chars().count() > 60 {
        return Err(("status", "is longer than 60 letters"));
    }
    let digits: String =
        cell(&fields.phone).unwrap_or_default().chars().filter(char::is_ascii_digit).collect();
    let last_four = digits.len().checked_sub(4).and_then(|start| digits.get(start..));
    Ok(Dossier {
        code: code_hash(app, &code),
        phone: last_four.map(|last_four| phone_hash(app, &code, last_four)),
        procedure_code: cell(&fields.procedure_code),
        procedure_name: cell(&fields.procedure_name),
        status_number: map.status_number(&status_word),
        status_word,
        channel: cell(&fields.channel).and_then(|word| map.channel_number(&word)),
        received: date("received", &fields.received)?,
        due: date("due", &fields.due)?,
        due_again: date("due_again", &fields.due_again)?,
        unit: cell(&fields.unit),
        as_of_ms,
    })
}

fn is_code_byte(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'/' | b'-')
}

/// A date as `yyyy-mm-dd` from `dd/mm/yyyy`, `dd-mm-yyyy`, `yyyy-mm-dd`, `yyyymmdd`, each with or without a time after it.
fn plain_date(text: &str) -> Option<String> {
    let digits: Vec<&str> =
        text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    let (year, month, day) = match digits.as_slice() {
        [whole, ..] if whole.len() == 8 || whole.len() == 14 => {
            (whole.get(..4)?, whole.get(4..6)?, whole.get(6..8)?)
        }
        [year, month, day, ..] if year.len() == 4 => (*year, *month, *day),
        [day, month, year, ..] if year.len() == 4 => (*year, *month, *day),
        _ => return None,
    };
    let date = jiff::civil::Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
    Some(date.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_every_source_are_read() {
        for (given, date) in [
            ("21/11/2026", Some("2026-11-21")),
            ("1/2/2026 08:05", Some("2026-02-01")),
            ("2026-11-21T08:00:00", Some("2026-11-21")),
            ("20261121", Some("2026-11-21")),
            ("20261121080500", Some("2026-11-21")),
            ("21-11-2026", Some("2026-11-21")),
            ("31/02/2026", None),
            ("Nguyễn Văn A", None),
            ("21/11/26", None),
        ] {
            assert_eq!(plain_date(given).as_deref(), date, "{given}");
        }
    }
}
