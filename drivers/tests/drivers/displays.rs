//! Counter displays against simulators of their chips and a fake LED panel.

use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use kiosk_drivers::DeviceHealth;
use kiosk_drivers::display::{
    CounterDisplay, DisplayConfig, DisplayEvent, DisplayOrder, Face, FrameTemplate, Max7219, PanelError,
    Ssd1306, picture,
};
use kiosk_drivers::document::Bitmap;
use kiosk_drivers::fake::{FakeLedPanel, FakeMax7219, FakeSsd1306};
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
    fn start(address: &str) -> Self {
        let config = DisplayConfig {
            address: address.parse().unwrap(),
            frame: FrameTemplate::default(),
            panel: 3,
            font: font(),
        };
        let (orders, inbox) = mailbox(4).unwrap();
        let (sender, events) = channel();
        let thread = std::thread::spawn(move || {
            CounterDisplay::new(config).run(&inbox, move |event| {
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

fn wait_for(panel: &FakeLedPanel, what: &str, is_so: impl Fn(&FakeLedPanel) -> bool) {
    let (_never, alarm) = channel::<()>();
    for _ in 0..PATIENCE.as_millis() / 20 {
        if is_so(panel) {
            return;
        }
        let _timeout = alarm.recv_timeout(Duration::from_millis(20));
    }
    panic!("the panel never {what}: {:?}", panel.state());
}

#[test]
fn a_called_number_blinks_on_the_panel_comes_back_after_its_cable_does_and_goes_out_at_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let panel = FakeLedPanel::start(&dir.path().join("panel"), 3).unwrap();
    let mut display = Displaying::start(&panel.address().to_string());
    assert_eq!(display.health(), DeviceHealth::Ready);
    wait_for(&panel, "was told to be dark", |panel| panel.state().frames > 0);
    display.order(DisplayOrder::Call(face("A012")));
    wait_for(&panel, "showed the number", |panel| panel.state().shown == "A012");
    wait_for(&panel, "blinked", |panel| panel.state().shown.is_empty());
    display.order(DisplayOrder::Show(face("A013")));
    wait_for(&panel, "showed the next number", |panel| panel.state().shown == "A013");
    panel.unplug();
    assert_eq!(display.health(), DeviceHealth::Absent);
    panel.plug().unwrap();
    assert_eq!(display.health(), DeviceHealth::Ready);
    wait_for(&panel, "showed the number again", |panel| panel.state().shown == "A013");
    display.order(DisplayOrder::Blank);
    wait_for(&panel, "went dark for the pause", |panel| panel.state().shown.is_empty());
    display.order(DisplayOrder::Show(face("A014")));
    wait_for(&panel, "showed the third number", |panel| panel.state().shown == "A014");
    display.end();
    wait_for(&panel, "went dark at the end", |panel| panel.state().shown.is_empty());
    assert_eq!(panel.state().noise_bytes, 0);
}

#[test]
fn a_bus_that_does_not_exist_is_absent() {
    for address in ["max7219:6.2", "ssd1306:250"] {
        assert_eq!(Displaying::start(address).health(), DeviceHealth::Absent, "{address}");
    }
}
