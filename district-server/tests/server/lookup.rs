//! Dossier look-ups: factors, limits, and what they say to someone who guesses.

use super::rig::{MORNING_MS, Rig};
use axum::http::StatusCode;
use district_server::import::{ImportMap, import_file};
use kiosk_protocol::*;

const CODE: &str = "H40.16.24-220613-0001";

fn import(rig: &Rig, csv: &str) {
    let path = rig.dir.path().join("d.csv");
    std::fs::write(&path, csv).unwrap();
    let outcome = import_file(&rig.app, &ImportMap::read(None).unwrap(), &path).unwrap();
    assert_eq!(outcome.rejects, []);
}

fn not_found() -> (u16, String) {
    (404, "not-found".to_owned())
}

fn rig_with_dossiers() -> Rig {
    let rig = Rig::new();
    import(
        &rig,
        "MaHoSo;MaTTHC;TenTTHC;ChuHoSo;TrangThai;NgayTiepNhan;NgayHenTra;SoDienThoai;DonViXuLy\n\
         H40.16.24-220613-0001;1.001193;Đăng ký khai sinh;NGUYỄN CANARY;Chờ bổ sung;13/06/2022;20/06/2022;0901 234 567;UBND xã\n\
         03706/2026/07906;;;;đang đi đâu đó;;;;\n",
    );
    rig
}

#[tokio::test]
async fn a_scanned_code_answers_the_projection_and_nothing_else() {
    let rig = rig_with_dossiers();
    let kiosk = rig.kiosk("k1", "h1").await;
    let answer = rig.send(kiosk.lookup(CODE, None, MORNING_MS)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert!(!answer.text.contains("CANARY") && !answer.text.contains("4567"), "{}", answer.text);
    let dossier: DossierAnswer = answer.json();
    assert_eq!(dossier.code, CODE);
    assert_eq!(dossier.status, DossierStatus { number: Some(5), word: "Chờ bổ sung".to_owned() });
    assert_eq!(dossier.procedure_name.as_deref(), Some("Đăng ký khai sinh"));
    assert_eq!(
        (dossier.received.as_deref(), dossier.due.as_deref()),
        (Some("2022-06-13"), Some("2022-06-20"))
    );

    let odd: DossierAnswer = rig.send(kiosk.lookup("03706/2026/07906", None, MORNING_MS)).await.json();
    assert_eq!(odd.status, DossierStatus { number: None, word: "đang đi đâu đó".to_owned() });
}

#[tokio::test]
async fn a_typed_code_needs_the_last_four_digits_and_all_refusals_look_alike() {
    let rig = rig_with_dossiers();
    let kiosk = rig.kiosk("k1", "h1").await;
    assert_eq!(rig.send(kiosk.lookup(CODE, Some("4567"), MORNING_MS)).await.status, StatusCode::OK);
    let wrong = rig.send(kiosk.lookup(CODE, Some("4568"), MORNING_MS)).await;
    let no_such = rig.send(kiosk.lookup("H40.16.24-220613-9999", Some("4567"), MORNING_MS)).await;
    let no_phone = rig.send(kiosk.lookup("03706/2026/07906", Some("0000"), MORNING_MS)).await;
    assert_eq!(wrong.problem(), not_found());
    assert_eq!(wrong.text, no_such.text);
    assert_eq!(wrong.text, no_phone.text);
}

#[tokio::test]
async fn the_second_factor_is_signed() {
    let rig = rig_with_dossiers();
    let kiosk = rig.kiosk("k1", "h1").await;
    let mut request = kiosk.lookup(CODE, Some("4568"), MORNING_MS);
    request.headers_mut().insert(HEADER_SECOND_FACTOR, "4567".parse().unwrap());
    assert_eq!(rig.send(request).await.problem(), (401, "bad-signature".to_owned()));
    let mut as_scanned = kiosk.lookup(CODE, Some("4568"), MORNING_MS);
    as_scanned.headers_mut().insert(HEADER_LOOKUP_KIND, "scanned".parse().unwrap());
    assert_eq!(rig.send(as_scanned).await.problem(), (401, "bad-signature".to_owned()));
}

#[tokio::test]
async fn look_ups_are_limited_and_many_misses_raise_an_alarm() {
    let rig = rig_with_dossiers();
    let kiosk = rig.kiosk("k1", "h1").await;
    let mut now_ms = MORNING_MS;
    for _ in 0..5 {
        assert_eq!(
            rig.send(kiosk.lookup("H40.16.24-220613-9999", None, now_ms)).await.problem(),
            not_found()
        );
    }
    let slowed = rig.send(kiosk.lookup(CODE, None, now_ms)).await;
    assert_eq!(slowed.problem(), (429, "too-many".to_owned()));
    assert!(rig.app.store.alarms(9).unwrap().is_empty());
    for _ in 0..20 {
        rig.advance_secs(6);
        now_ms += 6_000;
        assert_eq!(
            rig.send(kiosk.lookup("H40.16.24-220613-9999", None, now_ms)).await.problem(),
            not_found()
        );
    }
    assert_eq!(rig.app.store.alarms(9).unwrap()[0].kind, "lookup_misses");
}
