//! Files as tables of text: CSV (UTF-8 with or without BOM; comma, semicolon or tab) and JSON (an array of objects, or an
//! object that holds one).

use std::collections::BTreeMap;
use std::path::Path;

/// Why a whole file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// Neither `.csv` nor `.json`.
    #[error("file name ends neither in .csv nor in .json")]
    Kind,
    /// Not UTF-8.
    #[error("file is not UTF-8; in the spreadsheet program save it as \"CSV UTF-8\"")]
    Encoding,
    /// Not JSON.
    #[error("file is no JSON")]
    Json(#[from] serde_json::Error),
    /// JSON, but no records.
    #[error("file holds no array of objects")]
    NoRecords,
    /// CSV without its first line.
    #[error("file has no header line")]
    NoHeader,
}

/// One record: line (CSV) or number (JSON), and cells by column; a faulty record has its reason instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRow {
    /// Line of a CSV file, or number of a JSON record, from 1.
    pub line: u64,
    /// Cells by folded column name, or why the record is broken.
    pub cells: Result<BTreeMap<String, String>, &'static str>,
}

/// All records of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Folded column names.
    pub columns: Vec<String>,
    /// Records.
    pub rows: Vec<TableRow>,
}

/// Reads a file's bytes; its name says which kind it is.
pub fn read_table(name: &Path, bytes: &[u8]) -> Result<Table, TableError> {
    let text = std::str::from_utf8(bytes).map_err(|_| TableError::Encoding)?;
    let text = text.trim_start_matches('\u{feff}');
    match name.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase).as_deref() {
        Some("csv") => csv_table(text),
        Some("json") => json_table(text),
        Some(_) | None => Err(TableError::Kind),
    }
}

fn csv_table(text: &str) -> Result<Table, TableError> {
    let header = text.lines().next().unwrap_or_default();
    let count = |mark: &u8| header.bytes().filter(|byte| byte == mark).count();
    let delimiter = [b',', b';', b'\t'].into_iter().max_by_key(count).unwrap_or(b',');
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
    let columns: Vec<String> =
        reader.headers().map_err(|_| TableError::NoHeader)?.iter().map(super::map::fold).collect();
    if columns.iter().all(String::is_empty) {
        return Err(TableError::NoHeader);
    }
    let rows = reader.records().zip(1_u64..).map(|(record, number)| match record {
        Err(_) => TableRow { line: number + 1, cells: Err("is not readable as CSV") },
        Ok(record) => {
            let line = record.position().map_or(number + 1, csv::Position::line);
            let whole = record.len() == columns.len();
            let cells = columns.iter().cloned().zip(record.iter().map(str::to_owned)).collect();
            TableRow {
                line,
                cells: if whole { Ok(cells) } else { Err("has not as many cells as the header") },
            }
        }
    });
    Ok(Table { rows: rows.collect(), columns: columns.clone() })
}

fn json_table(text: &str) -> Result<Table, TableError> {
    let value: serde_json::Value = serde_json::from_str(text)?;
    let records = match &value {
        serde_json::Value::Array(records) => Some(records),
        serde_json::Value::Object(members) => members.values().find_map(serde_json::Value::as_array),
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_) => None,
    };
    let rows: Vec<TableRow> =
        records.ok_or(TableError::NoRecords)?.iter().zip(1_u64..).map(json_row).collect();
    let mut columns: Vec<String> =
        rows.iter().filter_map(|row| row.cells.as_ref().ok()).flat_map(BTreeMap::keys).cloned().collect();
    columns.sort_unstable();
    columns.dedup();
    Ok(Table { columns, rows })
}

fn json_row((record, line): (&serde_json::Value, u64)) -> TableRow {
    let Some(members) = record.as_object() else {
        return TableRow { line, cells: Err("is no object") };
    };
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Array(_)
        | serde_json::Value::Object(_) => None,
    };
    let cells = members.iter().filter_map(|(name, value)| Some((super::map::fold(name), text(value)?)));
    TableRow { line, cells: Ok(cells.collect()) }
}
