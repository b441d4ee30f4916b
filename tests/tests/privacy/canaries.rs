//! The canaries, and the search for them.

use std::fs;
use std::path::{Path, PathBuf};

/// Name, numbers and address of nobody, as the chip cards of 2021 carry them.
pub const CARD_2021: &str =
    "068199031127|250733159|Chim Hoàng Yến|01021999|Nữ|Thôn Tước Mào, Đơn Dương, Lâm Đồng|02082021";
/// The same with relatives, as the cards of 2024 do.
pub const CARD_2024: &str = "068199031127||Chim Hoàng Yến|01021999|Nữ|Thôn Tước Mào, Đơn Dương, Lâm Đồng|02082024||\
                             Chim Văn Khướu|Chim Thị Họa Mi|";
/// Machine-readable lines of the back.
pub const CARD_BACK: &str = "IDVNM1990311274068199031127<<2";
/// A receipt of an OpenCPS system: secret and code in one scan.
pub const OPEN_CPS: &str = "D-Kh0a8imat-H40.16.24-261105-7731";
/// A receipt's code.
pub const RECEIPT: &str = "H40.16.24-261106-7732";
/// An address that is not on the list.
pub const FOREIGN: &str = "https://theo-doi.example/?ma=SaoMaiCanary";
/// What a person types after the unit's beginning, and the last digits of the phone.
pub const TYPED: &str = "261107-7733";
/// Last four digits of a phone.
pub const PHONE: &str = "7749";

/// A barcode of 4 KB.
pub fn long() -> String {
    format!("DaiBonKyCanary{}", "X".repeat(4096))
}

/// A scan full of control bytes.
pub const CONTROL: &str = "KyTuDieuKhienCanary\u{1}\u{1b}[2J\u{7}\u{8}";

/// Everything of the above that no file may hold. Four digits alone would be found by chance.
pub fn forbidden() -> Vec<String> {
    let words = [
        "068199031127",
        "250733159",
        "Hoàng Yến",
        "Tước Mào",
        "Khướu",
        "Họa Mi",
        "1990311274",
        "Kh0a8imat",
        "261105-7731",
        "261106-7732",
        "261107-7733",
        "SaoMaiCanary",
        "theo-doi.example",
        "DaiBonKyCanary",
        "KyTuDieuKhienCanary",
        "\"7749\"",
        "=7749",
        ": 7749",
    ];
    let shapes = |word: &str| [word.to_owned(), word.to_uppercase(), word.to_lowercase()];
    words.iter().flat_map(|word| shapes(word)).collect()
}

/// Where a word stands in the files below these folders and files.
pub fn find(word: &str, places: &[&Path]) -> Vec<PathBuf> {
    let has = |path: &PathBuf| {
        let bytes = fs::read(path).unwrap_or_default();
        bytes.windows(word.len()).any(|window| window == word.as_bytes())
    };
    places.iter().flat_map(|place| files(place)).filter(has).collect()
}

fn files(place: &Path) -> Vec<PathBuf> {
    let kind = fs::symlink_metadata(place).unwrap().file_type();
    if kind.is_dir() {
        let below = fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path());
        return below.flat_map(|path| files(&path)).collect();
    }
    // Sockets and lines of devices keep nothing.
    if kind.is_file() { vec![place.to_owned()] } else { Vec::new() }
}

/// No canary in any of these places.
pub fn assert_none(places: &[&Path]) {
    let count: usize = places.iter().map(|place| files(place).len()).sum();
    assert!(count > 0, "nothing to search");
    for word in forbidden() {
        let found = find(&word, places);
        assert!(found.is_empty(), "{word:?} is in {found:?}");
    }
}
