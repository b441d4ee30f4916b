//! Counter displays against simulators of their chips and a fake LED panel.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use kiosk_drivers::DeviceHealth;
use kiosk_drivers::display::{
    CounterDisplay, DisplayConfig, DisplayEvent, DisplayOrder, Face, FrameTemplate, Max7219, PanelConfig,
    PanelError, Ssd1306, picture,
};
use kiosk_drivers::document::Bitmap;
use kiosk_drivers::fake::{FakeLedPanels, FakeMax7219, FakeSsd1306, LedState};
use kiosk_drivers::transport::{Mailbox, mailbox};

use crate::sample::font;

const PATIENCE: Duration = Duration::from_secs(15);

fn face(number: &str) -> Face {
    Face::Number { number: number.to_owned(), counter: "Quầy 3".to_owned() }
}

/// A picture as text, a `#` for each dot.
fn text(picture: &Bitmap) -> Vec<String> {
    let (width, rows) = (picture.width_dots().into(), picture.row_count());
    (0..rows).map(|y| (0..width).map(|x| if picture.is_black(x, y) { '#' } else { '.' }).collect()).collect()
}

#[test]
fn a_chain_of_modules_shows_the_number_from_left_to_right() {
    let mut spi = FakeMax7219::new(4);
    Max7219::new(&mut spi, 4).show(&picture(&face("A012"), 32, 8, &font())).unwrap();
    assert_eq!(
        text(&spi.picture()),
        [
            "................................",
            ".......##....#....#...##........",
            "......#..#..#.#..##..#..#.......",
            "......#..#..#.#...#.....#.......",
            "......####..#.#...#...##........",
            "......#..#..#.#...#..#..........",
            "......#..#...#...###.####.......",
            "................................",
        ]
    );
}

#[test]
fn a_chip_that_lost_its_settings_is_right_again_with_the_next_picture() {
    let mut spi = FakeMax7219::new(4);
    let number = picture(&face("A012"), 32, 8, &font());
    Max7219::new(&mut spi, 4).show(&number).unwrap();
    spi.brown_out(1);
    assert_ne!(spi.picture(), number, "the simulator has no brown-out to mend");
    Max7219::new(&mut spi, 4).show(&number).unwrap();
    assert_eq!(spi.picture(), number);
}

#[test]
fn a_long_number_keeps_its_end_on_a_short_chain() {
    let shown = |number: &str| text(&picture(&face(number), 16, 8, &font()));
    assert_eq!(shown("A012"), shown("ZZA012"));
    assert_ne!(shown("A012"), shown("A013"));
    assert!(text(&picture(&Face::Dark, 16, 8, &font())).concat().chars().all(|dot| dot == '.'));
}

#[test]
fn a_glass_shows_number_and_counter_and_understands_every_command() {
    for rows in [32, 64] {
        let mut i2c = FakeSsd1306::new(0x3c, rows);
        let number = picture(&face("A012"), 128, rows, &font());
        Ssd1306::new(&mut i2c, 0x3c, rows).show(&number).unwrap();
        assert_eq!(i2c.unknown_commands(), []);
        assert_eq!(i2c.picture(), number, "{rows} rows");
        let inked = |from: usize, to: usize| {
            number.rows().skip(from).take(to - from).any(|row| row.iter().any(|byte| *byte != 0))
        };
        let middle = usize::from(rows) * 2 / 3;
        assert!(inked(0, middle - 1) && inked(middle, rows.into()), "number above, counter below");
        assert!(!inked(middle - 1, middle), "one dark row between them");
    }
}

#[test]
fn a_glass_that_is_not_there_is_told_with_its_address() {
    let mut i2c = FakeSsd1306::new(0x3c, 64);
    let error = Ssd1306::new(&mut i2c, 0x3d, 64).show(&Bitmap::new(128, 64)).unwrap_err();
    assert!(matches!(error, PanelError::Controller { address: 0x3d, .. }), "{error}");
    assert!(error.to_string().starts_with("ssd1306 at 0x3d took no bytes: NoAcknowledge"), "{error}");
}

/// A display's thread and what it told.
struct Displaying {
    events: Receiver<DisplayEvent>,
    orders: Option<Mailbox<DisplayOrder>>,
    thread: Option<JoinHandle<()>>,
}

impl Displaying {
    fn start(address: &str, panels: &[u8]) -> Self {
        let panel = |number: &u8| PanelConfig { number: *number, frame: FrameTemplate::default() };
        let panels = panels.iter().map(panel).collect();
        let display =
            CounterDisplay::new(DisplayConfig { address: address.parse().unwrap(), panels, font: font() });
        let display = display.unwrap();
        let (orders, inbox) = mailbox(4).unwrap();
        let (sender, events) = channel();
        let thread = std::thread::spawn(move || {
            display.run(&inbox, move |event| {
                let _test_has_ended = sender.send(event);
            });
        });
        Self { events, orders: Some(orders), thread: Some(thread) }
    }

    fn health(&self) -> DeviceHealth {
        let DisplayEvent::Health(health) = self.events.recv_timeout(PATIENCE).unwrap();
        health
    }

    fn order(&self, order: DisplayOrder) {
        self.orders.as_ref().unwrap().send(order).unwrap();
    }

    fn end(&mut self) {
        drop(self.orders.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Displaying {
    fn drop(&mut self) {
        self.end();
    }
}

fn wait_for(line: &FakeLedPanels, what: &str, is_so: impl Fn(&LedState) -> bool) {
    let (_never, alarm) = channel::<()>();
    for _ in 0..PATIENCE.as_millis() / 20 {
        if is_so(&line.state()) {
            return;
        }
        let _timeout = alarm.recv_timeout(Duration::from_millis(20));
    }
    panic!("the panels never {what}: {:?}", line.state());
}

#[test]
fn a_called_number_blinks_on_the_panel_comes_back_after_its_cable_does_and_goes_out_at_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let panel = FakeLedPanels::start(&dir.path().join("panel"), &[3]).unwrap();
    let mut display = Displaying::start(&panel.address().to_string(), &[3]);
    assert_eq!(display.health(), DeviceHealth::Ready);
    wait_for(&panel, "was told to be dark", |state| state.frames > 0);
    display.order(DisplayOrder::Call { panel: 3, face: face("A012") });
    wait_for(&panel, "showed the number", |state| state.shown[&3] == "A012");
    wait_for(&panel, "blinked", |state| state.shown[&3].is_empty());
    display.order(DisplayOrder::Show { panel: 3, face: face("A013") });
    wait_for(&panel, "showed the next number", |state| state.shown[&3] == "A013");
    panel.unplug();
    assert_eq!(display.health(), DeviceHealth::Absent);
    panel.plug().unwrap();
    assert_eq!(display.health(), DeviceHealth::Ready);
    wait_for(&panel, "showed the number again", |state| state.shown[&3] == "A013");
    display.order(DisplayOrder::Blank { panel: 3 });
    wait_for(&panel, "went dark for the pause", |state| state.shown[&3].is_empty());
    display.order(DisplayOrder::Show { panel: 3, face: face("A014") });
    wait_for(&panel, "showed the third number", |state| state.shown[&3] == "A014");
    display.end();
    wait_for(&panel, "went dark at the end", |state| state.shown[&3].is_empty());
    assert_eq!(panel.state().noise_bytes, 0);
}

#[test]
fn panels_of_one_line_each_show_what_their_counter_calls() {
    let dir = tempfile::tempdir().unwrap();
    let line = FakeLedPanels::start(&dir.path().join("panels"), &[1, 2, 3]).unwrap();
    let mut displays = Displaying::start(&line.address().to_string(), &[1, 2, 3]);
    assert_eq!(displays.health(), DeviceHealth::Ready);
    let show = |one: &str, two: &str, three: &str| {
        BTreeMap::from([(1, one.to_owned()), (2, two.to_owned()), (3, three.to_owned())])
    };
    displays.order(DisplayOrder::Show { panel: 1, face: face("A001") });
    displays.order(DisplayOrder::Show { panel: 2, face: face("B002") });
    displays.order(DisplayOrder::Show { panel: 9, face: face("X999") });
    wait_for(&line, "showed both numbers", |state| state.shown == show("A001", "B002", ""));
    displays.order(DisplayOrder::Call { panel: 3, face: face("C003") });
    wait_for(&line, "showed the call", |state| state.shown == show("A001", "B002", "C003"));
    wait_for(&line, "blinked alone", |state| state.shown == show("A001", "B002", ""));
    displays.order(DisplayOrder::Show { panel: 3, face: face("C004") });
    displays.order(DisplayOrder::Blank { panel: 1 });
    wait_for(&line, "went dark alone", |state| state.shown == show("", "B002", "C004"));
    line.unplug();
    assert_eq!(displays.health(), DeviceHealth::Absent);
    line.plug().unwrap();
    assert_eq!(displays.health(), DeviceHealth::Ready);
    wait_for(&line, "were told again", |state| state.shown == show("", "B002", "C004"));
    displays.end();
    wait_for(&line, "all went dark at the end", |state| state.shown == show("", "", ""));
    assert_eq!(line.state().noise_bytes, 0);
}

#[test]
fn a_bus_that_does_not_exist_is_absent() {
    for address in ["max7219:6.2", "ssd1306:250"] {
        assert_eq!(Displaying::start(address, &[3]).health(), DeviceHealth::Absent, "{address}");
    }
}
