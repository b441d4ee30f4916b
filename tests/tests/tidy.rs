//! House rules that a machine can see: who may know whom, how long files are, what no file may hold.
#![expect(clippy::expect_used, reason = "the helpers of a test fail like the test itself")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, MetadataCommand};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the workspace").to_path_buf()
}

/// Files that git tracks or would track, relative to the root, with one of the endings.
fn files(endings: &[&str]) -> Vec<PathBuf> {
    let output = std::process::Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git lists the files");
    let listing = String::from_utf8(output.stdout).expect("file names are UTF-8");
    let found: Vec<PathBuf> = listing
        .lines()
        .map(PathBuf::from)
        .filter(|path| path.extension().is_some_and(|ending| endings.iter().any(|wanted| ending == *wanted)))
        .filter(|path| root().join(path).is_file())
        .collect();
    assert!(!found.is_empty(), "git lists no file ending in {endings:?}");
    found
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(root().join(path)).expect("a listed file can be read")
}

/// The crates of this workspace that a crate may name, beside crates from outside.
const ARROWS: [(&str, &[&str]); 10] = [
    ("kiosk-core", &[]),
    ("kiosk-protocol", &[]),
    ("kiosk-drivers", &[]),
    ("kiosk-ui", &[]),
    ("kiosk-app", &["kiosk-core", "kiosk-drivers", "kiosk-protocol", "kiosk-ui"]),
    ("district-server", &["kiosk-protocol"]),
    ("kiosk-tests", &["district-server", "kiosk-app", "kiosk-core", "kiosk-drivers", "kiosk-protocol"]),
    ("image-gen", &[]),
    ("kiosk-bootctl", &[]),
    ("image-rig", &["kiosk-drivers"]),
];

/// Crates whose outside dependencies are named one by one.
const OUTSIDE: [(&str, &[&str]); 3] = [
    ("kiosk-core", &[]),
    ("kiosk-protocol", &["serde", "serde_json", "thiserror"]),
    ("kiosk-ui", &["slint"]),
];

fn normal_dependencies(package: &cargo_metadata::Package) -> BTreeSet<String> {
    let normal = package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal);
    normal.map(|dependency| dependency.name.to_string()).collect()
}

#[test]
fn crates_know_only_whom_they_may() {
    let metadata =
        MetadataCommand::new().current_dir(root()).no_deps().exec().expect("cargo metadata answers");
    let ours: BTreeSet<String> = metadata.packages.iter().map(|package| package.name.to_string()).collect();
    let listed: BTreeSet<String> = ARROWS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(ours, listed, "a crate came or went: say in ARROWS whom it may know");
    for package in &metadata.packages {
        let dependencies = normal_dependencies(package);
        for (name, allowed) in ARROWS.iter().filter(|(name, _)| *name == package.name.as_str()) {
            let inside: Vec<_> = dependencies.intersection(&ours).collect();
            let wrong: Vec<_> = inside.iter().filter(|dep| !allowed.contains(&dep.as_str())).collect();
            assert!(wrong.is_empty(), "{name} may not know {wrong:?}");
        }
        for (name, allowed) in OUTSIDE.iter().filter(|(name, _)| *name == package.name.as_str()) {
            let wrong: Vec<_> = dependencies.iter().filter(|dep| !allowed.contains(&dep.as_str())).collect();
            assert!(wrong.is_empty(), "{name} may use only {allowed:?}, not {wrong:?}");
        }
    }
}

/// A crate that only one module of kiosk-app may name.
const ONE_HOME: [(&str, &[&str]); 3] = [
    ("rusqlite::", &["kiosk-app/src/store"]),
    ("kiosk_drivers::", &["kiosk-app/src/devices"]),
    ("slint::", &["kiosk-app/src/view", "kiosk-app/ui"]),
];

#[test]
fn an_outside_thing_is_named_by_one_module_only() {
    for path in files(&["rs"]).iter().filter(|path| path.starts_with("kiosk-app")) {
        let text = read(path);
        for (name, homes) in ONE_HOME {
            let at_home = homes.iter().any(|home| path.to_string_lossy().starts_with(home));
            assert!(at_home || !text.contains(name), "{} names {name}; only {homes:?} may", path.display());
        }
    }
}

#[test]
fn files_are_short_enough_to_read() {
    for (ending, limit) in [("rs", 700), ("slint", 200)] {
        for path in files(&[ending]) {
            let lines = read(&path).lines().count();
            assert!(lines <= limit, "{} has {lines} lines, {limit} at most: split it", path.display());
        }
    }
}

#[test]
fn no_slint_file_computes() {
    // Bindings may name, compare, choose and lay out (a cell's row and column); what a value means is decided in
    // view::model.
    let forbidden = ["function ", ".to-float", "Math.", "while", "+= ", "-= ", "*= "];
    for path in files(&["slint"]) {
        for (index, line) in read(&path).lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for word in forbidden {
                assert!(!code.contains(word), "{}:{} computes: {word:?}", path.display(), index + 1);
            }
        }
    }
}

#[test]
fn nothing_is_left_behind() {
    let words = ["TO".to_owned() + "DO", "FIX".to_owned() + "ME", "#[ig".to_owned() + "nore]"];
    for path in files(&["rs", "slint", "py", "sh", "js", "sql"]) {
        let text = read(&path);
        for word in &words {
            assert!(!text.contains(word.as_str()), "{} holds {word}", path.display());
        }
    }
}

#[test]
fn every_crate_takes_the_workspace_lints() {
    for path in files(&["toml"]).iter().filter(|path| path.ends_with("Cargo.toml")) {
        let text = read(path);
        let is_workspace = text.contains("[workspace]");
        let is_generated = text.contains("name = \"kiosk-ui\"");
        assert!(
            is_workspace || is_generated || text.contains("[lints]\nworkspace = true"),
            "{} goes its own way with lints",
            path.display()
        );
    }
}

/// What a line of the log begins with: the last string of each `tracing` call that is not for debugging.
fn log_names(source: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for call in ["tracing::info!(", "tracing::warn!(", "tracing::error!("] {
        for (at, _) in source.match_indices(call) {
            let rest = &source[at + call.len()..];
            let message = rest[..end_of_call(rest)].rsplit('"').nth(1).unwrap_or_default();
            let name = message.split([':', ' ']).next().unwrap_or_default();
            names.insert(name.to_owned());
        }
    }
    names
}

/// Where the call's closing parenthesis is; those in strings do not count.
fn end_of_call(text: &str) -> usize {
    let (mut depth, mut in_string) = (1_usize, false);
    for (at, letter) in text.char_indices() {
        match letter {
            '"' => in_string = !in_string,
            '(' if !in_string => depth += 1,
            ')' if !in_string => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

#[test]
fn every_line_of_the_kiosks_log_has_a_name_that_the_remedies_explain() {
    let mut names = BTreeSet::new();
    for path in files(&["rs"]).iter().filter(|path| path.starts_with("kiosk-app/src")) {
        for name in log_names(&read(path)) {
            let plain =
                !name.is_empty() && name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-');
            assert!(plain, "{}: a line of the log begins with {name:?}, which is no name", path.display());
            names.insert(name);
        }
    }
    let page = read(Path::new("docs/remedies.md"));
    let (_, table) = page.split_once("## Names in the log").expect("the page has that part");
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let explained: BTreeSet<String> = rows.map(|(name, _)| name.to_owned()).collect();
    assert_eq!(explained, names, "left: docs/remedies.md, right: the program");
}

#[test]
fn log_names_are_found_in_calls_of_any_shape() {
    let source = "tracing::warn!(%error, source = ?cause(&error), \"a-b: words (and more)\");\n\
                  tracing::info!(\n  x,\n  \"c {fault}\"\n); tracing::debug!(\"d\")";
    assert_eq!(log_names(source).into_iter().collect::<Vec<_>>(), ["a-b", "c"]);
}
