//! A screen for every page, and the same again for each way of showing it and for the longest names.

use kiosk_core::dossier::{DossierCode, DossierStatus, Stage};
use kiosk_core::effect::ScanRefusal;
use kiosk_core::event::PrintTrouble;
use kiosk_core::id::{AreaId, CounterId, ErrandId, PriorityId, RatingReasonId};
use kiosk_core::screen::{
    AreaChoice, Availability, DossierCard, ErrandChoice, Look, LookUpFailure, Notice, OpensAt, OutOfService,
    Page, Pages, Screen, StageGroup, TakenNumber,
};
use kiosk_core::settings::{PriorityClass, Procedure, RatingChoice, RatingReason};
use kiosk_core::ticket::{TicketId, TicketNumber};
use kiosk_core::time::{BusinessDay, Wall};

const ONE_PAGE: Pages = Pages { index: 0, count: 1 };
const CONFIG_FAULTS: &str = "/etc/kiosk/20-areas.toml:12: sai cú pháp: missing value (mục này tạm tắt)\n    -> Sửa dòng này theo cú pháp TOML\n\
     không còn lĩnh vực nào để cấp số (máy không cấp số được)\n    -> Khai báo ít nhất một [area.ten-linh-vuc] đúng";
const CLOSED: Availability = Availability::Closed(None);

/// Every sample by the name of its picture.
pub fn screens() -> Vec<(&'static str, Screen)> {
    let mut screens = ordinary();
    screens.extend(looks());
    screens.extend(longest());
    screens
}

/// One sample or more for every page, in the look that everybody meets.
pub fn ordinary() -> Vec<(&'static str, Screen)> {
    [
        ("home", home(Availability::Open)),
        ("home-closed", home(opens(12, 7 * 60 + 30))),
        ("errands", Page::Errands(errands())),
        ("areas", areas(Pages { index: 0, count: 3 })),
        ("priorities", priorities()),
        ("printing", Page::Printing { number: TicketNumber("A012".into()) }),
        ("taken", Page::Taken(taken())),
        ("number-only", Page::NumberOnly { taken: taken(), trouble: PrintTrouble::PaperEnd }),
        ("cannot-issue", Page::CannotIssue),
        ("out-of-service", Page::OutOfService(OutOfService::Data)),
        (
            "out-of-service-configuration",
            Page::OutOfService(OutOfService::Configuration(CONFIG_FAULTS.into())),
        ),
        ("not-now-closed", Page::NotNow(opens(15, 7 * 60 + 30))),
        ("not-now-quota", Page::NotNow(Availability::QuotaReached { morning: true })),
        ("look-up-start", Page::LookUpStart),
        ("type-code", type_code("220613-0001")),
        ("type-code-empty", type_code("")),
        ("type-phone", Page::TypePhone { typed: 2 }),
        ("searching", Page::Searching),
        ("dossier-working", Page::Dossier(dossier(Stage::Processing, StageGroup::Working, None))),
        ("dossier-ready", Page::Dossier(ready())),
        ("dossier-late", Page::Dossier(late())),
        ("look-up-failed-card", failed(LookUpFailure::Refused(ScanRefusal::CitizenCard))),
        ("look-up-failed-unreadable", failed(LookUpFailure::Refused(ScanRefusal::Unreadable))),
        ("look-up-failed-not-found", failed(LookUpFailure::NotFound)),
        ("fields", fields()),
        ("procedures", procedures()),
        ("procedure", Page::Procedure(catalogue().remove(3))),
        ("rate-counters", Page::RateCounters(vec![CounterId(1), CounterId(3), CounterId(12)])),
        ("rate-counters-none", Page::RateCounters(Vec::new())),
        ("rate-scale", rate_scale()),
        ("rate-reasons", Page::RateReasons(reasons())),
        ("rate-thanks", Page::RateThanks),
    ]
    .map(|(name, page)| (name, screen(page)))
    .into()
}

/// A+, white on black, low reach, English, a countdown and notices.
fn looks() -> Vec<(&'static str, Screen)> {
    let plain = Look::default();
    let large = Look { large_text: true, ..plain };
    let black = Look { high_contrast: true, ..plain };
    let low = Look { low_reach: true, ..plain };
    let english = Look { english: true, ..plain };
    let all = Look { large_text: true, high_contrast: true, low_reach: true, english: true };
    let shown = |page, look| Screen { look, ..screen(page) };
    vec![
        ("errands-leaving", Screen { leaves_in_secs: Some(7), ..screen(Page::Errands(errands())) }),
        ("home-line-down", Screen { notice: Some(Notice::LineDown), ..screen(home(Availability::Open)) }),
        ("areas-no-paper", {
            let notice = Some(Notice::NoPaper(PrintTrouble::PaperEnd));
            Screen { notice, ..screen(areas(ONE_PAGE)) }
        }),
        ("home-large", shown(home(Availability::Open), large)),
        ("areas-large", shown(areas(Pages { index: 0, count: 3 }), large)),
        ("number-only-large", {
            shown(Page::NumberOnly { taken: taken(), trouble: PrintTrouble::PaperEnd }, large)
        }),
        ("home-black", shown(home(Availability::Open), black)),
        ("areas-black", shown(areas(ONE_PAGE), black)),
        ("dossier-late-black", shown(Page::Dossier(late()), black)),
        ("home-low", shown(home(Availability::Open), low)),
        ("areas-low", shown(areas(Pages { index: 1, count: 3 }), low)),
        ("type-code-low", shown(type_code("220613-0001"), low)),
        ("home-english", shown(home(opens(11, 13 * 60)), english)),
        ("dossier-ready-english", shown(Page::Dossier(ready()), english)),
        ("number-only-english", {
            shown(Page::NumberOnly { taken: taken(), trouble: PrintTrouble::CoverOpen }, english)
        }),
        ("errands-everything", shown(Page::Errands(errands()), all)),
    ]
}

/// The longest names that halls have, and letters of the highland languages.
fn longest() -> Vec<(&'static str, Screen)> {
    let name = "Bảo trợ xã hội, người có công và phòng chống tệ nạn xã hội";
    let highland = "Chứng thực – Ƀuôn Ƀŭk, ñu čih, dlê̆ mô̆, klei ơ̆, ư̆ĕ ĭ ŏ";
    let mut many = area_choices();
    many[0].name = name.into();
    many[1].name = highland.into();
    many[3].availability = opens(15, 7 * 60 + 30);
    let areas = Page::Areas {
        errand: ErrandId::new("nop-ho-so"),
        choices: many,
        pages: Pages { index: 0, count: 3 },
    };
    let long_number = TakenNumber {
        number: TicketNumber("HT0128".into()),
        area: name.into(),
        counters: (1..=9).map(CounterId).collect(),
        people_ahead: 1128,
        ..taken()
    };
    let notice = Some(Notice::NoPaper(PrintTrouble::Absent));
    let mut card = late();
    card.status.procedure_name = Some(
        "Cấp bản sao trích lục hộ tịch, bản sao giấy khai sinh và xác nhận thông tin hộ tịch của công dân"
            .into(),
    );
    card.status.unit = Some("Trung tâm Phục vụ hành chính công xã Đơn Dương, tỉnh Lâm Đồng".into());
    card.from_snapshot = true;
    let large = Look { large_text: true, ..Look::default() };
    vec![
        ("areas-longest", Screen { notice, ..screen(areas.clone()) }),
        ("areas-longest-large", Screen { look: large, ..screen(areas) }),
        ("number-only-longest", {
            Screen {
                notice,
                ..screen(Page::NumberOnly { taken: long_number, trouble: PrintTrouble::Absent })
            }
        }),
        ("dossier-longest", Screen { notice: Some(Notice::LineDown), ..screen(Page::Dossier(card)) }),
    ]
}

/// Thursday, 11 June 2026, 08:05.
fn screen(page: Page) -> Screen {
    let unix_ms = (i64::from(day(11).0) * 86_400 + 65 * 60) * 1000;
    Screen {
        page,
        look: Look::default(),
        at: Wall { unix_ms, trusted: true },
        notice: None,
        leaves_in_secs: None,
        takes_scans: true,
    }
}

fn day(of_june: u8) -> BusinessDay {
    BusinessDay::from_ymd(2026, 6, of_june).expect("a day of June")
}

fn opens(of_june: u8, minute: u16) -> Availability {
    Availability::Closed(Some(OpensAt { day: day(of_june), minute }))
}

fn home(availability: Availability) -> Page {
    Page::Home { waiting: 12, open_counters: 4, availability }
}

fn errands() -> Vec<ErrandChoice> {
    [
        ("nop-ho-so", "Nộp hồ sơ", "Lần đầu nộp giấy tờ cho một thủ tục", "submit", 7, Availability::Open),
        ("nhan-ket-qua", "Nhận kết quả", "Đã đến ngày hẹn trả", "receive", 2, Availability::Open),
        ("bo-sung", "Bổ sung hồ sơ", "Đã được báo thiếu giấy tờ", "supplement", 0, Availability::Open),
        ("truc-tuyen", "Hỗ trợ nộp hồ sơ trực tuyến", "Trên Cổng dịch vụ công", "online", 3, CLOSED),
        ("hoi", "Hỏi, hướng dẫn", "", "ask", 0, opens(11, 13 * 60)),
    ]
    .map(|(id, name, hint, icon, waiting, availability)| ErrandChoice {
        id: ErrandId::new(id),
        name: name.into(),
        hint: hint.into(),
        icon: icon.into(),
        waiting,
        availability,
    })
    .into()
}

fn area_choices() -> Vec<AreaChoice> {
    [
        ("ho-tich", "Hộ tịch", "person", 5, 2, Some((10, 15)), Availability::Open),
        ("chung-thuc", "Chứng thực", "stamp", 3, 1, Some((0, 5)), Availability::Open),
        ("cu-tru", "Cư trú (Công an)", "house", 0, 1, None, Availability::Open),
        ("dat-dai", "Đất đai", "map", 0, 0, None, opens(11, 13 * 60 + 30)),
        ("xay-dung", "Xây dựng", "building", 2, 0, None, Availability::Open),
        ("kinh-doanh", "Hộ kinh doanh", "shop", 0, 1, None, Availability::QuotaReached { morning: true }),
    ]
    .map(|(id, name, icon, waiting, open_counters, wait_minutes, availability)| AreaChoice {
        id: AreaId::new(id),
        name: name.into(),
        icon: icon.into(),
        waiting,
        open_counters,
        wait_minutes,
        availability,
    })
    .into()
}

fn areas(pages: Pages) -> Page {
    Page::Areas { errand: ErrandId::new("nop-ho-so"), choices: area_choices(), pages }
}

fn priorities() -> Page {
    let classes = [
        ("cao-tuoi", "Người cao tuổi"),
        ("khuyet-tat", "Người khuyết tật"),
        ("mang-thai", "Phụ nữ mang thai hoặc có con nhỏ"),
        ("co-cong", "Người có công với cách mạng"),
        ("nha-xa", "Nhà ở xa"),
    ]
    .map(|(id, name)| PriorityClass { id: PriorityId::new(id), name: name.into() });
    Page::Priorities { area: area_choices().remove(0), classes: classes.into() }
}

fn taken() -> TakenNumber {
    TakenNumber {
        ticket: TicketId { day: day(11), series: AreaId::new("ho-tich"), ordinal: 12 },
        number: TicketNumber("A012".into()),
        area: "Hộ tịch".into(),
        people_ahead: 3,
        wait_minutes: Some((10, 15)),
        counters: vec![CounterId(1), CounterId(3)],
    }
}

fn type_code(typed: &str) -> Page {
    Page::TypeCode { prefix: "H40.16.24-".into(), typed: typed.into(), complete: !typed.is_empty() }
}

fn failed(failure: LookUpFailure) -> Page {
    Page::LookUpFailed(failure)
}

fn dossier(stage: Stage, group: StageGroup, next_errand: Option<&str>) -> DossierCard {
    DossierCard {
        status: DossierStatus {
            code: DossierCode("H40.16.24-260601-0007".into()),
            procedure_code: Some("1.001193".into()),
            procedure_name: Some("Đăng ký khai sinh".into()),
            stage,
            raw_word: None,
            received: Some(day(1)),
            due: Some(day(12)),
            redue: None,
            unit: Some("UBND xã Đơn Dương".into()),
            as_of_unix_ms: i64::from(day(11).0) * 86_400_000,
        },
        group,
        late_days: None,
        from_snapshot: false,
        next_errand: next_errand.map(ErrandId::new),
        next_area: None,
    }
}

fn ready() -> DossierCard {
    dossier(Stage::Done, StageGroup::Ready, Some("nhan-ket-qua"))
}

fn late() -> DossierCard {
    let mut card = dossier(Stage::Processing, StageGroup::Working, Some("hoi"));
    card.status.due = Some(day(8));
    card.status.redue = Some(day(16));
    card.late_days = Some(3);
    card.from_snapshot = true;
    card
}

fn fields() -> Page {
    let fields = ["Hộ tịch", "Chứng thực", "Cư trú", "Hộ kinh doanh", "Bảo trợ xã hội"];
    Page::Fields { fields: fields.map(String::from).into(), pages: ONE_PAGE }
}

fn catalogue() -> Vec<Procedure> {
    [
        ("1.001193", "Đăng ký khai sinh", "làm giấy khai sinh"),
        ("1.004884", "Đăng ký lại khai sinh", ""),
        ("1.000894", "Đăng ký kết hôn", "làm giấy kết hôn"),
        ("1.004873", "Cấp giấy xác nhận tình trạng hôn nhân", "giấy độc thân"),
        ("1.000656", "Đăng ký khai tử", "báo tử"),
        ("2.000635", "Cấp bản sao trích lục hộ tịch", ""),
    ]
    .map(|(code, name, synonym)| Procedure {
        code: code.into(),
        name: name.into(),
        field: "Hộ tịch".into(),
        synonyms: if synonym.is_empty() { Vec::new() } else { vec![synonym.into()] },
    })
    .into()
}

fn procedures() -> Page {
    let pages = Pages { index: 0, count: 2 };
    Page::Procedures { field: "Hộ tịch".into(), procedures: catalogue(), pages }
}

fn rate_scale() -> Page {
    let choices = [(1, "Rất hài lòng", false), (2, "Hài lòng", false), (3, "Không hài lòng", true)];
    Page::RateScale {
        counter: CounterId(3),
        number: TicketNumber("A012".into()),
        choices: choices.map(|(key, name, low)| RatingChoice { key, name: name.into(), low }).into(),
    }
}

fn reasons() -> Vec<RatingReason> {
    [
        "Chờ lâu",
        "Thái độ phục vụ",
        "Hướng dẫn chưa rõ",
        "Phải đi lại nhiều lần",
        "Yêu cầu thêm giấy tờ",
        "Trễ hẹn",
    ]
    .map(|name| RatingReason { id: RatingReasonId::new(name), name: name.into() })
    .into()
}
