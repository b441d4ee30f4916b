//! What each byte and each bit means.

use proptest::prelude::*;

use super::parser::IDENTITY_LIMIT;
use super::*;

fn parse(bytes: &[u8]) -> Vec<Reply> {
    let mut parser = StatusParser::new();
    bytes.iter().filter_map(|byte| parser.push(*byte)).collect()
}

#[test]
fn replies_are_told_apart_by_mask() {
    let asb = |bytes| Reply::AutomaticStatusBack(bytes);
    let full = |bytes| Reply::FullStatus(bytes);
    let table: &[(&[u8], Vec<Reply>)] = &[
        (&[0x12], vec![Reply::RealTimeStatus(0x12)]),
        (&[0x11, 0x13], vec![Reply::Xon, Reply::Xoff]),
        (&[0x14, 0, 0, 0x0f], vec![asb([0x14, 0, 0, 0x0f])]),
        (&[0x10, 0, 0x12, 0, 0], vec![Reply::RealTimeStatus(0x12), asb([0x10, 0, 0, 0])]),
        (&[0x10, 0, 0x13, 0, 0x11, 0], vec![Reply::Xoff, Reply::Xon, asb([0x10, 0, 0, 0])]),
        (&[0x10, 0, 0x18, 0, 0, 0], vec![asb([0x18, 0, 0, 0])]),
        (&[0x00], vec![Reply::Single(0)]),
        (&[0x03], vec![Reply::Single(3)]),
        (&[0x20], vec![Reply::Single(0x20)]),
        (b"\x5fTM-T88V\0\x00", vec![Reply::Identity(b"TM-T88V".to_vec()), Reply::Single(0)]),
        (&[0xff, 0x12], vec![Reply::Noise(0xff), Reply::RealTimeStatus(0x12)]),
        (&[0x10, 0, 0xff, 0], vec![Reply::Noise(0xff)]),
        (&[0x10, 0, 0, 0xff, 0], vec![Reply::Noise(0xff), Reply::Single(0)]),
        (&[0x10, 0x0f, 0x24, 0, 0, 0], vec![full([0x24, 0, 0, 0])]),
        (&[0x10, 0x0f, 0xa1, 0x80, 0xc0, 0x81, 0], vec![full([0xa1, 0x80, 0xc0, 0x81]), Reply::Single(0)]),
        (
            &[0x10, 0x13, 0x0f, 0x11, 0, 0x16, 0, 0, 0],
            vec![Reply::Xoff, Reply::Xon, Reply::RealTimeStatus(0x16), full([0, 0, 0, 0])],
        ),
        (&[0x10, 0x0f, 0, 0, 0x10, 0x0f, 1, 0, 0, 0], vec![full([1, 0, 0, 0])]),
        (&[0x10, 0x0f, 0, 0x95, 0, 0], vec![Reply::Noise(0x95)]),
    ];
    for (bytes, replies) in table {
        assert_eq!(&parse(bytes), replies, "{bytes:02x?}");
    }
}

/// The faults that a printer can report, and their causes in the order in which they are told.
const FAULTS: [Cause; 7] = [
    Cause::PaperEnd,
    Cause::CoverOpen,
    Cause::CutterError,
    Cause::PaperJam,
    Cause::HeadHot,
    Cause::Unrecoverable,
    Cause::Offline,
];

/// What must be told of a set of faults, given as bits.
fn told(faults: u8) -> Vec<Cause> {
    let causes: Vec<Cause> = FAULTS
        .iter()
        .enumerate()
        .filter(|(bit, _)| faults & (1 << bit) != 0)
        .map(|(_, cause)| *cause)
        .collect();
    // Offline is said only when there is no better word.
    if causes.len() > 1 {
        causes.into_iter().filter(|cause| *cause != Cause::Offline).collect()
    } else {
        causes
    }
}

fn asb_of(faults: u8, near_end: bool) -> [u8; 4] {
    let bit = |fault: usize, mask: u8| if faults & (1 << fault) != 0 { mask } else { 0 };
    let offline = if faults == 0 { 0 } else { 0x08 };
    [
        0x10 | offline | bit(1, 0x20),
        bit(2, 0x08) | bit(3, 0x04) | bit(4, 0x40) | bit(5, 0x20),
        bit(0, 0x0c) | if near_end { 0x03 } else { 0 },
        0,
    ]
}

fn real_time_of(faults: u8, near_end: bool) -> [u8; 4] {
    let bit = |fault: usize, mask: u8| if faults & (1 << fault) != 0 { mask } else { 0 };
    let offline = if faults == 0 { 0 } else { 0x08 };
    [
        0x12 | offline,
        0x12 | bit(0, 0x20) | bit(1, 0x04) | if faults & 0x3c != 0 { 0x40 } else { 0 },
        0x12 | bit(2, 0x08) | bit(3, 0x04) | bit(4, 0x40) | bit(5, 0x20),
        0x12 | bit(0, 0x60) | if near_end { 0x0c } else { 0 },
    ]
}

fn full_of(faults: u8, near_end: bool, ticket: bool) -> [u8; 6] {
    let bit = |fault: usize, mask: u8| if faults & (1 << fault) != 0 { mask } else { 0 };
    [
        0x10,
        0x0f,
        bit(0, 0x01) | if near_end { 0x04 } else { 0 } | if ticket { 0x20 } else { 0 },
        bit(1, 0x02),
        bit(3, 0x40) | bit(4, 0x01) | bit(6, 0x08),
        bit(2, 0x01) | bit(5, 0x04),
    ]
}

/// Every combination of faults, near end and a waiting ticket, through the parser, in each of the three dialects.
#[test]
fn every_combination_of_faults_is_told_as_it_is() {
    for case in 0..1_u16 << 9 {
        let [faults, flags] = [(case & 0x7f) as u8, (case >> 7) as u8];
        let (near_end, ticket) = (flags & 1 != 0, flags & 2 != 0);
        let paper = match (faults & 1 != 0, near_end) {
            (true, _) => Paper::End,
            (false, true) => Paper::NearEnd,
            (false, false) => Paper::Ok,
        };
        let mut by_asb = Status::default();
        let [Reply::AutomaticStatusBack(bytes)] = parse(&asb_of(faults, near_end))[..] else {
            panic!("{case:x}")
        };
        by_asb.apply_asb(bytes);
        let mut by_asking = Status::default();
        for (request, reply) in (1..).zip(real_time_of(faults, near_end)) {
            assert_eq!(parse(&[reply]), [Reply::RealTimeStatus(reply)], "{case:x}");
            by_asking.apply_real_time(request, reply);
        }
        let mut by_full = Status::default();
        let [Reply::FullStatus(bytes)] = parse(&full_of(faults, near_end, ticket))[..] else {
            panic!("{case:x}")
        };
        by_full.apply_full(bytes);
        for status in [by_asb, by_asking, by_full] {
            assert_eq!(status.blocking_causes(), told(faults), "{case:x} {status:?}");
            assert_eq!(status.paper, paper, "{case:x}");
        }
        assert_eq!(by_full.ticket_present, ticket, "{case:x}");
    }
}

#[test]
fn bits_that_the_table_does_not_reach_have_their_causes() {
    let table: &[([u8; 4], &[Cause])] = &[
        // Head up; the cutter's cover; EEPROM.
        ([0, 0x01, 0, 0], &[Cause::CoverOpen]),
        ([0, 0, 0, 0x02], &[Cause::CoverOpen]),
        ([0, 0, 0, 0x08], &[Cause::Unrecoverable]),
        // Motor on, a key pressed, virtual paper end, notch: nothing that stops a ticket.
        ([0xc0, 0x68, 0xa0, 0], &[]),
    ];
    for (bytes, causes) in table {
        let mut status = Status::default();
        status.apply_full(*bytes);
        assert_eq!(status.blocking_causes(), *causes, "{bytes:02x?}");
    }
}

#[test]
fn a_roll_that_was_near_its_end_is_so_until_the_cover_was_opened() {
    let mut status = Status::default();
    let seen: Vec<Paper> = [
        [0x10, 0, 0x00, 0],
        [0x10, 0, 0x03, 0],
        // The roll turns, the sensor wavers.
        [0x10, 0, 0x00, 0],
        [0x10, 0, 0x03, 0],
        [0x10, 0, 0x00, 0],
        [0x38, 0, 0x00, 0],
        [0x10, 0, 0x00, 0],
    ]
    .into_iter()
    .map(|bytes| {
        status.apply_asb(bytes);
        status.paper
    })
    .collect();
    use Paper::{NearEnd, Ok};
    assert_eq!(seen, [Ok, NearEnd, NearEnd, NearEnd, NearEnd, Ok, Ok]);
}

/// Bytes as printers send them, mixed with anything at all.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        any::<u8>().prop_map(|byte| vec![byte]),
        Just(vec![0x10, 0x0f]),
        any::<[u8; 4]>().prop_map(|bytes| [&[0x10, 0x0f], &bytes.map(|byte| byte & !0x10)[..]].concat()),
        any::<[u8; 4]>().prop_map(|[a, b, c, d]| vec![a & 0x6c | 0x10, b & 0x6f, c & 0x6f, d & 0x6f]),
        any::<u8>().prop_map(|byte| vec![byte & 0x6c | 0x12]),
        "[ -~]{0,90}".prop_map(|text| [b"\x5f", text.as_bytes(), b"\0"].concat()),
        Just(vec![0x11]),
        Just(vec![0x13]),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_bytes_are_parsed_without_growth(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let mut parser = StatusParser::new();
        for byte in bytes {
            let _reply = parser.push(byte);
            prop_assert!(parser.open_bytes() < 6 + IDENTITY_LIMIT);
        }
    }

    #[test]
    fn flow_control_anywhere_changes_no_other_reply(bytes in stream(), at in any::<prop::sample::Index>()) {
        let quiet = |replies: Vec<Reply>| -> Vec<Reply> {
            replies.into_iter().filter(|reply| !matches!(reply, Reply::Xon | Reply::Xoff)).collect()
        };
        let mut disturbed = bytes.clone();
        disturbed.insert(at.index(bytes.len() + 1), 0x13);
        disturbed.insert(at.index(bytes.len() + 2), 0x11);
        prop_assert_eq!(quiet(parse(&bytes)), quiet(parse(&disturbed)));
    }

    #[test]
    fn a_whole_reply_is_understood_whatever_came_before_it(bytes in stream(), user in 0u8..8) {
        // Six bytes without meaning end whatever was open; a frame that stands behind them is read as it is.
        let flushed = [&bytes[..], &[0xff; 6], &[0x10, 0x0f, 0x20, user, 0, 0]].concat();
        prop_assert_eq!(parse(&flushed).pop(), Some(Reply::FullStatus([0x20, user, 0, 0])));
    }
}
