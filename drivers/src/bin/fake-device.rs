//! Fake devices.
fn main() {}
