//! The running kiosk and the running district server: what a citizen reads, and what is left on both disks.

use std::time::Duration;

use kiosk_tests::clock;
use kiosk_tests::demo::books;
use kiosk_tests::rig::{Hall, Plan};

use crate::canaries::{self, assert_none, find};

const PATIENCE: Duration = Duration::from_secs(20);

/// Scans, and waits until the page says so; then back to the first page.
fn scan(hall: &Hall, code: &str, words: &str) {
    hall.scan(code).unwrap();
    let screen = hall.screen();
    screen.wait("look-up-failed", PATIENCE).unwrap();
    let shown = screen.shown().unwrap();
    assert!(shown.texts.iter().any(|text| text.contains(words)), "{code:.40}: {:?}", shown.texts);
    clock::until("the first page again", PATIENCE, || {
        // A touch before the page has settled does nothing, and is made again.
        screen
            .tap("Về trang đầu")
            .or_else(|_| screen.tap("Xong"))
            .or_else(|_| screen.tap("Quay lại"))
            .ok()?;
        screen.wait("home", Duration::from_millis(300)).ok()
    })
    .unwrap();
}

#[test]
fn the_running_kiosk_refuses_in_plain_words_and_leaves_nothing_on_either_disk() {
    let folder = tempfile::tempdir().unwrap();
    let mut hall = Hall::set_up(folder.path(), Plan::default()).unwrap();
    hall.start_kiosk().unwrap();
    hall.screen().wait("home", PATIENCE).unwrap();
    scan(&hall, canaries::CARD_2021, "thẻ căn cước, máy không sử dụng và không lưu");
    scan(&hall, canaries::CARD_2024, "thẻ căn cước, máy không sử dụng và không lưu");
    scan(&hall, &canaries::long(), "không phải mã hồ sơ");
    scan(&hall, canaries::CONTROL, "không đọc được mã này");
    scan(&hall, canaries::FOREIGN, "địa chỉ trang mạng");
    scan(&hall, canaries::RECEIPT, "");

    let database = hall.kiosk_database();
    let sent = || books::unacknowledged(&database).ok().filter(|left| *left == 0);
    clock::until("an empty outbox", Duration::from_secs(60), sent).unwrap();
    let (data, log, server) = (hall.kiosk_data(), folder.path().join("log"), hall.server.database());
    let wal = server.with_extension("db-wal");
    let places = [data.as_path(), log.as_path(), server.as_path(), wal.as_path()];
    // Positive control: that a card was refused is told, and the same search finds it on both disks.
    assert!(find("citizen_card", &[&data]).iter().any(|path| path.ends_with("hall.db-wal")));
    assert!(!find("citizen_card", &[&server, &wal]).is_empty());
    assert_none(&places);
    hall.kill_kiosk();
    hall.server.stop().unwrap();
    assert_none(&[&data, &log, &server]);
}
