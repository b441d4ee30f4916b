//! The keypad driver against USB number pads.

use std::time::Duration;

use kiosk_drivers::keypad::{Keypad, KeypadConfig, KeypadEvent, Shutdown};
use kiosk_drivers::{Address, DeviceHealth};
use serde_json::{Value, json};

use crate::driver::Running;
use crate::gadget::Identity;
use crate::keyboard::{Keyboard, Usage};
use crate::report::{Failure, Scenario, must};
use crate::wait;

/// Pads of one make are all alike: only the port tells them apart.
const PAD: Identity = Identity { vendor: 0x04d9, product: 0x1203, serial: "" };
const LEFT_PORT: usize = 4;
const RIGHT_PORT: usize = 5;
const LEFT: &str = "evdev:port=5-1";
const RIGHT: &str = "evdev:port=6-1";

const PATIENCE: Duration = Duration::from_secs(10);
const READY_LIMIT: Duration = Duration::from_secs(3);
const TAP: Duration = Duration::from_millis(60);
/// Longer than the keyboard takes to repeat a key.
const HELD: Duration = Duration::from_millis(900);
/// After this, another press is one of its own.
const APART: Duration = Duration::from_millis(400);

/// All of them.
pub const SCENARIOS: &[Scenario] = &[
    Scenario { name: "number pad: a press is one vote", run: one_vote },
    Scenario { name: "number pads: told apart by their ports", run: told_apart },
];

type KeypadDriver = Running<Shutdown, KeypadEvent>;

fn keypad(address: &str) -> Result<KeypadDriver, Failure> {
    let address: Address = address.parse().map_err(|error| Failure::Wrong(format!("{error}")))?;
    let keypad = Keypad::new(KeypadConfig::usual(address));
    Running::start(keypad.tally(), move |inbox, tell| keypad.run(inbox, tell))
}

fn ready(driver: &KeypadDriver, limit: Duration) -> Result<(), Failure> {
    let is_ready = |event: &KeypadEvent| *event == KeypadEvent::Health(DeviceHealth::Ready);
    driver.wait_for("a ready keypad", limit, is_ready).map(|_| ())
}

/// The presses that a driver has told since the last call.
fn votes(driver: &KeypadDriver) -> Vec<u8> {
    wait::pause(APART);
    let press = |event| match event {
        KeypadEvent::Pressed(key) => Some(key),
        KeypadEvent::Flagged(_) | KeypadEvent::Health(_) => None,
    };
    driver.take_events().into_iter().filter_map(press).collect()
}

fn must_vote(driver: &KeypadDriver, what: &str, wanted: &[u8]) -> Result<(), Failure> {
    let got = votes(driver);
    must(got == wanted, || format!("{what} gave the votes {got:?}, not {wanted:?}"))
}

fn one_vote() -> Result<Value, Failure> {
    let mut pad = Keyboard::plugged(0, PAD, LEFT_PORT)?;
    let driver = keypad(LEFT)?;
    ready(&driver, PATIENCE)?;
    pad.press(Usage::number_block(4), TAP)?;
    must_vote(&driver, "a tap", &[4])?;
    pad.press(Usage::number_block(2), HELD)?;
    must_vote(&driver, "a key held until it repeats", &[2])?;
    for _ in 0..2 {
        pad.press(Usage::number_block(5), Duration::from_millis(20))?;
    }
    must_vote(&driver, "a double tap", &[5])?;
    pad.press(Usage::ENTER, TAP)?;
    must_vote(&driver, "a key without number", &[])?;
    Ok(json!({ "presses": 5, "votes": 3 }))
}

fn told_apart() -> Result<Value, Failure> {
    let mut left = Keyboard::plugged(0, PAD, LEFT_PORT)?;
    let mut right = Keyboard::plugged(1, PAD, RIGHT_PORT)?;
    let (left_driver, right_driver) = (keypad(LEFT)?, keypad(RIGHT)?);
    ready(&left_driver, PATIENCE)?;
    ready(&right_driver, PATIENCE)?;
    let before = (left.node()?, right.node()?);
    left.press(Usage::number_block(1), TAP)?;
    must_vote(&left_driver, "the left pad", &[1])?;
    must_vote(&right_driver, "the left pad, at the right driver,", &[])?;

    // The first one back gets the lower node: in this order each pad has the other's.
    left.unplug()?;
    right.unplug()?;
    wait::pause(Duration::from_secs(1));
    let (first, second) = if before.0 < before.1 { (&right, &left) } else { (&left, &right) };
    first.plug()?;
    second.plug()?;
    ready(&left_driver, READY_LIMIT)?;
    ready(&right_driver, READY_LIMIT)?;
    let after = (left.node()?, right.node()?);
    must(before == (after.1.clone(), after.0.clone()), || {
        format!("the nodes went from {before:?} to {after:?}")
    })?;
    right.press(Usage::number_block(3), TAP)?;
    must_vote(&right_driver, "the right pad", &[3])?;
    must_vote(&left_driver, "the right pad, at the left driver,", &[])?;
    Ok(json!({ "left_node": [before.0, after.0], "right_node": [before.1, after.1] }))
}
