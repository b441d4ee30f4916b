//! The field and status map: which column is which, which word is which number.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use unicode_normalization::UnicodeNormalization;

/// Why a map cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    /// The file cannot be read.
    #[error("import map {path} cannot be read")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is no map.
    #[error("import map {path} has a fault")]
    Toml {
        /// The file.
        path: PathBuf,
        /// Line, column and reason.
        source: Box<toml::de::Error>,
    },
    /// A word is mapped to a number that is not on the national list.
    #[error("import map {path}: word {word:?} is mapped to {number}; the national list has 1 to 10")]
    Number {
        /// The file.
        path: PathBuf,
        /// The word.
        word: String,
        /// The number.
        number: u8,
    },
}

/// Column names by field; the first that a file has is taken.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fields {
    /// Dossier code.
    pub code: Vec<String>,
    /// Procedure's code.
    pub procedure_code: Vec<String>,
    /// Procedure's name.
    pub procedure_name: Vec<String>,
    /// Status, a word or a number of the national list.
    pub status: Vec<String>,
    /// Channel: 1 to 3.
    pub channel: Vec<String>,
    /// Received on.
    pub received: Vec<String>,
    /// Due on.
    pub due: Vec<String>,
    /// New due date.
    pub due_again: Vec<String>,
    /// Unit.
    pub unit: Vec<String>,
    /// Declared phone; only a keyed hash of its last four digits is kept.
    pub phone: Vec<String>,
}

/// A map: fields, and status words by source system.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImportMap {
    /// Columns.
    pub fields: Fields,
    /// Words by source system; all sources are searched.
    pub status: BTreeMap<String, BTreeMap<String, u8>>,
    /// Channel words.
    pub channel: BTreeMap<String, u8>,
}

impl ImportMap {
    /// Reads a map from a file, or the built-in sample without one.
    pub fn read(path: Option<&Path>) -> Result<Self, MapError> {
        let built_in = Path::new("config/import.toml (built in)");
        let text = match path {
            None => include_str!("../../config/import.toml").to_owned(),
            Some(path) => std::fs::read_to_string(path)
                .map_err(|source| MapError::File { path: path.to_owned(), source })?,
        };
        let path = path.unwrap_or(built_in);
        let read: Self = toml::from_str(&text)
            .map_err(|source| MapError::Toml { path: path.to_owned(), source: Box::new(source) })?;
        let wrong = read.status.values().flatten().find(|(_, number)| !(1..=10).contains(*number));
        if let Some((word, number)) = wrong {
            return Err(MapError::Number { path: path.to_owned(), word: word.clone(), number: *number });
        }
        Ok(read.folded())
    }

    /// Number of a status word, or of a number written as such.
    #[must_use]
    pub fn status_number(&self, word: &str) -> Option<u8> {
        let folded = fold(word);
        let number = folded.parse().ok().filter(|number| (1..=10).contains(number));
        number.or_else(|| self.status.values().find_map(|words| words.get(&folded).copied()))
    }

    /// Number of a channel word, or of a number written as such.
    #[must_use]
    pub fn channel_number(&self, word: &str) -> Option<u8> {
        let folded = fold(word);
        let number = folded.parse().ok().filter(|number| (1..=3).contains(number));
        number.or_else(|| self.channel.get(&folded).copied())
    }

    fn folded(mut self) -> Self {
        for words in self.status.values_mut().chain([&mut self.channel]) {
            *words = std::mem::take(words).into_iter().map(|(word, number)| (fold(&word), number)).collect();
        }
        self
    }
}

/// Column names and words compare without case, blanks at the ends, doubled blanks or decomposed letters.
#[must_use]
pub fn fold(text: &str) -> String {
    let lower: String = text.trim_start_matches('\u{feff}').nfc().flat_map(char::to_lowercase).collect();
    lower.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_every_source_have_their_number() {
        let map = ImportMap::read(None).unwrap();
        for (word, number) in [
            ("Vừa tiếp nhận", Some(2)),
            ("CHỜ BỔ SUNG", Some(5)),
            ("  đang   giải quyết ", Some(4)),
            ("chờ trả kết quả", Some(9)),
            ("releasing", Some(9)),
            ("done", Some(10)),
            ("Hồ sơ mới tiếp nhận", Some(2)),
            ("Chờ thực hiện liên thông", Some(4)),
            ("10", Some(10)),
            ("11", None),
            ("đang ở đâu đó", None),
        ] {
            assert_eq!(map.status_number(word), number, "{word}");
        }
        assert_eq!(map.channel_number("Trực tuyến"), Some(2));
    }

    #[test]
    fn decomposed_letters_are_the_same_word() {
        let decomposed: String = "Chờ bổ sung".nfd().collect();
        assert_eq!(ImportMap::read(None).unwrap().status_number(&decomposed), Some(5));
    }

    #[test]
    fn a_number_off_the_national_list_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m.toml");
        std::fs::write(&path, "[status.x]\n\"lạ\" = 11").unwrap();
        assert!(matches!(ImportMap::read(Some(&path)), Err(MapError::Number { number: 11, .. })));
    }
}
