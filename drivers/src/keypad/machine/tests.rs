use proptest::prelude::*;

use super::*;

fn millis(at: u64) -> Moment {
    Duration::from_millis(at)
}

fn pad(framing: KeypadFraming) -> Presses {
    let table = if framing == KeypadFraming::Records { "1=1,2=2,3=3" } else { "49=1,50=2,51=3,52=4,53=5" };
    Presses::new(framing, table.parse().unwrap())
}

fn told(presses: &mut Presses) -> Vec<KeypadEvent> {
    std::iter::from_fn(|| presses.poll_event()).collect()
}

fn events(framing: KeypadFraming, chunks: &[(u64, &[u8])]) -> Vec<KeypadEvent> {
    let mut presses = pad(framing);
    for (at, bytes) in chunks {
        presses.received(bytes, millis(*at));
    }
    told(&mut presses)
}

fn record(code: u16, movement: Movement) -> [u8; 3] {
    KeyRecord { code, movement }.to_bytes()
}

/// What it is about, bytes at milliseconds, keys that count as pressed.
type Row = (&'static str, &'static [(u64, &'static [u8])], &'static [u8]);

fn pressed(keys: &[u8]) -> Vec<KeypadEvent> {
    keys.iter().map(|key| KeypadEvent::Pressed(*key)).collect()
}

#[test]
fn only_what_a_person_meant_is_a_press() {
    let table: &[Row] = &[
        ("one press", &[(0, b"1")], &[1]),
        ("a bounce", &[(0, b"1"), (12, b"1"), (29, b"1")], &[1]),
        ("within the refractory time", &[(0, b"1"), (199, b"1")], &[1]),
        ("again after it", &[(0, b"1"), (200, b"1")], &[1, 1]),
        ("autorepeat", &[(0, b"2"), (150, b"2"), (300, b"2"), (450, b"2"), (600, b"2")], &[2]),
        ("two keys with one hand", &[(0, b"1"), (249, b"3")], &[1]),
        ("two keys in one read", &[(0, b"13")], &[1]),
        ("a change of mind", &[(0, b"1"), (250, b"3")], &[1, 3]),
        ("noise", &[(0, b"\0\xffx0"), (10, b"4")], &[4]),
    ];
    for (name, chunks, keys) in table {
        assert_eq!(events(KeypadFraming::Byte, chunks), pressed(keys), "{name}");
    }
}

#[test]
fn frames_count_only_whole() {
    let table: &[Row] = &[
        ("one frame", &[(0, b"\x021\x03")], &[1]),
        ("split anywhere", &[(0, b"\x02"), (5, b"1"), (9, b"\x03")], &[1]),
        ("a bare digit", &[(0, b"1\x03")], &[]),
        ("a broken frame before a whole one", &[(0, b"\x02\x022\x03")], &[2]),
        ("a digit too many", &[(0, b"\x0212\x03")], &[]),
        ("a key that the pad does not have", &[(0, b"\x02x\x03")], &[]),
        ("noise between", &[(0, b"ab\x025\x03cd")], &[5]),
    ];
    for (name, chunks, keys) in table {
        assert_eq!(events(KeypadFraming::StxEtx, chunks), pressed(keys), "{name}");
    }
}

#[test]
fn a_key_that_moves_is_pressed_once_however_it_bounces_and_however_long_it_is_held() {
    use Movement::{Down, Held, Lost, Up};
    type Moves = &'static [(u64, u16, Movement)];
    let table: &[(&str, Moves, &[u8])] = &[
        ("a tap", &[(0, 1, Down), (2, 1, Up)], &[1]),
        ("a bouncing contact", &[(0, 1, Down), (3, 1, Up), (5, 1, Down), (90, 1, Up)], &[1]),
        ("a bounce when let go", &[(0, 1, Down), (900, 1, Up), (929, 1, Down), (935, 1, Up)], &[1]),
        ("pressed again", &[(0, 1, Down), (170, 1, Up), (200, 1, Down)], &[1, 1]),
        ("autorepeat", &[(0, 2, Down), (250, 2, Held), (283, 2, Held), (5000, 2, Held)], &[2]),
        ("two keys with one hand", &[(0, 1, Down), (249, 3, Down), (300, 1, Up), (300, 3, Up)], &[1]),
        ("a change of mind", &[(0, 1, Down), (100, 1, Up), (2000, 3, Down)], &[1, 3]),
        ("a key that the pad does not have", &[(0, 30, Down)], &[]),
        ("down before anyone looked", &[(0, 1, Held), (4000, 1, Up), (4100, 1, Down)], &[1]),
        ("let go in what was lost", &[(0, 1, Down), (400, 0, Lost), (500, 1, Down)], &[1, 1]),
        ("held through what was lost", &[(0, 1, Down), (400, 0, Lost), (400, 1, Held)], &[1]),
    ];
    for (name, moves, keys) in table {
        let mut presses = pad(KeypadFraming::Records);
        for (at, code, movement) in *moves {
            presses.received(&record(*code, *movement), millis(*at));
        }
        assert_eq!(told(&mut presses), pressed(keys), "{name}");
    }
}

#[test]
fn a_key_held_for_more_than_eight_seconds_is_stuck_until_released() {
    let mut presses = pad(KeypadFraming::Byte);
    presses.connected();
    for at in (0..10_000).step_by(100) {
        presses.received(b"2", millis(at));
    }
    presses.received(b"3", millis(9950));
    presses.tick(millis(10_200));
    presses.received(b"2", millis(10_300));
    assert_eq!(
        told(&mut presses),
        [
            KeypadEvent::Health(DeviceHealth::Ready),
            KeypadEvent::Pressed(2),
            KeypadEvent::Flagged(Flag::Stuck(2)),
            KeypadEvent::Health(DeviceHealth::Degraded(vec![Cause::StuckKey(2)])),
            KeypadEvent::Pressed(3),
            KeypadEvent::Health(DeviceHealth::Ready),
            KeypadEvent::Pressed(2),
        ]
    );
}

#[test]
fn a_stuck_key_that_says_nothing_more_is_known_by_the_clock() {
    for first in [Movement::Down, Movement::Held] {
        let mut presses = pad(KeypadFraming::Records);
        presses.connected();
        presses.received(&record(2, first), millis(0));
        let at = presses.next_deadline().unwrap();
        assert_eq!(at, millis(8000));
        presses.tick(at);
        assert_eq!(presses.next_deadline(), None);
        presses.received(&record(2, Movement::Up), millis(60_000));
        let mut expected = vec![
            KeypadEvent::Health(DeviceHealth::Ready),
            KeypadEvent::Flagged(Flag::Stuck(2)),
            KeypadEvent::Health(DeviceHealth::Degraded(vec![Cause::StuckKey(2)])),
            KeypadEvent::Health(DeviceHealth::Ready),
        ];
        if first == Movement::Down {
            expected.insert(1, KeypadEvent::Pressed(2));
        }
        assert_eq!(told(&mut presses), expected, "{first:?}");
    }
}

#[test]
fn fifty_presses_in_ten_seconds_are_a_burst() {
    let chunks: Vec<(u64, &[u8])> = (0..50).map(|press| (press * 201, b"1".as_slice())).collect();
    let events = events(KeypadFraming::Byte, &chunks);
    let burst = events.iter().filter(|event| **event == KeypadEvent::Flagged(Flag::Burst(1))).count();
    assert_eq!(events.len(), 50);
    assert!(burst >= 35, "{burst} of 50 flagged");
}

#[test]
fn a_pad_pulled_out_with_a_key_down_comes_back_with_all_keys_up() {
    let mut presses = pad(KeypadFraming::Records);
    presses.received(&record(1, Movement::Down), millis(0));
    presses.disconnected(DeviceHealth::Absent);
    presses.connected();
    assert_eq!(presses.next_deadline(), None);
    presses.received(&record(1, Movement::Down), millis(5000));
    let keys = told(&mut presses).iter().filter(|event| matches!(event, KeypadEvent::Pressed(1))).count();
    assert_eq!(keys, 2);
}

/// Runs movements of keys 0 to 3 (0 is none of the pad's), each so many milliseconds after the one before, and gives what
/// was told and when. With `wakes` the clock calls whenever the machine asked to be called, as a thread does.
fn run(moves: &[(u64, u16, u8)], wakes: bool) -> Vec<(u64, KeypadEvent)> {
    let mut presses = pad(KeypadFraming::Records);
    let (mut now, mut seen) = (0, Vec::new());
    for (wait, code, movement) in moves {
        now += wait;
        while let Some(at) = presses.next_deadline().filter(|at| wakes && *at <= millis(now)) {
            presses.tick(at);
        }
        let [low, high] = code.to_le_bytes();
        presses.received(&[low, high, *movement], millis(now));
        seen.extend(told(&mut presses).into_iter().map(|event| (now, event)));
    }
    seen
}

fn moves() -> impl Strategy<Value = Vec<(u64, u16, u8)>> {
    let wait = prop_oneof![0u64..40, 150u64..300, 2900u64..3100, 7900u64..8100];
    proptest::collection::vec((wait, 0u16..4, 0u8..4), 0..120)
}

proptest! {
    #[test]
    fn no_hand_and_no_fault_gets_two_votes_out_of_one_press(moves in moves()) {
        let seen = run(&moves, true);
        let presses: Vec<(u64, u8)> = seen.iter().filter_map(|(at, event)| match event {
            KeypadEvent::Pressed(key) => Some((*at, *key)),
            KeypadEvent::Flagged(_) | KeypadEvent::Health(_) => None,
        }).collect();
        for pair in presses.windows(2) {
            let apart = if pair[0].1 == pair[1].1 { 200 } else { 250 };
            prop_assert!(pair[1].0 >= pair[0].0 + apart, "{pair:?}");
        }
        for window in presses.windows(6) {
            prop_assert!(window[5].0 >= window[0].0 + 5000, "six presses in five seconds: {window:?}");
        }
        // A press needs a key that went down.
        let downs = moves.iter().filter(|(_, code, movement)| *code > 0 && *movement == 1).count();
        prop_assert!(presses.len() <= downs);
    }

    #[test]
    fn when_the_clock_calls_makes_no_difference_to_presses_and_flags(moves in moves()) {
        let told = |wakes| {
            let mut events = run(&moves, wakes);
            // Two keys that get stuck between two looks are one change of the health, and told in the order of keys.
            events.retain(|(_, event)| !matches!(event, KeypadEvent::Health(_)));
            events.sort_by_key(|(at, event)| (*at, format!("{event:?}")));
            events
        };
        prop_assert_eq!(told(true), told(false));
    }

    #[test]
    fn a_held_key_is_one_press_and_is_told_as_stuck_once(
        repeats in proptest::collection::vec(1u64..400, 1..200),
    ) {
        let mut moves = vec![(0, 1, 1)];
        moves.extend(repeats.iter().map(|wait| (*wait, 1, 2)));
        let held_millis: u64 = repeats.iter().sum();
        let seen: Vec<KeypadEvent> = run(&moves, true).into_iter().map(|(_, event)| event).collect();
        let mut expected = vec![KeypadEvent::Pressed(1)];
        if held_millis >= 8000 {
            expected.push(KeypadEvent::Flagged(Flag::Stuck(1)));
        }
        prop_assert_eq!(seen, expected);
    }

    #[test]
    fn any_bytes_in_any_split_give_the_same_presses(
        bytes in proptest::collection::vec(
            prop_oneof![Just(0x02u8), Just(0x03u8), b'1'..=b'6', any::<u8>()], 0..60),
        cut in 0usize..60,
        framing in prop_oneof![
            Just(KeypadFraming::Byte), Just(KeypadFraming::StxEtx), Just(KeypadFraming::Records)
        ],
    ) {
        let (left, right) = bytes.split_at(cut.min(bytes.len()));
        prop_assert_eq!(events(framing, &[(0, left), (0, right)]), events(framing, &[(0, &bytes)]));
    }
}
