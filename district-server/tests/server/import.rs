//! The drop folder, broken rows, and that no name reaches a file of the server.

use super::rig::{MORNING_MS, Rig};
use axum::http::StatusCode;
use district_server::import::{ImportMap, Outcome, Watcher};
use kiosk_protocol::DossierAnswer;
use std::fs;
use std::path::Path;

const GOOD: &str = "H40.16.24-220613-0001";

fn watcher(rig: &Rig) -> Watcher {
    Watcher::new(&rig.app.settings.drop_dir(), ImportMap::read(None).unwrap()).unwrap()
}

/// Two looks: the first sees the file, the second takes it because it has not changed.
fn take(rig: &Rig, watcher: &mut Watcher) -> Vec<Result<Outcome, String>> {
    assert!(watcher.look(&rig.app).is_empty(), "a file is not taken at first sight");
    watcher
        .look(&rig.app)
        .into_iter()
        .map(|(_, outcome)| outcome.map_err(|error| error.to_string()))
        .collect()
}

fn drop_file(rig: &Rig, name: &str, bytes: &[u8]) {
    fs::write(rig.app.settings.drop_dir().join(name), bytes).unwrap();
}

#[tokio::test]
async fn every_kind_of_file_brings_the_same_dossier() {
    let head = "Mã hồ sơ,Trạng thái,Hạn trả";
    let files: [(&str, Vec<u8>); 6] = [
        ("comma.csv", format!("{head}\n{GOOD},Đang xử lý,20/06/2022\n").into_bytes()),
        ("bom.csv", format!("\u{feff}{head}\r\n{GOOD},Đang xử lý,20/06/2022\r\n").into_bytes()),
        ("semicolon.CSV", format!("{}\n\"{GOOD}\";\"Đang xử lý\";2022-06-20\n", head.replace(',', ";")).into_bytes()),
        ("tab.csv", format!("{}\n{GOOD}\t4\t20220620\n", head.replace(',', "\t")).into_bytes()),
        ("array.json", format!("[{{\"MaHoSo\":\"{GOOD}\",\"TrangThai\":4,\"NgayHenTra\":\"20220620170000\"}}]").into()),
        ("data.json", format!("{{\"n\":1,\"data\":[{{\"MaHoSo\":\"{GOOD}\",\"TrangThai\":\"đang giải quyết\",\"NgayHenTra\":\"20/06/2022\"}}]}}").into()),
    ];
    for (name, bytes) in files {
        let rig = Rig::new();
        let mut watcher = watcher(&rig);
        drop_file(&rig, name, &bytes);
        assert_eq!(take(&rig, &mut watcher), [Ok(Outcome { imported: 1, rejects: vec![] })], "{name}");
        assert!(rig.app.settings.drop_dir().join("done").join(name).exists(), "{name}");
        let kiosk = rig.kiosk("k1", "h1").await;
        let answer: DossierAnswer = rig.send(kiosk.lookup(GOOD, None, MORNING_MS)).await.json();
        assert_eq!((answer.status.number, answer.due.as_deref()), (Some(4), Some("2022-06-20")), "{name}");
    }
}

#[tokio::test]
async fn broken_rows_are_named_by_line_and_the_rest_is_imported() {
    let rig = Rig::new();
    let mut watcher = watcher(&rig);
    let csv = format!(
        "MaHoSo,ChuHoSo,TrangThai,NgayHenTra\n\
         {GOOD},Người Một,4,20/06/2022\n\
         ,Người Hai,4,20/06/2022\n\
         H40.16.24-220613-0003,Người Ba,,20/06/2022\n\
         H40.16.24-220613-0004,Người Bốn,4,Người Bốn\n\
         Người Năm,x,4,\n\
         H40.16.24-220613-0006,4\n"
    );
    drop_file(&rig, "rows.csv", csv.as_bytes());
    let outcome = take(&rig, &mut watcher).remove(0).unwrap();
    assert_eq!((outcome.imported, outcome.rejects.len()), (1, 5));
    let rejects = fs::read_to_string(rig.app.settings.drop_dir().join("rejects/rows.csv.txt")).unwrap();
    let expected = "line 3: code is missing\nline 4: status is missing\nline 5: due is no date\n\
                    line 6: code is no dossier code\nline 7: has not as many cells as the header\n";
    assert_eq!(rejects, expected);
}

#[tokio::test]
async fn a_file_that_cannot_be_understood_is_put_aside_with_its_reason() {
    let rig = Rig::new();
    let mut watcher = watcher(&rig);
    let folder = rig.app.settings.drop_dir();
    drop_file(&rig, "latin.csv", b"MaHoSo,TrangThai\nA\xe0,4\n");
    drop_file(&rig, "other.csv", b"name,address\nx,y\n");
    drop_file(&rig, "torn.json", b"[{\"MaHoSo\":");
    drop_file(&rig, "readme.txt", b"not a table");
    assert_eq!(take(&rig, &mut watcher).len(), 3);
    for (name, word) in
        [("latin.csv", "UTF-8"), ("other.csv", "no column for code"), ("torn.json", "no JSON")]
    {
        assert!(folder.join("rejects").join(name).exists(), "{name}");
        let why = fs::read_to_string(folder.join("rejects").join(format!("{name}.txt"))).unwrap();
        assert!(why.contains(word), "{why}");
    }
    assert!(folder.join("readme.txt").exists(), "other files are left alone");
}

#[tokio::test]
async fn a_growing_file_is_left_until_it_is_whole() {
    let rig = Rig::new();
    let mut watcher = watcher(&rig);
    drop_file(&rig, "grow.csv", b"MaHoSo,TrangThai\n");
    assert!(watcher.look(&rig.app).is_empty());
    drop_file(&rig, "grow.csv", format!("MaHoSo,TrangThai\n{GOOD},4\n").as_bytes());
    assert!(watcher.look(&rig.app).is_empty(), "it has grown since the last look");
    assert_eq!(watcher.look(&rig.app).len(), 1);
}

#[tokio::test]
async fn planted_names_are_in_no_file_of_the_database() {
    let rig = Rig::new();
    let mut watcher = watcher(&rig);
    let csv = format!(
        "MaHoSo,ChuHoSo,DiaChi,SoDienThoai,TrangThai,CanBo,TenTTHC\n\
         {GOOD},NGUYỄN VĂN CANARY,Số 9 đường CANARY,0901239977,4,Cán bộ CANARY,Thủ tục chứng\n"
    );
    drop_file(&rig, "names.csv", csv.as_bytes());
    take(&rig, &mut watcher).remove(0).unwrap();
    let kiosk = rig.kiosk("k1", "h1").await;
    assert_eq!(rig.send(kiosk.lookup(GOOD, Some("9977"), MORNING_MS)).await.status, StatusCode::OK);
    let found = |word: &str| database_files(rig.dir.path()).iter().any(|bytes| holds(bytes, word.as_bytes()));
    for planted in ["CANARY", "9977", GOOD, "220613"] {
        assert!(!found(planted), "{planted}");
    }
    assert!(found("Thủ tục chứng"), "control: what is mapped is found in the same bytes");
}

fn database_files(folder: &Path) -> Vec<Vec<u8>> {
    let files =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let files: Vec<_> = files.map(|path| fs::read(path).unwrap()).collect();
    assert!(files.len() >= 2, "database and write-ahead log");
    files
}

fn holds(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}
