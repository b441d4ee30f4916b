//! From the scanner's bytes to the database: real framing, real rules, real encoder, real store.

use std::time::Duration;

use kiosk_app::config;
use kiosk_app::report::{Encoder, ServerTime, Vitals};
use kiosk_app::store::Store;
use kiosk_core::Hall;
use kiosk_core::dossier::LookUpAnswer;
use kiosk_core::effect::{Effect, ScanRefusal};
use kiosk_core::event::{Event, Touch};
use kiosk_core::screen::{LookUpFailure, Page, Screen};
use kiosk_core::time::{Now, Wall};
use kiosk_drivers::scanner::{Framer, Framing, Reject, ScannerEvent};
use kiosk_protocol::Epoch;

use crate::canaries::{self, assert_none};

/// Monday 2026-11-23, 09:00 at UTC+7.
const MORNING_MS: i64 = 1_795_399_200_000;
/// A name that is allowed on a kiosk: the positive control of the search.
const AREA: &str = "Lĩnh vực Canary";

struct Kiosk {
    hall: Hall,
    store: Store,
    framer: Framer,
    now: Now,
    screen: Option<Screen>,
}

impl Kiosk {
    fn new(folder: &std::path::Path) -> Self {
        let shipped = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../config");
        let mut settings =
            config::load(&[shipped]).settings.expect("the shipped configuration is whole").hall;
        settings.holidays.clear();
        settings.priority_classes.clear();
        for area in &mut settings.areas {
            area.name = AREA.to_owned();
        }
        let vitals = Vitals::new(folder.to_owned());
        let encoder = Encoder::new("k", "boot".to_owned(), settings.clone(), vitals, ServerTime::default());
        let (store, restored) = Store::open(folder, Epoch(1), Box::new(encoder)).unwrap();
        let now = Now { mono_ms: 1000, wall: Wall { unix_ms: MORNING_MS, trusted: true } };
        let mut framer = Framer::new(Framing::default());
        framer.connected();
        let mut kiosk = Self { hall: Hall::new(settings, restored), store, framer, now, screen: None };
        kiosk.send(Event::Started);
        kiosk
    }

    fn send(&mut self, event: Event) {
        for effect in self.hall.handle(event, self.now) {
            match effect {
                Effect::Store(records) => drop(self.store.apply(&records).unwrap()),
                Effect::Show(screen) => self.screen = Some(screen),
                Effect::LookUp { request, .. } => {
                    self.pass_ms(500);
                    self.send(Event::LookUpAnswered { request, answer: LookUpAnswer::NotFound });
                    return;
                }
                Effect::Print(_)
                | Effect::Announce(_)
                | Effect::AnswerOfficer { .. }
                | Effect::InstallUpdate
                | Effect::Publish(_)
                | Effect::Log(_) => {}
            }
        }
    }

    fn pass_ms(&mut self, ms: u64) {
        self.now.mono_ms += ms;
        self.now.wall.unix_ms += ms as i64;
    }

    /// Bytes come from the scanner in two pieces; a minute later the next person is there.
    fn scan(&mut self, code: &str) -> Page {
        let bytes = [code.as_bytes(), b"\r"].concat();
        let (first, rest) = bytes.split_at(bytes.len() / 2);
        let at = Duration::from_millis(self.now.mono_ms);
        self.framer.received(first, at);
        self.framer.received(rest, at + Duration::from_millis(5));
        self.framer.tick(at + Duration::from_secs(1));
        while let Some(event) = self.framer.poll_event() {
            match event {
                ScannerEvent::Scan(text) => self.send(Event::Scanned(text.into())),
                ScannerEvent::Rejected(Reject::TooLong) => {
                    self.send(Event::ScanRejected(ScanRefusal::TooLong))
                }
                ScannerEvent::Rejected(Reject::NotText) => {
                    self.send(Event::ScanRejected(ScanRefusal::Unreadable));
                }
                ScannerEvent::Health(_) => {}
            }
        }
        let page = self.screen.clone().expect("a screen is shown").page;
        self.pass_ms(60_000);
        self.send(Event::Ticked);
        page
    }

    fn touch(&mut self, touch: Touch) -> Page {
        self.pass_ms(1_000);
        self.send(Event::Touched(touch));
        self.screen.clone().expect("a screen is shown").page
    }

    fn take_a_number(&mut self) {
        self.touch(Touch::Home);
        let Page::Errands(errands) = self.touch(Touch::TakeNumber) else { panic!("errands are offered") };
        let errand = errands.first().expect("an errand").id.clone();
        let Page::Areas { choices, .. } = self.touch(Touch::Errand(errand)) else {
            panic!("areas are offered")
        };
        let area = choices.first().expect("an area").id.clone();
        self.touch(Touch::Area(area));
    }

    fn type_a_code(&mut self) {
        self.touch(Touch::LookUp);
        self.touch(Touch::TypeCode);
        canaries::TYPED.chars().for_each(|key| drop(self.touch(Touch::Key(key))));
        self.touch(Touch::Enter);
        canaries::PHONE.chars().for_each(|key| drop(self.touch(Touch::Key(key))));
        let page = self.touch(Touch::Enter);
        assert_eq!(page, Page::LookUpFailed(LookUpFailure::NotFound));
    }
}

#[test]
fn nothing_of_a_scan_or_of_what_was_typed_is_in_any_file_of_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let mut kiosk = Kiosk::new(folder.path());
    let refused = |refusal| Page::LookUpFailed(LookUpFailure::Refused(refusal));
    let long = canaries::long();
    for (scan, page) in [
        (canaries::CARD_2021, refused(ScanRefusal::CitizenCard)),
        (canaries::CARD_2024, refused(ScanRefusal::CitizenCard)),
        (canaries::CARD_BACK, refused(ScanRefusal::CitizenCard)),
        (canaries::CONTROL, refused(ScanRefusal::Unreadable)),
        (long.as_str(), refused(ScanRefusal::TooLong)),
        (canaries::FOREIGN, refused(ScanRefusal::ForeignAddress)),
        (canaries::OPEN_CPS, Page::LookUpFailed(LookUpFailure::NotFound)),
        (canaries::RECEIPT, Page::LookUpFailed(LookUpFailure::NotFound)),
    ] {
        assert_eq!(kiosk.scan(scan), page, "{scan:.40}");
    }
    kiosk.type_a_code();
    kiosk.take_a_number();
    kiosk.store.outbox().unwrap().keep_copy().unwrap();

    let found = canaries::find(AREA, &[folder.path()]);
    let names: Vec<_> = found.iter().filter_map(|path| path.file_name()?.to_str()).collect();
    // Positive control: what is allowed is found by the same search, in the log and in the copy of the database.
    assert!(names.contains(&"hall.db-wal") && names.contains(&"hall.copy1.db"), "{names:?}");
    assert_none(&[folder.path()]);
    kiosk.store.clean_stop().unwrap();
    assert!(!canaries::find(AREA, &[folder.path()]).is_empty());
    assert_none(&[folder.path()]);
}
