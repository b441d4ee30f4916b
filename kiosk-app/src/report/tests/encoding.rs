//! Every fact in the wire's words.

use kiosk_core::effect::{
    CancelReason, CounterState, GapReason, LookUpOutcome, Rating, RatingFlag, ScanRefusal, Step,
};
use kiosk_core::event::{Device, DeviceCause, Health, KeypadFlag, PrintOutcome, PrintTrouble};
use kiosk_core::id::{PauseReasonId, RatingReasonId};
use kiosk_protocol::{Body, DeviceCounters, Epoch, ReadEvent};
use serde_json::Value;

use super::super::encode::rehome;
use super::*;
use crate::store::{Around, Depth, Encode, Place};

const PLACE: Place = Place { epoch: Epoch(0xab), seq: 17 };

fn write(fact: Fact, before: Option<&Ticket>) -> Option<String> {
    let outbox = Depth { unsent: 3, percent: 0, oldest_ms: Some(1_795_393_790_000) };
    encoder().encode(&report(fact), &Around { before, outbox }, PLACE).unwrap()
}

/// Type without prefix and version, and data.
fn told(fact: Fact, before: Option<&Ticket>) -> Option<(String, Value)> {
    let event = write(fact, before)?;
    let read = ReadEvent::from_json(&event).unwrap();
    assert!(matches!(read.body, Body::Known(_)), "{event}");
    let value: Value = serde_json::from_str(&event).unwrap();
    let kind = read.wire_type.trim_start_matches("vn.onestop.").trim_end_matches(".v1").to_owned();
    Some((kind, value["data"].clone()))
}

fn moved(step: Step, counter: Option<u8>) -> Fact {
    let Ticket { id, number, .. } = ticket();
    Fact::Moved { ticket: id, number, counter: counter.map(CounterId), step }
}

/// A ticket of another area that counter 3 has called and serves.
fn served() -> Ticket {
    Ticket {
        area: AreaId::new("cu-tru"),
        state: TicketState::Serving(CounterId(3)),
        called_at: Some(at(1_795_394_340_000)),
        ..ticket()
    }
}

/// Each fact must become an event of that type with at least these members.
fn check(table: Vec<(Fact, &str, &str)>) {
    for (fact, kind, data) in table {
        let said = format!("{fact:?}");
        let (told_kind, told_data) = told(fact, Some(&served())).unwrap();
        assert_eq!(told_kind, kind);
        for (name, value) in serde_json::from_str::<Value>(data).unwrap().as_object().unwrap() {
            assert_eq!(&told_data[name], value, "{name} of {said}");
        }
    }
}

#[test]
fn a_tickets_way_is_told_in_the_wires_words() {
    let Ticket { id, number, .. } = ticket();
    let gap =
        Fact::Gap { series: id.series.clone(), day: id.day, from: 13, to: 17, reason: GapReason::Guard };
    let unknown = PrintOutcome::Unknown { bytes: 9, cause: PrintTrouble::Silent };
    let recalled = Step::Called { recall: true, waited_secs: None };
    let transferred = Step::Transferred { area: AreaId::new("dat-dai"), counter: Some(CounterId(4)) };
    check(vec![
        (
            Fact::Issued { ticket: ticket(), people_ahead: 4 },
            "ticket.issued",
            r#"{"ticket":{"hall":"ddg-donduong","series":"ho-tich","business_day":"2026-11-23","number":"A012"},"ordinal":12,
                "area":"ho-tich","area_name":"Hộ tịch","errand":"nop-ho-so","priority":"nguoi-cao-tuoi","people_ahead":4}"#,
        ),
        (
            Fact::PaperLeft { ticket: id.clone(), number: number.clone(), reprint: false },
            "ticket.printed",
            r#"{"outcome":"printed","cause":"ticket_left","reprint":false}"#,
        ),
        (
            Fact::Paper { ticket: id, number, outcome: unknown, reprint: true },
            "ticket.printed",
            r#"{"outcome":"print_unknown","cause":"not_answering","reprint":true}"#,
        ),
        (gap, "number.gap", r#"{"series":"ho-tich","from":13,"to":17,"reason":"guard"}"#),
        (moved(recalled, Some(3)), "ticket.called", r#"{"counter":"3","recall":true}"#),
        (moved(Step::Serving, Some(3)), "ticket.serving", r#"{"counter":"3"}"#),
        (
            moved(Step::Finished { served_secs: Some(300) }, Some(3)),
            "ticket.finished",
            r#"{"counter":"3","waited_s":540,"served_s":300}"#,
        ),
        (moved(Step::Held, Some(3)), "ticket.held", r#"{"counter":"3"}"#),
        (moved(Step::Resumed, Some(3)), "ticket.resumed", r#"{"counter":"3"}"#),
        (
            moved(transferred, Some(3)),
            "ticket.transferred",
            r#"{"from_area":"cu-tru","from_counter":"3","to_area":"dat-dai","to_counter":"4"}"#,
        ),
        (moved(Step::NoShow, None), "ticket.no_show", r#"{"counter":"3"}"#),
        (moved(Step::Reentered, None), "ticket.reentered", "{}"),
        (
            moved(Step::Cancelled(CancelReason::DayEnded), None),
            "ticket.cancelled",
            r#"{"reason":"end_of_day"}"#,
        ),
    ]);
}

#[test]
fn counters_and_ratings_are_told_in_the_wires_words() {
    let id = ticket().id;
    let rating =
        Rating { ticket: id.clone(), counter: CounterId(3), scale: "vn3".to_owned(), key: 1, at: at(1) };
    let reason = RatingReasonId::new("cho-lau");
    let counter = |state| Fact::Counter { counter: CounterId(1), state };
    let paused = CounterState::Paused(PauseReasonId::new("hop"));
    let burst = RatingFlag::Keypad(KeypadFlag::Burst);
    check(vec![
        (
            counter(CounterState::Open),
            "counter.opened",
            r#"{"counter":"1","areas":["ho-tich","chung-thuc"]}"#,
        ),
        (counter(paused), "counter.paused", r#"{"counter":"1","reason":"hop"}"#),
        (counter(CounterState::Closed), "counter.closed", r#"{"counter":"1"}"#),
        (
            Fact::Rated(rating),
            "rating.given",
            r#"{"counter":"3","scale":"vn3","key":"1","value":3,"steps":3}"#,
        ),
        (
            Fact::RatedBecause { ticket: id.clone(), reason },
            "rating.reason",
            r#"{"counter":"3","reason":"cho-lau"}"#,
        ),
        (
            Fact::RatingFlagged { counter: CounterId(2), flag: burst, count: 49 },
            "rating.flagged",
            r#"{"ticket":null,"counter":"2","why":"burst","presses":49}"#,
        ),
        (
            Fact::RatingWindowClosed { ticket: id, counter: CounterId(3), rated: true },
            "rating.window_closed",
            r#"{"ticket":{"hall":"ddg-donduong","series":"ho-tich","business_day":"2026-11-23","number":"A012"},"answered":true}"#,
        ),
    ]);
}

#[test]
fn the_kiosk_itself_is_told_in_the_wires_words() {
    let stuck = Health::Blocked(vec![DeviceCause::StuckKey]);
    check(vec![
        (Fact::Started { unclean: true }, "kiosk.started", r#"{"unclean":true}"#),
        (
            Fact::LookedUp { scanned: true, outcome: LookUpOutcome::FoundLate { days: 3 } },
            "lookup.made",
            r#"{"kind":"scanned","outcome":"found","status":null,"days_late":3}"#,
        ),
        (Fact::ScanRefused(ScanRefusal::CitizenCard), "lookup.made", r#"{"outcome":"citizen_card"}"#),
        (
            Fact::Device { device: Device::Keypad(CounterId(3)), health: stuck },
            "device.health",
            r#"{"device":"keypad.3","state":"failed","causes":["stuck_key"]}"#,
        ),
        (
            Fact::Device { device: Device::Display(CounterId(3)), health: Health::Absent },
            "device.health",
            r#"{"device":"display.3","state":"absent","causes":[]}"#,
        ),
        (
            Fact::Database { restored: true, lost: 3 },
            "device.health",
            r#"{"device":"database","state":"degraded","causes":["restored_from_copy","numbers_lost"]}"#,
        ),
        (
            Fact::Database { restored: false, lost: 0 },
            "device.health",
            r#"{"device":"database","state":"ok","causes":[]}"#,
        ),
        (
            heartbeat(Health::Degraded(vec![DeviceCause::PaperNearEnd])),
            "heartbeat",
            r#"{"paper":"near_end","outbox_depth":3,"oldest_unsent_s":10,"clock_offset_ms":null,"uptime_s":90}"#,
        ),
    ]);
}

#[test]
fn a_devices_health_comes_with_what_happened_to_it() {
    let counted =
        |device| (device == Device::Printer).then_some(DeviceCounters { losses: 2, ..Default::default() });
    let encoder = encoder().with_counters(Box::new(counted));
    let around = Around { before: None, outbox: Depth::default() };
    for (device, losses) in [(Device::Printer, Value::from(2)), (Device::Scanner, Value::Null)] {
        let report = Report { at: at(1), mono_ms: 1, fact: Fact::Device { device, health: Health::Ready } };
        let event = encoder.encode(&report, &around, Place { epoch: Epoch(1), seq: 1 }).unwrap().unwrap();
        let event: Value = serde_json::from_str(&event).unwrap();
        assert_eq!(event["data"]["counters"]["losses"], losses, "{event}");
    }
}

fn heartbeat(printer: Health) -> Fact {
    Fact::Heartbeat { printer, waiting: 4, open_counters: 2, clock_trusted: true, outbox_percent: 0 }
}

#[test]
fn what_the_wire_has_no_event_for_is_not_reported() {
    for fact in [
        Fact::DayOpened(ticket().id.day),
        Fact::Device { device: Device::Printer, health: Health::Starting },
        moved(Step::PriorityRevoked(PriorityId::new("nguoi-cao-tuoi")), Some(1)),
    ] {
        assert_eq!(write(fact, None), None);
    }
}

#[test]
fn an_untrusted_clock_makes_no_waiting_time() {
    let called = Ticket {
        called_at: Some(Wall { unix_ms: 1_795_399_999_000, trusted: false }),
        state: TicketState::Serving(CounterId(1)),
        ..ticket()
    };
    let (_, data) = told(moved(Step::Finished { served_secs: None }, Some(1)), Some(&called)).unwrap();
    assert_eq!((&data["waited_s"], &data["served_s"]), (&Value::Null, &Value::Null));
}

#[test]
fn an_event_moved_to_a_new_epoch_changes_its_place_and_nothing_else() {
    let event = write(Fact::Issued { ticket: ticket(), people_ahead: 4 }, None).unwrap();
    let moved = rehome(&event, Place { epoch: Epoch(0xcd), seq: 2 }).unwrap();
    let wanted = event
        .replace("00000000000000ab-17", "00000000000000cd-2")
        .replace("00000000000000ab", "00000000000000cd")
        .replace("\"sequence\":\"17\"", "\"sequence\":\"2\"");
    assert_eq!(moved, wanted);
    assert_eq!(ReadEvent::from_json(&moved).unwrap().sequence, 2);
    assert!(rehome("không phải sự kiện", PLACE).is_err());
}
