//! Fragments read and merged: a tree of values that know where they were written.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::{Consequence, Fault, FaultKind, Place};

/// A table: its values by key.
pub(super) type Table = BTreeMap<String, Written>;

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Written {
    pub(super) value: Value,
    pub(super) place: Place,
    /// Number of the file and byte in it where the key first appeared: the order in which people wrote the items.
    pub(super) order: (usize, usize),
}

/// A TOML value, as far as a hall's configuration uses them.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    Number(i64),
    Flag(bool),
    List(Vec<Written>),
    Table(Table),
    /// A number with a fraction, or one too large: nothing reads it.
    Other,
}

/// A file being turned into values.
struct Source<'a> {
    text: &'a str,
    file: &'a Path,
    number: usize,
}

/// Reads and merges all files; returns the tree and the files that were read.
pub(super) fn read(folders: &[impl AsRef<Path>], faults: &mut Vec<Fault>) -> (Table, Vec<PathBuf>) {
    let mut files = Vec::new();
    for folder in folders {
        files.extend(toml_files(folder.as_ref(), faults));
    }
    let mut tree = Table::new();
    for (number, file) in files.iter().enumerate() {
        match fs::read_to_string(file) {
            Ok(text) => merge(&mut tree, parse(&Source { text: &text, file, number }, faults)),
            Err(error) => faults.push(unreadable(file, &error)),
        }
    }
    (tree, files)
}

fn toml_files(folder: &Path, faults: &mut Vec<Fault>) -> Vec<PathBuf> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            faults.push(unreadable(folder, &error));
            return Vec::new();
        }
    };
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    files
}

fn unreadable(path: &Path, error: &std::io::Error) -> Fault {
    Fault {
        place: Some(Place { file: path.to_owned(), line: None }),
        kind: FaultKind::Unreadable { reason: error.to_string() },
        consequence: Consequence::ValueIgnored,
    }
}

/// What can be read of a file; every place where it is not TOML is a fault.
fn parse(source: &Source<'_>, faults: &mut Vec<Fault>) -> Table {
    let (table, errors) = DeTable::parse_recoverable(source.text);
    faults.extend(errors.iter().map(|error| Fault {
        place: Some(source.place(error.span().map_or(0, |span| span.start))),
        kind: FaultKind::Syntax { reason: error.message().to_owned() },
        consequence: Consequence::ValueIgnored,
    }));
    source.table(table.get_ref())
}

impl Source<'_> {
    fn place(&self, byte: usize) -> Place {
        let before = self.text.as_bytes().iter().take(byte);
        Place { file: self.file.to_owned(), line: Some(before.filter(|byte| **byte == b'\n').count() + 1) }
    }

    fn table(&self, table: &DeTable<'_>) -> Table {
        table
            .iter()
            .map(|(key, value)| {
                let at = key.span().start;
                let written = Written { order: (self.number, at), ..self.value(value, at) };
                (key.get_ref().to_string(), written)
            })
            .collect()
    }

    fn value(&self, value: &Spanned<DeValue<'_>>, at: usize) -> Written {
        let read = match value.get_ref() {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(number) => {
                i64::from_str_radix(number.as_str(), number.radix()).map_or(Value::Other, Value::Number)
            }
            DeValue::Boolean(flag) => Value::Flag(*flag),
            DeValue::Array(list) => {
                Value::List(list.iter().map(|item| self.value(item, item.span().start)).collect())
            }
            DeValue::Table(table) => Value::Table(self.table(table)),
            DeValue::Datetime(moment) => Value::Text(moment.to_string()),
            DeValue::Float(_) => Value::Other,
        };
        Written { value: read, place: self.place(at), order: (self.number, at) }
    }
}

/// Lays a later tree over an earlier one. Tables grow together, anything else is replaced; an item keeps the place in the
/// order that its first mention gave it.
fn merge(under: &mut Table, over: Table) {
    for (key, written) in over {
        match under.get_mut(&key) {
            None => {
                under.insert(key, written);
            }
            Some(existing) => match (&mut existing.value, written.value) {
                (Value::Table(under), Value::Table(over)) => merge(under, over),
                (value, over) => {
                    *value = over;
                    existing.place = written.place;
                }
            },
        }
    }
}
