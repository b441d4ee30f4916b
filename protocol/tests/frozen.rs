//! The bytes of one batch per protocol version. **Nobody may change a file in `frozen/`**: kiosks in the field hold
//! such bytes in their outbox, hashed and perhaps sent. A change of the wire is a new version and a new file.

#![cfg(test)]

use kiosk_protocol::*;
use std::collections::BTreeMap;

const V1: &str = include_str!("frozen/v1.batch.json");
/// Types that version 1 gained later; a reader that does not know them keeps them raw.
const V1_ADDED: &str = include_str!("frozen/v1.added.json");

fn ticket(number: &str) -> TicketRef {
    TicketRef {
        hall: "don-duong".to_owned(),
        series: "A".to_owned(),
        business_day: "2026-11-23".to_owned(),
        number: number.to_owned(),
    }
}

fn tickets_way() -> Vec<EventData> {
    let (ticket, counter) = (ticket("A012"), "3".to_owned());
    vec![
        EventData::TicketIssued(TicketIssued {
            ticket: ticket.clone(),
            ordinal: 12,
            area: "ho-tich".to_owned(),
            area_name: "Hộ tịch".to_owned(),
            errand: Some("nop-ho-so".to_owned()),
            priority: None,
            people_ahead: 4,
        }),
        EventData::TicketPrinted(TicketPrinted {
            ticket: ticket.clone(),
            outcome: PrintOutcome::PrintFailed,
            cause: Some("paper_end".to_owned()),
            reprint: false,
        }),
        EventData::TicketCalled(TicketCalled {
            ticket: ticket.clone(),
            counter: counter.clone(),
            recall: false,
        }),
        EventData::TicketServing(TicketServing { ticket: ticket.clone(), counter: counter.clone() }),
        EventData::TicketFinished(TicketFinished {
            ticket: ticket.clone(),
            counter: counter.clone(),
            waited_s: Some(540),
            served_s: Some(300),
        }),
        EventData::TicketHeld(TicketHeld { ticket: ticket.clone(), counter: counter.clone() }),
        EventData::TicketResumed(TicketResumed { ticket: ticket.clone(), counter: Some(counter.clone()) }),
        EventData::TicketTransferred(TicketTransferred {
            ticket: ticket.clone(),
            from_area: "ho-tich".to_owned(),
            from_counter: Some(counter.clone()),
            to_area: "dat-dai".to_owned(),
            to_counter: None,
        }),
        EventData::TicketNoShow(TicketNoShow { ticket: ticket.clone(), counter }),
        EventData::TicketReentered(TicketReentered { ticket: ticket.clone() }),
        EventData::TicketCancelled(TicketCancelled { ticket, reason: "citizen".to_owned() }),
        EventData::NumberGap(NumberGap {
            hall: "don-duong".to_owned(),
            series: "A".to_owned(),
            business_day: "2026-11-23".to_owned(),
            from: 13,
            to: 17,
            reason: GapReason::Guard,
        }),
    ]
}

fn ratings_and_counters() -> Vec<EventData> {
    let (ticket, counter) = (ticket("A012"), "3".to_owned());
    vec![
        EventData::RatingGiven(RatingGiven {
            ticket: ticket.clone(),
            counter: counter.clone(),
            scale: "vn3".to_owned(),
            key: "1".to_owned(),
            value: 3,
            steps: 3,
        }),
        EventData::RatingReason(RatingReason {
            ticket: ticket.clone(),
            counter: counter.clone(),
            reason: "cho-lau".to_owned(),
        }),
        EventData::RatingFlagged(RatingFlagged {
            ticket: None,
            counter: counter.clone(),
            why: FlagReason::Burst,
            presses: 49,
        }),
        EventData::RatingWindowClosed(RatingWindowClosed {
            ticket,
            counter: counter.clone(),
            answered: true,
        }),
        EventData::CounterOpened(CounterOpened {
            counter: counter.clone(),
            areas: vec!["ho-tich".to_owned()],
        }),
        EventData::CounterPaused(CounterPaused { counter: counter.clone(), reason: "break".to_owned() }),
        EventData::CounterClosed(CounterClosed { counter: counter.clone() }),
        EventData::Compacted(Compacted {
            hour: "2026-11-23T08".to_owned(),
            counter,
            scale: "vn3".to_owned(),
            steps: 3,
            counts: BTreeMap::from([(1, 2), (3, 40)]),
            replaced: 42,
        }),
    ]
}

fn the_kiosk_itself() -> Vec<EventData> {
    vec![
        EventData::LookupMade(LookupMade {
            kind: LookupKind::Scanned,
            outcome: LookupOutcome::Found,
            status: Some(4),
            days_late: Some(3),
        }),
        EventData::DeviceHealth(DeviceHealth {
            device: "printer".to_owned(),
            state: DeviceState::Degraded,
            causes: vec!["paper_near_end".to_owned()],
            counters: None,
        }),
        EventData::Heartbeat(Heartbeat {
            paper: Paper::NearEnd,
            outbox_depth: 7,
            oldest_unsent_s: 90,
            clock_offset_ms: Some(-120),
            uptime_s: 3600,
            app_version: "0.1.0".to_owned(),
            image_version: None,
            disk_free_mib: 5_000,
            memory_mib: 60,
            temperature_c: Some(51),
        }),
        EventData::KioskStarted(KioskStarted { unclean: true, app_version: "0.1.0".to_owned() }),
        EventData::SecurityNoted(SecurityNoted {
            what: "wrong_pin".to_owned(),
            place: Some("3".to_owned()),
            times: 2,
        }),
    ]
}

fn added() -> Vec<EventData> {
    vec![EventData::UpdateEnded(UpdateEnded {
        state: UpdateState::FellBack,
        version: "0.2.0".to_owned(),
        slot: "B".to_owned(),
        reason: "no first frame was drawn within 120 s".to_owned(),
    })]
}

fn sample() -> Vec<Event> {
    events(tickets_way().into_iter().chain(ratings_and_counters()).chain(the_kiosk_itself()))
}

fn events(data: impl IntoIterator<Item = EventData>) -> Vec<Event> {
    data.into_iter()
        .zip(1_u64..)
        .map(|(data, sequence)| Event {
            kiosk: "don-duong-1".to_owned(),
            epoch: Epoch(0x00ab_cdef_0123_4567),
            sequence,
            unix_ms: 1_795_393_800_000 + sequence.cast_signed() * 1_000,
            clock_trusted: sequence > 1,
            boot_id: "5f0c".to_owned(),
            mono_ms: 41_000 + sequence * 1_000,
            data,
        })
        .collect()
}

fn written(events: &[Event]) -> String {
    let events: Vec<String> = events.iter().map(|event| event.to_json().unwrap()).collect();
    batch_body(events.iter().map(String::as_str))
}

#[test]
fn version_1_writes_the_frozen_bytes() {
    assert_eq!(written(&sample()), V1.trim_end());
    assert_eq!(written(&events(added())), V1_ADDED.trim_end());
}

#[test]
fn version_1_reads_the_frozen_bytes() {
    reads(V1, sample());
    reads(V1_ADDED, events(added()));
}

fn reads(frozen: &str, written: Vec<Event>) {
    let read: Vec<ReadEvent> =
        split_batch(frozen).unwrap().into_iter().map(|event| ReadEvent::from_json(event).unwrap()).collect();
    assert_eq!(read.len(), written.len());
    for (read, written) in read.iter().zip(written) {
        assert_eq!(read.body, Body::Known(written.data));
        assert_eq!(
            (read.sequence, read.unix_ms, read.clock_trusted),
            (written.sequence, written.unix_ms, written.clock_trusted)
        );
    }
}

#[test]
fn the_frozen_batches_hold_every_type_once() {
    let all = sample().into_iter().chain(events(added()));
    let mut types: Vec<&str> = all.map(|event| event.data.wire_type()).collect();
    let mut known = EventData::TYPES.to_vec();
    types.sort_unstable();
    known.sort_unstable();
    assert_eq!(types, known);
}

#[test]
fn what_a_newer_kiosk_adds_is_kept_not_refused() {
    let first = split_batch(V1).unwrap()[0].to_owned();
    let newer = first.replace("ticket.issued.v1", "ticket.folded.v1");
    assert_eq!(ReadEvent::from_json(&newer).unwrap().body, Body::Unknown);
    let other_data = first.replace("\"ordinal\":12", "\"ordinal\":\"mười hai\"");
    assert_eq!(ReadEvent::from_json(&other_data).unwrap().body, Body::Unknown);
    let one_member_more = first.replace("\"ordinal\":12", "\"ordinal\":12,\"colour\":\"red\"");
    assert_eq!(
        ReadEvent::from_json(&one_member_more).unwrap().body,
        ReadEvent::from_json(&first).unwrap().body
    );
}

#[test]
fn an_envelope_that_contradicts_itself_is_refused() {
    let first = split_batch(V1).unwrap()[0].to_owned();
    for (from, to) in [
        ("\"specversion\":\"1.0\"", "\"specversion\":\"0.3\""),
        ("\"sequence\":\"1\"", "\"sequence\":\"01\""),
        ("\"sequence\":\"1\"", "\"sequence\":\"2\""),
        ("+07:00", "Z"),
        ("00abcdef01234567", "00ABCDEF01234567"),
    ] {
        assert!(first.contains(from), "{from}");
        assert!(ReadEvent::from_json(&first.replace(from, to)).is_err(), "{from} -> {to}");
    }
}

#[test]
fn answers_have_these_bytes() {
    let epoch = Epoch(0xab);
    let gap = serde_json::to_string(&Conflict::Gap { epoch, next_seq: 5 }).unwrap();
    assert_eq!(gap, r#"{"kind":"gap","epoch":"00000000000000ab","next_seq":5}"#);
    let fork = serde_json::to_string(&Conflict::Fork { epoch, seq: 5 }).unwrap();
    assert_eq!(fork, r#"{"kind":"fork","epoch":"00000000000000ab","seq":5}"#);
}
