//! The drop folder: a file is taken when it has stopped growing, and moved when it is done.

use super::{ImportMap, Reject, TableError, read_rows, read_table};
use crate::app::App;
use crate::store::StoreError;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Larger files are refused: a year of a province is a tenth of this.
const MAX_FILE_BYTES: u64 = 100 * 1024 * 1024;

/// Why a file was not imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file or its folder cannot be used.
    #[error("dossier file {path} cannot be read or moved")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is no table.
    #[error("dossier file {path} cannot be understood")]
    Table {
        /// The file.
        path: PathBuf,
        /// Why.
        source: TableError,
    },
    /// A column is missing.
    #[error("dossier file {path} has no column for {field}; name it in the import map")]
    Column {
        /// The file.
        path: PathBuf,
        /// The field.
        field: &'static str,
    },
    /// The file is larger than 100 MiB.
    #[error("dossier file {path} is larger than 100 MiB; split it")]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The store refused.
    #[error("dossiers of {path} cannot be stored")]
    Store {
        /// The file.
        path: PathBuf,
        /// Why.
        source: StoreError,
    },
}

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Dossiers stored.
    pub imported: usize,
    /// Records that are broken.
    pub rejects: Vec<Reject>,
}

/// Imports one file; it stays where it is.
pub fn import_file(app: &App, map: &ImportMap, path: &Path) -> Result<Outcome, ImportError> {
    let file_error = |source| ImportError::File { path: path.to_owned(), source };
    let meta = fs::metadata(path).map_err(file_error)?;
    if meta.len() > MAX_FILE_BYTES {
        return Err(ImportError::TooLarge { path: path.to_owned() });
    }
    let bytes = fs::read(path).map_err(file_error)?;
    let table =
        read_table(path, &bytes).map_err(|source| ImportError::Table { path: path.to_owned(), source })?;
    for (field, names) in [("code", &map.fields.code), ("status", &map.fields.status)] {
        if !names.iter().any(|name| table.columns.contains(&super::map::fold(name))) {
            return Err(ImportError::Column { path: path.to_owned(), field });
        }
    }
    let written_ms = meta.modified().ok().and_then(unix_ms).unwrap_or_else(|| app.clock.now_ms());
    let (dossiers, rejects) = read_rows(app, map, &table, written_ms);
    app.store
        .put_dossiers(&dossiers)
        .map_err(|source| ImportError::Store { path: path.to_owned(), source })?;
    Ok(Outcome { imported: dossiers.len(), rejects })
}

fn unix_ms(time: SystemTime) -> Option<i64> {
    i64::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_millis()).ok()
}

/// Looks into the drop folder again and again.
pub struct Watcher {
    folder: PathBuf,
    map: ImportMap,
    /// Size and time of files at the last look: a file is taken when they stay the same.
    seen: BTreeMap<PathBuf, (u64, Option<SystemTime>)>,
}

impl Watcher {
    /// A watcher of `folder`, which is made with its `done` and `rejects`.
    pub fn new(folder: &Path, map: ImportMap) -> Result<Self, ImportError> {
        for folder in [folder.join("done"), folder.join("rejects")] {
            fs::create_dir_all(&folder).map_err(|source| ImportError::File { path: folder, source })?;
        }
        Ok(Self { folder: folder.to_owned(), map, seen: BTreeMap::new() })
    }

    /// One look: imports every file that has not changed since the look before; what became of each.
    pub fn look(&mut self, app: &App) -> Vec<(PathBuf, Result<Outcome, ImportError>)> {
        let seen = std::mem::take(&mut self.seen);
        let mut outcomes = Vec::new();
        for (path, state) in self.files() {
            if seen.get(&path) != Some(&state) {
                self.seen.insert(path, state);
                continue;
            }
            let outcome =
                import_file(app, &self.map, &path).and_then(|outcome| self.put_away(&path, outcome));
            if let Err(error) = &outcome {
                self.refuse(&path, error);
            }
            outcomes.push((path, outcome));
        }
        outcomes
    }

    fn files(&self) -> Vec<(PathBuf, (u64, Option<SystemTime>))> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().filter_map(Result::ok);
        let mut files: Vec<_> = entries
            .filter_map(|entry| Some((entry.path(), entry.metadata().ok()?)))
            .filter(|(path, meta)| meta.is_file() && is_table(path))
            .map(|(path, meta)| (path, (meta.len(), meta.modified().ok())))
            .collect();
        files.sort();
        files
    }

    fn put_away(&self, path: &Path, outcome: Outcome) -> Result<Outcome, ImportError> {
        if !outcome.rejects.is_empty() {
            let lines: Vec<String> = outcome.rejects.iter().map(ToString::to_string).collect();
            self.write_rejects(path, &lines.join("\n"))?;
        }
        self.move_to("done", path)?;
        Ok(outcome)
    }

    /// A file that cannot be imported at all goes to `rejects` with its reason, so that it is not tried for ever. If the
    /// store was at fault it stays and is tried again.
    fn refuse(&self, path: &Path, error: &ImportError) {
        if matches!(error, ImportError::Store { .. } | ImportError::File { .. }) {
            return;
        }
        let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
        let why = format!("{error}{cause}");
        let moved = self.write_rejects(path, &why).and_then(|()| self.move_to("rejects", path));
        if let Err(error) = moved {
            tracing::error!(error = &error as &dyn std::error::Error, "dossier file cannot be moved");
        }
    }

    fn write_rejects(&self, path: &Path, text: &str) -> Result<(), ImportError> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".txt");
        let to = self.folder.join("rejects").join(name);
        let written = fs::File::create(&to).and_then(|mut file| writeln!(file, "{text}"));
        written.map_err(|source| ImportError::File { path: to, source })
    }

    fn move_to(&self, folder: &str, path: &Path) -> Result<(), ImportError> {
        let to = self.folder.join(folder).join(path.file_name().unwrap_or_default());
        fs::rename(path, &to).map_err(|source| ImportError::File { path: path.to_owned(), source })
    }
}

fn is_table(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
    matches!(ending.as_deref(), Some("csv" | "json"))
}
