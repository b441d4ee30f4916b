//! The service as a browser meets it: over a real port, with the real rules behind.

pub(super) mod rig;
pub(super) mod sample;

use std::io::Read;
use std::net::{TcpListener, TcpStream};

use kiosk_core::effect::{BoardCounter, BoardTicket, CounterState};
use kiosk_core::event::{Device, DeviceCause, Event, Health, Presented, PrinterKind};
use kiosk_core::id::{AreaId, CounterId, JobId};
use kiosk_core::ticket::{Paper, TicketId, TicketNumber, TicketState};
use kiosk_core::time::{BusinessDay, Wall};

use super::connections;
use rig::{Loop, Rig, between, next_event, pin_of};

pub(super) const COUNTER: CounterId = CounterId(3);

/// A counter of the board without a ticket.
pub(super) fn board_counter(state: CounterState, waiting: u32) -> BoardCounter {
    BoardCounter { counter: COUNTER, name: "Đất đai".into(), state, current: None, waiting }
}

/// A ticket of the board.
pub(super) fn board_ticket(ordinal: u32, state: TicketState) -> BoardTicket {
    let area = AreaId::new("dat-dai");
    BoardTicket {
        id: TicketId { day: BusinessDay(20_000), series: area.clone(), ordinal },
        number: TicketNumber(format!("C{ordinal:03}")),
        area,
        only_counter: None,
        priority: None,
        state,
        issued_at: Wall { unix_ms: 0, trusted: false },
        paper: Paper::Printed,
    }
}

#[test]
fn the_right_pin_opens_the_counter_and_a_wrong_one_does_not() {
    let rig = Rig::start(&Loop::Rules(0));
    assert!(rig.get("/quay", "").contains("Mã PIN"));
    let (status, answer) = rig.try_pin(1, "wrong");
    assert_eq!(status, 401);
    assert!(answer.contains("Sai mã PIN") && !answer.contains("set-cookie"));
    assert_eq!(rig.try_pin(2, pin_of(1)).0, 401, "a PIN of another counter");
    assert_eq!(rig.try_pin(5, pin_of(1)).0, 429, "a counter without a PIN, and the third wrong one");
    let rig = Rig::start(&Loop::Rules(0));
    assert!(rig.officer(1).page().contains("Quầy 1"));
}

#[test]
fn wrong_pins_are_throttled_and_the_page_says_for_how_long() {
    let rig = Rig::start(&Loop::Rules(0));
    let statuses: Vec<u16> = (0..3).map(|_| rig.try_pin(1, "000000").0).collect();
    assert_eq!(statuses, [401, 401, 429]);
    let (status, answer) = rig.try_pin(1, pin_of(1));
    assert_eq!(status, 429, "even the right one has to wait");
    let secs: u64 = between(&answer, "Xin đợi ", " giây").parse().unwrap();
    assert!((1..=5).contains(&secs), "{secs}");
}

#[test]
fn a_day_at_a_counter_goes_through_the_buttons() {
    let rig = Rig::start(&Loop::Rules(12));
    let officer = rig.officer(1);
    assert_eq!(officer.press("call"), "counter-not-open");
    assert_eq!(officer.press("open"), "done");
    assert_eq!(officer.press("call"), "done");
    assert_eq!(officer.number(), "A001");
    assert_eq!(officer.press("call"), "ticket-in-hand");
    assert_eq!(officer.press("recall"), "done");
    assert_eq!(officer.press("serve"), "done");
    assert_eq!(officer.press("hold"), "done");
    let aside = officer.page();
    let resume = between(&aside, "value=\"resume:", "\"").to_owned();
    assert_eq!(officer.press(&format!("resume:{resume}")), "done");
    assert_eq!(officer.number(), "A001");
    assert_eq!(officer.press("to-area:dat-dai"), "done");
    assert_eq!(officer.press("pause:hop"), "done");
    assert!(officer.page().contains("Tạm dừng: Họp"));
}

#[test]
fn who_was_sent_to_one_counter_waits_on_the_page_of_that_counter_alone() {
    let rig = Rig::start(&Loop::Rules(12));
    let [here, there] = [rig.officer(1), rig.officer(2)];
    here.press("open");
    there.press("open");
    here.press("call");
    assert_eq!(here.number(), "A001");
    assert_eq!(here.press("to-counter:2"), "done");
    // Both counters serve the same areas.
    for (officer, shown) in [(&here, false), (&there, true)] {
        let page = officer.page();
        let waiting = page.split_once("Đang chờ quầy này").unwrap().1;
        assert_eq!(waiting.contains("A001"), shown, "{waiting}");
    }
    there.press("call");
    assert_eq!(there.number(), "A001");
}

#[test]
fn the_same_press_twice_acts_once() {
    let rig = Rig::start(&Loop::Rules(12));
    let officer = rig.officer(1);
    officer.press("open");
    let form = officer.form(&officer.page(), "call");
    assert_eq!(officer.send(&form), "done");
    let called = officer.number();
    assert_eq!(officer.send(&form), "done");
    assert_eq!(officer.number(), called);

    // The control: another press from the same old page is seen to be out of date.
    let press = between(&form, "press=", "&");
    let other = form.replace(press, "ffffffffffffffffffffffffffffffff");
    assert_eq!(officer.send(&other), "stale");
}

#[test]
fn two_officers_who_press_at_once_call_two_people() {
    let rig = Rig::start(&Loop::Rules(12));
    let officers = [rig.officer(1), rig.officer(2)];
    let forms = officers.each_ref().map(|officer| {
        officer.press("open");
        officer.form(&officer.page(), "call")
    });
    std::thread::scope(|scope| {
        for (officer, form) in officers.iter().zip(&forms) {
            scope.spawn(move || assert_eq!(officer.send(form), "done"));
        }
    });
    assert_ne!(officers[0].number(), officers[1].number());
}

#[test]
fn without_scripts_a_press_leads_back_to_the_page_with_a_sentence() {
    let rig = Rig::start(&Loop::Rules(12));
    let officer = rig.officer(1);
    let form = officer.form(&officer.page(), "open");
    let (status, answer) = rig.send("POST", "/quay/bam", &[("Cookie", &officer.cookie)], &form);
    assert_eq!(status, 303);
    let address = between(&answer, "location: ", "\r\n");
    assert!(rig.get(address, &officer.cookie).contains("Quầy đã mở."));
}

#[test]
fn a_loop_that_is_stuck_full_or_gone_is_said_and_the_press_may_be_repeated() {
    for (behind, expected) in
        [(Loop::Stuck(8), "too-late"), (Loop::Stuck(0), "busy"), (Loop::Gone, "stopped")]
    {
        let rig = Rig::start(&behind);
        rig.service.publish(kiosk_core::effect::Board {
            counters: vec![BoardCounter { counter: CounterId(1), ..board_counter(CounterState::Open, 1) }],
            ..Default::default()
        });
        let officer = rig.officer(1);
        let form = officer.form(&officer.page(), "call");
        let headers = [("Cookie", officer.cookie.as_str()), ("X-Press", "1")];
        let (_, answer) = rig.send("POST", "/quay/bam", &headers, &form);
        assert!(answer.contains(&format!("\"{expected}\"")), "{answer}");
        assert!(answer.contains("\"may_repeat\":true"), "{answer}");
    }
}

#[test]
fn no_page_but_ours_can_press() {
    let rig = Rig::start(&Loop::Rules(12));
    let officer = rig.officer(1);
    let form = officer.form(&officer.page(), "open");
    let token = between(&form, "token=", "&");
    assert_eq!(officer.send(&form.replace(token, "forged")), "bad-form");
    let stranger = rig::Officer { rig: &rig, cookie: "quay=1.0.00.00".into() };
    assert_eq!(stranger.send(&form), "signed-out");
    let (_, answer) = rig.try_pin(1, pin_of(1));
    let cookie = between(&answer, "set-cookie: ", "\r\n");
    assert!(cookie.contains("HttpOnly; SameSite=Strict"), "{cookie}");
}

#[test]
fn a_session_survives_a_restart_of_the_service() {
    let cookie = Rig::start(&Loop::Rules(0)).officer(1).cookie;
    let again = Rig::start(&Loop::Rules(12));
    let officer = rig::Officer { rig: &again, cookie };
    assert_eq!(officer.press("open"), "done");
}

#[test]
fn an_address_that_is_taken_is_listened_on_when_it_is_free() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let rig = Rig::start_at(taken.local_addr().unwrap(), &Loop::Rules(0));
    drop(taken);
    rig.wait_until_it_answers();
    assert!(rig.get("/quay", "").contains("Mã PIN"));
}

#[test]
fn events_bring_the_page_at_once_and_again_at_each_change() {
    let rig = Rig::start(&Loop::Rules(12));
    let officer = rig.officer(1);
    let mut stream = rig.connect("GET", "/quay/su-kien", &[("Cookie", &officer.cookie)], "");
    assert!(next_event(&mut stream, "fragment").contains("Đang đóng"));
    officer.press("open");
    assert!(next_event(&mut stream, "fragment").contains("Đang mở"));

    let mut display = rig.connect("GET", "/bang/su-kien", &[], "");
    assert!(next_event(&mut display, "fragment").contains("UBND XÃ ĐƠN DƯƠNG"));
    officer.press("call");
    assert!(next_event(&mut display, "fragment").contains("data-number=\"A001\""));
}

#[test]
fn a_page_that_is_signed_out_is_told_so_by_its_events() {
    let rig = Rig::start(&Loop::Rules(0));
    let mut stream = rig.connect("GET", "/quay/su-kien", &[], "");
    assert_eq!(next_event(&mut stream, "signed-out"), "1");
}

#[test]
fn names_of_the_configuration_are_escaped() {
    let rig = Rig::start(&Loop::Rules(12));
    let officer = rig.officer(1);
    officer.press("open");
    officer.press("pause:hop");
    let page = officer.page();
    assert!(page.contains("Họp &lt;b&gt;&quot;&amp;") && !page.contains(sample::NASTY));
}

#[test]
fn the_machine_page_says_what_is_wrong_and_what_to_do() {
    let rig = Rig::start(&Loop::Rules(0));
    let health = Health::Blocked(vec![DeviceCause::PaperEnd]);
    rig.service.observe(&Event::DeviceChanged { device: Device::Printer, health });
    let display = Device::Display(CounterId(3));
    rig.service.observe(&Event::DeviceChanged { device: display, health: Health::Ready });
    let page = rig.get("/may", "");
    assert!(page.contains("Máy in phiếu: hết giấy.") && page.contains("Thay cuộn giấy mới"));
    assert!(page.contains("Bảng số quầy 3: hoạt động tốt."));
    assert!(!page.contains("Phiếu không ai lấy") && !page.contains("Loại máy in"));
    for (name, keeps_lines, shown) in [
        (None, false, ["generic-80 – máy in không cho biết tên", "gửi theo từng phiếu"]),
        (Some("CUSTOM <VKP80III>"), true, ["generic-80 – CUSTOM &lt;VKP80III&gt;", "máy in giữ sẵn"]),
    ] {
        let (profile, name) = ("generic-80".to_owned(), name.map(str::to_owned));
        rig.service.observe(&Event::PrinterIdentified(PrinterKind { profile, name, keeps_lines }));
        let page = rig.get("/may", "");
        assert!(shown.iter().all(|part| page.contains(part)), "{shown:?}");
    }
    for at in [Presented::HeldOut, Presented::Left, Presented::Left, Presented::Taken] {
        rig.service.observe(&Event::TicketPresented { job: JobId(7), at });
    }
    assert!(rig.get("/may", "").contains("<dt>Phiếu không ai lấy</dt><dd>2 từ khi máy khởi động"));
}

#[test]
fn one_machine_cannot_take_all_connections_for_ever() {
    let rig = Rig::start(&Loop::Rules(0));
    let address = rig.service.address();
    let taken: Vec<TcpStream> =
        (0..connections::MAX_PER_ADDRESS).map(|_| TcpStream::connect(address).unwrap()).collect();
    let mut one_too_many = TcpStream::connect(address).unwrap();
    assert_eq!(one_too_many.read(&mut [0]).unwrap(), 0, "closed at once");
    drop(taken);
    rig.wait_until_it_answers();
}

#[test]
fn every_answer_carries_the_security_headers_and_only_get_and_post_are_taken() {
    let rig = Rig::start(&Loop::Rules(0));
    for path in ["/", "/quay", "/bang", "/may", "/tinh/common.js", "/nothing", "/song"] {
        let answer = rig.get(path, "");
        for header in ["content-security-policy: default-src 'none'", "nosniff", "x-frame-options: DENY"] {
            assert!(answer.contains(header), "{path}: {header}");
        }
    }
    assert_eq!(rig.send("DELETE", "/quay", &[], "").0, 405);
    assert_eq!(rig.send("GET", "/quay/bam", &[], "").0, 405);
    assert_eq!(rig.send("POST", "/quay/vao", &[], &"x".repeat(5000)).0, 413);
}
