//! Events without sense or order: the hall answers each, and never dies of one.

use kiosk_core::dossier::LookUpAnswer;
use kiosk_core::effect::{Effect, ScanRefusal};
use kiosk_core::event::{
    Adjustment, Device, DeviceCause, Event, Health, KeypadFlag, Line, LineTrouble, OfficerAction, Presented,
    PrintOutcome, PrintTrouble, PrinterKind, Touch, TransferTo,
};
use kiosk_core::id::{
    AreaId, CounterId, ErrandId, JobId, PauseReasonId, PriorityId, RatingReasonId, RequestId,
};
use kiosk_core::ticket::TicketId;
use kiosk_core::time::{BusinessDay, Wall};
use kiosk_core::update::UpdateSource;
use proptest::prelude::*;

use crate::support::{Rig, always_open, priority_classes, settings};

fn touch() -> impl Strategy<Value = Touch> {
    let area = prop::sample::select(vec!["ho-tich", "dat-dai", "huong-dan", "khong-co"]);
    let errand = prop::sample::select(vec!["nop", "nhan", "hoi", "khong-co"]);
    prop_oneof![
        prop::sample::select(vec![
            Touch::TakeNumber,
            Touch::LookUp,
            Touch::Procedures,
            Touch::Rate,
            Touch::DontKnow,
            Touch::TypeCode,
            Touch::Erase,
            Touch::Enter,
            Touch::Skip,
            Touch::NextPage,
            Touch::PreviousPage,
            Touch::Back,
            Touch::Home,
            Touch::Done,
            Touch::StillHere,
            Touch::Adjust(Adjustment::TextSize),
            Touch::Priority(None),
            Touch::Priority(Some(PriorityId::new("cao-tuoi"))),
            Touch::Priority(Some(PriorityId::new("khong-co"))),
            Touch::RateReason(RatingReasonId::new("cho-lau")),
        ]),
        errand.prop_map(|errand| Touch::Errand(ErrandId::new(errand))),
        area.prop_map(|area| Touch::Area(AreaId::new(area))),
        any::<char>().prop_map(Touch::Key),
        "[0-9A-Z.-]".prop_map(|key| Touch::Key(key.chars().next().unwrap_or('0'))),
        any::<usize>().prop_map(Touch::Field),
        (0..4usize).prop_map(Touch::Field),
        (0..8usize).prop_map(Touch::Procedure),
        (0..5u8).prop_map(|counter| Touch::RateCounter(CounterId(counter))),
        any::<u8>().prop_map(Touch::RateChoice),
    ]
}

fn ticket() -> impl Strategy<Value = TicketId> {
    (0..8u32).prop_map(|ordinal| TicketId {
        day: BusinessDay(20_615),
        series: AreaId::new("ho-tich"),
        ordinal,
    })
}

fn action() -> impl Strategy<Value = OfficerAction> {
    prop_oneof![
        4 => prop::sample::select(vec![
            OfficerAction::Open,
            OfficerAction::Pause(PauseReasonId::new("hop")),
            OfficerAction::Close,
            OfficerAction::CallNext,
            OfficerAction::Recall,
            OfficerAction::Serve,
            OfficerAction::Finish,
            OfficerAction::NoShow,
            OfficerAction::Hold,
            OfficerAction::Transfer(TransferTo::Area(AreaId::new("khong-co"))),
            OfficerAction::Transfer(TransferTo::Counter(CounterId(2))),
        ]),
        1 => ticket().prop_map(OfficerAction::Resume),
        1 => ticket().prop_map(OfficerAction::Reenter),
        1 => ticket().prop_map(OfficerAction::Cancel),
        1 => ticket().prop_map(OfficerAction::RevokePriority),
        1 => ticket().prop_map(OfficerAction::Reprint),
    ]
}

#[derive(Clone, Debug)]
enum Happening {
    Event(Event),
    Press { counter: u8, action: OfficerAction, seen: Option<TicketId>, as_shown: bool },
    Clock(Wall),
    Restart,
}

fn happening() -> impl Strategy<Value = Happening> {
    let outcome = prop::sample::select(vec![
        PrintOutcome::Printed,
        PrintOutcome::NotPrinted(PrintTrouble::Absent),
        PrintOutcome::Unknown { bytes: u64::MAX, cause: PrintTrouble::Silent },
    ]);
    let answer = prop::sample::select(vec![
        LookUpAnswer::NotFound,
        LookUpAnswer::Unreachable,
        LookUpAnswer::TooMany { retry_after_secs: u32::MAX },
    ]);
    let health = prop::sample::select(vec![
        Health::Absent,
        Health::Ready,
        Health::Failed,
        Health::Blocked(vec![DeviceCause::Noise]),
    ]);
    let event = prop_oneof![
        10 => touch().prop_map(Event::Touched),
        2 => Just(Event::Ticked),
        1 => Just(Event::Started),
        1 => Just(Event::StoreFailed),
        2 => Just(Event::StoreRecovered),
        1 => Just(Event::AnnouncementFinished),
        1 => any::<String>().prop_map(|text| Event::Scanned(text.into())),
        2 => (0..20u64, outcome).prop_map(|(job, outcome)| Event::PrintFinished { job: JobId(job), outcome }),
        1 => (0..20u64, prop::sample::select(vec![Presented::HeldOut, Presented::Taken, Presented::Left]))
            .prop_map(|(job, at)| Event::TicketPresented { job: JobId(job), at }),
        1 => (0..5u64, answer).prop_map(|(request, answer)| {
            Event::LookUpAnswered { request: RequestId(request), answer }
        }),
        1 => (0..5u8, any::<u8>()).prop_map(|(counter, key)| {
            Event::KeyPressed { counter: CounterId(counter), key }
        }),
        1 => (0..5u8).prop_map(|counter| {
            Event::KeypadFlagged { counter: CounterId(counter), flag: KeypadFlag::Stuck }
        }),
        1 => health.prop_map(|health| Event::DeviceChanged { device: Device::Printer, health }),
        1 => any::<bool>().prop_map(|keeps_lines| {
            Event::PrinterIdentified(PrinterKind { profile: "tm-t82".to_owned(), name: None, keeps_lines })
        }),
        1 => Just(Event::LineChanged(Line::Down(LineTrouble::Tls))),
        1 => any::<u8>().prop_map(|percent| Event::OutboxFilled { percent }),
        1 => prop::sample::select(vec![UpdateSource::Server, UpdateSource::Stick]).prop_map(Event::UpdateStaged),
        1 => any::<u32>().prop_map(|faults| Event::ConfigurationFaulty { faults }),
        1 => any::<u8>().prop_map(|highest| Event::NumberTaken {
            series: AreaId::new("ho-tich"),
            highest: highest.into(),
        }),
        1 => any::<i64>().prop_map(|unix_ms| Event::ServerClock { unix_ms }),
        1 => Just(Event::ScanRejected(ScanRefusal::TooLong)),
    ];
    prop_oneof![
        20 => event.prop_map(Happening::Event),
        8 => (0..5u8, action(), prop::option::of(ticket()), prop::bool::weighted(0.8)).prop_map(
            |(counter, action, seen, as_shown)| Happening::Press { counter, action, seen, as_shown }
        ),
        1 => (any::<i64>(), any::<bool>())
            .prop_map(|(unix_ms, trusted)| Happening::Clock(Wall { unix_ms, trusted })),
        1 => Just(Happening::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_event_in_any_order_is_answered(happenings in prop::collection::vec((happening(), 0..3000u64), 1..150)) {
        let mut hall = settings();
        hall.opening = always_open();
        hall.priority_classes = priority_classes();
        let mut rig = Rig::new(hall);
        for (happening, after_ms) in happenings {
            rig.now.mono_ms += after_ms;
            match happening {
                Happening::Event(event) => {
                    rig.send(event);
                }
                Happening::Press { counter, action, seen, as_shown } => {
                    let seen = if as_shown { rig.current(counter) } else { seen };
                    rig.press_seen(counter, seen, action);
                    let answers = rig.effects.iter().filter(|effect| matches!(effect, Effect::AnswerOfficer { .. }));
                    prop_assert_eq!(answers.count(), 1);
                }
                Happening::Clock(wall) => rig.now.wall = wall,
                Happening::Restart => rig.restart(true),
            }
            let stores = rig.effects.iter().skip(1).filter(|effect| matches!(effect, Effect::Store(_)));
            prop_assert_eq!(stores.count(), 0, "at most one store, and first");
        }
    }
}
